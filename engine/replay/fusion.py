# cython: infer_types=True
"""Fusion: chains of additions and multiplications become sums of products, one instruction each."""

from __future__ import annotations

from ..core import ADD, CONSTANT, MUL, NEG, ONE, PRODUCTS, SUB
from .program import Program, Sums

FEW = 4  # a single sum of at most this many terms is not worth a matrix product


def fuse(program: Program) -> Program:
    """Join chains of additions and multiplications into sums of products.

    A sum absorbs a sum that only it uses, if the order of the additions does not change.

    >>> from .passes import dce
    >>> from ..core import ADD, INPUT, MUL
    >>> from .program import Program
    >>> program = Program()
    >>> a, b, c, d = (program.emit(INPUT, k) for k in range(4))
    >>> ab, cd = program.emit(MUL, a, b), program.emit(MUL, c, d)
    >>> program.outputs = [program.emit(ADD, a, program.emit(ADD, ab, cd))]
    >>> print(dce(fuse(program)))
    v1 = x0
    v2 = x1
    v3 = x2
    v4 = x3
    v5 = v1 * v2 + v3 * v4 + v1
    return v5
    """
    fusion = Fusion(program)
    new, at, uses = fusion.new, fusion.at, fusion.uses
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        code = codes[i]
        if code in (ADD, SUB, MUL, PRODUCTS):
            fusion.gather(i)
            if uses[i] != 1:
                fusion.settle(i)
            continue
        if code > CONSTANT:
            for j in range(starts[i], starts[i + 1]):
                fusion.settle(args[j])
        at[i] = new.carry(program, i, at)
    new.outputs = [fusion.settle(k) for k in program.outputs]
    return new


class Fusion:
    """A program being fused: its sums and products wait in `sums` until their only user absorbs them."""

    def __init__(self, program: Program) -> None:
        self.program, self.new = program, program.fresh()
        self.uses, self.varies = program.uses(), program.varies()
        self.at = program.indices()
        self.sums = Sums(len(program), program.starts[len(program)])
        self.minus = self.new.constant(-1.0)

    def gather(self, i: int) -> None:
        """A sum or product as pairs, with those it absorbs; a pair has the index of its first argument."""
        program, code = self.program, self.program.codes[i]
        first, step = program.starts[i], 2 if code in (MUL, PRODUCTS) else 1
        terms = (program.starts[i + 1] - first) // step
        lead = self.lead(i, 2 if terms == 2 and code != SUB else 1, step)
        if lead >= 0 and code == ADD and self.stays_apart(program.args[first + lead], program.args[first + 1 - lead]):
            self.at[i] = self.new.emit_two(ADD, self.settle(program.args[first]), self.settle(program.args[first + 1]))
            return
        if lead >= 0:
            self.sums.join(i, program.args[first + lead * step])
        for n in range(terms):
            index = first + n * step
            if n == lead:
                continue
            if n and code == SUB:
                self.subtract(i, index, program.args[index])
            else:
                self.add(i, index, program.args[index], program.args[index + 1] if step == 2 else ONE)

    def lead(self, i: int, terms: int, step: int) -> int:
        """The term that is a sum and can come first without reordering the additions, -1 if there is none."""
        program = self.program
        for n in range(terms):
            index = program.starts[i] + n * step
            k = program.args[index]
            bare = step == 1 or program.args[index + 1] == ONE
            if bare and self.sums.count[k] > 1 and self.varies[k] == self.varies[i]:
                return n
        return -1

    def stays_apart(self, k: int, other: int) -> bool:
        """Whether a long sum must not absorb a value, such as that of a residual connection.

        If it did, a layer's sums would have different operands, and so not be one matrix product.
        """
        sums, index = self.sums, self.sums.first[k]
        is_long = sums.count[k] > FEW and sums.left[index] != ONE and sums.right[index] != ONE
        return bool(is_long and not sums.count[other] and self.varies[other])

    def add(self, i: int, index: int, a: int, b: int) -> None:
        """A term: its own factors, or the factors of a product that only this sum uses."""
        if a == ONE or b == ONE:
            k = a if b == ONE else b
            if self.sums.count[k] == 1 and self.varies[k] == self.varies[i]:
                self.sums.join(i, k)
            else:
                self.sums.add(i, index, self.settle(k), ONE)
            return
        a, b = self.settle(a), self.settle(b)
        args = self.program.args
        if self.varies[i] and not (self.varies[args[index]] or self.varies[args[index + 1]]):  # a fixed product
            a, b = self.new.emit_two(MUL, a, b), ONE  # is one weight
        self.sums.add(i, index, a, b)

    def subtract(self, i: int, index: int, k: int) -> None:
        """A negated term; a fixed weight absorbs the minus."""
        a, b = self.settle(k), self.minus
        if self.varies[i] and not self.varies[k]:
            a, b = self.new.emit(NEG, a), ONE
        self.sums.add(i, index, a, b)

    def settle(self, k: int) -> int:
        """The index of an operand, which is written now if it was still waiting."""
        if self.sums.count[k]:
            self.at[k] = self.sums.write(self.new, k)
        return self.at[k]
