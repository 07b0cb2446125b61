"""Faults that show in the gradients: copies, and what vanishes, explodes, cancels or does not arrive at all."""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from ...core import Value
from ...structure import (
    Floats,
    LossGraph,
    Unit,
    all_small,
    cancelling,
    ints_of,
    largest,
    origins,
    pulls,
    small,
    strongest,
)
from ..context import Case
from ..report import Evidence, Finding
from .activations import flat_units, off_units


def symmetric(case: Case) -> list[Finding]:
    """Classes of units in a layer with equal weights and equal gradients."""
    layers: dict[str, list[list[Unit]]] = {}
    for units in _alike(case):
        layers.setdefault(case.units.layer(units[0]), []).append(units)
    return [_copies(case, found) for found in layers.values()]


def _alike(case: Case) -> list[list[Unit]]:
    """Units that are alike in their layer, activation, weights and gradients; what differs is dropped at once."""
    graph, units = case.graph, case.units
    first = {unit: _digits(graph.data[unit.pre[0]]) for unit in units.all if unit.pre}
    suspects = _twins(first)
    alike = units.classes(suspects, lambda i: (_digits(graph.data[i]), _gradient(graph, i)))
    found: dict[object, list[Unit]] = {}
    for unit in _twins({unit: (first[unit], alike[unit]) for unit in suspects}):
        if any(units.deep[i] for i in unit.activations or unit.pre):
            ops = {graph.nodes[i].op for i in unit.activations}
            found.setdefault((units.layer(unit), alike[unit], first[unit], *sorted(ops)), []).append(unit)
    return [members for members in found.values() if len(members) > 1]


def _twins(marks: Mapping[Unit, object]) -> list[Unit]:
    """The units whose mark some other has too."""
    often = Counter(marks.values())
    return [unit for unit, mark in marks.items() if often[mark] > 1]


def _digits(number: float) -> float:
    return float(f"{number:.6g}")


def _gradient(graph: LossGraph, i: int) -> float:
    """A gradient to six digits, 0 if rounding may have made all of it."""
    gradient = graph.gradients[i]
    return 0.0 if abs(gradient) <= 1e-6 * graph.spread(i) else _digits(gradient)


def _copies(case: Case, classes: Sequence[Sequence[Unit]]) -> Finding:
    units = [unit for members in classes for unit in members]
    weight, *_ = case.units.weights(units[0])
    told = "; ".join(" = ".join(map(case.units.name, members)) for members in classes)
    total = len(case.units.layers[case.units.layer(units[0])])
    return Finding(
        "symmetric",
        tuple(map(case.units.name, units)),
        {
            "classes": len(classes),
            "copies": told,
            "units": f"{len(units)} of {total}",
            "weight": case.graph.data[weight],
            "gradient": case.graph.gradients[weight],
        },
        "These units have the same weights and so compute the same, get the same gradients and take the same steps: "
        "no gradient step can ever separate them, and the layer is no wider than its classes.",
        'What breaks them apart is different initial weights: draw them at random, MLP(..., init="xavier", seed=0), '
        "instead of setting all to one number. Biases may be equal.",
    )


def vanishing(case: Case) -> list[Finding]:
    """Layers whose gradient is next to nothing beside that of a later one, with no single layer to blame."""
    lost = small(case.indices, case.graph.gradients, case.limits.vanished)
    if lost and (len(case.units.all) < 2 or len(case.units.layers) < 2):
        return _lost_on_the_way(case, [case.graph.nodes[i] for i in lost])
    if not _any_faint(case):
        return []
    layers = [(name, units, _strength(case, units)) for name, units in case.units.layers.items()]
    top = max(range(len(layers)), key=lambda k: layers[k][2])
    faint = [k for k in range(top) if layers[k][2] <= case.limits.vanished * layers[top][2]]
    faintest = min((layers[k][2] for k in faint if layers[k][2] > 0.0), default=0.0)
    if not faint or not 0.0 < faintest <= case.limits.vanished * layers[top][2] < math.inf:
        return []
    blocked = Counter(map(case.units.layer, (*flat_units(case), *off_units(case))))
    if any(blocked[layers[k][0]] == len(layers[k][1]) for k in range(faint[0], top + 1)):
        return []
    first, last = layers[faint[0]], layers[top]
    steps = top - faint[0]
    evidence: dict[str, float | int | str] = {
        f"gradient at {first[0]}": first[2],
        f"gradient at {last[0]}": last[2],
        "layers between": steps,
    }
    if first[2]:
        evidence["factor a layer"] = (first[2] / last[2]) ** (1 / steps)
    return [_vanished(tuple(layers[k][0] for k in faint), evidence)]


def _any_faint(case: Case) -> bool:
    """Whether any unit's gradient is next to nothing beside another's."""
    strengths = [_strength(case, [unit]) for unit in case.units.all if unit.pre]
    return bool(strengths) and min(strengths) <= case.limits.vanished * max(strengths)


def _vanished(where: tuple[str, ...], evidence: Evidence) -> Finding:
    return Finding(
        "vanishing",
        where,
        evidence,
        "Each step on the way back multiplies the gradient by weights and slopes smaller than 1, and together they "
        "leave so little of it that what comes first hardly moves.",
        'Take fewer layers, relu instead of sigmoid or tanh with init="he", larger weights from init="xavier", or add '
        "a layer's input to its output, so that one path has the factor 1.",
    )


def _strength(case: Case, units: Sequence[Unit]) -> float:
    """The largest gradient at a pre-activation of a layer; nan counts as 0."""
    return max((largest(unit.pre, case.graph.gradients) for unit in units), default=0.0)


