"""What a learner wrote, read: a number with its digits, or a formula in the notation that people and books use.

Nothing is executed: a formula is cut into names, numbers and signs, and read over the table's own functions.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from ..core import TABLE, book_name, evaluate, numeric, pretty_name, real
from .explanations import SLACK
from .given import EXACT, tolerances_of

DERIVED = 1e-9  # how far a formula may lie from the truth, relative to it
FEW = 3  # significant digits from which on a constant in a formula may have been rounded
LONGEST = 2000  # letters of a formula


@dataclass(frozen=True, slots=True)
class Written:
    """A learner's number or formula: the `text`, its number here, and how far from the truth its digits allow."""

    text: str
    number: float
    tolerance: float
    names: frozenset[str] = frozenset()

    def agrees(self, truth: float) -> bool:
        """Whether the number is that one, to the digits written; a 0 is exact."""
        if self.number == truth:
            return True
        allowed = max(SLACK * self.tolerance, DERIVED * abs(truth))
        return bool(self.number) and abs(self.number - truth) <= allowed

    @property
    def tells(self) -> bool:
        """Whether it is unlikely to equal some number by chance: a formula, or three digits."""
        return bool(self.names) or 0.0 < self.tolerance <= 1.5e-3 * abs(self.number)

    def over(self, rest: float) -> Written:
        """What one factor of it is where the others make `rest`."""
        return replace(self, number=self.number / rest, tolerance=abs(self.tolerance / rest)) if rest else self

    def __str__(self) -> str:
        return self.text


def read(answer: Any, values: Mapping[str, float]) -> Written:
    """A number or a formula in the names of `values`; what is neither is an error that says so.

    >>> numbers = {"a": 0.25, "z1": 2.0, "x": 3.0}
    >>> [read(text, numbers).number for text in ("a(1-a)", "x·z1", "2 (a − x)", "x²", "[z₁ > 0]", "tanh'(0)")]
    [0.1875, 6.0, -5.5, 9.0, 1.0, 1.0]
    >>> read(0.1234, numbers).tolerance, read("0.12", numbers).tolerance
    (5e-05, 0.005)
    """
    if isinstance(answer, str):
        return _formula(answer, values)
    try:
        number = real(answer)
    except OverflowError:
        raise ValueError("a number is one that a float holds, up to 1.8e308, not a larger one") from None
    except TypeError:
        came = f"{type(answer).__name__} {answer!r:.80}"
        hint = ": pass its .data" if hasattr(answer, "data") else ""
        raise TypeError(
            f"a derivative is a number such as 0.0123 or a formula such as 'x * w', not {came}{hint}"
        ) from None
    return Written(f"{number:g}" if float(f"{number:g}") == number else repr(number), number, _half_unit(number))


def _half_unit(number: float) -> float:
    return tolerances_of([number])[0] if math.isfinite(number) else 0.0


def _formula(text: str, values: Mapping[str, float]) -> Written:
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has more than {LONGEST} letters")
        names = {f"v{i}": name for i, name in enumerate(values)}
        tree = ast.parse(_as_python(text, {name: key for key, name in names.items()}), mode="eval")
        primed = ast.unparse(_Primes().visit(tree))
        numbers = {key: values[name] for key, name in names.items()}
        number = float(evaluate(primed, numbers, numeric))
        used = frozenset(names[n.id] for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names)
        tolerance = _rounded(primed, numbers, number)
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        known = ", ".join(map(book_name, list(values)[:12]))
        raise ValueError(
            f"cannot read {text!r:.80}: a derivative is a number or a formula of + - * / **, the functions of the "
            f"table, their derivatives such as sigmoid'(z), and the labels {known} ({_reason(error)})"
        ) from None
    return Written(text.strip(), number, tolerance, used)


def _reason(error: Exception) -> str:
    if isinstance(error, (RecursionError, MemoryError)):
        return "it is nested too deeply"
    return error.msg if isinstance(error, SyntaxError) else str(error)[:200]


def _rounded(formula: str, numbers: Mapping[str, float], number: float) -> float:
    """How far the constants in a formula, which a learner may have rounded, can have moved it."""
    moved, alone = 0.0, re.fullmatch(r"-?[\d.e+-]+", formula)
    for token in re.finditer(r"(?<![\w.])\d+\.?\d*(?:e[-+]?\d+)?", formula):
        constant = Decimal(token[0])
        digits = constant.as_tuple()
        if (alone or len(digits.digits) >= FEW) and len(digits.digits) <= EXACT and "." in token[0]:
            half = Decimal(5).scaleb(int(digits.exponent) - 1)
            if alone:
                return float(half)
            shifted = formula[: token.start()] + str(constant + half) + formula[token.end() :]
            moved += abs(float(evaluate(shifted, numbers, numeric)) - number)
    return moved if math.isfinite(moved) else 0.0


