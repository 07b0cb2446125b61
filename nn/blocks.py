"""Building blocks of sequence models and deep networks: Sequential, Embedding, LayerNorm, RMSNorm, Attention and RNN.

A vector is a list of Values or numbers, and a sequence is a list of vectors.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from engine import Value, dot, softmax, where
from engine.core import api_boundary, came, count, entries, flag, function_of, printable, within

from .init import generator
from .layers import Activation, Layer, inputs
from .module import Module
from .state import is_sequence

Vector = list[Value]


@api_boundary
class Sequential(Module):
    """Modules or functions in sequence: each is called with the output of the previous one.

    >>> from nn import Layer
    >>> model = Sequential(Layer(2, 3, init=0.5), RMSNorm(3), Layer(3, 1, init=1.0, nonlin=False))
    >>> model([1.0, 3.0])
    Value(data=3.999..., grad=0.0, label='module3.neuron1.z')
    """

    def __init__(self, *modules: Callable[[Any], Any]) -> None:
        self.modules = [function_of(module, "each of the modules") for module in modules]

    def __call__(self, x: Any) -> Any:
        """The output of the last for an input of the first."""
        for module in self.modules:
            x = module(x)
        return x

    def array_parts(self) -> Mapping[str, Any]:
        """The modules by number, as in PyTorch."""
        return {str(i): module for i, module in enumerate(self.modules)}


@api_boundary
class Embedding(Module):
    """A vector of `width` parameters for each of some names, or for each integer below a count.

    Called with a name it gives its vector; called with a one-hot vector, as in a recording, it gives the same vector as
    a sum. The parameters are drawn from a normal distribution with the standard deviation `spread`.

    >>> letters = Embedding("ab", 2, seed=0)
    >>> [x.label for x in letters("b")], [x.data for x in letters([0.0, 1.0])] == [x.data for x in letters("b")]
    (['row.b1', 'row.b2'], True)
    """

    def __init__(self, names: int | Sequence[Any], width: int, spread: float = 1.0, seed: Any = None) -> None:
        rng = generator(seed)
        keys = [*names] if not isinstance(names, int) and is_sequence(names) else [*range(count(names, "names"))]
        if not keys or not all(isinstance(key, Hashable) for key in keys) or len(set(keys)) < len(keys):
            raise ValueError(f"names must be different names, at least one, not {came(names)}")
        count(width, "width"), within(spread, "spread")
        self.row = {key: [Value(rng.gauss(0.0, spread)) for _ in range(width)] for key in keys}

    def __call__(self, name: Any) -> Vector:
        """The vector of a name, or of a one-hot vector over the names in their order."""
        if is_sequence(name) and not isinstance(name, str):
            hot = inputs(name, len(self.row))
            return [dot(column, hot) for column in zip(*self.row.values(), strict=True)]
        if not isinstance(name, Hashable) or name not in self.row:
            known = printable(", ".join(map(str, self.row)))
            raise ValueError(f"there is no vector for {came(name)}: there are {known:.80}")
        return self.row[name]

    def array_parts(self) -> Mapping[str, Any]:
        """A matrix with a row for each name, as in PyTorch."""
        return {"weight": list(self.row.values())}


@api_boundary
class RMSNorm(Module):
    """A vector divided by the root of its mean square, times a weight for each entry (Zhang and Sennrich 2019).

    With gain=False there are no weights.

    >>> [y.data for y in RMSNorm(2, eps=0.0)([3.0, -3.0])]
    [1.0, -1.0]
    """

    def __init__(self, width: int, eps: float = 1e-5, gain: bool = True) -> None:
        self.width, self.eps = count(width, "width"), within(eps, "eps")
        self.weight = [Value(1.0) for _ in range(width)] if flag(gain, "gain") else []

    def __call__(self, x: Any) -> Vector:
        """The vector, normalised and scaled by the weights."""
        entries = inputs(x, self.width)
        scale = (dot(entries, entries) * (1.0 / self.width) + self.eps) ** -0.5
        scaled = [entry * scale for entry in entries]
        return [weight * entry for weight, entry in zip(self.weight, scaled, strict=True)] if self.weight else scaled


@api_boundary
class LayerNorm(Module):
    """(vector - mean) / standard deviation, times a weight plus a bias for each entry (Ba et al. 2016).

    >>> [round(y.data, 9) for y in LayerNorm(2, eps=0.0)([3.0, 7.0])]
    [-1.0, 1.0]
    """

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        self.norm = RMSNorm(width, eps)
        self.bias = [Value(0.0) for _ in range(width)]

    def __call__(self, x: Any) -> Vector:
        """The vector, normalised, scaled by the weights and shifted by the biases."""
        entries = inputs(x, len(self.bias))
        mean = sum(entries) / len(entries)
        return [y + b for y, b in zip(self.norm([entry - mean for entry in entries]), self.bias, strict=True)]

    def array_parts(self) -> Mapping[str, Any]:
        """Weight and bias side by side, as in PyTorch."""
        return {"weight": self.norm.weight, "bias": self.bias}


@api_boundary
class Attention(Module):
    """Causal self-attention with several heads: each vector reads those up to itself (Vaswani et al. 2017).

    Its layers `query`, `key`, `value` and `mix` have no biases; `width` is a multiple of `heads`.

    >>> attention = Attention(4, heads=2, seed=0)
    >>> [len(read) for read in attention([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])]
    [4, 4]
    """

    def __init__(self, width: int, heads: int = 1, init: str | float = "xavier", seed: Any = None) -> None:
        if count(width, "width") % count(heads, "heads"):
            raise ValueError(f"width must be a multiple of heads, not {width} with {heads} heads")
        rng, size = generator(seed), width // heads
        self.heads = [slice(start, start + size) for start in range(0, width, size)]
        self.query, self.key, self.value, self.mix = (
            Layer(width, width, seed=rng, nonlin=False, bias=False, init=init) for _ in range(4)
        )

    def __call__(self, sequence: Iterable[Any]) -> list[Vector]:
        """The output for each vector of a sequence."""
        past: list[tuple[Vector, Vector]] = []
        return [self.step(x, past) for x in entries(sequence, "the sequence", "a list of vectors")]

    def step(self, x: Any, past: list[tuple[Vector, Vector]]) -> Vector:
        """The output for one vector, from itself and the past, to which its key and value are added."""
        x = inputs(x, self.heads[-1].stop)
        query = self.query.forward(x)
        past.append((self.key.forward(x), self.value.forward(x)))
        return self.mix.forward([entry for head in self.heads for entry in read(query, past, head)])


def read(query: Vector, past: Sequence[tuple[Vector, Vector]], head: slice) -> Vector:
    """The mean of the values, weighted by the softmax of query · key / √size, over the entries of a head."""
    scale = (head.stop - head.start) ** -0.5
    shares = softmax([dot(query[head], key[head]) * scale for key, _ in past])
    return [dot(shares, column) for column in zip(*(value[head] for _, value in past), strict=True)]


@api_boundary
class RNN(Module):
    """A recurrent layer with a state of `width` entries, h = tanh(W · (x, h) + b), which reads a sequence of vectors.

    >>> rnn = RNN(1, 2, seed=0)
    >>> states = rnn([[1.0], [0.0], [0.0]])
    >>> len(states), [h.label for h in states[-1]]
    (3, ['layer.neuron1.a', 'layer.neuron2.a'])
    """

    def __init__(
        self, nin: int, width: int, activation: Activation = "tanh", init: str | float = "xavier", seed: Any = None
    ) -> None:
        self.nin, self.width = count(nin, "nin"), count(width, "width")
        self.layer = Layer(nin + width, width, seed, activation, init=init)

    def __call__(self, sequence: Iterable[Any], mask: Iterable[Any] | None = None) -> list[Vector]:
        """The states after each vector of a sequence, starting from a state of zeros.

        `mask` has a condition for each vector, as for `where`. If it does not hold, as in the padding of a shorter
        sequence, the state does not change.
        """
        vectors, states = (
            entries(sequence, "the sequence", "a list of vectors"),
            [[Value(0.0) for _ in range(self.width)]],
        )
        holding = [True] * len(vectors) if mask is None else entries(mask, "mask", "a condition for each vector")
        if len(holding) != len(vectors):
            raise ValueError(f"mask must have a condition for each of {len(vectors)} vectors, not {len(holding)}")
        for x, holds in zip(vectors, holding, strict=True):
            pairs = zip(self.step(x, states[-1]), states[-1], strict=True)
            states.append([new if holds is True else _one_of(holds, new, old) for new, old in pairs])
        return states[1:]

    def step(self, x: Any, state: Vector) -> Vector:
        """The state after one more vector."""
        return self.layer.forward([*inputs(x, self.nin), *state])


def _one_of(holds: Any, new: Value, old: Value) -> Any:
    """`where` with functions: eagerly the graph has only the state that is taken, a recording both."""
    return where(holds, lambda: new, lambda: old)
