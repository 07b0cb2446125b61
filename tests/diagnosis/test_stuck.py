"""Losses that stay where they are: each kind's remedy is applied and removes the fault."""

import math
import random

import pytest
from reports import kinds, only

from engine import Value, acos, cos, diagnose, dot, exp, normal_pdf, prod, softmax, tanh, where
from nn import (
    MLP,
    SGD,
    Adam,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
)

XOR, BITS = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]


def test_a_maximum_at_0_is_not_blamed_on_products():
    w = Value(0.0, "w")
    finding = only(diagnose(cos(w), [w]), "stationary")
    assert "multiply" not in finding.why + finding.remedy
    assert "loss nearby = 0.99995," in str(finding)


def test_outputs_by_hand_are_all_named_and_no_0_has_a_minus():
    w = Value(0.0, "w")
    outputs = [tanh(w * x) for x in (-1.0, 1.0)]
    for i, o in enumerate(outputs, 1):
        o.label = f"o{i}"
    finding = only(diagnose(sum((o - 1.0) ** 2 for o in outputs), [w]), "stationary")
    assert finding.where == ("o1", "o2")
    assert "gives 0 on average" in finding.why
    b = Value(0.0, "b")
    assert not diagnose(sum((tanh(w * x + b) - 1.0) ** 2 for x in (-1.0, 1.0)), [w, b])


def xor(model, task):
    outputs = [model(x) for x in XOR]
    losses = {
        "logits": lambda: binary_cross_entropy_with_logits(outputs, BITS),
        "probabilities": lambda: binary_cross_entropy([z.sigmoid() for z in outputs], BITS),
        "square": lambda: mean_squared_error(outputs, BITS),
        "classes": lambda: cross_entropy(outputs, BITS),
    }
    return losses[task]()


