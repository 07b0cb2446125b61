"""What is asked of every node of a layout: one loop each over the graph, in C where this is compiled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from .graph import Floats, Integers, Layout, floats
from .ops import KERNELS, TABLE
from .value import Value

try:
    import cython
except ImportError:  # only the compiler needs it
    from . import _cython as cython

if not cython.compiled:  # else the C library's own, by sweeps.pxd
    c_exp, c_tanh, c_sqrt = KERNELS["exp"], KERNELS["tanh"], KERNELS["sqrt"]


def reverse(graph: Layout) -> tuple[Floats, Floats]:
    """The derivative of the output in every node, added up as `backward()` does, and its spread squared."""
    left, right, left_partials, right_partials = graph.left, graph.right, graph.left_partials, graph.right_partials
    sums = floats(len(graph.nodes)), floats(len(graph.nodes))
    gradients, squares = sums
    gradients[graph.end] = squares[graph.end] = 1.0
    for i in range(len(left) - 1, -1, -1):
        gradient, square, a, b = gradients[i], squares[i], left[i], right[i]
        if a >= 0:
            slope = left_partials[i]
            gradients[a] += gradient * slope
            squares[a] += square * slope * slope
            if b >= 0:
                slope = right_partials[i]
                gradients[b] += gradient * slope
                squares[b] += square * slope * slope
        else:
            _spread_out(gradient, square, graph.many[i], graph.many_partials[i], gradients, squares)
    return sums


def _spread_out(
    gradient: float, square: float, places: Integers, partials: Sequence[float], gradients: Floats, squares: Floats
) -> None:
    for k, slope in enumerate(partials):
        a = places[k]
        gradients[a] += gradient * slope
        squares[a] += square * slope * slope


def pulls(graph: Layout) -> tuple[Floats, Floats]:
    """For every node what the paths to the output with a positive product give, and the negative ones."""
    left, right, left_partials, right_partials = graph.left, graph.right, graph.left_partials, graph.right_partials
    sums = floats(len(graph.nodes)), floats(len(graph.nodes))
    up, down = sums
    up[graph.end] = 1.0
    for i in range(len(left) - 1, -1, -1):
        if left[i] >= 0:
            _pull(i, left[i], left_partials[i], up, down)
            if right[i] >= 0:
                _pull(i, right[i], right_partials[i], up, down)
        else:
            for j, slope in zip(graph.many[i], graph.many_partials[i], strict=True):
                _pull(i, j, slope, up, down)
    return sums


def _pull(i: int, j: int, slope: float, up: Floats, down: Floats) -> None:
    if slope > 0.0:
        up[j] += slope * up[i]
        down[j] += slope * down[i]
    else:
        up[j] -= slope * down[i]
        down[j] -= slope * up[i]


def others(
    op: str, places: list[int], left: Integers, right: Integers, many: dict[int, Integers], data: Floats
) -> list[int]:
    """The operations of one name that give another number now, if only by rounding or because it is nan."""
    if op == "add":
        return [i for i in places if data[left[i]] + data[right[i]] != data[i]]
    if op == "sub":
        return [i for i in places if data[left[i]] - data[right[i]] != data[i]]
    if op == "mul":
        return [i for i in places if data[left[i]] * data[right[i]] != data[i]]
    if op == "neg":
        return [i for i in places if -data[left[i]] != data[i]]
    if op == "tanh":
        return [i for i in places if c_tanh(data[left[i]]) != data[i]]
    if op == "exp":
        return [i for i in places if c_exp(data[left[i]]) != data[i]]
    if op == "relu":
        return [i for i in places if (data[left[i]] if data[left[i]] > 0.0 else 0.0) != data[i]]
    if op == "dot":
        return [i for i in places if _dot(many[i], data) != data[i]]
    value, variables = TABLE[op].value, len(TABLE[op].variables)
    if TABLE[op].variadic:
        return [i for i in places if value(*TABLE[op].split([data[j] for j in many[i]])) != data[i]]
    if variables == 1:
        return [i for i in places if value(data[left[i]]) != data[i]]
    return [i for i in places if value(data[left[i]], data[right[i]]) != data[i]]


def _dot(places: Integers, data: Floats) -> float:
    total, size = 0.0, len(places) // 2
    for k in range(size):
        total += data[places[k]] * data[places[size + k]]
    return total + data[places[2 * size]]


def forward(
    places: list[int],
    nodes: list[Value],
    left: Integers,
    right: Integers,
    data: Floats,
    again: Callable[[int, Floats], float],
) -> None:
    """Compute operations anew from `data`, those that are not told here by `again(place, data)`."""
    numbers = data
    for i in places:
        node = nodes[i]
        op, a, b = node.op, left[i], right[i]
        if op == "add":
            numbers[i] = numbers[a] + numbers[b]
        elif op == "sub":
            numbers[i] = numbers[a] - numbers[b]
        elif op == "mul":
            numbers[i] = numbers[a] * numbers[b]
        elif op == "tanh":
            numbers[i] = c_tanh(numbers[a])
        elif op == "exp":
            numbers[i] = c_exp(numbers[a])
        else:
            numbers[i] = again(i, data)


def slopes(
    places: list[int], nodes: list[Value], left: Integers, right: Integers, data: Floats, first: Floats, second: Floats
) -> list[int]:
    """The partials of operations at `data`; the places of those that are not told here."""
    rest: list[int] = []
    for i in places:
        node = nodes[i]
        op, a, b = node.op, left[i], right[i]
        if op == "mul":
            first[i], second[i] = data[b], data[a]
        elif op == "tanh":
            e = c_exp(-2.0 * abs(data[a]))
            first[i] = 4.0 * e / ((1.0 + e) * (1.0 + e))
        elif op == "exp":
            first[i] = data[i]
        elif op not in ("add", "sub", "neg", "sum"):  # whose partials are constants
            rest.append(i)
    return rest


def small(places: list[int], numbers: Floats, limit: float) -> list[int]:
    """The places of numbers of at most that size; nan is none.

    >>> from array import array
    >>> small([0, 1, 2], array("d", [-0.5, 2.0, 0.0]), 0.5)
    [0, 2]
    """
    return [i for i in places if abs(numbers[i]) <= limit]


def largest(places: list[int], numbers: Floats) -> float:
    """The largest size of the numbers at some places; nan counts as 0.

    >>> from array import array
    >>> largest([0, 2], array("d", [-0.5, 2.0, 0.25]))
    0.5
    """
    found = 0.0
    for i in places:
        size = abs(numbers[i])
        if size > found:
            found = size
    return found


def smallest(places: list[int], numbers: Integers) -> int:
    """The smallest of the integers at some places, which are not none.

    >>> from array import array
    >>> smallest([0, 2], array("i", [3, 1, 2]))
    2
    """
    found = numbers[places[0]]
    for i in places:
        if numbers[i] < found:
            found = numbers[i]
    return found


def cancelling(places: list[int], gradients: Floats, squares: Floats, limit: float) -> list[int]:
    """The places of gradients of at most that part of their spread, which is not infinite.

    >>> from array import array
    >>> cancelling([0, 1, 2], array("d", [1.0, 0.0, 0.0]), array("d", [1.0, 4.0, 0.0]), 1e-3)
    [1, 2]
    """
    return [i for i in places if abs(gradients[i]) <= limit * c_sqrt(squares[i]) < math.inf]


def downstream(
    places: Iterable[int], left: Integers, right: Integers, many: dict[int, Integers], size: int
) -> list[int]:
    """Those of these places that are operations, and all operations that depend on any, operands first."""
    found = bytearray(size + 1)  # the last is what the place -1 points to
    for i in places:
        found[i] = 1
    for i in range(len(left)):
        if not found[i]:
            if left[i] >= 0:
                found[i] = found[left[i]] or found[right[i]]
            else:
                found[i] = _any(many[i], found)
    return [i for i in range(len(left)) if found[i]]


def _any(places: Integers, found: bytearray) -> bool:
    for k in range(len(places)):  # noqa: SIM110  a generator has no types in C
        if found[places[k]]:
            return True
    return False
