"""Masks for JAX, which differentiates by itself: an operation that only branches use gets its mask as an operand.

The operations behind conditions are computed separately and never count, because they have no derivative and may be in
a branch of the same condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import ALWAYS, CLOSED, CONSTANT, NAMES, ONE, PRODUCTS, SELECT, SHIFT, TABLE, Masks, both, code_of, is_closed
from ..replay import Program, new_ints


def masked(program: Program) -> Program:
    """The program in which an operation that only branches use has its mask as the last operand.

    >>> from ..core import INPUT
    >>> program = Program()
    >>> x, zero = program.emit(INPUT, 0), program.constant(0.0)
    >>> above, log = program.emit(code_of("less"), zero, x), program.emit(code_of("log"), x)
    >>> program.outputs = [program.emit(SELECT, above, log, zero)]
    >>> print(masked(program))
    v2 = x0
    v3 = 0 < v2
    v4 = select(v3, 1, 0)
    v5 = log(v2, v4)
    v6 = select(v3, v5, 0)
    return v6
    """
    if not any(CLOSED[program.codes[i]] for i in range(len(program))):
        return program
    new, constant = Program(), new_ints(len(program))
    never = new.constant(0.0)
    for i in _without_derivative(program):
        constant[i] = _write(new, program, i, [constant[k] for k in _operands(program, i)], never)
    masks, at = _masks(program, new, constant), new_ints(len(program))
    for i in range(len(program)):
        code, operands = program.codes[i], _operands(program, i)
        if code <= CONSTANT:
            at[i] = constant[i]
        elif i in masks:
            found = [(constant if _is_fixed(code, slot) else at)[k] for slot, k in enumerate(operands)]
            mask = masks.of(i)
            number = ONE if mask == ALWAYS else masks.written(mask) if mask else never
            at[i] = _write(new, program, i, found, number)
    new.outputs = [at[k] for k in program.outputs]
    return new


def is_masked(program: Program, i: int) -> bool:
    """Whether the last operand of an instruction is a mask."""
    code, count = program.codes[i], program.starts[i + 1] - program.starts[i]
    return count % 2 == 1 if code == PRODUCTS else code != SHIFT and count > len(TABLE[NAMES[code]].variables)


def _masks(program: Program, new: Program, constant: Sequence[int]) -> Masks:
    """The mask of each instruction that has a derivative."""

    def apply(name: str, *operands: Any) -> int:
        return new.emit_many(code_of(name), [new.constant(x) if isinstance(x, float) else x for x in operands])

    masks = Masks(apply)
    for i in program.outputs:
        masks.use(i, ALWAYS)
    for i in range(len(program) - 1, -1, -1):
        operands = _operands(program, i)
        code = program.codes[i]
        if i not in masks:
            continue
        if code == SELECT:
            condition, a, b = operands
            masks.use(a, both(masks.of(i), constant[condition], True))
            masks.use(b, both(masks.of(i), constant[condition], False))
            continue
        for slot, k in enumerate(operands):
            if not _is_fixed(code, slot):
                masks.use(k, masks.of(i))
    return masks


def _is_fixed(code: int, slot: int) -> bool:
    """Whether an operand is constant in differentiation: a condition, or the operand of a rounding or `detach`."""
    return slot == 0 if code == SELECT else is_closed(code, slot)


def _without_derivative(program: Program) -> list[int]:
    """The leaves, and the instructions behind a condition, a rounding or a `detach`."""
    wanted = bytearray(len(program))
    for i in range(len(program) - 1, -1, -1):
        operands = _operands(program, i)
        for slot, k in enumerate(operands):
            wanted[k] |= wanted[i] or _is_fixed(program.codes[i], slot)
    return [i for i in range(len(program)) if wanted[i] or program.codes[i] <= CONSTANT]


def _operands(program: Program, i: int) -> list[int]:
    return program.operands(i) if program.codes[i] > CONSTANT else []


def _write(new: Program, program: Program, i: int, operands: list[int], mask: int) -> int:
    """An instruction, with a mask if it does not always count and a partial could be inf or nan."""
    code = program.codes[i]
    if code <= CONSTANT:
        leaf = program.args[program.starts[i]]
        return new.constant(program.constants[leaf]) if code == CONSTANT else new.emit(code, leaf)
    if mask != ONE and (code == PRODUCTS or not {*TABLE[NAMES[code]].partials} <= {"0", "1", "-1"}) and code != SELECT:
        operands = [*operands, mask]
    return new.emit_many(code, operands)
