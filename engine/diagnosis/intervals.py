"""Interval arithmetic: the range of an operation over all parameters."""

import math
from collections.abc import Collection, Sequence
from functools import cache

from ..core import CODES, NAMES, numeric
from ..structure import Ints, LossGraph, arguments, ints_of, limited, with_argument
from .terms import power_of

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
    if (bent := _bent(graph, i)) != EVERYTHING:
        return bent
    if op == "div" and (share := _share(graph, i)) != EVERYTHING:
        return share
    inner: list[Interval] = []
    for j in reversed(operands):  # in a long sum, the last term is most often unbounded
        inner.insert(0, interval(graph, j, parameters, depth - 1))
        if inner[0] == EVERYTHING and op in ("add", "sum", "sub", "neg"):
            return EVERYTHING
    return _combined(op, inner)


def _bent(graph: LossGraph, i: int) -> Interval:
    """The range of a z + b |z|, such as a relu written as (z + |z|) / 2, for any z; unbounded for any other sum."""
    operands = graph.operands(i)
    if graph.nodes[i].op not in ("add", "sub", "sum") or len(operands) != 2:
        return EVERYTHING
    (a, z, is_size), (b, other, other_is_size) = (_sized(graph, j) for j in operands)
    if z != other or is_size == other_is_size:
        return EVERYTHING
    b = -b if graph.nodes[i].op == "sub" else b
    a, b = (b, a) if is_size else (a, b)
    below, above = a - b, a + b  # the slopes on both sides of 0
    return -math.inf if below > 0.0 or above < 0.0 else 0.0, math.inf if below < 0.0 or above > 0.0 else 0.0


def _sized(graph: LossGraph, i: int) -> tuple[float, int, bool]:
    """The constant factor of z or |z|, the index of z, and whether it is |z|."""
    factor, z = _scaled(graph, i)
    inner = magnitude(graph, z)
    if inner is None:
        return factor, z, False
    scale, z = _scaled(graph, inner)
    return factor * abs(scale), z, True


def _scaled(graph: LossGraph, i: int) -> tuple[float, int]:
    """The constant factor of a node, and what it multiplies."""
    factor = 1.0
    while graph.nodes[i].op in ("neg", "mul", "div"):
        first, last = graph.operands(i)[0], graph.operands(i)[-1]
        if graph.nodes[i].op == "neg":
            factor, i = -factor, first
        elif not graph.depends[last]:
            factor, i = numeric(graph.nodes[i].op, factor, graph.data[last]), first
        elif graph.nodes[i].op == "mul" and not graph.depends[first]:
            factor, i = factor * graph.data[first], last
        else:
            break
    return factor, i


def _share(graph: LossGraph, i: int) -> Interval:
    """The range of a quotient whose numerator has terms of its denominator, with any sign, as a tanh by hand has."""
    numerator, denominator = graph.operands(i)
    bottom = _signed_terms(graph, denominator)
    if len(bottom) < 2 or any(sign < 0.0 or not _is_positive(graph, j) for sign, j in bottom):
        return EVERYTHING
    top = _signed_terms(graph, numerator, len(bottom) + 1)
    rest = [j for _, j in bottom]
    for _, j in top:
        same = next((k for k in rest if _is_same(graph, j, k)), None)
        if same is None:
            return EVERYTHING
        rest.remove(same)
    signs = [sign for sign, _ in top]
    return min(0.0, *signs), max(0.0, *signs)


def _is_positive(graph: LossGraph, i: int) -> bool:
    """Whether a term is a given number of at least 0, or the result of an exp or the like."""
    if graph.nodes[i].op:
        return RANGES.get(graph.nodes[i].op, EVERYTHING)[0] >= 0.0
    return not graph.depends[i] and graph.data[i] >= 0.0


def _signed_terms(graph: LossGraph, i: int, most: int = 100) -> list[tuple[float, int]]:
    """The terms of a sum, each with its sign."""
    found, stack = list[tuple[float, int]](), [(1.0, i)]
    while stack and len(found) < most:
        sign, j = stack.pop()
        op, operands = graph.nodes[j].op, graph.operands(j)
        if op not in ("add", "sum", "sub", "neg"):
            found.append((sign, j))
            continue
        last = -sign if op in ("sub", "neg") else sign
        stack += [(sign, k) for k in operands[:-1]] + [(last, operands[-1])]
    return found


def _is_same(graph: LossGraph, i: int, j: int, depth: int = 3) -> bool:
    """Whether two nodes compute the same number from the same nodes."""
    if i == j:
        return True
    inner, other = graph.operands(i), graph.operands(j)
    if graph.data[i] != graph.data[j] or graph.nodes[i].op != graph.nodes[j].op or len(inner) != len(other):
        return False
    if not inner:
        return not graph.depends[i] and not graph.depends[j]
    return depth > 0 and all(_is_same(graph, a, b, depth - 1) for a, b in zip(inner, other, strict=True))


def magnitude(graph: LossGraph, i: int) -> int | None:
    """The index of z in |z|, which may be written as the root of z * z; None for other nodes."""
    op, operands = graph.nodes[i].op, graph.operands(i)
    if op == "abs":
        return operands[0]
    if op != "sqrt":
        return None
    exponent, base = power_of(graph, operands[0])
    return base if exponent == 2.0 else None


def may_be_limited(graph: LossGraph, parameters: Ints) -> Ints:
    """1 for nodes that may have a limited range, judged by the operations alone: 0 is certain.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> graphs = [LossGraph(y, [w]) for y in (w * 3.0 + w, w.tanh())]
    >>> [may_be_limited(graph, graph.parameters)[0] for graph in graphs]
    [0, 1]
    """
    return limited(graph.flattened, parameters, _kinds(len(NAMES), _may_be_rectified(graph)))


def differences(graph: LossGraph) -> Ints:
    """The differences, also written as output + -target, if an even power or a magnitude is taken of it.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> [len(differences(LossGraph(y, [w]))) for y in ((w + -1.0) ** 2, (w + 1.0) ** 0.5, w - 1.0)]
    [1, 0, 1]
    """
    sums = {op: with_argument(graph.flattened, graph.of(op), CODES["add"]) for op in ("pow", "square", "abs")}
    even = [i for op, found in sums.items() for i in found if op == "abs" or power_of(graph, i)[0] in EVEN]
    return graph.of("sub") + ints_of(dict.fromkeys(map(graph.argument, even)))


EVEN = (2.0, 4.0)


MAGNITUDES = ("abs", "sqrt")


def _may_be_rectified(graph: LossGraph) -> bool:
    """Whether any |z| may be in z + |z|: of a z that is used again, or is no difference, as in a loss."""
    sizes = graph.of("abs")
    differences = arguments(graph.flattened, ints_of(with_argument(graph.flattened, sizes, CODES["sub"])))
    is_of_others = len(graph.only_edges_to(differences)) < len(sizes)
    return is_of_others or any(magnitude(graph, i) is not None for i in graph.of("sqrt"))


@cache
def _kinds(count: int, has_magnitudes: bool) -> Ints:
    """By opcode, the kind of the first operations that `limited` takes; z + |z| is limited where z is not."""
    kinds = dict.fromkeys(("neg",) if has_magnitudes else ("neg", "add", "sub", "sum"), 2) | {"mul": 3, "div": 4}
    return ints_of(kinds.get(op, op in COMBINED or op in RANGES or op in ("log", "clip")) for op in NAMES[:count])


def _combined(op: str, inner: Sequence[Interval]) -> Interval:
    (low, high), (first, last) = inner[0], inner[-1]
    if op == "neg":
        return 0.0 - high, 0.0 - low  # not -0.0
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
