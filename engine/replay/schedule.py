# cython: infer_types=True
"""A program as the numbers that an executor runs: which row of a block holds what, in which order.

What depends on parameters alone lives in `fixed`, an array computed once a call. What varies by example lives in
rows, one number an example, that are used again once nobody needs them. Sums with fixed weights over the same
rows become one matrix product (`dense`), means of products one matrix of inner products (`inner`), whose cells
are added up over all blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..core import (
    CODES,
    CONSTANT,
    DENSE,
    FUNCTIONS,
    IN_C,
    INNER,
    INPUT,
    MEAN,
    MUL,
    NAMES,
    ONE,
    OUTER,
    PAIRS,
    PARAMETER,
    PRODUCTS,
    TABLE,
)
from ..structure import Ints, new_ints, packed
from .passes import columns
from .program import Program

CHEAP = {
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
}
PARTNERS = {CODES[f"pair_{name}"]: (CODES[name], CODES[partner]) for name, partner in PAIRS.items()}
TOGETHER = {*PARTNERS, *(CODES[name] for name in FUNCTIONS)}  # a run of these reads before it writes
FEW = 4  # terms of a single sum that are no matter for a matrix product
LANES = 8  # at most in a vector: a whole number of them in a row of an outer product
# Inner products from which it pays to turn the columns, and to take them as a sum of outer products.
TALL, WIDE = 8, 32
READ_AHEAD = 32  # numbers behind the last weight, which are read with it but not used


def counted(code: int) -> bool:
    """Whether an instruction says how many operands it has."""
    return code == PRODUCTS or (NAMES[code] in TABLE and TABLE[NAMES[code]].variadic)


def _all_counted() -> bytearray:
    return bytearray([counted(code) for code in range(len(NAMES))])


@dataclass
class Schedule:
    """What an executor needs to know.

    `fixed` begins with the constants and zeros elsewhere; `parameters` says where in it which parameter goes,
    `fixed_code` computes the rest of it, `packed` lists what is copied to `first_packed` on as the weights of
    matrices, column by column.
    `inputs` says which input goes to which row, `fills` which row is the same fixed number for all examples, and
    `code` is what is done to every block. `outputs` are the rows of the results by example; `means` for every
    mean the fixed number to add to it and `cells` which mean each cell belongs to. Of the cells, the first `inner` are
    those of inner products, and the others those of outer products.
    """

    fixed: array[float] = field(default_factory=lambda: array("d"))
    parameters: list[tuple[int, int]] = field(default_factory=list)
    fixed_code: Ints = field(default_factory=lambda: array("i"))
    packed: Ints = field(default_factory=lambda: array("i"))
    first_packed: int = 0
    inputs: list[tuple[int, int]] = field(default_factory=list)
    fills: list[tuple[int, int]] = field(default_factory=list)
    code: Ints = field(default_factory=lambda: array("i"))
    rows: int = 0
    outputs: list[int] = field(default_factory=list)
    means: list[int] = field(default_factory=list)
    cells: Ints = field(default_factory=lambda: array("i"))
    inner: int = 0
    foreign: bool = False  # whether there is a kernel that only Python has
    cost: float = 0.0  # nanoseconds an example, roughly: enough to know when a second thread is worth it


class Block(NamedTuple):
    """What has several results, which are instructions, as the operands are: a pair, or a matrix product.

    The head of a product is its rows, its columns, and where the weights or cells are; a pair has none.
    """

    code: int
    head: tuple[int, ...]
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
    plan.first_packed = len(plan.fixed)
    plan.fixed.extend([0.0] * (len(plan.packed) + READ_AHEAD))
    plan.foreign = bool(np.max(np.asarray(program.codes)[: len(program)]) >= IN_C)
    return plan


def _places(program: Program, varies: bytearray) -> tuple[Ints, int]:
    """Where in the part that is run once a call, on numbers instead of rows, each instruction is; the part's size."""
    is_here = (np.asarray(varies) == 0) & (np.asarray(program.codes)[: len(program)] != MEAN)
    return packed(np.where(is_here, np.cumsum(is_here) - 1, 0)), int(is_here.sum())


def _fixed(program: Program, varies: bytearray, place: Ints, size: int) -> Schedule:
    """A schedule of that part alone."""
    plan, code = Schedule(array("d", [0.0]) * size), Code(program)
    for i in range(len(program)):
        kind, first, last = program.codes[i], program.starts[i], program.starts[i + 1]
        if varies[i] or kind == MEAN:
            continue
        if kind == CONSTANT:
            plan.fixed[place[i]] = program.constants[program.args[first]]
        elif kind == PARAMETER:
            plan.parameters.append((program.args[first], place[i]))
        else:
            code.begin(kind, last - first, not code.together[kind])
            code.put(place[i])
            for j in range(first, last):
                code.put(place[program.args[j]])
    plan.fixed_code = code.numbers[: code.size]
    return plan


