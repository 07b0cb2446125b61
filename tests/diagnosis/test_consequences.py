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
    report = diagnose(-log(w.sigmoid()), [w])
    found = whys(report)
    assert list(found) == ["probability_loss", "non_finite"]
    assert report.findings[1].remedy == "Mend the probability_loss first."
    assert FIRST.format("probability_loss") in found["non_finite"]
    assert "in this report" not in found["probability_loss"]
    other = (w * 0.0).log() - (w * 0.05).sigmoid().log()
    assert "in this report" not in whys(diagnose(other, [w]))["non_finite"]


def test_layers_whose_weights_are_all_0_are_one_finding_of_a_kind():
    X = [[math.sin(k), math.cos(k)] for k in range(12)]
    model = MLP(2, [4, 3, 1], activation="relu", output_activation="sigmoid", init=0.0)
    loss = binary_cross_entropy([model(x) for x in X], [k % 2 for k in range(12)])
    dead, equal = diagnose(loss, model.parameters())
    assert (dead.kind, equal.kind) == ("dead_relu", "symmetric")
    assert len(dead.where) == len(equal.where) == 7
    assert (dead.evidence["units"], equal.evidence["units"], equal.evidence["groups"]) == ("7 of 7", "7 of 7", 2)
    assert FIRST.format("symmetric") in dead.why
    assert 'init="he"' in equal.remedy
    random = MLP(2, [4, 3, 1], activation="relu", output_activation="sigmoid", init="he", seed=0)  # the remedy
    assert not diagnose(binary_cross_entropy([random(x) for x in X], [k % 2 for k in range(12)]), random.parameters())


def test_layers_with_different_numbers_stay_apart():
    model = MLP(2, [4, 3, 1], activation="relu", output_activation="sigmoid", init="he", seed=0)
    for layer, number in zip(model.layers, (-40.0, -50.0), strict=False):
        for neuron in layer.neurons:
            neuron.b.data = number
    loss = binary_cross_entropy([model([math.sin(k), math.cos(k)]) for k in range(12)], [k % 2 for k in range(12)])
    assert [f.evidence["units"] for f in diagnose(loss, model.parameters()) if f.kind == "dead_relu"] == [
        "4 of 4",
        "3 of 3",
    ]


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
    assert finding.where == ("exp(-(-1000 * 2))",)
    assert "with -(-1000 * 2) = 2000" in finding.why
