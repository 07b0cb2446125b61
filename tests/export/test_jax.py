"""Recordings in JAX: the numbers of eager mode for every row, derivatives at the edges, and what JAX does with them."""

import math
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from recordings import assert_agree, eager, network, recorded
from strategies import EDGES, programs

from engine import MissingExtraError, PrecisionError, RecordingError, Value, record
from engine.core import errors
from engine.core.functions import operation
from engine.core.operations import apply
from engine.export import jax as lowering
from engine.export.rows import function
from engine.table.formula import TABLE
from engine.table.primitives import PRIMITIVES, primitive
from engine.table.rows import row

jax = pytest.importorskip("jax")
np = pytest.importorskip("numpy")

SMALLEST = 2.3e-308  # XLA takes what is smaller for 0
NORMAL = [x for x in EDGES if not 0 < abs(x) < SMALLEST and abs(x) != 1e308]


POWERS = {"monomial", "powlog"}  # derivatives of powers, whose factors XLA multiplies in an order of its own
MODERATE = [0.5, 1.0, 2.0, 3.0]


@pytest.fixture(autouse=True)
def doubles():
    with jax.enable_x64(True):
        yield


@pytest.fixture(params=["vectors", "loop"])
def way(request, monkeypatch):
    """Each of the two ways to lower a program, whatever its length."""
    monkeypatch.setattr(lowering, "LIMIT", {"vectors": 10**9, "loop": -1}[request.param])
    return request.param


def slopes(f, parameters, batch):
    """The derivative of each output in the inputs of its example, which no other output depends on."""
    return jax.jit(jax.grad(lambda p, x: f(p, x).sum(), argnums=1))(parameters, batch)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - {"root_rest"}))  # XLA rounds what that is the rounding of
def test_a_row_agrees_with_eager_mode_at_every_pair_of_edges(name, way):
    recording, count = recorded(name, 1)
    ends = MODERATE if name in POWERS else NORMAL if count < 3 else NORMAL[::3]
    batch = np.array(list(product(ends, repeat=count)))
    if name in ("sqrt", "logit"):  # XLA drops the + 0 that turns -0 into 0
        batch = batch[~np.signbit(batch[:, 0]) | (batch[:, 0] != 0.0)]
    if name == "norm":  # XLA multiplies by the reciprocal of the largest; and the slope of inf is nan there, not 1
        batch = batch[(batch[:, 0] == 0.0) | (abs(batch[:, 0]) > 1e-300) & ~np.isinf(batch[:, 0])]
    outputs, wanted = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
    f, absolute = recording.to_jax(), SMALLEST * (1e3 if name in ("silu", "mish") else 1.0)  # -709 times what is 0
    assert_agree(jax.jit(f)([], (batch,)), outputs, batch, absolute=absolute)
    assert_agree(slopes(f, np.zeros(0), (batch,))[0], wanted, batch, absolute=absolute)


@pytest.mark.parametrize("name", sorted(name for name in PRIMITIVES if not TABLE[name].variadic))
def test_a_primitive_is_within_its_bound_of_python(name):
    row = TABLE[name]
    count, draw = len(row.variables), np.random.default_rng(0)
    batch = np.array([*product(NORMAL if count < 3 else NORMAL[::3], repeat=count), *draw.normal(0, 9, (500, count))])
    if name == "mod":  # further apart, XLA's remainder has no digits
        batch = batch[abs(batch[:, 0]) < 2.0**53 * abs(batch[:, 1])]
    wanted = np.array([row.value(*map(float, point)) for point in batch])
    found = np.asarray(jax.jit(function(row))(*batch.T))
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted)) | ((found == 0.0) & (abs(wanted) < 2 * SMALLEST))
    with np.errstate(all="ignore"):
        off = np.where(same, 0.0, abs(found - wanted) / np.spacing(np.maximum(abs(wanted), 2.0**-1022)))
    assert not np.isnan(off).any()
    assert off.max() <= PRIMITIVES[name].jax_ulp, (batch[off.argmax()], off.max())


