"""Arrays of C numbers from the standard library, which Python, NumPy and C can all read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

try:
    from .flatten import zeros
except ImportError:

    def zeros(kind: str, size: int) -> Any:
        """An array of zeros."""
        return array(kind, (0,)) * size


Ints: TypeAlias = "array[int]"
Floats: TypeAlias = "array[float]"


class Groups(NamedTuple):
    """Indices in groups: those of group n are `members[starts[n] : starts[n + 1]]`."""

    starts: Ints
    members: Ints

    def of(self, n: int) -> Ints:
        """The indices of group n."""
        return self.members[self.starts[n] : self.starts[n + 1]]


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


def groups_of(groups: Iterable[Ints]) -> Groups:
    """These indices as groups.

    >>> groups_of([ints_of([7, 8]), ints_of([9])])
    Groups(starts=array('i', [0, 2, 3]), members=array('i', [7, 8, 9]))
    """
    starts, members = ints_of([0]), ints_of(())
    for group in groups:
        members.extend(group)
        starts.append(len(members))
    return Groups(starts, members)


def ints(numbers: Ints) -> Ints:
    """The integers as a loop reads them; when compiled, flatten.pxd gives the memory instead."""
    return numbers


def floats(numbers: Floats) -> Floats:
    """The same for floats."""
    return numbers


def grouped(names: Ints, members: Ints) -> dict[int, Ints]:
    """The members by name, ordered by first appearance of the names, which are nonnegative.

    >>> grouped(ints_of([7, 2, 7]), ints_of([10, 11, 12]))
    {7: array('i', [10, 12]), 2: array('i', [11])}
    """
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
