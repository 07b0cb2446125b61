"""Activations written by hand, such as 1 / (1 + exp(-z)) and (z + abs(z)) / 2, recognised by their operations."""

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from ...core import NAMES
from ...structure import Ints, LossGraph, ints_of, nesting, small
from ..context import Case
from ..intervals import MAGNITUDES, magnitude

SQUASHES = ("hard_tanh", "hard_sigmoid", "softsign", "atan", "normal_cdf", "clip")
OPPOSITE = {"minimum": "maximum", "maximum": "minimum", "select": "select"}  # which nest in a clip by hand
SCALES = ("neg", "mul", "div")
RECTIFIERS = frozenset(("relu", "maximum", "minimum", "select", "clip", "abs", "sqrt", "mul"))
MOST = 24  # operations of an activation by hand


class Squash(NamedTuple):
    """An activation that is flat on both sides and its argument z, by index; its slope; how far z is beyond a kink."""

    activation: int
    z: int
    slope: float
    beyond: float


def squashed(case: Case) -> dict[int, Squash]:
    """By index of a sum z, the activation of it that is flat on both sides, where the loss has a gradient."""
    graph, found = case.graph, dict[int, Squash]()
    candidates = [i for op in SQUASHES for i in graph.of(op) if op != "clip" or _is_around_0(graph, i)]
    candidates += [i for op in OPPOSITE if OPPOSITE[op] in graph.ops for i in graph.of(op) if _is_clip(graph, i)]
    candidates += _quotients(case)
    for i in candidates:
        sums = _sums(case, i) if graph.gradients[i] and not _is_lone(graph, i) else set()
        z = _only(case, sums)
        if z is not None:
            slope, beyond = abs(graph.gradients[z] / graph.gradients[i]), abs(graph.data[z]) - _kink(graph, i)
            found |= dict.fromkeys(sums, Squash(i, z, slope, beyond))
    return found


def _kink(graph: LossGraph, i: int) -> float:
    """How far from 0 the kinks of hard_tanh, hard_sigmoid and clips are at most, 0 if there are none."""
    op = graph.nodes[i].op
    if op == "clip" or op in OPPOSITE:
        return max(abs(graph.data[j]) for j in _given(graph, i))
    return {"hard_tanh": 1.0, "hard_sigmoid": 3.0}.get(op, 0.0)


def _quotients(case: Case) -> list[int]:
    """Quotients of exponentials or absolute values of one sum: sigmoid, tanh and softsign by hand."""
    graph = case.graph
    if not {"exp", "abs"} & graph.ops:
        return []
    below = {i: graph.operands(i)[1] for i in nesting(graph.flattened, graph.of("div"), *_codes(len(NAMES)))}
    of_one = {j for j in set(below.values()) if graph.depends[j] and _only(case, _sums(case, j)) is not None}
    return [i for i, j in below.items() if j in of_one]


@cache
def _codes(count: int) -> tuple[Ints, Ints]:
    """By opcode, 1 for the sums and 1 for the terms of a denominator such as 1 + exp(-z) or 1 + abs(z)."""
    sums, terms = ("add", "sub", "sum"), ("exp", "abs")
    return ints_of(op in sums for op in NAMES[:count]), ints_of(op in terms for op in NAMES[:count])


def _is_lone(graph: LossGraph, i: int) -> bool:
    """Whether a node is exp(z) / exp(z), a softmax of one number, which is 1."""
    operands = graph.operands(i)
    return graph.nodes[i].op == "div" and graph.nodes[operands[0]].op == "exp" and len(summed(graph, operands[1])) < 2


MOST = 100  # terms of a sum that are looked at


def summed(graph: LossGraph, i: int) -> list[int]:
    """The terms of a sum, without given zeros."""
    return [j for j in _terms(graph, i) if graph.depends[j] or graph.data[j]]


def _is_clip(graph: LossGraph, i: int) -> bool:
    """Whether a node is minimum(maximum(z, low), high), or the same by two nested where."""
    return bool(_inner(graph, i)) and _is_around_0(graph, i)


def _inner(graph: LossGraph, i: int) -> list[int]:
    """The minimum, maximum or where inside a clip written as two of them."""
    return [j for j in graph.operands(i) if graph.nodes[j].op == OPPOSITE.get(graph.nodes[i].op)]


def _given(graph: LossGraph, i: int) -> list[int]:
    """The limits of a clip: its operands that depend on no parameter."""
    return [j for k in (i, *_inner(graph, i)) for j in graph.operands(k) if not graph.depends[j]]


def _is_around_0(graph: LossGraph, i: int) -> bool:
    """Whether a clip has one limit below 0 and one above, unlike a relu that is limited to 6."""
    limits = [graph.data[j] for j in _given(graph, i)]
    return len(limits) == 2 and min(limits) < 0.0 < max(limits)


def _sums(case: Case, i: int) -> set[int]:
    """The sums that an activation is computed from; none if it is computed from much more than a sum."""
    graph, found, stack = case.graph, set[int](), [i]
    form_of, first_sum = case.units.forms.form_of, case.units.forms.first_sum
    for _ in range(MOST):
        if not stack:
            break
        j = stack.pop()
        if form_of[j] >= first_sum:
            found.add(j)
        elif j in graph.interior:
            stack += [k for k in graph.operands(j) if graph.depends[k]]
        else:
            return set()  # a parameter
    return set() if stack else found


def arguments_by_hand(case: Case, i: int) -> list[int]:
    """The sums that an activation by hand is computed from, such as -z, and z itself; none if there are several z."""
    sums = _sums(case, i)
    z = _only(case, sums)
    return [] if z is None else [*sums, z]


def _only(case: Case, sums: Collection[int]) -> int | None:
    """The sum that all of these are, or are but for a sign or scale, as -z and 2 * z are; None if they differ."""
    found = {unwrapped(case, j, SCALES) for j in sums}
    return found.pop() if len(found) == 1 else None


def unwrapped(case: Case, i: int, ops: Collection[str]) -> int:
    """The only sum inside these operations, without parameters beside it."""
    graph = case.graph
    while graph.nodes[i].op in ops:
        inner = [j for j in graph.operands(i) if case.units.forms.is_sum(j)]
        if len(inner) != 1 or any(j in case.given for j in graph.operands(i)):
            break
        (i,) = inner
    return i


def name_of_squash(graph: LossGraph, i: int) -> str:
    """The operation, or what quotients and nested operations stand for."""
    op = graph.nodes[i].op
    if op in OPPOSITE:
        return "clip"
    if op == "sigmoid" and graph.nodes[graph.argument(i)].op == "ahead":
        return "softmax"
    if op != "div":
        return op
    return "sigmoid" if is_probability(graph, i) else "activation"


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
