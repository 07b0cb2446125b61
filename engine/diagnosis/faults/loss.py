"""Faults of the loss itself: the wrong kind of input, no minimum, or no slope."""

from collections.abc import Iterable, Sequence

from ...structure import largest
from ..context import Case
from ..description import describe
from ..intervals import interval
from ..report import Evidence, Finding
from ..words import amount
from .activations import log_sources

ROUNDING = 1e-9  # rounding tolerance of a sum of probabilities above 1
LESS = ("sub", "ahead", "margin", "masked")  # operations that subtract logits from a logit
OTHERS = ("logsumexp", "logaddexp")  # operations that combine the other logits
SEVERAL = (
    "logsumexp",
    "logaddexp",
    "dot",
)  # operands of a cross-entropy that are logits: of the other classes, of the right one
STEPS = ("floor", "ceil", "trunc", "round", "floordiv", "sign", "select")  # all flat, select between constants
DENSITY = frozenset(("exp", "gauss", "div", "log", "pow"))  # operations of densities, which may be above 1


def loss_misuse(case: Case) -> list[Finding]:
    """A loss with the wrong kind of input, without a minimum, or without a slope."""
    searches = (_squashed_twice, _outside, _opposed, _rewarded, _not_squared, _counted)
    return [finding for search in searches for finding in search(case)]


def _misuse(case: Case, where: Iterable[int], evidence: Evidence, why: str, remedy: str) -> list[Finding]:
    names = dict.fromkeys(_name(case, i) for i in sorted(where, key=lambda i: case.graph.nodes[i].serial))
    return [Finding("loss_misuse", tuple(names), evidence, why, remedy)]


def _name(case: Case, i: int) -> str:
    """A node in words; an entry of a softmax is named by its logit."""
    graph = case.graph
    if _is_softmax(case, i) and not graph.nodes[i].label:
        return f"softmax of {describe(graph, graph.argument(graph.argument(i)))}"
    return describe(graph, i)


def _is_softmax(case: Case, i: int) -> bool:
    """Whether a node is an entry of a softmax, the sigmoid of a logit minus the logsumexp of the others."""
    graph = case.graph
    z = graph.argument(i) if graph.nodes[i].op == "sigmoid" else i
    if graph.nodes[z].op == "ahead":  # used only by the softmax of this engine
        return z != i
    return graph.nodes[z].op == "sub" and graph.nodes[graph.operands(z)[1]].op in OTHERS


def _squashed_twice(case: Case) -> list[Finding]:
    """Probabilities given to a loss that takes logits, which squashes them again."""
    graph, found = case.graph, dict[int, None]()
    if "sigmoid" not in graph.ops:
        return []
    if "softplus" in graph.ops:
        for i in case.graph.terms:
            if graph.nodes[i].op == "softplus":
                found |= dict.fromkeys(_probabilities(case, graph.argument(i)))
    for squash in log_sources(graph):
        z = graph.argument(squash)
        if graph.nodes[squash].op == "sigmoid" and graph.nodes[z].op in LESS:
            found |= dict.fromkeys(_probabilities(case, z))
    if not found:
        return []
    numbers = [graph.data[i] for i in found]
    several = any(_is_softmax(case, i) for i in found)
    name = "softmax" if several else "sigmoid"
    return _misuse(
        case,
        found,
        {"smallest": min(numbers), "largest": max(numbers), "probabilities": len(found)},
        f"The loss takes logits, which can be any number, and applies the {name} itself. It was given the results of a "
        f"{name} instead, which lie between 0 and 1. Squashed again, they cannot give a confident prediction, and "
        "the loss cannot come near 0.",
        f"Give the loss the logits, the numbers before the {name}: "
        + ("cross_entropy([logits], [class])." if several else "binary_cross_entropy_with_logits([z], [y])."),
    )


