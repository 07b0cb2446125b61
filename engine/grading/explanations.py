"""Which mistakes give the learner's numbers, and whether chance would: each change of the catalogue, and the digits."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Literal, NamedTuple

from .given import LEAST, Given
from .layers import Layer
from .mistakes import MISTAKES, Change, Mistake
from .mistakes.row import Gradients
from .network import Network
from .rounding import rounding

Verdict = Literal["right", "mistake", "several", "two", "chance", "unknown"]

SLACK = 1.3  # half units of the last digit: learners cut off instead of rounding
MARGIN = 1.0  # decimal orders by which evidence has to outweigh the mistakes tried
SURE = 2.0  # the same for two mistakes at once, and for a part of the numbers
SAME = 1e-9  # gradients that differ by less, relative to their size, differ by rounding
DIGITS_OF_ZERO = 5e-4  # of the right gradient: the tolerance of a 0 that stands alone
OF_ZERO = 2.0  # what a 0 says at most, in decimal orders: many mistakes leave one
WORK = 400_000  # operations passed in the sweeps of all pairs: some tenths of a second
COMPARED = 30  # wrong numbers by which changes are told apart
LOOSE = 0.7  # the same where numbers are rounded on the way, too: with SLACK one unit of the last digit
RIGHT, NAMED = 3.0, 2.0  # times the simulated rounding that a right number may be off, and one of a mistake
NEAR = 0.2  # widths within which one mistake is as near as another


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mistake at one place, and the gradients that it gives."""

    mistake: Mistake
    place: str
    gradients: Gradients
    change: Change

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


class Outcome(NamedTuple):
    """What the learner's numbers are, the mistakes that give them, and how surely, in decimal orders."""

    verdict: Verdict
    found: Sequence[Candidate] = ()
    evidence: float = 0.0
    off: Sequence[int] = ()  # right numbers that are off by rounding
    part: Part | None = None  # where nothing gives all numbers


class Part(NamedTuple):
    """The last layer with wrong numbers, and the mistakes that give these, whatever lies before."""

    layer: Layer
    found: Sequence[Candidate]


def judge(trial: Trial) -> Outcome:
    """The questions in their order, the first that is answered."""
    if not trial.wrong():
        return Outcome("right")
    trial.try_all()
    if found := trial.fitting():
        return _named(trial, found)
    off = trial.wrong()
    trial.allow_rounding(RIGHT)
    if not trial.wrong():
        return Outcome("right", off=off)
    trial.allow_rounding(NAMED)
    if found := trial.fitting():
        return _named(trial, found)
    trial.allow_rounding(0.0)
    pairs = trial.pairs()
    if pairs and (evidence := trial.evidence([first for first, _ in pairs])) >= SURE:
        return Outcome("two", pairs[0], evidence)
    trial.allow_rounding(NAMED)
    return Outcome("unknown", part=_last_layer(trial))


def _last_layer(trial: Trial) -> Part | None:
    """What explains the last layer with wrong numbers alone: on the way back it comes first."""
    wrong = set(trial.wrong())
    layers = [layer for layer in trial.network.layers if layer.own & trial.given.keys()]
    bad = [layer for layer in layers if layer.own & wrong]
    if len(layers) < 2 or not bad:
        return None
    inner = trial.only(bad[-1].own)
    outcome = judge(inner)
    if outcome.verdict not in ("mistake", "several") or outcome.evidence < SURE:
        return None
    fitting = [candidate for candidate in inner.fitting() if candidate.place != "everywhere"] or outcome.found
    return Part(bad[-1], [next((c for c in fitting if c.mistake is f.mistake), f) for f in outcome.found])


def _named(trial: Trial, fitting: list[Candidate]) -> Outcome:
    """One candidate of each mistake, at the first place, without those that others cover."""
    first: dict[str, Candidate] = {}
    for candidate in fitting:
        first.setdefault(candidate.mistake.name, candidate)
    covered = {name for candidate in first.values() for name in candidate.mistake.covers}
    found = [candidate for name, candidate in first.items() if name not in covered]
    evidence = trial.evidence(fitting)
    if evidence < MARGIN:
        return Outcome("chance", found, evidence)
    return Outcome("mistake" if len(found) == 1 else "several", found, evidence)


