"""Judges the factors of a path one by one, or in the groups that the learner has made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from ..chain import ChainRule, Factor, Link, Path, show
from ..core import derivative, short_number
from .alignment import Alignment, Group
from .answer import Check, arrows, in_floats, right_for_one, value_of, with_hint
from .elsewhere import only_here
from .hints import hint_for_factor, hint_for_factors
from .reading import of_derivative, path_formula
from .stand_ins import numbered_parts, stand_ins
from .written import Written, formula, product

TRIED = 20  # strongest paths that factors are compared with


def check_factors(chain: ChainRule, given: list[Written], paths: list[Path], asked: int | None) -> Check:
    """Compare the factors with those of each path, in either order; `asked` is the rank of the only one."""
    orders: Sequence[Order] = [Order(given, path, backwards) for path in paths for backwards in (False, True)]
    if right := [order for order in orders if order.is_right]:
        if chain.path_count == 1:
            return _right(chain, given, right)
        elsewhere = [only_here(chain, formula(order.with_derivatives()), order.path_formula) for order in right]
        if all(elsewhere):
            return Check(False, None, elsewhere[0])
        rank = paths.index(right[elsewhere.index("")].path) if asked is None else asked
        text = right_for_one(chain, chain.paths(max(TRIED, rank + 1)), rank)
        return Check(asked is not None, None, text)
    orders = _closest(orders)
    found = _one_wrong(orders) or _missing(orders) or _group_wrong(orders) or _extra(orders)
    return found or _known_mistake(orders) or _unclear(orders)


class Order:
    """The learner's factors beside those of a path, in one of its two orders."""

    def __init__(self, given: Sequence[Written], path: Path, backwards: bool) -> None:
        self.given = given
        self.truth = path.factors[::-1] if backwards else path.factors
        self.nodes = path.nodes[::-1] if backwards else path.nodes
        self.path = path

    @property
    def is_right(self) -> bool:
        """Whether the factors are the path's, or have its product in another order or other groups."""
        return bool(self.given) and (self._unmatched == ([], []) or self._multiplies or self.alignment.fits)

    @property
    def _multiplies(self) -> bool:
        """Whether the factors have the path's product as formulas, not only as numbers at this point."""
        chain, whole = self.truth[0].chain, formula(self.given)
        if not whole.agrees(self.path.product):
            return False
        return bool(whole.names) and not only_here(chain, whole, self.path_formula)

    @property
    def path_formula(self) -> Written | None:
        """The formula of the path, if it is one of several."""
        chain = self.truth[0].chain
        return path_formula(chain, self.path) if chain.path_count > 1 else None

    def with_derivatives(self) -> list[Written]:
        """The factors, with the path's own where a number is given, as that is a claim about this point only."""
        if len(self.given) != len(self.truth) or self.wrong:
            return list(self.given)
        chain, found = self.truth[0].chain, []
        for w, factor in zip(self.given, self.truth, strict=True):
            found.append(w if w.names else of_derivative(chain, factor.of, factor.wrt))
        return found if any(w.names for w in self.given) else list(self.given)

    @cached_property
    def wrong(self) -> list[int]:
        """The indices of factors that differ, if there are as many as the path has."""
        pairs = zip(self.given, self.truth, strict=True)
        return [i for i, (w, factor) in enumerate(pairs) if not w.agrees(factor.value)]

    def is_named(self, group: Group) -> bool:
        """Whether one factor is wrong, and those of the group agree as formulas, where a number could by chance."""
        inside = range(group.start, group.stop)
        return len(self.wrong) == 1 and all(self.given[i].names and i not in self.wrong for i in inside)

    @cached_property
    def _unmatched(self) -> tuple[list[int], list[int]]:
        """Indices of the learner's and of the path's factors that are left over if matched in any order."""
        others, left = list(range(len(self.truth))), list[int]()
        for i, w in enumerate(self.given):
            found = next((j for j in others if w.agrees(self.truth[j].value)), None)
            if found is None:
                left.append(i)
            else:
                others.remove(found)
        return left, others

    @property
    def differing(self) -> tuple[int, int] | None:
        """The only factor that differs, of the learner and of the path."""
        if len(self.given) != len(self.truth):
            return None
        if len(self.wrong) == 1:
            return self.wrong[0], self.wrong[0]
        left, others = self._unmatched
        return (left[0], others[0]) if len(left) == 1 else None

    @cached_property
    def alignment(self) -> Alignment:
        """The groups in which factors agree."""
        return Alignment(self.given, [factor.value for factor in self.truth])

    def from_start(self) -> str:
        """Which end the factors are counted from."""
        return f", from {self.truth[0].chain.naming.describe(self.nodes[0])}," if len(self.given) > 1 else ""

    def route(self) -> str:
        """The path by its variables, from wrt to output."""
        return arrows(self.truth[0].chain, self.path.nodes)


