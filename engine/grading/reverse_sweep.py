"""The reverse sweep over a flattened graph, with the partials or adjoints that a learner's mistake changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress

from ..core import NAMES, Value
from ..structure import LossGraph, Overrides, grouped, ints_of, reverse, reverse_changed
from .partials import Partials

NOTHING: Mapping[int, float] = {}


class ReverseSweep:
    """The graph behind a loss as lists: operations from the loss backwards, then leaves, and the edges between them.

    The edges of operation i are those from `starts[i]` to `starts[i + 1]`; edge k leads from node `results[k]` to node
    `operands[k]`, and its partial is `partials[k]`. `adjoints` are the right gradients of all nodes.

    >>> x = Value(3.0, "x")
    >>> sweep = ReverseSweep(x * x - x, [x])
    >>> sweep.adjoints[sweep.index[x]], sweep.run(partials={0: 0.0})[sweep.index[x]]
    (5.0, -1.0)
    >>> sweep.run(adjoints={1: 10.0})[sweep.index[x]]
    59.0
    """

    def __init__(self, loss: Value, wanted: Iterable[Value]) -> None:
        self.graph = LossGraph(loss, wanted)
        self.flat = self.graph.flattened
        self.nodes, self.index = list(self.flat.nodes), self.flat.index_of
        self.size = len(self.flat.codes)
        self.ops = [NAMES[code] for code in self.flat.codes] + [""] * (len(self.nodes) - self.size)
        self.data, self.starts = list(self.flat.data), list(self.flat.starts)
        self.results, self.operands = list(self.flat.results), list(self.flat.operands)
        self.partials = list(self.flat.partials)
        self.adjoints: Sequence[float] = list(self.graph.gradients)

    def edges(self, i: int) -> range:
        """The edges from an operation to its operands; none from a leaf."""
        return range(self.starts[i], self.starts[i + 1]) if i < self.size else range(0)

    def inputs(self, i: int) -> list[int]:
        """The operands of an operation."""
        return self.operands[self.starts[i] : self.starts[i + 1]] if i < self.size else []

    @cached_property
    def uses(self) -> list[list[int]]:
        """By node, the edges that lead to it, from the newest operation to the oldest."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for k, j in enumerate(self.operands):
            found[j].append(k)
        return found

    def uses_of(self, wanted: Collection[int]) -> dict[int, Sequence[int]]:
        """The same for some nodes, which is faster."""
        marks = bytearray(len(self.nodes))
        for i in wanted:
            marks[i] = 1
        edges = ints_of(compress(range(len(self.operands)), map(marks.__getitem__, self.operands)))
        found = grouped(ints_of(map(self.operands.__getitem__, edges)), edges)
        return {i: found.get(i, ()) for i in wanted}

    def run(self, partials: Mapping[int, float] = NOTHING, adjoints: Mapping[int, float] = NOTHING) -> Sequence[float]:
        """The adjoints of all nodes, given changed partials of edges and changed adjoints of nodes."""
        return next(self.run_all([(partials, adjoints)]))

    def run_all(self, changes: Iterable[tuple[Mapping[int, float], Mapping[int, float]]]) -> Iterator[Sequence[float]]:
        """The same for each of several changes, which are swept together."""
        import numpy as np

        some = [Overrides(*Partials.of(partials).columns, adjoints) for partials, adjoints in changes]
        with np.errstate(over="ignore", invalid="ignore"):
            yield from reverse_changed(self.flat, some)

    def derivatives(self, i: int) -> Sequence[float]:
        """The derivatives of node i, instead of the loss, with respect to all nodes."""
        return reverse(self.flat, i)[0]
