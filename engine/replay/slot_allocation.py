# cython: infer_types=True
"""Slot allocation: every value gets a row until its last use, and every instruction is written as code."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from ..core import CODES, INPUT, NAMES, PRODUCTS, TABLE
from ..structure import Ints, new_ints
from .program import Program

if TYPE_CHECKING:
    from .schedule import Block, Schedule

CHEAP = {
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
}
TOGETHER = {CODES[name] for name in ("exp", "log", "log1p", "tanh", "erf")}  # a run of these reads before it writes


def counted(code: int) -> bool:
    """Whether the code of an instruction contains its number of operands."""
    return code == PRODUCTS or (NAMES[code] in TABLE and TABLE[NAMES[code]].variadic)


def all_counted() -> bytearray:
    """The same for every opcode."""
    return bytearray([counted(code) for code in range(len(NAMES))])


def count(counts: bytearray, code: int, operands: int) -> int:
    """The number after the opcode of an instruction: the length of its run, or its number of terms."""
    return (operands // 2 if code == PRODUCTS else operands) if counts[code] else 1


class Code:
    """The integers of a code while they are written, with room for a whole program."""

    def __init__(self, program: Program) -> None:
        self.numbers, self.size = new_ints(4 * len(program) + program.starts[len(program)]), 0

    def put(self, number: int) -> None:
        """Write the next number."""
        self.numbers[self.size] = number
        self.size += 1

    def written(self) -> Ints:
        """The numbers so far."""
        found = new_ints(self.size)
        memoryview(found)[:] = memoryview(self.numbers)[: self.size]
        return found


class Rows:
    """Gives every value a row until its last use, and writes the code."""

    def __init__(self, program: Program, plan: Schedule, fixed_index: Ints, varies: bytearray) -> None:
        self.program, self.plan, self.fixed_index, self.varies = program, plan, fixed_index, varies
        self.row, self.last = new_ints(len(program)), new_ints(len(program))  # last: 1 + the step that reads it last
        self.free, self.spare = new_ints(len(program)), 0  # rows to use again, and how many there are
        self.code = Code(program)
        self.run = 0  # index of the length of the run that is being written
        self.begun, self.made = 0, new_ints(len(program))  # the step that began the run, and that made each value
        self.rows, self.cost = 0, 0.0
        self.counted = all_counted()
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
                plan.fills.append((self.fixed_index[i], self.take(i)))
        for n in range(len(steps)):
            step = steps[n]
            if step < 0:
                self.write_block(blocks[-1 - step], n + 1)
            else:
                self.write_one(step, n + 1)
        plan.outputs = [self.row[k] for k in plan.outputs]
        plan.code, plan.rows, plan.cost = self.code.written(), self.rows, self.cost

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
        """Write an instruction, as part of the current run if it continues that."""
        program, code = self.program, self.code
        kind, first, end = program.codes[i], program.starts[i], program.starts[i + 1]
        if self.run and code.numbers[self.run - 1] == kind and self.joins(kind, program.args[first]):
            code.numbers[self.run] += 1
        else:
            self.run, self.begun = code.size + 1, n
            code.put(kind)
            code.put(count(self.counted, kind, end - first))
        self.made[i] = n
        code.put(self.take(i))
        for j in range(first, end):
            code.put(self.row[program.args[j]])
        for j in range(first, end):
            self.release(program.args[j], n)
        if not self.last[i]:
            self.give_back(self.row[i])
        self.cost += self.costs[kind] * (end - first)

    def joins(self, kind: int, operand: int) -> bool:
        """Whether an instruction may continue a run of its kind."""
        return not self.counted[kind] and not (self.together[kind] and self.made[operand] >= self.begun)

    def write_block(self, block: Block, n: int) -> None:
        """A matrix product."""
        self.run = 0
        rows, size, _ = block.head
        results = [self.take(k) for k in block.results]
        for number in (block.code, *block.head, *results, *[self.row[k] for k in block.operands]):
            self.code.put(number)
        for k in block.operands:
            self.release(k, n)
        for k in block.results:
            if not self.last[k]:
                self.give_back(self.row[k])
        self.cost += 0.1 * rows * size

    def take(self, i: int) -> int:
        """A row for a value: one that is free, or a new one."""
        if self.spare:
            self.spare -= 1
            self.row[i] = self.free[self.spare]
        else:
            self.row[i] = self.rows
            self.rows += 1
        return self.row[i]

    def release(self, k: int, n: int) -> None:
        """Free a row after step n if that was its last use; fixed numbers keep theirs."""
        if self.last[k] == n and self.varies[k]:
            self.last[k] = -1  # an operand may occur twice
            self.give_back(self.row[k])

    def give_back(self, row: int) -> None:
        """Free a row for reuse."""
        self.free[self.spare] = row
        self.spare += 1
