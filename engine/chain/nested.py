"""The chain rule written once for all paths: (1 - h2²) (h1 + w (1 - h1²) h0) for a recurrent network of two steps."""

from collections import Counter
from collections.abc import Sequence

from .paths import ChainRule, Factor
from .symbolic import LARGEST
from .terms import Elided, Term, fold, size, symbol


def nested(chain: ChainRule) -> Term | None:
    """The derivative as a sum over the links of each variable, with common factors before it; None if that is long.

    >>> from engine import Value, chain_rule
    >>> from .expressions import show
    >>> z = Value(2.0, "z")
    >>> s = z.sigmoid()
    >>> s.label = "s"
    >>> show(nested(chain_rule(z * s, z)))
    's * (1 + z * (1 - s))'
    """
    found: dict[object, Term] = {}
    for node, links in chain.links.items():
        terms = [_term(Factor(link.of, link.wrt, link.value, link, chain), found[link.wrt]) for link in links]
        found[node] = 1.0 if node is chain.wrt else _sum(terms)
        if _is_long(found[node]):
            return None
    return found.get(chain.output)


def _term(factor: Factor, inner: Term) -> Term:
    return factor.term if isinstance(factor.term, Elided) else symbol("mul", factor.term, inner)


def _is_long(term: Term) -> bool:
    """Whether a term is long, or has a number for one that is, or a `where`."""
    parts, found = [term], size(term) > LARGEST
    while parts and not found:
        part = parts.pop()
        found = isinstance(part, Elided) or (isinstance(part, tuple) and part[0] == "select")
        parts += part[1:] if isinstance(part, tuple) else part if isinstance(part, list) else []
    return found


def _sum(terms: Sequence[Term]) -> Term:
    """The sum of some terms, with the factors that all have before it."""
    factors = [_factors(term) for term in terms]
    common = _shared(factors)
    whole = fold("add", (fold("mul", _without(each, common)) for each in factors))
    return fold("mul", [*common, whole])


def _shared(factors: Sequence[Sequence[Term]]) -> list[Term]:
    """The factors of the first term that all others have, too; numbers are left with the terms."""
    found = [factor for factor in factors[0] if not isinstance(factor, float)] if len(factors) > 1 else []
    for each in factors[1:]:
        found = _without(found, _without(found, each))
    return found


def _without(factors: Sequence[Term], others: Sequence[Term]) -> list[Term]:
    """The factors but those that are among others, each as often as it is there."""
    left, found = Counter(map(repr, others)), list[Term]()
    for factor in factors:
        left[repr(factor)] -= 1
        if left[repr(factor)] < 0:
            found.append(factor)
    return found


def _factors(term: Term) -> list[Term]:
    if isinstance(term, tuple) and term[0] == "mul":
        return [factor for part in term[1:] for factor in _factors(part)]
    if isinstance(term, tuple) and term[0] == "neg":
        return [-1.0, *_factors(term[1])]
    return [term]
