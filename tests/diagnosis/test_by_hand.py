"""Activations that are written by hand or bounded by a kink are flat or off as the engine's own are."""

import random

import pytest
from reports import kinds, only

from engine import (
    Value,
    atan,
    chain_rule,
    diagnose,
    dot,
    exp,
    hard_sigmoid,
    hard_tanh,
    maximum,
    minimum,
    normal_cdf,
    sign,
    softmax,
    sqrt,
    where,
)
from nn import MLP, mean_squared_error

X = [[0.1 * i, 0.5 - 0.07 * i] for i in range(10)]
Y = [a - b for a, b in X]


def network(activation, bias=0.1, slopes=1.0):
    """One hidden layer of three units without labels: the loss and its parameters."""
    rng = random.Random(0)
    W = [[Value(rng.gauss(0, slopes)) for _ in range(2)] for _ in range(3)]
    b, v, c = [Value(bias) for _ in W], [Value(rng.gauss(0, 1)) for _ in W], Value(0.1)
    outputs = [dot(v, [activation(dot(w, x, bias)) for w, bias in zip(W, b, strict=True)], c) for x in X]
    return mean_squared_error(outputs, Y), [*(p for w in W for p in w), *b, *v, c]


SQUASHES = {
    "hard_tanh": hard_tanh,
    "hard_sigmoid": hard_sigmoid,
    "normal_cdf": normal_cdf,
    "clip": lambda z: z.clip(-1.0, 1.0),
    "minimum of maximum": lambda z: minimum(maximum(z, -1.0), 1.0),
    "maximum of minimum": lambda z: maximum(-2.0, minimum(2.0, z)),
    "two where": lambda z: where(z > 1, 1.0, where(z < -1, -1.0, z)),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "sigmoid of exp": lambda z: z.exp() / (1 + z.exp()),
    "tanh": lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()),
    "tanh of exp": lambda z: ((2 * z).exp() - 1) / ((2 * z).exp() + 1),
}


@pytest.mark.parametrize("name", SQUASHES)
def test_a_squash_far_from_0_is_saturated(name):
    finding = only(diagnose(*network(SQUASHES[name], bias=40.0)), "saturated")
    assert finding.evidence["slope"] < 1e-8
    assert finding.evidence["z"] > 30.0
    assert finding.evidence["units"] == "3 of 3"
    assert not diagnose(*network(SQUASHES[name]))


@pytest.mark.parametrize("activation", [lambda z: z / (1 + abs(z)), atan])
def test_a_slope_that_falls_slowly_is_saturated_further_out(activation):
    assert not diagnose(*network(activation, bias=40.0))
    assert only(diagnose(*network(activation, bias=400.0)), "saturated").evidence["z"] > 390.0


RELUS = {
    "sum with its size": lambda z: (z + abs(z)) / 2,
    "half of the sum": lambda z: 0.5 * (abs(z) + z),
    "root of the square": lambda z: (z + sqrt(z * z)) / 2,
    "negated minimum": lambda z: -minimum(-z, 0.0),
    "mask": lambda z: z * (z > 0),
    "mask by where": lambda z: z * where(z > 0, 1.0, 0.0),
    "sign": lambda z: z * (1 + sign(z)) / 2,
    "relu6": lambda z: z.clip(0, 6),
    "relu6 by hand": lambda z: minimum(maximum(z, 0.0), 6.0),
    "other branch": lambda z: where(z < 0, 0.0, z),
    "python": lambda z: z if z.data > 0 else z * 0.0,
}


@pytest.mark.parametrize("name", RELUS)
def test_a_relu_by_hand_that_is_off(name):
    finding = only(diagnose(*network(RELUS[name], bias=-40.0)), "dead_relu")
    assert -40.0 < finding.evidence["largest z"] < -30.0
    assert not diagnose(*network(RELUS[name]))


CLIPS = {
    "clip": lambda z: z.clip(0.0, 6.0),
    "by hand": lambda z: minimum(maximum(z, 0.0), 6.0),
    "the other way round": lambda z: maximum(minimum(z, 6.0), 0.0),
    "from 2": lambda z: z.clip(2.0, 6.0),
}


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_above_its_upper_limit_is_saturated(name):
    finding = only(diagnose(*network(CLIPS[name], bias=60.0)), "saturated")
    assert "the clip is flat" in finding.why
    assert finding.evidence["slope"] == 0.0
    assert finding.evidence["units"] == "3 of 3"


def test_an_output_that_is_clipped_is_not_clipped_in_the_loss():
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    outputs = [model([0.1 * k, -0.2 * k]) + 9.0 for k in range(12)]
    finding = only(diagnose(sum((z.clip(0.0, 1.0) - 0.5) ** 2 for z in outputs), model.parameters()), "saturated")
    assert "compute the loss without the clip" in finding.remedy
    assert not diagnose(sum((z - 0.5) ** 2 for z in outputs), model.parameters())
    assert not diagnose(sum((z.clip(0.0, 1.0) - 1.0) ** 2 for z in outputs), model.parameters())  # right as it is
    sure = [z.sigmoid().clip(1e-7, 1 - 1e-3) for z in outputs]
    assert not diagnose(-sum(p.log() for p in sure), model.parameters())


@pytest.mark.parametrize("seed", range(8))
def test_a_mask_of_dropout_is_no_relu(seed):
    rng = random.Random(seed)
    for keep in (0.5, 0.2):
        for bias in (0.1, -40.0):  # a mask of 1 where z is below 0 is none of a relu
            report = diagnose(*network(lambda z, keep=keep: z * float(rng.random() < keep), bias=bias))
            assert "dead_relu" not in kinds(report)


