"""Multi-layer perceptrons and their losses, on scalars and on arrays."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .problem import Ops, Problem


@dataclass(frozen=True)
class Net:
    """What a hand-written version needs to know."""

    sizes: tuple[int, ...]
    activation: str  # "relu" or "tanh", between layers, the last being linear
    loss: str  # "hinge", "squares" or "softmax"


def moons(size: int, per_example: bool = False) -> Problem:
    """MLP 2-16-16-1 on two interleaved half circles: hinge loss and weight decay, micrograd's own demonstration."""
    draw = random.Random(1)
    points, sides = [], []
    for n in range(size):
        angle, side = math.pi * draw.random(), 1 - 2 * (n % 2)
        center = (0.0, 0.0) if side == 1 else (1.0, 0.5)
        points.append([center[0] + side * math.cos(angle), center[1] + side * math.sin(angle)])
        points[-1] = [coordinate + draw.gauss(0.0, 0.1) for coordinate in points[-1]]
        sides.append(float(side))
    net = Net((2, 16, 16, 1), "relu", "hinge")
    return mlp(net, np.array(points), np.array(sides), units=size if per_example else 1, decay=1e-4)


def lecture(size: int) -> Problem:
    """MLP 3-4-4-1 with tanh, up to four examples and squared errors: the example of micrograd's lecture."""
    X = np.array([[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]])
    return mlp(Net((3, 4, 4, 1), "tanh", "squares"), X[:size], np.array([1.0, -1.0, -1.0, 1.0])[:size], units=1)


def digits(size: int) -> Problem:
    """MLP 64-64-64-10 with tanh and softmax cross-entropy: pictures of 8 x 8, here random."""
    draw = random.Random(2)
    X = np.array([[draw.uniform(-1.0, 1.0) for _ in range(64)] for _ in range(size)])
    classes = np.array([draw.randrange(10) for _ in range(size)])
    return mlp(Net((64, 64, 64, 10), "tanh", "softmax"), X, classes, units=size)


def mlp(net: Net, X: np.ndarray, y: np.ndarray, units: int, decay: float = 0.0) -> Problem:
    """The mean loss of a network with random weights."""
    shapes = [shape for n, m in zip(net.sizes, net.sizes[1:], strict=False) for shape in ((m, n), (m,))]
    draw = random.Random(3)
    numbers = [draw.uniform(-1.0, 1.0) / math.sqrt(shape[-1]) for shape in shapes for _ in range(math.prod(shape))]
    return Problem(
        example=lambda ops, parameters, x, y: LOSSES[net.loss][0](ops, scores(ops, net, parameters, x), y),
        batch=lambda xp, parameters, X, y: LOSSES[net.loss][1](xp, array_scores(xp, net, parameters, X), y),
        inputs=(X, y),
        recordable=(X, np.eye(net.sizes[-1])[y]) if net.loss == "softmax" else (),
        shapes=tuple(shapes),
        numbers=tuple(numbers),
        units=units,
        decay=decay,
        about=net,
    )


def scores(ops: Ops, net: Net, parameters: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    """The outputs for one example."""
    activation = getattr(ops, net.activation)
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for weights, biases in layers[:-1]:
        x = [activation(ops.dot(row, x, bias)) for row, bias in zip(weights, biases, strict=True)]
    return [ops.dot(row, x, bias) for row, bias in zip(*layers[-1], strict=True)]


def array_scores(xp: Any, net: Net, parameters: Sequence[Any], X: Any) -> Any:
    """The outputs for a batch, of shape (B, n)."""
    activation = getattr(xp, net.activation)
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for weights, biases in layers[:-1]:
        X = activation(X @ weights.T + biases)
    return X @ layers[-1][0].T + layers[-1][1]


LOSSES = {
    "hinge": (
        lambda ops, z, y: ops.relu(1.0 - z[0] * y),
        lambda xp, z, y: xp.relu(1.0 - z[:, 0] * y).mean(),
    ),
    "squares": (
        lambda ops, z, y: (z[0] - y) ** 2,
        lambda xp, z, y: ((z[:, 0] - y) ** 2).mean(),
    ),
    "softmax": (
        lambda ops, z, y: ops.log_sum_exp(z) - ops.pick(z, y),
        lambda xp, z, y: (xp.log(xp.exp(z).sum(1)) - z[xp.arange(len(y)), y]).mean(),
    ),
}
