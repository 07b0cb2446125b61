"""A diagram as DOT."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from graphviz import Digraph, nohtml

from .extent import width_of
from .markup import height_of, marked_up_lines, table
from .parts import Box, Diagram, Edge, parts_of
from .theme import PLAIN, Line, Palette, escaped, palette, plain, text_rows

Markup = Literal["", "embedded", "other"]  # none, or for which renderer
LINE = 1.2 * PLAIN.size  # points from one line of a box to the next
HIGH = 10.0  # points above and below them
MANY = 32  # edges that need room beside the boxes

# The embedded renderer can't measure letters such as ⁽¹⁾, so the size of a box is computed here from its lines.


def to_dot(diagram: Diagram, markup: Markup = "") -> Digraph:
    """A diagram as DOT; with `markup` the labels have the fonts and colours that an SVG gets from its style sheet."""
    colours = palette(diagram.view.theme)
    dot = _canvas(colours.paper, colours.soft, "TB" if diagram.downwards else "LR")
    if diagram.fans_out:
        dot.graph_attr["ranksep"] = "0.7"
    if not diagram.headline and len(diagram.edges) > MANY:
        dot.graph_attr["nodesep"] = "0.1"
    things = [*diagram.boxes, *(part for arrow in diagram.edges for part in parts_of(arrow))]
    if diagram.headline:
        rows = [(line,) for line in diagram.headline]
        label = table(rows, colours) if markup else str(nohtml(text_rows(rows)))
        with dot.subgraph(name="cluster_headline", graph_attr={**_HEADLINE, "label": label}) as inner:
            _draw(inner, things if diagram.downwards else things[::-1], diagram.downwards, colours, markup)
    else:
        _draw(dot, things, diagram.downwards, colours, markup)
    for layer in diagram.layers:
        with dot.subgraph(graph_attr={"rank": "same"}) as beside:
            for before, after in pairwise(layer):
                beside.edge(before, after, style="invis")
    if diagram.rows:
        label = table(diagram.rows, colours) if markup else str(nohtml(text_rows(diagram.rows)))
        dot.attr("graph", label=label)
    return dot


# A cluster in a graph gives two labels, one above and one below; drawn from left to right, its last box is on top.
_HEADLINE = {"id": "headline", "labelloc": "t", "labeljust": "l", "peripheries": "0", "margin": "0"}


def _draw(dot: Digraph, things: Sequence[Box | Edge], downwards: bool, colours: Palette, markup: Markup) -> None:
    for thing in things:
        if isinstance(thing, Box):
            _box(dot, thing, colours, markup)
        else:
            _edge(dot, thing, ("n", "s") if downwards else ("w", "e"), colours, markup)


def _box(dot: Digraph, box: Box, colours: Palette, markup: Markup) -> None:
    kinds = box.kind.split()
    border, filling = colours.box("dim" if "dim" in kinds else "variable" if kinds[-1] == "group" else kinds[-1])
    dashed = ",dashed" if box.kind.endswith(("group", "factor dead", "idle")) else ""
    dim = "dim" in kinds
    height = (height_of(box.lines) if markup else LINE * len(box.lines)) + HIGH
    dot.node(
        box.id, _label(box.lines, colours, markup, dim), id=box.id, fillcolor=filling, color=border,
        fontcolor=colours.dim if dim else border if kinds[0] == "factor" else colours.ink,
        style=f"rounded,filled{dashed}", penwidth=f"{box.border:.1f}", tooltip=escaped(box.tip),
        width=f"{width_of(box) / 72:.2f}", height=f"{height / 72:.2f}", fixedsize="true", **{"class": box.kind},
    )  # fmt: skip


def _edge(dot: Digraph, edge: Edge, ends: tuple[str, str], colours: Palette, markup: Markup) -> None:
    """Thin and dashed where next to no gradient arrives; with an empty arrowhead where it pulls against the total."""
    if edge.side == "none":
        label = {"label": _label([edge.line], colours, markup)} if edge.line else {}
        weight = {"weight": "8"} if edge.inline else {}
        attributes = {"color": colours.thread, "tooltip": plain(edge.line) or " ", **weight, **label, "class": "none"}
    else:
        dead = edge.side in ("dead", "idle")
        attributes = {
            "color": colours.edge(edge.side), "style": "dashed" if dead else "solid",
            "penwidth": f"{1.2 if dead else 1.2 + 4 * edge.share:.1f}",
            **({"tailport": ends[1], "headport": ends[0], "weight": "1"} if edge.fans else {"weight": "20"}),
            **({"arrowhead": "empty"} if edge.side == "against" else {}),
            **({"dir": "none"} if edge.head.startswith("f") else {}), "class": f"on {edge.side}",
        }  # fmt: skip
    dot.edge(edge.tail, edge.head, id=edge.id, **attributes)


def _label(lines: Sequence[Line], colours: Palette, markup: Markup, dim: bool = False) -> str:
    if markup:
        return marked_up_lines(lines, colours, dim, markup == "embedded")
    return str(nohtml("\\n".join(plain(line) for line in lines)))


def _canvas(paper: str, soft: str, direction: str) -> Digraph:
    font = {"fontname": "Helvetica", "fontsize": f"{PLAIN.size:g}"}
    return Digraph(
        "whygrad",
        graph_attr={
            "id": "picture", "rankdir": direction, "labelloc": "b", "labeljust": "c", "nodesep": "0.2",
            "ranksep": "0.4", "bgcolor": paper, "fontcolor": soft, "pad": "0.15", **font, "fontsize": "16",
        },
        node_attr={"shape": "box", "margin": "0.11,0.07", "height": "0.3", **font},
        edge_attr={"fontcolor": soft, "arrowsize": "0.7", **font, "fontsize": "12"},
    )  # fmt: skip