@pytest.mark.parametrize("name", [name for name in sorted(TABLE) if TABLE[name].variadic])
def test_a_row_over_sequences_agrees_with_eager_mode(name, way):
    recording, count = recorded(name, 3)
    draw = np.random.default_rng(0)
    batch = np.concatenate([draw.normal(0.0, 3.0, (20, count)), draw.choice(NORMAL, (60, count))])
    if name == "norm":  # whose slope of inf is nan in JAX
        batch = batch[~np.isinf(batch).any(axis=1)]
    outputs, wanted = eager(lambda x: apply(name, *TABLE[name].split(x)), batch)
    f = recording.to_jax()
    assert_agree(f([], (batch,)), outputs, batch, absolute=SMALLEST)
    assert_agree(slopes(f, np.zeros(0), (batch,))[0], wanted, batch, absolute=SMALLEST)


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("sigmoid", 50.0, 1.9287498479639178e-22),
        ("tanh", 50.0, 1.4880303904166985e-43),
        ("relu", 0.0, 0.0),
        ("relu", math.nan, math.nan),
        ("abs", 0.0, 0.0),
        ("sqrt", 0.0, math.inf),
        ("softplus", 1000.0, 1.0),
        ("log", 0.0, math.inf),
    ],
)
def test_derivatives_at_kinks_and_in_saturation_are_those_of_the_table(name, x, slope, way):
    f = record(operation(name), 1.0).to_jax()
    assert float(jax.grad(lambda x: f([], (x,)))(x)) == pytest.approx(slope, rel=1e-12, nan_ok=True)


def test_a_fixed_exponent_has_no_derivative_that_could_be_nan(way):
    w = Value(2.0)
    f = record(lambda x: (w * x) ** 5 + x**3.0, 1.0).to_jax()
    value, slope = jax.jvp(lambda p: f(p, (-2.0,)), (np.array([1.5]),), (np.ones(1),))
    assert (float(value), float(slope)) == pytest.approx((-(3.0**5) - 8.0, 5 * 3.0**4 * -2.0))


@settings(max_examples=8)
@given(programs())
def test_random_programs_agree_with_eager_mode(drawn):
    description, point = drawn
    inputs = [Value(x) for x in point]
    output = description.run(inputs, apply)
    output.backward()
    batch = np.array([point[1:]] * 3)
    for limit in (10**9, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lowering, "LIMIT", limit)
            first = Value(point[0])
            recording = record(lambda x, first=first: description.run([first, *x], apply), point[1:])
            f, numbers = recording.to_jax(), np.array([p.data for p in recording.parameters])
            assert_agree(f(numbers, (batch,)), [output.data] * 3, batch, absolute=1e-11)
            total = jax.grad(lambda p, x, f=f: f(p, (x,)).sum(), argnums=(0, 1))
            for_parameter, for_inputs = total(numbers, batch)
        assert_agree(for_inputs, [[x.grad for x in inputs[1:]]] * 3, batch, absolute=1e-10)
        assert_agree(for_parameter, [3 * inputs[0].grad] * len(numbers), numbers, absolute=1e-10)


@pytest.fixture
def loss():
    """The recorded loss of a network of three layers, its parameters and a batch of nine."""
    _, loss = network([3, 9, 5, 1])
    draw = np.random.default_rng(1)
    X, y = draw.normal(size=(9, 3)), draw.normal(size=9)
    recording = record(loss, X[0], y[0])
    return recording, np.array([p.data for p in recording.parameters]), (X, y)


def test_gradients_of_a_network_are_those_of_replay(loss, way):
    recording, numbers, batch = loss
    value, slopes = jax.jit(jax.value_and_grad(lambda p, batch: recording.to_jax()(p, batch).mean()))(numbers, batch)
    assert float(value) == pytest.approx(recording.backward(*batch), rel=1e-12)
    assert slopes.tolist() == pytest.approx([p.grad for p in recording.parameters], rel=1e-10, abs=1e-14)


