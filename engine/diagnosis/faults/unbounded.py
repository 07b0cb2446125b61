"""Losses that fall without limit: wrong targets, wrong signs, or differences that are not squared."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import islice

from ...core import NAMES
from ...structure import Ints, LossGraph, arguments, ints_of, largest
from ..context import Case
from ..intervals import interval
from ..report import Evidence, Finding
from ..step import array_of, gradient_step
from ..terms import power_of, products
from ..words import amount
from .by_hand import is_probability, summed
from .misuse import logged, misuse
from .rewarded import LOG_LOSSES

LIMIT = 1e3  # a logit where softplus is as good as straight
ROUNDING = 1e-9  # rounding tolerance of the sum of the weights of the logs


def opposed(case: Case) -> list[Finding]:
    """Log losses whose two weights, y and 1 - y, have different signs, because the target is outside 0 to 1."""
    graph, shares = case.graph, dict[int, dict[bool, float]]()
    for i in graph.terms if LOG_LOSSES & graph.ops and _are_signs_mixed(graph) else ():
        side = _side(case, i)
        if side is not None and graph.gradients[i]:
            p, is_for_1 = side
            is_squashed = bool(graph.nodes[p].op) and is_probability(graph, p) and case.arguments[p] >= 0
            z = case.arguments[p] if is_squashed else p  # one for σ(z) computed twice
            shares.setdefault(z, {})[is_for_1] = graph.gradients[i]
    found = {p: both for p, both in shares.items() if len(both) == 2 and both[True] * both[False] < 0.0}
    targets = [both[True] / (both[True] + both[False]) for both in found.values() if both[True] + both[False]]
    return _wrong_targets(case, list(found), targets) if found else []


def _are_signs_mixed(graph: LossGraph) -> bool:
    """Whether the loss rises with some of the logs and softplus among its terms, and falls with others."""
    codes, terms, gradients = array_of(graph.flattened.codes), array_of(graph.terms), array_of(graph.gradients)
    terms = terms[terms < len(codes)]
    found = gradients[terms[array_of(_are_log_losses(len(NAMES)))[codes[terms]] == 1]]
    return bool((found > 0.0).any() and (found < 0.0).any())


@cache
def _are_log_losses(count: int) -> Ints:
    """By opcode, 1 for the operations of a log loss."""
    return ints_of(op in LOG_LOSSES for op in NAMES[:count])


def _wrong_targets(case: Case, found: Sequence[int], targets: Sequence[float]) -> list[Finding]:
    evidence: Evidence = {"targets": len(found), **({"target": targets[0]} if targets else {})}
    told = f", {amount(targets[0])} here," if targets else ""
    return misuse(
        case,
        found,
        evidence,
        f"This loss multiplies its two terms by y and 1 - y, so it takes targets from 0 to 1. With another "
        f"target{told} one of the two terms has the wrong sign, and the loss falls without limit.",
        "Use 0 and 1 as targets: (y + 1) / 2 if yours are -1 and 1, y - 1 if they are 1 and 2. For targets of -1 and 1 "
        "there is also hinge, and for real numbers mean_squared_error.",
    )


def expanded(case: Case) -> list[Finding]:
    """Losses softplus(z) - y z, also written with max(z, 0) and log1p(exp(-|z|)), with targets outside 0 to 1."""
    graph, bent = case.graph, list[int]()
    if not {"softplus", "log1p"} & graph.ops or not _may_be_outside(graph):
        return []
    for i in graph.terms if {"softplus", "log1p"} & graph.ops_of_terms else ():
        op, z = graph.nodes[i].op, graph.argument(i)
        if op == "log1p" and graph.nodes[z].op == "exp":  # log(1 + exp(-|z|))
            z = graph.argument(z)
            while graph.nodes[z].op in ("neg", "abs"):
                z = graph.argument(z)
        bent += [z] if op in ("softplus", "log1p") and graph.nodes[z].op != "neg" else []
    terms = set(graph.terms) if bent else set()
    logits = [z for z in dict.fromkeys(bent) if z in terms and not case.units.deep[z]]
    if not logits:
        return []
    right, left = (graph.elsewhere(dict.fromkeys(logits, far))[0] for far in (LIMIT, -LIMIT))
    targets = {z: -left[z] / (right[z] - left[z]) for z in logits if right[z] - left[z] > 0.0}
    found = {z: y for z, y in targets.items() if not -ROUNDING <= y <= 1.0 + ROUNDING}
    return _wrong_targets(case, list(found), list(found.values())) if found else []


def _may_be_outside(graph: LossGraph) -> bool:
    """Whether a target y may be outside 0 to 1: with the weight c of softplus(z), d loss / d z is c (σ(z) - y)."""
    import numpy as np

    if "log1p" in graph.ops:
        return True
    indices, data, gradients = graph.of("softplus"), array_of(graph.data), array_of(graph.gradients)
    z, weights = arguments(graph.flattened, indices), gradients[indices]
    targets = np.exp(data[z] - data[indices]) - gradients[z] / weights  # σ(z) is exp(z - softplus(z))
    return not bool(((targets >= -ROUNDING) & (targets <= 1.0 + ROUNDING) | (weights == 0.0)).all())


def _side(case: Case, i: int) -> tuple[int, bool] | None:
    """The probability or logit in a term of a binary loss, and whether the term's weight is y, not 1 - y."""
    graph = case.graph
    op = graph.nodes[i].op
    if op == "softplus":
        z = graph.argument(i)
        return (graph.argument(z), True) if graph.nodes[z].op == "neg" else (z, False)
    if op not in ("log", "log1p"):
        return None
    p, is_rest = logged(case, i)
    return p, not is_rest


