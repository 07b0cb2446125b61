"""Which of a learner's numbers are right, but for rounding of intermediate results, and which contradict others."""

from __future__ import annotations

import math
from collections.abc import Collection

from .trial import Trial

FEW = 8  # numbers that are left out one by one, to see whether the others agree
SMALL = 300  # operations up to which there is time for more than one


def contradicting(trial: Trial) -> list[int]:
    """The nodes whose numbers are wrong, where rounding of intermediate results explains all others.

    That is each number without which all others agree, or each such number besides those that are far off; else all
    that are not right to their digits.
    """
    far = trial.wrong()
    if trial.rounding.least_scatter(*trial.off(trial.right)) < math.inf:
        return []  # they are far off, but differences of larger numbers
    return _without(trial, []) or (far and _without(trial, far)) or trial.inexact


def is_rounded(trial: Trial, without: Collection[int] = ()) -> bool:
    """Whether one rounding of intermediate results gives all of the learner's numbers, or all but some."""
    return trial.rounding.explains(*trial.off(trial.right, without))


def _without(trial: Trial, far: list[int]) -> list[int]:
    """The numbers far off, and each of the rest without which the others agree; none if there is none."""
    if is_rounded(trial, far):
        return far
    inexact = set(trial.inexact).difference(far)
    some = [i for i in trial.rounding.suspects(*trial.off(trial.right, far)) if i in inexact]
    few = FEW if trial.network.size <= SMALL else 1
    found = {i for i in some[:few] if is_rounded(trial, [*far, i])}
    return [i for i in trial.given if i in found or i in far] if found else []
