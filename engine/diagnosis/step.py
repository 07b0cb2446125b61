"""A step of the parameters, taken or planned: its effect on the loss, and the largest step that lowers the loss."""

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from ..core import TABLE, Value
from ..structure import SAME, LossGraph

HALVINGS, BISECTIONS = 800, 24  # bisections, down to 1e-240 of the step, and then to seven digits
ASKED, NEWTON = 64, 32  # changed nodes whose previous data is found by Newton's method, in at most so many moves
LONGEST = 1e150  # largest move whose square does not overflow


@dataclass(frozen=True)
class Step:
    """Where parameters start and how far each moves, by index in the graph; `rate` is the learning rate, if known.

    `taken` says whether the parameters are already where the step leads.
    """

    graph: LossGraph
    origin: Mapping[int, float]
    move: Mapping[int, float]
    rate: float | None
    taken: bool = False
    _losses: dict[float, float] = field(default_factory=dict, repr=False)  # by part

    def loss(self, part: float = 1.0) -> float:
        """The loss after a part of the step, with detached numbers held fixed, as in backward()."""
        if part not in self._losses:
            self._losses[part] = self.graph.forward(self._at(part))[0]
        return self._losses[part]

    def _at(self, part: float) -> dict[int, float]:
        detached = {i: self.graph.data[i] for i in self.graph.of("detach")}
        return detached | {i: x + part * self.move[i] for i, x in self.origin.items()}

    @property
    def promised(self) -> float:
        """The change of the loss if it were linear: negative down the gradient."""
        return sum(self.graph.gradients[i] * move for i, move in self.move.items())

    def next(self) -> tuple["Step", float]:
        """The step of plain gradient descent after this one, and the change of the loss if it were linear there."""
        gradients, _ = self.graph.elsewhere(self._at(1.0))
        move = {i: -(self.rate or 0.0) * gradients[i] for i in self.move}
        origin = {i: x + self.move[i] for i, x in self.origin.items()}
        return Step(self.graph, origin, move, self.rate), sum(gradients[i] * move[i] for i in move)

    @property
    def raises(self) -> bool:
        """Whether the loss rises by more than rounding, or becomes nan."""
        before, after = self.graph.data[0], self.loss()
        return self._moves(1.0) and math.isfinite(before) and not after <= before + SAME * abs(before)

    def _moves(self, part: float) -> bool:
        """Whether a part of the step moves parameters by more than rounding."""
        return any(part * abs(move) > SAME * abs(self.origin[i]) for i, move in self.move.items())

    @property
    def ratio(self) -> float | None:
        """The factor between the gradient and the move, if one factor fits all parameters."""
        pairs = [(move, self.graph.gradients[i]) for i, move in self.move.items()]
        ratios = [move / gradient for move, gradient in pairs if gradient]
        if not ratios or any(move and not gradient for move, gradient in pairs):
            return None
        return ratios[0] if max(ratios) - min(ratios) <= 1e-6 * abs(ratios[0]) else None

    def largest_part(self) -> float | None:
        """The largest fraction of the step that lowers the loss, if the whole step does not; None if none is found."""
        before, high = self.graph.data[0], 1.0
        low = high / 2.0
        for _ in range(HALVINGS):
            if self.loss(low) < before:
                break
            high, low = low, low / 2.0
            if not self._moves(high):
                return None
        else:
            return None
        for _ in range(BISECTIONS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.loss(middle) < before else (low, middle)
        return low

    def curvature(self) -> float | None:
        """The curvature along the step, dᵀHd / dᵀd; None at a kink, or if a move is not finite."""
        longest = max(map(abs, self.move.values()))
        if longest == math.inf:
            return None
        part = 1e-4 * (1.0 + max(map(abs, self.origin.values()))) / longest
        wide, narrow = (self._bend(x) for x in (part, part / 4.0))
        return narrow if math.isclose(wide, narrow, rel_tol=0.01) else None

    def _bend(self, part: float) -> float:
        bend = (self._slope(part) - self._slope(-part)) / (2.0 * part)
        return bend / sum(move * move for move in self.move.values())

    def _slope(self, part: float) -> float:
        gradients, _ = self.graph.elsewhere(self._at(part))
        return sum(gradients[i] * move for i, move in self.move.items())


def gradient_step(graph: LossGraph, at: Iterable[int], rate: float) -> Step:
    """The step of plain gradient descent, limited so that squares of moves do not overflow."""
    indices = list(at)
    steepest = max((abs(graph.gradients[i]) for i in indices), default=0.0)
    if steepest and math.isfinite(steepest):
        rate = min(rate, LONGEST / steepest)
    return Step(graph, {i: graph.data[i] for i in indices}, {i: -rate * graph.gradients[i] for i in indices}, rate)


def planned_step(graph: LossGraph, target: Mapping[int, float], rate: float | None) -> Step | None:
    """The step to these numbers; if one of them is not finite, a step of gradient descent, if the rate is known."""
    if not all(map(math.isfinite, target.values())):
        return None if rate is None else gradient_step(graph, target, rate)
    origin = {i: graph.data[i] for i in target}
    return Step(graph, origin, {i: x - origin[i] for i, x in target.items()}, rate)


def stepped(graph: LossGraph, parameters: Set[int]) -> bool:
    """Whether the changes look like an optimiser's step: only parameters changed, after backward() on this loss."""
    changed = graph.changed
    return bool(changed) and graph.nodes[0].grad != 0.0 and changed.keys() <= parameters


def taken_step(graph: LossGraph, parameters: Mapping[Value, int]) -> Step | None:
    """The step along the gradient that was taken after backward(); None if it was another kind, such as momentum's.

    It is known if one factor times the gradients gives all moves, and if undoing the moves gives the loss that was
    computed then. A single parameter always has such a factor, so there it must look like a learning rate.
    """
    before = _before(graph)
    known = {i: before[i] for i in graph.changed if i in before}
    ratio = Step(graph, known, {i: graph.data[i] - was for i, was in known.items()}, None).ratio
    if ratio is None or not (len(known) > 1 or is_written(ratio)):
        return None
    move = {i: ratio * graph.gradients[i] for i in parameters.values()}
    origin = {i: known.get(i, graph.data[i] - move[i]) for i in move}
    step = Step(graph, origin, move, abs(ratio), taken=True)
    return step if _is_where_it_began(step) else None


def is_written(number: float) -> bool:
    """Whether a number has at most three digits, like a learning rate that somebody typed."""
    return math.isclose(float(f"{number:.3g}"), number, rel_tol=1e-9)


def _is_where_it_began(step: Step) -> bool:
    before, now = step.graph.data[0], step.graph.forward({})[0]
    change = abs(now - before) if math.isfinite(now) else abs(before)
    return abs(step.loss(0.0) - before) <= 1e-6 * change + 1e-12 * abs(before)


def _before(graph: LossGraph) -> dict[int, float]:
    """The data of changed nodes in the forward pass, from a partial, or, of a few, by undoing an operation."""
    known = {i: was for i, was in graph.changed.items() if was is not None}
    unknown = [i for i in graph.changed if i not in known][:ASKED]
    now = graph.forward({}) if unknown else graph.data
    edges = [k for i in unknown for k in graph.edges_to(i) if _is_alone(graph, k, now)]
    undone = {graph.flattened.operands[k]: _undone(graph, k) for k in edges}
    return {i: was for i, was in undone.items() if was is not None} | known


def _is_alone(graph: LossGraph, edge: int, now: Sequence[float]) -> bool:
    """Whether a gradient passes this edge, and its operand, used once, is the only one that has changed."""
    operands = graph.operands(graph.flattened.results[edge])
    changed = [j for j in operands if j in graph.changed or now[j] != graph.data[j]]
    return changed == [graph.flattened.operands[edge]] and graph.flattened.partials[edge] != 0.0


def _undone(graph: LossGraph, edge: int) -> float | None:
    """The data with which this edge's operand gives the stored result and partial, by Newton's method, or None."""
    result, operand = graph.flattened.results[edge], graph.flattened.operands[edge]
    row, slot = TABLE[graph.nodes[result].op], edge - graph.flattened.starts[result]
    x, slope = graph.data[operand], graph.flattened.partials[edge]
    partial = slope  # where x was, and so the first move ends on the same side of a kink
    for _ in range(NEWTON):
        numbers = row.split([x if j == operand else graph.data[j] for j in graph.operands(result)])
        y = row.value(*numbers)
        move = (graph.data[result] - y) / partial
        x += move
        if not math.isfinite(x):
            return None
        partials = row.partial_values(y, *numbers)
        partial = row.flatten(partials, len(numbers[0]))[slot] if row.variadic else partials[slot]
        if not partial or abs(move) <= SAME * abs(x):
            return x if math.isclose(partial, slope, rel_tol=1e-6) else None
    return None