def _steps(program: Program, varies: bytearray, place: Ints, plan: Schedule, blocks: list[Block]) -> Ints:
    """What varies, in order: the number of an instruction, or -1 - the number of a block of several.

    The weights of the blocks are copied one behind the other, equal matrices once: `plan.packed` says from where.
    """
    i, count, size = 0, 0, len(program)
    steps, partner = new_ints(size), _partners(program, varies)
    known: dict[bytes, int] = {}
    codes = program.codes
    while i < size:
        code, last = codes[i], i + 1
        if not varies[i] or code == INPUT or partner[i] < 0:
            i += 1
            continue
        step = i
        if partner[i]:
            step = -1 - len(blocks)
            blocks.append(_pair(program, i, partner[i]))
        elif code in (PRODUCTS, MUL):
            shared = columns(program, i, varies)
            while shared and last < size and columns(program, last, varies) == shared:
                last += 1
            if shared and (last - i > 1 or len(shared) > FEW):
                step = -1 - len(blocks)
                weights = _weights(program, i, last, varies, place)
                start = known.get(weights.tobytes(), -1)
                if start < 0:
                    start = known[weights.tobytes()] = len(plan.fixed) + len(plan.packed)
                    plan.packed.extend(weights)
                blocks.append(Block(DENSE, (last - i, len(shared), start), range(i, last), shared))
            else:
                last = i + 1
        steps[count] = step
        count += 1
        i = last
    return steps[:count]


def _partners(program: Program, varies: bytearray) -> Ints:
    """For the first instruction of a pair, the second; for the second, -1; for all else 0."""
    found, known = new_ints(len(program)), dict[tuple[int, int], int]()
    for i in range(len(program)):
        if varies[i] and program.codes[i] in _PAIRED:
            known[program.codes[i], program.args[program.starts[i]]] = i
    for (code, operand), i in known.items():
        k = known.get((_SECOND.get(code, -1), operand), 0)
        if k and not found[i] and not found[k]:
            found[min(i, k)], found[max(i, k)] = max(i, k), -1
    return found


def _pair(program: Program, i: int, k: int) -> Block:
    """Two instructions as a pair, in the order that it has."""
    first, second = (i, k) if _SECOND.get(program.codes[i]) == program.codes[k] else (k, i)
    return Block(_PAIR[program.codes[first]], (), (first, second), (program.args[program.starts[i]],))


_SECOND = dict(PARTNERS.values())
_PAIR = {first: code for code, (first, _) in PARTNERS.items()}
_PAIRED = {code for pair in PARTNERS.values() for code in pair}


