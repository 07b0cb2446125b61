"""How fit computes a batch: replayed from a recording of one example, or by calling model and loss.

A recording can replace model and loss if they depend only on the example and the parameters, and if the loss of a batch
is the mean of its examples' losses. Both are tested before the first step; if a test fails, batches are computed
eagerly.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import engine
from engine.core import RecordingError, Value, came, is_strict, real

from .batches import Examples
from .state import is_sequence, output_numbers

CHECKED = 64  # number of examples that a recording is tested on
AGREEMENT = 1e-9  # relative difference from eager mode above which a recording is not used

Model = Callable[[Any], Any]
Loss = Callable[[list[Any], list[Any]], Value]
Entry = TypeVar("Entry")


@dataclass
class Outcome:
    """The mean loss of some examples and, if there are metrics, the predictions as floats and their targets."""

    loss: float
    predictions: list[Any]
    targets: list[Any]


def computation(
    model: Model, loss: Loss, examples: Examples, size: int, predicted: bool, replay: bool = True
) -> "Eager | Replayed":
    """The object that computes batches of `size` examples: replayed if that is equivalent, else eager, with a reason.

    >>> from nn import mean_squared_error
    >>> w = Value(2.0)
    >>> examples = [[1.0], [2.0]], [3.0, 4.0]
    >>> computation(lambda x: w * x[0], mean_squared_error, examples, 2, True).evaluate()
    Outcome(loss=0.5, predictions=[2.0, 4.0], targets=[3.0, 4.0])
    >>> computation(lambda x: w * x[0] if x[0] > 0 else w, mean_squared_error, examples, 2, True).why_eager
    'RecordingError: the code looks at the comparison of a Value that changes from batch to batch (...'
    """
    eager = Eager(model, loss, examples)
    if not replay:
        eager.why_eager = "replay=False"
        return eager
    try:
        return Replayed(eager, size, predicted)
    except Exception as error:  # eager mode accepts it, or raises its own error
        eager.why_eager = f"{type(error).__name__}: {error}"
        return eager


class Eager:
    """Calls model and loss on every batch."""

    why_eager = ""

    def __init__(self, model: Model, loss: Loss, examples: Examples) -> None:
        self.model, self.loss, self.eager = model, loss, self
        self.rows, self.targets = examples
        self.total = len(self.rows)

    def differentiators(self) -> list[Callable[[Sequence[int]], Outcome]]:
        """Functions that differentiate a batch of indices of examples; the next is tried if a result is not finite."""
        return [self.differentiate]

    def differentiate(self, indices: Sequence[int]) -> Outcome:
        """Add the gradient of the mean loss to every parameter's `.grad`."""
        loss, outcome = self.forward(indices)
        loss.backward()
        return outcome

    def evaluate(self) -> Outcome:
        """The outcome of all examples."""
        return self.forward(range(len(self.rows)))[1]

    def forward(self, indices: Sequence[int]) -> tuple[Value, Outcome]:
        """The mean loss of the examples at these indices, as a Value and as an outcome."""
        targets = [self.targets[i] for i in indices]
        predictions = [self.model(self.rows[i]) for i in indices]
        value = self.mean_loss(predictions, targets)
        return value, Outcome(value.data, [output_numbers(prediction) for prediction in predictions], targets)

    def mean_loss(self, predictions: list[Any], targets: list[Any]) -> Value:
        """The loss, or an error if it is not a Value."""
        try:
            value = self.loss(predictions, targets)
        except TypeError as error:
            if _is_of_one_example(self.loss, predictions[0], targets[0]):
                raise TypeError(
                    "the loss gets all predictions and all targets of a batch, as two lists, and this one takes those "
                    "of one example: pass a mean, as lambda p, t: sum(map(loss, p, t)) / len(p)"
                ) from error
            raise
        if not isinstance(value, Value):
            raise TypeError(f"the loss must return one Value, not {came(value)}")
        return value


def _is_of_one_example(loss: Loss, prediction: Any, target: Any) -> bool:
    try:
        return isinstance(loss(prediction, target), Value)
    except Exception:  # of a user's function
        return False


