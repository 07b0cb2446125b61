"""Compiled and on NumPy, a schedule gives the numbers of eager mode, for every row, at the edges too."""

import math
import os
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import assert_agree, eager, network, recorded
from strategies import EDGES, numbers, programs

import engine
from engine import Value, record
from engine.core.operations import apply
from engine.replay import numpy_executor as execute
from engine.table.formula import TABLE, numeric
from engine.table.primitives import PRIMITIVES, primitive
from engine.table.rows import row

np = pytest.importorskip("numpy")


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_agrees_with_eager_mode_at_every_pair_of_edges(name, executor):
    recording, count = recorded(name, 1)
    ends = EDGES if count < 3 else EDGES[::3]
    batch = np.array(list(product(ends, repeat=count)))
    outputs, slopes = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
    assert_agree(recording.forward(batch), outputs, batch)
    assert_agree(recording.gradients(batch)[0], slopes, batch)


def ulps(found, wanted):
    """How many units in the last place each number is off; 0 for the same number, nan for nan and both beyond all."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    with np.errstate(all="ignore"):
        return np.where(same, 0.0, np.abs(found - wanted) / np.spacing(np.maximum(np.abs(wanted), 2.0**-1022)))


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_a_primitive_is_within_its_bound_of_eager_mode(name, length, executor):
    recording, count = recorded(name, 2)
    draw = np.random.default_rng(len(name))
    batch = np.array([*product(EDGES if count < 3 else EDGES[::3], repeat=count), *draw.normal(0, 9, (500, count))])
    outputs, _ = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
    found = recording.forward(batch) if length > 1 else [recording.forward(x[None])[0] for x in batch]
    off = ulps(found, outputs)
    assert not np.isnan(off).any()
    assert off.max() <= PRIMITIVES[name].ulp, (batch[off.argmax()], off.max())
    if not PRIMITIVES[name].ulp:
        zero = outputs == 0.0
        assert (np.signbit(np.asarray(found)[zero]) == np.signbit(outputs[zero])).all()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_agrees_with_eager_mode_on_batches_of_any_size(name, executor):
    size = 3 if TABLE[name].variadic else 1
    recording, count = recorded(name, size)
    draw = np.random.default_rng(len(name))
    for length in (1, 2, 7, 64, 200):
        batch = draw.normal(0.0, 2.0, (length, count))
        outputs, slopes = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
        assert_agree(recording.forward(batch), outputs, batch)
        assert_agree(recording.gradients(batch)[0], slopes, batch)


@pytest.mark.parametrize("name", [name for name in sorted(TABLE) if TABLE[name].variadic])
@given(data=st.data())
def test_a_row_over_sequences_agrees_with_eager_mode(name, data):
    recording, count = recorded(name, 3)
    batch = np.array(data.draw(st.lists(st.lists(numbers, min_size=count, max_size=count), min_size=1, max_size=3)))
    outputs, slopes = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
    assert_agree(recording.forward(batch), outputs, batch)
    assert_agree(recording.gradients(batch)[0], slopes, batch)


@given(programs(), st.integers(0, 3), st.sampled_from([1, 3, 20]))
def test_random_programs_agree_with_eager_mode(drawn, fixed, length):
    description, point = drawn
    fixed = min(fixed, len(point) - 1)
    parameters = [Value(x) for x in point[:fixed]]
    batch = np.array([point[fixed:]] * length)
    inputs = [Value(x) for x in point]
    output = description.run(inputs, apply)
    output.backward()
    wanted = [x.grad for x in inputs]
    for native in [execute.Native, None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(execute, "Native", native)
            recording = record(lambda x: description.run([*parameters, *x], apply), point[fixed:])
            assert_agree(recording.forward(batch), [output.data] * length, batch, absolute=1e-11)
            assert_agree(recording.gradients(batch)[0], [wanted[fixed:]] * length, batch, absolute=1e-10)
            for parameter in parameters:
                parameter.grad = 0.0
            mean = recording.backward(batch)
        assert_agree([mean], [output.data], [point], absolute=1e-11)
        assert_agree([x.grad for x in parameters], wanted[:fixed], [point] * fixed, absolute=1e-10)


@pytest.mark.parametrize("length", [1, 5])
@pytest.mark.parametrize("name", ["exp", "log", "log1p", "tanh", "erf"])
def test_a_function_of_its_own_result_is_computed_one_after_the_other(name, length, executor):
    recording = record(lambda x: apply(name, apply(name, x)), 3.0)
    once = numeric(name, 3.0)
    assert_agree(recording.forward([3.0] * length), [numeric(name, once)] * length, [3.0] * length)


@pytest.mark.parametrize("length", [1, 2, 5, 8, 9, 63, 64, 65, 300])
def test_a_network_agrees_with_eager_mode_whatever_the_size_of_the_batch(executor, length):
    parameters, loss = network([3, 9, 5, 1])
    draw = np.random.default_rng(1)
    X, y = draw.normal(size=(length, 3)), draw.normal(size=length)
    total = sum(loss(row, target) for row, target in zip(X.tolist(), y.tolist(), strict=True)) / length
    total.backward()
    wanted = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    recording = record(loss, X[0], y[0])
    assert recording.backward(X, y) == pytest.approx(total.data, rel=1e-12)
    assert [p.grad for p in parameters] == pytest.approx(wanted, rel=1e-10, abs=1e-14)


@pytest.mark.skipif(execute.Native is None, reason="nothing is compiled")
def test_any_number_of_threads_gives_the_same_numbers(monkeypatch):
    from engine.replay import native

    parameters, loss = network([8, 16, 16, 1])
    draw = np.random.default_rng(2)
    X, y = draw.normal(size=(20_000, 8)), draw.normal(size=20_000)
    recording = record(loss, X[0], y[0])

    def run(threads, size):
        monkeypatch.setattr(native, "threads", threads)
        for p in parameters:
            p.grad = 0.0
        mean, *rest = recording.backward(X[:size], y[:size]), *recording.gradients(X[:size], y[:size])
        return mean, [p.grad for p in parameters], *(part.tolist() for part in rest)

    for size in (1, 700, 5_000, 20_000):
        assert [run(threads, size) for threads in (2, 3, 7, 100)] == [run(1, size)] * 4


def test_a_primitive_in_python_alone_runs_on_numpy():
    primitive("cube_root", lambda a: math.copysign(abs(a) ** (1 / 3), a))
    row("cube_root", "∛", "cube_root(a)", "1 / (3 * y * y)")
    try:
        recording = record(lambda x: apply("cube_root", x), 1.0)
        batch = np.array([8.0, -27.0])
        assert recording.forward(batch) == pytest.approx([2.0, -3.0])
        assert recording.gradients(batch)[0] == pytest.approx([1 / 12, 1 / 27])
    finally:
        del PRIMITIVES["cube_root"], TABLE["cube_root"]


def test_strided_and_narrow_arrays_are_read_where_they_are(executor):
    recording = record(lambda x, y: x[0] * x[1] + y, [1.0, 2.0], 3.0)
    X, y = np.arange(12.0).reshape(6, 2), np.arange(12.0)
    wanted = X[::-2, 1] * X[::-2, 0] + y[::4]
    assert recording.forward(X[::-2, ::-1], y[::4]).tolist() == wanted.tolist()
    assert recording.forward(np.asfortranarray(X)[::-2, ::-1], y[::4].astype(np.float32)).tolist() == wanted.tolist()


def test_many_rows_take_blocks_that_fit_the_cache(executor):
    def f(x):
        steps = [x]
        for k in range(800):
            steps.append((steps[k] * 0.999 + 0.001).sin())
        return sum(steps)

    batch = np.linspace(-1.0, 1.0, 50)
    outputs, slopes = eager(lambda x: f(x[0]), batch.reshape(-1, 1))
    recording = record(f, 0.0)
    assert recording.forward(batch) == pytest.approx(outputs, rel=1e-12)
    assert recording.gradients(batch)[0] == pytest.approx(slopes[:, 0], rel=1e-11)


@pytest.mark.skipif(not os.environ.get("REQUIRE_COMPILED"), reason="REQUIRE_COMPILED is not set")
def test_the_compiled_modules_are_there_where_they_are_required():
    assert engine.compiled
    assert execute.Native is not None
