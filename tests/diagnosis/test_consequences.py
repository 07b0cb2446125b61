"""A finding that another one brings about says so, or is left out; one that stands by itself says nothing."""

import math

import pytest
from graphs import labelled

from engine import Value, diagnose, log
from nn import MLP, binary_cross_entropy, mean_squared_error

FIRST = "{} in this report"


def whys(report):
    return {finding.kind: finding.why for finding in report}


def test_a_log_of_0_follows_from_the_probability_that_rounded_to_0():
    w = Value(-800.0, "w")
    found = whys(diagnose(-log(w.sigmoid()), [w]))
    assert FIRST.format("probability_loss") in found["non_finite"]
    assert "mend that first" not in found["probability_loss"]
    other = (w * 0.0).log() - (w * 0.05).sigmoid().log()
    assert "mend" not in whys(diagnose(other, [w]))["non_finite"]


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_computed_from_a_parameter_that_is_not_finite_is_left_out(number):
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    model.layers[0].neurons[0].w[0].data = number
    X = [[0.1 * i + 0.1, 0.5] for i in range(10)]
    report = diagnose(mean_squared_error([model(x) for x in X], [x[0] for x in X]), model.parameters())
    assert [finding.kind for finding in report] == ["non_finite"]


def test_an_output_that_its_targets_drove_flat_follows_from_them():
    w, b = Value(60.0, "w"), Value(0.0, "b")
    outputs = [labelled((w * x + b).tanh(), "a") for x in (1.0, 2.0, 3.0)]
    found = whys(diagnose(mean_squared_error(outputs, [2.0, 3.0, 4.0]), [w, b]))
    assert list(found) == ["out_of_range", "saturated"]
    assert FIRST.format("out_of_range") in found["saturated"]
    assert "mend that first" not in found["out_of_range"]


def test_a_loss_without_a_minimum_that_drives_a_probability_to_0():
    w = Value(-40.0, "w")
    found = whys(diagnose(binary_cross_entropy([w.sigmoid()], [Value(2.0)]), [w]))
    assert FIRST.format("loss_misuse") in found["probability_loss"]


def test_a_negative_number_without_a_label_stands_in_brackets():
    z = Value(-1000.0)
    finding = next(iter(diagnose(1.0 / (1.0 + (-(z * 2.0)).exp()), [z])))
    assert finding.where == ("exp(-(-2000))",)
    assert "with -(-1000 * 2) = 2000" in finding.why