class Replayed:
    """Runs the recordings of one example's loss, and of its prediction if that is wanted, on every batch."""

    why_eager = ""

    def __init__(self, eager: Eager, size: int, predicted: bool) -> None:
        if is_strict():
            raise RecordingError("strict() checks every operation, and a recording runs others")
        import numpy as np  # not for eager training

        model, loss, self.eager = eager.model, eager.mean_loss, eager
        self.rows, self.total = np.array(eager.rows), eager.total
        self.numbers = np.array([_target(target) for target in eager.targets])
        self.losses = engine.record(lambda row, target: loss([model(row)], [target]), self.rows[0], self.numbers[0])
        self.predictions = engine.record(model, self.rows[0]) if predicted else None
        require_mean(eager, self.numbers, min(size, CHECKED))
        require_same(self, min(size, CHECKED))

    def differentiators(self) -> list[Callable[[Sequence[int]], Outcome]]:
        """Functions that differentiate a batch: eager mode follows, as it may avoid the 0 · inf of a replay."""
        return [self.differentiate, self.eager.differentiate]

    def differentiate(self, indices: Sequence[int]) -> Outcome:
        """Add the gradient of the mean loss to every parameter's `.grad`."""
        rows = self.rows[indices]
        predictions = self._predictions(rows)
        loss = self.losses.backward(rows, self.numbers[indices])
        return Outcome(loss, predictions, [self.eager.targets[i] for i in indices])

    def evaluate(self) -> Outcome:
        """The outcome of all examples."""
        loss = float(self.losses.forward(self.rows, self.numbers).mean())
        if not math.isfinite(loss):
            return self.eager.evaluate()
        return Outcome(loss, self._predictions(self.rows), self.eager.targets)

    def _predictions(self, rows: Any) -> list[Any]:
        found: list[Any] = self.predictions.forward(rows).tolist() if self.predictions else []
        return found


def require_mean(eager: Eager, numbers: Any, size: int) -> None:
    """Raise if a batch's loss is not the mean over its examples, with targets as given and as a recording takes them.

    The predictions are random between 0 and 1, where all usual losses have a slope, and all different.
    """
    rng, prediction = random.Random(0), eager.model(eager.rows[0])
    first = {repr(target): i for i, target in reversed([*enumerate(eager.targets)])}  # one example per distinct target
    indices = sorted({*range(min(size, len(numbers))), *first.values()})
    wide = len(prediction) if is_sequence(prediction) else None
    drawn: list[Any] = [rng.random() if wide is None else [rng.random() for _ in range(wide)] for _ in indices]
    alone = engine.record(lambda prediction, target: eager.mean_loss([prediction], [target]), drawn[0], numbers[0])
    losses = alone.forward(drawn, numbers[indices]).tolist()
    for batch in chunks([*zip(drawn, indices, losses, strict=True)], size):
        predictions = [Value(p) if wide is None else list(map(Value, p)) for p, _, _ in batch]
        _require_close(
            eager.mean_loss(predictions, [eager.targets[i] for _, i, _ in batch]).data,
            math.fsum(loss / len(batch) for _, _, loss in batch),
            "the loss of a batch is not the mean of what is recorded of each of its examples",
        )


def require_same(replayed: Replayed, size: int) -> None:
    """Raise if replay and a call of model and loss differ on a batch of examples."""
    total = len(replayed.rows)
    indices = range(0, total, max(1, total // size))[:size]
    _require_close(
        replayed.eager.forward(indices)[1].loss,
        float(replayed.losses.forward(replayed.rows[indices], replayed.numbers[indices]).mean()),
        "what is recorded of model and loss is not what they give when they are called",
    )


def chunks(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """All entries in order, in chunks of `size`; the last chunk may be shorter.

    >>> list(chunks("abcde", 2))
    ['ab', 'cd', 'e']
    """
    return (entries[start : start + size] for start in range(0, len(entries), size))


def _require_close(called: float, replayed: float, what: str) -> None:
    if not math.isclose(called, replayed, rel_tol=AGREEMENT):
        raise RecordingError(f"{what}: {replayed:.12g} as recorded, {called:.12g} as called")


def _target(target: Any) -> Any:
    return [real(entry) for entry in target] if is_sequence(target) else real(target)
