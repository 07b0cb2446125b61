"""Faults of the current state: non-finite numbers, and data set after the forward pass."""

import math
import sys
from collections.abc import Sequence

from ...core import Value, line_of
from ...structure import all_small, origins
from ..context import Case
from ..description import definition, describe
from ..report import Finding
from ..words import amount
from .stale import stepped_by_hand
from .steps import about_inputs, ascent, step_too_long
from .underflow import LOGS_OF_FACTORS, lost_factors


def non_finite(case: Case) -> list[Finding]:
    """The first operation with a non-finite result or partial but finite operands, if it affects the loss."""
    graph, largest = case.graph, sys.float_info.max
    if not all_small(case.indices, graph.data, largest) or not all(math.isfinite(p.data) for p in case.missing):
        return [_held(case, [p for p in case.parameters if not math.isfinite(p.data)])]
    if math.isfinite(case.loss.data) and all_small(case.indices, graph.gradients, largest):
        return []
    first = sorted(origins(graph.flattened), key=lambda i: graph.nodes[i].serial)
    return [_made(case, first)] if first else []


def _held(case: Case, known: Sequence[Value]) -> Finding:
    return Finding(
        "non_finite",
        tuple(case.groups(known)),
        {"parameters": len(known), "data": known[0].data},
        "These parameters are inf or nan themselves, and so is everything computed from them. Most likely an earlier "
        "step along an inf or nan gradient made them so.",
        "Start again from finite weights with a smaller learning rate. To find the step that did it, run the training "
        "inside `with strict():`." + about_inputs(case),
    )


def _made(case: Case, first: Sequence[int]) -> Finding:
    graph, i = case.graph, first[0]
    node = graph.nodes[i]
    inner = {
        describe(graph, j): graph.data[j] for j in graph.operands(i)[:4] if graph.nodes[j].op or graph.nodes[j].label
    }
    is_slope = math.isfinite(graph.data[i])
    result = {"slope": _worst(graph.partials(i))} if is_slope else {"result": graph.data[i]}
    more = {"operations like it": len(first) - 1} if len(first) > 1 else {}
    line = {"line": line_of(node)} if line_of(node) else {}
    told = ", ".join(f"{name} = {_exact(number)}" for name, number in inner.items())
    what = f"{definition(graph, i, 3)}{f', with {told},' if told else ''}" if node.op else "A given number"
    if is_slope:
        why = f"The slope of {what} is {amount(result['slope'])}, so every gradient that passes it is inf or nan."
    else:
        first_one = "the first result that is inf or nan" if node.op else "inf or nan"
        why = (
            f"{what} is {first_one}. The numbers computed from it, and the gradients that pass it, are inf or nan too."
        )
    cause, remedy = _cause(case, i)
    return Finding(
        "non_finite",
        (describe(graph, i, 3),),
        {"operation": node.op or "leaf", **inner, **result, **more, **cause, **line},
        why,
        remedy,
    )


def _exact(number: float) -> str:
    """Four digits, or more of a number that is only next to an integer, where a domain may end; 0 for -0."""
    texts = (f"{number + 0.0:.{digits}g}" for digits in range(4, 18))
    return next(text for text in texts if float(text) == number or abs(number) > 1e9 or not float(text).is_integer())


def _worst(partials: Sequence[float]) -> float:
    return next(slope for slope in partials if not math.isfinite(slope))


HUGE = 1e30  # no weight is so large on purpose
FAR = 500.0  # no function of a smaller number overflows, but for powers


def _cause(case: Case, i: int) -> tuple[dict[str, float | str], str]:
    """The cause of an inf or nan in an operation, as evidence, and its remedy."""
    graph = case.graph
    op = graph.nodes[i].op
    if not op:
        return {"cause": "data"}, REMEDY_DATA
    diverged = max(case.index_of.items(), key=lambda entry: abs(graph.data[entry[1]]), default=None)
    if diverged is not None and abs(graph.data[diverged[1]]) > HUGE:
        return {"cause": "diverged", case.names[diverged[0]]: graph.data[diverged[1]]}, REMEDY_DIVERGED
    operands = [graph.data[j] for j in graph.operands(i)]
    if op in ("log", "log2", "log10") and (factors := lost_factors(graph, graph.argument(i))):
        lost = f"The product of {factors} factors is above 0, but too small for a float, so it is 0. "
        return {"cause": "underflow"}, lost + LOGS_OF_FACTORS
    if op in REMEDIES or op in ("log2", "log10"):
        return {}, REMEDIES["log" if op in ("log2", "log10") else op]
    if op in ("acos", "asin", "atanh"):
        return {}, REMEDY_ENDS.format(op=op)
    if op == "div" and abs(operands[1]) < 1.0 / HUGE:
        return {}, REMEDY_DIV
    if op == "pow" and operands[0] <= 0.0 and not (operands[1] > 0.0 and operands[1].is_integer()):
        return {}, REMEDY_POW
    if op != "pow" and all(abs(x) < FAR for x in operands):
        return {"cause": "domain"}, REMEDY_DOMAIN.format(op=op)
    return {"cause": "overflow"}, REMEDY_OVERFLOW


