"""Neuron, Layer and MLP: micrograd's interface and more.

Inputs are sequences of numbers or Values. Every Value a neuron makes has the neuron's name in its label:
layer1.neuron3.z is its pre-activation w·x + b and layer1.neuron3.a its activation.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from engine import Value, dot, softmax
from engine.core import NAMED, TABLE, api_boundary, as_value, count, flag, instance, operation, refuse

from .init import generator, initial
from .module import Module
from .state import is_sequence

Activation: TypeAlias = str | Callable[[Any], Any]


@api_boundary
class Neuron(Module):
    """The activation of a dot product: f(w · x + b); with nonlin=False the dot product alone.

    `activation` is a row of the engine's table with one operand, as "tanh" or as `engine.tanh`, or it is "linear".
    `init` and `seed` are MLP's; `nout`, the number of neurons in the layer, is used by the initialiser "xavier". With
    bias=False there is no b.

    >>> neuron = Neuron(2, activation="tanh", init=1.0)
    >>> neuron([0.5, -1.5]), neuron
    (Value(data=0.0, grad=0.0, label='a'), TanhNeuron(2))
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: Activation = "relu",
        init: str | float = "uniform",
        seed: Any = None,
        nout: int = 1,
        bias: bool = True,
    ) -> None:
        name: str = name_of(activation)
        activation_named(name)
        weights, b = initial(init, count(nin, "nin"), count(nout, "nout"), generator(seed))
        self.w = [Value(weight) for weight in weights]
        self.b = Value(b) if flag(bias, "bias") else 0.0
        self.activation = name
        self.nonlin = flag(nonlin, "nonlin") and name != "linear"

    def __call__(self, x: Any) -> Value:
        """The output for a sequence of numbers or Values, one for each weight."""
        return self.forward(inputs(x, len(self.w)))

    def forward(self, x: Sequence[Value]) -> Value:
        """The output for Values, without a check of their number."""
        z = dot(self.w, x, self.b)
        z.label = f"{self.name}.z" if self.name else "z"
        if not self.nonlin:
            return z
        a: Value = activation_named(self.activation)(z)
        a.label = f"{self.name}.a" if self.name else "a"
        return a

    def array_parts(self) -> Mapping[str, Any]:
        """The weights and the bias by PyTorch's names."""
        return {{"w": "weight", "b": "bias"}.get(name, name): part for name, part in vars(self).items()}

    def __repr__(self) -> str:
        name = self.activation if self.nonlin else "linear"
        return f"{name.title().replace('_', '').replace('Relu', 'ReLU')}Neuron({len(self.w)})"


@api_boundary
class Layer(Module):
    """`nout` neurons that read the same inputs; keywords are as in Neuron. One neuron gives a Value, not a list.

    The activation may also be "softmax", over the w · x + b of all neurons.

    >>> Layer(3, 2, nonlin=False)
    Layer of [LinearNeuron(3), LinearNeuron(3)]
    """

    def __init__(self, nin: int, nout: int, seed: Any = None, activation: Activation = "relu", **kwargs: Any) -> None:
        rng, activation = generator(seed), name_of(activation)
        self.softmax = activation == "softmax" and flag(kwargs.get("nonlin", True), "nonlin")
        kwargs["activation"] = "linear" if activation == "softmax" else activation
        self.neurons = [Neuron(nin, seed=rng, nout=nout, **kwargs) for _ in range(count(nout, "nout"))]

    def __call__(self, x: Any) -> Any:
        """The outputs of all neurons for numbers or Values."""
        return bare(self.forward(inputs(x, len(self.neurons[0].w))))

    def forward(self, x: Sequence[Value]) -> list[Value]:
        """The outputs for Values, without checking their count."""
        outputs = [neuron.forward(x) for neuron in self.neurons]
        if self.softmax:
            outputs = softmax(outputs)
            for neuron, share in zip(self.neurons, outputs, strict=True):
                share.label = f"{neuron.name}.a" if neuron.name else "a"
        return outputs

    def array_parts(self) -> Mapping[str, Any]:
        """`weight` and `bias` with a row or entry for each neuron, as in PyTorch's Linear."""
        neurons = [neuron.array_parts() for neuron in self.neurons]
        others = {name: part for name, part in vars(self).items() if name != "neurons"}
        if len({frozenset(parts) for parts in neurons}) > 1:  # neurons of different kinds do not form a matrix
            return vars(self)
        return {name: [parts[name] for parts in neurons] for name in neurons[0]} | others

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]{' with softmax' if self.softmax else ''}"


