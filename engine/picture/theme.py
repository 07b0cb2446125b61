"""How a picture looks: fonts and colours, by day and by night, and text as DOT, markup and style sheets take it.

Words carry a class. DOT can't mix fonts in a plain label, so there a class only reserves room; in an SVG it is a rule
of the style sheet, and for PNG and PDF it is markup. All three are written from the two tables here.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, NamedTuple

Span = tuple[str, str]  # a class and the words in it
Line = Sequence[Span]
Row = Sequence[
    Line
]  # four columns of the sum below the graph, or one line right across; none is the rule above the sum
Theme = Literal["auto", "light", "dark"]

RULE: Row = ()
AGAINST = "◄"  # before what pulls against the total


class Font(NamedTuple):
    """A typeface and its size in points."""

    face: Literal["serif", "sans"]
    size: float
    bold: bool = False


# By the last word of a class that is here.
FONTS = {
    "name": Font("serif", 17),
    "formula": Font("serif", 15.5),
    "symbol": Font("serif", 13.5),
    "key": Font("sans", 12.5),
    "number": Font("sans", 12.5, bold=True),
    "long": Font("serif", 13.5),
    "total": Font("sans", 18, bold=True),
    "verdict": Font("sans", 17, bold=True),
    "said": Font("sans", 15),
}
PLAIN = Font("sans", 13)  # of a label in plain DOT
FACES = {
    "serif": ("Times", "Tinos, 'Times New Roman', Times, serif"),
    "sans": ("Helvetica", "Arimo, Helvetica, Arial, sans-serif"),
}


@dataclass(frozen=True)
class Palette:
    """The colours of a theme: neutral ones, and pairs of a border and its filling."""

    paper: str
    ink: str
    soft: str  # words
    dim: str  # what is beside the paths
    thread: str  # edges
    hair: str  # borders
    plain: str
    raised: str
    gold: tuple[str, str]
    sea: tuple[str, str]
    blue: tuple[str, str]
    ochre: tuple[str, str]
    crimson: tuple[str, str]

    def box(self, kind: str) -> tuple[str, str]:
        """The border and the filling of a box: "leaf", "output", "factor for" ..."""
        return {
            "variable": (self.ink, self.plain),
            "leaf": self.gold,
            "input": (self.hair, self.raised),
            "output": self.sea,
            "dim": (self.hair, self.raised),
            "for": self.blue,
            "against": self.ochre,
            "dead": self.crimson,
            "none": (self.hair, self.plain),
            "idle": (self.dim, self.plain),
        }[kind]

    def edge(self, kind: str) -> str:
        """The colour of an edge that pulls "for" the total or "against" it, is "dead", or is on no path: "none"."""
        return self.thread if kind == "none" else self.box(kind)[0]

    def words(self, name: str) -> str:
        """The colour of words by their class."""
        sides = [word for word in name.split() if word in ("for", "against", "dead", "idle")]
        if sides:
            return self.edge(sides[0])
        return self.soft if name.split()[0] in ("key", "symbol") else self.ink


LIGHT = Palette(
    paper="#ffffff", ink="#14202b", soft="#5a6570", dim="#78838f", thread="#c4ccd4", hair="#c4ccd4",
    plain="#ffffff", raised="#f5f7f9", gold=("#8a6d00", "#ffe9a8"), sea=("#0067b1", "#e2eefb"),
    blue=("#0067b1", "#e9f2fc"), ochre=("#8f5f00", "#fff5e3"), crimson=("#b3003b", "#fdeaf0"),
)  # fmt: skip
DARK = Palette(
    paper="#14181f", ink="#edf1f5", soft="#9aa5b1", dim="#7d8894", thread="#566270", hair="#3c4652",
    plain="#1d242d", raised="#191f27", gold=("#e6c24a", "#453a12"), sea=("#6bb8ff", "#17324d"),
    blue=("#6bb8ff", "#14293d"), ochre=("#ffb04f", "#33240c"), crimson=("#ff6b94", "#3d1522"),
)  # fmt: skip


def palette(theme: Theme) -> Palette:
    """The colours without a style sheet: light ones, unless the theme is "dark"."""
    return DARK if theme == "dark" else LIGHT


def sheet(theme: Theme) -> str:
    """The style sheet of an SVG, whose rules apply to nothing else on its page."""
    fonts = [
        f".{name} {{ font: {'italic ' if face == 'serif' else 'bold ' if bold else ''}{size}px {FACES[face][1]}; }}"
        for name, (face, size, bold) in FONTS.items()
    ]
    rules = [
        f"text {{ font: {PLAIN.size}px {FACES['sans'][1]}; }}",
        *fonts,
        ".upright { font-style: normal; }",
        *_colours(palette(theme)),
    ]
    night = ["@media (prefers-color-scheme: dark) {", *_scoped(_colours(DARK)), "}"] if theme == "auto" else []
    return "\n".join(["", *_scoped(rules), *night, ""])


def _scoped(rules: Sequence[str]) -> list[str]:
    return [f".whygrad {rule}" for rule in rules]


def _colours(colours: Palette) -> list[str]:
    """The rules that differ by day and by night, the more general first."""
    rules = [f".backdrop {{ fill: {colours.paper}; }}", f".rule {{ stroke: {colours.hair}; }}"]
    for kind in ("variable", "leaf", "input", "output", "dim", "for", "against", "dead", "none", "idle"):
        border, filling = colours.box(kind)
        rules.append(f".node.{kind} path {{ stroke: {border}; fill: {filling}; }}")
    for kind in ("none", "for", "against", "dead", "idle"):
        edge = f".edge.{kind}"
        rules.append(f"{edge} path {{ stroke: {colours.edge(kind)}; }}")
        tip = colours.paper if kind == "against" else colours.edge(kind)
        rules.append(f"{edge} polygon {{ stroke: {colours.edge(kind)}; fill: {tip}; }}")
    rules += [f"{kind} {{ fill: {colours.words(kind[1:])}; }}" for kind in (".name", ".formula", ".number", ".said")]
    rules += [f"{kind} {{ fill: {colours.soft}; }}" for kind in ("text", ".key", ".symbol")]
    rules += [f"tspan.{kind} {{ fill: {colours.edge(kind)}; }}" for kind in ("for", "against", "dead", "idle")]
    return [*rules, f".dim tspan {{ fill: {colours.dim}; font-weight: normal; }}"]


def printable(text: str) -> str:
    r"""Text in one line, with a replacement character for characters that are not printable or not allowed in XML.

    >>> printable("a\nb\0")
    'a b�'
    """
    return "".join(" " if c in "\n\r\t" else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def escaped(text: str) -> str:
    r"""Text as plain DOT shows it letter by letter: no escapes, entities or markup.

    >>> escaped(r"<b> \N &amp;")
    '<b> \\\\N &amp;amp;'
    """
    return printable(text).replace("\\", "\\\\").replace("&", "&amp;")


# Marks, which are words of the class "mark", are spelled where a renderer with fonts of its own may lack them.
SPELLED = str.maketrans({chr(0x2460 + i): f"({i + 1})" for i in range(10)} | {"✕": "X"})


def plain(line: Line) -> str:
    r"""A line as plain DOT.

    >>> plain([("key mark", "②"), ("key", r" \N ②")])
    '(2)  \\\\N ②'
    """
    return escaped("".join(words.translate(SPELLED) if "mark" in name else words for name, words in line))


def text_rows(rows: Sequence[Row]) -> str:
    """Rows as plain DOT, one below the other from the left."""
    return "".join("   ".join(plain(line) for line in row) + " \\l" for row in rows)


def font_of(name: str) -> Font:
    """The font of a class."""
    return next((FONTS[word] for word in reversed(name.split()) if word in FONTS), PLAIN)


def room(line: Line) -> float:
    """The estimated width of a line in points, rather too large than too small.

    `fsum` gives the same width on every Python: from 3.12 on, `sum` rounds less than before.
    """
    return fsum(font_of(name).size * _ems(words, font_of(name)) for name, words in line)


def columns(rows: Sequence[Row]) -> list[float]:
    """The right edges of the columns of a sum; routes start at 0, and the other columns are flush right.

    >>> row = [("key", "w")], [("key", "2")], [("key", "=")], [("key", "2")]
    >>> [round(end) for end in columns([row])]
    [0, 48, 70, 91]
    """
    full = [row for row in rows if len(row) == 4]
    end = max((room(row[0]) + 28.0 * bool(row[1]) + room(row[1]) for row in full), default=0.0)
    return [0.0, end, end + 22.0, end + 36.0 + max((room(row[3]) for row in full), default=0.0)]


def wrapped(words: Sequence[str], name: str, width: float, between: str = " ") -> list[Line]:
    """Words of a class in lines at most `width` points wide, except for a single longer word.

    >>> wrapped(["one", "two", "three"], "said", 70.0)
    [[('said', 'one two')], [('said', 'three')]]
    """
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}{between}{word}" if lines else word
        lines[-1:] = [longer] if room([(name, longer)]) <= width else [*lines[-1:], word]
    return [[(name, line)] for line in lines]


def _ems(words: str, font: Font) -> float:
    wide = 1.12 if font.face == "sans" else 1.0
    wide *= 1.04 if font.bold else 1.0
    return fsum(wide * _em(c) for c in words)


def _em(c: str) -> float:
    """How wide a letter is in a serif face."""
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.2
    if c in "iljtfrIs.,:;'|!()[]/ ·′" or unicodedata.decomposition(c).startswith(("<sub>", "<super>")):
        return 0.36
    letter = unicodedata.normalize("NFD", c)[0]
    narrow = letter == "∂" or (letter.isascii() and not letter.isupper())
    return 0.9 if letter in "mwMW@%—→✕◄①②③④⑤⑥⑦⑧⑨⑩" else 0.52 if narrow else 0.7


def broken(formula: str, name: str, width: float) -> list[Line]:
    """A formula of a class in lines about that wide, in points: broken before its outermost signs and after commas.

    >>> broken("exp(z1 − logsumexp([z1, z2, z3]))", "formula", 200.0)
    [[('formula', 'exp(z1')], [('formula', '− logsumexp([z1, z2, z3]))')]]
    """
    lines = list[Line]()
    while room([(name, formula)]) > width and (found := _breaks(formula)):
        wide = {i: room([(name, formula[:i])]) for i in found}
        near = [i for i in found if width / 6 <= wide[i] <= width] or [min(found, key=lambda i: abs(wide[i] - width))]
        at = min(near, key=lambda i: (found[i], -i))
        lines.append([(name, formula[:at].rstrip())])
        formula = formula[at:]
    return [*lines, [(name, formula)]]


def _breaks(formula: str) -> dict[int, int]:
    """Where a line of a formula may end, and the bracket depth there; between two factors is outermost."""
    found, depth = dict[int, int](), 0
    for i, (before, c, after) in enumerate(zip(f" {formula}", formula, formula[1:], strict=False)):
        depth += (c in "([{") - (c in ")]}")
        if i and c in "·/":
            found[i] = depth
        elif c == " " and before not in _SIGNS and after not in _SIGNS[2:]:
            found[i + 1] = depth - (before == "·")
    return found


_SIGNS = "+−<>=≤≥≠"
