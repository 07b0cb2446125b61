"""Shared by the searches for a misused loss: the finding, and how a loss takes the log of a probability."""

from collections.abc import Iterable

from ..context import Case
from ..description import describe
from ..report import Evidence, Finding

OTHERS = ("logsumexp", "logaddexp")  # operations that combine the other logits
CLIPS = ("add", "sub", "maximum", "minimum")
TINY = 1e-3  # numbers up to this are added to keep a probability away from 0


def misuse(case: Case, where: Iterable[int], evidence: Evidence, why: str, remedy: str) -> list[Finding]:
    """The finding, with the nodes in the order of creation."""
    names = dict.fromkeys(name_of(case, i) for i in sorted(where, key=lambda i: case.graph.nodes[i].serial))
    return [Finding("loss_misuse", tuple(names), evidence, why, remedy)]


def name_of(case: Case, i: int) -> str:
    """A node in words, by its unit if it has no label; an entry of a softmax is named by its logit."""
    graph = case.graph
    if graph.nodes[i].label:
        return describe(graph, i)
    if is_softmax(case, i):
        return f"softmax of {name_of(case, graph.argument(graph.argument(i)))}"
    unit = case.units.outputs.get(graph.nodes[i])
    return describe(graph, i) if unit is None else case.units.name(unit)


def is_softmax(case: Case, i: int) -> bool:
    """Whether a node is an entry of a softmax: sigmoid(z - logsumexp(other logits))."""
    graph = case.graph
    z = graph.argument(i) if graph.nodes[i].op == "sigmoid" else i
    if graph.nodes[z].op == "ahead":  # used only by the softmax of this engine
        return z != i
    return graph.nodes[z].op == "sub" and graph.nodes[graph.operands(z)[1]].op in OTHERS


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