def trained(parameters, loss, steps, lr=0.5, make=SGD):
    optimizer = make(parameters, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return loss()


@pytest.mark.parametrize("task", ["logits", "probabilities", "square", "classes"])
@pytest.mark.parametrize("layers", [[], [3]])
def test_xor_by_a_linear_model(task, layers):
    """At zero, where all gradients are 0, and stacked: linear layers upon linear layers are linear."""
    outputs = 2 if task == "classes" else 1
    model = MLP(2, [*layers, outputs], activation="linear", init="xavier", seed=3)
    for neuron in model.layers[-1].neurons:
        for p in neuron.parameters():
            p.data = 0.0
    if task == "square":
        model.layers[-1].neurons[0].b.data = 0.5
    loss = xor(model, task)
    assert loss.data == pytest.approx({"square": 0.25}.get(task, math.log(2)))
    finding = only(diagnose(loss, model.parameters()), "stationary")
    assert finding.evidence["pull up"] == pytest.approx(finding.evidence["pull down"])
    assert "linear" in finding.why
    assert "hidden layer" in finding.remedy
    model = MLP(2, [4, outputs], activation="tanh", init="xavier", seed=0)
    assert not diagnose(xor(model, task), model.parameters())
    optimizer = Adam(model.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        xor(model, task).backward()
        optimizer.step()
    assert xor(model, task).data < 0.02


@pytest.mark.parametrize(("task", "outputs"), [("logits", 1), ("classes", 2)])
def test_xor_by_a_linear_model_that_was_trained(task, outputs):
    """Of two classes each logit still varies, but not their difference, which is all that the loss sees."""
    model = MLP(2, [outputs], seed=1)
    loss = trained(model.parameters(), lambda: xor(model, task), 400, lr=1.0)
    finding = only(diagnose(loss, model.parameters()), "stationary")
    assert finding.evidence["loss"] == pytest.approx(math.log(2), rel=1e-4)


SIGNED = [2 * y - 1 for y in BITS]
LINEAR_LOSSES = {
    "hinge": lambda zs: hinge(zs, SIGNED),
    "hinge by hand": lambda zs: sum((1 + -y * z).relu() for z, y in zip(zs, SIGNED, strict=True)) / 4,
    "hinge and penalty": lambda zs: hinge(zs, SIGNED),
    "absolute": lambda zs: sum(abs(z - y) for z, y in zip(zs, BITS, strict=True)),
    "sigmoid and square": lambda zs: mean_squared_error([z.sigmoid() for z in zs], BITS),
    "softplus": lambda zs: sum((-y * z).softplus() for z, y in zip(zs, SIGNED, strict=True)) / 4,
}


@pytest.mark.parametrize("name", LINEAR_LOSSES)
@pytest.mark.parametrize("seed", range(5))
def test_xor_by_a_linear_model_with_any_loss(name, seed):
    """Where training ends: the outputs of a hinge may differ, and those of a sigmoid hardly come to rest."""
    rng = random.Random(seed)
    w, b = [Value(rng.uniform(-1, 1), f"w{k}") for k in range(2)], Value(0.0, "b")

    def loss(outputs, parameters):
        return LINEAR_LOSSES[name](outputs) + ("penalty" in name) * 0.01 * sum(p * p for p in parameters)

    now = trained([*w, b], lambda: loss([dot(w, x, b) for x in XOR], [*w, b]), 600, lr=0.2)
    finding = only(diagnose(now, [*w, b]), "stationary")
    assert finding.evidence["loss at a constant output"] == pytest.approx(now.data, rel=0.01)
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=seed)
    parameters = model.parameters()
    now = trained(parameters, lambda: loss([model(x) for x in XOR], parameters), 300, 0.05, make=Adam)
    assert now.data < 0.75 * finding.evidence["loss"]


RELUS = {
    "mask": lambda z: z * (z > 0),
    "if": lambda z: z if z.data > 0 else z * 0.0,
    "0": lambda z: z if z.data > 0 else 0.0,
}


@pytest.mark.parametrize("name", RELUS)
@pytest.mark.parametrize("bias", [-0.5, -30.0])
def test_relus_by_a_mask_or_an_if_are_not_linear(name, bias):
    """One unit on for a single corner, or off for all: the output is as good as constant, but not of a linear model."""
    w, b = [Value(1.0, "w1"), Value(1.0, "w2")], Value(bias - 1.0, "b")
    v, c = Value(0.0, "v"), Value(0.5, "c")
    outputs = [v * RELUS[name](dot(w, x, b)) + c for x in XOR]
    assert "stationary" not in kinds(diagnose(mean_squared_error(outputs, BITS), [*w, b, v, c]))


@pytest.mark.parametrize("seed", range(4))
def test_gradients_that_cancel_over_the_examples_have_not_vanished(seed):
    model = MLP(2, [3, 2], activation="linear", init="xavier", seed=seed)
    first, second = model.layers[-1].neurons
    for p, q in zip(first.parameters(), second.parameters(), strict=True):
        q.data = p.data * (1.0 + 1e-15)
    only(diagnose(cross_entropy([model(x) for x in XOR], BITS), model.parameters()), "stationary")


@pytest.mark.parametrize("hidden", [0, 3])
def test_a_coin_that_inputs_do_not_tell_is_not_stuck(hidden):
    """Of each input there is one example with either answer, so no model is better than a constant."""
    model = MLP(1, [hidden, 1][not hidden :], activation="linear", init="xavier", seed=0)
    for p in model.layers[-1].neurons[0].parameters():
        p.data = 0.0
    outputs = [model([x]) for x in (0.0, 0.0, 1.0, 1.0, 3.0, 3.0)]
    assert not diagnose(binary_cross_entropy_with_logits(outputs, [0, 1] * 3), model.parameters())


@pytest.mark.parametrize("targets", [[-2.0, -1.0, 0.0, 1.0, 2.1], [-1.0, -1.0, 1.0, 1.0, 1.0]])
def test_a_line_that_fits_is_better_than_a_constant(targets):
    """All gradients cancel here, too, but at another loss than that of a constant output."""
    w, b = Value(0.0, "w"), Value(0.0, "b")
    now = trained([w, b], lambda: mean_squared_error([w * x + b for x in range(5)], targets), 600, lr=0.05)
    assert not diagnose(now, [w, b])


def test_a_linear_model_without_a_bias():
    points = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    ws, b = [Value(0.0, "w1"), Value(0.0, "w2")], Value(0.0, "b")

    def loss(bias):
        return mean_squared_error([dot(ws, x, bias) for x in points], [3.0] * 4)

    finding = only(diagnose(loss(0.0), ws), "stationary")
    assert "no bias" in finding.why
    assert not diagnose(loss(b), [*ws, b])
    assert trained([*ws, b], lambda: loss(b), 100, lr=0.1).data < 1e-6


def test_a_minimum_of_a_line_that_fits_is_not_stuck():
    w, b = Value(0.0, "w"), Value(0.0, "b")
    data = [(-1.0, 0.1), (0.0, 0.9), (1.0, 2.2), (2.0, 2.8)]
    loss = trained(
        [w, b], lambda: mean_squared_error([dot([w], [x], b) for x, _ in data], [y for _, y in data]), 300, 0.1
    )
    assert not diagnose(loss, [w, b])


INPUTS = [[0.1, 0.2], [0.4, -0.3], [0.7, 0.1], [-0.4, 0.9]]


def test_a_tanh_that_cannot_reach_its_targets():
    model = MLP(2, [4, 1], seed=0, output_activation="tanh")
    targets = [1.0, 2.0, 3.0, 4.0]

    def loss(model, targets):
        return mean_squared_error([model(x) for x in INPUTS], targets)

    finding = only(diagnose(loss(model, targets), model.parameters()), "out_of_range")
    assert finding.where == ("layer2.neuron1",)
    assert finding.evidence["output"] == "-1 to 1"
    assert finding.evidence["targets"] == "1 to 4"
    assert finding.evidence["out of reach"] == "3 of 4"
    assert finding.evidence["lowest possible loss"] == pytest.approx((0 + 1 + 4 + 9) / 4)
    assert not diagnose(loss(model, [(y - 2.5) / 2 for y in targets]), model.parameters())
    linear = MLP(2, [4, 1], seed=0)
    assert not diagnose(loss(linear, targets), linear.parameters())


REACHES = {
    "sigmoid": (lambda z: z.sigmoid(), 0.5, 1.2),
    "tanh": (lambda z: z.tanh(), -1.0, -1.3),
    "scaled": (lambda z: 3 * z.tanh() + 1, 3.9, 4.6),
    "halved": (lambda z: (z.tanh() + 1) / 2, 0.0, -0.2),
    "relu": (lambda z: z.relu(), 0.0, -5.0),
    "negated": (lambda z: -z.softplus(), -3.0, 2.0),
    "exp": (lambda z: z.exp(), 2.0, -3.0),
    "square": (lambda z: z * 0.5 + (z * 0.1) ** 2 * 0.0 - 1.0, -7.0, None),
}


@pytest.mark.parametrize("name", REACHES)
@pytest.mark.parametrize("residual", [lambda d: d**2, lambda d: d * d, abs])
def test_the_range_of_the_last_operations(name, residual):
    last, inside, outside = REACHES[name]
    w, b = Value(0.3, "w"), Value(0.1, "b")
    for target, is_found in ((inside, False), (outside, True)):
        if target is not None:
            loss = sum(residual(last(w * x + b) - y) for x, y in ((1.0, target), (2.0, inside))) / 2
            assert ["out_of_range"] * is_found == [f.kind for f in diagnose(loss, [w, b])]


def test_a_feature_that_is_always_0():
    rng = random.Random(0)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1), 0.0] for _ in range(12)]
    model = MLP(3, [5, 1], seed=0)

    def report(X):
        return diagnose(mean_squared_error([model(x) for x in X], [x[0] - x[1] for x in X]), model.parameters())

    finding = only(report(X), "dead_input")
    assert finding.where == tuple(f"layer1.neuron{i}.w3" for i in range(1, 6))
    assert finding.evidence["examples"] == 12
    assert not report([[*x[:2], rng.gauss(0, 1)] for x in X])
    assert not report(X[:4])  # too few to say always
    smooth = MLP(3, [5, 1], activation="tanh", init="xavier", seed=0)
    loss = mean_squared_error([smooth([0.0] * 3) for _ in X], [1.0] * 12)
    assert only(diagnose(loss, smooth.parameters()), "dead_input").evidence["weights"] == 15
    slim = MLP(2, [5, 1], seed=0)
    assert not diagnose(mean_squared_error([slim(x[:2]) for x in X], [x[0] for x in X]), slim.parameters())
    one_hot = MLP(5, [4, 1], seed=0)
    codes = [[float(i == j) for j in range(5)] for i in (0, 1, 2, 3, 0, 1, 2, 3, 1, 2)]
    assert not diagnose(mean_squared_error([one_hot(x) for x in codes], [1.0] * 10), one_hot.parameters())


