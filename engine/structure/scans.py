# cython: boundscheck=False, wraparound=False, infer_types=True
"""Scans of the arrays of a flattened graph at some indices or edges: each is one short loop, in C when compiled."""

from __future__ import annotations

from ..core import PRIMITIVES
from .arrays import Floats, Groups, Ints, ints_of, new_floats, new_ints
from .flattened import FlattenedGraph
from .value_numbering import ValueNumbers

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by scans.pxd: memory, and the C library's own
    from math import inf as INF

    from .arrays import floats, ints

    c_sqrt = PRIMITIVES["sqrt"].on_floats


def where(numbers: Ints, number: int) -> Ints:
    """The indices of a number, from last to first, which is the order of creation."""
    given, count = ints(numbers), 0
    for i in range(len(numbers)):
        if given[i] == number:
            count += 1
    found = new_ints(count)
    indices = ints(found)
    for i in range(len(numbers)):
        if given[i] == number:
            count -= 1
            indices[count] = i
    return found


def present(indices: Ints) -> Ints:
    """Those of these indices that are not -1; the same array if all are.

    >>> from array import array
    >>> present(array("i", [3, -1, 0]))
    array('i', [3, 0])
    """
    given, count = ints(indices), 0
    for n in range(len(indices)):
        if given[n] >= 0:
            count += 1
    if count == len(indices):
        return indices
    found = new_ints(count)
    kept, count = ints(found), 0
    for n in range(len(indices)):
        if given[n] >= 0:
            kept[count] = given[n]
            count += 1
    return found


def taken(numbers: Ints, indices: Ints) -> Ints:
    """The numbers at given indices."""
    given, wanted, found = ints(numbers), ints(indices), new_ints(len(indices))
    told = ints(found)
    for n in range(len(indices)):
        told[n] = given[wanted[n]]
    return found


def picked(indices: Ints, numbers: Ints) -> Ints:
    """Those of these indices whose number is not -1."""
    wanted, given, found, count = ints(indices), ints(numbers), new_ints(len(indices)), 0
    kept = ints(found)
    for n in range(len(indices)):
        if given[wanted[n]] >= 0:
            kept[count] = wanted[n]
            count += 1
    return found[:count]


def distinct(indices: Ints, count: int) -> Ints:
    """These indices, of `count` nodes, without duplicates, from last to first, which is the order of creation."""
    marks, wanted = new_ints(count), ints(indices)
    marked = ints(marks)
    for n in range(len(indices)):
        marked[wanted[n]] = 1
    return where(marks, 1)


def large(groups: Groups, size: int) -> list[int]:
    """The groups of at least this size."""
    starts, found = ints(groups.starts), list[int]()
    for n in range(len(groups.starts) - 1):
        if starts[n + 1] - starts[n] >= size:
            found.append(n)
    return found


def different(numbers: Ints, count: int) -> list[int]:
    """The distinct values among integers from 0 to count - 1."""
    given, met = ints(numbers), new_ints(count)
    is_met = ints(met)
    for n in range(len(numbers)):
        is_met[given[n]] = 1
    return [n for n in range(count) if is_met[n]]


def arguments(graph: FlattenedGraph, indices: Ints) -> Ints:
    """The indices of the first operands of operations."""
    return taken(graph.operands, taken(graph.starts, indices))


def flattest(graph: FlattenedGraph, groups: Groups, limit: float) -> list[int]:
    """The groups of operations of which one has a first partial of at most `limit`."""
    graph_starts, partials = ints(graph.starts), floats(graph.partials)
    starts, members, most, found = ints(groups.starts), ints(groups.members), float(limit), list[int]()
    for n in range(len(groups.starts) - 1):
        for k in range(starts[n], starts[n + 1]):
            if partials[graph_starts[members[k]]] <= most:
                found.append(n)
                break
    return found


