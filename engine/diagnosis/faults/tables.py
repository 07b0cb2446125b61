"""Tables of parameters, such as embeddings: the rows that no example looks up have no path to the loss."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ...core import Value
from ...structure import FUNCTIONS
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a looked-up one of the same table."""
    found = set[Value]()
    for first, last in _runs(case.absent) if len(case.indices) else ():
        beside = [n for n in (first - 1, last) if 0 <= n < len(case.parameters)]
        found |= _rows(case, case.parameters[first:last], beside)
    labels = {case.graph.nodes[i].label for i in case.indices} - {""} if found else set()
    return {p for p in found if p.label not in labels}  # else it is of another model


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """The start and the end of each run of consecutive integers.

    >>> _runs([2, 3, 4, 9])
    [(2, 5), (9, 10)]
    """
    starts = [n for n in range(len(positions)) if not n or positions[n] > positions[n - 1] + 1]
    return [(positions[n], positions[m - 1] + 1) for n, m in pairwise([*starts, len(positions)])]


def _rows(case: Case, run: Sequence[Value], beside: Sequence[int]) -> set[Value]:
    """The unused parameters in a run that are of the same table as a looked-up one beside it, by position."""
    of_run = {p: _table(p.label) for p in run}
    inside = set(of_run.values())
    near = {n: table for n in beside if (table := _table(case.parameters[n].label)) in inside}
    tables = {table for n, table in near.items() if _is_looked_up(case, case.graph.flattened.wanted[n])}
    return {p for p, table in of_run.items() if table in tables}


def _table(label: str) -> str:
    """The table that a label puts a parameter in: row of row.cat2, as nn.Embedding labels it, E of E3_2."""
    inside, _, last = label.rpartition(".")
    return inside if inside.endswith("row") else f"{inside}.{_OTHERS.split(last, 1)[0]}"


_OTHERS = re.compile("[^a-zA-Z]")


def _is_looked_up(case: Case, i: int) -> bool:
    """Whether a parameter is used like data: a layer multiplies it, another one is added, or it is activated."""
    graph = case.graph
    for k in graph.edges_to(i):
        result, other = graph.flattened.results[k], other_factor(graph, k)
        others = {j for j in graph.operands(result) if j != i} if other is None else {other} - {i}
        op = graph.nodes[result].op
        if op in FUNCTIONS or ((op in ("add", "sub") or other is not None) and others and others <= case.given):
            return True
    return False
