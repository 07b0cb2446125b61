"""A row is added in one place, and a primitive in one more: both are found wherever operations are."""

import ctypes
import math
import shutil
import subprocess

import pytest
from mpmath import mp
from recordings import assert_agree

from engine import Value, chain_rule, check_gradients, draw, grad, record, render, row
from engine import _header as header
from engine.page import javascript
from engine.replay import numpy_executor
from engine.table.formula import TABLE
from engine.table.primitives import PRIMITIVES, primitive
from nn import MLP, backpropagation

np = pytest.importorskip("numpy")

SINC = {
    "c": "a == 0.0 ? 1.0 : sin(a) / a",
    "numpy": "np.where(a == 0.0, 1.0, np.sin(a) / a)",
    "javascript": "a === 0 ? 1 : Math.sin(a) / a",
}
POINTS = [-3.0, -0.5, 0.25, 2.0, 7.0]


def sinc(a):
    return math.sin(a) / a if a else 1.0


def added(name):
    """The operation, as a user adds it."""
    if name == "soft":
        return row("soft", "soft", "a / (1 + abs(a))")
    primitive("sinc", sinc, **SINC)
    return row("sinc", "sinc", "sinc(a)", "select(a, (cos(a) - y) / a, 0)")


@pytest.fixture(params=["soft", "sinc"])
def new(request):
    yield added(request.param)
    TABLE.pop(request.param, None)
    PRIMITIVES.pop(request.param, None)


def truth(new):
    return {"soft": lambda a: a / (1 + abs(a)), "sinc": mp.sinc}[new.__name__]


def test_in_eager_mode_with_derivatives_of_every_order(new):
    for x in POINTS:
        a = Value(x)
        orders = [new(a)]
        for _ in range(3):
            orders += grad(orders[-1], [a], create_graph=True)
        wanted = [float(mp.diff(truth(new), x, n)) for n in range(4)]
        assert [y.data for y in orders] == pytest.approx(wanted, rel=1e-9)
        assert new(x) == orders[0].data
        assert check_gradients(new, x) < 1e-6


@pytest.mark.parametrize("native", [numpy_executor.Native, None])
@pytest.mark.parametrize("size", [1, len(POINTS)])
def test_in_recordings(new, native, size, monkeypatch):
    monkeypatch.setattr(numpy_executor, "Native", native)
    batch = np.array(POINTS[:size])
    recording = record(lambda x: new(x) * 2.0, 0.5)
    assert_agree(recording.forward(batch), [2.0 * new(x) for x in POINTS[:size]], batch)
    wanted = [2.0 * float(mp.diff(truth(new), x)) for x in POINTS[:size]]
    assert_agree(recording.gradients(batch)[0], wanted, batch, relative=1e-9)


def test_in_formulas_pictures_and_page(new, tmp_path):
    name = new.__name__
    a = Value(0.5, "a")
    y = new(a)
    y.label = "y"
    chain = chain_rule(y, a)
    assert chain.total == pytest.approx(float(mp.diff(truth(new), 0.5)))
    assert r"\frac" in chain.to_latex()
    assert f"{name}(a)" in draw(y).source
    render(y, tmp_path / "why.svg")
    assert name in (tmp_path / "why.svg").read_text(encoding="utf-8")
    assert f'"{name}": (' in javascript.program([name])
    chain.save(tmp_path / "why.html")
    assert f'"{name}": (' in (tmp_path / "why.html").read_text(encoding="utf-8")


def test_in_the_boxes_and_equations_of_a_network(new):
    model, name = MLP(2, [4, 1], activation=new, seed=1), new.__name__
    loss = (model([0.5, -1.0]) - 1.0) ** 2
    assert f"a⁽¹⁾₁ = {name}(…)" in draw(loss).source
    assert f"3 more {name} neurons of layer 1" in draw(loss, model.layers[0].neurons[1].w[0]).source
    assert f"⊙ {name}′(z⁽¹⁾)" in str(backpropagation(model, loss))


def test_in_jax(new):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        f = record(new, 0.5).to_jax()
        for x in POINTS:
            assert float(f([], (x,))) == pytest.approx(new(x), rel=1e-12)
            assert float(jax.grad(lambda x: f([], (x,)))(x)) == pytest.approx(float(mp.diff(truth(new), x)), rel=1e-9)


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_in_the_c_that_the_build_writes(tmp_path, monkeypatch):
    modules = header.load()
    monkeypatch.setattr(header, "load", lambda: modules)
    table, opcodes, primitives, *_ = modules
    primitives.primitive("sinc", sinc, **SINC)
    table.row("sinc", "sinc", "sinc(a)", "select(a, (cos(a) - y) / a, 0)")
    table.row("soft", "soft", "a / (1 + abs(a))", "1 / ((1 + abs(a)) * (1 + abs(a)))")
    codes = {name: opcodes.code_of(name) for name in ("sinc", "soft")}
    source = header.header() + "Result result(int code, double a) { return operate1(code, a); }\n"
    (tmp_path / "rows.c").write_text(source)
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-ffp-contract=off", "-o", "rows.so", "rows.c", "-lm"],
        cwd=tmp_path,
        check=True,
    )
    result = ctypes.CDLL(str(tmp_path / "rows.so")).result
    result.restype, result.argtypes = Result, [ctypes.c_int, ctypes.c_double]
    for name, code in codes.items():
        row = table.TABLE[name]
        for x in POINTS:
            found = result(code, x)
            assert (found.y, (found.da,)) == (row.value(x), row.partial_values(found.y, x))
    assert "DO(SINC, sinc)" in source  # for the kernels


class Result(ctypes.Structure):
    """What the header gives for an operation of one or two operands."""

    _fields_ = [(name, ctypes.c_double) for name in ("y", "da", "db")]


def test_c_made_from_another_table_is_refused():
    from engine.table.opcodes import check

    with pytest.raises(ImportError, match=r"made from another table: build them again.*WHYGRAD_PURE=1"):
        check(0)
