"""The same random programs in this engine, in HIPS autograd, on plain floats and by central differences."""

import autograd
import autograd.numpy as np
import pytest
from algebras import flatten, in_floats, magnitudes, on_autograd, reference
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import CONSTANT, ROUNDING, is_tame, moderate, operands, programs

from engine import Value, check_gradients, grad
from engine.core.operations import apply
from engine.table.formula import TABLE, numeric

TINY = 1e-300  # autograd has other intermediate results, which underflow earlier


def assert_agree(ours, theirs, sizes, noise=TINY):
    for a, b, size in zip(ours, theirs, sizes, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-12 * size + noise)


@given(programs(without=ROUNDING))
def test_values_and_gradients_of_random_programs_agree_with_autograd(drawn):
    program, point = drawn
    inputs = [Value(x) for x in point]
    output = program.run(inputs, apply)
    output.backward()
    f = reference(program)
    assert output.data == pytest.approx(f(np.array(point)), rel=1e-9, abs=1e-9)
    assert_agree([x.grad for x in inputs], autograd.grad(f)(np.array(point)), magnitudes(output, inputs))


@given(programs(without=ROUNDING), st.lists(moderate, min_size=4, max_size=4))
def test_second_derivatives_of_random_programs_agree_with_autograd(drawn, direction):
    program, point = drawn
    along = direction[: len(point)]
    inputs = [Value(x) for x in point]
    slopes = grad(program.run(inputs, apply), inputs, create_graph=True)
    bend = apply("dot", list(slopes), along, 0.0)
    f = autograd.grad(reference(program))
    wanted = autograd.grad(lambda x: np.dot(f(x), np.array(along)) + 0.0 * np.sum(x))(np.array(point))
    assert_agree(grad(bend, inputs), wanted, magnitudes(bend, inputs), noise=1e-12)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - {"direction"}))  # whose slopes cancel in autograd
@settings(max_examples=15, suppress_health_check=list(HealthCheck))  # acosh has few operands
@given(data=st.data())
def test_every_row_agrees_with_autograd(name, data):
    groups = data.draw(operands(name, moderate))
    assume(is_tame(name, groups))

    def f(x):
        return on_autograd()(name, *TABLE[name].split(list(x))) + 0.0 * np.sum(x)

    y, slopes = in_floats(name, groups)
    flat = np.array(flatten(name, groups))
    assert y == pytest.approx(f(flat), rel=1e-12, abs=1e-12)
    assert_agree(slopes, autograd.grad(f)(flat), map(abs, slopes), noise=1e-30)  # a sum of autograd's may cancel


@given(programs(without=CONSTANT))
def test_random_programs_agree_with_central_differences(drawn):
    program, point = drawn
    inputs = [Value(x) for x in point]
    size = max(magnitudes(program.run(inputs, apply), inputs))
    check_gradients(lambda *x: program.run(x, apply), *inputs, step=1e-7, rtol=1e-4, atol=1e-5 * (1 + size))


@given(programs(tame=False))
def test_random_programs_raise_nowhere_and_values_are_what_floats_give(drawn):
    program, point = drawn
    inputs = [Value(x) for x in point]
    output = program.run(inputs, apply)
    output.backward()
    grad(output, inputs, create_graph=True)
    assert repr(output.data) == repr(program.run(point, numeric))  # of two nans, too


def test_the_published_expressions_of_micrograd_give_the_numbers_of_torch():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    y = (z * z).relu() + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)

    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert g.data == pytest.approx(24.70408163265306, rel=1e-15)
    assert a.grad == pytest.approx(138.83381924198252, rel=1e-15)
    assert b.grad == pytest.approx(645.5772594752186, rel=1e-15)
