"""Losses: their formulas, every digit of value and gradient at the extremes, and errors."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, check_gradients, hessian, jacobian, log_softmax, record, sigmoid
from nn import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
)

inf = math.inf
LOSSES = [mean_squared_error, binary_cross_entropy, binary_cross_entropy_with_logits, hinge]
extreme = st.sampled_from([0.0, 1e-300, 37.0, 745.0, 800.0, 1e4, 1e16, 1e300]) | st.floats(0, 1e5)
logits = st.builds(lambda z, sign: z * sign, extreme, st.sampled_from([-1.0, 1.0]))


def values(numbers):
    return [Value(number) for number in numbers]


def gradients(loss, predictions):
    loss.backward()
    return [prediction.grad for prediction in predictions]


def test_mean_squared_error_is_the_mean_of_squares():
    predictions = values([1.0, 2.0, 4.0])
    loss = mean_squared_error(predictions, [0.0, 2.0, 1.0])
    assert loss.data == pytest.approx(10 / 3)
    assert gradients(loss, predictions) == pytest.approx([2 / 3, 0.0, 2.0])


def test_mean_squared_error_of_vectors_is_the_mean_over_all_entries():
    rows = [values([1.0, 2.0]), values([3.0, 5.0])]
    assert mean_squared_error(rows, [[0.0, 2.0], [3.0, 1.0]]).data == pytest.approx(17 / 4)


def test_hinge_is_zero_from_a_margin_of_one():
    predictions = values([2.0, 0.25, -0.5, -2.0])
    loss = hinge(predictions, [1, 1, 1, -1])
    assert loss.data == pytest.approx((0 + 0.75 + 1.5 + 0) / 4)
    assert gradients(loss, predictions) == [0.0, -0.25, -0.25, 0.0]


@pytest.mark.parametrize("y", [0, 1, 0.3])
def test_binary_cross_entropy_is_its_formula(y):
    p = Value(0.2)
    loss = binary_cross_entropy([p], [y])
    assert loss.data == pytest.approx(-y * math.log(0.2) - (1 - y) * math.log(0.8), rel=1e-15)
    assert gradients(loss, [p]) == pytest.approx([-y / 0.2 + (1 - y) / 0.8], rel=1e-15)


def test_binary_cross_entropy_of_a_sure_and_right_probability():
    small = Value(1e-20)
    assert binary_cross_entropy([small], [0]).data == 1e-20
    assert [binary_cross_entropy([Value(p)], [p]).data for p in (0.0, 1.0)] == [0.0, 0.0]


def test_binary_cross_entropy_of_a_sure_and_wrong_probability_is_infinite():
    assert [binary_cross_entropy([Value(p)], [1 - p]).data for p in (0.0, 1.0)] == [math.inf, math.inf]


@given(z=logits, y=st.sampled_from([0, 1, 0.0, 1.0, True]))
def test_binary_cross_entropy_with_logits_has_every_digit(z, y):
    logit = Value(z)
    loss = binary_cross_entropy_with_logits([logit], [y])
    with mpmath.workdps(40):
        margin = mpmath.mpf(z) * (1 if y else -1)
        expected = mpmath.log1p(mpmath.exp(-margin))
        slope = (-1 if y else 1) / (1 + mpmath.exp(margin))
    assert loss.data == pytest.approx(float(expected), rel=1e-15, abs=1e-322)
    assert gradients(loss, [logit]) == pytest.approx([float(slope)], rel=1e-15, abs=1e-322)


@given(z=st.floats(-50, 50), y=st.floats(0, 1))
def test_binary_cross_entropy_with_logits_for_shares(z, y):
    logit = Value(z)
    loss = binary_cross_entropy_with_logits([logit], [y])
    with mpmath.workdps(40):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        expected = -y * mpmath.log(p) - (1 - mpmath.mpf(y)) * mpmath.log(1 - p)
    assert loss.data == pytest.approx(float(expected), rel=1e-14, abs=1e-300)
    assert gradients(loss, [logit]) == pytest.approx([float(p - y)], rel=1e-13, abs=1e-15)


@given(z=st.lists(logits, min_size=2, max_size=5), data=st.data())
def test_cross_entropy_keeps_its_digits(z, data):
    right = data.draw(st.integers(0, len(z) - 1))
    scores = values(z)
    loss = cross_entropy([scores], [right])
    with mpmath.workdps(60):
        others = sum(mpmath.exp(mpmath.mpf(x) - z[right]) for i, x in enumerate(z) if i != right)
        expected = mpmath.log1p(others)
        shares = [mpmath.exp(mpmath.mpf(x) - z[right]) / (1 + others) for x in z]
        shares[right] = -others / (1 + others)
    # The logarithm of the others' sum is rounded at the size of a logit, and the exponential shows that.
    digits = 4e-16 * (2 + min(max(abs(x - z[right]) for x in z), 800) + 2 * max(map(abs, z)) * (len(z) > 2))
    assert loss.data == pytest.approx(float(expected), rel=digits, abs=1e-322)
    assert gradients(loss, scores) == pytest.approx([float(share) for share in shares], rel=digits, abs=1e-322)


@pytest.mark.parametrize("size", [1e4, 1e8, 1e300])
def test_cross_entropy_of_huge_logits_is_exact_where_they_are_far_apart(size):
    scores = values([size, -size, 0.0])
    assert cross_entropy([scores], [0]).data == 0.0
    wrong = cross_entropy([scores], [1])
    assert wrong.data == 2 * size
    assert gradients(wrong, scores) == [1.0, -1.0, 0.0]


def test_cross_entropy_of_a_sure_and_right_example_is_not_zero():
    scores = values([0.0, 100.0, 3.0])
    loss = cross_entropy([scores], [1])
    others = math.exp(-100.0) + math.exp(-97.0)
    assert loss.data == pytest.approx(others, rel=1e-13)
    assert gradients(loss, scores) == pytest.approx([math.exp(-100.0), -others, math.exp(-97.0)], rel=1e-13, abs=0)


def test_cross_entropy_of_two_logits_is_that_of_their_difference():
    a, b = Value(0.3), Value(1.7)
    binary = binary_cross_entropy_with_logits([b - a], [1])
    assert cross_entropy([[a, b]], [1]).data == pytest.approx(binary.data, rel=1e-15)


@given(st.lists(logits, min_size=2, max_size=5), st.data())
def test_cross_entropy_of_a_one_hot_target_is_that_of_its_index(z, data):
    right = data.draw(st.integers(0, len(z) - 1))
    hot = [float(i == right) for i in range(len(z))]
    expected = cross_entropy([scores := values(z)], [right])
    slopes = gradients(expected, scores)
    for target in (hot, values(hot)):
        loss = cross_entropy([scores := values(z)], [target])
        assert loss.data == expected.data
        assert gradients(loss, scores) == slopes


def test_cross_entropy_is_recorded_with_the_right_class_as_an_input():
    recording = record(lambda z, target: cross_entropy([z], [target]), [0.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    z, targets = [[1.0, 40.0, -2.0], [0.5, 0.25, 0.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    expected = [cross_entropy([row], [target.index(1.0)]).data for row, target in zip(z, targets, strict=True)]
    assert recording.forward(z, targets).tolist() == pytest.approx(expected, rel=1e-14)


def test_cross_entropy_is_the_mean_over_examples():
    rows = [values([0.0, 0.0]), values([0.0, 0.0]), values([0.0, 0.0])]
    assert cross_entropy(rows, [0, 1, 1]).data == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: mean_squared_error([a, b], [0.5, -1.0]),
        lambda a, b: hinge([a, b], [1, -1]),
        lambda a, b: binary_cross_entropy([sigmoid(a), sigmoid(b)], [1, 0.25]),
        lambda a, b: binary_cross_entropy_with_logits([a, b], [0, 0.25]),
        lambda a, b: cross_entropy([[a, b, a * b], [b, a, 1.0]], [2, 0]),
    ],
)
def test_gradients_agree_with_differences(f):
    check_gradients(f, 0.3, -0.8)


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_may_be_values(loss):
    predictions, targets = [0.25, 0.75], [1.0, 1.0]
    numbers = loss(values(predictions), targets).data
    assert loss(values(predictions), values(targets)).data == pytest.approx(numbers, rel=1e-15)


@pytest.mark.parametrize("loss", [*LOSSES, cross_entropy])
def test_predictions_are_not_looked_at(loss):
    from engine.core.modes import Watch, watching

    class Refuse(Watch):
        def read(self, node, what, inside):
            raise AssertionError("looked at")

    with watching(Refuse()):
        loss([[Value(0.5), Value(0.25)]] if loss is cross_entropy else [Value(0.5)], [1])


@pytest.mark.parametrize("loss", [*LOSSES, cross_entropy])
def test_lengths_have_to_agree(loss):
    row = [Value(0.5), Value(0.25)] if loss is cross_entropy else Value(0.5)
    with pytest.raises(ValueError, match="predictions and targets must be of one length, not 2 and 1"):
        loss([row, row], [1])
    with pytest.raises(ValueError, match="predictions and targets are empty"):
        loss([], [])


@pytest.mark.parametrize("loss", [*LOSSES, cross_entropy])
def test_a_bare_prediction_is_refused(loss):
    with pytest.raises(TypeError, match="predictions must be a sequence, not Value.*: pass a list"):
        loss(Value(0.5), [1])
    with pytest.raises(TypeError, match="targets must be a sequence, not int 1: pass a list"):
        loss([[Value(0.5)] * 2], 1)


def test_vectors_have_to_agree_too():
    with pytest.raises(ValueError, match=r"predictions\[1\] and targets\[1\] must be of one length, not 1 and 2"):
        mean_squared_error([values([1.0]), values([1.0])], [[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match=r"targets\[0\] must be a sequence, not float 1.0"):
        mean_squared_error([values([1.0, 2.0])], [1.0])


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        (hinge, 0, r"targets\[0\] must be -1 or 1, not 0"),
        (binary_cross_entropy, 2, r"targets\[0\] must be from 0 to 1, not 2"),
        (binary_cross_entropy_with_logits, -1, r"targets\[0\] must be from 0 to 1, not -1"),
        (binary_cross_entropy_with_logits, math.nan, r"targets\[0\] must be from 0 to 1, not nan"),
        (mean_squared_error, math.nan, r"targets\[0\] must be a number, not nan"),
    ],
)
def test_targets_out_of_range_are_refused(loss, target, message):
    with pytest.raises(ValueError, match=message):
        loss([Value(0.5)], [target])


@pytest.mark.parametrize("target", [3, -1])
def test_a_class_that_is_not_there_is_refused(target):
    with pytest.raises(ValueError, match=rf"targets\[1\] must be a class index from 0 to 2, not {target}"):
        cross_entropy([values([0.0] * 3)] * 2, [0, target])


@pytest.mark.parametrize("target", [1.0, "1", None, {0: 1}])
def test_a_class_is_an_int(target):
    with pytest.raises(TypeError, match=r"targets\[0\] must be a class index, which is an int, not"):
        cross_entropy([values([0.0] * 2)], [target])


@pytest.mark.parametrize("target", [[0, 1, 0], [1], [0, 0], [1, 1], [0.5, 0.5], [math.nan, 1]])
def test_a_target_that_is_not_one_hot_is_refused(target):
    with pytest.raises(ValueError, match=r"targets\[0\] must be a class index or one-hot, a 1 among 1 zeros, not \["):
        cross_entropy([values([0.0] * 2)], [target])


@pytest.mark.parametrize("prediction", [Value(0.5), [Value(0.5)], []])
def test_cross_entropy_of_one_logit_points_to_the_binary_one(prediction):
    with pytest.raises(
        TypeError, match=r"at least two logits, not .*: for one logit there is binary_cross_entropy_with"
    ):
        cross_entropy([prediction], [0])


def test_targets_may_be_arrays():
    np = pytest.importorskip("numpy")
    assert mean_squared_error(values([1.0, 2.0]), np.array([0.0, 2.0])).data == 0.5
    assert cross_entropy([values([0.0, 0.0])], np.array([1])).data == pytest.approx(math.log(2))
    assert cross_entropy([values([0.0, 0.0])], np.eye(2)[:1]).data == pytest.approx(math.log(2))


@given(logits=st.lists(st.floats(-700, 700), min_size=2, max_size=5), data=st.data())
def test_a_class_index_that_is_a_value_is_as_the_number_and_has_no_slope(logits, data):
    index = data.draw(st.integers(0, len(logits) - 1))
    target, z, wanted = Value(index), [Value(x) for x in logits], [Value(x) for x in logits]
    loss, expected = cross_entropy([z], [target]), cross_entropy([wanted], [index])
    loss.backward()
    expected.backward()
    assert loss.data == pytest.approx(expected.data, rel=1e-13)
    assert [x.grad for x in z] == pytest.approx([x.grad for x in wanted], rel=1e-13, abs=1e-300)
    assert target.grad == 0.0


@pytest.mark.parametrize("logits", [[1.0, -inf, -inf], [2.0, 1.0, -inf], [-inf, -inf, -inf], [-inf, -inf]])
@pytest.mark.parametrize("order", [1, 2])
def test_a_masked_target_is_the_loss_of_log_softmax(logits, order):
    c = len(logits) - 1
    z = values(logits)
    one_hot = [Value(float(i == c)) for i in range(len(z))]
    losses = [cross_entropy([z], [c]), cross_entropy([z], [one_hot]), -log_softmax(z)[c]]
    for loss in losses:
        assert loss.data == inf
        assert (jacobian(loss, z) if order == 1 else hessian(loss, z)[0]) == [0.0] * len(z)
    recording = record(lambda z: cross_entropy([z], [c]), logits, check=False)
    for size in (1, 40):
        assert recording.forward([logits] * size).tolist() == [inf] * size
        assert recording.gradients([logits] * size)[0].tolist() == [[0.0] * len(z)] * size