def recurrent(scale, length, rng, label, dense=False, start=0.0):
    """A vector RNN with three units whose only input comes first, or one at each step: parameters and loss."""
    W = [
        [Value(start * (i == j) + rng.uniform(-scale, scale), label and f"W{i}{j}") for j in range(3)] for i in range(3)
    ]
    U, V = ([Value(rng.uniform(-1, 1), label and f"{name}{i}") for i in range(3)] for name in "UV")
    h = [Value(0.0)] * 3
    for t in range(length):
        x = rng.gauss(0, 1) if dense else float(t == 0)
        h = [
            (dot(row, h) + u * x if dense else sum((w * a for w, a in zip(row, h, strict=True)), u * x)).tanh()
            for row, u in zip(W, U, strict=True)
        ]
    return [p for row in (*W, U, V) for p in row], (dot(V, h) - 1.0) ** 2


@pytest.mark.parametrize("label", ["", "labelled"])
@pytest.mark.parametrize("seed", range(4))
def test_a_vector_rnn_whose_gradient_vanishes_over_time(seed, label):
    parameters, loss = recurrent(0.3, 25, random.Random(seed), label)
    loss.backward()
    assert max(abs(p.grad) for p in parameters) < 1e-8
    finding = only(diagnose(loss, parameters), "vanishing")
    assert finding.evidence["time steps"] == 25
    assert finding.evidence["factor a step"] < 0.5
    assert "near the identity" in finding.remedy
    parameters, loss = recurrent(0.05, 25, random.Random(seed), label, start=1.0)
    assert not diagnose(loss, parameters)


