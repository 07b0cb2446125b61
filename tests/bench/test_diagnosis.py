"""What a diagnosis costs beside a backward pass, under pytest-benchmark, a group a graph; nothing is asserted.

pytest tests/bench/test_diagnosis.py --benchmark-group-by=group
"""

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


GRAPHS = [moons, chain, scalar_layer]


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
