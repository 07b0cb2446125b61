"""What the listed paths say of each step: its share, whether it pulls for the total or against it, where it dies."""

import math

from ..chain import TINY, ChainRule, Factor, Link, Path
from ..core import Value

Step = tuple[Value, Value, int | None]


def step(link: Link) -> Step:
    """What makes a link the same in two foldings of one graph."""
    return link.of, link.wrt, link.slot


class Contributions:
    """The paths that a picture shows, and of each step on them the factor, the share and the pull.

    >>> w, z = Value(0.8, "w"), Value(50.0, "z")
    >>> a = z.sigmoid()
    >>> chain = ChainRule(a, z)
    >>> flow = Contributions(chain, chain.paths())
    >>> flow.pull[a, z, None], flow.cut == {z}
    (('for', 'dead'), True)
    """

    def __init__(self, chain: ChainRule | None, paths: list[Path]) -> None:
        self.paths = paths
        self.total = chain.total if chain else 0.0
        self.factors: dict[Step, Factor] = {step(f.link): f for path in self.paths for f in path.factors}
        self.nodes = {node for path in self.paths for node in path.nodes}
        self.through: dict[Step, list[int]] = {key: [] for key in self.factors}  # the numbers of the paths
        self.flow = dict.fromkeys(self.factors, 0.0)
        for i, path in enumerate(self.paths, 1):
            for factor in path.factors:
                self.through[step(factor.link)].append(i)
                self.flow[step(factor.link)] += path.product
        largest = max(map(abs, self.flow.values()), default=0.0)
        shared = 0.0 < largest < math.inf
        self.share = {key: abs(flow) / largest if shared else 0.0 for key, flow in self.flow.items()}
        self.killing = self._killing(chain is not None and bool(self.paths) and chain.verdict == "killed")
        self._arrive()

    def _killing(self, all_die: bool) -> set[Step]:
        """The tiny factors of paths that come to next to nothing beside the strongest, or all do, of no other path."""
        largest = max((abs(path.product) for path in self.paths), default=0.0)
        tiny: set[Step] = set()
        alive: set[Step] = set()
        for path in self.paths:
            small = {step(factor.link) for factor in path.factors if abs(factor.value) <= TINY}
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
        self.pull = {
            key: (self.colour(key) if key in reached else "dead", self.colour(key) if key in passed else "dead")
            for key in self.factors
        }

    def splits(self, key: Step) -> bool:
        """Whether some listed paths take this step and others don't."""
        return len(self.paths) > 1 and len(self.through[key]) < len(self.paths)

    def colour(self, key: Step) -> str:
        """Whether what goes through a step pulls "for" the total or "against" it."""
        return self._side(self.flow[key])

    def colour_of(self, path: Path) -> str:
        """Whether a path pulls "for" the total or "against" it, or is "dead" by a factor that is wrong."""
        wrong = any(self.is_wrong(factor.link) for factor in path.factors)
        return "dead" if wrong else self.side(path)

    def is_wrong(self, link: Link) -> bool:
        """Whether a factor kills, or is inf or nan."""
        return step(link) in self.killing or not math.isfinite(link.value)

    def side(self, path: Path) -> str:
        """Whether a path pulls "for" the total or "against" it, dead or alive."""
        return self._side(path.product)

    def _side(self, contribution: float) -> str:
        """Where the total is 0, upwards is "for"."""
        return "against" if contribution * math.copysign(1.0, self.total) < 0 else "for"
