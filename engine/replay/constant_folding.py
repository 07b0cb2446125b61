# cython: infer_types=True
"""Constant folding: computes operations on constants now, and drops operations that change nothing.

No rule changes a result by more than rounding in the last place, even near overflow and underflow.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ..core import ADD, CODES, CONSTANT, DIV, MEAN, MUL, NAMES, NEG, ONE, POW, PRODUCTS, SELECT, SUB, TABLE, numeric
from .program import Program

ABS, LESS, SQRT, TIMES = [CODES[name] for name in ("abs", "less", "sqrt", "times")]
LARGEST = sys.float_info.max


def fold_constants(program: Program) -> Program:
    """Compute operations on constants now, and drop operations that change nothing, such as x * 1.

    >>> from ..core import INPUT, MUL, ONE, POW
    >>> from .program import Program
    >>> program = Program()
    >>> x, two = program.emit(INPUT, 0), program.constant(2.0)
    >>> program.outputs = [program.emit(POW, x, program.emit(MUL, two, ONE))]
    >>> print(fold_constants(program))
    v1 = x0
    v3 = v1 * v1
    return v3
    """
    new, at = program.fresh(), program.indices()
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        code, found, numbers, negatives = codes[i], -1, 0, 0
        if code > CONSTANT and code != PRODUCTS and code != MEAN:
            first, count = starts[i], starts[i + 1] - starts[i]
            for j in range(first, first + count):
                kind = new.codes[at[args[j]]]
                numbers += 1 if kind == CONSTANT else 0
                negatives += 1 if kind == NEG else 0
            if numbers == count and count:
                found = _computed(new, code, [new.number(at[k]) for k in program.operands(i)])
            elif numbers and code == SELECT:
                found = _chosen(new, *[at[k] for k in program.operands(i)])
            elif numbers or negatives:
                found = _simpler(new, code, at[args[first]], at[args[first + count - 1]])
        at[i] = found if found >= 0 else new.carry(program, i, at)
    new.outputs = [at[k] for k in program.outputs]
    return new


def _computed(new: Program, code: int, numbers: Sequence[Any]) -> int:
    """The result of an operation on numbers."""
    if code in _ON_NUMBERS:
        return new.constant(_ON_NUMBERS[code](*numbers))
    return new.constant(numeric(NAMES[code], *TABLE[NAMES[code]].split(numbers)))


_ON_NUMBERS: dict[int, Callable[..., float]] = {
    ADD: lambda a, b: a + b,
    SUB: lambda a, b: a - b,
    MUL: lambda a, b: a * b,
    NEG: lambda a: -a,
}


def _chosen(new: Program, condition: int, a: int, b: int) -> int:
    """The branch that a constant condition takes, -1 if the condition is no constant."""
    number = _number(new, condition)
    return -1 if number != number else a if number else b


def _simpler(new: Program, code: int, a: int, b: int) -> int:
    """A cheaper instruction with the same result, from its first and last operand, -1 if there is none."""
    if code == MUL:
        return _simpler_mul(new, a, b)
    if code == ADD:
        return new.emit_two(SUB, a, _negated(new, b)) if _negated(new, b) >= 0 else -1
    if code == SUB:
        return a if new.holds(b, 0.0) and math.copysign(1.0, _number(new, b)) > 0 else -1
    if code == DIV:
        return _simpler_div(new, a, b)
    if code == NEG:
        return _negated(new, a)
    if code == ABS:
        return new.emit(ABS, _negated(new, a)) if _negated(new, a) >= 0 else -1
    if code == TIMES:
        return _simpler_times(new, a, b)
    return _simpler_pow(new, a, b) if code == POW else -1


def _negated(new: Program, k: int) -> int:
    """The operand of an instruction that is a negation, else -1."""
    return new.args[new.starts[k]] if new.codes[k] == NEG else -1


def _negative(new: Program, k: int) -> int:
    return _negated(new, k) if _negated(new, k) >= 0 else new.emit(NEG, k)


def _number(new: Program, k: int) -> float:
    """The number of a constant; nan for any other instruction."""
    number = new.number(k)
    return math.nan if number is None else number


def _simpler_mul(new: Program, a: int, b: int) -> int:
    if a == ONE or b == ONE:
        return b if a == ONE else a
    if new.holds(a, -1.0):
        return _negative(new, b)
    return _negative(new, a) if new.holds(b, -1.0) else -1


def _simpler_div(new: Program, a: int, b: int) -> int:
    divisor = _number(new, b)
    if abs(math.frexp(divisor)[0]) != 0.5 or not 1e-300 < abs(divisor) < 1e300:
        return -1
    return a if b == ONE else new.emit_two(MUL, a, new.constant(1.0 / divisor))


def _simpler_times(new: Program, a: int, b: int) -> int:
    if new.codes[a] != CONSTANT:
        return -1
    return new.constant(0.0) if new.holds(a, 0.0) else b if a == ONE else new.emit_two(MUL, a, b)


def _simpler_pow(new: Program, a: int, b: int) -> int:
    exponent = _number(new, b)
    if exponent in (2.0, 3.0, 4.0):
        square = new.emit_two(MUL, a, a)
        return square if exponent == 2.0 else new.emit_two(MUL, square, a if exponent == 3.0 else square)
    if abs(exponent) == 0.5:
        root = _root(new, a)
        return root if exponent > 0.0 else new.emit_two(DIV, ONE, root)
    return ONE if exponent == 0.0 else a if exponent == 1.0 else new.emit_two(DIV, ONE, a) if exponent == -1.0 else -1


def _root(new: Program, a: int) -> int:
    """The square root as a power: of -0 it is 0, and of -inf inf."""
    a = new.emit_many(SELECT, [new.emit_two(LESS, a, new.constant(-LARGEST)), new.emit(ABS, a), a])
    return new.emit(SQRT, new.emit_two(ADD, a, new.constant(0.0)))