@pytest.mark.parametrize("seed", range(6))
def test_an_rnn_that_is_given_something_at_every_step_is_healthy(seed):
    parameters, loss = recurrent(0.7, 20, random.Random(seed), "labelled", dense=True)
    assert not diagnose(loss, parameters)


def test_a_parameter_that_diverged_is_told_from_a_base_below_0():
    w = Value(1e200, "w")
    finding = only(diagnose((w - 1.0) ** 2, [w]), "non_finite")
    assert finding.evidence["cause"] == "diverged"
    assert finding.evidence["w"] == 1e200
    assert "smaller learning rate" in finding.remedy
    w.data = 0.5  # started again, with a rate that diagnose allows
    assert not diagnose((w - 1.0) ** 2, [w], lr=0.4)


def test_a_nan_in_the_data_is_found_in_the_data():
    w, xs = Value(1.0, "w"), [2.0, math.nan, 3.0]
    finding = only(diagnose(mean_squared_error([w * x for x in xs], [1.0] * 3), [w]), "non_finite")
    assert finding.evidence["cause"] == "data"
    assert "data" in finding.remedy
    xs = [x for x in xs if math.isfinite(x)]
    assert not diagnose(mean_squared_error([w * x for x in xs], [1.0] * 2), [w])


OVERFLOWS = {  # and the same with the remedy applied
    "data": (lambda w: (w * 1e200) ** 2, lambda w: (w * 1.0) ** 2, "Scale the inputs"),
    "exp": (lambda w: (w * 1000.0).exp() * 1.0, lambda w: (w * 1000.0).softplus() * 1.0, "softplus"),
    "log": (lambda w: -(w * 0.0).log(), lambda w: -(w * 0.0 + 1e-3).log(), "above 0"),
    "div": (lambda w: 1.0 / (w - 1.0), lambda w: 1.0 / (w - 1.0 + 0.1), "add a small number"),
    "sqrt": (lambda w: (w * 0.0).sqrt(), lambda w: (w * 0.0 + 1e-12).sqrt(), "sqrt(x + 1e-12)"),
    "pow": (lambda w: (w - 2.0) ** 0.5, lambda w: (w + 2.0) ** 0.5, "Keep the base above 0"),
}


