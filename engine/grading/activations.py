"""The activations of a network as arrays, on which a formula of a derivative is evaluated once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..core import NAMES
from ..structure import Ints, Unit, floats_of, packed
from .partials import Partials
from .reverse_sweep import ReverseSweep

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Formula: TypeAlias = Callable[[str, Any, Any, Any], Any]  # (operation, z, a, derivative), of floats or of arrays


class Activations(NamedTuple):
    """Activations a = f(z) of one operation, unit by unit: the edges from a to z, the numbers and the derivatives."""

    op: str
    units: Mapping[Unit, slice]
    edges: Ints
    z: Array
    a: Array
    derivatives: Array

    def changed(self, formula: Formula) -> dict[Unit, Partials]:
        """Other derivatives, by unit; none if the formula is not of this operation."""
        with np.errstate(all="ignore"):
            found = formula(self.op, self.z, self.a, self.derivatives)
        if found is None:
            return {}
        numbers = floats_of(np.broadcast_to(np.asarray(found, dtype=float), self.z.shape).tolist())
        return {unit: Partials(self.edges[some], numbers[some]) for unit, some in self.units.items()}


def activations(sweep: ReverseSweep, units: Sequence[Unit]) -> list[Activations]:
    """Those of these units, by operation.

    >>> from ..core import Value
    >>> from .network import Network
    >>> w = Value(0.5, "w")
    >>> network = Network(ReverseSweep((w * 2.0).tanh() + (w * 4.0).tanh(), [w]))
    >>> [some.z.tolist() for some in network.activations]
    [[1.0, 2.0]]
    """
    flat = sweep.flat
    rows = [(n, o.z, o.activation) for n, u in enumerate(units) for o in u.occurrences if o.activation is not None]
    owners, z, a = np.array(rows, dtype=int).reshape(-1, 3).T
    codes, starts, data, partials = map(np.asarray, (flat.codes, flat.starts, flat.data, flat.partials))
    found = []
    for code in np.unique(codes[a]).tolist():
        is_such = codes[a] == code
        edges, own = starts[a[is_such]], owners[is_such]
        firsts = np.flatnonzero(np.diff(own, prepend=-1)).tolist()
        of_units = {units[own[m]]: slice(m, n) for m, n in pairwise([*firsts, len(own)])}
        of_edges = data[z[is_such]], data[a[is_such]], partials[edges]
        found.append(Activations(NAMES[code], of_units, packed(edges), *of_edges))
    return found
