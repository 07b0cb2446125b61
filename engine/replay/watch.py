"""The watch of a recording, for code that reads or sets numbers which change from call to call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import get_ident
from typing import Any

from ..core import RecordingError, Value, Watch, ancestors, user_line

IN_PLACE = (
    "take functions from engine (exp, not math.exp), choose with where(condition, a, b), maximum, minimum, relu or "
    "abs, combine conditions with & | ~, and differentiate with grad(..., create_graph=True), which are part of the "
    "recording, or use the function without recording it"
)


class RecordingWatch(Watch):
    """Raises an error if code reads or sets a number that changes, and keeps the first error.

    Values made by the function, its inputs included, are watched in every thread; earlier Values only in the context
    and in the thread of the recording, because other threads may use them for something else. Whether they do it for
    the function is unknown, and noted.
    """

    def __init__(self, inputs: list[Value], text: Iterator[Any] | None = None) -> None:
        self.inputs = inputs
        self.text = text  # successive substitutes for changing numbers in the text of Values
        self.newest = Value(0.0).serial  # serial of the last Value made before
        self.error: RecordingError | None = None
        self.leaves_shown: dict[Value, None] = {}  # leaves whose numbers `f` may know from text
        self.is_read_elsewhere = False
        self.thread = get_ident()
        self._made = {x.serial for x in inputs}

    def made(self, node: Any) -> None:
        """Remember a Value that the function made."""
        self._made.add(node.serial)

    def read(self, node: Any, what: str, inside: bool) -> None:
        """Refuse a number that changes from call to call."""
        behind = ancestors(node)
        if not self._older(behind):
            return
        if inside or self._owns(behind):
            raise self.error_of(f"the code looks at the {what} of a Value that changes from batch to batch", IN_PLACE)
        self.is_read_elsewhere = True

    def written(self, node: Any, what: str, inside: bool) -> None:
        """Refuse any assignment to a number, because a recording holds only operations."""
        if inside or self._owns([node]):
            raise self.error_of(f"the code sets the {what} of a Value", "set it before or after, outside the function")

    def shown(self, node: Any, inside: bool) -> Any:
        """Remember Values whose text was made, so that the function may know their numbers."""
        behind = ancestors(node)
        if not self._older(behind):
            return None
        if inside or self._owns(behind):
            self.leaves_shown |= dict.fromkeys(self._older(behind))
            return self.text and next(self.text)
        self.is_read_elsewhere = True
        return None

    def refused(self, node: Any) -> None:
        """Note an error that depends on a number, in case the function catches it."""
        if self.changes(node):
            self.error_of("the code catches the error of a number that is not finite", IN_PLACE)

    def changes(self, node: Any) -> bool:
        """Whether a Value depends on an input or a parameter."""
        return bool(self._older(ancestors(node)))

    def error_of(self, what: str, remedy: str) -> RecordingError:
        """The error, which is raised again if the function catches it."""
        error = RecordingError(f"{what} ({user_line()}), and a recording would keep what it saw for good: {remedy}")
        self.error = self.error or error
        return error

    def _owns(self, nodes: Sequence[Value]) -> bool:
        return any(node.serial in self._made for node in nodes)

    def _older(self, nodes: Sequence[Value]) -> list[Value]:
        return [node for node in nodes if not node.op and node.serial <= self.newest]