def _lost_on_the_way(case: Case, faint: Sequence[Value]) -> list[Finding]:
    """The same without layers: parameters whose strongest path is long, and faint even without its worst factors."""
    sizes, towards = strongest(case.graph.flattened)
    limit = math.log(case.limits.vanished)
    suspects = [p for p in faint if -math.inf < sizes[case.index_of[p]] <= limit]
    ways = _ways(case.graph, towards, [case.index_of[p] for p in suspects])
    found = [p for p in suspects if sizes[case.index_of[p]] - sum(ways[case.index_of[p]][1]) <= limit]
    if not found:
        return []
    index = case.index_of[found[0]]
    factors = ways[index][0]
    evidence: Evidence = {
        "gradient": case.gradient(found[0]),
        "factors": factors,
        "mean factor": math.exp(sizes[index] / factors),
    }
    return [_vanished(tuple(case.names[p] for p in found), evidence)]


def _ways(graph: LossGraph, towards: Sequence[int], indices: Sequence[int]) -> dict[int, tuple[int, Sequence[float]]]:
    """Of the strongest path to each index: how many factors are not 1, and the logarithms of the three worst."""
    found: dict[int, tuple[int, Sequence[float]]] = {0: (0, ())}
    for index in indices:
        way = [index]
        while way[-1] not in found:
            way.append(towards[way[-1]])
        for here, to in zip(reversed(way[:-1]), reversed(way), strict=False):
            count, worst = found[to]
            slopes = zip(graph.operands(to), graph.partials(to), strict=True)
            size = math.log(max(abs(slope) for j, slope in slopes if j == here))
            found[here] = count + (size != 0.0), sorted((*worst, size))[:3]
    return found


def exploding(case: Case) -> list[Finding]:
    """Parameters with a gradient that no usual learning rate can be stepped along."""
    limits, found, worst, against = case.limits, list[Value](), 0.0, 0.0
    if all_small(case.indices, case.graph.gradients, limits.exploded * limits.smallest):
        return []
    for members in case.by_place.values():
        gradient = max(abs(case.gradient(p)) if case.gradient(p) == case.gradient(p) else math.inf for p in members)
        weight = max(limits.smallest, *(abs(p.data) for p in members))
        if gradient > limits.exploded * weight:
            found += members
            worst, against = max((worst, against), (gradient, weight))
    if not found or origins(case.graph.flattened):
        return []
    return [
        Finding(
            "exploding",
            tuple(case.groups(found)),
            {"gradient": worst, "weight": against, "ratio": worst / against, "parameters": len(found)},
            f"The gradient is {worst / against:.2g} times the weights: with a learning rate of 0.001 one step would "
            "throw them far beyond anything useful, and the loss with them.",
            'Scale inputs and targets to about 1, start from smaller weights (MLP(..., init="he", seed=0)), '
            "take the mean of the losses, not their sum, and a smaller learning rate; or clip the gradient.",
        )
    ]


FAR = (0.5, 4.0, -4.0, 50.0, -50.0)  # how far to go: out of a minimum, past the corners of a hinge


def cancelled(case: Case) -> list[Finding]:
    """Parameters whose paths pull against each other and leave nothing, whatever their numbers are."""
    limit = case.limits.cancelled / max(1, len(case.parameters))
    faint = cancelling(case.indices, case.graph.gradients, case.graph.squares, limit)
    wanted = [i for i in faint if case.graph.squares[i]]
    for distance in FAR if wanted else ():
        wanted = cancelling(ints_of(wanted), *_elsewhere(case, wanted, distance), limit)
        if not wanted:
            return []
    return [_nothing_left(case, [case.graph.nodes[i] for i in wanted])] if wanted else []


def _elsewhere(case: Case, moved: Sequence[int], distance: float) -> tuple[Floats, Floats]:
    """Gradients and squared spreads with `moved` elsewhere: what cancels because this is a minimum no longer does."""
    rng, data, given = random.Random(0), case.graph.data, {}
    for i in moved:
        given[i] = data[i] + distance * (abs(data[i]) + 1.0) * rng.choice((-1, 1)) * rng.uniform(0.5, 1.0)
    return case.graph.elsewhere(given)


def _nothing_left(case: Case, wanted: Sequence[Value]) -> Finding:
    p = max(wanted, key=case.spread)
    up, down = (sums[case.index_of[p]] for sums in pulls(case.graph.flattened))
    return Finding(
        "cancelled",
        tuple(case.groups(wanted)),
        {"upwards": up, "downwards": down, "left": case.gradient(p), "parameters": len(wanted)},
        "There are paths to the loss, but what some pull upwards the others pull downwards, whatever the number of "
        "the parameter is: the loss does not change with it.",
        "Look for a term that is subtracted again, such as a mean that takes the bias away, a sum of probabilities "
        "that is always 1, or a sign that is wrong: chain_rule(loss, p).paths() shows the paths of p.",
    )


def disconnected(case: Case) -> list[Finding]:
    """Parameters that are not in the graph of the loss."""
    if not case.missing:
        return []
    return [
        Finding(
            "disconnected",
            tuple(case.groups(case.missing)),
            {"parameters": f"{len(case.missing)} of {len(case.parameters)}", "gradient": 0.0},
            "The loss was not computed from these parameters: no path leads from them to it, so backward() never "
            "reaches them and they keep the numbers they have.",
            "Use them in the forward pass, and as Values: float(v) and v.data leave the graph. Check that the loss and "
            "the parameters belong to the same model. A row of a table that this batch does not use is no mistake.",
        )
    ]
