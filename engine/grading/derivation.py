"""Judges a learner's derivation of one derivative: the whole, or the factors of a path one by one."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from ..chain import ChainRule, Path
from ..core import came, many, short_number
from .answer import Check, derivative_of, in_floats, right_for_one, route, value_of, with_hint
from .elsewhere import only_here
from .equations import asked, solve
from .factors import TRIED, check_factors
from .hints import hint_for_total
from .names import listed
from .reading import is_total, is_zero, path_formula
from .stand_ins import stand_ins
from .written import Written


def check(chain: ChainRule, answer: Any, path: int | None = None) -> Check:
    """Judge the learner's `answer`: the derivative, or the factors of a path, from wrt to output or back.

    An equation such as "dC/dw = 2 (a - y) x = -0.11" is answered by its formula, and all its sides must be equal.

    Several factors that make one of the path's, or one that makes several, are compared together.

    The derivative and a factor are a number that is right to its digits, or a formula in the labels such as
    "2 * (a - y)". Factors that are right for one path of several are not right, as the other paths are missing, unless
    that `path` is asked for by its rank.
    A formula that cannot be read, a path that does not exist, or data set after the forward pass is a ValueError.

    >>> from engine import Value, chain_rule
    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> a = w * x
    >>> a.label = "a"
    >>> loss = (a - 3) ** 2
    >>> print(chain_rule(loss, w).check(["x", "2 (a - 3)"]))
    right: x · 2 (a - 3) = -8
    >>> print(chain_rule(loss, w).check(["x", "2 * (3 - a)"]))
    factor 2 of 2, from w, is ∂output/∂a = 2 * (a - 3) = -4, not 2 * (3 - a) = 4: the sign is wrong
    >>> print(chain_rule(loss, w).check("2 (a - 3)"))
    doutput/dw = -8, not 2 (a - 3) = -4: the factor ∂a/∂w = x = 2 is missing
    """
    _refuse_changed(chain)
    factors = _factors(answer)
    equations = [solve(part, chain) for part in ([answer] if factors is None else factors)]
    if len(equations) == 1 and (other := asked(chain, equations[0].left)) and factors is None:
        return Check(False, None, other)
    given = [equation.answer for equation in equations]
    if path is None and chain.lettered and len(given) == 1 and given[0].names.isdisjoint(_letters(chain)):
        chain = chain.folded  # one formula for all that has no labels
    paths = _paths(chain, path)
    if not chain.path_count:
        right = factors is None and is_zero(given[0])
        return Check(right, None, f"{'right' if right else 'the derivative is 0'}: {chain.sentence}")
    if not math.isfinite(chain.total):
        return Check(
            False, None, f"{derivative_of(chain)} is {chain.total:g} here, so no answer is right: {chain.sentence}"
        )
    is_factor = chain.path_count == 1 and len(paths[0].factors) == 1
    if factors is None and path is not None and chain.path_count > 1:
        found = _check_path(chain, given[0], paths[0], path)
    elif factors is None or (len(given) == 1 and path is None and not is_factor):
        found = _check_total(chain, given[0])
    else:
        found = check_factors(chain, given, paths, path)
    slips = [(i, equation.slip) for i, equation in enumerate(equations) if equation.slip]
    if found.ok and slips:
        return Check(False, None if factors is None else slips[0][0], slips[0][1])
    return found


def _refuse_changed(chain: ChainRule) -> None:
    """Refuse to judge formulas by numbers that were set after the derivative was computed from others."""
    nodes = [node for node in map(chain.graph.nodes.__getitem__, chain.graph.changed) if node in chain.data]
    if nodes:
        names = list(dict.fromkeys(chain.naming.describe(node) for node in nodes if node.label))
        output, data = chain.naming.describe(chain.output), listed(names, "or") if names else "a Value"
        raise ValueError(
            f"the data of {data} was set after {output} was computed from it, so formulas have other numbers than "
            f"{derivative_of(chain)}: compute {output} again, and make a new chain_rule"
        )


def _letters(chain: ChainRule) -> set[str]:
    """The names of operations that have no labels."""
    labelled = chain.folded.naming.names
    return {str(name) for node, name in chain.naming.names.items() if node not in labelled}


def _factors(answer: Any) -> Sequence[Any] | None:
    """The factors, if the answer is a sequence; else None."""
    if isinstance(answer, str) or not (isinstance(answer, (list, tuple)) or getattr(answer, "shape", False)):
        return None
    return list(answer)


def _paths(chain: ChainRule, path: int | None) -> list[Path]:
    """The paths that the factors are compared with."""
    if path is None:
        return chain.paths(TRIED)
    found = chain.paths(path + 1) if isinstance(path, int) and 0 <= path <= sys.maxsize else []
    if len(found) != (path + 1 if found else 0) or not found:
        ranks = (
            f"a rank from 0 to {many(chain.path_count - 1)}, strongest first" if chain.path_count else "left out here"
        )
        raise ValueError(f"path is {ranks}, not {came(path)}")
    return found[path:]


def _check_total(chain: ChainRule, written: Written) -> Check:
    if is_total(chain, written):
        elsewhere = only_here(chain, written)
        meant = stand_ins(chain, written) if elsewhere else ""
        if elsewhere and not meant:
            return Check(False, None, elsewhere)
        return Check(True, None, _right(chain, written, meant and f" with {meant}"))
    if chain.path_count > 1:
        for i, path in enumerate(paths := chain.paths(TRIED)):
            if path.product and written.agrees(path.product):
                return Check(False, None, right_for_one(chain, paths, i))
            if chain.path_count > 2 and path.product and written.agrees(chain.total - path.product):
                text = f"the path {route(chain, path)} is missing, which adds {short_number(path.product)}"
                return Check(False, None, f"{_not(chain, written)}: {text}")
    hint = hint_for_total(chain, written)
    return Check(False, None, with_hint(_not(chain, written, "" if hint else chain.closed_form), hint))


def _check_path(chain: ChainRule, written: Written, path: Path, rank: int) -> Check:
    """One formula or number for all factors of one path of several."""
    whole = path_formula(chain, path)
    elsewhere = only_here(chain, written, whole) if written.agrees(path.product) else ""
    if written.agrees(path.product) and not elsewhere:
        return Check(True, None, right_for_one(chain, chain.paths(max(TRIED, rank + 1)), rank))
    total = f", which is {derivative_of(chain)} over all paths" if is_total(chain, written) else ""
    text = f"path {rank + 1} of {many(chain.path_count)}, {route(chain, path)}, gives {value_of(whole)}"
    return Check(False, None, elsewhere or f"{text}, not {value_of(written)}{total}")


def _right(chain: ChainRule, written: Written, how: str) -> str:
    """The derivative and its number, with enough digits to show that one given is rounded: 2.9996 for 3."""
    number = _beside(chain.total, written) if written.is_number else short_number(chain.total)
    if written.is_number and float(number) != written.number:
        how = " to the digits given"
    if written.names and written.names <= dict(written.derivatives).keys():
        return f"right: {written} = {derivative_of(chain)} = {number}; write the formula of each to have it checked"
    return f"right{how}: {derivative_of(chain)} = {number}{in_floats(chain, written)}"


def _not(chain: ChainRule, written: Written, form: str = "") -> str:
    number = _beside(chain.total, written)
    right = f"{form} = {number}" if form else number
    return f"{derivative_of(chain)} = {right}, not {value_of(written)}"


def _beside(number: float, written: Written) -> str:
    """A number with enough digits to differ from another one, as long as that is more than rounding."""
    shown = (short_number(number, digits) for digits in range(4, 10))
    return next((text for text in shown if float(text) != float(short_number(written.number))), short_number(number))
