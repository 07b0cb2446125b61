"""The evidence that a mistake gives a learner's numbers, and not chance.

A wrong δ moves all numbers of a unit by one factor, and so it is one piece of evidence, however many they are. The part
of a number that comes from a regularisation has no such factor.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .candidate import Candidate
from .mistakes.row import Gradients
from .trial import Trial

OF_ZERO = 1.25  # most evidence from a 0, in decimal orders: many mistakes give one
COMPARED = 20  # groups, and numbers of a group, by which mistakes are told apart
FLOOR = 0.25  # of the width of one number: no more is known of a factor, as learners cut off digits


class Group(NamedTuple):
    """Wrong numbers that are the right ones times one factor, and the evidence from it, in decimal orders."""

    nodes: list[int]
    orders: float


def evidence(trial: Trial, found: Sequence[Candidate]) -> float:
    """Evidence against a fit by chance, in decimal orders: that of each group, less log10 of the trials."""
    return max(_says(trial, candidate) for candidate in found)


def _says(trial: Trial, candidate: Candidate) -> float:
    widths = trial.widths(candidate.gradients)
    groups = list(_groups(trial, widths, _independent(trial, widths)))
    rivals = trial.pairs_tried or _rivals(trial, candidate, groups[:COMPARED], widths)
    return sum(group.orders for group in groups) - math.log10(rivals + candidate.trials)


def _independent(trial: Trial, widths: Gradients) -> Collection[int]:
    """The wrong numbers; only those of the last layer if wrong δ's there, by several factors, are sent back."""
    wrong = trial.wrong()
    last = next((layer for layer in reversed(trial.network.layers) if layer.own.intersection(wrong)), None)
    weights = (last.own - last.biases) & trial.given.keys() if last else set()
    if last is None or not weights.intersection(wrong):
        return wrong
    has_one_factor = len(last.steps) == 1 and len(list(_groups(trial, widths, weights))) == 1
    return wrong if has_one_factor else last.own.intersection(wrong)


def _groups(trial: Trial, widths: Gradients, nodes: Iterable[int]) -> Iterator[Group]:
    """Numbers in as few groups as can be; a 0 is one of its own."""
    spans = dict[int, tuple[float, float]]()
    for i in nodes:
        part = trial.network.penalties.get(i, 0.0)
        given, right, width = trial.given[i] - part, trial.right[i] - part, widths[i]
        if trial.given[i] and right:
            spans[i] = (given + math.copysign(width, right)) / right, (given - math.copysign(width, right)) / right
        else:
            orders = _orders(given - right, 2.0 * width)
            yield Group([i], orders if trial.given[i] else min(orders, OF_ZERO))
    together = list[int]()
    for i in sorted(spans, key=spans.__getitem__):
        if together and spans[i][1] > spans[together[0]][0]:
            yield _group(together, spans)
            together = []
        together.append(i)
    if together:
        yield _group(together, spans)


def _group(nodes: list[int], spans: Mapping[int, tuple[float, float]]) -> Group:
    """Numbers whose factors have the highest and lowest values `spans`, which overlap."""
    high, low = min(spans[i][0] for i in nodes), max(spans[i][1] for i in nodes)
    least = FLOOR * min(spans[i][0] - spans[i][1] for i in nodes)
    return Group(nodes, _orders((low + high) / 2.0 - 1.0, max(high - low, least)))


def _orders(distance: float, width: float) -> float:
    return math.log10(max(1.0, abs(distance) / width)) if width else 0.0


def _rivals(trial: Trial, candidate: Candidate, groups: Sequence[Group], widths: Gradients) -> int:
    """The different mistakes, at least as common, that change each group by one factor, and no right number."""
    wrong, found = set(trial.wrong()), set[tuple[str, ...]]()
    fine = [i for i in trial.given if i not in wrong][:COMPARED]
    for rival in trial.candidates:
        if rival.mistake.is_common >= candidate.mistake.is_common and all(
            abs(rival.gradients[i] - trial.right[i]) <= widths[i] for i in fine
        ):
            factors = tuple(_factor(trial, group.nodes[:COMPARED], rival.gradients, widths) for group in groups)
            if all(factors):
                found.add(factors)
    return len(found)


def _factor(trial: Trial, nodes: Sequence[int], gradients: Gradients, widths: Gradients) -> str:
    """The factor by which a mistake changes some numbers, or the number for a 0; "" if it is not one factor."""
    parts = trial.network.penalties
    right = {i: trial.right[i] - parts.get(i, 0.0) for i in nodes}
    if not right[nodes[0]]:
        return f"{gradients[nodes[0]]:.9g}"
    factors = [(gradients[i] - parts.get(i, 0.0)) / right[i] for i in nodes]
    slack = max(2.0 * widths[i] / abs(right[i]) for i in nodes)
    return f"{factors[0]:.6g}" if max(factors) - min(factors) <= slack else ""
