"""Log losses without their minus sign, or with it before losses that have it already."""

from collections import Counter
from collections.abc import Sequence

from ..context import Case
from ..report import Finding
from .logs import log_sources
from .misuse import logged, misuse

ROUNDING = 1e-9  # rounding tolerance of the sum of the weights of the logs
LOG_LOSSES = frozenset(("log", "log1p", "softplus"))


def rewarded(case: Case) -> list[Finding]:
    """Log losses without their minus sign, in all terms or in those of one of the two answers."""
    graph = case.graph
    terms = set(graph.terms) if {"log", "log1p", "softplus"} & graph.ops else set()
    logs = [i for found in (log_sources(graph) if terms else {}).values() for i in found if graph.depends[i]]
    signs = {i: graph.gradients[i] for i in logs if graph.gradients[i]}
    if graph.ops_of_terms <= LOG_LOSSES:
        signs |= {i: -graph.gradients[i] for i in terms if graph.gradients[i] and _is_softplus_of_logit(case, i)}
    is_sum_or_mean = any(all(abs(abs(g) * n - 1.0) <= ROUNDING for g in signs.values()) for n in (1, len(signs)))
    if not signs or not all(i in terms for i in signs) or not is_sum_or_mean:
        return []  # any other factor is a reward, which may be negative
    wrong = [i for i, g in signs.items() if g > 0.0]
    sides = [Counter(_is_of_rest(case, i) for i in several) for several in (signs, wrong)]
    if len(wrong) == len(signs):
        return _plus(case, wrong, *WITHOUT_MINUS) if sides[0][False] else []  # only log(1 - p): a generator's loss
    is_one_answer = len(sides[1]) == 1 and all(sides[1][side] in (0, n) and n > 1 for side, n in sides[0].items())
    return _plus(case, wrong, *SLIPPED) if is_one_answer else []


def _is_softplus_of_logit(case: Case, i: int) -> bool:
    """Whether a term is a log loss of a logit or of a margin whose own weights are parameters."""
    graph = case.graph
    if graph.nodes[i].op != "softplus":
        return False
    z = graph.argument(i)
    return any(case.arguments[j] >= 0 for j in ((z, *graph.operands(z)) if graph.nodes[z].op == "margin" else (z,)))


def _is_of_rest(case: Case, i: int) -> bool:
    """Whether a term is one of 1 - p, for the answer 0."""
    if case.graph.nodes[i].op != "softplus":
        return logged(case, i)[1]
    return case.graph.nodes[case.graph.argument(i)].op not in ("neg", "margin")


def log_softmax_rewarded(case: Case) -> list[Finding]:
    """Terms z - logsumexp(z, ...), which are logs of a softmax, without their minus sign."""
    graph = case.graph
    pairs = [(i, *graph.operands(i)) for i in graph.of("sub")] if "logsumexp" in graph.ops else []
    logs = [i for i, z, rest in pairs if graph.nodes[rest].op == "logsumexp" and z in graph.operands(rest)]
    is_sum_or_mean = any(all(abs(graph.gradients[i] * n - 1.0) <= ROUNDING for i in logs) for n in (1, len(logs)))
    return _plus(case, logs, *WITHOUT_MINUS) if logs and is_sum_or_mean else []


def _plus(case: Case, logs: Sequence[int], why: str, remedy: str) -> list[Finding]:
    return misuse(case, logs, {"loss": case.loss.data, "logs": len(logs), "sign": "+"}, why, remedy)


WITHOUT_MINUS = (
    "The loss is a log of probabilities without a minus sign. It is highest where the right answer has the "
    "probability 1, and falls without limit as this probability goes to 0. So each step down the gradient makes the "
    "right answer less likely.",
    "Put a minus before the log, -log(p), or take binary_cross_entropy or cross_entropy.",
)
SLIPPED = (
    "One of the two logs of this binary loss has the wrong sign, so for one of the two answers the loss falls without "
    "limit as the prediction gets worse.",
    "Give both logs the same sign, -(y * log(p) + (1 - y) * log(1 - p)), or take binary_cross_entropy.",
)
