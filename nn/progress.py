"""A progress bar by tqdm, in a terminal or a notebook; none if it is not wanted or not installed."""

from collections.abc import Mapping
from typing import Any
from warnings import catch_warnings, simplefilter

from engine import MissingExtraError
from engine.core import require


def bar_of(steps: int, done: int, wanted: bool) -> Any:
    """A context manager that is updated at every step and shows numbers."""
    if not wanted:
        return NoBar()
    try:
        with catch_warnings():
            simplefilter("ignore")  # of ipywidgets: a notebook without them has a bar of text
            return require("tqdm.auto").tqdm(total=steps, initial=done, unit="step")
    except MissingExtraError:
        return NoBar()


class NoBar:
    """A progress bar that shows nothing."""

    def __enter__(self) -> "NoBar":
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def update(self) -> None:
        """Advance by one step."""

    def set_postfix(self, numbers: Mapping[str, float], refresh: bool) -> None:
        """Show numbers beside the bar."""
