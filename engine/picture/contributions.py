"""For each step of the listed paths: its share, whether it is for or against the total, and where paths die."""

import math
from collections.abc import Sequence
from functools import cached_property

from ..chain import TINY, ChainRule, Factor, Link, Path, tiny_factors
from ..core import Value

Step = tuple[Value, Value, int | None]


def step(link: Link) -> Step:
    """A key that a link keeps in another folding of the graph."""
    return link.of, link.wrt, link.slot


class Contributions:
    """The paths that a picture shows, and of each step on them the factor, what it contributes, and to which side.

    A step's contribution is the sum of the products of the listed paths through it.

    >>> w, z = Value(0.8, "w"), Value(50.0, "z")
    >>> a = z.sigmoid()
    >>> chain = ChainRule(a, z)
    >>> found = Contributions(chain, chain.paths())
    >>> found.sides[a, z, None], found.cut == {z}
    (('for', 'dead'), True)
    """

    def __init__(self, chain: ChainRule | None, paths: list[Path]) -> None:
        self.paths = paths
        self.chain, self.total = chain, chain.total if chain else 0.0
        self.factors: dict[Step, Factor] = {step(f.link): f for path in self.paths for f in path.factors}
        self.nodes = dict.fromkeys(node for path in self.paths for node in path.nodes)  # the strongest path's first
        self.through: dict[Step, list[int]] = {key: [] for key in self.factors}  # ranks of paths, from 1
        self.contribution = dict.fromkeys(self.factors, 0.0)
        for i, path in enumerate(self.paths, 1):
            for factor in path.factors:
                self.through[step(factor.link)].append(i)
                self.contribution[step(factor.link)] += path.product
        self.largest = largest = max(map(abs, self.contribution.values()), default=0.0)
        shared = 0.0 < largest < math.inf
        self.share = {key: abs(part) / largest if shared else 0.0 for key, part in self.contribution.items()}
        passing = {step(factor.link) for path in self.paths if not path.is_cut for factor in path.factors}
        self.idle = self.factors.keys() - passing  # on cut paths only: nothing arrives
        self.killing = self._killing(chain is not None and bool(self.paths) and chain.verdict == "killed")
        self._arrive()

    def _killing(self, all_die: bool) -> set[Step]:
        """Tiny factors of negligible paths (of all, with `all_die`), unless a path that matters shares them."""
        largest = max((abs(path.product) for path in self.paths), default=0.0)
        tiny: set[Step] = set()
        alive: set[Step] = set()
        for path in self.paths:
            small = {step(factor.link) for factor in tiny_factors(path)}
            if small and (all_die or abs(path.product) <= TINY * largest < math.inf):
                tiny |= small
            else:
                alive |= small
        return tiny - alive

    def _arrive(self) -> None:
        """From the output back: beyond a factor that kills, nothing arrives."""
        reached: set[Step] = set()
        passed: set[Step] = set()
        for path in self.paths:
            for factor in reversed(path.factors):
                reached.add(step(factor.link))
                if step(factor.link) in self.killing:
                    break
                passed.add(step(factor.link))
        alive = {wrt for _, wrt, _ in passed}
        self.cut = {wrt for _, wrt, _ in self.factors} - alive
        self.sides = {
            key: (self.side(key) if key in reached else "dead", self.side(key) if key in passed else "dead")
            for key in self.factors
        }

    @cached_property
    def _reach(self) -> dict[Value, float]:
        """The derivative of every variable on a path, listed or not, with respect to wrt."""
        if not self.chain:
            return {}
        return self.chain.along(1.0, lambda steps: sum(link.value * x for link, x in steps if not link.is_cut))

    def reaches(self, node: Value) -> bool:
        """Whether a path leads through a variable, be it listed or not."""
        return bool(self._reach.get(node) and self.chain and self.chain.derivatives[node])

    def beside(self, links: Sequence[Link]) -> tuple[str, float]:
        """The side and the share of the contribution of all paths through some links, listed or not."""
        derivatives = self.chain.derivatives if self.chain else {}
        parts = (self._reach.get(x.wrt, 0.0) * x.value * derivatives.get(x.of, 0.0) for x in links if not x.is_cut)
        part = sum(parts)
        share = abs(part) / self.largest if 0.0 < self.largest < math.inf else 0.0
        return self._side(part), min(share, 1.0) if math.isfinite(share) else 0.0

    def side(self, of: Step | Path) -> str:
        """Whether a path or step contributes "for" the total or "against" it; if that is 0, positive is "for"."""
        return self._side(of.product if isinstance(of, Path) else self.contribution[of])

    def _side(self, contribution: float) -> str:
        return "against" if contribution * math.copysign(1.0, self.total) < 0 else "for"

    def side_alive(self, path: Path) -> str:
        """The side of a path, or "dead" by a factor that is wrong."""
        wrong = any(self.is_wrong(factor.link) for factor in path.factors)
        return "dead" if wrong else self.side(path)

    def is_wrong(self, link: Link) -> bool:
        """Whether a factor kills, or is inf or nan."""
        key = step(link)
        return key in self.killing or (not math.isfinite(link.value) and key not in self.idle)