def one_sided(graph: FlattenedGraph, indices: Ints, marks: Ints) -> list[int]:
    """Those of these operations of two operands of which one is a marked operation and the other is not marked."""
    starts, operands, wanted, marked = ints(graph.starts), ints(graph.operands), ints(indices), ints(marks)
    size, found = len(graph.codes), list[int]()
    for n in range(len(indices)):
        a, b = operands[starts[wanted[n]]], operands[starts[wanted[n]] + 1]
        if (a < size and marked[a] and not marked[b]) or (b < size and marked[b] and not marked[a]):
            found.append(wanted[n])
    return found


def with_argument(graph: FlattenedGraph, indices: Ints, code: int) -> list[int]:
    """Those of these operations whose first operand is an operation with this opcode."""
    codes, starts, operands, wanted = ints(graph.codes), ints(graph.starts), ints(graph.operands), ints(indices)
    size, found = len(graph.codes), list[int]()
    for n in range(len(indices)):
        i = operands[starts[wanted[n]]]
        if i < size and codes[i] == code:
            found.append(wanted[n])
    return found


def using(graph: FlattenedGraph, indices: Ints, code: int) -> list[int]:
    """Those of these operations of which an operand is an operation with this opcode."""
    codes, starts, operands, wanted = ints(graph.codes), ints(graph.starts), ints(graph.operands), ints(indices)
    size, found = len(graph.codes), list[int]()
    for n in range(len(indices)):
        for k in range(starts[wanted[n]], starts[wanted[n] + 1]):
            if operands[k] < size and codes[operands[k]] == code:
                found.append(wanted[n])
                break
    return found


def nesting(graph: FlattenedGraph, indices: Ints, outer: Ints, inner: Ints) -> list[int]:
    """Those of these operations whose last operand has an opcode in `outer`, and an operand with one in `inner`."""
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    wanted, is_outer, is_inner, found = ints(indices), ints(outer), ints(inner), list[int]()
    for n in range(len(indices)):
        i = operands[starts[wanted[n] + 1] - 1]
        if i < size and is_outer[codes[i]]:
            for k in range(starts[i], starts[i + 1]):
                if operands[k] < size and is_inner[codes[operands[k]]]:
                    found.append(wanted[n])
                    break
    return found


def uses(graph: FlattenedGraph) -> tuple[Ints, Ints]:
    """By node, its last edge, and by edge, the edge before it to the same node; each plus 1, 0 if there is none."""
    operands, found = ints(graph.operands), (new_ints(len(graph.nodes)), new_ints(len(graph.operands)))
    last, before = ints(found[0]), ints(found[1])
    for k in range(len(graph.operands)):
        j = operands[k]
        before[k], last[j] = last[j], k + 1
    return found


def edges_to(i: int, last: Ints, before: Ints) -> Ints:
    """The edges to a node, from last to first, which is the order of creation; `last` and `before` as in `uses`."""
    firsts, links, count = ints(last), ints(before), 0
    k = firsts[i]
    while k:
        count += 1
        k = links[k - 1]
    found = new_ints(count)
    edges, k = ints(found), firsts[i]
    for n in range(count):
        edges[n] = k - 1
        k = links[k - 1]
    return found


def only_edges(indices: Ints, last: Ints, before: Ints) -> list[int]:
    """The edges to those of these nodes that are used once; `last` and `before` as in `uses`."""
    firsts, links, wanted, found = ints(last), ints(before), ints(indices), list[int]()
    for n in range(len(indices)):
        k = firsts[wanted[n]]
        if k and not links[k - 1]:
            found.append(k - 1)
    return found


def operands_of(i: int, graph: FlattenedGraph) -> tuple[int, ...]:
    """The indices of the operands of the node at index i, in order."""
    starts, operands = ints(graph.starts), ints(graph.operands)
    if i >= len(graph.codes):
        return ()
    first, last = starts[i], starts[i + 1]
    if last - first == 2:
        return operands[first], operands[first + 1]
    return tuple([operands[k] for k in range(first, last)])


def any_uses(graph: FlattenedGraph, indices: Ints, marks: Ints) -> bool:
    """Whether any of these operations has an operand that is an operation and marked."""
    starts, operands, wanted, marked = ints(graph.starts), ints(graph.operands), ints(indices), ints(marks)
    size = len(graph.codes)
    for n in range(len(indices)):
        for k in range(starts[wanted[n]], starts[wanted[n] + 1]):
            if operands[k] < size and marked[operands[k]]:
                return True
    return False


