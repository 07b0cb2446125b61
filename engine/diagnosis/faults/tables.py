"""Parameters that examples choose, rows of a table or outputs by action: those that no example chooses are no fault."""

import re
from collections.abc import Collection

from ...core import Value
from ...structure import FUNCTIONS, Unit
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a chosen one of the same table or layer."""
    missing, found = set(case.missing), set[Value]()
    run, before = list[Value](), None
    outputs = _by_action(case) if 0 < len(missing) < len(case.parameters) else set()
    for p in (*case.parameters, None) if 0 < len(missing) < len(case.parameters) else ():
        if p in missing:
            run.append(p)
            continue
        if run:
            found |= _rows(case, run, [used for used in (before, p) if used is not None], outputs)
        run, before = [], p
    labels = {p.label for p in case.index_of} - {""} if found else set()
    return {p for p in found if p.label not in labels}  # else it is of another model


def _rows(case: Case, run: list[Value], near: list[Value], outputs: Collection[int]) -> set[Value]:
    """The unused parameters in a run that are of the same table as a chosen one beside it."""
    of_run = {p: _table(p.label) for p in run}
    inside = set(of_run.values())
    near = [p for p in near if _table(p.label) in inside]
    indices = {p: case.index_of[p] for p in near}
    tables = {_table(p.label) for p, i in indices.items() if i in outputs or _is_looked_up(case, i)}
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
