"""CasADi: SX expressions of scalars, differentiated once and run by its interpreter; MX matrices for batches."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from .engine import Engine, Step, cannot
from .problem import Ops, Problem, by_example, cut
from .scalars import SERIAL, SLOW

MATRICES = frozenset({"W2", "W4", "W4x2", "MLP"})


class Casadi(Engine):
    name = "CasADi"
    install = "pip install casadi"
    few = SLOW - MATRICES | {"W1", "TAPE"}  # an operation on SX takes 20 µs from Python
    cannot = SERIAL | cannot("freed at once: it is compiled to a tape", "BYTES")

    def load(self) -> None:
        import casadi as ca

        self.ca = ca
        self.ops = Ops(ca.exp, ca.log, ca.tanh, ca.erf, lambda x: ca.fmax(x, 0.0))

    def prepare(self, workload: str, problem: Problem) -> Step:
        if workload in MATRICES:
            return self.matrices(problem)
        if not problem.numbers and problem.size > 1:
            return self.mapped(problem)
        if workload == "W1":  # build anew each time
            f, start = problem.total(self.ops), self.ca.DM(problem.leaves)
            return Step(lambda: self.function(f, len(problem.leaves))(start), _read)
        return self.replayed(problem)

    def replayed(self, problem: Problem) -> Step:
        """Built once for all data of the same shape."""
        given = by_example(problem.recorded) if problem.numbers else np.array([])

        def f(leaves: Any, data: Any) -> Any:
            if not problem.numbers:
                return problem.total(self.ops)(leaves)
            return problem.mean(self.ops, leaves, cut(data, problem.recorded))

        function = self.function(f, len(problem.leaves), len(given))
        arguments = self.ca.DM(problem.leaves), self.ca.DM(given)
        return Step(lambda: function(*arguments), _read)

    def function(self, f: Callable[..., Any], size: int, given: int | None = None) -> Any:
        """(value, gradient) of a function of so many scalars, and so many that are given."""
        ca = self.ca
        leaves, data = ([ca.SX.sym("x") for _ in range(n or 0)] for n in (size, given))
        x, out = ca.vertcat(*leaves), f(leaves) if given is None else f(leaves, data)
        arguments = [x] if given is None else [x, ca.vertcat(*data)]
        return ca.Function("f", arguments, [out, ca.gradient(out, x)])

    def mapped(self, problem: Problem) -> Step:
        ca = self.ca
        row = [ca.SX.sym("x") for _ in problem.inputs]
        out = problem.example(self.ops, [], *row)
        function = ca.Function("f", [ca.vertcat(*row)], [ca.gradient(out, ca.vertcat(*row))]).map(problem.size)
        inputs = ca.DM(np.array(problem.inputs))
        return Step(lambda: function(inputs), lambda found: (np.nan, by_example(found.full())))

    def matrices(self, problem: Problem) -> Step:
        """The batch at once, one column an example."""
        ca, net = self.ca, problem.about
        flat = ca.MX.sym("p", len(problem.numbers))
        X, Y = ca.MX.sym("X", net.sizes[0], problem.size), ca.MX.sym("Y", net.sizes[-1], problem.size)
        loss = self.loss(net, self.scores(problem, flat, X), Y) / problem.size
        loss += problem.decay * ca.dot(flat, flat)
        function = ca.Function("f", [flat, X, Y], [loss, ca.gradient(loss, flat)])
        data = [ca.DM(problem.numbers), ca.DM(problem.recorded[0].T), ca.DM(np.atleast_2d(problem.recorded[1].T))]
        return Step(lambda: function(*data), _read)

    def scores(self, problem: Problem, flat: Any, X: Any) -> Any:
        matrices = []
        for part, shape in zip(problem.parts(flat), problem.shapes, strict=True):
            matrices.append(part if len(shape) == 1 else self.ca.reshape(part, shape[1], shape[0]).T)
        activation = getattr(self.ops, problem.about.activation)
        layers = list(zip(matrices[::2], matrices[1::2], strict=True))
        for weights, biases in layers[:-1]:
            X = activation(weights @ X + self.ca.repmat(biases, 1, problem.size))
        return layers[-1][0] @ X + self.ca.repmat(layers[-1][1], 1, problem.size)

    def loss(self, net: Any, z: Any, y: Any) -> Any:
        ca = self.ca
        if net.loss == "hinge":
            return ca.sum2(self.ops.relu(1 - z * y))
        return ca.sum2(ca.log(ca.sum1(ca.exp(z)))) - ca.dot(z, y)

    def leaves(self, numbers: Sequence[float]) -> Any:
        return list(numbers)

    def gradient(self, f: Callable[[Any], Any], leaves: Any) -> float:
        return float(self.function(f, len(leaves))(leaves)[0])

    def version(self) -> str:
        return version("casadi")


def _read(found: Any) -> tuple[float, np.ndarray]:
    return float(found[0]), found[1].full().ravel()
