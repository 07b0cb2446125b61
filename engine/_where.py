"""Branches: a `where` passes the derivative to the branch that is taken, and nothing to the other."""

from __future__ import annotations

from typing import Any

from .core import Condition, Value, apply, as_condition, as_value, hide_engine, operation, real, strict, watch

_first, _second = operation("where_true"), operation("where_false")


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`: an inf or nan in the other has no effect on any derivative.

    The condition is a comparison of Values, which stays part of the graph, or a bool, which does not; all else is a
    TypeError. A branch is a Value, a number, or a function without arguments. Of functions only that of the branch
    taken is called, so that this works inside `strict()`; a recording calls both. With a bool and two numbers the
    result is a float, else a Value.

    >>> from engine import Value
    >>> x = Value(0.0, "x")
    >>> y = where(x > 0.0, x.sqrt(), 2.0 * x)
    >>> y.backward()
    >>> y.op, y.data, x.grad
    ('select', 0.0, 2.0)
    >>> where(x > 0.0, lambda: x.sqrt(), 2.0 * x).op
    'where_false'
    """
    try:
        return _chosen(as_condition(condition, "the condition of where"), a, b)
    except Exception as error:
        hide_engine(error)
        raise


def _chosen(found: Condition | bool, a: Any, b: Any) -> Any:
    """The branch that the condition takes, or a `select` of both."""
    if isinstance(found, Condition) and (not (callable(a) or callable(b)) or _changes(found)):
        held = found._node._number == 1.0
        return apply("select", found._node, _branch(a, held), _branch(b, not held))
    taken, other = (a, b) if found else (b, a)
    if not callable(other):
        as_value(other)
    if isinstance(a, Value) or isinstance(b, Value) or callable(a) or callable(b):
        return (_first if found else _second)(as_value(taken() if callable(taken) else taken))
    return real(taken)


def _changes(condition: Condition) -> bool:
    """Whether a recording is active in which the condition varies by example."""
    recording = watch()
    return recording is not None and recording.changes(condition._node)


def _branch(branch: Any, held: bool) -> Value:
    """A branch, which may be inf or nan inside `strict()` if it is not taken."""
    if not callable(branch):
        return as_value(branch)
    if held:
        return as_value(branch())
    with strict(False):
        return as_value(branch())


def detach(a: Any) -> Any:
    """The number of `a`, as a constant: no derivative goes through it.

    >>> from engine import Value
    >>> x = Value(0.0, "x")
    >>> y = x + detach(x.sqrt())
    >>> y.backward()
    >>> x.grad
    1.0
    """
    try:
        return apply("detach", a)
    except Exception as error:
        hide_engine(error)
        raise
