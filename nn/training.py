"""fit: the training loop, with mini-batches, metrics, clipping, early stopping, checkpoints and a progress bar."""

import math
import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine._compiled import warn_uncompiled
from engine.core import api_boundary, count, entries, flag, function_of, instance, real, within

from .batches import examples_of, held_out_of
from .checkpoint import Checkpoint, as_setting
from .epochs import Epochs, Metric
from .history import History
from .init import generator
from .optim import Optimizer
from .progress import bar_of
from .replay import Loss, Model, computation
from .state import is_sequence, output_numbers


@api_boundary
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
    clip_norm: float | None = None,
    clip_value: float | None = None,
    patience: int | None = None,
    on_epoch: Callable[[Model, History], object] | None = None,
) -> History:
    """Train `model` for `epochs` passes over the rows of X and the targets y, and return the history.

    X and y are lists, or arrays, frames or series of any library, and `validation` is another such pair. Without a
    batch size, all examples are one batch, in order. With a batch size, `seed` shuffles the examples before every
    epoch: the same seed gives the same result to the last bit, and None a different order in each run. The global
    `random` is not used. A metric is a function of predictions, which are floats or lists of floats, and targets.

    `clip_norm` and `clip_value` limit the gradients before each step, as in `clip_gradients`. With `patience`, training
    stops after that many epochs in a row without a lower validation loss, and the model gets the parameters of its best
    epoch. `on_epoch(model, history)` is called after each epoch. Ctrl-C stops the training too: the interrupted epoch
    leaves no trace in model and history, and `history.stopped` says why it ended.

    Batches are replayed from a recording of one example if that is equivalent. They are computed eagerly if the model
    reads numbers, if the loss is not a mean over examples, or inside `strict()`. A model that changes from call to call
    other than by its parameters needs replay=False.

    With a `checkpoint`, a .safetensors or .json file, the state of the training is saved after an epoch if the last
    save was `every` seconds ago, and at the end. If the file exists, training continues from it, with the same result
    to the last bit as without a stop. A checkpoint of another training is a StateError that says what differs.

    A loss, gradient or parameter that is not finite is a DivergenceError with a diagnosis, raised before any parameter
    becomes non-finite.

    >>> from nn import MLP, SGD, mean_squared_error
    >>> model = MLP(1, [1], seed=1)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> history = fit(model, X, y, mean_squared_error, SGD(model.parameters(), lr=0.2), epochs=100, progress=False)
    >>> [round(p.data, 3) for p in model.parameters()], history.loss[-1] < 1e-6
    ([2.0, 1.0], True)
    """
    warn_uncompiled()
    instance(optimizer, Optimizer, "optimizer", "an Optimizer, such as SGD(model.parameters(), 0.1)")
    metrics = {} if metrics is None else metrics
    instance(metrics, Mapping, "metrics", 'a dict of functions by name, such as {"accuracy": accuracy}')
    for name, given in {"model": model, "loss": loss, **metrics}.items():
        function_of(given, name)
    if on_epoch is not None:
        function_of(on_epoch, "on_epoch")
    flag(progress, "progress"), flag(replay, "replay"), within(every, "every")
    epochs = count(epochs, "epochs")
    patience = None if patience is None else count(patience, "patience")
    if patience and validation is None:
        raise ValueError("patience is for the validation loss: pass validation=(X, y) of examples that are held out")
    examples = examples_of(X, y)
    held_out = None if validation is None else held_out_of(validation, len(examples[0][0]))
    total = len(examples[0])
    size = total if batch_size is None else min(count(batch_size, "batch_size"), total)
    rng = None if batch_size is None else generator(random.Random() if seed is None else seed)
    train = computation(model, loss, examples, size, bool(metrics), replay)
    validate = computation(model, loss, held_out, size, bool(metrics), not train.why_eager) if held_out else None
    training = Epochs(optimizer, train, validate, metrics, size, rng, clip=(clip_norm, clip_value))
    history, kept = training.history, None
    if checkpoint is not None:
        same = {"model": model, "loss": loss, "epochs": epochs, "batch_size": batch_size, "seed": seed}
        same |= {"metrics": metrics, "X and y": examples, "validation": held_out}
        options = {"clip_norm": clip_norm, "clip_value": clip_value, "patience": patience}
        same |= {name: option for name, option in options.items() if option is not None}
        settings = {name: as_setting(thing) for name, thing in same.items()} | {"optimizer": lambda: repr(optimizer)}
        kept = Checkpoint(checkpoint, training.parts(model, bool(patience)), settings, every)
        kept.resume(lambda: training.resumed(epochs, bool(patience)))
    steps = math.ceil(total / size)
    with bar_of(epochs * steps, len(history.loss) * steps, progress) as bar:
        try:
            while len(history.loss) < epochs and not training.has_lost(patience):
                training.run(bar)
                if on_epoch:
                    on_epoch(model, history)
                    training.note()
                if kept:
                    is_last = len(history.loss) == epochs or training.has_lost(patience)
                    kept.save() if is_last else kept.save_if_due()
        except KeyboardInterrupt:
            training.go_back()
            if len(history.loss) < epochs:
                history.stopped = f"by Ctrl-C in epoch {len(history.loss) + 1}"
            if kept:
                kept.save()
    if len(history.loss) < epochs and training.has_lost(patience) and not history.stopped:
        history.stopped = f"{patience} epochs did not lower the validation loss"
    if patience:
        training.take_best()
    if history.stopped:
        history.stopped += f"; the model is that of epoch {training.best_epoch if patience else len(history.loss)}"
    return history


@api_boundary
def accuracy(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """The fraction of right answers, from 0 to 1: by the largest of several outputs, by the sign of a single one.

    The target of several outputs is a class index. A single output is right if it and its target are both above 0, or
    both not.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1]), accuracy([-2.0, 3.0], [-1, 1])
    (0.5, 1.0)
    """
    guesses, right = entries(predictions, "predictions", "a sequence"), entries(targets, "targets", "a sequence")
    if len(guesses) != len(right) or not right:
        raise ValueError(f"there must be a prediction for each target, not {len(guesses)} for {len(right)} targets")
    return sum(map(_is_right, guesses, right)) / len(right)


def _is_right(prediction: Any, target: Any) -> bool:
    numbers, wanted = output_numbers(prediction), real(target, "a target")
    if is_sequence(numbers):
        return bool(numbers) and bool(max(range(len(numbers)), key=numbers.__getitem__) == wanted)
    return bool((numbers > 0) == (wanted > 0))
