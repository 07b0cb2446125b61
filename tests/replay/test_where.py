"""`where` in recordings: compiled on blocks and on one example, and on NumPy, and differentiated inside and outside."""

import random

import pytest
from branching import PROGRAMS, derivative, expected, orders, random_program, same
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Condition, RecordingError, Value, detach, exp, log, record, row, sqrt, strict, where
from engine.replay import numpy_executor as execute
from engine.table.formula import TABLE

np = pytest.importorskip("numpy")


def assert_right(recording, points, wanted, absolute=1e-300):
    """At each point alone, and at all of them in blocks, outputs and gradients are those wanted."""
    batch = np.array(points, float)
    blocks = np.concatenate([batch] * 40)
    alone = [(recording.forward(*x[:, None])[0], [g[0] for g in recording.gradients(*x[:, None])]) for x in batch]
    outputs, slopes = recording.forward(*blocks.T), np.array(recording.gradients(*blocks.T)).T
    together = list(zip(outputs[-len(batch) :], slopes[-len(batch) :], strict=True))
    for found in (alone, together):
        for point, (value, gradient), (wanted_value, wanted_gradient) in zip(points, found, wanted, strict=True):
            assert same(value, wanted_value, absolute), (point, value, wanted_value)
            for a, b in zip(gradient, wanted_gradient, strict=True):
                assert same(a, b, absolute), (point, gradient, wanted_gradient)


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_of_every_order_are_those_of_the_branch_taken(name, executor):
    f, points = PROGRAMS[name]
    for wrt in orders(len(points[0])):
        recording = record(lambda *x, wrt=wrt: derivative(lambda *x: f(*x, where), wrt)(*x), *map(float, points[0]))
        assert_right(recording, points, [expected(f, point, wrt) for point in points])


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_in_parameters_is_that_of_the_branch_taken(name, executor):
    f, points = PROGRAMS[name]
    parameters = [Value(float(x)) for x in points[0]]
    recording = record(lambda one: f(*parameters, where) * one, 1.0)
    for point in points:
        for parameter, number in zip(parameters, point, strict=True):
            parameter.data, parameter.grad = float(number), 0.0
        value, wanted = expected(f, point, ())
        assert same(recording.backward([1.0, 1.0]), value), point
        assert all(map(same, [p.grad for p in parameters], wanted)), point


@given(st.integers(0, 2**32), st.integers(0, 3))
def test_a_search_finds_no_wrong_derivative(seed, order):
    rng = random.Random(seed)
    f, point, _ = random_program(rng)
    wrt = tuple(rng.randrange(len(point)) for _ in range(order))
    wanted, eager = expected(f, point, wrt), expected(f, point, wrt, where)
    assert same(eager[0], wanted[0], 1e-9)
    assert all(same(a, b, 1e-9) for a, b in zip(eager[1], wanted[1], strict=True))
    recording = record(lambda *x: derivative(lambda *x: f(*x, where), wrt)(*x), *[0.3 for _ in point], check=False)
    assert_right(recording, [point], [wanted], 1e-9)


def test_a_comparison_in_a_recording_is_a_condition():
    found = []
    w = Value(1.0)

    def f(x):
        found.extend([x > 0.0, x >= 1.0, x <= 1.0, x < w, w >= 0.0, np.float64(1.0) < x, x - x < 1.0])
        assert Value(1.0) > 0.0  # of constants
        return x

    record(f, 2.0)
    assert all(isinstance(condition, Condition) for condition in found)
    assert found[:7] == [True, True, False, False, True, True, True]  # afterwards, at the point that was recorded


