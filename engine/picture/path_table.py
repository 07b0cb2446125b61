"""What stands under a chain rule: a row a path with its factors multiplied out, the total, and what the signs mean."""

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..chain import TINY, ChainRule, Path, branches, judge
from ..core import Value, many, pretty_number, total_derivative
from .contributions import Contributions
from .theme import RULE, Row, Span

Item = TypeVar("Item")

COLUMN = 100  # letters of a sentence in a line
STATIONS = 12  # variables of a route before its middle is left out
FACTORS = 24  # factors of a product before its middle is left out
DIGITS = 4


def caption(chain: ChainRule, on: Contributions, called: Callable[[Value], str]) -> list[Row]:
    """The rows under the picture of a chain rule, whose variables are `called` so."""
    digits = _digits(on.paths, chain.total)
    rows = [_row(i, path, on, called, digits) for i, path in enumerate(on.paths, 1)]
    left = chain.path_count - len(on.paths)
    if left:
        rest = pretty_number(chain.total - math.fsum(path.product for path in on.paths), digits)
        rows.append(([("key", f"… and {many(left)} more, together")], [], _EQUALS, [("number", rest)]))
    colour = "dead" if chain.verdict == "non_finite" or (on.killing and chain.verdict == "killed") else "for"
    total: Row = (
        [("name", total_derivative(called(chain.output), called(chain.wrt))),
         ("key", f"  {_counted(chain)} = backward()")],
        [], _EQUALS, [(f"number {colour} total", pretty_number(chain.total))],
    )  # fmt: skip
    return [*rows, RULE, total, *_legend(chain, on)]


_EQUALS: list[Span] = [("key", "=")]


def circled(i: int) -> str:
    """The sign of the i-th path, for which fonts have a letter up to ⑩."""
    return chr(0x2460 + i - 1) if i <= 10 else f"({i})"


def _row(i: int, path: Path, on: Contributions, called: Callable[[Value], str], digits: int) -> Row:
    numbers: list[list[Span]] = []
    for factor in path.factors:
        kind = "dead" if on.is_wrong(factor.link) else on.side(path)
        text = pretty_number(factor.value, digits)
        numbers.append([(f"number {kind}", text if math.copysign(1.0, factor.value) > 0 else f"({text})")])
    product: list[Span] = []
    for number in elided(numbers, FACTORS, [("key", "…")]):
        product += [("key", " · "), *number] if product else number
    route = " → ".join(elided([called(node) for node in path.nodes], STATIONS, "…"))
    head = [("key mark", circled(i)), ("key", " ")] if len(on.paths) > 1 else []
    result = (f"number {on.side_alive(path)}", pretty_number(path.product, digits))
    return [*head, ("symbol", route)], product, _EQUALS, [result]


def _digits(paths: Sequence[Path], total: float) -> int:
    """As many as it takes to see what is left where paths cancel."""
    largest = max((abs(path.product) for path in paths), default=0.0)
    if not total or not math.isfinite(largest / total):
        return DIGITS
    return DIGITS + min(12, max(0, math.floor(math.log10(largest / abs(total)))) if largest else 0)


def _counted(chain: ChainRule) -> str:
    return {0: "no path", 1: "one path"}.get(chain.path_count, f"sum of {many(chain.path_count)} paths")


def _legend(chain: ChainRule, on: Contributions) -> list[Row]:
    notes = []
    if any(on.side_alive(path) == "against" for path in on.paths):
        notes.append("ochre paths pull against the total")
    if on.killing:
        notes.append(f"✕ dashed: |local derivative| ≤ {TINY:g}, the gradient dies here; thin dashed edges receive none")
    if any(not math.isfinite(factor.value) for key, factor in on.factors.items() if key not in on.idle):
        notes.append("! the local derivative is inf or nan, and so is what passes it")
    notes += branches(chain, "pretty")
    if chain.verdict != "ok":
        notes += textwrap.wrap(f"{chain.verdict}: {judge(chain, style='pretty').sentence}", COLUMN)
    return [([("key", note)],) for note in notes]


def elided(items: Sequence[Item], most: int, gap: Item) -> Sequence[Item]:
    """The items, or the first and the last of too many with a gap between.

    >>> elided("abcdefgh", 4, "…")
    ['a', 'b', '…', 'g', 'h']
    """
    return items if len(items) <= most else [*items[: most // 2], gap, *items[-(most // 2) :]]
