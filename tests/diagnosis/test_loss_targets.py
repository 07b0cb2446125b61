"""Losses written by hand with targets that they do not take, or with outputs where probabilities belong."""

import random
from itertools import pairwise

import numpy as np
import pytest
from reports import kinds, only

from engine import Value, diagnose, log, log1p, maximum, softplus, square
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


NUMBERS = [10.0 + 9.0 * x[0] - 2.0 * x[1] for x in X]


def in_columns(outputs, targets):
    """Arrays with shapes (n, 1) and (n,), whose difference is n by n."""
    return ((np.array([[out] for out in outputs]) - np.array(targets)) ** 2).mean()


MIXED = {
    "arrays": in_columns,
    "a loop in a loop": lambda outputs, targets: sum((t - out) ** 2 for out in outputs for t in targets) / 144,
    "distances": lambda outputs, targets: sum(abs(out - t) for out in outputs for t in targets),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("decay", [0.0, 1e-3])
def test_predictions_compared_with_the_targets_of_all_examples(name, decay):
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    loss = decay * sum(p**2 for p in model.parameters()) + MIXED[name](list(map(model, X)), NUMBERS)
    finding = only(diagnose(loss, model.parameters()), "loss_misuse")
    assert finding.evidence == {"predictions": 12, "targets": 12, "comparisons": 144}
    assert "compared with all 12 targets" in finding.why
    flat = np.array([[model(x)] for x in X]).reshape(-1)  # the remedy
    assert not diagnose(((flat - np.array(NUMBERS)) ** 2).mean(), model.parameters())


def test_several_targets_that_belong_to_an_example_or_a_parameter_are_no_mistake():
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    labels = [[y, y + 0.5, y - 0.25] for y in BITS]  # of three annotators
    assert not diagnose(
        sum((model(x) - y) ** 2 for x, ys in zip(X, labels, strict=True) for y in ys), model.parameters()
    )
    centres = [Value(float(k), f"c{k}") for k in range(3)]
    assert "loss_misuse" not in kinds(diagnose(sum((c - t) ** 2 for c in centres for t in NUMBERS[:3]), centres))
    outputs = [model(x) for x in X]
    walk = sum((b - a - 0.1) ** 2 for a, b in pairwise(outputs)) + sum(map(square, outputs))  # each is used again
    assert "loss_misuse" not in kinds(diagnose(walk, model.parameters()))
