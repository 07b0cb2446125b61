"""The only traversals of the graph: iterative, one visit a node, whatever the depth.

A visit is noted in the node's `_mark`, a number that no other search uses, so a search needs no set. Where it is
compiled, `order` and `layout` are those of traverse.pyx.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from ..structure.arrays import Floats, Ints
from .opcodes import CODES, code_all
from .value import Value

try:
    from .traverse import layout as compiled_layout
    from .traverse import order as compiled_order
except ImportError:
    compiled_layout = compiled_order = None

MOST = 1 << 31  # nodes or edges of a graph, instructions of a program
_last = 0  # mark in use


def marks(count: int = 1) -> int:
    """The first of so many marks in a row that no search has used."""
    global _last
    _last += count
    return _last - count + 1


def order(output: Value) -> list[Value]:
    """The operations that `output` came from, itself included, in the order of their creation; leaves are not in it.

    >>> from engine.core.value import Value
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

    >>> from engine.core.value import Value
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

    >>> from engine.core.value import Value
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
    """The graph behind an output by place, as it is met on the way back: the operations, newest first, then the leaves.

    An edge leads from a result to one of its operands. Those of place i are from `starts[i]` to `starts[i + 1]`, in
    order, so all edges in order are the way back too.
    """

    nodes: Sequence[Value]
    codes: Ints  # of the operations, by opcodes.py
    data: Floats
    starts: Ints
    results: Ints  # where each edge leads from
    operands: Ints  # and to
    partials: Floats
    places: dict[Value, int]  # of those wanted, where they are in the graph
    labelled: bool  # whether any operation has a label

    @property
    def interior(self) -> range:
        """The places of the operations, operands before results."""
        return range(len(self.codes) - 1, -1, -1)


def layout(output: Value, wanted: Iterable[Value] = ()) -> Layout:
    """The graph behind `output` as sequences, to be read more than once, and where in it the Values `wanted` are.

    >>> from engine.core.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> found = layout(x * y + x, [y])
    >>> [node.label or node.op for node in found.nodes], list(found.results), list(found.operands), found.places[y]
    (['add', 'mul', 'x', 'y'], [0, 0, 1, 1], [1, 2, 2, 3], 3)
    """
    code_all()
    values = list(wanted)  # before any mark is set: a generator could search too
    if compiled_layout is not None:
        return Layout(*compiled_layout(output, values, partial(marks, MOST), CODES))
    nodes = order(output)
    nodes.reverse()
    first = _last + 1  # a mark is a place and `first`
    for i, node in enumerate(nodes):
        node._mark = first + i
    starts, results, targets, partials = _edges(nodes)
    leaves = list(dict.fromkeys([x for x in targets if x._mark < first] if nodes else [output]))
    for i, leaf in enumerate(leaves, len(nodes)):
        leaf._mark = first + i
    marks(len(nodes) + len(leaves))
    codes, labelled = [CODES[node.op] for node in nodes], any(node.label for node in nodes)
    nodes += leaves
    data, operands = [node._data for node in nodes], [x._mark - first for x in targets]
    places = {x: x._mark - first for x in values if x._mark >= first}
    return Layout(nodes, codes, data, starts, results, operands, partials, places, labelled)


def _edges(nodes: list[Value]) -> tuple[list[int], list[int], list[Value], list[float]]:
    """Of all edges in order where each node's begin, where they lead from and to, and the partials."""
    starts, results, values, partials = list[int](), list[int](), list[Value](), list[float]()
    for i, node in enumerate(nodes):
        starts.append(len(values))
        a, b = node._a, node._b
        if a is None:
            operands, slopes = node._lists
            results += [i] * len(operands)
            values += operands
            partials += slopes
            continue
        results.append(i)
        values.append(a)
        partials.append(node._da)
        if b is not None:
            results.append(i)
            values.append(b)
            partials.append(node._db)
    starts.append(len(values))
    return starts, results, values, partials
