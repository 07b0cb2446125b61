"""The terms of a loss: what it adds up, through sums, means and constant factors."""

from collections.abc import Collection, Iterator, Sequence

from ..structure import LossGraph

SUMS = frozenset(("add", "sum", "neg", "sub", "mul", "div"))


def loss_terms(graph: LossGraph, parameters: Collection[int] = ()) -> Iterator[int]:
    """The indices of the operations that a loss adds up.

    >>> from engine import Value
    >>> a, b = Value(1.0, "a"), Value(2.0, "b")
    >>> graph = LossGraph((a.exp() + 3 * b.tanh()) / 2, [a, b])
    >>> sorted(graph.nodes[i].op for i in loss_terms(graph, graph.index_of.values()))
    ['exp', 'tanh']
    """
    size, seen, stack = len(graph.interior), {0}, [0]
    while stack:
        i = stack.pop()
        inner = _added(graph, i, size, parameters)
        if inner is None:
            yield i
            continue
        new = [j for j in inner if j < size and j not in seen]
        seen.update(new)
        stack += new


def _added(graph: LossGraph, i: int, size: int, parameters: Collection[int]) -> Sequence[int] | None:
    """What a sum adds up, or a product with a constant multiplies; None of another operation, or of a difference."""
    op = graph.nodes[i].op
    if op not in SUMS:
        return None
    operands = graph.operands(i)
    if op in ("add", "sum", "neg"):
        return operands
    computed = [j for j in operands if not is_data(graph, j, parameters)]
    if op == "sub":
        return computed if len(computed) == 2 else None
    is_scaled = len(computed) == 1 and computed[0] < size
    return computed if is_scaled and (op == "mul" or computed[0] == operands[0]) else None


def is_data(graph: LossGraph, i: int, parameters: Collection[int], depth: int = 3) -> bool:
    """Whether a node is a number that was given, or made of such by a few operations.

    >>> from engine import Value
    >>> w, y = Value(1.0, "w"), Value(2.0, "y")
    >>> graph = LossGraph(w * (1 - y), [w])
    >>> [is_data(graph, i, graph.index_of.values()) for i in graph.operands(0)]
    [False, True]
    """
    if not graph.nodes[i].op:
        return i not in parameters
    return depth > 0 and all(is_data(graph, j, parameters, depth - 1) for j in graph.operands(i))


def products(graph: LossGraph, i: int, parameters: Collection[int]) -> Iterator[tuple[int, int]]:
    """The parameters in a sum, each with what it multiplies, by index.

    >>> from engine import Value
    >>> w, b = Value(1.0, "w"), Value(2.0, "b")
    >>> graph = LossGraph(w * 3 + b, [w, b])
    >>> [(graph.nodes[p].label, graph.data[x]) for p, x in products(graph, 0, graph.index_of.values())]
    [('w', 3.0)]
    """
    stack = [i]
    while stack:
        i = stack.pop()
        operands, op = graph.operands(i), graph.nodes[i].op
        if op in ("add", "sub", "sum", "neg"):
            stack += operands
        half = len(operands) // 2 if op == "dot" else 1
        for a, b in zip(operands[:half], operands[half : 2 * half], strict=True) if op in ("dot", "mul") else ():
            if (a in parameters) != (b in parameters):
                yield (a, b) if a in parameters else (b, a)