def any_zeroed(graph: FlattenedGraph, products: Ints, varying: Ints) -> bool:
    """Whether any of these products has an operation as a factor, and as the other one a 0 that does not vary."""
    starts, operands, data, wanted = ints(graph.starts), ints(graph.operands), floats(graph.data), ints(products)
    varies, size = ints(varying), len(graph.codes)
    for n in range(len(products)):
        a, b = operands[starts[wanted[n]]], operands[starts[wanted[n]] + 1]
        if (a < size and not varies[b] and data[b] == 0.0) or (b < size and not varies[a] and data[a] == 0.0):
            return True
    return False


def small(indices: Ints, numbers: Floats, limit: float) -> list[int]:
    """The indices of numbers with |x| <= limit; nan is not included."""
    wanted, sizes = ints(indices), floats(numbers)
    return [wanted[n] for n in range(len(indices)) if abs(sizes[wanted[n]]) <= limit]


def all_small(indices: Ints, numbers: Floats, limit: float) -> bool:
    """Whether all numbers at these indices have |x| <= limit; False for nan."""
    wanted, sizes = ints(indices), floats(numbers)
    for n in range(len(indices)):  # noqa: SIM110  a generator has no types in C
        if not abs(sizes[wanted[n]]) <= limit:
            return False
    return True


def none_exceeds(groups: Groups, numbers: Floats, limit: float) -> list[int]:
    """The groups with an index, and with no number at their indices that exceeds `limit` or is nan."""
    starts, members, sizes = ints(groups.starts), ints(groups.members), floats(numbers)
    most, found = float(limit), list[int]()
    for n in range(len(groups.starts) - 1):
        k, last = starts[n], starts[n + 1]
        while k < last and sizes[members[k]] <= most:
            k += 1
        if k == last > starts[n]:
            found.append(n)
    return found


def none_marked(groups: Groups, marks: Ints) -> list[int]:
    """The groups with an index, and with none that is marked."""
    starts, members, marked, found = ints(groups.starts), ints(groups.members), ints(marks), list[int]()
    for n in range(len(groups.starts) - 1):
        k, last = starts[n], starts[n + 1]
        while k < last and not marked[members[k]]:
            k += 1
        if k == last > starts[n]:
            found.append(n)
    return found


def holding(marks: Ints, sums: Groups) -> Ints:
    """1 for the marked numbers and for the sums that hold one; the numbers of sums come last, operands first."""
    found = marks[:]
    marked, starts, members, last = ints(found), ints(sums.starts), ints(sums.members), len(sums.starts) - 1
    for n in range(last):
        for k in range(starts[n], starts[n + 1]):
            if marked[members[k]]:
                marked[len(marks) - last + n] = 1
                break
    return found


def equals(numbers: Ints, number: int) -> Ints:
    """1 where the numbers are this one, 0 elsewhere."""
    given, found = ints(numbers), new_ints(len(numbers))
    marks = ints(found)
    for n in range(len(numbers)):
        marks[n] = given[n] == number
    return found


def peaks(groups: Groups, numbers: Floats) -> Floats:
    """By group, the largest |x| of the numbers at its indices; nan counts as 0."""
    starts, members, sizes = ints(groups.starts), ints(groups.members), floats(numbers)
    found = new_floats(len(groups.starts) - 1)
    highest = floats(found)
    for n in range(len(found)):
        for k in range(starts[n], starts[n + 1]):
            size = abs(sizes[members[k]])
            if size > highest[n]:
                highest[n] = size
    return found


def ends_differ(groups: Groups, numbers: Ints) -> list[int]:
    """The groups whose first and last index have different numbers."""
    starts, members, given, found = ints(groups.starts), ints(groups.members), ints(numbers), list[int]()
    for n in range(len(groups.starts) - 1):
        first, last = starts[n], starts[n + 1] - 1
        if first < last and given[members[first]] != given[members[last]]:
            found.append(n)
    return found


