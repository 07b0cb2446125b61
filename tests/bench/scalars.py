"""Engines that build a graph of scalars anew at each step."""

import gc
import math
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from .engine import Engine, Step, cannot
from .problem import Ops, Problem

SLOW = frozenset({"W4", "W4x2", "MLP", "BS"})
SERIAL = cannot("runs on one thread", "W4x2")
REBUILDS = cannot("builds its graph anew at each step: see W1", "TAPE")


class Eager(Engine):
    """The common part: leaves are made once, a step builds the graph, runs back and lets go of the graph."""

    ops = Ops()
    few = SLOW
    cannot = SERIAL | REBUILDS

    def leaves(self, numbers: Sequence[float]) -> Any:
        """The numbers to differentiate in, as the engine's own."""
        raise NotImplementedError

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        """Build f(leaves) and run back; the value."""
        out = f(leaves)
        out.backward()
        return out.data

    def derivatives(self, leaves: Any) -> Sequence[float]:
        """What the last `gradient` found."""
        return [leaf.grad for leaf in leaves]

    def build(self, f: Callable[[Any], Any], leaves: Any) -> Any:
        """The graph of f(leaves), kept."""
        return f(leaves)

    def prepare(self, workload: str, problem: Problem) -> Step:
        f, leaves = problem.total(self.ops), self.leaves(problem.leaves)
        return Step(lambda: self.gradient(f, leaves), lambda value: (value, np.array(self.derivatives(leaves))))


class Whygrad(Eager):
    name = "whygrad"
    install = "pip install whygrad"

    def load(self) -> None:
        from engine import Value, dot, logsumexp

        class Fused(Ops):
            def log_sum_exp(self, values: Sequence[Any]) -> Any:
                return logsumexp(values)

        self.value = Value
        self.ops = Fused(Value.exp, Value.log, Value.tanh, Value.erf, Value.relu, dot)

    def leaves(self, numbers: Sequence[float]) -> Any:
        return [self.value(x) for x in numbers]

    def version(self) -> str:
        import engine

        return "compiled" if engine.compiled else "pure Python"


class WhygradPlain(Whygrad):
    name = "whygrad, no dot"
    cannot = SERIAL | REBUILDS | cannot("the same as whygrad", "W1", "BS", "BYTES", "DEPTH")

    def load(self) -> None:
        super().load()
        value = self.value
        self.ops = Ops(value.exp, value.log, value.tanh, value.erf, value.relu)


class Micrograd(Eager):
    name = "micrograd"
    install = "pip install micrograd"

    def load(self) -> None:
        from micrograd.engine import Value

        def function(of: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
            def apply(x: Any) -> Any:
                out = Value(of(x.data), (x,))

                def back() -> None:
                    x.grad += slope(x.data, out.data) * out.grad

                out._backward = back
                return out

            return apply

        self.value = Value
        self.ops = Ops(  # micrograd has + * ** and relu: these are made the way its lecture makes tanh
            exp=function(math.exp, lambda x, y: y),
            log=function(math.log, lambda x, y: 1.0 / x),
            tanh=function(math.tanh, lambda x, y: 1.0 - y * y),
            erf=function(math.erf, lambda x, y: 2.0 / math.sqrt(math.pi) * math.exp(-x * x)),
            relu=Value.relu,
        )

    def leaves(self, numbers: Sequence[float]) -> Any:
        return [self.value(x) for x in numbers]

    def version(self) -> str:
        return version("micrograd")


class MicrogradWithoutCollector(Micrograd):
    name = "micrograd, gc off"
    cannot = Micrograd.cannot | cannot("the same as micrograd", "BYTES", "DEPTH")

    def prepare(self, workload: str, problem: Problem) -> Step:
        step = super().prepare(workload, problem)

        def run() -> Any:  # its graphs are cycles: off during the step, they are collected after it
            gc.disable()
            try:
                return step.run()
            finally:
                gc.enable()

        return Step(run, step.read)


class MicrogptStyle(Eager):
    name = "microgpt-style"

    def load(self) -> None:
        from .values import Tiny

        self.value = Tiny
        self.ops = Ops(Tiny.exp, Tiny.log, Tiny.tanh, Tiny.erf, Tiny.relu)

    def leaves(self, numbers: Sequence[float]) -> Any:
        return [self.value(x) for x in numbers]


class Xad(Eager):
    name = "XAD"
    install = "pip install xad"

    def load(self) -> None:
        import xad.adj_1st
        import xad.math as m

        self.xad = xad.adj_1st
        self.alive: list[Any] = []  # an old input that goes would take its slot from the tape then active
        self.ops = Ops(m.exp, m.log, m.tanh, m.erf, lambda x: m.max(x, 0.0))

    def leaves(self, numbers: Sequence[float]) -> Any:
        if active := self.xad.Tape.getActive():  # of this thread
            active.deactivate()
        self.tape = self.xad.Tape()
        self.tape.activate()
        leaves = [self.xad.Real(x) for x in numbers]
        self.alive += [self.tape, *leaves]
        self.tape.registerInputs(leaves)
        return leaves

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        out = self.build(f, leaves)
        self.tape.registerOutput(out)
        out.derivative = 1.0
        self.tape.computeAdjoints()
        return out.value

    def build(self, f: Callable[[Any], Any], leaves: Any) -> Any:
        self.tape.newRecording()  # frees the one before
        return f(leaves)

    def derivatives(self, leaves: Any) -> Sequence[float]:
        return [leaf.derivative for leaf in leaves]

    def version(self) -> str:
        return version("xad")


class Floats(Eager):
    """No derivatives at all: what the loop itself costs."""

    name = "plain floats"
    bound = True
    cannot = dict.fromkeys(("W2", "W3", "W4", "W4x2", "W5", "MLP", "TAPE", "BS", "BYTES", "DEPTH"), "")

    def leaves(self, numbers: Sequence[float]) -> Any:
        return list(numbers)

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        return f(leaves)

    def derivatives(self, leaves: Any) -> Sequence[float]:
        return []
