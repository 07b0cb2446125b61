"""Operators: arithmetic, comparisons, and the refusal to become a plain number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .node import Node
from .opcodes import ABS, ADD, FLOORDIV, MOD, MUL, NEG, POS, POW, ROUND, SUB

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by operators.pxd
    from .coercion import operand
    from .node import look, make, reading
    from .operations import binary, divide, power, unary

    identity_hash = object.__hash__

if TYPE_CHECKING:
    from .value import Value


@cython.no_gc  # a graph has no cycles: operands came first
@cython.cclass
class Operators(Node):
    """A node with operators, which take Values and real numbers on either side."""

    __slots__ = ()

    def __add__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else make(ADD, self._data + b._data, self, b, 1.0, 1.0)

    def __radd__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else make(ADD, a._data + self._data, a, self, 1.0, 1.0)

    def __sub__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else make(SUB, self._data - b._data, self, b, 1.0, -1.0)

    def __rsub__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else make(SUB, a._data - self._data, a, self, 1.0, -1.0)

    def __mul__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else make(MUL, self._data * b._data, self, b, b._data, self._data)

    def __rmul__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else make(MUL, a._data * self._data, a, self, self._data, a._data)

    def __truediv__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else divide(self, b)

    def __rtruediv__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else divide(a, self)

    def __floordiv__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(FLOORDIV, self, b)

    def __rfloordiv__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(FLOORDIV, a, self)

    def __mod__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(MOD, self, b)

    def __rmod__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(MOD, a, self)

    def __divmod__(self, other: Any) -> tuple[Value, Value]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Value, Value]:
        return other // self, other % self

    def __round__(self, digits: int | None = None) -> Value:
        if not digits:
            return unary(ROUND, self)
        scale = 10.0 ** abs(digits)
        return unary(ROUND, self * scale) / scale if digits > 0 else unary(ROUND, self / scale) * scale

    def rint(self) -> Value:
        """The nearest integer, of two the even one; its slope is 0."""
        return unary(ROUND, self)

    def __pow__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(POW, self, b) if b is other else power(self, b)

    def __rpow__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(POW, a, self)

    def __neg__(self) -> Value:
        return make(NEG, -self._data, self, None, -1.0)

    def __pos__(self) -> Value:
        return make(POS, self._data, self, None, 1.0)

    def __abs__(self) -> Value:
        return unary(ABS, self)

    def __eq__(self, other: object) -> bool:
        return self is other  # a Value can be a key

    def __hash__(self) -> int:
        return identity_hash(self)

    def __lt__(self, other: Any) -> bool:
        b = operand(other)
        return NotImplemented if b is None else look(self) < look(b)

    def __le__(self, other: Any) -> bool:
        b = operand(other)
        return NotImplemented if b is None else look(self) <= look(b)

    def __gt__(self, other: Any) -> bool:
        b = operand(other)
        return NotImplemented if b is None else look(self) > look(b)

    def __ge__(self, other: Any) -> bool:
        b = operand(other)
        return NotImplemented if b is None else look(self) >= look(b)

    def __float__(self) -> NoReturn:
        _leave(self)

    def __int__(self) -> NoReturn:
        _leave(self)

    def __index__(self) -> NoReturn:
        _leave(self)

    def __trunc__(self) -> NoReturn:
        _leave(self)

    def __complex__(self) -> NoReturn:
        _leave(self)


def _leave(value: Node) -> NoReturn:
    """Refuse to make a number of a Value, which would drop its gradient without a word."""
    reading(value, "data")
    raise TypeError(
        "a Value is not turned into a plain number, which would drop its gradient: pass its .data for the number; "
        "to stay in the graph, use the function of engine, such as exp or maximum, in place of that of math or NumPy"
    )


if not cython.compiled:  # where identity needs no saying, it is faster unsaid
    Operators.__eq__, Operators.__hash__ = object.__eq__, object.__hash__  # type: ignore[method-assign]
