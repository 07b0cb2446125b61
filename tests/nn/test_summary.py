"""A model's table: a line a layer, parameters once each, and gradient norms after a backward pass."""

import math

import pytest

from nn import MLP, Attention, Embedding, Layer, Module, summary


class Model(Module):
    def __init__(self):
        self.letter = Embedding("ab", 3, seed=0)
        self.attention = Attention(3, seed=0)
        self.out = Layer(3, 2, seed=0, activation="softmax")
        self.again = self.out


def test_every_parameter_counts_once_in_the_innermost_layer():
    table = summary(Model())
    assert [(row.name, row.kind, row.parameters) for row in table] == [
        ("letter", "Embedding", 6),
        *((f"attention.{name}", "Layer 3 → 3 linear", 9) for name in ("query", "key", "value", "mix")),
        ("out", "Layer 3 → 2 softmax", 8),
    ]
    assert sum(row.parameters for row in table) == len(Model().parameters())
    assert str(table).splitlines()[0].split() == ["layer", "kind", "parameters"]
    assert str(table).splitlines()[-1].split() == ["total", "50"]


def test_gradients_are_shown_after_a_backward_pass():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    model([1.0, -2.0]).backward()
    table = summary(model)
    norms = [math.sqrt(math.fsum(p.grad**2 for p in layer.parameters())) for layer in model.layers]
    assert [row.gradient for row in table] == pytest.approx(norms, rel=1e-14)
    norm = math.sqrt(math.fsum(p.grad**2 for p in model.parameters()))
    assert str(table).splitlines()[-1].split() == ["total", "13", f"{norm:.3g}"]
    model.zero_grad()
    assert "gradient" not in str(summary(model))


def test_a_layer_alone_is_the_model():
    assert [row.name for row in summary(Layer(1, 1))] == ["model"]


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match="summary takes a Module, not list"):
        summary([Layer(1, 1)])
