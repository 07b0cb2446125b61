"""The properties of a Value: its numbers, label and operation, and its refusal to become a plain number."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any, NoReturn

from ..table import NAMES, TABLE
from .coercion import real, text
from .functions import method
from .node import Node, showing

if TYPE_CHECKING:
    from .. import _cython as cython
else:
    try:
        import cython
    except ImportError:  # only the compiler needs it
        from .. import _cython as cython

if not cython.compiled:  # else by properties.pxd
    from .node import look, reading, set_data, set_grad, set_label, setting

if TYPE_CHECKING:
    from .value import Value


@cython.cclass
class Properties(Node):
    """A node that can be read, named and printed; a Value adds the operators."""

    __slots__ = ()

    @property
    def data(self) -> float:
        """The number itself, settable; earlier results computed from it do not change."""
        return look(self)

    @data.setter
    def data(self, data: Any) -> None:
        number = real(data)
        setting(self, "data")
        set_data(self, number)

    @data.deleter
    def data(self) -> None:
        _keep("data")

    @property
    def grad(self) -> float:
        """The derivative of the output of the last `backward()`; on a leaf the sum since it was zeroed."""
        reading(self, "gradient")
        return self._grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        number = real(grad, "grad")
        setting(self, "gradient")
        set_grad(self, number)

    @grad.deleter
    def grad(self) -> None:
        _keep("grad")

    @property
    def label(self) -> str:
        """The name in pictures, findings and errors, settable; "" if it has none."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        set_label(self, label if type(label) is str else text(label))

    @label.deleter
    def label(self) -> None:
        _keep("label")

    @property
    def op(self) -> str:
        """The name of the operation's row in the table, "" for a leaf."""
        return NAMES[self._code] if self._code else ""

    @property
    def operands(self) -> tuple[Value, ...]:
        """The operands of the operation, in order: `a * a` has `a` twice, a leaf none."""
        if self._lists is not None:
            return tuple(self._lists[0])
        return () if self._a is None else (self._a,) if self._b is None else (self._a, self._b)

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivative of this Value with respect to each operand, as computed in the forward pass."""
        reading(self, "partials")
        if self._lists is not None:
            return tuple(self._lists[1])
        partials = [self._da, self._db][: (self._a is not None) + (self._b is not None)]
        return tuple(partials)

    @property
    def _prev(self) -> set[Value]:
        return set(self.operands)

    @property
    def _op(self) -> str:
        return TABLE[NAMES[self._code]].sign if self._code else ""

    # Rows by their own names, besides those of value.py.
    asin, acos, atan, asinh, acosh = map(method, ("asin", "acos", "atan", "asinh", "acosh"))
    atanh, floor, ceil, trunc, sign = map(method, ("atanh", "floor", "ceil", "trunc", "sign"))
    erfinv, logit, normal_pdf, normal_cdf = map(method, ("erfinv", "logit", "normal_pdf", "normal_cdf"))
    # Rows by the names that NumPy looks up when it applies a function to an array of Values.
    tan, arcsin, arccos, arctan, sinh, cosh = map(method, ("tan", "asin", "acos", "atan", "sinh", "cosh"))
    arctan2, hypot, arcsinh, arccosh, arctanh = map(method, ("atan2", "hypot", "asinh", "acosh", "atanh"))
    exp2, expm1, log2, log10, log1p = map(method, ("exp2", "expm1", "log2", "log10", "log1p"))
    cbrt, fabs, rint, square = map(method, ("cbrt", "abs", "round", "square"))
    # And by the names of activations.
    elu, selu, silu, gelu, mish, softsign = map(method, ("elu", "selu", "silu", "gelu", "mish", "softsign"))
    log_sigmoid, clip, hard_tanh, hard_sigmoid = map(method, ("log_sigmoid", "clip", "hard_tanh", "hard_sigmoid"))
    erfc = method("erfc")

    def rad2deg(self) -> Value:
        """The angle in degrees, of one in radians."""
        return self * (180.0 / pi)  # type: ignore[operator, return-value]

    def deg2rad(self) -> Value:
        """The angle in radians, of one in degrees."""
        return self * (pi / 180.0)  # type: ignore[operator, return-value]

    degrees, radians = rad2deg, deg2rad

    def conjugate(self) -> Value:
        """The Value itself, which is real; NumPy's standard deviation asks for it."""
        return self  # type: ignore[return-value]

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

    def __bool__(self) -> bool:
        return bool(look(self) != 0.0)

    def __format__(self, spec: str) -> str:
        return format(showing(self, self._number), spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self._label!r}" if self._label else ""
        return f"Value(data={showing(self, self._number)}, grad={showing(self, self._grad)}{label})"


def _keep(name: str) -> NoReturn:
    raise AttributeError(f"the {name} of a Value cannot be deleted: set it")


def _leave(value: Node) -> NoReturn:
    """Refuse to turn a Value into a number, which would silently drop its gradient."""
    reading(value, "data")
    raise TypeError(
        "a Value is not turned into a plain number, which would drop its gradient: pass its .data for the number; "
        "to stay in the graph, use the function of engine, such as exp or maximum, in place of that of math or NumPy"
    )


def no_modulus() -> NoReturn:
    """Refuse the modulus of pow(a, b, m), which is for whole numbers."""
    raise TypeError("pow takes no modulus with Values: write a**b % m")
