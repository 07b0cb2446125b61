"""What a number is: real numbers of any type become floats, and beside Values leaves."""

from __future__ import annotations

from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

from .node import Node

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by coercion.pxd
    from .node import leaf, look

if TYPE_CHECKING:
    from .value import Value


def real(number: Any) -> float:
    """The float that a real number of any type is, or a TypeError that says what came and what to pass."""
    if isinstance(number, (float, int)):
        return float(number)
    is_real = isinstance(number, Real) or (
        hasattr(number, "__float__")
        and not isinstance(number, (Node, Complex))
        and getattr(number, "shape", ()) == ()  # an array of no dimensions is a number
    )
    if not is_real:
        hint = "its .data" if isinstance(number, Node) else "a real number, such as an int, a float or a NumPy scalar"
        raise TypeError(f"data must be a real number, not {type(number).__name__} {number!r}: pass {hint}")
    return float(number)


def as_value(number: Any) -> Value:
    """A Value as it is, and any real number as a leaf without a label: a constant."""
    return number if isinstance(number, Node) else leaf(real(number))  # type: ignore[return-value]


def operand(number: Any) -> Value | None:
    """A Value as it is, a number as a constant, None for what arithmetic has to leave to the other operand's type."""
    return number if isinstance(number, Node) else _constant(number)  # type: ignore[return-value]


def _constant(number: Any) -> Value | None:
    if isinstance(number, (float, int)):
        return leaf(float(number))
    if isinstance(number, (str, bytes, type(None), complex, list, tuple, dict, set)):
        raise TypeError(
            f"a Value is combined with Values and real numbers, not with {type(number).__name__} {number!r}"
        )
    return leaf(real(number)) if isinstance(number, Real) or getattr(number, "shape", None) == () else None


def compared(other: Any) -> float:
    """The number that a Value is compared with."""
    return look(other) if isinstance(other, Node) else real(other)
