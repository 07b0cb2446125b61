# cython: infer_types=True
"""A linear program of table operations.

An instruction is a code (its operation) and its arguments, which are indices of earlier instructions, so a program is
in topological order, as a Wengert list is. Leaves are inputs (one number per example), parameters and constants,
whose argument says which one. Instruction 0 is always the constant 1, so that a sum of products
`products(a, b, c, d, ...)` = a * b + c * d + ... can hold a bare term as `a * 1`.

A program is data; functions from program to program transform it (reverse.py, passes.py).
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from struct import pack

import numpy as np

from ..core import ADD, CLOSED, CONSTANT, INPUT, MEAN, MUL, ONE, PRODUCTS, SELECT, SUB
from ..structure import new_ints, packed


class Program:
    """Instructions in order: instruction i has the code `codes[i]` and the arguments `args[starts[i]:starts[i + 1]]`.

    >>> from ..core import INPUT, MUL
    >>> program = Program()
    >>> x = program.emit(INPUT, 0)
    >>> program.outputs = [program.emit(MUL, x, program.constant(3.0))]
    >>> print(program)
    v1 = x0
    v3 = v1 * 3
    return v3
    """

    def __init__(self, size: int = 16, arguments: int = 32) -> None:
        self.size = 0
        self.codes, self.starts, self.args = new_ints(size + 2), new_ints(size + 3), new_ints(arguments)  # room to grow
        self.constants: list[float] = []
        self.outputs: list[int] = []
        self._known: dict[bytes, int] = {}
        self.constant(1.0)

    def __len__(self) -> int:
        return self.size

    def fresh(self) -> Program:
        """An empty program with the capacity of this one."""
        return Program(self.size, self.starts[self.size])

    def indices(self) -> array[int]:
        """An index for each instruction, all 0."""
        return new_ints(self.size)

    def emit(self, code: int, *args: int) -> int:
        """Append an instruction; returns its index."""
        return self.emit_many(code, args)

    def emit_many(self, code: int, args: Sequence[int]) -> int:
        """Append an instruction whose arguments are already in a sequence."""
        at = self.append(code, len(args))
        for k in args:
            self.args[at] = k
            at += 1
        return self.size - 1

    def emit_two(self, code: int, a: int, b: int) -> int:
        """Append an instruction of two arguments."""
        at = self.append(code, 2)
        self.args[at], self.args[at + 1] = a, b
        return self.size - 1

    def append(self, code: int, count: int) -> int:
        """Append an instruction without its arguments; returns their index in `args`."""
        i = self.size
        at = self.starts[i]
        if i + 2 > len(self.codes):
            self.codes, self.starts = _grown(self.codes, i + 2), _grown(self.starts, i + 3)
        if at + count > len(self.args):
            self.args = _grown(self.args, at + count)
        self.codes[i], self.starts[i + 1], self.size = code, at + count, i + 1
        return at

    def carry(self, program: Program, i: int, at: Sequence[int]) -> int:
        """Append an instruction of another program, whose instruction k is `at[k]` in this one."""
        code, first, count = program.codes[i], program.starts[i], program.starts[i + 1] - program.starts[i]
        if code == CONSTANT:
            return self.constant(program.constants[program.args[first]])
        to = self.append(code, count)
        for j in range(count):
            k = program.args[first + j]
            self.args[to + j] = k if code < CONSTANT else at[k]
        return self.size - 1

    def constant(self, number: float) -> int:
        """The index of this constant, one for each bit pattern."""
        bits = pack("d", number)
        if bits not in self._known:
            self._known[bits] = self.emit_many(CONSTANT, (len(self.constants),))
            self.constants.append(number)
        return self._known[bits]

    def operands(self, i: int) -> list[int]:
        """The arguments of an instruction."""
        found = []
        for j in range(self.starts[i], self.starts[i + 1]):
            found.append(self.args[j])  # no comprehension, where j would not be a C integer
        return found

    def number(self, i: int) -> float | None:
        """The number of a constant; None for any other instruction."""
        return self.constants[self.args[self.starts[i]]] if self.codes[i] == CONSTANT else None

    def holds(self, i: int, number: float) -> bool:
        """Whether an instruction is that constant; 0 equals -0 here."""
        return self.codes[i] == CONSTANT and self.constants[self.args[self.starts[i]]] == number

    def leaves(self, code: int) -> dict[int, int]:
        """The index of the instruction of each input (or parameter, or constant), by position."""
        return {self.args[self.starts[i]]: i for i in range(self.size) if self.codes[i] == code}

    def operations(self) -> int:
        """The number of instructions that are not leaves."""
        count, codes = 0, self.codes
        for i in range(self.size):
            count += codes[i] > CONSTANT
        return count

    def has(self, code: int) -> bool:
        """Whether there is an instruction of that code."""
        return bool((np.asarray(self.codes)[: self.size] == code).any())

    def depends(self, leaf: int, differentiably: bool = False) -> bytearray:
        """For every instruction 1 if it depends on a leaf of that kind; a mean depends on none.

        With `differentiably`, dependence through a condition, a `detach` or a rounding does not count.
        """
        found = bytearray(self.size)
        codes, starts, args = self.codes, self.starts, self.args
        for i in range(self.size):
            code = codes[i]
            if code <= CONSTANT:
                found[i] = code == leaf
            elif code != MEAN:
                first = starts[i]
                closed = 0 if not differentiably else 1 if code == SELECT else CLOSED[code]
                for j in range(first, starts[i + 1]):
                    if found[args[j]] and not closed >> min(j - first, 7) & 1:
                        found[i] = 1
                        break
        return found

    def varies(self) -> bytearray:
        """For every instruction 1 if it depends on an input, 0 if it is the same for all examples."""
        return self.depends(INPUT)

    def uses(self) -> array[int]:
        """How often each instruction is an argument or an output."""
        leaves = np.repeat(np.asarray(self.codes)[: self.size] <= CONSTANT, np.diff(self.starts)[: self.size])
        used = np.asarray(self.args)[: self.starts[self.size]][~leaves]
        return packed(np.bincount(np.concatenate([used, self.outputs]), minlength=self.size))

    def __str__(self) -> str:
        from .listing import lines

        return "\n".join(lines(self))


def copy(program: Program) -> Program:
    """A copy of the program."""
    new = Program()
    new.codes = _grown(program.codes, len(program.codes))
    new.starts = _grown(program.starts, len(program.starts))
    new.args = _grown(program.args, len(program.args))
    new.size, new.constants, new.outputs = program.size, program.constants[:], program.outputs[:]
    new._known = dict(program._known)
    return new


def _grown(numbers: array[int], size: int) -> array[int]:
    """The same integers with room for twice `size`."""
    bigger = new_ints(2 * size)
    memoryview(bigger)[: len(numbers)] = memoryview(numbers)
    return bigger


class Sums:
    """For each instruction a linked list of pairs, so that one sum absorbs another in constant time.

    A pair has an index of its own, below `pairs`.

    >>> from ..core import INPUT, ONE
    >>> program = Program()
    >>> x, y, z = (program.emit(INPUT, k) for k in range(3))
    >>> sums = Sums(2, 3)
    >>> for i, index, a, b in [(0, 0, x, y), (1, 1, y, y), (1, 2, z, ONE)]:
    ...     sums.add(i, index, a, b)
    >>> sums.join(0, 1)
    >>> program.outputs = [sums.write(program, 0)]
    >>> print(program)
    v1 = x0
    v2 = x1
    v3 = x2
    v4 = v1 * v2 + v2 * v2 + v3
    return v4
    """

    def __init__(self, instructions: int, pairs: int) -> None:
        self.count, self.first, self.last = new_ints(instructions), new_ints(instructions), new_ints(instructions)
        self.left, self.right, self.next = new_ints(pairs), new_ints(pairs), new_ints(pairs)

    def add(self, i: int, index: int, a: int, b: int) -> None:
        """One more pair at the end of a sum."""
        self.left[index], self.right[index] = a, b
        self.link(i, index, index, 1)

    def join(self, i: int, k: int) -> None:
        """The pairs of sum k at the end of sum i."""
        self.link(i, self.first[k], self.last[k], self.count[k])
        self.count[k] = 0

    def link(self, i: int, first: int, last: int, count: int) -> None:
        """Linked pairs at the end of a sum."""
        if self.count[i]:
            self.next[self.last[i]] = first
        else:
            self.first[i] = first
        self.last[i] = last
        self.count[i] += count

    def write(self, program: Program, i: int) -> int:
        """Write a sum into a program, and forget it; returns its index."""
        at, index = program.append(PRODUCTS, 2 * self.count[i]), self.first[i]
        for n in range(self.count[i]):
            program.args[at + 2 * n], program.args[at + 2 * n + 1] = self.left[index], self.right[index]
            index = self.next[index]
        self.count[i] = 0
        return simplified(program)


def products(program: Program, pairs: Sequence[int]) -> int:
    """Write the sum of products of pairs; returns its index."""
    program.emit_many(PRODUCTS, pairs)
    return simplified(program)


def sum_of_products(program: Program, name: str, operands: Sequence[int]) -> int:
    """A sum or a dot product as one instruction; a sum starts from +0, so that it is never -0."""
    if name == "sum":
        pairs = [k for operand in (*operands, program.constant(0.0)) for k in (operand, ONE)]
    else:
        size = len(operands) // 2
        pairs = [k for i in range(size) for k in (operands[i], operands[size + i])] + [operands[-1], ONE]
    return program.emit_many(PRODUCTS, pairs)


def simplified(program: Program) -> int:
    """The last instruction, a sum of products, simplified."""
    i, args = program.size - 1, program.args
    first, count = program.starts[i], program.starts[i + 1] - program.starts[i]
    if count > 4:
        return i
    program.size = i  # the next instruction overwrites it
    a, b = args[first], args[first + 1]
    if count == 2:
        return a if b == ONE else b if a == ONE else program.emit_two(MUL, a, b)
    c, d = args[first + 2], args[first + 3]
    if b == ONE and d == ONE:
        return program.emit_two(ADD, a, c)
    if a == ONE and c == ONE:
        return program.emit_two(ADD, b, d)
    if b == ONE and program.holds(d, -1.0):
        return program.emit_two(SUB, a, c)
    program.size = i + 1
    return i