# From here on: the notation of people as Python's.

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·", "0123456789-.")
_SIGNS = {"·": "*", "×": "*", "⋅": "*", "∗": "*", "−": "-", "–": "-", "÷": "/", "^": "**", "**": "**", "⁄": "/"}
_FUNCTIONS = {"σ": "sigmoid", "ln": "log", "√": "sqrt", "max": "maximum", "min": "minimum"}
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+\.?\d*(?:[eE][-+−]?\d+)?|\.\d+)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<function>√|σ|[^\W\d]\w*)(?P<prime>\s*['′])?(?=\s*\()|(?P<constant>π|pi|e)(?!\w)"
    r"|(?P<sign>\*\*|[-+*/^·×⋅∗−–÷⁄()\[\],>])"
)


class _Token(NamedTuple):
    kind: str
    text: str


def _as_python(text: str, names: Mapping[str, str]) -> str:
    """Python's spelling of a formula, with a plain name for each label, and * where two things stand side by side."""
    written: list[str] = []
    before = ""
    for kind, token in _tokens(text, names):
        starts = kind in ("name", "number", "function", "(", "[")
        if before in ("name", "number", ")", "]") and starts:
            if (before, kind) in (("number", "number"), ("name", "number")):
                raise ValueError(f"{token!r} has no sign before it")
            written.append("*")
        written.append(token)
        before = kind
    return _brackets("".join(written))


def _tokens(text: str, names: Mapping[str, str]) -> Iterator[_Token]:
    labels = dict(names) | {pretty_name(name): key for name, key in names.items()}
    ranked = sorted(filter(None, labels), key=len, reverse=True)
    i = 0
    while i < len(text):
        found = _TOKEN.match(text, i)
        label = next((x for x in ranked if text.startswith(x, i) and _ends(text, i, x)), None)
        if label and not (found and found.lastgroup == "number"):
            yield _Token("name", labels[label])
            i += len(label)
            continue
        if not found:
            raise ValueError(f"it does not know {text[i:].split()[0][:40]!r}")
        i = found.end()
        yield from _token(found)


def _ends(text: str, start: int, label: str) -> bool:
    """Whether a label stands there as a whole."""
    end = start + len(label)
    inside_before = start and text[start - 1].isalpha() and label[0].isalpha()
    return not inside_before and not (end < len(text) and label[-1].isalnum() and _continues(text[end]))


def _continues(letter: str) -> bool:
    return (letter.isalnum() or letter in "_.") and letter not in "⁰¹²³⁴⁵⁶⁷⁸⁹"


def _token(found: re.Match[str]) -> Iterator[_Token]:
    if found["number"]:
        yield _Token("number", found["number"].replace("−", "-"))
    elif found["raised"]:
        yield _Token(")", f"**({found['raised'].translate(_RAISED)})")
    elif found["function"]:
        name = _FUNCTIONS.get(found["function"], found["function"])
        if name not in TABLE or (found["prime"] and TABLE[name].variables != ("a",)):
            raise ValueError(f"{found['function']!r} is neither a label nor a function of the table")
        yield _Token("function", ("prime_" if found["prime"] else "") + name)
    elif found["constant"]:
        yield _Token("name", repr(math.e if found["constant"] == "e" else math.pi))
    elif found["sign"]:
        sign = _SIGNS.get(found["sign"], found["sign"])
        yield _Token(sign, sign)


_BRACKET = re.compile(r"\[([^\[\]>]+)>([^\[\]>]+)\]")


def _brackets(text: str) -> str:
    """Iverson's brackets [a > b] as calls of the step."""
    while found := _BRACKET.search(text):
        text = f"{text[: found.start()]}above({found[1]},{found[2]}){text[found.end() :]}"
    return text


class _Primes(ast.NodeTransformer):
    """Write f'(z) out by the partial of its row."""

    def visit_Call(self, call: ast.Call) -> ast.expr:
        self.generic_visit(call)
        before, primed, name = ast.unparse(call.func).partition("prime_")
        if before or not primed:
            return call
        if len(call.args) != 1:
            raise ValueError(f"{name}' has one operand")
        value = ast.Call(ast.Name(name), [call.args[0]], [])
        terms = _Substitute({"a": call.args[0], "y": value})
        written: ast.expr = terms.visit(ast.parse(TABLE[name].partials[0], mode="eval").body)
        return written


@dataclass
class _Substitute(ast.NodeTransformer):
    """Put terms for names."""

    terms: dict[str, ast.expr]

    def visit_Name(self, name: ast.Name) -> ast.expr:
        return self.terms.get(name.id, name)
