"""fit: the training loop, with mini-batches, metrics, checkpoints, a progress bar and a history."""

import math
import os
import random
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from engine._compiled import warn_uncompiled
from engine.core import NonFiniteError, require

from .checkpoint import Checkpoint, Leaves, Part
from .examples import examples_of, held_out_of
from .init import count, generator
from .module import is_sequence
from .optim import Optimizer
from .replaying import Eager, Loss, Model, Outcome, Replayed, chunks, computation

SHOWN = 80  # characters of a setting

Metric = Callable[[list[Any], list[Any]], float]


@dataclass
class History:
    """What each epoch gave, one entry an epoch in every list.

    `loss` is the mean over the epoch's examples, each before its batch's step, in the loss's own unit, and
    `validation_loss` the loss after the epoch. `metrics` has a list for each name, and one for "validation_" with
    the name. `seconds` is wall-clock time, and `why_eager` what kept the batches from being replayed from a recording,
    empty if they were: comparing two histories leaves both out.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list, compare=False)
    why_eager: str = field(default="", compare=False)

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
    replay: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 30.0,
) -> History:
    """Train `model` for `epochs` passes over the rows of X and the targets y, and return the history.

    X and y are lists or NumPy arrays, `validation` another such pair. Without a batch size all examples are one batch,
    in their order; with one they are shuffled by `seed` before every epoch, and the same seed gives the same result to
    the last bit. A metric is a function of predictions, which are floats or lists of floats, and targets.

    Batches are replayed from a recording of one example where that gives the same, and otherwise computed eagerly:
    where the model looks at numbers, where the loss is not a mean over examples, inside `strict()`.
    What changes from call to call in another way than by its parameters needs replay=False.

    With a `checkpoint`, a .safetensors or .json file, what is needed to go on is saved at the end of an epoch if that
    was `every` seconds ago, and at the end; if the file is there, training goes on from it, to the same result to the
    last bit as if never stopped. A checkpoint of another training is a StateError that says what differs.

    A loss or gradient that is not finite is a NonFiniteError, raised before it gets into the parameters.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], seed=1)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> history = fit(model, X, y, mean_squared_error, SGD(model.parameters(), lr=0.2), epochs=100, progress=False)
    >>> [round(p.data, 3) for p in model.parameters()], history.loss[-1] < 1e-6
    ([2.0, 1.0], True)
    """
    warn_uncompiled()
    metrics, epochs = metrics or {}, count(epochs, "epochs")
    examples = examples_of(X, y)
    held_out = None if validation is None else held_out_of(validation, len(examples[0][0]))
    total = len(examples[0])
    size = total if batch_size is None else min(count(batch_size, "batch_size"), total)
    rng = None if batch_size is None else generator(seed)
    train = computation(model, loss, examples, size, bool(metrics), replay)
    replay = not train.why_eager
    validate = computation(model, loss, held_out, size, bool(metrics), replay) if held_out else None
    prefixes = ("", "validation_") if held_out else ("",)
    history = History(metrics={prefix + name: [] for prefix in prefixes for name in metrics}, why_eager=train.why_eager)
    kept = None
    if checkpoint is not None:
        same = {"model": model, "loss": loss, "epochs": epochs, "batch_size": batch_size, "seed": seed}
        same |= {"metrics": metrics, "X and y": examples, "validation": held_out}
        kept = Checkpoint(checkpoint, _parts(optimizer, history, rng), _settings(same, optimizer), every)
        kept.resume()
    steps, done = math.ceil(total / size), len(history.loss)
    with _bar(epochs * steps, done * steps, progress) as bar:
        for epoch in range(done + 1, epochs + 1):
            start = perf_counter()
            order = list(range(total))
            if rng:
                rng.shuffle(order)
            outcome = _train(chunks(order, size), train, optimizer, epoch, bar)
            _record(history.loss, history.metrics, metrics, outcome)
            if validate:
                _record(history.validation_loss, history.metrics, metrics, validate.evaluate(), "validation_")
            history.seconds.append(perf_counter() - start)
            bar.set_postfix(history.latest(), refresh=False)
            if kept:
                kept.save() if epoch == epochs else kept.save_if_due()
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


def _train(
    batches: Iterable[Sequence[int]], train: Eager | Replayed, optimizer: Optimizer, epoch: int, bar: Any
) -> Outcome:
    """One step a batch, which is the places of its examples."""
    losses: list[float] = []
    predictions: list[Any] = []
    targets: list[Any] = []
    for places in batches:
        outcome = _differentiated(places, train, optimizer, epoch)
        optimizer.step()
        losses.append(outcome.loss * len(places))
        predictions += outcome.predictions
        targets += outcome.targets
        bar.update()
    return Outcome(math.fsum(losses) / len(targets), predictions, targets)


def _differentiated(places: Sequence[int], train: Eager | Replayed, optimizer: Optimizer, epoch: int) -> Outcome:
    """The outcome of a batch, whose gradient is left with the parameters; an error where no way makes it finite."""
    for differentiate in train.ways():
        optimizer.zero_grad()
        outcome = differentiate(places)
        culprits = [p for p in optimizer.parameters if not math.isfinite(p.grad)]
        if math.isfinite(outcome.loss) and not culprits:
            return outcome
    what = f"the loss {outcome.loss}"
    if math.isfinite(outcome.loss):
        what = f"the gradient of {culprits[0].label or 'a parameter'}"
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
        measured[prefix + name].append(float(metric(outcome.predictions, outcome.targets)))


def _parts(optimizer: Optimizer, history: History, rng: random.Random | None) -> dict[str, Part]:
    """What a checkpoint has to hold."""
    lists = {"loss": history.loss, "validation_loss": history.validation_loss, "seconds": history.seconds}
    lists |= {f"metrics.{name}": numbers for name, numbers in history.metrics.items()}
    order: dict[str, Part] = {} if rng is None else {"order": rng}
    return {"parameters": Leaves(optimizer.parameters), "optimizer": optimizer, **lists, **order}


def _settings(same: Mapping[str, Any], optimizer: Optimizer) -> dict[str, str | Callable[[], str]]:
    """What has to be the same in a training that goes on, as text."""
    return {**{name: _text(thing) for name, thing in same.items()}, "optimizer": lambda: repr(optimizer)}


def _text(thing: Any) -> str:
    """What it looks like, but for addresses, which differ from run to run, and with a checksum for what is long."""
    text = re.sub(r" at 0x\w+", "", repr(thing))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... with the checksum {zlib.crc32(text.encode()):08x}"


def _bar(steps: int, done: int, progress: bool) -> Any:
    return require("tqdm").tqdm(total=steps, initial=done, unit="step") if progress else _NoBar()


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
