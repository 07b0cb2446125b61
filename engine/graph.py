"""The only traversals of the graph: iterative, one visit a node, whatever the depth.

A visit is noted in the node's `_mark`, a number that no other search uses, so a search needs no set. Where it is
compiled, `order` is that of newest.pyx.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, MutableSequence
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from .value import Value

try:
    import cython
except ImportError:  # only the compiler needs it
    from . import _cython as cython

try:
    from .newest import order as compiled_order
except ImportError:
    compiled_order = None

Integers: TypeAlias = "MutableSequence[int]"
Floats: TypeAlias = "MutableSequence[float]"

_last = 0  # mark in use


def marks(count: int = 1) -> int:
    """The first of so many marks in a row that no search has used."""
    global _last
    _last += count
    return _last - count + 1


def order(output: Value) -> list[Value]:
    """The operations that `output` came from, itself included, in the order of their creation; leaves are not in it.

    >>> from engine.value import Value
    >>> x = Value(2.0)
    >>> y = x * x
    >>> [node.op for node in order(y + x)]
    ['mul', 'add']
    """
    if compiled_order is not None:
        return compiled_order(output)  # type: ignore[no-any-return]
    search = marks()
    found: list[Value] = []
    stack = [output] if output.op else []
    output._mark = search
    while stack:
        node = stack.pop()
        found.append(node)
        a, b = node._a, node._b
        if a is not None:
            if a._mark != search and a.op:
                a._mark = search
                stack.append(a)
            if b is not None and b._mark != search and b.op:
                b._mark = search
                stack.append(b)
        else:
            for x in node._lists[0]:
                if x._mark != search and x.op:
                    x._mark = search
                    stack.append(x)
    found.sort(key=_age)
    return found


_age = attrgetter("serial")  # operands were made before results


def ancestors(output: Value) -> list[Value]:
    """All that `output` depends on, leaves included and itself last: operands before results.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in ancestors(x * y + x)]
    ['x', 'y', 'mul', 'add']
    """
    found: list[Value] = []
    interior = order(output) or [output]
    search = marks()
    for node in interior:
        for operand in node.operands:
            if not operand.op and operand._mark != search:
                operand._mark = search
                found.append(operand)
        found.append(node)
    return found


def between(inputs: Iterable[Value], output: Value) -> list[Value]:
    """What lies on some path from one of `inputs` to `output`, ends included, operands first; empty if none does.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in between([x], y * y * x)]
    ['x', 'mul']
    """
    wanted = list(inputs)
    upstream = order(output)
    search = marks()
    for node in wanted:
        node._mark = search
    found = [node for node in wanted if not node.op]
    for node in upstream:
        if node._mark == search or any(operand._mark == search for operand in node.operands):
            node._mark = search
            found.append(node)
    return found if output._mark == search else []


class Layout(NamedTuple):
    """The graph behind an output by place: the operations, operands before results, and then the leaves.

    A place has -1 for an operand that it doesn't have; where the row takes sequences, all stand in `many`.
    """

    nodes: list[Value]
    of: dict[str, list[int]]  # the places by operation
    data: Floats
    left: Integers  # the first operand of each operation
    right: Integers
    many: dict[int, Integers]
    left_partials: Floats
    right_partials: Floats
    many_partials: dict[int, list[float]]
    places: dict[Value, int]  # of those wanted, where they are in the graph

    @property
    def end(self) -> int:
        """The place of the output."""
        return max(0, len(self.left) - 1)


def layout(output: Value, wanted: Iterable[Value] = ()) -> Layout:
    """The graph behind `output` as sequences, to be read more than once, and where in it the Values `wanted` are.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> found = layout(x * y + x, [y])
    >>> [node.label or node.op for node in found.nodes], list(found.left), list(found.right), found.places[y]
    (['mul', 'add', 'x', 'y'], [2, 0], [3, 2], 3)
    """
    nodes, leaves = order(output), list[Value]()
    first, size = _last + 1, len(nodes)  # a mark is a place and `first`
    found = Layout(nodes, {}, floats(size), integers(size), integers(size), {}, floats(size), floats(size), {}, {})
    if not nodes:
        _enter(output, leaves, first)
    _lay_out(found, leaves, first)
    marks(size + len(leaves))
    nodes += leaves
    found.data.extend(_data(leaves))
    found.places.update([(x, x._mark - first) for x in wanted if x._mark >= first])
    return found


def _lay_out(found: Layout, leaves: list[Value], first: int) -> None:
    nodes, of, data, left, right, many, left_partials, right_partials, many_partials, _ = found
    leaf = first + len(nodes)
    for i, node in enumerate(nodes):  # once, because a node is far away in memory
        node._mark = first + i
        op, a, b = node.op, node._a, node._b
        alike = of.get(op)
        if alike is None:
            of[op] = alike = []
        alike.append(i)
        if a is None:
            operands, many_partials[i] = node._lists
            many[i] = _places(operands, leaves, first, leaf)
            left[i] = -1
        else:
            if a._mark < first:
                _enter(a, leaves, leaf)
            left[i], left_partials[i] = a._mark - first, node._da
        if b is None:
            right[i] = -1
        else:
            if b._mark < first:
                _enter(b, leaves, leaf)
            right[i], right_partials[i] = b._mark - first, node._db
        data[i] = node._data


def _enter(leaf: Value, leaves: list[Value], first: int) -> None:
    leaf._mark = first + len(leaves)
    leaves.append(leaf)


def _places(operands: list[Value], leaves: list[Value], first: int, leaf: int) -> Integers:
    found = places = integers(len(operands))
    for k, x in enumerate(operands):
        if x._mark < first:
            _enter(x, leaves, leaf)
        found[k] = x._mark - first
    return places


def _data(leaves: list[Value]) -> Floats:
    found = data = floats(len(leaves))
    for k, x in enumerate(leaves):
        found[k] = x._data
    return data


def integers(size: int) -> Integers:
    """So many integers, all 0: an array of C's where this is compiled, a list where that is faster."""
    return (array("i", [0]) if cython.compiled else [0]) * size


def floats(size: int) -> Floats:
    """So many floats, all 0, in the same way."""
    return (array("d", [0.0]) if cython.compiled else [0.0]) * size
