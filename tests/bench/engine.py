"""What an adapter is: an engine's name, how to install it, what it can't do, and how it prepares a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .problem import Problem


@dataclass(frozen=True)
class Step:
    """What is timed, and what reads its outcome afterwards: the value (nan where it is not computed), the gradient."""

    run: Callable[[], Any]
    read: Callable[[Any], tuple[float, np.ndarray]]


class Engine:
    """An engine under test; adapters fill this in. Importing the engine happens in `load`, never before."""

    name: ClassVar[str]
    install: ClassVar[str] = ""
    cannot: ClassVar[Mapping[str, str]] = {}  # workload -> the reason, in a few words
    few: ClassVar[frozenset[str]] = frozenset()  # workloads that it gets in the smaller size
    bound: ClassVar[bool] = False  # not a competitor but what is possible

    def load(self) -> None:
        """Import the engine, or raise an ImportError that says what is missing."""

    def prepare(self, workload: str, problem: Problem) -> Step:
        """All that is done once, before the steps: recording, compiling, moving data."""
        raise NotImplementedError

    def version(self) -> str:
        """The engine's release, for the head of the table."""
        return ""


GRAPHS = frozenset({"W1", "BYTES", "DEPTH"})  # workloads that build a new graph each time


def cannot(reason: str, *workloads: str) -> dict[str, str]:
    """The same reason for several workloads."""
    return dict.fromkeys(workloads, reason)


def flat(arrays: Sequence[Any]) -> np.ndarray:
    """Gradients of parameters, one after the other."""
    return np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays])
