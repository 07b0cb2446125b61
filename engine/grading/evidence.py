"""The evidence that a mistake gives a learner's numbers, and not chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .candidate import Candidate
from .trial import Trial

RATES = 2.65  # decimal orders: there are some 450 learning rates of two digits
OF_ZERO = 1.25  # most evidence from a 0, in decimal orders: many mistakes give one


def evidence(trial: Trial, found: Sequence[Candidate]) -> float:
    """Evidence against a fit by chance, in decimal orders: from each wrong number, less log10 of the trials."""
    return min(_says(trial, candidate) for candidate in found) - math.log10(max(trial.tried, trial.pairs_tried) + 1)


def _says(trial: Trial, candidate: Candidate) -> float:
    widths, wrong = trial.widths(candidate.gradients), trial.wrong()
    parts = sorted(_part(trial, i, 2.0 * widths[i]) for i in wrong)
    if not candidate.change.solve:
        return sum(parts)
    if trial.ratio(wrong) is not None:  # some rate gives any factor
        return parts[-1] - RATES
    return sum(parts[:-1])  # one number went into what was solved for


def _part(trial: Trial, i: int, width: float) -> float:
    """Evidence from one wrong number: its distance from the right one, in widths."""
    orders = math.log10(max(1.0, abs(trial.given[i] - trial.right[i]) / width)) if width else 0.0
    return orders if trial.given[i] else min(orders, OF_ZERO)
