"""Faults of the data: one input for all examples, though the loss asks for different outputs, and inputs that are 0."""

from collections.abc import Collection, Sequence

from ...structure import Ints, largest, packed, small
from ..context import Case
from ..report import Finding
from ..step import array_of
from ..terms import products
from ..words import amount
from .stuck import Output, inputs_of, names_of, outputs_of, prediction_of, predictions_of, several


def constant_input(case: Case) -> list[Finding]:
    """Outputs that are equal for every example, whatever the parameters are, because all inputs are equal."""
    is_sought = not case.graph.changed and _are_equal(case) and not _differs(case)
    outputs = list(outputs_of(case)) if is_sought else []
    if not outputs or not all(_is_torn(case, output) for output in outputs):
        return []
    leaves = {tuple(case.graph.data[j] for j in inputs_of(case, i)) for output in outputs for i in output.indices}
    first = [o.products.inputs for n in case.units.at_data for o in case.units.unit(n).occurrences[:1]]
    if len(leaves) > 1 or not first or len(first[0]) < 2:  # a single input may be the 1 of a bias
        return []
    return [_same(case, outputs, [case.graph.data[x] for x in first[0]])]


def _are_equal(case: Case) -> bool:
    """Whether each output is the same for all examples."""
    data = array_of(case.graph.data)
    return all(bool((data[indices] == data[indices[0]]).all()) for indices in case.once(several).values())


def _differs(case: Case) -> bool:
    """Whether a unit's sum is not the same for all examples, judged by two of them."""
    import numpy as np

    units, (starts, members) = case.units, case.units.pre
    several = np.flatnonzero(np.diff(starts) > 1)
    ends = np.asarray(starts)[several], np.asarray(starts)[several + 1] - 1
    first, last = (units.weighted_sums.innermost(packed(np.asarray(members)[end])) for end in ends)
    data, weighted = np.asarray(case.graph.data), np.asarray(units.forms.weighted)
    differ = (weighted[first] > 0) & (weighted[last] > 0) & (data[first] != data[last])
    pairs = zip(*(np.asarray(members)[end[differ]].tolist() for end in ends), strict=True)
    return any(data[prediction_of(case, a)] != data[prediction_of(case, b)] for a, b in pairs)


def _is_torn(case: Case, output: Output) -> bool:
    """Whether the loss moves equal predictions, which come after as many layers, differently."""
    if len({case.units.stages[i] for i in output.indices}) > 1:
        return False
    return 0.0 not in output.demands and len(set(output.numbers)) == 1 < len(set(output.demands))


def _same(case: Case, outputs: list[Output], given: list[float]) -> Finding:
    examples, shown = len(outputs[0].indices), ", ".join(map(amount, given[:4])) + (", …" if len(given) > 4 else "")
    return Finding(
        "constant_input",
        tuple(name for output in outputs for name in names_of(case, output)),
        {"examples": examples, "different inputs": 1, "output": outputs[0].numbers[0]},
        f"All {examples} examples have the same input, ({shown}), so the output is the same for all of them, whatever "
        "the parameters are. But the loss asks for different outputs. The model can learn one answer for all of them, "
        "such as the average of the targets, and nothing else.",
        "Look at the data: most likely one example was read again and again, as by a loop that uses the same x each "
        "time, or the features were rounded or clipped to one number.",
    )


def dead_input(case: Case) -> list[Finding]:
    """Features that are 0 for every example, unless most are, as in an image's margin, or others are sparse."""
    graph = case.graph
    silent = set(small(case.indices, graph.squares, 0.0))
    few = 1 if len(silent) == len(case.indices) else case.limits.few
    found: dict[int, None] = {}
    examples = 0
    for pre in map(case.units.pre.of, case.units.at_data if silent else ()):
        if len(pre) < few or not _is_suspect(case, pre, silent):
            continue
        columns = _columns(case, pre)
        zeros = {w: sum(x == 0.0 for x in column) for w, column in columns.items()}
        dead = [w for w, count in zeros.items() if count == len(columns[w]) >= len(pre) and w in silent]
        others = [w for w in columns if w not in dead]
        if (few == 1 or not others or len(others) >= len(dead)) and all(
            _is_dense(case, columns[w], zeros[w]) for w in others
        ):
            found |= dict.fromkeys(dead)
            examples = len(pre) if dead else examples
    return [_never_on(case, list(found), examples)] if found else []


def _is_suspect(case: Case, pre: Ints, silent: Collection[int]) -> bool:
    """Whether a parameter in `silent` multiplies a given 0 in the sums of a unit that is not off."""
    graph = case.graph
    if not largest(pre, graph.squares):
        return False
    pairs = products(graph, prediction_of(case, pre[0]), case.given)
    return any(w in silent and graph.data[x] == 0.0 and not graph.depends[x] for w, x in pairs)


def _columns(case: Case, indices: Ints) -> dict[int, list[float]]:
    """By parameter of a unit, the given number that it multiplies in each example."""
    graph, found = case.graph, dict[int, list[float]]()
    for i in predictions_of(case, indices):
        for weight, x in products(graph, i, case.given):
            if graph.depends[x]:
                return {}
            found.setdefault(weight, []).append(graph.data[x])
    return found


def _is_dense(case: Case, column: Sequence[float], zeros: int) -> bool:
    return zeros <= case.limits.dense * len(column) and not set(column) <= {0.0, 1.0}


def _never_on(case: Case, found: Sequence[int], examples: int) -> Finding:
    weights = [case.graph.nodes[w] for w in found]
    return Finding(
        "dead_input",
        tuple(case.names[w] for w in weights),
        {"input": 0.0, "examples": examples, "weights": len(weights), "gradient": 0.0},
        "These weights multiply an input that is 0 for every example. The gradient of a weight is proportional to its "
        "input, so these gradients are 0, and the weights never change.",
        "Look at this feature in the data. Most likely it was not read, or it was rounded or scaled to 0. If the "
        "feature really is always 0, leave it out.",
    )
