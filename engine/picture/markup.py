"""Lines in DOT's own markup, with a font and a colour for each span, for PNG and PDF, which have no style sheet.

The embedded renderer measures each byte of a non-ASCII letter as a space: ⁽¹⁾ is three times too wide, with a gap
before the next span. So a line with such letters before its last span becomes one span, and leading spaces balance the
surplus width.
"""

import html
from collections.abc import Sequence

from .theme import FACES, SPELLED, Font, Line, Palette, Row, font_of, printable

SPACES = {"serif": 0.25, "sans": 0.278}  # ems of a space in the renderer's tables
SLIGHT = 2.0  # points of surplus that do not show


def table(rows: Sequence[Row], colours: Palette) -> str:
    """Rows as a table."""
    cells = "".join(_cells(row, colours) if row else "<HR/>" for row in rows)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="3" COLOR="{colours.hair}">{cells}</TABLE>>'


def marked_up_lines(lines: Sequence[Line], colours: Palette, dim: bool, embedded: bool) -> str:
    """Lines one below the other, each centred as the embedded renderer, or another, measures it."""
    shown = [_centred(line) if embedded else line for line in lines]
    cells = "".join(f"<TR><TD>{marked_up(line, colours, dim)}</TD></TR>" for line in shown)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{cells}</TABLE>>'


def height_of(lines: Sequence[Line]) -> float:
    """The height of such lines, in points."""
    return sum(1.2 * max(font_of(name).size for name, _ in line) + 2 for line in lines)


def _cells(row: Row, colours: Palette) -> str:
    if len(row) == 1:
        return f'<TR><TD ALIGN="LEFT" COLSPAN="4">{marked_up(row[0], colours)}</TD></TR>'
    sides = ("LEFT", "RIGHT", "RIGHT", "RIGHT")
    cells = (f'<TD ALIGN="{side}">{marked_up(line, colours)}</TD>' for side, line in zip(sides, row, strict=True))
    return f"<TR>{''.join(cells)}</TR>"


def marked_up(line: Line, colours: Palette, dim: bool = False) -> str:
    """A line, with a font and a colour for each of its spans.

    >>> from engine.picture import LIGHT
    >>> marked_up([("number", "<1>")], LIGHT)
    '<FONT FACE="Helvetica" POINT-SIZE="12.5" COLOR="#14202b"><B>&lt;1&gt;</B></FONT>'
    """
    return "".join(_span(name, words, colours.dim if dim else colours.words(name), dim) for name, words in line)


def _span(name: str, words: str, colour: str, dim: bool) -> str:
    text = html.escape(_shown(name, words))
    font = font_of(name)
    text = f"<I>{text}</I>" if font.face == "serif" else f"<B>{text}</B>" if font.bold and not dim else text
    return (
        f'<FONT FACE="{FACES[font.face][0]}" POINT-SIZE="{font.size:g}" COLOR="{colour}">{text}</FONT>' if text else ""
    )


def _shown(name: str, words: str) -> str:
    return printable(words.translate(SPELLED) if "mark" in name else words)


def _centred(line: Line) -> Line:
    """A line that the renderer will centre: as one span if it would leave gaps, and with leading spaces.

    >>> _centred([("number", "2")]), _centred([("name", "x⁽¹⁾"), ("key", " = 2")])
    ([('number', '2')], [('name', '     x⁽¹⁾ = 2')])
    """
    if any(_surplus(name, words) > SLIGHT for name, words in line[:-1]):
        line = [(line[0][0], "".join(_shown(name, words) for name, words in line))]
    name, words = line[-1]
    spaces = round(_surplus(name, words) / (SPACES[font_of(line[0][0]).face] * font_of(line[0][0]).size))
    return [(line[0][0], " " * spaces + line[0][1]), *line[1:]] if spaces else line


def _surplus(name: str, words: str) -> float:
    """The points by which words are measured too wide."""
    font, letters = font_of(name), [c for c in _shown(name, words) if not c.isascii()]
    measured = sum(len(c.encode()) for c in letters) * SPACES[font.face]
    return font.size * (measured - sum(_em(c, font) for c in letters))


def _em(c: str, font: Font) -> float:
    """How wide a letter beyond ASCII is drawn, about."""
    return 0.29 if c in _RAISED else _EMS.get(c, 0.53) * (1.08 if font.bold else 1.0)


_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"
_EMS = {"·": 0.27, "′": 0.25, "−": 0.57, "×": 0.57, "→": 1.0, "…": 0.95, "◄": 1.0, "∞": 0.71, "≤": 0.55}
