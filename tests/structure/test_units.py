"""Layers and units are found by operations: labels only name them."""

import pytest

from engine import Value, diagnose
from engine.structure import LossGraph, Units
from nn import MLP, mean_squared_error


def loss_of(model):
    return mean_squared_error([model([0.3, -0.7]), model([0.1, 0.9])], [0.5, 1.0])


def layers(loss, parameters):
    """By layer and unit, the numbers of its weights and biases and how often it is computed."""
    graph = LossGraph(loss, parameters)
    units = Units(graph, graph.index_of)
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