def _right(chain: ChainRule, given: list[Written], orders: Sequence[Order]) -> Check:
    """The answer to factors of the only path that are right here, in these orders."""
    wholes = [formula(order.with_derivatives()) for order in orders]
    here = [only_here(chain, whole) for whole in wholes]
    meant = "" if not all(here) else next(filter(None, (stand_ins(chain, whole) for whole in wholes)), "")
    if all(here) and not meant:
        return Check(False, None, here[0])
    text = f"{product(given)} = {short_number(orders[0].path.product)}{in_floats(chain, product(given))}"
    return Check(True, None, f"right{meant and f' with {meant}'}: {text}")


def _one_wrong(orders: Sequence[Order]) -> Check | None:
    """As many factors as a path has, of which one differs."""
    for order in sorted(_of_one_length(orders), key=lambda order: len(order.wrong)):
        groups = [g for _, g in _groups(orders) if not order.is_named(g)]
        if order.differing and all(g.start <= order.differing[0] < g.stop for g in groups):
            return _differs(order, *order.differing)
    return None


def _known_mistake(orders: Sequence[Order]) -> Check | None:
    """As many factors as a path has, of which some agree, and the first that differs is a known mistake."""
    for order in [] if _groups(orders) else _of_one_length(orders):
        first = order.wrong[0]
        if len(order.wrong) < len(order.given) and hint_for_factor(order.truth[first], order.given[first]):
            return _differs(order, first, first)
    return None


def _of_one_length(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if len(order.given) == len(order.truth)]


def _groups(orders: Sequence[Order]) -> list[tuple[Order, Group]]:
    """The groups that differ where all others agree."""
    return [(order, group) for order in orders for group in order.alignment.differing]


def _closest(orders: Sequence[Order]) -> Sequence[Order]:
    """The orders of the paths that agree best, or all orders if another path blames other factors of the learner's."""
    best = max(order.alignment.most for order in orders)
    paths = {id(order.path) for order in orders if order.alignment.most == best}
    closest = [order for order in orders if id(order.path) in paths]
    blamed, others = [g for _, g in _groups(closest)], [g for _, g in _groups(orders)]
    agree = all(g.start < other.stop and other.start < g.stop for g in blamed for other in others)
    return closest if agree else orders


def _differs(order: Order, i: int, j: int) -> Check:
    factor, given = order.truth[j], order.given[i]
    text = f"{_counted(order, i, i + 1)} is {factor.equation}, not {value_of(given)}"
    return Check(False, i, with_hint(text, hint_for_factor(factor, given)), factor, value_of(given))


def _counted(order: Order, start: int, stop: int) -> str:
    """Factor 2 of 3, from w, or factors 2 and 3 of 4."""
    count, which = len(order.given), f"factor {start + 1}"
    if stop - start > 1:
        which = f"factors {start + 1} {'and' if stop - start == 2 else 'to'} {stop}"
    return f"{which} of {count}{order.from_start()}" if count > 1 else which


def _missing(orders: Sequence[Order]) -> Check | None:
    """The factors of a path that the learner has left out, where all others agree."""
    found = [(order, group) for order in orders for group in order.alignment.missing]
    if not found:
        return None
    order, group = found[0]
    left, others = _links(order, group), [_links(*each) for each in _groups(orders)]
    if left in others:  # by factors that make 1
        return None
    if any(_links(*each) != left for each in found) or not all(left < links for links in others):
        return _unclear(orders)  # a mistake in another group gives these numbers, too
    left_out = " and ".join(factor.equation for factor in order.truth[group.first : group.end])
    verb = "is" if group.end - group.first == 1 else "are"
    factor = order.truth[group.first] if group.end - group.first == 1 else None
    return Check(False, group.start, f"{left_out} {verb} missing: {_length(order)}", factor)


def _links(order: Order, group: Group) -> frozenset[Link]:
    return frozenset(factor.link for factor in order.truth[group.first : group.end])


