"""A learner's own factors for one path of the chain rule, judged one by one, with a hint where the mistake is known."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..chain import ChainRule, Factor
from ..core import TABLE, derivative, evaluate, many, numeric, real, short_number

TYPED = 1e-3  # how far a number that a learner reads off a picture of four digits may lie from the truth
DERIVED = 1e-9  # how far a formula may


@dataclass(frozen=True, slots=True)
class Check:
    """How a learner's factors compare with a path: `ok`, the index of the first `wrong` one or None, and a text."""

    ok: bool
    wrong: int | None
    text: str

    def __str__(self) -> str:
        return self.text


def check(chain: ChainRule, factors: Sequence[float | str], path: int = 0) -> Check:
    """Compare `factors`, from wrt to output, with those of the path of that rank.

    A factor is a number or a formula in the labels, such as "2 * (a - y)". A formula that cannot be read, or a
    path that does not exist, is a ValueError.

    >>> from engine import Value, chain_rule
    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> a = w * x
    >>> a.label = "a"
    >>> loss = (a - 3) ** 2
    >>> print(chain_rule(loss, w).check(["x", "2 * (a - 3)"]))
    right: x · 2 * (a - 3) = -8
    >>> print(chain_rule(loss, w).check(["x", "2 * (3 - a)"]))
    factor 2 of 2 is ∂output/∂a = 2 * (a - 3) = -4, not 2 * (3 - a) = 4: the sign is wrong
    """
    if isinstance(factors, str) or not isinstance(factors, Iterable):
        came = f"{type(factors).__name__} {factors!r:.80}"
        raise TypeError(f'check takes the factors of a path in a list, such as ["x", 2.0], not {came}')
    factors = list(factors)
    paths = chain.paths(path + 1) if isinstance(path, int) and path >= 0 else []
    if not paths or len(paths) != path + 1:
        raise ValueError(f"path is a rank from 0 to {many(chain.path_count - 1)}, strongest first, not {path!r}")
    truth = paths[path].factors
    given = [_number(chain, factor) for factor in factors]
    agrees = [_agrees(factor, number, f) for factor, number, f in zip(factors, given, truth, strict=False)]
    wrong = next((i for i, right in enumerate(agrees) if not right), None)
    if len(given) != len(truth):
        return _wrong_length(chain, factors, given, truth, len(agrees) if wrong is None else wrong)
    if wrong is None:
        product = " · ".join(str(factor) for factor in factors)
        return Check(True, None, f"right: {product or 1} = {short_number(paths[path].product)}")
    f, number = truth[wrong], given[wrong]
    written = str(factors[wrong]) if factors[wrong] == number else f"{factors[wrong]} = {short_number(number)}"
    hint = _hint(f, number)
    text = f"factor {wrong + 1} of {len(truth)} is {_equation(f)}, not {written}" + (f": {hint}" if hint else "")
    return Check(False, wrong, text)


def _equation(factor: Factor) -> str:
    names = factor.chain.naming.names
    return f"{derivative(names[factor.of], names[factor.wrt])} = {factor.formula} = {short_number(factor.value)}"


def _agrees(written: float | str, number: float, factor: Factor) -> bool:
    close = DERIVED if isinstance(written, str) else TYPED
    return number == factor.value or abs(number - factor.value) <= close * abs(factor.value)


def _wrong_length(
    chain: ChainRule, factors: Sequence[float | str], given: Sequence[float], truth: Sequence[Factor], wrong: int
) -> Check:
    route = " → ".join(chain.naming.names[node] for node in (chain.wrt, *(factor.of for factor in truth)))
    text = f"the path {route} has {len(truth)} factors, not {len(given)}"
    extra = wrong < len(given) and [
        _agrees(*row) for row in zip(factors[wrong + 1 :], given[wrong + 1 :], truth[wrong:], strict=False)
    ]
    if extra is not False and len(given) == len(truth) + 1 and all(extra):
        text += (
            f": {factors[wrong]} is one too many. A weight or an input is an independent variable, which depends on "
            "nothing, so the path has no factor for its derivative"
        )
    elif wrong < len(truth):
        text += f": the first that differs is {_equation(truth[wrong])}"
    return Check(False, wrong, text)


