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

from ..core import CODES, CONSTANT, DENSE, INNER, INPUT, MEAN, MUL, NAMES, ONE, PARAMETER, PRODUCTS, TABLE
from ..structure import Ints, new_ints, packed
from .passes import columns
from .program import Program

CHEAP = {
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
}
TOGETHER = {CODES[name] for name in ("exp", "log", "log1p", "tanh", "erf")}  # a run of these reads before it writes


def counted(code: int) -> bool:
    """Whether an instruction says how many operands it has."""
    return code == PRODUCTS or (NAMES[code] in TABLE and TABLE[NAMES[code]].variadic)


def _all_counted() -> bytearray:
    return bytearray([counted(code) for code in range(len(NAMES))])


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
    place, size = _places(program, varies)
    plan = _fixed(program, varies, place, size)
    blocks: list[Block] = []
    steps = _steps(program, varies, place, plan, blocks)
    if averaged:
        steps = _with_means(program, steps, blocks, plan, place)
    else:
        plan.outputs = list(program.outputs)
    Rows(program, plan, place, varies).write(steps, blocks)
    plan.fixed.extend([0.0] * len(plan.packed))
    plan.foreign = bool(np.max(np.asarray(program.codes)[: len(program)]) > INNER)
    return plan


def _places(program: Program, varies: bytearray) -> tuple[Ints, int]:
    """Where in the part that is run once a call, on numbers instead of rows, each instruction is; the part's size."""
    is_here = (np.asarray(varies) == 0) & (np.asarray(program.codes)[: len(program)] != MEAN)
    return packed(np.where(is_here, np.cumsum(is_here) - 1, 0)), int(is_here.sum())


def _fixed(program: Program, varies: bytearray, place: Ints, size: int) -> Schedule:
    """A schedule of that part alone."""
    plan, code, counts = Schedule(array("d", [0.0]) * size), list[int](), _all_counted()
    for i in range(len(program)):
        kind, first, last = program.codes[i], program.starts[i], program.starts[i + 1]
        if varies[i] or kind == MEAN:
            continue
        if kind == CONSTANT:
            plan.fixed[place[i]] = program.constants[program.args[first]]
        elif kind == PARAMETER:
            plan.parameters.append((program.args[first], place[i]))
        else:
            code += [kind, _count(counts, kind, last - first), place[i]]
            for j in range(first, last):
                code.append(place[program.args[j]])
    plan.fixed_code = array("i", code)
    return plan


