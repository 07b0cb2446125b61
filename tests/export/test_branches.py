"""`where` in JAX: derivatives of every order are those of the branch taken, on vectors and in the loop."""

import math

import pytest
from branching import PROGRAMS, expected, same

from engine import Value, detach, record, row, sqrt, where
from engine.export import jax as lowering
from engine.table.formula import TABLE

jax = pytest.importorskip("jax")

# In the loop every row may vary, and a derivative that is inf meets a 0 there.
NAMES = sorted(PROGRAMS.keys() - {"overflow", "many conditions"})
IN_THE_LOOP = ["nested", "behind its condition", "two inputs", "masks of -inf"]


@pytest.fixture(autouse=True)
def doubles():
    with jax.enable_x64(True):
        yield


def assert_right(name, sequences):
    f, points = PROGRAMS[name]
    run = record(lambda *x: f(*x, where), *map(float, points[0])).to_jax()
    for wrt in sequences:

        def differentiated(*x):
            return run([], x)

        for k in wrt:
            differentiated = jax.grad(differentiated, k)
        differentiated = jax.jit(differentiated)
        for point in points:
            wanted, _ = expected(f, point, wrt)
            found = float(differentiated(*map(float, point)))
            if all(abs(x) != 1e-100 for x in point) and (math.isfinite(wanted) or len(wrt) < 2):
                assert same(found, wanted, 1e-12), (wrt, point, found, wanted)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_to_order_3_are_those_of_the_branch_taken(name):
    last = len(PROGRAMS[name][1][0]) - 1
    assert_right(name, [(0,), (last, 0), *([(0, 0, last)] if last < 2 else [])])  # XLA takes half a minute for the last


@pytest.mark.parametrize("name", IN_THE_LOOP)
def test_so_are_those_in_the_loop(name, monkeypatch):
    monkeypatch.setattr(lowering, "LIMIT", -1)
    last = len(PROGRAMS[name][1][0]) - 1
    assert_right(name, [(0,), (last, 0)])


@pytest.mark.parametrize("limit", [10**9, -1])
def test_a_layer_in_a_branch_is_masked(limit, monkeypatch):
    monkeypatch.setattr(lowering, "LIMIT", limit)
    weights = [[Value(0.3 * i - 0.2 * j) for j in range(3)] for i in range(3)]

    def f(x):
        hidden = [sqrt(sum(w * z for w, z in zip(row, x, strict=True))) for row in weights]
        return where(
            x[0] > 0.0, sum(sqrt(sum(w * h for h, w in zip(hidden, row, strict=True))) for row in weights), x[1]
        )

    recording = record(f, [1.0, -2.0, -3.0])
    run, parameters = recording.to_jax(), [p.data for p in recording.parameters]
    batch = [[1.0, -2.0, -3.0], [0.0, 0.0, 0.0], [-1.0, 1e300, 2.0]]
    slopes = jax.grad(lambda p, x: run(p, x).sum(), argnums=(0, 1))(
        jax.numpy.array(parameters), jax.numpy.array([batch[1:]][0])
    )
    assert slopes[0].tolist() == [0.0] * 9
    assert slopes[1].tolist() == [[0.0, 1.0, 0.0]] * 2


@pytest.mark.parametrize("limit", [10**9, -1])
def test_detach_has_no_derivative(limit, monkeypatch):
    monkeypatch.setattr(lowering, "LIMIT", limit)
    run = record(lambda x: 3.0 * x + detach(sqrt(x)), 1.0).to_jax()
    assert jax.grad(lambda x: run([], (x,)))(0.0) == 3.0
    assert jax.grad(jax.grad(lambda x: run([], (x,))))(0.0) == 0.0


def test_a_straight_through_estimator_is_a_row():
    rounded = row("ste_round", "round", "a + detach(round(a) - a)")
    try:
        run = record(lambda x: rounded(x) ** 2, 1.3).to_jax()
        assert float(run([], (1.3,))) == 1.0
        assert jax.grad(lambda x: run([], (x,)))(1.3) == 2.0
    finally:
        del TABLE["ste_round"]
