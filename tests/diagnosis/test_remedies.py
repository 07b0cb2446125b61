"""What a finding says to do is done, and the fault is gone; steps, data and losses have theirs beside their tests."""

import pytest
from networks import network

from engine import Value, diagnose, dot
from nn import (
    MLP,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mean_squared_error,
)

X = [[0.1 * i, 0.5 - 0.07 * i] for i in range(10)]
Y = [x[0] - x[1] for x in X]


def kinds(loss, parameters):
    return [finding.kind for finding in diagnose(loss, parameters)]


def fit(model, X=X, scale=1.0):
    return mean_squared_error([model([scale * x for x in row]) for row in X], Y), model.parameters()


def deep(**given):
    chosen = {"layers": 16, "activation": "sigmoid", "init": "xavier"} | given
    return MLP(2, [4] * chosen.pop("layers") + [1], seed=1, **chosen)


def residual(layers=16):
    model, outputs = MLP(2, [2] * layers, activation="sigmoid", init="xavier", output_activation="sigmoid", seed=1), []
    for h in X:
        for layer in model.layers:
            h = [a + (b - 0.5) for a, b in zip(h, layer(h), strict=True)]
        outputs.append(h[0] - h[1])
    return mean_squared_error(outputs, Y), model.parameters()


def biased(bias, activation="relu"):
    model = MLP(2, [4, 1], activation=activation, init="he", seed=0)
    for neuron in model.layers[0].neurons:
        neuron.b.data = bias
    return fit(model)


def alike(init):
    model = MLP(2, [4, 1], activation="tanh", init=init, seed=0)
    return fit(model)


def far(loss):
    w = Value(-40.0, "w")
    return (loss(w), [w])


def centred(subtract):
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    outputs = [model(x) for x in X]
    mean = sum(outputs) / len(outputs) if subtract else 0.0
    return mean_squared_error([out - mean for out in outputs], Y), model.parameters()


def after_two_passes(zeroed):
    net = network(3)
    net.loss().backward()
    if zeroed:
        for p in net.parameters:
            p.grad = 0.0
    loss = net.loss()
    loss.backward()
    return loss, net.parameters


def after_setting(computed_anew):
    net = network(3)
    loss = net.loss()
    net.parameters[0].data += 0.5
    return net.loss() if computed_anew else loss, net.parameters


def with_spare(is_used):
    net, spare = network(3, task="regression"), Value(0.5, "temperature")
    loss = mean_squared_error([net.model(x) * spare for x in net.X], Y[: len(net.X)]) if is_used else net.loss()
    return loss, [*net.parameters, spare]


def steep(scale):
    return fit(MLP(2, [4, 1], activation="leaky_relu", init="he", seed=0), scale=scale)


CASES = {  # the fault, and remedies of its finding
    "saturated": (
        lambda: fit(MLP(2, [4, 1], activation="tanh", init="xavier", seed=0), [[100.0 + x[0], 50.0] for x in X]),
        lambda: fit(MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)),
    ),
    "dead_relu": (lambda: biased(-50.0), lambda: biased(0.0), lambda: biased(-50.0, "leaky_relu")),
    "symmetric": (lambda: alike(1.0), lambda: alike("xavier")),
    "vanishing": (
        lambda: fit(deep()),
        lambda: fit(deep(layers=3)),
        lambda: fit(deep(activation="leaky_relu", init="he")),
        residual,
    ),
    "exploding": (lambda: steep(1e5), lambda: steep(1.0)),
    "cancelled": (lambda: centred(True), lambda: centred(False)),
    "probability_loss": (
        lambda: far(lambda w: binary_cross_entropy([w.sigmoid()], [1])),
        lambda: far(lambda w: binary_cross_entropy_with_logits([w], [1])),
        lambda: far(lambda w: cross_entropy([[w, Value(0.0)]], [0])),
    ),
    "stale_gradient": (lambda: after_two_passes(False), lambda: after_two_passes(True)),
    "changed_since_forward": (lambda: after_setting(False), lambda: after_setting(True)),
    "disconnected": (lambda: with_spare(False), lambda: with_spare(True)),
}


@pytest.mark.parametrize("kind", CASES)
def test_the_remedies_of_a_finding_remove_its_fault(kind):
    fault, *remedies = CASES[kind]
    assert kind in kinds(*fault())
    for remedy in remedies:
        assert not kinds(*remedy())


def test_a_saturated_output_is_cured_by_a_loss_on_the_logit():
    w = Value(0.8, "w")
    assert kinds(((w * 62.5).sigmoid() - 0.0) ** 2, [w]) == ["saturated"]
    assert kinds(binary_cross_entropy_with_logits([dot([w], [62.5], 0.0)], [0]), [w]) == []
