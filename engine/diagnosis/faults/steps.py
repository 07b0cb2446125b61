"""Faults of a step: up the gradient, too far, or of a Value that is not a parameter."""

import math
from collections.abc import Sequence

from ...structure import SAME, LossGraph
from ..context import Case, unit_in
from ..description import describe
from ..report import Evidence, Finding
from ..step import Step, gradient_step, is_written, total
from ..terms import other_factor
from ..words import amount, below


def ascent(case: Case) -> list[Finding]:
    """A step up the gradient: every move is the same positive factor times the gradient, and the loss rises."""
    step = case.step
    ratio = None if step is None else step.ratio
    if step is None or ratio is None or ratio <= 0.0 or not step.raises:
        return []
    moved, rises = ("were moved", "rose") if step.taken else ("are about to be moved", "rises")
    before, after = step.graph.data[0], step.loss()
    return [
        Finding(
            "ascent",
            _moved(case, step),
            {"loss before": before, "loss after": after, "rate": ratio},
            f"The parameters {moved} up the gradient, by {amount(ratio)} times the gradient, and so the loss {rises} "
            f"from {amount(before)} to {amount(after)}.",
            TURNED if _is_turned(step) else ADDED,
        )
    ]


ADDED = "Subtract the gradient instead of adding it: p.data -= lr * p.grad, or optimizer.step()."
TURNED = (
    "The .grad that the step used has the wrong sign. If you compute it by hand, the error is output - target: the "
    "derivative of (y - a)**2 with respect to a is 2 * (a - y). Or let loss.backward() fill in .grad."
)


def _is_turned(step: Step) -> bool:
    """Whether the numbers in .grad, which backward() on this loss did not fill in, point against the gradient."""
    grads = [step.graph.nodes[i].grad for i in step.indices]
    return step.taken and step.graph.nodes[0].grad == 0.0 and total(step.gradients * grads) < 0.0


def _moved(case: Case, step: Step) -> tuple[str, ...]:
    return tuple(case.groups(step.graph.nodes[i] for i, move in zip(step.indices, step.move, strict=True) if move))


def step_too_long(case: Case) -> list[Finding]:
    """A step down the gradient that is so long that the loss rises."""
    step = case.step
    if step is None or not step.promised < 0.0 or not step.raises:
        return []
    part = step.largest_part()
    before, after = step.graph.data[0], step.loss()
    evidence: Evidence = {"loss before": before, "loss after": after, **_measures(step, part)}
    goes, beyond, rises, is_nan = TAKEN if step.taken else PLANNED
    far = "" if part is None else f", but too far: {beyond}" if math.isfinite(after) else ", but too far"
    end = is_nan if math.isnan(after) else f"{rises} from {amount(before)} to {amount(after)}"
    bends = " The larger the curvature, the shorter a step must be." if "curvature" in evidence else ""
    return [
        Finding(
            "step_too_long",
            _moved(case, step),
            evidence,
            f"The step {goes} down the gradient{far}. The loss {end}.{bends}",
            _shorter(step, part) + about_inputs(case),
        )
    ]


TAKEN = "went", "it crossed the valley and came out higher on the other side", "rose", "became nan"
PLANNED = (
    "would go",
    "it would cross the valley and come out higher on the other side",
    "would rise",
    "would become nan",
)
LARGE = 10.0  # inputs beyond this shorten the steps: the curvature grows with their square


def about_inputs(case: Case, effect: str = "allow longer steps") -> str:
    """What to do about large inputs, the given numbers that multiply parameters."""
    graph = case.graph
    factors = set(case.units.weighted_sums.inputs(case.units.pre.members))
    size = max((abs(graph.data[x]) for x in factors if not graph.nodes[x].op and x not in case.given), default=0.0)
    if not LARGE < size < math.inf:
        return ""
    return f" Inputs go up to |x| = {amount(size)}; scaled to about 1, they {effect}."


def _measures(step: Step, part: float | None) -> dict[str, float]:
    """The rate, the curvature along the step, and the largest rate, or fraction of the step, that lowers the loss."""
    found = {} if step.rate is None else {"rate": step.rate}
    curvature = step.curvature()
    if curvature is not None and 0.0 < curvature < math.inf:
        found["curvature"] = curvature
    if part is not None:
        found |= {"largest part": part} if step.rate is None else {"largest rate": part * step.rate}
    return found


def _shorter(step: Step, part: float | None) -> str:
    if part is None:
        return (
            "No shorter step in this direction was found to lower the loss. The parameters may be at a kink, or at a "
            "minimum to within rounding."
        )
    if step.rate is None:
        return f"Take a smaller learning rate: a step {below(part)} times as long only just lowers this loss.{HALF}"
    return f"A learning rate of {below(part * step.rate)} only just lowers this loss.{HALF}"


HALF = " Take half of it or less."


