"""Arrays of numbers: lists, which are faster uncompiled, and memory of C (scratch.pyx) where this is compiled.

A loop reads and writes `ints(array)` and `floats(array)`: the list itself, or where it is in memory.
"""

from collections.abc import Collection, MutableSequence
from typing import TypeAlias

try:
    from .scratch import Numbers
except ImportError:
    Numbers = None

Ints: TypeAlias = MutableSequence[int]
Floats: TypeAlias = MutableSequence[float]


def new_ints(size: int) -> Ints:
    """So many integers, all 0."""
    return [0] * size if Numbers is None else Numbers("i", size)


def new_floats(size: int) -> Floats:
    """So many floats, all 0."""
    return [0.0] * size if Numbers is None else Numbers("d", size)


def ints_of(numbers: Collection[int]) -> Ints:
    """These integers as an array."""
    found = new_ints(len(numbers))
    for n, number in enumerate(numbers):
        found[n] = number
    return found


def floats_of(numbers: Collection[float]) -> Floats:
    """These floats as an array."""
    found = new_floats(len(numbers))
    for n, number in enumerate(numbers):
        found[n] = number
    return found


def ints(numbers: Ints) -> Ints:
    """What a loop reads; where this is compiled, that of scratch.pxd stands for it."""
    return numbers


def floats(numbers: Floats) -> Floats:
    """The same of floats."""
    return numbers


def cut(numbers: Ints, size: int) -> Ints:
    """The first of them, so many; the others are gone."""
    if Numbers is None:
        return numbers[:size]
    numbers.cut(size)  # type: ignore[attr-defined]
    return numbers


def copied(numbers: Floats) -> Floats:
    """The same in memory of their own."""
    return numbers.copy()  # type: ignore[attr-defined, no-any-return]
