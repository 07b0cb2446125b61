"""Interleaved rounds: in each, every engine has its turn at a workload; what counts is the median of the rounds."""

import math
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from .engine import Engine
from .worker import Failed, Prepared, TooLong, Worker
from .workloads import ENGINES, EXTRAS, WORKLOADS

DEEPEST = 1_000_000
NODES = 100_000
DEPTH_LIMIT = 10.0  # seconds
TOLERANCE = 1e-9
PATIENCE = 0.5  # seconds: what takes longer for a turn has three only

Tell = Callable[[str], None]


@dataclass
class Results:
    """By workload and engine: the figures in the workload's unit, and what is missing, with the reason."""

    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    once: dict[str, dict[str, float]] = field(default_factory=dict)  # seconds up to the end of the first step
    fewer: dict[str, dict[str, int]] = field(default_factory=dict)  # units, where not all of them
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # engine -> why, and how to install it
    machine: str = ""


def measure(keys: Iterable[str], engines: Iterable[str], rounds: int, budget: float, tell: Tell) -> Results:
    """All of the workloads `keys` with all of the engines that are installed."""
    results = Results(machine=f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    wanted, kinds = list(keys), [kind for kind in ENGINES if kind.name in set(engines)]
    for threads in (1, 2):
        some = [key for key in wanted if (WORKLOADS[key].threads if key in WORKLOADS else 1) == threads]
        able = [kind for kind in kinds if any(key not in kind.cannot for key in some)]
        for key in some:
            results.reasons[key] = {kind.name: kind.cannot[key] for kind in kinds if kind.cannot.get(key)}
        workers = start(able, threads, results, tell)
        for key in some:
            chosen = [worker for worker in workers if key not in worker.kind.cannot]
            if key in EXTRAS:
                once(key, chosen, results, tell)
            else:
                race(key, chosen, rounds, budget, results, tell)
        for worker in workers:
            worker.stop()
    results.figures = {key: results.figures[key] for key in (*WORKLOADS, *EXTRAS) if key in results.figures}
    return results


def start(kinds: Iterable[type[Engine]], threads: int, results: Results, tell: Tell) -> list[Worker]:
    """A process for each engine that is installed."""
    workers = []
    for kind in kinds:
        if kind.name in results.absent:
            continue
        tell(f"starting {kind.name}")
        worker = Worker(kind, threads)
        try:
            results.versions[kind.name] = worker.ask("load")
            workers.append(worker)
        except Failed as error:
            results.absent[kind.name] = f"{error}; install: {kind.install}"
            worker.stop()
    return workers


def race(key: str, workers: list[Worker], rounds: int, budget: float, results: Results, tell: Tell) -> None:
    """One workload, in rounds."""
    ready = prepare(key, workers, results, tell)
    times: dict[str, list[float]] = {worker.kind.name: [] for worker in ready}
    slow: set[str] = set()
    for n in range(rounds):
        for worker in ready:
            name = worker.kind.name
            if name not in slow or n < 3:
                tell(f"{key}, round {n + 1} of {rounds}: {name}")
                found, spent = worker.ask("measure", key, budget)
                times[name].append(found * WORKLOADS[key].scale)
                slow |= {name} if spent > PATIENCE else set()
    results.figures[key] = {name: median(found) for name, found in times.items()}


def prepare(key: str, workers: list[Worker], results: Results, tell: Tell) -> list[Worker]:
    """Those that can do it and agree with the others, ready to go; of the rest, the reason."""
    found: dict[Worker, Prepared] = {}
    for worker in workers:
        tell(f"{key}: preparing {worker.kind.name}")
        try:
            found[worker] = worker.ask("prepare", key)
        except Failed as error:
            results.reasons[key][worker.kind.name] = str(error)
    seconds, fewer = results.once.setdefault(key, {}), results.fewer.setdefault(key, {})
    for worker, prepared in list(found.items()):
        name, expected = worker.kind.name, consensus(prepared, found.values())
        if prepared.gradient is not None and not abs(prepared.gradient - expected) <= TOLERANCE * expected:
            results.reasons[key][name] = (
                f"disagrees: its gradient sums up to {prepared.gradient:.12g}, not {expected:.12g}"
            )
            del found[worker]
            continue
        seconds[name] = prepared.seconds
        if key in worker.kind.few:
            fewer[name] = prepared.units
    return list(found)


def consensus(one: Prepared, others: Iterable[Prepared]) -> float:
    """The median of the gradients' sizes, of all with a problem of the same size; nan where all are."""
    sizes = [other.gradient for other in others if other.units == one.units and other.gradient is not None]
    return median([size for size in sizes if not math.isnan(size)] or [math.nan])


def once(key: str, workers: list[Worker], results: Results, tell: Tell) -> None:
    """A figure that needs no rounds."""
    figure = {"BYTES": memory, "DEPTH": depth}[key]
    figures, fewer = results.figures.setdefault(key, {}), results.fewer.setdefault(key, {})
    for worker in workers:
        name = worker.kind.name
        tell(f"{key}: {name}")
        try:
            figures[name], whole = figure(worker)
        except Failed as error:
            results.reasons[key][name] = str(error)
            continue
        if not whole:
            fewer[name] = int(figures[name])


def memory(worker: Worker) -> tuple[float, bool]:
    """Bytes an operation of a graph that is kept, in a new process."""
    worker.restart()
    return worker.ask("memory", NODES), True


def depth(worker: Worker) -> tuple[float, bool]:
    """The longest chain that survives, by decades and then to two digits; or the longest that time allows."""
    low = 10
    try:
        while low < DEEPEST and survives(worker, 10 * low):
            low *= 10
        high = 10 * low
        while low < DEEPEST and high / low > 1.02:
            middle = round(math.sqrt(low * high))
            low, high = (middle, high) if survives(worker, middle) else (low, middle)
    except TooLong:
        return low, False
    return low, True


def survives(worker: Worker, operations: int) -> bool:
    try:
        return bool(worker.ask("depth", operations, limit=DEPTH_LIMIT))
    except TooLong:
        raise
    except Failed:
        return False
