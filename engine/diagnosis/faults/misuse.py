"""Shared by the searches for a misused loss: the finding, and how a loss takes the log of a probability."""

from collections.abc import Iterable

from ..context import Case
from ..description import describe
from ..report import Evidence, Finding
from .logits import logit_of
from .squashes import arguments_by_hand

CLIPS = ("add", "sub", "maximum", "minimum")
TINY = 1e-3  # numbers up to this are added to keep a probability away from 0


def misuse(case: Case, where: Iterable[int], evidence: Evidence, why: str, remedy: str) -> list[Finding]:
    """The finding, with the nodes in the order of creation."""
    names = dict.fromkeys(name_of(case, i) for i in sorted(where, key=lambda i: case.graph.nodes[i].serial))
    return [Finding("loss_misuse", tuple(names), evidence, why, remedy)]


def name_of(case: Case, i: int) -> str:
    """A node in words, by its unit if it has no label of its own; an entry of a softmax is named by its logit."""
    graph, units = case.graph, case.units
    node, z = graph.nodes[i], logit_of(graph, i)
    inside = arguments_by_hand(case, i) if node.op and z is None else []
    found = (units.outputs.get(x) or units.sums.get(x) for x in (node, *map(graph.nodes.__getitem__, inside)))
    name = next((units.name(unit) for unit in found if unit), "")
    if node.label and not (name and node.label.startswith(f"{name}.")):
        return describe(graph, i)
    if name or z is None:
        return name or describe(graph, i)
    return f"softmax of {describe(graph, z) if graph.nodes[z].label else name_of(case, z)}"


def logged(case: Case, log: int, most: int = 8) -> tuple[int, bool]:
    """The node p in log(p) or log(1 - p), and whether it is the latter; p may be clipped, or moved a little from 0."""
    graph = case.graph
    i, is_rest = graph.argument(log), False
    if graph.nodes[log].op == "log1p":
        is_rest = graph.nodes[i].op == "neg"
        return (graph.argument(i) if is_rest else i), is_rest
    for _ in range(most):
        given = [j for j in graph.operands(i) if not graph.depends[j]]
        inner = [j for j in graph.operands(i) if graph.depends[j]]
        if graph.nodes[i].op not in CLIPS or len(given) != 1 or len(inner) != 1:
            break
        number = graph.data[given[0]]
        if graph.nodes[i].op == "sub" and number == 1.0 and given[0] == graph.argument(i):
            is_rest = not is_rest
        elif graph.nodes[i].op in ("add", "sub") and abs(number) > TINY:
            break
        (i,) = inner
    return i, is_rest
