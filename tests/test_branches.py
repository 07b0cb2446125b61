"""`where` and `detach` eagerly: the branch not taken has no effect, and what is no condition is refused."""

import copy
import math
import numbers
import pickle

import pytest
from branching import PROGRAMS, derivative, expected, orders, same

from engine import (
    Condition,
    NonFiniteError,
    Value,
    chain_rule,
    detach,
    dot,
    grad,
    less,
    log,
    operation,
    record,
    relu,
    row,
    select,
    sqrt,
    strict,
    where,
)
from engine.replay import numpy_executor
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_of_every_order_are_those_of_the_branch_taken(name):
    f, points = PROGRAMS[name]
    for point in points:
        for wrt in orders(len(point)):
            got, wanted = expected(f, point, wrt, where), expected(f, point, wrt)
            assert same(got[0], wanted[0]), (wrt, point)
            assert all(map(same, got[1], wanted[1])), (wrt, point)


@pytest.mark.parametrize("name", PROGRAMS)
def test_backward_gives_what_grad_gives(name):
    f, points = PROGRAMS[name]
    for point in points:
        inputs = [Value(float(x)) for x in point]
        y = f(*inputs, where)
        y.backward()
        assert all(map(same, [x.grad for x in inputs], grad(y, inputs))), point


def test_a_comparison_and_both_branches_are_operands():
    x = Value(0.0)
    y = where(x > 0.0, x.sqrt(), 2.0 * x)
    assert [operand.op for operand in y.operands] == ["less", "sqrt", "mul"]
    assert (y.op, y.data, y.partials) == ("select", 0.0, (0.0, 0.0, 1.0))
    assert where(x > 0.0, 1.0, 2.0).data == 2.0


def test_with_a_bool_or_functions_the_branch_taken_is_the_only_operand():
    x = Value(0.0)
    for y in (where(x > 0.0, lambda: x.sqrt(), 2.0 * x), where(False, x.sqrt(), 2.0 * x)):
        assert [operand.op for operand in y.operands] == ["mul"]
        assert (y.op, y.data, y.partials) == ("where_false", 0.0, (1.0,))
    assert where(x <= 0.0, lambda: x, 1.0).op == where(True, x, 1.0).op == "where_true"


def test_a_branch_not_taken_raises_nothing_inside_strict():
    x = Value(0.0)
    with strict():
        y = where(x > 0.0, x**1.5, 3.0 * x) * x
        (slope,) = grad(y, [x], create_graph=True)
        with pytest.raises(NonFiniteError, match="monomial"):
            grad(where(x >= 0.0, x**1.5, 3.0 * x) * x, [x], create_graph=True)
    assert grad(slope, [x]) == (6.0,)


def test_only_the_function_of_the_branch_taken_is_called():
    x = Value(-1.0)
    with strict():
        y = where(x > 0.0, lambda: log(x), lambda: x * x)
        with pytest.raises(NonFiniteError):
            where(x > 0.0, log(x), x * x)
    assert y.data == 1.0


@pytest.mark.parametrize("condition", [1, 0, None, "yes", 1.0, -2, Value(1.0), np.array([True, False]), np.int64(1)])
def test_what_is_no_condition_is_refused(condition):
    with pytest.raises(TypeError, match="the condition of where must be a bool or a comparison, not"):
        where(condition, Value(1.0), Value(2.0))


def test_conditions_are_comparisons_and_bools_of_python_and_numpy():
    assert [where(c, 1, 2.0) for c in (True, False, np.bool_(True), np.float64(1.0) > 2.0)] == [1.0, 2.0, 1.0, 2.0]
    assert where(Value(math.nan) <= 0.0, 1.0, 2.0).data == 2.0


def test_conditions_combine():
    x, y = Value(2.0), Value(-1.0)
    for condition, holds in (
        ((x > 0.0) & (y > 0.0), False),
        ((x > 0.0) | (y > 0.0), True),
        (~(y > 0.0), True),
        (True & (x > 0.0), True),
        (np.bool_(False) | (y > 0.0), False),
        (~((x > 0.0) & (y > 0.0)) & (x < math.nan), False),
    ):
        assert isinstance(condition, Condition)
        assert condition == holds
        assert where(condition, x, y) is not where(condition, x, y)
        assert where(condition, x, y).data == (2.0 if holds else -1.0)
    for other in (1, 0.0, None, x, "x"):
        for combine in (lambda c, other=other: c & other, lambda c, other=other: other | c):
            with pytest.raises(TypeError, match="what a Condition is combined with must be a bool or a comparison"):
                combine(x > 0.0)


def test_a_condition_is_a_bool_to_python_and_numpy():
    a, b = Value(1.0), Value(2.0)
    true, false = a < b, a > b
    assert (bool(true), bool(false), not false) == (True, False, True)
    assert (repr(true), str(false), f"{true}", f"{false:d}") == ("True", "False", "True", "0")
    assert true == True == (b > a) != false  # noqa: E712
    assert hash(true) == hash(True)
    assert {true: "yes"}[True] == ["no", "yes"][true] == "yes"
    assert (int(true), float(false), true + true, sum([true, false, true]), 1 - true) == (1, 0.0, 2, 2, 0)
    assert ((true * a).data, (a * false).data, (b + true).data, 3 * true) == (1.0, 0.0, 3.0, 3)
    assert [pickle.loads(pickle.dumps(true)), copy.copy(false), copy.deepcopy(true)] == [True, False, True]
    assert isinstance(true, numbers.Integral)
    assert np.array([true, false]).dtype == bool
    assert np.array([5, 6])[np.array([false, true])].tolist() == [6]
    assert np.mean([true, false]) == 0.5
    assert np.where(true, 1, 2) == 1
    assert (np.array([a, b]) > 1.0).tolist() == [False, True]
    assert sorted([b, a]) == [a, b]
    assert max(a, b) is b
    assert any([false, true])
    assert not all([false, true])


