"""Value: what it takes, what its operators give and refuse, and what it looks like to code written for micrograd."""

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import moderate

import engine
from engine import (
    NonFiniteError,
    Value,
    dot,
    grad,
    logsumexp,
    maximum,
    mean,
    minimum,
    prod,
    record,
    softmax,
    strict,
    tanh,
)
from engine.core.functions import operation
from engine.core.provenance import line_of
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    "number",
    [
        3,
        True,
        3.5,
        Fraction(1, 4),
        Decimal("0.5"),
        np.float32(1.5),
        np.float64(2.5),
        np.int64(7),
        np.array(4.0),
        np.array([5]),
        np.array([[0.5]]),
    ],
    ids=lambda number: type(number).__name__,
)
def test_data_is_any_real_number(number):
    value = Value(number)
    value.grad = number
    assert type(value.data) is type(value.grad) is float
    assert value.data == value.grad == float(getattr(number, "item", lambda: number)())


@pytest.mark.parametrize(
    "bad", ["3", b"3", None, 1j, [1.0], (1.0,), {}, np.array([1.0, 2.0]), np.array("1"), np.complex128(1), object()]
)
def test_what_is_no_real_number_is_refused_with_what_came_and_what_to_pass(bad):
    value = Value(1.0)
    for assign in (Value, lambda bad: setattr(value, "data", bad), lambda bad: setattr(value, "grad", bad)):
        with pytest.raises(TypeError, match=f"real number, not {type(bad).__name__} .*: pass a real number"):
            assign(bad)
    assert (value.data, value.grad) == (1.0, 0.0)


def test_a_value_as_data_is_refused_with_the_way_to_its_number():
    with pytest.raises(TypeError, match=r"not Value.*: pass its \.data"):
        Value(Value(1.0))


@given(x=moderate, n=moderate)
def test_operators_take_numbers_on_either_side(x, n):
    v = Value(x)
    got = [v + n, n + v, v - n, n - v, v * n, n * v]
    assert [y.data for y in got] == [x + n, n + x, x - n, n - x, x * n, n * x]
    assert all(v in y.operands and len(y.operands) == 2 for y in got)
    if n:
        assert (v / n).data == x / n
    if x:
        assert (n / v).data == n / x


@pytest.mark.parametrize(
    "two", [2, 2.0, True + 1, np.float64(2), np.float32(2), np.int64(2), Fraction(2), np.array(2.0)]
)
def test_every_kind_of_number_stands_on_either_side(two):
    v = Value(3.0)
    right = [v + two, v - two, v * two, v / two, v**two]
    left = [two + v, two - v, two * v, two / v, two**v]
    assert [type(y) for y in right + left] == [Value] * 10
    assert [y.data for y in right] == [5.0, 1.0, 6.0, 1.5, 9.0]
    assert [y.data for y in left] == pytest.approx([5.0, -1.0, 6.0, 2 / 3, 8.0], rel=1e-15)


@pytest.mark.parametrize("bad", ["2", None, 1j, [2.0], {2.0}])
def test_an_operator_names_what_it_was_combined_with(bad):
    for combine in (lambda v: v + bad, lambda v: bad * v, lambda v: v**bad, lambda v: bad - v, lambda v: v / bad):
        with pytest.raises(TypeError, match=type(bad).__name__):
            combine(Value(1.0))


def test_another_type_may_take_over_from_the_right():
    class Unit:
        def __radd__(self, other):
            return "taken"

        def __rpow__(self, other):
            return "taken too"

    assert Value(1.0) + Unit() == "taken"
    assert Value(1.0) ** Unit() == "taken too"
    with pytest.raises(TypeError, match="unsupported operand"):
        Value(1.0) * Unit()


def test_comparisons_look_at_the_data_and_equality_is_identity():
    a, b = Value(1.0), Value(2.0)
    assert a < b
    assert a <= 1.0
    assert b > 1
    assert a != Value(1.0)
    assert a == a
    assert {a: "a", b: "b"}[a] == "a"
    assert max([a, b]) is b
    with pytest.raises(TypeError, match="is combined with Values and real numbers, not with str"):
        _ = a < "2"