def _length(order: Order) -> str:
    count = len(order.truth)
    others = "" if count == len(order.given) else f", not {len(order.given)}"
    return f"the path {order.route()} has {count} factor{'s' * (count != 1)}{others}"


def _group_wrong(orders: Sequence[Order]) -> Check | None:
    """The only group that differs where all others agree, if there is one way to group the factors so."""
    found = _groups(orders)
    if len({_links(order, group) for order, group in found}) != 1:
        return None
    order, group = max(found, key=lambda each: each[1].stop - each[1].start)  # a 1 may belong to either group
    extra = [(other, g) for other in orders for g in other.alignment.extra]
    if any(g.start < group.start or g.stop > group.stop for _, g in found + extra):
        return None
    truth, given = order.truth[group.first : group.end], order.given[group.start : group.stop]
    whole = product(given)
    hint = hint_for_factors(truth, whole)
    if group.stop - group.start == 1:
        factor = truth[0] if len(truth) == 1 else None
        text = f"{_counted(order, group.start, group.stop)} is {_equation(truth)}, not {value_of(whole)}"
        return Check(False, group.start, with_hint(text, hint), factor, value_of(whole))
    piece = _piece(truth[0], given)
    if piece:
        i, right = piece
        text = f"{_counted(order, group.start + i, group.start + i + 1)} is {right} in {truth[0].equation}"
        text = f"{text}, not {value_of(given[i])}"
        return Check(False, group.start + i, with_hint(text, hint), truth[0], value_of(whole))
    text = f"{_counted(order, group.start, group.stop)} make {truth[0].equation}, not {value_of(whole)}"
    return Check(False, None, with_hint(text, hint), truth[0], value_of(whole))


def _equation(factors: Sequence[Factor]) -> str:
    """The product of factors by name, formula and number: ∂z/∂w · ∂a/∂z = x · a * (1 - a) = 0.4."""
    if len(factors) == 1:
        return factors[0].equation
    names = factors[0].chain.naming.names
    left = " · ".join(derivative(names[factor.of], names[factor.wrt]) for factor in factors)
    right = " · ".join(factor.show("spoken", within="mul") for factor in factors)
    return f"{left} = {right} = {short_number(math.prod(factor.value for factor in factors))}"


def _piece(factor: Factor, given: Sequence[Written]) -> tuple[int, str] | None:
    """The index of the only factor not in the path's formula, and the part of the formula left for it."""
    pieces = [(show(part, "spoken"), number) for part, number in numbered_parts(factor)]
    if any(abs(number) == 1.0 for _, number in pieces):  # which any factor contains
        return None
    wrong = []
    for i, w in enumerate(given):
        found = next((piece for piece in pieces if w.agrees(piece[1])), None)
        if found:
            pieces.remove(found)
        else:
            wrong.append(i)
    if len(wrong) != 1 or len(pieces) != 1:
        return None
    left, number = pieces[0]
    return wrong[0], left if left == short_number(number) else f"{left} = {short_number(number)}"


def _extra(orders: Sequence[Order]) -> Check | None:
    """A factor of the learner's without which all others agree."""
    found = [(order, order.given[group.start].text, group) for order in orders for group in order.alignment.extra]
    if len({text for _, text, _ in found}) != 1:
        return None
    order, extra, group = found[0]
    if not all(g.start <= group.start < g.stop for _, g in _groups(orders)):
        return None
    reason = "is an independent variable, which depends on nothing, so the path has no factor for its derivative"
    text = f"{_length(order)}: without {extra} the others agree with it. A weight or an input {reason}"
    return Check(False, group.start, text)


def _unclear(orders: Sequence[Order]) -> Check:
    """How far the factors agree with a path from one of its ends, and how it goes on."""
    order = max(orders, key=lambda order: order.alignment.longest[1])
    count, reached = order.alignment.longest
    there = f"{order.truth[reached].equation}" if reached < len(order.truth) else ""
    if not reached:
        return Check(
            False, None, f"{_length(order)}, of which the first{order.from_start()} is {there}".replace(",,", ",")
        )
    end = order.truth[0].chain.naming.describe(order.nodes[reached])
    yours = f"your first {count} agree" if count > 1 else "your first one agrees"
    text = f"{_length(order)}: {yours} with it{order.from_start()[:-1]} to {end}"
    rest = f"; the next is {there}" if there else ", and the remaining ones are too many"
    return Check(False, None, text + rest)
