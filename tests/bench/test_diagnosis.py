"""What a diagnosis costs beside a backward pass, under pytest-benchmark, a group a graph; nothing is asserted.

pytest tests/bench/test_diagnosis.py --benchmark-group-by=group
"""

import random

import pytest

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


def scalars():
    """A layer of 20 units on 110 examples, operation by operation, without nn."""
    rng = random.Random(0)
    rows = [[Value(rng.uniform(-0.5, 0.5)) for _ in range(21)] for _ in range(20)]
    losses = []
    for _ in range(110):
        x = [rng.uniform(-1.0, 1.0) for _ in range(20)]
        hidden = [sum((w * a for w, a in zip(row, x, strict=False)), row[-1]).tanh() for row in rows]
        losses.append((sum(hidden) - x[0]) ** 2)
    return sum(losses), [w for row in rows for w in row]


GRAPHS = [moons, chain, scalars]


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
