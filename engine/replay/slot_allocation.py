# cython: infer_types=True
"""Slot allocation: every value gets a row until its last use, and every instruction is written as code."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from ..core import CODES, FUNCTIONS, IN_C, INPUT, NAMES, PAIRS, PRODUCTS, TABLE
from ..structure import Ints, new_ints
from .program import Program

if TYPE_CHECKING:
    from .schedule import Block, Schedule

CHEAP = {
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
}
PARTNERS = {CODES[f"pair_{name}"]: (CODES[name], CODES[partner]) for name, partner in PAIRS.items()}
TOGETHER = {*PARTNERS, *[CODES[name] for name in FUNCTIONS]}  # no instruction of a run reads results of the run
UNREAD, RELEASED = 0, -1  # in place of the step of a last use


def counted(code: int) -> bool:
    """Whether the code of an instruction contains its number of operands."""
    return code == PRODUCTS or (NAMES[code] in TABLE and TABLE[NAMES[code]].variadic)


_COUNTED = bytearray([counted(code) for code in range(IN_C)])
_TOGETHER = bytearray([code in TOGETHER for code in range(IN_C)])
_COSTS = array("d", [0.2 if code in CHEAP else 1.5 for code in range(IN_C)])  # ns an operand


class Code:
    """Instructions as integers, in runs: the opcode, the run's length, for some opcodes the operand count, the rows."""

    def __init__(self, program: Program) -> None:
        self.numbers, self.size = new_ints(5 * program.size + 2 * program.starts[program.size]), 0  # room enough
        self.run, self.kind, self.operands = 0, 0, 0  # the last run: index of its length, opcode, operand count
        others = range(IN_C, len(NAMES))  # without C code
        self.counted = _COUNTED + bytearray([counted(code) for code in others])
        self.together = _TOGETHER + bytearray(len(others))

    def begin(self, kind: int, operands: int, joins: bool) -> bool:
        """Write an instruction's header, or extend the last run if it `joins` that; returns whether it begins a run."""
        if self.run and joins and kind == self.kind and operands == self.operands:
            self.numbers[self.run] += 1
            return False
        self.put(kind)
        self.run, self.kind, self.operands = self.size, kind, operands
        self.put(1)
        if self.counted[kind]:
            self.put(operands)
        return True

    def put(self, number: int) -> None:
        """Append a number."""
        self.numbers[self.size] = number
        self.size += 1

    def written(self) -> Ints:
        """The numbers so far."""
        found = new_ints(self.size)
        memoryview(found)[:] = memoryview(self.numbers)[: self.size]
        return found


def code_of_fixed(program: Program, wanted: Ints, fixed_index: Ints) -> Ints:
    """The code of the wanted instructions, whose results and operands have these indices."""
    code = Code(program)
    for n in range(len(wanted)):
        i = wanted[n]
        kind, first, last = program.codes[i], program.starts[i], program.starts[i + 1]
        code.begin(kind, last - first, not code.together[kind])
        code.put(fixed_index[i])
        for j in range(first, last):
            code.put(fixed_index[program.args[j]])
    return code.written()


class Rows:
    """Gives every value a row until its last use, and writes the code."""

    def __init__(self, program: Program, fixed_index: Ints, varies: bytearray) -> None:
        self.program, self.fixed_index, self.varies = program, fixed_index, varies
        self.row, self.last = new_ints(len(program)), new_ints(len(program))  # last: 1 + the step that reads it last
        self.free, self.spare = new_ints(len(program)), 0  # a stack of free rows, and its size
        self.code = Code(program)
        self.begun, self.made = 0, new_ints(len(program))  # the step that began the run; that computed each value
        self.rows, self.cost = 0, 0.0
        self.costs = _COSTS + array("d", [1.5]) * (len(NAMES) - IN_C)

    def write(self, plan: Schedule, steps: Ints, blocks: list[Block]) -> None:
        """Fill in the plan's rows, and its code in the order of the steps, which are numbered as in schedule._steps."""
        self.read(plan.outputs, steps, blocks)
        program = self.program
        for i in range(len(program)):
            if self.last[i] and program.codes[i] == INPUT:
                plan.inputs.append((program.args[program.starts[i]], self.take(i)))
            elif self.last[i] and not self.varies[i]:
                plan.fills.append((self.fixed_index[i], self.take(i)))
        size = len(program)
        for n in range(len(steps)):
            step = steps[n]
            if step < size:
                self.write_one(step, n + 1)
            elif blocks[step - size].head:
                self.write_product(blocks[step - size], n + 1)
            else:
                self.write_pair(blocks[step - size], n + 1)
        plan.outputs = [self.row[k] for k in plan.outputs]
        plan.code, plan.rows, plan.cost = self.code.written(), self.rows, self.cost

    def read(self, outputs: list[int], steps: Ints, blocks: list[Block]) -> None:
        """Note for every value the last step that reads it."""
        program, last, size = self.program, self.last, len(self.program)
        for n in range(len(steps)):
            step = steps[n]
            if step >= size:
                for k in blocks[step - size].operands:
                    last[k] = n + 1
            else:
                for j in range(program.starts[step], program.starts[step + 1]):
                    last[program.args[j]] = n + 1
        for k in outputs:
            last[k] = len(steps) + 1

    def write_one(self, i: int, n: int) -> None:
        """Write an instruction, as part of the current run if it continues that."""
        program, code = self.program, self.code
        kind, first, end = program.codes[i], program.starts[i], program.starts[i + 1]
        if code.begin(kind, end - first, self.joins(kind, program.args[first])):
            self.begun = n
        self.made[i] = n
        code.put(self.take(i))
        for j in range(first, end):
            code.put(self.row[program.args[j]])
        for j in range(first, end):
            self.release(program.args[j], n)
        self.release(i, UNREAD)
        self.cost += self.costs[kind] * (end - first)

    def joins(self, kind: int, operand: int) -> bool:
        """Whether an instruction may continue a run of its kind."""
        return not (self.code.together[kind] and self.made[operand] >= self.begun)

    def write_pair(self, block: Block, n: int) -> None:
        """Two functions of the same operand, in the same way."""
        first, second = block.results
        operand = block.operands[0]
        if self.code.begin(block.code, 1, self.joins(block.code, operand)):
            self.begun = n
        self.made[first] = self.made[second] = n
        for k in (self.take(first), self.take(second), self.row[operand]):
            self.code.put(k)
        self.release(operand, n)
        self.release(first, UNREAD)
        self.release(second, UNREAD)
        self.cost += self.costs[block.code]

    def write_product(self, block: Block, n: int) -> None:
        """A matrix product."""
        self.code.run = 0
        rows, size, _ = block.head
        results = [self.take(k) for k in block.results]
        for number in (block.code, *block.head, *results, *[self.row[k] for k in block.operands]):
            self.code.put(number)
        for k in block.operands:
            self.release(k, n)
        for k in block.results:
            self.release(k, UNREAD)
        self.cost += 0.04 * rows * size

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
            self.last[k] = RELEASED  # an operand may occur twice
            self.free[self.spare] = self.row[k]
            self.spare += 1
