# cython: infer_types=True
"""Reverse mode as a transformation: from a program to one that also computes the derivatives.

The partial derivatives come from the table's formulas, evaluated over the algebra that writes instructions. Rows that
the table defines by other rows are lowered to primitives, so neither the passes nor the executors have derivatives or
composite rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ..core import ALWAYS, CLOSED, CONSTANT, IN_C, INPUT, NAMES, ONE, PRODUCTS, SELECT, TABLE, Masks, code_of
from ..structure import new_ints
from .lowering import Lowering, is_direct, written
from .program import Program, Sums, copy, sum_of_products


def differentiate(program: Program, wrt: int, count: int, in_rows: bool = False) -> Program:
    """Reverse mode: the program that also gives the derivatives of its outputs in its `count` inputs (or parameters).

    Each adjoint is one sum over the uses of an instruction, of the user's adjoint times the user's partial, in eager
    mode's order of addition. The outputs are the old ones, then for each of them its derivatives in order. With
    `in_rows`, for a program that will be differentiated again, partials stay in rows, whose derivatives are right at
    special points, unlike those of primitives.

    >>> from ..core import INPUT, MUL
    >>> from .program import Program
    >>> square = Program()
    >>> x = square.emit(INPUT, 0)
    >>> square.outputs = [square.emit(MUL, x, x)]
    >>> print(differentiate(square, INPUT, 1))
    v1 = x0
    v2 = v1 * v1
    v3 = v1 + v1
    return v2, v3
    """
    result = copy(program)
    active = program.depends(wrt, True)
    leaves = program.leaves(wrt)
    for output in program.outputs:
        adjoint = _gather(result, program, active, output, in_rows)
        zero = result.constant(0.0)
        result.outputs += [adjoint.get(leaves[k], zero) if k in leaves else zero for k in range(count)]
    return result


def _gather(result: Program, program: Program, active: bytearray, output: int, in_rows: bool) -> dict[int, int]:
    """Write the adjoint of every active instruction behind `output` into `result`; returns the leaves' adjoints.

    An adjoint's terms are the uses of the instruction, each with the index of that argument.
    """
    leaves: dict[int, int] = {}
    partials_of: dict[int, Partials] = {}
    kinds = len(NAMES)
    codes, starts, args = program.codes, program.starts, program.args
    seed = starts[program.size]
    sums = Sums(program.size, seed + 1)
    masks, is_masked = Masks(Lowering(result)), program.has(SELECT)
    certain = bytearray(program.size)  # instructions with a use that always counts
    if active[output]:
        sums.add(output, seed, ONE, ONE)
    for i in range(output, -1, -1):
        if not sums.count[i]:
            continue
        adjoint = sums.write(result, i)
        code, first, count = codes[i], starts[i], starts[i + 1] - starts[i]
        if code <= CONSTANT:
            leaves[i] = adjoint
            continue
        if code == SELECT:
            _branch(sums, masks, program, active, i, adjoint)
            continue
        if code != PRODUCTS:
            key = code + kinds * count
            partials: Any = partials_of.get(key)
            if partials is None:
                partials = partials_of[key] = Partials(result, NAMES[code], count, in_rows)
            partials.write(i, program.operands(i), active)
        mask, closed = masks.of(i) if is_masked else ALWAYS, CLOSED[code]
        is_always = mask == ALWAYS
        for j in range(first, first + count):
            if (
                active[args[j]] and not closed >> min(j - first, 7) & 1
            ):  # in a sum of products, which are pairs, the partner is the partial
                partial = args[j + 1 - 2 * ((j - first) % 2)] if code == PRODUCTS else partials.at[j - first]
                if is_masked and not certain[args[j]]:
                    masks.use(args[j], mask)
                    certain[args[j]] = is_always
                if not is_always and result.codes[partial] != CONSTANT:
                    partial = masks.select(i, partial)
                sums.add(args[j], j, adjoint, partial)
    return leaves


def _branch(sums: Sums, masks: Masks, program: Program, active: bytearray, i: int, adjoint: int) -> None:
    """The adjoint of a `select` goes to the branch taken, and 0 to the other."""
    first = program.starts[i]
    shares = masks.branches(i, program.args[first], adjoint)
    for j, (share, mask) in enumerate(shares, first + 1):
        operand = program.args[j]
        if active[operand]:
            sums.add(operand, j, share, ONE)
            masks.use(operand, mask)


class Fragment:
    """A formula of a row, parsed once and written into a program for many nodes.

    It is written in primitives, or with `in_rows` in rows.
    """

    def __init__(self, program: Program, row: str, formula: str, size: int, in_rows: bool = False) -> None:
        write = written if code_of(row) < IN_C else written.__wrapped__  # users may redefine other rows
        self.program = program
        self.body = write(TABLE[row], formula, size, in_rows)
        self.at = new_ints(len(self.body))  # the index at which each of its instructions was last written
        self.results = array("i", self.body.outputs)

    def write(self, y: int, operands: Sequence[int]) -> int:
        """Write the formula for this result and these operands; returns the index of its first value."""
        program, body, at = self.program, self.body, self.at
        for i in range(body.size):
            code = body.codes[i]
            if code == INPUT:
                k = body.args[body.starts[i]]
                at[i] = operands[k - 1] if k else y
            elif code != CONSTANT or (i and not at[i]):  # a number is the same every time
                at[i] = program.carry(body, i, at)
        return at[self.results[0]]


class Partials:
    """The partial derivatives of a row of n operands, as fragments."""

    def __init__(self, program: Program, name: str, size: int, in_rows: bool) -> None:
        row = TABLE[name]
        groups = [group if isinstance(group, list) else [group] for group in row.split(range(size))]
        self.fragments = [Fragment(program, name, formula, size, in_rows) for formula in row.partials]
        self.starts = array("i", [0, *accumulate(map(len, groups))])
        self.at = new_ints(size)  # the last written index of each

    def write(self, y: int, operands: Sequence[int], active: bytearray) -> None:
        """Write the partial with respect to each active operand."""
        for g in range(len(self.fragments)):
            fragment, first, last = self.fragments[g], self.starts[g], self.starts[g + 1]
            for k in range(first, last):
                if active[operands[k]]:
                    fragment.write(y, operands)
                    step = 1 if len(fragment.results) > 1 else 0
                    for n in range(first, last):
                        self.at[n] = fragment.at[fragment.results[step * (n - first)]]
                    break


def lower(program: Program) -> Program:
    """Lower every row with a formula of its own to primitives.

    >>> from ..core import INPUT, code_of
    >>> from .program import Program
    >>> program = Program()
    >>> program.outputs = [program.emit(code_of("relu"), program.emit(INPUT, 0))]
    >>> print(lower(program))
    v1 = x0
    v3 = max(v1, 0)
    return v3
    """
    fragments: dict[int, Fragment] = {}
    new, at = program.fresh(), program.indices()
    codes = program.codes
    direct, kinds = _DIRECT + bytearray([is_direct(name) for name in NAMES[IN_C:]]), len(NAMES)
    for i in range(len(program)):
        code = codes[i]
        if direct[code]:
            at[i] = new.carry(program, i, at)
            continue
        name = NAMES[code]
        if name in ("sum", "dot"):
            at[i] = sum_of_products(new, name, [at[k] for k in program.operands(i)])
            continue
        operands = [at[k] for k in program.operands(i)]
        key = code + kinds * len(operands)
        fragment = fragments.get(key)
        if fragment is None:
            fragment = fragments[key] = Fragment(new, name, TABLE[name].formula, len(operands))
        at[i] = fragment.write(ONE, operands)
    new.outputs = [at[k] for k in program.outputs]
    return new


_DIRECT = bytearray([is_direct(name) for name in NAMES[:IN_C]])
