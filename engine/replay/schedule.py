# cython: infer_types=True
"""A program as the numbers that an executor runs: which row of a block holds what, in which order.

What depends on parameters alone lives in `fixed`, an array computed once a call. What varies by example lives in
rows, one number an example, that are used again once nobody needs them. Sums with fixed weights over the same
rows become one matrix product (`dense`), means of products one matrix of inner products (`inner`), whose cells
are added up over all blocks.
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

FEW = 4  # terms of a single sum that are no matter for a matrix product


@dataclass
class Schedule:
    """What an executor needs to know.

    `fixed` begins with the constants and zeros elsewhere; `parameters` says where in it which parameter goes,
    `fixed_code` computes the rest of it, `packed` lists what is copied to its end as the weights of matrices.
    `inputs` says which input goes to which row, `fills` which row is the same fixed number for all examples, and
    `code` is what is done to every block. `outputs` are the rows of the results by example; `means` for every
    mean the fixed number to add to it and `cells` which mean each cell belongs to.
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
    cost: float = 0.0  # nanoseconds an example, roughly: enough to know when a second thread is worth it


class Block(NamedTuple):
    """A matrix product: results and operands as instructions; its rows, its columns, and where the rest is."""

    code: int
    head: tuple[int, int, int]
    results: Sequence[int]
    operands: Sequence[int]


def schedule(program: Program, averaged: bool = False) -> Schedule:
    """Lay out a program, whose outputs are wanted for every example, or `averaged` (by the pass `batch_mean`)."""
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
    """The index of each instruction in the part that is run once a call, on numbers; the size of that part."""
    is_here = (np.asarray(varies) == 0) & (np.asarray(program.codes)[: len(program)] != MEAN)
    return packed(np.where(is_here, np.cumsum(is_here) - 1, 0)), int(is_here.sum())


def _fixed(program: Program, varies: bytearray, fixed_index: Ints, size: int) -> Schedule:
    """A schedule of that part alone."""
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
    """What varies, in order: the number of an instruction, or -1 - the number of a block of several.

    The weights of the blocks are to be copied one behind the other: `plan.packed` says from where.
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
    """Where the weights of the sums from `first` to before `last` are, row by row."""
    args, start, end = program.args, program.starts[first], program.starts[last]
    found = new_ints((end - start) // 2)
    weights = found
    for n in range(len(weights)):
        a, b = args[start + 2 * n], args[start + 2 * n + 1]
        weights[n] = fixed_index[b if varies[a] or a == ONE else a]
    return found


def _with_means(program: Program, steps: Ints, blocks: list[Block], plan: Schedule, fixed_index: Ints) -> Ints:
    """The steps with inner products put in as soon as their operands are there; what each mean is made of."""
    rights, means = _factors(program, plan, fixed_index)
    shapes: dict[tuple[int, ...], list[int]] = {}
    for left in rights:
        shapes.setdefault(tuple(rights[left]), []).append(left)
    made = _made(program, steps, blocks)
    ready, begun = list[int](), len(blocks)  # by how many steps the operands of an inner product are there
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
    """By how many steps each instruction is there."""
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
    """For every operand that is multiplied in a mean by what, and the numbers of these means."""
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
