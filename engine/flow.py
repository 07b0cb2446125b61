"""The graph behind a loss by place, and what one pass forward and one in reverse tell of it.

The `spread` of a gradient is the root of the sum of its paths' squares: what they add up to, about, if their signs are
random, and what rounding is to be measured by.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from . import sweeps
from .graph import Floats, layout
from .ops import TABLE
from .terms import Name, Term, short_number, show
from .value import Value

SAME = 1e-9  # numbers that differ by less, relative to what they are made of, differ by rounding


class Flow:
    """All that `loss` was computed from, by place: operations, operands before results, and then leaves.

    `places` has those of the parameters that are in the graph.

    >>> x = Value(3.0, "x")
    >>> flow = Flow(x * x - x, [x])
    >>> flow.operands(1), flow.places[x], flow.gradients[2], flow.squares[2]
    ((0, 2), 2, 5.0, 19.0)
    """

    def __init__(self, loss: Value, parameters: Iterable[Value] = ()) -> None:
        self.layout = found = layout(loss, parameters)
        self.nodes, self.of, self.places, self.data = found.nodes, found.of, found.places, found.data
        self.interior = range(len(found.left))
        self.end = found.end
        self.left, self.right, self.many = found.left, found.right, found.many
        self.gradients, self.squares = sweeps.reverse(found)

    def operands(self, i: int) -> Sequence[int]:
        """The places of the operands of the node at place i, in order."""
        if i not in self.interior:
            return ()
        a, b = self.left[i], self.right[i]
        return (a, b) if b >= 0 else (a,) if a >= 0 else self.many[i]

    def partials(self, i: int) -> Sequence[float]:
        """Its partials, one for each operand."""
        if i not in self.interior:
            return ()
        left, right = self.layout.left_partials, self.layout.right_partials
        if self.right[i] >= 0:
            return (left[i], right[i])
        return (left[i],) if self.left[i] >= 0 else self.layout.many_partials[i]

    def spread(self, i: int) -> float:
        """The spread of the gradient at place i."""
        return math.sqrt(self.squares[i])

    def again(self, i: int, data: Sequence[float]) -> float:
        """The operation at place i on other numbers."""
        row, numbers = TABLE[self.nodes[i].op], [data[j] for j in self.operands(i)]
        return float(row.value(*row.split(numbers)) if row.variadic else row.value(*numbers))

    def forward(self, given: Mapping[int, float]) -> Floats:
        """All numbers computed anew from the leaves as they are now, those at some places given."""
        data = self.data[:]
        for i, number in given.items():
            data[i] = number
        places = [i for i in self._moved(given) if i not in given]
        sweeps.forward(places, self.nodes, self.left, self.right, data, self.again)
        return data

    def _moved(self, given: Iterable[int]) -> list[int]:
        """The operations that give another number where some are given, operands first."""
        return sweeps.downstream([*given, *self._other_now], self.left, self.right, self.many, len(self.nodes))

    def elsewhere(self, given: Mapping[int, float]) -> tuple[Floats, Floats]:
        """The gradients and squares with other numbers at some places: only what depends on them is computed anew."""
        data, found = self.forward(given), self.layout
        first, second, many = found.left_partials[:], found.right_partials[:], dict(found.many_partials)
        for i in sweeps.slopes(self._moved(given), self.nodes, self.left, self.right, data, first, second):
            row, numbers = TABLE[self.nodes[i].op], [data[j] for j in self.operands(i)]
            groups: list[Any] = row.split(numbers) if row.variadic else numbers
            partials = row.slopes(data[i], *groups)
            if row.variadic:
                many[i] = row.flatten(partials, len(groups[0]))
            else:
                first[i], second[i] = partials[0], partials[-1]
        return sweeps.reverse(found._replace(left_partials=first, right_partials=second, many_partials=many))

    @cached_property
    def changed(self) -> dict[int, float | None]:
        """The nodes whose data was set after something was computed from it, and what it was, where that is known.

        >>> x = Value(3.0, "x")
        >>> y = x * 2
        >>> x.data = 5.0
        >>> Flow(y).changed
        {1: 3.0}
        """
        wrong = [i for i in self._other_now if not self._agrees(i)]
        cleared = self._cleared(set(wrong)) if wrong else set()
        found: dict[int, float | None] = {}
        for i in wrong:
            if any(j in found and self.nodes[j].op for j in self.operands(i)):
                continue  # wrong because of an operand that was set
            slots = zip(self.operands(i), self._before(i), strict=True)
            leaves = [(j, was) for j, was in slots if not self.nodes[j].op and j not in cleared]
            for j, was in [(j, was) for j, was in leaves if self.nodes[j].label] or leaves:
                found[j] = was if found.get(j) is None else found[j]
            if not leaves:
                found[i] = None
        return found

    @cached_property
    def _other_now(self) -> list[int]:
        """The operations that give another number now, if only by rounding or because it is nan."""
        operands = self.left, self.right, self.many
        return sorted(i for op, places in self.of.items() for i in sweeps.others(op, places, *operands, self.data))

    def _agrees(self, i: int) -> bool:
        """Whether an operation still has the number that its operands give now; of inf and nan, yes."""
        now, held = self.again(i, self.data), self.data[i]
        return now == held or not abs(now - held) > SAME * self._made_of(i)

    def _made_of(self, i: int) -> float:
        """The size of what an operation adds up."""
        terms = (abs(slope * self.data[j]) for j, slope in zip(self.operands(i), self.partials(i), strict=True))
        return sum(terms, abs(self.data[i]))

    def _cleared(self, wrong: set[int]) -> set[int]:
        """The leaves that some operation still has the number of."""
        cleared: set[int] = set()
        for i in self.interior:
            rounding = SAME * self._made_of(i)
            for j, was, slope in zip(self.operands(i), self._before(i), self.partials(i), strict=True):
                same = i not in wrong and slope != 0.0
                if same or (was is not None and abs(was - self.data[j]) <= rounding):
                    cleared.add(j)
        return {j for j in cleared if not self.nodes[j].op}

    def _before(self, i: int) -> Sequence[float | None]:
        """What the operands were on the way forward, where partials tell: those of a product are its operands."""
        partials = self.partials(i)
        if self.nodes[i].op == "mul":
            return partials[::-1]
        if self.nodes[i].op != "dot":
            return [None] * len(partials)
        inputs, weights = partials[: len(partials) // 2], partials[len(partials) // 2 : -1]
        return [*weights, *inputs, self.data[i] - sum(map(operator.mul, inputs, weights))]

    def describe(self, i: int, depth: int = 2) -> str:
        """The label of a node, or what it is made of, to a depth.

        >>> Flow(Value(3.0, "x") * 2).describe(0)
        'x * 2'
        """
        return show(self._term(i, depth), "spoken")

    def definition(self, i: int) -> str:
        """What an operation is applied to, labelled or not, as a formula."""
        return show(self._made(i, 2), "spoken")

    def _term(self, i: int, depth: int) -> Term:
        node = self.nodes[i]
        if node.label or not node.op or not depth:
            return Name(node.label or short_number(self.data[i]))
        return self._made(i, depth)

    def _made(self, i: int, depth: int, most: int = 4) -> Term:
        node, operands = self.nodes[i], self.operands(i)
        if i in self.many:
            more = ", …" if len(operands) > most else ""
            return Name(f"{node.op}({', '.join(self.describe(j, depth - 1) for j in operands[:most])}{more})")
        return (node.op, *[self._term(j, depth - 1) for j in operands])


def additive(flow: Flow) -> set[int]:
    """What reaches the loss through sums and constant factors alone: its terms, and those of a mean of losses."""
    found, stack = {flow.end}, [flow.end]
    while stack:
        i = stack.pop()
        op = flow.nodes[i].op
        if op in ("add", "sub", "neg", "sum", "mul", "div"):
            inner = [j for j in flow.operands(i) if j in flow.interior]
            if op not in ("mul", "div") or len(inner) == 1:
                stack += [j for j in inner if j not in found]
                found.update(inner)
    return found
