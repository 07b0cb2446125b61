"""Translates the notation of people and books to formulas of the table: 2x(1 − x)², σ'(z), [z₁ > 0], √2, LaTeX.

Nothing is executed: a text is split into names, numbers and signs.
"""

import math
import re
from collections.abc import Container, Iterator, Mapping
from itertools import islice
from typing import NamedTuple
from unicodedata import normalize

from .formula import TABLE
from .marks import marked, name_of, unmarked
from .plain import plain

LONGEST = 24  # letters of labels that are written together
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·", "0123456789-.")
_SIGNS = dict.fromkeys("·×⋅∙•∗", "*") | {"−": "-", "–": "-", "÷": "/", "^": "**", "**": "**", "⁄": "/"}
_SIGNS |= {"≤": "<=", "≥": ">=", "∧": " and ", "∨": " or ", "¬": " not "} | {x: f" {x} " for x in ("and", "or", "not")}
_FUNCTIONS = {"σ": "sigmoid", "ln": "log", "√": "sqrt", "max": "maximum", "min": "minimum"}
_FUNCTIONS |= {"sigma": "sigmoid", "arctan": "atan", "arcsin": "asin", "arccos": "acos", "sgn": "sign", "ReLU": "relu"}
_RECIPROCALS = {"sech": "cosh", "sec": "cos", "csc": "sin", "cot": "tan"}
_WORD = "[^\\W\\d⁰¹²³⁴⁵⁶⁷⁸⁹][^\\W⁰¹²³⁴⁵⁶⁷⁸⁹]*"
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+\.?\d*(?:[eE][-+−]?\d+)?|\.\d+)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<sign>(?:and|or|not)(?!\w)|\*\*|<=|>=|[-+*/^·×⋅∙•∗−–÷⁄()\[\],<>≤≥&|~∧∨¬])"
    rf"|(?P<function>√|σ|{_WORD})(?P<prime>\s*['′])?(?=\s*\()|(?P<constant>π|pi|e)(?!\w)"
    rf"|(?P<word>{_WORD})"
)
_CALLED = re.compile(
    rf"(?:(?:np|numpy|math|torch)\.)?(?P<word>σ|{_WORD})(?P<prime>\s*['′])?"
    r"(?P<power>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\s*(?:\^|\*\*)\s*(?:[-−]?\d+|\(\s*[-−]?\d+\s*\)))?"
)

_ROOT = re.compile(rf"√\s*(\d+\.?\d*|{_WORD})(?!\s*\()(?P<more>[\w⁰¹²³⁴⁵⁶⁷⁸⁹^]+|\*\*\s*\w*)?")


class _Token(NamedTuple):
    kind: str
    text: str


def respelled(text: str, names: Mapping[str, str], closed: bool = True) -> str:
    r"""A text as a formula; `names` maps each variable in the text to its name in the formula.

    An unknown name or function is a ValueError; with `closed` False, for an incomplete `names`, it is left as it is.

    >>> respelled("2x(1 − x)² σ'(z₁)", {"x": "x", "z₁": "z1"})
    '2 * x * (1 - x) ** 2 * bell(z1)'
    >>> respelled("3√2/√π", {})
    '3*sqrt(2)/sqrt(3.141592653589793)'
    >>> respelled("w·x + b", {"x": "x"}, closed=False)
    'w*x + b'
    >>> respelled(r"\frac{2}{x} \cdot \sigma'\left(z_{1}\right)", {"x": "x", "z_{1}": "z1"})
    '2 / x * bell(z1)'
    """
    written: list[_Token] = []
    before = ""
    text, names = plain(text), {plain(name).strip(): other for name, other in names.items()} | dict(names)
    for kind, token in _applied(list(_tokens(_with_roots(text, names, closed), names, closed))):
        starts = kind in ("name", "number", "function", "(") or (kind == "[" and closed)
        if before in ("name", "number", ")", "]") and starts:
            if (before, kind) in (("number", "number"), ("name", "number")):
                raise ValueError(f"{token!r} has no operator before it")
            if closed and written[-1].kind != " ":
                _refuse_unclear([token for token in written if token.kind != " "])
            written.append(_Token("*", "*"))
        written.append(_Token(kind, token))
        before = before if kind == " " else kind
    return unmarked("".join(text for _, text in written).replace("  ", " "))


