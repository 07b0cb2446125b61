"""A recorded program as a pure function in JAX: Recording.to_jax.

It is the program of replay, after the same passes, except that rows stay whole unless they are over sequences, so that
JAX differentiates them by the table's partials (rows.py). A program with layers becomes a few operations on vectors
(vectors.py); a program without, such as a chain of a thousand steps, runs in a loop (loop.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..core import NAMES, ONE, PARAMETER, TABLE, PrecisionError, Value, require
from ..replay import (
    Fragment,
    Program,
    cse,
    dce,
    differentiate,
    fold_constants,
    fuse,
    hoist,
    new_ints,
    sum_of_products,
)
from .loop import in_a_loop
from .masks import masked
from .vectors import TooLong, Vectors

# Steps on vectors: XLA takes some 20 ms to compile one and its derivative, a loop of any length 3 s. A GPU
# launches kernels in every turn of the loop: a step of the GPT takes seconds as a loop, on vectors milliseconds.
LIMIT, ON_ACCELERATORS = 200, 5000


def to_jax(program: Program, parameters: int, widths: Sequence[int | None]) -> Callable[[Any, Any], Any]:
    """The program as a function in JAX of (parameters, batch), with `count` parameters and arguments of these widths.

    >>> import jax
    >>> from ..core import INPUT, MUL
    >>> square = Program()
    >>> x = square.emit(INPUT, 0)
    >>> square.outputs = [square.emit(MUL, x, x)]
    >>> with jax.enable_x64(True):
    ...     to_jax(square, 0, [None])([], ([2.0, 3.0],)).tolist()
    [4.0, 9.0]
    """
    np, jax = _doubles(), require("jax", "jax")
    lowered = jax.jit(lower(program, parameters, sum(1 if width is None else width for width in widths)))

    def function(parameters_: Any, batch: Any) -> Any:
        _doubles()
        inputs, shape = _inputs(np, batch, widths)
        run, spread = lowered, jax.typeof(inputs).sharding
        if spread.mesh.explicit_axes:
            run = jax.sharding.auto_axes(lowered, out_sharding=spread.update(spec=spread.spec[:1]))
        return run(_vector(np, parameters_, parameters), inputs).reshape(shape)

    return function


def lower(program: Program, parameters: int, inputs: int) -> Callable[[Any, Any], Any]:
    """The program as a function in JAX of the vector of parameters and a batch of inputs, of shape (B, n), to (B,)."""
    prepared = prepare(program)
    limit = LIMIT if require("jax", "jax").default_backend() == "cpu" else ON_ACCELERATORS
    try:
        vectors = Vectors(prepared, limit)
    except TooLong:
        counts = (parameters, inputs)
        return in_a_loop(prepared, lambda wrt: prepare(differentiate(program, wrt, counts[wrt != PARAMETER])), counts)
    return require("jax", "jax").vmap(vectors, (None, 0))  # type: ignore[no-any-return]


def _doubles() -> Any:
    """jax.numpy, if JAX computes in doubles."""
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    if not jax.config.jax_enable_x64:
        raise PrecisionError(
            "JAX computes in single precision until it is told otherwise, and the engine in double: "
            'call jax.config.update("jax_enable_x64", True) before, or do it inside `with jax.enable_x64(True):`'
        )
    return np


def _vector(np: Any, parameters: Any, count: int) -> Any:
    if isinstance(parameters, (tuple, list)):
        parameters = [x.data if isinstance(x, Value) else x for x in parameters]
    vector = np.asarray(parameters, dtype=float)
    if vector.shape != (count,):
        raise ValueError(
            f"the parameters must be an array of shape ({count},), a number for each of `recording.parameters`, "
            f"not of shape {vector.shape}"
        )
    return vector


def _inputs(np: Any, batch: Any, widths: Sequence[int | None]) -> tuple[Any, tuple[int, ...]]:
    """The arguments of a batch, concatenated to shape (examples, inputs), and the shape of the outputs."""
    arguments = batch if isinstance(batch, (tuple, list)) else (batch,)
    if len(arguments) != len(widths):
        raise TypeError(
            f"the batch must be a tuple of {len(widths)} array(s), one for each argument, not of {len(arguments)}"
        )
    arrays = [np.asarray(x, dtype=float) for x in arguments]
    shape = arrays[0].shape if widths[0] is None else arrays[0].shape[:-1]
    for k, (array, width) in enumerate(zip(arrays, widths, strict=True)):
        if array.shape != (shape if width is None else (*shape, width)):
            wanted = "(B,)" if width is None else f"(B, {width})"
            raise ValueError(
                f"argument {k + 1} must be of shape {wanted}, with the B of the others, not of shape {array.shape}"
            )
    return np.concatenate([array.reshape(math.prod(shape), -1) for array in arrays], axis=1), shape


def prepare(program: Program) -> Program:
    """The program after the passes that are useful for JAX."""
    for step in (spelled_out, fold_constants, cse, dce, fuse, dce, masked, hoist):
        program = step(program)
    return program


def spelled_out(program: Program) -> Program:
    """Lower rows over sequences, or of more than three operands, to smaller rows, sums of products and `shift`.

    >>> from ..core import INPUT, code_of
    >>> program = Program()
    >>> a, b = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(code_of("sigmoid"), program.emit(code_of("dot"), a, b, a))]
    >>> print(spelled_out(program))
    v1 = x0
    v2 = x1
    v3 = v1 * v2 + v1
    v4 = σ(v3)
    return v4
    """
    new, at = Program(), new_ints(len(program))
    for i in range(len(program)):
        name, operands = NAMES[program.codes[i]], [at[k] for k in program.operands(i)]
        if name in ("sum", "dot"):
            at[i] = sum_of_products(new, name, operands)
        elif name in TABLE and name != "shift" and (TABLE[name].variadic or len(TABLE[name].variables) > 3):
            at[i] = Fragment(new, name, TABLE[name].formula, len(operands)).write(ONE, operands)
        else:
            at[i] = new.carry(program, i, at)
    new.outputs = [at[k] for k in program.outputs]
    return new
