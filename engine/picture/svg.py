"""What an SVG has that DOT cannot express: fonts within a label, the sum in columns, and a description in words.

The renderer's SVG has a group for every box and edge, with their ids and classes, and a text for every line.
"""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from ..core import RenderError
from .dot import to_dot
from .graphviz import REMEDY, draw_dot
from .parts import PAGE, Diagram, Edge, Factor
from .theme import Line, Row, columns, printable, room, sheet

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
MARGIN = 16.0  # points on either side of the sum

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def to_svg(diagram: Diagram) -> str:
    """A diagram as SVG, drawn by the available renderer."""
    return styled(draw_dot(to_dot(diagram).source, "svg"), diagram)


def styled(svg: bytes, diagram: Diagram) -> str:
    """A renderer's SVG with the spans of each box's lines, the sum below it in columns, a title and a description.

    The graph's own label keeps the room of the sum.
    """
    rows = diagram.rows
    lines = {box.id: box.lines for box in (*diagram.boxes, *(x.box for x in diagram.edges if isinstance(x, Factor)))}
    lines["headline"] = diagram.headline
    lines |= {edge.id: [edge.line] for edge in diagram.edges if isinstance(edge, Edge)}
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise RenderError(f"the renderer gave an incomplete SVG ({error}); {REMEDY}") from None
    picture = root.find(f"{{{SVG}}}g")
    if picture is None:
        raise RenderError("the renderer gave an SVG without a picture in it")
    root.set("class", "whygrad")
    root.set("role", "img")
    for group in picture.iter(f"{{{SVG}}}g"):
        for text, line in zip(group.iterfind(f".//{{{SVG}}}text"), lines.get(group.get("id", ""), ()), strict=False):
            _letter(text, line)
    for title in picture.iter(f"{{{SVG}}}title"):
        title.text = None  # it would pop up with ids in it, instead of the tooltip
    for cluster in picture.iterfind(f"{{{SVG}}}g[@class='cluster']"):
        cluster.remove(cluster[1])  # its background
    width = max([columns(rows)[-1], *(room(row[0]) for row in rows if len(row) == 1)])
    left, right = _frame(root, picture, max(width, *map(room, diagram.headline), 0.0))
    for text in picture.iterfind(f"{{{SVG}}}g[@class='cluster']/{{{SVG}}}text"):
        text.set("x", f"{left + MARGIN:.1f}")
        text.set("text-anchor", "start")
    _tabulate(picture, rows, (left + right - width) / 2)
    style = element("style", sheet(diagram.view.theme))
    root[:0] = [element("title", diagram.title), element("desc", diagram.desc), style]
    return ElementTree.tostring(root, encoding="unicode")


def element(name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """An element of SVG with a text in it."""
    found = ElementTree.Element(f"{{{SVG}}}{name}", attributes)
    found.text = printable(text) if name != "style" else text
    return found


def _letter(text: ElementTree.Element, line: Line) -> None:
    """Replace the plain text of a line by its spans, for which the renderer left room."""
    for attribute in ("font-family", "font-size", "fill"):
        text.attrib.pop(attribute, None)
    text.text = ""
    for name, words in line:
        runs = [run for run in _RAISED.split(words) if run]
        for run in runs:
            text.append(element("tspan", run, **{"class": f"{name} upright" if _RAISED.match(run) else name}))


_RAISED = re.compile("([⁰¹²³⁴-⁾₀-₎]+)")  # digits and brackets, which run into each other in italics


def _tabulate(picture: ElementTree.Element, rows: Sequence[Row], left: float) -> None:
    """The lines of the graph's label, as rows of columns from `left` on."""
    ends = [left + end for end in columns(rows)]
    for text, row in zip(picture.findall(f"{{{SVG}}}text"), rows, strict=False):
        y = float(text.get("y", "0"))
        picture.remove(text)
        if row:
            picture.extend(_cells(row, ends, y))
        else:
            place = {"x1": f"{left:.1f}", "x2": f"{ends[-1]:.1f}", "y1": f"{y - 4:.1f}", "y2": f"{y - 4:.1f}"}
            picture.append(element("line", **place, **{"class": "rule"}))


def _cells(row: Row, ends: Sequence[float], y: float) -> Iterator[ElementTree.Element]:
    for i, line in enumerate(row):
        yield lettered(line, ends[i], y, "end" if i else "start")


def lettered(line: Line, x: float, y: float, anchor: str = "start") -> ElementTree.Element:
    """A line as a text at a point."""
    text = element("text", x=f"{x:.1f}", y=f"{y:.1f}", **{"text-anchor": anchor})
    _letter(text, line)
    return text


def _frame(root: ElementTree.Element, picture: ElementTree.Element, width: float) -> tuple[float, float]:
    """Where a picture begins and ends: around what is drawn, and wide enough for what stands above and below it.

    A renderer leaves room for plain text, whose letters it may know too wide.
    """
    backdrop = picture.find(f"{{{SVG}}}polygon")
    if backdrop is None:
        raise RenderError("the renderer gave an SVG without a background")
    shapes = [shape for group in picture.iterfind(f"{{{SVG}}}g") for shape in group.iter()]
    corners = (f"{shape.get('points', '')} {shape.get('d', '')}" for shape in shapes)
    xs = [float(x) for text in corners for x in _POINT.findall(text)] or [0.0]
    middle, half = (min(xs) + max(xs)) / 2, max(max(xs) - min(xs), width) / 2 + MARGIN
    left, right = middle - half, middle + half
    ys = [corner.partition(",")[2] for corner in backdrop.get("points", "").split()]
    backdrop.set("class", "backdrop")
    backdrop.set("stroke", "none")
    backdrop.set("points", " ".join(f"{x:g},{y}" for x, y in zip((left, left, right, right), ys, strict=False)))
    shift = float(_SHIFT.findall(picture.get("transform", ""))[-1])
    _, top, _, high = map(float, root.get("viewBox", "0 0 0 0").split())
    root.set("viewBox", f"{left + shift:.2f} {top:.2f} {2 * half:.2f} {high:.2f}")
    scale = min(1.0, PAGE / (2 * half))  # where the layout is wider than expected
    root.set("width", f"{2 * half * scale:.0f}pt")
    root.set("height", f"{high * scale:.0f}pt")
    return left, right


_SHIFT = re.compile(r"translate\(([-\d.]+)")


_POINT = re.compile(r"([-\d.]+),[-\d.]+")
