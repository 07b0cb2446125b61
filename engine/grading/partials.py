"""Changed partials of many edges, as two arrays, which C reads at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import ne

from ..structure import Floats, Ints, floats_of, ints_of


class Partials(Mapping[int, float]):
    """Partials by edge; of an edge that comes twice the last one counts.

    >>> partials = Partials.joined([Partials(ints_of([4, 7]), floats_of([0.5, 2.0])), {7: 1.0}])
    >>> dict(partials), dict(Partials.all_of(ints_of([3, 5]), 1.0).unless_right([1.0] * 8))
    ({4: 0.5, 7: 1.0}, {})
    """

    def __init__(self, edges: Ints, numbers: Floats) -> None:
        self.edges, self.numbers = edges, numbers

    @classmethod
    def all_of(cls, edges: Ints, number: float) -> Partials:
        """The same number for all these edges."""
        return cls(edges, floats_of([number]) * len(edges))

    @classmethod
    def of(cls, partials: Mapping[int, float]) -> Partials:
        """These partials as arrays."""
        return partials if isinstance(partials, cls) else cls(ints_of(partials), floats_of(partials.values()))

    @classmethod
    def joined(cls, some: Iterable[Mapping[int, float]]) -> Partials:
        """Those of several mappings, in order."""
        edges, numbers = ints_of([]), floats_of([])
        for part in map(cls.of, some):
            edges += part.edges
            numbers += part.numbers
        return cls(edges, numbers)

    @property
    def columns(self) -> tuple[Ints, Floats]:
        """The edges, and their partials."""
        return self.edges, self.numbers

    def unless_right(self, right: Sequence[float]) -> Partials:
        """These partials if any differs from the right one of its edge; else none."""
        differs = any(map(ne, self.numbers, map(right.__getitem__, self.edges)))
        return self if differs else Partials.joined([])

    @cached_property
    def _by_edge(self) -> dict[int, float]:
        return dict(zip(self.edges, self.numbers, strict=True))

    def __getitem__(self, edge: int) -> float:
        return self._by_edge[edge]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_edge)

    def __len__(self) -> int:
        return len(self.edges)
