"""The only traversals of the graph: iterative, one visit a node, whatever the depth.

A visit is noted in the node's `_mark`, a number that no other search uses, so a search needs no set. Where it is
compiled, `order` is that of newest.pyx.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from .value import Value

try:
    from .newest import order as compiled_order
except ImportError:
    compiled_order = None

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
    """The graph behind an output as lists by place: the operations, operands before results, and then the leaves.

    A place has -1 for an operand that it doesn't have; where the row takes sequences, all stand in `many`.
    """

    nodes: list[Value]
    of: dict[str, list[int]]  # the places by operation
    left: list[int]  # the first operand of each operation
    right: list[int]
    many: dict[int, list[int]]
    left_partials: list[float]
    right_partials: list[float]
    many_partials: dict[int, list[float]]
    places: dict[Value, int]  # of those wanted, where they are in the graph


def layout(output: Value, wanted: Iterable[Value] = ()) -> Layout:
    """The graph behind `output` as lists, to be read more than once, and where in it the Values `wanted` are.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> found = layout(x * y + x, [y])
    >>> [node.label or node.op for node in found.nodes], found.left, found.right, found.left_partials, found.places[y]
    (['mul', 'add', 'x', 'y'], [2, 0], [3, 2], [3.0, 1.0], 3)
    """
    nodes = order(output)
    found = Layout(nodes, {}, [], [], {}, [], [], {}, {})
    _, of, left, right, many, left_partials, right_partials, many_partials, places = found
    first, place = _last + 1, len(nodes)  # what a mark is larger by than a place; the next leaf's
    leaves = []
    if not nodes:
        output._mark = first
        leaves.append(output)
    for i, node in enumerate(nodes):  # once, because a node is far away in memory
        node._mark = first + i
        op, a, b = node.op, node._a, node._b
        if a is None:
            operands, many_partials[i] = node._lists
            for operand in [x for x in operands if x._mark < first]:
                if operand._mark < first:  # not met twice
                    operand._mark = first + place
                    place += 1
                    leaves.append(operand)
            many[i] = [x._mark - first for x in operands]
            left.append(-1)
        else:
            if a._mark < first:
                a._mark = first + place
                place += 1
                leaves.append(a)
            left.append(a._mark - first)
        if b is None:
            right.append(-1)
        else:
            if b._mark < first:
                b._mark = first + place
                place += 1
                leaves.append(b)
            right.append(b._mark - first)
        left_partials.append(node._da)
        right_partials.append(node._db)
        if op in of:
            of[op].append(i)
        else:
            of[op] = [i]
    marks(place)
    nodes += leaves
    for x in wanted:
        if x._mark >= first:
            places[x] = x._mark - first
    return found