def test_a_constant_power_of_a_negative_base_has_no_slope_in_the_exponent():
    y = Value(-2.0) ** 3
    assert (y.data, y.partials) == (-8.0, (12.0, 0.0))
    assert math.isnan((Value(-2.0) ** 0.5).data)
    assert (Value(0.0) ** -1).data == math.inf
    both = Value(2.0) ** Value(3.0)
    assert both.partials == pytest.approx((12.0, 8.0 * math.log(2.0)))


def test_operands_and_partials_are_in_order_and_a_node_may_be_both():
    a, b = Value(2.0), Value(5.0)
    assert (a - b).operands == (a, b)
    assert (a - b).partials == (1.0, -1.0)
    assert (a * a).operands == (a, a)
    assert a.operands == a.partials == ()
    assert dot([a], [b], 1.0).operands[:2] == (a, b)
    assert dot([a], [b], 1.0).partials == (5.0, 2.0, 1.0)


PRIVATE = ("_a", "_b", "_code", "_da", "_db", "_grad", "_label", "_lists", "_number", "_op", "_prev", "serial")


@pytest.mark.parametrize("name", ["op", "operands", "partials", *PRIVATE])
def test_only_data_grad_and_label_can_be_set(name):
    x = Value(2.0, "x")
    for node in (x, x * x, dot([x], [3.0], 1.0)):
        before = getattr(node, name)
        for change in (lambda: setattr(node, name, before), lambda: delattr(node, name)):  # noqa: B023
            with pytest.raises(
                AttributeError, match=f"'{name}' of '.*' objects? (is not writable|has no (setter|deleter))"
            ):
                change()
        assert getattr(node, name) == before
    x.data, x.grad, x.label = 3.0, 1.0, "w"
    assert (x.data, x.grad, x.label) == (3.0, 1.0, "w")


def test_nothing_can_be_added_to_a_value():
    with pytest.raises(AttributeError, match="has no attribute 'note'"):
        Value(1.0).note = "mine"
    with pytest.raises((AttributeError, TypeError), match="__class__"):
        Value(1.0).__class__ = Value.__mro__[1]


def test_micrograds_names_are_there():
    a, b = Value(2.0), Value(5.0)
    assert ((a * b)._op, (a * b)._prev, (a * a)._prev) == ("*", {a, b}, {a})
    assert (a._op, a._prev) == ("", set())
    assert [operation(name)(a)._op for name in ("tanh", "relu", "exp")] == [
        TABLE[name].sign for name in ("tanh", "relu", "exp")
    ]


def test_functions_take_values_or_floats():
    assert tanh(0.5) == math.tanh(0.5)
    assert type(tanh(0.5)) is float
    assert tanh(Value(0.5)).data == math.tanh(0.5)
    assert maximum(1.0, Value(2.0)).operands[1].data == 2.0
    assert type(maximum(1, np.float32(2))) is float
    for bad in ("1", None):
        with pytest.raises(TypeError, match="must be a real number"):
            tanh(bad)
    with pytest.raises(TypeError, match="maximum takes at least one Value or number"):
        maximum()


def test_largest_and_smallest_of_any_number_of_operands_of_which_equal_ones_share_the_slope():
    a, b, c = Value(2.0), Value(-1.0), Value(2.0)
    assert maximum(a, b, c).partials == maximum(c, b, a, -5.0, 0.0).partials[:3] == (0.5, 0.0, 0.5)
    assert minimum(a, b, c, b).partials == (0.0, 0.5, 0.0, 0.5)
    assert maximum(a).partials == minimum(a).partials == (1.0,)
    assert maximum(-math.inf, -math.inf, Value(-math.inf)).partials == (1 / 3, 1 / 3, 1 / 3)
    assert all(map(math.isnan, maximum(a, math.nan, b).partials))
    assert math.isnan(maximum(a, b, math.nan).data)
    assert math.isnan(minimum(math.nan, a, b).data)
    assert grad(maximum(a, b, c) ** 2, [a, b, c]) == (2.0, 0.0, 2.0)
    recording = record(lambda x, y, z: maximum(x, y, z) - minimum(x, y, z), 1.0, 2.0, 3.0)
    assert [g.tolist() for g in recording.gradients([2.0, 5.0], [-1.0, 5.0], [2.0, 5.0])] == [
        [0.5, 0.0],
        [-1.0, 0.0],
        [0.5, 0.0],
    ]


