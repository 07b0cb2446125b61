"""Engines whose values are whole arrays; two of them also take W1's scalars one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from .engine import Engine, Step, cannot, flat
from .problem import Ops, Problem, by_example
from .scalars import REBUILDS, SERIAL, Eager

NO_SCALARS = cannot("is made for arrays", "BYTES", "DEPTH")


@dataclass(frozen=True)
class Functions:
    """What an array's own methods and operators do not give, or not under one name."""

    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    erf: Callable[[Any], Any]
    relu: Callable[[Any], Any]
    swap: Callable[[Any, int, int], Any]
    arange: Callable[[int], Any]
    array: Callable[[Any], Any]


class Arrays(Engine):
    """The common part: one loss for the whole batch."""

    xp: Functions

    def loss(self, problem: Problem) -> Callable[..., Any]:
        """The loss as a function of what to differentiate in, and of the rest."""
        assert problem.batch
        if not problem.numbers:
            return lambda inputs, _: problem.batch(self.xp, [], *inputs)

        def total(parameters: Sequence[Any], inputs: Sequence[Any]) -> Any:
            loss = problem.batch(self.xp, parameters, *inputs)
            return loss + problem.decay * sum((p * p).sum() for p in parameters) if problem.decay else loss

        return total

    def prepare(self, workload: str, problem: Problem) -> Step:
        wanted, rest = (problem.arrays, problem.inputs) if problem.numbers else (problem.inputs, ())
        wanted, rest = [self.xp.array(x) for x in wanted], [self.xp.array(x) for x in rest]
        join = flat if problem.numbers else by_example
        step = self.differentiate(self.loss(problem), wanted, rest)
        return Step(step, lambda outcome: (float(outcome[0]), join([self.numpy(x) for x in outcome[1]])))

    def differentiate(self, loss: Callable[..., Any], wanted: list[Any], rest: list[Any]) -> Callable[[], Any]:
        """A function that computes (value, gradients)."""
        raise NotImplementedError

    def numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)


class Jax(Arrays):
    name = "JAX jit"
    install = "pip install jax"
    cannot = NO_SCALARS | cannot("compiling 1,000 scalar operations takes it over a minute", "W1", "TAPE")

    def load(self) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        self.jax = jax
        relu = jax.nn.relu
        self.xp = Functions(
            jnp.exp, jnp.log, jnp.tanh, jax.scipy.special.erf, relu, jnp.swapaxes, jnp.arange, jnp.asarray
        )

    def differentiate(self, loss: Callable[..., Any], wanted: list[Any], rest: list[Any]) -> Callable[[], Any]:
        step = self.jax.jit(self.jax.value_and_grad(loss))
        return lambda: self.jax.block_until_ready(step(wanted, rest))

    def version(self) -> str:
        return version("jax")


class Torch(Arrays):
    name = "PyTorch"
    install = "pip install torch==2.13.0, the CPU build"
    cannot = REBUILDS
    few = frozenset({"W1"})

    def load(self) -> None:
        import torch

        self.torch = torch
        self.scalars = _TorchScalars(torch)
        self.scalars.lend(self)
        self.xp = Functions(
            torch.exp,
            torch.log,
            torch.tanh,
            torch.erf,
            torch.relu,
            torch.swapaxes,
            torch.arange,
            lambda x: torch.tensor(np.array(x)),
        )

    def prepare(self, workload: str, problem: Problem) -> Step:
        return self.scalars.prepare(workload, problem) if workload == "W1" else super().prepare(workload, problem)

    def differentiate(self, loss: Callable[..., Any], wanted: list[Any], rest: list[Any]) -> Callable[[], Any]:
        for tensor in wanted:
            tensor.requires_grad_()

        def step() -> Any:
            value = loss(wanted, rest)
            return value.detach(), self.torch.autograd.grad(value, wanted)

        return step

    def version(self) -> str:
        return self.torch.__version__


