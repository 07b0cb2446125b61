"""Neuron, Layer, MLP: a neuron is a dot product and an activation, both labelled by their place."""

import random
from collections.abc import Sequence
from typing import Any

from engine import Value, dot
from engine.ops import TABLE
from engine.value import apply

from .init import generator, initialiser
from .module import Module

Seed = int | random.Random | None


class Neuron(Module):
    """activation(w · x + b), or w · x + b alone if `nonlin` is false.

    `place` goes before the labels of its weights w1 …, its bias b, its pre-activation z and its activation a;
    `init` is a name or a number that every weight and the bias are set to. Names that are unknown are a ValueError.

    >>> neuron = Neuron(2, activation="tanh", init=0.5)
    >>> neuron([1.0, 2.0])
    Value(data=0.9640275800758169, grad=0.0, label='a')
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: str = "relu",
        init: str | float = "uniform",
        seed: Seed = None,
        place: str = "",
        nout: int = 1,
    ) -> None:
        draw, rng = initialiser(init), generator(seed)
        prefix = f"{place}." if place else ""
        self.w = [Value(draw(rng, nin, nout), f"{prefix}w{i}") for i in range(1, nin + 1)]
        self.b = Value(init if isinstance(init, (int, float)) else 0.0, f"{prefix}b")
        self.nonlin = nonlin and activation != "linear"
        self.activation = _activation(activation)
        self._z, self._a = f"{prefix}z", f"{prefix}a"

    def __call__(self, x: Sequence[Any]) -> Value:
        """The neuron's output for as many inputs as it has weights; another number is a ValueError."""
        if len(x) != len(self.w):
            raise ValueError(f"this neuron takes {len(self.w)} inputs, not {len(x)}")
        z = dot(self.w, x, self.b)
        z.label = self._z
        if not self.nonlin:
            return z
        a: Value = apply(self.activation, z)
        a.label = self._a
        return a

    def __repr__(self) -> str:
        kind = {"relu": "ReLU"}.get(self.activation, self.activation.capitalize()) if self.nonlin else "Linear"
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons over the same `nin` inputs; a layer of one neuron gives its output bare."""

    def __init__(self, nin: int, nout: int, seed: Seed = None, place: str = "", **kwargs: Any) -> None:
        rng, prefix = generator(seed), f"{place}." if place else ""
        self.neurons = [
            Neuron(nin, seed=rng, place=f"{prefix}neuron{i}", nout=nout, **kwargs) for i in range(1, nout + 1)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """The outputs of all neurons, a list, or one Value if there is one neuron."""
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """A multi-layer perceptron: `nin` inputs, then layers of `nouts` neurons, the last one linear by default.

    >>> model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    >>> model
    MLP of [Layer of [TanhNeuron(2), TanhNeuron(2), TanhNeuron(2)], Layer of [LinearNeuron(3)]]
    >>> model([0.5, -1.0]).label, len(model.parameters())
    ('layer2.neuron1.z', 13)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str = "relu",
        init: str | float = "uniform",
        seed: Seed = None,
        output_activation: str = "linear",
    ) -> None:
        sizes, rng = [nin, *nouts], generator(seed)
        if len(sizes) < 2 or any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ValueError(f"MLP takes a number of inputs and a list of layer sizes, all from 1, not {nin}, {nouts}")
        functions = [activation] * (len(nouts) - 1) + [output_activation]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], seed=rng, place=f"layer{i + 1}", activation=functions[i], init=init)
            for i in range(len(nouts))
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """The last layer's outputs, a list, or one Value; plain numbers among the inputs get labels: x1, x2, x3 …."""
        nin = len(self.layers[0].neurons[0].w)
        if len(x) != nin:
            raise ValueError(f"this MLP takes {nin} inputs, not {len(x)}")
        out: Any = [value if isinstance(value, Value) else Value(value, f"x{i}") for i, value in enumerate(x, 1)]
        for layer in self.layers:
            out = layer(out if isinstance(out, list) else [out])
        return out

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _activation(name: str) -> str:
    unary = [row.name for row in TABLE.values() if row.variables == ("a",)]
    if name != "linear" and name not in unary:
        raise ValueError(f"activation is linear or one of {', '.join(unary)}, not {name!r}")
    return name