FAR = 1e6  # a step this many times longer than the parameters shows whether a loss has a minimum


def not_squared(case: Case) -> list[Finding]:
    """Differences from the targets that are summed with their signs, to odd powers, or with a minus before squares."""
    graph, found, powers = case.graph, list[int](), set[float]()
    for i in graph.terms:
        if graph.depends[i]:
            power = _falling_power(case, i)
            if not power:
                return []
            powers.add(power)
            found.append(i)
    if len(found) < 2 or not _falls_without_limit(case):
        return []
    is_even = not any(power % 2.0 for power in powers)
    what = "differences" if powers == {1.0} else "odd powers of differences"
    return misuse(
        case,
        found,
        {"loss": case.loss.data, "differences": len(found)},
        "The loss has a minus before the squares or sizes of the differences from the targets. It is highest where "
        "all outputs are right, and falls without limit as the outputs move away from the targets."
        if is_even
        else f"The loss adds up {what} from the targets with their signs, so differences of opposite signs cancel. It "
        "has no minimum: it falls without limit as the outputs move away from the targets on one side.",
        "Give them a plus sign, or take mean_squared_error. If the loss is a score that is better the higher "
        "it is, such as R², take 1 - score."
        if is_even
        else "Square each difference, (prediction - target)**2, or take mean_squared_error.",
    )


def _falling_power(case: Case, i: int) -> float:
    """The power of a difference of output and target, if the term falls without limit as the output moves; else 0."""
    graph = case.graph
    power, difference = (2.0, graph.argument(i)) if graph.nodes[i].op == "abs" else power_of(graph, i)
    if graph.nodes[difference].op != "sub" or not power.is_integer():
        return 0.0
    a, b = graph.operands(difference)
    output, target = (a, b) if graph.depends[a] else (b, a)
    if graph.depends[target] or not graph.nodes[output].op:
        return 0.0
    if power % 2.0 == 0.0 and not graph.gradients[i] < 0.0:
        return 0.0
    low, high = interval(graph, output, case.given)
    if power % 2.0 == 0.0:
        falls = low == -math.inf or high == math.inf
    else:
        falls = low == -math.inf if (graph.gradients[i] > 0.0) == (output == a) else high == math.inf
    return power if falls else 0.0


def _falls_without_limit(case: Case) -> bool:
    """Whether a far step of all parameters, or of the last layer's, lowers the loss on and on."""
    return _falls(case, case.indices) or _falls(case, ints_of(i for i in case.indices if not case.units.deep[i]))


