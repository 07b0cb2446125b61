"""Arrays of numbers: lists, which are faster uncompiled, and memory of C (scratch.pyx) where this is compiled.

A loop reads and writes `ints(array)` and `floats(array)`: the list itself, or where it is in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, MutableSequence
from typing import Any, TypeAlias

try:
    from .scratch import Numbers
except ImportError:
    Numbers = None

Ints: TypeAlias = MutableSequence[int]
Floats: TypeAlias = MutableSequence[float]


def new_ints(size: int) -> Ints:
    """So many integers, all 0.

    >>> list(new_ints(3))
    [0, 0, 0]
    """
    return [0] * size if Numbers is None else Numbers("i", size)


def new_floats(size: int) -> Floats:
    """So many floats, all 0.

    >>> list(new_floats(2))
    [0.0, 0.0]
    """
    return [0.0] * size if Numbers is None else Numbers("d", size)


def ints_of(numbers: Collection[int]) -> Ints:
    """These integers as an array.

    >>> list(ints_of(range(3)))
    [0, 1, 2]
    """
    return list(numbers) if Numbers is None else _filled(new_ints(len(numbers)), array("i", numbers))


def floats_of(numbers: Collection[float]) -> Floats:
    """These floats as an array.

    >>> list(floats_of([0.5, 2.0]))
    [0.5, 2.0]
    """
    return list(numbers) if Numbers is None else _filled(new_floats(len(numbers)), array("d", numbers))


def _filled(numbers: Any, others: array[Any]) -> Any:
    memoryview(numbers)[:] = others
    return numbers


def ints(numbers: Ints) -> Ints:
    """What a loop reads; where this is compiled, that of scratch.pxd stands for it."""
    return numbers


def floats(numbers: Floats) -> Floats:
    """The same of floats."""
    return numbers


def cut(numbers: Ints, size: int) -> Ints:
    """The first of them, so many; the others are gone.

    >>> list(cut(ints_of([5, 6, 7]), 2))
    [5, 6]
    """
    if Numbers is None:
        return numbers[:size]
    numbers.cut(size)  # type: ignore[attr-defined]
    return numbers


def copied(numbers: Floats) -> Floats:
    """The same in memory of their own.

    >>> numbers = floats_of([0.5, 2.0])
    >>> other = copied(numbers)
    >>> other[0] = 9.0
    >>> list(numbers), list(other)
    ([0.5, 2.0], [9.0, 2.0])
    """
    return numbers.copy()  # type: ignore[attr-defined, no-any-return]
