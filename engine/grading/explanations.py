"""Which mistakes give the learner's numbers, and whether chance would: each change of the catalogue, and the digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .given import LEAST, Given
from .mistakes import MISTAKES, Change, Mistake
from .network import Network
from .rounding import rounding

SLACK = 1.3  # half units of the last digit: learners cut off instead of rounding
MARGIN = 1.0  # decimal orders by which evidence has to outweigh the mistakes tried
SAME = 1e-9  # gradients that differ by less, relative to their size, differ by rounding
DIGITS_OF_ZERO = 5e-4  # of the right gradient: the tolerance of a 0 that stands alone
OF_ZERO = 2.0  # what a 0 says at most, in decimal orders: many mistakes leave one
COMPARED = 30  # wrong numbers by which changes are told apart
LOOSE = 0.7  # the same where numbers are rounded on the way, too: with SLACK one unit of the last digit
NEAR = 0.2  # widths within which one mistake is as near as another


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mistake at one place, and the gradients that it gives."""

    mistake: Mistake
    place: str
    gradients: dict[int, float]
    is_solved: bool = False

    @property
    def was(self) -> str:
        """What was done, in words."""
        return (
            self.mistake.was.replace("{place}", self.place)
            .replace("  ", " ")
            .replace(" :", ":")
            .replace(" ,", ",")
            .strip()
        )

    @property
    def right(self) -> str:
        """What belongs there, in words."""
        return self.mistake.right.replace("{place}", self.place)


class Trial:
    """The learner's numbers for nodes of a network, against the right ones and against each mistake."""

    def __init__(self, network: Network, given: Sequence[Given]) -> None:
        self.network = network
        index, adjoints = network.sweep.index, network.sweep.adjoints
        self.given = {index[g.value]: g.number for g in given}
        self.right = {i: adjoints[i] for i in self.given}
        self.tolerances = {
            index[g.value]: g.tolerance or DIGITS_OF_ZERO * abs(self.right[index[g.value]]) for g in given
        }
        self.far = dict.fromkeys(self.given, 0.0)  # how far rounding on the way may have moved each
        self.slack = SLACK
        self.candidates: list[Candidate] = []

    @property
    def digits(self) -> int:
        """How many significant digits the numbers have, most of all."""
        found = [
            math.log10(abs(x) / (2.0 * self.tolerances[i])) for i, x in self.given.items() if x and self.tolerances[i]
        ]
        return max([LEAST, *(round(d) for d in found)])

    def wrong(self) -> list[int]:
        """The nodes whose numbers are not the right ones."""
        return [i for i, x in self.given.items() if not abs(self.right[i] - x) <= self._width(i, self.right[i])]

    def _width(self, i: int, gradient: float) -> float:
        """How near a number must be to a gradient; rounding on the way grows with the number that it ends in."""
        growth = max(1.0, abs(gradient / self.right[i])) if self.right[i] else 1.0
        return self.slack * self.tolerances[i] + self.far[i] * growth

    @property
    def is_loose(self) -> bool:
        """Whether rounding on the way is allowed for."""
        return self.slack != SLACK

    def loosen(self, reach: float) -> None:
        """Allow for numbers that were rounded on the way, too: for `reach` times what a simulation of that finds."""
        self.slack = SLACK + LOOSE
        self.far = {i: reach * far for i, far in zip(self.given, self._rounding, strict=True)}

    @cached_property
    def _rounding(self) -> list[float]:
        return rounding(self.network, list(self.given), self.digits)

    @property
    def others(self) -> list[int]:
        """The parameters whose gradients are not given."""
        return [i for i in self.right if i not in self.given]

    def try_all(self) -> None:
        """Find the gradients that each mistake gives at each place, where they differ from the right ones."""
        adjoints = self.network.sweep.adjoints
        self.right |= {i: adjoints[i] for i in sorted(self.network.parameters) if i not in self.given}
        for mistake in MISTAKES:
            for change in mistake.changes(self.network):
                candidate = self._candidate(mistake, change)
                if candidate and self._moves(candidate.gradients):
                    self.candidates.append(candidate)

    def _candidate(self, mistake: Mistake, change: Change) -> Candidate | None:
        place = change.place
        if change.solve is not None:
            solved = change.solve(self.right, self.given, self.tolerances)
            return Candidate(mistake, solved[1], solved[0], True) if solved else None
        sweep = self.network.sweep
        adjoints = sweep.run(change.partials, change.adjoints) if change.partials or change.adjoints else sweep.adjoints
        found = {i: adjoints[i] for i in self.right}
        if change.only is not None:
            found = {i: g if i in change.only else self.right[i] for i, g in found.items()}
        return Candidate(mistake, place, change.after(found) if change.after else found)

    def _moves(self, gradients: dict[int, float]) -> bool:
        """Whether a number given would differ, and all are finite."""
        differs = False
        for i in self.given:
            g, r = gradients[i], self.right[i]
            if g - g:
                return False
            differs = differs or abs(g - r) > SAME * (abs(g) + abs(r))
        return differs

    def distance(self, gradients: dict[int, float]) -> float:
        """The largest difference from the learner's numbers, in widths."""
        found = 0.0
        for i, x in self.given.items():
            if off := abs(gradients[i] - x):
                width = self._width(i, gradients[i])
                found = max(found, off / width if width else math.inf)
        return found

    def fitting(self) -> list[Candidate]:
        """The candidates that give the learner's numbers; with rounding on the way, only those that come nearest."""
        near = [(self.distance(candidate.gradients), candidate) for candidate in self.candidates]
        if self.is_loose and near:
            limit = min(1.0, max(2.0 * min(d for d, _ in near), NEAR))
            return [candidate for d, candidate in near if d <= limit]
        return [candidate for d, candidate in near if d <= 1.0]

    def evidence(self, found: Sequence[Candidate]) -> float:
        """How surely chance did not make these fit, in decimal orders: what the wrong numbers say, less the tries."""
        return min(self._says(candidate) for candidate in found) - math.log10(len(self._distinct()) + 1)

    def _says(self, candidate: Candidate) -> float:
        parts = [self._part(i, candidate.gradients[i]) for i in self.wrong()]
        if candidate.is_solved:  # one number went into what was solved for
            parts = sorted(parts)[:-1]
        return sum(parts)

    def _part(self, i: int, gradient: float) -> float:
        """What one wrong number says: how many times its width it is off."""
        width = 2.0 * self._width(i, gradient)
        orders = math.log10(max(1.0, abs(self.given[i] - self.right[i]) / width)) if width else 0.0
        return orders if self.given[i] else min(orders, OF_ZERO)

    def _distinct(self) -> set[tuple[float, ...]]:
        """The different sets of numbers that the mistakes give."""
        some = self.wrong()[:COMPARED]
        return {tuple(float(f"{c.gradients[i]:.9g}") for i in some) for c in self.candidates}

    @property
    def tried(self) -> int:
        """How many mistakes give different numbers here."""
        return len(self._distinct())