@api_boundary
class MLP(Module):
    """A multi-layer perceptron: `nin` inputs, then layers of the sizes `nouts`. One output is a Value, not a list.

    `activation` is for all layers but the last, which has `output_activation`; both are as in Layer. `init` is
    "uniform", "xavier", "he", or a number for every weight and bias. `seed` is an int or a random.Random; without one,
    weights come from the global `random`, as in micrograd. A wrong number of inputs is a ValueError.

    >>> model = MLP(2, [2, 1], seed=0)
    >>> model
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]
    >>> model([1.0, -2.0])
    Value(data=-0.153..., grad=0.0, label='layer2.neuron1.z')
    >>> [p.label for p in model.parameters()][:4]
    ['layer1.neuron1.w1', 'layer1.neuron1.w2', 'layer1.neuron1.b', 'layer1.neuron2.w1']
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        init: str | float = "uniform",
        seed: Any = None,
        output_activation: Activation = "linear",
    ) -> None:
        if not is_sequence(nouts) or not len(nouts):
            raise refuse("nouts", "the sizes of the layers, such as [16, 16, 1]", nouts)
        rng, sizes, name = generator(seed), [nin, *nouts], name_of(activation)
        activation_named("linear" if name == "softmax" else name)  # also where no layer is hidden
        activations = [activation] * (len(nouts) - 1) + [output_activation]
        self.layers = [
            Layer(size, nout, activation=name, init=init, seed=rng)
            for size, nout, name in zip(sizes[:-1], nouts, activations, strict=True)
        ]

    @staticmethod
    def from_arrays(
        weights: Sequence[Any],
        biases: Sequence[Any],
        activation: Activation | Sequence[Activation] = "relu",
        output_activation: Activation = "linear",
        rows: str | None = None,
    ) -> "MLP":
        """A network with given weights and biases: a matrix and a vector for each layer, as lists or arrays.

        `activation` is one, or one for each hidden layer; None for a vector is a layer without biases. A matrix
        has a row for each neuron, as in PyTorch, or for each input, as in scikit-learn and Keras. If the shapes do not
        tell which, because all are square, it is an error unless `rows` is "neurons" or "inputs".

        >>> model = MLP.from_arrays([[[1.0, -2.0]], [[3.0], [4.0]]], [[0.5], [0.0, 0.0]], "tanh")
        >>> model, [output.data for output in model([1.0, 0.5])]
        (MLP of [Layer of [TanhNeuron(2)], Layer of [LinearNeuron(1), LinearNeuron(1)]], [1.386..., 1.848...])
        """
        from .interop import network

        return network(weights, biases, activation, output_activation, rows)

    def __call__(self, x: Any) -> Any:
        """The outputs of the last layer for numbers or Values."""
        return bare(self.forward(inputs(x, len(self.layers[0].neurons[0].w))))

    def forward(self, x: Sequence[Value]) -> list[Value]:
        """The outputs for Values, without checking their count."""
        for layer in self.layers:
            x = layer.forward(x)
        return list(x)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def inputs(x: Any, nin: int) -> list[Value]:
    """The arguments of a module as `nin` Values; numbers become leaves labelled x1 to xn.

    A single number or Value is a sequence of one.

    >>> inputs([0.5, Value(2.0, "h")], 2)
    [Value(data=0.5, grad=0.0, label='x1'), Value(data=2.0, grad=0.0, label='h')]
    >>> inputs([0.5], 2)
    Traceback (most recent call last):
    ValueError: expected 2 inputs, got 1
    """
    numbers = list(x) if is_sequence(x) else [x]
    if len(numbers) != nin:
        raise ValueError(f"expected {nin} inputs, got {len(numbers)}")
    return [number if type(number) is Value else Value(number, f"x{i}") for i, number in enumerate(numbers, 1)]


def bare(outputs: list[Value]) -> Any:
    """One output as it is, several as a list."""
    return outputs[0] if len(outputs) == 1 else outputs


def name_of(activation: Any) -> Any:
    """The name of an activation that is given as a function of the engine; anything else as it is.

    >>> from engine import tanh
    >>> name_of(tanh), name_of("relu")
    ('tanh', 'relu')
    """
    defined_in = str(getattr(activation, "__globals__", {}).get("__name__"))  # which functools.wraps does not copy
    return activation.__name__ if defined_in.partition(".")[0] == "engine" else activation


def activation_named(name: str) -> Callable[[Any], Any]:
    """The function of one Value with this name in the engine's table; any other name is a ValueError.

    >>> activation_named("softmax")
    Traceback (most recent call last):
    ValueError: there is no activation 'softmax': it must be linear or a row with one operand, ... leaky_relu, ...
    """
    return _activation(instance(name, str, "activation", "a row of the table, such as 'relu' or engine.relu"))


@cache
def _activation(name: str) -> Callable[[Any], Any]:
    if name == "linear":
        return as_value
    rows = [row.name for row in TABLE.values() if len(row.variables) == 1 and not row.variadic]
    if name not in rows:
        known = ", ".join(sorted({*rows} & {*NAMED}))
        raise ValueError(f"there is no activation {name!r:.80}: it must be linear or a row with one operand, {known}")
    method: Callable[[Any], Any] = getattr(Value, name, operation(name))  # a method skips the search for the row
    return method