class Scalars(Eager):
    """The same engine's numbers taken one by one."""

    def lend(self, engine: Any) -> None:
        """Let an engine of arrays build graphs of scalars too."""
        engine.ops, engine.build, engine.leaves, engine.gradient = self.ops, self.build, self.leaves, self.gradient


class _TorchScalars(Scalars):
    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.ops = Ops(torch.exp, torch.log, torch.tanh, torch.erf, torch.relu)

    def leaves(self, numbers: Sequence[float]) -> Any:
        return [self.torch.tensor(x, dtype=self.torch.float64, requires_grad=True) for x in numbers]

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        out = f(leaves)
        out.backward()
        return out.item()


class Autograd(Arrays):
    name = "autograd"
    install = "pip install autograd scipy"
    cannot = SERIAL | REBUILDS
    few = frozenset({"W1"})

    def load(self) -> None:
        import autograd
        import autograd.numpy as np
        from autograd.scipy.special import erf

        self.autograd = autograd
        self.scalars = _AutogradScalars(autograd, Ops(np.exp, np.log, np.tanh, erf, lambda x: np.maximum(x, 0.0)))
        self.scalars.lend(self)
        relu = self.scalars.ops.relu
        self.xp = Functions(np.exp, np.log, np.tanh, erf, relu, np.swapaxes, np.arange, np.array)

    def prepare(self, workload: str, problem: Problem) -> Step:
        return self.scalars.prepare(workload, problem) if workload == "W1" else super().prepare(workload, problem)

    def differentiate(self, loss: Callable[..., Any], wanted: list[Any], rest: list[Any]) -> Callable[[], Any]:
        step = self.autograd.value_and_grad(loss)
        return lambda: step(wanted, rest)

    def version(self) -> str:
        return version("autograd")


class _AutogradScalars(Scalars):
    def __init__(self, autograd: Any, ops: Ops) -> None:
        self.autograd, self.ops = autograd, ops

    def leaves(self, numbers: Sequence[float]) -> Any:
        return list(numbers)

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        value, self.found = self.autograd.value_and_grad(f)(leaves)
        return value

    def derivatives(self, leaves: Any) -> Sequence[float]:
        return self.found

    def build(self, f: Callable[[Any], Any], leaves: Any) -> Any:
        return self.autograd.make_vjp(f)(leaves)


class Tinygrad(Arrays):
    name = "tinygrad"
    install = "pip install tinygrad, and clang on the PATH"
    cannot = (
        NO_SCALARS
        | cannot("takes over a millisecond for a scalar operation", "W1", "TAPE")
        | cannot("its erf is a polynomial good to 1e-7", "BS")
    )

    def load(self) -> None:
        import tinygrad

        self.tinygrad = tinygrad
        of = tinygrad.Tensor
        try:
            (of([1.0]) + 1.0).tolist()
        except Exception as error:
            raise ImportError(f"finds no device: {error}") from error
        self.xp = Functions(of.exp, of.log, of.tanh, of.erf, of.relu, of.transpose, of.arange, self.tensor)

    def tensor(self, x: Any) -> Any:
        return self.tinygrad.Tensor(np.array(x)).realize()

    def differentiate(self, loss: Callable[..., Any], wanted: list[Any], rest: list[Any]) -> Callable[[], Any]:
        @self.tinygrad.TinyJit
        def step(*tensors: Any) -> Any:
            value = loss(tensors[: len(wanted)], tensors[len(wanted) :])
            gradients = value.gradient(*tensors[: len(wanted)])
            return self.tinygrad.Tensor.realize(value, *gradients), gradients

        def run() -> Any:
            value, gradients = step(*wanted, *rest)
            return value.item(), gradients

        for _ in range(2):  # it captures the kernels at the second call
            run()
        return run

    def numpy(self, x: Any) -> np.ndarray:
        return x.numpy()

    def version(self) -> str:
        return version("tinygrad")
