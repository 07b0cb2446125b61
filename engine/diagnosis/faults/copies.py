"""Units that do the work of a single one: copies with equal weights, and one unit that a layer reads several times."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from operator import ne

from ...core import elided
from ...structure import ACTIVATIONS, Products, Unit, coincident, ints_of
from ..context import Case
from ..report import Finding
from ..terms import other_factor


def symmetric(case: Case) -> list[Finding]:
    """Classes of units in a layer with equal weights and equal gradients, and units in a layer several times."""
    layers: dict[int, list[list[Unit]]] = {}
    for units in _copied(case):
        layers.setdefault(case.units.layer_of(units[0]), []).append(units)
    return [_copies(case, found) for found in layers.values()] + _repeated(case)


def _copied(case: Case) -> list[list[Unit]]:
    """Classes of units with equal layer, results, weights and gradients."""
    sums = coincident(case.units.pre, case.graph.data)
    suspects = [case.units.unit(n) for n in _alike(case, sorted(sums))] if sums else []
    classes = case.units.classes(suspects, partial(_mark, case))
    found: dict[object, list[Unit]] = {}
    for unit, number in classes.items():
        if any(case.units.deep[i] for i in unit.activations or unit.pre):
            found.setdefault((case.units.layer_of(unit), number, sums[unit.number]), []).append(unit)
    return [members for members in found.values() if len(members) > 1]


def _alike(case: Case, units: Sequence[int]) -> list[int]:
    """Those of these units, by number, whose first parameter has the mark of another's."""
    marks = [_mark(case, n) for n in case.units.first_parameters(units)]
    often = Counter(marks)
    return [n for n, mark in zip(units, marks, strict=True) if often[mark] > 1]


def _mark(case: Case, n: int) -> tuple[float, float]:
    """The data and the gradient of a parameter, to six digits; a gradient that may be nothing but rounding is 0."""
    i = case.indices[n]
    gradient = case.graph.gradients[i]
    gradient = 0.0 if abs(gradient) <= 1e-6 * case.graph.spread(i) else gradient
    return float(f"{case.graph.data[i]:.6g}"), float(f"{gradient:.6g}")


def _copies(case: Case, classes: Sequence[Sequence[Unit]]) -> Finding:
    units = [unit for members in classes for unit in members]
    weight, *_ = case.units.first_weights(units[0])
    told = "; ".join(" = ".join(elided([*map(case.units.name, members)], 6, "…", 3, 1)) for members in classes)
    total = case.units.layer_size(units[0])
    init = "he" if any(case.graph.nodes[i].op == "relu" for i in units[0].activations) else "xavier"
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
        "These units have the same weights, so they compute the same results and get the same gradients. No gradient "
        "step can make them differ, so each group of equal units does the work of a single unit.",
        "Start from different weights: draw them at random, "
        + case.in_modules(f'MLP(..., init="{init}", seed=0)', "Value(random.gauss(0, 1))")
        + ", instead of setting all to one number. Biases may be equal.",
    )


def _repeated(case: Case) -> list[Finding]:
    """Units that the next layer reads several times, each time with the same results, as those of `[neuron] * 3`."""
    units, found = case.units, dict[int, int]()
    starts, layers = units.pre.starts, range(len(units.by_layer.starts) - 1)
    if len(units.keys) < 2 or len(layers) > DEEPEST:
        return []
    is_even = not any(map(ne, starts, count(0, max(starts[:2]))))
    for n in (units.by_layer.members[units.by_layer.starts[layer]] for layer in layers):
        if is_even and not _reads_twice(case, units.first(n)[0]):
            continue  # a unit that is computed for each reading is computed more often than those that read it
        for number, times in _read_again(case, units.unit(n)).items():
            found[number] = max(found.get(number, 0), times)
    return [_one_object(case, found)] if found else []


DEEPEST = 64  # layers of a network; more are the steps of a recurrence, whose sums hold those of all steps before


def _reads_twice(case: Case, z: int) -> bool:
    """Whether a weighted sum reads one node several times; -1 stands for no sum."""
    inputs = case.units.weighted_sums.inputs(ints_of((z,))) if z >= 0 else ()
    return len(set(inputs)) < len(inputs) and any(
        often > 1 for x, often in Counter(inputs).items() if case.graph.depends[x]
    )


def _read_again(case: Case, reader: Unit) -> dict[int, int]:
    """The units that a unit reads more than once, by number, and how often."""
    if not reader.first[1]:
        return {}
    first = case.units.weighted_sums.products(reader.first[0])
    weights, inputs, before, varied = first.weights, first.inputs, _readings(case, first), set[int]()
    suspects = _refined({n: 0 for n, x in enumerate(inputs) if case.graph.depends[x]}, before, weights)
    units = {n: unit for n in suspects if (unit := _unit_of(case, inputs[n])) is not None}
    classes = units
    for o in reader.occurrences if classes else ():
        readings = _readings(case, o.products)
        classes = _refined(classes, readings, weights) if len(readings) == len(inputs) else {}
        if not classes:
            return {}
        varied.update(n for n in classes if readings[n][0] != before[n][0])  # two inputs may be equal on one example
    of_class = {
        n: of for n, of in _weights_of(classes, weights).items() if all(_is_read_here(case, reader, w) for w in of)
    }
    unit_of = {number: units[n] for n, number in classes.items() if n in varied and number in of_class}
    return {unit: len(of_class[number]) for number, unit in unit_of.items()}


def _is_read_here(case: Case, reader: Unit, w: int) -> bool:
    """Whether a weight multiplies something for the examples of this reader only, so that nothing else moves it."""
    others = [other_factor(case.graph, k) for k in case.graph.edges_to(w)]
    return sum(x is not None and x != w for x in others) <= len(reader.occurrences)


Reading = tuple[float, float]


def _readings(case: Case, products: Products) -> list[Reading]:
    """The numbers that a weighted sum reads, each with the gradient of its product."""
    data, gradients, results = case.graph.data, case.graph.gradients, case.graph.flattened.results
    return [(data[x], gradients[results[k]]) for x, k in zip(products.inputs, products.weight_edges, strict=True)]


def _refined(classes: Mapping[int, int], readings: Sequence[Reading], weights: Sequence[int]) -> dict[int, int]:
    """Positions by class, each class split by what its positions read; those alone with their weight are left out."""
    numbers = dict[object, int]()
    found = {n: numbers.setdefault((number, readings[n]), len(numbers)) for n, number in classes.items()}
    of_class = _weights_of(found, weights)
    return {n: number for n, number in found.items() if len(of_class[number]) > 1}


def _weights_of(classes: Mapping[int, int], weights: Sequence[int]) -> dict[int, set[int]]:
    """The weights of each class."""
    found = defaultdict[int, set[int]](set)
    for n, number in classes.items():
        found[number].add(weights[n])
    return found


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
        "The next layer reads the result of this unit several times, as if it were that of several units. They are one "
        "object with the same weights, and no step can make them differ, so they do the work of a single unit.",
        "Make a new unit for each place, [Neuron(2) for _ in range(3)]. A list that is multiplied, [neuron] * 3, holds "
        "the same object three times, and so does [[Value(0.1)] * 2] * 3.",
    )