def _probabilities(case: Case, z: int) -> list[int]:
    """The results of a sigmoid or a softmax that are used as logits."""
    graph = case.graph
    z = graph.argument(z) if graph.nodes[z].op == "neg" else z
    if graph.nodes[z].op == "sigmoid":
        return [z]
    parts = list(graph.operands(z)) if graph.nodes[z].op in LESS else []
    if graph.nodes[z].op not in LESS[1:] and not any(graph.nodes[j].op in OTHERS for j in parts):
        return []
    found: dict[int, None] = {}
    while parts:
        j = parts.pop()
        if graph.nodes[j].op in SEVERAL:
            parts += graph.operands(j)
            continue
        source = _without_data(case, j)
        if graph.nodes[source].op == "sigmoid":
            found[source] = None
        elif graph.depends[j]:
            return []
    return list(found)


def _without_data(case: Case, i: int, most: int = 4) -> int:
    """The node inside sums with given numbers, such as a mask."""
    graph = case.graph
    for _ in range(most):
        if graph.nodes[i].op not in ("add", "sub"):
            break
        computed = [j for j in graph.operands(i) if graph.depends[j]]
        if len(computed) != 1:
            break
        (i,) = computed
    return i


def _outside(case: Case) -> list[Finding]:
    """Log losses of numbers that are not probabilities: above 1 or below 0."""
    graph = case.graph
    logs = [i for i in (*graph.of("log"), *graph.of("log1p")) if not 0.0 <= _logged(case, i)[1] <= 1.0 + ROUNDING]
    terms = set(case.graph.terms) if logs else set()
    found: dict[int, float] = {}
    for i in logs:
        p, _ = _logged(case, i)
        if i in terms and not graph.gradients[i] > 0.0 and not _may_exceed(case, p):
            found[p] = graph.data[p]
    if not found:
        return []
    return _misuse(
        case,
        found,
        {"number": next(iter(found.values())), "numbers": len(found)},
        f"A log loss takes probabilities, from 0 to 1, but it was given {amount(next(iter(found.values())))}. Above 1 "
        "the loss is negative and falls without limit as the number grows; below 0 it is nan.",
        "Put a sigmoid or softmax before the loss, or give the numbers as they are to a loss on logits, which is "
        "binary_cross_entropy_with_logits([z], [y]) or cross_entropy([logits], [class]).",
    )


def _logged(case: Case, log: int) -> tuple[int, float]:
    """The node p in log(p) or log(1 - p), and the log's operand."""
    graph = case.graph
    i = graph.argument(log)
    if graph.nodes[log].op == "log1p":
        return (graph.argument(i) if graph.nodes[i].op == "neg" else i), 1.0 + graph.data[i]
    if graph.nodes[i].op == "sub":
        one, p = graph.operands(i)
        if graph.data[one] == 1.0 and not graph.nodes[one].op:
            return p, graph.data[i]
    return i, graph.data[i]


def _may_exceed(case: Case, p: int) -> bool:
    """Whether the argument of a log may be a density or a scale, by its operations or because it has other uses."""
    graph, stack = case.graph, [p]
    for _ in range(50):
        if not stack:
            break
        i = stack.pop()
        if graph.nodes[i].op in DENSITY:
            return True
        stack += graph.operands(i)[:8]
    logs = {graph.argument(log) for log in (*graph.of("log"), *graph.of("log1p"))}  # p, 1 - p or -p
    op = graph.nodes[p].op
    same = {p, *(j for j in (graph.of(op) if op else ()) if graph.data[j] == graph.data[p])}
    users = {graph.flattened.results[k] for k, j in enumerate(graph.flattened.operands) if j in same}
    return not all(graph.nodes[i].op in ("log", "log1p") or i in logs for i in users)


def _opposed(case: Case) -> list[Finding]:
    """Log losses whose two weights, y and 1 - y, have different signs, because the target is outside 0 to 1."""
    graph, shares = case.graph, dict[int, dict[bool, float]]()
    for i in case.graph.terms if {"log", "log1p", "softplus"} & graph.ops else ():
        side = _side(case, i)
        if side is not None and graph.gradients[i]:
            shares.setdefault(side[0], {})[side[1]] = graph.gradients[i]
    found = {p: both for p, both in shares.items() if len(both) == 2 and both[True] * both[False] < 0.0}
    if not found:
        return []
    targets = [both[True] / (both[True] + both[False]) for both in found.values() if both[True] + both[False]]
    evidence: Evidence = {"targets": len(found), **({"target": targets[0]} if targets else {})}
    told = f", {amount(targets[0])} here," if targets else ""
    return _misuse(
        case,
        found,
        evidence,
        f"This loss takes targets from 0 to 1, the weights y and 1 - y of its two terms. With another target{told} one "
        "of the two has the wrong sign, and the loss falls without limit.",
        "Use 0 and 1 as targets. Convert targets -1 and 1 by (y + 1) / 2, or use hinge; convert 1 and 2 by y - 1; for "
        "real numbers use mean_squared_error.",
    )


