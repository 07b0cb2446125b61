"""One fault of a step, of a loss or of the data is planted in each of many random networks, and no other is named."""

import random

import pytest
from networks import network
from reports import only

from engine import Value, diagnose, dot, softmax
from nn import (
    MLP,
    Adam,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mean_squared_error,
)

SEEDS = range(20)


def smooth(seed, **given):
    """A network without kinks, whose every weight has a gradient."""
    activation = ["tanh", "sigmoid", "softplus"][seed % 3]
    return network(seed, **({"activation": activation, "hidden": [5], "task": "regression", "init": "xavier"} | given))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sign_in_the_step(seed):
    net = smooth(seed)
    loss = net.loss()
    loss.backward()
    rate = random.Random(seed).choice([0.01, 0.05, 0.1, 0.3, 0.0375])
    for p in net.parameters:
        p.data += rate * p.grad
    finding = only(diagnose(loss, net.parameters), "ascent")
    assert finding.evidence["rate"] == pytest.approx(rate)
    assert finding.evidence["loss after"] == pytest.approx(net.loss().data)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rate_too_large_before_and_after_the_step(seed):
    net = smooth(seed, task=["regression", "logits", "classes", "probabilities"][seed % 4])
    loss = net.loss()
    rate = 0.5
    while not (report := diagnose(loss, net.parameters, lr=rate)):
        rate *= 2.0
        assert rate < 1e6
    planned = only(report, "step_too_long")
    loss.backward()
    for p in net.parameters:
        p.data -= rate * p.grad
    assert net.loss().data > loss.data
    taken = only(diagnose(loss, net.parameters), "step_too_long")
    assert taken.evidence["largest rate"] == pytest.approx(planned.evidence["largest rate"], rel=1e-4)
    assert taken.evidence["largest rate"] < rate


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rate_too_large_for_adam(seed):
    net = smooth(seed, activation="softplus")  # which no step saturates
    optimizer = Adam(net.parameters, lr=20.0)
    loss = net.loss()
    loss.backward()
    while not (report := optimizer.diagnose(loss)):
        optimizer.lr *= 2.0
        assert optimizer.lr < 1e6
    finding = only(report, "step_too_long")
    optimizer.lr = finding.evidence["largest rate"]
    assert not optimizer.diagnose(loss)
    optimizer.step()
    assert net.loss().data < loss.data


@pytest.mark.parametrize("seed", range(12))
def test_parameters_that_are_made_anew(seed):
    net = smooth(seed)
    loss = net.loss()
    loss.backward()
    made = [p - 0.1 * p.grad for p in net.parameters]
    finding = only(diagnose(loss, made), "rebound")
    assert finding.evidence["parameters"] == len(made)
    if seed % 2:
        neuron = net.model.layers[0].neurons[0]
        neuron.b = neuron.b - 0.1 * neuron.b.grad
        loss = net.loss()
        finding = only(diagnose(loss, [*net.parameters, neuron.b]), "rebound")
        assert finding.where[0].startswith(("b⁽¹⁾₁ - ", "b⁽¹⁾₁ + "))  # + where the gradient is negative


@pytest.mark.parametrize("seed", SEEDS)
def test_targets_out_of_reach(seed):
    net, rng = smooth(seed), random.Random(seed)
    squash = ["tanh", "sigmoid", "relu", "softplus"][seed % 4]
    model = MLP(len(net.X[0]), [5, 1], init="xavier", activation="tanh", seed=seed, output_activation=squash)
    model.layers[-1].neurons[0].b.data = 1.0  # a relu that is on
    far = set(rng.sample(range(len(net.X)), rng.choice([1, 2, 3])))
    targets = [(-8.0 if squash in ("relu", "softplus") else 3.0) if i in far else 0.5 for i in range(len(net.X))]
    finding = only(diagnose(mean_squared_error([model(x) for x in net.X], targets), model.parameters()), "out_of_range")
    assert finding.evidence["out of reach"] == f"{len(far)} of {len(net.X)}"
    assert finding.where == ("layer2.neuron1",)
    linear = MLP(len(net.X[0]), [5, 1], init="xavier", activation="tanh", seed=seed)
    assert not diagnose(mean_squared_error([linear(x) for x in net.X], targets), linear.parameters())


