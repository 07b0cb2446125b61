"""Random networks with a task each, fresh or trained, in which a diagnosis must find nothing."""

import random
from dataclasses import dataclass

from nn import (
    MLP,
    SGD,
    Adam,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
)


def signs(sums):
    return [1 if x > 0 else -1 for x in sums]


def classes(sums):
    return [0 if x < -0.3 else 1 if x < 0.3 else 2 for x in sums]


def bits(sums):
    return [float(x > 0) for x in sums]


TASKS = {
    "regression": (1, "linear", mean_squared_error, list),
    "margin": (1, "linear", hinge, signs),
    "logits": (1, "linear", binary_cross_entropy_with_logits, bits),
    "probabilities": (1, "sigmoid", binary_cross_entropy, bits),
    "classes": (3, "linear", cross_entropy, classes),
}


@dataclass
class Network:
    """A model, its examples and targets, and the loss that it is trained by."""

    model: MLP
    X: list
    targets: list
    criterion: object

    def loss(self):
        return self.criterion([self.model(x) for x in self.X], self.targets)

    @property
    def parameters(self):
        return self.model.parameters()

    def train(self, steps, optimizer):
        for _ in range(steps):
            optimizer.zero_grad()
            self.loss().backward()
            optimizer.step()
        return self


def network(seed, hidden=None, activation=None, task=None, examples=None, init=None):
    """A network drawn from a seed, except for the settings given."""
    rng = random.Random(seed)
    drawn = {
        "hidden": [rng.choice([4, 6, 8, 12, 16]) for _ in range(rng.choice([1, 1, 2, 2, 3]))],
        "activation": rng.choice(["relu", "tanh", "sigmoid", "softplus", "leaky_relu"]),
        "task": rng.choice(list(TASKS)),
        "examples": rng.choice([6, 10, 20]),
        "init": rng.choice(["uniform", "xavier", "he"]),
    }
    given = {"hidden": hidden, "activation": activation, "task": task, "examples": examples, "init": init}
    chosen = drawn | {name: value for name, value in given.items() if value is not None}
    nin = rng.choice([2, 3, 4])
    outputs, squash, criterion, target = TASKS[chosen["task"]]
    spread = rng.choice([lambda: rng.gauss(0, 1), lambda: rng.uniform(-1, 1), lambda: rng.uniform(0, 1)])
    X = [[spread() for _ in range(nin)] for _ in range(chosen["examples"])]
    targets = target([x[0] - 0.7 * x[1] + 0.3 * x[0] * x[-1] for x in X])
    model = MLP(
        nin,
        [*chosen["hidden"], outputs],
        activation=chosen["activation"],
        init=chosen["init"],
        seed=seed,
        output_activation=squash,
    )
    return Network(model, X, targets, criterion)


def optimizer(net, seed):
    """One of two optimisers at a usual learning rate."""
    return Adam(net.parameters, lr=0.02) if seed % 2 else SGD(net.parameters, lr=0.1)