def test_conditions_combine():
    def f(x, y):
        inside, positive = (x > -1.0) & (x < 1.0), y > 0.0
        return [
            where(condition, 1.0, 0.0)
            for condition in (
                inside & positive,
                inside | positive,
                ~inside,
                True & inside,
                inside | np.bool_(True),
                np.bool_(False) & inside,
                ~(~positive),
            )
        ]

    nan = float("nan")
    x, y = [0.0, 2.0, 0.0, 2.0, nan, nan], [1.0, 1.0, -1.0, -1.0, 1.0, nan]
    wanted = [[1, 1, 0, 1, 1, 0, 1], [0, 1, 1, 0, 1, 0, 1], [0, 1, 0, 1, 1, 0, 0], [0, 0, 1, 0, 1, 0, 0]]
    wanted += [[0, 1, 1, 0, 1, 0, 1], [0, 0, 1, 0, 1, 0, 0]]
    assert record(f, 0.0, 1.0).forward(x, y).tolist() == wanted


@pytest.mark.parametrize("other", [1, 0.0, None, Value(1.0), "x"])
def test_a_condition_combines_with_nothing_else(other):
    for combine in (lambda c: c & other, lambda c: other | c):
        with pytest.raises(TypeError, match="what a Condition is combined with must be a bool or a comparison"):
            record(lambda x, combine=combine: where(combine(x > 0.0), x, 0.0), 1.0)


TRUTHS = {
    "if": lambda x: x if x > 0.0 else -x,
    "and": lambda x: where((x > 0.0) and (x < 1.0), x, 0.0),
    "not": lambda x: where(not x > 0.0, x, 0.0),
    "bool": lambda x: x * bool(x > 0.0),
    "max": lambda x: max(x, 0.0),
    "a chain": lambda x: where(0.0 < x < 1.0, x, 0.0),
    "==": lambda x: where((x > 0.0) == True, x, 0.0),  # noqa: E712
    "!=": lambda x: where((x > 0.0) != (x > 1.0), x, 0.0),
    "in": lambda x: where((x > 0.0) in [True], x, 0.0),
    "np.where": lambda x: x * float(np.where(x > 0.0, 1.0, 2.0)),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_the_truth_value_of_a_condition_is_an_error_that_points_to_where(name):
    with pytest.raises(RecordingError, match=r"looks at the comparison.*choose with where\(condition, a, b\)"):
        record(TRUTHS[name], 0.5)


def test_an_error_that_is_caught_is_raised_when_the_function_returns():
    def f(x):
        try:
            return x if x > 0.0 else -x
        except RecordingError:
            return x

    with pytest.raises(RecordingError, match="choose with where"):
        record(f, 1.0)


def test_both_functions_are_called_and_the_branch_not_taken_may_be_nan_inside_strict():
    with strict():
        recording = record(lambda x: where(x > 0.0, lambda: log(x), lambda: x * x), -1.0)
    assert recording.forward([-3.0, 1.0]).tolist() == [9.0, 0.0]


def test_a_plain_bool_chooses_once():
    for flag, wanted in ((True, 4.0), (False, 2.0)):
        assert record(lambda x, flag=flag: where(flag, x * x, x), 2.0).forward([2.0]) == wanted


def test_detach_has_no_derivative_in_recordings(executor):
    recording = record(lambda x: 3.0 * x + detach(sqrt(x)) * detach(exp(1.0 / x)), 1.0)
    assert recording.gradients([0.0, -1.0, 1.0])[0].tolist() == [3.0, 3.0, 3.0]
    assert recording.forward([1.0]) == pytest.approx(3.0 + np.e)


def test_a_straight_through_estimator_is_a_row(executor):
    rounded = row("ste_round", "round", "a + detach(round(a) - a)")
    try:
        recording = record(lambda x: rounded(x) ** 2, 1.3)
        assert recording.forward([1.3, 2.5, -0.7]).tolist() == [1.0, 4.0, 1.0]
        assert recording.gradients([1.3, 2.5, -0.7])[0].tolist() == [2.0, 4.0, -2.0]
    finally:
        del TABLE["ste_round"]


def test_a_program_without_branches_is_not_masked():
    f = PROGRAMS["shared"][0]
    masked, plain = (record(g, 3.0) for g in (lambda x: f(x, where), lambda x: sqrt(x) + x * sqrt(x)))
    assert "select" in str(masked)
    assert "select" not in str(plain)
    assert engine.compiled or execute.Native is None
