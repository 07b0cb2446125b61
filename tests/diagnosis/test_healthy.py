"""Nothing is wrong with a healthy network, and nothing is said about it at any moment of a training loop."""

import math
import random

import pytest
from graphs import labelled
from networks import network, optimizer
from reports import kinds

from engine import Value, diagnose, dot, relu, softmax, softplus
from nn import MLP, SGD, cross_entropy, hinge, mean_squared_error


def assert_silent(loss, parameters):
    report = diagnose(loss, parameters)
    assert not report.findings, str(report)


@pytest.mark.parametrize("seed", range(200))
def test_a_fresh_network_is_healthy(seed):
    net = network(seed)
    loss = net.loss()
    if seed % 2:
        loss.backward()
    assert_silent(loss, net.parameters)


@pytest.mark.parametrize("seed", range(200, 240))
def test_a_trained_network_is_healthy(seed):
    net = network(seed, examples=6)
    fresh = net.loss().data
    net.train(20, optimizer(net, seed))
    assert net.loss().data < fresh
    assert_silent(net.loss(), net.parameters)  # what .grad holds is the last step's, and may yet be zeroed


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("hidden", [[32], [24, 24], [8, 8, 8, 8]])
def test_larger_networks_and_more_examples_are_healthy(activation, hidden):
    for init in ("uniform", "xavier", "he"):
        net = network(len(hidden), hidden=hidden, activation=activation, init=init, examples=20)
        assert_silent(net.loss(), net.parameters)


def test_no_moment_of_a_training_loop_is_a_mistake():
    net = network(7, hidden=[6], task="regression")
    opt = optimizer(net, 7)
    for _ in range(3):
        loss = net.loss()
        assert_silent(loss, net.parameters)
        opt.zero_grad()
        assert_silent(loss, net.parameters)
        loss.backward()
        assert_silent(loss, net.parameters)
        opt.step()
        (finding,) = diagnose(loss, net.parameters).findings
        assert finding.kind == "changed_since_forward"
        assert "as it should be" in finding.why
        assert "Nothing is wrong unless you use this loss again" in finding.remedy
        assert finding.evidence["loss now"] < finding.evidence["loss"]


def test_a_minimum_is_not_taken_for_cancelled_or_vanished_gradients():
    w, b = Value(0.0, "w"), Value(0.0, "b")
    xs, ys = [-1.0, 0.0, 1.0, 2.0], [0.1, 0.9, 2.2, 2.8]
    mean_x, mean_y = sum(xs) / 4, sum(ys) / 4
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)
    w.data, b.data = slope, mean_y - slope * mean_x
    loss = mean_squared_error([w * x + b for x in xs], ys)
    loss.backward()
    assert max(abs(w.grad), abs(b.grad)) < 1e-12
    assert_silent(loss, [w, b])


@pytest.mark.parametrize("before", range(6))
def test_nothing_cancels_for_good_where_a_relu_is_off_at_other_points(before):
    w, *others = [Value(0.1, "w"), Value(0.5), Value(0.5)]
    unused = [Value(1.0) for _ in range(before)]
    h = relu(w * 2.0)
    loss = cross_entropy([[v * h for v in others]], [0]) + 0.0 * sum(unused)
    found = [finding for finding in diagnose(loss, [*unused, w, *others]) if finding.kind == "cancelled"]
    assert not any("w" in finding.where for finding in found)


def test_a_perfect_fit_is_healthy():
    model = MLP(1, [1], init=0.0)
    model.layers[0].neurons[0].w[0].data = 2.0
    assert_silent(mean_squared_error([model([x]) for x in (1.0, 2.0)], [2.0, 4.0]), model.parameters())


def test_hinge_losses_that_are_satisfied_are_no_dead_relus():
    w = Value(1.0, "w")
    assert_silent(hinge([w * 5.0, w * -7.0], [1, -1]), [w])
    assert_silent((1.0 - w * 5.0).relu(), [w])


def test_a_classifier_that_is_right_and_sure_is_healthy():
    w = Value(20.0, "w")
    sure = [(w * x).sigmoid() for x in (1.0, 2.0)]
    assert_silent(-sum(p.log() for p in sure), [w])
    assert_silent(mean_squared_error(sure, [1.0, 1.0]), [w])


def test_one_saturated_example_of_many_is_fine():
    w, b = Value(1.0, "w"), Value(0.1, "b")
    xs = [0.1 * i - 1.0 for i in range(20)]
    assert_silent(sum(((w * x + b).tanh() - 0.3) ** 2 for x in [*xs, 1000.0]), [w, b])


