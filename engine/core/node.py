"""Nodes: how the numbers of a graph are stored, and how nodes are made.

A leaf has no operation. Every other node stores `_code`, the opcode of its row in the table. Operands a (and b) and the
partials da = d self / d a (and db) have slots of their own; for a row over sequences, all operands and all partials are
two lists. Partials are numbers computed in the forward pass; there are no closures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import modes
from .provenance import inspect

if TYPE_CHECKING:
    from .. import _cython as cython
else:
    try:
        import cython
    except ImportError:  # only the compiler needs it
        from .. import _cython as cython

if cython.compiled:  # by node.pxd
    held = memoryview(modes.active)  # so that the array is never resized, nor freed as the interpreter exits
    active = cython.cast(cython.p_long, cython.cast(cython.size_t, modes.active.buffer_info()[0]))  # type: ignore
else:
    from itertools import count

    next_serial = count(1).__next__
    active = modes.active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .value import Value


@cython.no_gc  # a graph has no cycles: operands came first
@cython.cclass
class Node:
    """The slots of a Value, which adds the operators."""

    __slots__ = ("_a", "_b", "_code", "_da", "_db", "_grad", "_label", "_lists", "_number", "serial")

    _a: Value | None
    _b: Value | None
    _code: int
    _da: float
    _db: float
    _grad: float
    _label: str
    _lists: Any  # of all operands, and an array of all partials
    _number: float  # the data; numpy.ma takes a `_data` for that of an array
    serial: int


def install(blank: Node) -> None:
    """Set the type of new nodes to that of `blank`, the class Value, which is defined later."""
    global arena
    arena = kind(blank)


if not cython.compiled:
    arena: Any = Node
    set_data, set_grad, set_label = (slot.__set__ for slot in (Node._number, Node._grad, Node._label))  # type: ignore

    def kind(blank: Node) -> Any:
        """The class of new nodes."""
        return type(blank)

    def make(
        code: int, data: float, a: Node | None, b: Node | None, da: float, db: float = 0.0, lists: Any = None
    ) -> Value:
        """The result of an operation, without checks, because its numbers were computed from nodes."""
        node: Any = object.__new__(Node)  # whose slots can be set
        node.serial = next_serial()
        node._number = data
        node._grad = 0.0
        node._a = a
        node._b = b
        node._da = da
        node._db = db
        node._lists = lists
        node._label = ""
        node._code = code
        node.__class__ = arena
        if code and (data - data or active[0]):  # data - data is nan where data is not finite
            inspect(node)
        return node  # type: ignore[no-any-return]

    def new_leaf(kind: Any, data: float, label: str) -> Value:
        """A leaf that is a plain number, marked in `_db`, which a leaf has no other use for."""
        return make(0, data, None, None, 0.0, 1.0)


def told(node: Node) -> None:
    """Report a new operation that is not finite, or that was made while modes are active."""
    inspect(node)  # type: ignore[arg-type]


def begin(node: Node, data: float, label: str) -> None:
    """Turn a new node into a leaf."""
    node.serial = next_serial()
    node._number = data
    node._grad = 0.0
    node._a = node._b = node._lists = None
    node._da = node._db = 0.0
    node._label = label
    node._code = 0


def leaf(data: float) -> Value:
    """A leaf without a label, for a plain number, which never varies."""
    return new_leaf(arena, data, "")


def look(node: Node) -> float:
    """The data of a node for outside code, reported to watches."""
    reading(node, "data")
    return node._number


def reading(node: Node, what: str) -> None:
    """Report that outside code reads a number of a node, or a consequence of it."""
    if active[0]:
        modes.read(node, what)


def reading_all(nodes: Sequence[Node], what: str) -> None:
    """The same of many nodes."""
    if active[0]:
        for node in nodes:
            modes.read(node, what)


def showing(node: Node, number: float) -> Any:
    """A number of a node for the text that is made of it, reported to watches, which may replace it."""
    return modes.shown(node, number) if active[0] else number


def setting(node: Node, what: str) -> None:
    """Report that outside code is about to set a number of a node."""
    if active[0]:
        modes.written(node, what)
