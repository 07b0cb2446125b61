"""The evidence that a mistake gives a learner's numbers, and not chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .trial import Candidate, Trial

OF_ZERO = 1.25  # most evidence from a 0, in decimal orders: many mistakes give one


def evidence(trial: Trial, found: Sequence[Candidate]) -> float:
    """Evidence against a fit by chance, in decimal orders: from each wrong number, less log10 of the trials."""
    return min(_says(trial, candidate) for candidate in found) - math.log10(max(trial.tried, trial.pairs_tried) + 1)


def _says(trial: Trial, candidate: Candidate) -> float:
    widths = trial.widths(candidate.gradients)
    parts = [_part(trial, i, 2.0 * widths[i]) for i in trial.wrong()]
    if candidate.change.solve:  # one number went into what was solved for
        parts = sorted(parts)[:-1]
    return sum(parts)


def _part(trial: Trial, i: int, width: float) -> float:
    """Evidence from one wrong number: its distance from the right one, in widths."""
    orders = math.log10(max(1.0, abs(trial.given[i] - trial.right[i]) / width)) if width else 0.0
    return orders if trial.given[i] else min(orders, OF_ZERO)