def _with_roots(text: str, names: Mapping[str, str], closed: bool) -> str:
    """√2 as √(2), but not √2x, √xy and √x², of which the root may be of the first or of all."""
    for found in _ROOT.finditer(text):
        if found["more"] or (closed and len(found[1]) > 1 and found[1].isalpha() and found[1] not in (*names, "pi")):
            raise ValueError(f"the root in {found[0]} may be of the first sign or of all: write brackets after √")
    return _ROOT.sub(r"√(\1)", text)


def _refuse_unclear(before: list[_Token]) -> None:
    """Refuse a product without spaces after 1/2 or e^k: in 1/2x and e^kx it may be the whole divisor or exponent."""
    *before, last = before[:-1] if before[-1].text.startswith("**(") else before
    if before and before[-1].kind == "-" and before[-2:-1] and before[-2].kind == "**":
        before.pop()
    if last.kind in ("name", "number") and before and before[-1].kind == "**":
        if last.kind == "name" or before[-2].text == repr(math.e):
            raise ValueError("a product without spaces may be the whole exponent: write e^(k x) or e^k * x")
        *before, last = before[:-1]
    if last.kind in ("name", "number") and before and before[-1].kind == "/":
        raise ValueError("a product without spaces may be the whole divisor: write 1/(2 x) or (1/2) x")


def _tokens(text: str, names: Mapping[str, str], closed: bool) -> Iterator[_Token]:
    ranked = sorted(filter(None, names), key=len, reverse=True)
    i = 0
    while i < len(text):
        found = _TOKEN.match(text, i)
        label = next((x for x in ranked if text.startswith(x, i) and _ends(text, i, x)), None)
        if label and not (found and found.lastgroup == "number"):
            if closed:
                _refuse_function(label, text[i + len(label) :])
            yield _Token("name", names[label])
            i += len(label)
        elif closed and (called := _CALLED.match(text, i)) and _is_function(called["word"]):
            yield _call(called)
            i = called.end()
        elif closed and found and (parts := _juxtaposed(found, names)):
            yield from (
                _Token("name", names[x]) if x in names else _Token("function", _FUNCTIONS.get(x, x)) for x in parts
            )
            i += sum(map(len, parts))
        elif closed and (not found or found["word"]):
            word = re.match(r"[\w.]+", text[i:])
            raise ValueError(f"{word[0]!r:.40} is not a label" if word else f"{text[i]!r} is not part of a formula")
        elif not found:
            yield _Token("", text[i])
            i += 1
        else:
            i = found.end()
            yield from _token(found, closed)


def _refuse_function(label: str, after: str) -> None:
    """Refuse a label that may be a function or the number e here: in σ(z), sin x and e^x."""
    name = _FUNCTIONS.get(label, label)
    if name in TABLE and re.match(r"\s*['′]?\s*\(" + (r"|\s+\w" if len(label) > 1 else ""), after):
        raise ValueError(f"{label} is a label, and a function: write {label} * (x) or, for the function, {name}(x)")
    if label == "e" and re.match(r"\s*(?:\^|\*\*)\s*[^\s\d{]|⁻", after):
        raise ValueError("e is a label, and a number: write exp(x), or give the Value another label")


def _juxtaposed(found: re.Match[str], names: Mapping[str, str]) -> list[str]:
    """The labels that a word is made of, w and x of wx, and functions, x and sin of xsin; none if it is one word."""
    word = found["word"] or found["function"]
    if not word or len(word) > LONGEST or found["prime"] or _FUNCTIONS.get(word, word) in TABLE:
        return []
    labels = {name for name in names if name.isalnum()}
    for parts in (labels, labels | _GLUED):
        ways = list(islice(_splits(word, parts), 2))
        if len(ways) == 1 and len(ways[0]) > 1:  # abb may be ab b or a b b
            return ways[0]
    return []


