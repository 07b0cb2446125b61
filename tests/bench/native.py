"""The bound: the workloads by hand in C, compiled on the spot with the machine's own compiler."""

import ctypes
import itertools
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .engine import Engine, Step, cannot
from .problem import Problem, by_example

FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-math-errno", "-shared", "-fPIC")
LOSSES = {"hinge": 0, "squares": 1, "softmax": 2}
LONG = ctypes.c_long


class Network(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        *((name, ctypes.c_int) for name in ("layers", "tanh", "loss")),
        ("sizes", ctypes.c_int * 5),
    ]


class C(Engine):
    name = "C by hand"
    install = "a C compiler: cc on the PATH"
    bound = True
    cannot = cannot("not written by hand", "W5") | cannot("has no graph", "BYTES", "DEPTH")

    def load(self) -> None:
        compiler = shutil.which("cc")
        if not compiler:
            raise ImportError("there is no C compiler")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            library = Path(folder) / "bound.so"
            command = [compiler, *FLAGS, str(Path(__file__).with_name("bound.c")), "-o", str(library), "-lm"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ImportError(f"{' '.join(command[:3])} failed: {done.stderr.strip().splitlines()[0]}")
            self.c = ctypes.CDLL(str(library))
        for name in ("expression", "again", "perceptron", "mean_loss"):
            getattr(self.c, name).restype = ctypes.c_double
        self.c.build.restype = ctypes.c_void_p

    def prepare(self, workload: str, problem: Problem) -> Step:
        if workload in ("W1", "TAPE"):
            return self.expression(workload, problem)
        if workload == "BS":
            return self.black_scholes(problem)
        return self.perceptron(problem, threads=2 if workload == "W4x2" else 1)

    def expression(self, workload: str, problem: Problem) -> Step:
        program = [np.array(column, dtype=np.int32) for column in problem.about]
        x, dx = np.array(problem.leaves), np.zeros(len(problem.leaves))
        arguments = LONG(len(program[0])), *map(_at, program), LONG(len(x)), _at(x)
        if workload == "W1":
            arguments = *arguments, _at(dx)
            return Step(lambda: self.c.expression(*arguments), lambda value: (value, dx.copy()))
        again = ctypes.c_void_p(self.c.build(*arguments)), _at(x), _at(dx)
        return Step(lambda: self.c.again(*again), lambda value: (value, dx.copy()))

    def perceptron(self, problem: Problem, threads: int) -> Step:
        net = network(problem)
        X, y = (np.ascontiguousarray(column, dtype=float) for column in problem.inputs)
        w, decay, sums = np.array(problem.numbers), problem.decay, np.zeros((threads, len(problem.numbers)))
        if threads == 1:
            arguments = net, LONG(len(X)), _at(X), _at(y), ctypes.c_double(decay), _at(w), _at(sums)
            return Step(lambda: self.c.mean_loss(*arguments), lambda loss: (loss, sums[0].copy()))
        cuts = np.linspace(0, len(X), threads + 1).astype(int)
        parts = [
            (net, LONG(end - start), _at(X[start:end]), _at(y[start:end]), _at(w), _at(sums[n]))
            for n, (start, end) in enumerate(itertools.pairwise(cuts))
        ]
        pool = ThreadPoolExecutor(threads)

        def run() -> tuple[float, np.ndarray]:
            sums[:] = 0.0
            loss = sum(pool.map(lambda part: self.c.perceptron(*part), parts))
            return loss / len(X) + decay * (w @ w), sums.sum(0) / len(X) + 2.0 * decay * w

        return Step(run, lambda outcome: outcome)

    def black_scholes(self, problem: Problem) -> Step:
        x = np.array(problem.inputs)
        d = np.zeros_like(x)
        arguments = LONG(problem.size), _at(x), _at(d)
        return Step(lambda: self.c.black_scholes(*arguments), lambda _: (np.nan, by_example(d)))


def network(problem: Problem) -> Network:
    net = problem.about
    sizes = (ctypes.c_int * 5)(*net.sizes)
    return Network(len(net.sizes) - 1, net.activation == "tanh", LOSSES[net.loss], sizes)


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)  # which keeps the array alive