def _side(case: Case, i: int) -> tuple[int, bool] | None:
    """The probability or logit in a term of a binary loss, and whether the term's weight is y, not 1 - y."""
    graph = case.graph
    op = graph.nodes[i].op
    if op == "softplus":
        z = graph.argument(i)
        return (graph.argument(z), True) if graph.nodes[z].op == "neg" else (z, False)
    if op not in ("log", "log1p"):
        return None
    p, _ = _logged(case, i)
    return p, p == graph.argument(i)


def _rewarded(case: Case) -> list[Finding]:
    """Log losses without their minus sign."""
    graph = case.graph
    terms = set(case.graph.terms) if {"log", "log1p"} & graph.ops else set()
    logs = [i for found in (log_sources(graph) if terms else {}).values() for i in found]
    signs = [graph.gradients[i] for i in logs if graph.gradients[i]]
    is_sum_or_mean = any(all(abs(sign * count - 1.0) <= ROUNDING for sign in signs) for count in (1, len(signs)))
    if not signs or not all(i in terms for i in logs) or not is_sum_or_mean:
        return []  # any other factor is a reward, which may be negative
    return _misuse(
        case,
        logs,
        {"loss": case.loss.data, "logs": len(signs), "sign": "+"},
        "The loss is a log of probabilities with a plus sign. It is highest, 0, if the probability of the right answer "
        "is 1, and falls without limit as that goes to 0, so going down the gradient unlearns.",
        "Put a minus before the log, -log(p), or take binary_cross_entropy or cross_entropy.",
    )


def _not_squared(case: Case) -> list[Finding]:
    """Differences from the targets that are summed with their signs."""
    graph, found = case.graph, list[int]()
    for i in case.graph.terms:
        if graph.nodes[i].op != "sub":
            return []
        a, b = graph.operands(i)
        computed, target = (a, b) if graph.depends[a] else (b, a)
        if graph.depends[target] or not graph.nodes[computed].op:
            return []
        low, high = interval(graph, computed, case.given)
        if low - low == 0.0 and high - high == 0.0:
            return []
        found.append(i)
    if len(found) < 2 or not largest(case.indices, graph.squares):
        return []
    return _misuse(
        case,
        found,
        {"loss": case.loss.data, "differences": len(found)},
        "The loss adds up differences from the targets with their signs, so differences of opposite signs cancel. It "
        "has no minimum: it falls without limit as the outputs move away from the targets on one side.",
        "Square each difference, (prediction - target)**2, or take mean_squared_error.",
    )


def _counted(case: Case) -> list[Finding]:
    """Losses that count, whose step functions have no slope."""
    graph = case.graph
    steps = [i for op in STEPS for i in graph.of(op)]
    if not steps or not len(case.indices) or largest(case.indices, graph.squares):
        return []
    blamed = _on_the_way(case, steps)
    if not blamed:
        return []
    return _misuse(
        case,
        blamed,
        {"operation": graph.nodes[blamed[0]].op, "operations": len(blamed), "gradient": 0.0},
        "The loss counts, as accuracy does. It contains a step function, which is flat everywhere except at its jumps. "
        "All gradients are 0, so no step changes anything.",
        "Train on a loss that measures how wrong a prediction is, such as cross_entropy, hinge or mean_squared_error, "
        "and keep the count as a metric.",
    )


def _on_the_way(case: Case, steps: Sequence[int]) -> list[int]:
    """The step functions that depend on parameters and reach the loss."""
    graph = case.graph
    return [i for i in steps if graph.depends[i] and graph.gradients[i]]
