"""History: the results of each epoch of a training, as numbers, as one line and as a picture."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from io import StringIO
from typing import Any

from engine.core import api_boundary, require


@api_boundary
@dataclass(repr=False)
class History:
    """The results of a training: every list has one entry for each epoch.

    `loss` is the mean over the epoch's examples, each before its batch's step, and `validation_loss` the loss after the
    epoch. `metrics` has a list for each name, and one for "validation_" with the name. `seconds` is wall-clock time.
    `why_eager` says why batches were not replayed from a recording, and `stopped` why the training ended before its
    last epoch; they are "" if there is no reason. Comparing two histories leaves these three out.

    >>> History(loss=[0.7, 0.5, 0.25], metrics={"accuracy": [0.5, 0.75, 1.0]}, seconds=[0.1, 0.2, 0.1])
    History(3 epochs in 0.4 s: loss 0.7 → 0.25, accuracy 0.5 → 1)
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list, compare=False)
    why_eager: str = field(default="", compare=False)
    stopped: str = field(default="", compare=False)

    def curves(self) -> dict[str, list[float]]:
        """The loss, the validation loss and the metrics by name, without empty lists."""
        named = {"loss": self.loss, "validation_loss": self.validation_loss, **self.metrics}
        return {name: numbers for name, numbers in named.items() if numbers}

    def latest(self) -> dict[str, float]:
        """The last epoch's numbers by name."""
        return {name: numbers[-1] for name, numbers in self.curves().items()}

    def best(self) -> int:
        """The first epoch with the least validation loss, counted from 1; 0 if there is none.

        >>> History(validation_loss=[0.7, 0.5, 0.6, 0.5]).best()
        2
        """
        losses = [math.inf if math.isnan(loss) else loss for loss in self.validation_loss]
        return 1 + losses.index(min(losses)) if losses else 0

    def plot(self) -> Any:
        """Draw the losses, and the metrics beside them, over the epochs; returns matplotlib's axes in a list."""
        metrics = {name: numbers for name, numbers in self.metrics.items() if numbers}
        losses = {name: numbers for name, numbers in self.curves().items() if name not in metrics}
        if not losses:
            raise ValueError("the history is empty: there is nothing to draw before the first epoch")
        panels = [losses, metrics] if metrics else [losses]
        plt = require("matplotlib.pyplot", "plot")
        figure = plt.figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
        axes = [figure.add_subplot(1, len(panels), i) for i in range(1, len(panels) + 1)]
        for panel, curves in zip(axes, panels, strict=True):
            for name, numbers in curves.items():
                panel.plot(range(1, len(numbers) + 1), numbers, label=name.replace("_", " "))
            panel.set(xlabel="epoch")
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.grid(alpha=0.25)
            panel.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str | None:
        """The plot, for a notebook; the text where there is nothing to plot, or no matplotlib."""
        if not (self.loss or self.validation_loss) or not find_spec("matplotlib"):
            return None
        from engine.picture import as_image, by_night

        figure, file = self.plot()[0].figure, StringIO()
        figure.savefig(file, format="svg")
        require("matplotlib.pyplot", "plot").close(figure)  # or a notebook shows it once more
        return f"{as_image(by_night(file.getvalue()), repr(self))}<p>{escape(repr(self))}</p>"

    def __repr__(self) -> str:
        return f"History({', '.join(self._told())})"

    def _told(self) -> Iterator[str]:
        first = f"{len(self.loss)} epoch{'' if len(self.loss) == 1 else 's'} in {sum(self.seconds):.2g} s"
        curves = [f"{name} {numbers[0]:.3g} → {numbers[-1]:.3g}" for name, numbers in self.curves().items()]
        yield ": ".join([first, *curves[:1]])
        yield from curves[1:]
        if self.stopped:
            yield f"stopped: {self.stopped}"
        if self.why_eager:
            yield f"eager: {self.why_eager:.60}"
