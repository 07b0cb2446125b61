# cython: boundscheck=False, wraparound=False, cdivision=True, infer_types=True
"""Recomputes operations of a flattened graph from current or hypothetical data.

This detects data set after the forward pass, and gives gradients at another point.
"""

from __future__ import annotations

import math
from typing import Any

from ..core import DOT, MUL, NAMES, TABLE
from .arrays import Floats, Ints, ints_of, new_ints
from .flattened import FlattenedGraph
from .scans import operands_of, present

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by recompute.pxd: memory, and what the build writes from the table
    from .arrays import floats, ints

    IN_C = 0  # opcodes that C computes
    scratch: Any = None
    compute: Any = None

NAN = math.nan
CHANGED, FIXED = 1, 2  # numbers that were recomputed, and that are given


def disagreeing(graph: FlattenedGraph) -> Ints:
    """Operations whose recomputed result differs from the stored one, and all that are nan. Oldest first."""
    codes, starts, operands, data = ints(graph.codes), ints(graph.starts), ints(graph.operands), floats(graph.data)
    found, count = new_ints(len(graph.codes)), 0
    indices = ints(found)
    for i in range(len(graph.codes) - 1, -1, -1):
        if recomputed(i, codes, starts, operands, data) != data[i]:
            indices[count] = i
            count += 1
    return found[:count]


def beyond(graph: FlattenedGraph, differing: Ints, rounding: float) -> Ints:
    """Those of the operations that differ by more than `rounding` times their magnitude."""
    codes, starts, operands, data = ints(graph.codes), ints(graph.starts), ints(graph.operands), floats(graph.data)
    partials, found, count, share = floats(graph.partials), differing[:], 0, float(rounding)
    indices = ints(found)
    for n in range(len(differing)):
        i = indices[n]
        difference = abs(recomputed(i, codes, starts, operands, data) - data[i])
        if difference > share * _magnitude(i, starts, operands, partials, data):
            indices[count] = i
            count += 1
    return found[:count]


def forward(graph: FlattenedGraph, given: Ints, differing: Ints, data: Floats) -> Ints:
    """Recompute in `data`, as far as numbers change, what depends on given nodes, whose numbers are set there already.

    `differing` is what `disagreeing` finds. Returns the operations whose partials may change, operands first.
    """
    codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
    news, found, count = new_ints(len(graph.nodes)), new_ints(len(graph.codes)), 0
    numbers, is_new, computed, fixed, others = floats(data), ints(news), ints(found), ints(given), ints(differing)
    for n in range(len(differing)):
        is_new[others[n]] = CHANGED
    for n in range(len(given)):
        is_new[fixed[n]] = FIXED
    for i in range(len(graph.codes) - 1, -1, -1):
        k = starts[i]
        while k < starts[i + 1] and not is_new[i]:
            is_new[i] = CHANGED if is_new[operands[k]] else 0
            k += 1
        if is_new[i]:
            computed[count] = i
            count += 1
        if is_new[i] == CHANGED:
            number = recomputed(i, codes, starts, operands, numbers)
            is_new[i] = number != numbers[i] or number == 0.0  # its sign may differ
            numbers[i] = number
    return found[:count]


def partials_at(graph: FlattenedGraph, indices: Ints, data: Floats) -> Floats:
    """All partials, with those of the given operations recomputed at `data`."""
    codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
    found, numbers, wanted = graph.partials[:], floats(data), ints(indices)
    partials = floats(found)
    for n in range(len(indices)):
        i = wanted[n]
        _recompute_partials(i, codes, starts, operands, numbers, partials)
    return found


def recomputed(i: int, codes: Ints, starts: Ints, operands: Ints, data: Floats) -> float:
    """The result of the operation at index i on `data`."""
    k, m = starts[i], starts[i + 1] - starts[i]
    if codes[i] >= IN_C:
        row = TABLE[NAMES[codes[i]]]
        return float(row.value(*row.split([data[operands[n]] for n in range(k, k + m)])))
    x = _gathered(k, m, operands, data)
    return compute(codes[i], m, x, cython.NULL)  # type: ignore[no-any-return]


