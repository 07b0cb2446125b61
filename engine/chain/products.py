"""Candidates for a textbook form: products of units that match a derivative numerically at some points.

A form is a coefficient times up to four units, such as a, 1 - a, a - y, cos(x) or 1 / z, or a sum of two products of
two units.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from ..core import Name, Value, natural, numeric
from .region import Algebra, Region, contains
from .symbolic import SAME, Naming
from .terms import Term, fold, size, symbol

SHORT = 3  # a formula with at most this many names needs no other form
MOST_NAMES, MOST_UNNAMED, MOST_PAIRED = 7, 12, 32
LONGEST = 9  # names and numbers of a unit without a name
FUNCTIONS = ("exp", "log", "sqrt", "sigmoid", "sin", "cos")  # in the order in which they are multiplied
MOST_SUMMED = 500  # products that are tried in sums of two
BESIDE = 0.1  # what a name beside the path costs more
LOST = 1e15  # a term this much smaller than the other leaves no digit in the sum
ROOT = ("div", 2.0, ("sqrt", math.pi))
COEFFICIENTS = [1.0, 2.0, 0.5, 3.0, 4.0, 6.0]  # in sums
MOST_TIMES = 100  # and no larger one elsewhere


class Unit(NamedTuple):
    """A factor of a form, or a product of factors: its numerator and denominator, and its numbers at the points."""

    above: tuple[Term, ...]
    below: tuple[Term, ...]
    cost: float
    numbers: tuple[float, ...]


def products(
    region: Region, naming: Naming, at: Sequence[Mapping[Name, float]], slopes: Sequence[float]
) -> Iterator[Term]:
    """Coefficients times products of units with these slopes, by a meet-in-the-middle search over ratios of points."""
    units = sorted(_numbered(_preferred(region, naming), at), key=lambda unit: unit.cost)
    pairs = [_together(a, b) for a, b in combinations(units[:MOST_PAIRED], 2) if a.above != b.below]
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
                if number := _coefficient(abs(coefficient)):
                    whole = _together(unit, other)
                    found.append((whole.cost + (number != 1.0), math.copysign(1.0, coefficient), number, whole))
        if found:
            best = sorted(found, key=lambda entry: entry[0])[:6]
            yield from (_written(sign, number, unit) for _, sign, number, unit in best)
    yield from _sums([nothing, *units, *pairs], slopes)


def _coefficient(number: float) -> Term | None:
    """A coefficient of books that is this number: a small integer, ½ or 2/√π."""
    known: list[Term] = [float(n) for n in [round(number)] if 0 < n < MOST_TIMES] + [0.5, ROOT]
    return next((x for x in known if near(number, run(x, {}, numeric), 1e-8)), None)


def _sums(products: Sequence[Unit], slopes: Sequence[float]) -> Iterator[Term]:
    """Sums of two products with these slopes: each first product's remainder is looked up among the second ones."""
    scales = [(sign, number, sign * number) for number in COEFFICIENTS for sign in (1.0, -1.0)]
    chosen = sorted(products, key=lambda unit: unit.cost)[:MOST_SUMMED]
    unit_of_rounding = SAME * max(map(abs, slopes))
    (s, t), found = (slope / unit_of_rounding for slope in slopes[:2]), list[tuple[float, int, int, Term]]()
    known: dict[tuple[int, int], tuple[float, float, Unit]] = {}
    scaled = []
    for unit in chosen:
        x, y = (number / unit_of_rounding for number in unit.numbers[:2])
        if max(abs(x), abs(y)) < LOST:
            scaled += [(x * scale, y * scale, sign, number, unit) for sign, number, scale in scales]
    for x, y, sign, number, unit in reversed(scaled):
        known[round(x), round(y)] = sign, number, unit
    for k, (x, y, sign, number, unit) in enumerate(scaled):
        if other := known.get((round(s - x), round(t - y))):
            cost = unit.cost + other[2].cost + (number != 1.0) + (other[1] != 1.0)
            term = _sum(_written(*other), _written(sign, number, unit))
            found.append((cost, size(term), k, term))
    yield from (term for *_, term in sorted(found, key=lambda entry: entry[:3])[:6])


def _sum(a: Term, b: Term) -> Term:
    """A sum whose negative term comes last."""
    is_negative = isinstance(a, tuple) and a[0] == "neg"
    return symbol("add", b, a) if is_negative else symbol("add", a, b)


