"""How errors of intermediate numbers move gradients, to first order, and the transpose of this map.

An error of a result moves later results, and with them partials; an error of a partial or an adjoint moves the adjoints
that are computed from it. A learner's mistake changes the backward pass, and not the forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..core import TABLE
from .network import Network

STEP = 1e-6  # of an operand, for second derivatives
MULTIPLES = (-2.0, -1.0, -0.5, 0.5, 2.0)  # of a partial, such as its negative, that move with it

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Level(NamedTuple):
    """Edges that are passed at once: their targets, where those of each begin, their sources, and the partials."""

    targets: Array
    starts: Array
    sources: Array
    partials: Array


class Second(NamedTuple):
    """A second derivative: the partial of an edge moves by `number` times the error of an operand."""

    edge: int
    operand: int
    number: float


class Sensitivities:
    """The map from errors, of all data, then all partials, then all adjoints, to the adjoints of all nodes.

    `changed` are the partials, by edge, of a learner's mistake, and `replaced` the adjoints, by node.
    """

    def __init__(
        self, network: Network, changed: Mapping[int, float], replaced: Mapping[int, float], second: list[Second]
    ) -> None:
        sweep = network.sweep
        self.nodes, self.edges = len(network.ops), len(network.operands)
        self.adjoints = sweep.run(changed, replaced) if changed or replaced else sweep.adjoints
        self.second = [s for s in _changed(network, changed, second) if s.number] if changed else second
        right = np.array(network.partials, dtype=float)
        back = right.copy()
        back[list(changed)] = list(changed.values())
        self._operands = np.array(sweep.operands, dtype=int)
        into = np.array(self.adjoints, dtype=float)[np.array(sweep.results, dtype=int)]
        into[np.isin(self._operands, list(replaced))] = back[np.isin(self._operands, list(replaced))] = 0.0
        self._into = into
        self._forth, self._forth_transposed = _levels(network, right)
        self._back_transposed, self._back = _levels(network, back)
        edges = np.array([s.edge for s in self.second], dtype=int)
        self._from = np.array([s.operand for s in self.second], dtype=int)
        self._curved = np.array([s.number for s in self.second]) * into[edges]
        self._to = self._operands[edges]

    def tangents(self, errors: Array) -> tuple[Array, Array]:
        """How far errors move the data and the adjoint of each node."""
        x = _passed(self._forth, errors[: self.nodes])
        y = errors[self.nodes + self.edges :] + self._added(self._to, self._curved * x[self._from])
        y += self._added(self._operands, self._into * errors[self.nodes : self.nodes + self.edges])
        return x, _passed(self._back, y)

    def transposed(self, seeds: Array) -> Array:
        """The errors that these weights of the adjoints are sensitive to, and how much."""
        y = _passed(self._back_transposed, seeds)
        x = _passed(self._forth_transposed, self._added(self._from, self._curved * y[self._to]))
        return np.concatenate([x, self._into * y[self._operands], y])

    def _added(self, nodes: Array, numbers: Array) -> Array:
        return np.bincount(nodes, numbers, self.nodes).astype(float)  # of no nodes it is of ints


def second_derivatives(network: Network) -> Iterator[Second]:
    """Those of all operations that are not 0."""
    for i in range(network.size):
        if network.depends[i]:
            yield from _second(network, i)


def _second(network: Network, i: int) -> Iterator[Second]:
    edges, operands = network.sweep.edges(i), network.sweep.inputs(i)
    op, n = network.ops[i], len(operands) // 2
    if op in ("add", "sub", "neg", "sum"):
        return
    if op in ("mul", "dot"):
        for k, a, b in zip(edges, operands[:n], operands[n : 2 * n], strict=False):
            yield Second(k, b, 1.0)
            yield Second(k + n, a, 1.0)
        return
    data = [network.data[j] for j in operands]
    for m, b in enumerate(operands):
        if network.depends[b]:
            step = STEP * max(abs(data[m]), STEP)
            up, down = (_partials(op, [*data[:m], data[m] + s, *data[m + 1 :]]) for s in (step, -step))
            for k, p, q in zip(edges, up, down, strict=True):
                number = (p - q) / (2.0 * step)
                if number and math.isfinite(number):
                    yield Second(k, b, number)


def _partials(op: str, operands: list[float]) -> Sequence[float]:
    """The partials of one operation."""
    row = TABLE[op]
    groups = row.split(operands)
    found = row.partial_values(row.value(*groups), *groups)
    return row.flatten(found, len(groups[0])) if row.variadic else found


def moves_along(partial: float, right: float) -> bool:
    """Whether a learner's partial moves as the right one does, times a constant; else it is a number of its own."""
    return partial == right or any(partial == c * right for c in MULTIPLES)


def _changed(network: Network, changed: Mapping[int, float], second: list[Second]) -> Iterator[Second]:
    for s in second:
        right = network.partials[s.edge]
        partial = changed.get(s.edge, right)
        ratio = partial / right if right and moves_along(partial, right) else float(partial == right)
        yield s if ratio == 1.0 else s._replace(number=ratio * s.number)


def _levels(network: Network, partials: Array) -> tuple[list[Level], list[Level]]:
    """The edges from operands to results, by depth of the result, and back, by depth of the operand."""
    sweep, depth = network.sweep, [0] * len(network.ops)
    for i in reversed(range(network.size)):
        if network.depends[i]:
            depth[i] = 1 + max(depth[j] for j in sweep.inputs(i))
    edges = np.array([k for k, j in enumerate(sweep.operands) if network.depends[j]], dtype=int)
    results, operands = np.array(sweep.results, dtype=int), np.array(sweep.operands, dtype=int)
    depths = np.array(depth)
    up = _grouped(edges, results, operands, depths, partials)
    return up, _grouped(edges, operands, results, depths, partials)[::-1]


def _grouped(edges: Array, targets: Array, sources: Array, depths: Array, partials: Array) -> list[Level]:
    found = []
    edges = edges[np.lexsort((targets[edges], depths[targets[edges]]))]
    for some in np.split(edges, np.flatnonzero(np.diff(depths[targets[edges]])) + 1) if len(edges) else ():
        starts = np.concatenate([[0], np.flatnonzero(np.diff(targets[some])) + 1])
        found.append(Level(targets[some][starts], starts, sources[some], partials[some]))
    return found


def _passed(levels: list[Level], numbers: Array) -> Array:
    """The numbers after each has got those of its sources times the partials."""
    found = numbers.copy()
    for targets, starts, sources, partials in levels:
        found[targets] += np.add.reduceat(partials * found[sources], starts)
    return found
