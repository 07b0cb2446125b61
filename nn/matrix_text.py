"""Equations and matrices as text, HTML and LaTeX. Large matrices are elided in the middle."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from engine.core import elided, latex_number, latex_text, pretty_number
from engine.picture import as_image

if TYPE_CHECKING:
    from .equations import Backpropagation
    from .matrices import Matrix
    from .sections import Section

ROWS = COLUMNS = 6  # of a matrix that are shown
WIDTH = 80  # letters in a line of text
GAPS = {
    "⋮": r"\vdots",
    "⋱": r"\ddots",
    "⋯": r"\cdots",
}  # dots for omitted rows, for both, for omitted columns; and in LaTeX


def to_text(found: "Backpropagation") -> str:
    """The text that `str()` gives."""
    four = [f"  {number}  {equation}" for number, equation in _numbered(found)]
    words = [line for text in found.notes for line in wrap(text, WIDTH, subsequent_indent="  ")]
    lines = [found.title, "", *four, "", *words]
    return "\n".join([*lines, *(line for section in found.sections for line in _section_text(section))])


def _numbered(found: "Backpropagation") -> list[tuple[str, str]]:
    """The four equations, each after its number in the notes."""
    return [(f"({number})", equation) for number, equation in enumerate(found.equations, 1)]


def _section_text(section: "Section") -> list[str]:
    width = max(len(equation.formula) for equation in section.equations)
    gap = "   " if 2 + width + 3 + max(len(equation.shapes) for equation in section.equations) <= WIDTH else "\n      "
    equations = [f"  {equation.formula:<{width}}{gap}{equation.shapes}" for equation in section.equations]
    blocks = [_block(name, matrix) for name, matrix in section.matrices]
    if section.note:
        equations += ["", *(f"  {line}" for line in wrap(section.note, WIDTH - 2))]
    return ["", section.title, *equations, *(line for row in _side_by_side(blocks) for line in ["", *row])]


def _block(name: str, matrix: "Matrix") -> list[str]:
    """A matrix below its name and shape, as lines of one length."""
    rows = cells(matrix, pretty_number)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    ends = [("[", "]")] if len(lines) == 1 else [("⎡", "⎤"), *[("⎢", "⎥")] * (len(lines) - 2), ("⎣", "⎦")]
    block = [
        f"{name} ({shape(matrix)})",
        *(f"{left} {line} {right}" for line, (left, right) in zip(lines, ends, strict=True)),
    ]
    width = max(map(len, block))
    return [f"{line:<{width}}" for line in block]


def _side_by_side(blocks: Iterable[list[str]]) -> Iterable[list[str]]:
    """Blocks of text side by side, as many as fit on a line."""
    row: list[list[str]] = []
    for block in blocks:
        if row and sum(len(b[0]) + 3 for b in row) + len(block[0]) + 2 > WIDTH:
            yield _joined(row)
            row = []
        row.append(block)
    yield _joined(row)


def _joined(row: Sequence[list[str]]) -> list[str]:
    height = max(map(len, row))
    filled = [block + [" " * len(block[0])] * (height - len(block)) for block in row]
    return [("  " + "   ".join(lines)).rstrip() for lines in zip(*filled, strict=True)]


def cells(matrix: "Matrix", write: Callable[[float], str]) -> list[list[str]]:
    """The numbers of a matrix as text, with dots for the omitted middle.

    >>> cells([[float(i) for i in range(20)]], "{:g}".format)
    [['0', '1', '2', '⋯', '17', '18', '19']]
    """
    rows, columns = elided(range(len(matrix)), ROWS, None), elided(range(len(matrix[0])), COLUMNS, None)
    return [[_cell(matrix, i, j, write) for j in columns] for i in rows]


def _cell(matrix: "Matrix", i: int | None, j: int | None, write: Callable[[float], str]) -> str:
    if i is None:
        return "⋮" if j is not None else "⋱"
    return write(matrix[i][j]) if j is not None else "⋯"


def shape(matrix: "Matrix") -> str:
    """Rows × columns."""
    return f"{len(matrix)}×{len(matrix[0])}"


def to_html(found: "Backpropagation", picture: bool = False) -> str:
    """HTML for a notebook, with the picture first if it is wanted."""
    from .gradient_picture import written

    notes = "".join(f"<p>{html.escape(note)}</p>" for note in found.notes)
    sections = "".join(_section_html(section) for section in found.sections)
    drawn = as_image(written(found, ".svg").decode(), "Gradients by layer") if picture else ""
    return (
        f'<div class="whygrad"><style>{_STYLE}</style><h3>{html.escape(found.title)}</h3>'
        f"{drawn}{_table_html(_numbered(found))}{notes}{sections}</div>"
    )


_STYLE = """
.whygrad { overflow-x: auto }
.whygrad figure { display: inline-block; margin: .4em 1em .4em 0; vertical-align: top }
.whygrad .numbers { border-collapse: separate; border-spacing: 0 }
.whygrad .numbers { border: solid; border-width: 0 1px; border-radius: .6em }
.whygrad .numbers td { padding: 0 .5em; text-align: right; border: 0 }
.whygrad .equations td { text-align: left; border: 0; padding: 0 1.5em 0 0 }
"""


def _section_html(section: "Section") -> str:
    equations = _table_html([(e.formula, e.shapes) for e in section.equations])
    note = f"<p>{html.escape(section.note)}</p>" if section.note else ""
    matrices = "".join(_matrix_html(name, matrix) for name, matrix in section.matrices)
    return f"<h4>{html.escape(section.title)}</h4>{equations}{note}{matrices}"


def _table_html(lines: Iterable[tuple[str, str]]) -> str:
    rows = (f"<tr><td>{html.escape(left)}</td><td>{html.escape(right)}</td></tr>" for left, right in lines)
    return f'<table class="equations">{"".join(rows)}</table>'


def _matrix_html(name: str, matrix: "Matrix") -> str:
    rows = ("".join(f"<td>{cell}</td>" for cell in row) for row in cells(matrix, pretty_number))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    caption = f"<figcaption>{html.escape(name)} ({shape(matrix)})</figcaption>"
    return f'<figure>{caption}<table class="numbers">{body}</table></figure>'


def to_page(found: "Backpropagation") -> str:
    """A whole HTML file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta name="color-scheme" content="light dark"><title>{html.escape(found.title)}</title></head>'
        f"<body>{to_html(found, picture=True)}</body></html>"
    )


