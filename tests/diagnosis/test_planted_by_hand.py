"""Faults planted in random networks of plain products and sums, without labels, as beginners write them."""

import random

import pytest
from reports import kinds, only

from engine import Value, diagnose, minimum

SEEDS = range(20)


class Net:
    """Layers of neurons as lists of weights with the bias last; `a` is the hidden activation, `y` the targets."""

    def __init__(self, seed, a=lambda z: z.tanh(), outputs=1, hidden=4):
        self.rng, self.a = random.Random(seed), a
        self.X = [[self.rng.gauss(0, 1), self.rng.gauss(0, 1)] for _ in range(10)]
        self.y = [0.5 * x[0] - 0.3 * x[1] + 0.1 for x in self.X]
        self.layers = [self.layer(2, hidden), self.layer(hidden, outputs)]

    def layer(self, inputs, units):
        scale = inputs**-0.5
        return [[*(Value(self.rng.gauss(0, scale)) for _ in range(inputs)), Value(0.1)] for _ in range(units)]

    @property
    def parameters(self):
        return [p for layer in self.layers for neuron in layer for p in neuron]

    def __call__(self, x):
        hidden = [self.a(weighted(neuron, x)) for neuron in self.layers[0]]
        return [weighted(neuron, hidden) for neuron in self.layers[1]]

    def outputs(self):
        return [self(x)[0] for x in self.X]

    def loss(self):
        return squares(self.outputs(), self.y)

    def report(self, loss=None, **given):
        return diagnose(self.loss() if loss is None else loss, self.parameters, **given)


def weighted(neuron, x):
    return sum(w * xi for w, xi in zip(neuron, x, strict=False)) + neuron[-1]


def squares(outputs, targets):
    return sum((a - y) ** 2 for a, y in zip(outputs, targets, strict=True)) / len(targets)


def sigmoid(z):
    return 1 / (1 + (-z).exp())


def softmax(z):
    exps = [v.exp() for v in z]
    return [v / sum(exps) for v in exps]


