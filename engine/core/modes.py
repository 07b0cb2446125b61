"""Modes: `strict()`, and watching what reads data. A mode belongs to a context: a thread, or an asyncio task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import Node

_strict: ContextVar[bool] = ContextVar("strict", default=False)
_watch: ContextVar[Callable[[Any], None] | None] = ContextVar("watch", default=None)

active = 0  # modes entered and not left, in all contexts: while it is 0, a node costs nothing more


@contextmanager
def strict() -> Iterator[None]:
    """Inside, the first operation that yields inf or nan raises a NonFiniteError that names it and its line.

    >>> from engine import Value
    >>> with strict():
    ...     Value(0.0, "x").log()
    Traceback (most recent call last):
    engine.core.errors.NonFiniteError: log(x = 0.0) gave -inf (<doctest ...>, line 2: ...)...
    """
    with _entered(_strict, True):
        yield


def is_strict() -> bool:
    """Whether this is inside `strict()`.

    >>> with strict():
    ...     is_strict()
    True
    """
    return active > 0 and _strict.get()


@contextmanager
def watching(watch: Callable[[Any], None]) -> Iterator[None]:
    """Inside, `watch(value)` is called whenever a Value's data is read: `.data`, float() or a comparison.

    >>> from engine import Value
    >>> with watching(print):
    ...     Value(1.0) < 2.0
    Value(data=1.0, grad=0.0)
    True
    """
    with _entered(_watch, watch):
        yield


def notify(node: Node) -> None:
    """Tell the watch of this context, if there is one, that a number is read."""
    watch = _watch.get()
    if watch is not None:
        watch(node)


@contextmanager
def _entered(mode: ContextVar[Any], setting: Any) -> Iterator[None]:
    global active
    token = mode.set(setting)
    active += 1
    try:
        yield
    finally:
        active -= 1
        with suppress(ValueError):  # closed in another context, whose mode is its own
            mode.reset(token)
