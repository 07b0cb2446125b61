"""Random programs over the whole table, and the numbers to run them on.

A program is a description: `program.run(inputs, apply)` runs it in any algebra, such as `engine.core.value.apply` on
Values, `engine.table.rows.numeric` on floats, or one of those in algebras.py.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from algebras import flatten, in_floats
from hypothesis import strategies as st

from engine.table.formula import TABLE, numeric

EDGES = [0.0, 5e-324, 1e-310, 2.3e-308, 1e-200, 1e-16, 0.5, 1.0, 2.0, 3.0, 26.0, 37.0, 50.0, 709.0, 745.0, 1e16, 1e308]
EDGES = [*EDGES, *(-x for x in EDGES), math.inf, -math.inf, math.nan]

LARGEST = 100.0  # of a number and of a derivative in a tame program
ROUNDING = {"rest", "root_rest", "square_rest"}  # rows whose result is a rounding error
CONSTANT = {
    "shift",
    "extent",
    "reach",
    "detach",
    "erf_rest",
    *ROUNDING,
}  # rows that differentiation takes as constants, which no difference quotient confirms

moderate = st.floats(-3.0, 3.0)
numbers = st.sampled_from(EDGES) | st.floats()
finite = st.sampled_from([x for x in EDGES if math.isfinite(x)]) | st.floats(allow_nan=False, allow_infinity=False)


def operands(name: str, numbers: st.SearchStrategy[float]) -> st.SearchStrategy[list[Any]]:
    """Operands for a row: a number for each operand, lists of one length where it takes sequences."""
    variables = TABLE[name].variables

    def of_size(size: int) -> st.SearchStrategy[list[Any]]:
        lists = st.lists(numbers, min_size=size, max_size=size)
        return st.tuples(*(lists if variable.isupper() else numbers for variable in variables)).map(list)

    return st.integers(1, 4).flatmap(of_size) if TABLE[name].variadic else of_size(0)


@dataclass(frozen=True)
class Program:
    """Steps that each apply a row to numbers made before; inputs come first, `sum` of the loose ends last."""

    inputs: int
    steps: tuple[tuple[str, tuple[Any, ...]], ...]

    def run(self, inputs: Sequence[Any], apply: Callable[..., Any]) -> Any:
        """The output in an algebra."""
        made = list(inputs)
        for name, places in self.steps:
            made.append(apply(name, *_pick(made, places)))
        return apply("sum", [made[i] for i in self.loose_ends])

    @property
    def loose_ends(self) -> list[int]:
        """The steps that no other uses."""
        used = {i for _, places in self.steps for place in places for i in (place if _is_list(place) else [place])}
        return [i for i in range(self.inputs, self.inputs + len(self.steps)) if i not in used]


def _is_list(place: Any) -> bool:
    return isinstance(place, tuple)


def _pick(made: Sequence[Any], places: Sequence[Any]) -> list[Any]:
    return [[made[i] for i in place] if _is_list(place) else made[place] for place in places]


@st.composite
def programs(
    draw: Any, tame: bool = True, without: frozenset[str] | set[str] = frozenset()
) -> tuple[Program, list[float]]:
    """A program and a point to run it at.

    A tame one is smooth around its point, and its numbers and derivatives are at most `LARGEST`: a step that
    would break this is replaced by tanh. Any other program may meet every edge there is.
    """
    names = sorted(TABLE.keys() - without)
    point = draw(st.lists(moderate if tame else numbers, min_size=1, max_size=4))
    made, steps, reach = list(point), [], [1.0 for _ in point]
    for _ in range(draw(st.integers(1, 10))):
        name = draw(st.sampled_from(names))
        place = st.integers(0, len(made) - 1)
        size = draw(st.integers(1, 3)) if TABLE[name].variadic else 0
        lists = st.lists(place, min_size=size, max_size=size).map(tuple)
        places = tuple(draw(lists if variable.isupper() else place) for variable in TABLE[name].variables)
        if tame and not is_tame(name, _pick(made, places), _pick(reach, places)):
            name, places = "tanh", (places[0][0] if _is_list(places[0]) else places[0],)
        steps.append((name, places))
        reach.append(_reach(name, _pick(made, places), _pick(reach, places)))
        made.append(numeric(name, *_pick(made, places)))
    return Program(len(point), tuple(steps)), point


def is_tame(name: str, operands: Sequence[Any], reach: Sequence[Any] | None = None) -> bool:
    """Whether a row's result and slopes are moderate at these operands, and nearly the same around them.

    `reach` bounds the derivative of each operand in the inputs of the program, if they are not the inputs.
    """
    flat = flatten(name, operands)
    y, slopes = in_floats(name, operands)
    if not (abs(y) <= LARGEST and all(abs(slope) <= LARGEST for slope in slopes)):
        return False
    if reach is not None and not _reach(name, operands, reach) <= LARGEST:
        return False
    for i, (x, slope) in enumerate(zip(flat, slopes, strict=True)):
        for step in (-1e-4, 1e-4):
            there, others = in_floats(name, TABLE[name].split([*flat[:i], x + step, *flat[i + 1 :]]))
            jumps = name not in CONSTANT and not abs(there - y - slope * step) <= 0.05 * (1 + abs(slope)) * abs(step)
            if jumps or not all(abs(a - b) <= 0.05 * (1 + abs(a)) for a, b in zip(slopes, others, strict=True)):
                return False
    return True


def _reach(name: str, operands: Sequence[Any], reach: Sequence[Any]) -> float:
    _, slopes = in_floats(name, operands)
    return sum(abs(a * b) for a, b in zip(slopes, flatten(name, reach), strict=True))
