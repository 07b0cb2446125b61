"""A diagram as DOT."""

from collections.abc import Sequence

from graphviz import Digraph, nohtml

from .diagram import Box, Diagram, Edge, Factor, edges_of
from .theme import PLAIN, Line, Palette, escaped, marked_up_lines, palette, plain, room, table, text_rows

PADDING = 9.0  # points on either side of a label


def to_dot(diagram: Diagram, markup: bool = False) -> Digraph:
    """A diagram as DOT; with `markup` the labels have the fonts and colours that an SVG gets from its style sheet."""
    colours = palette(diagram.view.theme)
    dot = _canvas(colours.paper, colours.soft)
    if diagram.fans_out:
        dot.graph_attr["ranksep"] = "0.7"
    for box in diagram.boxes:
        _box(dot, box, colours, markup)
    for arrow in diagram.edges:
        if isinstance(arrow, Factor):
            _box(dot, arrow.box, colours, markup)
        for edge in edges_of(arrow):
            _edge(dot, edge, colours, markup)
    if diagram.rows:
        dot.attr("graph", label=table(diagram.rows, colours) if markup else str(nohtml(text_rows(diagram.rows))))
    return dot


def _box(dot: Digraph, box: Box, colours: Palette, markup: bool) -> None:
    kinds = box.kind.split()
    border, filling = colours.box("dim" if kinds[-1] == "group" else kinds[-1])
    dashed = ",dashed" if box.kind.endswith(("group", "factor dead")) else ""
    dim = "dim" in kinds
    dot.node(
        box.id, _label(box.lines, colours, markup, dim), id=box.id, fillcolor=filling, color=border,
        fontcolor=colours.dim if dim else border if kinds[0] == "factor" else colours.ink,
        style=f"rounded,filled{dashed}", penwidth=f"{box.border:.1f}", tooltip=escaped(box.tip),
        width=f"{(max(map(room, box.lines)) + 2 * PADDING) / 72:.2f}", **{"class": box.kind},
    )  # fmt: skip


def _edge(dot: Digraph, edge: Edge, colours: Palette, markup: bool) -> None:
    """Thin and dashed where no gradient arrives."""
    if edge.side == "none":
        label = {"label": _label([edge.line], colours, markup)} if edge.line else {}
        attributes = {"color": colours.thread, "tooltip": plain(edge.line) or " ", **label, "class": "none"}
    else:
        dead = edge.side == "dead"
        attributes = {
            "color": colours.edge(edge.side), "style": "dashed" if dead else "solid",
            "penwidth": f"{1.2 if dead else 1.2 + 4 * edge.share:.1f}",
            **({"tailport": "e", "headport": "w", "weight": "1"} if edge.fans else {"weight": "20"}),
            **({"dir": "none"} if edge.head.startswith("f") else {}), "class": f"on {edge.side}",
        }  # fmt: skip
    dot.edge(edge.tail, edge.head, id=edge.id, **attributes)


def _label(lines: Sequence[Line], colours: Palette, markup: bool, dim: bool = False) -> str:
    if markup:
        return marked_up_lines(lines, colours, dim)
    return str(nohtml("\\n".join(plain(line) for line in lines)))


def _canvas(paper: str, soft: str) -> Digraph:
    font = {"fontname": "Helvetica", "fontsize": f"{PLAIN.size:g}"}
    return Digraph(
        "whygrad",
        graph_attr={
            "id": "picture", "rankdir": "LR", "labelloc": "b", "labeljust": "c", "nodesep": "0.2", "ranksep": "0.4",
            "bgcolor": paper, "fontcolor": soft, "pad": "0.15", **font, "fontsize": "16",
        },
        node_attr={"shape": "box", "margin": "0.11,0.07", "height": "0.3", **font},
        edge_attr={"fontcolor": soft, "arrowsize": "0.7", **font, "fontsize": "12"},
    )  # fmt: skip
