"""Interval arithmetic: the range of an operation over all parameters."""

import math
from collections.abc import Collection, Sequence
from functools import cache

from ..core import NAMES, numeric
from ..structure import Ints, LossGraph, any_uses, ints_of, limited

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
    "square": (0.0, math.inf),
    "normal_cdf": (0.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "norm": (0.0, math.inf),
    "log_sigmoid": (-math.inf, 0.0),
    "elu": (-1.0, math.inf),
}
COMBINED = frozenset(("add", "sum", "sub", "neg", "mul", "div", "pow", "maximum", "minimum"))
DEPTH = 6  # operations after the last activation; beyond that the range is taken to be unbounded


def interval(graph: LossGraph, i: int, parameters: Collection[int], depth: int = DEPTH) -> Interval:
    """The smallest and the largest number that the node at index i can be.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> graph = LossGraph(2 / (1 + (w * 3.0).exp()) + 1, [w])
    >>> interval(graph, 0, [graph.index_of[w]])
    (1.0, 3.0)
    """
    if i in parameters or depth == 0:
        return EVERYTHING
    op, operands = graph.nodes[i].op, graph.operands(i)
    if not op:
        return graph.data[i], graph.data[i]
    if op == "log":
        low, high = interval(graph, operands[0], parameters, depth - 1)
        return numeric("log", max(low, 0.0)), numeric("log", max(high, 0.0))
    if op == "clip":
        low, high = interval(graph, operands[1], parameters, 1)[0], interval(graph, operands[2], parameters, 1)[1]
        return (low, high) if low <= high else EVERYTHING
    if op not in COMBINED:
        return RANGES.get(op, EVERYTHING)
    if op == "mul" and operands[0] == operands[1]:
        return _power(interval(graph, operands[0], parameters, depth - 1), 2.0)
    inner: list[Interval] = []
    for j in reversed(operands):  # in a long sum, the last term is most often unbounded
        inner.insert(0, interval(graph, j, parameters, depth - 1))
        if inner[0] == EVERYTHING and op in ("add", "sum", "sub", "neg"):
            return EVERYTHING
    return _combined(op, inner)


def any_limited(graph: LossGraph, parameters: Collection[int]) -> bool:
    """Whether a term of any difference may have a limited range, judged by the operations alone: False is certain.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> graphs = [LossGraph(y - 1.0, [w]) for y in (w * 3.0 + w, w.tanh())]
    >>> [any_limited(graph, [graph.index_of[w]]) for graph in graphs]
    [False, True]
    """
    differences = graph.of("sub")
    if not differences:
        return False
    return any_uses(graph.flattened, differences, limited(graph.flattened, parameters, _kinds(len(NAMES))))


@cache
def _kinds(count: int) -> Ints:
    """By opcode, the kind of the first operations that `limited` takes."""
    kinds = dict.fromkeys(("add", "sum", "sub", "neg"), 2) | {"mul": 3}
    return ints_of(kinds.get(op, op in COMBINED or op in RANGES or op in ("log", "clip")) for op in NAMES[:count])


def _combined(op: str, inner: Sequence[Interval]) -> Interval:
    (low, high), (first, last) = inner[0], inner[-1]
    if op == "neg":
        return -high, -low
    if op in ("add", "sum"):
        return _sum([a for a, _ in inner], -math.inf), _sum([b for _, b in inner], math.inf)
    if op == "sub":
        return _combined("add", [inner[0], (-last, -first)])
    if op in ("maximum", "minimum"):
        choose = max if op == "maximum" else min
        return choose(a for a, _ in inner), choose(b for _, b in inner)
    if op == "mul":
        ends = [a * b if a and b else 0.0 for a in (low, high) for b in (first, last)]  # 0 times inf is 0 here
        return min(ends), max(ends)
    if op == "div" and (first > 0.0 or last < 0.0 or first == 0.0 < last):
        return _combined("mul", [inner[0], (1.0 / last, 1.0 / first if first else math.inf)])
    return _power(inner[0], first) if op == "pow" and first == last else EVERYTHING


def _power(base: Interval, exponent: float) -> Interval:
    """The range of a positive integer power; any other power is taken to be unbounded."""
    if not (exponent > 0.0 and exponent.is_integer()):
        return EVERYTHING
    ends = sorted(numeric("pow", end, exponent) for end in base)
    return (0.0 if exponent % 2.0 == 0.0 and base[0] < 0.0 < base[1] else ends[0]), ends[1]


def _sum(ends: list[float], otherwise: float) -> float:
    total = sum(ends)
    return otherwise if math.isnan(total) else total
