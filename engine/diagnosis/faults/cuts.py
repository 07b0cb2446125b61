"""Parameters in the graph whose gradient is cut off on every path: by detach, a step, or a branch that is not taken."""

from ...core import TABLE, Value
from ...structure import LossGraph, largest, reached, taken
from ..context import Case
from ..description import definition, describe
from ..report import Finding
from .activations import off_units

CUTS = {"select": "the condition of a where", "less": "a comparison", "less_equal": "a comparison"}


def cut_off(case: Case) -> tuple[list[Value], list[str]]:
    """The parameters in the graph whose every path has a partial that is 0 everywhere, and the operations with it."""
    graph = case.graph
    flat = {op for op in graph.ops if "0" in TABLE[op].partials}
    met = reached(graph.flattened) if flat else graph.depends
    found = [graph.nodes[i] for i in case.indices if not met[i]] if 0 in taken(met, case.indices) else []
    if not found or not (len(found) < len(case.indices) or "detach" in flat):  # else the loss counts
        return [], []
    cuts = sorted(i for op in flat for i in graph.of(op) if met[i] and _cuts(graph, i))
    return found, list(dict.fromkeys(CUTS.get(op := graph.nodes[i].op, op) for i in cuts))


def _cuts(graph: LossGraph, i: int) -> bool:
    """Whether the partial of an operand that depends on parameters is 0 everywhere."""
    row, cut, kept = TABLE[graph.nodes[i].op], set[int](), set[int]()
    for operands, partial in zip(row.split(graph.operands(i)), row.partials, strict=True):
        (cut if partial == "0" else kept).update(operands if isinstance(operands, list) else (operands,))
    return any(graph.depends[j] for j in cut - kept)


def not_taken(case: Case) -> list[Finding]:
    """Parameters without a gradient because each `where` on the way takes a branch without them."""
    graph = case.graph
    if not graph.of("select") or not len(case.indices) or largest(case.indices, graph.squares) or case.once(off_units):
        return []
    found = [i for i in graph.of("select") if graph.gradients[i] and _is_elsewhere(graph, i)]
    if not found:
        return []
    test, first, second = graph.operands(found[0])
    side, taken = ("first", first) if graph.data[test] else ("second", second)
    return [
        Finding(
            "disconnected",
            tuple(case.groups(case.index_of)),
            {"parameters": f"{len(case.indices)} of {len(case.parameters)}", "gradient": 0.0},
            f"{definition(graph, found[0])} takes its {side} branch, {describe(graph, taken)}, which does not depend "
            "on these parameters. Only the branch that is taken passes a gradient, so theirs is 0.",
            "Give the branch that is taken a slope, or start where the condition takes the other branch.",
        )
    ]


def _is_elsewhere(graph: LossGraph, i: int) -> bool:
    """Whether the branch that a `where` takes does not depend on parameters, but the other one does."""
    test, *both = graph.operands(i)
    taken, other = both if graph.data[test] else both[::-1]
    return bool(graph.depends[other]) and not graph.depends[taken]
