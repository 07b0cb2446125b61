"""Slopes of 0: by formula they end a path, in a branch not taken they are no factor, and else 0 times inf is nan."""

import math
import shutil

import pytest
from branching import PROGRAMS, expected, same

from engine import (
    Value,
    ceil,
    chain_rule,
    clip,
    copysign,
    detach,
    floor,
    grad,
    hessian,
    hvp,
    jvp,
    less,
    maximum,
    record,
    relu,
    row,
    sign,
    sqrt,
    trunc,
    where,
)
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")

# Functions whose slope at 0 is that of x, and those whose slope there is 0 times inf.
ENDS = {
    "floor": lambda x: x + floor(sqrt(x)),
    "ceil": lambda x: x + ceil(sqrt(x)),
    "round": lambda x: x + round(sqrt(x)),
    "trunc": lambda x: x + trunc(sqrt(x)),
    "sign": lambda x: x + sign(sqrt(x)),
    "//": lambda x: x + sqrt(x) // 2.0,
    "copysign": lambda x: x + copysign(1.0, sqrt(x)),
    "less": lambda x: x + less(sqrt(x), 1.0),
    "detach": lambda x: x + detach(sqrt(x)),
    "where": lambda x: where(x > 0.0, sqrt(x), x),
    "where, called": lambda x: where(x > 0.0, lambda: sqrt(x), lambda: x),
    "nan not taken": lambda x: where(x < 1.0, x, sqrt(x - 1.0)),
    "nan twice": lambda x: x * where(x < 1.0, 1.0, (x - 1.0).log() / sqrt(x)),
    "both": lambda x: where(x > 0.0, sqrt(x), x) + floor(sqrt(x)),
}
FACTORS = {
    "a product": lambda x: x + 0.0 * sqrt(x),
    "a power": lambda x: x + sqrt(x) ** 0.0,
    "relu": lambda x: x + relu(-sqrt(x)),
    "maximum": lambda x: x + maximum(sqrt(x), 1.0, 0.5),
    "clip": lambda x: x + clip(sqrt(x), 1.0, 2.0),
    "copysign": lambda x: x + copysign(sqrt(x), 1.0),
    "taken": lambda x: where(x >= 0.0, 0.0 * sqrt(x), x),
}


def eager(f):
    """The slope at 0 by all that differentiates a graph."""
    x = Value(0.0, "x")
    y = f(x)
    y.backward()
    created, page = grad(y, [x], create_graph=True)[0].data, chain_rule(y, x)
    along = (jvp(y, x, 1.0), page.total, page.operations.total, sum(path.product for path in page.paths()))
    return [x.grad, *grad(y, [x]), created, *along]


def replayed(f, **options):
    """The same by recordings, on one example and in a block; `f` twice over, as a parameter's slope."""
    recording, w = record(f, 0.3, **options), Value(0.3)
    found = [recording.gradients([0.0])[0][0], *recording.gradients([0.0] * 70)[0][[0, 69]]]
    found.append(recording.jvp(([0.0],), ([1.0],))[0])
    trained = record(lambda x: f(w) * x, 1.0, **options)
    w.data = w.grad = 0.0
    trained.backward([1.0])
    return [*found, w.grad]


@pytest.mark.parametrize("name", ENDS)
def test_a_slope_of_0_by_formula_ends_a_path(name, executor):
    f = ENDS[name]
    assert eager(f) == [1.0] * 7
    assert replayed(f) == [1.0] * 5
    x = Value(0.0)
    assert (hessian(f(x), x), hvp(f(x), x, 1.0), record(f, 0.3).hessian([0.0])[0][0]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("name", FACTORS)
def test_a_slope_that_comes_to_0_is_a_factor(name, executor):
    assert all(map(math.isnan, eager(FACTORS[name])))
    assert all(map(math.isnan, replayed(FACTORS[name])))


def test_a_row_of_ones_own_ends_a_path_as_its_formula_says(executor):
    steps = row("two_steps", "steps", "floor(a) + b * round(c)")
    try:
        for f, slope in ((lambda x: x + steps(sqrt(x), 0.0, sqrt(x)), 1.0), (lambda x: x + steps(x, x, 3.0), 4.0)):
            assert eager(f) == [slope] * 7
            assert replayed(f) == [slope] * 5
        assert all(map(math.isnan, eager(lambda x: x + steps(1.0, sqrt(x), 0.0))))
    finally:
        del TABLE["two_steps"]


needs_compiler = pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="there is no C compiler")


@needs_compiler
def test_so_it_is_in_loops_of_their_own():
    assert [replayed(lambda x: sum(f(x) for f in ENDS.values()), compile=True)] == [[len(ENDS)] * 5]
    found = record(lambda x: [f(x) for f in FACTORS.values()], 0.3, compile=True)
    assert np.isnan(found.gradients([0.0, 0.0])[0]).all()


@needs_compiler
def test_a_branch_not_taken_contributes_0_in_a_loop_of_its_own():
    for name in ("sqrt at 0", "log of negatives", "overflow", "nested", "masks of -inf", "memory"):
        f, points = PROGRAMS[name]
        recording = record(lambda *x, f=f: f(*x, where), *map(float, points[0]), compile=True)
        batch = np.array(points, float).T
        outputs, slopes = recording.forward(*batch), np.array(recording.gradients(*batch)).T
        for point, output, slope in zip(points, outputs, slopes, strict=True):
            value, wanted = expected(f, point, ())
            assert same(output, value), (name, point)
            assert all(map(same, slope, wanted)), (name, point)


@pytest.mark.parametrize("name", [*ENDS, *FACTORS])
def test_jax_agrees(name):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        run = record(ENDS[name] if name in ENDS else FACTORS[name], 0.3).to_jax()
        found = float(jax.grad(lambda x: run([], (x,)))(0.0))
    is_constant = name == "a power"  # for JAX a power of 0 is folded to 1
    assert found == 1.0 if name in ENDS or is_constant else math.isnan(found)
