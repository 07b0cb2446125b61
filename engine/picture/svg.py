"""The SVG of a picture beyond what DOT can say: fonts within a label, the sum in columns, and a description in words.

The renderer's SVG has a group for every box and edge, with their ids and classes, and a text for every line.
"""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from ..core import RenderError
from .dot import to_dot
from .graphviz import REMEDY, draw_dot
from .parts import Diagram, Edge, Factor
from .theme import Line, Row, printable, room, sheet

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
MARGIN = 16.0  # points on either side of the sum

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def to_svg(diagram: Diagram) -> str:
    """A diagram as SVG, drawn by the renderer that there is."""
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
        raise RenderError(f"the renderer gave an SVG that is not whole ({error}); {REMEDY}") from None
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
    _widen(root, picture, _width(rows))
    _tabulate(picture, rows, _middle(picture) - _width(rows) / 2)
    style = element("style", sheet(diagram.view.theme))
    root[:0] = [element("title", diagram.title), element("desc", diagram.desc), style]
    return ElementTree.tostring(root, encoding="unicode")


def element(name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """An element of SVG with a text in it."""
    found = ElementTree.Element(f"{{{SVG}}}{name}", attributes)
    found.text = printable(text) if name != "style" else text
    return found


def _letter(text: ElementTree.Element, line: Line) -> None:
    """Put spans for the plain text of a line, which was set wide enough for them."""
    for attribute in ("font-family", "font-size", "fill"):
        text.attrib.pop(attribute, None)
    text.text = ""
    for name, words in line:
        runs = [run for run in _RAISED.split(words) if run]
        for run in runs:
            text.append(element("tspan", run, **{"class": f"{name} upright" if _RAISED.match(run) else name}))


_RAISED = re.compile("([⁰¹²³⁴-⁾₀-₎]+)")  # digits and brackets, which run into each other in italics


def _columns(rows: Sequence[Row]) -> list[float]:
    """Where the columns of the sum end, from 0: routes start there, and the others end flush right."""
    columns = zip(*(row for row in rows if len(row) == 4), strict=True)
    widths = [max(map(room, column)) for column in columns] or [0.0] * 4
    ends = [0.0, widths[0] + 28 + widths[1]]
    return [*ends, ends[1] + 22, ends[1] + 36 + widths[3]]


def _width(rows: Sequence[Row]) -> float:
    return max([_columns(rows)[-1], *(room(row[0]) for row in rows if len(row) == 1)])


def _tabulate(picture: ElementTree.Element, rows: Sequence[Row], left: float) -> None:
    """The lines of the graph's label, as rows of columns from `left` on."""
    columns = [left + end for end in _columns(rows)]
    for text, row in zip(picture.findall(f"{{{SVG}}}text"), rows, strict=False):
        y = float(text.get("y", "0"))
        picture.remove(text)
        if row:
            picture.extend(_cells(row, columns, y))
        else:
            place = {"x1": f"{left:.1f}", "x2": f"{columns[-1]:.1f}", "y1": f"{y - 4:.1f}", "y2": f"{y - 4:.1f}"}
            picture.append(element("line", **place, **{"class": "rule"}))


def _cells(row: Row, columns: Sequence[float], y: float) -> Iterator[ElementTree.Element]:
    for i, line in enumerate(row):
        yield lettered(line, columns[i], y, "end" if i else "start")


def lettered(line: Line, x: float, y: float, anchor: str = "start") -> ElementTree.Element:
    """A line as a text at a point."""
    text = element("text", x=f"{x:.1f}", y=f"{y:.1f}", **{"text-anchor": anchor})
    _letter(text, line)
    return text


def _backdrop(picture: ElementTree.Element) -> tuple[ElementTree.Element, list[float], list[float]]:
    """What lies behind the picture, and its corners."""
    found = picture.find(f"{{{SVG}}}polygon")
    if found is None:
        raise RenderError("the renderer gave an SVG without a background")
    corners = [corner.split(",") for corner in found.get("points", "").split()]
    return found, [float(x) for x, _ in corners], [float(y) for _, y in corners]


def _middle(picture: ElementTree.Element) -> float:
    _, x, _ = _backdrop(picture)
    return (min(x) + max(x)) / 2


def _widen(root: ElementTree.Element, picture: ElementTree.Element, width: float) -> None:
    """Make room for a sum that is wider than the graph above it, on either side."""
    backdrop, x, y = _backdrop(picture)
    backdrop.set("class", "backdrop")
    backdrop.set("stroke", "none")
    more = max(0.0, width + 2 * MARGIN - (max(x) - min(x))) / 2
    left, right = min(x) - more, max(x) + more
    backdrop.set("points", f"{left:g},{max(y):g} {left:g},{min(y):g} {right:g},{min(y):g} {right:g},{max(y):g}")
    start, top, wide, high = map(float, root.get("viewBox", "0 0 0 0").split())
    root.set("viewBox", f"{start - more:.2f} {top:.2f} {wide + 2 * more:.2f} {high:.2f}")
    root.set("width", f"{wide + 2 * more:.0f}pt")
