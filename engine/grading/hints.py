"""Hints: the known mistake that turns the right number into the learner's, if there is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

from ..chain import ChainRule, Factor, Term, show
from ..core import Value, short_number
from ..structure import FUNCTIONS
from .compare import compare
from .elsewhere import only_here
from .mistakes import MISTAKES
from .reading import of_term
from .stand_ins import numbered_parts
from .written import Written, formula

MOST = 8  # a factor of at most this many steps is searched for missing subsets
Hint = Callable[[Factor, Written], str]
NAMED = ("mistake", "several")  # verdicts of a comparison that name the mistake


def hint_for_factor(factor: Factor, written: Written) -> str:
    """The mistake in one factor in words, "" if none is known."""
    if found := _sign(written, factor.value) or _itself(factor, written):
        return found
    found = _inside(factor, written, _missing_step, _power, _other_derivative) if written.tells else ""
    return found or (_catalogued(factor.of, factor.wrt, written) if factor.value == _total(factor) else "")


def hint_for_factors(factors: Sequence[Factor], written: Written) -> str:
    """The mistake in the product of several factors in words, "" if none is known."""
    if len(factors) == 1:
        return hint_for_factor(factors[0], written)
    total = math.prod(factor.value for factor in factors)
    return _sign(written, total) or _missing_factor(factors, total, written)


def hint_for_total(chain: ChainRule, written: Written) -> str:
    """The mistake in a whole derivative in words, "" if none is known."""
    if sign := _sign(written, chain.total):
        return sign if _holds(chain, written, -1.0) else ""
    common = _common(chain)
    if [factor.wrt for factor in common] == [chain.wrt] and common[0].of is chain.output:
        return hint_for_factor(common[0], written)
    known = [factor for factor in common if _holds(chain, written, factor.term)]
    found = _missing_factor(known, chain.total, written)
    # Another derivative in one factor may be a mistake at the loss, such as δ of cross-entropy times a (1 - a).
    return (
        found
        or _in_one(common, chain, written, _missing_step, _power)
        or _catalogued(chain.output, chain.wrt, written)
        or _in_one(common, chain, written, _other_derivative)
    )


def _in_one(factors: Sequence[Factor], chain: ChainRule, written: Written, *hints: Hint) -> str:
    """A mistake in a step of one of the factors that every path has."""
    scaled = ((f, written.over(chain.total / f.value)) for f in factors if f.value and written.tells)
    return next((f"{hint} (in {f.equation})" for f, part in scaled if (hint := _inside(f, part, *hints))), "")


def _holds(chain: ChainRule, written: Written, missing: Term) -> bool:
    """Whether a learner's formula times what is missing is the derivative nearby; of a number nothing is known."""
    if not written.names:
        return True
    whole = formula([written, of_term(chain, missing)])
    return not whole.agrees(chain.total) or not only_here(chain, whole)


def _common(chain: ChainRule) -> list[Factor]:
    """The factors that every path has, from wrt to output."""
    paths = chain.paths(MOST + 1)
    if len(paths) > MOST:
        return []
    links = [{factor.link for factor in path.factors} for path in paths]
    return [factor for factor in paths[0].factors if all(factor.link in others for others in links)]


def _missing_factor(factors: Sequence[Factor], total: float, written: Written) -> str:
    found = (f for f in factors if _makes(written, f.value, total))
    factor = next(found, None)
    if factor is None:
        return ""
    part = _part(factor, factor.value)
    whole = f"{factor.show('spoken', 'mul')} = {short_number(factor.value)}"
    return f"the factor {factor.equation if part in (whole, short_number(factor.value)) else part} is missing"


def _part(factor: Factor, number: float) -> str:
    """The shortest part of a factor's formula that makes a number, with it: h * (1 - h) = 0.25; else the number."""
    shown = ((show(part, "spoken", "mul"), value) for part, value in numbered_parts(factor))
    parts = [(text, value) for text, value in shown if value != 1.0 and text != short_number(value)]
    for count in range(1, len(parts) + 1 if len(parts) <= MOST else 1):
        for some in combinations(parts, count):
            if math.isclose(math.prod(value for _, value in some), number, rel_tol=1e-9):
                return f"{' * '.join(text for text, _ in some)} = {short_number(number)}"
    return short_number(number)


