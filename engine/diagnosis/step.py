"""A step of the parameters, taken or planned: its effect on the loss, and the largest step that lowers the loss."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core import TABLE
from ..structure import SAME, Floats, Ints, LossGraph, floats_of, ints_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALVINGS, BISECTIONS = 800, 24  # bisections, down to 1e-240 of the step, and then to seven digits
ASKED, NEWTON = 64, 32  # changed nodes whose previous data is found by Newton's method, in at most so many moves
LONGEST = 1e150  # largest move whose square does not overflow


@dataclass(frozen=True)
class Step:
    """Where parameters, by index in the graph, start and how far each moves; `rate` is the learning rate, if known.

    `taken` says whether the parameters are already where the step leads.
    """

    graph: LossGraph
    indices: Ints
    origin: "NDArray[np.float64]"
    move: "NDArray[np.float64]"
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
        return detached | dict(zip(self.indices, (self.origin + part * self.move).tolist(), strict=True))

    @property
    def gradients(self) -> "NDArray[np.float64]":
        """The gradients of these parameters where the loss was computed."""
        return array_of(self.graph.gradients)[self.indices]

    @property
    def promised(self) -> float:
        """The change of the loss if it were linear: negative down the gradient."""
        return total(self.gradients * self.move)

    def next(self) -> tuple["Step", float]:
        """The step of plain gradient descent after this one, and the change of the loss if it were linear there."""
        gradients = array_of(self.graph.elsewhere(self._at(1.0))[0])[self.indices]
        move = -(self.rate or 0.0) * gradients
        return Step(self.graph, self.indices, self.origin + self.move, move, self.rate), total(gradients * move)

    @property
    def raises(self) -> bool:
        """Whether the loss rises by more than rounding, or becomes nan."""
        before, after = self.graph.data[0], self.loss()
        return self._moves(1.0) and math.isfinite(before) and not after <= before + SAME * abs(before)

    def _moves(self, part: float) -> bool:
        """Whether a part of the step moves parameters by more than rounding."""
        return bool((part * abs(self.move) > SAME * abs(self.origin)).any())

    @property
    def ratio(self) -> float | None:
        """The factor between the gradient and the move, if one factor fits all parameters."""
        return _factor(self.move, self.gradients)

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
        longest = max(abs(self.move).tolist())
        if longest == math.inf:
            return None
        part = 1e-4 * (1.0 + max(abs(self.origin).tolist())) / longest
        wide, narrow = (self._bend(x) for x in (part, part / 4.0))
        return narrow if math.isclose(wide, narrow, rel_tol=0.01) else None

    def _bend(self, part: float) -> float:
        bend = (self._slope(part) - self._slope(-part)) / (2.0 * part)
        return bend / total(self.move * self.move)

    def _slope(self, part: float) -> float:
        gradients = array_of(self.graph.elsewhere(self._at(part))[0])[self.indices]
        return total(gradients * self.move)


def total(numbers: "NDArray[np.float64]") -> float:
    """The sum, added up in order."""
    return float(sum(numbers.tolist()))


def array_of(numbers: Floats) -> "NDArray[np.float64]":
    """The same numbers as a NumPy array."""
    import numpy as np

    return np.asarray(numbers)


def _factor(moves: "NDArray[np.float64]", gradients: "NDArray[np.float64]") -> float | None:
    """The factor between gradients and moves, if one fits all."""
    import numpy as np

    ratios = moves[gradients != 0.0] / gradients[gradients != 0.0]
    if not len(ratios) or moves[gradients == 0.0].any():
        return None
    spread = np.fmax.reduce(ratios) - np.fmin.reduce(ratios)  # a nan is left out, unless it is the first
    return float(ratios[0]) if spread <= 1e-6 * abs(ratios[0]) else None


def gradient_step(graph: LossGraph, indices: Ints, rate: float) -> Step:
    """The step of plain gradient descent, limited so that squares of moves do not overflow."""
    gradients = array_of(graph.gradients)[indices]
    steepest = max(abs(gradients).tolist(), default=0.0)
    if steepest and math.isfinite(steepest):
        rate = min(rate, LONGEST / steepest)
    return Step(graph, indices, array_of(graph.data)[indices], -rate * gradients, rate)


def planned_step(graph: LossGraph, target: Mapping[int, float], rate: float | None) -> Step | None:
    """The step to these numbers; if one of them is not finite, a step of gradient descent, if the rate is known."""
    indices = ints_of(target)
    if not all(map(math.isfinite, target.values())):
        return None if rate is None else gradient_step(graph, indices, rate)
    origin = array_of(graph.data)[indices]
    return Step(graph, indices, origin, array_of(floats_of(target.values())) - origin, rate)


def stepped(graph: LossGraph, parameters: Set[int]) -> bool:
    """Whether the changes look like a step: only parameters changed, after backward() on this loss or along .grad."""
    changed = graph.changed
    return bool(changed) and changed.keys() <= parameters and (graph.nodes[0].grad != 0.0 or _along_grad(graph))


def _along_grad(graph: LossGraph) -> bool:
    """Whether one factor times .grad gives all moves since the loss was computed, and moves nothing else."""
    before = _before(graph)
    known = [i for i in graph.changed if i in before]
    moves = array_of(floats_of([graph.data[i] - before[i] for i in known]))
    ratio = _factor(moves, array_of(floats_of([graph.nodes[i].grad for i in known])))
    if ratio is None or not (len(known) > 1 or is_written(ratio)):
        return False
    still = [abs(ratio * graph.nodes[i].grad) for i in graph.parameters if i not in graph.changed]
    return max(still, default=0.0) <= 1e-6 * float(max(abs(moves)))


def taken_step(graph: LossGraph, parameters: Ints) -> Step | None:
    """The step along the gradient that was taken after backward(); None if it was another kind, such as momentum's.

    It is known if one factor times the gradients gives all moves, and if undoing the moves gives the loss that was
    computed then. A single parameter always has such a factor, so there it must look like a learning rate.
    """
    before = _before(graph)
    known = {i: before[i] for i in graph.changed if i in before}
    indices, was = ints_of(known), array_of(floats_of(known.values()))
    ratio = Step(graph, indices, was, array_of(graph.data)[indices] - was, None).ratio
    if ratio is None or not (len(known) > 1 or is_written(ratio)):
        return None
    origin = array_of(graph.data[:])
    move = ratio * array_of(graph.gradients)[parameters]
    origin[parameters] -= move
    origin[indices] = was
    step = Step(graph, parameters, origin[parameters], move, abs(ratio), taken=True)
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
    unknown = [i for i, was in graph.changed.items() if was is None][:ASKED]
    known = {i: was for i, was in graph.changed.items() if was is not None}
    if not unknown:
        return known
    now = graph.forward({})
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
