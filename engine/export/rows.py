"""The table in JAX: every row as a function of arrays, whose derivative of any order is the row's own formula.

JAX would differentiate the formula of the result, and lose at the edges what the partials keep: the slope of relu
at 0, or of a power with a fixed exponent and a negative base. So each row is a `jax.custom_jvp` by its partials,
which are read over the same algebra, so that their derivatives are the table's again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, reduce
from typing import Any

from ..core import KERNELS, TABLE, RecordingError, Row, evaluate, numeric, require


def apply_row(name: str, *operands: Any) -> Any:
    """One operation of the table on arrays of doubles and numbers: the algebra of JAX; of numbers alone, a number.

    >>> import jax
    >>> with jax.enable_x64(True):
    ...     print(jax.grad(lambda a: apply_row("sigmoid", a))(50.0), jax.grad(lambda a: apply_row("relu", a))(0.0))
    1.92874984...e-22 0.0
    """
    if name in _ARITHMETIC:
        return _ARITHMETIC[name](*operands)
    if name == "shift":
        return shift(require("jax.numpy", "jax").stack(operands[0]))
    if all(isinstance(x, float) for x in operands):
        return numeric(name, *operands)
    return _by_row(name, operands) if TABLE[name].variadic else function(TABLE[name])(*operands)


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "sum": lambda operands: reduce(lambda a, b: a + b, operands, 0.0),
}


@cache
def function(row: Row) -> Callable[..., Any]:
    """A row without sequences as a function of arrays of one shape, differentiable by its partials."""
    jax = require("jax", "jax")
    kernels = _kernels()
    if row.name in KERNELS and row.name not in kernels:
        raise RecordingError(
            f"{row.name} is a kernel that only Python has: give its row a formula of other rows to run it in JAX"
        )
    value = jax.custom_jvp(kernels.get(row.name) or (lambda *operands: _by_row(row.name, operands)))

    def jvp(operands: Any, tangents: Any) -> tuple[Any, Any]:
        y = value(*operands)
        variables = dict(zip(row.variables, operands, strict=True)) | {"y": y}
        moving = [k for k, t in enumerate(tangents) if type(t) is not jax.custom_derivatives.SymbolicZero]
        terms = [_scaled(tangents[k], evaluate(row.partials[k], variables, apply_row)) for k in moving]
        return y, reduce(lambda a, b: a + b, terms)

    value.defjvp(jvp, symbolic_zeros=True)
    return value  # type: ignore[no-any-return]


def shift(operands: Any) -> Any:
    """The row `shift` along the first axis: the largest where that is finite, else 0; it has no derivative."""
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    operands = jax.lax.stop_gradient(operands)
    largest = np.max(np.where(np.isnan(operands), -math.inf, operands), axis=0)
    return np.where(np.isfinite(largest) & ~np.isnan(operands[0]), largest, 0.0)


def _by_row(name: str, operands: Any) -> Any:
    row = TABLE[name]
    return evaluate(row.formula, dict(zip(row.variables, operands, strict=True)), apply_row)


def _scaled(tangent: Any, slope: Any) -> Any:
    return tangent if isinstance(slope, float) and slope == 1.0 else slope * tangent


@cache
def _kernels() -> dict[str, Callable[..., Any]]:
    """What the rows defined by themselves are in JAX."""
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")

    def rest(a: Any, b: Any) -> Any:
        rounded = a - b
        minus_b = rounded - a
        lost = (a - (rounded - minus_b)) - (b + minus_b)
        return np.where(np.isfinite(lost), lost, 0.0)

    def mod(a: Any, b: Any) -> Any:
        m = np.fmod(a, b)
        return np.where(m == 0.0, np.copysign(0.0, b), np.where((m < 0.0) != (b < 0.0), m + b, m))

    return {
        "div": np.divide,
        "pow": np.power,
        "abs": np.abs,
        "exp": np.exp,
        "log": np.log,
        "log1p": np.log1p,
        "sqrt": np.sqrt,
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        "erf": jax.scipy.special.erf,
        "floor": np.floor,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "above": lambda a, b: np.where(np.isnan(a) | np.isnan(b), math.nan, np.where(a > b, 1.0, 0.0)),
        "mod": mod,
        "times": lambda a, b: np.where(a == 0.0, 0.0, a * b),
        "rest": rest,
    }
