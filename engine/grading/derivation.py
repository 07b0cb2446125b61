"""Judges a learner's derivation of one derivative: the whole, or the factors of a path one by one."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..chain import ChainRule, Factor, Path
from ..core import Value, book_name, came, many, short_number, total_derivative
from .elsewhere import only_here
from .hints import hint_for_factor, hint_for_total
from .written import DERIVED, Written, read

if TYPE_CHECKING:
    from ..picture import Picture, Theme

TRIED = 20  # strongest paths that factors are compared with


@dataclass(frozen=True, slots=True)
class Check:
    """How an answer compares with the truth, as `ChainRule.check` returns it; `str()` is the text.

    `ok` is whether it is right, `wrong` the index of the first wrong factor or None, `factor` what that factor should
    be and `written` what it is.

    >>> from engine import Value, chain_rule
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> check = chain_rule((w * x) ** 2, w).check("2 * w * x")
    >>> check.ok, chain_rule((w * x) ** 2, w).check("2 * w * x * x").ok
    (False, True)
    """

    ok: bool
    wrong: int | None
    text: str
    factor: Factor | None = None  # what the wrong factor should be
    written: str = ""  # and what it is

    def draw(self, depth: int | None = None, theme: Theme = "auto") -> Picture:
        """The picture of the chain rule with the wrong factor marked; a ValueError where no single factor is wrong."""
        from ..picture import Picture, View, marked

        if self.factor is None:
            raise ValueError(f"there is no wrong factor to mark: {self.text}")
        return Picture.of(marked(self.factor, self.written, self.text, View(depth, theme)))

    def __str__(self) -> str:
        return self.text


def check(chain: ChainRule, answer: Any, path: int | None = None) -> Check:
    """Judge the learner's `answer`: the derivative, or the factors of a path, from wrt to output or back.

    The derivative and a factor are a number, or a formula in the labels such as "2 * (a - y)". Factors that are right
    for one path of several are not right, as the other paths are missing, unless that `path` is asked for by its rank.
    A formula that cannot be read, or a path that does not exist, is a ValueError.

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
    factors = _factors(answer)
    values = {str(name): node.data for node, name in chain.naming.names.items()}
    if chain.lettered and len(factors or [answer]) == 1:
        chain = chain.folded  # one formula for all that has no labels
    paths = _paths(chain, path)
    given = [read(factor, values) for factor in (factors if factors is not None else [answer])]
    if not chain.path_count:
        right = factors is None and given[0].agrees(0.0)
        return Check(right, None, f"{'right' if right else 'the derivative is 0'}: {chain.sentence}")
    if not math.isfinite(chain.total):
        return Check(
            False, None, f"{_derivative(chain)} is {chain.total:g} here, so no answer is right: {chain.sentence}"
        )
    is_factor = chain.path_count == 1 and len(paths[0].factors) == 1
    if factors is None or (len(given) == 1 and path is None and not is_factor):
        return _check_total(chain, given[0])
    return _check_factors(chain, given, paths, path)


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
    if written.agrees(chain.total):
        if elsewhere := only_here(chain, written):
            return Check(False, None, elsewhere)
        return Check(True, None, f"right: {_derivative(chain)} = {short_number(chain.total)}")
    if chain.path_count > 1:
        for i, path in enumerate(paths := chain.paths(TRIED)):
            if path.product and written.agrees(path.product):
                return Check(False, None, _right_for_one(chain, paths, i))
            if chain.path_count > 2 and path.product and written.agrees(chain.total - path.product):
                text = f"the path {_route(chain, path)} is missing, which adds {short_number(path.product)}"
                return Check(False, None, f"{_not(chain, written)}: {text}")
    hint = hint_for_total(chain, written)
    return Check(False, None, _with(_not(chain, written, "" if hint else chain.closed_form), hint))


def _not(chain: ChainRule, written: Written, form: str = "") -> str:
    right = f"{form} = {short_number(chain.total)}" if form else short_number(chain.total)
    return f"{_derivative(chain)} = {right}, not {_value_of(written)}"


def _derivative(chain: ChainRule) -> str:
    names = chain.naming.names
    return total_derivative(names[chain.output], names[chain.wrt])


def _value_of(written: Written) -> str:
    """The learner's text, and its number if the text is a formula."""
    is_number = not written.names and _reads(written.text)
    return written.text if is_number else f"{written.text} = {short_number(written.number)}"


