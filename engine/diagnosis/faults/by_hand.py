"""Relus and probabilities written by hand, such as (z + abs(z)) / 2, recognised by their operations."""

from collections.abc import Collection

from ...core import CODES
from ...structure import Ints, LossGraph, ints_of, packed, small, with_argument
from ..context import Case
from ..intervals import MAGNITUDES, magnitude

RECTIFIERS = frozenset(("relu", "maximum", "minimum", "select", "clip", "abs", "sqrt", "mul"))

MOST = 100  # terms of a sum that are looked at


def summed(graph: LossGraph, i: int) -> list[int]:
    """The terms of a sum, without given zeros."""
    return [j for j in _terms(graph, i) if graph.depends[j] or graph.data[j]]


def unwrapped(case: Case, i: int, ops: Collection[str]) -> int:
    """The only sum inside these operations, without parameters beside it."""
    graph = case.graph
    while graph.nodes[i].op in ops:
        inner = [j for j in graph.operands(i) if case.units.forms.is_sum(j)]
        if len(inner) != 1 or any(j in case.given for j in graph.operands(i)):
            break
        (i,) = inner
    return i


def rectified(case: Case, terms: Ints) -> dict[int, int]:
    """By index of a pre-activation, the sum z of a relu by hand, which computes max(z, 0); `terms` marks loss terms."""
    graph = case.graph
    zs = [
        z for op in ("maximum", "select", "clip") for i in graph.of(op) if not terms[i] for z in _against_zero(graph, i)
    ]
    found = dict(zip(zs, zs, strict=True))
    for i in graph.of("minimum"):
        found |= {} if terms[i] else _negated(graph, i)
    if "sqrt" in graph.ops or small(case.indices, graph.gradients, 0.0):
        found |= _halved(graph) | masked(case)
    return found


def _against_zero(graph: LossGraph, i: int) -> list[int]:
    """The other operand of a maximum with a given 0, of where(z > 0, z, 0), or of a clip between 0 and a number."""
    operands = graph.operands(i)
    if graph.nodes[i].op == "clip":
        low, high = operands[1:]
        return [operands[0]] if graph.data[low] == 0.0 and not graph.depends[low] and not graph.depends[high] else []
    operands = operands[1:] if graph.nodes[i].op == "select" else operands
    zeros = [j for j in operands if not graph.nodes[j].op and not graph.depends[j] and graph.data[j] == 0.0]
    others = [j for j in operands if j not in zeros] if zeros else []
    return others if all(graph.data[i] == max(graph.data[j], 0.0) for j in others) else []


def _negated(graph: LossGraph, i: int) -> dict[int, int]:
    """The z of minimum(-z, 0), whose negative is a relu, by its index and that of -z."""
    given = [j for j in graph.operands(i) if not graph.nodes[j].op and not graph.depends[j]]
    others = [j for j in graph.operands(i) if graph.nodes[j].op == "neg"]
    if len(given) != 1 or len(others) != 1 or graph.data[given[0]] != 0.0:
        return {}
    return dict.fromkeys((others[0], graph.argument(others[0])), graph.argument(others[0]))


def _halved(graph: LossGraph) -> dict[int, int]:
    """The sums z of z + |z|."""
    is_off = small(graph.of("add"), graph.data, 0.0)
    sizes = {i: magnitude(graph, i) for op in MAGNITUDES for i in graph.of(op)} if is_off else {}
    pairs = [graph.operands(i) for i in (graph.of("add") if sizes else ())]
    return {z: z for a, b in pairs for z in (sizes.get(a), sizes.get(b)) if z in (a, b) and z is not None}


def masked(case: Case) -> dict[int, int]:
    """The sums z of z * (z > 0); none if any such factor disagrees with the sign of its z."""
    graph, found = case.graph, dict[int, int]()
    forms, products = case.units.forms, graph.of("mul")
    for i in forms.scaled(products) if small(products, graph.data, 0.0) else ():
        other, z = sorted(graph.operands(i), key=forms.is_sum)
        if _is_flat(graph, other) and (graph.depends[other] or graph.data[other] in (0.0, 1.0)):
            if (graph.data[other] != 0.0) != (graph.data[z] > 0.0):
                return {}
            found |= {i: z, z: z}
    return found


def _is_flat(graph: LossGraph, i: int, most: int = 8) -> bool:
    """Whether a factor is given, or computed by comparisons and signs alone, which have no slope."""
    stack = [i]
    for _ in range(most):
        if not stack:
            return True
        j = stack.pop()
        if graph.nodes[j].op in ("add", "sub", "mul", "div", "neg"):
            stack += graph.operands(j)
        elif graph.nodes[j].op == "select":
            stack += graph.operands(j)[1:]
        elif graph.depends[j] and graph.nodes[j].op not in ("sign", "less", "less_equal"):
            return False
    return not stack


def may_be_probabilities(graph: LossGraph) -> Ints:
    """The sigmoids, and the quotients whose denominator is computed or whose numerator is an exponential."""
    import numpy as np

    quotients, found = graph.of("div"), graph.of("sigmoid")
    if not len(quotients):
        return found
    starts, operands = map(np.asarray, (graph.flattened.starts, graph.flattened.operands))
    is_computed = operands[starts[quotients] + 1] < len(graph.interior)
    scaled = packed(np.asarray(quotients)[~is_computed])
    exps = with_argument(graph.flattened, scaled, CODES["exp"])
    return found + packed(np.asarray(quotients)[is_computed]) + ints_of(exps)


def is_probability(graph: LossGraph, i: int) -> bool:
    """Whether a node is a sigmoid, or a term by the sum of such terms, as in a sigmoid or a softmax by hand."""
    if graph.nodes[i].op != "div":
        return graph.nodes[i].op == "sigmoid"
    top, bottom = graph.operands(i)
    terms = _terms(graph, bottom)
    return {graph.nodes[j].op for j in terms} <= {"exp", ""} and any(
        graph.nodes[j].op == graph.nodes[top].op and graph.data[j] == graph.data[top] for j in terms
    )


def _terms(graph: LossGraph, i: int, most: int = MOST) -> list[int]:
    """The terms of a sum, with those of the sums in it."""
    found, stack = list[int](), [i]
    while stack and len(found) < most:
        j = stack.pop()
        if graph.nodes[j].op in ("add", "sum"):
            stack += graph.operands(j)
        else:
            found.append(j)
    return found
