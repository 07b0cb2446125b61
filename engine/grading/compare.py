"""Where is my mistake? Compares a learner's gradients with the right ones, and with those of every known mistake.

The questions, in order: are the gradients right to the digits given; does one mistake give them; are they right within
rounding of intermediate results, which no mistake explains far better; does one mistake give them within such rounding;
do two mistakes together give them; if none of these, up to which layer are they right?
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..core import NonFiniteError, Value, api_boundary, came, printable, reading, unique_names
from . import wording
from .candidate import Candidate
from .explanations import Outcome, Verdict, judge
from .given import Given, Gradient, read
from .network import Network
from .reverse_sweep import ReverseSweep
from .trial import Trial


@api_boundary
@dataclass(frozen=True)
class Explanation:
    """A mistake that gives all the learner's numbers: what was done and where, the correction, and its gradients.

    Of two mistakes made together, each has the gradients of both.
    """

    name: str
    place: str
    was: str
    remedy: str
    gradients: Mapping[Value, float]


@api_boundary
@dataclass(frozen=True)
class Comparison:
    """The result of comparing a learner's gradients, as data; `str()` says it in words.

    `verdict` is "right", "mistake" (one explains all numbers), "several" (each explains all numbers), "two" (made
    together), "chance" (one fits, but perhaps by chance), or "unknown". The `mistakes` beside "right" give the numbers
    as well as rounding of intermediate results does. With an `evidence` of 3, numbers that are wrong for another reason
    fit one of the mistakes about once in 1,000 times, with 4 once in 10,000. `tried` counts the mistakes that give
    different numbers.

    >>> w = Value(3.0, "w")
    >>> comparison = compare(w * w, {w: "6.0"})
    >>> comparison.ok, comparison.verdict, comparison.gradients[0].right
    (True, 'right', 6.0)
    """

    verdict: Verdict
    gradients: tuple[Gradient, ...]
    mistakes: tuple[Explanation, ...]
    text: str
    evidence: float
    tried: int

    @property
    def ok(self) -> bool:
        """Whether all numbers are right."""
        return self.verdict == "right"

    @property
    def wrong(self) -> tuple[Gradient, ...]:
        """The gradients that are not right."""
        return tuple(gradient for gradient in self.gradients if gradient.ok is False)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return wording.html(self.text, self.gradients)


@api_boundary
def compare(loss: Value, gradients: Any) -> Comparison:
    """Compare the learner's own gradients of `loss`, all or some, with the right ones, and name the mistake.

    `gradients` is a dict from Values to numbers, or pairs such as [(W, dW), (b, db)] with lists or arrays of one shape.
    A string has the digits written in it, a float or a whole number at least three. Gradients of intermediate Values,
    such as δ, can be given too. A mistake is named only if it gives all the numbers and they are unlikely to fit it by
    accident. A wrong type is a TypeError, a wrong shape or number a ValueError, and a right gradient that is not finite
    a NonFiniteError.

    >>> from engine import Value, compare
    >>> x, y = [0.05, 0.10], [0.01, 0.99]
    >>> w = [Value(n, f"w{i}") for i, n in enumerate([0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55], 1)]
    >>> h = [(w[j] * x[0] + w[j + 1] * x[1] + 0.35).sigmoid() for j in (0, 2)]
    >>> o = [(w[j] * h[0] + w[j + 1] * h[1] + 0.60).sigmoid() for j in (4, 6)]
    >>> loss = 0.5 * ((y[0] - o[0]) ** 2 + (y[1] - o[1]) ** 2)
    >>> print(compare(loss, {w[4]: "0.08217", w[5]: "0.08267"}))
    Both gradients are right.
    >>> mine = [0.0003647, 0.0007294, 0.0004236, 0.0008473, 0.08217, 0.08267, -0.0226, -0.02274]
    >>> print(compare(loss, dict(zip(w, mine))))
    dL/dw1 is 0.0004386, not 0.0003647; dL/dw2 is 0.0008771, not 0.0007294; dL/dw3 is 0.0004977, not 0.0004236; w4 is
    wrong, too; w5, w6, w7 and w8 are right.
    All 8 numbers, right and wrong, follow if the weights were updated, with a learning rate of 0.5, before the
    gradient was sent back. Keep the old weights until every δ is known. The chance that one of the ... mistakes tried
    fits by coincidence is about 1 in 40,000.
    """
    if not isinstance(loss, Value):
        raise TypeError(f"loss must be a Value, not {came(loss)}: pass the Value of your loss")
    reading(loss, "gradients")
    with uncollected():
        return _compared(loss, read(gradients))


def _compared(loss: Value, given: list[Given]) -> Comparison:
    sweep = ReverseSweep(loss, [g.value for g in given])

    def is_idle(g: Given) -> bool:
        """Whether a nonzero gradient is given for a Value that the loss does not depend on."""
        return g.value not in sweep.index and abs(g.number) > g.tolerance

    for value, i in sweep.index.items():
        if not math.isfinite(sweep.adjoints[i]):
            raise NonFiniteError(
                f"the gradient of {printable(value.label) or value} is {sweep.adjoints[i]}, so nothing can be compared "
                "with it: strict() and diagnose(loss, parameters) say where it comes from"
            )
    trial = Trial(Network(sweep), [g for g in given if g.value in sweep.index])
    outcome = Outcome("unknown") if any(map(is_idle, given)) else judge(trial)
    shown = _gradients(trial, given, outcome)
    text = wording.Words(trial, shown, printable(loss.label) or "L").say(outcome)
    explained = () if outcome.verdict == "chance" else tuple(_explanation(trial.network, c) for c in outcome.found)
    return Comparison(outcome.verdict, shown, explained, text, outcome.evidence, trial.tried)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector, which would go through the graph's objects again and again and find nothing."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _gradients(trial: Trial, given: list[Given], outcome: Outcome) -> tuple[Gradient, ...]:
    index, judged = trial.network.sweep.index, _judged(trial, outcome)
    names = unique_names({g.value: _name(trial.network, g.value) or f"number {n}" for n, g in enumerate(given, 1)})
    found = []
    for g in given:
        i = index.get(g.value)
        right = 0.0 if i is None else trial.right[i]
        ok = abs(g.number) <= g.tolerance if i is None else judged[i]
        found.append(Gradient(g.value, str(names[g.value]), g.number, right, ok))
    return tuple(found)


def _name(network: Network, value: Value) -> str:
    i = network.sweep.index.get(value)
    return printable(value.label) if i is None else network.name(i) or ("L" if i == 0 else "")


def _judged(trial: Trial, outcome: Outcome) -> dict[int, bool | None]:
    """Whether each number is right, to its digits or but for rounding; None if that is not known."""
    off = set[int]() if outcome.verdict == "right" else set(trial.inexact)
    changed = {i for i in off if any(trial.changes(candidate.gradients, i) for candidate in outcome.found)}
    wrong = off & changed.union(trial.wrong())
    unsure = off - wrong
    rounded = True if outcome.found else None
    return {i: rounded if i in unsure else i not in wrong for i in trial.given}


def _explanation(network: Network, candidate: Candidate) -> Explanation:
    gradients = {network.sweep.nodes[i]: number for i, number in candidate.gradients.items()}
    return Explanation(candidate.mistake.name, candidate.place.strip(), candidate.was, candidate.right, gradients)
