"""Parameters that examples choose, rows of a table or outputs by action: those that no example chooses are no fault."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache, partial
from itertools import pairwise

from ...core import Value
from ...structure import FUNCTIONS, Unit, none_marked
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a chosen one of the same table or layer."""
    runs = _runs(case.absent) if len(case.indices) else []
    if not runs:
        return set()
    labels, indices = case.labels, case.graph.flattened.wanted
    tables = [{label: _table(label) for label in set(labels[first:last])} for first, last in runs]
    ends = [_ends(labels, *run, set(of.values())) for run, of in zip(runs, tables, strict=True)]
    beside = {indices[n] for run in ends for n in run}
    chosen = {i for i in beside if _is_looked_up(case, i)}
    chosen |= _by_action(case, beside - chosen) if len(chosen) < len(beside) else set()
    found = set[int]()
    for (first, last), of, near in zip(runs, tables, ends, strict=True):
        wanted = {table for n, table in near.items() if indices[n] in chosen}
        found.update(n for n in range(first, last) if of[labels[n]] in wanted)
    used = {label for label, i in zip(labels, indices, strict=True) if i >= 0} - {""} if found else set()
    return {case.parameters[n] for n in found if labels[n] not in used}  # else it is of another model


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """The start and the end of each run of consecutive integers.

    >>> _runs([2, 3, 4, 9])
    [(2, 5), (9, 10)]
    """
    starts = [n for n in range(len(positions)) if not n or positions[n] > positions[n - 1] + 1]
    return [(positions[n], positions[m - 1] + 1) for n, m in pairwise([*starts, len(positions)])]


def _ends(labels: Sequence[str], first: int, last: int, tables: Collection[str]) -> dict[int, str]:
    """The positions before and after a run, each with its table, if it is one of the run's."""
    beside = {n: _table(labels[n]) for n in (first - 1, last) if 0 <= n < len(labels)}
    return {n: table for n, table in beside.items() if table in tables}


def _by_action(case: Case, wanted: set[int]) -> set[int]:
    """Those of some parameters that are of outputs each of which is used for other examples, as of actions taken."""
    outputs, found = set(none_marked(case.units.pre, case.units.deep)), set[int]()
    asked = [unit for unit in case.units.using(wanted) if unit.number in outputs and not wanted.isdisjoint(unit.own)]
    stages, examples = defaultdict[int, list[Unit]](list), cache(partial(_examples, case))
    for unit in map(case.units.unit, outputs if asked else ()):
        stages[case.units.stage(unit)].append(unit)
    for unit in asked:
        seen = examples(unit)
        if any(seen - others and others - seen for others in map(examples, stages[case.units.stage(unit)])):
            found |= wanted & unit.own
    return found


def _examples(case: Case, unit: Unit) -> set[tuple[float, ...]]:
    """The inputs that a unit is used for."""
    return {tuple(case.graph.data[x] for x in o.products.inputs) for o in unit.occurrences}


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
    """Whether a parameter is used like data: a layer multiplies it, others are added, or it is activated."""
    graph = case.graph
    for k in graph.edges_to(i):
        result = graph.flattened.results[k]
        op, other = graph.nodes[result].op, other_factor(graph, k)
        if op in FUNCTIONS:
            return True
        if op in ("add", "sub") or other is not None:
            others = {*_added(case, result)} - {i} if other is None else {other} - {i}
            if others and others <= case.given:
                return True
    return False


def _added(case: Case, i: int, most: int = 8) -> list[int]:
    """The terms of a sum, with those of the sums of parameters in it, as in mean + user + item."""
    found, stack = list[int](), [*case.graph.operands(i)]
    while stack and len(found) < most:
        j = stack.pop()
        inner = case.graph.operands(j) if case.graph.nodes[j].op in ("add", "sub") else ()
        stack += inner
        found += () if inner else (j,)
    return found
