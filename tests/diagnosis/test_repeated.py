"""What is repeated by mistake, one input for all examples and one unit in several places, and what examples choose."""

import random

import pytest
from reports import kinds, only

from engine import Value, diagnose, dot, softmax
from nn import MLP, Adam, Neuron, binary_cross_entropy_with_logits, mean_squared_error

X = [[-1.7, 0.2], [-1.1, 0.9], [-0.6, -0.4], [0.3, 1.2], [0.5, -1.3], [1.4, 0.6]]
Y = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]


def rows(rng, count, size, label=""):
    return [[Value(rng.gauss(0, 1), label and f"{label}{i}_{j}") for j in range(size)] for i in range(count)]


def flat(rows):
    return [p for row in rows for p in row]


def trained(loss, parameters, steps):
    optimizer = Adam(parameters, lr=0.05)
    for _ in range(steps):
        now = loss()
        optimizer.zero_grad()
        now.backward()
        optimizer.step()
    return loss()


@pytest.mark.parametrize("steps", [0, 60])
@pytest.mark.parametrize("criterion", [mean_squared_error, binary_cross_entropy_with_logits])
@pytest.mark.parametrize("hidden", [[], [4]])
def test_one_input_for_all_examples(hidden, criterion, steps):
    model = MLP(2, [*hidden, 1], activation="tanh", init="xavier", seed=1)
    same = [[1.0, 2.0]] * 6
    finding = only(
        diagnose(
            trained(lambda: criterion([model(x) for x in same], Y), model.parameters(), steps), model.parameters()
        ),
        "constant_input",
    )
    assert finding.evidence["examples"] == 6
    assert "(1, 2)" in finding.why
    different = criterion([model(x) for x in X], Y)  # the remedy
    assert not diagnose(different, model.parameters())
    assert not diagnose(criterion([model(x) for x in same], [1.0] * 6), model.parameters())  # and equal targets


def test_one_input_for_all_examples_by_hand():
    w, b = [Value(0.1), Value(0.2)], Value(0.0)
    loss = sum((w[0] * 1.0 + w[1] * 2.0 + b - y) ** 2 for y in Y)
    assert "(1, 2)" in only(diagnose(loss, [*w, b]), "constant_input").why
    loss = sum((1 + -y * (w[0] * 1.0 + w[1] * 2.0 + b)).relu() for y in (1, -1, 1, 1, -1))
    assert "(1, 2)" in only(diagnose(loss, [*w, b]), "constant_input").why


def test_outputs_of_one_example_that_are_computed_one_by_one_are_no_examples():
    model = MLP(2, [3, 2], activation="tanh", init="xavier", seed=1)
    assert not diagnose((model(X[0])[0] - 1.0) ** 2 + (model(X[0])[1] + 1.0) ** 2, model.parameters())
    w, b = Value(0.5), Value(0.1)
    assert not diagnose(sum((w * 1.0 + b - y) ** 2 for y in Y), [w, b])


@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
def test_one_neuron_in_several_places(activation):
    def loss(hidden, out):
        return mean_squared_error([out([neuron(x) for neuron in hidden]) for x in X], Y)

    neuron, out = Neuron(2, activation=activation, seed=3), Neuron(3, nonlin=False, seed=1)
    finding = only(diagnose(loss([neuron] * 3, out), [*neuron.parameters(), *out.parameters()]), "symmetric")
    assert "3 times" in str(finding)
    fresh = [Neuron(2, activation=activation, seed=seed) for seed in (3, 4, 5)]  # the remedy
    parameters = [p for neuron in (*fresh, out) for p in neuron.parameters()]
    assert not diagnose(loss(fresh, out), parameters)


def test_one_result_in_several_places():
    neuron, out = Neuron(2, activation="tanh", seed=0), Neuron(3, seed=1)

    def report(read):
        outputs = [out(read(x)) for x in X]
        return diagnose(mean_squared_error(outputs, Y), [*neuron.parameters(), *out.parameters()])

    assert only(report(lambda x: [neuron(x)] * 3), "symmetric").evidence["units"] == 1
    assert not report(lambda x: [neuron(x), *x])


@pytest.mark.parametrize("seed", range(3))
def test_advantages_less_their_mean_read_each_unit_once(seed):
    """As of the actions not taken, whose weights other examples tell apart."""
    rng, body = random.Random(seed), MLP(2, [4], activation="tanh", output_activation="tanh", seed=seed)
    value, *actions = [[Value(rng.gauss(0, 0.5), f"{name}{i}") for i in range(4)] for name in "vabc"]

    def q(x, taken):
        h = body(x)
        advantages = [dot(w, h) for w in actions]
        return dot(value, h) + advantages[taken] - sum(advantages) / 3

    loss = sum((q([rng.gauss(0, 1), rng.gauss(0, 1)], k % 3) - rng.gauss(0, 1)) ** 2 for k in range(9))
    assert not diagnose(loss, [*body.parameters(), *value, *(w for row in actions for w in row)])


