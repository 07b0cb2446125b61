"""A mistake at one place, with the gradients that it gives."""

from __future__ import annotations

from dataclasses import dataclass

from .mistakes import Change, Mistake
from .mistakes.row import Gradients


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mistake, the place where it is made, and the gradients that it gives."""

    mistake: Mistake
    place: str
    gradients: Gradients
    change: Change
    trials: int = 1  # numbers, such as learning rates, out of which one was fitted

    @property
    def was(self) -> str:
        """The mistake in words."""
        return (
            self.mistake.was.replace("{place}", self.place)
            .replace("  ", " ")
            .replace(" :", ":")
            .replace(" ,", ",")
            .strip()
        )

    @property
    def right(self) -> str:
        """The correction in words."""
        return self.mistake.right.replace("{place}", self.place)