def _reads(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _check_factors(chain: ChainRule, given: list[Written], paths: list[Path], asked: int | None) -> Check:
    best = None
    names = chain.naming.names
    for i, path in enumerate(paths):
        for backwards in (False, True):
            truth = path.factors[::-1] if backwards else path.factors
            agrees = [w.agrees(f.value) for w, f in zip(given, truth, strict=False)]
            if (len(given) == len(truth) and all(agrees)) or _multiplies(given, path):
                return _right(chain, given, paths, i, asked)
            score = (len(given) == len(truth), sum(agrees))
            if best is None or score > best[0]:
                best = score, truth, agrees, names[chain.output if backwards else chain.wrt]
    assert best is not None
    _, truth, agrees, start = best
    wrong = next((i for i, right in enumerate(agrees) if not right), len(agrees))
    if len(given) != len(truth):
        return _wrong_length(chain, given, truth, wrong)
    factor = truth[wrong]
    counted = f", from {book_name(start)}," if len(truth) > 1 else ""
    text = f"factor {wrong + 1} of {len(truth)}{counted} is {factor.equation}, not {_value_of(given[wrong])}"
    hint = hint_for_factor(factor, given[wrong])
    return Check(False, wrong, _with(text, hint), factor, _value_of(given[wrong]))


def _multiplies(given: Sequence[Written], path: Path) -> bool:
    """Whether formulas, fewer or more than the factors, have the path's product."""
    if len(given) == len(path.factors) or not all(w.names or w.number == 1.0 for w in given):
        return False
    product = math.prod(w.number for w in given)
    return bool(product) and abs(product - path.product) <= DERIVED * abs(path.product)


def _right(chain: ChainRule, given: list[Written], paths: list[Path], i: int, asked: int | None) -> Check:
    if chain.path_count > 1:
        rank = i if asked is None else asked
        return Check(asked is not None, None, _right_for_one(chain, chain.paths(max(TRIED, rank + 1)), rank))
    product = " · ".join(map(_as_factor, given)) if len(given) > 1 else "".join(map(str, given))
    if all(w.names for w in given):  # a number is a claim about this point only
        names = frozenset[str]().union(*(w.names for w in given))
        whole = Written(" * ".join(f"({w.text})" for w in given), paths[i].product, 0.0, names)
        if elsewhere := only_here(chain, whole):
            return Check(False, None, elsewhere)
    return Check(True, None, f"right: {product or 1} = {short_number(paths[i].product)}")


def _as_factor(written: Written) -> str:
    """The learner's text, in brackets if it is a sum."""
    depth, inside = 0, written.text[1:]
    for letter in inside:
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and letter in "+-−" and "e" + letter not in inside:
            return f"({written})"
    return str(written)


def _right_for_one(chain: ChainRule, paths: list[Path], rank: int) -> str:
    """Right for path 1 of 2, x → a → y, which gives 24: the path through b adds 12, and dy/dx = 36."""
    this, count = paths[rank], chain.path_count
    rest = short_number(chain.total - this.product)
    other = paths[1 - rank] if count == 2 else None
    more = f"{_other(chain, this, other)} adds {rest}" if other else f"the other {many(count - 1)} paths add {rest}"
    head = (
        f"right for path {rank + 1} of {many(count)}, {_route(chain, this)}, which gives {short_number(this.product)}"
    )
    return f"{head}: {more}, and {_derivative(chain)} = {short_number(chain.total)}"


def _other(chain: ChainRule, this: Path, other: Path) -> str:
    """A name for the other path: the variables that only it passes through."""
    own = [chain.naming.describe(node) for node in other.nodes if node not in this.nodes]
    return f"the path through {' and '.join(own)}" if own else f"the path {_route(chain, other)}"


def _route(chain: ChainRule, path: Path) -> str:
    return _arrows(chain, path.nodes)


def _arrows(chain: ChainRule, nodes: Sequence[Value]) -> str:
    return " → ".join(map(chain.naming.describe, nodes))


def _wrong_length(chain: ChainRule, given: Sequence[Written], truth: Sequence[Factor], wrong: int) -> Check:
    backwards = bool(truth) and truth[0].of is chain.output and truth[-1].wrt is chain.wrt and len(truth) > 1
    forwards = truth[::-1] if backwards else truth
    route = _arrows(chain, (chain.wrt, *(factor.of for factor in forwards)))
    text = f"the path {route} has {len(truth)} factor{'s' * (len(truth) != 1)}, not {len(given)}"
    others = [w.agrees(f.value) for w, f in zip(given[wrong + 1 :], truth[wrong:], strict=False)]
    if wrong < len(given) and len(given) == len(truth) + 1 and all(others):
        text += (
            f": {given[wrong]} is one too many. A weight or an input is an independent variable, which depends on "
            "nothing, so the path has no factor for its derivative"
        )
    elif wrong < len(truth):
        text += f": the first that differs is {truth[wrong].equation}"
    return Check(False, wrong, text)


def _with(text: str, hint: str) -> str:
    return f"{text}: {hint}" if hint else text
