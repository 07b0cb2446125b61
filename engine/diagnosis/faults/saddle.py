"""Gradients of 0 where the loss is no minimum: at parameters of 0 that multiply each other, and at a relu's kink."""

import random
from collections.abc import Iterable, Sequence

from ...structure import all_small, largest, small
from ..context import Case
from ..report import Finding
from ..terms import other_factor
from ..words import apart
from .activations import off_units
from .copies import symmetric

NEAR = 0.01  # where the loss is lower
NEXT = 1e-7  # so near that no other relu is switched on
KINKED = {"relu", "maximum", "minimum", "select"}
REST = 1e-9  # a gradient smaller than this, relative to the loss, is 0
STEPS = (NEAR, NEAR / 2.0)
TRIES = 16  # random directions, one of which lowers the loss


def at_saddle(case: Case) -> list[Finding]:
    """Parameters at 0 with gradient 0: it grows with their distance from 0, and stays 0 if only the others move."""
    graph = case.graph
    zeros = [i for i in small(case.indices, graph.squares, 0.0) if graph.data[i] == 0.0]
    if not zeros or graph.changed or (KINKED & graph.ops and not any(_is_factor(case, i) for i in zeros)):
        return []  # with a kink, they are most likely biases of relus that are off
    near, twice = (graph.elsewhere(_moved(case, zeros, distance))[0] for distance in (NEXT, 2.0 * NEXT))
    found = [i for i in zeros if near[i] and abs(twice[i]) > 1.5 * abs(near[i])]
    others = case.given.difference(zeros)
    if not found or case.once(off_units) or any(graph.elsewhere(_moved(case, others, NEAR))[0][i] for i in found):
        return []
    least = min(graph.forward(_moved(case, found, NEAR, seed))[0] for seed in range(TRIES))
    if not least < case.loss.data or case.once(symmetric):
        return []
    return [_stuck(case, found, least)]


def _is_factor(case: Case, i: int) -> bool:
    """Whether a parameter is a factor of a product, with something else, that reaches the loss."""
    graph, results = case.graph, case.graph.flattened.results
    reaching = (k for k in graph.edges_to(i) if graph.squares[results[k]])
    return any(other_factor(graph, k) not in (None, i) for k in reaching)


def _moved(case: Case, indices: Iterable[int], distance: float, seed: int = 0) -> dict[int, float]:
    rng = random.Random(seed)
    return {i: case.graph.data[i] + distance * rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) for i in sorted(indices)}


def _stuck(case: Case, found: Sequence[int], least: float) -> Finding:
    edges = [k for i in found for k in case.graph.edges_to(i)]
    others = {j for k in edges if (j := other_factor(case.graph, k)) is not None}
    multiply = any(case.graph.depends[j] and case.graph.data[j] == 0.0 for j in others)
    return Finding(
        "stationary",
        tuple(case.groups([case.graph.nodes[i] for i in found])),
        {"loss": case.loss.data, "loss nearby": least, "parameters": len(found), "gradient": 0.0},
        f"These parameters are 0, and so are their gradients{MULTIPLY if multiply else ''}. So gradient descent never "
        f"moves them, although the loss is lower nearby: {apart(least, case.loss.data)} if none moves by more than "
        f"{NEAR}.",
        START + (ONE_AT_0 if multiply else ""),
    )


MULTIPLY = ", as happens when weights of 0 multiply each other"
START = 'Start from random weights: MLP(..., init="xavier", seed=0), or by hand Value(random.gauss(0, 1)).'
ONE_AT_0 = " If two parameters multiply each other, only one of them may start at 0."


OTHER_SEED, LEAKY = ' (init="he" with another seed)', 'activation="leaky_relu"'


def at_kink(case: Case) -> list[Finding]:
    """Gradients of 0 on the flat side of a relu's kink, on whose other side the loss falls like a straight line."""
    graph, loss = case.graph, case.loss.data
    none = REST * (1.0 + abs(loss))
    is_at_rest = all_small(case.indices, graph.gradients, none) and largest(case.indices, graph.squares)
    if not KINKED & graph.ops or graph.changed or not is_at_rest:
        return []
    drops = [[loss - graph.forward(_moved(case, case.given, d, seed))[0] for d in STEPS] for seed in range(TRIES)]
    far, near = max(drops)
    if not 0.5 * near > none or not 1.5 * near < far or case.once(off_units):
        return []
    return [_at_edge(case, loss - far)]


def _at_edge(case: Case, least: float) -> Finding:
    graph = case.graph
    return Finding(
        "stationary",
        tuple(case.groups(case.index_of)),
        {"loss": case.loss.data, "loss nearby": least, "largest gradient": largest(case.indices, graph.gradients)},
        "The gradients are 0, but this is no minimum: the parameters are at the kink of a relu. On this side "
        f"the loss is flat or rises; on the other it falls at once, to {apart(least, case.loss.data)} within a "
        f"distance of {NEAR}. Gradient descent sees only the slope on this side, so it never crosses.",
        f"Start from other weights{case.in_modules(OTHER_SEED)}, or give the network more units, so that some start on "
        f"the other side. {case.in_modules(LEAKY, 'z.leaky_relu()')} has a slope on both sides.",
    )
