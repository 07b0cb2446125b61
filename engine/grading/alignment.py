"""Aligns a learner's factors with a path's: several of one side may make one of the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from .written import Written, product

ROUGH = 0.06  # largest relative tolerance of a group: one factor of one digit would hide another that is wrong
LONGEST = 40  # factors that are grouped


class Group(NamedTuple):
    """Consecutive factors: the learner's from `start` to `stop`, and the path's from `first` to `end`."""

    start: int
    stop: int
    first: int
    end: int


class Alignment:
    """The ways to group the learner's factors and a path's, in order, so that all groups agree, or all but one.

    >>> from .written import read
    >>> names = {"x": 3.0, "a": 0.25}
    >>> given = [read(text, names) for text in ("x", "a", "1 + a", "2")]
    >>> alignment = Alignment(given, [3.0, 0.1875, 2.0])
    >>> alignment.fits, alignment.differing
    (False, [Group(start=1, stop=3, first=1, end=2)])
    """

    def __init__(self, given: Sequence[Written], truth: Sequence[float]) -> None:
        self.given, self.truth = given, truth
        self.count, self.length = len(given), len(truth)

    @property
    def fits(self) -> bool:
        """Whether all groups agree."""
        return bool(self.given) and (self.count, self.length) in self.agreeing

    @cached_property
    def agreeing(self) -> set[tuple[int, int]]:
        """Pairs (i, j): the learner's first i factors make the path's first j."""
        return self._reached((0, 0), self._after)

    @property
    def longest(self) -> tuple[int, int]:
        """How far the two agree from the start: the number of the learner's factors, and of the path's."""
        return max(self.agreeing, key=lambda reached: (reached[1], -reached[0]))

    @property
    def missing(self) -> list[Group]:
        """The fewest factors of the path without which all others agree."""
        found = [group for group in self._between if group.start == group.stop and group.first < group.end]
        least = min((group.end - group.first for group in found), default=0)
        return [group for group in found if group.end - group.first == least]

    @property
    def extra(self) -> list[Group]:
        """Single factors of the learner without which all others agree."""
        return [group for group in self._between if group.stop - group.start == 1 and group.first == group.end]

    @property
    def differing(self) -> list[Group]:
        """Groups that differ where all others agree: one factor beside one, or beside several."""
        return [group for group in self._between if min(group.stop - group.start, group.end - group.first) == 1]

    @property
    def most(self) -> int:
        """The most factors of the path that agree if one group differs; -1 if no grouping has just one such."""
        return max((self.length - (group.end - group.first) for group in self._between), default=-1)

    @cached_property
    def _between(self) -> list[Group]:
        """Groups between an agreeing start and end."""
        ends = self._reached((self.count, self.length), self._before)
        return [
            Group(start, stop, first, end)
            for start, first in sorted(self.agreeing)
            for stop, end in self._shapes(start, first)
            if (stop, end) in ends
        ]

    def _shapes(self, i: int, j: int) -> Iterator[tuple[int, int]]:
        """Ends of a group that begins here: one factor beside any number, or several of the path beside none."""
        yield from ((stop, j + 1) for stop in range(i, self.count + 1))
        yield from ((i + 1, end) for end in range(j, self.length + 1) if end != j + 1)
        yield from ((i, end) for end in range(j + 2, self.length + 1))

    def _reached(
        self, start: tuple[int, int], further: Callable[[int, int], Iterator[tuple[int, int]]]
    ) -> set[tuple[int, int]]:
        found, stack = {start}, [start]
        while stack and max(self.count, self.length) <= LONGEST:
            for reached in further(*stack.pop()):
                if reached not in found:
                    found.add(reached)
                    stack.append(reached)
        return found

    def _after(self, i: int, j: int) -> Iterator[tuple[int, int]]:
        if i < self.count and j < self.length:
            yield from ((stop, j + 1) for stop in range(i + 1, self.count + 1) if self._agrees(i, stop, j, j + 1))
            yield from ((i + 1, end) for end in range(j + 2, self.length + 1) if self._agrees(i, i + 1, j, end))

    def _before(self, i: int, j: int) -> Iterator[tuple[int, int]]:
        if i and j:
            yield from ((start, j - 1) for start in range(i) if self._agrees(start, i, j - 1, j))
            yield from ((i - 1, first) for first in range(j - 1) if self._agrees(i - 1, i, first, j))

    def _agrees(self, start: int, stop: int, first: int, end: int) -> bool:
        right = math.prod(self.truth[first:end])
        alone = stop - start == end - first == 1  # a product with a 0 says nothing of its other factors
        written = product(self.given[start:stop])
        if not alone:
            written = replace(written, tolerance=min(written.tolerance, ROUGH * abs(written.number)))
        return (bool(right) or alone) and written.agrees(right)
