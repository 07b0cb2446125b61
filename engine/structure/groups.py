# cython: boundscheck=False, wraparound=False, infer_types=True
"""Groups of indices by numbers that they have: each is a few short loops, in C when compiled."""

from __future__ import annotations

from .arrays import Groups, Ints, new_ints

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else memory, by groups.pxd
    from .arrays import ints


def by_number(numbers: Ints, indices: Ints, count: int) -> Groups:
    """The indices in groups by their numbers, from 1 to `count`, in order; those with 0 are left out."""
    found = Groups(new_ints(count + 2), new_ints(len(indices)))
    ends, members, wanted, told = ints(found.starts), ints(found.members), ints(indices), ints(numbers)
    for n in range(len(indices)):
        ends[told[n] + 1] += 1
    ends[1] = 0  # of those left out
    for k in range(1, len(found.starts) - 1):
        ends[k + 1] += ends[k]
    for n in range(len(indices)):
        if told[n]:
            members[ends[told[n]]] = wanted[n]
            ends[told[n]] += 1
    return Groups(found.starts[: count + 1], found.members[: ends[count]])


def unmarked(groups: Groups, marks: Ints) -> Groups:
    """The indices of each group that are not marked."""
    found, count = Groups(new_ints(len(groups.starts)), new_ints(len(groups.members))), 0
    starts, members, marked = ints(groups.starts), ints(groups.members), ints(marks)
    ends, kept = ints(found.starts), ints(found.members)
    for n in range(len(groups.starts) - 1):
        for k in range(starts[n], starts[n + 1]):
            if not marked[members[k]]:
                kept[count] = members[k]
                count += 1
        ends[n + 1] = count
    return Groups(found.starts, found.members[:count])


def equal_rows(columns: tuple[Ints, ...]) -> Groups:
    """The rows of these columns of nonnegative integers in groups of equal rows, in the order of the numbers.

    >>> from array import array
    >>> equal_rows((array("i", [2, 1, 2, 1]), array("i", [0, 0, 0, 5])))
    Groups(starts=array('i', [0, 1, 2, 4]), members=array('i', [1, 3, 0, 2]))
    """
    count, members, groups = len(columns[0]), new_ints(len(columns[0])), 1
    order = ints(members)
    for n in range(count):
        order[n] = n
    for numbers in reversed(columns):  # each sort keeps the order of equal numbers
        members = _sorted(members, numbers)
    bounds = new_ints(count + 1)
    starts, order = ints(bounds), ints(members)
    for numbers in columns:
        column = ints(numbers)
        for n in range(1, count):
            if column[order[n]] != column[order[n - 1]]:
                starts[n] = 1
    for n in range(1, count):
        if starts[n]:
            starts[groups] = n
            groups += 1
    if count:
        starts[groups] = count
    return Groups(bounds[: groups + 1 if count else 1], members)


def _sorted(indices: Ints, numbers: Ints) -> Ints:
    """The indices in the order of their numbers, sorted by counting."""
    given, wanted, count, most, n = ints(numbers), ints(indices), len(indices), 0, 1
    while n < count and given[wanted[n - 1]] <= given[wanted[n]]:
        n += 1
    if n >= count:
        return indices  # most often, they are in order
    for n in range(count):
        if given[n] > most:
            most = given[n]
    found, counts = new_ints(count), new_ints(most + 2)
    order, ends = ints(found), ints(counts)
    for n in range(count):
        ends[given[n] + 1] += 1
    for k in range(most):
        ends[k + 1] += ends[k]
    for n in range(count):
        number = given[wanted[n]]
        order[ends[number]] = wanted[n]
        ends[number] += 1
    return found


def group_numbers(groups: Groups) -> Ints:
    """The number of the group that each index is in, from 1; the indices are those below their count."""
    starts, members, found = ints(groups.starts), ints(groups.members), new_ints(len(groups.members))
    numbers = ints(found)
    for n in range(len(groups.starts) - 1):
        for k in range(starts[n], starts[n + 1]):
            numbers[members[k]] = n + 1
    return found


def lowest(groups: Groups, others: Groups, numbers: Ints) -> Ints:
    """By group, the smallest of the integers at its indices, or at those of `others` where it is empty."""
    found = new_ints(len(groups.starts) - 1)
    smallest, sizes = ints(found), ints(numbers)
    for starts, members in (others, groups):
        edges, indices = ints(starts), ints(members)
        for n in range(len(found)):
            for k in range(edges[n], edges[n + 1]):
                size = sizes[indices[k]]
                if k == edges[n] or size < smallest[n]:
                    smallest[n] = size
    return found
