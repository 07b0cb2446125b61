"""Branches: a `where` is a node whose only operand is the branch that is taken, so nothing reaches the other."""

from __future__ import annotations

from typing import Any

from ._checks import flag
from .core import Value, apply, as_value, operation, real

_first, _second = operation("where_true"), operation("where_false")


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`: what is inf or nan in the other has no effect on any derivative.

    The condition is a bool, as a comparison is, or inside `record` the Condition that it is there; all else is a
    TypeError. A branch is a Value, a number, or a function without arguments. Of functions only that of the branch
    taken is called, so that this works inside `strict()`; a recording calls both. Of two numbers the result is a float.

    >>> from engine import Value
    >>> x = Value(0.0, "x")
    >>> y = where(x > 0.0, lambda: x.sqrt(), 2.0 * x)
    >>> y.backward()
    >>> y.op, y.data, x.grad
    ('where_false', 0.0, 2.0)
    """
    if hasattr(condition, "of_branches"):
        return condition.of_branches(a, b)
    holds = as_bool(condition, "the condition of where")
    taken, other = (a, b) if holds else (b, a)
    if not callable(other):
        as_value(other)
    if isinstance(a, Value) or isinstance(b, Value) or callable(a) or callable(b):
        return (_first if holds else _second)(as_value(taken() if callable(taken) else taken))
    return real(taken)


def detach(a: Any) -> Any:
    """The number of `a`, as a constant: no derivative goes through it.

    >>> from engine import Value
    >>> x = Value(0.0, "x")
    >>> y = x + detach(x.sqrt())
    >>> y.backward()
    >>> x.grad
    1.0
    """
    return apply("detach", a)


def as_bool(condition: Any, what: str) -> bool:
    """A bool of Python or NumPy; all else is a TypeError, as ~True is -2, which is true."""
    return flag(condition, what, "a bool or a comparison", "compare, as in x > 0, and to negate exchange the branches")
