"""The workloads and the engines: the two lists that all else goes by."""

from collections.abc import Callable
from dataclasses import dataclass

from .arrays import Autograd, Jax, Tinygrad, Torch
from .engine import Engine
from .expression import expression
from .gpt import gpt
from .native import C
from .network import digits, lecture, moons
from .pricing import options
from .problem import Problem
from .replay import Replay
from .scalars import Floats, MicrogptStyle, Micrograd, MicrogradWithoutCollector, Whygrad, WhygradPlain, Xad
from .symbols import Casadi

ENGINES: tuple[type[Engine], ...] = (
    Replay,
    Whygrad,
    WhygradPlain,
    Micrograd,
    MicrogradWithoutCollector,
    MicrogptStyle,
    Xad,
    Casadi,
    Autograd,
    Jax,
    Torch,
    Tinygrad,
    Floats,
    C,
)


@dataclass(frozen=True)
class Workload:
    """What is measured, how large, and in which unit it is shown."""

    key: str
    title: str
    about: str
    unit: str
    make: Callable[[int], Problem]
    size: int
    few: int  # for engines that go example by example and would take minutes
    test: int  # where only agreement is tested
    scale: float = 1e9  # seconds -> unit
    threads: int = 1

    def problem(self, engine: Engine, test: bool = False) -> Problem:
        """The problem in the size that the engine gets."""
        return self.make(self.test if test else self.few if self.key in engine.few else self.size)


def _examples(size: int) -> Problem:
    return moons(size, per_example=True)


ANEW, AGAIN = "100,000 operations, the graph built anew", "1,000,000 operations, one program evaluated again"
NET = "MLP 2-16-16-1, 100,000 examples"
OPTIONS = "1,000,000 options, five sensitivities each"
DIGITS = "MLP 64-64-64-10, tanh, 1,000 examples"
_ALL = (
    Workload("W1", "random expression", ANEW, "ns/operation", expression, 100_000, 10_000, 3000),
    Workload("W2", "moons", "MLP 2-16-16-1, 100 examples, hinge + L2", "ms/step", moons, 100, 0, 5, scale=1e3),
    Workload("W3", "tiny network", "MLP 3-4-4-1, tanh, 4 examples", "ms/step", lecture, 4, 0, 4, scale=1e3),
    Workload("W4", "large batch, 1 thread", NET, "ns/example", _examples, 100_000, 100, 7),
    Workload("W4x2", "large batch, 2 threads", NET, "ns/example", _examples, 100_000, 100, 7, threads=2),
    Workload("W5", "GPT", "one layer, 4,192 parameters", "ms/step", lambda _: gpt(), 1, 0, 1, scale=1e3),
    Workload("MLP", "softmax classifier", DIGITS, "µs/example", digits, 1000, 2, 2, scale=1e6),
    Workload("TAPE", "long tape", AGAIN, "ns/operation", expression, 1_000_000, 100_000, 3000),
    Workload("BS", "Black–Scholes", OPTIONS, "ns/option", options, 1_000_000, 1000, 6),
)
WORKLOADS = {workload.key: workload for workload in _ALL}
EXTRAS = {
    "BYTES": ("memory", "a graph of 100,000 operations", "bytes/operation"),
    "DEPTH": ("depth", "of a graph, on a stack of 256 KiB; 1M is the most tried", "operations"),
}


def heading(key: str) -> tuple[str, str, str]:
    """Title, what it is, and the unit."""
    if key in EXTRAS:
        return EXTRAS[key]
    return WORKLOADS[key].title, WORKLOADS[key].about, WORKLOADS[key].unit
