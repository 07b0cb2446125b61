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

from .ops import TABLE
from .passes import columns
from .codes import CODES, CONSTANT, DENSE, INNER, INPUT, MEAN, MUL, NAMES, ONE, PARAMETER, PRODUCTS
from .integers import integers
from .program import Program

CHEAP = {
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
}
TOGETHER = {CODES[name] for name in ("exp", "log", "log1p", "tanh", "erf")}  # a run of these reads before it writes


def counted(code: int) -> bool:
    """Whether an instruction says how many operands it has."""
    return code == PRODUCTS or (NAMES[code] in TABLE and TABLE[NAMES[code]].variadic)


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
    fixed_code: array[int] = field(default_factory=lambda: array("i"))
    packed: array[int] = field(default_factory=lambda: array("i"))
    inputs: list[tuple[int, int]] = field(default_factory=list)
    fills: list[tuple[int, int]] = field(default_factory=list)
    code: array[int] = field(default_factory=lambda: array("i"))
    rows: int = 0
    outputs: list[int] = field(default_factory=list)
    means: list[int] = field(default_factory=list)
    cells: array[int] = field(default_factory=lambda: array("i"))
    foreign: bool = False  # whether there is a kernel that only Python has
    cost: float = 0.0  # nanoseconds an example, roughly: enough to know when a second thread is worth it


class Block(NamedTuple):
    """A matrix product: results and operands as instructions; its rows, its columns, and where the rest is."""

    code: int
    head: tuple[int, int, int]
    results: Sequence[int]
    operands: Sequence[int]


def schedule(program: Program, averaged: bool = False) -> Schedule:
    """Lay out a program, whose outputs are wanted for every example, or `averaged` (by the pass `average`)."""
    varies = program.varies()
    plan, place = _fixed(program, varies)
    blocks: list[Block] = []
    steps = _steps(program, varies, place, plan, blocks)
    if averaged:
        steps = _with_means(program, steps, blocks, plan, place)
    else:
        plan.outputs = list(program.outputs)
    Rows(program, plan, place, varies).write(steps, blocks)
    plan.fixed.extend([0.0] * len(plan.packed))
    plan.foreign = max(program.codes[: len(program)]) > INNER
    return plan


def _fixed(program: Program, varies: bytearray) -> tuple[Schedule, array[int]]:
    """The part that is run once a call, on numbers instead of rows, and where in it each instruction is."""
    plan, place, size = Schedule(), integers(len(program)), 0
    for i in range(len(program)):
        code = program.codes[i]
        if varies[i] or code == MEAN:
            continue
        place[i] = size
        size += 1
        plan.fixed.append(program.constants[program.args[program.starts[i]]] if code == CONSTANT else 0.0)
        if code == PARAMETER:
            plan.parameters.append((program.args[program.starts[i]], place[i]))
        elif code > CONSTANT:
            operands = [place[k] for k in program.operands(i)]
            plan.fixed_code.extend([code, _count(code, len(operands)), place[i], *operands])
    return plan, place


def _count(code: int, operands: int) -> int:
    """What follows the code of an instruction: how many of its kind come next, or of how many terms it is."""
    return operands // 2 if code == PRODUCTS else operands if counted(code) else 1


def _steps(program: Program, varies: bytearray, place: array[int], plan: Schedule, blocks: list[Block]) -> list[int]:
    """What varies, in order: the number of an instruction, or -1 - the number of a block of several.

    The weights of the blocks are to be copied one behind the other: `plan.packed` says from where.
    """
    steps: list[int] = []
    i, size = 0, len(program)
    codes = program.codes
    while i < size:
        code = codes[i]
        if not varies[i] or code == INPUT:
            i += 1
            continue
        last = i + 1
        if code in (PRODUCTS, MUL):
            shared = columns(program, i, varies)
            while shared and last < size and columns(program, last, varies) == shared:
                last += 1
            if shared and (last - i > 1 or len(shared) > FEW):
                steps.append(-1 - len(blocks))
                start = len(plan.fixed) + len(plan.packed)
                blocks.append(Block(DENSE, (last - i, len(shared), start), range(i, last), shared))
                plan.packed.extend(_weights(program, i, last, varies, place))
                i = last
                continue
        steps.extend(range(i, last))
        i = last
    return steps


