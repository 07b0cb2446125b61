"""A random expression: a pool of numbers, and operations that each replace one of them by a result.

`pool[i] = pool[i] ? pool[j]`, i and j drawn evenly; at the end the pool is summed in pairs. Nothing is computed in
vain. Drawn are 30 % +, 30 % *, 15 % tanh, 10 % -, 10 % / and 5 % exp; a result outside of 0.01 to 2 is replaced by that
of another operation, which makes of 100,000: 29 % +, 27 % *, 21 % -, 15 % tanh, 5 % / and 4 % exp, some 70 deep.
"""

import math
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .problem import Ops, Problem, sum_in_pairs

ADD, MUL, TANH, SUB, DIV, EXP = range(6)
MIX = (30, 30, 15, 10, 10, 5)
SMALLEST, BOUND = 0.01, 2.0
REUSE = 20  # operations for each number in the pool

Program = tuple[list[int], list[int], list[int]]


def expression(operations: int, seed: int = 0) -> Problem:
    """The sum of a pool after so many random operations, to be differentiated in the numbers it began with."""
    return _problem(*draw_program(operations, operations // REUSE, seed))


def additions(operations: int) -> Problem:
    """The same with + alone, where every engine makes one node an operation: for bytes a node."""
    draw, pool = random.Random(0), operations // REUSE
    left, right = ([draw.randrange(pool) for _ in range(operations)] for _ in "ij")
    return _problem([1.0] * pool, ([ADD] * operations, left, right))


def _problem(start: list[float], program: Program) -> Problem:
    return Problem(
        example=lambda ops, _, numbers: run(program, ops, numbers),
        inputs=(np.array([start]),),
        units=len(program[0]) + len(start) - 1,
        about=program,
    )


def run(program: Program, ops: Ops, numbers: Sequence[Any]) -> Any:
    """The loop that every engine runs, plain floats too."""
    pool, tanh, exp = list(numbers), ops.tanh, ops.exp
    for op, i, j in zip(*program, strict=True):
        if op == TANH:
            pool[i] = tanh(pool[i])
        elif op == ADD:
            pool[i] = pool[i] + pool[j]
        elif op == MUL:
            pool[i] = pool[i] * pool[j]
        elif op == SUB:
            pool[i] = pool[i] - pool[j]
        elif op == DIV:
            pool[i] = pool[i] / pool[j]
        else:
            pool[i] = exp(pool[i])
    return sum_in_pairs(pool)


@cache
def draw_program(operations: int, pool: int, seed: int) -> tuple[list[float], Program]:
    draw = random.Random(seed)
    start = [draw.uniform(-2.0, 2.0) for _ in range(pool)]
    numbers, program = list(start), ([], [], [])
    drawn = draw.choices(range(6), MIX, k=operations)
    for op in drawn:
        i, j = int(draw.random() * pool), int(draw.random() * pool)
        op, number = _bounded(op, numbers[i], numbers[j])
        numbers[i] = number
        for column, entry in zip(program, (op, i, j), strict=True):
            column.append(entry)
    return start, program


def _bounded(op: int, a: float, b: float) -> tuple[int, float]:
    """The operation drawn, or the first other one whose result stays within the bounds; tanh always does."""
    for candidate in (op, SUB, ADD, MUL, DIV):
        number = _float(candidate, a, b)
        if SMALLEST < abs(number) <= BOUND:
            return candidate, number
    return TANH, math.tanh(a)


def _float(op: int, a: float, b: float) -> float:
    if op == DIV:
        return a / b if abs(b) > 0.5 else math.inf
    if op == EXP:
        return math.exp(a)
    return (a + b, a * b, math.tanh(a), a - b)[op]
