"""check_gradients passes right gradients, shows wrong ones, and leaves the numbers as they were."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import GradientError, NonFiniteError, Value, check_gradients, exp, grad, log, relu, sqrt, strict, tanh
from engine.core.operations import apply
from engine.table.formula import TABLE
from engine.table.rows import row


@pytest.fixture
def wrong_row():
    """A square whose slope is wrong by half."""
    row("wrong_square", "w", "a * a", "3 * a")
    yield "wrong_square"
    del TABLE["wrong_square"]


def caught(*arguments, **options):
    with pytest.raises(GradientError) as error:
        check_gradients(*arguments, **options)
    return str(error.value)


@given(st.floats(-1e6, 1e6))
def test_the_step_scales_with_the_input(x):
    assert check_gradients(lambda a: a * a + 3 * a, x) < 1e-8


def test_inputs_are_numbers_values_and_nested_sequences():
    bias = Value(0.5, "bias")
    seen = []

    def f(x, matrix, pair, w):
        seen.append([type(entry) for entry in (x, *matrix[0], *matrix[1], *pair, w)])
        return tanh(x * matrix[0][1] + pair[0] * pair[1] + w) * matrix[1][0]

    assert check_gradients(f, 1, [[0.1, 0.2], (0.3,)], (Value(2.0), 3.0), bias) < 1e-8
    assert set(map(tuple, seen)) == {(Value,) * 7}


def test_numpy_scalars_and_arrays_are_numbers_and_sequences():
    np = pytest.importorskip("numpy")
    assert (
        check_gradients(lambda a, xs, s: a * xs[0] * xs[1] * s, np.float32(2), np.array([3.0, 4.0]), np.array(5.0))
        < 1e-9
    )


def test_parameters_that_f_reads_by_itself_are_checked():
    weights = [Value(0.3, "w1"), Value(-0.7, "w2")]
    assert check_gradients(lambda _: exp(weights[0] * weights[1]) + weights[0], weights) < 1e-9
    message = caught(lambda _: weights[0] * weights[1].data, weights)
    assert message.startswith("the gradient in w2 (inputs[0][1]) is 0, but the central difference 0.3")


def test_an_input_that_comes_twice_is_one_variable():
    x = Value(3.0)
    assert check_gradients(lambda a, b: a * b[0], x, [x]) < 1e-9


def test_a_node_in_the_middle_of_a_graph_is_an_input_like_any_other():
    middle = Value(2.0) * 3.0
    assert check_gradients(lambda m: m * m, middle) < 1e-9


def test_derivatives_of_derivatives_are_checked_the_same_way():
    assert check_gradients(lambda x: grad(tanh(x) ** 3, x, create_graph=True)[0], 0.4) < 1e-8


def test_the_worst_entry_comes_first_by_label_or_place(wrong_row):
    w = Value(10.0, "w")
    message = caught(lambda a, xs: a + apply(wrong_row, xs[0]) + apply(wrong_row, xs[1]), 1.0, [2.0, w])
    head, header, first, second, count = message.splitlines()
    assert head == "the gradient in w (inputs[1][1]) is 30, but the central difference 20"
    assert header.split() == ["input", "at", "gradient", "difference", "error"]
    assert first.split() == ["w", "(inputs[1][1])", "10", "30", "20", "10"]
    assert second.split() == ["inputs[1][0]", "2", "6", "4", "2"]
    assert count == "  2 of 3 entries differ"


def test_the_table_is_short_whatever_the_number_of_entries(wrong_row):
    message = caught(lambda xs: apply("sum", [apply(wrong_row, x) for x in xs]), [float(i) for i in range(1, 101)])
    assert len(message.splitlines()) == 1 + 1 + 5 + 1
    assert message.endswith("100 of 100 entries differ")


def test_the_error_is_also_an_assertion_error(wrong_row):
    with pytest.raises(AssertionError):
        check_gradients(lambda a: apply(wrong_row, a), 1.0)


def test_tolerances_decide_what_passes():
    def f(a):
        return a * Value(1.0) + Value(a.data * 1e-3)  # a slope that the graph misses a thousandth of

    caught(f, 1.0)
    assert check_gradients(f, 1.0, rtol=1e-2) == pytest.approx(1e-3, rel=1e-2)
    assert check_gradients(f, 1.0, atol=1e-2) == pytest.approx(1e-3, rel=1e-2)


def test_what_rounding_makes_of_large_values_is_no_error():
    assert check_gradients(lambda a: a + 1e9, 1.0) < 1e-2


def test_an_infinite_gradient_does_not_pass_for_large():
    row("steep", "s", "a * a", "a / 0")
    try:
        assert "is inf, but the central difference 2" in caught(lambda a: apply("steep", a), 1.0)
    finally:
        del TABLE["steep"]


def test_a_kink_is_named():
    assert "f bends there, from the slope 0 on the left to 1 on the right" in caught(relu, 0.0)
    assert check_gradients(abs, 0.0) == 0.0  # both are 0


def test_a_difference_across_an_edge_of_the_domain_is_named():
    message = caught(log, 1e-6)
    assert "f is nan at" in message
    assert "pass a smaller step" in message
    assert check_gradients(log, 1e-6, step=1e-9, rtol=1e-4) < 1e-5
    assert "f is nan at" in caught(sqrt, 0.0)


def test_f_that_is_not_finite_is_named():
    assert caught(log, 0.0) == "f is -inf at these inputs, where it has no gradient: pass others"
    assert caught(sqrt, -1.0).startswith("f is nan at these inputs")


def test_f_that_depends_on_more_than_its_inputs_is_named():
    calls = []

    def f(x):
        calls.append(x)
        return x * float(len(calls))

    assert "f gave 1.0, then 4.0 for the same inputs" in caught(f, 1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_input_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match=r"inputs\[0\]\[1\] is .*: pass finite numbers"):
        check_gradients(lambda xs: xs[0], [1.0, bad])


@pytest.mark.parametrize("inputs", [(), ([],), ([[], []],)])
def test_no_input_at_all_is_refused(inputs):
    with pytest.raises(ValueError, match="nothing to check"):
        check_gradients(lambda *_: Value(1.0), *inputs)


@pytest.mark.parametrize("bad", ["1.0", None, 1j, object(), {"w": 1.0}])
def test_an_input_of_another_type_is_refused(bad):
    with pytest.raises(TypeError, match="data must be a real number"):
        check_gradients(lambda x: x, bad)


def test_f_that_returns_something_else_is_refused():
    with pytest.raises(TypeError, match=r"f must return one Value, computed from its inputs, not float 2\.0"):
        check_gradients(lambda x: x.data, 2.0)


@pytest.mark.parametrize("step", [0.0, -1e-6, math.nan, 1e-20])
def test_a_step_that_moves_nothing_is_refused(step):
    with pytest.raises(ValueError, match="step must be"):
        check_gradients(lambda x: x * x, 1.0, step=step)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("fails_at", [0, 1, 2, 3, 4, None])
def test_data_and_gradients_stay_as_they_were_whatever_happens(fails_at):
    a, b = Value(2.0, "a"), Value(-0.1, "b")
    a.grad, b.grad = 5.0, -0.0
    calls = []

    def f(x, y):
        if len(calls) == fails_at:
            raise Interrupted
        calls.append((x.data, y.data))
        out = x * y
        out.backward()  # f may do as it likes with the gradients of its inputs
        return out

    if fails_at is None:
        check_gradients(f, a, b)
    else:
        with pytest.raises(Interrupted):
            check_gradients(f, a, b)
    assert repr((a.data, a.grad, b.data, b.grad)) == "(2.0, 5.0, -0.1, -0.0)"


def test_strict_mode_raises_through_and_numbers_are_restored():
    x = Value(1e-7, "x")
    with strict(), pytest.raises(NonFiniteError):
        check_gradients(log, x)
    assert x.data == 1e-7
