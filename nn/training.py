"""fit: the training loop, with mini-batches, metrics, a progress bar and a history."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from engine.errors import NonFiniteError, require
from engine.value import Value, real

from .init import count, generator
from .module import is_sequence
from .optim import Optimizer

Examples = tuple[list[Any], list[Any]]  # rows and targets
Model = Callable[[Any], Any]
Loss = Callable[[list[Any], list[Any]], Value]
Metric = Callable[[list[Any], list[Any]], float]


@dataclass
class History:
    """What each epoch gave, one entry an epoch in every list.

    `loss` is the mean over the epoch's examples, each before its batch's step, in the loss's own unit, and
    `validation_loss` the loss after the epoch. `metrics` has a list for each name, and one for "validation_" with
    the name. `seconds` is wall-clock time, which comparing two histories leaves out.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list, compare=False)

    def latest(self) -> dict[str, float]:
        """The last epoch's numbers by name."""
        named = {"loss": self.loss, "validation_loss": self.validation_loss, **self.metrics}
        return {name: numbers[-1] for name, numbers in named.items() if numbers}


def fit(
    model: Model,
    X: Any,
    y: Any,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    seed: int | random.Random | None = 0,
    metrics: Mapping[str, Metric] | None = None,
    validation: tuple[Any, Any] | None = None,
    progress: bool = True,
) -> History:
    """Train `model` for `epochs` passes over the rows of X and the targets y, and return the history.

    X and y are lists or NumPy arrays, `validation` another such pair. Without a batch size all examples are one batch,
    in their order; with one they are shuffled by `seed` before every epoch, and the same seed gives the same result to
    the last bit. A metric is a function of predictions, which are floats or lists of floats, and targets.

    A loss or gradient that is not finite is a NonFiniteError, raised before it gets into the parameters.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], seed=1)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> history = fit(model, X, y, mean_squared_error, SGD(model.parameters(), lr=0.2), epochs=100, progress=False)
    >>> [round(p.data, 3) for p in model.parameters()], history.loss[-1] < 1e-6
    ([2.0, 1.0], True)
    """
    examples = _examples(X, y)
    held_out = None if validation is None else _held_out(validation, len(examples[0][0]))
    total = len(examples[0])
    size = total if batch_size is None else min(count(batch_size, "batch_size"), total)
    rng = None if batch_size is None else generator(seed)
    history, metrics, differentiate = History(), metrics or {}, differentiating(model, loss)
    with _bar(count(epochs, "epochs") * math.ceil(total / size), progress) as bar:
        for epoch in range(1, epochs + 1):
            start = perf_counter()
            batches = _batches(examples, size, rng)
            _record(history.loss, history.metrics, metrics, _train(batches, differentiate, optimizer, epoch, bar))
            if held_out:
                _, outcome = _forward(model, loss, held_out)
                _record(history.validation_loss, history.metrics, metrics, outcome, "validation_")
            history.seconds.append(perf_counter() - start)
            bar.set_postfix(history.latest(), refresh=False)
    return history


