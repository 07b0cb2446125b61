"""What a report says of faults made by hand, in every form, and that it can be asked of any graph."""

import gc
import json
import math
import random
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from graphs import labelled, random_graph, scalar_layer
from hypothesis import given
from hypothesis import strategies as st
from reports import kinds, only

from engine import Finding, Report, Value, diagnose, dot, maximum, softmax, tanh
from engine.diagnosis.faults import KINDS


def sigmoids(numbers, inputs, weight=1.0):
    """A network by hand, 2-3-3-2 if numbers are (2, 3, 3, 2), without nn: its outputs, and its parameters by layer."""
    layers = [
        [[Value(weight, f"w{k}{i}{j}") for j in range(nin)] + [Value(weight, f"b{k}{i}")] for i in range(nout)]
        for k, (nin, nout) in enumerate(pairwise(numbers), 1)
    ]
    outputs = []
    for x in inputs:
        for layer in layers:
            x = [sum((w * a for w, a in zip(row, x, strict=False)), row[-1]).sigmoid() for row in layer]
        outputs.append(x)
    return outputs, [p for layer in layers for row in layer for p in row]


def test_a_saturated_sigmoid_by_hand():
    w, a_prev, y = Value(0.8, "w"), Value(62.5, "a_prev"), Value(0.0, "y")
    a = labelled(labelled(w * a_prev, "z").sigmoid(), "a")
    finding = only(diagnose((a - y) ** 2, [w]), "saturated")
    assert finding.where == ("a",)
    assert finding.evidence["slope"] == pytest.approx(1.928749847963918e-22, rel=1e-15)
    assert finding.evidence["z"] == 50.0
    assert "scale the inputs" in finding.remedy
    assert "binary_cross_entropy_with_logits" in finding.remedy


def test_copies_in_every_layer_but_the_last_by_hand():
    outputs, parameters = sigmoids((2, 3, 3, 2), [[0.8, 0.4], [0.3, 0.3]])
    targets = [[0.2, 0.4], [1.0, 0.0]]
    cost = sum((a - y) ** 2 for out, row in zip(outputs, targets, strict=True) for a, y in zip(out, row, strict=True))
    report = diagnose(cost, parameters)
    assert kinds(report) == ["symmetric", "symmetric"]
    first, second = report
    assert first.where == tuple(f"unit of b1{i}, w1{i}0, w1{i}1" for i in range(3))
    assert second.where == tuple(f"unit of b2{i}, w2{i}0, w2{i}1 …" for i in range(3))
    assert first.evidence["gradient"] == pytest.approx(0.0007693, abs=5e-8)  # of the bias
    assert first.evidence["weight"] == 1.0
    assert "Value(random.gauss(0, 1))" in first.remedy


def test_one_weight_that_differs_breaks_copies_apart():
    outputs, parameters = sigmoids((2, 3, 1), [[0.8, 0.4], [0.3, 0.3]])
    report = diagnose(sum(a * a for (a,) in outputs), parameters)
    assert only(report, "symmetric").evidence["units"] == "3 of 3"
    outputs, parameters = sigmoids((2, 3, 1), [[0.8, 0.4]])
    parameters[0].data = 1.1
    w = parameters
    x = [0.8, 0.4]
    hidden = [
        sum((a * b for a, b in zip(w[3 * i : 3 * i + 2], x, strict=True)), w[3 * i + 2]).sigmoid() for i in range(3)
    ]
    out = sum((a * b for a, b in zip(w[9:12], hidden, strict=True)), w[12])
    assert only(diagnose(out * out, w), "symmetric").evidence["units"] == "2 of 3"


def test_a_chain_without_layers_vanishes():
    x = Value(0.5, "x")
    y = x
    for _ in range(40):
        y = y.sigmoid()
    finding = only(diagnose(y, [x]), "vanishing")
    assert finding.where == ("x",)
    assert finding.evidence["factors"] == 40
    assert 0.2 < finding.evidence["mean factor"] < 0.25


def test_a_gradient_that_underflows_to_nothing_has_vanished():
    x = Value(0.5, "x")
    y = x
    for _ in range(800):
        y = y * 0.3
    assert diagnose(y + 0.0, [x]).findings[0].evidence["gradient"] == 0.0
    assert kinds(diagnose(y, [x])) == ["vanishing"]


def test_a_chain_that_explodes():
    x = Value(1.0, "x")
    y = x
    for _ in range(40):
        y = y * 3.0
    finding = only(diagnose(y, [x]), "exploding")
    assert finding.where == ("x",)
    assert finding.evidence["gradient"] == pytest.approx(3.0**40)


