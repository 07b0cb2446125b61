"""Reads a learner's answer: a number with its digits, or a formula in the notation of people and books.

Nothing is executed: a formula may contain only the functions of the table.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import Value, apply, book_name, came, evaluate, grad, latex_name, numeric, pretty_name, real, respelled
from .given import EXACT, digits_in, half_unit, tolerances_of, with_point
from .trial import SLACK

DERIVED = 1e-9  # how far a formula may lie from the truth, relative to it
FEW = 3  # significant digits from which on a constant in a formula may have been rounded
MOST = 0.1  # part of a formula's number: rounding more than this away leaves too little to judge it by
LONGEST = 2000  # letters of a formula
Pair = tuple[Value, Value]  # of a derivative: of, and with respect to
_POINT = re.compile(r"(?<![\w.)\]])\.(?=\d)")  # of .5
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
_COMMA = re.compile(r"\d,\d")
_SIGN = re.compile(r"\d|[-+*/·×⋅∙•∗−–÷⁄|<>=√&~ ()\[\]{},.^]+$")  # labels that are numbers or signs
_UNCLEAR = re.compile(r"[-+*/·×⋅∙•∗−–÷⁄|<>=√&~ ]|\w\(|\^[\w-]|[⁰¹²³⁴⁵⁶⁷⁸⁹](?!⁾)")  # signs in a label
_CONSTANT = re.compile(r"(?<![\w.])\d+\.?\d*(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Written:
    """A learner's number or formula: the `text`, its number at this point, and the tolerance that its digits imply.

    `derivatives` are those that it names, as da/dz in "2 (a - y) da/dz"; `exact` is a formula's number in decimals,
    which 1 - a² has where a rounds to 1.
    """

    text: str
    number: float
    tolerance: float
    names: frozenset[str] = frozenset()
    derivatives: tuple[tuple[str, Pair], ...] = field(default=(), repr=False)
    exact: float = field(default=math.nan, repr=False, compare=False)
    formula: str = field(default="", repr=False, compare=False)  # of the table, with keys for the names

    def agrees(self, truth: float) -> bool:
        """Whether the number is that one, to the digits written; a 0 is exact."""
        allowed = max(SLACK * self.tolerance, DERIVED * abs(truth))
        return any(x == truth or (bool(x) and abs(x - truth) <= allowed) for x in (self.number, self.exact))

    @property
    def is_lost(self) -> bool:
        """Whether the formula loses its digits in floats."""
        return abs(self.exact - self.number) > DERIVED * abs(self.exact)

    @property
    def tells(self) -> bool:
        """Whether a match is unlikely by chance: a formula, or at least three digits."""
        return bool(self.names) or 0.0 < self.tolerance <= 1.5e-3 * abs(self.number)

    @property
    def is_number(self) -> bool:
        """Whether the text is a number, not a formula."""
        try:
            return not self.names and math.isfinite(float(self.text))
        except ValueError:
            return False

    def over(self, rest: float) -> Written:
        """The answer divided by `rest`, the product of its other factors."""
        if not rest:
            return self
        return replace(self, number=self.number / rest, tolerance=abs(self.tolerance / rest), exact=self.exact / rest)

    def __str__(self) -> str:
        return self.text


def read(answer: Any, values: Mapping[str, float], keys: Mapping[str, str] | None = None) -> Written:
    """A number or a formula in the names of `values`; what is neither is an error that says so.

    In its `formula` the names are v0, v1, ... in their order, but for those that have other `keys`.

    >>> numbers = {"a": 0.25, "z1": 2.0, "x": 3.0}
    >>> [read(text, numbers).number for text in ("a(1-a)", "x·z1", "2 (a − x)", "x²", "[z₁ > 0]", "tanh'(0)")]
    [0.1875, 6.0, -5.5, 9.0, 1.0, 1.0]
    >>> read(0.1234, numbers).tolerance, read("0.12", numbers).tolerance
    (5e-05, 0.005)
    """
    if isinstance(answer, str):
        return _formula(answer, values, keys or {})
    try:
        number = real(answer) + 0.0  # 0 for -0
    except OverflowError:
        raise ValueError("a number must fit in a float, up to 1.8e308") from None
    except TypeError:
        hint = ": pass its .data" if hasattr(answer, "data") else ""
        raise TypeError(
            f"a derivative is a number such as 0.0123 or a formula such as 'x * w', not {came(answer)}{hint}"
        ) from None
    tolerance = half_unit(str(answer)) if type(answer) is int else _rounded_to(number)
    text = f"{number:g}" if float(f"{number:g}") == number else repr(number)
    return Written(text, number, tolerance, formula=repr(number))


def product(factors: Sequence[Written]) -> Written:
    """Several factors as one, with the tolerance that the digits of all imply.

    >>> print(product([read(text, {"a": 0.25}) for text in ("a", "1 - a")]))
    a · (1 - a)
    """
    if len(factors) == 1:
        return factors[0]
    number = math.prod(factor.number for factor in factors)
    rounded = [factor for factor in factors if factor.number and not factor.number.is_integer()]  # 2 is no rounded 1.8
    part = sum(abs(factor.tolerance / factor.number) for factor in rounded)
    names = frozenset[str]().union(*(factor.names for factor in factors))
    derivatives = tuple(dict.fromkeys(entry for factor in factors for entry in factor.derivatives))
    exact = math.prod(factor.exact if factor.names else factor.number for factor in factors)
    text, whole = " · ".join(map(_as_factor, factors)), " * ".join(f"({factor.formula})" for factor in factors)
    return Written(text, number, part * abs(number), names, derivatives, exact, whole)


def formula(factors: Sequence[Written]) -> Written:
    """Several factors as one formula, of which no number is rounded."""
    return replace(product(factors), tolerance=0.0)


def _as_factor(written: Written) -> str:
    """The learner's text, in brackets if it is a sum."""
    depth, inside = 0, written.text[1:]
    for letter in inside:
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and letter in "+-−" and "e" + letter not in inside:
            return f"({written})"
    return str(written)


