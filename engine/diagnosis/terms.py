"""The terms of sums: given numbers, and parameters times what they multiply."""

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
