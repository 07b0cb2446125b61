"""The only traversals of the graph: iterative, one visit a node, whatever the depth.

A visit is noted in the node's `_mark`, a number that no other search uses, so a search needs no set.
"""

from collections.abc import Iterable
from itertools import count

from .value import Value

_searches = count(1)


def order(output: Value) -> list[Value]:
    """The operations that `output` came from, itself included, operands before results; leaves are not in it.

    >>> from engine.value import Value
    >>> x = Value(2.0)
    >>> y = x * x
    >>> [node.op for node in order(y + x)]
    ['mul', 'add']
    """
    search = next(_searches)
    found: list[Value] = []
    stack = [output]
    while stack:
        node = stack[-1]
        if node._mark == search:  # entered before: its operands are done
            stack.pop()
            node._mark = -search
            found.append(node)
        elif node._mark == -search or not node.op:
            stack.pop()
        else:
            node._mark = search
            a, b = node._a, node._b
            if a is not None:
                if b is not None and b.op and b._mark != search and b._mark != -search:
                    stack.append(b)
                if a.op and a._mark != search and a._mark != -search:
                    stack.append(a)
            else:
                operands = node._lists[0]
                for x in reversed(operands):
                    if x.op and x._mark != search and x._mark != -search:
                        stack.append(x)
    return found


def ancestors(output: Value) -> list[Value]:
    """All that `output` depends on, leaves included and itself last: operands before results.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in ancestors(x * y + x)]
    ['x', 'y', 'mul', 'add']
    """
    found: list[Value] = []
    interior = order(output) or [output]
    search = next(_searches)
    for node in interior:
        for operand in node.operands:
            if not operand.op and operand._mark != search:
                operand._mark = search
                found.append(operand)
        found.append(node)
    return found


def between(inputs: Iterable[Value], output: Value) -> list[Value]:
    """What lies on some path from one of `inputs` to `output`, ends included, operands first; empty if none does.

    >>> from engine.value import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [node.label or node.op for node in between([x], y * y * x)]
    ['x', 'mul']
    """
    wanted = list(inputs)
    upstream = order(output)
    search = next(_searches)
    for node in wanted:
        node._mark = search
    found = [node for node in wanted if not node.op]
    for node in upstream:
        if node._mark == search or any(operand._mark == search for operand in node.operands):
            node._mark = search
            found.append(node)
    return found if output._mark == search else []
