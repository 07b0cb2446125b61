"""The largest of all paths from wrt to a variable: linked lists that share their beginnings, ranked by magnitude."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest

from .variables import Link

Size = tuple[float, float]  # a product's magnitude as (exponent, mantissa) base 2, which can't underflow: (3, 0.5) is 4


def size(number: float) -> Size:
    """The magnitude of one factor."""
    if not math.isfinite(number):
        return (math.inf, abs(number))  # inf and nan rank first
    mantissa, exponent = math.frexp(abs(number))
    return (exponent, mantissa) if mantissa else (-math.inf, 0.0)


def _times(left: Size, right: Size) -> Size:
    mantissa, exponent = math.frexp(left[1] * right[1])
    return (left[0] + right[0] + exponent, mantissa)


def _passed(before: Size, link: Link) -> Size:
    """The magnitude of a path extended by one link."""
    return size(0.0) if link.is_cut else _times(before, size(link.value))


@dataclass(frozen=True, slots=True)
class Way:
    """A path from wrt to a variable, as its last link and the path before it."""

    size: Size
    link: Link | None
    before: "Way | None"

    def rank(self) -> Size:
        """The key that paths are ranked by."""
        return self.size

    def steps(self) -> Iterator["Way"]:
        """All links of the path, last one first."""
        way: Way | None = self
        while way:
            yield way
            way = way.before


START = Way(size(1.0), None, None)  # at wrt


def best(steps: list[tuple[Link, list[Way]]], k: int) -> list[Way]:
    """The k largest extensions of the paths by one link."""
    ways = [Way(_passed(way.size, link), link, way) for link, before in steps for way in before]
    return ways if len(ways) <= min(k, 1) else nlargest(k, ways, key=Way.rank)