REMEDY_DATA = (
    "Look for this number in the data. Fill in missing numbers, or leave out their examples, as in [x for x in X if "
    "all(map(math.isfinite, x))]. Check whether the preparation of the data divides by 0."
)
REMEDY_DIVERGED = (
    "Training has diverged: steps that were too long made a parameter larger and larger. Start again from fresh "
    "weights with a smaller learning rate; diagnose(loss, parameters, lr=...) says which rates are small enough."
)
REMEDY_OVERFLOW = (
    "Scale the inputs and start from smaller weights, so that the operands stay small. `with strict():` stops at the "
    "first operation that overflows."
)
REMEDY_DIV = "Keep the denominator away from 0: add a small number to it, or leave the example out."
REMEDY_POW = (
    "Keep the base above 0: a root or a negative power of 0 has an infinite slope, and a negative number has no real "
    "root."
)
REMEDY_ENDS = (
    "Keep the operand strictly between -1 and 1, as in clip(x, -0.999999, 0.999999): at -1 and 1 the slope of {op} is "
    "infinite, and beyond them it has no value."
)
REMEDY_DOMAIN = "Keep the operand in the range where {op} and its slope are finite."
REMEDIES = {
    "log": "Keep the operand above 0. If it is a probability, compute the loss on the logit with "
    "binary_cross_entropy_with_logits or cross_entropy.",
    "log1p": "Keep the operand above -1. For 1 - p with a probability p, compute the loss on the logit with "
    "binary_cross_entropy_with_logits or cross_entropy.",
    "exp": "Replace exp by a function that cannot overflow, such as softmax, logsumexp, sigmoid or softplus, or scale "
    "the inputs.",
    "sqrt": "Keep the operand above 0, as in sqrt(x + 1e-12): at 0 the slope of the root is infinite.",
}


def changed_since_forward(case: Case) -> list[Finding]:
    """Values whose .data was set after the loss was computed from them; a faulty step is left to other findings."""
    graph, changed = case.graph, case.graph.changed
    if not changed:
        return []
    mine = [graph.nodes[i] for i in case.indices if i in changed]
    others = [describe(graph, i) for i in changed if i not in case.given]
    first = next((i for i, was in changed.items() if was is not None), next(iter(changed)))
    was = changed[first]
    before = {} if was is None else {"was": was}
    evidence: dict[str, float | int | str] = {"values": len(changed), "first": describe(graph, first), **before}
    evidence["is"] = graph.data[first]
    now = graph.forward({i: graph.data[i] for i in changed if i < len(graph.interior)})[0]
    why, remedy = WHY_CHANGED, REMEDY_CHANGED
    if not others and now > case.loss.data:
        remedy += OWN_STEP
    if case.stepped:
        if case.once(stepped_by_hand) or case.once(ascent) or case.once(step_too_long):
            return []
        why, remedy = (WHY_STEPPED, REMEDY_STEPPED) if now <= case.loss.data else (WHY_ROSE, REMEDY_ROSE)
    where = (*case.groups(mine), *others)
    return [Finding("changed_since_forward", where, {**evidence, "loss": case.loss.data, "loss now": now}, why, remedy)]


WHY_STEPPED = (
    "A step was taken after this loss was computed, as it should be. The loss, its graph and its "
    "gradients still belong to the numbers before the step."
)
REMEDY_STEPPED = (
    "Nothing is wrong unless you use this loss again. Compute a new loss in each iteration of the loop, before "
    "backward()."
)
WHY_ROSE = (
    "A step was taken after this loss was computed, and it raised the loss. Momentum can do that for a few steps; a "
    "learning rate that is too large, or a wrong sign, does it again and again."
)
REMEDY_ROSE = (
    "Compute a new loss in each iteration and watch it. If it keeps rising, call optimizer.diagnose(loss) before "
    "the step: it says how long a step may be."
)
WHY_CHANGED = (
    "The graph holds results and slopes from the forward pass. Setting .data later does not change them, so the loss "
    "and its gradients do not belong to the numbers you see."
)
REMEDY_CHANGED = "Set .data first, then compute the loss, then call backward()."
OWN_STEP = (
    " If this was a step along gradients of your own, it raised the loss: compare(loss, {p: gradient, ...}), before "
    "the step, looks for a mistake in them."
)
