"""Modes: `strict()`, and the watch of a recording. A mode belongs to a context, that is, a thread or asyncio task."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING, Any

from ..table import flag
from .tracebacks import api_boundary

if TYPE_CHECKING:
    from .node import Node

_strict: ContextVar[bool] = ContextVar("strict", default=False)
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_watches: list[Watch] = []  # of all contexts

# How many modes were entered and not left, in all contexts: while it is 0, a node costs nothing more. C reads the
# memory of the array.
active = array("l", [0])


@api_boundary
def strict(on: bool = True) -> AbstractContextManager[None]:
    """A context in which the first operation that yields inf or nan raises a NonFiniteError with its name and line.

    With `on` False nothing is raised, even inside another `strict()`.

    >>> from engine import Value
    >>> with strict():
    ...     Value(0.0, "x").log()
    Traceback (most recent call last):
    engine.core.errors.NonFiniteError: log(x = 0.0) gave -inf (<doctest ...>, line 2: ...)...
    """
    return _entered(_strict, flag(on, "strict"))


def is_strict() -> bool:
    """Whether this is inside `strict()`.

    >>> with strict():
    ...     is_strict()
    True
    """
    return active[0] > 0 and _strict.get()


class Watch:
    """An observer of nodes made, read, written or shown; `inside` is True for code in the watch's own context.

    Code that runs in `thread`, if one is given, is inside too, in any context.
    """

    thread = 0

    def made(self, node: Node) -> None:
        """An operation gave `node`, in the context of the watch."""

    def read(self, node: Node, what: str, inside: bool) -> None:
        """A number of `node` is read: its "data", "gradient" ..., by code outside of the engine."""

    def written(self, node: Node, what: str, inside: bool) -> None:
        """A number of `node` is about to be set."""

    def shown(self, node: Node, inside: bool) -> Any:
        """`node` is converted to text: returns a replacement for its number, or None to keep the number."""

    def refused(self, node: Node) -> None:
        """`strict()` raises an error for `node`, in the context of the watch."""

    def changes(self, node: Node) -> bool:
        """Whether the number of `node` changes from call to call."""
        raise NotImplementedError


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """A context in which `watch` is told of this context's Values, and of reads and writes in all contexts.

    >>> from engine import Value
    >>> class Reads(Watch):
    ...     def read(self, node, what, inside):
    ...         print(node, what)
    >>> with watching(Reads()):
    ...     Value(1.0).data
    Value(data=1.0, grad=0.0) data
    1.0
    """
    _watches.append(watch)
    try:
        with _entered(_watch, watch):
            yield
    finally:
        _watches.remove(watch)


def watch() -> Watch | None:
    """The watch of this context, else of this thread."""
    if not active[0]:
        return None
    own = _watch.get()
    for each in _watches if own is None else ():
        own = each if each.thread == get_ident() else own
    return own


def read(node: Node, what: str) -> None:
    """Tell all watches that a number of a node is read."""
    for each in tuple(_watches):
        each.read(node, what, _is_inside(each))


def written(node: Node, what: str) -> None:
    """Tell all watches that a number of a node is about to be set."""
    for each in tuple(_watches):
        each.written(node, what, _is_inside(each))


def shown(node: Node, number: float) -> Any:
    """Tell all watches that a node is converted to text, and return its number or their replacement."""
    instead = [each.shown(node, _is_inside(each)) for each in tuple(_watches)]
    return next((other for other in instead if other is not None), number)


def _is_inside(each: Watch) -> bool:
    return each is _watch.get() or each.thread == get_ident()


@contextmanager
def _entered(mode: ContextVar[Any], setting: Any) -> Iterator[None]:
    token = mode.set(setting)
    active[0] += 1
    try:
        yield
    finally:
        active[0] -= 1
        with suppress(ValueError):  # closed in another context, whose mode is its own
            mode.reset(token)
