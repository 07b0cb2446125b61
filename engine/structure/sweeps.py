# cython: boundscheck=False, wraparound=False, infer_types=True
"""Sweeps over a flattened graph: each is one loop over its nodes or edges, in C when compiled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from ..core import ADD, CLOSED, DIV, MUL, NEG, PRIMITIVES, RELU, SELECT, SUB, SUM
from .arrays import Floats, Groups, Ints, ints_of, new_floats, new_ints
from .flattened import FlattenedGraph
from .overrides import Overrides, table

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by sweeps.pxd: memory, and the C library's own
    from .arrays import floats, ints
    from .columns import columns, pass_back, pass_changed, put

    c_log = PRIMITIVES["log"].on_floats

INF = math.inf
MOST = 128  # changes swept together
LEAST = 8 if cython.compiled else MOST  # a cache line of numbers; calls of NumPy pay for many alone
CACHED = 2**15  # numbers that the cache holds


def reverse(graph: FlattenedGraph, of: int = 0) -> tuple[Floats, Floats]:
    """The derivative of the node `of` with respect to every node, as in `backward()`, and its squared spread."""
    codes, results, operands = ints(graph.codes), ints(graph.results), ints(graph.operands)
    starts, partials = ints(graph.starts), floats(graph.partials)
    sums, met = (new_floats(len(graph.nodes)), new_floats(len(graph.nodes))), new_ints(len(graph.nodes))
    gradients, squares, reached = floats(sums[0]), floats(sums[1]), ints(met)
    gradients[of] = squares[of] = 1.0
    reached[of] = 1
    for k in range(len(graph.operands)):
        i, j, partial = results[k], operands[k], partials[k]
        if reached[i] and (partial != 0.0 or not _is_closed(codes[i], k - starts[i])):
            reached[j] = 1
            gradients[j] += gradients[i] * partial
            squares[j] += squares[i] * partial * partial
    return sums


def reverse_changed(graph: FlattenedGraph, changes: Sequence[Overrides]) -> Iterator[Floats]:
    """The adjoint of every node under each of several changes.

    >>> from engine import Value
    >>> from .arrays import floats_of, ints_of
    >>> from .flattened import flatten
    >>> from .overrides import Overrides
    >>> x = Value(3.0)
    >>> graph, no_edges, no_numbers = flatten(x * x - x), ints_of([]), floats_of([])
    >>> changes = [Overrides(no_edges, no_numbers, {1: 10.0}), Overrides(ints_of([0]), floats_of([0.0]), {})]
    >>> [adjoints[2] for adjoints in reverse_changed(graph, changes)]
    [59.0, -1.0]
    """
    are_finite = _are_finite(graph.partials) and all(_are_finite(change.partials) for change in changes)
    together = max(LEAST, min(MOST, CACHED // len(graph.nodes)))
    if not are_finite:
        together = 1  # where an infinite partial lets gradients pass depends on the change
    for first in range(0, len(changes), together):
        yield from _reverse_together(graph, changes[first : first + together])


def _reverse_together(graph: FlattenedGraph, changes: Sequence[Overrides]) -> list[Floats]:
    count, size = len(changes), len(graph.nodes)
    codes, results, operands = ints(graph.codes), ints(graph.results), ints(graph.operands)
    starts, partials = ints(graph.starts), floats(graph.partials)
    which, changed = table(graph.partials, changes)
    found, met = new_floats(size * count), new_ints(size)  # met: 1 where a gradient arrives, 2 if some are given
    rows, own, own_row, reached = columns(found, count), columns(changed, count), ints(which), ints(met)
    given: dict[int, list[tuple[int, float]]] = {}
    for n, change in enumerate(changes):
        for index, adjoint in change.adjoints.items():
            given.setdefault(index, []).append((n, adjoint))
            reached[index] = 2
    for n in range(count):
        put(rows, 0, n, 1.0, count)
    reached[0] = reached[0] or 1
    for k in range(len(graph.operands)):
        i, j, partial = results[k], operands[k], partials[k]
        if not reached[i]:
            continue
        if reached[i] == 2 and k == starts[i]:
            for n, adjoint in given[i]:
                put(rows, i, n, adjoint, count)
        if own_row[k]:
            if not pass_changed(rows, i, j, own, own_row[k] - 1, _is_closed(codes[i], k - starts[i]), count):
                continue
        elif partial != 0.0 or not _is_closed(codes[i], k - starts[i]):
            pass_back(rows, i, j, partial, count)
        else:
            continue
        if not reached[j]:
            reached[j] = 1
    for index, some in given.items():
        for n, adjoint in some:
            put(rows, index, n, adjoint, count)
    return [found[n::count] for n in range(count)]


def _are_finite(numbers: Floats) -> bool:
    each = floats(numbers)
    for n in range(len(numbers)):  # noqa: SIM110  a generator has no types in C
        if each[n] - each[n] != 0.0:
            return False
    return True


def reverse_between(graph: FlattenedGraph, ends: Ints, among: Ints) -> dict[int, list[tuple[int, float, bool]]]:
    """The derivatives of each operation in `ends` in the ends it depends on, all other ends held fixed.

    Each is the index of an end, the derivative, and whether any gradient passes. Only nodes in `among` count.

    >>> from engine import Value
    >>> from .arrays import ints_of
    >>> from .flattened import flatten
    >>> x = Value(3.0)
    >>> y = x.exp()
    >>> graph = flatten(y * y * x)
    >>> [node is y for node in graph.nodes]
    [False, False, True, False]
    >>> found = reverse_between(graph, ints_of([1, 0, 1, 1]), ints_of([1, 1, 1, 1]))
    >>> sorted(found[0]) == [(2, 2 * 3.0 * y.data, True), (3, y.data * y.data, True)], found[2] == [(3, y.data, True)]
    (True, True)
    """
    codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
    partials = floats(graph.partials)
    is_end, counts, size = ints(ends), ints(among), len(graph.codes)
    memory = new_floats(len(graph.nodes)), new_ints(len(graph.nodes)), new_ints(len(graph.nodes))
    adjoints, reached, met = floats(memory[0]), ints(memory[1]), ints(memory[2])
    found = {}
    for of in range(size):
        if not (is_end[of] and counts[of]):
            continue
        inner, behind = [of], list[int]()
        for i in inner:  # grows
            for k in range(starts[i], starts[i + 1]):
                j = operands[k]
                if counts[j] and not met[j]:
                    met[j] = 1
                    (behind if is_end[j] or j >= size else inner).append(j)
        inner.sort()
        adjoints[of] = reached[of] = 1
        for i in inner:
            for k in range(starts[i], starts[i + 1]):
                j, partial = operands[k], partials[k]
                if counts[j] and reached[i] and (partial != 0.0 or not _is_closed(codes[i], k - starts[i])):
                    reached[j] = 1
                    adjoints[j] += adjoints[i] * partial
        found[of] = [(j, adjoints[j], reached[j] == 1) for j in behind if is_end[j]]
        for i in inner + behind:
            adjoints[i] = reached[i] = met[i] = 0
    return found


def _is_closed(code: int, slot: int) -> bool:
    """Whether a partial of 0 lets nothing pass to an operand, as in the table's `is_closed`."""
    return CLOSED[code] >> (slot if slot < 7 else 7) & 1 == 1


