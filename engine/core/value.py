"""Value: a number that remembers the operation, the operands and the partial derivatives it came from.

A leaf has no operation. Every other Value keeps `op`, the name of its row in the table; operands a (and b) and
the partials da = d self / d a (and db) in slots of their own; and where the row takes sequences, all operands
and all partials as two lists. Partials are numbers computed on the way forward: nothing here is a closure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Complex, Real
from typing import Any, TypeAlias

from .provenance import refuse, remember
from .table import KERNELS, TABLE, numeric

try:
    import cython
except ImportError:  # only the compiler needs it
    from . import _cython as cython

Number: TypeAlias = "Value | float"

# Imports point left only: what Value can do that is written to the right of this module enters here by name.
extensions: dict[str, Callable[..., Any]] = {}

if not cython.compiled:  # else the C library's own, by value.pxd
    c_exp, c_log, c_pow, c_tanh = KERNELS["exp"], KERNELS["log"], KERNELS["pow"], math.tanh

_serial = 0
_strict = False
_watch: Callable[[Any], None] | None = None


@cython.no_gc  # a graph has no cycles: operands came first
@cython.cclass
class Value:
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

    __slots__ = ("_a", "_b", "_da", "_data", "_db", "_grad", "_lists", "_mark", "label", "op", "serial")

    def __init__(self, data: Any, label: str = "") -> None:
        global _serial
        _serial += 1
        self.serial = _serial
        self._data = data if type(data) is float else real(data)
        self._grad = 0.0
        self.label = label
        self.op = ""
        self._a: Value | None = None
        self._b: Value | None = None
        self._da = self._db = 0.0
        self._lists: Any = None  # all operands and all partials, where the row takes sequences
        self._mark = 0

    @property
    def data(self) -> float:
        """The number itself, settable; what was computed from it before does not change."""
        return self._data if _watch is None else _look(self)

    @data.setter
    def data(self, data: Any) -> None:
        self._data = real(data)

    @property
    def grad(self) -> float:
        """The derivative of the output of the last `backward()`; on a leaf the sum since it was zeroed."""
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        self._grad = real(grad)

    @property
    def operands(self) -> tuple[Value, ...]:
        """What the operation was applied to, in order: `a * a` has `a` twice, a leaf none."""
        if self._lists is not None:
            return tuple(self._lists[0])
        return () if self._a is None else (self._a,) if self._b is None else (self._a, self._b)

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivative of this Value in each of its operands, as computed on the way forward."""
        if self._lists is not None:
            return tuple(self._lists[1])
        slopes: list[float] = [] if self._a is None else [self._da] if self._b is None else [self._da, self._db]
        return tuple(slopes)

    @property
    def _prev(self) -> set[Value]:
        return set(self.operands)

    @property
    def _op(self) -> str:
        return TABLE[self.op].sign if self.op else ""

    def backward(self) -> None:
        """Fill in `.grad` for everything this Value was computed from; leaf gradients add up until zeroed.

        >>> x = Value(3.0)
        >>> y = x**2 + x
        >>> y.backward(); y.backward()
        >>> x.grad
        14.0
        """
        extensions["backward"](self)

    def __add__(self, other: Any) -> Value:
        b = _operand(other)
        return NotImplemented if b is None else _node("add", self._data + b._data, self, b, 1.0, 1.0)

    def __radd__(self, other: Any) -> Value:
        a = _operand(other)
        return NotImplemented if a is None else _node("add", a._data + self._data, a, self, 1.0, 1.0)

    def __sub__(self, other: Any) -> Value:
        b = _operand(other)
        return NotImplemented if b is None else _node("sub", self._data - b._data, self, b, 1.0, -1.0)

    def __rsub__(self, other: Any) -> Value:
        a = _operand(other)
        return NotImplemented if a is None else _node("sub", a._data - self._data, a, self, 1.0, -1.0)

    def __mul__(self, other: Any) -> Value:
        b = _operand(other)
        return NotImplemented if b is None else _node("mul", self._data * b._data, self, b, b._data, self._data)

    def __rmul__(self, other: Any) -> Value:
        a = _operand(other)
        return NotImplemented if a is None else _node("mul", a._data * self._data, a, self, self._data, a._data)

    def __truediv__(self, other: Any) -> Value:
        b = _operand(other)
        return NotImplemented if b is None else _divide(self, b)

    def __rtruediv__(self, other: Any) -> Value:
        a = _operand(other)
        return NotImplemented if a is None else _divide(a, self)

    def __pow__(self, other: Any) -> Value:
        b = _operand(other)
        return NotImplemented if b is None else _row_binary("pow", self, b) if b is other else _power(self, b)

    def __rpow__(self, other: Any) -> Value:
        a = _operand(other)
        return NotImplemented if a is None else _row_binary("pow", a, self)

    def __neg__(self) -> Value:
        return _node("neg", -self._data, self, None, -1.0)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return _row_unary("abs", self)

    def exp(self) -> Value:
        """The exponential."""
        y = c_exp(self._data)
        return _node("exp", y, self, None, y)

    def log(self) -> Value:
        """The natural logarithm; -inf at 0, nan below."""
        x = self._data
        return _node("log", c_log(x), self, None, 1.0 / x) if x else _row_unary("log", self)

    def sqrt(self) -> Value:
        """The square root; nan below 0, and a slope of inf at 0."""
        return _row_unary("sqrt", self)

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return _node("tanh", c_tanh(self._data), self, None, 4.0 * _bell(c_exp(-2.0 * abs(self._data))))

    def sigmoid(self) -> Value:
        """The logistic function 1 / (1 + exp(-a)), with a slope exact in saturation too.

        >>> Value(50.0).sigmoid().partials
        (1.9287498479639178e-22,)
        """
        x = self._data
        e = c_exp(-abs(x))
        return _node("sigmoid", (1.0 if x >= 0.0 else e) / (1.0 + e), self, None, _bell(e))

    def relu(self) -> Value:
        """The positive part; its slope at 0 is 0, and nan stays nan."""
        x = self._data
        if x != x:
            return _row_unary("relu", self)
        return _node("relu", x, self, None, 1.0) if x > 0.0 else _node("relu", 0.0 if x else x, self, None, 0.0)

    def leaky_relu(self) -> Value:
        """The identity above 0, a hundredth of it below; its slope at 0 is 0."""
        return _row_unary("leaky_relu", self)

    def softplus(self) -> Value:
        """log(1 + exp(a)), which overflows for no a."""
        return _row_unary("softplus", self)

    def sin(self) -> Value:
        """The sine of an angle in radians."""
        return _row_unary("sin", self)

    def cos(self) -> Value:
        """The cosine of an angle in radians."""
        return _row_unary("cos", self)

    def erf(self) -> Value:
        """The error function, 2/√π times the integral of exp(-t²) from 0 to a."""
        return _row_unary("erf", self)

    def __eq__(self, other: object) -> bool:
        return self is other  # a Value can be a key

    def __hash__(self) -> int:
        return identity_hash(self)

    def __lt__(self, other: Any) -> bool:
        return _look(self) < _compared(other)

    def __le__(self, other: Any) -> bool:
        return _look(self) <= _compared(other)

    def __gt__(self, other: Any) -> bool:
        return _look(self) > _compared(other)

    def __ge__(self, other: Any) -> bool:
        return _look(self) >= _compared(other)

    def __float__(self) -> float:
        return _look(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={self._grad}{label})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _leaf, (self._data, self._grad, self.label)  # a pickle holds numbers, not the graph behind them

    def explore(self) -> Any:
        """The interactive page of what this Value was computed from, for a notebook."""
        return extensions["explore"](self)

    def _repr_svg_(self) -> str:
        svg: str = extensions["svg"](self)
        return svg

    def _repr_latex_(self) -> str:
        latex: str = extensions["latex"](self)
        return latex


