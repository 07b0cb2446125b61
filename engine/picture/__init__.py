"""Pictures: a graph, or the chain rule of one of its variables, as DOT, SVG, PNG and PDF.

It offers `draw` and `render`, and to the page the Picture that both make.

Read `draw` first, then `dot` (boxes, edges and factors), `grouping` and `contributions` (what stands together, what a
path contributes), `path_table` (the sum under the graph), `svg` and `theme`, and `graphviz` (which renderer draws).
"""

from .dot import SPELLED, Picture
from .draw import draw, picture, render
from .graphviz import draw_dot
from .theme import Theme

__all__ = ["SPELLED", "Picture", "Theme", "draw", "draw_dot", "picture", "render"]
