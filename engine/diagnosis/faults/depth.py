"""Gradients that vanish in the backward pass: over layers, over time steps, or along a path."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from ...structure import Layer, ends_differ, extent, ints_of, largest, peaks, small, strongest
from ..context import Case
from ..report import Evidence, Finding
from ..terms import products
from .activations import flat_units, off_units
from .underflow import lost_product


def vanishing(case: Case) -> list[Finding]:
    """Layers whose gradient is tiny relative to a later layer's, with no single layer to blame."""
    lost = small(case.indices, case.graph.gradients, case.limits.vanished)
    found = _over_layers(case) or (_over_time(case) or lost_product(case) if lost else [])
    if found or not lost or (case.units.has_layers and all(case.graph.squares[i] == 0.0 for i in lost)):
        return found
    return _lost_on_the_way(case, lost)


def _over_layers(case: Case) -> list[Finding]:
    """Layers whose gradient is tiny relative to a later layer's."""
    strengths = peaks(case.units.pre, case.graph.gradients)  # nan counts as 0
    faintest, strongest_unit = extent(strengths)
    if not faintest <= case.limits.vanished * strongest_unit:
        return []
    sizes = peaks(case.units.by_layer, strengths)
    top = max(range(len(sizes)), key=sizes.__getitem__)
    limit = case.limits.vanished * sizes[top]
    faint = [k for k in range(top) if sizes[k] <= limit]
    if not 0.0 < min((sizes[k] for k in faint if sizes[k] > 0.0), default=0.0) <= limit < math.inf:
        return []
    if all(abs(case.graph.gradients[i]) <= ROUNDING * case.graph.spread(i) for i in _of_layer(case, faint[0])):
        return []  # the examples cancel
    if not _typical(case, faint[0]) <= MOST * case.limits.vanished * _typical(case, top):
        return []  # one example has a large gradient, and its gradient is blocked on the way
    blocked = Counter(map(case.units.layer_of, (*case.once(flat_units), *case.once(off_units))))
    if any(blocked[k] == len(case.units.by_layer.of(k)) for k in range(faint[0], top + 1)):
        return []
    first, steps, layers = sizes[faint[0]], top - faint[0], case.units.layers
    names = [case.units.layer(layer.units[0]) for layer in layers]
    evidence: dict[str, float | int | str] = {
        f"gradient at {names[faint[0]]}": first,
        f"gradient at {names[top]}": sizes[top],
        "layers between": steps,
    }
    if first:
        evidence["factor a layer"] = (first / sizes[top]) ** (1 / steps)
    largest_weights = [_largest_weight(case, layer) for layer in layers[faint[0] + 1 : top + 1]]
    smallest = min(range(len(largest_weights)), key=largest_weights.__getitem__)
    if largest_weights[smallest] <= SHRUNK:
        name = names[faint[0] + 1 + smallest]
        evidence[f"largest weight of {name}"] = largest_weights[smallest]
        return [_shrunk(case, tuple(names[k] for k in faint), evidence, name)]
    return [_vanished(case, tuple(names[k] for k in faint), evidence)]


MOST = 10.0  # the typical gradients may differ by this factor less than the largest


def _typical(case: Case, layer: int) -> float:
    """The median size of the gradients that arrive at a layer, 0 if none does."""
    gradients = [abs(case.graph.gradients[i]) for i in _of_layer(case, layer)]
    return median([x for x in gradients if x] or [0.0])


def _of_layer(case: Case, layer: int) -> Iterator[int]:
    """The pre-activations of a layer."""
    return (i for n in case.units.by_layer.of(layer) for i in case.units.pre.of(n))


ROUNDING = 1e-9  # a gradient below this fraction of its spread is rounding


SHRUNK = 1e-3  # weights of a layer that are all at most this are what a gradient is lost in


def _largest_weight(case: Case, layer: Layer) -> float:
    sums = ints_of(i for unit in layer.units for i in unit.pre)
    weights = case.units.weighted_sums.weights(sums)
    return largest(weights, case.graph.data) if len(weights) else math.inf


XAVIER = ', init="xavier"', ", of about 1 / sqrt(n) for n inputs"


def _shrunk(case: Case, where: tuple[str, ...], evidence: Evidence, name: str) -> Finding:
    return Finding(
        "vanishing",
        where,
        evidence,
        f"The weights of {name} are almost 0, and the backward pass multiplies the gradient by them, so the parameters "
        "of the layers before hardly move.",
        "If weight_decay or another penalty has pulled these weights to 0, make the penalty weaker and start again. If "
        f"they were so small from the start, take larger ones{case.in_modules(*XAVIER)}.",
    )


