"""Nodes of a loss graph in words: the label, or the operation and its operands."""

from ..chain import Term, show
from ..core import TABLE, Name, elided, printable
from ..structure import LossGraph


def describe(graph: LossGraph, i: int, depth: int = 2) -> str:
    """The label of a node, or its formula to a depth.

    >>> from engine import Value
    >>> describe(LossGraph(Value(3.0, "x") * 2), 0)
    'x * 2'
    """
    return show(_term(graph, i, depth), "spoken")


def definition(graph: LossGraph, i: int, depth: int = 2) -> str:
    """The formula of a node to a depth, even if it has a label."""
    return show(_made(graph, i, depth), "spoken")


def _term(graph: LossGraph, i: int, depth: int) -> Term:
    node = graph.nodes[i]
    if node.label:
        return Name(printable(node.label))
    return _made(graph, i, depth) if node.op and depth else _rounded(graph.data[i])


def _rounded(number: float) -> float:
    """A number with the digits that are shown, for which `show` sets brackets where they are needed."""
    return float(f"{number:.4g}")


def _made(graph: LossGraph, i: int, depth: int, most: int = 4) -> Term:
    node, operands = graph.nodes[i], graph.operands(i)
    if TABLE[node.op].variadic:
        described = [describe(graph, j, depth - 1) for j in operands[: most + 1]]
        return Name(f"{node.op}({', '.join(elided(described, most, '…', most, 0))})")
    terms = [_term(graph, j, depth - 1) for j in operands]
    if node.op == "neg" and (negative := show(terms[0], "spoken")).startswith("-"):
        terms[0] = Name(f"({negative})")  # not --2
    return (node.op, *terms)
