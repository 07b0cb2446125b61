"""The interactive page: one self-contained HTML file whose numbers can be changed.

It offers `page`, `explore` and Frame. Read `page` first, then `javascript` (the table in JavaScript) and, in `assets`,
the script in the order of SCRIPTS: text (numbers, tokens, parse, terms, expression), the graph (graph, formulas, paths,
verdict), the picture (groups, layout, picture, light, view), and what a reader does (panel, curves, passes, learn,
quiz, exports, share); main starts it all.
"""

from .page import Frame, explore, page

__all__ = ["Frame", "explore", "page"]