def _count(counts: bytearray, code: int, operands: int) -> int:
    """What follows the code of an instruction: how many of its kind come next, or of how many terms it is."""
    return (operands // 2 if code == PRODUCTS else operands) if counts[code] else 1


def _steps(program: Program, varies: bytearray, place: Ints, plan: Schedule, blocks: list[Block]) -> Ints:
    """What varies, in order: the number of an instruction, or -1 - the number of a block of several.

    The weights of the blocks are to be copied one behind the other: `plan.packed` says from where.
    """
    i, count, size = 0, 0, len(program)
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
                steps[count] = -1 - len(blocks)
                count += 1
                start = len(plan.fixed) + len(plan.packed)
                blocks.append(Block(DENSE, (last - i, len(shared), start), range(i, last), shared))
                plan.packed.extend(_weights(program, i, last, varies, place))
                i = last
                continue
        steps[count] = i
        count += 1
        i += 1
    return steps[:count]


def _weights(program: Program, first: int, last: int, varies: bytearray, place: Ints) -> Ints:
    """Where the weights of the sums from `first` to before `last` are, row by row."""
    args, start, end = program.args, program.starts[first], program.starts[last]
    found = new_ints((end - start) // 2)
    weights = found
    for n in range(len(weights)):
        a, b = args[start + 2 * n], args[start + 2 * n + 1]
        weights[n] = place[b if varies[a] or a == ONE else a]
    return found


def _with_means(program: Program, steps: Ints, blocks: list[Block], plan: Schedule, place: Ints) -> Ints:
    """The steps with inner products put in as soon as their operands are there; what each mean is made of."""
    rights, means = _factors(program, plan, place)
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
        found += steps[n : n + 1]
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


def _factors(program: Program, plan: Schedule, place: Ints) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For every operand that is multiplied in a mean by what, and the numbers of these means."""
    varies = program.varies()
    rights: dict[int, list[int]] = {}
    means: dict[int, list[int]] = {}
    for number, i in enumerate(program.outputs):
        args = program.operands(i) if program.codes[i] == MEAN else [i]
        plan.means.append(place[args[0]])
        for j in range(1, len(args), 2):
            left, right = (args[j], args[j + 1]) if varies[args[j]] else (args[j + 1], args[j])
            if left not in rights:
                rights[left], means[left] = [], []
            rights[left].append(right)
            means[left].append(number)
    return rights, means


class Rows:
    """Gives every value a row for as long as it is needed, and writes the code."""

    def __init__(self, program: Program, plan: Schedule, place: Ints, varies: bytearray) -> None:
        self.program, self.plan, self.place, self.varies = program, plan, place, varies
        self.row, self.last = new_ints(len(program)), new_ints(len(program))  # last: 1 + the step that reads it last
        self.free: list[int] = []
        self.code, self.size = new_ints(4 * len(program) + len(program.args)), 0  # room enough, and what is written
        self.run = 0  # where the count of the run of like instructions stands that is being written
        self.begun, self.made = 0, new_ints(len(program))  # the step that began the run, and that made each value
        self.rows, self.cost = 0, 0.0
        self.counted = _all_counted()
        self.together = bytearray([code in TOGETHER for code in range(len(NAMES))])
        self.costs = array("d", [0.2 if code in CHEAP else 1.5 for code in range(len(NAMES))])  # ns an operand

    def write(self, steps: Ints, blocks: list[Block]) -> None:
        """Fill in the plan's rows, and its code in the order of the steps."""
        self.read(steps, blocks)
        program, plan = self.program, self.plan
        for i in range(len(program)):
            if self.last[i] and program.codes[i] == INPUT:
                plan.inputs.append((program.args[program.starts[i]], self.take(i)))
            elif self.last[i] and not self.varies[i]:
                plan.fills.append((self.place[i], self.take(i)))
        for n in range(len(steps)):
            step = steps[n]
            if step < 0:
                self.write_block(blocks[-1 - step], n + 1)
            else:
                self.write_one(step, n + 1)
        plan.outputs = [self.row[k] for k in plan.outputs]
        plan.code, plan.rows, plan.cost = self.code[: self.size], self.rows, self.cost

    def read(self, steps: Ints, blocks: list[Block]) -> None:
        """Note for every value the last step that reads it."""
        program, last = self.program, self.last
        for n in range(len(steps)):
            step = steps[n]
            if step < 0:
                for k in blocks[-1 - step].operands:
                    last[k] = n + 1
            else:
                for j in range(program.starts[step], program.starts[step + 1]):
                    last[program.args[j]] = n + 1
        for k in self.plan.outputs:
            last[k] = len(steps) + 1

    def write_one(self, i: int, n: int) -> None:
        """An instruction, as one more of the run that it continues."""
        program, code = self.program, self.code
        kind, first, end = program.codes[i], program.starts[i], program.starts[i + 1]
        if self.run and code[self.run - 1] == kind and self.joins(kind, program.args[first]):
            code[self.run] += 1
        else:
            self.run, self.begun = self.size + 1, n
            self.put(kind)
            self.put(_count(self.counted, kind, end - first))
        self.made[i] = n
        self.put(self.take(i))
        for j in range(first, end):
            self.put(self.row[program.args[j]])
        for j in range(first, end):
            self.release(program.args[j], n)
        if not self.last[i]:
            self.free.append(self.row[i])
        self.cost += self.costs[kind] * (end - first)

    def put(self, number: int) -> None:
        """The next number of the code."""
        self.code[self.size] = number
        self.size += 1

    def joins(self, kind: int, operand: int) -> bool:
        """Whether an instruction may continue a run of its kind."""
        return not self.counted[kind] and not (self.together[kind] and self.made[operand] >= self.begun)

    def write_block(self, block: Block, n: int) -> None:
        """A matrix product."""
        self.run = 0
        rows, size, _ = block.head
        results = [self.take(k) for k in block.results]
        for number in (block.code, *block.head, *results, *[self.row[k] for k in block.operands]):
            self.put(number)
        for k in block.operands:
            self.release(k, n)
        for k in block.results:
            if not self.last[k]:
                self.free.append(self.row[k])
        self.cost += 0.1 * rows * size

    def take(self, i: int) -> int:
        """A row for a value: one that is free, or a new one."""
        if self.free:
            self.row[i] = self.free.pop()
        else:
            self.row[i] = self.rows
            self.rows += 1
        return self.row[i]

    def release(self, k: int, n: int) -> None:
        """Let go of a row after step n if that was the last to read it; fixed numbers keep theirs."""
        if self.last[k] == n and self.varies[k]:
            self.last[k] = -1  # an operand may stand there twice
            self.free.append(self.row[k])
