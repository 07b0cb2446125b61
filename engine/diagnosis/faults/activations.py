"""Faults of activations: saturated ones, dead relus, and logs of probabilities that have no digits left."""

import math
from collections.abc import Sequence

from ...structure import (
    Floats,
    Groups,
    Ints,
    LossGraph,
    Unit,
    flattest,
    groups_of,
    ints_of,
    largest,
    none_exceeds,
    relu_operands,
    summands,
)
from ..context import Case
from ..description import describe
from ..intervals import MAGNITUDES
from ..report import Finding
from ..step import array_of
from ..words import amount
from .by_hand import RECTIFIERS, may_be_probabilities, rectified, unwrapped
from .logits import softmax_entries
from .logs import STEEPEST, argument_of, log_sources
from .softmaxes import sure_softmax
from .squashes import Squash, depth_beyond, name_of_squash, squashed
from .steps import about_inputs


def saturated(case: Case) -> list[Finding]:
    """Units whose activation is flat for nearly every example, by layer."""
    by_hand = case.once(squashed)
    return [_flat_layer(case, units, by_hand) for units in case.by_layer(case.once(flat_units))] + sure_softmax(case)


def flat_units(case: Case) -> list[Unit]:
    """The units that are flat for nearly every example, except outputs of a softmax and probabilities in a log."""
    graph, by_hand, limit = case.graph, case.once(squashed), max(case.limits.flat, case.limits.flat_once)
    suspects = {n for z in by_hand if (n := case.units.number_of(z)) is not None}
    if STEEPEST.keys() & graph.ops:
        suspects.update(flattest(graph.flattened, case.units.activated, limit * max(STEEPEST.values())))
    others = {*log_sources(graph), *softmax_entries(case)} if suspects else set()
    units = map(case.units.unit, sorted(suspects))
    flat = [unit for unit in units if _is_flat(case, _slopes(case, unit, by_hand), others)]
    layers = case.by_layer(flat) if by_hand else [flat]
    return [
        unit
        for units in layers
        for unit in units
        if not by_hand or len(units) == case.units.layer_size(unit) or not _is_near(case, unit, by_hand)
    ]


def _is_near(case: Case, unit: Unit, by_hand: dict[int, Squash]) -> bool:
    """Whether inputs like these may bring a z beyond the kinks of a hard_tanh or clip back between them."""
    beyond = {z: depth_beyond(case.graph, by_hand[z]) for z in unit.pre if z in by_hand and by_hand[z].slope == 0.0}
    return bool(beyond) and not _for_good(case, ints_of(beyond), [-depth for depth in beyond.values()])


def _slopes(case: Case, unit: Unit, by_hand: dict[int, Squash]) -> dict[int, float]:
    """The slopes of a unit's activations that flatten on both sides."""
    graph = case.graph
    if by_hand and not unit.activations:
        return {by_hand[z].activation: by_hand[z].slope for z in unit.pre if z in by_hand}
    return {i: graph.first_partial(i) for i in unit.activations if graph.nodes[i].op in STEEPEST}


def _is_flat(case: Case, slopes: dict[int, float], others: set[int]) -> bool:
    limits, graph = case.limits, case.graph
    seen = [i for i in slopes if i not in others]
    limit = limits.flat if len(seen) >= limits.few else limits.flat_once
    flat = [i for i in seen if slopes[i] <= limit * STEEPEST.get(graph.nodes[i].op, STEEPEST["sigmoid"])]
    if not seen or len(flat) < limits.nearly_all * len(seen):
        return False
    at_the_output = not any(case.units.deep[i] for i in seen)
    return not at_the_output or sum(abs(graph.gradients[i]) for i in seen) > limits.asked


