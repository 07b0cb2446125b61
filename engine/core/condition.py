"""Conditions: the results of comparisons, which remember what was compared, so that `where` keeps both branches."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from ..table import flag
from .node import reading, showing
from .operations import apply
from .tracebacks import api_boundary


def condition(node: Any) -> Condition:
    """The condition of a node: 1 if it holds, else 0."""
    made = Condition.__new__(Condition)
    made._node = node
    return made


class Condition:
    """Whether a comparison of Values holds: true or false as a bool is, and false with nan.

    Conditions and bools combine with `&`, `|` and `~`; `and`, `or`, `not` and `a < b < c` decide here and now. Inside
    `record`, where each example has a truth value of its own, that is a RecordingError: choose with `where`.

    >>> from engine import Value, record, where
    >>> (Value(2.0) > 1.0) & ~(Value(2.0) > 3.0)
    True
    >>> record(lambda x: where((x > 1.0) & ~(x > 3.0), x, 0.0), 2.0).forward([0.0, 2.0, 4.0])
    array([0., 2., 0.])
    """

    __slots__ = ("_node",)
    __array_priority__ = 1.0  # so that NumPy's bools leave & and | to this class
    _node: Any

    def __bool__(self) -> bool:
        reading(self._node, "comparison")
        return bool(self._node._number == 1.0)

    def __index__(self) -> int:
        return int(bool(self))

    def __and__(self, other: Any) -> Condition:
        return condition(apply("minimum", self._node, _node(other)))

    def __rand__(self, other: Any) -> Any:
        return self & other

    def __or__(self, other: Any) -> Condition:
        return condition(apply("maximum", self._node, _node(other)))

    def __ror__(self, other: Any) -> Any:
        return self | other

    def __invert__(self) -> Condition:
        return condition(apply("sub", 1.0, self._node))

    def __add__(self, other: Any) -> Any:
        return bool(self) + other

    def __radd__(self, other: Any) -> Any:
        return other + bool(self)

    def __rsub__(self, other: Any) -> Any:
        return other - bool(self)

    def __mul__(self, other: Any) -> Any:
        return bool(self) * other

    def __rmul__(self, other: Any) -> Any:
        return other * bool(self)

    def __eq__(self, other: object) -> bool:
        return bool(bool(self) == other)

    def __hash__(self) -> int:
        return hash(bool(self))

    def __format__(self, spec: str) -> str:
        return format(bool(showing(self._node, self._node._number)), spec)

    def __repr__(self) -> str:
        return format(self, "")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy

        return numpy.array(bool(self), dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return bool, (bool(self),)


api_boundary(Condition)  # where it is not compiled
Integral.register(Condition)  # as bool is


def as_condition(given: Any, what: str) -> Condition | bool:
    """A Condition, or a bool of Python or NumPy; all else is a TypeError, as ~True is -2, which is true."""
    if isinstance(given, Condition):
        return given
    return flag(given, what, "a bool or a comparison", "compare, as in x > 0, and to negate exchange the branches")


def _node(given: Any) -> Any:
    found = as_condition(given, "what a Condition is combined with")
    return found._node if isinstance(found, Condition) else float(found)
