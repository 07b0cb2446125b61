"""Textbook forms: short formulas for a derivative, searched for in floats and proven in decimals before they are shown.

A form that agrees only in floats is not shown, because a quarter of such forms are false. A path without a form is
written in blocks of one or two factors.
"""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from itertools import product
from typing import NamedTuple

from ..core import Value, numeric
from .decimals import DIGITS, decimal, in_decimals
from .nested import nested
from .paths import ChainRule, Path
from .products import SHORT, near, products, run
from .region import Region, conditions
from .symbolic import LARGEST, SAME, Naming
from .terms import Term, size, symbol
from .variables import Link

MOST_OPERATIONS, MOST_KINKS, MOST_FACTORS = 80, 5, 12
LONGEST = 6  # names and numbers of an exact formula that has no other form
POINTS = 24
LOST = 1e-5  # part of the largest slope, below which 1 - h² may have lost its digits
MOST_NODES = 2000  # forms are searched for in graphs up to this size
EQUAL = Decimal("1e-60")


def whole(chain: ChainRule) -> Term | None:
    """The whole derivative of a chain: its only factor if that is short, else the form found for it."""
    if (
        len(chain.between) > MOST_NODES
        or not chain.path_count
        or chain.output is chain.wrt
        or not math.isfinite(chain.total)
    ):
        return None
    paths = chain.paths(2)
    only = chain.naming.partial(paths[0].factors[0].link) if [len(path.factors) for path in paths] == [1] else None
    is_short = only is not None and not isinstance(only, float) and size(only) <= SHORT
    if is_short and size(only) == len(inside := chain.naming.within(only)) and chain.output not in inside:
        return only
    form = textbook(chain.output, chain.wrt, chain.naming, chain.total)
    if len(paths) > 1 and (shared := nested(chain)) is not None and (form is None or size(shared) < size(form)):
        return shared
    if form is None and only is not None and not isinstance(only, float) and size(only) <= LONGEST:
        return only
    return form or _in_blocks(paths, chain.naming)


def _in_blocks(paths: Sequence[Path], naming: Naming) -> Term | None:
    """The only path as a product, starting at the output, with two factors joined if that is shorter."""
    factors = list(reversed(paths[0].factors)) if len(paths) == 1 else []
    if not 2 < len(factors) <= MOST_FACTORS:
        return None
    whole, i, is_shorter = [], 0, False
    while i < len(factors):
        one, two = factors[i].term, None
        if i + 1 < len(factors):
            below = factors[i + 1]
            two = textbook(factors[i].of, below.wrt, naming, factors[i].value * below.value)
            if two is not None and size(two) >= size(one) + size(below.term):
                two = None
        whole.append(two or one)
        is_shorter = is_shorter or two is not None
        i += 1 if two is None else 2
    term: Term = 1.0
    for block in whole:
        term = symbol("mul", term, block)
    return term if is_shorter and size(term) <= LARGEST else None


def of_link(link: Link, naming: Naming) -> Term:
    """The formula of one link: as it is if short, else the form found for it, if there is one."""
    exact = naming.partial(link)
    if isinstance(exact, float) or size(exact) <= SHORT or link.slot is not None or not math.isfinite(link.value):
        return exact
    if len(naming.nodes) > MOST_NODES:
        return exact
    return textbook(link.of, link.wrt, naming, link.value, is_link=True) or exact


def textbook(of: Value, wrt: Value, naming: Naming, value: float, is_link: bool = False) -> Term | None:
    """The shortest proven form of the derivative of `of` with respect to `wrt`, None if none has its `value` here."""
    region = Region(of, wrt, naming, is_link)
    if len(region.operations) > MOST_OPERATIONS or len(region.kinks) > MOST_KINKS or not region.free:
        return None
    signs = [naming.term(node.operands[0]) for node in region.operations if node.op == "abs"]
    candidates = (form for form in _candidates(region, naming) if all(_names_side(form.term, x) for x in signs))
    found = next((form for form in candidates if _is_proven(form, region)), None)
    if found is None:
        return None
    if found.bracket is not None and region.is_tied:
        return None
    here = run(_flat(found), region.at({})[0], numeric)
    return _flat(found) if abs(here - value) <= SAME * abs(value) else None


def _names_side(term: Term, of: Term) -> bool:
    """Whether a term has the sign or the magnitude of another one; else it may be right on one side of its 0 only."""
    if not isinstance(term, (tuple, list)):
        return False
    return term in (("sign", of), ("abs", of)) or any(_names_side(part, of) for part in term)


class Form(NamedTuple):
    """A candidate: its term, the bracket before it, and the side of the kink on which the bracket is 1."""

    term: Term
    bracket: Term | None
    kink: Value | None
    side: bool


def _flat(form: Form) -> Term:
    return form.term if form.bracket is None else _times(form.bracket, form.term)


def _times(bracket: Term, term: Term) -> Term:
    """A term with a bracket after its sign and its coefficient: -2 [z > 0] x."""
    match term:
        case ("neg", x):
            return symbol("neg", _times(bracket, x))
        case ("div", x, y):
            return symbol("div", _times(bracket, x), y)
        case ("mul", (("mul" | "neg" | "div", *_) | float()) as x, y):
            return symbol("mul", _times(bracket, x), y)
    return symbol("mul", bracket, term)


def _candidates(region: Region, naming: Naming) -> Iterator[Form]:
    """Forms that agree at some points, shortest first."""
    found = map(region.at, region.points(POINTS))
    samples = [(names, slope) for names, slope in found if all(map(math.isfinite, (slope, *names.values())))]
    if len(samples) < SHORT + 3:
        return
    alive = [(names, slope) for names, slope in samples if slope]
    if all(near(slope, samples[0][1], SAME) for _, slope in samples):
        return  # a constant is its number
    bracket, kink, side = None, None, True
    if len(alive) < len(samples):
        pattern = [bool(slope) for _, slope in samples]
        brackets = conditions(region, naming)
        fitting = (b for b in brackets if [bool(run(b[0], names, numeric)) for names, _ in samples] == pattern)
        bracket, kink, side = next(fitting, (None, None, True))
        if bracket is None or len(alive) < SHORT:
            return
    least = LOST * max(abs(slope) for _, slope in alive)
    clear = [(names, slope) for names, slope in alive if abs(slope) >= least]
    alive = clear if len(clear) >= SHORT + 3 else alive
    chosen = alive[:: max(1, len(alive) // SHORT)][:SHORT]
    for term in products(region, naming, [names for names, _ in chosen], [slope for _, slope in chosen]):
        if all(near(run(term, names, numeric), slope, 1e-6) for names, slope in alive):
            yield Form(term, bracket, kink, side)


def _is_proven(form: Form, region: Region) -> bool:
    """Whether a form equals the derivative in all digits, at points near and far and on both sides of every kink."""
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
                    number = decimal(run(form.term, names, in_decimals))
                if not (number.is_finite() and decimal(slope).is_finite()):
                    continue
                if abs(number - slope) > EQUAL * abs(slope):
                    return False
                agreed += 1
            if agreed < SHORT:
                return False
    return True
