"""The flattened graph: the operations and leaves behind an output by index, as arrays for several sweeps.

When compiled, flatten.pyx fills the arrays.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..core import Value, order
from .arrays import Floats, Ints

try:
    from .flatten import flatten as compiled_flatten
except ImportError:
    compiled_flatten = None


class FlattenedGraph(NamedTuple):
    """The graph behind an output: its operations, the newest first, then its leaves, each by index.

    An edge leads from a result to one of its operands. The edges of node i are `starts[i]` to `starts[i + 1]`. In
    their order every result stands before its operands, so one loop over the edges is a reverse sweep.
    """

    nodes: Sequence[Value]
    codes: Ints  # the opcodes of the operations
    data: Floats
    starts: Ints
    results: Ints  # of each edge, the index of its result
    operands: Ints  # and of its operand
    partials: Floats
    wanted: Ints  # the indices of the Values wanted, -1 for those that are not in the graph
    labelled: bool  # whether any operation has a label

    @property
    def interior(self) -> range:
        """The indices of the operations, operands before results."""
        return range(len(self.codes) - 1, -1, -1)

    @property
    def index_of(self) -> dict[Value, int]:
        """The indices of the Values wanted that are in the graph."""
        return {self.nodes[i]: i for i in self.wanted if i >= 0}


def flatten(output: Value, wanted: Iterable[Value] = ()) -> FlattenedGraph:
    """Flatten the graph behind `output`, and find the Values `wanted` in it.

    >>> from engine import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> found = flatten(x * y + x, [y])
    >>> [node.label or node.op for node in found.nodes], found.operands, found.index_of[y]
    (['add', 'mul', 'x', 'y'], array('i', [1, 2, 2, 3]), 3)
    """
    values = list(wanted)
    if compiled_flatten is not None:
        return FlattenedGraph(*compiled_flatten(output, values))
    nodes = order(output)
    nodes.reverse()
    size = len(nodes)
    starts, results, targets, partials = _edges(nodes)
    index = {node: i for i, node in enumerate(nodes)}
    for x in targets or [output]:
        index.setdefault(x, len(index))
    nodes = list(index)
    codes, labelled = array("i", [node._code for node in nodes[:size]]), any(node._label for node in nodes[:size])
    data, operands = array("d", [node._number for node in nodes]), array("i", [index[x] for x in targets])
    found = array("i", [index.get(x, -1) for x in values])
    return FlattenedGraph(nodes, codes, data, starts, results, operands, partials, found, labelled)


def _edges(nodes: list[Value]) -> tuple[Ints, Ints, list[Value], Floats]:
    """All edges in order, as `starts`, `results`, `operands` and `partials`."""
    starts, results, values, partials = array("i"), array("i"), list[Value](), array("d")
    for i, node in enumerate(nodes):
        starts.append(len(values))
        a, b = node._a, node._b
        if a is None:
            operands, partial_list = node._lists
            results.extend([i] * len(operands))
            values += operands
            partials.extend(partial_list)
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
