"""Mistakes in the rules of differentiation, at any operation of a formula: chain, product and quotient rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..names import formula_of
from ..network import Network
from .row import Change, Gradients, Mistake

MOST = 300  # operations of a formula written by hand

# By operation, the wrong derivative: formula(operand, result, derivative).
TABLE_OF_WRONG: dict[str, tuple[str, Callable[[float, float, float], float]]] = {
    "sin": ("sin' is cos, without a minus", lambda a, y, d: -d),
    "cos": ("cos' is -sin", lambda a, y, d: -d),
    "exp": ("exp' is exp, not x exp(x - 1)", lambda a, y, d: a * math.exp(min(a - 1.0, 700.0))),
    "log": ("log' is 1/x, not 1", lambda a, y, d: 1.0),
    "sqrt": ("(√x)' is 1/(2√x), with the 2", lambda a, y, d: 2.0 * d),
}


def _wrong_table(network: Network) -> Iterator[Change]:
    for i in range(network.size) if network.size <= MOST else ():
        if network.ops[i] in TABLE_OF_WRONG:
            k = network.sweep.starts[i]
            j = network.operands[k]
            if network.depends[j]:
                says, formula = TABLE_OF_WRONG[network.ops[i]]
                yield Change(says, {k: formula(network.data[j], network.data[i], network.partials[k])})


def _operations(network: Network) -> list[int]:
    """The operations of a small formula that is not a network; else none."""
    if not network.is_formula or network.size > MOST:
        return []
    return [i for i in range(network.size) if network.depends[i]]


def _inner_left_out(network: Network) -> Iterator[Change]:
    for i in _operations(network):
        op, k = network.ops[i], network.sweep.starts[i]
        j = network.operands[k]
        is_function = (len(network.sweep.edges(i)) == 1 and op not in ("neg", "detach")) or op == "pow"
        if is_function and j < network.size and network.depends[j]:
            inner, outer = network.sweep.derivatives(j), network.sweep.adjoints[i] * network.partials[k]

            place = f"the inner derivative, of {formula_of(network.sweep, j)} in {formula_of(network.sweep, i)}"
            yield Change(place, after=partial(_without_inner, inner, outer))
        if is_function and op != "pow":
            yield Change(f"the outer derivative, {op}'", {k: 1.0})


def _without_inner(inner: Sequence[float], outer: float, gradients: Gradients) -> Gradients:
    """The gradients with 1 for each nonzero inner derivative."""
    return {p: g + outer * ((inner[p] != 0.0) - inner[p]) for p, g in gradients.items()}


def _product_rule(network: Network) -> Iterator[Change]:
    for i in _operations(network):
        if network.ops[i] not in ("mul", "div"):
            continue
        a, b = network.sweep.edges(i)
        u, v = network.operands[a], network.operands[b]
        name = formula_of(network.sweep, i)
        if u != v and network.depends[u] and network.depends[v]:
            yield Change(f"the term with ({formula_of(network.sweep, u)})' is left out of ({name})'", {a: 0.0})
            yield Change(f"the term with ({formula_of(network.sweep, v)})' is left out of ({name})'", {b: 0.0})
            yield _product_of_derivatives(network, i, a, b)
        if network.ops[i] == "div" and network.depends[v]:
            yield Change(f"the second term of (u/v)' has the wrong sign in {name}", {b: -network.partials[b]})
            yield Change(f"the v² of (u/v)' is taken as v in {name}", {b: network.partials[b] * network.data[v]})


def _product_of_derivatives(network: Network, i: int, a: int, b: int) -> Change:
    """(u v)' as u' v'."""
    du, dv = (network.sweep.derivatives(network.operands[k]) for k in (a, b))
    outer, u, v = network.sweep.adjoints[i], network.partials[a], network.partials[b]

    def after(gradients: Gradients) -> Gradients:
        found = dict(gradients)
        for p in found:
            if du[p] and dv[p]:
                found[p] += outer * (du[p] * dv[p] - u * du[p] - v * dv[p])
        return found

    return Change(f"(u v)' is taken as u' v' in {formula_of(network.sweep, i)}", after=after)


def _one_way(network: Network) -> Iterator[Change]:
    if not network.is_formula or network.size > MOST:
        return
    for i in range(len(network.ops)):
        edges = network.sweep.uses[i]
        if network.depends[i] and len(edges) > 1:
            for k in edges:
                through = formula_of(network.sweep, network.sweep.results[k])
                yield Change(f"the path from {formula_of(network.sweep, i)} through {through} is forgotten", {k: 0.0})
                if len(edges) > 2:
                    others = {other: 0.0 for other in edges if other != k}
                    yield Change(
                        f"only the path from {formula_of(network.sweep, i)} through {through} is followed", others
                    )


def _one_sign(network: Network) -> Iterator[Change]:
    for i in _operations(network):
        if network.ops[i] in ("sub", "neg"):
            k = network.sweep.edges(i)[-1]
            if network.depends[network.operands[k]]:
                yield Change(formula_of(network.sweep, i), {k: -network.partials[k]})


def _through_detach(network: Network) -> Iterator[Change]:
    for i in range(network.size):
        if network.ops[i] == "detach":
            k = network.sweep.starts[i]
            yield Change(formula_of(network.sweep, network.operands[k]), {k: 1.0})


def _both_sides(network: Network) -> Iterator[Change]:
    some = [i for i in range(network.size) if network.ops[i] in ("maximum", "minimum")]
    for i in some if len(some) < 20 else ():
        a, b = network.sweep.edges(i)
        yield Change("the other operand gets the gradient", {a: network.partials[b], b: network.partials[a]})
        yield Change("both operands get the gradient", {a: 1.0, b: 1.0})


FORMULAS = (
    Mistake(
        "wrong_table",
        "a derivative is not the one in a table of derivatives",
        "{place}",
        _wrong_table,
        covers=("inner_left_out",),
    ),
    Mistake("inner_left_out", "{place} is left out", "f(g(x))' = f'(g(x)) g'(x)", _inner_left_out),
    Mistake(
        "product_rule",
        "{place}",
        "(u v)' = u' v + u v', and (u/v)' = (u' v - u v') / v²",
        _product_rule,
        covers=("one_way", "one_use"),
    ),
    Mistake("one_way", "{place}", "the gradient of a variable is the sum over all its uses", _one_way),
    Mistake("one_sign", "the minus sign is lost when {place} is differentiated", "(u - v)' = u' - v'", _one_sign),
    Mistake(
        "through_detach",
        "{place} is differentiated where detach holds it fixed",
        "detach(a) has the data of a and the derivative 0",
        _through_detach,
    ),
    Mistake(
        "both_sides",
        "at a max or min {place}",
        "the larger operand of max, or the smaller one of min, gets all of it",
        _both_sides,
    ),
)
