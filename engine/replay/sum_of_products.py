"""Sums of products that are still being put together, as pairs of factors: what fusion and reverse mode both do."""

from __future__ import annotations

from .integers import Integers, integers
from .program import Program, products


class Sums:
    """For each instruction a list of pairs. They are linked, so that one sum takes in another whatever its length.

    A pair is known by a place of its own, below `places`.

    >>> from ..core import INPUT, ONE
    >>> from .program import Program
    >>> program = Program()
    >>> x, y, z = (program.emit(INPUT, k) for k in range(3))
    >>> sums = Sums(2, 3)
    >>> for i, place, a, b in [(0, 0, x, y), (1, 1, y, y), (1, 2, z, ONE)]:
    ...     sums.add(i, place, a, b)
    >>> sums.join(0, 1)
    >>> program.outputs = [sums.write(program, 0)]
    >>> print(program)
    v1 = x0
    v2 = x1
    v3 = x2
    v4 = v1 * v2 + v2 * v2 + v3
    return v4
    """

    def __init__(self, instructions: int, places: int) -> None:
        self.count, self.first, self.last = integers(instructions), integers(instructions), integers(instructions)
        self.left, self.right, self.next = integers(places), integers(places), integers(places)
        self.pairs = Integers()  # of the sum that is being written

    def add(self, i: int, place: int, a: int, b: int) -> None:
        """One more pair at the end of a sum."""
        self.left[place], self.right[place] = a, b
        self.link(i, place, place, 1)

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
        """Write a sum into a program, and forget it; returns the instruction that it is."""
        pairs, place = self.pairs, self.first[i]
        pairs.size = 0
        for _ in range(self.count[i]):
            pairs.append(self.left[place])
            pairs.append(self.right[place])
            place = self.next[place]
        self.count[i] = 0
        return products(program, pairs)
