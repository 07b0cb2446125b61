"""The output error: the form of ∇ₐC, or of δ if the activation's derivative cancels.

The form is c (p - y), with p = a for squares, and p = σ(z) or softmax(z) for cross-entropy. The gradients at some other
outputs give c and y. If these do not give the gradients at further outputs and at the given ones, there is no form.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import exp, isfinite
from random import Random

from engine.core import numeric
from engine.grading import Network
from engine.structure import SAME

from .layer_matrices import LayerMatrices
from .layer_outputs import Passed
from .matrices import Matrix

SIMPLE = 10_000  # the largest c, and its largest denominator, or twice the number of outputs


@dataclass(frozen=True)
class OutputError:
    """δ of the last layer, or ∇ₐC, is `scale` · (p - targets); p is the softmax or sigmoid of z, or a itself."""

    kind: str  # "squares", "softmax" or "sigmoid"
    scale: Fraction
    targets: Matrix
    p: Matrix  # of the examples, as targets


def output_error(network: Network, last: LayerMatrices, passed: list[list[Passed]]) -> OutputError | None:
    """The form for the loss of a network, whose last layer has passed these outputs to it."""
    sums, outputs = ([[getattr(p, name) for p in row] for row in passed] for name in ("z", "node"))
    for kind in ("softmax",) * last.is_linear + ("sigmoid",) * (last.function in ("linear", "sigmoid")):
        if found := _form(network, kind, sums, last.z, last.delta):
            return found
    return _form(network, "squares", outputs, last.a, last.grad_a)


def _form(
    network: Network, kind: str, nodes: list[list[int]], numbers: Matrix, gradients: Matrix
) -> OutputError | None:
    at_zero, at_one = (_moved(network, kind, nodes, reach) for reach in (0.0, 1.0))
    (p, g), (other_p, other_g) = at_zero[0], at_one[0]
    rise = (other_g - g) / (other_p - p) if other_p != p else 0.0
    c = Fraction(rise if isfinite(rise) else 0.0).limit_denominator(max(SIMPLE, 2 * len(at_zero)))
    if not 0 < c <= SIMPLE:
        return None
    y = [p - g / c if kind == "squares" else round(p - g / c, 15) for p, g in at_zero]  # 1 and 0, not 1e-17
    given = _pairs(PREDICTIONS[kind](numbers), gradients)
    further = _moved(network, kind, nodes, 1.0 + max(map(abs, y)))
    if not all(_agree(pairs, y, float(c)) for pairs in (at_one, further, given)):
        return None
    width = len(nodes[0])
    targets = [y[i : i + width] for i in range(0, len(y), width)]
    return OutputError(kind, c, targets, PREDICTIONS[kind](numbers))


Pairs = list[tuple[float, float]]


def _moved(network: Network, kind: str, nodes: list[list[int]], reach: float) -> Pairs:
    """Each p and its gradient, with other numbers at these nodes, up to `reach`."""
    draw = Random(reach)
    numbers = [[reach * draw.uniform(-1.0, 1.0) for _ in row] for row in nodes]
    gradients, _ = network.sweep.graph.elsewhere(dict(zip(chain(*nodes), chain(*numbers), strict=True)))
    return _pairs(PREDICTIONS[kind](numbers), [[gradients[i] for i in row] for row in nodes])


def _pairs(p: Matrix, gradients: Matrix) -> Pairs:
    return list(zip(chain(*p), chain(*gradients), strict=True))


def _agree(pairs: Pairs, targets: Iterable[float], c: float) -> bool:
    """Whether each gradient is c (p - y), a difference with fewer digits than p and y."""
    return all(abs(g - c * (p - y)) <= SAME * c * max(abs(p), abs(y)) for (p, g), y in zip(pairs, targets, strict=True))


def _softmax(row: list[float]) -> list[float]:
    top = max(row)
    powers = [exp(z - top) for z in row]
    total = sum(powers)
    return [power / total for power in powers]


PREDICTIONS: dict[str, Callable[[Matrix], Matrix]] = {
    "softmax": lambda rows: [_softmax(row) for row in rows],
    "sigmoid": lambda rows: [[numeric("sigmoid", z) for z in row] for row in rows],
    "squares": lambda rows: rows,
}