def to_latex(found: "Backpropagation") -> str:
    """Displays of amsmath: the four equations, then each layer's equations and its matrices."""
    parts = [_text(found.title), _aligned([(equation, number) for number, equation in _numbered(found)])]
    parts += [_text(note) for note in found.notes]
    for section in found.sections:
        parts += [
            rf"\paragraph{{{_text(section.title)}}}",
            _aligned([(e.formula, e.shapes) for e in section.equations]),
            *([_text(section.note)] if section.note else []),
        ]
        parts += [_display(name, matrix) for name, matrix in section.matrices]
    return "\n\n".join(parts)


def to_document(found: "Backpropagation") -> str:
    """A whole LaTeX file."""
    packages = "\\usepackage{amsmath}\n\\usepackage[margin=2cm]{geometry}\n\\setlength{\\arraycolsep}{3pt}"
    begin = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n"
    return f"{begin}{to_latex(found)}\n\\end{{document}}"


def _aligned(lines: Iterable[tuple[str, str]]) -> str:
    rows = (rf"{latex(formula)} & & {latex(right)}".replace("=", "&=", 1) for formula, right in lines)
    body = " \\\\\n".join(rows)
    return f"\\[\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n\\]"


def _display(name: str, matrix: "Matrix") -> str:
    rows = (" & ".join(GAPS.get(cell, cell) for cell in row) for row in cells(matrix, latex_number))
    body = " \\\\\n".join(rows)
    return f"\\[\n{latex(name)} = \\begin{{bmatrix}}\n{body}\n\\end{{bmatrix}}\n\\]"


def latex(formula: str) -> str:
    r"""A formula in LaTeX.

    >>> latex("∂C/∂W⁽¹²⁾ = (δ⁽¹²⁾)ᵀ a"), latex("1/2 (p − y) ⊙ tanh′(z)")
    ('\\partial C/\\partial W^{(12)} = (\\delta^{(12)})^{\\top} a', "\\tfrac{1}{2} (p - y) \\odot \\mathrm{tanh}'(z)")
    >>> latex("δ⁽ˡ⁾ 1"), latex("δ⁽ˡ⁾ⱼ")
    ('\\delta^{(l)} \\mathbf{1}', '\\delta^{(l)}_{j}')
    """
    formula = re.sub(r"\b(\d+)/(\d+)\b", r"\\tfrac{\1}{\2}", formula)
    formula = re.sub(r"\b1(?=ᵀ| b)|(?<=⁾ )1\b", r"\\mathbf{1}", formula)
    formula = re.sub(r"(?<![\\\w])([a-z_]{2,})", lambda m: rf"\mathrm{{{m[1]}}}".replace("_", r"\_"), formula)
    formula = re.sub(r"⁽[^⁾]+⁾", lambda m: f"^{{{m[0].translate(_LOWERED)}}}", formula)
    return "".join(_SIGNS.get(c, c) for c in formula)


_LOWERED = str.maketrans("⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˡᴸ", "()0123456789+-lL")
_SIGNS = {
    "δ": r"\delta", "∂": r"\partial ", "∇": r"\nabla", "ₐ": "_{a}", "ⱼ": "_{j}", "ₖ": "_{k}", "⊙": r"\odot",
    "σ": r"\sigma", "′": "'", "−": "-", "×": r" \times ", "ᵀ": r"^{\top}", "√": r"\surd ", "→": r"\to ",
}  # fmt: skip


def _text(words: str) -> str:
    """Text with formulas in it: a word with a mathematical sign or an index is a formula, with a 1 beside it."""
    return "".join(
        f"${latex(part)}$" if any(c in _SIGNS or c == "⁽" for c in part) else latex_text(part)
        for part in re.split(r"((?<!\b1)\s+(?!1\.))", words)
    )
