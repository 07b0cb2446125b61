"""The products that send gradients back from a layer to the units that feed it."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..structure import Ints, Layer, Unit, packed

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Back(NamedTuple):
    """The products of a unit that send a gradient back to other units: edges to these, weights, and occurrences."""

    unit: Unit
    edges: Ints
    weights: Ints
    occurrences: Ints


def sent_back(layer: Layer, operands: Ints, is_inner: bytes) -> list[Back]:
    """By unit, the products whose input is computed: those with a 1 in `is_inner`, by node.

    >>> from engine import Value
    >>> from .network import Network
    >>> from .reverse_sweep import ReverseSweep
    >>> w, v = Value(2.0, "w"), Value(3.0, "v")
    >>> network = Network(ReverseSweep((v * (w * 0.5).tanh() - 1.0) ** 2, [w, v]))
    >>> [[network.sweep.nodes[i].label for i in back.weights] for _, backs in network.way_back for back in backs]
    [['v']]
    """
    nodes, inner = np.asarray(operands), np.frombuffer(is_inner, dtype=bool)
    found = []
    for unit in layer.units:
        starts, weight_edges, input_edges = map(np.asarray, unit.columns[:3])
        some = np.flatnonzero(inner[nodes[input_edges]])
        if len(some):
            occurrences = np.repeat(np.arange(len(starts) - 1), np.diff(starts))[some]
            found.append(Back(unit, *map(packed, (input_edges[some], nodes[weight_edges[some]], occurrences))))
    return found


def transposed(backs: list[Back], operands: Ints) -> tuple[Ints, Ints]:
    """The edges to the inputs of a square layer, and the weights of the transpose, where it has all its inputs."""
    count = len(backs)
    columns: list[tuple[Array, Array, Array]] = [
        (np.asarray(back.edges), np.asarray(back.weights), np.asarray(back.occurrences)) for back in backs
    ]
    most = 1 + max(int(steps.max()) for *_, steps in columns)
    is_square = np.all([np.bincount(steps, minlength=most) == count for *_, steps in columns], axis=0)
    rows = [_rows(*some, count, is_square, np.asarray(operands)) for some in columns]
    inputs, edges, weights = (np.array(some) for some in zip(*rows, strict=True))  # by unit, step and input
    alike = np.all(inputs == inputs[0], axis=(0, 2))
    return packed(edges[:, alike].transpose(1, 0, 2).ravel()), packed(weights[:, alike].transpose(1, 2, 0).ravel())


def _rows(edges: Array, weights: Array, steps: Array, count: int, is_square: Array, nodes: Array) -> list[Array]:
    """The inputs, edges and weights of a unit by step, in the order of the units that the inputs come from."""
    some = np.flatnonzero(is_square[steps])
    some = some[np.lexsort((-edges[some], -nodes[edges[some]], steps[some]))]
    return [column[some].reshape(-1, count) for column in (nodes[edges], edges, weights)]
