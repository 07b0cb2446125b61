"""whygrad's recordings: the program is recorded once, a step replays it on the batch."""

from typing import Any

import numpy as np

from .engine import Step, cannot
from .problem import Problem, by_example
from .scalars import Whygrad


class Replay(Whygrad):
    name = "whygrad, recorded"
    cannot = cannot("records once: see the tape", "W1") | cannot("the graph is whygrad's", "BYTES", "DEPTH")
    few = frozenset()

    def load(self) -> None:
        super().load()
        from engine import record

        self.record = record

    def prepare(self, workload: str, problem: Problem) -> Step:
        columns = problem.recorded
        recording, parameters = self.recorded(problem)
        if not problem.numbers:
            return Step(lambda: recording.gradients(*columns), lambda found: (np.nan, by_example(_columns(found))))
        return Step(
            lambda: recording.backward(*columns),
            lambda value: (np.nan if value is None else value, np.array(self.derivatives(parameters))),
        )

    def recorded(self, problem: Problem) -> tuple[Any, list[Any]]:
        """The recording of one example's loss, and the parameters that it reads anew at each call."""
        parameters = self.leaves(problem.numbers)
        nested = problem.nested(parameters)

        def f(*row: Any) -> Any:
            loss = problem.example(self.ops, nested, *row)
            return loss + problem.penalty(self.ops, parameters) if problem.decay else loss

        return self.record(f, *(column[0].tolist() for column in problem.recorded)), parameters


def _columns(found: Any) -> Any:
    return found if isinstance(found, (tuple, list)) else [found]
