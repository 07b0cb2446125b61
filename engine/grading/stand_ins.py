"""Numbers in a formula that stand for what they are here, as 0.25 does for a (1 - a) in 2 (a - y) 0.25 x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, islice, product

from ..chain import ChainRule, Factor, Term
from .elsewhere import only_here
from .given import half_unit
from .reading import of_derivative, of_formula, of_term
from .trial import SLACK
from .written import Written

MOST = 100  # readings of a formula that are tried
LENGTH = 12  # variables of a path
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")


def stand_ins(chain: ChainRule, written: Written) -> str:
    """What the decimal numbers in a formula stand for, if the formula is the derivative with that instead; else "".

    A number of one digit, such as 2 or 0.5, stands for itself.

    >>> from engine import Value, chain_rule
    >>> from .reading import read_in
    >>> w, x = Value(0.5, "w"), Value(1.25, "x")
    >>> chain = chain_rule((w * x) ** 2, w)
    >>> stand_ins(chain, read_in(chain, "2 w x * 1.25"))
    '1.25 for x'
    """
    found = list(_DECIMAL.finditer(written.formula))
    numbers = [token for token in found if len(Decimal(token[0]).normalize().as_tuple().digits) > 1]
    known = list(_known(chain))
    readings = [[reading for each in known if (reading := _standing_for(token[0], each))] for token in numbers]
    for chosen in islice(product(*readings), MOST) if numbers else ():
        formula = written.formula
        for token, reading in reversed(list(zip(numbers, chosen, strict=True))):
            formula = f"{formula[: token.start()]}({reading.formula}){formula[token.end() :]}"
        whole = of_formula(chain, written.text, formula)
        if whole.agrees(chain.total) and not only_here(chain, whole):
            told = (f"{token[0]} for {reading}" for token, reading in zip(numbers, chosen, strict=True))
            return " and ".join(dict.fromkeys(told))
    return ""


def parts_of(term: Term) -> list[Term]:
    """The factors of a formula: 2 and a - y in 2 (a - y)."""
    if isinstance(term, tuple) and term[0] == "mul":
        return [piece for inner in term[1:] for piece in parts_of(inner)]
    return [term]


def numbered_parts(factor: Factor) -> list[tuple[Term, float]]:
    """The factors of a factor's formula, each with its number."""
    return [(part, of_term(factor.chain, part).number) for part in parts_of(factor.term)]


def _known(chain: ChainRule) -> Iterator[Written]:
    """Variables, factors of the strongest path with their parts, and derivatives along it."""
    names, whole = chain.naming.names, (chain.output, chain.wrt)
    yield from (of_term(chain, name) for name in names.values())
    for path in chain.paths(1):
        terms = [x for f in path.factors for x in (f.term, *parts_of(f.term)) if x != f.term or (f.of, f.wrt) != whole]
        yield from (of_term(chain, term) for term in terms if isinstance(term, tuple))
        for wrt, of in combinations(path.nodes[:LENGTH], 2):
            if (of, wrt) != whole:
                yield of_derivative(chain, of, wrt)


def _standing_for(number: str, known: Written) -> Written | None:
    """What is known, or its negative, if it has the number."""
    allowed = SLACK * half_unit(number)
    if abs(known.number - float(number)) <= allowed:
        return known
    negative = replace(known, text=f"-({known})", formula=f"-({known.formula})")
    return negative if abs(known.number + float(number)) <= allowed else None