def _falls(case: Case, indices: Ints) -> bool:
    """Whether half a far step down the gradient lowers the loss, and the rest at least half as much."""
    steepest = largest(indices, case.graph.gradients)
    if not 0.0 < steepest < math.inf:
        return False
    farthest = FAR * (1.0 + largest(case.indices, case.graph.data))
    step = gradient_step(case.graph, indices, farthest / steepest)
    near, far = step.loss(0.5), step.loss(1.0)
    return case.loss.data > near and not near - far < 0.5 * (case.loss.data - near)


def squared_together(case: Case) -> list[Finding]:
    """A square of the sum of the differences from the targets, as in sum(p - y for ...) ** 2."""
    graph = case.graph
    term, *others = [*islice((i for i in graph.terms if graph.depends[i]), 2)] or [0]
    power, total = power_of(graph, term)
    while graph.nodes[total].op in ("mul", "div"):  # a mean
        inner = [j for j in graph.operands(total) if graph.depends[j]]
        if len(inner) != 1:
            break
        (total,) = inner
    found = summed(graph, total) if power == 2.0 and not others else []
    if len(found) < 2 or not all(_has_target(case, i) for i in found):
        return []
    return misuse(
        case,
        found,
        {"loss": case.loss.data, "differences": len(found)},
        "The loss squares the sum of the differences from the targets, in which differences of opposite signs cancel. "
        "It is 0 as soon as they add up to 0, whatever each of them is.",
        "Square each difference before they are added up, sum((p - y)**2 for p, y in ...), or take mean_squared_error.",
    )


def _has_target(case: Case, i: int) -> bool:
    """Whether a node is a difference of an output and a given number."""
    graph, operands = case.graph, case.graph.operands(i)
    is_given = [not graph.depends[j] for j in operands]
    return graph.nodes[i].op == "sub" and sum(is_given) == 1 and bool(graph.nodes[operands[is_given[0]]].op)


def picked(case: Case) -> list[Finding]:
    """The negative of one linear output for each example, as of a log loss that was given logits."""
    graph = case.graph
    if graph.ops_of_terms == {"dot"} and all(graph.depends[i] for i in graph.terms):
        signs = list(graph.terms)
        rows = [tuple(w for w, _ in products(graph, i, case.given)) for i in signs]
        inputs = {tuple(x for _, x in products(graph, i, case.given)) for i in signs}
    elif "mul" in graph.ops_of_terms:
        (signs, rows), inputs = _rows(case), None
    else:
        return []
    if len(set(rows)) < 2 or (inputs is not None and len(inputs) < len(rows)):
        return []
    if not any(all(abs(graph.gradients[i] * n + 1.0) <= ROUNDING for i in signs) for n in (1, len(rows))):
        return []
    return misuse(
        case,
        signs if inputs is not None else {w for row in rows for w in row},
        {"loss": case.loss.data, "outputs": len(rows)},
        "The loss is the negative of one output for each example. That is right for outputs that are logs of "
        "probabilities, but these outputs are linear, so the loss falls without limit as they grow.",
        "Give the outputs to cross_entropy([logits], [class]), or take the log of their softmax first.",
    )


def _rows(case: Case) -> tuple[list[int], list[tuple[int, ...]]]:
    """The products that are terms of the loss, and their weights output by output; none if they are no such rows.

    A row is as long as it can be, so that rows are equal or have no weight in common.
    """
    import numpy as np

    edges, (is_given, is_product) = case.graph.flattened, np.zeros((2, len(case.graph.nodes)), bool)
    is_given[case.indices], is_product[case.graph.of("mul")] = True, True
    starts, operands, depends, terms = map(
        np.asarray, (edges.starts, edges.operands, case.graph.depends, case.graph.terms)
    )
    terms = np.sort(terms[depends[terms] == 1])[::-1]  # in the order of creation
    found = terms[is_product[terms]]
    a, b = operands[starts[found]], operands[starts[found] + 1]
    flat = np.where(is_given[a], a, b)
    different = np.count_nonzero(np.bincount(flat))
    if different == len(flat) or not (is_given | is_product)[terms].all() or (is_given[a] == is_given[b]).any():
        return [], []
    for size in range(different, 0, -1):
        if len(flat) % size == 0 and different % size == 0 and len(np.unique(flat[:size])) == size:
            rows = flat.reshape(-1, size)
            if len(np.unique(rows, axis=0)) * size == different:
                return found.tolist(), list(map(tuple, rows.tolist()))
    return [], []
