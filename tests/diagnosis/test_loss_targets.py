"""Losses written by hand with targets that they do not take, or with outputs where probabilities belong."""

import random

import pytest
from reports import only

from engine import Value, diagnose, log, log1p, maximum, softplus
from nn import MLP, cross_entropy

rng = random.Random(0)
X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
BITS = [float(x[0] > x[1]) for x in X]


def report(loss, targets, outputs=1):
    model = MLP(2, [4, outputs], activation="tanh", init="xavier", seed=0)
    return diagnose(sum(loss(model(x), y) for x, y in zip(X, targets, strict=True)) / len(X), model.parameters())


LOGISTIC = {
    "probabilities": lambda z, y: -(y * log(z.sigmoid()) + (1 - y) * log(1 - z.sigmoid())),
    "expanded": lambda z, y: softplus(z) - z * y,
    "stable": lambda z, y: maximum(z, 0.0) - z * y + log1p((-abs(z)).exp()),
}


@pytest.mark.parametrize("name", LOGISTIC)
def test_targets_outside_0_to_1(name):
    for wrong in ([2 * y - 1 for y in BITS], [y + 1 for y in BITS], [255 * y for y in BITS]):
        finding = only(report(LOGISTIC[name], wrong), "loss_misuse")
        assert finding.evidence["target"] in (-1.0, pytest.approx(2.0), pytest.approx(255.0))
        assert "targets from 0 to 1" in finding.why
    for right in (BITS, [0.9 * y + 0.05 for y in BITS]):
        assert not report(LOGISTIC[name], right)


MARGINS = {
    "hinge": lambda z, y: maximum(0.0, 1.0 - y * z),
    "relu": lambda z, y: (1.0 - y * z).relu(),
    "softplus": lambda z, y: softplus(-y * z),
    "log": lambda z, y: -log((y * z).sigmoid()),
    "log1p": lambda z, y: log1p((-(y * z)).exp()),
}


@pytest.mark.parametrize("name", MARGINS)
def test_a_target_of_0_in_a_margin_loss(name):
    finding = only(report(MARGINS[name], BITS), "loss_misuse")
    assert finding.evidence["targets"] == f"{BITS.count(0.0)} of 12"
    assert "2 * y - 1" in finding.remedy
    assert not report(MARGINS[name], [2 * y - 1 for y in BITS])


def by_hand(z):
    powers = [s.exp() for s in z]
    return [power / sum(powers) for power in powers]


def test_the_negative_of_a_logit():
    classes = [int(y) for y in BITS]
    finding = only(report(lambda z, c: -z[c], classes, 2), "loss_misuse")
    assert "cross_entropy" in finding.remedy
    for loss in (lambda z, c: -log(by_hand(z)[c]), lambda z, c: -by_hand(z)[c], lambda z, c: cross_entropy([z], [c])):
        assert not report(loss, classes, 2)
    assert (
        "cross_entropy" in only(report(lambda z, c: cross_entropy([by_hand(z)], [c]), classes, 2), "loss_misuse").remedy
    )


def test_outputs_to_be_raised_are_no_logits():
    """An actor that raises its critic, and the sum of all outputs."""
    assert not report(lambda z, _: -z, BITS)
    assert not report(lambda z, _: -z[0] - z[1], BITS, 2)
    w, v = Value(0.4, "w"), Value(0.3, "v")
    assert not diagnose(-(w * 2.0 + v * 3.0), [w, v])
