"""Coercion: real numbers of any type become floats, and as operands of Values they become leaves."""

from __future__ import annotations

import math
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

from .node import Node

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by coercion.pxd
    from .node import leaf

if TYPE_CHECKING:
    from .value import Value


ENCODING = "names = sorted(set(y)); y = [names.index(name) for name in y]"  # what to do about labels


def real(number: Any) -> float:
    """A real number of any type as a float; anything else is a TypeError that says what came and what to pass."""
    if type(number) is float:
        return number  # the most frequent by far
    entry = number if isinstance(number, (float, int)) else _entry(number)
    if isinstance(entry, (float, int, Real)) or (hasattr(entry, "__float__") and not isinstance(entry, Complex)):
        return _float(entry)
    hint = "its .data" if isinstance(number, Node) else "a real number, such as an int, a float or a NumPy scalar"
    raise TypeError(f"data must be a real number, not {type(number).__name__} {number!r}: pass {hint}")


def _entry(number: Any) -> Any:
    """The only entry of an array, None for a container of several numbers, any other object as it is."""
    if isinstance(number, Node):
        return None
    shape = getattr(number, "shape", None)
    if shape is None:
        return number
    return number.item() if hasattr(number, "item") and math.prod(shape) == 1 else None


def _float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        raise OverflowError(
            f"data must be a number that a float holds, up to 1.8e308, not a larger {type(number).__name__}: scale it"
        ) from None


def text(label: Any) -> str:
    """A label as a plain str, also from a subclass of str; any other type is a TypeError."""
    if isinstance(label, str):
        return str.__str__(label)
    raise TypeError(f'a label must be a str, such as "w", not {type(label).__name__} {label!r:.80}')


def as_value(number: Any) -> Value:
    """A Value as it is, and any real number as a leaf without a label: a constant."""
    return number if isinstance(number, Node) else leaf(real(number))  # type: ignore[return-value]


def operand(number: Any) -> Value | None:
    """A Value as it is, a number as a constant, None for a type that should handle the operator itself."""
    return number if isinstance(number, Node) else _constant(number)  # type: ignore[return-value]


def _constant(number: Any) -> Value | None:
    if isinstance(number, (float, int)):
        return leaf(_float(number))
    if isinstance(number, (str, bytes, type(None), complex, list, tuple, dict, set)):
        raise TypeError(
            f"a Value is combined with Values and real numbers, not with {type(number).__name__} {number!r}"
        )
    return leaf(real(number)) if isinstance(number, Real) or getattr(number, "shape", None) == () else None
