"""How terms are written: as text, in pictures and in LaTeX.

Every style writes the same tree; the style "text" is valid Python.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..core import (
    TABLE,
    Name,
    book_name,
    evaluate,
    latex_name,
    latex_number,
    latex_text,
    pretty_name,
    pretty_number,
    short_number,
)
from .terms import Elided, Term, symbol

Style = Literal["text", "spoken", "pretty", "latex"]


@dataclass(frozen=True)
class _Writer:
    """How one style writes names, infix signs and numbers."""

    style: Style
    name: Callable[[str], str]
    signs: dict[str, str]

    def number(self, number: float) -> str:
        if number == math.pi and self.style != "text":
            return self.name("π")
        if self.style == "spoken" and isinstance(number, Elided):
            return short_number(number)
        if self.style in ("text", "spoken"):
            return f"{number:g}" if float(f"{number:g}") == number else repr(number)
        return pretty_number(number) if self.style == "pretty" else latex_number(number)

    @property
    def raises(self) -> bool:
        """Whether this style writes an exponent as a superscript."""
        return self.style in ("pretty", "latex")


_PLAIN = {"prime": "'", "add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "neg": "-"}
_PRETTY = {"prime": "′", "add": " + ", "sub": " − ", "mul": "·", "div": "/", "neg": "−"}
_WRITERS: dict[Style, _Writer] = {
    "text": _Writer("text", str, _PLAIN),
    "spoken": _Writer("spoken", book_name, _PLAIN),
    "pretty": _Writer("pretty", pretty_name, _PRETTY),
    "latex": _Writer("latex", latex_name, {"add": " + ", "sub": " - ", "mul": r" \cdot ", "neg": "-"}),
}
_STRENGTH = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 2, "pow": 4}
_ATOM = 5
_BRACKETS = re.compile(r"[({\[].*[)}\]]")
_COMPOUND = re.compile(r"(?<!\de)[-+−*/·×÷^=<>]")  # a label such as x + y or w^2, outside its brackets
SLOPES = {"bell": "sigmoid", "sech2": "tanh"}  # rows that are the derivative of another


def show(term: Term, style: Style = "text", within: str = "") -> str:
    r"""A term as Python text, for a picture or in LaTeX, in brackets if the operation it is `within` needs them.

    >>> term = symbol("mul", 2.0, symbol("sub", Name("a_1"), Name("y")))
    >>> show(term), show(term, "pretty"), show(term, "latex")
    ('2 * (a_1 - y)', '2 (a₁ − y)', '2 \\left(a_{1} - y\\right)')
    """
    return _inside(term, _WRITERS[style], _STRENGTH.get(within, 0))


def _write(term: Term, writer: _Writer) -> tuple[str, int]:
    """The text of a term and how strongly it binds."""
    if isinstance(term, float):
        return writer.number(term), _ATOM if term >= 0 or math.isnan(term) else _STRENGTH["neg"]
    if isinstance(term, Name):
        return writer.name(term), _STRENGTH["add"] if _COMPOUND.search(_BRACKETS.sub("", term)) else _ATOM
    if term[0] == "slope":
        return _slope(term[1], term[2], writer)
    name, *terms = term
    if name in SLOPES and writer.style != "text":
        return _slope(SLOPES[name], terms[0], writer)
    strength = _STRENGTH.get(name, _ATOM)
    if name == "pow":
        return _power(terms, writer)
    if name == "div" and writer.style == "latex":
        return rf"\frac{{{_write(terms[0], writer)[0]}}}{{{_write(terms[1], writer)[0]}}}", _ATOM
    if name == "neg":
        return writer.signs[name] + _inside(terms[0], writer, strength), strength
    if name in _STRENGTH:
        left = _inside(terms[0], writer, strength)
        right = _inside(terms[1], writer, strength + (name in ("sub", "div")) + (_signed(terms[1]) and 1))
        if right[0] in "-−":
            return _joined(name, left, right, writer), strength
        is_bare = name == "mul" and writer.raises and isinstance(terms[0], float) and not right[0].isdecimal()
        return left + (" " if is_bare else writer.signs[name]) + right, strength
    return _call(name, terms, writer), _ATOM


def _joined(name: str, left: str, right: str, writer: _Writer) -> str:
    """Two operands of which the second begins with a minus, such as a sum or a product: a - 2 b for a + -2 b."""
    if name in ("add", "sub"):
        return left + writer.signs["sub" if name == "add" else "add"] + right[1:]
    return left + writer.signs[name] + _bracket(right, writer)


def _slope(name: str, operand: Term, writer: _Writer) -> tuple[str, int]:
    """The derivative of a function of one operand: σ'(z), or in text the formula of its row."""
    if writer.style == "text":
        return _write(evaluate(TABLE[name].partials[0], {"a": operand, "y": (name, operand)}, symbol), writer)
    sign = LATEX_CALLS.get(name, name) + "'" if writer.style == "latex" else TABLE[name].sign + writer.signs["prime"]
    return sign + _bracket(_write(operand, writer)[0], writer), _ATOM


