"""The parameters of a loss where a learner has the gradients of some: leaves that stand where the given ones stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..core.graph import layout
from ..core.opcodes import NAMES
from ..core.value import Value


def parameters(loss: Value, given: Sequence[Value]) -> list[Value]:
    """The given leaves and those like them: labelled factors of what depends on a parameter, weights of a `dot`.

    >>> x, w, v = Value(1.0, "x"), Value(2.0, "w"), Value(3.0, "v")
    >>> [p.label for p in parameters(v * (w * x).tanh(), [w])]
    ['w', 'v']
    """
    found = list(dict.fromkeys(given))
    while True:
        more = [leaf for leaf in dict.fromkeys(_alike(loss, found)) if leaf not in set(found)]
        if not more:
            return found
        found += more


def _alike(loss: Value, known: Sequence[Value]) -> Iterator[Value]:
    graph = layout(loss, known)
    nodes, starts, operands, size = graph.nodes, list(graph.starts), list(graph.operands), len(graph.codes)
    mine = set(graph.places.values())
    depends = _dependent(len(nodes), mine, graph.results, operands)
    products = [starts[i] for i in range(size) if NAMES[graph.codes[i]] == "mul"]
    # On which side of a product the given ones stand: w * x or x * w.
    sides = {
        s for k in products for s in (0, 1) if operands[k + s] in mine and _is_input(operands[k + 1 - s], size, mine)
    }
    for k in products:
        for s in (0, 1):
            leaf, other = operands[k + s], operands[k + 1 - s]
            if leaf < size or leaf in mine or not nodes[leaf].label:
                continue
            if depends[other] and other < size:
                yield nodes[leaf]
            elif sides == {s} and _is_input(other, size, mine) and nodes[other].label:
                yield nodes[leaf]
    for i in range(size):
        if NAMES[graph.codes[i]] == "dot":
            mixed = operands[starts[i] : starts[i + 1]]
            half = len(mixed) // 2
            has_mine = any(j in mine for j in mixed[:half])
            if has_mine or any(depends[j] for j in mixed[half:-1]):
                leaves = [j for j in mixed[:half] if _is_input(j, size, mine) and (has_mine or nodes[j].label)]
                yield from (nodes[j] for j in leaves)
                if _is_input(mixed[-1], size, mine) and nodes[mixed[-1]].label:
                    yield nodes[mixed[-1]]


def _dependent(count: int, mine: Iterable[int], results: Sequence[int], operands: Sequence[int]) -> list[bool]:
    found = [False] * count
    for i in mine:
        found[i] = True
    for k in range(len(operands) - 1, -1, -1):
        if found[operands[k]]:
            found[results[k]] = True
    return found


def _is_input(i: int, size: int, mine: set[int]) -> bool:
    return i >= size and i not in mine
