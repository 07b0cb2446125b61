"""Graph traversals: iterative, so that depth has no limit, with one visit to each node.

When compiled, `order` comes from traverse.pyx.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

from ..table import CLOSED, SELECT, is_closed

if TYPE_CHECKING:
    from .value import Value

try:
    from .traverse import order as compiled_order
except ImportError:
    compiled_order = None


def order(output: Value) -> list[Value]:
    """The operations behind `output`, itself included, in the order of their creation; leaves are left out.

    >>> from engine import Value
    >>> x = Value(2.0)
    >>> y = x * x
    >>> [node.op for node in order(y + x)]
    ['mul', 'add']
    """
    if compiled_order is not None:
        return compiled_order(output)  # type: ignore[no-any-return]
    stack = [output] if output._code else []
    visited = set(stack)
    while stack:
        node = stack.pop()
        a, b = node._a, node._b
        for x in node._lists[0] if a is None else (a,) if b is None else (a, b):
            if x._code and x not in visited:
                visited.add(x)
                stack.append(x)
    return sorted(visited, key=attrgetter("serial"))  # operands are made before results


def ancestors(output: Value) -> list[Value]:
    """All nodes behind `output` in topological order: operands first, leaves included, `output` last.

    >>> from engine import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in ancestors(x * y + x)]
    ['x', 'y', 'mul', 'add']
    """
    found: dict[Value, None] = {}
    for node in order(output):
        found |= dict.fromkeys(operand for operand in node.operands if not operand.op)
        found[node] = None
    return list(found) or [output]


def between(inputs: Iterable[Value], output: Value) -> list[Value]:
    """All nodes on paths from `inputs` to `output`, ends included, operands first; empty if there is no path.

    No path goes through a `detach` or a rounding. Both branches of a `select` count, because another example may take
    the other one.

    >>> from engine import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in between([x], y * y * x)]
    ['x', 'mul']
    """
    wanted = dict.fromkeys(inputs)
    found = {node: None for node in wanted if not node.op}
    known = found.keys()
    for node in order(output):
        if node in wanted or not known.isdisjoint(node.operands if not CLOSED[node._code] else _open(node)):
            found[node] = None
    return list(found) if output in found else []


def live(node: Value) -> list[tuple[Value, float]]:
    """The operands that receive a gradient, with their partials: all but closed ones, such as that of a `detach`."""
    code, a, b = node._code, node._a, node._b
    if not code:
        return []
    if a is None:
        found = list(zip(*node._lists, strict=True))
    else:
        found = [(a, node._da)] if b is None else [(a, node._da), (b, node._db)]
    if not CLOSED[code]:
        return found
    return [pair for slot, pair in enumerate(found) if pair[1] or not is_closed(code, slot)]


def _open(node: Value) -> list[Value]:
    """The operands that a gradient may reach, here or where another branch is taken."""
    first = 1 if node._code == SELECT else 0
    return [x for slot, x in enumerate(node.operands) if first or not is_closed(node._code, slot)][first:]
