"""Value: a number with the operators of arithmetic, which remembers the operation that it came from.

An operator computes its result and its partial derivatives and stores them in a node (node.py); `backward()` traverses
the graph from that node to the leaves (backward.py). The mathematics of an operation is a row of the table
(table/rows.py).
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, TypeAlias

from ..table import count
from .backward import backward
from .coercion import real, text
from .node import install
from .operations import rounded
from .properties import Properties, no_modulus

if TYPE_CHECKING:
    from .. import _cython as cython
else:
    try:
        import cython
    except ImportError:  # only the compiler needs it
        from .. import _cython as cython

if not cython.compiled:  # else by value.pxd
    from ..table import code_of
    from .coercion import operand
    from .condition import condition
    from .node import Node, begin, reading, set_grad
    from .operations import binary, power, unary
    from .sealed import sealed

    ABS, ADD, COS, DIV, ERF, EXP, FLOORDIV = map(code_of, ("abs", "add", "cos", "div", "erf", "exp", "floordiv"))
    LEAKY_RELU, LESS, LESS_EQUAL, LOG, MOD = map(code_of, ("leaky_relu", "less", "less_equal", "log", "mod"))
    MUL, NEG, POS, POW, RELU, ROUND = map(code_of, ("mul", "neg", "pos", "pow", "relu", "round"))
    SIGMOID, SIN, SOFTPLUS, SQRT, SUB, TANH = map(code_of, ("sigmoid", "sin", "softplus", "sqrt", "sub", "tanh"))

    identity_hash = object.__hash__

if TYPE_CHECKING:
    from ..page import Frame

Number: TypeAlias = "Value | float"


@cython.cclass
class Value(Properties):
    """A real number in a graph of operations.

    `data` is anything that is a real number; `label` names it in pictures and findings. A `str`, `None`,
    `complex` or sequence is a TypeError.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b
    >>> c.op, c.operands, c.partials
    ('mul', (Value(data=2.0, grad=0.0, label='a'), Value(data=-3.0, grad=0.0, label='b')), (-3.0, 2.0))
    >>> c.backward()
    >>> a.grad, b.grad
    (-3.0, 2.0)
    """

    __slots__ = ()
    __signature__ = signature(lambda data, label="": None)  # for help() and completion, where this is compiled

    def __init__(self, data: Any, label: str = "", *operation: Any) -> None:
        if operation:
            raise TypeError(
                "Value takes a number and a label: an operation of your own is a row of the table, "
                'as in row("cube", "³", "a * a * a", "3 * a * a")'
            )
        if self.serial if cython.compiled else type(self) is Value:
            raise TypeError("a Value is made once: set its .data, or make another")
        begin(self, data if type(data) is float else real(data), label if type(label) is str else text(label))

    @classmethod
    def _final(cls, **options: Any) -> None:  # installed as __init_subclass__, which Cython does not compile
        raise TypeError(
            f"Value is final, so {cls.__name__} cannot be a subclass: add an operation with row(), and keep what "
            "belongs to a Value in a dict that has the Value as its key"
        )

    def _backward(self) -> None:
        for operand, partial in zip(self.operands, self.partials, strict=True):
            operand.grad += partial * self.grad

    def backward(self, seed: float = 1.0) -> None:
        """Fill in `.grad` of all nodes behind this Value; leaf gradients add up until zeroed.

        `seed` is the gradient of this Value itself, and so multiplies all others.

        >>> x = Value(3.0)
        >>> y = x**2 + x
        >>> y.backward(); y.backward()
        >>> x.grad
        14.0
        """
        backward(self, real(seed))

    def __add__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(ADD, self, b)

    def __radd__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(ADD, a, self)

    def __sub__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(SUB, self, b)

    def __rsub__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(SUB, a, self)

    def __mul__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(MUL, self, b)

    def __rmul__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(MUL, a, self)

    def __truediv__(self, other: Any) -> Value:
        b = operand(other)
        return NotImplemented if b is None else binary(DIV, self, b)

    def __rtruediv__(self, other: Any) -> Value:
        a = operand(other)
        return NotImplemented if a is None else binary(DIV, a, self)

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
        if digits is None or not count(digits, "digits", -308):
            return unary(ROUND, self)
        return rounded(self, digits)

    def __pow__(self, other: Any, modulus: None = None) -> Value:
        b = operand(other) if modulus is None else no_modulus()
        return NotImplemented if b is None else binary(POW, self, b) if b is other else power(self, b)

    def __rpow__(self, other: Any, modulus: None = None) -> Value:
        a = operand(other) if modulus is None else no_modulus()
        return NotImplemented if a is None else binary(POW, a, self)

    def __neg__(self) -> Value:
        return unary(NEG, self)

    def __pos__(self) -> Value:
        return unary(POS, self)

    def __abs__(self) -> Value:
        return unary(ABS, self)

    def exp(self) -> Value:
        """The exponential."""
        return unary(EXP, self)

    def log(self) -> Value:
        """The natural logarithm; -inf at 0, nan below."""
        return unary(LOG, self)

    def sqrt(self) -> Value:
        """The square root; nan below 0, and a slope of inf at 0 and -0."""
        return unary(SQRT, self)

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return unary(TANH, self)

    def sigmoid(self) -> Value:
        """The logistic function 1 / (1 + exp(-a)), with a slope exact in saturation too.

        >>> Value(50.0).sigmoid().partials
        (1.9287498479639178e-22,)
        """
        return unary(SIGMOID, self)

    def relu(self) -> Value:
        """The positive part; its slope at 0 is 0, and nan stays nan."""
        return unary(RELU, self)

    def leaky_relu(self) -> Value:
        """The identity above 0, a hundredth of it below; its slope at 0 is 0."""
        return unary(LEAKY_RELU, self)

    def softplus(self) -> Value:
        """log(1 + exp(a)), which never overflows."""
        return unary(SOFTPLUS, self)

    def sin(self) -> Value:
        """The sine of an angle in radians."""
        return unary(SIN, self)

    def cos(self) -> Value:
        """The cosine of an angle in radians."""
        return unary(COS, self)

    def erf(self) -> Value:
        """The error function, 2/√π times the integral of exp(-t²) from 0 to a."""
        return unary(ERF, self)

    def __eq__(self, other: object) -> bool:
        return self is other  # a Value can be a key

    def __hash__(self) -> int:
        return identity_hash(self)

    def __lt__(self, other: Any) -> Any:
        b = operand(other)
        return NotImplemented if b is None else condition(binary(LESS, self, b))

    def __le__(self, other: Any) -> Any:
        b = operand(other)
        return NotImplemented if b is None else condition(binary(LESS_EQUAL, self, b))

    def __gt__(self, other: Any) -> Any:
        b = operand(other)
        return NotImplemented if b is None else condition(binary(LESS, b, self))

    def __ge__(self, other: Any) -> Any:
        b = operand(other)
        return NotImplemented if b is None else condition(binary(LESS_EQUAL, b, self))

    def __reduce__(self) -> tuple[Any, ...]:
        reading(self, "data")
        return _leaf, (self._number, self._grad, self._label)  # a pickle holds numbers, not the graph behind them

    def explore(self) -> Frame:
        """The interactive page of the graph behind this Value, for a notebook."""
        from ..page import explore

        return explore(self)

    def _repr_html_(self) -> str:
        from ..chain import VariableGraph
        from ..picture import to_html

        return to_html(VariableGraph(self))

    def _repr_latex_(self) -> str:
        from ..chain import latex_of_value

        return latex_of_value(self)


def _leaf(data: float, grad: float, label: str) -> Value:
    set_grad(leaf := Value(data, label), grad)
    return leaf


if not cython.compiled:  # object's own comparison and hash are faster
    Value.__eq__, Value.__hash__ = object.__eq__, object.__hash__  # type: ignore[method-assign]
    Value.__init_subclass__, Value.__new__ = Value.__dict__["_final"], lambda kind: kind(0.0)  # type: ignore
    Value = sealed(Value, Node)  # type: ignore[misc]
install(Value.__new__(Value))
