"""The uses of parameters other than as weights and biases: penalties, and formulas that are no networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ..structure import Unit
from .reverse_sweep import ReverseSweep


def other_uses(sweep: ReverseSweep, uses: Mapping[int, Sequence[int]], units: Iterable[Unit]) -> list[int]:
    """The edges to parameters, given by parameter in `uses`, other than those from weighted sums.

    >>> from engine import Value
    >>> from .network import Network
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> network = Network(ReverseSweep((w * x).tanh() + w**2, [w]))
    >>> [network.ops[network.sweep.results[k]] for k in network.penalty_edges]
    ['pow']
    """
    import numpy as np

    is_other = np.ones(len(sweep.operands), dtype=bool)
    for unit in units:
        for edges in (unit.columns.weight_edges, unit.columns.bias_edges):
            is_other[np.asarray(edges)] = False
    every = np.fromiter(chain.from_iterable(uses.values()), dtype=int)
    others: list[int] = every[is_other[every]].tolist()
    return others