def test_a_gradient_that_overflows_explodes():
    x = Value(1e-300, "x")
    y = x * 1e200 * 1e100
    assert only(diagnose(y * 1e200, [x]), "exploding").evidence["gradient"] == math.inf


def test_paths_that_cancel_show_both_sums():
    x = Value(1.0, "x")
    finding = only(diagnose(3 * x - 2.9999 * x, [x]), "cancelled")
    assert finding.where == ("x",)
    assert (finding.evidence["upwards"], finding.evidence["downwards"]) == pytest.approx((3.0, 2.9999), rel=1e-15)
    assert finding.evidence["remaining"] == pytest.approx(1e-4)


def test_paths_that_cancel_are_found_though_far_away_no_gradient_is_left_of_them():
    x = Value(0.01, "x")
    y = (x * 20.0).tanh()
    assert only(diagnose(y * 3.0 - y * 2.0 - y, [x]), "cancelled").where == ("x",)


def test_the_sum_of_a_softmax_does_not_learn():
    logits = [Value(x, f"z{i}") for i, x in enumerate([0.1, -0.4, 0.7])]
    assert set(only(diagnose(sum(softmax(logits)), logits), "cancelled").where) == {"z0", "z1", "z2"}


def test_a_slope_that_is_infinite_is_named_without_a_number_being_so():
    x = Value(0.0, "x")
    finding = only(diagnose(labelled(x.sqrt(), "root") * 2.0, [x]), "non_finite")
    assert finding.where == ("root",)
    assert finding.evidence["slope"] == math.inf


def test_an_infinite_number_that_does_no_harm_is_not_reported():
    x = Value(1.0, "x")
    masked = Value(-math.inf).exp()
    assert not diagnose((x + masked) ** 2, [x]).findings


def test_an_input_that_is_nan_is_the_first_to_be_so():
    x, w = Value(math.nan, "pixel 7"), Value(1.0, "w")
    finding = diagnose((w * x - 1) ** 2, [w]).findings[0]
    assert (finding.kind, finding.where) == ("non_finite", ("pixel 7",))


def test_the_line_of_the_first_operation_is_the_users_own():
    x = Value(800.0, "x")
    y = x.exp()  # this line
    finding = diagnose(y * 0.0, [x]).findings[0]
    assert re.search(r"test_diagnose\.py, line \d+: y = x\.exp\(\)  # this line", finding.evidence["line"])


def test_gradients_of_another_loss_are_left_over():
    w = Value(0.5, "w")
    first, second = (w - 3.0) ** 2, (w - 1.0) ** 2
    first.backward()
    second.backward()
    finding = only(diagnose(second, [w]), "stale_gradient")
    assert (finding.evidence["gradient"], finding.evidence["left over"]) == (-1.0, -5.0)


