"""The terms of sums, parameters times what they multiply, the factors of products, and powers."""

from collections.abc import Collection, Iterator

from ..structure import LossGraph


def products(graph: LossGraph, i: int, parameters: Collection[int]) -> Iterator[tuple[int, int]]:
    """The parameters in a sum, each with its other factor, by index.

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


def other_factor(graph: LossGraph, edge: int) -> int | None:
    """The index of the other factor, if this edge's operand is a factor of a product; else None.

    >>> from engine import Value
    >>> w, b = Value(1.0, "w"), Value(2.0, "b")
    >>> graph = LossGraph(w * 3 + b, [w, b])
    >>> [other_factor(graph, graph.edges_to(graph.index_of[p])[0]) for p in (w, b)]
    [4, None]
    """
    i = graph.flattened.results[edge]
    k, operands = edge - graph.flattened.starts[i], graph.operands(i)
    half = len(operands) // 2
    is_factor = graph.nodes[i].op in ("mul", "dot") and k < 2 * half
    return operands[k + half if k < half else k - half] if is_factor else None


def power_of(graph: LossGraph, i: int) -> tuple[float, int]:
    """The exponent and the base of a power, or 1 and the node itself; an exponent that may change is 0.

    >>> from engine import Value
    >>> w = Value(3.0, "w")
    >>> [power_of(LossGraph(y, [w]), 0)[0] for y in (w * w, w**3, w.exp())]
    [2.0, 3.0, 1.0]
    """
    op, operands = graph.nodes[i].op, graph.operands(i)
    if op == "square" or (op == "mul" and operands[0] == operands[1]):
        return 2.0, operands[0]
    if op != "pow":
        return 1.0, i
    exponent = 0.0 if graph.depends[operands[1]] else graph.data[operands[1]]
    return max(exponent, 0.0), operands[0]
