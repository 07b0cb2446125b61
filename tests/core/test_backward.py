"""Reverse mode: gradients add up on leaves and are reset inside, grad leaves them alone, and what it all costs."""

import gc
import sys
import tracemalloc

import pytest
import sympy

import engine
from engine import Value, dot, exp, grad, logsumexp, sin

NODES = 20_000
BYTES = 120 if engine.compiled else 300  # a node


def test_two_passes_give_exactly_twice_the_gradient_of_a_leaf():
    x, w = Value(0.3, "x"), Value(-1.7, "w")
    hidden = (w * x + 0.1).tanh()
    loss = (hidden - x) ** 2 / 3
    loss.backward()
    once, inside = (x.grad, w.grad), hidden.grad
    loss.backward()
    assert (x.grad, w.grad) == (2 * once[0], 2 * once[1])
    assert (hidden.grad, loss.grad) == (inside, 1.0)


def test_a_node_belongs_to_the_last_pass_through_it():
    x = Value(2.0)
    shared = x * x
    (shared * 3.0).backward()
    assert (shared.grad, x.grad) == (3.0, 12.0)
    (shared * 5.0).backward()
    assert (shared.grad, x.grad) == (5.0, 32.0)


def test_a_leaf_is_its_own_derivative():
    x = Value(7.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0
    assert grad(x, x) == (1.0,)


def test_an_operand_that_comes_twice_gets_both_shares():
    x = Value(3.0)
    (x * x + x / x + dot([x, x], [x, 1.0], x)).backward()
    assert x.grad == 6.0 + 0.0 + 6.0 + 1.0 + 1.0


def test_a_later_change_of_data_does_not_reach_partials():
    x, y = Value(2.0), Value(5.0)
    z = x * y
    y.data = 100.0
    z.backward()
    assert x.grad == 5.0


def test_grad_leaves_every_gradient_alone():
    x = Value(2.0)
    y = x**3
    y.backward()
    before = x.grad, y.grad
    assert grad(y * 2.0, [x, y]) == (24.0, 2.0)
    (slope,) = grad(y, x, create_graph=True)
    assert (x.grad, y.grad) == before
    assert slope.data == 12.0


def test_what_the_output_does_not_depend_on_has_the_derivative_0():
    x, other = Value(1.0), Value(2.0)
    assert grad(x * 2.0, [other, x]) == (0.0, 2.0)
    (zero,) = grad(x * 2.0, other, create_graph=True)
    assert type(zero) is Value
    assert zero.data == 0.0


@pytest.mark.parametrize("bad", [1.0, "x", None])
def test_an_input_that_is_no_value_is_refused(bad):
    with pytest.raises(TypeError, match=f"grad takes Values as inputs, not {type(bad).__name__}"):
        grad(Value(1.0) * 2.0, [bad])


def test_derivatives_up_to_the_fourth_are_those_of_sympy():
    t = sympy.Symbol("t")
    expression = sympy.exp(sympy.sin(t)) / (1 + t**2) * sympy.tanh(t) + sympy.log(1 + sympy.exp(t)) ** 2
    x = Value(0.7)
    y = exp(sin(x)) / (1 + x**2) * x.tanh() + x.softplus() ** 2
    for _ in range(4):
        (y,) = grad(y, x, create_graph=True)
        expression = sympy.diff(expression, t)
        assert y.data == pytest.approx(float(expression.evalf(30, subs={t: sympy.Float("0.7", 30)})), rel=1e-11)


def test_a_mixed_derivative_goes_through_sequences():
    x, y = Value(0.4), Value(-1.1)
    output = logsumexp([x * y, x, y]) * dot([x, y], [y, x], x * x)
    (by_x,) = grad(output, x, create_graph=True)
    (by_y,) = grad(output, y, create_graph=True)
    assert grad(by_x, y) == pytest.approx(grad(by_y, x), rel=1e-13)


def steps(count):
    """Training steps whose graphs are let go."""
    w = Value(0.1)
    for _ in range(count):
        loss = logsumexp([(w * 2.0 - 1.0).tanh() ** 2, dot([w, w], [1.0, 2.0])])
        w.grad = 0.0
        loss.backward()
        w.data -= 0.01 * w.grad
    return w.data


def test_ten_thousand_steps_leave_nothing_behind():
    steps(100)
    gc.collect()
    before = sys.getallocatedblocks()
    steps(10_000)
    gc.collect()
    assert abs(sys.getallocatedblocks() - before) < 1000


def test_nothing_waits_for_the_cyclic_collector():
    gc.collect()
    gc.disable()
    try:
        steps(10)
        before = sys.getallocatedblocks()
        steps(200)
        assert abs(sys.getallocatedblocks() - before) < 500
    finally:
        gc.enable()


def chain(size):
    x = node = Value(1.0)
    for _ in range(size):
        node = node * x
    return node


def test_bytes_a_node():
    chain(100)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = chain(NODES)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.data == 1.0
    assert (after - before) / NODES <= BYTES
