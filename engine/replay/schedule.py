"""A program as integers for an executor: the row of each value in a block, and the order of the instructions.

Values that depend only on parameters are in `fixed`, an array computed once per call. Values that vary by example are
in rows, one number per example, which are reused after their last use. Sums with fixed weights over the same rows
become one matrix product (`dense`), and means of products one matrix of inner products (`inner`), whose cells are
summed over all blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..core import CONSTANT, DENSE, IN_C, INNER, INPUT, MEAN, NAMES, ONE, OUTER, PARAMETER, TABLE
from ..structure import Ints, grouped, new_ints, packed
from .passes import columns, matrices
from .program import Program
from .slot_allocation import PARTNERS, Rows, code_of_fixed, counted

LANES = 8  # of the widest vector; a row of an outer product has a multiple of them
# Rows and columns from which inner products are faster as a sum of outer products, with transposed columns.
TALL, WIDE = 8, 32
READ_AHEAD = 32  # padding after the last weight: a vector load reads it, but it is not used


@dataclass
class Schedule:
    """The plan of a program for an executor.

    `fixed` initially holds the constants, and zeros elsewhere. `parameters` has pairs (parameter, index in `fixed`),
    `fixed_code` computes the rest, and `packed` lists the indices of the matrices' weights, column by column, which are
    copied to `first_packed` onwards.
    `inputs` has pairs (input, row), `fills` pairs (index in `fixed`, row) for rows equal in all examples, and `code`
    runs on every block. `outputs` are the rows of the results by example; `means` has for each mean the index in
    `fixed` of a number to add, and `cells` the mean of each cell. The first `inner` cells are of inner products, the
    others of outer products.
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
    cost: float = 0.0  # rough nanoseconds per example, to decide when a second thread is worth it


class Block(NamedTuple):
    """A step with several results: a pair or a matrix product. Results and operands are indices of instructions.

    The head of a product is (rows, columns, index of the first weight or cell), that of a pair is empty.
    """

    code: int
    head: tuple[int, ...]
    results: Sequence[int]
    operands: Sequence[int]


def schedule(program: Program, averaged: bool = False) -> Schedule:
    """The schedule of a program, with outputs for every example or, if `averaged`, means (see `batch_mean`)."""
    varies = program.varies()
    fixed_index, size = _fixed_indices(program, varies)
    plan = _fixed(program, varies, fixed_index, size)
    blocks: list[Block] = []
    steps = _steps(program, varies, fixed_index, plan, blocks)
    if averaged:
        steps = _with_means(program, steps, blocks, plan, fixed_index)
    else:
        plan.outputs = list(program.outputs)
    Rows(program, fixed_index, varies).write(plan, steps, blocks)
    plan.first_packed = len(plan.fixed)
    plan.fixed.extend([0.0] * (len(plan.packed) + READ_AHEAD))
    plan.foreign = bool(np.max(np.asarray(program.codes)[: len(program)]) >= IN_C)
    return plan


def _fixed_indices(program: Program, varies: bytearray) -> tuple[Ints, int]:
    """The index of each instruction in the part that is run once per call, and the size of that part."""
    is_here = _is_fixed(program, varies)
    return packed(np.where(is_here, np.cumsum(is_here) - 1, 0)), int(is_here.sum())


def _is_fixed(program: Program, varies: bytearray) -> Any:
    return (np.asarray(varies) == 0) & (np.asarray(program.codes)[: len(program)] != MEAN)


def _fixed(program: Program, varies: bytearray, fixed_index: Ints, size: int) -> Schedule:
    """A schedule of only that part."""
    plan, index = Schedule(array("d", [0.0]) * size), np.asarray(fixed_index)
    codes = np.where(_is_fixed(program, varies), np.asarray(program.codes)[: len(program)], INPUT)
    number = np.asarray(program.args)[np.asarray(program.starts)[: len(program)]]  # of a leaf
    constants, parameters = (np.flatnonzero(codes == code) for code in (CONSTANT, PARAMETER))
    np.asarray(plan.fixed)[index[constants]] = np.asarray(program.constants)[number[constants]]
    plan.parameters = list(zip(number[parameters].tolist(), index[parameters].tolist(), strict=True))
    plan.fixed_code = code_of_fixed(program, packed(np.flatnonzero(codes > CONSTANT)), fixed_index)
    return plan


def _steps(program: Program, varies: bytearray, fixed_index: Ints, plan: Schedule, blocks: list[Block]) -> Ints:
    """The varying steps in order: i < size is instruction i, and size + k is block k.

    `plan.packed` gets the indices of the blocks' weights, matrix after matrix, equal matrices once.
    """
    size, partners, ends = len(program), _partners(program, varies), matrices(program, varies)
    partner, end, steps = np.asarray(partners), np.asarray(ends), np.arange(size)
    is_step = (np.asarray(varies) != 0) & (np.asarray(program.codes)[:size] != INPUT) & (partner >= 0)
    known: dict[bytes, int] = {}
    for i in np.flatnonzero(is_step & ((partner > 0) | (end > 0))).tolist():
        steps[i] = size + len(blocks)
        if partners[i]:
            blocks.append(_pair(program, i, partners[i]))
            continue
        shared, last = columns(program, i, varies), ends[i]
        weights = _weights(program, i, last, varies, fixed_index)
        start = known.setdefault(weights.tobytes(), len(plan.fixed) + len(plan.packed))
        if start == len(plan.fixed) + len(plan.packed):
            plan.packed.extend(weights)
        blocks.append(Block(DENSE, (last - i, len(shared), start), range(i, last), shared))
        is_step[i + 1 : last] = False
    return packed(steps[is_step])


