"""The output error: the form of ∇ₐC, or of δ if the activation's derivative cancels.

A form is recognised by the loss's operations and verified numerically: it equals δ in every entry, or is not given.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from engine.core import numeric
from engine.grading import Network, softmaxes
from engine.structure import SAME

from .layer_matrices import LayerMatrices
from .matrices import Matrix


@dataclass(frozen=True)
class OutputError:
    """δ of the last layer, or ∇ₐC, is `scale` · (p - targets); p is the softmax or sigmoid of z, or a itself."""

    kind: str  # "squares", "softmax" or "sigmoid"
    scale: Fraction
    targets: Matrix
    p: Matrix  # of the examples, as targets


def squares(network: Network, last: LayerMatrices, nodes: list[list[int]]) -> OutputError | None:
    """∇ₐC = c (a - y), for a sum or mean of squares, if each `a` is used only in its difference from a given number."""
    targets = [[_target(network, i) for i in row] for row in nodes]
    if any(y is None for row in targets for y in row):
        return None
    return _proven("squares", last.grad_a, last.a, [[y or 0.0 for y in row] for row in targets])


def softmax_cross_entropy(network: Network, last: LayerMatrices) -> OutputError | None:
    """δ = c (p - y) with p = softmax(z) and a 1 in each row of y."""
    if not {"logsumexp", "logaddexp", "exp"} & set(network.ops):
        return None
    found = softmaxes(network)
    targets = [[float(j == softmax.target) for j in range(len(softmax.shares))] for softmax in found]
    return _proven("softmax", last.delta, [softmax.shares for softmax in found], targets) if found else None


def sigmoid_cross_entropy(network: Network, last: LayerMatrices, nodes: list[list[int]]) -> OutputError | None:
    """δ = c (σ(z) - y), if the loss is the cross-entropy of the logits z, or of the probabilities σ(z)."""
    if last.function not in ("linear", "sigmoid"):
        return None
    shares = [[_shares(network, i, last.function == "linear") for i in row] for row in nodes]
    if any(pair is None or sum(pair) <= 0.0 for row in shares for pair in row):
        return None
    targets = [[pair[0] / sum(pair) if pair else 0.0 for pair in row] for row in shares]
    p = [[numeric("sigmoid", z) for z in row] for row in last.z]
    return _proven("sigmoid", last.delta, p, targets)


def _proven(kind: str, gradients: Matrix, p: Matrix, targets: Matrix) -> OutputError | None:
    """The form if one fraction c gives every gradient as c (p - y)."""
    triples = [(g, x, y) for rows in zip(gradients, p, targets, strict=True) for g, x, y in zip(*rows, strict=True)]
    g, x, y = max(triples, key=lambda triple: abs(triple[1] - triple[2]))
    if x == y or not isfinite(g / (x - y)):
        return None
    scale = Fraction(g / (x - y)).limit_denominator(len(triples) * 2)
    # The difference of two close numbers has fewer digits than either.
    exact = all(
        abs(g - float(scale) * (x - y)) <= SAME * abs(float(scale)) * max(abs(x), abs(y)) for g, x, y in triples
    )
    return OutputError(kind, scale, targets, p) if scale > 0 and exact else None


def _target(network: Network, i: int) -> float | None:
    """y, if node i is used only in a difference with a given y."""
    uses = network.sweep.uses[i]
    if len(uses) != 1 or network.ops[network.sweep.results[uses[0]]] != "sub":
        return None
    (other,) = [j for j in network.sweep.inputs(network.sweep.results[uses[0]]) if j != i] or [i]
    return None if network.depends[other] else network.data[other]


def _shares(network: Network, i: int, is_logit: bool) -> tuple[float, float] | None:
    """The weights of -log p and of -log(1 - p) in the loss, where node i is the logit or p itself."""
    one, zero = 0.0, 0.0
    adjoints, results = network.sweep.adjoints, network.sweep.results
    for k in network.sweep.uses[i]:
        j = results[k]
        if is_logit and network.ops[j] == "softplus":
            zero += adjoints[j]
        elif not is_logit and network.ops[j] == "log":
            one -= adjoints[j]
        elif network.ops[j] == "neg" or (network.ops[j] == "sub" and _is_rest(network, j, i)):
            for inner in network.sweep.uses[j]:
                op, adjoint = network.ops[results[inner]], adjoints[results[inner]]
                if is_logit and network.ops[j] == "neg" and op == "softplus":
                    one += adjoint
                elif not is_logit and op == ("log1p" if network.ops[j] == "neg" else "log"):
                    zero -= adjoint
                else:
                    return None
        else:
            return None
    return one, zero


def _is_rest(network: Network, j: int, i: int) -> bool:
    """Whether node j is 1 - i."""
    first, second = network.sweep.inputs(j)
    return second == i and not network.depends[first] and network.data[first] == 1.0