def _inside(factor: Factor, written: Written, *hints: Hint) -> str:
    """A mistake in one of the steps whose product a factor is; a sum of several products has no such steps."""
    product = math.prod(partial for *_, partial in factor.chain.naming.steps(factor.link))
    if not math.isclose(product, factor.value, rel_tol=1e-12):
        return ""
    return next((found for hint in hints if (found := hint(factor, written))), "")


def _sign(written: Written, truth: float) -> str:
    return "the sign is wrong" if truth and written.agrees(-truth) else ""


def _makes(written: Written, missing: float, truth: float) -> bool:
    """Whether the learner's number times the missing factor is the truth."""
    return missing not in (0.0, 1.0) and math.isfinite(truth / missing) and written.agrees(truth / missing)


def _missing_step(factor: Factor, written: Written) -> str:
    """Missing steps inside a factor, such as the inner derivative."""
    naming = factor.chain.naming
    steps = naming.steps(factor.link)
    if not 1 < len(steps) <= MOST:
        return ""
    for count in range(1, len(steps)):
        for missing in combinations(steps, count):
            if not _makes(written, math.prod(partial for *_, partial in missing), factor.value):
                continue
            if len(missing) == 1:
                node, operand, partial = missing[0]
                where = "inner" if node is not factor.of else "outer"
                text = f"of {naming.describe(node)} with respect to {naming.describe(operand)}"
                return f"the {where} derivative, {text}, is missing ({_part(factor, partial)})"
            numbers = [short_number(partial) for *_, partial in missing]
            whole = short_number(math.prod(partial for *_, partial in missing))
            return f"the factor {whole} = {' · '.join(numbers)} is missing"
    return ""


def _power(factor: Factor, written: Written) -> str:
    for node, operand, _ in factor.chain.naming.steps(factor.link):
        if node.op == "pow" and operand is node.operands[0]:
            exponent = factor.chain.data[node.operands[1]]
            if exponent != 1.0 and _makes(written, exponent, factor.value):
                return f"a factor {exponent:g} is missing, as the derivative of a power brings its exponent down"
    return ""


def _other_derivative(factor: Factor, written: Written) -> str:
    """A wrong derivative of an activation, from the catalogue of mistakes."""
    data = factor.chain.data
    for node, operand, partial in factor.chain.naming.steps(factor.link):
        for mistake in MISTAKES if node.op in FUNCTIONS else ():
            other = mistake.formula and mistake.formula(node.op, data[operand], data[node], partial)
            if other and partial and written.agrees(factor.value / partial * other):
                return f"{mistake.was.replace(' {place}', '')}; {mistake.right}"
    return ""


def _itself(factor: Factor, written: Written) -> str:
    """A Value, or the reciprocal, given for the derivative."""
    describe = factor.chain.naming.describe
    of, wrt = describe(factor.of), describe(factor.wrt)
    if not written.tells:
        return ""
    if _is_value(written, factor.of, factor.chain):
        return f"that is {of} itself, not its derivative"
    if _is_value(written, factor.wrt, factor.chain):
        inside = "; its derivative is the number that it is multiplied by" if factor.of.op in ("mul", "dot") else ""
        return f"that is {wrt} itself{inside}"
    if factor.value and written.agrees(1.0 / factor.value):
        return "that is its reciprocal"
    return ""


def _is_value(written: Written, node: Value, chain: ChainRule) -> bool:
    """Whether the learner's number is that of a Value, and the formula is it nearby, too."""
    if not written.agrees(chain.data[node]):
        return False
    name = chain.naming.names.get(node)
    return name is None or not only_here(chain, written, of_term(chain, name))


def _total(factor: Factor) -> float:
    """The derivative of a factor's variable over all paths, with nothing held fixed."""
    return ChainRule(factor.of, factor.wrt).total


def _catalogued(of: Value, wrt: Value, written: Written) -> str:
    """The mistake of the catalogue that gives this number, if chance is unlikely to."""
    if not (math.isfinite(written.number) and written.number and written.tells):
        return ""
    given = written.text if written.is_number and written.tolerance else written.number
    comparison = compare(of, {wrt: given})
    if comparison.verdict not in NAMED:
        return ""
    said = [f"{mistake.was} ({mistake.remedy})" for mistake in comparison.mistakes[:2]]
    return f"that number follows if {' or if '.join(said)}"