def dependent(graph: FlattenedGraph, indices: Iterable[int]) -> Ints:
    """1 at these indices and at all operations that depend on them.

    >>> from engine import Value
    >>> from .flattened import flatten
    >>> w, x = Value(1.0, "w"), Value(2.0, "x")
    >>> graph = flatten(w * x + x, [w])
    >>> depends = dependent(graph, graph.index_of.values())
    >>> [node.op or node.label for node, one in zip(graph.nodes, depends) if one]
    ['add', 'mul', 'w']
    """
    starts, operands, found = ints(graph.starts), ints(graph.operands), new_ints(len(graph.nodes))
    wanted = ints_of(indices)
    depends, given = ints(found), ints(wanted)
    for n in range(len(wanted)):
        depends[given[n]] = 1
    for i in range(len(graph.codes) - 1, -1, -1):
        for k in range(starts[i], starts[i + 1]):
            if depends[operands[k]]:
                depends[i] = 1
                break
    return found


def reached(graph: FlattenedGraph) -> Ints:
    """1 at the output and at all nodes that a gradient may reach, whatever the numbers are: 0 behind a detach.

    >>> from engine import Value, detach
    >>> from .flattened import flatten
    >>> graph = flatten(Value(1.0, "w") + detach(Value(2.0, "x")))
    >>> [node.op or node.label for node, one in zip(graph.nodes, reached(graph)) if one]
    ['add', 'detach', 'w']
    """
    codes, starts, operands, found = (
        ints(graph.codes),
        ints(graph.starts),
        ints(graph.operands),
        new_ints(len(graph.nodes)),
    )
    met = ints(found)
    met[0] = 1
    for i in range(len(graph.codes)):
        if not met[i]:
            continue
        first = starts[i]
        for k in range(first, starts[i + 1]):
            if k > first if codes[i] == SELECT else not _is_closed(codes[i], k - first):  # a branch may be taken
                met[operands[k]] = 1
    return found


