"""First and second derivatives of every output with respect to every input, as programs."""

from __future__ import annotations

from ..core import INPUT
from .constant_folding import fold_constants
from .passes import cse, dce
from .program import Program
from .reverse import differentiate


def derivatives(program: Program, count: int, in_rows: bool = False) -> Program:
    """The program of only the derivatives that `differentiate` gives: for each output, in `count` inputs.

    >>> from ..core import MUL
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(MUL, x, y)]
    >>> print(dce(derivatives(program, 2)))
    v1 = x0
    v2 = x1
    return v2, v1
    """
    result = differentiate(program, INPUT, count, in_rows)
    result.outputs = result.outputs[len(program.outputs) :]
    return result


def second_derivatives(program: Program, count: int) -> Program:
    """The program of the second derivatives: for each output the rows of a matrix, which is symmetric."""
    first = dce(cse(fold_constants(derivatives(program, count, in_rows=True))))
    second = derivatives(first, count)
    matrices = second.outputs
    second.outputs = [
        matrices[(k * count + max(i, j)) * count + min(i, j)]
        for k in range(len(program.outputs))
        for i in range(count)
        for j in range(count)
    ]
    return second
