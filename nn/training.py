"""fit: mini-batches, shuffled from a seed, until the epochs are over; the history of what was seen."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import NonFiniteError
from engine.errors import require

from .losses import Loss
from .module import Module
from .optim import Optimizer

Metric = Callable[[Sequence[Any], Sequence[Any]], float]  # (predictions, targets) -> a number
Data = tuple[Sequence[Any], Sequence[Any]]  # examples and their targets


@dataclass
class History:
    """What `fit` saw: `loss`, the mean over each epoch's examples as they were trained on, and each metric by name.

    With validation data there are "validation loss" and "validation" metrics too, at the end of each epoch.
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)


def fit(
    model: Module,
    X: Sequence[Any],
    y: Sequence[Any],
    loss: Loss,
    optimizer: Optimizer,
    epochs: int = 100,
    batch_size: int | None = None,
    seed: int = 0,
    metrics: Mapping[str, Metric] | None = None,
    validation: Data | None = None,
    progress: bool = True,
) -> History:
    """Train `model`, called on one example at a time, to a small `loss(predictions, targets)`.

    `batch_size` None means all examples at once; the order of examples is shuffled from `seed` at every epoch.
    `metrics` are functions of predictions and targets. Data of different lengths, or none, is a ValueError; a loss
    that is not finite is a NonFiniteError, and leaves the parameters as they were before that step.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], init=0.0)
    >>> X, y = [[1.0], [2.0]], [3.0, 5.0]
    >>> history = fit(model, X, y, mean_squared_error, SGD(model.parameters(), lr=0.1), epochs=1000, progress=False)
    >>> round(model([10.0]).data, 3), len(history.loss)
    (21.0, 1000)
    """
    _check(X, y, epochs, batch_size)
    size, rng, history = batch_size or len(X), random.Random(seed), History()
    order = list(range(len(X)))
    epochs_left: Any = require("tqdm", "nn").trange(epochs) if progress else range(epochs)
    for epoch in epochs_left:
        rng.shuffle(order)
        losses = [_step(model, X, y, order[i : i + size], loss, optimizer, epoch) for i in range(0, len(X), size)]
        history.loss.append(sum(number * count for number, count in losses) / len(X))
        _evaluate(history, model, (X, y), metrics or {}, "")
        if validation is not None:
            predictions = [model(x) for x in validation[0]]
            _note(history, "validation loss", loss(predictions, validation[1]).data)
            _evaluate(history, model, validation, metrics or {}, "validation ")
        if progress:
            epochs_left.set_postfix({"loss": f"{history.loss[-1]:.4f}"} | _latest(history))
    return history


def _step(
    model: Module, X: Sequence[Any], y: Sequence[Any], batch: list[int], loss: Loss, optimizer: Optimizer, epoch: int
) -> tuple[float, int]:
    """One step over the examples of those indices: their mean loss and their number."""
    optimizer.zero_grad()
    mean = loss([model(X[i]) for i in batch], [y[i] for i in batch])
    if not math.isfinite(mean.data):
        raise NonFiniteError(
            f"the loss is {mean.data} in epoch {epoch + 1}: lower the learning rate, scale the inputs, or run "
            "the loss inside strict() to see which operation gave it"
        )
    mean.backward()
    optimizer.step()
    return mean.data, len(batch)


def _evaluate(history: History, model: Module, data: Data, metrics: Mapping[str, Metric], prefix: str) -> None:
    if metrics:
        predictions = [model(x) for x in data[0]]
        for name, metric in metrics.items():
            _note(history, prefix + name, float(metric(predictions, data[1])))


def _note(history: History, name: str, number: float) -> None:
    history.metrics.setdefault(name, []).append(number)


def _latest(history: History) -> dict[str, str]:
    return {name: f"{numbers[-1]:.4f}" for name, numbers in history.metrics.items()}


def accuracy(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """The share of right answers: by sign for a single output (target above 0), by the largest for several.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1]), accuracy([-2.0, 3.0], [-1, 1])
    (0.5, 1.0)
    """
    return sum(map(_is_right, predictions, targets)) / len(targets)


def _is_right(prediction: Any, target: Any) -> bool:
    if isinstance(prediction, (list, tuple)):
        return max(range(len(prediction)), key=lambda i: float(prediction[i])) == int(target)
    return (float(prediction) > 0) == bool(target > 0)


def _check(X: Sequence[Any], y: Sequence[Any], epochs: int, batch_size: int | None) -> None:
    if len(X) != len(y) or not len(X):
        raise ValueError(f"fit takes as many examples as targets, and at least one, not {len(X)} and {len(y)}")
    widths = {len(x) for x in X if hasattr(x, "__len__")}
    if len(widths) > 1:
        raise ValueError(f"all examples have the same number of inputs, not {', '.join(map(str, sorted(widths)))}")
    if epochs < 0 or (batch_size is not None and batch_size < 1):
        raise ValueError(f"epochs is from 0 and batch_size from 1 (or None for all), not {epochs} and {batch_size}")
