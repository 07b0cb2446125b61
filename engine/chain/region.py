"""The function behind a derivative: the operations between two Values, at any point and in any algebra."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..core import TABLE, Name, Value, evaluate, numeric
from .decimals import decimal, in_decimals
from .symbolic import Naming, dependents, reverse_sweep
from .terms import Term

Algebra = Callable[..., Any]  # apply(name of a row, *arguments)

KINKS = ("relu", "maximum", "minimum")
BESIDE = 6  # named results beside `of`
NEAR = 5.0  # larger numbers are replaced by 1 before they are varied, because functions of them keep no digits


class Region:
    """The operations from `of` down to free variables: leaves, `wrt`, and labelled Values independent of `wrt`.

    For one link of a chain every labelled Value is free, because it is held fixed.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> Region(y, x, Naming({x: 3.0, y: 9.0}, {})).at({x: 5.0})
    ({'x': 5.0}, 10.0)
    """

    def __init__(self, of: Value, wrt: Value, naming: Naming, is_link: bool = False) -> None:
        self.of, self.wrt, self.names, self.data = of, wrt, naming.names, naming.data
        nodes = naming.nodes
        self.depends = dependents(wrt, nodes, _operands)
        beside = self._beside(nodes, naming, is_link)
        self.beside = frozenset(beside if is_link else ())
        needed = {of, *beside}
        self.operations: list[Value] = []
        self.ends: list[Value] = []
        for node in reversed(nodes):
            if node in needed:
                is_held = node in naming.names and node is not of and node not in beside
                is_end = node is wrt or not node.op or (is_held and (is_link or node not in self.depends))
                (self.ends if is_end else self.operations).append(node)
                needed.update(() if is_end else _operands(node))
        self.operations.reverse()
        self.free = [node for node in self.ends if node in naming.names]
        self.kinks = [node for node in self.operations if node.op in KINKS]
        self.labels = [node for node in (*self.operations[::-1], *self.free) if node in naming.names]

    def _beside(self, nodes: Sequence[Value], naming: Naming, is_link: bool) -> list[Value]:
        """Named results beside `of`, such as the other probabilities of a softmax: they depend on wrt, but not on `of`.

        For a link, `of` must not depend on them either, because they would be held fixed.
        """
        above, beside = {self.of, *(_behind(self.of, nodes) if is_link else ())}, list[Value]()
        made = {self.of}
        for node in nodes:
            if any(operand in made for operand in _operands(node)):
                made.add(node)
            elif node in self.depends and node.op and node.label and node in naming.names and node not in above | made:
                beside.append(node)
        return beside[-BESIDE:]

    @property
    def is_tied(self) -> bool:
        """Whether the two operands of a maximum or minimum are equal here, so that each has half of the slope."""
        pairs = [node.operands for node in self.kinks if len(node.operands) == 2]
        return any(self.data[left] == self.data[right] for left, right in pairs)

    def at(
        self,
        point: Mapping[Value, Any],
        algebra: Algebra = numeric,
        const: Callable[[float], Any] = float,
        sides: Mapping[Value, bool] | None = None,
    ) -> tuple[dict[Name, Any], Any]:
        """The data of all names and the derivative, with each kink on its own side or on the given one."""
        data: dict[Value, Any] = {node: point[node] if node in point else const(self.data[node]) for node in self.ends}
        partials: dict[Value, Sequence[Any]] = {}
        for node in self.operations:
            operands = [data[operand] for operand in _operands(node)]
            if node.op == "select":
                data[node], partials[node] = operands[0], node.partials
            elif sides and node in sides:
                data[node], partials[node] = _on_side(node.op, sides[node], operands, const)
            else:
                data[node], partials[node] = _apply(node.op, operands, algebra)

        def add(total: Any, adjoint: Any, partial: Any) -> Any:
            return total + adjoint * const(partial)

        behind = self.operations[: self.operations.index(self.of) + 1]
        adjoints = reverse_sweep(behind, (const(0.0), const(1.0)), partials.__getitem__, add, self.depends)
        return {self.names[node]: data[node] for node in self.labels}, adjoints.get(self.wrt, const(0.0))

    def exactly(self, point: Mapping[Value, float], sides: Mapping[Value, bool]) -> tuple[dict[Name, Any], Any]:
        """The same, in decimals."""
        return self.at({node: decimal(number) for node, number in point.items()}, in_decimals, decimal, sides)

    def points(self, count: int) -> Iterator[dict[Value, float]]:
        """Points near and far; every other one ignores the current numbers, every third their signs."""
        rng = random.Random(7)
        for k in range(count):
            scale = (1.0, 1.0, 1.0, 0.02, 2.0, 0.5)[k % 6]
            here = {node: self.data[node] for node in self.free}
            base = {node: number if number and abs(number) < NEAR and k % 2 else 1.0 for node, number in here.items()}
            signs = {x: rng.choice((1.0, -1.0)) if k % 3 == 2 else math.copysign(1.0, here[x]) for x in here}
            yield {node: signs[node] * abs(base[node]) * rng.uniform(0.6, 1.5) * scale for node in here}


def _operands(node: Value) -> tuple[Value, ...]:
    """The operands of a node; of a `select` only the branch that is taken."""
    return node.operands[1 if node.partials[1] else 2 :][:1] if node.op == "select" else node.operands


def _behind(of: Value, nodes: Sequence[Value]) -> set[Value]:
    """All nodes that a Value depends on."""
    found = {of}
    for node in reversed(nodes):
        if node in found:
            found.update(_operands(node))
    return found


def _apply(op: str, operands: list[Any], algebra: Algebra) -> tuple[Any, Sequence[Any]]:
    row = TABLE[op]
    groups = row.split(operands)
    value = algebra(op, *groups)
    variables = dict(zip(row.variables, groups, strict=True)) | {"y": value}
    partials = [evaluate(partial, variables, algebra) for partial in row.partials]
    return value, row.flatten(partials, len(groups[0])) if row.variadic else partials


def _on_side(op: str, side: bool, operands: list[Any], const: Callable[[float], Any]) -> tuple[Any, Sequence[Any]]:
    """Value and partials of a kink; with `side`, the first operand counts as above the other one, or above 0."""
    one, zero = const(1.0), const(0.0)
    if op == "relu":
        return (operands[0], [one]) if side else (zero, [zero])
    first = side if op == "maximum" else not side
    return (operands[0], [one, zero]) if first else (operands[1], [zero, one])


def conditions(region: Region, naming: Naming) -> list[tuple[Term, Value, bool]]:
    """The condition of each kink as a bracket in the names, and the side on which it is true."""
    found: list[tuple[Term, Value, bool]] = []
    for node in region.kinks:
        left = naming.term(node.operands[0])
        right = naming.term(node.operands[1]) if len(node.operands) > 1 else 0.0
        found += [(("above", left, right), node, True), (("above", right, left), node, False)]
    return [entry for entry in found if contains(region, naming, entry[0])]


def contains(region: Region, naming: Naming, term: Term) -> bool:
    """Whether all names of a term are in the region; those of a branch that is not taken are not."""
    return all(node in region.labels for node in naming.within(term))