def test_vmap_runs_over_parameters_and_over_examples(loss, way):
    recording, numbers, batch = loss
    f = recording.to_jax()
    many = np.stack([numbers, 0.5 * numbers])
    both = jax.vmap(f, (0, None))(many, batch)
    assert_agree(both, [f(p, batch) for p in many], both)
    one_by_one = jax.vmap(f, (None, 0))(numbers, batch)
    assert_agree(one_by_one, recording.forward(*batch), both)
    per_example = jax.vmap(jax.grad(f), (None, 0))(numbers, batch)
    assert per_example.shape == (9, len(numbers))
    assert_agree(per_example.mean(0), jax.grad(lambda p: f(p, batch).mean())(numbers), numbers, absolute=1e-14)


def test_derivatives_of_the_second_order_agree_with_those_of_eager_mode(way):
    from engine import grad

    def f(w, x):
        return (w * x).sigmoid() * (x + w).log() + (w * w - x).relu() + apply("logsumexp", [w, x])

    w, x = Value(1.3), Value(0.4)
    (slope,) = grad(f(w, x), [w], create_graph=True)
    recording = record(lambda x: f(w, x), 0.4)
    g = recording.to_jax()
    (bend,) = grad(slope, [w])
    at = np.array([1.3])
    assert jax.hessian(lambda p: g(p, (0.4,)))(at).item() == pytest.approx(bend, rel=1e-12)
    assert jax.jacrev(jax.jacrev(lambda p: g(p, (0.4,))))(at).item() == pytest.approx(bend, rel=1e-12)


def test_layers_become_matrix_products(loss):
    recording, numbers, batch = loss
    text = str(jax.make_jaxpr(recording.to_jax())(numbers, batch))
    assert text.count("dot_general") >= 2
    assert text.count(" tanh ") <= 3