def _signed(term: Term) -> bool:
    """Whether a term starts with a minus, and so needs brackets after an operator."""
    return (isinstance(term, float) and term < 0) or (isinstance(term, tuple) and term[0] == "neg")


def _inside(term: Term, writer: _Writer, strength: int) -> str:
    text, binds = _write(term, writer)
    return text if binds >= strength else _bracket(text, writer)


def _bracket(text: str, writer: _Writer) -> str:
    return rf"\left({text}\right)" if writer.style == "latex" else f"({text})"


_RAISED = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def _power(terms: Sequence[Term], writer: _Writer) -> tuple[str, int]:
    base = _inside(terms[0], writer, _ATOM)
    if (
        writer.raises and isinstance(terms[0], Name) and "⁾" in pretty_name(terms[0])
    ):  # its layer is a superscript already
        base = _bracket(base, writer)
    if writer.style == "latex":
        return f"{base}^{{{_write(terms[1], writer)[0]}}}", _STRENGTH["pow"]
    if writer.raises and isinstance(terms[1], float) and terms[1].is_integer() and abs(terms[1]) < 100:
        return base + f"{terms[1]:g}".translate(_RAISED), _STRENGTH["pow"]
    return base + ("^" if writer.style == "pretty" else " ** ") + _inside(terms[1], writer, _ATOM), _STRENGTH["pow"]


LATEX_CALLS = {"exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh", "sigmoid": r"\sigma"}
LATEX_CALLS |= {"maximum": r"\max", "minimum": r"\min"}


_RELATIONS = {"above": ">", "less": "<", "less_equal": "<="}
_TURNED = {">": "<", "<": ">", "<=": ">="}
_SIGNS = {
    "spoken": {"and": " and ", "or": " or ", "not": "not "},
    "pretty": {"<=": "≤", ">=": "≥", "and": " ∧ ", "or": " ∨ ", "not": "¬"},
    "latex": {"<=": r"\le", ">=": r"\ge", "and": r" \land ", "or": r" \lor ", "not": r"\lnot "},
}


def condition(term: Term, style: Style) -> str:
    """The condition of a `where`, with the number of a comparison on its right.

    >>> condition(("minimum", ("less", 0.0, Name("x")), ("less_equal", Name("x"), Name("y"))), "pretty")
    'x > 0 ∧ x ≤ y'
    """
    return _condition(term, _WRITERS[style])


def _condition(term: Term, writer: _Writer) -> str:
    signs = _SIGNS[writer.style]
    match term:
        case ("above" | "less" | "less_equal" as name, left, right):
            sign = _RELATIONS[name]
            if name != "above" and isinstance(left, float) and not isinstance(right, float):
                left, right, sign = right, left, _TURNED[sign]
            return f"{_write(left, writer)[0]} {signs.get(sign, sign)} {_write(right, writer)[0]}"
        case ("minimum" | "maximum" as name, *parts):
            texts = [
                _bracket(_condition(x, writer), writer) if _combines(x, name) else _condition(x, writer) for x in parts
            ]
            return signs["and" if name == "minimum" else "or"].join(texts)
        case ("sub", 1.0, negated):
            return signs["not"] + _bracket(_condition(negated, writer), writer)
    return _write(term, writer)[0]


def _combines(term: Term, name: str) -> bool:
    """Whether a term combines conditions, but not by `name`."""
    return isinstance(term, tuple) and term[0] in {"minimum", "maximum"} - {name}


def _call(name: str, terms: Sequence[Any], writer: _Writer) -> str:
    arguments = ", ".join(
        _write(x, writer)[0] for group in terms for x in (group if isinstance(group, list) else [group])
    )
    if name in _RELATIONS and writer.style != "text":  # Iverson's bracket: 1 if true, else 0
        condition = _condition((name, *terms), writer)
        return rf"\left[{condition}\right]" if writer.style == "latex" else f"[{condition}]"
    if name == "select" and writer.style != "text":
        condition, (taken, other) = _condition(terms[0], writer), (_write(x, writer)[0] for x in terms[1:])
        if writer.style == "latex":
            return rf"\begin{{cases}} {taken} & {condition} \\ {other} & \text{{else}} \end{{cases}}"
        return f"where({condition}, {taken}, {other})"
    if writer.style == "latex":
        if name in ("sqrt", "abs"):
            return rf"\sqrt{{{arguments}}}" if name == "sqrt" else rf"\left|{arguments}\right|"
        return LATEX_CALLS.get(name, rf"\operatorname{{{latex_text(name)}}}") + _bracket(arguments, writer)
    if writer.style == "pretty":
        return f"|{arguments}|" if name == "abs" else f"{TABLE[name].sign}({arguments})"
    return f"{name}([{arguments}])" if TABLE[name].variadic else f"{name}({arguments})"
