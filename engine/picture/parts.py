"""The parts of a diagram: a headline, boxes, edges, factors and a sum, as data with every text already written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from ..core import Value, choice, count
from .contributions import Step
from .theme import Line, Row, Theme

PADDING = 9.0  # points on either side of a label
PAGE = 975.0  # page width in points, 1,300 pixels: in a README's column of 830 the smallest letters have 10
TEXT = 450.0  # of lines around a small picture: on a phone of 390 pixels the smallest letters have 10


@dataclass(frozen=True)
class View:
    """How to draw a graph: variables at most `depth` links from the output, or all, in the colours of `theme`.

    A picture is at most `width` points wide where it can be. An invalid depth or theme is a ValueError.
    """

    depth: int | None = None
    theme: Theme = "auto"
    width: float = PAGE

    def __post_init__(self) -> None:
        if self.depth is not None:
            count(self.depth, "depth, a number of variables,", 0)
        choice(self.theme, get_args(Theme), "theme")


@dataclass(frozen=True, slots=True)
class Box:
    """A variable, a group of them or a factor: what it is, what is written in it, and how thick its border is."""

    id: str
    kind: str
    lines: Sequence[Line]
    tip: str
    border: float


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between two boxes; on a path, as wide as its contribution: for the total, against it or dead."""

    id: str
    tail: str
    head: str
    side: str = "none"
    share: float = 0.0
    fans: bool = False  # whether it meets many others
    line: Line = ()
    inline: bool = False  # whether it is one of a chain, which is drawn straight


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor in its box, with the edge that leads to it and the one that leads on."""

    box: Box
    before: Edge
    after: Edge
    step: Step


@dataclass(frozen=True)
class Diagram:
    """All that is drawn: boxes, edges and factors, the most important first, and what stands above and under them."""

    view: View
    boxes: Sequence[Box]
    edges: Sequence[Edge | Factor]
    headline: Sequence[Line]
    rows: Sequence[Row]
    title: str
    desc: str
    note: str
    layers: Sequence[Sequence[str]]  # the boxes of each layer of neurons, in the order to draw them in
    downwards: bool  # whether paths lead from top to bottom, or from left to right
    box_of: Mapping[Value, str] = field(repr=False)  # the id of the box that a variable is drawn as, or stands in

    @property
    def fans_out(self) -> bool:
        """Whether many paths meet in a box."""
        return any(edge.fans for arrow in self.edges for edge in edges_of(arrow))


def edges_of(arrow: Edge | Factor) -> tuple[Edge, ...]:
    """The edges that it is drawn as."""
    return (arrow,) if isinstance(arrow, Edge) else (arrow.before, arrow.after)


def parts_of(arrow: Edge | Factor) -> tuple[Box | Edge, ...]:
    """All that it is drawn as."""
    return (arrow,) if isinstance(arrow, Edge) else (arrow.box, arrow.before, arrow.after)