def test_one_row_of_weights_in_several_places():
    w, v = [[Value(0.5, "u1"), Value(-0.3, "u2")]] * 3, [Value(0.1), Value(0.2), Value(0.3)]
    loss = sum((dot(v, [dot(row, x).tanh() for row in w]) - y) ** 2 for x, y in zip(X, Y, strict=True))
    assert only(diagnose(loss, [*flat(w), *v]), "symmetric").where == ("unit of u1, u2",)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_outputs_for_actions_that_were_not_taken(seed, labelled):
    rng = random.Random(seed)
    hidden, out = rows(rng, 4, 2, "u" * labelled), rows(rng, 5, 4, "v" * labelled)
    biases = [Value(0.0, f"b{i}" if labelled else "") for i in range(5)]

    def values(x):
        return [dot(row, [dot(u, x).tanh() for u in hidden], b) for row, b in zip(out, biases, strict=True)]

    parameters = [*flat(hidden), *flat(out), *biases]
    taken = [rng.randrange(3) for _ in X]
    assert not diagnose(sum((values(x)[a] - 1.0) ** 2 for x, a in zip(X, taken, strict=True)), parameters)
    model = MLP(2, [4, 5], activation="tanh", init="xavier", seed=seed)
    assert not diagnose(sum((model(x)[a] - 1.0) ** 2 for x, a in zip(X, taken, strict=True)), model.parameters())


def test_an_output_that_is_forgotten_for_all_examples():
    model = MLP(2, [4, 3], activation="tanh", init="xavier", seed=1)
    loss = sum((model(x)[0] - 1.0) ** 2 + (model(x)[1] + x[0]) ** 2 for x in X)
    assert only(diagnose(loss, model.parameters()), "disconnected").where == ("layer2.neuron3",)
    w = rows(random.Random(0), 3, 2, "w")
    loss = sum((dot(w[0], x) - 1.0) ** 2 + (dot(w[1], x) - x[1]) ** 2 for x in X)
    assert only(diagnose(loss, flat(w)), "disconnected").where == ("w2_0", "w2_1")


def test_a_relu_at_the_output_may_be_off_where_nothing_above_0_is_asked():
    w, b = Value(0.3, "w"), Value(-9.0, "b")
    outputs = [(w * x[0] + b).relu() for x in X]
    assert not diagnose(sum(a**2 for a in outputs), [w, b])
    assert kinds(diagnose(sum((a - y) ** 2 for a, y in zip(outputs, Y, strict=True)), [w, b])) == ["dead_relu"]


def test_a_gradient_that_is_large_for_one_example_does_not_make_the_others_vanish():
    """An embedding of about 0, whose relus are off, is scaled to length 1."""
    model = MLP(2, [4, 2], activation="relu", init="he", seed=0)
    for neuron in model.layers[0].neurons:
        neuron.w[0].data = abs(neuron.w[0].data)

    def unit(z):
        length = (sum(a * a for a in z) + 1e-12) ** 0.5
        return [a / length for a in z]

    embedded = [unit(model([x, 0.0])) for x in (-1.0, 0.5, 1.0, 2.0)]
    loss = -sum(softmax([dot(a, b) for b in embedded])[i].log() for i, a in enumerate(embedded))
    assert "vanishing" not in kinds(diagnose(loss, model.parameters()))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("seed", range(3))
def test_weights_so_small_that_hidden_units_are_as_good_as_linear(activation, seed):
    """XOR from weights of about 0.01: the loss is log 2 after a thousand steps, and lower from larger weights."""
    corners, xor = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    model = MLP(2, [5, 1], activation=activation, init="xavier", seed=seed)
    large = [p.data for p in model.parameters()]
    for p in model.parameters():
        p.data *= 0.01

    def loss():
        return binary_cross_entropy_with_logits([model(x) for x in corners], xor)

    def train():
        for _ in range(300):
            now = loss()
            model.zero_grad()
            now.backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad

    train()
    assert abs(loss().data - 0.6931471805599453) < 1e-4
    finding = only(diagnose(loss(), model.parameters()), "stationary")
    assert "as good as linear" in finding.why
    assert finding.remedy == 'Start from larger weights, init="xavier".'
    for p, x in zip(model.parameters(), large, strict=True):  # the remedy
        p.data = x
    assert not diagnose(loss(), model.parameters())


NEARLY = {  # paths of w that cancel, and whether nothing is left
    "w - w": (lambda w: w - w, True),
    "w / w": (lambda w: w / w, True),
    "exp(w) exp(-w)": (lambda w: w.exp() * (-w).exp(), True),
    "1e6 w - (1e6 - 1e-4) w": (lambda w: w * 1e6 - w * (1e6 - 1e-4), False),
    "tanh(w) - (1 - 1e-6) tanh(w)": (lambda w: w.tanh() - w.tanh() * (1.0 - 1e-6), False),
}


@pytest.mark.parametrize("name", NEARLY)
def test_paths_that_cancel_nearly_are_not_said_to_leave_nothing(name):
    f, is_exact = NEARLY[name]
    w, v = Value(0.7, "w"), Value(-0.3, "v")
    finding = only(diagnose((f(w) + v) ** 2, [w, v]), "cancelled")
    assert ("the loss does not depend" in finding.why) == is_exact
    assert ("nearly the same amount" in finding.why) != is_exact


def test_a_kink_far_away_where_paths_no_longer_cancel():
    w, v = Value(0.7, "w"), Value(-0.3, "v")
    assert not diagnose((abs(w - 1e4) - 1e4 + w + v) ** 2, [w, v])


def test_remedies_by_hand_name_no_setting_of_a_module():
    w, b = Value(0.3, "w"), Value(0.1, "b")
    far = sum(((w * x[0] + b).sigmoid() - 3.0) ** 2 for x in X)
    flat_ = sum(((w * x[0] * 1e3 + b).tanh() - y) ** 2 for x, y in zip(X, Y, strict=True))
    for loss in (far, flat_):
        for finding in diagnose(loss, [w, b]):
            assert "MLP" not in finding.remedy
            assert "init=" not in finding.remedy
