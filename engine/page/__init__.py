"""The interactive page: one self-contained HTML file whose numbers can be changed.

It offers `page`, `explore` and Frame. Read `page` first, then `javascript` (the table in JavaScript) and, in `assets`,
chain.js (gradients, paths and verdicts), picture.js and page.js.
"""

from .page import Frame, explore, page

__all__ = ["Frame", "explore", "page"]
