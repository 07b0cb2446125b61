"""How far gradients move if every intermediate number is rounded, as with a pocket calculator."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from ..core import TABLE
from .mistakes.softmax import softmaxes
from .network import Network

DRAWS = 6  # simulated noisy passes
MOST = 3000  # operations that anybody rounds by hand
COPIED = {"add", "sub", "neg", "sum", "mul", "dot"}  # whose partials are operands or constants
CAP = 0.1  # of the gradient: more is no rounding


def rounding(network: Network, observed: Sequence[int], digits: int) -> list[float]:
    """By observed node, the error of its gradient if all intermediate numbers are rounded to `digits` digits."""
    if network.size > MOST:
        return [0.0] * len(observed)
    right = [network.sweep.adjoints[i] for i in observed]
    rng, unit, far = random.Random(0), 10.0 ** (1 - digits), [0.0] * len(observed)
    for _ in range(DRAWS):
        found = _rounded_sweep(network, unit, rng)
        far = [max(f, abs(found[i] - r)) for f, i, r in zip(far, observed, right, strict=True)]
    size = math.sqrt(sum(r * r for r in right) / len(right))
    return [min(f, CAP * max(abs(r), CAP * size)) for f, r in zip(far, right, strict=True)]


def _rounded_sweep(network: Network, unit: float, rng: random.Random) -> Sequence[float]:
    """The adjoints of a forward and a reverse pass in which each result is off by up to half a unit."""
    sweep, data = network.sweep, network.data.copy()
    partials: dict[int, float] = {}
    for i in range(network.size - 1, -1, -1):
        edges = sweep.edges(i)
        y, slopes = _recomputed(network.ops[i], [data[sweep.operands[k]] for k in edges])
        if network.ops[i] not in COPIED:  # a learner rounds a (1 - a), too
            slopes = [slope + _half_unit(slope, unit, rng) for slope in slopes]
        partials.update(zip(edges, slopes, strict=True))
        data[i] = y + _half_unit(y, unit, rng) if network.depends[i] else y
    adjoints = sweep.run(partials)
    moved = _moved_softmaxes(network, unit, rng, adjoints)
    return sweep.run(partials, moved) if moved else adjoints


def _recomputed(op: str, operands: list[float]) -> tuple[float, Sequence[float]]:
    """The result and the partials of one operation."""
    row = TABLE[op]
    if not row.variadic:
        y = row.value(*operands)
        return y, row.partial_values(y, *operands)
    groups = row.split(operands)
    y = row.value(*groups)
    return y, row.flatten(row.partial_values(y, *groups), len(groups[0]))


def _half_unit(y: float, unit: float, rng: random.Random) -> float:
    if not y or not math.isfinite(y):
        return 0.0
    return rng.uniform(-0.5, 0.5) * unit * 10.0 ** math.floor(math.log10(abs(y)))


def _moved_softmaxes(
    network: Network, unit: float, rng: random.Random, adjoints: Sequence[float]
) -> Mapping[int, float]:
    """The adjoints p - y, which for a learner have the decimals of p; the graph has more digits."""
    moved = {}
    for softmax in softmaxes(network):
        for z, p in zip(softmax.logits, softmax.shares, strict=True):
            step = unit * (0.1 if p < 0.1 else 1.0)
            moved[z] = adjoints[z] + softmax.scale * rng.uniform(-0.5, 0.5) * step
    return moved
