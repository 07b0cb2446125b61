"""The graph behind a loss by index, with the results of one forward and one reverse pass.

The `spread` of a gradient is sqrt(sum of squared path products): its expected size if the signs of the paths were
random, and the scale for judging rounding.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from ..core import CODES, NAMES, Value
from . import recompute, scans, sweeps
from .arrays import Floats, Ints, ints_of, new_ints
from .flattened import FlattenedGraph, flatten
from .scans import different, where

SAME = 1e-9  # numbers that differ by less, relative to their terms, differ by rounding


class LossGraph:
    """The graph behind `loss` by index: operations, newest first, and then leaves.

    >>> x = Value(3.0, "x")
    >>> graph = LossGraph(x * x - x, [x])
    >>> graph.operands(0), graph.index_of[x], graph.gradients[2], graph.squares[2]
    ((1, 2), 2, 5.0, 19.0)
    """

    def __init__(self, loss: Value, parameters: Iterable[Value] = ()) -> None:
        self.flattened = found = flatten(loss, parameters)
        self.nodes, self.data, self.interior = found.nodes, found.data, found.interior
        self.parameters = scans.present(found.wanted)  # the indices of those in the graph
        self.ops = self._ops(found.codes)
        self._of: dict[str, Ints] = {}

    @cached_property
    def index_of(self) -> dict[Value, int]:
        """The indices of the parameters that are in the graph."""
        return self.flattened.index_of

    @cached_property
    def ordered(self) -> list[Value]:
        """All nodes in topological order, operands first; each leaf comes before the first operation that uses it."""
        found: dict[Value, None] = {}
        for i in self.interior:
            node = self.nodes[i]
            found |= dict.fromkeys(operand for operand in node.operands if not operand.op)
            found[node] = None
        return list(found) or list(self.nodes)

    @cached_property
    def indices(self) -> dict[Value, int]:
        """The index of every node."""
        return {node: i for i, node in enumerate(self.nodes)}

    @cached_property
    def depends(self) -> Ints:
        """1 at the indices of parameters and of nodes that depend on them, 0 at other indices."""
        return sweeps.dependent(self.flattened, self.parameters)

    @property
    def constants(self) -> Ints:
        """The indices of the operations that depend on no parameter, in the order of creation."""
        return where(self.depends[: len(self.interior)], 0)

    @cached_property
    def terms(self) -> Ints:
        """The indices of the terms of the loss, found through sums, means and constant factors.

        >>> a, b = Value(1.0, "a"), Value(2.0, "b")
        >>> graph = LossGraph((a.exp() + 3 * b.tanh()) / 2, [a, b])
        >>> sorted(graph.nodes[i].op for i in graph.terms)
        ['exp', 'tanh']
        """
        return sweeps.terms(self.flattened, self.depends)

    @cached_property
    def ops_of_terms(self) -> set[str]:
        """The operations that they are."""
        return self._ops(scans.taken(self.flattened.codes, self.terms))

    @staticmethod
    def _ops(codes: Ints) -> set[str]:
        return {NAMES[code] for code in different(codes, len(NAMES))}

    @cached_property
    def gradients(self) -> Floats:
        """The derivative of the loss with respect to every node, by index."""
        return self._reverse[0]

    @cached_property
    def squares(self) -> Floats:
        """The spread of every derivative, squared."""
        return self._reverse[1]

    @cached_property
    def _reverse(self) -> tuple[Floats, Floats]:
        return sweeps.reverse(self.flattened)

    def of(self, op: str) -> Ints:
        """The indices of the operations of one name, in the order of creation."""
        if op not in self._of:
            self._of[op] = where(self.flattened.codes, CODES[op]) if op in self.ops else new_ints(0)
        return self._of[op]

    def operands(self, i: int) -> Sequence[int]:
        """The indices of the operands of the node at index i, in order."""
        return scans.operands_of(i, self.flattened)

    def partials(self, i: int) -> Sequence[float]:
        """Its partials, one for each operand."""
        starts = self.flattened.starts
        return tuple(self.flattened.partials[starts[i] : starts[i + 1]]) if i < len(self.interior) else ()

    def edges_to(self, i: int) -> Ints:
        """The edges from the operations that use the node at index i, in the order of creation."""
        return scans.edges_to(i, *self._uses)

    def only_edges_to(self, indices: Ints) -> list[int]:
        """The edges to those of the nodes at these indices that are used once."""
        return scans.only_edges(indices, *self._uses)

    @cached_property
    def _uses(self) -> tuple[Ints, Ints]:
        return scans.uses(self.flattened)

    def argument(self, i: int) -> int:
        """The index of the first operand of an operation."""
        return self.flattened.operands[self.flattened.starts[i]]

    def first_partial(self, i: int) -> float:
        """An operation's first partial."""
        return self.flattened.partials[self.flattened.starts[i]]

    def spread(self, i: int) -> float:
        """The spread of the gradient at index i."""
        return math.sqrt(self.squares[i])

    def forward(self, given: Mapping[int, float]) -> Floats:
        """The data of every node, recomputed from the current leaves, with overrides at some indices."""
        return self._moved(given)[1] if given else self._current

    @cached_property
    def _current(self) -> Floats:
        """The data of every node, recomputed from the current leaves."""
        return self._moved({})[1] if len(self._disagreeing) else self.data

    def losses(self, i: int, numbers: Iterable[float]) -> Iterator[float]:
        """The loss, recomputed with each of these numbers at index i."""
        data, given = self._current[:], ints_of([i])
        for number in numbers:
            data[i] = number
            recompute.forward(self.flattened, given, ints_of(()), data)
            yield data[0]

    def loss_at(self, indices: Ints, numbers: Floats) -> float:
        """The loss, recomputed with these numbers at these indices."""
        import numpy as np

        data = self.data[:]
        np.asarray(data)[indices] = numbers
        recompute.forward(self.flattened, indices, self._disagreeing, data)
        return data[0]

    def _moved(self, given: Mapping[int, float]) -> tuple[Ints, Floats]:
        """The operations affected by the given overrides, operands first, and the data of every node under them."""
        data = self.data[:]
        for i, number in given.items():
            data[i] = number
        return recompute.forward(self.flattened, ints_of(given), self._disagreeing, data), data

    def elsewhere(self, given: Mapping[int, float]) -> tuple[Floats, Floats]:
        """The gradients and squared spreads with overrides at some indices; only dependent nodes are recomputed."""
        return sweeps.reverse(self.moved(given))

    def moved(self, given: Mapping[int, float]) -> FlattenedGraph:
        """The graph as arrays, its data and partials recomputed with overrides at some indices."""
        indices, data = self._moved(given)
        return self.flattened._replace(data=data, partials=recompute.partials_at(self.flattened, indices, data))

    @cached_property
    def changed(self) -> dict[int, float | None]:
        """The nodes whose data was set after an operation used it, with the previous number if it is known.

        >>> x = Value(3.0, "x")
        >>> y = x * 2
        >>> x.data = 5.0
        >>> LossGraph(y).changed
        {1: 3.0}
        """
        return recompute.changed(self.flattened, SAME, self._disagreeing)

    @cached_property
    def _disagreeing(self) -> Ints:
        """The operations whose recomputed result differs from the stored one, even by rounding, or is nan."""
        return recompute.disagreeing(self.flattened)