@pytest.mark.parametrize("name", OVERFLOWS)
def test_the_remedy_of_an_operation_that_is_not_finite(name):
    wrong, right, remedy = OVERFLOWS[name]
    w = Value(1.0, "w")
    finding = diagnose(wrong(w), [w]).findings[0]
    assert finding.kind == "non_finite"
    assert remedy in finding.remedy
    assert all(finding.kind != "non_finite" for finding in diagnose(right(w), [w]))


SADDLES = {
    "by hand": lambda start: by_hand(start, start),
    "a model": lambda start: modelled(MLP(1, [1, 1], activation="tanh", init=start)),
    "three layers": lambda start: modelled(MLP(1, [1, 1, 1], activation="tanh", init=start)),
    "linear": lambda start: modelled(MLP(1, [1, 1], activation="linear", init=start)),
}


def by_hand(first, second):
    w1, w2 = Value(first, "w1"), Value(second, "w2")
    return sum((w2 * (w1 * x).tanh() - 0.5 * x) ** 2 for x in (0.5, 1.0, 1.5)), [w1, w2]


def modelled(model):
    return mean_squared_error([model([x]) for x in (-1.0, -0.5, 0.5, 1.0)], [-1.0, -0.5, 0.5, 1.0]), model.parameters()


@pytest.mark.parametrize("name", SADDLES)
def test_weights_of_0_that_multiply_each_other(name):
    loss, parameters = SADDLES[name](0.0)
    finding = only(diagnose(loss, parameters), "stationary")
    assert finding.evidence["loss nearby"] < finding.evidence["loss"] == loss.data
    loss.backward()
    assert all(p.grad == 0.0 for p in parameters if "w" in p.label)
    assert "random weights" in finding.remedy
    assert not diagnose(*SADDLES[name](0.4))


def test_a_factor_of_0_beside_one_that_is_not_moves():
    for start in ((0.0, 0.5), (0.5, 0.0)):
        assert not diagnose(*by_hand(*start))
    w1, w2 = Value(0.0, "w1"), Value(0.0, "w2")
    assert not diagnose((w2 * (w1 * 2.0).tanh()) ** 2, [w1, w2])  # the minimum


def test_a_single_weight_of_an_input_of_0():
    w = Value(0.5, "w")
    for x in (0.0, Value(0.0, "x")):
        finding = only(diagnose((w * x - 3.0) ** 2, [w]), "dead_input")
        assert "feature in the data" in finding.remedy
    assert not diagnose((w * 2.0 - 3.0) ** 2, [w])