def coincident(groups: Groups, numbers: Floats) -> dict[int, float]:
    """The groups whose first number equals, to six digits, the first one of another group; with that number."""
    starts, members, given, count = ints(groups.starts), ints(groups.members), floats(numbers), 0
    rounded, named = new_floats(len(groups.starts) - 1), new_ints(len(groups.starts) - 1)
    firsts, names, found = floats(rounded), ints(named), dict[int, float]()
    for n in range(len(groups.starts) - 1):
        if starts[n] < starts[n + 1]:
            number = given[members[starts[n]]] + 0.0  # not -0
            far = number * SPLITTER
            firsts[count], names[count] = far - (far - number), n
            count += 1
    pairs, ends = ints_of(()), new_ints(count + 1)
    pairs.frombytes(rounded[:count].tobytes())
    last = ints(ends)
    for n in range(count):
        last[n + 1] = 2 * n + 2
    same = ValueNumbers(new_ints(count), ends, pairs, count)
    for n in range(count):
        first = same.first(n)
        if first != n:
            found[names[first]] = found[names[n]] = firsts[n]
    return found


SPLITTER = 2.0**33 + 1.0  # leaves 20 of 53 binary digits, by T. J. Dekker, Numerische Mathematik 18, 1971


def any_larger(indices: Ints, numbers: Floats, others: Floats, ratio: float, least: float) -> bool:
    """Whether any number at these indices is nan or larger than `ratio` times the other number, or times `least`."""
    wanted, sizes, scales = ints(indices), floats(numbers), floats(others)
    factor, smallest = float(ratio), float(least)
    for n in range(len(indices)):
        scale = abs(scales[wanted[n]])
        if not abs(sizes[wanted[n]]) <= factor * (scale if scale > smallest else smallest):
            return True
    return False


def extent(numbers: Floats) -> tuple[float, float]:
    """The smallest of the numbers above 0, inf if there are none, and the largest."""
    sizes, low, high = floats(numbers), INF, 0.0
    for n in range(len(numbers)):
        if 0.0 < sizes[n] < low:
            low = sizes[n]
        if sizes[n] > high:
            high = sizes[n]
    return low, high


def largest(indices: Ints, numbers: Floats) -> float:
    """The largest |x| of the numbers at these indices; nan counts as 0."""
    wanted, sizes, found = ints(indices), floats(numbers), 0.0
    for n in range(len(indices)):
        size = abs(sizes[wanted[n]])
        if size > found:
            found = size
    return found


def cancelling(indices: Ints, gradients: Floats, squares: Floats, limit: float) -> list[int]:
    """The indices with |gradient| <= limit * spread, if the spread is finite.

    >>> from array import array
    >>> cancelling(array("i", [0, 1, 2]), array("d", [1.0, 0.0, 0.0]), array("d", [1.0, 4.0, 0.0]), 1e-3)
    [1, 2]
    """
    wanted, sizes, spreads, found = ints(indices), floats(gradients), floats(squares), list[int]()
    for n in range(len(indices)):
        i = wanted[n]
        if abs(sizes[i]) <= limit * c_sqrt(spreads[i]) < INF:
            found.append(i)
    return found


def not_held(
    indices: Ints, held: Floats, graph: FlattenedGraph, gradients: Floats, squares: Floats, rounding: float
) -> list[int]:
    """Which numbers `held` at the leaves among these are not 0 and differ from the gradients by more than rounding.

    A nan or inf differs from every number.
    """
    wanted, given, sizes, spreads = ints(indices), floats(held), floats(gradients), floats(squares)
    size, share, found = len(graph.codes), float(rounding), list[int]()
    for n in range(len(indices)):
        grad, i = given[n], wanted[n]
        if i < size or grad == 0.0:
            continue
        is_wild = grad - grad != 0.0 and sizes[i] - sizes[i] == 0.0
        if is_wild or abs(grad - sizes[i]) > share * (abs(grad) + c_sqrt(spreads[i])):
            found.append(n)
    return found