if not cython.compiled:
    new_node, install, identity_hash = object.__new__, type, object.__hash__  # else those of arena.h
    # Where identity needs no saying, it is faster unsaid.
    Value.__eq__, Value.__hash__ = object.__eq__, object.__hash__  # type: ignore[method-assign]
arena = install(Value.__new__(Value))


def apply(name: str, *operands: Any) -> Any:
    """One operation of the table on Values and numbers: the algebra of Values; of numbers alone, a number.

    A row that takes sequences gets a list (or tuple) for each.

    >>> apply("mul", Value(2.0), 3.0).data, apply("exp", 0.0), apply("sum", [Value(1.0), 2.0]).partials
    (6.0, 1.0, (1.0, 1.0))
    """
    row = TABLE[name]
    if row.variadic:
        return _row_variadic(name, operands)
    if not any(type(x) is Value for x in operands):
        return numeric(name, *(x if type(x) is float else real(x) for x in operands))
    values = [as_value(x) for x in operands]
    return _row_unary(name, values[0]) if len(values) == 1 else _row_binary(name, values[0], values[1])


def operation(name: str) -> Callable[..., Any]:
    """The row of that name as a function of Values or numbers, which says its mathematics in its docstring.

    >>> softsign = operation("relu")
    >>> softsign(-2.0), softsign(Value(2.0)).data
    (0.0, 2.0)
    """
    row = TABLE[name]

    def function(*operands: Any) -> Any:
        if len(operands) != len(row.variables):
            raise TypeError(f"{name} takes {len(row.variables)} operand(s), not {len(operands)}")
        return apply(name, *operands)

    function.__name__ = function.__qualname__ = name
    slopes = ", ".join(row.partials)
    function.__doc__ = f"{row.formula}, with the slope {slopes}; of Values a Value, of numbers a float."
    return function


