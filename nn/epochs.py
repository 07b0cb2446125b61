"""The epochs of a training: each trains on all batches, and can be undone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import engine
from engine import NonFiniteError, StateError

from .checkpoint import Leaves, Part
from .history import History
from .optim import Optimizer, clip_gradients
from .replay import Eager, Model, Outcome, Replayed, chunks

LISTS = ("loss", "validation_loss", "seconds")  # the curves that every history has, by their names in a checkpoint

Metric = Callable[[list[Any], list[Any]], float]


class DivergenceError(NonFiniteError):
    """A training reached a number that is not finite; `report` is the diagnosis, `history` the epochs before.

    Raised by `fit`, with the model as it was before the epoch.
    """

    def __init__(self, message: str, report: engine.Report, history: History) -> None:
        super().__init__(message)
        self.report, self.history = report, history


class Epochs:
    """A training, epoch by epoch: the state that changes, and the changes."""

    def __init__(
        self,
        optimizer: Optimizer,
        train: Eager | Replayed,
        validate: Eager | Replayed | None,
        metrics: Mapping[str, Metric],
        batch_size: int,
        rng: random.Random | None,
        clip: tuple[float | None, float | None],
    ) -> None:
        self.optimizer, self.train, self.validate, self.metrics = optimizer, train, validate, metrics
        self.batch_size, self.rng, self.clip = batch_size, rng, clip
        self.started = optimizer.steps
        clip_gradients([], *clip)  # raises if the bounds are invalid
        prefixes = ("", "validation_") if validate else ("",)
        names = ["loss", "validation_loss", *(prefix + name for prefix in prefixes for name in metrics)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two curves of the history are named {twice[0]}: rename a metric")
        self.history = History(metrics={name: [] for name in names[2:]}, why_eager=train.why_eager)
        self.best_epoch, self.best = 0, list[float]()  # the least validation loss, and the parameters of that epoch
        self.note()

    def run(self, bar: Any) -> None:
        """Train for one more epoch and append its results to the history."""
        start, history = perf_counter(), self.history
        order = list(range(self.train.total))
        if self.rng:
            self.rng.shuffle(order)
        trained = self._steps(chunks(order, self.batch_size), bar)
        held_out = self._held_out() if self.validate else None
        self._record(history.loss, trained)
        if held_out:
            self._record(history.validation_loss, held_out, "validation_")
            self._compare(history.validation_loss)
        history.seconds.append(perf_counter() - start)
        bar.set_postfix(history.latest(), refresh=False)
        self._keep()

    def _held_out(self) -> Outcome:
        """The outcome of the validation examples; if it is not finite, an error, and the epoch leaves no trace."""
        assert self.validate
        outcome = self.validate.evaluate()
        if not math.isfinite(outcome.loss):
            report = engine.diagnose(
                self.validate.eager.forward(range(self.validate.total))[0], self.optimizer.parameters
            )
            self.go_back()
            raise self._error(f"the validation loss {outcome.loss} is not finite", "this epoch", report)
        return outcome

    def note(self) -> None:
        """Store the state that `go_back` restores."""
        self._numbers = [p.data for p in self.optimizer.parameters]
        self._keep()

    def go_back(self) -> None:
        """Restore the stored state, so that an interrupted epoch leaves no trace."""
        counts, numbers, self.optimizer.state, order, self.best[:] = self._noted
        epochs, self.optimizer.steps, self.best_epoch = counts
        self._set(numbers)
        if self.rng and order:
            self.rng.setstate(order)
        for curve in self._curves().values():
            del curve[epochs:]

    def parts(self, model: Model, best: bool) -> dict[str, Part]:
        """The parts of a checkpoint."""
        parts: dict[str, Part] = {"parameters": Leaves(self.optimizer.parameters, model), "optimizer": self.optimizer}
        parts |= {name if name in LISTS else f"metrics.{name}": curve for name, curve in self._curves().items()}
        parts |= {"best": self.best} if best else {}
        return parts | ({"order": self.rng} if self.rng else {})

    def resumed(self, epochs: int, best: bool) -> None:
        """Continue from the parts of a checkpoint; a StateError if they do not fit together."""
        for name, curve in self._curves().items():
            if name in LISTS and not all(map(math.isfinite, curve)):
                raise StateError(f"{name} has a number that is not finite, which would have ended the training")
        lengths = {
            name: len(curve) for name, curve in self._curves().items() if self.validate or name != "validation_loss"
        }
        done = lengths["loss"]
        if set(lengths.values()) != {done} or done > epochs:
            listed = ", ".join(f"{length} of {name}" for name, length in lengths.items())
            raise StateError(f"its history does not fit at most {epochs} epochs: {listed}")
        steps = self.optimizer.steps - done * math.ceil(self.train.total / self.batch_size)
        if not 0 <= steps <= self.started:
            raise StateError(f"its {self.optimizer.steps} steps do not fit {done} epochs")
        if best and len(self.best) != (len(self.optimizer.parameters) if done else 0):
            raise StateError(f"best has {len(self.best)} numbers, for {len(self.optimizer.parameters)} parameters")
        self.best_epoch = self.history.best()
        self.note()

    def has_lost(self, patience: int | None) -> bool:
        """Whether the validation loss has not fallen for `patience` epochs."""
        return patience is not None and len(self.history.loss) - self.best_epoch >= patience

    def take_best(self) -> None:
        """Restore the parameters of the best epoch."""
        if self.best:
            self._set(self.best)

    def _keep(self) -> None:
        slots = {slot: list(numbers) for slot, numbers in self.optimizer.state.items()}
        order = self.rng.getstate() if self.rng else None
        counts = len(self.history.loss), self.optimizer.steps, self.best_epoch
        self._noted = counts, self._numbers, slots, order, list(self.best)

    def _steps(self, batches: Any, bar: Any) -> Outcome:
        """One step for each batch, which is a list of indices of examples."""
        losses: list[float] = []
        predictions: list[Any] = []
        targets: list[Any] = []
        for indices in batches:
            outcome = self._differentiated(indices)
            if self.clip != (None, None):
                clip_gradients(self.optimizer.parameters, *self.clip)
            self._step(indices)
            losses.append(outcome.loss * (len(indices) / self.train.total))
            predictions += outcome.predictions
            targets += outcome.targets
            bar.update()
        return Outcome(math.fsum(losses), predictions, targets)

    def _differentiated(self, indices: Sequence[int]) -> Outcome:
        """The outcome of a batch, with its gradient in the parameters; an error if neither way gives finite numbers."""
        for differentiate in self.train.differentiators():
            self.optimizer.zero_grad()
            outcome = differentiate(indices)
            culprits = [p for p in self.optimizer.parameters if not math.isfinite(p.grad)]
            if math.isfinite(outcome.loss) and not culprits:
                return outcome
        name = culprits[0].label or "a parameter" if culprits else ""
        what = f"the gradient of {name}" if math.isfinite(outcome.loss) else f"the loss {outcome.loss}"
        raise self._diverged(f"{what} is not finite", indices)

    def _step(self, indices: Sequence[int]) -> None:
        """Move the parameters; if one would not be finite, change none."""
        before = self.optimizer.arrays()
        self.optimizer.step()
        numbers = [p.data for p in self.optimizer.parameters]
        if not all(map(math.isfinite, numbers)):
            culprit = next(p for p in self.optimizer.parameters if not math.isfinite(p.data))
            what = f"{culprit.label or 'a parameter'} is not finite after the step, but {culprit.data},"
            self._set(self._numbers)
            self.optimizer.load_state_dict(before)
            raise self._diverged(what, indices)
        self._numbers = numbers

    def _diverged(self, what: str, indices: Sequence[int]) -> DivergenceError:
        report = self.optimizer.diagnose(self.train.eager.forward(indices)[0])
        return self._error(what, "this step", report)

    def _error(self, what: str, since: str, report: engine.Report) -> DivergenceError:
        message = (
            f"{what} in epoch {len(self.history.loss) + 1}; the parameters are as they were before {since}: take a "
            "smaller learning rate, clip the gradients, scale the inputs, or take a loss on logits"
        )
        return DivergenceError(f"{message}\n{report}" if len(report) else message, report, self.history)

    def _record(self, losses: list[float], outcome: Outcome, prefix: str = "") -> None:
        losses.append(outcome.loss)
        for name, metric in self.metrics.items():
            self.history.metrics[prefix + name].append(float(metric(outcome.predictions, outcome.targets)))

    def _compare(self, losses: list[float]) -> None:
        """Store the parameters if the last validation loss is the least so far."""
        last, best = losses[-1], losses[self.best_epoch - 1] if self.best_epoch else math.nan
        if last < best or (math.isnan(best) and not (self.best_epoch and math.isnan(last))):
            self.best_epoch, self.best[:] = len(losses), [p.data for p in self.optimizer.parameters]

    def _curves(self) -> dict[str, list[float]]:
        history = self.history
        return dict(zip(LISTS, (history.loss, history.validation_loss, history.seconds), strict=True)) | history.metrics

    def _set(self, numbers: list[float]) -> None:
        self._numbers = list(numbers)
        for parameter, number in zip(self.optimizer.parameters, numbers, strict=True):
            parameter.data = number