def test_a_relu_that_starts_on_the_wrong_side_stops_at_its_kink():
    rng = random.Random(0)
    xs = [rng.gauss(0, 1) for _ in range(40)]

    def fitted(start, activation="relu"):
        w = Value(start, "w")
        activations = {"relu": lambda z: z.relu(), "leaky_relu": lambda z: z.leaky_relu()}

        def loss():
            return mean_squared_error([activations[activation](w * x) for x in xs], [max(x, 0.0) for x in xs])

        return w, trained([w], loss, 3000, lr=0.05)

    w, loss = fitted(-3.0)
    finding = only(diagnose(loss, [w]), "stationary")
    assert abs(w.data) < 1e-9
    assert finding.evidence["loss nearby"] < loss.data
    assert "kink of a relu" in finding.why
    for w, loss in (fitted(3.0), fitted(-3.0, "leaky_relu")):
        assert loss.data < 1e-3
        assert not diagnose(loss, [w])


def test_a_linear_model_at_rest_is_named_after_the_last_step_of_its_loop():
    """The loop ends with a step, so the loss in hand belongs to the numbers before it."""
    w, b = [Value(0.4, "w1"), Value(-0.3, "w2")], Value(0.2, "b")
    for _ in range(600):
        loss = sum((dot(w, x, b) - y) ** 2 for x, y in zip(XOR, (0, 1, 1, 0), strict=True))
        for p in (*w, b):
            p.grad = 0.0
        loss.backward()
        for p in (*w, b):
            p.data -= 0.1 * p.grad
    assert "stationary" in kinds(diagnose(loss, [*w, b]))


def test_a_softmax_of_one_number_is_constant():
    model, wide = (MLP(2, [3, n], activation="tanh", init="xavier", seed=0) for n in (1, 2))
    alone = mean_squared_error([softmax([model(x)])[0] for x in XOR], [0, 1, 1, 0])
    finding = only(diagnose(alone, model.parameters()), "loss_misuse")
    assert finding.why.startswith("A softmax of a single number is always 1")
    assert finding.where == ("softmax of z⁽²⁾₁",)
    by_hand = [z.exp() / sum([z.exp()], Value(0.0)) for z in map(model, XOR)]
    report = diagnose(mean_squared_error(by_hand, [0, 1, 1, 0]), model.parameters())
    assert kinds(report) == ["loss_misuse", "cancelled"]
    assert not diagnose(mean_squared_error([softmax(wide(x))[0] for x in XOR], [0, 1, 1, 0]), wide.parameters())
    assert not diagnose(
        mean_squared_error([softmax([model(x), 0.0])[0] for x in XOR], [0, 1, 1, 0]), model.parameters()
    )
    logits = [model(x) for x in XOR]  # the remedy
    assert not diagnose(binary_cross_entropy_with_logits(logits, [0, 1, 1, 0]), model.parameters())


def test_the_cross_entropy_of_a_softmax_of_one_number_is_constant():
    """It is 0 whatever the labels are, which looks like success."""
    model, wide = (MLP(2, [3, n], activation="tanh", init="xavier", seed=0) for n in (1, 2))
    loss = sum(-(y * softmax([model(x)])[0].log()) for x, y in zip(XOR, [0.0, 1.0, 1.0, 0.0], strict=True))
    assert loss.data == 0.0
    finding = only(diagnose(loss, model.parameters()), "loss_misuse")
    assert finding.why.startswith("A softmax of a single number is always 1")
    right = [softmax(wide(x))[y].log() for x, y in zip(XOR, (0, 1, 1, 0), strict=True)]
    assert not diagnose(-sum(right), wide.parameters())


def test_a_single_choice_that_a_mask_leaves_is_no_fault():
    wide = MLP(2, [3, 2], activation="tanh", init="xavier", seed=0)
    forced = [softmax([a, where(a < -1e9, b, -math.inf)])[0].log() for a, b in map(wide, XOR)]
    assert "loss_misuse" not in kinds(diagnose(-sum(forced), wide.parameters()))


