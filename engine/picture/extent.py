"""How wide a diagram is drawn, from left to right and from top to bottom, estimated before any renderer sees it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .parts import PADDING, Box, Edge, Factor, edges_of
from .theme import room

BETWEEN_RANKS = 29.0  # points, and where paths fan out
BETWEEN_FANS = 51.0
BESIDE = 14.5  # points between boxes of a rank, and for an edge that passes it
FRAME = 24.0  # points around a picture


def width_of(box: Box) -> float:
    """The width of a box, in points."""
    return max(map(room, box.lines)) + 2 * PADDING


def extent(boxes: Sequence[Box], arrows: Sequence[Edge | Factor]) -> tuple[float, float]:
    """The width of a picture in points, from left to right and from top to bottom.

    >>> box = Box("n0", "variable leaf", [[("name", "x")]], "", 1.0)
    >>> [round(width) for width in extent([box], [])]
    [51, 51]
    """
    widths = {box.id: width_of(box) for box in (*boxes, *(x.box for x in arrows if isinstance(x, Factor)))}
    edges = [edge for arrow in arrows for edge in edges_of(arrow)]
    ranks = _ranks([box.id for box in boxes], edges)
    across, beside = defaultdict[int, float](float), defaultdict[int, float](float)
    for name, rank in ranks.items():
        across[rank] = max(across[rank], widths[name])
        beside[rank] += widths[name] + BESIDE
    for tail, head in {(edge.tail, edge.head) for edge in edges}:
        for rank in range(ranks[tail] + 1, ranks[head]):
            beside[rank] += BESIDE
    labels = defaultdict[int, float](float)
    for edge in edges:
        if edge.line:
            labels[ranks[edge.tail]] = max(labels[ranks[edge.tail]], room(edge.line) + 2 * PADDING)
    gap = BETWEEN_FANS if any(edge.fans for edge in edges) else BETWEEN_RANKS
    return sum(across.values()) + sum(labels.values()) + gap * (len(across) - 1) + FRAME, max(
        beside.values()
    ) - BESIDE + FRAME


def _ranks(names: Sequence[str], edges: Sequence[Edge]) -> Mapping[str, int]:
    """The rank of each box: after all of its predecessors; a box without any is right before its first user."""
    into, out = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for edge in edges:
        into[edge.head].append(edge.tail)
        out[edge.tail].append(edge.head)
    found: dict[str, int] = {}
    for name in sorted(names, key=lambda name: int(name[1:])):
        for before in into[name]:
            if before.startswith("f"):
                found[before] = max((found.get(tail, 0) + 1 for tail in into[before]), default=0)
        found[name] = max((found.get(before, 0) + 1 for before in into[name]), default=0)
    for name in names:
        if not into[name] and out[name]:
            found[name] = min(found[head] for head in out[name]) - 1
    return found