def _recompute_partials(i: int, codes: Ints, starts: Ints, operands: Ints, data: Floats, partials: Floats) -> None:
    """The partials of the operation at index i on `data`."""
    k, m = starts[i], starts[i + 1] - starts[i]
    if codes[i] >= IN_C:
        row = TABLE[NAMES[codes[i]]]
        groups = row.split([data[operands[n]] for n in range(k, k + m)])
        y = row.value(*groups)  # not data[i], which may be an override
        found = row.flatten(row.partial_values(y, *groups), len(groups[0]) if row.variadic else 0)
        for n in range(m):
            partials[k + n] = found[n]
    else:
        x = _gathered(k, m, operands, data)
        compute(codes[i], m, x, x + m)
        for n in range(m):
            partials[k + n] = x[m + n]


def _gathered(k: int, m: int, operands: Ints, data: Floats) -> Any:
    """An array of the data of m operands, and one for m partials."""
    x = scratch(2 * m)
    if not x:
        raise MemoryError(f"no memory for {m} operands")
    for n in range(m):
        x[n] = data[operands[k + n]]
    return x


def _magnitude(i: int, starts: Ints, operands: Ints, partials: Floats, data: Floats) -> float:
    """The sum of the magnitudes of an operation's terms."""
    found = 0.0
    found += abs(data[i])
    for k in range(starts[i], starts[i + 1]):
        found += abs(partials[k] * data[operands[k]])
    return found


def changed(graph: FlattenedGraph, rounding: float, differing: Ints | None = None) -> dict[int, float | None]:
    """The indices of nodes that were set after an operation used them, with the previous number if it is known.

    `differing` is what `disagreeing` finds, if it was asked before.
    Blames a leaf if some result disagrees with its current data and none agrees with it; otherwise the operation.
    A sum of parameters agrees by chance where their moves cancel, and any result does to rounding after a small move,
    so these count only if no parameter is blamed, and few other nodes are.
    """
    differing = disagreeing(graph) if differing is None else differing
    wrong = beyond(graph, differing, rounding)
    if not wrong:
        return {}
    parameters = _marked(graph, present(graph.wanted))
    same = confirmed(graph, wrong, differing, parameters, rounding)
    found = _set(graph, wrong, same, parameters)
    others = [i for i in found if not parameters[i]]
    together = {j for i in wrong for j in operands_of(i, graph) if same[j] == TOGETHER} if others else set()
    is_made = any(i < len(graph.codes) for i in others)  # a result is set by hand more rarely than a parameter moves
    if together and len(found) + is_made > min(len(others), len(together)):
        found = _set(graph, wrong, ints_of(0 if one == TOGETHER else one for one in same), parameters)
    return found


def _marked(graph: FlattenedGraph, indices: Ints) -> Ints:
    """1 at these indices."""
    found, wanted = new_ints(len(graph.nodes)), ints(indices)
    marks = ints(found)
    for n in range(len(indices)):
        marks[wanted[n]] = 1
    return found


def _set(graph: FlattenedGraph, wrong: Ints, unchanged: Ints, parameters: Ints) -> dict[int, float | None]:
    """The leaves and operations that explain the wrong results, if the nodes marked in `unchanged` were not set."""
    codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
    partials, data, size = floats(graph.partials), floats(graph.data), len(graph.codes)
    found, told = dict[int, float | None](), new_ints(len(graph.nodes))
    same, known = ints(unchanged), ints(told)  # known: 1 if found, 2 if its previous number is known too
    indices = ints(wrong)
    for n in range(len(wrong)):
        i, inherited, leaves, news = indices[n], 0, 0, 0
        for k in range(starts[i], starts[i + 1]):
            j = operands[k]
            if j < size:
                inherited += known[j]
            elif not same[j]:
                leaves += 1
                if known[j] < (2 if codes[i] == MUL or codes[i] == DOT else 1):
                    news += 1
        if inherited:
            continue  # wrong because of an operand that was set
        if not leaves:
            found[i], known[i] = None, 1
        for edge in _blamed(graph, i, unchanged, parameters) if news else ():
            leaf = operands[edge]
            if known[leaf] < 2:
                was = _before(i, edge, codes, starts, partials, data)
                found[leaf], known[leaf] = (None, 1) if was != was else (was, 2)
    return found


