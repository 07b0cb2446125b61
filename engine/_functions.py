"""The public rows of the table as functions: a Value if an operand is one, else a float."""

# Overloads overlap, since a sequence of floats is also a sequence of Values or numbers:
# mypy: disable-error-code="overload-overlap"

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias, overload

from .core import Value, api_boundary, apply, entries, hide_engine, log_shares, operation, real, refuse, shares

Number: TypeAlias = Value | float


class OfOne(Protocol):
    """A row of one operand."""

    __name__: str

    @overload
    def __call__(self, a: Value, /) -> Value: ...
    @overload
    def __call__(self, a: float, /) -> float: ...


class OfTwo(Protocol):
    """A row of two operands."""

    __name__: str

    @overload
    def __call__(self, a: float, b: float, /) -> float: ...
    @overload
    def __call__(self, a: Number, b: Number, /) -> Value: ...


class OfThree(Protocol):
    """A row of three operands."""

    __name__: str

    @overload
    def __call__(self, a: float, b: float, c: float, /) -> float: ...
    @overload
    def __call__(self, a: Number, b: Number, c: Number, /) -> Value: ...


class OfMany(Protocol):
    """A row over a sequence."""

    __name__: str

    @overload
    def __call__(self, operands: Iterable[float], /) -> float: ...
    @overload
    def __call__(self, operands: Iterable[Number], /) -> Value: ...


def _one(names: str) -> list[OfOne]:
    return [_shown(name, 1.0 if name == "acosh" else 0.5) for name in names.split()]


def _two(names: str) -> list[OfTwo]:
    return [_shown(name, 7.5, 2.0) for name in names.split()]


def _three(names: str) -> list[OfThree]:
    return [_shown(name, 7.5, 0.0, 1.0) for name in names.split()]


def _many(names: str) -> list[OfMany]:
    return [_shown(name, [3.0, 4.0]) for name in names.split()]


def _shown(name: str, *operands: Any) -> Any:
    """The operation, with an example in its docstring."""
    function = operation(name)
    call = f"{name}({', '.join(map(repr, operands))})"
    note = "\n\nTerms are added from left to right, and each partial sum is rounded" if name == "sum" else ""
    function.__doc__ = f"{function.__doc__}{note}.\n\n>>> {call}\n{function(*operands)!r}"
    return function


# fmt: off
neg, pos, abs, square, sqrt, cbrt = _one("neg pos abs square sqrt cbrt")
exp, exp2, expm1, log, log2, log10, log1p = _one("exp exp2 expm1 log log2 log10 log1p")
sin, cos, tan, asin, acos, atan = _one("sin cos tan asin acos atan")
sinh, cosh, tanh, asinh, acosh, atanh = _one("sinh cosh tanh asinh acosh atanh")
erf, erfc, erfinv, normal_pdf, normal_cdf = _one("erf erfc erfinv normal_pdf normal_cdf")
sigmoid, log_sigmoid, logit, softplus, softsign = _one("sigmoid log_sigmoid logit softplus softsign")
relu, leaky_relu, elu, selu, silu, gelu, mish = _one("relu leaky_relu elu selu silu gelu mish")
hard_tanh, hard_sigmoid = _one("hard_tanh hard_sigmoid")
floor, ceil, round, trunc, sign = _one("floor ceil round trunc sign")
add, sub, mul, div, pow, mod, floordiv = _two("add sub mul div pow mod floordiv")
hypot, atan2, xlogy, logaddexp, copysign = _two("hypot atan2 xlogy logaddexp copysign")
less, less_equal, _maximum, _minimum = _two("less less_equal maximum minimum")
clip, select = _three("clip select")
sum, norm, logsumexp, largest, smallest = _many("sum norm logsumexp largest smallest")
# fmt: on


