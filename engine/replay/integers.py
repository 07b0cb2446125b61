"""C integers: arrays and lists of them, and a sort by small keys, so that a pass over a program makes no objects."""

from __future__ import annotations

from array import array
from collections.abc import Sequence


def integers(size: int, number: int = 0) -> array[int]:
    """So many C integers, all the same.

    >>> integers(3)
    array('i', [0, 0, 0])
    """
    return array("i", [number]) * size


def grown(numbers: array[int], size: int) -> array[int]:
    """The same integers with room for `size`, and as many again."""
    bigger = integers(2 * size)
    memoryview(bigger)[: len(numbers)] = memoryview(numbers)
    return bigger


class Integers:
    """A list of C integers: the first `size` of `items`.

    >>> stack = Integers([1, 2])
    >>> stack.append(3)
    >>> stack.pop(), stack.size, stack.array()
    (3, 2, array('i', [1, 2]))
    """

    def __init__(self, numbers: Sequence[int] = ()) -> None:
        self.size, self.items = len(numbers), array("i", numbers)

    def append(self, number: int) -> None:
        """Put a number at the end."""
        if self.size == len(self.items):
            self.items = grown(self.items, self.size + 1)
        self.items[self.size] = number
        self.size += 1

    def pop(self) -> int:
        """Take the last number away."""
        self.size -= 1
        return self.items[self.size]

    def array(self) -> array[int]:
        """The numbers as an array."""
        found = array("i")
        found.frombytes(bytes(self.items[: self.size]))
        return found


def ordered(keys: array[int], among: array[int]) -> array[int]:
    """The positions `among` sorted by their keys, which are not negative; those of the same key stay in order.

    >>> ordered(array("i", [2, 0, 2, 1]), array("i", [3, 2, 1, 0]))
    array('i', [1, 3, 2, 0])
    """
    size, highest, last, is_ordered = len(among), 0, 0, True
    for n in range(size):
        key = keys[among[n]]
        highest, is_ordered, last = max(highest, key), is_ordered and key >= last, key
    if is_ordered:
        return among
    start = integers(highest + 2)
    for n in range(size):
        start[keys[among[n]] + 1] += 1
    for key in range(highest):
        start[key + 1] += start[key]
    found = integers(size)
    result = found
    for n in range(size):
        i = among[n]
        result[start[keys[i]]] = i
        start[keys[i]] += 1
    return found
