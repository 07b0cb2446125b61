"""The chain rule as paths: count, rank and multiply the paths between two variables.

The number of paths can be exponential. They are counted in exact integers; the k largest are found by carrying the
k best paths to each variable forward, as linked lists.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ..core import Value, api_boundary, count, derivative, reading, short_number
from .expressions import Style, show
from .ranking import START, PartialPath, best
from .symbolic import dependents
from .terms import Term
from .variables import By, Link, Links, VariableGraph, uncut

if TYPE_CHECKING:
    import os

    from ..grading import Check
    from ..page import Frame
    from ..picture import Picture, Theme
    from .exact import Exact
    from .verdict import Judgement, UpAndDown

Sum = TypeVar("Sum")
SUMMED = 100  # paths that are added up one by one, so that no rounding of the total shows


@api_boundary
def chain_rule(output: Value, wrt: Value, by: By = "labels") -> "ChainRule":
    """The derivative of `output` with respect to `wrt`, path by path.

    With by="labels" only labelled Values and the two ends are variables. If nothing between the ends has a label, or
    with by="operations", every node is a variable. An `output` that does not depend on `wrt` is not an error: the
    verdict is "disconnected". An argument that is not a Value is a TypeError, another `by` a ValueError.

    >>> x = Value(3.0, "x")
    >>> y = x * x + x
    >>> chain_rule(y, x).path_count, chain_rule(y, x).total
    (3, 7.0)
    >>> y.operands[0].label = "square"
    >>> chain_rule(y, x).path_count, chain_rule(y, x, by="operations").path_count
    (2, 3)
    """
    chain = ChainRule(output, wrt, by)
    reading(output, "chain rule")
    return chain


def explained(output: Value, wrt: Value | None = None, by: By = "labels") -> VariableGraph:
    """The chain rule for pictures and pages; without `wrt`, the graph of `output`."""
    return VariableGraph(output, None, by) if wrt is None else chain_rule(output, wrt, by)


@api_boundary
@dataclass(frozen=True, eq=False, slots=True)
class Factor:
    """One factor of a path: the derivative of `of` with respect to `wrt`, as a number and as a formula."""

    of: Value
    wrt: Value
    value: float
    link: Link = field(repr=False)
    chain: "ChainRule" = field(repr=False)

    @property
    def formula(self) -> str:
        """The local derivative as text that evaluates to `value`: "2 * (a - y)"."""
        return self.show("text")

    @property
    def latex(self) -> str:
        """The local derivative in LaTeX."""
        return self.show("latex")

    @property
    def pretty(self) -> str:
        """The local derivative as pictures show it: "2 (a − y)"."""
        return self.show("pretty")

    @property
    def equation(self) -> str:
        """The local derivative with its name, formula and number: "∂L/∂a = 2 * (a - y) = 0.4"."""
        names, number = self.chain.naming.names, short_number(self.value)
        spoken = self.show("spoken")
        formula = "" if spoken == number else f"{spoken} = "
        return f"{derivative(names[self.of], names[self.wrt])} = {formula}{number}"

    def show(self, style: Style, within: str = "") -> str:
        """The local derivative in a style, in brackets if the operation it is `within` needs them."""
        return show(self.term, style, within)

    @property
    def term(self) -> Term:
        """The local derivative as data, derived once: text, LaTeX, pictures and pages write this."""
        term = self.chain.forms.get(self.link)
        if term is None:
            from .textbook import of_link

            term = self.chain.forms[self.link] = of_link(self.link, self.chain.naming)
        return term


@api_boundary
@dataclass(frozen=True, eq=False)
class Path:
    """One path from wrt to output: its variables, and a factor between neighbours."""

    nodes: tuple[Value, ...]
    factors: tuple[Factor, ...]

    @cached_property
    def product(self) -> float:
        """All factors multiplied: what this path contributes to the derivative."""
        return 0.0 if self.is_cut else math.prod(factor.value for factor in self.factors)

    @property
    def is_cut(self) -> bool:
        """Whether the path leads through a `detach` or a branch not taken, where it ends."""
        return any(factor.link.is_cut for factor in self.factors)

    @property
    def pretty(self) -> str:
        """The factors as pictures write them, from the output back to wrt: "2 (a − y) · σ′(z) · x"."""
        return " · ".join(factor.show("pretty", within="mul") for factor in reversed(self.factors)) or "1"


@api_boundary
class ChainRule(VariableGraph):
    """The derivative of `output` with respect to `wrt` as a sum over paths, as `chain_rule` returns it.

    `str()` is the table of paths; a notebook shows the picture.

    >>> x = Value(3.0, "x")
    >>> chain = chain_rule(x * x + x, x)
    >>> chain.total, chain.path_count, chain.verdict
    (7.0, 3, 'ok')
    """

    wrt: Value

    @cached_property
    def forms(self) -> dict[Link, Term]:
        """The formulas of links, cached."""
        return {}

    @cached_property
    def exact(self) -> dict[int, "Exact"]:
        """The graph in decimals by their digits, cached."""
        return {}

    @cached_property
    def links(self) -> Links:
        """The variables on the paths, in order, and the links between them; cut links only if every path is cut."""
        found = dependents(self.wrt, self.nodes)
        links = self.links_among(list(found)) if self.output in found else {}
        return uncut(links, self.wrt, self.output) or links

    @property
    def total(self) -> float:
        """The derivative of output with respect to wrt: the sum over all paths, as `backward()` gives it."""
        index_of, gradients = self.graph.index_of, self.graph.gradients
        return gradients[index_of[self.wrt]] if self.wrt in index_of else 0.0

    @cached_property
    def path_count(self) -> int:
        """The exact number of paths; one through a `detach` or a branch not taken counts only if all paths do that."""
        return self.along(1, lambda steps: sum(count for _, count in steps)).get(self.output, 0)

    def along(self, start: Sum, add: "Callable[[list[tuple[Link, Sum]]], Sum]") -> dict[Value, Sum]:
        """The results of all variables on paths: `start` at wrt; `add` combines links with the results at their wrt."""
        found: dict[Value, Sum] = {}
        for node, links in self.links.items():
            found[node] = start if node is self.wrt else add([(link, found[link.wrt]) for link in links])
        return found

    @cached_property
    def operations(self) -> "ChainRule":
        """The same chain rule with every operation as a variable."""
        return self if self.by == "operations" else ChainRule(self.output, self.wrt, "operations", source=self)

    @cached_property
    def up_and_down(self) -> "UpAndDown":
        """The sum of the positive path products, and of the negative ones' magnitudes."""
        from .verdict import up_and_down

        return up_and_down(self)

    def paths(self, k: int = 10) -> list[Path]:
        """The `k` paths of largest absolute product (all, if there are fewer), largest first.

        >>> x, y = Value(2.0, "x"), Value(5.0, "y")
        >>> a, b = x * y, x + y
        >>> a.label, b.label = "a", "b"
        >>> [path.product for path in chain_rule(a * b, x).paths()]
        [35.0, 10.0]
        """
        k = count(k, "k, the number of paths to list,", 0)
        strongest = self.along([START], lambda steps: best(steps, k)).get(self.output, [])
        found = [self._path(path) for path in strongest[:k]]
        if not all(math.isfinite(path.product) and path.product for path in found):
            return found
        return sorted(found, key=lambda path: abs(path.product), reverse=True)

    def rest(self, listed: int) -> float:
        """The sum of all paths but the `listed` strongest ones."""
        if self.path_count <= SUMMED:
            return sum(path.product for path in self.paths(self.path_count)[listed:])
        return self.total - sum(path.product for path in self.paths(listed))

    def _path(self, path: "PartialPath") -> Path:
        links = list(reversed([step.link for step in path.steps() if step.link]))
        factors = tuple(Factor(link.of, link.wrt, link.value, link, self) for link in links)
        return Path((self.wrt, *(factor.of for factor in factors)), factors)

    @property
    def verdict(self) -> str:
        """One of "ok killed cancelled vanishing exploding underflow disconnected non_finite"; labels do not matter."""
        return self.judgement.verdict

    @property
    def sentence(self) -> str:
        """The effect of raising wrt on output, and the reason for the verdict."""
        return self.judgement.sentence

    @cached_property
    def judgement(self) -> "Judgement":
        """The verdict, its sentence, and the factors to blame."""
        from .verdict import judge

        return judge(self)

    @cached_property
    def closed_form(self) -> str:
        """The whole derivative as a textbook prints it, "(p - y) * x", proven; "" where there is no short form.

        >>> x, w, y = Value(0.7, "x"), Value(0.4, "w"), Value(1.0, "y")
        >>> p = (w * x).sigmoid()
        >>> p.label = "p"
        >>> chain_rule(-(y * p.log() + (1 - y) * (1 - p).log()), w).closed_form
        '(p - y) * x'
        """
        from .nested import nested

        is_product = math.isfinite(self.total) and any(len(path.factors) > 1 for path in self.folded.paths(1))
        term = nested(self.folded) if self._closed is None and is_product else self._closed
        return "" if term is None or isinstance(term, float) else show(term, "spoken")

    def closed(self, style: Style) -> str:
        """The whole derivative as a textbook prints it, in a style."""
        term = self._closed
        return "" if term is None else show(term, style)

    @cached_property
    def _closed(self) -> Term | None:
        from .textbook import whole

        return whole(self.folded)

    def check(self, answer: "float | str | Sequence[float | str]", path: int | None = None) -> "Check":
        """Judge a learner's own derivative, or the factors of a path in either order: `.ok`, `.wrong`, a text."""
        from ..grading import check

        return check(self, answer, path)

    def to_latex(self) -> str:
        """The chain rule as a LaTeX `aligned` block: formulas, numbers and the sum."""
        from .text import to_latex

        return to_latex(self)

    def draw(self, depth: int | None = None, theme: "Theme" = "auto") -> "Picture":
        """The picture, as a `graphviz.Digraph`: see `engine.draw`."""
        from ..picture import Picture, View, diagram_of

        return Picture.of(diagram_of(self, View(depth, theme)))

    def save(self, path: "str | os.PathLike[str]", depth: int | None = None, theme: "Theme" = "auto") -> None:
        """Write the picture or page to a file, `.svg .png .pdf .dot .html` by its suffix: see `engine.render`."""
        from ..picture import View, write

        write(self, path, View(depth, theme))

    def explore(self) -> "Frame":
        """The interactive page, for a notebook."""
        from ..page import Frame

        return Frame(self)

    def __str__(self) -> str:
        from .text import to_text

        return to_text(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from ..picture import to_html

        return {"text/html": to_html(self), "text/latex": f"$$\n{self.to_latex()}\n$$", "text/plain": str(self)}
