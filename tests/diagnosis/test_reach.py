"""Targets out of an output's range, whatever loss compares them: its lowest number is where they are equal."""

import math
import operator
import random

import pytest
from reports import kinds, only

from engine import Value, clip, cosh, diagnose, exp, hypot, log, maximum, minimum, norm, softplus, sqrt, where
from engine.diagnosis.intervals import EVERYTHING, differences, interval, may_be_limited
from engine.structure import LossGraph
from nn import MLP, mean_squared_error

X = [[0.1 * i, 0.5 - 0.07 * i] for i in range(10)]
FAR = [3.0 if i % 3 == 0 else 0.4 for i in range(10)]


def pairs(loss):
    return lambda outputs, targets: sum(map(loss, outputs, targets)) / len(targets)


def huber(a, y):
    size = abs(a - y)
    return where(size < 1.0, 0.5 * size * size, size - 0.5)


def huber_of_smaller(a, y):
    size = abs(a - y)
    smaller = minimum(size, 1.0)
    return 0.5 * smaller * smaller + (size - smaller)


LOSSES = {  # each with the least number that it can have, where it is known: of 4 targets of 10, 2 beyond a sigmoid's 1
    "rmse": (lambda a, y: sqrt(pairs(lambda a, y: (a - y) ** 2)(a, y)), math.sqrt(1.6)),
    "root": (lambda a, y: mean_squared_error(a, y) ** 0.5, math.sqrt(1.6)),
    "norm": (lambda a, y: norm([p - t for p, t in zip(a, y, strict=True)]), 4.0),
    "log of mse": (lambda a, y: log(mean_squared_error(a, y)), None),
    "huber": (pairs(huber), 0.6),
    "huber of the smaller": (pairs(huber_of_smaller), 0.6),
    "log cosh": (pairs(lambda a, y: log(cosh(a - y))), 0.4 * math.log(math.cosh(2.0))),
    "log cosh by softplus": (
        pairs(lambda a, y: (a - y) + softplus(-2.0 * (a - y)) - math.log(2.0)),
        0.4 * math.log(math.cosh(2.0)),
    ),
    "pseudo huber": (pairs(lambda a, y: sqrt(1.0 + (y - a) ** 2) - 1.0), 0.4 * (math.sqrt(5.0) - 1.0)),
    "hypot": (pairs(lambda a, y: hypot(a - y, 1.0)), 0.4 * (math.sqrt(5.0) - 1.0)),
    "quantile": (pairs(lambda a, y: maximum(0.9 * (y - a), -0.1 * (y - a))), 0.4 * 0.9 * 2.0),
    "insensitive": (pairs(lambda a, y: (abs(a - y) - 0.1).relu()), 0.4 * 1.9),
    "scaled": (pairs(lambda a, y: ((a - y) / 0.5) ** 2), 0.4 * 16.0),
    "relative": (pairs(lambda a, y: abs((a - y) / y)), 0.4 * 2.0 / 3.0),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_sigmoid_that_cannot_reach_its_targets(name):
    loss, least = LOSSES[name]

    def report(targets, last="sigmoid"):
        model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0, output_activation=last)
        return diagnose(loss([model(x) for x in X], targets), model.parameters())

    finding = only(report(FAR), "out_of_range")
    assert finding.where == ("layer2.neuron1",)
    assert "the last operation, sigmoid, gives numbers from 0 to 1" in finding.why
    assert finding.evidence["out of reach"] == "4 of 10"
    assert finding.evidence["output"] == "0 to 1"
    assert finding.evidence.get("lowest possible loss") == (least if least is None else pytest.approx(least))
    assert not report(FAR, "linear")
    assert not report([y / 4.0 for y in FAR])


def test_targets_that_are_all_out_of_reach_are_said_to_be():
    outputs = [(Value(0.3 * k, f"w{k}")).sigmoid() for k in range(3)]
    finding = only(
        diagnose(mean_squared_error(outputs, [5.0, 6.0, 7.0]), [o.operands[0] for o in outputs]), "out_of_range"
    )
    assert "The output cannot reach any of them, and" in finding.why


def test_a_huber_loss_by_a_branch_in_python_gives_no_least_number():
    """The graph has only the branch that was taken, which goes on below 0."""

    def huber(a, y):
        return 0.5 * (a - y) ** 2 if abs(a.data - y) < 1.0 else abs(a - y) - 0.5

    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0, output_activation="sigmoid")
    finding = only(diagnose(pairs(huber)([model(x) for x in X], FAR), model.parameters()), "out_of_range")
    assert "lowest possible loss" not in finding.evidence
    assert finding.why.endswith("The output cannot reach 4 of 10 targets.")


def test_a_difference_that_the_loss_does_not_bring_to_0_is_no_target():
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0, output_activation="tanh")
    outputs = [model(x) for x in X]
    for loss in (
        sum((2.0 - y * a).relu() for a, y in zip(outputs, [1.0, -1.0] * 5, strict=True)),  # a hinge, with its margin
        sum(((a - 2.0) * -1.5).exp() for a in outputs),
        sum((a - 3.0) * y for a, y in zip(outputs, [1.0, -2.0] * 5, strict=True)),
    ):
        assert "out_of_range" not in [finding.kind for finding in diagnose(loss, model.parameters())]


def test_one_output_with_many_targets():
    model = MLP(1, [1], init=0.3, output_activation="sigmoid")
    a = model([1.0])
    finding = only(diagnose(sum((a - y) ** 2 for y in (0.5, 2.0, 3.0)), model.parameters()), "out_of_range")
    assert finding.evidence["out of reach"] == "2 of 3"


