"""The products that send gradients back from a layer to the units that feed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from typing import NamedTuple

from ..structure import Ints, Layer, Unit, ints_of


class Back(NamedTuple):
    """The products of a unit that send a gradient back to other units: the edges to these, and the weights."""

    unit: Unit
    edges: Ints
    weights: list[int]


def sent_back(layer: Layer, is_inner: Sequence[int]) -> list[Back]:
    """By unit, the products whose input is computed: those with a 1 in `is_inner`, by node.

    >>> from engine import Value
    >>> from .network import Network
    >>> from .reverse_sweep import ReverseSweep
    >>> w, v = Value(2.0, "w"), Value(3.0, "v")
    >>> network = Network(ReverseSweep((v * (w * 0.5).tanh() - 1.0) ** 2, [w, v]))
    >>> [[network.sweep.nodes[i].label for i in back.weights] for _, backs in network.way_back for back in backs]
    [['v']]
    """
    found = []
    for unit in layer.units:
        products = [o.products for o in unit.occurrences]
        inner = [list(map(is_inner.__getitem__, p.inputs)) for p in products]
        edges = ints_of(_chosen((p.input_edges for p in products), inner))
        if edges:
            found.append(Back(unit, edges, list(_chosen((p.weights for p in products), inner))))
    return found


def _chosen(lists: Iterable[list[int]], inner: Iterable[list[int]]) -> Iterable[int]:
    return chain.from_iterable(map(compress, lists, inner))
