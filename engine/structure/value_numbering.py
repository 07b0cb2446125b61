# cython: boundscheck=False, wraparound=False, infer_types=True
"""Value numbering: finds instructions that compute the same value, with a dict in Python and a hash table in C.

In C a dict of tuples would take thirty times the memory, 200 bytes for each of millions of instructions.
"""

from __future__ import annotations

from ..core import ADD, MUL
from .arrays import Ints, new_ints

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython


class ValueNumbers:
    """Instructions by value: instruction i has a code and the arguments from `starts[i]` to `starts[i + 1]`.

    It holds at most `size` different ones. The arrays may be written to meanwhile, but must not be reallocated.

    >>> from array import array
    >>> from ..core import ADD, MUL
    >>> codes, starts, args = array("i", [ADD, ADD, MUL]), array("i", [0, 2, 4, 6]), array("i", [5, 6, 6, 5, 5, 6])
    >>> numbers = ValueNumbers(codes, starts, args, 3)
    >>> numbers.first(0), numbers.first(1), numbers.first(2)
    (0, 0, 2)
    """

    def __init__(self, codes: Ints, starts: Ints, args: Ints, size: int) -> None:
        self.codes, self.starts, self.args = codes, starts, args
        self.found: dict[tuple[int, ...], int] = {}
        self.slots = new_ints(2 << size.bit_length() if cython.compiled else 0)  # i + 1, 0 is free
        self.last = len(self.slots) - 1

    def first(self, i: int) -> int:
        """The first instruction seen with the same value, where a + b equals b + a; the instruction itself if new."""
        if not cython.compiled:
            args = self.args[self.starts[i] : self.starts[i + 1]]
            key = sorted(args) if self.codes[i] in (ADD, MUL) else args
            return self.found.setdefault((self.codes[i], *key), i)
        slot = self.hash(i) & self.last
        while self.slots[slot] and not self.equal(i, self.slots[slot] - 1):
            slot = (slot + 1) & self.last
        if not self.slots[slot]:
            self.slots[slot] = i + 1
        return self.slots[slot] - 1

    def hash(self, i: int) -> int:
        """The hash of an instruction."""
        found, first, last = self.codes[i], self.starts[i], self.starts[i + 1]
        if found in (ADD, MUL):
            a, b = self.args[first], self.args[first + 1]
            return _mixed(_mixed(found, min(a, b)), max(a, b))
        mixed = _mixed(found, last - first)
        for k in range(first, last):
            mixed = _mixed(mixed, self.args[k])
        return mixed

    def equal(self, i: int, j: int) -> bool:
        """Whether two instructions compute the same value."""
        code, first, second = self.codes[i], self.starts[i], self.starts[j]
        count = self.starts[i + 1] - first
        if code != self.codes[j] or count != self.starts[j + 1] - second:
            return False
        if code in (ADD, MUL) and self.args[first] == self.args[second + 1]:
            return self.args[first + 1] == self.args[second]
        n = 0
        while n < count and self.args[first + n] == self.args[second + n]:
            n += 1
        return n == count


def _mixed(found: int, number: int) -> int:
    found = ((found ^ number) * 0x5BD1E995) & 0x7FFFFFFF  # by an odd number of many digits, kept below 2**31
    return found ^ (found >> 15)
