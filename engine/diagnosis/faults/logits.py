"""Softmaxes and their logits, from this engine or by hand."""

import math

from ...core import CODES
from ...structure import LossGraph, with_argument
from ..context import Case
from .by_hand import is_probability, summed

OTHERS = ("logsumexp", "logaddexp")  # operations that combine the other logits


def softmax_entries(case: Case) -> dict[int, int | None]:
    """The entries of softmaxes at the output, each with its logit; None if it is the only one."""
    graph, found = case.graph, dict[int, int | None]()
    for i in entry_candidates(graph):
        if not graph.depends[i] or case.units.deep[i]:
            continue
        z = logit_of(graph, i)
        if z is not None:
            found[i] = z if _has_others(graph, i) else None
    return found


def _has_others(graph: LossGraph, i: int) -> bool:
    """Whether an entry is not the only one of its softmax."""
    first, last = graph.operands(i)[0], graph.operands(i)[-1]
    if graph.nodes[i].op == "div":
        return len(summed(graph, last)) > 1
    others = graph.operands(first)[1]
    return graph.nodes[others].op != "" or graph.data[others] > -math.inf  # masked logits are computed


def entry_candidates(graph: LossGraph) -> list[int]:
    """The operations that an entry of a softmax may be."""
    pairs = ("sigmoid", "ahead"), ("div", "exp")
    return [i for op, inner in pairs for i in with_argument(graph.flattened, graph.of(op), CODES[inner])]


def logit_of(graph: LossGraph, i: int) -> int | None:
    """The logit z of an entry of a softmax, sigmoid(z - logsumexp(other logits)) or exp(z) / sum; None for others."""
    op, operands = graph.nodes[i].op, graph.operands(i)
    if op not in ("sigmoid", "div"):
        return None
    inner = graph.nodes[operands[0]].op
    if op == "div":
        return graph.argument(operands[0]) if inner == "exp" and is_probability(graph, i) else None
    parts = graph.operands(operands[0])
    is_ahead = inner == "ahead" or (inner == "sub" and graph.nodes[parts[1]].op in OTHERS)
    return parts[0] if is_ahead else None