@pytest.mark.parametrize("seed", SEEDS)
def test_probabilities_in_a_loss_on_logits(seed):
    classes = 2 + seed % 3
    net = smooth(seed)
    model = MLP(len(net.X[0]), [5, classes], init="xavier", activation="tanh", seed=seed)
    rng = random.Random(seed)
    labels = [rng.randrange(classes) for _ in net.X]
    if seed % 4 == 3:
        outputs = [model(x)[0] for x in net.X]
        wrong = binary_cross_entropy_with_logits([z.sigmoid() for z in outputs], [float(c == 0) for c in labels])
        right = binary_cross_entropy_with_logits(outputs, [float(c == 0) for c in labels])
        parameters = [*model.layers[0].parameters(), *model.layers[1].neurons[0].parameters()]
    else:
        targets = [[float(k == c) for k in range(classes)] for c in labels] if seed % 4 == 1 else labels
        logits = [model(x) for x in net.X]
        wrong = cross_entropy([softmax(z) for z in logits], targets)
        right = cross_entropy(logits, targets)
        parameters = model.parameters()
    finding = only(diagnose(wrong, parameters), "loss_misuse")
    assert "before the" in finding.remedy
    assert not diagnose(right, parameters)


@pytest.mark.parametrize("seed", SEEDS)
def test_targets_that_a_log_loss_does_not_take(seed):
    net, rng = smooth(seed), random.Random(seed)
    zs = [net.model(x) for x in net.X]
    targets = [float(rng.random() < 0.5) for _ in zs]
    wrong = [[2 * y - 1, y + 1][seed % 2] for y in targets]
    wrong[0] = [-1.0, 2.0][seed % 2]

    def loss(targets):
        if seed % 3 == 0:
            return binary_cross_entropy_with_logits(zs, [Value(y) for y in targets])
        ps = [z.sigmoid() for z in zs]
        if seed % 3 == 1:
            return binary_cross_entropy(ps, [Value(y) for y in targets])
        return -sum(y * p.log() + (1 - y) * (1 - p).log() for p, y in zip(ps, targets, strict=True))

    finding = only(diagnose(loss(wrong), net.parameters), "loss_misuse")
    assert "targets from 0 to 1" in finding.why
    assert finding.evidence["target"] in wrong
    assert not diagnose(loss(targets), net.parameters)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_without_a_least_number(seed):
    net = smooth(seed)
    outputs = [net.model(x) for x in net.X]
    if seed % 2:
        loss = sum(out - y for out, y in zip(outputs, net.targets, strict=True)) / len(outputs)
    else:
        loss = sum(z.sigmoid().log() for z in outputs) / len(outputs)
    only(diagnose(loss, net.parameters), "loss_misuse")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_feature_of_zeros(seed):
    net = smooth(seed, examples=10)
    column = random.Random(seed).randrange(len(net.X[0]))
    for x in net.X:
        x[column] = 0.0
    finding = only(diagnose(net.loss(), net.parameters), "dead_input")
    assert finding.where == tuple(f"layer1.neuron{i}.w{column + 1}" for i in range(1, 6))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_for_what_no_line_can_tell(seed):
    """Parity of two or three bits, or of signs, by a linear model where its training ends."""
    bits = 2 + seed % 2
    corners = [[float(n >> k & 1) for k in range(bits)] for n in range(2**bits)]
    parity = [int(sum(x)) % 2 for x in corners]
    X = [[2 * value - 1 for value in x] for x in corners] if seed % 4 < 2 else corners
    w, b = [Value(0.0, f"w{k}") for k in range(bits)], Value(0.0, "b")
    outputs = [dot(w, x, b) for x in X]
    if seed % 3:
        loss = binary_cross_entropy_with_logits(outputs, parity)
    else:
        b.data = 0.5
        loss = mean_squared_error([dot(w, x, b) for x in X], parity)
    assert "hidden layer" in only(diagnose(loss, [*w, b]), "stationary").remedy
    model = MLP(bits, [4, 1], activation="tanh", init="xavier", seed=seed)
    assert not diagnose(binary_cross_entropy_with_logits([model(x) for x in X], parity), model.parameters())


@pytest.mark.parametrize("bias", [None, -3.0])
def test_a_dead_relu_is_told_to_raise_only_the_bias_that_it_has(bias):
    w = Value(10.0, "w")
    b = None if bias is None else Value(bias, "b")
    parameters = [w] if b is None else [w, b]
    z = [w * -x if b is None else w * -x + b for x in (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)]
    loss = sum(((x.relu() - 1.0) ** 2 for x in z), Value(0.0))
    loss.backward()
    finding = only(diagnose(loss, parameters), "dead_relu")
    assert finding.remedy.startswith("Give it a bias" if bias is None else "Raise its bias")