def step_too_short(case: Case) -> list[Finding]:
    """A step down the gradient at a rate so small that a usual one lowers the loss thousands of times as fast."""
    step, usual = case.step, case.limits.usual_rate
    if step is None or step.taken or step.rate is None or step.rate > SHORT * usual:
        return []
    falls = -step.promised
    plain = step.rate * total(step.gradients**2)  # not momentum's or Adam's
    is_plain = falls > 0.0 and math.isclose(falls, plain, rel_tol=1e-3)
    if not is_plain or good_steps(case, usual) < 2:
        return []
    return [
        Finding(
            "step_too_short",
            _moved(case, step),
            {"rate": step.rate, "loss": case.loss.data, "falls by": falls, "usual rate": usual},
            f"The step goes down the gradient, but it is so short that the loss of {amount(case.loss.data)} falls by "
            f"only {amount(falls)}. At a learning rate of {usual:g} it falls {usual / step.rate:,.0f} times as fast.",
            f"Take a larger learning rate, such as {usual:g}, and ask diagnose(loss, parameters, lr={usual:g}) whether "
            "it may be larger still.",
        )
    ]


SHORT = 1e-3  # a rate of at most this fraction of the usual one is too small where the usual one descends


def good_steps(case: Case, rate: float) -> int:
    """How many of the first two steps of gradient descent at this rate lower the loss as its slope predicts."""
    step = gradient_step(case.graph, case.indices, rate)
    before, after, rounding = case.loss.data, step.loss(), SAME * abs(case.loss.data)
    if not (abs(after) <= abs(before) and after - before <= 0.1 * step.promised):
        return 0
    second, promised = step.next()  # with raw targets, the first step may move the outputs alone
    return 1 + (second.loss() - after <= 0.1 * promised + rounding)


def rebound(case: Case) -> list[Finding]:
    """Parameters that are the results of operations, or Values in the graph that have replaced parameters."""
    is_given = min(case.indices, default=0) in case.graph.interior or any(p.op for p in case.missing)
    given, replaced = [p for p in case.parameters if p.op] if is_given else [], _replaced(case)
    if not given and not replaced:
        return []
    where = [p.label or describe(LossGraph(p), 0, 1) for p in given] + [
        describe(case.graph, i) for i in replaced.values()
    ]
    used = [*(p for p in given if p in case.index_of), *(case.graph.nodes[i] for i in replaced)]
    return [
        Finding(
            "rebound",
            tuple(where),
            {"parameters": len(where), "operation": (given or used)[0].op, "used by the loss": len(used)},
            "A parameter must not be the result of an operation, as these Values are. `p = p - lr * p.grad` makes a "
            f"new Value and calls it p. {REPLACED if replaced else KEPT}",
            "Change the number inside the parameter: p.data -= lr * p.grad, or optimizer.step(). If a weight is "
            "computed on purpose, pass the Values that it is computed from.",
        )
    ]


KEPT = "The model keeps the old Value, so nothing is trained."
REPLACED = "The new Value is not among the parameters, so no optimizer, zero_grad or save reaches it."


def _replaced(case: Case) -> dict[int, int]:
    """Nodes p - rate * p.grad that multiply data or hidden units, each with its leaf p."""
    graph, known = case.graph, dict[int, tuple[int, bool]]()
    made = {i: _origin(case, i, known) for i in _candidates(case) if graph.nodes[i].op in ("add", "sub")}
    return {i: p for i, p in made.items() if p is not None and any(_weighs(case, k) for k in graph.edges_to(i))}


def _candidates(case: Case) -> Sequence[int]:
    """The operations that depend on no parameter, and all if a parameter is used only in p - number."""
    graph = case.graph
    users = (graph.flattened.results[k] for k in graph.only_edges_to(case.indices)[:ASKED])
    is_moved = any(graph.nodes[i].op in ("add", "sub") and _is_given(case, i) for i in users)
    return graph.interior if is_moved else graph.constants


ASKED = 64  # of the parameters that are used once: the first stand for all


def _is_given(case: Case, i: int) -> bool:
    """Whether the second operand is a given number."""
    number = case.graph.operands(i)[1]
    return not case.graph.nodes[number].op and number not in case.given


def _weighs(case: Case, edge: int) -> bool:
    """Whether the operand of an edge is a factor in a product, and its other factor another number and no parameter."""
    graph, other = case.graph, other_factor(case.graph, edge)
    if other is None or other in case.given:
        return False
    return graph.data[other] != graph.data[graph.flattened.operands[edge]]


def _origin(case: Case, i: int, known: dict[int, tuple[int, bool]]) -> int | None:
    """The leaf p of p - rate * p.grad, where the rate looks typed, or where p was moved before and is in a module.

    `known` is the same of the moves before, and whether a p on the way is in a module.
    """
    graph, (first, number) = case.graph, case.graph.operands(i)
    p, move = graph.nodes[first], graph.data[number] if graph.nodes[i].op == "sub" else -graph.data[number]
    leaf, is_in_module = known.get(first, (first, False))
    if not graph.nodes[number].op:
        known[i] = leaf, is_in_module or unit_in(p.label) != ""
    slopes = p.grad, p.grad - graph.gradients[first]
    is_step = is_in_module or any(g and move / g > 0.0 and is_written(move / g) for g in slopes)
    return leaf if is_step and _is_given(case, i) and not graph.nodes[leaf].op else None
