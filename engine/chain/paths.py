"""The chain rule as paths: fold the graph into variables, then count, rank and multiply the paths between two.

A variable is a labelled Value or one of the two ends (by="labels"), or any node (by="operations"). A link is one
step between variables, the derivative `value` of `of` in `wrt` with every variable beside it held fixed, so what
lies between two variables is one factor. Paths may outnumber the atoms: they are counted in exact integers, and
the k largest found by carrying the k best ways to each variable forward, as linked lists.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush, nlargest
from typing import TYPE_CHECKING, Literal

from ..core import Value, between, grad

if TYPE_CHECKING:
    import os

    from graphviz import Digraph

    from ..grading import Check
    from ..page import Frame
    from ..picture import Theme
    from .expressions import Style
    from .verdict import Judgement

By = Literal["labels", "operations"]


def chain_rule(output: Value, wrt: Value, by: By = "labels") -> "ChainRule":
    """The derivative of `output` in `wrt`, path by path.

    With by="labels" only labelled Values and the two ends are variables; with by="operations" every node is.
    An `output` that does not depend on `wrt` is not an error: the verdict is "disconnected". What is not a
    Value is a TypeError, another `by` a ValueError.

    >>> x = Value(3.0, "x")
    >>> y = x * x + x
    >>> chain_rule(y, x).path_count, chain_rule(y, x, by="operations").path_count, chain_rule(y, x).total
    (1, 3, 7.0)
    """
    for end in (output, wrt):
        if not isinstance(end, Value):
            raise TypeError(f"chain_rule takes two Values, not {type(end).__name__} {end!r}")
    if by not in ("labels", "operations"):
        raise ValueError(f'by is "labels" or "operations", not {by!r}')
    return ChainRule(output, wrt, by)


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """One step between variables: the derivative of `of` in `wrt`, by operand `slot` where every node is a variable."""

    of: Value
    wrt: Value
    value: float
    slot: int | None = None


Links = dict[Value, list[Link]]  # of each variable, in order, the links to the variables it is made of


def variable_graph(
    nodes: Sequence[Value], ends: Collection[Value] = (), by: By = "labels", hidden: Collection[Value] = ()
) -> Links:
    """The graph of variables over `nodes`, which are in order, operands first.

    `ends` are variables in any case, and what is `hidden` is folded as if it had no label.

    >>> x = Value(3.0, "x")
    >>> y = x * x + x
    >>> [(link.of is y, link.wrt.label, link.value) for link in variable_graph([x, y._a, y], [y])[y]]
    [(True, 'x', 7.0)]
    """
    rank = {node: i for i, node in enumerate(nodes)}
    if by == "operations":
        return {
            node: [
                Link(node, operand, partial, slot)
                for slot, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True))
                if operand in rank
            ]
            for node in nodes
        }
    variables = {node for node in nodes if node.label and node not in hidden} | set(ends)
    return {node: _links(node, rank, variables) for node in nodes if node in variables}


def _links(of: Value, rank: dict[Value, int], variables: Collection[Value]) -> list[Link]:
    """Reverse mode from one variable down to the next: unnamed nodes in reverse order of rank, by a heap."""
    adjoints, heap = {of: 1.0}, [(-rank[of], of)]
    found: dict[Value, float] = {}
    while heap:
        node = heappop(heap)[1]
        adjoint = adjoints.pop(node)
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if operand in variables and operand in rank:
                found[operand] = found.get(operand, 0.0) + adjoint * partial
            elif operand in rank:
                if operand not in adjoints:
                    heappush(heap, (-rank[operand], operand))
                adjoints[operand] = adjoints.get(operand, 0.0) + adjoint * partial
    return [Link(of, wrt, found[wrt]) for wrt in sorted(found, key=rank.__getitem__)]


@dataclass(frozen=True, eq=False, slots=True)
class Factor:
    """One factor of a path: the derivative of `of` in `wrt`, as a number and as a formula in the labels."""

    of: Value
    wrt: Value
    value: float
    link: Link = field(repr=False)
    chain: "ChainRule" = field(repr=False)

    @property
    def formula(self) -> str:
        """The local derivative as text that evaluates to `value`: "2 * (a - y)"."""
        return self._show("text")

    @property
    def latex(self) -> str:
        """The local derivative in LaTeX."""
        return self._show("latex")

    @property
    def pretty(self) -> str:
        """The local derivative as pictures show it: "2 (a − y)"."""
        return self._show("pretty")

    def _show(self, style: "Style", within: str = "") -> str:
        from .expressions import show
        from .symbolic import naming

        return show(naming(self.chain).slope(self), style, within)


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """One path from wrt to output: its variables, and between each two of them a factor."""

    nodes: tuple[Value, ...]
    factors: tuple[Factor, ...]

    @property
    def product(self) -> float:
        """All factors multiplied: what this path contributes to the derivative."""
        return math.prod(factor.value for factor in self.factors)

    @property
    def pretty(self) -> str:
        """The factors as pictures write them, from the output back to wrt: "2 (a − y) · σ′(z) · x"."""
        return " · ".join(factor._show("pretty", within="mul") for factor in reversed(self.factors)) or "1"


class ChainRule:
    """The derivative of `output` in `wrt` as a sum over paths: see `chain_rule`."""

    def __init__(self, output: Value, wrt: Value, by: By = "labels", hidden: Collection[Value] = ()) -> None:
        self.output, self.wrt, self.by, self.hidden = output, wrt, by, hidden
        self.links = variable_graph(between([wrt], output), (output, wrt), by, hidden)

    @cached_property
    def total(self) -> float:
        """The derivative of output in wrt: the sum over all paths, and what `backward()` gives."""
        total: float = grad(self.output, [self.wrt])[0]
        return total

    @cached_property
    def path_count(self) -> int:
        """How many paths there are, exactly."""
        counts: dict[Value, int] = {}
        for node, links in self.links.items():
            counts[node] = (node is self.wrt) + sum(counts[link.wrt] for link in links)
        return counts.get(self.output, 0)

    def paths(self, k: int = 10) -> list[Path]:
        """The `k` paths of largest absolute product (all, if there are fewer), largest first.

        >>> x, y = Value(2.0, "x"), Value(5.0, "y")
        >>> a, b = x * y, x + y
        >>> a.label, b.label = "a", "b"
        >>> [path.product for path in chain_rule(a * b, x).paths()]
        [35.0, 10.0]
        """
        if not isinstance(k, int) or k < 0:
            raise ValueError(f"k is how many paths to list, a whole number from 0, not {k!r}")
        best: dict[Value, list[_Way]] = {}
        for node, links in self.links.items():
            ways = (_Way(_times(way.size, _size(link.value)), link, way) for link in links for way in best[link.wrt])
            best[node] = [_Way(_size(1.0), None, None)] if node is self.wrt else nlargest(k, ways, key=_Way.rank)
        found = [self._path(way) for way in best.get(self.output, [])[:k]]
        return sorted(found, key=lambda path: abs(path.product), reverse=True) if _comparable(found) else found

    def _path(self, way: "_Way") -> Path:
        links = list(reversed([step.link for step in way.steps() if step.link]))
        factors = tuple(Factor(link.of, link.wrt, link.value, link, self) for link in links)
        return Path((self.wrt, *(factor.of for factor in factors)), factors)

    @property
    def verdict(self) -> str:
        """One of "ok", "killed", "cancelled", "vanishing", "underflow", "disconnected", "non_finite"."""
        return self.judgement.verdict

    @property
    def sentence(self) -> str:
        """The verdict and its reason, in words."""
        return self.judgement.sentence

    @cached_property
    def judgement(self) -> "Judgement":
        """The verdict, its sentence, and the factors to blame."""
        from .verdict import judge

        return judge(self)

    def check(self, factors: "Sequence[float | str]", path: int = 0) -> "Check":
        """Compare the learner's factors of a path, from wrt to output, with the true ones: `.ok`, `.wrong`, a text."""
        from ..grading import check

        return check(self, factors, path)

    def to_latex(self) -> str:
        """The chain rule as a LaTeX `aligned` block: formulas, numbers and the sum."""
        from .text import to_latex

        return to_latex(self)

    def draw(self, depth: int | None = None, theme: "Theme" = "auto") -> "Digraph":
        """The picture, as a `graphviz.Digraph`: see `engine.draw`."""
        from ..picture import draw

        return draw(self.output, self.wrt, self.by, depth, theme)

    def save(self, path: "str | os.PathLike[str]", depth: int | None = None, theme: "Theme" = "auto") -> None:
        """Write the picture or page to a file, `.svg .png .pdf .dot .html` by its suffix: see `engine.render`."""
        from ..picture import render

        render(self.output, path, self.wrt, self.by, depth, theme)

    def explore(self) -> "Frame":
        """The interactive page, for a notebook."""
        from ..page import explore

        return explore(self.output, self.wrt, self.by)

    def __str__(self) -> str:
        from .text import to_text

        return to_text(self)

    def _repr_svg_(self) -> str:
        from ..picture import picture

        return picture(self.output, self.wrt, self.by).svg()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.to_latex()}\n$$"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self._repr_svg_(), "text/latex": self._repr_latex_(), "text/plain": str(self)}


Size = tuple[float, float]  # a product's magnitude as (exponent, mantissa) base 2, which can't underflow: (3, 0.5) is 4


def _size(number: float) -> Size:
    if not math.isfinite(number):
        return (math.inf, abs(number))  # to be looked at first
    mantissa, exponent = math.frexp(abs(number))
    return (exponent, mantissa) if mantissa else (-math.inf, 0.0)


def _times(left: Size, right: Size) -> Size:
    mantissa, exponent = math.frexp(left[1] * right[1])
    return (left[0] + right[0] + exponent, mantissa)


@dataclass(frozen=True, slots=True)
class _Way:
    """The last step of a way from wrt to some variable, and the way before it."""

    size: Size
    link: Link | None
    before: "_Way | None"

    def rank(self) -> Size:
        return self.size

    def steps(self) -> Iterator["_Way"]:
        way: _Way | None = self
        while way:
            yield way
            way = way.before


def _comparable(paths: Sequence[Path]) -> bool:
    return all(math.isfinite(path.product) and path.product for path in paths)
