"""A program as the numbers that an executor runs: which row of a block holds what, in which order.

What depends on parameters alone lives in `fixed`, an array computed once a call. What varies by example lives in
rows, one number an example, that are used again once nobody needs them. Sums with fixed weights over the same
rows become one matrix product (`dense`), means of products one matrix of inner products (`inner`), whose cells
are added up over all blocks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .ops import TABLE
from .passes import columns
from .program import CODES, CONSTANT, DENSE, INNER, INPUT, MEAN, NAMES, ONE, PARAMETER, PRODUCTS, Program

CHEAP = [
    CODES[name] for name in ("add", "sub", "mul", "neg", "abs", "maximum", "minimum", "above", "times", "products")
]


def counted(code: int) -> bool:
    """Whether an instruction says how many operands it has."""
    return code == PRODUCTS or (code > CONSTANT and code not in (MEAN, DENSE, INNER) and TABLE[NAMES[code]].variadic)


@dataclass
class Schedule:
    """What an executor needs to know.

    `fixed` begins with the constants and zeros elsewhere; `parameters` says where in it which parameter goes,
    `fixed_code` computes the rest of it, `packed` lists what is copied to its end as the weights of matrices.
    `inputs` says which input goes to which row, `fills` which row is the same fixed number for all examples, and
    `code` is what is done to every block. `outputs` are the rows of the results by example; `means` for every
    mean the fixed number to add to it and `cells` which mean each cell belongs to.
    """

    fixed: array[float]
    parameters: list[tuple[int, int]]
    fixed_code: array[int]
    packed: array[int]
    inputs: list[tuple[int, int]] = field(default_factory=list)
    fills: list[tuple[int, int]] = field(default_factory=list)
    code: array[int] = field(default_factory=lambda: array("i"))
    rows: int = 0
    outputs: list[int] = field(default_factory=list)
    means: list[int] = field(default_factory=list)
    cells: array[int] = field(default_factory=lambda: array("i"))
    widest: int = 0
    cost: float = 0.0  # nanoseconds an example, roughly: enough to know when a second thread is worth it


class Step(NamedTuple):
    """One instruction of a block: results and operands as instructions of the program, and what stands before them."""

    code: int
    head: tuple[int, ...]
    results: Sequence[int]
    operands: Sequence[int]


def schedule(program: Program, averaged: bool = False) -> Schedule:
    """Lay out a program, whose outputs are wanted for every example, or `averaged` (by the pass `average`)."""
    varies = program.varies()
    place = {i: n for n, i in enumerate(k for k in range(len(program)) if not varies[k] and program.codes[k] != MEAN)}
    plan = _fixed(program, place)
    packed: list[int] = []
    steps = _steps(program, varies, place, packed)
    if averaged:
        steps = _with_means(program, steps, plan, place)
    else:
        plan.outputs = list(program.outputs)
    _assign_rows(program, plan, steps, varies, place)
    plan.packed = array("i", packed)
    plan.fixed.extend([0.0] * len(packed))
    return plan


def _fixed(program: Program, place: dict[int, int]) -> Schedule:
    """The part that is run once a call, on numbers instead of rows."""
    plan = Schedule(array("d", bytes(8 * len(place))), [], array("i"), array("i"))
    for i, at in place.items():
        code, args = program.codes[i], program.operands(i)
        if code == CONSTANT:
            plan.fixed[at] = program.constants[args[0]]
        elif code == PARAMETER:
            plan.parameters.append((args[0], at))
        else:
            plan.fixed_code.extend(_encode(code, [at], [place[k] for k in args]))
    return plan


def _encode(code: int, results: Sequence[int], operands: Sequence[int]) -> list[int]:
    count = [len(operands) // (2 if code == PRODUCTS else 1)] if counted(code) else []
    return [code, *results, *count, *operands]


def _steps(program: Program, varies: bytearray, place: dict[int, int], packed: list[int]) -> list[Step]:
    """The instructions that vary, those in a group joined; the weights of the groups are appended to `packed`."""
    found: list[Step] = []
    i, size = 0, len(program)
    while i < size:
        code = program.codes[i]
        if not varies[i] or code == INPUT:
            i += 1
            continue
        shared = columns(program, i, varies)
        last = i + 1
        while shared and last < size and columns(program, last, varies) == shared:
            last += 1
        if shared and (last - i > 1 or code == PRODUCTS):
            found.append(Step(DENSE, (last - i, len(shared), len(place) + len(packed)), range(i, last), shared))
            packed += [place[weight] for k in range(i, last) for weight in _weights(program, k, varies)]
        else:
            found += [Step(code, (), [k], program.operands(k)) for k in range(i, last)]
        i = last
    return found


def _weights(program: Program, i: int, varies: bytearray) -> list[int]:
    args = program.operands(i)
    return [b if varies[a] or a == ONE else a for a, b in zip(args[::2], args[1::2], strict=True)]


def _with_means(program: Program, steps: list[Step], plan: Schedule, place: dict[int, int]) -> list[Step]:
    """The steps with inner products put in as soon as their operands are there; what each mean is made of."""
    by_row: dict[int, list[tuple[int, int]]] = {}
    varies = program.varies()
    for number, i in enumerate(program.outputs):
        args = program.operands(i)
        is_mean = program.codes[i] == MEAN
        plan.means.append(place[args[0] if is_mean else i])
        if is_mean:
            for a, b in zip(args[1::2], args[2::2], strict=True):
                left, right = (a, b) if varies[a] else (b, a)
                by_row.setdefault(left, []).append((right, number))
    blocks: dict[tuple[int, ...], list[int]] = {}
    for left, pairs in by_row.items():
        blocks.setdefault(tuple(right for right, _ in pairs), []).append(left)
    made = {result: n for n, step in enumerate(steps) for result in step.results}
    after: dict[int, list[Step]] = {}
    for shared, lefts in blocks.items():
        ready = max((made.get(k, -1) for k in (*lefts, *shared)), default=-1)
        step = Step(INNER, (len(lefts), len(shared), len(plan.cells)), (), (*lefts, *shared))
        plan.cells.extend(number for left in lefts for _, number in by_row[left])
        plan.widest = max(plan.widest, len(shared))
        after.setdefault(ready, []).append(step)
    return [step for n in range(-1, len(steps)) for step in ([steps[n]] if n >= 0 else []) + after.get(n, [])]


def _assign_rows(
    program: Program, plan: Schedule, steps: Sequence[Step], varies: bytearray, place: dict[int, int]
) -> None:
    """Give every value a row for as long as it is needed, and write the code."""
    last = {k: n for n, step in enumerate(steps) for k in step.operands}
    last.update(dict.fromkeys(plan.outputs, len(steps)))
    row: dict[int, int] = {}
    free: list[int] = []

    def take(k: int) -> int:
        if free:
            row[k] = free.pop()
        else:
            row[k] = plan.rows
            plan.rows += 1
        return row[k]

    for i in range(len(program)):
        if program.codes[i] == INPUT and i in last:
            plan.inputs.append((program.operands(i)[0], take(i)))
        elif not varies[i] and i in last and i in place:
            plan.fills.append((place[i], take(i)))
    for n, step in enumerate(steps):
        results = [take(k) for k in step.results]
        operands = [row[k] for k in step.operands]
        if step.head:
            plan.code.extend([step.code, *step.head, *results, *operands])
        else:
            plan.code.extend(_encode(step.code, results, operands))
        for k in _distinct(step.operands):
            if last[k] == n and varies[k]:
                free.append(row[k])
        free += [row[k] for k in step.results if k not in last]
        plan.cost += _cost(step)
    plan.outputs = [row[k] for k in plan.outputs]


def _cost(step: Step) -> float:
    if step.code in (DENSE, INNER):
        return 0.1 * step.head[0] * step.head[1]
    return 0.2 * len(step.operands) if step.code in CHEAP else 3.0


def _distinct(operands: Iterable[int]) -> Iterable[int]:
    return dict.fromkeys(operands)