def _rounded_to(number: float) -> float:
    return tolerances_of([number])[0] if math.isfinite(number) else 0.0


def _formula(text: str, values: Mapping[str, float], keys: Mapping[str, str]) -> Written:
    names = {keys.get(name, f"v{i}"): name for i, name in enumerate(values)}
    try:
        text = _POINT.sub("0.", with_point(text)).strip().removeprefix("+")
        return _in_one_way(text, {key: values[name] for key, name in names.items()}, names)
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        known = ", ".join(map(book_name, [name for name in values if name not in keys][:12]))
        raise ValueError(
            f"cannot read {text!r:.80}: {_reason(error, names)}; a derivative is a number or a formula of + - * / **, "
            f"the functions of the table, their derivatives such as sigmoid'(z), and the labels {known}"
        ) from None


def _in_one_way(text: str, numbers: Mapping[str, float], names: Mapping[str, str]) -> Written:
    """The text with its labels, or, where the signs in labels such as x + y or - leave none, with those as signs."""
    if sign := next((name for name in names.values() if _SIGN.match(name) and _stands_in(text, name)), None):
        raise ValueError(f"{sign} is a label, and a number or a sign: give the Value another label")
    unclear = [name for name in names.values() if name in text and _UNCLEAR.search(name)]
    clear = {key: name for key, name in names.items() if name not in unclear}
    found, problem = list[Written](), None
    for known in [names, clear] if unclear else [names]:
        try:
            found.append(evaluated(text, _in_keys(text, known), numbers, known))
        except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError) as error:
            problem = problem or error
    if problem and not found:
        raise problem
    if len(found) > 1 and not math.isclose(found[0].number, found[1].number, rel_tol=DERIVED):
        raise ValueError(f"{unclear[0]} is a label, and a formula: give the Value another label")
    return found[0]


def _stands_in(text: str, name: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(name)}(?![\d.])", text) is not None if name[0].isdigit() else name in text


def evaluated(text: str, formula: str, numbers: Mapping[str, float], names: Mapping[str, str]) -> Written:
    """A text whose formula has keys, each with its number and its name."""
    result = evaluate(formula, numbers, numeric)
    if isinstance(result, list):
        raise ValueError("it is a list, not a number")
    number = float(result)
    used = frozenset(names[key] for key in re.findall(r"\w+", formula) if key in names)
    return Written(text, number, _rounded(formula, numbers, number), used, formula=formula)


def _in_keys(text: str, names: Mapping[str, str]) -> str:
    """The formula of the table that a text is, with the keys of the names, each as it is, in LaTeX or in print."""
    if len(text) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} letters")
    spellings: dict[str, str] = {}
    for spelled in (latex_name, pretty_name):
        found = [(spelled(name), key) for key, name in names.items()]
        often = Counter(spelling for spelling, _ in found)
        spellings |= {spelling: key for spelling, key in found if often[spelling] == 1}
    spellings |= {name: key for key, name in names.items()}
    _refuse_comma(text, [name for name in spellings if "," in name])
    return respelled(text, spellings)


def _refuse_comma(text: str, names: Iterable[str]) -> None:
    """Refuse 1,5 for 1.5; commas are between operands of a function, or in a name such as w[0,1]."""
    for name in names:
        text = text.replace(name, "")
    if any(text.count("(", 0, comma.start()) <= text.count(")", 0, comma.start()) for comma in _COMMA.finditer(text)):
        raise ValueError("a comma is no decimal point in a formula: write 1.5 for 1,5")


def _reason(error: Exception, names: Mapping[str, str]) -> str:
    if isinstance(error, (RecursionError, MemoryError)):
        return "it is nested too deeply"
    return re.sub(r"\bv\d+\b", lambda found: names.get(found[0], found[0]), str(error))[:200]


def _rounded(formula: str, numbers: Mapping[str, float], number: float) -> float:
    """The error in a formula's number if the learner rounded its constants."""
    if _NUMBER.fullmatch(formula):
        return half_unit(formula)
    found = [token for token in _CONSTANT.finditer(formula) if "." in token[0]]
    rounded = {f"c{token.start()}": token[0] for token in found if FEW <= digits_in(token[0]) <= EXACT}
    if not (rounded and math.isfinite(number)):
        return 0.0
    named = _CONSTANT.sub(lambda token: name if (name := f"c{token.start()}") in rounded else token[0], formula)
    constants = {name: Value(float(text)) for name, text in rounded.items()}
    result = evaluate(named, {**numbers, **constants}, apply)
    slopes = grad(result, list(constants.values())) if isinstance(result, Value) else []
    moved = sum(abs(slope) * half_unit(text) for slope, text in zip(slopes, rounded.values(), strict=True))
    return min(moved, MOST * abs(number)) if math.isfinite(moved) else 0.0
