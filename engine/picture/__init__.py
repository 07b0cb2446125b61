"""Pictures: a graph, or the chain rule of one of its variables, as DOT, SVG, PNG and PDF.

It offers `draw` and `render`, and to chains and pages the Diagram and what writes it.

Read `draw` first, then `parts` (what a diagram is made of) and `diagram` (what is in them), `grouping` and
`contributions` (what stands together, what a path contributes), `path_table` and `deltas` (the sum under the graph),
the writers `dot`, `svg` and `notebook`, `beside` and `mistake` (diagrams made of others), `theme`, and `graphviz`
(which renderer draws).
"""

# fmt: off
from .beside import beside
from .box_texts import GIVEN
from .diagram import diagram_of
from .dot import to_dot
from .draw import Picture, draw, render, to_html, write
from .graphviz import SUFFIXES, draw_dot, suffix_of
from .mistake import marked
from .notebook import as_image, by_night
from .parts import Diagram, View
from .svg import to_svg
from .theme import DARK, LIGHT, Theme

__all__ = [
    "DARK", "GIVEN", "LIGHT", "SUFFIXES", "Diagram", "Picture", "Theme", "View", "as_image", "beside", "by_night",
    "diagram_of", "draw", "draw_dot", "marked", "render", "suffix_of", "to_dot", "to_html", "to_svg", "write",
]
