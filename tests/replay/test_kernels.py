"""Matrix products of any shape, on every instruction set and number of threads, and loops of record(compile=True)."""

import math
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import assert_agree, eager, network
from strategies import programs

from engine import Value, dot, erf, exp, log, record, softplus
from engine.core.operations import apply
from engine.replay import c_loop
from engine.table.vectors import FUNCTIONS

np = pytest.importorskip("numpy")
native = pytest.importorskip("engine.replay.native")

SETS = [name for name in ("plain", "avx2", "avx512") if native.instruction_set(name) == name]
native.instruction_set()


@pytest.fixture(params=SETS)
def instruction_set(request):
    yield native.instruction_set(request.param)
    native.instruction_set()


def layer(rows, columns, seed):
    """The parameters of a layer, and the sum of squares of what it gives, which has a gradient in all of them."""
    draw = np.random.default_rng(seed)
    weights = [[Value(x) for x in draw.normal(size=columns)] for _ in range(rows)]

    def loss(x):
        outputs = [dot(w, x) for w in weights]
        return sum((y * y for y in outputs), 0.0)

    return [w for row in weights for w in row], loss


def by_numpy(parameters, rows, X):
    """The mean of that loss over the examples, its gradient in the weights, and in each example."""
    W = np.array([p.data for p in parameters]).reshape(rows, -1)
    Y = X @ W.T
    return (Y * Y).sum(1).mean(), 2.0 * Y.T @ X / len(X), 2.0 * Y @ W


SIZES = st.integers(1, 70)


@settings(max_examples=40)
@given(SIZES, SIZES, st.sampled_from([1, 2, 7, 8, 9, 63, 64, 65, 130]), st.sampled_from(SETS))
def test_products_of_any_shape_agree_with_numpy(rows, columns, length, name):
    parameters, loss = layer(rows, columns, rows)
    X = np.random.default_rng(columns).normal(size=(length, columns))
    mean, in_weights, in_inputs = by_numpy(parameters, rows, X)
    native.instruction_set(name)
    try:
        recording = record(loss, X[0], check=False)
        assert recording.backward(X) == pytest.approx(mean, rel=1e-12)
        close = 1e-12 * np.abs(in_weights).max()
        assert np.allclose([p.grad for p in parameters], in_weights.ravel(), rtol=1e-12, atol=close)
        close = 1e-12 * np.abs(in_inputs).max()
        assert np.allclose(recording.gradients(X)[0], in_inputs, rtol=1e-12, atol=close)
    finally:
        native.instruction_set()


def test_any_number_of_threads_gives_the_same_bits(instruction_set, monkeypatch):
    parameters, loss = network([33, 40, 35, 1])
    draw = np.random.default_rng(2)
    X, y = draw.normal(size=(3000, 33)), draw.normal(size=3000)
    recording = record(loss, X[0], y[0])

    def run(threads):
        monkeypatch.setattr(native, "threads", threads)
        for p in parameters:
            p.grad = 0.0
        mean, parts = recording.backward(X, y), recording.gradients(X, y)
        return mean, [p.grad for p in parameters], [part.tolist() for part in parts]

    assert run(2) == run(3) == run(1)


def test_functions_agree_with_eager_mode(instruction_set):
    def f(x):
        return erf(x[0]) * x[1].tanh() + softplus(x[1]) * x[0].sigmoid() + exp(x[0]) / (2.0 + log(x[1] * x[1] + 1.0))

    batch = np.random.default_rng(0).normal(0.0, 3.0, (200, 2))
    outputs, slopes = eager(f, batch)
    recording = record(f, batch[0])
    assert_agree(recording.forward(batch), outputs, batch)
    assert_agree(recording.gradients(batch)[0], slopes, batch, absolute=1e-15)


def test_a_processor_without_vectors_computes_without_them():
    assert native.instruction_set("none that there is") == "plain"
    assert native.instruction_set() in SETS


needs_compiler = pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="there is no C compiler")


def compiled(f, *example, **options):
    """The recording with a loop of its own, and the ordinary one."""
    return record(f, *example, compile=True, **options), record(f, *example, **options)


@needs_compiler
@given(programs())
@settings(max_examples=8)
def test_a_loop_agrees_with_the_kernels(drawn):
    description, point = drawn
    batch = np.array(point) + 1e-3 * np.arange(70).reshape(-1, 1)
    loop, ordinary = compiled(lambda x: description.run(list(x), apply), point, check=False)
    for name in ("forward", "gradients"):
        found, wanted = (np.array(getattr(recording, name)(batch)) for recording in (loop, ordinary))
        assert_agree(found, wanted, [batch], absolute=1e-11)


@needs_compiler
@pytest.mark.parametrize("length", [1, 2, 9, 64, 200])
def test_a_loop_adds_up_gradients(instruction_set, length):
    parameters, loss = network([3, 5, 4, 1])
    draw = np.random.default_rng(1)
    X, y = draw.normal(size=(length, 3)), draw.normal(size=length)
    found = []
    for recording in compiled(loss, X[0], y[0]):
        for p in parameters:
            p.grad = 0.0
        found.append((recording.backward(X, y), [p.grad for p in parameters]))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-13)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-12, abs=1e-15)


def test_a_power_of_a_half_is_a_root_and_as_in_eager_mode_at_the_edges_too(executor):
    batch = [0.0, -0.0, 4.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 2.0, 3.0]
    recording = record(lambda x: [x**0.5, x**-0.5], 2.0)
    assert "**" not in str(recording)
    wanted = [[(Value(x) ** 0.5).data, (Value(x) ** -0.5).data] for x in batch]
    np.testing.assert_allclose(recording.forward(batch), wanted, rtol=4e-16)
    assert not np.signbit(recording.forward([-0.0])).any()


@needs_compiler
def test_every_function_of_vectors_compiles_in_a_loop(instruction_set):
    recording = record(lambda x: [apply(name, x) for name in FUNCTIONS], 0.5)
    assert c_loop.address(recording._schedule("forward"), instruction_set)


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler", "'"])
def test_without_a_compiler_that_works_the_kernels_compute(monkeypatch, compiler):
    monkeypatch.setenv("CC", compiler)
    loop, ordinary = compiled(lambda x: x * x.sigmoid(), 0.5)
    assert loop.forward([1.0, 2.0]).tolist() == ordinary.forward([1.0, 2.0]).tolist()


def test_a_long_program_has_no_loop(monkeypatch):
    monkeypatch.setattr(c_loop, "LONGEST", 3)
    monkeypatch.setattr(c_loop, "_compiled", lambda *given: pytest.fail("it was compiled"))
    loop, ordinary = compiled(lambda x: x * x.sigmoid() + x.exp(), 0.5)
    assert loop.forward([1.0, 2.0]).tolist() == ordinary.forward([1.0, 2.0]).tolist()