def _flat_layer(case: Case, units: list[Unit], by_hand: dict[int, Squash]) -> Finding:
    graph = case.graph
    slopes = {i: slope for unit in units for i, slope in _slopes(case, unit, by_hand).items()}
    steepest = max(slopes, key=slopes.__getitem__)
    arguments = {found.activation: found.z for found in by_hand.values()}
    name = name_of_squash(graph, steepest)
    z = graph.data[arguments.get(steepest, graph.argument(steepest))]
    return Finding(
        "saturated",
        tuple(map(case.units.name, units)),
        {"slope": slopes[steepest], "z": z, **_share(case, units), "examples": len(slopes) // len(units)},
        f"Where z is this far from 0, the {name} is flat: its slope is at most {slopes[steepest]:.4g} here. Every "
        f"gradient that passes the {name} is multiplied by this slope, so the weights before it learn nothing.",
        "If it is flat from the start, scale the inputs to about 1 or start from smaller weights"
        + case.in_modules(' (MLP(..., init="xavier", seed=0))')
        + ". If training drove it there, take a smaller learning rate. At the output, "
        + (UNCLIPPED if name == "clip" else ON_LOGIT),
    )


UNCLIPPED = "compute the loss without the clip, and clip predictions only where you use them."
ON_LOGIT = (
    "compute the loss on the logit z (binary_cross_entropy_with_logits, cross_entropy), whose gradient does not "
    "contain this slope."
)


def dead_relu(case: Case) -> list[Finding]:
    """Relus that are off for every example: whole layers, and single units that inputs like these cannot switch on."""
    sums = case.once(rectified_sums)
    off = [unit for unit in case.once(off_units) if _is_wanted(case, sums.of(unit.number))]
    return [_dead_layer(case, units, sums) for units in case.by_layer(off)]


def _is_wanted(case: Case, sums: Ints) -> bool:
    """Whether these relus are hidden ones, or the loss falls as one of them is switched on."""
    if any(case.units.deep[z] for z in sums):
        return True
    graph = case.graph
    users = {graph.flattened.results[k] for z in sums for k in graph.edges_to(z)}
    relus = [i for i in users if graph.nodes[i].op in RECTIFIERS]
    return not relus or any(graph.gradients[i] < 0.0 for i in relus)


def off_units(case: Case) -> list[Unit]:
    """The units that are off for every example, and for good if others in their layer are on."""
    sums, data, found = case.once(rectified_sums), case.graph.data, list[Unit]()
    is_off = set(none_exceeds(sums, data, 0.0))
    rectified_units = [case.units.unit(n) for n in range(len(sums.starts) - 1) if len(sums.of(n))] if is_off else []
    for units in case.by_layer(rectified_units):
        off = [unit for unit in units if unit.number in is_off]
        if len(off) < len(units) or (off and _is_bypassed(case, sums.of(off[0].number))):
            on = [sums.of(unit.number) for unit in units if unit.number not in is_off]
            height = max((largest(zs, data) for zs in on), default=0.0)
            off = [unit for unit in off if _for_good(case, zs := sums.of(unit.number), [data[i] for i in zs], height)]
        found += off
    return found


def rectified_sums(case: Case) -> Groups:
    """By unit, the numbers before its relu, also one by hand as maximum(0, z), without hinge terms of the loss."""
    graph, units = case.graph, case.units
    if not RECTIFIERS & graph.ops:
        return groups_of(())
    terms = summands(graph.flattened)
    sums = relu_operands(graph.flattened, units.activated, terms)
    if not none_exceeds(sums, graph.data, 0.0) and not none_exceeds(units.pre, _heights(graph), 0.0):
        return groups_of(())  # no unit is off
    by_hand = rectified(case, terms)
    if not by_hand:
        return sums
    return groups_of(sums.of(n) or _by_hand(case, units.pre.of(n), by_hand) for n in range(len(units.keys)))


def _heights(graph: LossGraph) -> Floats:
    """The data, but below 0 where a relu may be off: for -z in minimum(-z, 0), for sums such as y - (z + |z|) / 2."""
    is_in_sums = not graph.ops.isdisjoint(MAGNITUDES)
    ops = {*(("neg",) if "minimum" in graph.ops else ()), *(("add", "sub") if is_in_sums else ())}
    heights = graph.data[:] if ops else graph.data
    for indices in map(graph.of, ops):
        array_of(heights)[indices] = -abs(array_of(graph.data)[indices])
    return heights


def _by_hand(case: Case, pre: Ints, by_hand: dict[int, int]) -> Ints:
    """The sums before relus by hand, with those that a condition in Python lets through."""
    if not any(i in by_hand for i in pre):
        return ints_of(())
    sums = {i: by_hand.get(i, unwrapped(case, i, ("add", "sub"))) for i in pre}
    return ints_of(dict.fromkeys(z for i, z in sums.items() if i in by_hand or case.graph.data[z] > 0.0))


def _is_bypassed(case: Case, sums: Ints) -> bool:
    """Whether the inputs of these sums get a gradient by another path, and so will change."""
    inputs = case.units.weighted_sums.inputs(sums)
    return any(case.graph.depends[x] and case.graph.gradients[x] for x in set(inputs))


def _for_good(case: Case, sums: Ints, z: Sequence[float], height: float = 0.0) -> bool:
    """Whether z is further below 0 than `height`, the neighbours' largest z, and than its own range over the examples.

    With few examples, z must instead be below -limits.off * Σ|w x|.
    """
    limits = case.limits
    depth, moved = -max(z), max(z) - min(z)
    if depth <= height:
        return False
    return (len(z) >= limits.few and depth > moved) or depth > limits.off * max(case.units.reaches[i] for i in sums)


def _dead_layer(case: Case, units: list[Unit], sums: Groups) -> Finding:
    highest = max(max(map(case.graph.data.__getitem__, sums.of(unit.number))) for unit in units)
    examples = sum(len(sums.of(unit.number)) for unit in units) // len(units)
    bias = "Raise its bias" if all(unit.biases for unit in units) else "Give it a bias"
    start = case.in_modules('init="he"', "another weight")
    other = case.in_modules('activation="leaky_relu" and activation="tanh"', "z.leaky_relu() and z.tanh()")
    instead = f"{other} have a gradient on both sides of 0."
    if not any(case.units.deep[i] for unit in units for i in sums.of(unit.number)):
        linear = case.in_modules('output_activation="linear"', "z itself")
        softplus = case.in_modules('output_activation="softplus"', "z.softplus()")
        instead = f"At an output, take {linear}, or {softplus} if it has to be above 0."
    return Finding(
        "dead_relu",
        tuple(map(case.units.name, units)),
        {"largest z": highest, **_share(case, units), "examples": examples},
        "A relu with z ≤ 0 is off, and its slope is 0. Here that is so for every example, so the weights of such a "
        "unit get no gradient and cannot switch it on again.",
        f"{bias}, or start from {start}. If training switched it off, take a smaller learning rate. {instead}",
    )


def _share(case: Case, units: list[Unit]) -> dict[str, float | int | str]:
    return {"units": f"{len(units)} of {case.units.layer_size(units[0])}"}


def probability_loss(case: Case) -> list[Finding]:
    """Logs of a probability that has rounded to the wrong 0 or 1, or is about to."""
    graph, found = case.graph, []
    for squash, logs in (log_sources(graph) if _any_is_lost(case) else {}).items():
        p = _probability(graph, squash)
        if not min(p, 1.0 - p) > case.limits.lost:
            found += [(squash, log) for log in logs if _matters(graph, log)]
    if not found:
        return []
    squash, log = found[0]
    name = "probability" if graph.nodes[squash].op in ("sigmoid", "div") else graph.nodes[squash].op
    operand = {} if graph.argument(log) == squash else {"operand of the log": argument_of(graph, log)}
    return [
        Finding(
            "probability_loss",
            tuple(dict.fromkeys(describe(graph, i, 1) for i, _ in found)),
            {name: graph.data[squash], **operand, "logs": len(found)},
            _lost(graph, squash, log),
            "Compute the loss on the logit, before the sigmoid or softmax. binary_cross_entropy_with_logits([z], [y]) "
            "and cross_entropy([logits], [class]) keep all digits for any z."
            + about_inputs(case, "give smaller logits"),
        )
    ]


def _any_is_lost(case: Case) -> bool:
    """Whether anything that may be a probability is near 0 or 1, where logs are taken."""
    import numpy as np

    graph = case.graph
    if not {"log", "log1p"} & graph.ops:
        return False
    data = array_of(graph.data)
    signed = data[graph.of("tanh") + graph.of("erf")]
    p = np.concatenate([data[may_be_probabilities(graph)], (1.0 + signed) / 2.0])
    return not bool((np.minimum(p, 1.0 - p) > case.limits.lost).all())


def _lost(graph: LossGraph, squash: int, log: int) -> str:
    """What is wrong with the log of a probability near 0."""
    number = argument_of(graph, log)
    if number < 0.0:
        return f"A log is taken of {amount(number)}. It is nan, and no usable gradient passes it."
    if not number:
        lost = "1, so 1 - p is 0" if graph.data[squash] == 1.0 else "0"
        return f"A probability p has rounded to {lost}. The log is -inf, and no usable gradient passes it."
    if graph.argument(log) == squash:
        return (
            f"A probability is nearly 0; its log, {amount(math.log(number))}, is still right. At a logit of about -745 "
            "the probability would round to 0, and its log would be -inf."
        )
    return (
        "A log is taken of a probability that is 0 but for rounding. It is a difference, such as 1 - p, or it was "
        "clipped, so few digits of the log and of its gradient are right, or none."
    )


def _probability(graph: LossGraph, squash: int) -> float:
    number = graph.data[squash]
    return (1.0 + number) / 2.0 if graph.nodes[squash].op in ("tanh", "erf") else number


def _matters(graph: LossGraph, log: int) -> bool:
    """Whether a log of a saturated probability is that of the small side, and counts."""
    q = argument_of(graph, log)
    return not q >= 0.5 and (graph.gradients[log] != 0.0 or not q > 0.0)