def chain(length):
    def f(x):
        for k in range(length // 2):
            x = (x * 0.9 + 0.1).sin() if k % 2 else (x * x).tanh()
        return x

    return f


def test_a_long_chain_is_a_loop_that_gives_the_numbers_of_eager_mode():
    x = Value(1.1)
    y = chain(5000)(x)
    y.backward()
    f = record(chain(5000), 1.1).to_jax()
    assert "scan" in str(jax.make_jaxpr(f)([], ([1.1],)))
    assert f([], ([1.1],)).tolist() == pytest.approx([y.data], rel=1e-12)
    assert float(jax.grad(lambda x: f([], (x,)))(1.1)) == pytest.approx(x.grad, rel=1e-9)


def test_on_an_accelerator_a_chain_of_some_hundred_steps_is_no_loop(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    f = record(chain(300), 1.1).to_jax()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    unrolled = record(chain(300), 1.1).to_jax()
    looped = ["scan" in str(jax.make_jaxpr(g)([], ([1.1],))) for g in (f, unrolled)]
    assert looped == [True, False]
    assert unrolled([], ([1.1],)).tolist() == pytest.approx(f([], ([1.1],)).tolist(), rel=1e-12)


def test_parameters_may_be_values_and_a_single_argument_an_array():
    w = Value(2.0)
    recording = record(lambda x: w * x[0] + x[1], [1.0, 2.0])
    f = recording.to_jax()
    assert f(recording.parameters, np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [4.0, 10.0]
    assert float(f([2.0], (np.array([1.0, 2.0]),))) == 4.0


WRONG = [
    ([1.0, 2.0], ([1.0], [[1.0, 2.0]]), ValueError, r"of shape \(1,\), a number for each .* not of shape \(2,\)"),
    ([1.0], ([1.0],), TypeError, r"a tuple of 2 array\(s\), one for each argument, not of 1"),
    ([1.0], ([1.0], [[1.0, 2.0, 3.0]]), ValueError, r"argument 2 must be of shape \(B, 2\).* not of shape \(1, 3\)"),
    ([1.0], ([1.0, 2.0], [[1.0, 2.0]]), ValueError, r"argument 2 must .*with the B of the others, not .* \(1, 2\)"),
]


@pytest.mark.parametrize(("parameters", "batch", "error", "message"), WRONG)
def test_arrays_that_do_not_fit_are_a_clear_error(parameters, batch, error, message):
    w = Value(1.0)
    f = record(lambda x, y: w * x + y[0] * y[1], 1.0, [1.0, 2.0]).to_jax()
    with pytest.raises(error, match=message):
        f(parameters, batch)


def test_single_precision_is_refused_when_lowering_and_when_running():
    recording = record(lambda x: x * 2.0, 1.0)
    f = recording.to_jax()
    with jax.enable_x64(False):
        with pytest.raises(PrecisionError, match=r"jax_enable_x64.*before"):
            recording.to_jax()
        with pytest.raises(PrecisionError, match="single precision"):
            f([], ([1.0],))


def test_without_jax_the_line_that_installs_it_is_shown(monkeypatch):
    monkeypatch.setattr(lowering, "require", lambda module, extra: errors.require("no_such_jax", extra))
    with pytest.raises(MissingExtraError, match=r'pip install "whygrad\[jax\]"'):
        record(lambda x: x, 1.0).to_jax()


def test_a_kernel_that_only_python_has_is_a_clear_error():
    primitive("cube_root", lambda a: math.copysign(abs(a) ** (1 / 3), a))
    row("cube_root", "∛", "cube_root(a)", "1 / (3 * y * y)")
    try:
        with pytest.raises(RecordingError, match="cube_root is in Python alone and JAX cannot do it"):
            record(lambda x: apply("cube_root", x), 1.0).to_jax()([], ([1.0],))
    finally:
        del PRIMITIVES["cube_root"], TABLE["cube_root"]


def test_adding_a_row_is_all_it_takes(way):
    row("third_root", "∛", "sign(a) * abs(a) ** (1 / 3)", "1 / (3 * y * y)")
    try:
        f = record(lambda x: apply("third_root", x), 1.0).to_jax()
        assert float(f([], (-27.0,))) == pytest.approx(-3.0)
        assert float(jax.grad(lambda x: f([], (x,)))(-27.0)) == pytest.approx(1 / 27)
    finally:
        del TABLE["third_root"]


SHARDED = """
import jax, numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from engine import record
from engine.export import jax as lowering
from recordings import network

jax.config.update("jax_enable_x64", True)
assert len(jax.devices()) == 2
parameters, loss = network([3, 9, 5, 1])
draw = np.random.default_rng(1)
X, y = draw.normal(size=(8, 3)), draw.normal(size=8)
recording = record(loss, X[0], y[0])
mean = recording.backward(X, y)
examples, all = PartitionSpec("batch"), PartitionSpec()
explicit, auto = jax.make_mesh((2,), ("batch",)), jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
for lowering.LIMIT in (200, -1):
    f = recording.to_jax()
    for mesh in (explicit, auto):
        batch = jax.device_put((X, y), NamedSharding(mesh, examples))
        numbers = jax.device_put(np.array([p.data for p in recording.parameters]), NamedSharding(mesh, all))
        outputs = jax.block_until_ready(jax.jit(f)(numbers, batch))
        assert len(outputs.sharding.device_set) == 2 and outputs.addressable_shards[0].data.shape == (4,), outputs
        value, slopes = jax.jit(jax.value_and_grad(lambda p, batch: f(p, batch).mean()))(numbers, batch)
        assert abs(value - mean) < 1e-12
        assert np.allclose(slopes, [p.grad for p in recording.parameters], rtol=1e-10, atol=1e-14)
    mapped = jax.jit(jax.shard_map(f, mesh=auto, in_specs=(all, (examples, examples)), out_specs=examples))
    assert np.allclose(mapped(numbers, (X, y)), recording.forward(X, y), rtol=1e-12)
print("sharded")
"""


def on_two_devices(code):
    support = Path(__file__).parent.parent / "support"
    paths = os.pathsep.join([str(support.parent.parent), str(support), os.environ.get("PYTHONPATH", "")])
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu", "PYTHONPATH": paths}
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_a_batch_is_sharded_over_two_devices():
    done = on_two_devices(SHARDED)
    assert (done.stdout, done.returncode) == ("sharded\n", 0), done.stderr