def any_feeds(graph: FlattenedGraph, marks: Ints, varying: Ints, users: Ints) -> bool:
    """Whether an operation uses a marked node, maybe with constants added to it: one by opcode in `users`, or a sum.

    A sum uses its operands if both are variable. The sums of marked nodes and constants are marked, too.
    """
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    marked, varies, by_code = ints(marks), ints(varying), ints(users)
    for i in range(size - 1, -1, -1):
        for k in range(starts[i], starts[i + 1]):
            if not marked[operands[k]]:
                continue
            if by_code[codes[i]]:
                return True
            if codes[i] == ADD or codes[i] == SUB:
                if varies[operands[starts[i]]] and varies[operands[starts[i] + 1]]:
                    return True
                marked[i] = 1
    return False


def terms(graph: FlattenedGraph, varying: Ints) -> Ints:
    """The terms of the output, found through sums, constant factors and differences of variable nodes.

    The output itself may also be a difference from a constant, such as 1 - S.
    """
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    met, varies, kept, count = new_ints(len(graph.nodes)), ints(varying), new_ints(size), 0
    reached, found = ints(met), ints(kept)
    reached[0] = 1
    for i in range(size):
        if not reached[i]:
            continue
        code, first, last, vary, passes = codes[i], starts[i], starts[i + 1], 0, 0
        for k in range(first, last):
            vary += varies[operands[k]]
        if code in (ADD, SUM, NEG) or (code == SUB and (vary == 2 or i == 0)):
            passes = 1
        elif vary == 1 and (code == MUL or (code == DIV and varies[operands[first]])):
            passes = 1 if operands[first if varies[operands[first]] else last - 1] < size else 0
        if not passes:
            found[count] = i
            count += 1
            continue
        for k in range(first, last):
            if code in (ADD, SUM, NEG) or varies[operands[k]]:
                reached[operands[k]] = 1
    return kept[:count]


def limited(graph: FlattenedGraph, parameters: Ints, kinds: Ints) -> Ints:
    """1 where a range may be limited, 0 where it is surely not, by the kind of each operation.

    0 is not limited, 1 may be; 2 is a sum, not limited if an operand is not; 3 is a product, not limited if one
    operand is not and the other is another node whose number is not 0; 4 is a quotient, like a product with 1 / x if x
    is a given number.
    """
    codes, starts, operands, data = ints(graph.codes), ints(graph.starts), ints(graph.operands), floats(graph.data)
    size, by_code, given, found = len(graph.codes), ints(kinds), new_ints(len(graph.nodes)), new_ints(len(graph.nodes))
    is_parameter, may, wanted = ints(given), ints(found), ints(parameters)
    for n in range(len(parameters)):
        is_parameter[wanted[n]] = 1
    for i in range(len(graph.nodes) - 1, -1, -1):
        kind = by_code[codes[i]] if i < size else 1
        may[i] = kind > 0 and not is_parameter[i]
        if kind < 2 or not may[i]:
            continue
        first, last = starts[i], starts[i + 1]
        for k in range(first, last):
            if may[operands[k]]:
                continue
            other = operands[first + last - 1 - k]
            is_scale = kind == 3 or (k == first and other >= size and not is_parameter[other])
            if kind == 2 or (is_scale and other != operands[k] and (data[other] < 0.0 or data[other] > 0.0)):
                may[i] = 0
    return found


def summands(graph: FlattenedGraph) -> Ints:
    """1 for nodes that reach the output only through sums and constant factors: terms of a loss or of a mean."""
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    found = new_ints(len(graph.nodes))
    reached = ints(found)
    reached[0] = 1
    for i in range(size):
        if not reached[i] or codes[i] not in (ADD, SUB, NEG, SUM, MUL, DIV):
            continue
        inner = 0
        for k in range(starts[i], starts[i + 1]):
            if operands[k] < size:
                inner += 1
        if inner == 1 or codes[i] not in (MUL, DIV):
            for k in range(starts[i], starts[i + 1]):
                if operands[k] < size:
                    reached[operands[k]] = 1
    return found


