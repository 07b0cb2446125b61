"""The answer to a learner's derivation of one derivative, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..chain import ChainRule, Factor, Path, show
from ..core import Value, api_boundary, many, short_number, total_derivative
from .written import Written

if TYPE_CHECKING:
    from ..picture import Picture, Theme


@api_boundary
@dataclass(frozen=True, slots=True)
class Check:
    """How an answer compares with the truth, as `ChainRule.check` returns it; `str()` is the text.

    `ok` is whether it is right, `wrong` the index of the wrong factor, None where no single one is known, `factor` what
    it should be, or several with it, and `written` what they are.

    >>> from engine import Value, chain_rule
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> check = chain_rule((w * x) ** 2, w).check("2 * w * x")
    >>> check.ok, chain_rule((w * x) ** 2, w).check("2 * w * x * x").ok
    (False, True)
    """

    ok: bool
    wrong: int | None
    text: str
    factor: Factor | None = None  # what the wrong factor should be
    written: str = ""  # and what it is

    def draw(self, depth: int | None = None, theme: Theme = "auto") -> Picture:
        """The picture of the chain rule with the wrong factor marked; a ValueError where no single factor is wrong."""
        from ..picture import Picture, View, marked

        if self.factor is None:
            raise ValueError(f"there is no wrong factor to mark: {self.text}")
        return Picture.of(marked(self.factor, self.written, self.text, View(depth, theme)))

    def __str__(self) -> str:
        return self.text


def derivative_of(chain: ChainRule) -> str:
    """The derivative by name: dL/dw."""
    names = chain.naming.names
    return total_derivative(names[chain.output], names[chain.wrt])


def value_of(written: Written) -> str:
    """The learner's text, and its number if the text is a formula, with the digits that floats lose."""
    number = short_number(written.exact if written.is_lost else written.number)
    return written.text if written.is_number or written.text == number else f"{written.text} = {number}"


def in_floats(chain: ChainRule, written: Written) -> str:
    """What a right formula is in floats, if it loses its digits there, and what keeps them: tanh'(z) for 1 - a²."""
    if not written.is_lost:
        return ""
    lost = "keeps too few digits" if written.number else "is 0"
    links = [factor.link for path in chain.paths(1) for factor in path.factors]
    slopes = (chain.naming.exact_slope(node) for link in links for node, *_ in chain.naming.steps(link))
    use = "; use ".join(["", *dict.fromkeys(show(slope, "spoken") for slope in slopes if slope)][:2])
    return f"; the formula is right, but in floats it {lost}{use}"


def right_for_one(chain: ChainRule, paths: list[Path], rank: int) -> str:
    """Right for path 1 of 2, x → a → y, which gives 24: the path through b adds 12, and dy/dx = 36."""
    this, count = paths[rank], chain.path_count
    rest = short_number(chain.total - this.product)
    other = paths[1 - rank] if count == 2 else None
    more = f"{_other(chain, this, other)} adds {rest}" if other else f"the other {many(count - 1)} paths add {rest}"
    head = f"right for path {rank + 1} of {many(count)}, {route(chain, this)}, which gives {short_number(this.product)}"
    return f"{head}: {more}, and {derivative_of(chain)} = {short_number(chain.total)}"


def _other(chain: ChainRule, this: Path, other: Path) -> str:
    """A name for the other path: the variables that only it passes through."""
    own = [chain.naming.describe(node) for node in other.nodes if node not in this.nodes]
    return f"the path through {' and '.join(own)}" if own else f"the path {route(chain, other)}"


def route(chain: ChainRule, path: Path) -> str:
    """The variables of a path: w → z → L."""
    return arrows(chain, path.nodes)


def arrows(chain: ChainRule, nodes: Sequence[Value]) -> str:
    """The names of variables, from one to the next."""
    return " → ".join(map(chain.naming.describe, nodes))


def with_hint(text: str, hint: str) -> str:
    """The text, and the hint if there is one."""
    return f"{text}: {hint}" if hint else text
