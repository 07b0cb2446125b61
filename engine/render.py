"""DOT into files: which renderer draws, what a suffix means, and the styling of an SVG beyond what DOT can say.

The DOT is the source of truth: boxes, colours, widths and dashes stand in it, so any Graphviz draws the same picture.
The styling adds what DOT can't: fonts within a label, columns in the sum below the graph, a dark theme, and a
description for readers who can't see it.
"""

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from .errors import RenderError

Span = tuple[str, str]  # a CSS class and the text in it
Line = Sequence[Span]

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".gv")

# Light colours stand in the DOT; the sheet repeats the fonts and says what changes in the dark.
CSS = """
text { font-family: Arimo, Helvetica, Arial, sans-serif; font-size: 13px; fill: #5a6570; }
.name, .symbol { font-family: Tinos, 'Times New Roman', Times, serif; font-style: italic; }
.name { font-size: 18px; fill: #14202b; } .name.long { font-size: 14px; }
.symbol { font-size: 14px; }
.number { font-weight: bold; fill: #14202b; }
.for, .for .number { fill: #0067b1; } .against, .against .number { fill: #8f5f00; }
.dead, .dead .number { fill: #b3003b; }
.number.for { fill: #0067b1; } .number.against { fill: #8f5f00; } .number.dead { fill: #b3003b; }
.dim text, .dim .name, .dim .number { fill: #78838f; } .dim .number { font-weight: normal; }
.sum .name { font-size: 15px; } .sum .total { font-size: 19px; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181f; }
  text { fill: #9aa5b1; } .name, .number { fill: #edf1f5; }
  .backdrop { fill: #14181f; }
  .variable > g > a > path, .variable > path { fill: #1d242d; stroke: #edf1f5; }
  .leaf > g > a > path { fill: #453a12; stroke: #e6c24a; } .output > g > a > path { fill: #17324d; stroke: #6bb8ff; }
  .input > g > a > path, .dim > g > a > path { fill: #191f27; stroke: #3c4652; }
  .factor.for > g > a > path { fill: #14293d; stroke: #6bb8ff; }
  .factor.against > g > a > path { fill: #33240c; stroke: #ffb04f; }
  .factor.dead > g > a > path { fill: #3d1522; stroke: #ff6b94; }
  .edge path { stroke: #566270; } .edge polygon { fill: #566270; stroke: #566270; }
  .edge.for path { stroke: #6bb8ff; } .edge.for polygon { fill: #6bb8ff; stroke: #6bb8ff; }
  .edge.against path { stroke: #ffb04f; } .edge.against polygon { fill: #ffb04f; stroke: #ffb04f; }
  .edge.dead path { stroke: #ff6b94; } .edge.dead polygon { fill: #ff6b94; stroke: #ff6b94; }
  .for, .for .number, .number.for { fill: #6bb8ff; } .against, .against .number, .number.against { fill: #ffb04f; }
  .dead, .dead .number, .number.dead { fill: #ff6b94; } .rule { stroke: #3c4652; }
  .dim text, .dim .name, .dim .number { fill: #7d8894; }
}
"""