def test_a_unit_beyond_a_kink_that_its_inputs_may_bring_back():
    """One unit of three is flat for all examples, by less than its inputs move it."""

    def loss(bias):
        w, v = [Value(1.0), Value(-0.8), Value(0.7)], [Value(0.5), Value(0.4), Value(0.3)]
        b = [Value(bias), Value(0.1), Value(0.2)]
        hidden = [[hard_tanh(wi * x[0] + bi) for wi, bi in zip(w, b, strict=True)] for x in X]
        return mean_squared_error([dot(v, h) for h in hidden], Y), [*w, *b, *v]

    assert not diagnose(*loss(1.2))
    assert only(diagnose(*loss(9.0)), "saturated").evidence["units"] == "1 of 3"


def test_a_swish_by_hand_is_no_squash():
    assert not diagnose(*network(lambda z: z / (1 + exp(-z)), bias=40.0))


@pytest.mark.parametrize("seed", range(6))
def test_slopes_of_a_relu_by_hand_that_cancel_are_no_paths_that_cancel(seed):
    rng = random.Random(seed)
    w, v = ([Value(rng.gauss(0, 1)) for _ in range(2)] for _ in range(2))
    b, c = [Value(rng.gauss(0, 1)) for _ in range(2)], Value(0.1)
    outputs = []
    for x in X[:4]:
        a = [(z + abs(z)) / 2 for z in (wi * x[0] + bi for wi, bi in zip(w, b, strict=True))]
        z = dot(v, a, c - 0.3)
        outputs.append((z + abs(z)) / 2 + 0.1 * z)
    report = diagnose(mean_squared_error(outputs, Y[:4]), [*w, *v, *b, c])
    assert "cancelled" not in [finding.kind for finding in report]


@pytest.mark.parametrize("size", [abs, lambda z: sqrt(z * z)])
def test_a_relu_by_hand_that_a_bounded_unit_cannot_switch_on_is_off(size):
    w, v, b = Value(0.3, "w"), Value(1e9, "v"), Value(-1e12, "b")
    outputs = [(z + size(z)) / 2 for z in (v * (w * x[0] + 0.1).tanh() + b for x in X)]
    only(diagnose(mean_squared_error(outputs, [1.0] * len(X)), [w, v, b]), "dead_relu")


def test_a_remedy_for_a_formula_by_hand_names_no_setting_of_a_module():
    w = Value(0.0, "w")
    assert "z.softplus()" in (remedy := only(diagnose((w.relu() - 1.0) ** 2, [w]), "dead_relu").remedy)
    assert "MLP" not in remedy
    assert "init=" not in remedy


@pytest.mark.parametrize("exact", [True, False])
def test_the_slope_of_a_sure_softmax_keeps_its_digits(exact):
    a, b = Value(40.0, "a"), Value(0.0, "b")
    p = softmax([a, b])[0] if exact else a.exp() / (a.exp() + b.exp())
    p.label = "p"
    finding = only(diagnose(p**2, [a, b]), "saturated")
    assert finding.evidence["largest slope p (1 - p)"] == pytest.approx(4.248354255291589e-18, rel=1e-12)
    if exact:
        assert chain_rule(p, a).sentence.endswith("a - b = 40: the softmax is saturated")


@pytest.mark.parametrize("loss", [lambda p, y: (p - y) ** 2, lambda p, y: (y - p) ** 2, lambda p, y: (p + -y) ** 2])
@pytest.mark.parametrize("size", [abs, lambda z: sqrt(z * z)])
@pytest.mark.parametrize("target", [0.5, -0.5])
def test_a_relu_by_its_size_that_is_off_at_the_output(loss, size, target):
    """Below 0 it is the best that it can be, and its two slopes do not cancel for any parameters."""
    w, b = Value(0.3, "w"), Value(-4.0, "b")
    z = [w * x + b for x in (0.1, 0.4, 0.8, 1.0, 1.3, 1.5, 1.7, 1.9)]
    found = kinds(diagnose(sum(loss((v + size(v)) / 2, target) for v in z), [w, b]))
    assert found == (["dead_relu"] if target > 0.0 else ["out_of_range"])


def test_a_softmax_whose_exponentials_are_all_0_or_too_large():
    w = [Value(-800.0), Value(-900.0)]
    powers = [exp(v) for v in w]
    finding = only(diagnose(sum((p / sum(powers) - 0.5) ** 2 for p in powers), w), "non_finite")
    assert finding.evidence["operation"] == "div"
    for v in w:
        v.data = 709.7  # their sum is inf
    powers = [exp(v) for v in (*w, *w)]
    assert diagnose(sum((p / sum(powers) - 0.5) ** 2 for p in powers), w).checked["parameters"] == 2


def test_a_constant_less_a_target_is_no_replaced_parameter():
    """A relu by an if gives a constant where it is off, and a square by hand computes the difference twice."""
    w, b = Value(0.3, "w"), Value(0.1, "b")
    outputs = [z if z.data > 0 else Value(0.0) for z in (w * x + b for x in (-2.0, -1.0, 0.5, 1.0))]
    assert not diagnose(sum((p - y) * (p - y) for p, y in zip(outputs, (0.5, 1.0, 0.7, 0.2), strict=True)), [w, b])