def relu_operands(graph: FlattenedGraph, groups: Groups, among: Ints) -> Groups:
    """By group, the operands of relus, without hinge terms of the loss, which are off when the margin is met."""
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    wanted, among_terms, count = ints(groups.members), ints(among), 0
    found = Groups(groups.starts[:], groups.members[:])
    ends, sums = ints(found.starts), ints(found.members)
    for n in range(len(groups.starts) - 1):
        first, last = ends[n], ends[n + 1]
        ends[n] = count
        for k in range(first, last):
            i = wanted[k]
            if codes[i] == RELU:
                z = operands[starts[i]]
                if not among_terms[i] or not _is_margin(z, size, codes, starts, operands):
                    sums[count] = z
                    count += 1
    ends[len(groups.starts) - 1] = count
    return found


def _is_margin(i: int, size: int, codes: Ints, starts: Ints, operands: Ints) -> bool:
    """Whether a node is a margin, such as 1 - y * score."""
    if i >= size or codes[i] not in (ADD, SUB):
        return False
    return operands[starts[i]] >= size or operands[starts[i] + 1] >= size


def strongest(graph: FlattenedGraph, ends: Ints) -> list[tuple[float, float, int]]:
    """The strongest path of each of these nodes to the output.

    It is log |product|, -inf where there is no path; the same without the three smallest factors; and how many factors
    differ from 1.
    """
    numbered, count, given = dependent(graph, ends), 0, ints(ends)
    rows = ints(numbered)  # of the nodes between, from 1
    for i in range(len(graph.nodes)):
        if rows[i]:
            count += 1
            rows[i] = count
    results, operands, partials = ints(graph.results), ints(graph.operands), floats(graph.partials)
    found = new_floats(count + 1), new_floats(3 * count + 3), new_ints(count + 1), new_ints(count + 1)
    sizes, worst, counts, towards = floats(found[0]), floats(found[1]), ints(found[2]), ints(found[3])
    for row in range(rows[0] + 1, count + 1):
        sizes[row] = -INF
    for k in range(len(graph.operands)):
        row, before, partial = rows[operands[k]], rows[results[k]], partials[k]
        if row and partial != 0.0 and sizes[before] > -INF:
            size = sizes[before] if partial in (1.0, -1.0) else sizes[before] + c_log(abs(partial))
            if size > sizes[row]:
                sizes[row], towards[row] = size, k
    for row in range(rows[0] + 1, count + 1):  # a path's results stand before its operands
        if sizes[row] == -INF:
            continue
        before, partial = rows[results[towards[row]]], partials[towards[row]]
        size, counts[row] = sizes[row] - sizes[before], counts[before]
        counts[row] += 0 if partial in (1.0, -1.0) else 1
        for n in range(3):  # in order
            worst[3 * row + n], size = min(worst[3 * before + n], size), max(worst[3 * before + n], size)
    told = list[tuple[float, float, int]]()
    for n in range(len(ends)):
        row = rows[given[n]]
        told.append((sizes[row], sizes[row] - worst[3 * row] - worst[3 * row + 1] - worst[3 * row + 2], counts[row]))
    return told


def origins(graph: FlattenedGraph) -> list[int]:
    """The indices of nodes behind the output with non-finite data or partials, but finite operands."""
    codes, starts, operands, size = ints(graph.codes), ints(graph.starts), ints(graph.operands), len(graph.codes)
    data, partials, found = floats(graph.data), floats(graph.partials), list[int]()
    met = new_ints(len(graph.nodes)), new_ints(len(graph.nodes))
    numbers, adjoints = ints(met[0]), ints(met[1])  # 1 where they reach the output, and adjoints reach them
    numbers[0] = adjoints[0] = 1
    for i in range(size):
        wild, inherited, cut = 0 if data[i] - data[i] == 0.0 else 1, 0, 0  # flags, as C numbers
        for k in range(starts[i], starts[i + 1]):
            j = operands[k]
            cut = 1 if partials[k] == 0.0 and _is_closed(codes[i], k - starts[i]) else 0
            if numbers[i] and (not cut or k == starts[i]):  # behind a detach or rounding, or of a condition
                numbers[j] = 1
            if adjoints[i] and not cut:
                adjoints[j] = 1
                if partials[k] - partials[k] != 0.0:
                    wild = 1
            if data[j] - data[j] != 0.0:
                inherited = 1
        if numbers[i] and wild and not inherited:
            found.append(i)
    return found + [i for i in range(size, len(graph.nodes)) if numbers[i] and data[i] - data[i] != 0.0]
