"""The graph behind a loss as lists by position, and what one pass forward and one in reverse tell of it.

The `spread` of a gradient is the root of the sum of its paths' squares: what they add up to, about, if their signs are
random, and what rounding is to be measured by.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from .graph import order
from .ops import TABLE
from .terms import short_number
from .value import Value

SAME = 1e-9  # numbers that differ by less, relative to what they are made of, differ by rounding


class Flow:
    """All that `loss` was computed from, operands first; operands are positions in that order.

    >>> x = Value(3.0, "x")
    >>> flow = Flow(x * x - x)
    >>> flow.at[x], flow.operands, flow.gradients[0], round(flow.spreads[0] ** 2, 9)
    (0, [(), [0, 0], [1, 0]], 5.0, 19.0)
    """

    def __init__(self, loss: Value) -> None:
        interior = order(loss)
        operands = [node.operands for node in interior]
        made = set(interior)
        leaves = [node for node in dict.fromkeys(chain(*operands, [loss])) if node not in made]
        self.nodes = leaves + interior
        self.at = {node: i for i, node in enumerate(self.nodes)}
        self.interior = range(len(leaves), len(self.nodes))
        self.operands: list[Sequence[int]] = [()] * len(leaves)
        self.operands += [[*map(self.at.__getitem__, inner)] for inner in operands]
        self.partials: list[Sequence[float]] = [()] * len(leaves)
        self.partials += [node.partials for node in interior]
        self.data = [node.data for node in self.nodes]
        self.gradients, self.spreads = self.reverse(self.partials)

    @cached_property
    def of(self) -> dict[str, list[int]]:
        """The positions by operation."""
        found: dict[str, list[int]] = {}
        for i in self.interior:
            found.setdefault(self.nodes[i].op, []).append(i)
        return found

    def reverse(self, partials: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
        """The derivative of the loss in every node, added up in the order of `backward()`, and its spread."""
        gradients, squares = [0.0] * len(self.nodes), [0.0] * len(self.nodes)
        gradients[-1] = squares[-1] = 1.0
        for i in reversed(self.interior):
            gradient, square = gradients[i], squares[i]
            for j, partial in zip(self.operands[i], partials[i]):  # noqa: B905  a strict zip takes twice as long
                gradients[j] += gradient * partial
                squares[j] += square * partial * partial
        return gradients, [math.sqrt(square) for square in squares]

    def again(self, i: int, data: Sequence[float]) -> float:
        """Operation `i` on other numbers."""
        node, numbers = self.nodes[i], [data[j] for j in self.operands[i]]
        quick = _QUICK.get(node.op)
        return float(quick(*numbers)) if quick else float(TABLE[node.op].value(*TABLE[node.op].split(numbers)))

    def forward(self, given: Mapping[int, float]) -> list[float]:
        """All numbers computed anew from the leaves as they are now, those at some positions given."""
        data = list(self.data)
        for i, node in enumerate(self.nodes):
            if i in given or node.op:
                data[i] = given[i] if i in given else self.again(i, data)
        return data

    def slopes(self, data: Sequence[float]) -> list[list[float]]:
        """The partials of every operation at other numbers."""
        found: list[list[float]] = []
        for i, node in enumerate(self.nodes):
            if not node.op:
                found.append([])
                continue
            row, numbers = TABLE[node.op], [data[j] for j in self.operands[i]]
            groups = row.split(numbers)
            partials = row.slopes(data[i], *groups)
            found.append(row.flatten(partials, len(groups[0])) if row.variadic else list(partials))
        return found

    @cached_property
    def changed(self) -> dict[int, float | None]:
        """The nodes whose data was set after something was computed from it, and what it was, where that is known.

        >>> x = Value(3.0, "x")
        >>> y = x * 2
        >>> x.data = 5.0
        >>> Flow(y).changed
        {0: 3.0}
        """
        wrong = [i for i in self.interior if not self._agrees(i)]
        cleared = self._cleared(set(wrong)) if wrong else set()
        found: dict[int, float | None] = {}
        for i in wrong:
            if any(j in found and self.nodes[j].op for j in self.operands[i]):
                continue  # wrong because of an operand that was set
            slots = zip(self.operands[i], self._before(i), strict=True)
            leaves = [(j, was) for j, was in slots if not self.nodes[j].op and j not in cleared]
            for j, was in [(j, was) for j, was in leaves if self.nodes[j].label] or leaves:
                found[j] = was if found.get(j) is None else found[j]
            if not leaves:
                found[i] = None
        return found

    def _agrees(self, i: int) -> bool:
        """Whether an operation still has the number that its operands give now; of inf and nan, yes."""
        now, held = self.again(i, self.data), self.data[i]
        return now == held or not abs(now - held) > SAME * self._made_of(i)

    def _made_of(self, i: int) -> float:
        """The size of what an operation adds up."""
        terms = (abs(slope * self.data[j]) for j, slope in zip(self.operands[i], self.partials[i], strict=True))
        return sum(terms, abs(self.data[i]))

    def _cleared(self, wrong: set[int]) -> set[int]:
        """The leaves that some operation still has the number of."""
        cleared: set[int] = set()
        for i in self.interior:
            rounding = SAME * self._made_of(i)
            for j, was, slope in zip(self.operands[i], self._before(i), self.partials[i], strict=True):
                same = i not in wrong and slope != 0.0
                if same or (was is not None and abs(was - self.data[j]) <= rounding):
                    cleared.add(j)
        return {j for j in cleared if not self.nodes[j].op}

    def _before(self, i: int) -> Sequence[float | None]:
        """What the operands were on the way forward, where partials tell: those of a product are its operands."""
        partials = self.partials[i]
        if self.nodes[i].op == "mul":
            return partials[::-1]
        if self.nodes[i].op != "dot":
            return [None] * len(partials)
        inputs, weights = partials[: len(partials) // 2], partials[len(partials) // 2 : -1]
        return [*weights, *inputs, self.data[i] - sum(map(operator.mul, inputs, weights))]

    def describe(self, i: int, depth: int = 2, most: int = 4) -> str:
        """The label of a node, or the operation with its operands described, to a depth.

        >>> Flow(Value(3.0, "x") * 2).describe(2)
        'mul(x, 2)'
        """
        if self.nodes[i].label or not self.nodes[i].op or not depth:
            return self.nodes[i].label or short_number(self.data[i])
        inner = [self.describe(j, depth - 1) for j in self.operands[i][:most]]
        more = ", …" if len(self.operands[i]) > most else ""
        return f"{self.nodes[i].op}({', '.join(inner)}{more})"


def _dot(*numbers: float) -> float:
    half = len(numbers) // 2
    products: float = sum(map(operator.mul, numbers[:half], numbers[half : 2 * half]))
    return products + numbers[-1]


def _sum(*numbers: float) -> float:
    return sum(numbers)


# The rows that a network is made of, at the speed of built-ins; they may round in another order.
_QUICK: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "dot": _dot,
    "sum": _sum,
}


def additive(flow: Flow, roots: Iterable[int]) -> set[int]:
    """What reaches `roots` through sums and constant factors alone: terms of a loss, and of a mean of losses."""
    found = set(roots)
    for i in range(max(found, default=-1), -1, -1):
        if i in found and flow.nodes[i].op in ("add", "sub", "neg", "sum", "mul", "div"):
            inner = [j for j in flow.operands[i] if flow.nodes[j].op]
            if flow.nodes[i].op not in ("mul", "div") or len(inner) == 1:
                found.update(inner)
    return found
