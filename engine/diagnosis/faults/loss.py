"""Faults of the loss itself: the wrong kind of input, no minimum, or no slope."""

import math
from functools import cache, partial

from ...core import NAMES
from ...structure import Ints, LossGraph, any_feeds, any_uses, any_zeroed, ints_of, largest, new_ints
from ..context import Case
from ..report import Finding
from ..step import array_of
from ..words import amount
from .by_hand import is_probability, may_be_probabilities
from .logits import OTHERS, logit_of
from .logs import STEEPEST, log_sources, logs_of
from .misuse import logged, misuse
from .pairs import every_pair
from .rewarded import log_softmax_rewarded, rewarded
from .softmaxes import lone_softmax
from .unbounded import expanded, not_squared, opposed, picked, squared_together

ROUNDING = 1e-9  # rounding tolerance of a sum of probabilities above 1
LESS = ("sub", "ahead", "margin", "masked")  # operations that subtract logits from a logit
SEVERAL = (
    "logsumexp",
    "logaddexp",
    "dot",
)  # operands of a cross-entropy that are logits: of the other classes, of the right one
STEPS = ("floor", "ceil", "trunc", "round", "floordiv", "sign", "select")  # all flat, select between constants
DENSITY = frozenset(("exp", "gauss", "div", "log", "pow"))  # operations of densities, which may be above 1


def loss_misuse(case: Case) -> list[Finding]:
    """A loss with the wrong kind of input, without a minimum, or without a slope."""
    searches = (
        _squashed_twice,
        _outside,
        _signed,
        lone_softmax,
        opposed,
        expanded,
        rewarded,
        log_softmax_rewarded,
        picked,
        not_squared,
        squared_together,
        every_pair,
        _zeroed,
        _counted,
    )
    return [finding for search in searches for finding in search(case)]


def _squashed_twice(case: Case) -> list[Finding]:
    """Probabilities given to a loss that takes logits, which squashes them again."""
    graph, found = case.graph, dict[int, None]()
    if not {"softplus", "log", "log1p"} & graph.ops or not _may_be_squashed(case):
        return []
    if "softplus" in graph.ops_of_terms:
        for i in graph.terms:
            if graph.nodes[i].op == "softplus":
                found |= dict.fromkeys(_probabilities(case, graph.argument(i)))
    for squash in log_sources(graph):
        z = graph.argument(squash)
        if graph.nodes[squash].op == "sigmoid" and graph.nodes[z].op in LESS:
            found |= dict.fromkeys(_probabilities(case, z))
        else:
            found |= dict.fromkeys(filter(partial(is_probability, graph), _logits(graph, squash)))
    if not found:
        return []
    numbers = [graph.data[i] for i in found]
    several = any(logit_of(graph, i) is not None for i in found)
    name = "softmax" if several else "sigmoid"
    return misuse(
        case,
        found,
        {"smallest probability": min(numbers), "largest probability": max(numbers), "probabilities": len(found)},
        f"The loss takes logits, which can be any number, and applies the {name} itself. It was given the results of a "
        f"{name} instead, which lie between 0 and 1. Of these, the second {name} makes no probability near 1, so the "
        "loss cannot come near 0.",
        f"Give the loss the logits, the numbers before the {name}: "
        + ("cross_entropy([logits], [class])." if several else "binary_cross_entropy_with_logits([z], [y])."),
    )


def _may_be_squashed(case: Case) -> bool:
    """Whether anything that may be a probability is used as a logit is."""
    graph, marks, found = case.graph, new_ints(len(case.graph.nodes)), may_be_probabilities(case.graph)
    array_of(marks)[found] = 1
    if not len(found):
        return False
    dots = case.units.forms.without_weights(graph.of("dot"))
    users = any_feeds(graph.flattened, marks, graph.depends, _takes_logits(len(NAMES)))
    return users or any_uses(graph.flattened, ints_of(dots), marks)


