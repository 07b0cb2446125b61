"""Losses that compare the prediction of each example with the targets of all examples."""

from ..context import Case
from ..report import Finding
from ..terms import power_of
from .misuse import misuse

POWERS = ("square", "pow", "mul", "abs")  # operations of the terms of such a loss


def every_pair(case: Case) -> list[Finding]:
    """Differences of every prediction and every target, as of arrays with shapes (n, 1) and (n,)."""
    graph, targets = case.graph, dict[int, list[float]]()
    for i in graph.terms if "sub" in graph.ops and graph.ops_of_terms.intersection(POWERS) else ():
        pair = _compared(case, i)
        if pair is None:
            continue
        if not targets and len(graph.edges_to(pair[0])) == 1:  # the first prediction is compared once, as it should be
            return []
        targets.setdefault(pair[0], []).append(pair[1])
    if not targets:
        return []
    n = len(targets)
    first, *others = map(sorted, targets.values())
    if n < 3 or len(first) != n or len(set(first)) == 1 or any(other != first for other in others):
        return []
    return misuse(
        case,
        targets,
        {"predictions": n, "targets": n, "comparisons": n * n},
        f"Each of the {n} predictions is compared with all {n} targets, not with its own alone. Such a loss is lowest "
        "where all predictions are equal, so the model learns one number for all examples.",
        "Compare each prediction with its own target, as in zip(predictions, targets). With arrays, the difference of "
        f"shapes ({n}, 1) and ({n},) has {n} x {n} entries: take predictions.reshape(-1) first.",
    )


def _compared(case: Case, i: int) -> tuple[int, float] | None:
    """The index of a computed number and the given number that it is compared with in |a - b| or a power of a - b."""
    graph = case.graph
    _, difference = power_of(graph, graph.argument(i) if graph.nodes[i].op == "abs" else i)
    if graph.nodes[difference].op != "sub":
        return None
    a, b = graph.operands(difference)
    prediction, target = (a, b) if graph.depends[a] else (b, a)
    is_pair = graph.depends[a] != graph.depends[b] and prediction not in case.given
    return (prediction, graph.data[target]) if is_pair else None