@pytest.mark.parametrize("over_examples", [True, False])
def test_a_softmax_over_the_examples_loses_the_biases(over_examples):
    model = MLP(3, [4, 3], activation="tanh", init="xavier", seed=0)
    exps = [[z.exp() for z in model([math.sin(3 * i + j) for j in range(3)])] for i in range(6)]
    sums = [[sum(column) for column in zip(*exps, strict=True)]] if over_examples else [[sum(row)] * 3 for row in exps]
    loss = -sum((exps[i][i % 3] / sums[0 if over_examples else i][i % 3]).log() for i in range(6))
    report = diagnose(loss, model.parameters())
    if over_examples:
        finding = only(report, "cancelled")
        assert finding.where == tuple(f"layer2.neuron{k}.b" for k in (1, 2, 3))
        assert "by a sum over the examples" in finding.why
        assert "of its own example" in finding.remedy
    else:
        assert not report


def test_a_bias_of_all_classes_cancels_in_a_softmax_over_the_classes():
    w, b = [Value(0.1 * k, f"w{k}") for k in range(3)], Value(0.3, "b")
    rows = [[exp(v * x + b) for v in w] for x in (0.5, 1.0, -2.0, 0.7)]
    finding = only(diagnose(-sum((row[k % 3] / sum(row)).log() for k, row in enumerate(rows)), [*w, b]), "cancelled")
    assert finding.where == ("b",)
    assert "over the examples" not in finding.why + finding.remedy


LOST = {  # of a log, and what it says is lost
    "p": (lambda v: v.sigmoid(), -800.0, "A probability p has rounded to 0. The log is -inf"),
    "1 - p": (lambda v: 1.0 - v.sigmoid(), 40.0, "A probability p has rounded to 1, so 1 - p is 0. The log is -inf"),
    "1 + tanh": (lambda v: (1.0 + v.tanh()) / 2.0, -40.0, "A probability p has rounded to 0. The log is -inf"),
    "nearly 0": (lambda v: v.sigmoid(), -100.0, "A probability is nearly 0; its log, -100, is still right."),
    "rounding": (lambda v: 1.0 - v.sigmoid(), 30.0, "A log is taken of a probability that is 0 but for rounding."),
}


@pytest.mark.parametrize("name", LOST)
def test_what_a_log_has_lost_is_said_of_the_number_that_rounded(name):
    p, at, why = LOST[name]
    v = Value(at, "v")
    finding = diagnose(-p(v).log(), [v]).findings[0]
    assert finding.kind == "probability_loss"
    assert finding.why.startswith(why)
    assert finding.evidence.get("operand of the log") == (None if p(v).op == "sigmoid" else p(v).data)


def test_large_inputs_are_named_where_a_probability_is_lost():
    rows, ys = [[34.6, 78.0], [30.3, 43.9], [60.2, 86.3], [79.0, 75.3]], [0, 0, 1, 1]
    w = [Value(3.0, "w1"), Value(2.0, "w2")]
    lost = diagnose(binary_cross_entropy([dot(w, x).sigmoid() for x in rows], ys), w).findings[-1]
    assert lost.kind == "probability_loss"
    assert "Inputs go up to |x| = 86.3" in lost.remedy
    small = [[x / 50.0 - 1.0 for x in row] for row in rows]
    assert not diagnose(binary_cross_entropy_with_logits([dot(w, x) for x in small], ys), w)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_softmax_that_is_sure_and_wrong_in_a_squared_loss(by_hand):
    def shares(z):
        exps = [v.exp() for v in z]
        return [v / sum(exps) for v in exps] if by_hand else softmax(z)

    def report(scale, is_log=False):
        model = MLP(2, [3], seed=0)
        for p in model.parameters():
            p.data *= scale
        wrong = [min(range(3), key=lambda k, x=x: model(x)[k].data) for x in X]
        if is_log:
            return diagnose(cross_entropy([model(x) for x in X], wrong), model.parameters())
        outputs = [shares(model(x)) for x in X]
        loss = mean_squared_error(outputs, [[float(k == c) for k in range(3)] for c in wrong])
        return diagnose(loss, model.parameters())

    X = [[0.3, 0.9], [0.8, -0.4], [-0.5, 0.6], [0.9, 0.1]]
    finding = only(report(300.0), "saturated")
    assert finding.where == ("layer1.neuron1", "layer1.neuron2", "layer1.neuron3")
    assert "cross_entropy([logits], [class])" in finding.remedy
    assert not report(1.0)
    assert not report(300.0, is_log=True)  # the remedy


