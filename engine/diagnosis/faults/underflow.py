"""Products of positive numbers that are smaller than the smallest float, and so 0."""

from ...structure import LossGraph, largest, small
from ..context import Case
from ..description import describe
from ..report import Finding

LOGS_OF_FACTORS = (
    "Add up the logs of the factors, sum(log(p) for p in factors), instead of multiplying the factors: the same "
    "parameters make both largest."
)


def lost_factors(graph: LossGraph, i: int) -> int:
    """The number of factors of a product that is 0 though all of them are above 0; 0 for any other node."""
    if graph.nodes[i].op != "mul" or graph.data[i] != 0.0:
        return 0
    seen, factors, stack = {i}, 0, [i]
    while stack:
        j = stack.pop()
        if graph.nodes[j].op != "mul":
            if not graph.data[j] > 0.0:
                return 0
            factors += 1
            continue
        new = set(graph.operands(j)) - seen
        seen |= new
        stack += new
    return factors if factors > 1 else 0


def lost_product(case: Case) -> list[Finding]:
    """A product that is too small for a float, where no gradient reaches any parameter for it."""
    graph = case.graph
    zeros = [i for i in small(graph.of("mul"), graph.data, 0.0) if graph.depends[i] and graph.gradients[i]]
    if not zeros or largest(case.indices, graph.gradients):
        return []
    results = graph.flattened.results
    whole = [i for i in zeros if all(graph.nodes[results[k]].op != "mul" for k in graph.edges_to(i))]
    found = {i: factors for i in whole if (factors := lost_factors(graph, i))}
    if not found:
        return []
    return [
        Finding(
            "vanishing",
            tuple(describe(graph, i) for i in found),
            {"product": 0.0, "factors": max(found.values()), "gradient": 0.0},
            f"The product of {max(found.values())} factors is too small for a float, so it is 0, and all gradients "
            "that pass it are 0.",
            LOGS_OF_FACTORS,
        )
    ]
