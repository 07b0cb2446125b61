"""Rows that users add: checked when they are made, and then operations like any other."""

from __future__ import annotations

import ast
import inspect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from keyword import iskeyword
from typing import Any

from .checks import came, instance, refuse
from .differentiate import derive
from .formula import in_rows, on_floats, parse
from .opcodes import CLOSED, INSTRUCTIONS, closed, code_of
from .primitives import PRIMITIVES, primitive
from .rows import TABLE, Row

LETTERS = "abcdefghijklmnopqrstuvwx"  # and y is the result


def add(name: str, sign: str, formula: str | Callable[..., float], *partials: Any, textbook: str = "") -> None:
    """Add a row of the user's own, as `engine.row` describes it, or leave the table as it was.

    The same row may be added twice, as by a cell of a notebook.

    >>> add("cauchy", "cauchy", "log1p(a * a)")
    >>> TABLE.pop("cauchy").value(0.0)
    0.0
    """
    if not (isinstance(name, str) and name.isidentifier() and len(name) > 1) or iskeyword(name):
        raise ValueError(f"a row has a name such as 'cauchy', a word of Python's, not {came(name)}")
    instance(sign, str, "the sign of a row", "a str that pictures show")
    for given in (formula, *partials):
        is_function = callable(given) and callable(formula) and not isinstance(given, type)
        if not isinstance(given, str) and not is_function:
            raise refuse("a formula of a row", "a str such as 'a * b', or a function if the row is one", given)
    if name in TABLE and (name in PRIMITIVES or callable(formula)):
        raise ValueError(f"there is a row {name} in the table already: choose another name")
    if name in INSTRUCTIONS:
        raise ValueError(f"{name} is the name of an instruction of recordings: choose another name")
    rows, primitives = dict(TABLE), dict(PRIMITIVES)
    try:
        if callable(formula):
            formula, partials = _of_function(name, sign, formula, partials)
        formula, partials = in_rows(formula), tuple(map(in_rows, partials))
        operands = _operands(name, formula)
        if len(partials) not in (0, len(operands)):
            raise ValueError(
                f"{name} has {len(operands)} operands, {', '.join(operands)}, and {len(partials)} partials"
            )
        if not partials and name in PRIMITIVES:
            raise ValueError(f"no partials can be derived from a function: give {name} one for each operand")
        TABLE[name] = Row(name, sign, formula, tuple(partials) or tuple("0" for _ in operands), textbook)
        derived = None if name in PRIMITIVES else tuple(derive(formula, operands))
        TABLE[name] = made = Row(name, sign, formula, tuple(partials) or derived or (), textbook)
        _check(made, derived)
        if made != rows.get(name, made):
            raise ValueError(f"there is a row {name} in the table already: choose another name")
        CLOSED[code_of(name)] = closed(made)
    except BaseException as error:
        for added in TABLE.keys() - rows.keys():
            del TABLE[added]
        TABLE.update(rows)
        for added in PRIMITIVES.keys() - primitives.keys():
            del PRIMITIVES[added]
        if isinstance(error, (SyntaxError, RecursionError, MemoryError)):  # of the Python text made of it
            raise ValueError(f"a formula of {name} is nested too deeply: make a row of a part of it") from None
        raise


def _operands(name: str, formula: str) -> list[str]:
    """The operands of a formula: a, b, c ..., some of them capitals."""
    nodes = list(ast.walk(parse(formula)))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if unknown := called - TABLE.keys() - {name}:
        raise ValueError(f"{formula!r} calls {', '.join(sorted(unknown))}, and a formula calls rows of the table")
    found = sorted({node.id for node in nodes if isinstance(node, ast.Name)} - called, key=str.lower)
    if not found or [x.lower() for x in found] != list(LETTERS[: len(found)]):
        raise ValueError(
            f"the operands of a formula are a, b, c ... without a gap, a capital letter for a sequence, and "
            f"{formula!r} has {', '.join(found) or 'none'}"
        )
    return found


