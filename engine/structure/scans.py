# cython: boundscheck=False, wraparound=False, infer_types=True
"""Scans of the arrays of a flattened graph at some indices or edges: each is one short loop, in C when compiled."""

from __future__ import annotations

import math

from ..core import PRIMITIVES
from .arrays import Floats, Ints, new_ints, taken
from .flattened import FlattenedGraph

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by scans.pxd: memory, and the C library's own
    from .arrays import floats, ints

    c_sqrt = PRIMITIVES["sqrt"].on_floats

INF = math.inf


def arguments(graph: FlattenedGraph, indices: Ints) -> Ints:
    """The indices of the first operands of operations."""
    return taken(graph.operands, taken(graph.starts, indices))


def smallest_partial(graph: FlattenedGraph, indices: Ints) -> float:
    """The smallest partial with respect to the first operand, inf if there are no indices."""
    starts, partials, wanted = ints(graph.starts), floats(graph.partials), ints(indices)
    found = INF
    for n in range(len(indices)):
        partial = partials[starts[wanted[n]]]
        if partial < found:
            found = partial
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
        count, k = count + 1, links[k - 1]
    found = new_ints(count)
    edges, k = ints(found), firsts[i]
    for n in range(count):
        edges[n], k = k - 1, links[k - 1]
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
    size, uses = len(graph.codes), False
    for n in range(len(indices)):
        for k in range(starts[wanted[n]], starts[wanted[n] + 1]):
            uses = uses or (operands[k] < size and marked[operands[k]] > 0)
    return uses


def small(indices: Ints, numbers: Floats, limit: float) -> list[int]:
    """The indices of numbers with |x| <= limit; nan is not included.

    >>> from array import array
    >>> small(array("i", [0, 1, 2]), array("d", [-0.5, 2.0, 0.0]), 0.5)
    [0, 2]
    """
    wanted, sizes = ints(indices), floats(numbers)
    return [wanted[n] for n in range(len(indices)) if abs(sizes[wanted[n]]) <= limit]


def all_small(indices: Ints, numbers: Floats, limit: float) -> bool:
    """Whether all numbers at these indices have |x| <= limit; False for nan.

    >>> from array import array
    >>> numbers = array("d", [-0.5, 2.0, 0.0])
    >>> all_small(array("i", [0, 2]), numbers, 0.5), all_small(array("i", [1]), numbers, 0.5)
    (True, False)
    """
    wanted, sizes = ints(indices), floats(numbers)
    for n in range(len(indices)):  # noqa: SIM110  a generator has no types in C
        if not abs(sizes[wanted[n]]) <= limit:
            return False
    return True


def smallest(indices: Ints, numbers: Ints) -> int:
    """The smallest of the integers at these indices, of which there is at least one."""
    wanted, sizes = ints(indices), ints(numbers)
    found = sizes[wanted[0]]
    for n in range(len(indices)):
        size = sizes[wanted[n]]
        if size < found:
            found = size
    return found


def largest(indices: Ints, numbers: Floats) -> float:
    """The largest |x| of the numbers at these indices; nan counts as 0.

    >>> from array import array
    >>> largest(array("i", [0, 2]), array("d", [-0.5, 2.0, 0.25]))
    0.5
    """
    wanted, sizes, found = ints(indices), floats(numbers), 0.0
    for n in range(len(indices)):
        size = abs(sizes[wanted[n]])
        if size > found:
            found = size
    return found


def exceeds(indices: Ints, numbers: Floats, limit: float) -> bool:
    """Whether any number at these indices exceeds `limit` or is nan.

    >>> from array import array
    >>> numbers = array("d", [1.0, 9.0, 2.0])
    >>> exceeds(array("i", [0, 2]), numbers, 2.0), exceeds(array("i", [1]), numbers, 2.0)
    (False, True)
    """
    wanted, sizes = ints(indices), floats(numbers)
    for n in range(len(indices)):  # noqa: SIM110  a generator has no types in C
        if not sizes[wanted[n]] <= limit:
            return True
    return False


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
