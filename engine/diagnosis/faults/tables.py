"""Tables of parameters, such as embeddings: the rows that no example looks up have no path to the loss."""

import re

from ...core import Value
from ...structure import FUNCTIONS
from ..context import Case
from ..terms import other_factor


def unused_rows(case: Case) -> set[Value]:
    """The parameters without a path that are next, in the list, to a looked-up one of the same table."""
    missing, names, found = set(case.missing), {p.label for p in case.index_of} - {""}, set[Value]()
    run, before = list[Value](), None
    for p in case.parameters if 0 < len(missing) < len(case.parameters) else ():
        if p not in missing:
            found.update(q for q in run if _is_row(case, p, q))
            run, before = [], p
        elif p.label not in names:  # else it is of another model
            run.append(p)
            found.update(run[-1:] if before is not None and _is_row(case, before, p) else ())
    return found


def _is_row(case: Case, used: Value, unused: Value) -> bool:
    return _table(used) == _table(unused) and _is_looked_up(case, case.index_of[used])


def _table(p: Value) -> str:
    """The table that a label puts a parameter in: row of row.cat2, as nn.Embedding labels it, E of E3_2."""
    inside, _, last = p.label.rpartition(".")
    return inside if inside.endswith("row") else f"{inside}.{re.split('[^a-zA-Z]', last)[0]}"


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