@pytest.mark.parametrize("decay", [5.0, 0.01])
def test_weights_that_a_penalty_has_drawn_to_0(decay):
    xs = [[0.1 * k] for k in range(10)]
    model = MLP(1, [8, 1], activation="tanh", init="xavier", seed=0)
    optimizer = SGD(model.parameters(), lr=0.1, weight_decay=decay)
    for _ in range(60):
        optimizer.zero_grad()
        mean_squared_error([model(x) for x in xs], [3.0 * x[0] for x in xs]).backward()
        optimizer.step()
    optimizer.zero_grad()
    report = diagnose(mean_squared_error([model(x) for x in xs], [3.0 * x[0] for x in xs]), model.parameters())
    if decay < 1.0:  # the remedy
        assert not report
        return
    finding = only(report, "vanishing")
    assert finding.evidence["largest weight of layer2"] < 1e-5
    assert "weight_decay" in finding.remedy
    assert "1 layer between" in str(finding)


def test_a_loss_of_another_model_is_not_taken_for_an_argmax():
    mine, other = (MLP(2, [3, 1], activation="tanh", init="xavier", seed=seed) for seed in (0, 1))
    loss = mean_squared_error([other(x) for x in XOR], [0, 1, 1, 0])
    why = only(diagnose(loss, mine.parameters()), "disconnected").why
    assert "from other Values, such as w⁽²⁾" in why
    assert "argmax" not in why


def test_a_number_just_beyond_a_domain_is_shown_with_its_digits():
    w = Value(1.0000001, "w")
    assert "w = 1.0000001" in only(diagnose(acos(w), [w]), "non_finite").why


def likelihoods(count):
    """The densities of numbers around a line, and its parameters, which are far from it."""
    theta = [Value(0.1, "theta0"), Value(-0.3, "theta1")]
    xs = [math.sin(k) * 3.0 for k in range(count)]
    return [normal_pdf(2.0 * x + 1.0 - (theta[0] + theta[1] * x)) for x in xs], theta


@pytest.mark.parametrize("score", [lambda p: -p, lambda p: 1.0 - 2.0 * p, lambda p: (p - 1.0) ** 2])
def test_a_product_that_underflows_passes_no_gradient(score):
    densities, theta = likelihoods(400)
    finding = only(diagnose(score(prod(densities)), theta), "vanishing")
    assert finding.evidence["factors"] >= 400
    assert "The product of 40" in finding.why
    assert "sum(log(p) for p in factors)" in finding.remedy
    assert not diagnose(-sum(p.log() for p in densities), theta)  # the remedy
    few, theta = likelihoods(4)
    assert not diagnose(score(prod(few)), theta)


def test_the_log_of_a_product_that_underflows_is_a_sum_of_logs():
    densities, theta = likelihoods(400)
    finding = only(diagnose(-prod(densities).log(), theta), "non_finite")
    assert finding.evidence["cause"] == "underflow"
    assert finding.remedy.startswith("The product of 400 factors")
    assert "sum(log(p) for p in factors)" in finding.remedy
    zero = Value(0.0, "zero")
    assert "sum(log" not in diagnose(-prod([*densities[:3], zero]).log(), [zero]).findings[0].remedy


def test_a_tiny_product_whose_gradient_is_not_0_is_no_underflow():
    w, v = Value(1e-170, "w"), Value(1e-170, "v")
    assert "vanishing" not in kinds(diagnose((w * v - 1.0) ** 2, [w, v]))