BY_HAND = {
    "maximum": lambda z: maximum(z, 0.0),
    "negated minimum": lambda z: -minimum(-z, 0),
    "sum with its size": lambda z: (z + abs(z)) / 2,
    "halves": lambda z: 0.5 * z + abs(0.5 * z),
    "difference": lambda z: (z - -abs(z)) * 0.5,
    "root of the square": lambda z: (z + sqrt(z * z)) / 2,
    "mask": lambda z: z * (z > 0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_relu_by_hand_at_the_output_is_never_below_0(name):
    targets = [-3.0 if i % 2 else 0.5 for i in range(10)]
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    model.layers[-1].neurons[0].b.data = 0.07  # some outputs are on, some off
    outputs = [BY_HAND[name](model([x[0] * 3 - 1, x[1]])) for x in X]
    finding = only(diagnose(mean_squared_error(outputs, targets), model.parameters()), "out_of_range")
    assert finding.where == ("layer2.neuron1",)
    assert finding.evidence["output"] == "0 to inf"
    assert finding.evidence["lowest possible loss"] == 4.5
    assert not diagnose(mean_squared_error(outputs, [abs(y) for y in targets]), model.parameters())
    assert not diagnose(mean_squared_error([model(x) for x in X], targets), model.parameters())


@pytest.mark.parametrize("activation", [lambda z: 0.6 * z + 0.4 * abs(z), lambda z: z - 0.2 * abs(z), abs])
def test_a_leaky_relu_by_hand_reaches_both_sides(activation):
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    targets = [4.0 if activation is abs or i % 2 else -4.0 for i in range(10)]
    assert not diagnose(mean_squared_error([activation(model(x)) for x in X], targets), model.parameters())


def test_a_single_target_out_of_reach_is_one_number():
    w = Value(7.0, "w")
    finding = only(diagnose((clip(w, -1.0, 1.0) - 3.0) ** 2, [w]), "out_of_range")
    assert finding.evidence["targets"] == "3"
    assert "but the target is 3. The output cannot reach it," in finding.why


OPERATIONS = (operator.add, operator.sub, operator.mul, operator.truediv, lambda a, _: a * a, lambda a, _: a.tanh())


@pytest.mark.parametrize("seed", range(300))
def test_where_no_range_may_be_limited_none_is(seed):
    rng = random.Random(seed)
    pool = [Value(rng.choice([0.0, 0.5, -2.0])) for _ in range(4)]
    parameters = pool[:2]
    for _ in range(rng.choice([2, 4, 8])):
        a, b = rng.choice(pool), rng.choice(pool)
        pool.append(rng.choice(OPERATIONS)(a, b if b.data else 1.0))
    graph = LossGraph(pool[-1] - pool[3], parameters)
    computed = {j for i in graph.of("sub") for j in graph.operands(i) if j < len(graph.interior)}
    may = may_be_limited(graph, graph.parameters)
    assert {interval(graph, j, graph.parameters) for j in computed if graph.depends[j] and not may[j]} <= {EVERYTHING}


@pytest.mark.parametrize(
    ("last", "far"),
    [(Value.tanh, 2.0), (Value.relu, -1.0), (lambda z: (z + abs(z)) / 2, -1.0), (lambda z: 1 / (1 + exp(-z)), 3.0)],
)
def test_a_target_whose_negative_is_added(last, far):
    """As in micrograd's own hinge; a sum of such squares starts at 0 + the first."""
    model = MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    model.layers[-1].neurons[0].b.data = 2.0
    X = [[0.1, 0.2], [0.4, -0.3], [0.7, 0.1], [-0.4, 0.9]]
    for target, found in ((far, ["out_of_range"]), (0.5, [])):
        loss = sum((last(model(x)) + -target) ** 2 for x in X)
        assert kinds(diagnose(loss, model.parameters())) == found
    loss = sum(((last(model(x)) - 0.5) ** 2 + 1.0) ** 0.5 for x in X) + 0.1
    assert not diagnose(loss, model.parameters())


def test_a_relu_by_its_size_without_a_bias_at_the_output():
    """A z that is itself a difference from a given number is no error, if it is used again."""
    w = Value(0.5, "w")
    outputs = [(z + abs(z)) / 2 for z in (w * x - 1.0 for x in (1.0, 3.0, 5.0))]
    finding = only(diagnose(sum((a - -2.0) ** 2 for a in outputs), [w]), "out_of_range")
    assert finding.evidence["lowest possible loss"] == 12.0


def test_a_relu_by_a_mask_cannot_reach_the_target_where_it_is_on():
    w, b = Value(1.0, "w"), Value(0.1, "b")
    outputs = [z * (1.0 if z.data > 0.0 else 0.0) for z in (w * x + b for x in (-2.0, 1.0, 3.0))]
    report = diagnose(sum((a - y) ** 2 for a, y in zip(outputs, (0.5, -3.0, 2.0), strict=True)), [w, b])
    assert only(report, "out_of_range").evidence["out of reach"] == "1 of 3"


def test_a_power_whose_exponent_is_a_sum():
    for base in (lambda w: w, lambda w: w.exp(), lambda w: w + -3.0):
        w = Value(2.0, "w")
        loss = base(w) ** (Value(1.0) + Value(1.0))
        assert len(differences(LossGraph(loss, [w]))) == (loss.operands[0].op == "add")
        assert not diagnose(loss, [w])


def test_a_parameter_that_is_squashed_itself():
    p = Value(0.3, "p")
    assert only(diagnose((p.sigmoid() - 2.0) ** 2, [p]), "out_of_range").evidence["output"] == "0 to 1"
