"""The uses of parameters other than as weights and biases: penalties, and formulas that are no networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress

from ..structure import Occurrence
from .reverse_sweep import ReverseSweep


def other_uses(
    sweep: ReverseSweep, uses: Mapping[int, Sequence[int]], sums: Iterable[Occurrence], form_of: Sequence[int]
) -> list[int]:
    """The edges to parameters, given by parameter in `uses`, other than those from weighted sums.

    >>> from engine import Value
    >>> from .network import Network
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> network = Network(ReverseSweep((w * x).tanh() + w**2, [w]))
    >>> [network.ops[network.sweep.results[k]] for k in network.penalty_edges]
    ['pow']
    """
    linear, is_whole = set[int](), dict[int, bool]()
    is_other = bytearray(b"\1") * sweep.size  # by operation: whether it uses parameters otherwise, as far as known
    for o in sums:
        form = form_of[o.z]
        if form not in is_whole:  # sums of one form have edges of the same kinds
            is_whole[form] = sorted(_linear(o)) == [k for k in sweep.edges(o.z) if sweep.operands[k] in uses]
        if is_whole[form]:
            is_other[o.z] = 0
        else:
            linear.update(_linear(o))
    every = list(chain.from_iterable(uses.values()))
    others = compress(every, map(is_other.__getitem__, map(sweep.results.__getitem__, every)))
    return [k for k in others if k not in linear]


def _linear(o: Occurrence) -> list[int]:
    """The edges to the weights and biases of an occurrence."""
    return [*o.products.weight_edges, *(bias.edge for bias in o.biases)]
