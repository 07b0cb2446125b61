"""Logs of probabilities: which sigmoid, or operation like one, a log is taken of."""

from typing import TYPE_CHECKING

from ...structure import Ints, LossGraph, arguments
from ..step import array_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEEPEST = {
    "sigmoid": 0.25,
    "tanh": 1.0,
    "erf": 1.1283791670955126,
}  # the slope at 0 of activations that flatten on both sides


def argument_of(graph: LossGraph, log: int) -> float:
    """The argument of the logarithm; 1 + a for log1p(a)."""
    number = graph.data[graph.argument(log)]
    return 1.0 + number if graph.nodes[log].op == "log1p" else number


def logs_of(graph: LossGraph) -> tuple[Ints, "NDArray[np.float64]"]:
    """All logarithms and their arguments."""
    import numpy as np

    plain, shifted = graph.of("log"), graph.of("log1p")
    data, graphs = array_of(graph.data), graph.flattened
    return plain + shifted, np.concatenate([data[arguments(graphs, plain)], 1.0 + data[arguments(graphs, shifted)]])


PLUMBING = ("add", "sub", "neg", "mul", "div", "maximum", "minimum")  # 1 - p, p + 1e-12, a clip


def log_sources(graph: LossGraph) -> dict[int, list[int]]:
    """By squashing operation, the logs of its result; only operations with given numbers may lie between."""
    found: dict[int, list[int]] = {}
    for i in (*graph.of("log"), *graph.of("log1p")):
        squash = _source(graph, i)
        if squash is not None:
            found.setdefault(squash, []).append(i)
    return found


def _source(graph: LossGraph, log: int, most: int = 8) -> int | None:
    i = graph.argument(log)
    for _ in range(most):
        if _squashes(graph, i):
            return i
        inner = [j for j in graph.operands(i) if graph.nodes[j].op]
        if len(inner) != 1 or graph.nodes[i].op not in PLUMBING:
            return None
        (i,) = inner
    return None


def _squashes(graph: LossGraph, i: int) -> bool:
    """Whether a node is a sigmoid or like one: exp(a) / sum, 1 / (1 + exp(-a))."""
    op = graph.nodes[i].op
    if op in STEEPEST:
        return True
    return op == "div" and any(graph.nodes[k].op == "exp" for j in graph.operands(i) for k in (j, *graph.operands(j)))