def _hint(factor: Factor, number: float) -> str:
    """What the mistake is, where it is a known one."""
    names = factor.chain.naming.names
    of, wrt, true = names[factor.of], names[factor.wrt], factor.value

    def near(a: float, b: float) -> bool:
        return abs(a - b) <= TYPED * abs(b) and b != 0

    if near(number, -true):
        return "the sign is wrong"
    for node, operand, partial in factor.chain.naming.steps(factor.link):
        if near(number * partial, true) and not near(partial, 1.0):
            inner = factor.chain.naming.describe(operand)
            return f"the inner derivative is missing, that of {node.op} in {inner}, {short_number(partial)}"
    if near(number, factor.of.data):
        return f"that is {of} itself, not its derivative"
    if near(number, factor.wrt.data):
        return f"that is {wrt} itself; its derivative is what {wrt} is multiplied by"
    if near(number * true, 1.0):
        return "that is its reciprocal"
    if number and (true / number).is_integer() and 2 <= true / number <= 9:
        return f"a factor {true / number:g} is missing: the derivative of a power brings its exponent down"
    return _rounding(factor, number)


def _rounding(factor: Factor, number: float) -> str:
    """The textbook form y * (1 - y) gives 0 where the sigmoid rounds to 1."""
    for node, operand, partial in factor.chain.naming.steps(factor.link):
        row = TABLE[node.op]
        if row.variadic or not row.textbook:
            continue
        shown = evaluate(row.textbook, {"a": operand.data, "y": node.data}, numeric)
        if shown != partial and abs(shown - number) <= TYPED * abs(number):
            inner = factor.chain.naming.describe(operand)
            return f"the form is right, but its difference has no digits left in floats: use {row.sign}'({inner})"
    return ""


_SPELLINGS = [("·", "*"), ("×", "*"), ("−", "-"), ("^", "**"), ("²", "**2"), ("³", "**3"), ("σ", "sigmoid")]
_PRIME = re.compile(r"([^\W\d]\w*)\s*['′]\s*\(")


def _number(chain: ChainRule, factor: float | str) -> float:
    """A learner's factor as a number: a formula is read in the labels, with the table's functions and f'(z)."""
    if not isinstance(factor, str):
        try:
            return real(factor)
        except TypeError:
            came = f"{type(factor).__name__} {factor!r:.80}"
            raise TypeError(f'a factor is a number or a formula, such as "2 * (a - y)", not {came}') from None
    values = {str(name): node.data for node, name in chain.naming.names.items()}
    try:
        text = factor.strip()
        for written, meant in _SPELLINGS:
            text = text.replace(written, meant)
        tree = _Slopes().visit(ast.parse(_PRIME.sub(r"slope_\1(", text), mode="eval"))
        return float(evaluate(ast.unparse(tree), values, numeric))
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        known = ", ".join(list(values)[:12])
        raise ValueError(
            f"cannot read {factor!r}: a factor is a number or a formula of + - * / **, the functions of the table, "
            f"their slopes such as sigmoid'(z), and the labels {known} ({error})"
        ) from None


class _Slopes(ast.NodeTransformer):
    """Write f'(z) out by the partial of its row."""

    def visit_Call(self, call: ast.Call) -> ast.expr:
        self.generic_visit(call)
        prime, _, name = ast.unparse(call.func).partition("slope_")
        if prime or not name:
            return call
        operand = call.args[0]
        value = ast.Call(ast.Name(name), [operand], [])
        terms = {"a": operand, "y": value}
        written: ast.expr = _Substitute(terms).visit(ast.parse(TABLE[name].partials[0], mode="eval").body)
        return written


@dataclass
class _Substitute(ast.NodeTransformer):
    """Put terms for names."""

    terms: dict[str, ast.expr]

    def visit_Name(self, name: ast.Name) -> ast.expr:
        return self.terms.get(name.id, name)
