"""Activations that are flat on both sides and no unit's own, such as softsign, clips and 1 / (1 + exp(-z)) by hand."""

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from ...core import CODES, NAMES
from ...structure import Ints, LossGraph, by_number, ints_of, nesting, using
from ..context import Case
from .by_hand import is_probability, summed
from .logits import softmax_entries
from .logs import STEEPEST, log_sources

SQUASHES = ("hard_tanh", "hard_sigmoid", "softsign", "atan", "normal_cdf", "clip")
OPPOSITE = {"minimum": "maximum", "maximum": "minimum", "select": "select"}  # which nest in a clip by hand


class Squash(NamedTuple):
    """An activation that is flat on both sides and its argument z, by index, and its slope."""

    activation: int
    z: int
    slope: float


def squashed(case: Case) -> dict[int, Squash]:
    """By index of a pre-activation, its squash, where the loss has a gradient, without units that are not flat."""
    candidates, flat = _candidates(case)
    if not flat:
        return {}
    units, found = case.units, dict[int, Squash]()
    others = {*log_sources(case.graph), *softmax_entries(case)}
    numbers = units.numbers_of(ints_of(squash.z for squash in candidates))
    members = by_number(numbers, ints_of(range(len(candidates))), len(units.keys))
    for n in range(len(units.keys)):
        of_unit = [candidates[k] for k in members.of(n)]
        if not _is_steep(case, of_unit, flat, others):
            of_z = {squash.z: squash for squash in of_unit if _is_squash(case.graph, squash.activation, squash.z)}
            found |= {i: of_z[z] for i in units.pre.of(n) if (z := case.arguments[i]) in of_z}
    return found


def _candidates(case: Case) -> tuple[list[Squash], set[int]]:
    """What may be a squash of one sum, and the sums where one is flat; nothing if there are none."""
    import numpy as np

    graph = case.graph
    clips = [
        i
        for op, inner in OPPOSITE.items()
        if inner in graph.ops
        for i in using(graph.flattened, graph.of(op), CODES[inner])
    ]
    quotients = nesting(graph.flattened, graph.of("div"), *_codes(len(NAMES))) if {"exp", "abs"} & graph.ops else []
    indices = np.array([i for op in SQUASHES for i in graph.of(op)] + clips + quotients, np.intp)
    if not len(indices):
        return [], set()
    gradients, zs = np.asarray(graph.gradients), np.asarray(case.arguments)[indices]
    is_used = (zs >= 0) & (gradients[indices] != 0.0)
    indices, zs = indices[is_used], zs[is_used]
    slopes = np.abs(gradients[zs] / gradients[indices])
    flat = zs[slopes <= max(case.limits.flat, case.limits.flat_once) * max(STEEPEST.values())]
    columns = indices.tolist(), zs.tolist(), slopes.tolist()
    return (list(map(Squash, *columns)) if len(flat) else []), set(flat.tolist())


@cache
def _codes(count: int) -> tuple[Ints, Ints]:
    """By opcode, 1 for the sums and 1 for the terms of a denominator such as 1 + exp(-z) or 1 + abs(z)."""
    sums, terms = ("add", "sub", "sum"), ("exp", "abs")
    return ints_of(op in sums for op in NAMES[:count]), ints_of(op in terms for op in NAMES[:count])


def _is_steep(case: Case, candidates: list[Squash], flat: set[int], others: Collection[int]) -> bool:
    """Whether a unit is not saturated, as too many of its squashes are steep; it stops as soon as that is known."""
    all_flat, steep = {squash.z for squash in candidates if squash.z in flat}, set[int]()
    for i, z, _ in candidates if all_flat else ():
        if z not in flat and i not in others and _is_squash(case.graph, i, z):
            steep.add(z)
            if len(all_flat) < case.limits.nearly_all * (len(all_flat) + len(steep)):
                return True
    return not all_flat


def _is_squash(graph: LossGraph, i: int, z: int) -> bool:
    """Whether a candidate is a squash: no relu limited to 6 that is off, no exp(z) / exp(z)."""
    op, operands = graph.nodes[i].op, graph.operands(i)
    if op == "div":
        is_lone = graph.nodes[operands[0]].op == "exp" and len(summed(graph, operands[1])) < 2
        return bool(graph.depends[operands[1]]) and not is_lone
    return op not in ("clip", *OPPOSITE) or _is_clip(graph, i, z)


def _inner(graph: LossGraph, i: int) -> list[int]:
    """The minimum, maximum or where inside a clip written as two of them."""
    return [j for j in graph.operands(i) if graph.nodes[j].op == OPPOSITE.get(graph.nodes[i].op)]


def _given(graph: LossGraph, i: int) -> list[int]:
    """The limits of a clip: its operands that depend on no parameter."""
    return [j for k in (i, *_inner(graph, i)) for j in graph.operands(k) if not graph.depends[j]]


def _is_clip(graph: LossGraph, i: int, z: int) -> bool:
    """Whether a clip has one limit below 0 and one above, or z is above the lower one: below it, it is a relu's."""
    limits = [graph.data[j] for j in _given(graph, i)]
    if len(limits) != 2 or max(limits) <= 0.0:
        return False
    is_own = any(z in graph.operands(k) for k in (i, *_inner(graph, i)))
    return min(limits) < 0.0 or (is_own and graph.data[z] > min(limits))


def depth_beyond(graph: LossGraph, squash: Squash) -> float:
    """How far z is beyond the kinks of a hard_tanh, hard_sigmoid or clip, which are at 0 for others."""
    op = graph.nodes[squash.activation].op
    kink = {"hard_tanh": 1.0, "hard_sigmoid": 3.0}.get(op, 0.0)
    if op == "clip" or op in OPPOSITE:
        kink = max(abs(graph.data[j]) for j in _given(graph, squash.activation))
    return abs(graph.data[squash.z]) - kink


def arguments_by_hand(case: Case, i: int) -> list[int]:
    """The sums that an activation by hand is computed from, such as -z, and z itself; none if there are several z."""
    z, stack, found = case.arguments[i], [i], dict[int, None]()
    while stack and z >= 0:
        j = stack.pop()
        if case.units.forms.is_sum(j):
            found[j] = None
        else:
            stack += [k for k in case.graph.operands(j) if case.graph.depends[k]]
    return [*found, z] if z >= 0 else []


def name_of_squash(graph: LossGraph, i: int) -> str:
    """The operation, or what quotients and nested operations stand for."""
    op = graph.nodes[i].op
    if op in OPPOSITE:
        return "clip"
    if op == "sigmoid" and graph.nodes[graph.argument(i)].op == "ahead":
        return "softmax"
    if op != "div":
        return op
    return "sigmoid" if is_probability(graph, i) else "activation"
