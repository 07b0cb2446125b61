"""What the listed paths say of each link: its share, whether it pulls for or against, and where it dies."""

from .paths import Factor, Link, Path
from .value import Value
from .verdict import TINY

Step = tuple[Value, Value, int | None]


def step(link: Link) -> Step:
    """What makes a link the same in two foldings of one graph."""
    return link.of, link.wrt, link.slot


class Flow:
    """What the listed paths say of each link: its factor, its share, its pull, and whether it kills."""

    def __init__(self, paths: list[Path], total: float) -> None:
        self.paths, self.total = paths, total
        self.factors: dict[Step, Factor] = {step(factor.link): factor for path in paths for factor in path.factors}
        self.nodes = {node for path in paths for node in path.nodes}
        self.through: dict[Step, list[int]] = {key: [] for key in self.factors}
        self.flow = dict.fromkeys(self.factors, 0.0)
        for i, path in enumerate(paths, 1):
            for factor in path.factors:
                self.through[step(factor.link)].append(i)
                self.flow[step(factor.link)] += path.product
        largest = max(map(abs, self.flow.values()), default=0.0)
        self.share = {key: abs(flow) / largest if largest else 0.0 for key, flow in self.flow.items()}
        self.killing = {
            step(factor.link)
            for path in paths
            for factor in path.factors
            if (abs(factor.value) <= TINY and abs(path.product) <= TINY * max(abs(total), TINY)) or factor.value == 0
        }
        self.cut: set[Value] = set()
        self.pull: dict[Step, tuple[str, str]] = {}
        for path in paths:
            self._follow(path)

    def _follow(self, path: Path) -> None:
        """From the output back: beyond a factor that kills, nothing arrives."""
        dead = False
        for factor in reversed(path.factors):
            after = "dead" if dead else self.colour(step(factor.link))
            dead = dead or step(factor.link) in self.killing
            before = "dead" if dead else after
            self.pull.setdefault(step(factor.link), (after, before))
            if dead:
                self.cut.add(factor.wrt)

    def splits(self, key: Step) -> bool:
        """Whether some listed paths take this step and others don't."""
        return len(self.paths) > 1 and len(self.through[key]) < len(self.paths)

    def colour(self, key: Step) -> str:
        """Whether what goes through a step pulls "for" the total or "against" it."""
        flow = self.flow[key]
        return "against" if flow * self.total < 0 else "for"

    def colour_of(self, path: Path) -> str:
        """Whether a path pulls "for" the total or "against" it, or is "dead"."""
        if any(step(factor.link) in self.killing for factor in path.factors):
            return "dead"
        return "against" if path.product * self.total < 0 else "for"