_GLUED = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "ln"}


def _splits(word: str, parts: Container[str]) -> Iterator[list[str]]:
    """The ways to make a word of parts."""
    if not word:
        yield []
    for end in range(1, len(word) + 1):
        if word[:end] in parts:
            yield from ([word[:end], *rest] for rest in _splits(word[end:], parts))


def _is_function(word: str) -> bool:
    """Whether a word is a function of one operand, or of one sequence."""
    name = _FUNCTIONS.get(word, word)
    return word in _RECIPROCALS or (name in TABLE and len(TABLE[name].variables) == 1)


def _call(found: re.Match[str]) -> _Token:
    """A function with marks for its prime and its power: power_2_tanh of tanh²(z)."""
    name = _FUNCTIONS.get(found["word"], found["word"])
    power = re.sub(r"[\s^*()]", "", (found["power"] or "").translate(_RAISED)).replace("−", "-")
    if power.startswith("-"):
        raise ValueError(f"{found[0]!r} may be an inverse or a quotient: write a{name}(x) or 1/{name}(x)")
    if found["prime"] and not _is_of_one(name):
        raise ValueError(f"{name}' is not known: write its formula")
    mark = "over" if name in _RECIPROCALS else "many" if TABLE[name].variadic else "prime" if found["prime"] else ""
    return _Token("function", marked(_RECIPROCALS.get(name, name), mark, power))


def _applied(tokens: list[_Token]) -> Iterator[_Token]:
    """The tokens, with brackets around the operand of a function that has none, as in sin 2x."""
    tokens, i = [*tokens, _Token("end", "")], 0
    while i < len(tokens):
        yield tokens[i]
        i += 1
        if tokens[i - 1].kind == "function" and tokens[start := _after_spaces(tokens, i)].kind != "(":
            i = _end_of_operand(tokens, start, tokens[i - 1].text)
            yield from (_Token("(", "("), *tokens[start:i], _Token(")", ")"))


def _after_spaces(tokens: list[_Token], i: int) -> int:
    return next(k for k in range(i, len(tokens)) if tokens[k].kind != " ")


def _end_of_operand(tokens: list[_Token], start: int, function: str) -> int:
    """The index after the operand 2x or x² of a function without brackets, if it can be read in one way only."""
    i = next(k for k in range(start, len(tokens)) if tokens[k].kind not in ("name", "number"))
    is_number = all(token.kind == "number" for token in tokens[start:i])
    is_product = i - start > 1  # in sin 2x cos x the operand may be 2x or all
    if tokens[i].text.startswith("**("):
        i += 1
    elif tokens[i].kind == "**" and tokens[i + 1].kind == "number":
        i += 2
    after = tokens[_after_spaces(tokens, i)].kind
    if (
        i == start
        or after in ("name", "number", "(", "[", "/", "**")
        or (is_number and after == "*")
        or (is_product and after == "function")
    ):
        raise ValueError(f"{name_of(function)} needs brackets around its operand")
    return i


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
        stem = _DERIVATIVE.fullmatch(found["function"]) if closed and found["function"] not in TABLE else None
        word, is_slope = (stem[1] or stem[2], True) if stem else (found["function"], bool(found["prime"]))
        name = _FUNCTIONS.get(word, word)
        if (closed and name not in TABLE and name != "where") or (is_slope and not _is_of_one(name)):
            raise ValueError(f"{found['function']!r} is neither a label nor a function of the table")
        yield _Token("function", marked(name, "prime" if is_slope else ""))
    elif found["constant"]:
        yield _Token("name", repr(math.e if found["constant"] == "e" else math.pi))
    elif found["sign"]:
        sign = _SIGNS.get(found["sign"], found["sign"])
        yield _Token(sign, sign)
    elif found["word"]:
        yield _Token("name", normalize("NFKC", found["word"]))


_DERIVATIVE = re.compile(r"(\w+?)_(?:prime|derivative)|d_?(\w+)")  # sigmoid_prime(z), dsigmoid(z)


def _is_of_one(name: str) -> bool:
    return name in TABLE and TABLE[name].variables == ("a",)
