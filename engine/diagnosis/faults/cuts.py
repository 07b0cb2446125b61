"""Parameters in the graph whose gradient is cut off on every path: by detach, a step, or a branch that is not taken."""

from ...core import TABLE, Value
from ...structure import LossGraph, largest
from ..context import Case
from ..description import definition, describe
from ..report import Finding
from .activations import off_units

CUTS = {"select": "the condition of a where", "less": "a comparison", "less_equal": "a comparison"}


def cut_off(case: Case) -> tuple[list[Value], list[str]]:
    """The parameters in the graph whose every path has a partial that is 0 everywhere, and the operations with it."""
    graph, cuts = case.graph, dict[str, None]()
    flat = {op for op in graph.ops if "0" in TABLE[op].partials}
    reached, stack = {0}, [0] if flat else []
    while stack:
        i = stack.pop()
        inner = graph.operands(i)
        if graph.nodes[i].op in flat:
            partials = TABLE[graph.nodes[i].op].partials
            kept = [j for j, partial in zip(inner, partials, strict=True) if partial != "0"]
            is_cut = any(graph.depends[j] for j in set(inner).difference(kept))
            cuts |= dict.fromkeys([CUTS.get(graph.nodes[i].op, graph.nodes[i].op)] if is_cut else [])
            inner = kept
        stack += [j for j in inner if j not in reached]
        reached.update(inner)
    found = [p for p, i in case.index_of.items() if i not in reached] if flat else []
    is_meant = len(found) < len(case.index_of) or "detach" in flat  # else the loss counts
    return (found, list(cuts)) if is_meant else ([], [])


def not_taken(case: Case) -> list[Finding]:
    """Parameters without a gradient because each `where` on the way takes a branch without them."""
    graph = case.graph
    if not graph.of("select") or not len(case.indices) or largest(case.indices, graph.squares) or off_units(case):
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