def accuracy(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """The share of right answers, from 0 to 1: by the largest of several outputs, by the sign of a single one.

    The target beside several outputs is a class index; beside a single one it is above 0 or not.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1]), accuracy([-2.0, 3.0], [-1, 1])
    (0.5, 1.0)
    """
    return sum(map(_is_right, predictions, targets)) / len(targets)


def _is_right(prediction: Any, target: Any) -> bool:
    if is_sequence(prediction):
        return bool(max(range(len(prediction)), key=lambda i: float(prediction[i])) == target)
    return (float(prediction) > 0) == bool(target > 0)


@dataclass
class Outcome:
    """The mean loss of some examples, and the predictions for them as floats, beside their targets."""

    loss: float
    predictions: list[Any]
    targets: list[Any]


def differentiating(model: Model, loss: Loss) -> Callable[[Examples], Outcome]:
    """A function of a batch that adds the gradient of its mean loss to every parameter's `.grad`."""

    def differentiate(batch: Examples) -> Outcome:
        value, outcome = _forward(model, loss, batch)
        value.backward()
        return outcome

    return differentiate


def _forward(model: Model, loss: Loss, examples: Examples) -> tuple[Value, Outcome]:
    rows, targets = examples
    predictions = [model(row) for row in rows]
    value = loss(predictions, targets)
    if not isinstance(value, Value):
        raise TypeError(f"the loss must return one Value, not {type(value).__name__} {value!r:.80}")
    return value, Outcome(value.data, [_numbers(prediction) for prediction in predictions], targets)


def _numbers(prediction: Any) -> Any:
    return [float(entry) for entry in prediction] if is_sequence(prediction) else float(prediction)


def _train(
    batches: Iterator[Examples],
    differentiate: Callable[[Examples], Outcome],
    optimizer: Optimizer,
    epoch: int,
    bar: Any,
) -> Outcome:
    """One step a batch."""
    losses: list[float] = []
    predictions: list[Any] = []
    targets: list[Any] = []
    for batch in batches:
        optimizer.zero_grad()
        outcome = differentiate(batch)
        _require_finite(outcome.loss, optimizer.parameters, epoch)
        optimizer.step()
        losses.append(outcome.loss * len(outcome.targets))
        predictions += outcome.predictions
        targets += outcome.targets
        bar.update()
    return Outcome(math.fsum(losses) / len(targets), predictions, targets)


def _require_finite(loss: float, parameters: Sequence[Value], epoch: int) -> None:
    culprits = [p.label or "a parameter" for p in parameters if not math.isfinite(p.grad)]
    if math.isfinite(loss) and not culprits:
        return
    what = f"the gradient of {culprits[0]}" if math.isfinite(loss) else f"the loss {loss}"
    raise NonFiniteError(
        f"{what} is not finite in epoch {epoch}; the parameters are as they were before this step: take a smaller "
        "learning rate, scale the inputs, or a loss on logits; inside strict() the first operation at fault is named"
    )


def _record(
    losses: list[float],
    measured: dict[str, list[float]],
    metrics: Mapping[str, Metric],
    outcome: Outcome,
    prefix: str = "",
) -> None:
    """Append an outcome's loss and metrics to the history."""
    losses.append(outcome.loss)
    for name, metric in metrics.items():
        measured.setdefault(prefix + name, []).append(float(metric(outcome.predictions, outcome.targets)))


def _batches(examples: Examples, size: int, rng: random.Random | None) -> Iterator[Examples]:
    """All examples in batches of `size`, the last one as large as what is left; shuffled by `rng`."""
    rows, targets = examples
    places = list(range(len(rows)))
    if rng:
        rng.shuffle(places)
    for start in range(0, len(places), size):
        chosen = places[start : start + size]
        yield [rows[i] for i in chosen], [targets[i] for i in chosen]


def _examples(X: Any, y: Any, what: str = "") -> Examples:
    """Rows of finite floats, all of one width, and as many targets; else an error that says where."""
    for name, given in ((f"{what}X", X), (f"{what}y", y)):
        if not is_sequence(given):
            raise TypeError(f"{name} must be a list or an array, not {type(given).__name__} {given!r:.80}")
    if len(X) != len(y) or not len(X):
        raise ValueError(
            f"{what}X and {what}y must be of one length and not empty, but have {len(X)} and {len(y)} entries"
        )
    rows = [_row(row, f"{what}X[{i}]") for i, row in enumerate(_plain(X))]
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"{what}X[{i}] has {len(row)} entries, where {what}X[0] has {len(rows[0])}")
    return rows, list(_plain(y))


def _held_out(validation: Any, width: int) -> Examples:
    """Validation data as examples that are as wide as those to train on."""
    if not is_sequence(validation) or len(validation) != 2:
        got = (
            f"{len(validation)} things"
            if is_sequence(validation)
            else f"{type(validation).__name__} {validation!r:.80}"
        )
        raise (ValueError if is_sequence(validation) else TypeError)(f"validation must be a pair (X, y), not {got}")
    X, y = validation
    rows, targets = _examples(X, y, "validation ")
    if len(rows[0]) != width:
        raise ValueError(f"validation X[0] has {len(rows[0])} entries, where X[0] has {width}")
    return rows, targets


def _row(row: Any, place: str) -> list[float]:
    try:
        numbers = [real(entry) for entry in (row if is_sequence(row) else [row])]
    except TypeError as error:
        raise TypeError(f"{place} must be a row of real numbers, not {row!r:.80}: {error}") from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"{place} must be finite, not {numbers!r:.80}: drop or repair such examples")
    return numbers


def _plain(array: Any) -> Any:
    """An array as lists of Python's numbers, which are faster to walk."""
    return array.tolist() if hasattr(array, "tolist") else array


def _bar(steps: int, progress: bool) -> Any:
    return require("tqdm", "nn").tqdm(total=steps, unit="step") if progress else _NoBar()


class _NoBar:
    """A progress bar that shows nothing."""

    def __enter__(self) -> "_NoBar":
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def update(self) -> None:
        """One step more."""

    def set_postfix(self, numbers: Mapping[str, float], refresh: bool) -> None:
        """The numbers beside the bar."""