def test_derivatives_of_a_product_are_right_where_factors_are_0():
    xs = [Value(x) for x in (2.0, 0.0, 3.0, 0.0, 5.0)]
    assert grad(prod(xs), xs) == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert grad(prod(xs[:3]), xs[:3]) == (0.0, 6.0, 0.0)
    (slope,) = grad(prod(xs), [xs[1]], create_graph=True)
    assert grad(slope, xs) == (0.0, 0.0, 0.0, 30.0, 0.0)
    assert (prod([]), prod([3]), mean([1, 2])) == (1.0, 3.0, 1.5)
    assert mean(xs).partials[0] == 0.2
    assert math.isnan(mean([]))


@pytest.mark.parametrize(("sizes", "found"), [((2, 1), 1), ((1, 2), 2), ((1, 0), 0), ((3, 1), 1)])
def test_a_row_refuses_sequences_of_different_lengths(sizes, found):
    first, second = ([Value(1.0)] * size for size in sizes)
    with pytest.raises(ValueError, match=f"dot takes {sizes[0]}, as many as in the first, for B, not {found}"):
        operation("dot")(first, second, Value(1.0))
    with pytest.raises(ValueError, match="dot takes one for c, not 2"):
        operation("dot")(first, first, [1.0, 2.0])


def test_dot_of_empty_sequences_is_its_bias():
    bias = Value(7.0)
    assert (dot([], [], bias).data, dot([], [], bias).partials) == (7.0, (1.0,))
    assert (dot([], []).data, dot([], [], 2.0).data) == (0.0, 2.0)


def test_dot_refuses_sequences_of_different_lengths():
    with pytest.raises(ValueError, match="not 2 weights and 1 inputs"):
        dot([1.0, 2.0], [1.0])


@given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=6))
def test_softmax_sums_to_one_and_logsumexp_stays_finite(logits):
    shares = softmax([Value(x) for x in logits])
    rounding = math.ulp(max(map(abs, logits))) + 1e-15  # of the differences of logits
    assert math.fsum(share.data for share in shares) == pytest.approx(1.0, rel=len(logits) * rounding)
    assert max(logits) <= logsumexp(logits) <= max(logits) + math.log(len(logits)) + rounding


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_is_a_leaf_with_the_same_numbers(again):
    a = Value(3.0, "a")
    y = (a * a).exp()
    y.label = "y"
    y.backward()
    twin = again(y)
    assert (twin.data, twin.grad, twin.label, twin.op, twin.operands) == (y.data, 1.0, "y", "", ())


def test_strict_names_the_first_operation_its_operands_and_the_line():
    x = Value(0.0, "x")
    with (
        strict(),
        pytest.raises(NonFiniteError, match=r"log\(x = 0\.0\) gave -inf .*x\.log\(\) \+ 1.*\): keep") as caught,
    ):
        _ = x.log() + 1
    assert __file__ in str(caught.value)


def test_strict_refuses_a_slope_that_is_not_finite_too():
    with strict(), pytest.raises(NonFiniteError, match=r"sqrt\(0\.0\) has the partials \(inf,\)"):
        Value(0.0).sqrt()


def test_strict_ends_where_its_block_ends_and_can_be_nested():
    with strict():
        with strict():
            pass
        with pytest.raises(NonFiniteError, match="mul"):
            Value(1e308) * 10.0
    assert (Value(1e308) * 10.0).data == math.inf


def test_a_constant_that_is_not_finite_is_no_operation():
    with strict():
        assert Value(math.inf).data == math.inf
        with pytest.raises(NonFiniteError, match="add"):
            Value(1.0) + math.inf
    assert line_of((Value(1.0) + math.inf).operands[1]) == ""


def test_the_line_that_made_the_first_number_that_is_not_finite_is_known():
    bad = Value(0.0).log()
    assert "bad = Value(0.0).log()" in line_of(bad)
    assert line_of(bad + 1.0) == ""


def test_what_a_user_may_import_is_there_and_spelled_out():
    names = (
        "Value dot draw render chain_rule diagnose grad check_gradients record strict exp log sqrt tanh sigmoid relu "
        "softplus sin cos erf maximum minimum logsumexp softmax"
    )
    assert all(callable(getattr(engine, name)) and getattr(engine, name).__doc__ for name in names.split())


def test_the_text_shows_numbers_and_the_label():
    value = Value(1.5, "w")
    value.grad = -2
    assert repr(value) == "Value(data=1.5, grad=-2.0, label='w')"
