"""One engine in a process of its own: pinned to as many cores as it may use, it times its steps when asked.

Runtimes with threads of their own can't disturb each other so, a collector sees one engine's objects only,
and what crashes takes nothing with it.
"""

import gc
import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .engine import Engine, Step
from .expression import additions
from .workloads import WORKLOADS

STACK = 256 * 1024
LIMIT = 60.0  # seconds for an answer


class Failed(Exception):
    """What the engine raised, or how its process ended."""


class TooLong(Failed):
    """No answer within the limit."""


class Worker:
    """The near end: `ask` sends a request and waits for the answer."""

    def __init__(self, kind: type[Engine], threads: int = 1) -> None:
        self.kind, self.threads = kind, threads
        self.start()

    def start(self) -> None:
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[variable] = str(self.threads)
        os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "JAX_PLATFORMS": "cpu"}
        self.pipe, far = multiprocessing.Pipe()
        arguments = far, self.kind, self.threads
        self.process = multiprocessing.get_context("spawn").Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        far.close()

    def ask(self, request: str, *arguments: Any, limit: float = LIMIT) -> Any:
        """The answer; or Failed, with what the engine raised or with how its process ended: then there is a new one."""
        try:
            self.pipe.send((request, arguments))
            if not self.pipe.poll(limit):
                raise TimeoutError
            ok, answer = self.pipe.recv()
        except TimeoutError:
            self.restart()
            raise TooLong(f"took more than {limit:.0f} s") from None
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            self.restart()
            raise Failed(f"crashed: its process ended with {code}") from None
        if not ok:
            raise Failed(answer)
        return answer

    def restart(self) -> None:
        """The same engine in a new process."""
        self.stop()
        self.start()
        self.ask("load")

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


def serve(pipe: Connection, kind: type[Engine], threads: int) -> None:
    """The far end."""
    pin(threads)
    answers = Answers(kind())
    while True:
        try:
            request, arguments = pipe.recv()
        except (EOFError, KeyboardInterrupt):  # nobody is left to ask
            return
        try:
            answer = True, getattr(answers, request)(*arguments)
        except Exception as error:
            answer = False, f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"
        pipe.send(answer)


def pin(threads: int) -> None:
    """Keep to the last cores, the first being the busiest; where a system can't pin, the variables above have to do."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


@dataclass(frozen=True)
class Prepared:
    """What a first step tells."""

    seconds: float
    units: int
    gradient: float | None  # the sum of its absolute values


class Answers:
    """What a worker can be asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.steps: dict[str, tuple[Step, int]] = {}

    def load(self) -> str:
        """Import the engine; its version."""
        self.engine.load()
        return self.engine.version()

    def prepare(self, key: str) -> Prepared:
        """All up to the end of the first step."""
        self.steps.clear()  # one at a time: let go of the one before
        problem = WORKLOADS[key].problem(self.engine)
        start = time.perf_counter()
        step = self.engine.prepare(key, problem)
        outcome = step.run()
        seconds = time.perf_counter() - start
        self.steps[key] = step, problem.units
        _, gradient = step.read(outcome)
        return Prepared(seconds, problem.units, float(abs(gradient).sum()) if len(gradient) else None)

    def measure(self, key: str, budget: float) -> tuple[float, float]:
        """Seconds a unit, over as many steps as fit into the budget, at least one; and seconds in all."""
        step, units = self.steps[key]
        gc.collect()
        runs, spent, burst = 0, 0.0, 1
        while spent < budget:
            start = time.perf_counter()
            for _ in range(burst):
                step.run()
            spent += time.perf_counter() - start
            runs += burst
            burst = min(2 * burst, 1000)
        return spent / runs / units, spent

    def memory(self, operations: int) -> float:
        """Bytes an operation of a graph that is kept: the growth of the process, of two graphs the larger.

        The first takes what memory lies free, the second may take the first one's tape.
        """
        problem = additions(operations)
        f, leaves = problem.total(self.engine.ops), self.engine.leaves(problem.leaves)
        gc.collect()
        graphs, sizes = [], [resident()]
        for _ in range(2):
            graphs.append(self.engine.build(f, leaves))
            sizes.append(resident())
        return max(sizes[1] - sizes[0], sizes[2] - sizes[1]) / problem.units

    def depth(self, operations: int) -> bool:
        """Whether a chain of so many operations survives build, backward and free on a small stack."""
        self.engine.gradient(_sum_of(3), self.engine.leaves([1.0]))
        outcome = in_thread(lambda: self.engine.gradient(_sum_of(operations), self.engine.leaves([1.0])))
        return outcome == operations + 1.0


def _sum_of(operations: int) -> Callable[[Any], Any]:
    def chain(leaves: Any) -> Any:
        y = x = leaves[0]
        for _ in range(operations):
            y = y + x
        return y

    return chain


def in_thread(function: Callable[[], Any]) -> Any:
    """The function's result, computed on a stack of 256 KiB; what it raises is raised here."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as error:
            outcome.append(error)

    before = threading.stack_size(STACK)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    threading.stack_size(before)
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def resident() -> int:
    """Bytes of memory in use by this process (at its peak, where only that can be had)."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