def _partners(program: Program, varies: bytearray) -> Ints:
    """For the first instruction of a pair, the second; for the second, -1; for all else 0."""
    size, found = len(program), new_ints(len(program))
    codes = np.where(np.asarray(varies) != 0, np.asarray(program.codes)[:size], CONSTANT)
    operand, partner = np.asarray(program.args), np.asarray(found)
    count = np.bincount(codes, minlength=IN_C)
    for pair in reversed(PARTNERS.values()):  # the later rows of the table contain the earlier ones
        if count[pair[0]] and count[pair[1]]:
            one, other = (np.flatnonzero((codes == code) & (partner == 0)) for code in pair)
            first = [operand[np.asarray(program.starts)[which]] for which in (one, other)]
            _, at, to = np.intersect1d(*first, return_indices=True)
            both = np.sort([one[at], other[to]], axis=0)
            partner[both[0]], partner[both[1]] = both[1], -1
    return found


def _pair(program: Program, i: int, k: int) -> Block:
    """Two instructions as a pair, in the order that it has."""
    first, second = (i, k) if (program.codes[i], program.codes[k]) in _PAIR else (k, i)
    code = _PAIR[program.codes[first], program.codes[second]]
    return Block(code, (), (first, second), (program.args[program.starts[i]],))


_PAIR = {pair: code for code, pair in PARTNERS.items()}


def _weights(program: Program, first: int, last: int, varies: bytearray, fixed_index: Ints) -> Ints:
    """The indices in `fixed` of the weights of the sums `first` to `last` - 1, column by column."""
    factors = np.asarray(program.args)[program.starts[first] : program.starts[last]]
    a, b = factors.reshape(last - first, -1, 2).T  # by column and sum
    return packed(np.asarray(fixed_index)[np.where((np.asarray(varies)[a] != 0) | (a == ONE), b, a)])


def _with_means(program: Program, steps: Ints, blocks: list[Block], plan: Schedule, fixed_index: Ints) -> Ints:
    """The steps with inner products inserted as soon as their operands are computed, and the terms of each mean."""
    rights, means = _factors(program, plan, fixed_index)
    made = _made(len(program), steps, blocks)
    ready, begun = list[int](), len(program) + len(blocks)  # the step after which a product's operands are there
    known: dict[bytes, int] = {}
    for code, lefts, shared, first in _shapes(rights):
        last = first + len(shared)
        entries = new_ints(0)
        for left in lefts:
            entries.extend(means[left][first:last])
        start = known.setdefault(entries.tobytes(), len(plan.cells))
        if start == len(plan.cells):  # products that add to the same means share cells
            plan.cells.extend(entries)
            plan.inner += len(entries) if code == INNER else 0
        ready.append(max([made[k] for k in (*lefts, *shared)]))
        blocks.append(Block(code, (len(lefts), len(shared), start), (), (*lefts, *shared)))
    return packed(np.insert(steps, ready, [begun + k for k in range(len(ready))]))


def _shapes(rights: dict[int, Ints]) -> list[tuple[int, list[int], list[int], int]]:
    """The matrices of products: their opcode, rows, columns, and the first column's number.

    Inner products come first. If columns are many, those that fill whole vectors become a sum of outer products.
    """
    lefts_of: dict[bytes, list[int]] = {}
    for left, right in rights.items():
        lefts_of.setdefault(right.tobytes(), []).append(left)
    found = []
    for lefts in lefts_of.values():
        shared = rights[lefts[0]]
        turned = len(shared) // LANES * LANES if len(shared) >= WIDE and len(lefts) >= TALL else 0
        parts = [(OUTER, 0, turned), (INNER, turned, len(shared))]
        found += [(code, lefts, list(shared[a:b]), a) for code, a, b in parts if a < b]
    return sorted(found, key=lambda part: part[0])


def _made(size: int, steps: Ints, blocks: list[Block]) -> list[int]:
    """The number of steps after which each instruction is computed."""
    found = np.zeros(size + len(blocks), int)
    found[np.asarray(steps)] = np.arange(1, len(steps) + 1)
    for n, block in enumerate(blocks, size):
        found[np.asarray(block.results, int)] = found[n]
    return found.tolist()


def _factors(program: Program, plan: Schedule, fixed_index: Ints) -> tuple[dict[int, Ints], dict[int, Ints]]:
    """For every operand, its other factors in means of products, and the indices of these means."""
    args, starts, outputs = np.asarray(program.args), np.asarray(program.starts), np.asarray(program.outputs)
    is_mean = np.asarray(program.codes)[outputs] == MEAN
    first, counts = starts[outputs] + 1, np.where(is_mean, (starts[outputs + 1] - starts[outputs]) // 2, 0)
    plan.means = np.asarray(fixed_index)[np.where(is_mean, args[starts[outputs]], outputs)].tolist()
    means, before = np.repeat(np.arange(len(outputs)), counts), np.cumsum(counts) - counts
    at = np.repeat(first - 2 * before, counts) + 2 * np.arange(len(means))
    a, b = args[at], args[at + 1]
    is_left = np.asarray(program.varies())[a] != 0
    lefts = packed(np.where(is_left, a, b))
    return grouped(lefts, packed(np.where(is_left, b, a))), grouped(lefts, packed(means))


def instructions(code: array[int]) -> Iterator[tuple[str, tuple[int, ...], Sequence[int]]]:
    """Every instruction of scheduled code: its name, head (of a matrix product) and rows, with the results first."""
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
