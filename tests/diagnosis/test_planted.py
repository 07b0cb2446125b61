"""One fault is planted in each of many random networks: the report names that fault and where it is, and no other."""

import math
import random

import pytest
from networks import network

from engine import Value, diagnose
from engine.core.backward import total
from nn import MLP, binary_cross_entropy, mean_squared_error

SEEDS = range(20)


def assert_found(report, kind, where, also=()):
    """The fault is reported at exactly those labels; `also` are kinds that it brings about."""
    found = [finding for finding in report if finding.kind == kind]
    assert sorted(label for finding in found for label in finding.where) == sorted(where), str(report)
    assert {finding.kind for finding in report} <= {kind, *also}, str(report)
    for finding in found:
        assert finding.evidence
        assert finding.why.endswith(".")
        assert finding.remedy.endswith((".", "line."))


def planted(seed, **given):
    """A network with two hidden layers, random numbers to plant a fault by, and one of its hidden units."""
    net = network(seed, **({"hidden": [6, 5]} | given))
    rng = random.Random(seed)
    number = rng.randrange(2)
    return net, rng, number + 1, rng.choice(net.model.layers[number].neurons)


def place(neuron):
    return neuron.b.label.removesuffix(".b")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_saturated_unit(seed):
    net, rng, _, neuron = planted(seed, activation=["tanh", "sigmoid"][seed % 2])
    neuron.b.data = rng.choice([-1, 1]) * rng.uniform(40, 400)
    assert_found(diagnose(net.loss(), net.parameters), "saturated", [place(neuron)])


@pytest.mark.parametrize("seed", range(6))
def test_a_layer_saturated_by_inputs_that_are_not_scaled(seed):
    net, *_ = planted(seed, activation=["tanh", "sigmoid"][seed % 2], init="xavier", task="regression", examples=12)
    for x in net.X:
        x[:] = [1000.0 + 10.0 * x[0]] + [5.0] * (len(x) - 1)
    units = [place(neuron) for neuron in net.model.layers[0].neurons]
    (finding,) = diagnose(net.loss(), net.parameters).findings
    assert finding.kind == "saturated"
    assert set(finding.where) >= set(units[:4]) or len(finding.where) >= 4
    assert set(finding.where) <= set(units)
    assert finding.evidence["units"] == f"{len(finding.where)} of 6"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_relu_that_is_off_for_all(seed):
    net, rng, _, neuron = planted(seed, activation="relu", examples=[2, 4, 10, 20][seed % 4])
    neuron.b.data = -rng.uniform(50, 500)
    assert_found(diagnose(net.loss(), net.parameters), "dead_relu", [place(neuron)])


@pytest.mark.parametrize("seed", range(6))
def test_a_layer_of_relus_that_are_off(seed):
    net, *_ = planted(seed, activation="relu", examples=8, init="he")
    layer = net.model.layers[1]
    for neuron in layer.neurons:
        neuron.b.data = -50.0
    assert_found(diagnose(net.loss(), net.parameters), "dead_relu", [place(neuron) for neuron in layer.neurons])