def _of_function(
    name: str, sign: str, function: Callable[..., float], partials: Sequence[Any]
) -> tuple[str, tuple[str, ...]]:
    """A Python function as a primitive, and its partials as formulas: a function among them is a primitive too."""
    operands = list(LETTERS[: _arity(name, function)])
    written = []
    _add_function(name, function)
    for k, partial in enumerate(partials):
        if callable(partial):
            if _arity(name, partial) != len(operands):
                raise ValueError(f"a partial of {name} is a function of its operands, {', '.join(operands)}, alone")
            _add_function(f"{name}_{k}", partial)
            formula = f"{name}_{k}({', '.join(operands)})"
            written_so = f"{sign}′" if len(operands) == 1 else f"∂{sign}/∂{operands[k]}"
            TABLE[f"{name}_{k}"] = Row(f"{name}_{k}", written_so, formula, ("0 / 0",) * len(operands))  # not known
        written.append(formula if callable(partial) else partial)
    return f"{name}({', '.join(operands)})", tuple(written)


def _arity(name: str, function: Callable[..., float]) -> int:
    """The number of parameters of a function."""
    try:
        return len(inspect.signature(function).parameters)
    except ValueError:  # as of math.log
        raise ValueError(f"how many numbers a function of {name} takes is not known: pass lambda a: ...") from None


def _add_function(name: str, function: Callable[..., float]) -> None:
    def quiet(*operands: float) -> float:
        try:
            found = function(*operands)
            if not hasattr(type(found), "__float__"):
                raise refuse(f"the result of the function {name}", "a number", found)
            return float(found)
        except (ArithmeticError, ValueError):  # as math.log(-1.0)
            return math.nan

    primitive(name, quiet)


def _check(row: Row, derived: Sequence[str] | None) -> None:
    """Compare the partials of a row with those derived from its formula, or else with central differences."""
    for point in _points(row):
        groups = row.split(point)
        y = row.value(*groups)
        if not isinstance(y, float):
            raise ValueError(
                f"{row.formula!r} has an entry for each of a sequence: reduce it to a number, as by sum(...)"
            )
        found = row.flatten(row.partial_values(y, *groups), len(groups[0]) if row.variadic else 0)
        if not all(isinstance(x, float) for x in found):
            raise ValueError(f"a partial of {row.name} has an entry for each of a sequence, in an operand that is none")
        wanted = _differences(row, point) if derived is None else _evaluated(row, derived, y, groups)
        close = 1e-4 if derived is None else 1e-6
        for k, (a, b) in enumerate(zip(found, wanted, strict=True)):
            if math.isfinite(a) and math.isfinite(b) and abs(a - b) > close * (max(abs(a), abs(b)) + close):
                at = ", ".join(f"{x:.3g}" for x in point)
                raise ValueError(
                    f"the partials of {row.name} give {f'{a:.4g}'} in operand {k + 1} at {at}, where the "
                    f"derivative is {f'{b:.4g}'}: correct it, leave all out to have them derived, or put what is "
                    f"to count as constant in detach(...)"
                )


def _points(row: Row) -> Iterator[list[float]]:
    draw = random.Random(0)
    count = sum(3 if v.isupper() else 1 for v in row.variables)
    for low, high in ((0.1, 0.9), (1.1, 4.0), (-4.0, 4.0), (-30.0, 30.0)):
        for _ in range(8):
            yield [draw.uniform(low, high) for _ in range(count)]


def _evaluated(row: Row, derived: Sequence[str], y: float, groups: Sequence[Any]) -> list[float]:
    found = [on_floats(partial, ("y", *row.variables))(y, *groups) for partial in derived]
    return row.flatten(found, len(groups[0]) if row.variadic else 0)


def _differences(row: Row, point: Sequence[float]) -> Iterator[float]:
    """Central differences; nan where the function is not smooth."""
    for k, x in enumerate(point):
        step = 1e-5 * max(1.0, abs(x))
        below, here, above = (row.value(*point[:k], x + d, *point[k + 1 :]) for d in (-step, 0.0, step))
        smooth = abs(above - 2 * here + below) <= 1e-3 * (abs(above - below) + step)
        yield (above - below) / (2 * step) if smooth else math.nan
