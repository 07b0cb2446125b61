"""Whether a formula that is right here is right nearby, too: at x = 2, 2 x is 4, but so are x² and 4."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from ..chain import ChainRule, Exact
from ..core import Value, book_name, short_number, total_derivative
from ..structure import FlattenedGraph, reverse
from .reading import DIGITS, exactly, in_decimals, is_small, number_at
from .written import DERIVED, Written

MOST = 2000  # operations up to which every leaf is moved, and not only those in the formula
ALONE, NAMED = 50, 3  # most leaves that are moved one by one, and that are named
MOVED = 2.0**-7  # of a leaf's number
SMALL = 0.01  # smaller numbers are moved by FAR itself, so that a product of several zeros shows
FAR = 2.0**-3
NEARER = (1.0, 2.0**-4, 2.0**-8)  # parts of a move, of which the first that meets no kink is taken
SLACK = 1e-6  # of the derivative: the digits that a difference in a formula may lose
LOOSE = 1e-4  # the same far from here
SMALLEST = Decimal("1e-40")  # a smaller number may be a difference that has lost the first digits
POINTS, FEWER = 48, 12  # far from here, on both sides of kinks; and in large graphs
_BRANCHES = re.compile(r"[\[<>|≤≥]|relu|max|min|abs|sign|clip", re.IGNORECASE)  # then a formula holds on all sides
_ROOTS = re.compile(r"sqrt|\*\*\s*\(?[^)]*[./]")  # √(1 - sin² x) is cos x on one side only
BENT = ("relu", "leaky_relu", "abs", "maximum", "minimum", "largest", "smallest", "select", "clip", "hard_tanh")
STEPS = ("less", "less_equal", "above", "sign", "floor", "ceil", "round", "trunc")


def only_here(chain: ChainRule, written: Written, other: Written | None = None) -> str:
    """Why a formula with the right number is not the derivative, nor the `other` formula; "" if it is.

    >>> from engine import Value, chain_rule
    >>> from .reading import read_in
    >>> x = Value(2.0, "x")
    >>> y = x**3
    >>> chain = chain_rule(y, x)
    >>> only_here(chain, read_in(chain, "6 x"))
    '6 x is right where x = 2 only: where x = 2.016 it is 12.09, and doutput/dx is 12.19'
    >>> only_here(chain, read_in(chain, "3 x²"))
    ''
    """
    if not written.names or (other and not other.names):
        return ""
    if abs(written.number - (other.number if other else chain.total)) <= DERIVED * abs(written.number):
        written = replace(written, tolerance=0.0)  # its constants are not rounded
    nearby = _Nearby(chain, written, other)
    found = nearby.off(nearby.leaves) or nearby.far()
    if not found:
        return ""
    alone = [leaf for leaf in nearby.leaves if len(nearby.leaves) <= ALONE and nearby.off([leaf])]
    leaves, told = (alone[:1], nearby.off(alone[:1])) if alone else ([], found)
    where = f"where {nearby.told(leaves, {})} only" if leaves else "for these numbers only"
    return f"{written} {f'is {other}' if other else 'is right'} {where}: {told}"


class _Nearby:
    """A formula and the derivative, or another formula, at other numbers of the leaves."""

    def __init__(self, chain: ChainRule, written: Written, other: Written | None) -> None:
        self.chain, self.written, self.other = chain, written, other
        self.graph, self.names = chain.graph, chain.naming.names
        self.index_of = chain.graph.indices
        asked = {chain.wrt, *(node for node, name in self.names.items() if name in written.names)}
        is_small = len(self.graph.nodes) <= MOST
        self.sides = self._sides(self.graph.flattened)
        self.leaves = [x for x in self.names if not x.op and x in self.index_of and (is_small or x in asked)]

    def off(self, leaves: Sequence[Value]) -> str:
        """How the two differ where these leaves are moved, to one side or the other; "" if they do not."""
        return next(filter(None, (self._difference(leaves, sign) for sign in (1.0, -1.0))), "")

    def told(self, leaves: Sequence[Value], at: Mapping[int, float]) -> str:
        """The numbers of some leaves, with enough digits to show that they are moved: x = 2.016 and w = 0.1."""
        told = []
        for x in leaves:
            here = self.graph.data[self.index_of[x]]
            number = at.get(self.index_of[x], here)
            digits = next((n for n in range(4, 17) if short_number(number, n) != short_number(here, n)), 4)
            told.append(f"{book_name(self.names[x])} = {short_number(number, digits)}")
        return " and ".join(told)

    def far(self) -> str:
        """How the two differ far from here, on all sides if the formula has branches or the derivative is 0."""
        on_all_sides = not self.chain.total or _BRANCHES.search(self.written.text) is not None
        is_partial = self.written.tolerance or _ROOTS.search(self.written.formula) or not is_small(self.chain)
        if is_partial and not on_all_sides:
            return ""
        found = []
        for at in self._far_points(on_all_sides):
            graph = self.graph.moved(at)
            if on_all_sides or self._sides(graph) == self.sides:
                found.append((at, self._number(self.written, graph), *self._right(graph)))
        largest = max((abs(right) for *_, right, _ in found if math.isfinite(right)), default=0.0)
        for at, number, right, spread in found:
            allowed = max(LOOSE * abs(number), LOOSE * abs(right), DERIVED * spread, SLACK * largest)
            if self._differ(at, number - right, allowed + 2 * self.written.tolerance, if_unknown=on_all_sides):
                return self._told(self.leaves, at, number, right)
        return ""

    def _far_points(self, on_all_sides: bool) -> Iterator[dict[int, float]]:
        """Numbers of all leaves: some times those here, and where they keep their signs, some near 1."""
        rng, indices = random.Random(7), [self.index_of[x] for x in self.leaves]
        here = [self.graph.data[i] for i in indices]
        for k in range(POINTS if on_all_sides and len(self.graph.nodes) <= MOST else FEWER):
            scales = [rng.uniform(0.4, 1.6) * rng.choice((1.0, 4.0, 1.0, -1.0)) for _ in here]
            bases = [x if abs(x) >= SMALL else 1.0 for x in here]
            if not on_all_sides:
                scales, bases = [*map(abs, scales)], [math.copysign(1.0, x) for x in here] if k % 2 else bases
            yield {i: scale * x for i, scale, x in zip(indices, scales, bases, strict=True)}

    def _difference(self, leaves: Sequence[Value], sign: float) -> str:
        for part in NEARER:
            at = self._moved(leaves, sign * part)
            graph = self.graph.moved(at)
            number, (right, spread) = self._number(self.written, graph), self._right(graph)
            if math.isfinite(number - right) and self._sides(graph) == self.sides:
                break
        allowed = max(SLACK * abs(right), DERIVED * spread) + 2 * self.written.tolerance
        allowed += 2 * self.other.tolerance if self.other else 0.0
        return self._told(leaves, at, number, right) if self._differ(at, number - right, allowed) else ""

    def _differ(self, at: Mapping[int, float], difference: float, allowed: float, if_unknown: bool = True) -> bool:
        """Whether two numbers differ by more than is allowed, and in decimals, too, if the graph is small."""
        is_off = allowed < abs(difference) < math.inf
        if abs(difference) <= allowed or not is_small(self.chain):
            return is_off
        least = Decimal(allowed if math.isfinite(allowed) else 0.0)
        moved = {self.graph.nodes[i]: number for i, number in at.items()}
        for digits in DIGITS:
            exact = in_decimals(self.chain, digits, moved)
            number, right = exactly(self.chain, self.written, exact), self._exactly_right(exact)
            if not (number.is_finite() and right.is_finite()):
                return is_off and if_unknown
            with localcontext(exact.context):
                if abs(number - right) <= max(least, Decimal(DERIVED) * abs(right)):
                    return False
            if min(abs(number), abs(right)) > SMALLEST:
                break
        return True

    def _exactly_right(self, exact: Exact) -> Decimal:
        if self.other:
            return exactly(self.chain, self.other, exact)
        return exact.derivative(self.chain.output, self.chain.wrt)

    def _told(self, leaves: Sequence[Value], at: Mapping[int, float], number: float, right: float) -> str:
        name = self.other or total_derivative(self.names[self.chain.output], self.names[self.chain.wrt])
        where = self.told(leaves, at) if len(leaves) <= NAMED else "others are moved"
        return f"where {where} it is {short_number(number)}, and {name} is {short_number(right)}"

    def _moved(self, leaves: Sequence[Value], part: float) -> dict[int, float]:
        """The numbers of the leaves, moved by unequal steps, so that equal ones differ afterwards."""
        indices = [self.index_of[x] for x in leaves]
        here = [self.graph.data[i] for i in indices]
        steps = [MOVED * x if abs(x) >= SMALL else FAR for x in here]
        return {
            i: x + part * (1.0 + 0.618 * k % 1.0) * step
            for k, (i, x, step) in enumerate(zip(indices, here, steps, strict=True))
        }

    def _sides(self, graph: FlattenedGraph) -> list[float]:
        """On which side of its kink or step each operation is."""
        bent = [i for op in BENT for i in self.graph.of(op)]
        sides = [graph.partials[k] for i in bent for k in range(graph.starts[i], graph.starts[i + 1])]
        return sides + [graph.data[i] for op in STEPS for i in self.graph.of(op)]

    def _right(self, graph: FlattenedGraph) -> tuple[float, float]:
        """The number of the other formula, or the derivative, and how large its terms are."""
        if self.other:
            number = self._number(self.other, graph)
            return number, abs(number)
        gradients, squares = reverse(graph)
        index = self.index_of[self.chain.wrt]
        return gradients[index], max(abs(self.chain.total), math.sqrt(squares[index]))

    def _number(self, written: Written, graph: FlattenedGraph) -> float:
        return number_at(self.chain, written, graph)