class Trial:
    """The learner's numbers for nodes of a network, against the right ones and against each mistake."""

    def __init__(self, network: Network, given: Sequence[Given]) -> None:
        self.network, self._given = network, given
        index, adjoints = network.sweep.index, network.sweep.adjoints
        self.given = {index[g.value]: g.number for g in given}
        self.right = {i: adjoints[i] for i in self.given}
        self.tolerances = {
            index[g.value]: g.tolerance or DIGITS_OF_ZERO * abs(self.right[index[g.value]]) for g in given
        }
        self.far = dict.fromkeys(self.given, 0.0)  # how far rounding on the way may have moved each
        self.slack = SLACK
        self.candidates: list[Candidate] = []
        self.pairs_tried = 0

    def only(self, some: Collection[int]) -> Trial:
        """The same with the numbers of some nodes alone."""
        return Trial(self.network, [g for g in self._given if self.network.sweep.index[g.value] in some])

    def ratio(self, some: Sequence[int]) -> float | None:
        """What times the right numbers those of some nodes are, if it is one for all, and they are more than one."""
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
        """How many significant digits the numbers have, most of all."""
        found = [
            math.log10(abs(x) / (2.0 * self.tolerances[i])) for i, x in self.given.items() if x and self.tolerances[i]
        ]
        return max([LEAST, *(round(d) for d in found)])

    def wrong(self) -> list[int]:
        """The nodes whose numbers are not the right ones."""
        widths = self._widths(self.right)
        return [i for i, x in self.given.items() if not abs(self.right[i] - x) <= widths[i]]

    def _widths(self, gradients: Gradients) -> Gradients:
        """How near the numbers must be to these gradients; rounding on the way grows and shrinks with them."""
        if not self.is_loose:
            return {i: self.slack * tolerance for i, tolerance in self.tolerances.items()}
        size = _norm(self.right[i] for i in self.given)
        scale = _norm(gradients[i] for i in self.given) / size if size else 1.0
        growth = {i: max(scale, abs(gradients[i] / right) if (right := self.right[i]) else 0.0) for i in self.given}
        return {i: self.slack * self.tolerances[i] + self.far[i] * growth[i] for i in self.given}

    @property
    def is_loose(self) -> bool:
        """Whether rounding on the way is allowed for."""
        return self.slack != SLACK

    def allow_rounding(self, reach: float) -> None:
        """Allow for rounding on the way: for `reach` times what a simulation of that finds, or for none with 0."""
        self.slack = SLACK + (LOOSE if reach else 0.0)
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
        if change.solve is not None:
            solved = change.solve(self.right, self.given, self.tolerances)
            return Candidate(mistake, solved[1], solved[0], change) if solved else None
        found = self._gradients(change.partials, change.adjoints)
        if change.only is not None:
            found = {i: g if i in change.only else self.right[i] for i, g in found.items()}
        return Candidate(mistake, change.place, change.after(found) if change.after else found, change)

    def _gradients(self, partials: Mapping[int, float], adjoints: Mapping[int, float]) -> Gradients:
        sweep = self.network.sweep
        found = sweep.run(partials, adjoints) if partials or adjoints else sweep.adjoints
        return {i: found[i] for i in self.right}

    def pairs(self) -> list[tuple[Candidate, Candidate]]:
        """Two mistakes at once that give the learner's numbers, where no single one does."""
        singles = list({self._key(c): c for c in reversed(self.candidates) if not c.change.solve}.values())[::-1]
        if len(singles) ** 2 * self.network.size > WORK:
            singles = [c for c in singles if not c.change.partials and not c.change.adjoints]
        found = []
        for a, b in combinations(singles, 2):
            gradients = self._both(a.change, b.change)
            self.pairs_tried += 1
            if gradients and self.distance(gradients) <= 1.0:
                found.append((replace(a, gradients=gradients), b))
        return found

    def _both(self, a: Change, b: Change) -> Gradients | None:
        """The gradients of two changes of the sweep, the factors of both on a common edge."""
        if (a.adjoints and b.adjoints) or a.only or b.only:
            return None
        partials, right = {**a.partials, **b.partials}, self.network.partials
        for k in a.partials.keys() & b.partials.keys():
            partials[k] = a.partials[k] * b.partials[k] / right[k] if right[k] else 0.0
        found = self._gradients(partials, {**a.adjoints, **b.adjoints})
        for change in (a, b):
            found = change.after(found) if change.after else found
        return found

    def _moves(self, gradients: Gradients) -> bool:
        """Whether a number given would differ, and all are finite."""
        differs = False
        for i in self.given:
            g, r = gradients[i], self.right[i]
            if g - g:
                return False
            differs = differs or abs(g - r) > SAME * (abs(g) + abs(r))
        return differs

    def distance(self, gradients: Gradients) -> float:
        """The largest difference from the learner's numbers, in widths."""
        widths, found = self._widths(gradients), 0.0
        for i, x in self.given.items():
            if off := abs(gradients[i] - x):
                found = max(found, off / widths[i] if widths[i] else math.inf)
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
        return min(self._says(candidate) for candidate in found) - math.log10(max(self.tried, self.pairs_tried) + 1)

    def _says(self, candidate: Candidate) -> float:
        widths = self._widths(candidate.gradients)
        parts = [self._part(i, 2.0 * widths[i]) for i in self.wrong()]
        if candidate.change.solve:  # one number went into what was solved for
            parts = sorted(parts)[:-1]
        return sum(parts)

    def _part(self, i: int, width: float) -> float:
        """What one wrong number says: how many times its width it is off."""
        orders = math.log10(max(1.0, abs(self.given[i] - self.right[i]) / width)) if width else 0.0
        return orders if self.given[i] else min(orders, OF_ZERO)

    def _distinct(self) -> set[tuple[float, ...]]:
        """The different sets of numbers that the mistakes give."""
        return {self._key(candidate) for candidate in self.candidates}

    def _key(self, candidate: Candidate) -> tuple[float, ...]:
        return tuple(float(f"{candidate.gradients[i]:.9g}") for i in self._compared)

    @cached_property
    def _compared(self) -> list[int]:
        return self.wrong()[:COMPARED]

    @property
    def tried(self) -> int:
        """How many mistakes give different numbers here."""
        return len(self._distinct()) if self.candidates else 0


def _norm(numbers: Iterable[float]) -> float:
    return math.sqrt(sum(x * x for x in numbers))