@pytest.mark.parametrize("seed", SEEDS)
def test_units_that_are_copies(seed):
    """One class of copies or two, made so by equal weights on both sides of the unit."""
    net, rng, number, _ = planted(seed, hidden=[6, 6], activation=["tanh", "sigmoid", "softplus"][seed % 3])
    neurons, after = net.model.layers[number - 1].neurons, net.model.layers[number].neurons
    order = rng.sample(range(6), 6)
    classes = [order[:3], order[3:5]] if seed % 2 else [order[: rng.choice([2, 3, 4])]]
    for members in classes:
        for k in members[1:]:
            for mine, model in zip(neurons[k].parameters(), neurons[members[0]].parameters(), strict=True):
                mine.data = model.data
            for neuron in after:
                neuron.w[k].data = neuron.w[members[0]].data
    copies = [place(neurons[k]) for members in classes for k in members]
    report = diagnose(net.loss(), net.parameters)
    assert_found(report, "symmetric", copies)
    (finding,) = report.findings
    assert finding.evidence["groups"] == len(classes)
    for members in classes:
        assert any(
            {place(neurons[k]) for k in members} == set(told.split(" = "))
            for told in finding.evidence["copies"].split("; ")
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gradient_that_vanishes_over_many_layers(seed):
    net = network(seed, hidden=[5] * (14 + seed % 4), activation="sigmoid", init="xavier", task="regression")
    report = diagnose(net.loss(), net.parameters)
    (finding,) = report.findings
    assert finding.kind == "vanishing"
    assert finding.where[0] == "layer1"
    assert f"layer{len(net.model.layers)}" not in finding.where
    assert finding.evidence["factor a layer"] < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gradient_that_explodes(seed):
    if seed % 2:
        net = network(
            seed, hidden=[8] * 6, activation=["relu", "leaky_relu"][seed % 4 // 2], init="he", task="regression"
        )
        for p in net.parameters:
            p.data *= 8.0
    else:
        net = network(seed, hidden=[6], activation="leaky_relu", init="he", task="regression")
        for x in net.X:
            x[:] = [1e4 * number for number in x]
    report = diagnose(net.loss(), net.parameters)
    exploding = [finding for finding in report if finding.kind == "exploding"]
    assert {finding.kind for finding in report} == {"exploding"}, str(report)
    assert any(label.startswith("layer1") for label in exploding[0].where)
    assert exploding[0].evidence["ratio"] > 1e5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bias_that_a_mean_takes_away_again(seed):
    net, *_ = planted(seed, task="regression", activation=["tanh", "softplus", "sigmoid"][seed % 3], init="xavier")
    outputs = [net.model(x) for x in net.X]
    mean = total(outputs) / len(outputs)
    loss = mean_squared_error([out - mean for out in outputs], net.targets)
    assert_found(diagnose(loss, net.parameters), "cancelled", ["layer3.neuron1.b"])


NOT_FINITE = {
    "log": lambda v: (v - v.data).log(),
    "div": lambda v: 1.0 / (v - v.data),
    "exp": lambda v: (v * 0.0 + 1000.0).exp(),
    "sqrt": lambda v: (v * v * -1.0 - 1.0).sqrt(),
    "pow": lambda v: (v * v * -1.0 - 1.0) ** 0.5,
}


@pytest.mark.parametrize("op", NOT_FINITE)
@pytest.mark.parametrize("seed", range(4))
def test_an_operation_that_is_not_finite(seed, op):
    net, rng, *_ = planted(seed, task="regression")
    outputs = [net.model(x) for x in net.X]
    k = rng.randrange(len(outputs))
    outputs[k] = NOT_FINITE[op](outputs[k])
    loss = mean_squared_error(outputs, net.targets)
    (finding,) = diagnose(loss, net.parameters).findings
    assert finding.kind == "non_finite"
    assert finding.evidence["operation"] == op
    assert {"div": " / ", "pow": " ** "}.get(op, f"{op}(") in finding.where[0]
    assert not math.isfinite(finding.evidence["result"])
    assert "test_planted.py" in finding.evidence["line"]
    assert f'"{op}": lambda' in finding.evidence["line"]


@pytest.mark.parametrize("seed", range(10))
def test_a_parameter_that_is_nan(seed):
    net, rng, *_ = planted(seed)
    p = rng.choice(net.parameters)
    p.data = rng.choice([math.nan, math.inf, -math.inf])
    report = diagnose(net.loss(), net.parameters)
    assert report.findings[0].kind == "non_finite"
    assert report.findings[0].where == (p.label,)
    assert "strict()" in report.findings[0].remedy


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_two_passes(seed):
    net, rng, *_ = planted(seed)
    loss = net.loss()
    loss.backward()
    if seed % 2:
        loss.backward()
    else:
        for p in net.parameters:
            p.data += rng.uniform(-0.1, 0.1)
        loss = net.loss()
        loss.backward()
    report = diagnose(loss, net.parameters)
    (finding,) = report.findings
    assert finding.kind == "stale_gradient"
    assert finding.evidence.get("times") == (2 if seed % 2 else None)
    assert "zero_grad()" in finding.remedy
    assert any(label.startswith("layer3") for label in finding.where)


@pytest.mark.parametrize("seed", SEEDS)
def test_data_set_after_the_forward_pass(seed):
    net, rng, *_ = planted(seed, activation=["tanh", "sigmoid", "softplus"][seed % 3])
    loss = net.loss()
    changed = rng.sample(net.parameters, rng.choice([1, 1, 2, 3]))
    for p in changed:
        p.data += rng.choice([-0.5, 0.5])
    report = diagnose(loss, net.parameters)
    assert_found(report, "changed_since_forward", [p.label for p in changed])
    assert "Setting .data later" in report.findings[0].why


@pytest.mark.parametrize("seed", SEEDS)
def test_a_parameter_that_is_not_used(seed):
    net, *_ = planted(seed)
    spare = MLP(2, [2], seed=seed)
    for p in spare.parameters():
        p.label = f"spare.{p.label}"
    strays = [[Value(0.5, "temperature")], spare.parameters(), spare.layers[0].neurons[0].w[:1]][seed % 3]
    where = [["temperature"], ["spare.layer1.neuron1", "spare.layer1.neuron2"], ["spare.layer1.neuron1.w1"]][seed % 3]
    given = [*net.parameters, *strays]
    loss = net.loss()
    if seed % 2:
        loss.backward()
    assert_found(diagnose(loss, given), "disconnected", where)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_of_a_saturated_probability(seed):
    """A logit far on the wrong side, for one example or more, by the library's loss or written out, clipped or not."""
    net, rng, *_ = planted(seed, task="regression", init="xavier")
    wrong = set(rng.sample(range(len(net.X)), rng.choice([1, 2])))
    ps, targets = [], []
    for i, x in enumerate(net.X):
        z = net.model(x) + (rng.choice([-1, 1]) * rng.uniform(40, 300) if i in wrong else 0.0)
        p = z.sigmoid() if seed % 3 else 1.0 / (1.0 + (-z).exp())
        p.label = f"p{i}"
        ps.append(p)
        targets.append(float(z.data < 0))
    if seed % 2:
        loss = binary_cross_entropy(ps, targets)
    else:
        loss = -total([((p if y else 1.0 - p) + 1e-12).log() for p, y in zip(ps, targets, strict=True)])
    report = diagnose(loss, net.parameters)
    (finding,) = [finding for finding in report if finding.kind == "probability_loss"]
    assert set(finding.where) == {f"p{i}" for i in wrong}
    assert "binary_cross_entropy_with_logits" in finding.remedy
    assert {finding.kind for finding in report} <= {"probability_loss", "non_finite", "exploding"}, str(report)