def _weights(program: Program, first: int, last: int, varies: bytearray, place: array[int]) -> array[int]:
    """Where the weights of the sums from `first` to before `last` are, row by row."""
    args, start, end = program.args, program.starts[first], program.starts[last]
    found = integers((end - start) // 2)
    weights = found
    for n in range(len(weights)):
        a, b = args[start + 2 * n], args[start + 2 * n + 1]
        weights[n] = place[b if varies[a] or a == ONE else a]
    return found


def _with_means(
    program: Program, steps: list[int], blocks: list[Block], plan: Schedule, place: array[int]
) -> list[int]:
    """The steps with inner products put in as soon as their operands are there; what each mean is made of."""
    rights, means = _factors(program, plan, place)
    shapes: dict[tuple[int, ...], list[int]] = {}
    for left in rights:
        shapes.setdefault(tuple(rights[left]), []).append(left)
    made = integers(len(program))  # by how many steps an instruction is there
    for n in range(len(steps)):
        for k in blocks[-1 - steps[n]].results if steps[n] < 0 else (steps[n],):
            made[k] = n + 1
    after: dict[int, list[int]] = {}
    for shared, lefts in shapes.items():
        ready = 0
        for k in (*lefts, *shared):
            ready = max(ready, made[k])
        after.setdefault(ready, []).append(-1 - len(blocks))
        blocks.append(Block(INNER, (len(lefts), len(shared), len(plan.cells)), (), (*lefts, *shared)))
        for left in lefts:
            plan.cells.extend(means[left])
    found = after.get(0, [])
    for n in range(len(steps)):
        found.append(steps[n])
        found += after.get(n + 1, [])
    return found


def _factors(program: Program, plan: Schedule, place: array[int]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
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

    def __init__(self, program: Program, plan: Schedule, place: array[int], varies: bytearray) -> None:
        self.program, self.plan, self.place, self.varies = program, plan, place, varies
        self.row, self.last = integers(len(program)), integers(len(program))  # last: 1 + the step that reads it last
        self.free: list[int] = []
        self.code: list[int] = []
        self.run = 0  # where the count of the run of like instructions stands that is being written
        self.begun, self.made = 0, integers(len(program))  # the step that began the run, and that made each value
        self.rows, self.cost = 0, 0.0
        self.counted = [counted(code) for code in range(len(NAMES))]
        self.costs = [0.2 if code in CHEAP else 1.5 for code in range(len(NAMES))]  # nanoseconds an operand

    def write(self, steps: list[int], blocks: list[Block]) -> None:
        """Fill in the plan's rows, and its code in the order of the steps."""
        self.read(steps, blocks)
        program, plan, last, row = self.program, self.plan, self.last, self.row
        for i in range(len(program)):
            if last[i] and program.codes[i] == INPUT:
                plan.inputs.append((program.args[program.starts[i]], self.take(i)))
            elif last[i] and not self.varies[i]:
                plan.fills.append((self.place[i], self.take(i)))
        for n in range(len(steps)):
            step = steps[n]
            if step < 0:
                self.write_block(blocks[-1 - step], n + 1)
            else:
                self.write_one(step, n + 1)
        plan.outputs = [row[k] for k in plan.outputs]
        plan.code, plan.rows, plan.cost = array("i", self.code), self.rows, self.cost

    def read(self, steps: list[int], blocks: list[Block]) -> None:
        """Note for every value the last step that reads it."""
        last, starts, args = self.last, self.program.starts, self.program.args
        for n in range(len(steps)):
            step = steps[n]
            if step < 0:
                for k in blocks[-1 - step].operands:
                    last[k] = n + 1
            else:
                for j in range(starts[step], starts[step + 1]):
                    last[args[j]] = n + 1
        for k in self.plan.outputs:
            last[k] = len(steps) + 1

    def write_one(self, i: int, n: int) -> None:
        """An instruction, as one more of the run that it continues."""
        program, code = self.program, self.code
        kind, first, end = program.codes[i], program.starts[i], program.starts[i + 1]
        if self.run and code[self.run - 1] == kind and self.joins(kind, program.args[first]):
            code[self.run] += 1
        else:
            self.run, self.begun = len(code) + 1, n
            code.append(kind)
            code.append((end - first) // (2 if kind == PRODUCTS else 1) if self.counted[kind] else 1)
        self.made[i] = n
        code.append(self.take(i))
        for j in range(first, end):
            code.append(self.row[program.args[j]])
        for j in range(first, end):
            self.release(program.args[j], n)
        if not self.last[i]:
            self.free.append(self.row[i])
        self.cost += self.costs[kind] * (end - first)

    def joins(self, kind: int, operand: int) -> bool:
        """Whether an instruction may continue a run of its kind."""
        return not self.counted[kind] and (kind not in TOGETHER or self.made[operand] < self.begun)

    def write_block(self, block: Block, n: int) -> None:
        """A matrix product."""
        self.run = 0
        rows, size, _ = block.head
        results = [self.take(k) for k in block.results]
        self.code += [block.code, *block.head, *results, *[self.row[k] for k in block.operands]]
        for k in block.operands:
            self.release(k, n)
        self.free += [self.row[k] for k in block.results if not self.last[k]]
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
