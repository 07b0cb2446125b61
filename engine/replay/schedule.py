# cython: infer_types=True
"""A program as integers for an executor: the row of each value in a block, and the order of the instructions.

Values that depend only on parameters are in `fixed`, an array computed once per call. Values that vary by example are
in rows, one number per example, which are reused after their last use. Sums with fixed weights over the same rows
become one matrix product (`dense`), and means of products one matrix of inner products (`inner`), whose cells are
summed over all blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..core import CONSTANT, DENSE, INNER, INPUT, MEAN, MUL, ONE, PARAMETER, PRODUCTS
from ..structure import Ints, new_ints, packed
from .passes import columns
from .program import Program
from .slot_allocation import Code, Rows, all_counted, count

FEW = 4  # a single sum of at most this many terms is not worth a matrix product


@dataclass
class Schedule:
    """The plan of a program for an executor.

    `fixed` begins as the constants and zeros; `parameters` are the indices of parameters in it, `fixed_code` computes
    the rest of it, and `packed` lists the indices copied to its end as weights of matrices. `inputs` has the row of
    each input, `fills` the rows with one fixed number for all examples, and `code` the instructions for every block.
    `outputs` are the rows of the results by example; `means` has for every mean a fixed number to add to it, and
    `cells` the mean of each cell.
    """

    fixed: array[float] = field(default_factory=lambda: array("d"))
    parameters: list[tuple[int, int]] = field(default_factory=list)
    fixed_code: Ints = field(default_factory=lambda: array("i"))
    packed: Ints = field(default_factory=lambda: array("i"))
    inputs: list[tuple[int, int]] = field(default_factory=list)
    fills: list[tuple[int, int]] = field(default_factory=list)
    code: Ints = field(default_factory=lambda: array("i"))
    rows: int = 0
    outputs: list[int] = field(default_factory=list)
    means: list[int] = field(default_factory=list)
    cells: Ints = field(default_factory=lambda: array("i"))
    foreign: bool = False  # whether there is a kernel that only Python has
    cost: float = 0.0  # rough nanoseconds per example, to decide when a second thread is worth it


class Block(NamedTuple):
    """A matrix product: results and operands as instructions, its numbers of rows and columns, and its offsets."""

    code: int
    head: tuple[int, int, int]
    results: Sequence[int]
    operands: Sequence[int]


def schedule(program: Program, averaged: bool = False) -> Schedule:
    """Lay out a program, with its outputs for every example, or `averaged` (by the pass `batch_mean`)."""
    varies = program.varies()
    fixed_index, size = _fixed_indices(program, varies)
    plan = _fixed(program, varies, fixed_index, size)
    blocks: list[Block] = []
    steps = _steps(program, varies, fixed_index, plan, blocks)
    if averaged:
        steps = _with_means(program, steps, blocks, plan, fixed_index)
    else:
        plan.outputs = list(program.outputs)
    Rows(program, plan, fixed_index, varies).write(steps, blocks)
    plan.fixed.extend([0.0] * len(plan.packed))
    plan.foreign = bool(np.max(np.asarray(program.codes)[: len(program)]) > INNER)
    return plan


def _fixed_indices(program: Program, varies: bytearray) -> tuple[Ints, int]:
    """The index of each instruction in the part that is run once per call, and the size of that part."""
    is_here = (np.asarray(varies) == 0) & (np.asarray(program.codes)[: len(program)] != MEAN)
    return packed(np.where(is_here, np.cumsum(is_here) - 1, 0)), int(is_here.sum())


def _fixed(program: Program, varies: bytearray, fixed_index: Ints, size: int) -> Schedule:
    """A schedule of only that part."""
    plan, code, counts = Schedule(array("d", [0.0]) * size), Code(program), all_counted()
    for i in range(len(program)):
        kind, first, last = program.codes[i], program.starts[i], program.starts[i + 1]
        if varies[i] or kind == MEAN:
            continue
        if kind == CONSTANT:
            plan.fixed[fixed_index[i]] = program.constants[program.args[first]]
        elif kind == PARAMETER:
            plan.parameters.append((program.args[first], fixed_index[i]))
        else:
            code.put(kind)
            code.put(count(counts, kind, last - first))
            code.put(fixed_index[i])
            for j in range(first, last):
                code.put(fixed_index[program.args[j]])
    plan.fixed_code = code.written()
    return plan


def _steps(program: Program, varies: bytearray, fixed_index: Ints, plan: Schedule, blocks: list[Block]) -> Ints:
    """The varying steps in order: the index of an instruction, or -1 - the index of a matrix product.

    The weights of the products are copied one after the other, from the indices in `plan.packed`.
    """
    i, made, size = 0, 0, len(program)
    steps = new_ints(size)
    codes = program.codes
    while i < size:
        code = codes[i]
        if not varies[i] or code == INPUT:
            i += 1
            continue
        if code in (PRODUCTS, MUL):
            last = i + 1
            shared = columns(program, i, varies)
            while shared and last < size and columns(program, last, varies) == shared:
                last += 1
            if shared and (last - i > 1 or len(shared) > FEW):
                steps[made] = -1 - len(blocks)
                made += 1
                start = len(plan.fixed) + len(plan.packed)
                blocks.append(Block(DENSE, (last - i, len(shared), start), range(i, last), shared))
                plan.packed.extend(_weights(program, i, last, varies, fixed_index))
                i = last
                continue
        steps[made] = i
        made += 1
        i += 1
    return steps[:made]


def _weights(program: Program, first: int, last: int, varies: bytearray, fixed_index: Ints) -> Ints:
    """The indices of the weights of the sums from `first` to before `last`, row by row."""
    args, start, end = program.args, program.starts[first], program.starts[last]
    found = new_ints((end - start) // 2)
    weights = found
    for n in range(len(weights)):
        a, b = args[start + 2 * n], args[start + 2 * n + 1]
        weights[n] = fixed_index[b if varies[a] or a == ONE else a]
    return found


def _with_means(program: Program, steps: Ints, blocks: list[Block], plan: Schedule, fixed_index: Ints) -> Ints:
    """The steps with inner products inserted as soon as their operands are computed, and the terms of each mean."""
    rights, means = _factors(program, plan, fixed_index)
    shapes: dict[tuple[int, ...], list[int]] = {}
    for left in rights:
        shapes.setdefault(tuple(rights[left]), []).append(left)
    made = _made(program, steps, blocks)
    ready, begun = list[int](), len(blocks)  # number of steps after which the operands of an inner product are computed
    for shared, lefts in shapes.items():
        ready.append(max([made[k] for k in (*lefts, *shared)]))
        blocks.append(Block(INNER, (len(lefts), len(shared), len(plan.cells)), (), (*lefts, *shared)))
        for left in lefts:
            plan.cells.extend(means[left])
    waiting = sorted(range(len(ready)), key=ready.__getitem__)[::-1]
    found: list[int] = []
    for n in range(len(steps) + 1):
        while waiting and ready[waiting[-1]] == n:
            found.append(-1 - begun - waiting.pop())
        if n < len(steps):
            found.append(steps[n])
    return array("i", found)


def _made(program: Program, steps: Ints, blocks: list[Block]) -> Ints:
    """The number of steps after which each instruction is computed."""
    found = new_ints(len(program))
    made = found
    for n in range(len(steps)):
        step = steps[n]
        if step >= 0:
            made[step] = n + 1
        else:
            for k in blocks[-1 - step].results:
                made[k] = n + 1
    return found


def _factors(program: Program, plan: Schedule, fixed_index: Ints) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For every operand, its other factors in means of products, and the indices of these means."""
    varies = program.varies()
    rights: dict[int, list[int]] = {}
    means: dict[int, list[int]] = {}
    for number, i in enumerate(program.outputs):
        args = program.operands(i) if program.codes[i] == MEAN else [i]
        plan.means.append(fixed_index[args[0]])
        for j in range(1, len(args), 2):
            left, right = (args[j], args[j + 1]) if varies[args[j]] else (args[j + 1], args[j])
            if left not in rights:
                rights[left], means[left] = [], []
            rights[left].append(right)
            means[left].append(number)
    return rights, means
