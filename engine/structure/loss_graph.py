"""The graph behind a loss by place, and what one pass forward and one in reverse tell of it.

The `spread` of a gradient is the root of the sum of its paths' squares: what they add up to, about, if their signs are
random, and what rounding is to be measured by.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from ..core import CODES, NAMES, Value
from . import recompute, sweeps
from .arrays import Floats, Ints, different, ints_of, new_ints, where
from .flattened import flatten

SAME = 1e-9  # numbers that differ by less, relative to what they are made of, differ by rounding


class LossGraph:
    """All that `loss` was computed from, by place: operations, the newest first, and then leaves.

    `places` has those of the parameters that are in the graph.

    >>> x = Value(3.0, "x")
    >>> flow = LossGraph(x * x - x, [x])
    >>> flow.operands(0), flow.places[x], flow.gradients[2], flow.squares[2]
    ((1, 2), 2, 5.0, 19.0)
    """

    def __init__(self, loss: Value, parameters: Iterable[Value] = ()) -> None:
        self.layout = found = flatten(loss, parameters)
        self.nodes, self.places, self.data, self.interior = found.nodes, found.index_of, found.data, found.interior
        self.ops = {NAMES[code] for code in different(found.codes)}
        self._of: dict[str, Ints] = {}

    @cached_property
    def ordered(self) -> list[Value]:
        """All nodes, operands before results; each leaf stands before the first operation that takes it."""
        found: dict[Value, None] = {}
        for i in self.interior:
            node = self.nodes[i]
            found |= dict.fromkeys(operand for operand in node.operands if not operand.op)
            found[node] = None
        return list(found) or list(self.nodes)

    @cached_property
    def gradients(self) -> Floats:
        """The derivative of the loss in every node, by place."""
        return self._reverse[0]

    @cached_property
    def squares(self) -> Floats:
        """The spread of every derivative, squared."""
        return self._reverse[1]

    @cached_property
    def _reverse(self) -> tuple[Floats, Floats]:
        return sweeps.reverse(self.layout)

    def of(self, op: str) -> Ints:
        """The places of the operations of one name, in the order of creation."""
        if op not in self._of:
            self._of[op] = where(self.layout.codes, CODES[op]) if op in self.ops else new_ints(0)
        return self._of[op]

    def operands(self, i: int) -> Sequence[int]:
        """The places of the operands of the node at place i, in order."""
        return tuple(self.layout.operands[k] for k in self._edges(i))

    def partials(self, i: int) -> Sequence[float]:
        """Its partials, one for each operand."""
        return tuple(self.layout.partials[k] for k in self._edges(i))

    def _edges(self, i: int) -> range:
        starts = self.layout.starts
        return range(starts[i], starts[i + 1]) if i in self.interior else range(0)

    def argument(self, i: int) -> int:
        """The place of the first operand of an operation."""
        return self.layout.operands[self.layout.starts[i]]

    def slope(self, i: int) -> float:
        """The partial in it."""
        return self.layout.partials[self.layout.starts[i]]

    def spread(self, i: int) -> float:
        """The spread of the gradient at place i."""
        return math.sqrt(self.squares[i])

    def forward(self, given: Mapping[int, float]) -> Floats:
        """All numbers computed anew from the leaves as they are now, those at some places given."""
        return self._moved(given)[1]

    def _moved(self, given: Mapping[int, float]) -> tuple[Ints, Floats]:
        """The operations that give another number where some are given, operands first, and all numbers then."""
        places = recompute.downstream(self.layout, [*given, *self._other_now])
        data = self.data[:]
        for i, number in given.items():
            data[i] = number
        are_operations = any(i in self.interior for i in given)
        computed = ints_of([i for i in places if i not in given]) if are_operations else places
        recompute.forward(self.layout, computed, data)
        return places, data

    def elsewhere(self, given: Mapping[int, float]) -> tuple[Floats, Floats]:
        """The gradients and squares with other numbers at some places: only what depends on them is recomputed."""
        places, data = self._moved(given)
        return sweeps.reverse(self.layout._replace(partials=recompute.slopes(self.layout, places, data)))

    @cached_property
    def changed(self) -> dict[int, float | None]:
        """The nodes whose data was set after something was computed from it, and what it was, where that is known.

        >>> x = Value(3.0, "x")
        >>> y = x * 2
        >>> x.data = 5.0
        >>> LossGraph(y).changed
        {1: 3.0}
        """
        return recompute.changed(self.layout, SAME)

    @cached_property
    def _other_now(self) -> list[int]:
        """The operations that give another number now, if only by rounding or because it is nan."""
        return recompute.others(self.layout)
