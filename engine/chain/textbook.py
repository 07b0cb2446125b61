"""Textbook forms: short formulas for a derivative, searched for in floats and proven in decimals before they are shown.

A form is a coefficient times up to four units, such as a, 1 - a, a - y, cos(x) or 1 / z, perhaps behind a bracket such
as [z > 0]. What agrees on floats alone is not shown: by chance a quarter of such forms would be false.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import combinations, product
from typing import Any, NamedTuple

from ..core import Name, Value, natural, numeric
from .decimals import DIGITS, PI, decimal, in_decimals
from .expressions import Term, size, symbol
from .paths import ChainRule
from .region import Algebra, Region, conditions
from .symbolic import SAME, Naming
from .variables import Link

SHORT = 3  # names of a formula that needs no other form
MOST_OPERATIONS, MOST_NAMES, MOST_KINKS, MOST_PAIRED = 80, 7, 5, 32
POINTS = 24
MOST_NODES = 2000  # of a graph in which forms of links are searched for
EQUAL = Decimal("1e-60")
ROOT = ("div", 2.0, ("sqrt", Name("π")))
COEFFICIENTS: list[Term] = [1.0, 2.0, 0.5, 3.0, 4.0, 6.0, ROOT]


class Unit(NamedTuple):
    """One factor of a form, or a product of them: its terms above and below the line, and its numbers at the points."""

    above: tuple[Term, ...]
    below: tuple[Term, ...]
    cost: float
    numbers: tuple[float, ...]


def whole(chain: ChainRule) -> Term | None:
    """The whole derivative of a chain: its only factor where that is short, else the form found for it."""
    if not chain.path_count or chain.output is chain.wrt or not math.isfinite(chain.total):
        return None
    paths = chain.paths(2)
    only = chain.naming.slope(paths[0].factors[0].link) if [len(path.factors) for path in paths] == [1] else None
    if only is not None and not isinstance(only, float) and size(only) <= SHORT:
        return only
    return textbook(chain.output, chain.wrt, chain.naming, chain.total)


def of_link(link: Link, naming: Naming) -> Term:
    """The formula of one link: as it is where that is short, else the form found for it, if there is one."""
    exact = naming.slope(link)
    if isinstance(exact, float) or size(exact) <= SHORT or link.slot is not None or not math.isfinite(link.value):
        return exact
    if len(naming.nodes) > MOST_NODES:
        return exact
    return textbook(link.of, link.wrt, naming, link.value, is_link=True) or exact


def textbook(of: Value, wrt: Value, naming: Naming, value: float, is_link: bool = False) -> Term | None:
    """The shortest form found and proven for the derivative of `of` in `wrt`, None where none has its `value` here."""
    region = Region(of, wrt, naming, is_link)
    if len(region.operations) > MOST_OPERATIONS or len(region.kinks) > MOST_KINKS or not region.free:
        return None
    found = next((form for form in _candidates(region, naming) if _is_proven(form, region)), None)
    if found is None:
        return None
    here = _run(_flat(found), region.at({})[0], numeric)
    return _flat(found) if abs(here - value) <= SAME * abs(value) else None


class Form(NamedTuple):
    """A candidate: its term, the bracket before it, and the side of the kink where that is 1."""

    term: Term
    bracket: Term | None
    kink: Value | None
    side: bool


def _flat(form: Form) -> Term:
    return form.term if form.bracket is None else symbol("mul", form.bracket, form.term)


def _candidates(region: Region, naming: Naming) -> Iterator[Form]:
    """Forms that agree at some points, the shortest first."""
    samples = [found for point in region.points(POINTS) if (found := _sample(region, point))]
    if len(samples) < SHORT + 3:
        return
    alive = [(names, slope) for names, slope in samples if slope]
    bracket, kink, side = None, None, True
    if len(alive) < len(samples):
        pattern = [bool(slope) for _, slope in samples]
        brackets = conditions(region, naming)
        fitting = (b for b in brackets if [bool(_run(b[0], names, numeric)) for names, _ in samples] == pattern)
        bracket, kink, side = next(fitting, (None, None, True))
        if bracket is None or len(alive) < SHORT:
            return
    chosen = alive[:: max(1, len(alive) // SHORT)][:SHORT]
    for term in _terms(region, [names for names, _ in chosen], [slope for _, slope in chosen]):
        if all(_near(_run(term, names, numeric), slope, 1e-6) for names, slope in alive):
            yield Form(term, bracket, kink, side)


def _sample(region: Region, point: Mapping[Value, float]) -> tuple[dict[Name, float], float] | None:
    names, slope = region.at(point)
    return (names, slope) if all(map(math.isfinite, (slope, *names.values()))) else None


def _terms(region: Region, at: Sequence[Mapping[Name, float]], slopes: Sequence[float]) -> Iterator[Term]:
    """Coefficients times products of units that have these slopes, by meeting in the middle over ratios of points."""
    units = sorted(_numbered(_units(region), at), key=lambda unit: unit.cost)
    pairs = [_together(a, b) for a, b in combinations(units[:MOST_PAIRED], 2)]
    pairs += [_together(a, a) for a in units[:MOST_PAIRED]]
    nothing = Unit((), (), 0.0, (1.0,) * len(slopes))
    for left, right in (((nothing,), units), (units, units), (units, pairs), (pairs, pairs)):
        table: dict[tuple[str, ...], list[Unit]] = {}
        for unit in right:
            table.setdefault(_ratios(unit.numbers), []).append(unit)
        if right is units and left[0] is nothing:
            table.setdefault(_ratios(nothing.numbers), []).append(nothing)
        found = []
        for unit in left:
            rest = [slope / number for slope, number in zip(slopes, unit.numbers, strict=True)]
            for other in table.get(_ratios(rest), ()):
                coefficient = rest[0] / other.numbers[0]
                for number in COEFFICIENTS:
                    if _near(abs(coefficient), _run(number, {}, numeric), 1e-8):
                        whole = _together(unit, other)
                        found.append((whole.cost + (number != 1.0), math.copysign(1.0, coefficient), number, whole))
        if found:
            best = sorted(found, key=lambda entry: entry[0])[:6]
            yield from (_written(sign, number, unit) for _, sign, number, unit in best)
            return


def _ratios(numbers: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{number / numbers[0]:.8e}" for number in numbers[1:])


def _together(a: Unit, b: Unit) -> Unit:
    numbers = tuple(x * y for x, y in zip(a.numbers, b.numbers, strict=True))
    return Unit(a.above + b.above, a.below + b.below, a.cost + b.cost, numbers)


def _units(region: Region) -> Iterator[tuple[Term, float, bool]]:
    """Units over the names nearest to the output: the term, its cost, and whether it may stand below the line."""
    labels = [node for node in region.labels if node is not region.of or _shows_itself(node)]
    names = [region.names[node] for node in labels if node.label or node is region.wrt][:MOST_NAMES]
    for v in names:
        yield v, 1.0, True
        yield ("sub", 1.0, v), 2.0, True
        yield ("pow", v, 2.0), 2.0, True
        yield ("sub", 1.0, ("pow", v, 2.0)), 3.0, False
        for function in ("exp", "sigmoid", "cos", "sin", "sqrt"):
            yield (function, v), 3.0, function == "sqrt"
        yield ("exp", ("neg", v)), 3.5, False
        yield ("exp", ("neg", ("pow", v, 2.0))), 3.5, False
    for v, w in combinations(names, 2):
        yield ("sub", v, w), 2.0, True
        yield ("add", v, w), 2.0, True
        yield ("sub", ("sigmoid", v), w), 3.0, False
        yield ("sub", ("sigmoid", w), v), 3.0, False


def _shows_itself(node: Value) -> bool:
    """Whether the derivative of an operation is written in its result, as that of exp is."""
    return node.op in ("exp", "sigmoid", "tanh", "sqrt", "div", "logsumexp")


def _numbered(units: Iterable[tuple[Term, float, bool]], at: Sequence[Mapping[Name, float]]) -> Iterator[Unit]:
    for term, cost, divides in units:
        numbers = tuple(_run(term, names, numeric) for names in at)
        if all(math.isfinite(x) and abs(x) > 1e-12 for x in numbers) and not _near(numbers[0], numbers[1], 1e-12):
            yield Unit((term,), (), cost, numbers)
            if divides:
                yield Unit((), (term,), cost + 0.5, tuple(1.0 / x for x in numbers))


def _written(sign: float, coefficient: Term, unit: Unit) -> Term:
    """-2 * (a - y) * x / z: the coefficient, what is above the line, and what is below."""
    above = sorted(unit.above, key=lambda term: ("", "") if isinstance(term, tuple) else ("name", term))
    if sign < 0 and above and above[0][0] == "sub" and isinstance(above[0], tuple):
        above[0], sign = ("sub", above[0][2], above[0][1]), 1.0  # a - y for -(y - a)
    term, below = _product([coefficient, *_powers(above)]), _product(_powers(unit.below))
    term = symbol("div", term, below)
    return term if sign > 0 else symbol("neg", term)


def _product(terms: Iterable[Term]) -> Term:
    whole: Term = 1.0
    for term in _in_order(list(terms)):
        whole = symbol("mul", whole, term)
    return whole


def _in_order(terms: list[Term]) -> list[Term]:
    """Names alone in the order of their letters and numbers: p1 before p2 before p10."""
    if not all(isinstance(term, Name) for term in terms):
        return terms
    return sorted(terms, key=natural)


def _powers(terms: Sequence[Term]) -> list[Term]:
    """Equal terms as one square."""
    counts = [(term, sum(term == other for other in terms)) for i, term in enumerate(terms) if term not in terms[:i]]
    return [term if count == 1 else ("pow", term, float(count)) for term, count in counts]


def _run(term: Term, names: Mapping[Name, Any], algebra: Algebra) -> Any:
    """The number of a term."""
    if isinstance(term, tuple):
        return algebra(term[0], *(_run(part, names, algebra) for part in term[1:]))
    if isinstance(term, Name):
        return names.get(term, math.pi if algebra is numeric else PI)
    return term


def _near(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= tolerance * abs(b)


def _is_proven(form: Form, region: Region) -> bool:
    """Whether a form has all digits of the derivative at points near and far, on either side of every kink."""
    points = list(region.points(12))
    with localcontext(DIGITS):
        for sides in product((True, False), repeat=len(region.kinks)):
            forced = dict(zip(region.kinks, sides, strict=True))
            agreed = 0
            for point in points if not region.kinks else points[:7]:
                names, slope = region.exactly(point, forced)
                if form.kink is not None and forced[form.kink] is not form.side:
                    number = Decimal(0)
                else:
                    number = decimal(_run(form.term, names, in_decimals))
                if not (number.is_finite() and decimal(slope).is_finite()):
                    continue
                if abs(number - slope) > EQUAL * abs(slope):
                    return False
                agreed += 1
            if agreed < SHORT:
                return False
    return True
