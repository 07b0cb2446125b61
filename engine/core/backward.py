"""Reverse mode: one pass over the graph, results before operands, each node's gradient times each partial."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, overload

from ..table import SELECT, TABLE, Masks, came, evaluate, flag, is_closed
from .graph import between, live, order
from .modes import is_strict, strict
from .node import Node, leaf, reading
from .operations import apply
from .tracebacks import api_boundary

if TYPE_CHECKING:
    from .value import Value

try:
    from .traverse import backward as compiled_backward
except ImportError:
    from .node import set_grad

    compiled_backward = None


def backward(output: Value, seed: float = 1.0) -> None:
    """Set the gradient of every operation behind `output`, and add to that of every leaf: Value.backward.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> backward(x * x)
    >>> x.grad
    6.0
    """
    reading(output, "gradients")
    if compiled_backward is not None:
        compiled_backward(output, seed)
        return
    found = Gradients()
    found[output] += seed
    _sweep(order(output), found)
    deque(map(set_grad, found, found.values()), maxlen=0)


def _sweep(nodes: Sequence[Value], adjoints: dict[Any, float], wanted: Container[Value] | None = None) -> None:
    """Add to the adjoints of operands, or of those that are wanted, from the last of `nodes` to the first."""
    for node in reversed(nodes):
        if node in adjoints:
            adjoint = adjoints[node]
            for operand, partial in live(node):
                if wanted is None or operand in wanted:
                    adjoints[operand] += adjoint * partial


class Gradients(dict[Any, float]):
    """Initial gradients of a backward pass: 0 for operations, the current `.grad` for leaves."""

    def __missing__(self, node: Any) -> float:
        return 0.0 if node._code else node._grad


@overload
def grad(output: Value, inputs: Value | Iterable[Value], create_graph: Literal[True]) -> tuple[Value, ...]: ...
@overload
def grad(output: Value, inputs: Value | Iterable[Value], create_graph: Literal[False] = False) -> tuple[float, ...]: ...
@overload
def grad(output: Value, inputs: Value | Iterable[Value], create_graph: bool) -> tuple[Value | float, ...]: ...
@api_boundary
def grad(output: Value, inputs: Value | Iterable[Value], create_graph: bool = False) -> tuple[Value | float, ...]:
    """The derivatives of `output` with respect to each of `inputs`, without a change of any `.grad`.

    They are floats, or with `create_graph` Values that can be differentiated again. An input
    that `output` does not depend on has the derivative 0.

    >>> from engine import Value
    >>> x = Value(2.0)
    >>> (slope,) = grad(x**3, [x], create_graph=True)
    >>> (curvature,) = grad(slope, [x], create_graph=True)
    >>> slope.data, curvature.data, grad(curvature, [x])
    (12.0, 12.0, (6.0,))
    """
    if not isinstance(output, Node):
        hint = "call it, as in grad(f(x), [x])" if callable(output) else "pass a Value, as in grad(x * x, [x])"
        raise TypeError(f"grad takes one Value as the output, not {came(output)}: {hint}")
    is_many = isinstance(inputs, Iterable) and not isinstance(inputs, (str, bytes, type))
    wanted: Any = tuple(inputs) if is_many else (inputs,)  # type: ignore[arg-type]
    for x in wanted:
        if not isinstance(x, Node):
            raise TypeError(f"grad takes Values as inputs, not {came(x)}")
    flag(create_graph, "create_graph")
    if not create_graph:
        reading(output, "derivative")
    nodes = between(wanted, output)
    if create_graph:
        as_values = _adjoints_as_values(nodes, output)
        return tuple(as_values[x] if x in as_values else leaf(0.0) for x in wanted)
    adjoints = defaultdict(float, {output: 1.0})
    _sweep(nodes, adjoints, set(nodes))
    return tuple(adjoints.get(x, 0.0) for x in wanted)


def _adjoints_as_values(nodes: Sequence[Value], output: Value) -> dict[Value, Value]:
    terms: dict[Value, list[Value]] = {node: [] for node in nodes} | {output: [leaf(1.0)]}
    adjoints: dict[Value, Value] = {}
    masks = Masks(apply)
    for node in reversed(nodes):
        if not terms[node]:
            continue
        adjoint = adjoints[node] = total(terms[node])
        for operand, share, mask in _shares(node, adjoint, terms, masks):
            if operand in terms:
                terms[operand].append(share)
                masks.use(operand, mask)
    return adjoints


def _shares(node: Value, adjoint: Value, wanted: Container[Value], masks: Masks) -> Iterator[tuple[Value, Value, Any]]:
    """For each operand of a node, its share of the adjoint, and the mask of that share."""
    if node._code == SELECT:
        condition, *branches = node.operands
        for branch, (share, mask) in zip(branches, masks.branches(node, condition, adjoint), strict=True):
            yield branch, share, mask
        return
    if not node._code:
        return
    mask = masks.of(node)
    with strict(False) if is_strict() and not _holds(mask) else nullcontext():
        partials = partials_of(node, wanted)
    for slot, (operand, partial) in enumerate(zip(node.operands, partials, strict=True)):
        if type(partial) is not float:
            yield operand, masks.select(node, partial) * adjoint, mask
        elif operand in wanted and not is_closed(node._code, slot):  # also of 0, which is nan with an infinite adjoint
            yield operand, adjoint if partial == 1.0 else partial * adjoint, mask


def _holds(mask: Any) -> bool:
    """Whether a mask of Values holds; if not, inf and nan are allowed even inside `strict()`."""
    return any(all(bool(condition._number) == wanted for condition, wanted in each) for each in mask)


def partials_of(node: Value, wanted: Container[Value] | None = None) -> list[Any]:
    """The partials of an operation as Values that depend on its operands; constant partials are numbers.

    Partials with respect to operands that are not `wanted` are 0, since they may not exist: d (-1)^n / dn at n = 2.
    Operands that are plain numbers stay numbers.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> [partial.data for partial in partials_of(x * x)], partials_of(x + x)
    ([3.0, 3.0], [1.0, 1.0])
    """
    if not node.op:
        return []
    row = TABLE[node.op]
    operands = [
        x._number if not x.op and x._db and (wanted is not None and x not in wanted) else x for x in node.operands
    ]
    groups = row.split(operands)
    variables = dict(zip(row.variables, groups, strict=True)) | {"y": node}
    if row.of_sequence:
        return row.of_sequence(apply, operands)
    partials = [
        evaluate(partial, variables, apply) if wanted is None or _holds_any(group, wanted) else 0.0
        for partial, group in zip(row.partials, groups, strict=True)
    ]
    return row.flatten(partials, len(groups[0])) if row.variadic else partials


def _holds_any(group: Any, wanted: Container[Value]) -> bool:
    return any(x in wanted for x in group) if isinstance(group, list) else group in wanted


def total(terms: Sequence[Value]) -> Value:
    """The sum of Values, in as few nodes as possible."""
    return terms[0] if len(terms) == 1 else apply("sum", list(terms)) if terms else leaf(0.0)
