"""What zeros, few digits and fitted numbers are taken to say."""

import layouts
import numpy as np
import pytest

from engine import Value, compare
from engine.grading.given import read


def network(seed=3):
    loss, parameters, learner = layouts.sigmoid_222(np.random.default_rng(seed))
    return loss, parameters, learner.gradients()


def named(comparison):
    return [mistake.name for mistake in comparison.mistakes]


@pytest.mark.parametrize("zero", ["0", "0.0", "-0", "0e400", 0, 0.0])
def test_a_0_without_digits_claims_that_the_gradient_is_0(zero):
    loss, parameters, right = network()
    assert not compare(loss, {parameters[0]: zero}).ok
    assert not compare(loss, {parameters[0]: zero, parameters[1]: f"{right[1]:.4g}"}).ok


def test_zeros_alone_do_not_name_a_weight_or_a_path():
    loss, parameters, learner = layouts.relu_2332(np.random.default_rng(3))
    numbers = np.where(np.arange(len(parameters)) < 9, 0.0, learner.gradients())  # layer 1 has nine
    found = compare(loss, dict(zip(parameters, numbers, strict=True)))
    assert found.verdict == "several"
    assert "nothing_sent_back" in named(found)


def test_floats_of_two_digits_are_told_how_their_digits_count():
    w, v = Value(1.0, "w"), Value(1.0, "v")
    loss = 0.1234 * w + 0.5678 * v
    found = compare(loss, {w: 0.12, v: 0.57})
    assert not found.ok
    assert "If you rounded them, pass them as text, such as '0.12'" in str(found)
    assert compare(loss, {w: "0.12", v: "0.57"}).ok
    assert "rounded" not in str(compare(loss, {w: 0.12, v: 0.58}))


def test_a_rate_of_many_digits_is_no_rate_that_people_take():
    loss, parameters, right = network()
    for factor in (0.9137, 1.1371):  # the error of one hidden unit, which some rate explains
        numbers = {parameters[i]: f"{factor * right[i]:.6g}" for i in (0, 1)}
        assert "updated_weights" not in named(compare(loss, numbers))


@pytest.mark.parametrize("text", ["−3.6×10⁻¹", "-3.6 * 10^-1", "-3.6·10**-1", "-36e-2"])
def test_powers_of_ten_are_read(text):
    w = Value(0.5, "w")
    assert read({w: text})[0].number == pytest.approx(-0.36, rel=1e-15)


def test_a_decimal_comma_is_read():
    loss, parameters, _ = network()
    loss.backward()
    comparison = compare(loss, {p: f"{p.grad:.4e}".replace(".", ",") for p in parameters})
    assert comparison.ok
    with pytest.raises(ValueError, match=r"1,234 may be 1.234 or 1234"):
        compare(loss, {next(iter(parameters)): "1,234"})


def test_one_factor_for_all_wrong_numbers_names_no_learning_rate():
    """W has one row, so sending back W/|W| scales δ, and some rate of two digits gives any factor to three digits."""
    rng = np.random.default_rng(1)
    for seed in range(20):
        w, v = Value(float(rng.normal()), "w"), [Value(float(x), f"v{i}") for i, x in enumerate(rng.normal(size=3), 1)]
        a = (w * 0.7).tanh()
        loss = sum((v[i] * a - 0.3 * i) ** 2 for i in range(3))
        loss.backward()
        factor = 1.0 / np.linalg.norm([p.data for p in v])
        found = compare(loss, {w: f"{factor * w.grad:.3g}"} | {p: f"{p.grad:.3g}" for p in v})
        assert "updated_weights" not in named(found), seed


def test_floats_rounded_to_common_decimals_are_not_blamed_on_a_layer():
    """round(g, 2) leaves 0.0, -0.0 and 1.0, which have two decimals, as the others show."""
    loss, parameters, right = network()
    numbers = np.round(5.0 * right, 2)
    assert 0.0 in numbers
    found = compare(5.0 * loss, dict(zip(parameters, map(float, numbers), strict=True)))
    assert "They are the right gradients, rounded to the digits shown." in str(found)
    assert "already wrong" not in str(found)
    texts = [f"{number:.2f}" for number in numbers]
    assert compare(5.0 * loss, dict(zip(parameters, texts, strict=True))).ok


def test_whole_floats_beside_others_show_no_decimals():
    w, v = Value(1.0, "w"), Value(1.0, "v")
    found = compare(32.4979 * w + 1.234 * v, {w: 32.0, v: 1.2})
    assert "pass them as text, such as '32'" in str(found)
    assert "rounded" not in str(compare(32.6 * w + 1.234 * v, {w: 32.0, v: 1.2}))
    assert "rounded" not in str(compare(32.4979 * w, {w: 32.0}))


def test_numbers_beyond_all_gradients_are_no_rounding():
    loss, parameters, _ = network()
    found = compare(loss, {parameters[0]: 1e308, parameters[1]: 1e-320})
    assert found.wrong[0].name == "w1"
    assert "Rounding" not in str(found)


@pytest.mark.parametrize("small", [0.0, "0", 0.1])
def test_beside_a_huge_wrong_number_small_ones_are_not_right(small):
    loss, parameters, right = network()
    *_, other, largest = np.argsort(np.abs(right))
    numbers = {parameters[0]: 3e12, parameters[other]: small, parameters[largest]: f"{right[largest]:.4g}"}
    found = compare(loss, numbers)
    assert [g.ok for g in found.gradients] == [False, False, True]


def test_digits_that_a_program_printed_in_single_precision_are_not_all_compared():
    h0, w, v = Value(0.5, "h0"), Value(2.0, "w"), Value(40.0, "v")
    z1 = w * h0
    h1 = z1.tanh()
    z2 = w * h1
    y = v * z2.tanh()
    derivative = v.data * (1 - z2.data**2) * (h1.data + w.data * (1 - z1.data**2) * h0.data)
    found = compare(y, {w: repr(derivative), v: "0.9092516899108887"})  # a float32
    assert [(g.name, g.ok) for g in found.gradients] == [("w", False), ("v", True)]
    assert [mistake.name for mistake in found.mistakes] == ["formula_at_z"]