@pytest.mark.parametrize("left", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_left_over(left):
    w, v = Value(0.5, "w"), Value(2.0, "v")
    w.grad = left
    loss = (w * v - 3.0) ** 2
    loss.backward()
    assert only(diagnose(loss, [w, v]), "stale_gradient").where == ("w",)


def test_three_passes_are_counted():
    w = Value(0.5, "w")
    loss = (w - 3.0) ** 2
    for _ in range(3):
        loss.backward()
    finding = only(diagnose(loss, [w]), "stale_gradient")
    assert finding.evidence["times"] == 3
    assert "as if backward() had been called 3 times" in finding.why


def test_a_gradient_left_from_before_is_no_mistake_until_backward_mixes_it():
    w = Value(0.5, "w")
    ((w - 3.0) ** 2).backward()
    loss = (w - 1.0) ** 2
    assert not diagnose(loss, [w]).findings
    loss.backward()
    assert kinds(diagnose(loss, [w])) == ["stale_gradient"]
    w.grad = 0.0
    loss.backward()
    assert not diagnose(loss, [w]).findings


def test_data_set_later_is_told_from_a_step():
    w = Value(0.5, "w")
    loss = (w * 2.0 - 3.0) ** 2
    w.data = 1.0
    finding = only(diagnose(loss, [w]), "changed_since_forward")
    assert (finding.evidence["was"], finding.evidence["is"]) == (0.5, 1.0)
    assert (finding.evidence["loss"], finding.evidence["loss now"]) == (4.0, 1.0)
    assert "does not change them" in finding.why
    w.data = 0.5
    assert not diagnose(loss, [w]).findings
    loss.backward()
    w.data -= 0.1 * w.grad
    assert "as it should be" in only(diagnose(loss, [w]), "changed_since_forward").why


def test_an_input_or_a_result_that_was_set_is_found_too():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = labelled(w * x, "z")
    loss = (z - 3.0) ** 2
    x.data = 7.0
    assert only(diagnose(loss, [w]), "changed_since_forward").where == ("x",)
    x.data = 2.0
    z.data = 5.0
    finding = only(diagnose(loss, [w]), "changed_since_forward")
    assert finding.where == ("z",)
    assert finding.evidence["loss now"] == 4.0


@pytest.mark.parametrize(
    "squash", [lambda z: z.sigmoid(), lambda z: 1 / (1 + (-z).exp()), lambda z: (z.tanh() + 1) / 2]
)
def test_a_probability_that_was_clipped_is_still_lost(squash):
    z = Value(-60.0, "z")
    p = labelled(squash(z), "p")
    clipped = (p + 1e-12) * 1.0
    report = diagnose(-clipped.log(), [z])
    assert "probability_loss" in kinds(report)
    finding = next(finding for finding in report if finding.kind == "probability_loss")
    assert "binary_cross_entropy_with_logits([z], [y])" in finding.remedy


@pytest.mark.parametrize("total", [sum, lambda exps: maximum(sum(exps), 1e-12), lambda exps: dot(exps, [1.0, 1.0])])
def test_a_softmax_by_hand_that_is_sure_and_wrong(total):
    logits = [Value(x, f"z{i}") for i, x in enumerate([300.0, 1.0])]
    exps = [z.exp() for z in logits]
    p = labelled(exps[1] / total(exps), "p1")
    finding = diagnose(-p.log(), logits).findings[0]
    assert (finding.kind, finding.where) == ("probability_loss", ("p1",))


def test_the_worst_comes_first_and_steps_last():
    w, v, spare = Value(0.8, "w"), Value(1.0, "v"), Value(1.0, "spare")
    a = labelled((w * 62.5).sigmoid(), "a")
    loss = (a - 0.0) ** 2 + (v * 0.0).log() * 0.0
    assert kinds(diagnose(loss, [w, v, spare])) == ["non_finite", "saturated", "disconnected"]
    loss = (a * v - 0.5) ** 2
    loss.backward()
    v.data -= 0.1 * v.grad
    assert kinds(diagnose(loss, [w, v])) == ["saturated", "changed_since_forward"]


def test_sixteen_units_of_a_layer_are_one_finding():
    rng = random.Random(0)
    rows = [[Value(rng.uniform(30, 60), f"layer1.neuron{i}.w{j}") for j in range(2)] for i in range(1, 17)]
    hidden = [labelled(tanh(dot(row, [2.0, 1.0])), f"layer1.neuron{i}.a") for i, row in enumerate(rows, 1)]
    last = [Value(rng.uniform(-1, 1), f"layer2.neuron1.w{i}") for i in range(16)]
    loss = (dot(last, hidden) - 1.0) ** 2
    finding = only(diagnose(loss, [p for row in [*rows, last] for p in row]), "saturated")
    assert finding.where == tuple(f"layer1.neuron{i}" for i in range(1, 17))
    assert finding.evidence["units"] == "16 of 16"
    first = "layer1.neuron1 (z⁽¹⁾₁), layer1.neuron2 (z⁽¹⁾₂), layer1.neuron3 (z⁽¹⁾₃)"
    assert f"saturated: {first} … layer1.neuron16 (z⁽¹⁾₁₆) (16 in all)" in str(finding)


def test_units_without_labels_are_numbered():
    ws = [Value(60.0 + i) for i in range(2)]
    loss = sum((w * 2.0).tanh() * (0.3 + i) for i, w in enumerate(ws)) ** 2
    assert only(diagnose(loss, ws), "saturated").where == ("layer1.neuron1", "layer1.neuron2")
    assert only(diagnose(Value(2.0) ** 2, ws), "disconnected").where == ("parameter 1", "parameter 2")


def test_thresholds_are_keyword_arguments():
    w = Value(1.0, "w")
    loss = ((w * 10.0).sigmoid() - 0.5) ** 2
    assert not diagnose(loss, [w]).findings
    assert kinds(diagnose(loss, [w], flat_once=1e-3)) == ["saturated"]
    with pytest.raises(TypeError, match="knows no threshold 'flatt': it takes flat, flat_once, few"):
        diagnose(loss, [w], flatt=1.0)


def test_what_is_no_value_is_refused_with_what_to_pass():
    class Model:
        def parameters(self):
            return []

    w = Value(1.0, "w")
    with pytest.raises(TypeError, match="the loss as one Value, not float 0.5"):
        diagnose(0.5, [w])
    with pytest.raises(TypeError, match=r"pass model\.parameters\(\)"):
        diagnose(w * 1.0, Model())
    with pytest.raises(TypeError, match="Values as parameters, not float 1.0"):
        diagnose(w * 1.0, [1.0])


def test_one_parameter_a_generator_and_repeats_are_taken():
    w = Value(1.0, "w")
    assert diagnose(w * 2.0, w).checked["parameters"] == 1
    assert diagnose(w * 2.0, (p for p in [w, w])).checked["parameters"] == 1
    assert diagnose(w, []).checked == {"parameters": 0, "units": 0, "operations": 0}


def test_an_empty_report_says_what_was_checked():
    w = Value(1.0, "w")
    report = diagnose((w * 0.5 - 1) ** 2, [w])
    assert not report
    assert list(report) == []
    text = str(report)
    assert text.startswith("nothing wrong with 1 parameter, 1 unit and 3 operations; looked for:")
    assert all(kind in text for kind in KINDS)
    assert all(kind in report._repr_html_() for kind in KINDS)
    assert json.loads(report.to_json()) == {"findings": [], "checked": report.checked, "kinds": list(KINDS)}


def test_a_report_is_text_data_and_json():
    w = Value(0.0, "w")
    report = diagnose((w * 0.0).log() * 1.0, [w])
    assert isinstance(report, Report)
    assert isinstance(report.findings[0], Finding)
    entry = json.loads(report.to_json(), parse_constant=pytest.fail)["findings"][0]
    assert entry["kind"] == "non_finite"
    assert entry["evidence"]["result"] == "-inf"
    assert entry["where"] == ["log(w * 0)"]
    text = str(report)
    assert text.startswith("1 finding in 1 parameter, 1 unit and 3 operations")
    for part in (entry["kind"], entry["where"][0], "why", "remedy"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 110


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


def test_html_escapes_every_label():
    hostile = "<script>alert('1')</script>\"onload=\"x & y"
    w = Value(1.0, hostile)
    other = labelled((w * 0.0).log(), hostile + "2")
    page = Tags(diagnose(other, [w, Value(0.0, hostile)])._repr_html_())
    assert set(page.tags) <= {"style", "div", "table", "caption", "tr", "th", "td", "p", "br", "b", "code"}
    assert hostile in page.text
    assert "table" in page.tags


@pytest.mark.parametrize("size", [20_000])
def test_a_deep_chain_is_diagnosed_without_recursion(size):
    w = Value(0.5, "w")
    y = w
    for i in range(size):
        y = y * 0.5 + w if i % 2 else y.tanh()
    assert diagnose(y, [w]).checked["operations"] == size // 2 * 3


def test_a_hundred_thousand_operations_are_diagnosed():
    report = diagnose(*scalar_layer())
    assert report.checked["operations"] > 90_000
    assert report.checked["units"] == 20


@given(st.integers(0, 10**6), st.sampled_from([0.0, 1e-200, 1e200, math.inf, math.nan, -3.0]))
def test_any_graph_can_be_diagnosed_and_reported(seed, number):
    loss, leaf = random_graph(seed)
    if seed % 2:
        leaf.data = number
    if seed % 3:
        loss.backward()
    report = diagnose(loss, [leaf])
    assert set(kinds(report)) <= set(KINDS)
    assert [list(KINDS).index(kind) for kind in kinds(report) if kind != "changed_since_forward"] == sorted(
        list(KINDS).index(kind) for kind in kinds(report) if kind != "changed_since_forward"
    )
    json.loads(report.to_json(), parse_constant=pytest.fail)
    assert str(report)
    assert Tags(report._repr_html_()).text


@pytest.mark.parametrize("activation", ["tanh", "relu", "sin"])
def test_no_search_is_quadratic_in_a_sum_that_grows(activation):
    """Every partial sum is a unit, and the last has thousands of weights; each parameter is off, flat or faint.

    It takes half a second; what grew with the square would take minutes.
    """
    weights = [Value(-1.0 if activation == "relu" else 20.0, f"w{i}") for i in range(4000)]
    total, outputs, product = Value(-50.0), Value(0.0), Value(1.0)
    for w in weights:
        total = total + w * 0.5
        outputs = outputs + getattr(total, activation)()
        product = product * (w.sin() * 0.5)
    weights[0].data += 1.0
    report = diagnose((outputs - 5.0) ** 2 + product, weights)
    assert "changed_since_forward" in kinds(report)


def test_a_diagnosis_leaves_no_cycle_behind():
    outputs, parameters = sigmoids((2, 3, 1), [[0.1, 0.2], [0.3, -0.4]])
    loss = sum(y for (y,) in outputs)
    diagnose(loss, parameters)
    gc.collect()
    gc.disable()
    try:
        diagnose(loss, parameters)
        assert gc.collect() == 0  # so the memory of a large one is free at once
    finally:
        gc.enable()
