"""Which line of user code made a number inf or nan: remembered, or raised as an error inside `strict()`."""

from __future__ import annotations

import linecache
import math
import sys
from typing import TYPE_CHECKING

from ..table import printable
from .errors import NonFiniteError
from .modes import is_strict, watch
from .tracebacks import api_boundary, is_engine

if TYPE_CHECKING:
    from .value import Value

REMEMBERED = 1000  # nodes; the oldest is forgotten
_lines: dict[int, str] = {}  # of the nodes that first were inf or nan, by serial


def line_of(node: Value) -> str:
    """The line of user code that made inf or nan from finite operands, "" if it is unknown or forgotten.

    >>> from .value import Value
    >>> line_of(Value(0.0).log())
    '<doctest ...>, line 1: line_of(Value(0.0).log())'
    """
    return _lines.get(node.serial, "")


@api_boundary
def inspect(node: Value) -> None:
    """Report a new node to watches; if it is not finite, remember its line, or raise an error inside `strict()`."""
    finite = math.isfinite(node._number)
    recording = watch()
    if recording is not None:
        recording.made(node)
    if is_strict():
        if not finite or not all(map(math.isfinite, _partials(node))):
            if recording is not None:
                recording.refused(node)
            _refuse(node)
    elif not finite:
        _remember(node)


def _remember(node: Value) -> None:
    """Remember the line of a node if its operands are finite, so that it is the first non-finite one."""
    if all(math.isfinite(operand._number) for operand in node.operands):
        if len(_lines) >= REMEMBERED:
            del _lines[next(iter(_lines))]
        _lines[node.serial] = user_line()


def _refuse(node: Value) -> None:
    """Raise the error that names the operation, its operands and the line."""
    arguments = ", ".join(f"{printable(x._label)} = {x._number}" if x._label else f"{x._number}" for x in node.operands)
    gave = f"gave {node._number}" if not math.isfinite(node._number) else f"has the partials {_partials(node)}"
    raise NonFiniteError(f"{node.op}({arguments}) {gave} ({user_line()}): keep the operands where {node.op} is finite")


def _partials(node: Value) -> tuple[float, ...]:
    """`node.partials`, without a report to watches."""
    return tuple(node._lists[1] if node._lists else (node._da, node._db)[: len(node.operands)])


def user_line() -> str:
    """File, line and text of the innermost frame outside this package: the line of user code being run."""
    frame = sys._getframe()  # compiled code has no frames
    while frame.f_back and is_engine(frame):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).strip()
    return f"{file}, line {line}: {text}" if text else f"{file}, line {line}"
