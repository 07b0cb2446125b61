"""Interval arithmetic: the range of an operation over all parameters."""

import math
from collections.abc import Collection

from ..structure import LossGraph

Interval = tuple[float, float]
EVERYTHING: Interval = (-math.inf, math.inf)
RANGES: dict[str, Interval] = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "erf": (-1.0, 1.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "atan": (-math.pi / 2, math.pi / 2),
    "erfc": (0.0, 2.0),
    "cosh": (1.0, math.inf),
    "exp2": (0.0, math.inf),
    "hypot": (0.0, math.inf),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "exp": (0.0, math.inf),
    "abs": (0.0, math.inf),
    "sqrt": (0.0, math.inf),
}
DEPTH = 6  # operations after the last activation; beyond that the range is taken to be unbounded


def interval(graph: LossGraph, i: int, parameters: Collection[int], depth: int = DEPTH) -> Interval:
    """The smallest and the largest number that the node at index i can be.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> graph = LossGraph(2 * (w * 3.0).tanh() + 1, [w])
    >>> interval(graph, 0, [graph.index_of[w]])
    (-1.0, 3.0)
    """
    if i in parameters or depth == 0:
        return EVERYTHING
    op = graph.nodes[i].op
    if not op:
        return graph.data[i], graph.data[i]
    if op in RANGES:
        return RANGES[op]
    if op not in ("add", "sub", "neg", "mul", "div", "sum", "pow"):
        return EVERYTHING
    inner: list[Interval] = []
    for j in reversed(graph.operands(i)):  # in a long sum, the last term is most often unbounded
        inner.insert(0, interval(graph, j, parameters, depth - 1))
        if inner[0] == EVERYTHING:
            return EVERYTHING
    return _combined(op, inner)


def _combined(op: str, inner: list[Interval]) -> Interval:
    (low, high), (first, last) = inner[0], inner[-1]
    if op == "neg":
        return -high, -low
    if op in ("add", "sum"):
        return _sum([a for a, _ in inner], -math.inf), _sum([b for _, b in inner], math.inf)
    if op == "sub":
        return _combined("add", [inner[0], (-last, -first)])
    if op == "div" and first == last != 0.0:
        return _combined("mul", [inner[0], (1.0 / first, 1.0 / first)])
    if op == "mul" and (low == high or first == last):
        number, (low, high) = (low, inner[1]) if low == high else (first, inner[0])
        ends = sorted((number * low, number * high)) if number else [0.0, 0.0]
        return ends[0], ends[1]
    if op == "pow" and first == last and first > 0.0 and first % 2.0 == 0.0:
        return 0.0, math.inf
    return EVERYTHING


def _sum(ends: list[float], otherwise: float) -> float:
    total = sum(ends)
    return otherwise if math.isnan(total) else total
