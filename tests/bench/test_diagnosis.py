"""What a diagnosis costs beside a backward pass, under pytest-benchmark, a group a graph; nothing is asserted.

pytest tests/bench/test_diagnosis.py --benchmark-group-by=group
"""

import math
import random

import pytest
from graphs import scalar_layer

from engine import Value, diagnose
from nn import MLP, hinge

pytest.importorskip("pytest_benchmark", reason="install: uv sync --group bench")
pytestmark = pytest.mark.filterwarnings("default")


def moons():
    """W2's network on a batch of 100."""
    rng = random.Random(1)
    points = [[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(100)]
    model = MLP(2, [16, 16, 1], seed=1)
    return hinge([model(x) for x in points], [1 if x > y else -1 for x, y in points]), model.parameters()


def chain():
    """1e5 operations one after the other."""
    w = Value(0.5, "w")
    y = w
    for _ in range(50_000):
        y = (y * 0.999 + w).tanh()
    return y, [w]


def logistic():
    """Logistic regression written by hand, 1,000 examples of 19 operations."""
    rng = random.Random(1)
    w, b, losses = Value(0.5, "w"), Value(0.1, "b"), []
    for x in (rng.gauss(0.0, 1.0) for _ in range(1000)):
        p, y = 1.0 / (1.0 + (-(w * x + b)).exp()), float(x > 0.0)
        losses.append(-(y * p.log() + (1.0 - y) * (1.0 - p).log()))
    return sum(losses) / 1000, [w, b]


def oscillator():
    """A spring with friction, simulated over 1,000 steps and compared with data."""
    k, d = Value(1.0, "k"), Value(0.1, "d")
    x, v, loss = Value(1.0), Value(0.0), Value(0.0)
    for t in range(1000):
        v = v + (-k * x - d * v) * 0.01
        x = x + v * 0.01
        loss = loss + (x - math.cos(0.012 * t)) ** 2
    return loss, [k, d]


def factors():
    """Matrix factorisation written by hand: 500 rows of 16 parameters, 1,500 examples of two rows each."""
    rng = random.Random(3)
    rows = [[Value(rng.gauss(0.0, 1.0)) for _ in range(16)] for _ in range(500)]
    w, loss = [Value(rng.gauss(0.0, 0.3)) for _ in range(16)], Value(0.0)
    for _ in range(1500):
        pairs = zip(w, rng.choice(rows), rng.choice(rows), strict=True)
        loss = loss + (sum((a + b) * c for c, a, b in pairs) - rng.random()) ** 2
    return loss / 1500, [p for row in [*rows, w] for p in row]


GRAPHS = [moons, chain, scalar_layer, logistic, oscillator, factors]


@pytest.mark.parametrize("graph", GRAPHS)
def test_backward(graph, benchmark):
    loss, _ = graph()
    benchmark.group = graph.__name__
    benchmark.pedantic(loss.backward, rounds=9, warmup_rounds=1)


@pytest.mark.parametrize("graph", GRAPHS)
def test_diagnose(graph, benchmark):
    loss, parameters = graph()
    benchmark.group = graph.__name__
    benchmark.pedantic(diagnose, (loss, parameters), rounds=9, warmup_rounds=1)