def _ratios(numbers: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{number / numbers[0]:.8e}" for number in numbers[1:])


def _together(a: Unit, b: Unit) -> Unit:
    numbers = tuple(x * y for x, y in zip(a.numbers, b.numbers, strict=True))
    return Unit(a.above + b.above, a.below + b.below, a.cost + b.cost, numbers)


def _preferred(region: Region, naming: Naming) -> Iterator[tuple[Term, float, bool]]:
    """The units; of two that are equal, the one without a result beside `of` costs less."""
    for term, cost, divides in _units(region, naming):
        yield term, cost + BESIDE * (not region.beside.isdisjoint(naming.within(term))), divides


def _units(region: Region, naming: Naming) -> Iterator[tuple[Term, float, bool]]:
    """Units over the names that meet wrt in an operation, and over those nearest to the output.

    Each is the term, its cost, and whether it may be in a denominator.
    """
    met = {
        x
        for node in region.operations
        if len(node.operands) == 2 and region.wrt in node.operands
        for x in node.operands
    }
    labels = [x for x in region.labels if (_shows_itself(x) if x is region.of else not _is_scaled(x, region))]
    labels.sort(key=lambda node: node not in met)
    names = [region.names[node] for node in labels if node.label or node is region.wrt][:MOST_NAMES]
    is_logistic = any(node.op == "exp" for node in region.operations)  # whose derivative is r (1 - r)
    divides = any(node.op == "div" for node in region.operations)
    for v in names:
        if v == region.names[region.of] and region.of.op == "div" and not is_logistic:
            yield v, 3.0, True  # -x / y² rather than -r / y, where r = x / y
            continue
        yield v, 1.0, True
        yield ("sub", 1.0, v), 2.0, True
        yield ("add", 1.0, v), 2.0, True
        yield ("pow", v, 2.0), 2.0, True
        yield ("sub", 1.0, ("pow", v, 2.0)), 3.0, False
        if divides:
            yield ("pow", v, 3.0), 4.0, True
        if v == region.names[region.of]:
            continue
        for function in FUNCTIONS:
            yield (function, v), 3.0, function == "sqrt"
        yield ("exp", ("neg", v)), 3.5, False
        yield ("exp", ("neg", ("pow", v, 2.0))), 3.5, False
    apart = [node for node in labels if region.names[node] in names and node is not region.of]
    for v, w in ((region.names[x], region.names[y]) for x, y in combinations(apart, 2) if not _is_term(x, y)):
        yield ("sub", v, w), 2.0, True
        yield ("add", v, w), 2.0, True
        yield ("sub", ("sigmoid", v), w), 3.0, False
        yield ("sub", ("sigmoid", w), v), 3.0, False
    if len(region.free) == len(region.ends) and any(
        node.op in ("logaddexp", "logsumexp") for node in region.operations
    ):
        logits = [region.names[node] for node in region.free]
        for v in logits:  # the other probabilities of a softmax, if they have no name
            yield ("exp", ("sub", v, ("logsumexp", sorted(logits)))), 3.5, False
    for node in region.operations[-MOST_UNNAMED:]:
        for term, divides in _of_unnamed(node, naming, names):
            if isinstance(term, tuple) and size(term) <= LONGEST and contains(region, naming, term):
                yield term, 1.5 + 0.3 * (term[0] in FUNCTIONS), divides


def _of_unnamed(node: Value, naming: Naming, names: Sequence[Name]) -> Iterator[tuple[Term, bool]]:
    """The factors that an operation without a name brings, such as cos(u) for sin(u), and whether each may divide."""
    term, operands = naming.term(node), [naming.term(operand) for operand in node.operands]
    match node.op:
        case "add" | "sub" | "sqrt":
            yield _without_relu(term), True
        case "dot" if isinstance(term, tuple) and term[0] in ("add", "sub"):
            yield term, True
        case "exp" | "log":
            yield term, False
        case "sigmoid":
            yield from [(term, False), (("sub", 1.0, term), False)]
            yield from ((("sub", term, name), False) for name in names)
        case "tanh":
            yield ("sub", 1.0, ("pow", term, 2.0)), False
        case "softplus":
            yield ("sigmoid", *operands), False
        case "sin" | "cos":
            yield ("cos" if node.op == "sin" else "sin", *operands), False
        case "abs":
            yield ("sign", *operands), False
        case "pow":
            yield term, True
            if operands[1] == 2.0:
                yield from ((("sub", term, ("pow", name, 2.0)), False) for name in names)
            yield symbol("pow", operands[0], symbol("sub", operands[1], 1.0)), False


def _without_relu(term: Term) -> Term:
    """The term as it is where its relus are on, which is where a bracket beside it is not 0."""
    if not isinstance(term, tuple):
        return term
    return _without_relu(term[1]) if term[0] == "relu" else (term[0], *map(_without_relu, term[1:]))


def _is_term(x: Value, y: Value) -> bool:
    """Whether one is a term of the other, as b is of z = w h + b, whose difference w h is shorter."""
    return any(a.op in ("add", "sub", "dot") and b in a.operands for a, b in ((x, y), (y, x)))


def _is_scaled(node: Value, region: Region) -> bool:
    """Whether an operation multiplies a named result that shows itself, as in z = v h, where v h (1 - h) is usual."""
    return node.op in ("mul", "dot") and any(x in region.names and _shows_itself(x) for x in node.operands)


def _shows_itself(node: Value) -> bool:
    """Whether the derivative of an operation is a formula of its result, as for exp."""
    return node.op in ("exp", "sigmoid", "tanh", "sqrt", "div", "logsumexp") or _is_exponential(node)


def _is_exponential(node: Value) -> bool:
    """Whether a product has the factor exp, as the density of a normal distribution has."""
    return node.op == "exp" or (node.op in ("mul", "div") and any(map(_is_exponential, node.operands)))


def _numbered(units: Iterable[tuple[Term, float, bool]], at: Sequence[Mapping[Name, float]]) -> Iterator[Unit]:
    for term, cost, divides in units:
        numbers = tuple(run(term, names, numeric) for names in at)
        if all(math.isfinite(x) and abs(x) > 1e-12 for x in numbers) and (
            term[0] == "sign" or not near(numbers[0], numbers[1], 1e-12)
        ):
            above, below = term[1:] if term[0] == "div" and float not in map(type, term) else (term, ())
            yield Unit((above,), (below,) if below else (), cost, numbers)
            if divides and not below:
                yield Unit((), (term,), cost + 0.5, tuple(1.0 / x for x in numbers))


def _written(sign: float, coefficient: Term, unit: Unit) -> Term:
    """-2 * (a - y) * x / z, from the coefficient, the numerator and the denominator."""
    above, under = (sorted(terms, key=lambda term: _rank(term, terms)) for terms in (unit.above, unit.below))
    if sign < 0 and above and above[0][0] == "sub" and isinstance(above[0], tuple):
        above[0], sign = ("sub", above[0][2], above[0][1]), 1.0  # a - y for -(y - a)
    half = coefficient == 0.5 and bool(under)
    term, below = _product([1.0 if half else coefficient, *_powers(above)]), _product([1.0 + half, *_powers(under)])
    term = symbol("div", term, below)
    return term if sign > 0 else symbol("neg", term)


def _rank(term: Term, beside: Sequence[Term]) -> tuple[float, str]:
    """Differences come first, then a (1 - a) and 1 - a², other names and their powers, other powers, and functions."""
    if ("sub", 1.0, term) in beside:
        return 1, str(term)
    if isinstance(term, Name):
        return 3, term
    name, first = term[:2]
    if name == "sub" and first == 1.0:
        return (1, f"{term[2]} ") if term[2] in beside else (2, "")
    if name == "pow":
        return (3, first) if isinstance(first, Name) else (4, "")
    return (0, "") if name in ("add", "sub") else (5, str(FUNCTIONS.index(name) if name in FUNCTIONS else name))


def _product(terms: Iterable[Term]) -> Term:
    factors = [*terms]
    if all(isinstance(term, Name) for term in factors):
        factors.sort(key=natural)  # p1 before p2 before p10
    return fold("mul", factors)


def _powers(terms: Sequence[Term]) -> list[Term]:
    """Equal terms as one power, and x² x as x³."""
    counts: list[tuple[Term, float]] = []
    for term in terms:
        base, power = (term[1], term[2]) if term[0] == "pow" and isinstance(term[2], float) else (term, 1.0)
        known = next((i for i, (other, _) in enumerate(counts) if other == base), len(counts))
        counts[known : known + 1] = [(base, power + (counts[known][1] if known < len(counts) else 0.0))]
    return [symbol("pow", base, power) for base, power in counts]


def run(term: Term, names: Mapping[Name, Any], algebra: Algebra) -> Any:
    """The number of a term."""
    if isinstance(term, list):
        return [run(part, names, algebra) for part in term]
    if isinstance(term, tuple):
        return algebra(term[0], *(run(part, names, algebra) for part in term[1:]))
    if isinstance(term, Name):
        return names[term]
    return term


def near(a: float, b: float, tolerance: float) -> bool:
    """Whether two numbers are equal to within rounding."""
    return abs(a - b) <= tolerance * abs(b)