def _blamed(graph: FlattenedGraph, i: int, same: Ints, parameters: Ints) -> list[int]:
    """The edges to the leaves that most likely made an operation wrong: parameters, with a slope, or labelled ones."""
    starts, operands, unchanged, size = ints(graph.starts), ints(graph.operands), ints(same), len(graph.codes)
    partials, nodes, is_parameter = floats(graph.partials), graph.nodes, ints(parameters)
    leaves = [k for k in range(starts[i], starts[i + 1]) if operands[k] >= size and not unchanged[operands[k]]]
    leaves = [k for k in leaves if is_parameter[operands[k]]] or leaves
    leaves = [k for k in leaves if partials[k] != 0.0] or leaves
    return [k for k in leaves if nodes[operands[k]].label] or leaves


def _before(i: int, k: int, codes: Ints, starts: Ints, partials: Floats, data: Floats) -> float:
    """The data of an operand in the forward pass, if the partials contain it, as in a product; else nan."""
    first, last = starts[i], starts[i + 1]
    half = (last - first) // 2
    if codes[i] == MUL:
        return partials[first + last - 1 - k]
    if codes[i] != DOT:
        return NAN
    if k < last - 1:
        return partials[k + half if k < first + half else k - half]
    products = 0.0
    for n in range(first, first + half):
        products += partials[n] * partials[n + half]
    return data[i] - products


WRONG, ROUNDED = 1, 2  # whether a result no longer matches, or matches to rounding alone
ALONE, TOGETHER = 1, 2  # a result confirms an operand; or it may by chance: if it is of several parameters, or rounded


def confirmed(graph: FlattenedGraph, wrong: Ints, differing: Ints, given: Ints, rounding: float) -> Ints:
    """ALONE or TOGETHER for each node whose data some stored result confirms, else 0.

    The results of `differing` match to rounding at best, and those of `wrong` do not; `given` marks the parameters.

    The partials of a product are copies of its factors, so a factor is confirmed by equality, and else by rounding.
    A result confirms an operand only where it depends on it, then and now: a maximum does not, if another is larger.
    """
    codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
    partials, data = floats(graph.partials), floats(graph.data)
    current = partials_at(graph, ints_of(range(len(graph.codes))), graph.data)
    slopes = floats(current)
    found, is_wrong = new_ints(len(graph.nodes)), new_ints(len(graph.codes))
    wrongs, same, wanted, is_parameter = ints(is_wrong), ints(found), ints(wrong), ints(given)
    others = ints(differing)
    for n in range(len(differing)):
        wrongs[others[n]] = ROUNDED
    for n in range(len(wrong)):
        wrongs[wanted[n]] = WRONG
    for i in range(len(graph.codes)):
        first, last, parameters = starts[i], starts[i + 1], 0
        for k in range(first, last):
            parameters += is_parameter[operands[k]]
        for k in range(first, last):
            j = operands[k]
            if codes[i] == MUL or (codes[i] == DOT and k < last - 1):
                if _before(i, k, codes, starts, partials, data) == data[j]:
                    same[j] = ALONE
            elif wrongs[i] != WRONG:
                if partials[k] != 0.0 and slopes[k] != 0.0 and same[j] != ALONE:
                    same[j] = TOGETHER if is_parameter[j] and (parameters > 1 or wrongs[i] == ROUNDED) else ALONE
            elif codes[i] == DOT and not same[j]:
                limit = rounding * _magnitude(i, starts, operands, partials, data)
                if abs(_before(i, k, codes, starts, partials, data) - data[j]) <= limit:
                    same[j] = ALONE
    return found