def _weights(program: Program, first: int, last: int, varies: bytearray, place: Ints) -> Ints:
    """Where the weights of the sums from `first` to before `last` are, column by column."""
    args, start, end, rows = program.args, program.starts[first], program.starts[last], last - first
    size = (end - start) // 2
    found = new_ints(size)
    weights, columns = found, size // rows
    for n in range(size):
        a, b = args[start + 2 * n], args[start + 2 * n + 1]
        weights[n % columns * rows + n // columns] = place[b if varies[a] or a == ONE else a]
    return found


def _with_means(program: Program, steps: Ints, blocks: list[Block], plan: Schedule, place: Ints) -> Ints:
    """The steps with inner products put in as soon as their operands are there; what each mean is made of."""
    rights, means = _factors(program, plan, place)
    made = _made(program, steps, blocks)
    ready, begun = list[int](), len(blocks)  # by how many steps the operands of a product are there
    known: dict[bytes, int] = {}
    for code, lefts, shared, first in _shapes(rights):
        last = first + len(shared)
        entries = array("i", [mean for left in lefts for mean in means[left][first:last]])
        start = known.setdefault(entries.tobytes(), len(plan.cells))
        if start == len(plan.cells):  # two that add up to the same means share their cells
            plan.cells.extend(entries)
            plan.inner += len(entries) if code == INNER else 0
        ready.append(max([made[k] for k in (*lefts, *shared)]))
        blocks.append(Block(code, (len(lefts), len(shared), start), (), (*lefts, *shared)))
    waiting = sorted(range(len(ready)), key=ready.__getitem__)[::-1]
    found: list[int] = []
    for n in range(len(steps) + 1):
        while waiting and ready[waiting[-1]] == n:
            found.append(-1 - begun - waiting.pop())
        found += steps[n : n + 1]
    return array("i", found)


def _shapes(rights: dict[int, list[int]]) -> list[tuple[int, list[int], list[int], int]]:
    """The matrices of products: what they are taken as, their rows, their columns, and the first column's number.

    Inner products stand first. Of many columns a whole number of vectors are taken as a sum of outer products.
    """
    lefts_of: dict[tuple[int, ...], list[int]] = {}
    for left in rights:
        lefts_of.setdefault(tuple(rights[left]), []).append(left)
    found = []
    for shared, lefts in lefts_of.items():
        turned = len(shared) // LANES * LANES if len(shared) >= WIDE and len(lefts) >= TALL else 0
        parts = [(OUTER, 0, turned), (INNER, turned, len(shared))]
        found += [(code, lefts, list(shared[a:b]), a) for code, a, b in parts if a < b]
    return sorted(found, key=lambda part: part[0])


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


class Code:
    """Instructions as numbers: a kind, how many of them, for some kinds of how many operands, and then their rows."""

    def __init__(self, program: Program) -> None:
        self.numbers, self.size = new_ints(5 * program.size + 2 * program.starts[program.size]), 0  # room enough
        self.run, self.kind, self.operands = 0, 0, 0  # where the count of the last run stands, and what it is of
        self.counted = _all_counted()
        self.together = bytearray([code in TOGETHER for code in range(len(NAMES))])

    def begin(self, kind: int, operands: int, joins: bool) -> bool:
        """The next instruction, of the run before it where it `joins` that; returns whether it begins a run."""
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
        """The next number."""
        self.numbers[self.size] = number
        self.size += 1


class Rows:
    """Gives every value a row for as long as it is needed, and writes the code."""

    def __init__(self, program: Program, plan: Schedule, place: Ints, varies: bytearray) -> None:
        self.program, self.plan, self.place, self.varies = program, plan, place, varies
        self.row, self.last = new_ints(len(program)), new_ints(len(program))  # last: 1 + the step that reads it last
        self.free: list[int] = []
        self.code = Code(program)
        self.begun, self.made = 0, new_ints(len(program))  # the step that began the run, and that made each value
        self.rows, self.cost = 0, 0.0
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
            if step >= 0:
                self.write_one(step, n + 1)
            elif blocks[-1 - step].head:
                self.write_product(blocks[-1 - step], n + 1)
            else:
                self.write_pair(blocks[-1 - step], n + 1)
        plan.outputs = [self.row[k] for k in plan.outputs]
        plan.code, plan.rows, plan.cost = self.code.numbers[: self.code.size], self.rows, self.cost

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
        if code.begin(kind, end - first, self.joins(kind, program.args[first])):
            self.begun = n
        self.made[i] = n
        code.put(self.take(i))
        for j in range(first, end):
            code.put(self.row[program.args[j]])
        for j in range(first, end):
            self.release(program.args[j], n)
        self.drop(i)
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
        self.drop(first)
        self.drop(second)
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
            self.drop(k)
        self.cost += 0.04 * rows * size

    def take(self, i: int) -> int:
        """A row for a value: one that is free, or a new one."""
        if self.free:
            self.row[i] = self.free.pop()
        else:
            self.row[i] = self.rows
            self.rows += 1
        return self.row[i]

    def drop(self, i: int) -> None:
        """Let go of the row of a result that nobody reads."""
        if not self.last[i]:
            self.free.append(self.row[i])

    def release(self, k: int, n: int) -> None:
        """Let go of a row after step n if that was the last to read it; fixed numbers keep theirs."""
        if self.last[k] == n and self.varies[k]:
            self.last[k] = -1  # an operand may stand there twice
            self.free.append(self.row[k])


def instructions(code: array[int]) -> Iterator[tuple[str, tuple[int, ...], Sequence[int]]]:
    """Every instruction of scheduled code: its name, what stands before its rows, its rows with the results first."""
    at = 0
    while at < len(code):
        kind, count = code[at], code[at + 1]
        if kind in (DENSE, INNER, OUTER):
            size = code[at + 2]
            yield NAMES[kind], (count, size, code[at + 3]), code[at + 4 : at + 4 + count + size]
            at += 4 + count + size
            continue
        begin = at + 3 if counted(kind) else at + 2
        width = 1 + (code[at + 2] if counted(kind) else 2 if kind in PARTNERS else len(TABLE[NAMES[kind]].partials))
        at = begin + count * width
        for first in range(begin, at, width):
            rows = code[first : first + width]
            if kind in PARTNERS:
                both = PARTNERS[kind]
                yield NAMES[both[0]], (), (rows[0], rows[2])
                yield NAMES[both[1]], (), (rows[1], rows[2])
            else:
                yield NAMES[kind], (), rows