def test_one_example_that_switches_a_relu_on_is_enough():
    w, b = Value(1.0, "w"), Value(-100.0, "b")
    assert_silent(sum(((w * x + b).relu() - 0.3) ** 2 for x in [*range(20), 101.0]), [w, b])


def test_gradients_that_were_clipped_scaled_or_frozen_are_not_stale():
    net = network(11, hidden=[5], task="regression", init="xavier", activation="tanh")
    loss = net.loss()
    loss.backward()
    original = [p.grad for p in net.parameters]
    norm = math.hypot(*original)
    middle = sorted(map(abs, original))[len(original) // 2]
    for changed in (
        [g / norm * 0.1 for g in original],
        [max(-middle, min(middle, g)) for g in original],
        [0.0] * 3 + original[3:],
    ):
        for p, g in zip(net.parameters, changed, strict=True):
            p.grad = g
        assert_silent(loss, net.parameters)


def test_a_loss_that_is_part_of_a_larger_one_is_not_stale():
    net = network(5, hidden=[5], task="regression")
    losses = [net.loss(), net.loss()]
    (sum(losses) * 0.5).backward()
    assert_silent(losses[0], net.parameters)


def test_an_output_layer_of_zeros_is_no_copy_where_the_targets_differ():
    net = network(9, hidden=[6], task="classes", init="xavier", activation="tanh")
    for neuron in net.model.layers[-1].neurons:
        for p in neuron.parameters():
            p.data = 0.0
    assert_silent(net.loss(), net.parameters)


def test_attention_by_hand_with_a_residual_path_is_healthy():
    rng = random.Random(0)
    size, length = 4, 5

    def matrix(name):
        return [[Value(rng.gauss(0, 0.5), f"{name}{i}{j}") for j in range(size)] for i in range(size)]

    q, k, v, o = (matrix(name) for name in "qkvo")
    xs = [[Value(rng.gauss(0, 1)) for _ in range(size)] for _ in range(length)]

    def times(rows, x):
        return [dot(row, x) for row in rows]

    queries, keys, values = ([times(rows, x) for x in xs] for rows in (q, k, v))
    loss = Value(0.0)
    for x, query in zip(xs, queries, strict=True):
        shares = softmax([dot(query, key) / size**0.5 for key in keys])
        mixed = [dot(shares, [value[j] for value in values]) for j in range(size)]
        out = [a + b for a, b in zip(x, times(o, mixed), strict=True)]
        loss = loss + sum((a.tanh() - 0.2) ** 2 for a in out)
    assert_silent(loss, [p for rows in (q, k, v, o) for row in rows for p in row])


def test_a_recurrent_unit_is_one_unit_and_healthy():
    w, u, b = Value(0.7, "w"), Value(0.5, "u"), Value(0.1, "b")
    h = Value(0.0)
    for x in (0.3, -0.2, 0.9, 0.4):
        h = (w * h + u * x + b).tanh()
    report = diagnose((h - 0.5) ** 2, [w, u, b])
    assert not report.findings, str(report)
    assert report.checked["units"] == 1


def test_regularisation_is_no_unit():
    net = network(13, hidden=[6], task="regression")
    loss = net.loss() + 0.001 * sum(p * p for p in net.parameters)
    report = diagnose(loss, net.parameters)
    assert not report.findings, str(report)
    assert report.checked["units"] == 7


def test_a_mini_batch_with_weight_decay_and_steps_between_is_healthy():
    net = network(17, hidden=[8], task="classes", init="he", activation="relu")
    net.train(10, SGD(net.parameters, lr=0.05, weight_decay=0.01))
    loss = net.loss()
    assert_silent(loss, net.parameters)


def test_looking_changes_nothing():
    net = network(19)
    loss = net.loss()
    loss.backward()
    before = [(p.data, p.grad) for p in net.parameters], loss.data, loss.grad
    diagnose(loss, net.parameters)
    assert ([(p.data, p.grad) for p in net.parameters], loss.data, loss.grad) == before


def test_labels_do_not_matter_to_what_is_found():
    x = labelled(Value(1.0), "")
    w = Value(0.5, "")
    report = diagnose((w * x).tanh() ** 2, [w])
    assert not report.findings, str(report)


@pytest.mark.parametrize("loss", [softplus, relu])
def test_a_mask_before_a_loss_is_no_target(loss):
    model, rng = MLP(2, [4, 1], activation="tanh", init="xavier", seed=1), random.Random(0)
    rows = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    total = sum((loss(float(i % 2) * model(row)) for i, row in enumerate(rows)), Value(0.0))
    total.backward()
    assert "loss_misuse" not in kinds(diagnose(total, model.parameters()))
