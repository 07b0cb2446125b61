"""Parameters that examples choose, rows of a table or outputs by action: those that no example chooses are no fault."""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from ...core import Value
from ...structure import FUNCTIONS, Unit
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a chosen one of the same table or layer."""
    found = set[Value]()
    outputs = _by_action(case) if len(case.absent) and len(case.indices) else set()
    for first, last in _runs(case.absent) if len(case.indices) else ():
        beside = [n for n in (first - 1, last) if 0 <= n < len(case.parameters)]
        found |= _rows(case, case.parameters[first:last], beside, outputs)
    labels = {case.graph.nodes[i].label for i in case.indices} - {""} if found else set()
    return {p for p in found if p.label not in labels}  # else it is of another model


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """The start and the end of each run of consecutive integers.

    >>> _runs([2, 3, 4, 9])
    [(2, 5), (9, 10)]
    """
    starts = [n for n in range(len(positions)) if not n or positions[n] > positions[n - 1] + 1]
    return [(positions[n], positions[m - 1] + 1) for n, m in pairwise([*starts, len(positions)])]


def _rows(case: Case, run: Sequence[Value], beside: Sequence[int], outputs: Collection[int]) -> set[Value]:
    """The unused parameters in a run that are of the same table as a chosen one beside it, by position."""
    of_run = {p: _table(p.label) for p in run}
    inside = set(of_run.values())
    near = {n: table for n in beside if (table := _table(case.parameters[n].label)) in inside}
    indices = {case.graph.flattened.wanted[n]: table for n, table in near.items()}
    tables = {table for i, table in indices.items() if i in outputs or _is_looked_up(case, i)}
    return {p for p, table in of_run.items() if table in tables}


def _by_action(case: Case) -> set[int]:
    """The weights and biases of outputs each of which is used for other examples, as those of actions taken are."""
    examples: dict[int, dict[Unit, set[tuple[float, ...]]]] = {}
    for unit in case.units.all:
        if unit.pre and not any(case.units.deep[i] for i in unit.pre):
            inputs = {tuple(case.graph.data[x] for x in o.products.inputs) for o in unit.occurrences}
            examples.setdefault(case.units.stage(unit), {})[unit] = inputs
    return {
        i
        for units in examples.values()
        for unit, seen in units.items()
        if any(seen - others and others - seen for others in units.values())
        for i in unit.own
    }


def _table(label: str) -> str:
    """The table or layer that a label puts a parameter in; nn.Embedding labels its rows row.cat2.

    >>> [_table(label) for label in ("row.cat2", "layer2.neuron3.w1", "E3_2")]
    ['row', 'layer2', '.E']
    """
    inside, _, last = label.rpartition(".")
    if inside.endswith("row"):
        return inside
    return inside.rpartition(".")[0] or f"{inside}.{_OTHERS.split(last, 1)[0]}"


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
