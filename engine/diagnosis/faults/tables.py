"""Tables of parameters, such as embeddings: the rows that no example looks up have no path to the loss."""

import re

from ...core import Value
from ...structure import FUNCTIONS
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a looked-up one of the same table."""
    missing, found = set(case.missing), set[Value]()
    run, before = list[Value](), None
    for p in (*case.parameters, None) if 0 < len(missing) < len(case.parameters) else ():
        if p in missing:
            run.append(p)
            continue
        if run:
            found |= _rows(case, run, [used for used in (before, p) if used is not None])
        run, before = [], p
    labels = {p.label for p in case.index_of} - {""} if found else set()
    return {p for p in found if p.label not in labels}  # else it is of another model


def _rows(case: Case, run: list[Value], beside: list[Value]) -> set[Value]:
    """The unused parameters in a run that are of the same table as a looked-up one beside it."""
    of_run = {p: _table(p.label) for p in run}
    inside = set(of_run.values())
    near = [p for p in beside if _table(p.label) in inside]
    tables = {_table(p.label) for p in near if _is_looked_up(case, case.index_of[p])}
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
