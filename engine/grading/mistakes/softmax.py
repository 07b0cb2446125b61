"""Mistakes at softmax and sigmoid with cross-entropy, recognised by δ = p - y, however the loss is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..network import Network
from .row import Change, Mistake

SAME = 1e-9  # numbers that differ by less are equal, but for rounding


class Softmax(NamedTuple):
    """The logits of one example, their probabilities p, the index of the right class, and c in δ = c (p - y)."""

    logits: list[int]
    shares: list[float]
    target: int
    scale: float


def softmaxes(network: Network) -> list[Softmax]:
    """The softmax of each example; empty unless the loss is a softmax with cross-entropy of one right class."""
    outputs = network.outputs
    if not network.units and len(network.parameters) > 1:  # the logits themselves are given
        alone = _softmax(network, sorted(network.parameters, key=lambda i: network.sweep.nodes[i].serial))
        return [alone] if alone else []
    if len(outputs) < 2 or len({len(unit.occurrences) for unit in outputs}) > 1:
        return []
    found = [_softmax(network, [unit.occurrences[t].z for unit in outputs]) for t in range(len(outputs[0].occurrences))]
    return [softmax for softmax in found if softmax] if all(found) else []


def _softmax(network: Network, logits: list[int]) -> Softmax | None:
    top = max(network.data[z] for z in logits)
    powers = [math.exp(network.data[z] - top) for z in logits]
    shares = [x / sum(powers) for x in powers]
    errors = [network.sweep.adjoints[z] for z in logits]
    negative = [j for j, error in enumerate(errors) if error < 0.0]
    if len(negative) != 1 or shares[negative[0]] == 1.0:
        return None
    target = negative[0]
    scale = -errors[target] / (1.0 - shares[target])
    exact = [scale * (p - (j == target)) for j, p in enumerate(shares)]
    if any(abs(e - x) > SAME * scale for e, x in zip(errors, exact, strict=True)):
        return None
    return Softmax(logits, shares, target, scale)


def error(
    name: str,
    was: str,
    right: str,
    formula: Callable[[list[float], int], list[float]],
    covers: tuple[str, ...] = (),
) -> Mistake:
    """A row whose δ at the logits is not p - y but formula(p, index of the right class)."""

    def changes(network: Network) -> Iterator[Change]:
        adjoints = {
            z: softmax.scale * delta
            for softmax in softmaxes(network)
            for z, delta in zip(softmax.logits, formula(softmax.shares, softmax.target), strict=True)
        }
        if adjoints:
            yield Change("", adjoints=adjoints)

    return Mistake(name, was, right, changes, covers)


def _wrong_class(network: Network) -> Iterator[Change]:
    found = softmaxes(network)
    classes = len(found[0].logits) if found else 0
    for turn in range(1, classes):
        adjoints = dict[int, float]()
        for softmax in found:
            target = (softmax.target + turn) % classes
            pairs = zip(softmax.logits, softmax.shares, strict=True)
            adjoints |= {z: softmax.scale * (p - (j == target)) for j, (z, p) in enumerate(pairs)}
        yield Change(f"{turn}", adjoints=adjoints)


def _sigmoid_twice(network: Network) -> Iterator[Change]:
    """A sigmoid with cross-entropy, recognised by δ = a - y for a target of 0 or 1."""
    adjoints, shares = {}, []
    for o in network.output_nodes:
        delta, z = network.sweep.adjoints[o.z], network.data[o.z]
        a = 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, z))))
        shares.append(delta / (a if delta > 0.0 else a - 1.0) if 0.0 < a < 1.0 else math.nan)
        adjoints[o.z] = delta * a * (1.0 - a)
    if shares and all(abs(c - shares[0]) <= SAME * abs(shares[0]) for c in shares):
        n = shares[0] * network.examples
        if abs(n - round(n)) <= SAME * n or abs(shares[0] - 1.0) <= SAME:
            yield Change("", adjoints=adjoints)


SOFTMAX = (
    error(
        "softmax_elementwise",
        "softmax is treated as elementwise{place}, without ∂p_k/∂z_j for k ≠ j",
        "every p depends on every z, which gives δ = p - y",
        lambda p, c: [(x - 1.0) * (j == c) for j, x in enumerate(p)],
        covers=("one_way",),
    ),
    error("target_left_out", "the target is left out{place}, p for p - y", "δ = p - y", lambda p, c: list(p)),
    error(
        "softmax_twice",
        "p - y is multiplied by p (1 - p) again{place}",
        "p - y already contains the derivative of the softmax",
        lambda p, c: [(x - (j == c)) * x * (1.0 - x) for j, x in enumerate(p)],
    ),
    error(
        "log_not_divided",
        "the derivative of -log p is taken as -1{place}",
        "it is -1/p",
        lambda p, c: [p[c] * (x - (j == c)) for j, x in enumerate(p)],
    ),
    error(
        "softmax_left_out",
        "the derivative of the softmax is left out{place}, so that δ is -y/p",
        "with it, δ = p - y",
        lambda p, c: [-(j == c) / x if x else 0.0 for j, x in enumerate(p)],
    ),
    error(
        "off_diagonal_sign",
        "the minus sign of ∂p_k/∂z_j for k ≠ j is lost{place}",
        "it is -p_k p_j",
        lambda p, c: [x - 1.0 if j == c else -x for j, x in enumerate(p)],
    ),
    Mistake(
        "wrong_class",
        "the 1 of the target is at another class, {place} further on",
        "y is 1 at the right class",
        _wrong_class,
    ),
    Mistake(
        "sigmoid_twice",
        "a - y is multiplied by a (1 - a){place}",
        "with cross-entropy the sigmoid's derivative cancels, which gives δ = a - y",
        _sigmoid_twice,
        covers=("derivative_twice",),
    ),
)