RELUS = [lambda z: z.relu(), lambda z: (z + abs(z)) / 2, lambda z: z * (z > 0), lambda z: -minimum(-z, 0)]
SQUASHES = [
    lambda z: z.tanh(),
    sigmoid,
    lambda z: z.sigmoid(),
    lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_said_of_the_networks_without_a_fault(seed):
    for a in (*RELUS, *SQUASHES):
        net = Net(seed, a)
        assert not net.report()
        assert not net.report(lr=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hidden_layer_that_is_flat(seed):
    net = Net(seed, SQUASHES[seed % 4])
    for neuron in net.layers[0]:
        neuron[-1].data = net.rng.choice([-1, 1]) * 60.0
    assert only(net.report(), "saturated").evidence["units"] == "4 of 4"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hidden_layer_that_is_off(seed):
    net = Net(seed, RELUS[seed % 4])
    for neuron in net.layers[0]:
        neuron[-1].data = -60.0
    assert only(net.report(), "dead_relu").evidence["units"] == "4 of 4"


@pytest.mark.parametrize("seed", SEEDS)
def test_targets_beyond_an_output_by_hand(seed):
    net = Net(seed)
    last = [*RELUS, *SQUASHES][seed % 8]
    net.layers[1][0][-1].data = 0.05  # of a relu, some outputs are on and some are off
    outputs = [last(z) for z in net.outputs()]
    targets = [-4.0 if i % 3 == 0 else 0.3 for i in range(10)]
    finding = only(net.report(squares(outputs, targets)), "out_of_range")
    assert finding.evidence["out of reach"] == "4 of 10"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_network_whose_weights_all_begin_alike(seed):
    net = Net(seed, SQUASHES[seed % 4])
    number = [0.0, 0.5, 1.0, -0.3][seed // 4 % 4]
    for p in net.parameters:
        p.data = number
    assert kinds(net.report()) == ["symmetric"]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_factors_that_begin_at_0(seed):
    net = Net(seed, hidden=1)
    for p in net.parameters:
        p.data = 0.0
    net.layers[1][0][-1].data = sum(net.y) / 10  # the best constant
    finding = only(net.report(), "stationary")
    assert finding.evidence["loss nearby"] < finding.evidence["loss"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_that_forgets_its_first_inputs(seed):
    rng = random.Random(seed)
    W = [[Value(rng.gauss(0, 0.15)) for _ in range(3)] for _ in range(3)]
    U = [Value(rng.gauss(0, 1)) for _ in range(3)]
    h = [Value(0.0)] * 3
    xs = [1.0] + [0.0] * 24
    for x in xs:
        h = [(sum(w * v for w, v in zip(row, h, strict=True)) + u * x).tanh() for row, u in zip(W, U, strict=True)]
    loss = (sum(h) - 0.5) ** 2
    assert "vanishing" in kinds(diagnose(loss, [*(w for row in W for w in row), *U]))


@pytest.mark.parametrize("seed", SEEDS)
def test_parameters_that_a_step_replaced(seed):
    net = Net(seed)
    parameters = net.parameters
    loss = net.loss()
    loss.backward()
    rate = [0.1, 0.01, 0.05][seed % 3]
    net.layers = [[[p - rate * p.grad for p in neuron] for neuron in layer] for layer in net.layers]
    report = diagnose(net.loss(), net.parameters if seed % 2 else parameters)
    assert only(report, "rebound").remedy.startswith("Change the number inside the parameter")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_up_or_too_far(seed):
    net = Net(seed)
    loss = net.loss()
    loss.backward()
    for p in net.parameters:
        p.data += (0.1 if seed % 2 else -30.0) * p.grad
    assert kinds(net.report(loss)) == ["ascent" if seed % 2 else "step_too_long"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_that_is_far_too_short(seed):
    net = Net(seed, SQUASHES[seed % 4])
    rate = 10.0 ** -(6 + seed % 4)
    assert only(net.report(lr=rate), "step_too_short").evidence["rate"] == rate
    assert not net.report(lr=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hidden_layer_of_plain_numbers(seed):
    net = Net(seed, lambda z: Value(z.tanh().data))
    finding = only(net.report(), "disconnected")
    assert finding.evidence["parameters"] == "12 of 17"


def one_hot(net, classes=3):
    return [net.rng.randrange(classes) for _ in net.X]


MISUSES = {
    "signed differences": lambda net: sum(a - y for a, y in zip(net.outputs(), net.y, strict=True)),
    "cubes": lambda net: sum((a - y) ** 3 for a, y in zip(net.outputs(), net.y, strict=True)),
    "minus squares": lambda net: -net.loss(),
    "score": lambda net: 1 - net.loss() * 10 / sum(y * y for y in net.y),
    "logits without a log": lambda net: -sum(net(x)[c] for x, c in zip(net.X, one_hot(net), strict=True)) / 10,
    "log without a minus": lambda net: sum(softmax(net(x))[c].log() for x, c in zip(net.X, one_hot(net), strict=True)),
    "softmax twice": lambda net: (
        -sum(softmax(softmax(net(x)))[c].log() for x, c in zip(net.X, one_hot(net), strict=True))
    ),
    "softmax of one": lambda net: squares([softmax(net(x)[:1])[0] for x in net.X], [0.0, 1.0] * 5),
    "hinge with 0": lambda net: sum((1 - y * a).relu() for a, y in zip(net.outputs(), [0.0, 1.0] * 5, strict=True)),
    "counted": lambda net: sum((a // 0.1 - y) ** 2 for a, y in zip(net.outputs(), net.y, strict=True)),
    "targets -1 and 1": lambda net: (
        -sum(
            (1 + y) * p.log() + (1 - (1 + y)) * (1 - p).log()
            for p, y in zip(map(sigmoid, net.outputs()), [-1.0, 1.0] * 5, strict=True)
        )
    ),
}


@pytest.mark.parametrize("name", MISUSES)
@pytest.mark.parametrize("seed", range(10))
def test_a_misused_loss(name, seed):
    net = Net(seed, outputs=3 if "log" in name or "twice" in name else 1)
    found = kinds(net.report(MISUSES[name](net)))
    assert "loss_misuse" in found
    assert set(found) <= {"loss_misuse", "cancelled", "disconnected"}