def test_an_earlier_comparison_keeps_its_truth():
    x = Value(1.0)
    condition = x > 0.0
    x.data = -1.0
    assert bool(condition)
    assert where(condition, 3.0, 4.0).data == 3.0


def test_branches_are_values_numbers_or_functions_that_give_them():
    x = Value(3.0)
    assert isinstance(where(True, 1.0, x), Value)
    assert isinstance(where(True, lambda: 1.0, 2.0), Value)
    for a, b in (("a", 1.0), (1.0, None), (x, "b"), (lambda: "a", x)):
        with pytest.raises(TypeError, match="must be a real number"):
            where(True, a, b)


def test_detach_has_the_number_and_no_derivative():
    for f in (sqrt, log, lambda a: 1.0 / a, lambda a: (a * a).log()):
        x = Value(0.0)
        y = 3.0 * x + detach(f(x))
        y.backward()
        assert (y.data, x.grad) == (f(Value(0.0)).data, 3.0)
        assert grad(y, [x]) == (3.0,)
        (slope,) = grad(y * x, [x], create_graph=True)
        assert same(grad(slope, [x])[0], 6.0)
    assert detach(2.0) == 2.0


def test_no_gradient_is_left_behind_a_detach():
    x = Value(2.0)
    h = x * x
    (h * 5.0).backward()
    x.grad = 0.0
    (detach(h) * x).backward()
    assert x.grad == 4.0
    assert grad(detach(h) * x, [h, x]) == (0.0, 4.0)


def test_a_straight_through_estimator_is_a_row():
    rounded = row("ste_round", "round", "a + detach(round(a) - a)")
    try:
        x = Value(1.3)
        y = rounded(x) ** 2
        y.backward()
        assert (y.data, x.grad) == (1.0, 2.0)
        (slope,) = grad(rounded(x) ** 2, [x], create_graph=True)
        assert grad(slope, [x]) == (2.0,)
        assert chain_rule(y, x).total == 2.0
    finally:
        del TABLE["ste_round"]


def test_where_in_a_function_that_is_checked_by_differences():
    from engine import check_gradients

    check_gradients(lambda x: where(x > 0.0, lambda: sqrt(x), lambda: x * x), 2.0)
    check_gradients(lambda x: where(x > 0.0, lambda: sqrt(x), lambda: x * x), -2.0)


def test_the_derivative_is_a_function_that_can_be_differentiated_again():
    x = Value(4.0)
    second = derivative(lambda x: where(x > 0.0, x.sqrt(), x), (0, 0))(x)
    assert second.data == -1 / 32
    assert operation("where_true")(2.0) == 2.0


def test_a_select_keeps_its_condition_and_both_branches():
    for number, slope in ((-1.0, -2.0), (0.0, 0.0), (4.0, 0.25)):
        x = Value(number)
        y = select(less(0.0, x), sqrt(x), x * x)
        y.backward()
        assert x.grad == slope
        assert grad(y, [x]) == (slope,)
        (first,) = grad(y, [x], create_graph=True)
        assert first.data == slope
        assert grad(first, [x]) == (2.0 if number <= 0.0 else -1 / 32,)


def test_what_a_recorded_function_leaves_behind_has_the_derivative_of_its_branch():
    kept = []

    def f(x):
        kept.append((x, where(x > 0.0, sqrt(x), x * x)))
        return kept[-1][1]

    record(f, 0.0, check=False)
    ((x, y),) = kept
    y.backward()
    assert x.grad == 0.0


ZERO_TIMES_INF = {
    "a constant 0": lambda x: where(x >= 0.0, 0.0 * sqrt(x), x),
    "without where": lambda x: 0.0 * sqrt(x),
    "a difference": lambda x: where(x >= 0.0, (x - x) * sqrt(x), x),
    "a weight": lambda x: dot([0.0, x], [sqrt(x), 1.0]),
    "over inf": lambda x: sqrt(x) / math.inf,
    "a relu that is off": lambda x: relu(sqrt(x) - 1.0),
}


@pytest.mark.parametrize("name", ZERO_TIMES_INF)
@pytest.mark.parametrize("native", [numpy_executor.Native, None])
def test_0_times_inf_in_the_branch_taken_is_nan_everywhere(name, native, monkeypatch):
    monkeypatch.setattr(numpy_executor, "Native", native)
    f = ZERO_TIMES_INF[name]
    for order in (1, 2, 3):
        x = Value(0.0)
        slopes = [f(x)]
        for _ in range(order):
            slopes += grad(slopes[-1], [x], create_graph=True)
        assert math.isnan(slopes[-1].data), order
        assert math.isnan(grad(slopes[-2], [x])[0])
    y = f(x)
    y.backward()
    assert math.isnan(x.grad)
    assert math.isnan(chain_rule(y, x).total)
    for size in (1, 70):
        recording = record(f, 1.0)
        assert np.isnan(recording.gradients([0.0] * size)[0]).all()
        inside = record(lambda x: grad(f(x), [x], create_graph=True)[0], 1.0)
        assert np.isnan(inside.forward([0.0] * size)).all()
