"""Faults that keep a loss from falling: a linear model, or one as good as linear because its weights are small."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import sub

from ...structure import (
    SAME,
    FlattenedGraph,
    Ints,
    Unit,
    cancelling,
    distinct,
    floats_of,
    ints_of,
    large,
    largest,
    none_marked,
    reverse,
    unmarked,
)
from ..context import Case
from ..report import Finding
from ..step import array_of
from ..words import amount
from .depth import XAVIER
from .saddle import KINKED, at_kink, at_saddle

LINEAR = frozenset(("", "add", "sub", "neg", "sum", "mul", "dot", "div", "pos"))


@dataclass(frozen=True)
class Output:
    """An output over the examples: its unit, the indices of its predictions, d loss / d prediction as `demands`.

    `numbers` are the predictions, and `mean` is their mean, or another constant.
    """

    unit: Unit
    indices: Sequence[int]
    demands: Sequence[float]
    numbers: Sequence[float]
    mean: float

    @property
    def one_way(self) -> bool:
        """Whether the loss asks all of them to move the same way."""
        return abs(sum(self.demands)) > 0.5 * sum(map(abs, self.demands))


def stationary(case: Case) -> list[Finding]:
    """Gradients that are 0, though the loss is no minimum of the network meant: a linear model, or weights of 0."""
    return at_saddle(case) or at_kink(case) or _constant(case)


def _constant(case: Case) -> list[Finding]:
    """A model as good as linear that is no better than a constant output, where the gradients of its weights cancel."""
    graph = case.graph
    if (graph.changed and not case.stepped) or not case.once(several):
        return []
    is_linear = _is_linear(case)
    if not (is_linear or _is_asleep(case)) or not _is_like_constant(case):
        return []
    outputs = list(outputs_of(case))
    for _ in range(MOST):
        constants = {i: output.mean for output in outputs for i in output.indices}
        least = graph.forward(constants)[0]
        if not _is_near(case, least):
            return []
        moved = graph.moved(constants)
        adjoints, squares = reverse(moved)
        outputs = [
            replace(output, demands=[_clear(adjoints[i], squares[i]) for i in output.indices]) for output in outputs
        ]
        if all(any(output.demands) for output in outputs) and _is_torn(case, moved, outputs):
            if not all(_differs(case, output) for output in outputs) or (is_linear and _is_bent(case, outputs)):
                return []
            return [_at_rest(case, outputs, least) if is_linear else _asleep(case, outputs)]
        if len(outputs) > 1 or not (bend := _bend(case, outputs[0])) > 0.0:
            return []
        outputs = [replace(outputs[0], mean=outputs[0].mean - sum(outputs[0].demands) / bend)]
    return []


def _is_like_constant(case: Case) -> bool:
    """Whether the loss is that of outputs that are their mean over the examples."""
    data, indices, numbers = array_of(case.graph.data), ints_of(()), floats_of(())
    for some in case.once(several).values():
        indices += some
        numbers += floats_of((data[some].mean(),)) * len(some)
    return _is_near(case, case.graph.loss_at(indices, numbers))


def _is_near(case: Case, least: float) -> bool:
    """Whether the loss is as good as this one, that of a constant output."""
    return abs(case.graph.forward({})[0] - least) <= case.limits.constant * abs(least)


def _clear(gradient: float, square: float) -> float:
    """A gradient, 0 if it may be nothing but rounding."""
    return gradient if abs(gradient) > SAME * math.sqrt(square) else 0.0


MOST = 4  # moves of a constant to where the loss is lowest, by Newton's method


def _bend(case: Case, output: Output) -> float:
    """The second derivative of the loss by a constant output."""
    step = BEND * (1.0 + abs(output.mean))
    adjoints = case.graph.elsewhere(dict.fromkeys(output.indices, output.mean + step))[0]
    return (sum(adjoints[i] for i in output.indices) - sum(output.demands)) / step


BEND = 1e-4


def _is_torn(case: Case, moved: FlattenedGraph, outputs: Iterable[Output]) -> bool:
    """Whether the pulls of the examples cancel in the gradient of every parameter, penalties apart."""
    penalties = moved._replace(partials=moved.partials[:])
    for output in outputs:
        for i in output.indices:
            for k in range(moved.starts[i], moved.starts[i + 1]):
                penalties.partials[k] = 0.0
    both, rest = reverse(moved), reverse(penalties)
    gradients, squares = (floats_of(map(sub, *columns)) for columns in zip(both, rest, strict=True))
    quiet = cancelling(case.indices, gradients, squares, case.limits.still)
    return len(quiet) == len(case.indices) and largest(case.indices, squares) > 0.0


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
    graph = case.graph
    for n, indices in case.once(several).items():
        demands, numbers = (array_of(column)[indices].tolist() for column in (graph.gradients, graph.data))
        yield Output(case.units.unit(n), indices, demands, numbers, sum(numbers) / len(numbers))


def several(case: Case) -> dict[int, Ints]:
    """The predictions of the units, by number, whose sums no layer reads, if they are several."""
    last, count = unmarked(case.units.pre, case.units.deep), len(case.graph.nodes)
    found = {n: distinct(predictions_of(case, last.of(n)), count) for n in large(last, 2)}
    return {n: indices for n, indices in found.items() if len(indices) > 1}


def names_of(case: Case, output: Output) -> list[str]:
    """The name of its unit, or all its labels if each example has its own."""
    units, unit = case.units, output.unit
    labels = dict.fromkeys(node.label for node, by in units.outputs.items() if by == unit and node.label)
    return [*labels] if units.name(unit) in labels else [units.name(unit)]


def prediction_of(case: Case, i: int) -> int:
    """The sum without the target or the other logits that it is compared with, as in z - y or 1 + -y * z."""
    return predictions_of(case, ints_of((i,)))[0]


def predictions_of(case: Case, sums: Ints) -> Ints:
    """The predictions inside sums; before a relu, as in a hinge, a number that is added is no bias."""
    weighted_sums = case.units.weighted_sums
    found = weighted_sums.innermost(sums)
    return weighted_sums.innermost(found, shifts=False) if weighted_sums.any_activated(found) else found


def _differs(case: Case, output: Output) -> bool:
    """Whether the loss asks for different outputs for different inputs, not only among examples with equal ones."""
    demands = defaultdict[tuple[float, ...], float](float)
    for i, demand in zip(output.indices, output.demands, strict=True):
        demands[tuple(case.graph.data[j] for j in inputs_of(case, i))] += demand
    least = case.limits.still * sum(map(abs, output.demands))
    return len(demands) > 1 and any(abs(demand) > least for demand in demands.values())


def inputs_of(case: Case, i: int) -> list[int]:
    """The given numbers that a node depends on."""
    return [j for j in _below(case, i) if not case.graph.nodes[j].op and j not in case.given]


def _below(case: Case, i: int, most: int = 1000) -> Iterator[int]:
    """The nodes that a node depends on, itself first."""
    found, stack = {i}, [i]
    while stack:
        j = stack.pop()
        yield j
        inner = [k for k in case.graph.operands(j) if k not in found] if len(found) < most else []
        found.update(inner)
        stack += inner


def _is_linear(case: Case) -> bool:
    """Whether all outputs are weighted sums, judged by one example."""
    graph, units = case.graph, case.units
    last = [units.pre.of(n)[0] for n in none_marked(units.pre, units.deep)[:ASKED]]
    return all(graph.nodes[j].op in LINEAR for i in last for j in _below(case, prediction_of(case, i)))


ASKED = 8  # of the outputs: the first stand for all


def _is_bent(case: Case, outputs: Iterable[Output]) -> bool:
    """Whether hidden units may be relus by an `if` or a mask, so that not all examples see the same sums."""
    sizes = [{sum(1 for _ in _below(case, i)) for i in output.indices} for output in outputs]
    inner = {j for output in outputs for i in output.indices for j in _below(case, i)}
    masked = case.units.forms.scaled(case.graph.of("mul"))
    return any(len(different) > 1 for different in sizes) or not inner.isdisjoint(masked)


def _is_asleep(case: Case) -> bool:
    """Whether the gradients are 0, and no smooth activation of a hidden unit sees more than a short range."""
    graph = case.graph
    quiet = cancelling(case.indices, graph.gradients, graph.squares, case.limits.still)
    return len(quiet) == len(case.indices) and not KINKED & graph.ops and 0.0 < _width(case) <= NARROW


def _at_rest(case: Case, outputs: Sequence[Output], least: float) -> Finding:
    demands = [demand for output in outputs for demand in output.demands]
    up, down = sum((-d for d in demands if d < 0.0), 0.0), sum((d for d in demands if d > 0.0), 0.0)
    lacks_bias = all(output.one_way for output in outputs)
    number = outputs[0].mean
    if lacks_bias:
        why = (
            f"The model has no bias at the output and gives {amount(number)} on average. The loss falls if all "
            "outputs move in the same direction, but a change of the weights that raises some outputs lowers others."
        )
        remedy = (
            "Give the output a bias, which moves all outputs in the same direction: Neuron and MLP have one; by hand, "
            "add Value(0.0) to the sum."
        )
    else:
        why = (
            "The model is linear, a weighted sum of its inputs, and is no better than a constant output, whose loss is "
            f"{amount(least)}. At the constant, some examples pull the output up (by {amount(up)} in all) and others "
            f"down (by {amount(down)}), and in the gradient of every weight these pulls cancel. So gradient descent "
            "leads no further."
        )
        remedy = (
            "Put a hidden layer with a nonlinearity between inputs and output, such as "
            f'MLP(2, [4, {len(outputs)}], activation="tanh", init="xavier", seed=0). A stack of linear layers is '
            "still linear."
        )
    return Finding(
        "stationary",
        tuple(name for output in outputs for name in names_of(case, output)),
        {
            "loss": case.loss.data,
            "largest gradient": largest(case.indices, case.graph.gradients),
            "output": number,
            "loss at a constant output": least,
            "examples": len(outputs[0].indices),
            "pull up": up,
            "pull down": down,
        },
        why,
        remedy,
    )


def _asleep(case: Case, outputs: Sequence[Output]) -> Finding:
    width = _width(case)
    return Finding(
        "stationary",
        tuple(name for output in outputs for name in names_of(case, output)),
        {
            "loss": case.loss.data,
            "largest gradient": largest(case.indices, case.graph.gradients),
            "output": outputs[0].mean,
            "examples": len(outputs[0].indices),
            "largest range of z": width,
        },
        "The weights are so small that the hidden units are as good as linear: over the examples, no z before an "
        f"activation differs by more than {amount(width)}. So the output is the same for every example, and in the "
        "gradient of every weight the examples cancel. Gradient descent takes very many steps to leave such a place.",
        f"Start from larger weights{case.in_modules(*XAVIER)}.",
    )
