"""Faults that keep a loss from falling: a model that is too simple, and inputs that are always 0."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ...structure import SAME, Ints, Unit, cancelling, largest, small
from ..context import Case
from ..report import Finding
from ..terms import products
from ..words import amount
from .by_hand import unwrapped
from .saddle import at_kink, at_saddle

LINEAR = frozenset(("add", "sub", "neg", "sum", "mul", "dot", "div", "pos"))


@dataclass(frozen=True)
class Output:
    """An output over the examples: its names, the indices of its predictions, and d loss / d prediction as `demands`.

    `numbers` are the predictions. For logits, of which a loss sees only differences, they are the data less the mean
    over the outputs of the same example.
    """

    names: Sequence[str]
    indices: Sequence[int]
    demands: Sequence[float]
    numbers: Sequence[float]

    @property
    def one_way(self) -> bool:
        """Whether the loss asks all of them to move the same way."""
        return abs(sum(self.demands)) > 0.5 * sum(map(abs, self.demands))


def stationary(case: Case) -> list[Finding]:
    """Gradients that are 0, though the loss is no minimum of the network meant: a linear model, or weights of 0."""
    return at_saddle(case) or at_kink(case) or _linear(case)


def _linear(case: Case) -> list[Finding]:
    """A linear model whose output is the same for every example, with gradients of the examples that cancel."""
    graph = case.graph
    quiet = cancelling(case.indices, graph.gradients, graph.squares, case.limits.still)
    if not quiet or len(quiet) < len(case.indices) or not largest(case.indices, graph.squares):
        return []
    if graph.changed and not case.stepped:
        return []
    outputs = _centred(list(outputs_of(case)))
    stuck = [output for output in outputs if _is_constant(case, output)]
    if not stuck or len(stuck) < len(outputs) or not _is_linear(case, outputs):
        return []
    return [_at_rest(case, stuck)]


def outputs_of(case: Case) -> Iterable[Output]:
    """The outputs that the loss takes of several examples."""
    for unit in case.units.all:
        indices = list(dict.fromkeys(_prediction(case, i) for i in unit.pre if not case.units.deep[i]))
        if len(indices) > 1:
            demands, numbers = [case.graph.gradients[i] for i in indices], [case.graph.data[i] for i in indices]
            yield Output(_names(case, unit), indices, demands, numbers)


def _names(case: Case, unit: Unit) -> list[str]:
    """The name of a unit, or all its labels if each example has its own."""
    units = case.units
    labels = dict.fromkeys(node.label for node, by in units.outputs.items() if by == unit and node.label)
    return [*labels] if units.name(unit) in labels else [units.name(unit)]


def _centred(outputs: list[Output]) -> list[Output]:
    """The outputs with each example's mean taken off, if the loss has no gradient along that mean."""
    if len(outputs) < 2 or len({len(output.indices) for output in outputs}) > 1:
        return outputs
    for demands in zip(*(output.demands for output in outputs), strict=True):
        if abs(sum(demands)) > SAME * max(map(abs, demands)):
            return outputs
    means = [sum(numbers) / len(outputs) for numbers in zip(*(o.numbers for o in outputs), strict=True)]
    return [replace(o, numbers=[x - m for x, m in zip(o.numbers, means, strict=True)]) for o in outputs]


def _prediction(case: Case, i: int) -> int:
    """The sum without the target or the other logits that it is compared with."""
    return unwrapped(case, i, ("sub", "neg"))


def _is_constant(case: Case, output: Output) -> bool:
    """Whether an output is the same for all examples, although their inputs differ and its gradient is not 0."""
    numbers, asked = output.numbers, max(map(abs, output.demands))
    if not asked or max(numbers) - min(numbers) > case.limits.constant * asked:
        return False
    return len({tuple(case.graph.data[j] for j in inputs_of(case, i)) for i in output.indices}) > 1


def inputs_of(case: Case, i: int) -> list[int]:
    """The given numbers that a node depends on."""
    return [j for j in _below(case, i) if not case.graph.nodes[j].op and j not in case.given]


def _below(case: Case, i: int, most: int = 1000) -> list[int]:
    """The nodes that a node depends on, itself first."""
    found = {i: None}
    stack = [i]
    while stack and len(found) < most:
        inner = [j for j in case.graph.operands(stack.pop()) if j not in found]
        found |= dict.fromkeys(inner)
        stack += inner
    return list(found)


def _is_linear(case: Case, outputs: Iterable[Output]) -> bool:
    return all(
        case.graph.nodes[j].op in LINEAR
        for output in outputs
        for j in _below(case, output.indices[0])
        if case.graph.nodes[j].op
    )


def _at_rest(case: Case, outputs: Sequence[Output]) -> Finding:
    demands = [demand for output in outputs for demand in output.demands]
    up, down = sum((-d for d in demands if d < 0.0), 0.0), sum((d for d in demands if d > 0.0), 0.0)
    lacks_bias = all(output.one_way for output in outputs)
    number = outputs[0].numbers[0]
    if lacks_bias:
        why = (
            f"The model has no bias at the output and gives {amount(number)} for every example. The loss falls if all "
            "outputs move in the same direction, but a change of the weights that raises some outputs lowers others."
        )
        remedy = (
            "Give the output a bias, which moves all outputs in the same direction: Neuron and MLP have one; by hand, "
            "add Value(0.0) to the sum."
        )
    else:
        why = (
            "The model is linear, a weighted sum of its inputs, and its output is the same for every example. Some "
            f"examples pull the output up (by {amount(up)} in all) and others down (by {amount(down)}), and in the "
            "gradient of every weight these pulls cancel. No line through these examples is better than a constant, "
            "so the loss cannot fall."
        )
        remedy = (
            "Put a hidden layer with a nonlinearity between inputs and output, such as "
            f'MLP(2, [4, {len(outputs)}], activation="tanh", init="xavier", seed=0). A stack of linear layers is '
            "still linear."
        )
    return Finding(
        "stationary",
        tuple(name for output in outputs for name in output.names),
        {
            "loss": case.loss.data,
            "largest gradient": largest(case.indices, case.graph.gradients),
            "output": number,
            "examples": len(outputs[0].indices),
            "pull up": up,
            "pull down": down,
        },
        why,
        remedy,
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
    pairs = products(graph, _prediction(case, pre[0]), case.given)
    return any(w in silent and graph.data[x] == 0.0 and not graph.depends[x] for w, x in pairs)


def _columns(case: Case, indices: Iterable[int]) -> dict[int, list[float]]:
    """By parameter of a unit, the given number that it multiplies in each example."""
    graph, found = case.graph, dict[int, list[float]]()
    for i in indices:
        i = _prediction(case, i)
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
