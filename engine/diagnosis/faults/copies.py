"""Units that do the work of a single one: copies with equal weights, and one unit that a layer reads several times."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ...structure import ACTIVATIONS, LossGraph, Unit
from ..context import Case
from ..report import Finding

T = TypeVar("T")


def symmetric(case: Case) -> list[Finding]:
    """Classes of units in a layer with equal weights and equal gradients, and units in a layer several times."""
    layers: dict[int, list[list[Unit]]] = {}
    for units in _copied(case):
        layers.setdefault(case.units.layer_of(units[0]), []).append(units)
    return [_copies(case, found) for found in layers.values()] + _repeated(case)


def _copied(case: Case) -> list[list[Unit]]:
    """Classes of units with equal layer, activation, weights and gradients; cheap differences are tested first."""
    graph, units = case.graph, case.units
    first = {unit: _digits(graph.data[unit.pre[0]]) for unit in map(units.unit, _near_another(case))}
    suspects = _twins(first)
    classes = units.classes(suspects, lambda i: (_digits(graph.data[i]), _gradient(graph, i)))
    found: dict[object, list[Unit]] = {}
    for unit in _twins({unit: (first[unit], classes[unit]) for unit in suspects}):
        if any(units.deep[i] for i in unit.activations or unit.pre):
            found.setdefault((units.layer_of(unit), classes[unit], first[unit]), []).append(unit)
    return [members for members in found.values() if len(members) > 1]


def _near_another(case: Case) -> list[int]:
    """The units whose first pre-activation may equal another's to six digits."""
    if len(case.units.keys) < 2 or not len(case.units.pre.members):
        return []
    import numpy as np

    starts, members = map(np.asarray, case.units.pre)
    units = np.flatnonzero(np.diff(starts))
    numbers = np.asarray(case.graph.data)[members[starts[units]]]
    order = np.argsort(numbers)
    with np.errstate(invalid="ignore"):
        is_apart = np.diff(numbers[order]) > 1e-5 * np.abs(numbers[order[1:]])  # not where both are inf
    is_alone = np.append(is_apart, True) & np.append(True, is_apart)
    return sorted(units[order[~is_alone]].tolist())


def _twins(marks: Mapping[T, object]) -> list[T]:
    """Those whose mark is not unique."""
    often = Counter(marks.values())
    return [one for one, mark in marks.items() if often[mark] > 1]


def _digits(number: float) -> float:
    return float(f"{number:.6g}")


def _gradient(graph: LossGraph, i: int) -> float:
    """A gradient to six digits, 0 if it may be nothing but rounding."""
    gradient = graph.gradients[i]
    return 0.0 if abs(gradient) <= 1e-6 * graph.spread(i) else _digits(gradient)


def _copies(case: Case, classes: Sequence[Sequence[Unit]]) -> Finding:
    units = [unit for members in classes for unit in members]
    weight, *_ = case.units.first_weights(units[0])
    told = "; ".join(" = ".join(map(case.units.name, members)) for members in classes)
    total = case.units.layer_size(units[0])
    return Finding(
        "symmetric",
        tuple(map(case.units.name, units)),
        {
            "groups": len(classes),
            "copies": told,
            "units": f"{len(units)} of {total}",
            "weight": case.graph.data[weight],
            "gradient": case.graph.gradients[weight],
        },
        "These units have the same weights, so they compute the same results, get the same gradients and take the same "
        "steps. No gradient step can make them differ, so each group of equal units does the work of a single unit.",
        "Start from different weights: draw them at random, "
        + case.in_modules('MLP(..., init="xavier", seed=0)', "Value(random.gauss(0, 1))")
        + ", instead of setting all to one number. Biases may be equal.",
    )


def _repeated(case: Case) -> list[Finding]:
    """Units that the next layer reads several times, each time with the same results, as those of `[neuron] * 3`."""
    sizes = {len(case.units.pre.of(n)) for n in range(len(case.units.keys))}
    found: dict[int, int] = {}
    if len(sizes) < 2:  # a unit that is read several times is computed more often than those that read it
        return []
    for layer in range(len(case.units.by_layer.starts) - 1):
        for number, times in _read_again(case, case.units.unit(case.units.by_layer.of(layer)[0])).items():
            found[number] = max(found.get(number, 0), times)
    return [_one_object(case, found)] if found else []


def _read_again(case: Case, reader: Unit) -> dict[int, int]:
    """The units that a unit reads more than once, by number, and how often."""
    if not reader.first[1] or not _twins(dict(enumerate(_readings(case, reader.first[0])))):
        return {}
    examples = [_readings(case, o.z) for o in reader.occurrences]
    if len(set(map(len, examples))) > 1:
        return {}
    first, weights = reader.occurrences[0].products, dict[tuple[int | None, tuple[Reading, ...]], set[int]]()
    for w, x, column in zip(first.weights, first.inputs, zip(*examples, strict=True), strict=True):
        if len({number for number, _ in column}) > 1:  # on one example, two inputs may be equal
            weights.setdefault((_unit_of(case, x), column), set()).add(w)
    return {n: len(ws) for (n, _), ws in weights.items() if n is not None and len(ws) > 1}


Reading = tuple[float, float]


def _readings(case: Case, z: int) -> list[Reading]:
    """The numbers that a weighted sum reads, each with the gradient of its product."""
    products, results = case.units.weighted_sums.products(z), case.graph.flattened.results
    pairs = zip(products.inputs, products.weight_edges, strict=True)
    return [(case.graph.data[x], case.graph.gradients[results[k]]) for x, k in pairs]


def _unit_of(case: Case, x: int) -> int | None:
    """The number of the unit that a node is the output of, if any."""
    graph = case.graph
    if not graph.depends[x]:
        return None
    return case.units.number_of(graph.argument(x) if graph.nodes[x].op in ACTIVATIONS else x)


def _one_object(case: Case, found: Mapping[int, int]) -> Finding:
    return Finding(
        "symmetric",
        tuple(case.units.name(case.units.unit(n)) for n in found),
        {"units": len(found), "read by each unit of the next layer": f"{max(found.values())} times"},
        "The next layer reads this unit several times, each time with the same result. So all of them are one unit "
        "with the same weights, and stay so, and the layer does the work of a layer without the repetitions.",
        "Make each unit anew, [Neuron(2) for _ in range(3)]. A list that is multiplied, [neuron] * 3, holds the same "
        "object three times, and so does [[Value(0.1)] * 2] * 3.",
    )
