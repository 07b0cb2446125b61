"""Recordings of rows and networks, and their agreement with eager mode."""

from itertools import pairwise

import pytest

from engine import Value, dot, record
from engine.core.operations import apply
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")

SMALLEST = 1e-321  # the error allowed in a denormal


def recorded(name, size):
    """The row as a recording of a function of its flat operands."""
    row = TABLE[name]
    count = sum(size if variable.isupper() else 1 for variable in row.variables)
    return record(lambda x: apply(name, *row.split(x)), [0.5] * count), count


def eager(f, batch):
    """Outputs and derivatives, one example after the other."""
    outputs, slopes = [], []
    for example in batch:
        inputs = [Value(x) for x in example]
        output = f(inputs)
        output.backward()
        outputs.append(output.data)
        slopes.append([x.grad for x in inputs])
    return np.array(outputs), np.array(slopes)


def assert_agree(got, want, batch, relative=1e-12, absolute=SMALLEST):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    with np.errstate(invalid="ignore", over="ignore"):
        same = (np.isnan(got) & np.isnan(want)) | (got == want)
        near = np.isfinite(got) & np.isfinite(want) & (abs(got - want) <= relative * abs(want) + absolute)
    bad = np.argwhere(~(same | near))
    assert not len(bad), [(batch[i[0]], got[tuple(i)], want[tuple(i)]) for i in bad[:3]]


def network(widths):
    """The parameters of a tanh network, and its loss on one example."""
    draw = np.random.default_rng(0)
    layers = [[[Value(x) for x in draw.normal(0, 0.5, n + 1)] for _ in range(m)] for n, m in pairwise(widths)]

    def loss(x, y):
        for layer in layers:
            x = [dot(w[:-1], x, w[-1]).tanh() for w in layer]
        return (x[0] - y) ** 2

    return [w for layer in layers for unit in layer for w in unit], loss
