"""Faults that keep a loss from falling: a linear model, or one as good as linear because its weights are small."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...structure import SAME, Unit, cancelling, largest
from ..context import Case
from ..report import Finding
from ..words import amount
from .by_hand import unwrapped
from .depth import XAVIER
from .saddle import KINKED, at_kink, at_saddle

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
    """A model as good as linear whose output is the same for every example, and whose gradients cancel over them."""
    graph = case.graph
    quiet = cancelling(case.indices, graph.gradients, graph.squares, case.limits.still)
    if not quiet or len(quiet) < len(case.indices) or not largest(case.indices, graph.squares):
        return []
    if graph.changed and not case.stepped:
        return []
    outputs = _centred(list(outputs_of(case)))
    stuck = [output for output in outputs if _is_constant(case, output)]
    if not stuck or len(stuck) < len(outputs):
        return []
    if _is_linear(case, outputs):
        return [_at_rest(case, stuck)]
    width = _width(case)
    return [_asleep(case, stuck, width)] if 0.0 < width <= NARROW and not KINKED & graph.ops else []


NARROW = 0.2  # a smooth activation is as good as straight over so short a range


def _width(case: Case) -> float:
    """The largest range of a hidden unit's sum over the examples, 0 without hidden units."""
    hidden = [
        [case.graph.data[i] for i in pre]
        for pre in map(case.units.pre.of, range(len(case.units.keys)))
        if len(pre) and case.units.deep[pre[0]]
    ]
    return max((max(zs) - min(zs) for zs in hidden), default=0.0)


def outputs_of(case: Case) -> Iterable[Output]:
    """The outputs that the loss takes of several examples."""
    for unit in case.units.all:
        indices = list(dict.fromkeys(prediction_of(case, i) for i in unit.pre if not case.units.deep[i]))
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


def prediction_of(case: Case, i: int) -> int:
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


def _asleep(case: Case, outputs: Sequence[Output], width: float) -> Finding:
    return Finding(
        "stationary",
        tuple(name for output in outputs for name in output.names),
        {
            "loss": case.loss.data,
            "largest gradient": largest(case.indices, case.graph.gradients),
            "output": outputs[0].numbers[0],
            "examples": len(outputs[0].indices),
            "largest range of z": width,
        },
        "The weights are so small that the hidden units are as good as linear: over the examples, no z before an "
        f"activation differs by more than {amount(width)}. So the output is the same for every example, and in the "
        "gradient of every weight the examples cancel. Gradient descent takes very many steps to leave such a place.",
        f"Start from larger weights{case.in_modules(*XAVIER)}.",
    )
