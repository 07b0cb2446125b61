"""Pictures: `draw` gives the graph of a Value as DOT, or the chain rule of one of its variables; `render` a file."""

import os
from typing import get_args

from graphviz import Digraph

from ..chain import By
from ..core import Value, replace
from .dot import SPELLED as SPELLED
from .dot import Picture as Picture
from .dot import paint
from .graphviz import SUFFIXES, draw_dot, suffix_of
from .theme import Theme

Path = str | os.PathLike[str]


def draw(
    output: Value, wrt: Value | None = None, by: By = "labels", depth: int | None = None, theme: Theme = "auto"
) -> Digraph:
    """The graph that `output` was computed from, or with `wrt` the chain rule of d output / d wrt in it.

    `depth` keeps what is at most so many variables away from the output, and the paths. The DOT is the same at every
    run; its colours are light ones unless the `theme` is "dark".

    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> print(draw(y).source.splitlines()[0])
    digraph whygrad {
    """
    return picture(output, wrt, by, depth, theme).dot


def render(
    output: Value,
    path: Path,
    wrt: Value | None = None,
    by: By = "labels",
    depth: int | None = None,
    theme: Theme = "auto",
) -> None:
    """Write the picture of `draw` to a file: .svg .png .pdf .dot or .gv by its suffix, and .html for the live page.

    An SVG or PNG needs no Graphviz on the machine; a PDF does, or is a RenderError. With the theme "auto" an SVG
    is light or dark as its reader likes it. The old file stays until the new one is whole.
    """
    suffix = suffix_of(path, (".html", *SUFFIXES))
    if suffix == ".html":
        from ..page import page

        replace(path, page(output, wrt, by, depth).encode())
    elif suffix == ".svg":
        replace(path, picture(output, wrt, by, depth, theme).svg().encode())
    elif suffix in (".png", ".pdf"):
        marked_up = picture(output, wrt, by, depth, theme, markup=True)
        replace(path, draw_dot(marked_up.dot.source, suffix[1:]))
    else:
        replace(path, draw(output, wrt, by, depth, theme).source.encode())


def picture(
    output: Value,
    wrt: Value | None = None,
    by: By = "labels",
    depth: int | None = None,
    theme: Theme = "auto",
    markup: bool = False,
) -> Picture:
    """The picture of a graph or of a chain rule, as DOT and as what an SVG adds to it.

    With `markup` the labels in the DOT have the fonts and colours that an SVG gets from its style sheet.
    """
    for end in (output, *([] if wrt is None else [wrt])):
        if not isinstance(end, Value):
            raise TypeError(f"a picture is drawn of Values, not of {type(end).__name__} {end!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is a whole number of variables from 0, or None, not {depth!r}")
    for name, given, known in [("by", by, By), ("theme", theme, Theme)]:
        if given not in get_args(known):
            raise ValueError(f"{name} is one of {', '.join(map(repr, get_args(known)))}, not {given!r}")
    return paint(output, wrt, by, depth, theme, markup)
