# cython: boundscheck=False, wraparound=False
"""What is alike, found by hashing: by a dict, and where this is compiled, by tables of C integers without an object."""

from __future__ import annotations

from ..core import ADD, MUL
from .arrays import Ints, new_ints

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else places in memory, by alike.pxd
    from .arrays import ints


class Known:
    """Instructions by what they do: the i-th has a code and the arguments from `starts[i]` to `starts[i + 1]`.

    The sequences may be filled while this is used, but not be replaced.

    >>> from array import array
    >>> from ..core import ADD, MUL
    >>> codes, starts, args = array("i", [ADD, ADD, MUL]), array("i", [0, 2, 4, 6]), array("i", [5, 6, 6, 5, 5, 6])
    >>> known = Known(codes, starts, args)
    >>> known.first(0), known.first(1), known.first(2)
    (0, 0, 2)
    """

    def __init__(self, codes: Ints, starts: Ints, args: Ints) -> None:
        self.codes, self.starts, self.args = codes, starts, args
        self.found: dict[tuple[int, ...], int] = {}
        self.slots, self.taken = new_ints(64), 0  # ~i, 0 is free

    def first(self, i: int) -> int:
        """The first that was asked for and does the same, a + b and b + a being the same; itself if there is none."""
        if not cython.compiled:
            return self.found.setdefault(self._key(i), i)
        slot = self.slot(i)
        if self.slots[slot]:
            return ~self.slots[slot]
        self.slots[slot] = ~i
        self.taken += 1
        if 2 * self.taken > len(self.slots):
            self.grow()
        return i

    def slot(self, i: int) -> int:
        """Where an instruction that does the same is, or a free slot."""
        last = len(self.slots) - 1
        slot = self.hash(i) & last
        while self.slots[slot] and not self.alike(i, ~self.slots[slot]):
            slot = (slot + 1) & last
        return slot

    def grow(self) -> None:
        """Take four times the room."""
        before = self.slots
        self.slots = new_ints(4 * len(before))
        for n in range(len(before)):
            if before[n]:
                self.slots[self.slot(~before[n])] = before[n]

    def _key(self, i: int) -> tuple[int, ...]:
        code, first, args = self.codes[i], self.starts[i], self.args
        if code in (ADD, MUL):
            a, b = args[first], args[first + 1]
            return (code, a, b) if a < b else (code, b, a)
        return (code, *args[first : self.starts[i + 1]])

    def hash(self, i: int) -> int:
        """A number for what an instruction does."""
        code, first, last = self.codes[i], self.starts[i], self.starts[i + 1]
        if code in (ADD, MUL):
            a, b = self.args[first], self.args[first + 1]
            return _mixed(_mixed(code, min(a, b)), max(a, b))
        found = code
        for k in range(first, last):
            found = _mixed(found, self.args[k])
        return found

    def alike(self, i: int, j: int) -> bool:
        """Whether two instructions do the same."""
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


def grouped(names: Ints, members: Ints) -> dict[int, Ints]:
    """The members by name, in the order in which the names come first; names are small and not negative.

    >>> from array import array
    >>> {name: list(group) for name, group in grouped(array("i", [7, 2, 7]), array("i", [10, 11, 12])).items()}
    {7: [10, 12], 2: [11]}
    """
    found: dict[int, Ints] = {}
    if not cython.compiled:
        for name, member in zip(names, members, strict=True):
            found.setdefault(name, []).append(member)
        return found
    highest = 0
    for n in range(len(names)):
        highest = max(highest, names[n])
    counts, at = new_ints(highest + 1), new_ints(highest + 1)
    for n in range(len(names)):
        counts[names[n]] += 1
    groups = [new_ints(0)]
    for n in range(len(names)):
        name = names[n]
        if not at[name]:
            at[name] = len(groups)
            found[name] = group = new_ints(counts[name])
            groups.append(group)
            counts[name] = 0
        group = groups[at[name]]
        places = ints(group)
        places[counts[name]] = members[n]
        counts[name] += 1
    return found
