"""Formulas in the variables of a chain, a learner's and the engine's: their numbers here, elsewhere, in decimals."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ..chain import ChainRule, Exact, Path, Term, show
from ..core import Name, Value, derivative, evaluate, numeric
from ..structure import FlattenedGraph, reverse
from .written import Pair, Written, evaluated, read

IN_DECIMALS = 300  # most nodes of a graph that is computed in decimals
DIGITS = (60, 400)  # of decimals: as many as it takes
FEW = 4  # points at which a formula that is to be 0 is looked at
_KEY = re.compile(r"\bv(\d+)\b|\bd(\d+)_(\d+)\b")  # v0 is a variable, d0_1 the derivative of v0 with respect to v1


def read_in(chain: ChainRule, text: str, pairs: Mapping[str, Pair] | None = None) -> Written:
    """A learner's formula in the variables of a chain, and in the derivatives that `pairs` names."""
    pairs = pairs or {}
    values = {str(name): chain.data[node] for node, name in chain.naming.names.items()}
    values |= {name: derivative_in(chain, chain.graph.flattened, pair) for name, pair in pairs.items()}
    written = read(text, values, {name: _key_of_pair(chain, pair) for name, pair in pairs.items()})
    return _with_exact(chain, replace(written, derivatives=tuple(pairs.items())))


def of_term(chain: ChainRule, term: Term) -> Written:
    """A formula of the engine."""
    keys = {name: f"v{i}" for i, name in enumerate(chain.naming.names.values())}
    return of_formula(chain, show(term), show(_renamed(term, keys)))


def of_derivative(chain: ChainRule, of: Value, wrt: Value) -> Written:
    """The derivative of one variable with respect to another, by name: ∂a/∂z."""
    names = chain.naming.names
    return of_formula(chain, derivative(names[of], names[wrt]), _key_of_pair(chain, (of, wrt)))


def of_formula(chain: ChainRule, text: str, formula: str) -> Written:
    """A formula in the keys of the variables, with the text that it is written as."""
    nodes, names = list(chain.naming.names), chain.naming.names
    called = {
        key: derivative(*(names[x] for x in found)) if isinstance(found, tuple) else str(names[found])
        for key, found in _meant(formula, nodes)
    }
    return _with_exact(chain, evaluated(text, formula, _numbers(chain, formula, chain.graph.flattened), called))


def path_formula(chain: ChainRule, path: Path) -> Written:
    """The product of a path's factors, as a formula."""
    factors = list(reversed(path.factors))
    formula = " * ".join(of_term(chain, factor.term).formula.join("()") for factor in factors)
    return of_formula(chain, " * ".join(factor.show("spoken", within="mul") for factor in factors), formula)


def is_total(chain: ChainRule, written: Written) -> bool:
    """Whether an answer has the number of the derivative, in floats or in decimals."""
    if written.agrees(chain.total) or not written.names or not is_small(chain):
        return written.agrees(chain.total)
    return written.agrees(float(in_decimals(chain, DIGITS[0]).derivative(chain.output, chain.wrt)))


def is_zero(written: Written) -> bool:
    """Whether a formula is 0 whatever its variables are."""
    rng = random.Random(7)
    points = [{found[0]: rng.uniform(0.5, 2.0) for found in _KEY.finditer(written.formula)} for _ in range(FEW)]
    return written.agrees(0.0) and not any(evaluate(written.formula, point, numeric) for point in points)


def derivative_in(chain: ChainRule, graph: FlattenedGraph, pair: Pair) -> float:
    """The derivative of one variable with respect to another over all paths, at the numbers of a graph."""
    of, wrt = pair
    index_of = chain.graph.indices
    if of not in index_of or wrt not in index_of:
        return float(of is wrt)
    return reverse(graph, index_of[of])[0][index_of[wrt]]


def number_at(chain: ChainRule, written: Written, graph: FlattenedGraph) -> float:
    """The number of a formula at the numbers of a graph."""
    return float(evaluate(written.formula, _numbers(chain, written.formula, graph), numeric))


def is_small(chain: ChainRule) -> bool:
    """Whether a graph is small enough to be computed in decimals."""
    return len(chain.data) <= IN_DECIMALS


def in_decimals(chain: ChainRule, digits: int, moved: Mapping[Value, float] | None = None) -> Exact:
    """The graph of a chain in decimals, with other numbers for some leaves."""
    if moved:
        return Exact(chain.data, digits, moved)
    if digits not in chain.exact:
        chain.exact[digits] = Exact(chain.data, digits)
    return chain.exact[digits]


def exactly(chain: ChainRule, written: Written, exact: Exact) -> Decimal:
    """The number of a formula in decimals."""
    return exact.run(written.formula, _at_keys(chain, written.formula, exact.data.__getitem__, exact.derivative))


def _with_exact(chain: ChainRule, written: Written) -> Written:
    """The formula with its number in decimals, with more of them where it loses digits."""
    found = written
    for digits in DIGITS if written.names and is_small(chain) else ():
        found = replace(written, exact=float(exactly(chain, written, in_decimals(chain, digits))))
        if found.exact and not found.is_lost:
            break
    return found


def _numbers(chain: ChainRule, formula: str, graph: FlattenedGraph) -> dict[str, float]:
    def data(node: Value) -> float:
        index = chain.graph.indices.get(node)
        return chain.data[node] if index is None else graph.data[index]

    return _at_keys(chain, formula, data, lambda of, wrt: derivative_in(chain, graph, (of, wrt)))


def _at_keys(
    chain: ChainRule, formula: str, data: Callable[[Value], Any], slope: Callable[[Value, Value], Any]
) -> dict[str, Any]:
    """The numbers of all variables and derivatives in a formula, by their keys."""
    found = _meant(formula, list(chain.naming.names))
    return {key: slope(*each) if isinstance(each, tuple) else data(each) for key, each in found}


def _meant(formula: str, nodes: list[Value]) -> Iterator[tuple[str, Value | Pair]]:
    """Each key in a formula, and the variable or the two of a derivative that it stands for."""
    for found in _KEY.finditer(formula):
        i, of, wrt = found.groups()
        yield found[0], nodes[int(i)] if i else (nodes[int(of)], nodes[int(wrt)])


def _key_of_pair(chain: ChainRule, pair: Pair) -> str:
    nodes = list(chain.naming.names)
    of, wrt = map(nodes.index, pair)
    return f"d{of}_{wrt}"


def _renamed(term: Term, keys: Mapping[Name, str]) -> Term:
    """A term with keys for the names."""
    if isinstance(term, Name):
        return Name(keys[term])
    if isinstance(term, (tuple, list)):
        named = [part if type(part) is str else _renamed(part, keys) for part in term]
        return named if isinstance(term, list) else tuple(named)
    return term
