"""The table under a chain rule: a row for each path with its factors multiplied out, the total, and a legend."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..chain import TINY, ChainRule, Path, branches, grouped
from ..core import Value, elided, many, pretty_number, total_derivative
from .contributions import Contributions
from .deltas import made_of
from .theme import AGAINST, RULE, Line, Row, Span, broken, columns, room, wrapped

STATIONS = 8  # variables of a route before its middle is left out
FACTORS = 10  # factors of a product before its middle is left out
WIDEST = 440.0  # points of a product
ROUTE = 700.0  # points of a route
DIGITS = 4


def caption(chain: ChainRule, on: Contributions, called: Callable[[Value], str], width: float) -> list[Row]:
    """The rows under a chain rule's picture, with names by `called`; if too wide, routes are above products."""
    digits, dies = _digits(on.paths, chain.total), chain.verdict in ("killed", "non_finite")
    paths = grouped(_printed(path, on, called, digits, "dead" if dies else "idle") for path in on.paths).items()
    rows = [row for path, which in paths for row in path.rows(which, len(on.paths) > 1)]
    left = chain.path_count - len(on.paths)
    rest = chain.rest(len(on.paths)) if left else 0.0
    if left:
        side = "against" if rest * chain.total < 0.0 else "for" if rest else "idle"
        more: Line = [("key", f"… and {many(left)} more, together")]
        rows.append((more, [], _EQUALS, _result(pretty_number(rest, digits), side)))
    symbol = ("name", total_derivative(called(chain.output), called(chain.wrt)))
    result = (f"number {'dead' if dies else 'for'} total", pretty_number(chain.total))
    form = chain.closed("pretty") if chain.path_count else ""
    closed: Line = [("formula", form)] if form and form != result[1] else []
    if room(closed) > WIDEST:
        closed = []  # the formulas of the paths say the same
    counts = {0: "no path leads there", 1: "one path"}
    counted = counts.get(chain.path_count, f"sum of {many(chain.path_count)} paths")
    total: Row = ([symbol, ("key", f"  {counted}")], closed, _EQUALS, [result])
    if columns([*rows, total])[-1] > width:
        rows = [part for row in rows for part in _stacked(row)]
    totals = _stacked(total) if columns([*rows, total])[-1] > width else [total]
    legend = _legend(chain, on, dies, rest * chain.total < 0.0, width)
    return [*rows, *([RULE] if rows else []), *totals, *made_of(chain, on, called), *legend]


_EQUALS: list[Span] = [("key", "=")]


def circled(i: int) -> str:
    """The sign of the i-th path, for which fonts have a letter up to ⑩."""
    return chr(0x2460 + i - 1) if i <= 10 else f"({i})"


class _Printed(NamedTuple):
    """A path as it is printed; paths that read the same are equal."""

    route: str
    formulas: str
    numbers: tuple[Span, ...]
    product: str
    side: str

    def rows(self, which: Sequence[int], marked: bool) -> list[Row]:
        """The route and the formulas, and below them the numbers."""
        head: Line = [("key mark", "".join(map(circled, which))), ("key", " ")] if marked else []
        several: Line = [("key", f"{len(which)} paths, each  ")] if len(which) > 1 else []
        product, result = [*several, *_narrow(self.numbers)], _result(self.product, self.side)
        route: Line = [*head, ("symbol", self.route)]
        if not self.formulas:
            return [(route, product, _EQUALS, result)]
        first, *others = broken(self.formulas, "symbol", WIDEST)
        lines: list[Row] = [(route, first, [], []), *(([], line, [], []) for line in others)]
        return [*lines, ([], product, _EQUALS, result)]


def _printed(path: Path, on: Contributions, called: Callable[[Value], str], digits: int, dead: str) -> _Printed:
    side, numbers = on.side(path), [pretty_number(factor.value, digits) for factor in path.factors]
    shown = tuple(
        (
            f"number {dead if on.is_wrong(factor.link) else side}",
            f"({number})" if math.copysign(1.0, factor.value) < 0 else number,
        )
        for factor, number in zip(path.factors, numbers, strict=True)
    )
    formulas = [factor.show("pretty", "mul") for factor in path.factors]
    formulas = [f"({text})" if i and text.startswith("−") else text for i, text in enumerate(formulas)]
    is_plain = [text.strip("()") for text in formulas] == numbers
    return _Printed(
        _route([called(node) for node in path.nodes]),
        "" if is_plain else " · ".join(elided(formulas, FACTORS, "…")),
        shown,
        pretty_number(path.product, digits),
        dead if on.side_alive(path) == "dead" else side,
    )


def _result(number: str, side: str) -> Line:
    """The result of a row, marked and coloured by its side."""
    return [*([("key mark against", f"{AGAINST} ")] if side == "against" else []), (f"number {side}", number)]


def _route(names: Sequence[str]) -> str:
    """The variables of a path, without the middle if they are too many or too long."""
    texts = (" → ".join("".join(elided(x, most, "…")) for x in elided(names, n, "…")) for n, most in _ROUTES)
    return next((text for text in texts if room([("symbol", text)]) <= ROUTE), names[0])


_ROUTES = ((STATIONS, 40), (4, 40), (4, 24), (4, 16), (2, 16))  # how many variables, and letters of each


def _narrow(numbers: Sequence[Span]) -> Line:
    """The product of the numbers, without its middle if it is too wide."""
    for most in range(FACTORS, 1, -2):
        line = [span for number in elided(numbers, most, ("key", "…")) for span in (("key", " · "), number)][1:]
        if room(line) <= WIDEST:
            break
    return line


def _stacked(row: Row) -> list[Row]:
    """A row in two, with its route above."""
    if len(row) != 4 or not row[1]:
        return [row]
    return [*([(row[0],)] if row[0] else []), ([], *row[1:]) if row[2] else ([("key", "  "), *row[1]],)]


def _digits(paths: Sequence[Path], total: float) -> int:
    """As many digits as the remainder needs where paths cancel."""
    largest = max((abs(path.product) for path in paths), default=0.0)
    if not total or not math.isfinite(largest / total):
        return DIGITS
    return DIGITS + min(12, max(0, math.floor(math.log10(largest / abs(total)))) if largest else 0)


def _legend(chain: ChainRule, on: Contributions, dies: bool, rest_against: bool, width: float) -> list[Row]:
    notes: list[tuple[str, str]] = []
    if rest_against or any(on.side_alive(path) == "against" for path in on.paths):
        against = "against the total" if chain.total else "downwards, blue ones upwards: they cancel to 0"
        notes.append((AGAINST, f"ochre paths pull {against}"))
    small = f"|factor| ≤ {TINY:g}: "
    if on.killing and dies:
        notes.append(("✕", small + "the gradient dies here; next to nothing passes along dashed edges"))
    elif on.killing:
        notes.append(("✕", small + "next to no gradient passes along dashed edges, but other paths carry it"))
    if any(not math.isfinite(factor.value) for key, factor in on.factors.items() if key not in on.idle):
        notes.append(("!", "the factor is inf or nan, and so is what passes it"))
    notes += [("", note) for note in branches(chain, "pretty")]
    return [
        ([("key mark", f"{mark} " if mark and not i else ""), *line],)
        for mark, note in notes
        for i, line in enumerate(wrapped(note.split(), "key", width))
    ]