@cache
def _takes_logits(count: int) -> Ints:
    """By opcode, 1 for operations that are applied to logits."""
    some = (*STEEPEST, "exp", "neg", "softplus", "logsumexp", "logaddexp", *LESS[1:])
    return ints_of(op in some for op in NAMES[:count])


def _logits(graph: LossGraph, squash: int) -> list[int]:
    """What a squashing operation was applied to: by hand, the exponents without their minus sign.

    A softmax by hand may subtract the largest logit from each.
    """
    if graph.nodes[squash].op != "div":
        return [graph.argument(squash)]
    inner = [k for j in graph.operands(squash) for k in (j, *graph.operands(j)) if graph.nodes[k].op == "exp"]
    outer = ("neg", "sub") if len(set(inner)) > 1 else ("neg",)
    exponents = [graph.argument(k) for k in inner]
    return [graph.argument(z) if graph.nodes[z].op in outer else z for z in exponents]


def _probabilities(case: Case, z: int) -> list[int]:
    """The results of a sigmoid or a softmax that are used as logits."""
    graph = case.graph
    z = graph.argument(z) if graph.nodes[z].op == "neg" else z
    if is_probability(graph, z):
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
        if is_probability(graph, source):
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
    if not {"log", "log1p"} & graph.ops:
        return []
    every, numbers = logs_of(graph)
    logs = [every[n] for n in (~((numbers >= 0.0) & (numbers <= 1.0 + ROUNDING))).nonzero()[0]]
    terms = set(case.graph.terms) if logs else set()
    found: dict[int, float] = {}
    for i in logs:
        if i not in terms or graph.gradients[i] > 0.0:
            continue
        p, _ = logged(case, i)
        if not any(_may_exceed(case, j) for j in {p, graph.argument(i)}):
            found[p] = graph.data[p]
    if not found:
        return []
    return misuse(
        case,
        found,
        {"number": next(iter(found.values())), "numbers": len(found)},
        f"A log loss takes probabilities, from 0 to 1, but it was given {amount(next(iter(found.values())))}. Above 1 "
        "the loss is negative and falls without limit as the number grows; below 0 it is nan.",
        "Put a sigmoid or softmax before the loss, or give the numbers as they are to a loss that takes logits, "
        "binary_cross_entropy_with_logits([z], [y]) or cross_entropy([logits], [class]).",
    )


SIGMOID = 'MLP(..., output_activation="sigmoid")'
SIGNED = ("tanh", "erf", "sin", "cos", "softsign", "hard_tanh")  # operations with results from -1 to 1


def _signed(case: Case) -> list[Finding]:
    """Both logs of a binary loss taken of a result of tanh, which is below 0 as often as above."""
    graph, sides = case.graph, dict[int, set[bool]]()
    for i in graph.terms if graph.ops.intersection(SIGNED) and {"log", "log1p"} & graph.ops_of_terms else ():
        if graph.nodes[i].op in ("log", "log1p"):
            p, is_rest = logged(case, i)
            sides.setdefault(p, set()).add(is_rest)
    found = [p for p, both in sides.items() if graph.nodes[p].op in SIGNED and len(set().union(*sides.values())) == 2]
    if not found:
        return []
    op = graph.nodes[found[0]].op
    return misuse(
        case,
        found,
        {"smallest": min(graph.data[p] for p in found), "numbers": len(found)},
        f"A log loss takes probabilities, from 0 to 1, but {op} gives numbers from -1 to 1. Where they are below 0, "
        "the log is nan.",
        f"Take a sigmoid at the output, {case.in_modules(SIGMOID, 'z.sigmoid()')}, or give the numbers before the {op} "
        "to binary_cross_entropy_with_logits([z], [y]).",
    )


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
    users = {graph.flattened.results[k] for j in same for k in graph.edges_to(j)}
    return not all(graph.nodes[i].op in ("log", "log1p") or i in logs for i in users)


