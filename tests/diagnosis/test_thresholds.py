"""Each threshold is read: moved, it makes a fault of what was none, or none of what was one."""

from dataclasses import fields

import pytest

from engine import Value, diagnose, dot
from engine.diagnosis import Thresholds
from nn import MLP, binary_cross_entropy_with_logits, mean_squared_error

W, B = Value(1.0, "w"), Value(0.0, "b")


def flat(examples=10, far=4.0):
    """Outputs of a tanh of which all but some are flat, and wrong."""
    return sum(((W * x + B).tanh() + 0.5) ** 2 for x in [far] * examples) / examples


def mostly_flat():
    return sum(((W * x + B).tanh() + 0.5) ** 2 for x in [*[20.0] * 9, 0.1]) / 10


def nearly_there():
    return sum(((W * x + B).tanh() - 0.9999) ** 2 for x in [20.0] * 10) / 10


def off(depth=3.0):
    """A relu that its bias holds off, beside one that is on."""
    bias = Value(-depth, "off.b")
    units = [[(W * x + bias).relu(), (V * x).relu()] for x in (1.0, 0.5)]
    return sum((a * 0.5 * W + b * V - 1.0) ** 2 for a, b in units)


V = Value(0.7, "v")


def chain(factor=0.5, length=40):
    y = W * 1.0
    for _ in range(length):
        y = y * factor + 0.0
    return y


def steep(rate=1e4):
    return (W * rate - 1.0) ** 2


def small_weight():
    return (SMALL * 30.0 - 1.0) ** 2 * 5.0


SMALL = Value(1e-5, "small")


def nearly_cancelled():
    return 3.0 * W - 2.99 * W


def sure():
    p = (W * -20.0).sigmoid()
    return -p.log()


def xor(weight=0.0, last=1.0):
    weights = [Value(weight, "w1"), Value(weight, "w2")]
    points = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, last), 0)]
    outputs = [dot(weights, x, -weight) for x, _ in points]
    return binary_cross_entropy_with_logits(outputs, [y for _, y in points]), weights


def beyond():
    return sum(((W * x + B).tanh() - 1.05) ** 2 for x in (0.3, 0.4))


def half_zero():
    model = MLP(2, [2, 1], seed=0)
    X = [[0.0, 0.0 if i < 4 else 0.5 + i] for i in range(10)]
    return mean_squared_error([model(x) for x in X], [0.1 * i for i in range(10)]), model.parameters()


CASES = {  # a loss and its parameters, the kind, a number for which it is found and one for which it is not
    "flat": (lambda: (flat(), [W, B]), "saturated", 1e-2, 1e-4),
    "flat_once": (lambda: (flat(2), [W, B]), "saturated", 1e-2, 1e-4),
    "few": (lambda: (flat(6, 6.0), [W, B]), "saturated", 4, 8),
    "nearly_all": (lambda: (mostly_flat(), [W, B]), "saturated", 0.9, 0.95),
    "off": (lambda: (off(), [W, V]), "dead_relu", 1.0, 10.0),
    "asked": (lambda: (nearly_there(), [W, B]), "saturated", 1e-5, 1e-3),
    "vanished": (lambda: (chain(), [W]), "vanishing", 1e-5, 1e-20),
    "exploded": (lambda: (steep(), [W]), "exploding", 1e5, 1e12),
    "usual_rate": (lambda: (steep(500.0), [W]), "exploding", 1e-3, 1e-8),
    "smallest": (lambda: (small_weight(), [SMALL]), "exploding", 1e-4, 1e-2),
    "cancelled": (lambda: (nearly_cancelled(), [W]), "cancelled", 0.1, 1e-3),
    "lost": (lambda: (sure(), [W]), "probability_loss", 1e-8, 1e-10),
    "still": (lambda: xor(last=1.0001), "stationary", 1e-2, 1e-6),
    "constant": (lambda: xor(0.05), "stationary", 1e-2, 1e-5),
    "beyond": (lambda: (beyond(), [W, B]), "out_of_range", 0.01, 0.05),
    "dense": (half_zero, "dead_input", 0.5, 0.3),
}


def test_there_is_a_case_of_each():
    assert list(CASES) == [entry.name for entry in fields(Thresholds)]


@pytest.mark.parametrize("name", CASES)
def test_a_threshold_is_read(name):
    make, kind, found, not_found = CASES[name]
    for number, is_found in ((found, True), (not_found, False)):
        loss, parameters = make()
        kinds = [finding.kind for finding in diagnose(loss, parameters, **{name: number})]
        assert (kind in kinds) == is_found, kinds
