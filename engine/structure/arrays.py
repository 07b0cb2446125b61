"""Arrays of C numbers from the standard library, which Python, NumPy and C can all read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, TypeAlias

from .._compiled import compiled

try:
    from .flatten import zeros
except ImportError:

    def zeros(kind: str, size: int) -> Any:
        """An array of zeros."""
        return array(kind, (0,)) * size


Ints: TypeAlias = "array[int]"
Floats: TypeAlias = "array[float]"


def new_ints(size: int) -> Ints:
    """An array of `size` integers, all 0.

    >>> new_ints(3)
    array('i', [0, 0, 0])
    """
    found: Ints = zeros("i", size)
    return found


def new_floats(size: int) -> Floats:
    """An array of `size` floats, all 0.

    >>> new_floats(2)
    array('d', [0.0, 0.0])
    """
    found: Floats = zeros("d", size)
    return found


def ints_of(numbers: Iterable[int]) -> Ints:
    """These integers as an array.

    >>> ints_of(range(3))
    array('i', [0, 1, 2])
    """
    return array("i", numbers)


def floats_of(numbers: Iterable[float]) -> Floats:
    """These floats as an array.

    >>> floats_of([0.5, 2.0])
    array('d', [0.5, 2.0])
    """
    return array("d", numbers)


def ints(numbers: Ints) -> Ints:
    """The integers as a loop reads them; when compiled, flatten.pxd gives the memory instead."""
    return numbers


def floats(numbers: Floats) -> Floats:
    """The same for floats."""
    return numbers


# Uncompiled, these loop in Python, so that pictures need no NumPy. Compiled, they use NumPy, for speed.


def where(numbers: Ints, number: int) -> Ints:
    """The indices of a number, from last to first, which is the order of creation.

    >>> where(ints_of([5, 2, 5]), 5)
    array('i', [2, 0])
    """
    if not compiled:
        return ints_of(i for i in range(len(numbers) - 1, -1, -1) if numbers[i] == number)
    import numpy as np

    return packed(np.flatnonzero(np.asarray(numbers) == number)[::-1])


def taken(numbers: Ints, indices: Ints) -> Ints:
    """The numbers at given indices.

    >>> taken(ints_of([5, 2, 7]), ints_of([2, 0]))
    array('i', [7, 5])
    """
    if not compiled:
        return ints_of(numbers[i] for i in indices)
    import numpy as np

    return packed(np.asarray(numbers)[np.asarray(indices)])


def different(numbers: Ints) -> set[int]:
    """The distinct values among small nonnegative integers.

    >>> different(ints_of([5, 2, 5]))
    {2, 5}
    """
    if not compiled:
        return set(numbers)
    import numpy as np

    return set(np.flatnonzero(np.bincount(numbers)).tolist())


def grouped(names: Ints, members: Ints) -> dict[int, Ints]:
    """The members by name, ordered by first appearance of the names, which are nonnegative.

    >>> grouped(ints_of([7, 2, 7]), ints_of([10, 11, 12]))
    {7: array('i', [10, 12]), 2: array('i', [11])}
    """
    if not compiled:
        found: dict[int, Ints] = {}
        for name, member in zip(names, members, strict=True):
            found.setdefault(name, new_ints(0)).append(member)
        return found
    import numpy as np

    keys = np.asarray(names)
    order = np.argsort(narrow(keys), kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    by_name, first, ends = packed(np.asarray(members)[order]), order[starts], [*starts[1:].tolist(), len(members)]
    return {names[first[n]]: by_name[starts[n] : ends[n]] for n in np.argsort(first).tolist()}


def narrow(numbers: Any) -> Any:
    """Nonnegative integers in the smallest type that holds them: NumPy sorts up to two bytes in linear time."""
    import numpy as np

    found = np.asarray(numbers)
    return found.astype(np.min_scalar_type(found.max(initial=0)))


def packed(numbers: Any) -> Ints:
    """The integers of a NumPy array.

    >>> import numpy as np
    >>> packed(np.arange(3))
    array('i', [0, 1, 2])
    """
    return array("i", numbers.astype("i", copy=False).tobytes())
