"""Learners who round intermediate numbers are right; numbers that contradict each other are not, however near."""

import re

import layouts
import numpy as np
import pytest

from engine import Value, compare
from nn import MLP

LAYOUTS = [layouts.sigmoid_222, layouts.tanh_342, layouts.relu_2332, layouts.recurrent, layouts.batch_with_penalty]


def significant(count):
    return np.vectorize(lambda x: float(f"{x:.{count}g}"), otypes=[float]), f".{count - 1}e"


def decimals(count):
    return np.vectorize(lambda x: round(float(x), count), otypes=[float]), f".{count}f"


def cut_off(count):
    def cut(x):
        unit = 10.0 ** (np.floor(np.log10(abs(x))) - count + 1) if x else 1.0
        return float(np.trunc(x / unit + 1e-9 * np.sign(x)) * unit)

    return np.vectorize(cut, otypes=[float]), f".{count - 1}e"


def texts(numbers, rounding):
    rounded, form = rounding
    return [f"{x:{form}}" for x in rounded(numbers)]


ROUNDINGS = {
    "3 digits": significant(3),
    "5 digits": significant(5),
    "4 decimals": decimals(4),
    "4 digits, cut off": cut_off(4),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("rounding", ROUNDINGS.values(), ids=ROUNDINGS.keys())
def test_a_learner_who_rounds_every_number_is_right_until_one_of_them_is_changed(layout, rounding):
    for seed in range(20, 24):
        loss, parameters, learner = layout(np.random.default_rng(seed), rounding[0])
        numbers = learner.gradients()
        assert compare(loss, dict(zip(parameters, texts(numbers, rounding), strict=True))).ok, seed
        which = max(range(len(numbers)), key=lambda i: abs(numbers[i]))
        for factor in (0.9, 1.1):
            numbers[which] *= factor
            changed = compare(loss, dict(zip(parameters, texts(numbers, rounding), strict=True)))
            assert [g.name for g in changed.wrong] == [changed.gradients[which].name], (seed, factor)
            numbers[which] /= factor


def test_two_numbers_that_must_be_equal_are_not_both_right():
    """Near its target, the error (a - y) has few digits: each number may be right but for the rounding of a."""
    w, b = Value(0.5, "w"), Value(0.2, "b")
    loss = ((w + b).sigmoid() - 0.67) ** 2  # both are -0.0008036
    alone = compare(loss, {w: -0.000884})
    assert alone.ok
    assert "within the rounding" in str(alone)
    assert compare(loss, {w: -0.000884, b: -0.000884}).ok
    both = compare(loss, {w: -0.000884, b: -0.000723})
    assert both.verdict == "unknown"
    assert [g.name for g in both.wrong] == ["w", "b"]


def test_the_one_number_that_contradicts_the_others_is_named():
    model = MLP(2, [3, 1], activation="tanh", seed=4)
    parameters = model.parameters()
    output = model([0.5, -1.5])
    loss = (output - (output.data - 0.01234)) ** 2
    loss.backward()
    off = {p: f"{1.002 * p.grad:.4g}" for p in parameters}  # as by an error e that is rounded
    off[parameters[4]] = f"{0.998 * parameters[4].grad:.4g}"
    found = compare(loss, off)
    assert [g.value for g in found.wrong] == [parameters[4]]


def test_a_factor_that_no_rounded_number_gives_is_no_mistake():
    """An output of 1.004 in the place of the error: all gradients are nearly those of the output, δ = 1."""
    model = MLP(2, [3, 1], activation="tanh", seed=4)
    parameters, inputs = model.parameters(), [0.5, -1.5]
    parameters[-1].data += 1.004 - model(inputs).data
    output = model(inputs)
    loss = 0.5 * (output - 0.3) ** 2
    output.backward()
    assert compare(loss, {p: f"{1.004 * p.grad:.2e}" for p in parameters}).verdict == "unknown"
    named = compare(loss, {p: f"{p.grad:.2e}" for p in parameters})
    assert [mistake.name for mistake in named.mistakes] == ["output_for_loss"]


def test_swapped_errors_that_are_nearly_opposite_are_no_sign():
    rng = np.random.default_rng(3)
    rng.normal(size=3)
    W = layouts.values(rng.normal(size=(2, 3)), "w")
    V, b = layouts.values(rng.normal(size=2), "v"), [Value(0.1, "b1"), Value(-0.2, "b2")]
    a = [layouts.weighted(row, [0.7, -1.1, 0.4], bias).tanh() for row, bias in zip(W, b, strict=True)]
    slopes = [1 - unit.data**2 for unit in a]
    V[1].data = -1.01 * V[0].data * slopes[0] / slopes[1]
    loss = (V[0] * a[0] + V[1] * a[1] - 0.9) ** 2
    loss.backward()
    first, second = ([*row, bias] for row, bias in zip(W, b, strict=True))
    right = {p: p.grad for p in V}
    swapped = right | {p: q.grad for p, q in zip([*first, *second], [*second, *first], strict=True)}
    assert compare(loss, {p: f"{x:.2e}" for p, x in swapped.items()}).verdict == "unknown"
    negative = right | {p: -p.grad for p in [*first, *second]}
    named = compare(loss, {p: f"{x:.2e}" for p, x in negative.items()})
    assert "derivative_sign" in [mistake.name for mistake in named.mistakes]


def test_one_factor_within_the_rounding_of_a_large_network_is_right():
    model, rng = MLP(2, [16, 16, 1], seed=1), np.random.default_rng(0)
    loss = sum((model(x) - 1.0) ** 2 for x in rng.normal(size=(15, 2)).tolist())
    loss.backward()
    assert compare(loss, {p: f"{1.0003 * p.grad:.3e}" for p in model.parameters()}).ok


def test_the_mistakes_that_were_tried_are_counted_within_rounding_too():
    model = MLP(2, [2, 1], activation="tanh", init="xavier", seed=0)
    loss = (model([0.5, -0.3]) - 0.3) ** 2
    loss.backward()
    found = str(compare(loss, {p: f"{-1.002 * p.grad:.2e}" for p in model.parameters()}))
    assert "within rounding, if all signs are reversed" in found
    assert int(re.search(r"one of the (\d+) mistakes tried", found)[1]) > 10


COARSE = [
    (layouts.tanh_342, significant(2), 28),
    (layouts.relu_2332, significant(2), 20),
    (layouts.recurrent, significant(2), 25),
    (layouts.batch_with_penalty, decimals(2), 23),
]


@pytest.mark.parametrize(("layout", "rounding", "seed"), COARSE, ids=lambda entry: getattr(entry, "__name__", ""))
def test_small_gradients_that_are_differences_of_rounded_numbers_are_not_called_wrong(layout, rounding, seed):
    loss, parameters, learner = layout(np.random.default_rng(seed), rounding[0])
    numbers = learner.gradients()
    found = compare(loss, dict(zip(parameters, texts(numbers, rounding), strict=True)))
    assert (found.verdict, found.wrong, found.mistakes) == ("unknown", (), ())
    assert "Rounding to 2 digits on the way can move them as far." in str(found)
    numbers[max(range(len(numbers)), key=lambda i: abs(numbers[i]))] *= 2.0
    assert compare(loss, dict(zip(parameters, texts(numbers, rounding), strict=True))).wrong
