"""Translates the notation of people and books to formulas of the table: 2x(1 − x)², σ'(z), [z₁ > 0], √2.

Nothing is executed: a text is split into names, numbers and signs.
"""

import ast
import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import NamedTuple
from unicodedata import normalize

from .differentiate import substitute
from .formula import TABLE, parse

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·", "0123456789-.")
_SIGNS = {"·": "*", "×": "*", "⋅": "*", "∗": "*", "−": "-", "–": "-", "÷": "/", "^": "**", "**": "**", "⁄": "/"}
_SIGNS |= {"≤": "<=", "≥": ">=", "∧": " and ", "∨": " or ", "¬": " not "} | {x: f" {x} " for x in ("and", "or", "not")}
_FUNCTIONS = {"σ": "sigmoid", "ln": "log", "√": "sqrt", "max": "maximum", "min": "minimum"}
_WORD = "[^\\W\\d⁰¹²³⁴⁵⁶⁷⁸⁹][^\\W⁰¹²³⁴⁵⁶⁷⁸⁹]*"
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+\.?\d*(?:[eE][-+−]?\d+)?|\.\d+)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<sign>(?:and|or|not)(?!\w)|\*\*|<=|>=|[-+*/^·×⋅∗−–÷⁄()\[\],<>≤≥&|~∧∨¬])"
    rf"|(?P<function>√|σ|{_WORD})(?P<prime>\s*['′])?(?=\s*\()|(?P<constant>π|pi|e)(?!\w)"
    rf"|(?P<word>{_WORD})"
)


_ROOT = re.compile(rf"√\s*(\d+\.?\d*|{_WORD})(?!\s*\()")


class _Token(NamedTuple):
    kind: str
    text: str


def respelled(text: str, names: Mapping[str, str], closed: bool = True) -> str:
    """A text as a formula; `names` maps each variable in the text to its name in the formula.

    An unknown name or function is a ValueError; with `closed` False, for an incomplete `names`, it is left as it is.

    >>> respelled("2x(1 − x)² σ'(z₁)", {"x": "x", "z₁": "z1"})
    '2 * x * (1 - x) ** 2 * bell(z1)'
    >>> respelled("3√2/√π", {})
    '3*sqrt(2)/sqrt(3.141592653589793)'
    >>> respelled("w·x + b", {"x": "x"}, closed=False)
    'w*x + b'
    """
    written: list[str] = []
    before = ""
    for kind, token in _tokens(_ROOT.sub(r"√(\1)", text), names, closed):
        starts = kind in ("name", "number", "function", "(") or (kind == "[" and closed)
        if before in ("name", "number", ")", "]") and starts:
            if (before, kind) in (("number", "number"), ("name", "number")):
                raise ValueError(f"{token!r} has no operator before it")
            written.append("*")
        written.append(token)
        before = before if kind == " " else kind
    formula = "".join(written).replace("  ", " ")
    is_of_books = _PRIME in formula or ("[" in formula and ("<" in formula or ">" in formula))
    return ast.unparse(_OfBooks().visit(deepcopy(parse(formula)))) if is_of_books else formula


def _tokens(text: str, names: Mapping[str, str], closed: bool) -> Iterator[_Token]:
    ranked = sorted(filter(None, names), key=len, reverse=True)
    i = 0
    while i < len(text):
        found = _TOKEN.match(text, i)
        label = next((x for x in ranked if text.startswith(x, i) and _ends(text, i, x)), None)
        if label and not (found and found.lastgroup == "number"):
            yield _Token("name", names[label])
            i += len(label)
        elif closed and (not found or found["word"]):
            raise ValueError(f"cannot read {text[i:].split()[0][:40]!r}")
        elif not found:
            yield _Token("", text[i])
            i += 1
        else:
            i = found.end()
            yield from _token(found, closed)


def _ends(text: str, start: int, label: str) -> bool:
    """Whether there is a whole label at this index."""
    end = start + len(label)
    inside_before = start and text[start - 1].isalpha() and label[0].isalpha()
    return not inside_before and not (end < len(text) and label[-1].isalnum() and _continues(text[end]))


def _continues(letter: str) -> bool:
    return (letter.isalnum() or letter in "_.") and letter not in "⁰¹²³⁴⁵⁶⁷⁸⁹"


def _token(found: re.Match[str], closed: bool) -> Iterator[_Token]:
    if found["space"]:
        yield _Token(" ", found["space"])
    elif found["number"]:
        yield _Token("number", found["number"].replace("−", "-"))
    elif found["raised"]:
        yield _Token(")", f"**({found['raised'].translate(_RAISED)})")
    elif found["function"]:
        name = _FUNCTIONS.get(found["function"], found["function"])
        if (closed and name not in TABLE and name != "where") or (found["prime"] and not _is_of_one(name)):
            raise ValueError(f"{found['function']!r} is neither a label nor a function of the table")
        yield _Token("function", (_PRIME if found["prime"] else "") + name)
    elif found["constant"]:
        yield _Token("name", repr(math.e if found["constant"] == "e" else math.pi))
    elif found["sign"]:
        sign = _SIGNS.get(found["sign"], found["sign"])
        yield _Token(sign, sign)
    elif found["word"]:
        yield _Token("name", normalize("NFKC", found["word"]))


def _is_of_one(name: str) -> bool:
    return name in TABLE and TABLE[name].variables == ("a",)


_PRIME = "prime_"


class _OfBooks(ast.NodeTransformer):
    """Replace f'(z) by the partial of the row f, [a > b] by the step, and other such brackets by the comparison."""

    def visit_List(self, found: ast.List) -> ast.expr:
        self.generic_visit(found)
        match found.elts:
            case [ast.Compare(left=left, ops=[ast.Gt()], comparators=[right])]:
                return ast.Call(ast.Name("above"), [left, right], [])
            case [ast.Compare() as comparison]:
                return comparison
        return found

    def visit_Call(self, call: ast.Call) -> ast.expr:
        self.generic_visit(call)
        before, primed, name = ast.unparse(call.func).partition(_PRIME)
        if before or not primed:
            return call
        if len(call.args) != 1:
            raise ValueError(f"{name}' has one operand")
        terms = {"a": call.args[0], "y": ast.Call(ast.Name(name), [call.args[0]], [])}
        return substitute(TABLE[name].partials[0], terms)
