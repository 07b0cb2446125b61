"""Layers and units are found by operations: labels only name them."""

import random

import pytest

from engine import Value, compare, diagnose, dot
from engine.structure import LossGraph, Units, ints_of
from nn import MLP, mean_squared_error


def loss_of(model):
    return mean_squared_error([model([0.3, -0.7]), model([0.1, 0.9])], [0.5, 1.0])


def layers(loss, parameters):
    """By layer and unit, the numbers of its weights and biases and how often it is computed."""
    graph = LossGraph(loss, parameters)
    units = Units(graph, graph.parameters)
    return [
        [([graph.data[i] for i in sorted(u.own)], len(u.occurrences)) for u in layer.units] for layer in units.layers
    ]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_network_without_labels_has_the_same_layers_and_faults(activation):
    model = MLP(2, [3, 2, 1], activation=activation, seed=0)
    loss, parameters = loss_of(model), model.parameters()
    found, kinds = layers(loss, parameters), [finding.kind for finding in diagnose(loss, parameters)]
    assert [len(units) for units in found] == [3, 2, 1]
    for node in LossGraph(loss).nodes:
        node.label = ""
    assert layers(loss, parameters) == found
    assert [finding.kind for finding in diagnose(loss, parameters)] == kinds


def test_a_label_makes_no_layer():
    """Two units of one stage and one function are one layer, however they are named; one of another function is not."""
    x, w = Value(2.0), [Value(0.1 * n) for n in range(1, 4)]
    hidden = [(w[0] * x).tanh(), (w[1] * x).tanh(), (w[2] * x).relu()]
    for node, label in zip(hidden, ("actor.neuron1.a", "critic.neuron1.a", "actor.neuron2.a"), strict=True):
        node.label = label
    assert [len(units) for units in layers(sum(hidden, Value(0.0)), w)] == [1, 2]


def tangled(seed, size=300):
    """A graph of any operations on any operands: sums of one unit may have other weights inside, or none."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.0, 1.0)) for _ in range(12)]
    nodes = [*leaves]
    for _ in range(size):
        a, b = rng.choice(nodes[-40:]), rng.choice(nodes[-40:])
        nodes.append(rng.choice((a + b, a * b, a - b, a.tanh(), a + rng.choice(leaves))))
    return sum(nodes[-20:], Value(0.0)), leaves


@pytest.mark.parametrize("seed", range(30))
def test_a_unit_of_any_graph_has_the_weights_of_all_its_sums(seed):
    loss, leaves = tangled(seed)
    graph = LossGraph(loss, leaves[:6])
    for unit in Units(graph, graph.parameters).all:
        assert unit.first == ((unit.occurrences[0].z, len(unit.occurrences)) if unit.occurrences else (-1, 0))
        assert unit.weights == {weight for o in unit.occurrences for weight in o.products.weights}
        assert all(o.products.weights for o in unit.occurrences)


@pytest.mark.parametrize("seed", range(30))
def test_any_graph_is_compared_and_diagnosed(seed):
    loss, leaves = tangled(seed)
    loss.backward()
    assert str(compare(loss, {leaf: -leaf.grad for leaf in leaves[:6]}))
    assert str(diagnose(loss, leaves[:6]))


@pytest.mark.parametrize("seed", range(5))
def test_sums_of_the_same_parameters_are_one_unit_in_any_order(seed):
    rng = random.Random(seed)
    weights, bias = [Value(rng.uniform(-1.0, 1.0)) for _ in range(6)], Value(0.1)
    sums = []
    for _ in range(4):
        rng.shuffle(weights)
        sums.append(dot(weights, [rng.uniform(-1.0, 1.0) for _ in weights], bias).tanh())
    graph = LossGraph(sum(sums), [*weights, bias])
    (unit,) = Units(graph, graph.parameters).all
    assert len(unit.pre) == len(sums)
    assert unit.own == set(graph.parameters)


def test_the_only_sum_that_a_node_is_computed_from():
    u, v, x = Value(0.5, "u"), Value(0.3, "v"), Value(2.0, "x")
    z, other = u * x, v * x
    nodes = {"z": -z, "scaled": (2.0 * z).exp(), "by hand": 1.0 / (1.0 + (-z).exp()), "both": z.exp() * other.exp()}
    nodes |= {"with u": z.exp() / u, "data": x.exp()}
    graph = LossGraph(sum(nodes.values()), [u, v])
    arguments = Units(graph, graph.parameters).forms.arguments(graph.depends)
    found = {name: arguments[graph.indices[node]] for name, node in nodes.items()}
    is_z = {name: i >= 0 and graph.nodes[i] is z for name, i in found.items()}
    assert is_z == {"z": True, "scaled": True, "by hand": True, "both": False, "with u": False, "data": False}
    assert [found[name] for name in ("both", "with u", "data")] == [-1, -1, -1]


def test_layers_are_in_the_order_of_stage_function_and_count_and_sums_without_weights_come_last():
    w, x = [Value(0.1 * n, f"w{n}") for n in range(1, 7)], Value(2.0)
    shift = (x.tanh() + w[5]).exp()
    hidden = [(w[0] * x).tanh(), (w[1] * x).relu(), (w[2] * x).relu(), (w[2] * x * 2.0).relu()]
    output = [(w[3] * hidden[0]).sigmoid(), (w[4] * hidden[1]).sigmoid()]
    graph = LossGraph(sum([shift, *hidden, *output], Value(0.0)), w)
    units = Units(graph, graph.parameters)
    names = [[units.name(unit) for unit in layer.units] for layer in units.layers]
    assert names == [[f"unit of w{n}" for n in some] for some in ([2], [3], [1], [4, 5], [6])]
    assert [units.layer_numbers[unit.number] for layer in units.layers for unit in layer.units] == [1, 2, 3, 4, 4, 5]


def test_a_product_in_many_sums_is_read_once():
    """The sums of a linear recurrence hold those of all steps before."""
    a, b = Value(-1.0, "a"), Value(-0.5, "b")
    x, v, loss = Value(1.0), Value(0.0), 0.0
    for _ in range(50):
        v = v + (a * x + b * v) * 0.1
        x = x + v * 0.1
        loss = loss + x * x
    graph = LossGraph(loss, [a, b])
    units = Units(graph, graph.parameters)
    weights, inputs = units.weighted_sums.weights(units.pre.members), units.weighted_sums.inputs(units.pre.members)
    assert len(weights) == len(inputs) == len(set(inputs)) == 100
    assert set(weights) == set(graph.parameters)
    assert not set(weights) & set(inputs)


def test_the_innermost_sum_of_a_long_chain_is_its_first():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    scaled = [w * x]
    for _ in range(3000):
        scaled.append(-(scaled[-1] * 0.999))
    graph = LossGraph(scaled[-1].tanh(), [w])
    sums = ints_of(graph.indices[z] for z in scaled)
    assert set(Units(graph, graph.parameters).weighted_sums.innermost(sums)) == {graph.indices[scaled[0]]}
