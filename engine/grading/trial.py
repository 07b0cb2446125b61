"""Compares the learner's numbers with the gradients of each mistake, to the digits given."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain, combinations
from operator import mul
from typing import TYPE_CHECKING

from ..structure import Ints, dependent
from .candidate import Candidate
from .given import NOISE, Given, is_bare_zero, is_lone
from .mistakes import MISTAKES, Change, Mistake
from .mistakes.row import Gradients
from .network import LARGE, Network

if TYPE_CHECKING:
    from .rounding import Rounding

SLACK = 1.3  # half units of the last digit: learners cut off instead of rounding
SAME = 1e-9  # gradients that differ by less, relative to their size, differ by rounding
DIGITS_OF_ZERO = 5e-4  # of the right gradient: the tolerance of a 0 that stands alone
ROUGHLY = 5e-3  # of the largest right gradient: the tolerance of a 0 without digits at most
WORK = 400_000  # operations passed in the sweeps of all pairs: some tenths of a second
TOGETHER = 128  # pairs of one sweep
COMPARED = 30  # wrong numbers by which changes are told apart
LOOSE = 0.7  # added to SLACK if intermediate results are rounded: together one unit of the last digit
HALF = 1.2  # half units by which rounding moves a number; of cut off digits a mistake is not known for sure
LONE = SLACK / 2.0  # of the tolerance of a number with one digit: nobody cuts off all digits but one
AS_LIKELY = 4.6  # squares by which errors exceed others that are 1,000 times likelier
MANY = 100  # changed edges from which on a sweep is as quick as to ask what they reach
FEWEST = 2  # digits that intermediate results have
FEW = 8  # wrong parameters that a mistake is asked to reach before it is simulated


class Trial:
    """The learner's numbers for nodes of a network, to compare with the right ones and with each mistake."""

    def __init__(self, network: Network, given: Sequence[Given]) -> None:
        self.network, self.all_given = network, given
        index, adjoints = network.sweep.index, network.sweep.adjoints
        self.given = {index[g.value]: g.number for g in given}
        self.right = {i: adjoints[i] for i in self.given}
        self.tolerances = {
            index[g.value]: g.tolerance or DIGITS_OF_ZERO * abs(self.right[index[g.value]]) for g in given
        }
        top = max(map(abs, self.right.values()), default=0.0)
        for g in given:  # beside a number that is wrong and huge, any 0 would be right
            if abs(g.number) < g.tolerance and (g.number or is_bare_zero(g.text)):
                self.tolerances[index[g.value]] = min(g.tolerance, (NOISE if g.number else ROUGHLY) * top)
        self.far = dict.fromkeys(self.given, 0.0)  # how far rounding on the way may have moved each
        self.slack = SLACK
        self.blamed: list[int] | None = None  # the wrong numbers, if rounding has been found to explain all others
        self.candidates: list[Candidate] = []
        self.pairs_tried = 0
        self.whole: Trial | None = None  # of which this one has some numbers only
        self.unfit = 0  # mistakes not simulated, as they cannot change some wrong number

    def only(self, some: Collection[int]) -> Trial:
        """The same trial with the numbers of some nodes only."""
        inner = Trial(self.network, [g for g in self.all_given if self.network.sweep.index[g.value] in some])
        inner.right, inner.whole = self.right, self
        inner.candidates = [c for c in self.candidates if not c.change.solve and inner._moves(c.gradients)]
        return inner

    def ratio(self, some: Sequence[int]) -> float | None:
        """The factor between the right and the learner's numbers of several nodes, if one factor fits all of them."""
        telling = [i for i in some if self.right[i] and self.given[i]]
        if len(telling) < 2:
            return None
        top = max(telling, key=lambda i: abs(self.right[i]))
        ratio = self.given[top] / self.right[top]
        slack = {
            i: SLACK * (self.tolerances[i] + self.tolerances[top] * abs(self.right[i] / self.right[top])) for i in some
        }
        return ratio if all(abs(self.given[i] - ratio * self.right[i]) <= slack[i] for i in some) else None

    @property
    def digits(self) -> int:
        """The largest number of significant digits among the learner's numbers."""
        return max([FEWEST, *self._digits])

    @property
    def _digits(self) -> list[int]:
        """The number of significant digits of each number that is not 0."""
        units = [abs(x) / (2.0 * self.tolerances[i]) for i, x in self.given.items() if self.tolerances[i]]
        return [math.ceil(math.log10(count) - SAME) for count in units if count]

    def wrong(self) -> list[int]:
        """The nodes whose numbers are wrong."""
        if self.blamed is not None:
            return self.blamed
        widths = self.widths(self.right)
        return [i for i, x in self.given.items() if not abs(self.right[i] - x) <= widths[i]]

    @property
    def inexact(self) -> list[int]:
        """The nodes whose numbers are not right to the digits given."""
        return [i for i, x in self.given.items() if abs(self.right[i] - x) > SLACK * self.tolerances[i]]

    def widths(self, gradients: Gradients) -> Gradients:
        """How close the learner's numbers must be to these gradients."""
        scale = self._scale(gradients)
        return {i: self._width(i, gradients[i], scale) for i in self.given}

    def _scale(self, gradients: Gradients) -> float:
        """The size of these gradients relative to the right ones, as rounding errors are proportional to it."""
        return _norm(map(gradients.__getitem__, self.given)) / self._size if self.is_loose and self._size else 1.0

    @cached_property
    def _size(self) -> float:
        return _norm(map(self.right.__getitem__, self.given))

    def _width(self, i: int, gradient: float, scale: float) -> float:
        width = self.slack * self.tolerances[i]
        if self.is_loose and self.far[i] and (gradient or not self.right[i]):  # rounding makes no 0
            width += self.far[i] * max(scale, abs(gradient / right) if (right := self.right[i]) else 0.0)
        return width

    @property
    def is_loose(self) -> bool:
        """Whether rounding of intermediate results is allowed for."""
        return self.slack != SLACK

    def allow_rounding(self, reach: float) -> None:
        """Allow for rounding of intermediate results, up to `reach` times a simulation of it; 0 allows none."""
        self.slack = SLACK + (LOOSE if reach else 0.0)
        far = self.rounding.reach if reach else [0.0] * len(self.given)
        self.far = {i: reach * f for i, f in zip(self.given, far, strict=True)}

    @cached_property
    def rounding(self) -> Rounding:
        """Intermediate results at the digits, or decimals, that the learner's numbers have."""
        from .rounding import Rounding  # loads NumPy

        most = max(self.tolerances.values())
        are_decimals = most < 2.0 * min(self.tolerances.values()) and len(set(self._digits)) > 1
        precision = self.digits, most if are_decimals else 0.0
        if self.whole and (self.whole.rounding.digits, self.whole.rounding.least) == precision:
            return self.whole.rounding.observing(list(self.given))
        return Rounding(self.network, list(self.given), *precision)

    @property
    def others(self) -> list[int]:
        """The parameters whose gradients are not given."""
        return [i for i in self.right if i not in self.given]

    def try_all(self) -> None:
        """Find the gradients that each mistake gives at each place, where they differ from the right ones."""
        if self.candidates:
            return
        adjoints = self.network.sweep.adjoints
        self.right |= {i: adjoints[i] for i in sorted(self.network.parameters) if i not in self.given}
        self.network.telling = telling = self._telling()
        self.network.may_be = partial(_may_be, self.given, self.tolerances)
        tried = list(self._changes())
        swept = self._swept([change for _, changes, _ in tried for change in changes])
        for mistake, changes, unfit in tried:
            before = len(self.candidates)
            for change in changes:
                candidate = self._candidate(mistake, change, next(swept))
                if candidate and self._moves(candidate.gradients):
                    self.candidates.append(candidate)
            if telling and mistake.reach:  # some of its places were left out, too
                unfit = max(unfit, 1 + len(self.network.layers) - len(self.candidates) + before)
            self.unfit += unfit

    def _changes(self) -> Iterator[tuple[Mistake, list[Change], int]]:
        """The changes of each mistake, and how many are left out, as they cannot change some wrong number."""
        for mistake in MISTAKES:
            reaches = not mistake.reach or self.network.telling <= mistake.reach(self.network)
            changes = list(mistake.changes(self.network)) if reaches else []
            kept = [change for change in changes if not self._misses(change)]
            yield mistake, kept, len(changes) - len(kept)

    def _telling(self) -> set[int]:
        """In a large graph, the wrong parameters of the last layer with any: every fitting mistake changes them."""
        layers = reversed(self.network.layers)
        return next((found for layer in layers if (found := layer.own & self._wrong)), set())

    @cached_property
    def _wrong(self) -> set[int]:
        """In a large graph, the parameters whose numbers are wrong, rounding allowed for."""
        allowed = SLACK + LOOSE if self.network.size > LARGE else math.inf
        return {i for i, x in self.given.items() if abs(self.right[i] - x) > allowed * self.tolerances[i]}

    @cached_property
    def _depending(self) -> list[Ints]:
        """For some wrong parameters, 1 at every node that depends on it."""
        return [dependent(self.network.sweep.flat, [i]) for i in sorted(self._wrong)[:FEW]]

    def _misses(self, change: Change) -> bool:
        """Whether a change of partials cannot change the gradient of some wrong parameter."""
        if change.solve or change.after or change.adjoints or change.counted or not 0 < len(change.partials) < MANY:
            return False
        behind = [self.network.operands[k] for k in change.partials]
        return not all(any(depends[j] for j in behind) for depends in self._depending)

    def _candidate(self, mistake: Mistake, change: Change, adjoints: Sequence[float]) -> Candidate | None:
        if change.solve is not None:
            solved = change.solve(self.right, self.given, self.tolerances)
            return Candidate(mistake, solved[1], solved[0], change, solved[2]) if solved else None
        found = self._gradients(adjoints, change.partials, change.counted)
        if change.only is not None:
            found = {i: g if i in change.only else self.right[i] for i, g in found.items()}
        return Candidate(mistake, change.place, change.after(found) if change.after else found, change)

    def _gradients(
        self, adjoints: Sequence[float], partials: Mapping[int, float], counted: Mapping[int, Sequence[int]]
    ) -> Gradients:
        """The gradients of a sweep, or of the uses that count."""
        sweep = self.network.sweep
        gradients = dict(zip(self.right, map(adjoints.__getitem__, self.right), strict=True))
        for p, edges in counted.items():
            gradients[p] = sum(adjoints[sweep.results[k]] * partials.get(k, sweep.partials[k]) for k in sorted(edges))
        return gradients

    def _swept(self, changes: Sequence[Change]) -> Iterator[Sequence[float]]:
        """The adjoints with each of these changes."""
        sweep = self.network.sweep
        swept = sweep.run_all((change.partials, change.adjoints) for change in changes if _is_swept(change))
        return (next(swept) if _is_swept(change) else sweep.adjoints for change in changes)

    def pairs(self) -> list[tuple[Candidate, Candidate]]:
        """Two mistakes at once that give the learner's numbers, where no single one does."""
        usable = [c for c in reversed(self.candidates) if not c.change.solve and not c.change.only]
        singles = list({self._key(c): c for c in usable}.values())[::-1]
        if len(singles) ** 2 * max(self.network.size, len(self.given)) > WORK:
            singles = [c for c in singles if c.change.after]
        every = list(combinations(singles, 2))
        self.pairs_tried += len(every)
        some = (every[n : n + TOGETHER] for n in range(0, len(every), TOGETHER))
        return list(chain.from_iterable(map(self._fitting_pairs, some)))

    def _fitting_pairs(self, some: list[tuple[Candidate, Candidate]]) -> Iterator[tuple[Candidate, Candidate]]:
        """Those of these pairs that give the learner's numbers, with the gradients of both."""
        pairs = [(a, b, both) for a, b in some if (both := self._both(a.change, b.change))]
        for (a, b, both), adjoints in zip(pairs, self._swept([both for *_, both in pairs]), strict=True):
            gradients = self._gradients(adjoints, both.partials, both.counted)
            for change in (a.change, b.change):
                gradients = change.after(gradients) if change.after else gradients
            if self.distance(gradients) <= 1.0:
                yield replace(a, gradients=gradients), replace(b, gradients=gradients)

    def _both(self, a: Change, b: Change) -> Change | None:
        """Two changes of the sweep together; on a common edge both factors apply."""
        if (a.adjoints and b.adjoints) or (a.counted and b.counted):
            return None
        partials, right = {**a.partials, **b.partials}, self.network.partials
        for k in a.partials.keys() & b.partials.keys():
            partials[k] = a.partials[k] * b.partials[k] / right[k] if right[k] else 0.0
        return Change("", partials, {**a.adjoints, **b.adjoints}, {**a.counted, **b.counted})

    def _moves(self, gradients: Gradients) -> bool:
        """Whether these gradients are finite and differ from the right ones for some given node."""
        if not all(map(math.isfinite, map(gradients.__getitem__, self.given))):
            return False
        return any(self.changes(gradients, i) for i in self.given)

    def changes(self, gradients: Gradients, i: int) -> bool:
        """Whether a gradient differs from the right one by more than the rounding of floats."""
        return abs(gradients[i] - self.right[i]) > SAME * (abs(gradients[i]) + abs(self.right[i]))

    def distance(self, gradients: Gradients) -> float:
        """The largest difference from the learner's numbers, in widths; inf if it exceeds one width."""
        scale, found = self._scale(gradients), 0.0
        for i, x in self.given.items():
            if off := abs(gradients[i] - x):
                width = self._width(i, gradients[i], scale)
                if off > width:
                    return math.inf
                found = max(found, off / width)
        return found

    def fitting(self) -> list[Candidate]:
        """The candidates that give the learner's numbers; if rounding is allowed for, only the likeliest ones."""
        near = [candidate for candidate in self.candidates if self.distance(candidate.gradients) <= 1.0]
        if not self.is_loose:
            return near
        squares = {candidate: self.scatter(candidate) for candidate in near}
        most = min(squares.values(), default=0.0) + AS_LIKELY
        return [candidate for candidate in near if squares[candidate] <= most < math.inf]

    def off(self, gradients: Gradients, without: Collection[int] = ()) -> tuple[list[float], list[float]]:
        """How far the learner's numbers are off these, and their tolerances: infinite ones for numbers left out."""
        off, left_out = [x - gradients[i] for i, x in self.given.items()], set(without)
        return off, [math.inf if i in left_out else width for i, width in self._widths.items()]

    @cached_property
    def _widths(self) -> dict[int, float]:
        lone = [LONE if is_lone(g.text) else 1.0 for g in self.all_given]
        return {i: part * self.tolerances[i] for part, i in zip(lone, self.tolerances, strict=True)}

    def scatter(self, candidate: Candidate | None = None) -> float:
        """The squares of rounding errors that give all numbers, of a learner with this mistake or with none."""
        if candidate is None:
            return self.rounding.scatter(*self.off(self.right))
        change, partials = candidate.change, dict(candidate.change.partials)
        for p, edges in change.counted.items():
            partials |= {k: 0.0 for k in self.network.uses[p] if k not in edges}
        rounding = self.rounding.with_mistake(partials, change.adjoints)
        if change.after:
            rounding.after(change.after)
        if change.only is None:
            return rounding.scatter(*self.off(candidate.gradients), HALF)
        inside = rounding.scatter(*self.off(candidate.gradients, self.given.keys() - change.only), HALF)
        return inside + self.rounding.scatter(*self.off(self.right, change.only))

    def _distinct(self) -> set[tuple[float, ...]]:
        """The different sets of numbers that the mistakes give."""
        return {self._key(candidate) for candidate in self.candidates}

    def _key(self, candidate: Candidate) -> tuple[float, ...]:
        return tuple(float(f"{candidate.gradients[i]:.9g}") for i in self._compared)

    @cached_property
    def _compared(self) -> list[int]:
        return self.inexact[:COMPARED]

    @property
    def tried(self) -> int:
        """The number of mistakes that give different numbers here."""
        return len(self._distinct()) + self.unfit if self.candidates else 0


def _may_be(given: Gradients, tolerances: Gradients, i: int, gradient: float) -> bool:
    """Whether a mistake with this gradient may give the learner's number, rounding allowed for."""
    return abs(gradient - given[i]) <= (SLACK + LOOSE) * tolerances[i]


def _is_swept(change: Change) -> bool:
    """Whether the sweep itself is another one."""
    return bool(change.partials or change.adjoints)


def _norm(numbers: Iterable[float]) -> float:
    some = list(numbers)
    return math.sqrt(sum(map(mul, some, some)))