exp, log, sqrt, tanh = operation("exp"), operation("log"), operation("sqrt"), operation("tanh")
sigmoid, relu, softplus = operation("sigmoid"), operation("relu"), operation("softplus")
sin, cos, erf = operation("sin"), operation("cos"), operation("erf")
maximum, minimum = operation("maximum"), operation("minimum")


def dot(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> Value:
    """The sum of weights[i] * inputs[i], plus a bias, as one node with 2n + 1 operands: a neuron.

    Sequences of different lengths are a ValueError.

    >>> dot([Value(2.0), Value(3.0)], [10.0, 100.0], 1.0).data
    321.0
    """
    size = len(weights)
    if size != len(inputs):
        raise ValueError(f"dot takes as many weights as inputs, not {size} weights and {len(inputs)} inputs")
    operands = [entry if type(entry) is Value else as_value(entry) for entry in [*weights, *inputs, bias]]
    partials = [1.0] * len(operands)
    total = 0.0
    for i in range(size):
        w, x = operands[i], operands[size + i]
        partials[i], partials[size + i] = x._data, w._data
        total += w._data * x._data
    b = operands[2 * size]
    return _node("dot", total + b._data, None, None, 0.0, 0.0, (operands, partials))


def logsumexp(operands: Sequence[Any]) -> Any:
    """log(exp(x1) + ... + exp(xn)), which overflows for no operands; of no operands -inf.

    >>> logsumexp([Value(1000.0), Value(1000.0)]).data - 1000.0  # log 2
    0.6931471805598...
    """
    return apply("logsumexp", list(operands))


def softmax(operands: Sequence[Any]) -> list[Any]:
    """The shares exp(xi) / (exp(x1) + ... + exp(xn)), exact where they come close to 0 and to 1.

    Each is the sigmoid of xi - logsumexp(the others), whose slope does not cancel as p * (1 - p) does.

    >>> [round(p, 4) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.2447, 0.6652]
    """
    terms = list(operands)
    return [
        apply("sigmoid", apply("sub", x, apply("logsumexp", terms[:i] + terms[i + 1 :]))) for i, x in enumerate(terms)
    ]


def real(number: Any) -> float:
    """The float that a real number of any type is, or a TypeError that says what came and what to pass."""
    if isinstance(number, (float, int)):
        return float(number)
    is_real = isinstance(number, Real) or (
        hasattr(number, "__float__")
        and not isinstance(number, (Value, Complex))
        and getattr(number, "shape", ()) == ()  # an array of no dimensions is a number
    )
    if not is_real:
        hint = "its .data" if isinstance(number, Value) else "a real number, such as an int, a float or a NumPy scalar"
        raise TypeError(f"data must be a real number, not {type(number).__name__} {number!r}: pass {hint}")
    return float(number)


def as_value(number: Any) -> Value:
    """A Value as it is, and any real number as a leaf without a label: a constant."""
    return number if type(number) is Value else Value(number)


@contextmanager
def strict() -> Iterator[None]:
    """Inside, the first operation that yields inf or nan raises a NonFiniteError that names it and its line.

    >>> with strict():
    ...     Value(0.0, "x").log()
    Traceback (most recent call last):
    engine.core.errors.NonFiniteError: log(x = 0.0) gave -inf (<doctest ...>, line 2: ...)...
    """
    global _strict
    before, _strict = _strict, True
    try:
        yield
    finally:
        _strict = before


def is_strict() -> bool:
    """Whether this is inside `strict()`.

    >>> with strict():
    ...     is_strict()
    True
    """
    return _strict


@contextmanager
def watching(watch: Callable[[Value], None]) -> Iterator[None]:
    """Inside, `watch(value)` is called whenever a Value's data is looked at: `.data`, float() or a comparison.

    >>> with watching(print):
    ...     Value(1.0) < 2.0
    Value(data=1.0, grad=0.0)
    True
    """
    global _watch
    before, _watch = _watch, watch
    try:
        yield
    finally:
        _watch = before


# Nodes are made here and nowhere else, without __init__: a node's numbers need no checking.


def _node(
    op: str, data: float, a: Value | None, b: Value | None, da: float, db: float = 0.0, lists: Any = None
) -> Value:
    global _serial
    _serial += 1
    node = new_node(arena)
    node.serial = _serial
    node._data = data
    node._grad = 0.0
    node._a = a
    node._b = b
    node._da = da
    node._db = db
    node._lists = lists
    node._mark = 0
    node.label = ""
    node.op = op
    if data - data or _strict:
        _inspect(node)
    return node


def _row_unary(name: str, a: Value) -> Value:
    row, x = TABLE[name], a._data
    y = row.value(x)
    return _node(name, y, a, None, row.slopes(y, x)[0])


def _row_binary(name: str, a: Value, b: Value) -> Value:
    row, x1, x2 = TABLE[name], a._data, b._data
    y = row.value(x1, x2)
    da, db = row.slopes(y, x1, x2)
    return _node(name, y, a, b, da, db)


def _row_variadic(name: str, groups: Sequence[Any]) -> Any:
    row, size = TABLE[name], len(groups[0])
    for variable, group in zip(row.variables, groups, strict=True):
        count = len(group) if isinstance(group, (list, tuple)) else 1
        if count != (size if variable.isupper() else 1):
            wanted = f"{size}, as many as in the first," if variable.isupper() else "one"
            raise ValueError(f"{name} takes {wanted} for {variable}, not {count}")
    flat = [x for group in groups for x in (group if isinstance(group, (list, tuple)) else (group,))]
    if not any(type(x) is Value for x in flat):
        return numeric(name, *row.split([real(x) for x in flat]))
    operands = [as_value(x) for x in flat]
    numbers = row.split([operand._data for operand in operands])
    y = row.value(*numbers)
    return _node(name, y, None, None, 0.0, 0.0, (operands, row.flatten(row.slopes(y, *numbers), size)))


def _bell(e: float) -> float:
    """The slope of the logistic function, σ(x) * σ(-x), where e = exp(-|x|)."""
    return 1.0 / (1.0 + e) * (e / (1.0 + e))


def _divide(a: Value, b: Value) -> Value:
    if b._data == 0.0:
        return _row_binary("div", a, b)
    y = a._data / b._data
    return _node("div", y, a, b, 1.0 / b._data, -y / b._data)


def _power(a: Value, b: Value) -> Value:
    """A power whose exponent is a plain number: it cannot vary, so its partial is 0, not nan for a negative base."""
    x, n = a._data, b._data
    if n == 2.0:
        return _node("pow", x * x, a, b, 2.0 * x, 0.0)
    y = c_pow(x, n)
    if n - 1.0 + 1.0 != n:  # n - 1 is rounded, and the power would show it
        return _node("pow", y, a, b, TABLE["pow"].slopes(y, x, n)[0], 0.0)
    return _node("pow", y, a, b, n * c_pow(x, n - 1.0) if n else 0.0, 0.0)


def _operand(number: Any) -> Value | None:
    """A Value as it is, a number as a constant, None for what arithmetic has to leave to the other operand's type."""
    return number if type(number) is Value else _constant(number)


def _constant(number: Any) -> Value | None:
    if isinstance(number, (float, int)):
        return Value(float(number))
    if isinstance(number, (str, bytes, type(None), complex, list, tuple, dict, set)):
        raise TypeError(
            f"a Value is combined with Values and real numbers, not with {type(number).__name__} {number!r}"
        )
    return Value(number) if isinstance(number, Real) or getattr(number, "shape", None) == () else None


def _compared(other: Any) -> float:
    return _look(other) if type(other) is Value else real(other)


def _look(value: Value) -> float:
    """The number of a Value for code outside, which `watching` is told of."""
    if _watch is not None:
        _watch(value)
    return value._data


def _leaf(data: float, grad: float, label: str) -> Value:
    leaf = Value(data, label)
    leaf.grad = grad
    return leaf


def _inspect(node: Value) -> None:
    """Called on what is not finite, whose data - data is nan, and inside `strict()` on all: a check of nanoseconds."""
    if not node.op:
        return
    if not _strict:
        remember(node)
    elif not (math.isfinite(node._data) and all(map(math.isfinite, node.partials))):
        refuse(node)
