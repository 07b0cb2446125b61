"""Coercion: real numbers of any type become floats, and as operands of Values they become leaves."""

from __future__ import annotations

import math
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

from ..table import NAMES, came, instance, refuse
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


def real(number: Any, what: str = "data") -> float:
    """A real number of any type as a float; anything else is a TypeError that says what came and what to pass."""
    if type(number) is float:
        return number  # the most frequent by far
    entry = number if isinstance(number, (float, int)) else _entry(number)
    if isinstance(entry, (float, int, Real)) or (hasattr(type(entry), "__float__") and not isinstance(entry, Complex)):
        return _float(entry, what)
    hint = "its .data" if isinstance(number, Node) else "a real number, such as an int, a float or a NumPy scalar"
    raise refuse(what, "a real number", number, f"pass {hint}")


def within(number: Any, what: str, least: float = 0.0, below: float = math.inf) -> float:
    """A number as a float in [least, below), which makes it finite.

    >>> within(-1, "eps")
    Traceback (most recent call last):
    ValueError: eps must be at least 0 and finite, not -1.0
    """
    found = real(number, what)
    if not least <= found < below:
        bound = f"below {below:g}" if below < math.inf else "finite"
        raise ValueError(f"{what} must be at least {least:g} and {bound}, not {found!r}")
    return found


def _entry(number: Any) -> Any:
    """The only entry of an array, any other object as it is; None if it is no single number.

    None is for a Value, several numbers, a masked entry, and a duration, which NumPy would give as an int.
    """
    if isinstance(number, Node):
        return None
    shape = getattr(number, "shape", None)
    if shape is None:
        return number
    if not hasattr(number, "item") or math.prod(shape) != 1 or getattr(number, "_mask", False):
        return None
    return None if getattr(getattr(number, "dtype", None), "kind", "") == "m" else number.item()


def _float(number: Any, what: str = "data") -> float:
    try:
        return float(number)
    except OverflowError:
        raise OverflowError(
            f"{what} must be a number that a float holds, up to 1.8e308, not a larger {type(number).__name__}: scale it"
        ) from None


def text(label: Any) -> str:
    """A label as a plain str, also from a subclass of str; any other type is a TypeError."""
    return str.__str__(instance(label, str, "a label", 'a str, such as "w"'))


def as_value(number: Any, code: int = 0) -> Value:
    """A Value as it is, and any real number as a leaf without a label: a constant, as an operand of a row if given."""
    return number if isinstance(number, Node) else leaf(operand_of(number, code))  # type: ignore[return-value]


def operand_of(number: Any, code: int) -> float:
    """A plain number that is an operand of the row with this opcode, as a float."""
    if type(number) is float:
        return number
    return real(number, f"an operand of {NAMES[code]}" if code else "data")


def operand(number: Any) -> Value | None:
    """A Value as it is, a number as a constant, None for a type that should handle the operator itself."""
    return number if isinstance(number, Node) else _constant(number)  # type: ignore[return-value]


def _constant(number: Any) -> Value | None:
    if isinstance(number, (float, int)):
        return leaf(_float(number))
    if isinstance(number, (str, bytes, type(None), complex, list, tuple, dict, set)):
        raise TypeError(f"a Value is combined with Values and real numbers, not with {came(number)}")
    return leaf(real(number)) if isinstance(number, Real) or getattr(number, "shape", None) == () else None
