"""Fusion: chains of additions and multiplications become sums of products, one instruction each."""

from __future__ import annotations

from .program import ADD, CONSTANT, MUL, NEG, ONE, PRODUCTS, SUB, Program, integers, products


def fuse(program: Program) -> Program:
    """Join chains of additions and multiplications into sums of products.

    A sum takes in a sum that only it uses as long as the order of the additions stays what it was.

    >>> from engine.passes import dead
    >>> from engine.program import ADD, INPUT, MUL, Program
    >>> program = Program()
    >>> a, b, c, d = (program.emit(INPUT, k) for k in range(4))
    >>> ab, cd = program.emit(MUL, a, b), program.emit(MUL, c, d)
    >>> program.outputs = [program.emit(ADD, a, program.emit(ADD, ab, cd))]
    >>> print(dead(fuse(program)))
    v1 = x0
    v2 = x1
    v3 = x2
    v4 = x3
    v5 = v1 * v2 + v3 * v4 + v1
    return v5
    """
    fusion = Fusion(program)
    at, codes = fusion.at, program.codes
    for i in range(len(program)):
        code = codes[i]
        if code <= CONSTANT:
            at[i] = fusion.new.carry(program, i, at)
        elif code in (ADD, SUB, MUL, PRODUCTS):
            pairs = fusion.pairs(i)
            if fusion.uses[i] == 1:
                fusion.pending[i] = pairs
            else:
                at[i] = products(fusion.new, pairs)
        else:
            at[i] = fusion.new.emit_many(code, [fusion.settle(k) for k in program.operands(i)])
    fusion.new.outputs = [fusion.settle(k) for k in program.outputs]
    return fusion.new


class Fusion:
    """A program being fused: its sums and products wait in `pending`, as pairs, until their only user takes them."""

    def __init__(self, program: Program) -> None:
        self.program, self.new = program, Program()
        self.uses, self.varies = program.uses(), program.varies()
        self.at = integers(len(program))
        self.pending: list[list[int] | None] = [None] * len(program)
        self.minus = self.new.constant(-1.0)

    def pairs(self, i: int) -> list[int]:
        """A sum or product as pairs, with what it takes in."""
        args, code = self.program.operands(i), self.program.codes[i]
        if code == MUL:
            return [self.settle(args[0]), self.settle(args[1])]
        if code == ADD:
            return self.joined(i, [args[0], ONE, args[1], ONE])
        if code == SUB:
            lead = self.lead(i, [args[0], ONE])
            return (self.taken(args[0]) if lead == 0 else self.term(args[0], i)) + self.negative(args[1], i)
        return self.joined(i, args)

    def joined(self, i: int, args: list[int]) -> list[int]:
        """The pairs as one list, which begins with the sum that one of the bare terms may be."""
        lead = self.lead(i, args)
        found = self.taken(args[lead]) if lead >= 0 else []
        for n in range(0, len(args), 2):
            a, b = args[n], args[n + 1]
            if n == lead:
                continue
            if a == ONE or b == ONE:
                found += self.term(a if b == ONE else b, i)
            elif self.varies[i] and not (self.varies[a] or self.varies[b]):  # a fixed product is one weight
                found += [self.new.emit(MUL, self.settle(a), self.settle(b)), ONE]
            else:
                found += [self.settle(a), self.settle(b)]
        return found

    def lead(self, i: int, args: list[int]) -> int:
        """Where the bare sum stands that can come first without another order of additions; -1 if there is none."""
        for n in range(0, min(len(args), 4), 2):
            if n and len(args) > 4:
                break
            pending = self.pending[args[n]]
            if (
                args[n + 1] == ONE
                and pending is not None
                and len(pending) > 2
                and self.varies[args[n]] == self.varies[i]
            ):
                return n
        return -1

    def taken(self, k: int) -> list[int]:
        """The pairs of a sum that is written as part of another."""
        found, self.pending[k] = self.pending[k] or [], None
        return found

    def term(self, k: int, user: int) -> list[int]:
        """A term as a pair: the factors of a product that only this sum uses, or what it is times 1."""
        found = self.pending[k]
        if found is not None and len(found) == 2 and self.varies[k] == self.varies[user]:
            return found
        return [self.settle(k), ONE]

    def negative(self, k: int, user: int) -> list[int]:
        """The same with a minus, which goes into the weight of a fixed term."""
        if self.varies[user] and not self.varies[k]:
            return [self.new.emit(NEG, self.settle(k)), ONE]
        return [self.settle(k), self.minus]

    def settle(self, k: int) -> int:
        """Where an operand is, now that it has to be written."""
        found = self.pending[k]
        if found is not None:
            self.pending[k] = None
            self.at[k] = products(self.new, found)
        return self.at[k]