def _over_time(case: Case) -> list[Finding]:
    """Recurrent layers whose weights get a tiny gradient, because it vanishes between their time steps."""
    layers, found = _faint_at_first(case), list[Finding]()
    if not layers:
        return []
    import numpy as np

    pre, stages, sizes = case.units.pre, np.asarray(case.units.stages), np.abs(case.graph.gradients)
    for units in layers:
        indices = np.concatenate([pre.of(n) for n in units])
        different, at = np.unique(stages[indices], return_inverse=True)
        steps = np.zeros(len(different))
        np.fmax.at(steps, at, sizes[indices])  # by time step; nan counts as 0
        first, last = float(steps[0]), float(steps.max())
        limit = case.limits.vanished * last
        if len(steps) < 3 or not 0.0 < first <= limit:
            continue
        weights = {j for n in units for j, _ in products(case.graph, pre.of(n)[0], case.given)}
        of_weights = max((abs(case.graph.gradients[j]) for j in weights), default=0.0)
        if of_weights <= limit:
            evidence: Evidence = {
                "time steps": len(steps),
                "gradient at the first": first,
                "gradient at the last": last,
                "factor a step": (first / last) ** (1 / (len(steps) - 1)),
                "gradient of the weights": of_weights,
            }
            found.append(_vanished_over_time((case.units.layer(case.units.unit(units[0])),), evidence))
    return found


def _faint_at_first(case: Case) -> list[list[int]]:
    """The numbers of the units by recurrent layer, where the gradient is tiny at the first time step."""
    pre, several = case.units.pre, ends_differ(case.units.pre, case.units.stages)
    if not several:
        return []
    import numpy as np

    numbers, is_recurrent = np.asarray(case.units.layer_numbers), np.zeros(len(case.units.keys), bool)
    is_recurrent[several] = True
    layer = np.repeat(numbers * is_recurrent, np.diff(pre.starts))  # of each sum, 0 if it is not recurrent
    stages, sizes = (np.asarray(column)[pre.members] for column in (case.units.stages, np.abs(case.graph.gradients)))
    lowest, (first, last) = np.full(max(numbers) + 1, len(case.graph.nodes)), np.zeros((2, max(numbers) + 1))
    np.minimum.at(lowest, layer, stages)
    np.fmax.at(last, layer, sizes)  # nan counts as 0
    np.fmax.at(first, layer, np.where(stages == lowest[layer], sizes, 0.0))
    is_faint, found = (first > 0.0) & (first <= case.limits.vanished * last), defaultdict[int, list[int]](list)
    for n in several:
        if is_faint[numbers[n]]:
            found[numbers[n]].append(n)
    return list(found.values())


def _vanished_over_time(where: tuple[str, ...], evidence: Evidence) -> Finding:
    return Finding(
        "vanishing",
        where,
        evidence,
        f"The same weights are used at {evidence['time steps']} time steps, and each step back multiplies the gradient "
        f"by about {float(evidence['factor a step']):.2g}. At the first time steps almost no gradient is left, so "
        "early inputs hardly influence what the weights learn.",
        "Any one of these may help: start the recurrent weights near the identity matrix, which keeps the state "
        "from step to step; take fewer time steps; add the previous state to the next one; use gates (LSTM, GRU).",
    )


def _vanished(case: Case, where: tuple[str, ...], evidence: Evidence) -> Finding:
    return Finding(
        "vanishing",
        where,
        evidence,
        "Each step of the backward pass multiplies the gradient by weights and slopes smaller than 1, and together "
        "they leave so little of it that the first parameters hardly move.",
        "Any one of these may help: take fewer layers; replace sigmoid or tanh by relu"
        + case.in_modules(' and start from init="he"')
        + f"; keep the activation and start from larger weights{case.in_modules(*XAVIER)}; add a layer's input to its "
        "output, so that one path has the factor 1.",
    )


def _lost_on_the_way(case: Case, faint: Sequence[int]) -> list[Finding]:
    """Without layers: parameters whose strongest path is long and tiny, even without its worst factors."""
    limit = math.log(case.limits.vanished)
    paths = zip(faint, strongest(case.graph.flattened, ints_of(faint)), strict=True)
    found = {i: (size, count) for i, (size, rest, count) in paths if -math.inf < size <= limit and rest <= limit}
    if not found:
        return []
    first, (size, count) = next(iter(found.items()))
    evidence: Evidence = {
        "gradient": case.graph.gradients[first],
        "factors": count,
        "mean factor": math.exp(size / count),
    }
    return [_vanished(case, tuple(case.names[case.graph.nodes[i]] for i in found), evidence)]