def draw_dot(source: str, format: str) -> bytes:
    """A DOT source drawn by `$GRAPHVIZ_DOT`, `dot` on the PATH, or the embedded renderer: "svg", "png" or "pdf".

    A RenderError says what to install, or what the renderer said.
    """
    command = renderer(format)
    run = subprocess.run([*command, f"-T{format}"], input=source.encode(), capture_output=True, check=False)
    if run.returncode or not run.stdout:
        raise RenderError(f"{command[0]} could not draw the picture: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


def renderer(format: str = "svg") -> list[str]:
    """The command that draws: `$GRAPHVIZ_DOT`, else `dot` on the PATH, else the embedded renderer, which has no PDF."""
    system = os.environ.get("GRAPHVIZ_DOT") or shutil.which("dot")
    if system:
        return [system]
    if format == "pdf":
        raise RenderError("a PDF needs Graphviz itself: install it (apt install graphviz), or save as .svg or .png")
    embedded = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")) or shutil.which("graphviz-pure")
    if not embedded:
        raise RenderError(
            "no renderer found: pip install graphviz-pure, or install Graphviz so that dot is on the PATH"
        )
    return [embedded]


def suffix_of(path: str | os.PathLike[str], known: Sequence[str] = SUFFIXES) -> str:
    """The suffix of a picture's file; one that is not known is a ValueError that lists them.

    >>> suffix_of("why.svg")
    '.svg'
    """
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise ValueError(f"a picture's file ends in one of {' '.join(known)}, not {suffix!r} ({os.fspath(path)})")
    return suffix


def write(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write a file whole or not at all: beside its place first, and then moved there."""
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}: make it first, for {target.name}")
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return target


def style(
    svg: bytes, lines: Mapping[str, Sequence[Line]], rows: Sequence[Sequence[Line]], title: str, desc: str
) -> str:
    """An SVG with the spans of each node's lines, the sum below it in columns, a title and a description.

    `lines` are by the id of the node; `rows` are those of the graph's own label, which keeps their room: of each the
    columns are route, product, equals sign and result.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)
    picture = root.find(f"{{{SVG}}}g")
    if picture is None:
        raise RenderError("the renderer gave an SVG without a picture in it")
    for group in picture.iter(f"{{{SVG}}}g"):
        for text, line in zip(group.iterfind(f".//{{{SVG}}}text"), lines.get(group.get("id", ""), ()), strict=False):
            _fill(text, line)
    right = _columns(picture, rows)
    _widen(root, picture, right)
    for element in picture.iter(f"{{{SVG}}}title"):
        element.text = None
    root.insert(0, _element("style", CSS))
    root.insert(0, _element("desc", desc))
    root.insert(0, _element("title", title))
    root.set("role", "img")
    return ElementTree.tostring(root, encoding="unicode")


def printable(text: str) -> str:
    """Text on one line, with a replacement character for what no page can show.

    >>> printable("two" + chr(10) + "lines" + chr(0))
    'two lines�'
    """
    return "".join(" " if c.isspace() else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _element(name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.Element(f"{{{SVG}}}{name}", attributes)
    element.text = printable(text)
    return element


def _fill(text: ElementTree.Element, line: Line) -> None:
    """Put spans for the plain text of a line, which was set wide enough for them."""
    for attribute in ("font-family", "font-size", "fill"):
        text.attrib.pop(attribute, None)
    text.text = ""
    for name, words in line:
        text.append(_element("tspan", words, **{"class": name}))


def _columns(picture: ElementTree.Element, rows: Sequence[Sequence[Line]]) -> float:
    """The graph's label, one text a line, as rows of columns, a rule above the total; how far right they reach."""
    label = next((group for group in picture if group.get("id") == "a_picture"), picture)
    anchor = label.find(f"{{{SVG}}}a") if label is not picture else picture
    anchor = picture if anchor is None else anchor
    backdrop = anchor.find(f"{{{SVG}}}polygon")
    if backdrop is not None:
        backdrop.set("class", "backdrop")
    texts = [text for text in anchor if text.tag == f"{{{SVG}}}text"]
    if not texts:
        return 0.0
    left = min(float(text.get("x", "0")) for text in texts)
    widths = [max((_width(row[column]) for row in rows if len(row) == 4), default=0.0) for column in range(4)]
    rights = [left, left + widths[0] + 30 + widths[1], left + widths[0] + 60 + widths[1]]
    rights.append(rights[2] + 14 + widths[3])
    for text, row in zip(texts, rows, strict=False):
        y = text.get("y", "0")
        anchor.remove(text)
        for column, line in enumerate(row):
            place = {"x": f"{rights[column] if len(row) == 4 else left:.1f}", "y": y, "class": "sum"}
            entry = _element("text", **place, **({"text-anchor": "end"} if column else {}))
            _fill(entry, line)
            anchor.append(entry)
        if len(row) == 4 and any("total" in name for name, _ in row[3]):
            height = f"{float(y) - 24:.1f}"
            rule = {"x1": f"{left:.1f}", "x2": f"{rights[3]:.1f}", "y1": height, "y2": height}
            anchor.append(_element("line", **rule, stroke="#c4ccd4", **{"class": "rule"}))
    return rights[3]


def _widen(root: ElementTree.Element, picture: ElementTree.Element, right: float) -> None:
    """Make room for columns that reach beyond the graph."""
    x, y, width, height = map(float, root.get("viewBox", "0 0 0 0").split())
    wide = max(width, right + 16)
    root.set("viewBox", f"{x:g} {y:g} {wide:.2f} {height:g}")
    root.set("width", f"{wide:.0f}pt")
    for backdrop in picture.iterfind(f".//{{{SVG}}}polygon[@class='backdrop']"):
        backdrop.set("points", f"-4,4 -4,{-height:g} {wide:.2f},{-height:g} {wide:.2f},4")


def _width(line: Line) -> float:
    """About how wide a line is drawn, in points."""
    return sum(len(words) * (9.5 if "total" in name else 7.6) for name, words in line)