@overload
def maximum(*operands: float) -> float: ...
@overload
def maximum(*operands: Number) -> Value: ...
def maximum(*operands: Number) -> Number:
    """The largest of some Values and numbers; those that are equal share the slope equally, and nan stays nan.

    >>> maximum(1.0, 3.0, 2.0), maximum(Value(1.0), 1.0).partials
    (3.0, (0.5, 0.5))
    """
    try:
        return _maximum(*operands) if len(operands) == 2 else largest(_several(operands, "maximum"))
    except Exception as error:
        hide_engine(error)
        raise


@overload
def minimum(*operands: float) -> float: ...
@overload
def minimum(*operands: Number) -> Value: ...
def minimum(*operands: Number) -> Number:
    """The smallest of some Values and numbers; those that are equal share the slope equally, and nan stays nan.

    >>> minimum(1.0, 3.0, 2.0)
    1.0
    """
    try:
        return _minimum(*operands) if len(operands) == 2 else smallest(_several(operands, "minimum"))
    except Exception as error:
        hide_engine(error)
        raise


def _several(operands: tuple[Number, ...], name: str) -> list[Number]:
    """The operands of a maximum of one or of more than two."""
    if len(operands) == 1 and isinstance(operands[0], Iterable):
        raise refuse(f"an operand of {name}", "a Value or a number", operands[0], f"as in {name}(*operands)")
    if not operands:
        raise TypeError(f"{name} takes at least one Value or number")
    return _operands(operands, name)


def _operands(given: Iterable[Number], name: str) -> list[Number]:
    """The operands of a function over a sequence: Values as they are, numbers as floats."""
    operands = entries(given, f"the operand of {name}")
    return [x if isinstance(x, Value) else real(x, f"an operand of {name}") for x in operands]


@overload
def softmax(operands: Iterable[float]) -> list[float]: ...
@overload
def softmax(operands: Iterable[Number]) -> list[Value]: ...
@api_boundary
def softmax(operands: Iterable[Number]) -> list[Value] | list[float]:
    """The shares exp(xi) / (exp(x1) + ... + exp(xn)), exact where they come close to 0 and to 1.

    Each is the sigmoid of xi minus the logsumexp of all other entries: its slope keeps the digits that p * (1 - p)
    loses. An entry of -inf has the share 0 and takes no part in any derivative, even where no other is left. An entry
    of inf has the share 1; with two of them it is unknown which is larger, and their shares are nan.

    >>> softmax([1.0, 1.0, -float("inf")])
    [0.5, 0.5, 0.0]
    """
    return shares(apply, _operands(operands, "softmax"))


@overload
def log_softmax(operands: Iterable[float]) -> list[float]: ...
@overload
def log_softmax(operands: Iterable[Number]) -> list[Value]: ...
@api_boundary
def log_softmax(operands: Iterable[Number]) -> list[Value] | list[float]:
    """The logarithms of softmax, exact also where a share comes close to 1 or is 0: a masked entry is -inf.

    >>> log_softmax([0.0, 50.0, -float("inf")])
    [-50.0, -1.9287498479639178e-22, -inf]
    """
    return log_shares(apply, _operands(operands, "log_softmax"))


@overload
def prod(operands: Iterable[float]) -> float: ...
@overload
def prod(operands: Iterable[Number]) -> Value: ...
@api_boundary
def prod(operands: Iterable[Number]) -> Number:
    """The product, 1 if there are no operands; its derivatives are right where factors are 0, too.

    >>> prod([2.0, 0.0, 4.0])
    0.0
    """
    factors = _operands(operands, "prod") or [1.0]
    while len(factors) > 1:
        paired = len(factors) // 2 * 2
        factors = [factors[i] * factors[i + 1] for i in range(0, paired, 2)] + factors[paired:]
    return factors[0]


@overload
def mean(operands: Iterable[float]) -> float: ...
@overload
def mean(operands: Iterable[Number]) -> Value: ...
@api_boundary
def mean(operands: Iterable[Number]) -> Number:
    """The sum divided by the number of operands; nan if there are none.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    terms = _operands(operands, "mean")
    return div(sum(terms), float(len(terms)))
