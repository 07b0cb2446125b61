"""Constant folding: what is made of numbers is computed now, and what changes nothing is dropped.

No rule changes a number by more than rounding in the last place, at the edges of the doubles too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .ops import TABLE, numeric
from .codes import ADD, CODES, CONSTANT, DIV, MEAN, MUL, NAMES, NEG, ONE, POW, PRODUCTS, SUB
from .integers import integers
from .program import Program

ABS, TIMES = CODES["abs"], CODES["times"]


def fold(program: Program) -> Program:
    """Compute what is made of constants now, and drop operations that change nothing, as x * 1.

    >>> from engine.codes import INPUT, MUL, ONE, POW
    >>> from engine.program import Program
    >>> program = Program()
    >>> x, two = program.emit(INPUT, 0), program.constant(2.0)
    >>> program.outputs = [program.emit(POW, x, program.emit(MUL, two, ONE))]
    >>> print(fold(program))
    v1 = x0
    v3 = v1 * v1
    return v3
    """
    new, at = Program(), integers(len(program))
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        at[i] = -1
        if codes[i] > CONSTANT:
            for j in range(starts[i], starts[i + 1]):
                if new.codes[at[args[j]]] in (CONSTANT, NEG):
                    at[i] = _folded(new, codes[i], [at[k] for k in program.operands(i)])
                    break
        if at[i] < 0:
            at[i] = new.carry(program, i, at)
    new.outputs = [at[k] for k in program.outputs]
    return new


def _folded(new: Program, code: int, args: Sequence[int]) -> int:
    """The instruction that does the same, -1 if that is no other."""
    if code in (PRODUCTS, MEAN):
        return -1
    numbers = [new.number(k) for k in args]
    if None not in numbers:
        name = NAMES[code]
        return new.constant(
            _ON_NUMBERS[code](*numbers) if code in _ON_NUMBERS else numeric(name, *TABLE[name].split(numbers))
        )
    found = _RULES[code](new, args, numbers) if code in _RULES else None
    return -1 if found is None else found


_ON_NUMBERS: dict[int, Callable[..., float]] = {
    ADD: lambda a, b: a + b,
    SUB: lambda a, b: a - b,
    MUL: lambda a, b: a * b,
    NEG: lambda a: -a,
}
Numbers = Sequence["float | None"]


def _fold_mul(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    for k in (0, 1):
        if numbers[k] == 1.0:
            return args[1 - k]
        if numbers[k] == -1.0:
            return _fold_neg(new, [args[1 - k]], [None]) or new.emit(NEG, args[1 - k])
    return None


def _fold_neg(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    return new.operands(args[0])[0] if new.codes[args[0]] == NEG else None


def _fold_abs(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    return new.emit(ABS, new.operands(args[0])[0]) if new.codes[args[0]] == NEG else None


def _fold_add(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    if new.codes[args[1]] == NEG:
        return new.emit(SUB, args[0], new.operands(args[1])[0])
    return None


def _fold_sub(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    return args[0] if numbers[1] == 0.0 and math.copysign(1.0, numbers[1]) > 0 else None


def _fold_div(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    divisor = numbers[1]
    if divisor is None or abs(math.frexp(divisor)[0]) != 0.5 or not 1e-300 < abs(divisor) < 1e300:
        return None
    return new.emit(MUL, args[0], new.constant(1.0 / divisor)) if divisor != 1.0 else args[0]


def _fold_times(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    if numbers[0] is None:
        return None
    return new.constant(0.0) if numbers[0] == 0.0 else args[1] if numbers[0] == 1.0 else new.emit(MUL, *args)


def _fold_pow(new: Program, args: Sequence[int], numbers: Numbers) -> int | None:
    a, exponent = args[0], numbers[1]
    if exponent in (2.0, 3.0, 4.0):
        square = new.emit(MUL, a, a)
        return square if exponent == 2.0 else new.emit(MUL, square, a if exponent == 3.0 else square)
    return ONE if exponent == 0.0 else a if exponent == 1.0 else new.emit(DIV, ONE, a) if exponent == -1.0 else None


_RULES: dict[int, Callable[[Program, Sequence[int], Numbers], int | None]] = {
    MUL: _fold_mul,
    NEG: _fold_neg,
    ABS: _fold_abs,
    ADD: _fold_add,
    SUB: _fold_sub,
    DIV: _fold_div,
    TIMES: _fold_times,
    POW: _fold_pow,
}
