"""Recordings in JAX on whatever device it finds: the numbers of replay in float64, and the time of a call.

python -m tests.bench.accelerator
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import jax
import numpy as np

from .gpt import gpt
from .pricing import options
from .problem import Problem
from .replay import Replay

BOUND = 1e-12  # relative to the largest number


def main() -> None:
    """Black-Scholes with its five sensitivities on a million options, and a step of the GPT."""
    jax.config.update("jax_enable_x64", True)
    print(f"JAX {jax.__version__} on {jax.devices()[0].device_kind}")
    engine = Replay()
    engine.load()
    compare("1,000,000 options", *prices(engine, options(1_000_000)))
    compare("GPT, 4,192 weights", *step(engine, gpt()))


def prices(engine: Replay, problem: Problem) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The sensitivities by replay, and by JAX's gradient of the recording."""
    recording, _ = engine.recorded(problem)
    f = recording.to_jax()
    columns = tuple(jax.device_put(column) for column in problem.recorded)
    slopes = jax.jit(jax.grad(lambda batch: f(np.zeros(0), batch).sum()))
    return lambda: recording.gradients(*problem.recorded), lambda: slopes(columns)


def step(engine: Replay, problem: Problem) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Loss and gradient by replay, and by JAX."""
    recording, parameters = engine.recorded(problem)
    f = recording.to_jax()
    numbers = jax.device_put(np.array([p.data for p in recording.parameters]))
    batch = tuple(jax.device_put(column) for column in problem.recorded)
    both = jax.jit(jax.value_and_grad(lambda p: f(p, batch).mean()))

    def replayed() -> Any:
        for p in parameters:
            p.grad = 0.0
        loss = recording.backward(*problem.recorded)
        return loss, np.array([p.grad for p in recording.parameters])

    return replayed, lambda: both(numbers)


def compare(name: str, replayed: Callable[[], Any], by_jax: Callable[[], Any]) -> None:
    """Check that both give the same numbers, and print what a call takes."""
    for ours, theirs in zip(replayed(), by_jax(), strict=True):
        error = np.max(np.abs(np.asarray(theirs) - ours)) / np.max(np.abs(ours))
        assert error <= BOUND, (name, error)
        print(f"{name}: largest error {error:.1e} of the largest number")
    print(f"{name}: JAX {1e3 * timed(by_jax):.3f} ms, replay on the CPU {1e3 * timed(replayed):.3f} ms")


def timed(call: Callable[[], Any], rounds: int = 20) -> float:
    """The median seconds of a call, its result waited for."""
    seconds = []
    for _ in range(rounds):
        start = perf_counter()
        jax.block_until_ready(call())
        seconds.append(perf_counter() - start)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
