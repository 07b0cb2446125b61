"""The table in JAX: every row as a function of arrays, whose derivative of any order is the row's own formula.

JAX would differentiate the formula of the result, which is wrong at special points, such as relu at 0, or a power
with a fixed exponent and a negative base. So each row is a `jax.custom_jvp` with its partials, which are evaluated
over the same algebra, so that their derivatives are the table's, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial, reduce
from typing import Any

from ..core import PRIMITIVES, TABLE, RecordingError, Row, evaluate, missing, numeric, require
from ..core import function as spelled


def apply_row(name: str, *operands: Any, mask: Any = None) -> Any:
    """One operation of the table on arrays of doubles and numbers, the algebra of JAX; numbers alone give a number.

    Where `mask` is 0, its partials are 0 too.

    >>> import jax
    >>> with jax.enable_x64(True):
    ...     print(jax.grad(lambda a: apply_row("sigmoid", a))(50.0), jax.grad(lambda a: apply_row("relu", a))(0.0))
    1.92874984...e-22 0.0
    """
    row = TABLE[name]
    if name in ("sum", "shift"):
        return _sum(*operands) if name == "sum" else shift(require("jax.numpy", "jax").stack(operands[0]))
    if row.variadic:
        return _by_row(row, *operands, mask=mask)
    if all(isinstance(x, float) for x in operands):
        return numeric(name, *operands)
    return function(row)(*operands) if mask is None or name in LINEAR else masked(row)(mask, *operands)


LINEAR = ("add", "sub", "neg")


@cache
def function(row: Row) -> Callable[..., Any]:
    """A row without sequences as a function of arrays of one shape, differentiable by its partials."""
    if row.name in (*LINEAR, "mul"):
        return primitive(row.name)
    return _by_partials(row, primitive(row.name) if row.name in PRIMITIVES else partial(_by_row, row, mask=None), 0)


@cache
def masked(row: Row) -> Callable[..., Any]:
    """The same with a mask as the first argument."""
    return _by_partials(row, lambda mask, *operands: function(row)(*operands), 1)


def _by_partials(row: Row, run: Callable[..., Any], masks: int) -> Callable[..., Any]:
    """A function that JAX differentiates by the row's partials, after 0 or 1 `masks`."""
    value = require("jax", "jax").custom_jvp(run)

    def jvp(operands: Any, tangents: Any) -> tuple[Any, Any]:
        y = value(*operands)
        return y, _tangent(row, y, operands[masks:], tangents[masks:], operands[0] if masks else None)

    value.defjvp(jvp, symbolic_zeros=True)
    return value  # type: ignore[no-any-return]


def _tangent(row: Row, y: Any, operands: Any, tangents: Any, mask: Any) -> Any:
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    variables, terms = dict(zip(row.variables, operands, strict=True)) | {"y": y}, []
    for tangent, formula in zip(tangents, row.partials, strict=True):
        if type(tangent) is not jax.custom_derivatives.SymbolicZero and formula != "0":  # 0 * inf would be nan
            slope = evaluate(formula, variables, partial(apply_row, mask=mask))
            if mask is not None and not isinstance(slope, float):
                slope = np.where(mask != 0.0, slope, 0.0)
            terms.append(tangent if isinstance(slope, float) and slope == 1.0 else slope * tangent)
    return reduce(lambda a, b: a + b, terms) if terms else np.zeros_like(y)


def _by_row(row: Row, *operands: Any, mask: Any) -> Any:
    return evaluate(row.formula, dict(zip(row.variables, operands, strict=True)), partial(apply_row, mask=mask))


def primitive(name: str) -> Callable[..., Any]:
    """A primitive in JAX."""
    if not PRIMITIVES[name].jax:
        raise RecordingError(missing(name, "JAX"))
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    return spelled(PRIMITIVES[name].jax, np=np, special=jax.scipy.special)


def _sum(operands: Any) -> Any:
    return reduce(primitive("sum"), operands, PRIMITIVES["sum"].start)


def shift(operands: Any) -> Any:
    """The row `shift`, the largest entry along the first axis, without a derivative."""
    jax, start = require("jax", "jax"), PRIMITIVES["shift"].start
    return jax.lax.reduce(jax.lax.stop_gradient(operands), start, primitive("shift"), (0,))
