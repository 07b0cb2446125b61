"""Numbers and names as text: plain, as pictures show them, and in LaTeX."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from .table import printable

if TYPE_CHECKING:
    from .core import Value

Item = TypeVar("Item")
KEPT = 1 << 14  # names kept with their spelling: more than any picture has


class Name(str):
    """The name of a variable in a term."""

    __slots__ = ()


def unique_names(labels: Mapping[Value, str]) -> dict[Value, Name]:
    """A name for each Value: its label, numbered in the order of creation if several share it."""
    return {node: Name(label) for node, label in unique_labels(labels).items()}


def unique_labels(labels: Mapping[Value, str]) -> Mapping[Value, str]:
    """The same as plain text, and as the same mapping if it needs no change."""
    if len(set(labels.values())) == len(labels) and "".join(labels.values()).isprintable():
        return labels
    pairs = [(node, printable(label)) for node, label in labels.items()]
    pairs.sort(key=lambda pair: pair[0].serial)
    often = Counter([label for _, label in pairs])
    taken, counts = set(often), Counter[str]()
    names: dict[Value, str] = {}
    for node, label in pairs:
        name = label
        while often[label] > 1 and name in taken:
            counts[label] += 1
            name = f"{label}[{counts[label]}]"
        taken.add(name)
        names[node] = name
    return names


def elided(
    items: Sequence[Item], most: int, gap: Item, first: int | None = None, last: int | None = None
) -> list[Item]:
    """The items; of more than `most` only the `first` and the `last` ones, by default half each, around a gap.

    >>> elided("abcdefgh", 4, "…"), elided("abcdefgh", 4, "…", 3, 0)
    (['a', 'b', '…', 'g', 'h'], ['a', 'b', 'c', '…'])
    """
    if len(items) <= most:
        return [*items]
    last = most // 2 if last is None else last
    return [*items[: most // 2 if first is None else first], gap, *items[len(items) - last :]]


@lru_cache(KEPT)
def natural(name: str) -> list[tuple[bool, str]]:
    """The key that sorts names by the numbers in them.

    >>> sorted(["p10", "p2", "p"], key=natural)
    ['p', 'p2', 'p10']
    """
    return [(part.isdigit(), part.zfill(9)) for part in re.split(r"(\d+)", name)]


def derivative(of: str, wrt: str) -> str:
    """The partial derivative of one link of the chain in text: ∂L/∂a, and ∂(a+b)/∂a of what is named as a sum.

    >>> derivative("x1w1+x2w2", "x1w1")
    '∂(x1w1+x2w2)/∂x1w1'
    """
    return f"∂{_single(of)}/∂{_single(wrt)}"


def total_derivative(of: str, wrt: str) -> str:
    """The total derivative over all paths in text: dL/dw."""
    return f"d{_single(of)}/d{_single(wrt)}"


def _single(name: str) -> str:
    """A name as it stands after a d: one with a sign in it in brackets."""
    called = book_name(name)
    return f"({called})" if any(sign in called for sign in "+-−*·/ ") else called


def short_number(number: float, digits: int = 4) -> str:
    """A number in plain text: four digits, and 0 without a sign.

    >>> short_number(-0.30957), short_number(2.410937309954897e-20)
    ('-0.3096', '2.411e-20')
    """
    return f"{number + 0.0:.{digits}g}"


def many(count: int) -> str:
    """A count: exact if it is readable, else four digits, because path counts can exceed the limit of `str`.

    >>> many(1234567), many(3**20000)
    ('1,234,567', '2.661e9542')
    """
    if count < 10**100:
        return f"{count:,}"
    return f"{Decimal(count).normalize(Context(prec=4)):.4g}".replace("e+", "e")


def pretty_number(number: float, digits: int = 4) -> str:
    """A number as pictures show it: four digits, a real minus, and 0 without a sign.

    >>> pretty_number(-0.30957), pretty_number(1.928749847963918e-22), pretty_number(62.5)
    ('−0.3096', '1.929e−22', '62.5')
    """
    text = f"{number + 0.0:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    return text.replace("inf", "∞")


def latex_number(number: float) -> str:
    r"""A number in LaTeX: four digits.

    >>> latex_number(1.928749847963918e-22)
    '1.929 \\times 10^{-22}'
    """
    mantissa, _, exponent = f"{number + 0.0:.4g}".partition("e")
    text = mantissa.replace("inf", r"\infty").replace("nan", r"\text{nan}")
    return rf"{text} \times 10^{{{int(exponent)}}}" if exponent else text


_PLACE = re.compile(r"layer(\d+)\.neuron(\d+)\.([^\W\d_]{1,2})(\d*)(\[\d+\])?")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@lru_cache(KEPT)
def book_name(name: str) -> str:
    """A name as in textbooks: the layer of a network's variable is a superscript; any other name stays as it is.

    >>> book_name("layer1.neuron3.w2"), book_name("layer2.neuron13.a"), book_name("layer1.neuron12.w5"), book_name("w2")
    ('w⁽¹⁾₃₂', 'a⁽²⁾₁₃', 'w⁽¹⁾₁₂,₅', 'w2')
    """
    found = _PLACE.fullmatch(name)
    if not found:
        return name
    layer, index, letter, example = found[1].translate(_RAISED), _index(found), found[3], found[5] or ""
    return f"{letter}⁽{layer}⁾{index.translate(_LOWERED)}{example}"


def _index(place: re.Match[str]) -> str:
    """The numbers of a neuron and of its weight, with a comma if digits alone would be ambiguous."""
    neuron, weight = place[2], place[4]
    return f"{neuron},{weight}" if weight and max(len(neuron), len(weight)) > 1 else neuron + weight


_SPELLED = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
_GREEK = dict(zip(_SPELLED.split(), "αβγδεζηθκλμνξρστφχψω", strict=True))
_WORDS = {letter: word for word, letter in _GREEK.items()} | {"π": "pi"}
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SIMPLE = re.compile(r"(?P<stem>[^\W\d_]+?)(?P<hat>_?hat)?(?:_?(?P<index>\d+))?(?P<example>\[\d+\])?$")


@lru_cache(KEPT)
def pretty_name(name: str) -> str:
    """A name as pictures show it: digits as subscripts, Greek letters and hats as characters.

    >>> pretty_name("w_12"), pretty_name("y_hat"), pretty_name("theta1"), pretty_name("x1[98]")
    ('w₁₂', 'ŷ', 'θ₁', 'x₁[98]')
    """
    simple = _SIMPLE.match(name)
    if not simple:
        return printable(book_name(name))
    stem = _GREEK.get(simple["stem"], simple["stem"])
    hat = _HAT if simple["hat"] else ""
    lowered = (simple["index"] or "").translate(_LOWERED)
    return normalize("NFC", stem + hat) + lowered + (simple["example"] or "")


@lru_cache(KEPT)
def latex_name(name: str) -> str:
    r"""A name in LaTeX: one letter in italics with its index below, words upright.

    >>> latex_name("w12"), latex_name("y_hat"), latex_name("theta"), latex_name("50%"), latex_name("layer1.neuron3.w2")
    ('w_{12}', '\\hat{y}', '\\theta', '\\text{50\\%}', 'w^{(1)}_{32}')
    >>> latex_name("θ1"), latex_name("ŷ"), latex_name("w⁽¹⁾₃₂"), latex_name("loss λ")
    ('\\theta_{1}', '\\hat{y}', 'w^{(1)}_{32}', '\\text{loss $\\lambda$}')
    """
    if found := _PLACE.fullmatch(name):
        return f"{found[3]}^{{({found[1]})}}_{{{_index(found)}}}{found[5] or ''}"
    if found := _BOOK.fullmatch(name):
        return f"{latex_name(found[1])}^{{({normalize('NFKC', found[2])})}}_{{{normalize('NFKC', found[3])}}}"
    simple = _SIMPLE.match(name)
    letter, has_hat = _split(simple["stem"]) if simple else ("", False)
    word = _WORDS.get(letter, letter)
    if not simple or (word not in _GREEK and word != "pi" and not (len(word) == 1 and word.isascii())):
        return rf"\text{{{latex_text(name)}}}"
    stem = word if len(word) == 1 else "\\" + word
    stem = rf"\hat{{{stem}}}" if has_hat or simple["hat"] else stem
    return stem + (f"_{{{simple['index']}}}" if simple["index"] else "") + (simple["example"] or "")


_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_BOOK = re.compile(r"([^\W\d_])⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾([₀₁₂₃₄₅₆₇₈₉,]+)")


def _split(stem: str) -> tuple[str, bool]:
    """A stem without its hat, and whether it has one."""
    letters = normalize("NFD", stem)
    return (letters[:-1], True) if letters.endswith(_HAT) else (stem, False)


_LATEX_ESCAPES = (
    {letter: rf"$\{word}$" for letter, word in _WORDS.items()}
    | {c: "\\" + c for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", "\n": " "}
)


def latex_text(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(_LATEX_ESCAPES.get(c) or printable(c).replace("\\", _LATEX_ESCAPES["\\"]) for c in text)
