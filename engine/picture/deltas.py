"""δ, the derivative with respect to a pre-activation z: its textbook name, and its formula in the next layer's δ."""

import math
from collections.abc import Callable

from ..chain import ChainRule, Factor, Path
from ..core import Value, pretty_number
from .contributions import Contributions
from .theme import Row

Named = Callable[[Value], str]


def delta_of(called: str) -> str:
    """The name of the derivative with respect to this variable; "" if it has none of its own.

    >>> delta_of("z⁽¹⁾₂"), delta_of("a⁽¹⁾₂")
    ('δ⁽¹⁾₂', '')
    """
    return f"δ{called[1:]}" if called.startswith("z⁽") else ""


def made_of(chain: ChainRule, on: Contributions, called: Named) -> list[Row]:
    """δ⁽¹⁾₂ = a⁽¹⁾₂ (1 − a⁽¹⁾₂) · (w⁽²⁾₁₂ δ⁽²⁾₁ + w⁽²⁾₂₂ δ⁽²⁾₂), and the same in numbers.

    Empty for the last layer, and if a path is not listed.
    """
    name, parts = delta_of(called(chain.wrt)), [_to_next(path, called) for path in on.paths]
    ways = {(part[0].link, part[-1].of): part for part in parts if len(part) > 1}
    if not name or not all(parts) or len(on.paths) < chain.path_count or len({slope for slope, _ in ways}) != 1:
        return []
    if len(ways) < len({part[-1].of for part in parts}):
        return []
    slope = next(iter(ways.values()))[0]
    formulas = [f"{_product(part[1:])} {delta_of(called(z))}" for (_, z), part in ways.items()]
    numbers = [f"{_number(_value(part[1:]))} · {_number(chain.derivatives[z])}" for (_, z), part in ways.items()]
    return [
        ([("name", f"{name} = {slope.show('pretty', 'mul')} · ({' + '.join(formulas)})")],),
        ([("key", "  = "), ("number", f"{pretty_number(slope.value)} · ({' + '.join(numbers)})")],),
    ]


def _to_next(path: Path, called: Named) -> tuple[Factor, ...]:
    """The factors of a path to the next pre-activation, none if there is no other."""
    ends = [i for i, factor in enumerate(path.factors, 1) if delta_of(called(factor.of))]
    return path.factors[: ends[0]] if ends else ()


def _product(factors: tuple[Factor, ...]) -> str:
    return " · ".join(factor.show("pretty", "mul") for factor in factors)


def _value(factors: tuple[Factor, ...]) -> float:
    return math.prod(factor.value for factor in factors)


def _number(number: float) -> str:
    return pretty_number(number) if number >= 0 else f"({pretty_number(number)})"
