"""Conditions: the results of comparisons inside `record`, where each example may take a different branch."""

from __future__ import annotations

from typing import Any, NoReturn

from .._where import as_bool
from ..core import RecordingError, Value, apply, as_value, reading, strict


class Condition:
    """The result of a comparison inside `record`: for each example, whether it holds. With nan it does not.

    Conditions and bools combine with `&`, `|` and `~`. A Condition has no truth value, since each example has its own;
    asking for one, as `if` and `and` do, is a RecordingError. Choose with `where`.

    >>> from engine import record, where
    >>> record(lambda x: where((x > 1.0) & ~(x > 3.0), x, 0.0), 2.0).forward([0.0, 2.0, 4.0])
    array([0., 2., 0.])
    """

    __slots__ = ("_node",)
    __array_ufunc__ = None  # so that NumPy's bools leave & and | to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Value) -> None:
        self._node = node  # 1 where it holds, else 0

    def of_branches(self, a: Any, b: Any) -> Value:
        """`where` of this condition: the recording keeps both branches."""
        held = self._node._data == 1.0
        chosen: Value = apply("select", self._node, _branch(a, held), _branch(b, not held))
        return chosen

    def __and__(self, other: Any) -> Condition:
        return Condition(apply("minimum", self._node, _number(other)))

    def __or__(self, other: Any) -> Condition:
        return Condition(apply("maximum", self._node, _number(other)))

    def __invert__(self) -> Condition:
        return Condition(apply("sub", 1.0, self._node))

    __rand__, __ror__ = __and__, __or__

    def __bool__(self) -> NoReturn:
        reading(self._node, "comparison")
        raise RecordingError("a Condition belongs to its recording and has no truth value: choose with where")

    __int__ = __index__ = __float__ = __bool__  # as in weights[int(x > 0.0)]

    def __eq__(self, other: object) -> NoReturn:
        self.__bool__()

    def __repr__(self) -> str:
        return "Condition of a recording"


def _branch(branch: Any, held: bool) -> Value:
    """A branch, which may be inf or nan inside `strict()` if it is not taken."""
    if not callable(branch):
        return as_value(branch)
    if held:
        return as_value(branch())
    with strict(False):
        return as_value(branch())


def _number(condition: Any) -> Any:
    if isinstance(condition, Condition):
        return condition._node
    return float(as_bool(condition, "what a Condition is combined with"))
