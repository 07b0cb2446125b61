"""Pictures: `draw` gives the graph of a Value as DOT, or the chain rule of one of its variables; `render` a file."""

import os
import pathlib
from typing import Any

from graphviz import Digraph
from graphviz import view as open_file

from ..chain import By, VariableGraph, explained
from ..core import Value, api_boundary, replace
from .diagram import diagram_of
from .dot import Markup, to_dot
from .graphviz import DPI, STARTS, SUFFIXES, draw_dot, is_embedded, suffix_of
from .notebook import as_image
from .parts import Diagram, View
from .svg import styled, to_svg
from .theme import Theme

Path = str | os.PathLike[str]


@api_boundary
class Picture(Digraph):  # type: ignore[misc]
    """A diagram as DOT, drawn by the embedded renderer: in a notebook, by `render`, `view` and `pipe`."""

    diagram: Diagram

    @classmethod
    def of(cls, diagram: Diagram) -> "Picture":
        """The picture of a diagram."""
        found = cls()
        found.__dict__.update(to_dot(diagram).__dict__, diagram=diagram)
        found.format = "svg"
        return found

    def render(
        self, filename: Any = None, directory: Any = None, view: bool = False, cleanup: bool = False,
        format: str | None = None, **others: Any,
    ) -> str:  # fmt: skip
        """Write the source and beside it the picture, as Graphviz does: an SVG if `format` does not say "png" or "pdf".

        Other formats and options of Graphviz need its own `dot`.
        """
        kind = format or self.format
        if any(others.values()) or kind not in STARTS:
            return str(super().render(filename, directory=directory, view=view, cleanup=cleanup, format=kind, **others))
        source = pathlib.Path(self.save(filename, directory=directory))
        drawn = source.with_name(f"{source.name}.{kind}")
        drawn.write_bytes(self.pipe(kind))
        if cleanup:
            source.unlink()
        if view:
            open_file(drawn)
        return str(drawn)

    def pipe(self, format: str | None = None, encoding: str | None = None, **others: Any) -> Any:
        """The picture as bytes, or with an `encoding` as text: an SVG if `format` does not say "png" or "pdf"."""
        kind = format or self.format
        if any(others.values()) or kind not in STARTS:
            return super().pipe(kind, encoding=encoding, **others)
        drawn = self._svg().encode() if kind == "svg" else draw_dot(self.source, kind)
        return drawn.decode(encoding) if encoding else drawn

    def _svg(self) -> str:
        return styled(draw_dot(self.source, "svg"), self.diagram)

    def _repr_mimebundle_(self, *_: object, **__: object) -> dict[str, str]:
        return {"text/html": as_image(self._svg(), self.diagram.title), "text/plain": self.source}


def to_html(graph: VariableGraph) -> str:
    """The picture of a graph, or of a chain rule, as notebooks show it."""
    diagram = diagram_of(graph, View())
    return as_image(to_svg(diagram), diagram.title)


@api_boundary
def draw(
    output: Value, wrt: Value | None = None, by: By = "labels", depth: int | None = None, theme: Theme = "auto"
) -> Picture:
    """The graph that `output` was computed from, or with `wrt` the chain rule of d output / d wrt in it.

    With `depth`, it is cut down to the paths and the variables at most `depth` steps from the output. The result is a
    `graphviz.Digraph`, the same at every run, which a notebook shows as a picture, and whose `render("why")` writes
    `why.svg`, with no Graphviz on the machine. Its colours are light ones unless the `theme` is "dark".

    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> print(draw(y).source.splitlines()[0])
    digraph whygrad {
    """
    return Picture.of(diagram_of(explained(output, wrt, by), View(depth, theme)))


@api_boundary
def render(
    output: Value,
    path: Path,
    wrt: Value | None = None,
    by: By = "labels",
    depth: int | None = None,
    theme: Theme = "auto",
    dpi: float = DPI,
) -> None:
    """Write the picture of `draw` to a file: .svg .png .pdf .dot or .gv by its suffix, and .html for the live page.

    An SVG or PNG needs no Graphviz on the machine; a PDF without it is a RenderError. With the theme "auto" an SVG
    is light or dark as its reader likes it; a PNG has `dpi` pixels an inch, by default two a point.
    The old file stays until the new one is whole.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> w = Value(3.0, "w")
    >>> with TemporaryDirectory() as folder:
    ...     render(w * w, f"{folder}/why.svg", wrt=w)
    ...     Path(folder, "why.svg").read_text()[:4]
    '<svg'
    """
    suffix_of(path, _SUFFIXES)
    write(explained(output, wrt, by), path, View(depth, theme), dpi)


def write(graph: VariableGraph, path: Path, view: View, dpi: float = DPI) -> None:
    """Write the picture or page of a graph, or of a chain rule, to a file: see `render`."""
    suffix = suffix_of(path, _SUFFIXES)
    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 1 <= dpi <= 2400:
        raise ValueError(f"dpi is the number of pixels per inch, from 1 to 2400, not {dpi!r}")
    if suffix == ".html":
        from ..page import page

        replace(path, page(graph, view.depth).encode())
        return
    drawn = diagram_of(graph, view)
    if suffix == ".svg":
        replace(path, to_svg(drawn).encode())
    elif suffix in (".png", ".pdf"):
        markup: Markup = "embedded" if is_embedded(suffix[1:]) else "other"
        replace(path, draw_dot(to_dot(drawn, markup).source, suffix[1:], dpi))
    else:
        replace(path, to_dot(drawn).source.encode())


_SUFFIXES = (".html", *SUFFIXES)
