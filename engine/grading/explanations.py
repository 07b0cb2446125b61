"""Which mistakes explain the learner's numbers, and whether chance would explain them too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..structure import Layer
from .candidate import Candidate
from .contradictions import contradicting
from .evidence import evidence
from .trial import Trial

Verdict = Literal["right", "mistake", "several", "two", "chance", "unknown"]

MARGIN = 1.5  # decimal orders by which the evidence must exceed the number of mistakes tried
SURE = 2.0  # the same for two mistakes at once, and for a part of the numbers
LIKELIHOOD = 0.65  # decimal orders a square of an error in half units, whose variance is 1/3
LIKELIER = 1.0  # decimal orders by which a mistake must be likelier than rounding to be spoken of
NAMED = 2.0  # allowed error of a mistake's number, in multiples of the simulated rounding


class Outcome(NamedTuple):
    """The verdict on the learner's numbers, the mistakes that give them, and the evidence in decimal orders."""

    verdict: Verdict
    found: Sequence[Candidate] = ()
    evidence: float = 0.0
    off: Sequence[int] = ()  # right numbers that are off by rounding
    part: Part | None = None  # if no mistake gives all numbers


class Part(NamedTuple):
    """The last layer with wrong numbers, and the mistakes that give them, whatever the earlier layers have."""

    layer: Layer
    found: Sequence[Candidate]


def judge(trial: Trial) -> Outcome:
    """The verdict of the first question that can be answered, in the order of `compare`."""
    if not trial.wrong():
        return Outcome("right")
    trial.try_all()
    outcome = _named(trial, found) if (found := trial.fitting()) else Outcome("chance")
    if outcome.verdict != "chance":
        return outcome
    if (squares := trial.scatter()) < math.inf:
        return _rounded(trial, squares, found)
    if found:
        return outcome
    trial.allow_rounding(NAMED)
    if found := trial.fitting():
        outcome = _named(trial, found)
        if outcome.verdict == "chance":
            trial.blamed = contradicting(trial)
        return outcome if trial.blamed != [] else Outcome("unknown")
    trial.allow_rounding(0.0)
    pairs = trial.pairs()
    if pairs and (weight := evidence(trial, [first for first, _ in pairs])) >= SURE:
        return Outcome("two", pairs[0], weight)
    trial.allow_rounding(NAMED)
    trial.blamed = contradicting(trial)
    return Outcome("unknown", part=_last_layer(trial))


def _rounded(trial: Trial, squares: float, exact: Sequence[Candidate]) -> Outcome:
    """Right within rounding, unless a mistake gives the numbers with far smaller errors; and what else gives them."""
    off = trial.wrong()
    trial.allow_rounding(NAMED)
    found = trial.fitting()
    orders = LIKELIHOOD * (squares - min(map(trial.scatter, found), default=math.inf))
    if orders - math.log10(trial.tried + 1) >= MARGIN:
        trial.blamed = off
        return Outcome("chance", _first(found), evidence(trial, found))
    trial.allow_rounding(0.0)
    return Outcome("right", _first(found if orders >= LIKELIER else exact), off=off)


def _last_layer(trial: Trial) -> Part | None:
    """What explains the last layer with wrong numbers, which the backward pass reaches first, by itself."""
    wrong = set(trial.wrong())
    layers = [layer for layer in trial.network.layers if layer.own & trial.given.keys()]
    bad = [layer for layer in layers if layer.own & wrong]
    if len(layers) < 2 or not bad or bad[-1].own >= trial.given.keys():
        return None
    inner = trial.only(bad[-1].own)
    outcome = judge(inner)
    if outcome.verdict not in ("mistake", "several") or outcome.evidence < SURE:
        return None
    fitting = [candidate for candidate in inner.fitting() if candidate.place != "everywhere"] or outcome.found
    return Part(bad[-1], [next((c for c in fitting if c.mistake is f.mistake), f) for f in outcome.found])


def _named(trial: Trial, fitting: list[Candidate]) -> Outcome:
    found, weight = _first(fitting), evidence(trial, fitting)
    if weight < MARGIN:
        return Outcome("chance", found, weight)
    return Outcome("mistake" if len(found) == 1 else "several", found, weight)


def _first(fitting: Sequence[Candidate]) -> list[Candidate]:
    """The first candidate of each mistake, without mistakes that another one covers."""
    first: dict[str, Candidate] = {}
    for candidate in fitting:
        first.setdefault(candidate.mistake.name, candidate)
    covered = {name for candidate in first.values() for name in candidate.mistake.covers}
    return [candidate for name, candidate in first.items() if name not in covered]