MARGINS = ("softplus", "relu", "maximum", "log", "log_sigmoid", "log1p")  # of losses on target * output


def _zeroed(case: Case) -> list[Finding]:
    """Margin losses with targets 0 and 1, where a target of 0 multiplies the output away."""
    graph, found = case.graph, dict[int, float]()
    if graph.ops_of_terms.isdisjoint(MARGINS) or not any_zeroed(graph.flattened, graph.of("mul"), graph.depends):
        return []
    for i in graph.terms:
        if graph.nodes[i].op in MARGINS and graph.depends[i]:
            y = _target(case, i)
            if y is None:
                return []
            found[i] = y
    if set(found.values()) != {0.0, 1.0}:
        return []
    lost = [i for i, y in found.items() if y == 0.0]
    return misuse(
        case,
        lost,
        {"target": 0.0, "targets": f"{len(lost)} of {len(found)}", "gradient": 0.0},
        "This loss multiplies the output by its target, and takes targets of -1 and 1. A target of 0 removes the "
        "output from the loss, so nothing is learned from these examples.",
        "Use -1 and 1 as targets, which 2 * y - 1 makes of 0 and 1, or take "
        "binary_cross_entropy_with_logits([z], [y]).",
    )


def _target(case: Case, i: int, most: int = 6) -> float | None:
    """The size of the given factor y of an output z in softplus(-y z) or maximum(0, 1 - y z); None if there is none.

    Without the minus, a y of 1 is a mask, but for a log, whose minus stands before it; an integer 0 has no minus.
    """
    graph, is_margin = case.graph, "log" in case.graph.nodes[i].op
    for _ in range(most):
        inner = [j for j in graph.operands(i) if graph.depends[j]]
        if len(inner) != 1:
            return None
        given = [j for j in graph.operands(i) if not graph.depends[j]]
        op, y = graph.nodes[i].op, graph.data[given[0]] if given else 1.0
        is_margin |= op == "neg" or (op == "sub" and inner[0] == graph.operands(i)[1]) or math.copysign(1.0, y) < 0.0
        if op == "mul" and graph.nodes[inner[0]].op and abs(y) in (0.0, 1.0):
            return abs(y) if is_margin or y == 0.0 else None
        (i,) = inner
    return None


def _counted(case: Case) -> list[Finding]:
    """Losses that count, whose step functions have no slope."""
    graph = case.graph
    steps = [i for op in STEPS for i in graph.of(op)]
    if not steps or not len(case.indices) or largest(case.indices, graph.squares):
        return []
    blamed = [i for i in steps if graph.depends[i] and graph.gradients[i] and not _has_slope(graph, i)]
    if not blamed:
        return []
    op = {"select": "where"}.get(graph.nodes[blamed[0]].op, graph.nodes[blamed[0]].op)
    return misuse(
        case,
        blamed,
        {"operation": op, "operations": len(blamed), "gradient": 0.0},
        (WHERE if op == "where" else f"Between the parameters and the loss stands {op}, a step function. ")
        + "It is flat everywhere except at its jumps, so the gradients of the parameters are 0, and gradient descent "
        "does not move them.",
        (SOFT if op == "where" else f"Train on a loss without {op}")
        + " that measures how wrong a prediction is, such as cross_entropy, hinge or mean_squared_error, and keep this "
        "one as a metric.",
    )


WHERE = "The parameters choose the branch of a where, but not the numbers in it: to them it is a step function. "
SOFT = (
    "To train a threshold t in where(x > t, a, b), weigh the branches instead: s * a + (1 - s) * b with the weight "
    "s = (10 * (x - t)).sigmoid(), where a larger number than 10 makes the step sharper. "
    "If the loss counts wrong predictions, train on one"
)


def _has_slope(graph: LossGraph, i: int) -> bool:
    """Whether an operation chooses between branches that depend on parameters, so that it is no step."""
    return graph.nodes[i].op == "select" and any(graph.depends[j] for j in graph.operands(i)[1:])
