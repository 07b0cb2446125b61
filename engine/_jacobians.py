"""Derivatives of several outputs, along a direction, and of second order: jacobian, jvp, hessian and hvp of a graph.

Inputs and outputs are a Value, or lists of Values that may be nested, and results have their shape. Nothing here
touches a `.grad`.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from .core import Value, api_boundary, came, entries, grad, live, order, reading, real


@api_boundary
def jacobian(outputs: Any, inputs: Any) -> Any:
    """The derivative of every output in every input, as floats: `jacobian(outputs, inputs)[i][j]`.

    The result is nested lists of the shape of `outputs`, each entry in the shape of `inputs`. It costs one backward
    pass for each output.

    >>> x, y = Value(2.0), Value(3.0)
    >>> jacobian([x * y, x + y], [x, y])
    [[3.0, 2.0], [1.0, 1.0]]
    >>> jacobian(x * y, [x, y])
    [3.0, 2.0]
    """
    ys, xs = _values(outputs, "jacobian", "outputs"), _values(inputs, "jacobian", "inputs")
    return _like(ys, (_like(xs, iter(grad(y, _flat(xs)))) for y in _flat(ys)))


@api_boundary
def jvp(outputs: Any, inputs: Any, vector: Any) -> Any:
    """The derivative of every output along `vector`, the Jacobian times it, in one pass over the graph.

    `vector` has a number for each input, in their shape; the result has the shape of `outputs`. An input whose number
    is 0 does not move: it contributes nothing, even where a derivative in it is infinite.

    >>> x, y = Value(2.0), Value(3.0)
    >>> jvp([x * y, x + y], [x, y], [1.0, 10.0])
    [23.0, 11.0]
    """
    ys, xs = _values(outputs, "jvp", "outputs"), _values(inputs, "jvp", "inputs")
    return _along(ys, xs, _flat(_numbers(vector, xs, "jvp")))


@api_boundary
def hessian(output: Value, inputs: Any) -> Any:
    """The second derivatives of one Value, as floats: `hessian(output, inputs)[i][j]`.

    The result is nested lists of the shape of `inputs`, each entry again in that shape. It costs one backward pass for
    each input, over a graph about three times as large; `hvp` costs one such pass in all.

    >>> x, y = Value(2.0), Value(3.0)
    >>> hessian(x * x * y, [x, y])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    xs = _values(inputs, "hessian", "inputs")
    return jacobian(_gradient(output, xs, "hessian"), xs)


@api_boundary
def hvp(output: Value, inputs: Any, vector: Any) -> Any:
    """The Hessian of one Value times `vector`, which has a number for each input; the result has their shape, too.

    >>> x, y = Value(2.0), Value(3.0)
    >>> hvp(x * x * y, [x, y], [1.0, 10.0])
    [46.0, 4.0]
    """
    xs = _values(inputs, "hvp", "inputs")
    numbers = _flat(_numbers(vector, xs, "hvp"))
    return _along(_gradient(output, xs, "hvp"), xs, numbers)


def _gradient(output: Any, xs: Any, name: str) -> Any:
    """The derivatives of one Value in the inputs, as Values in their shape."""
    if not isinstance(output, Value):
        raise TypeError(_unlike("one Value as the output", name, output))
    return _like(xs, iter(grad(output, _flat(xs), create_graph=True)))


def _along(ys: Any, xs: Any, vector: list[float]) -> Any:
    """The derivatives of outputs while the inputs move along a vector: operands before results."""
    outputs = _flat(ys)
    for y in outputs:
        reading(y, "derivative")
    tangents: dict[Value, float] = {}
    for x, number in zip(_flat(xs), vector, strict=True):
        tangents[x] = tangents.get(x, 0.0) + number
    tangents = {x: number for x, number in tangents.items() if number}
    for node in sorted({node for y in outputs for node in order(y)}, key=attrgetter("serial")):
        moving = [(x, partial) for x, partial in live(node) if x in tangents]
        if moving:
            tangents[node] = tangents.get(node, 0.0) + sum(partial * tangents[x] for x, partial in moving)
    return _like(ys, (tangents.get(y, 0.0) for y in outputs))


def _values(given: Any, name: str, what: str) -> Any:
    """A Value as it is, and sequences of Values as lists, nested as they are."""
    if isinstance(given, Value):
        return given
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, dict, type)):
        return [_values(entry, name, what) for entry in given]
    raise TypeError(_unlike(f"Values, or lists of them, as {what}", name, given))


def _unlike(wanted: str, name: str, given: Any) -> str:
    hint = f": call it, as in {name}(f(x), [x])" if callable(given) else ""
    return f"{name} takes {wanted}, not {came(given)}{hint}"


def _numbers(vector: Any, xs: Any, name: str, place: str = "vector") -> Any:
    """The vector as floats, nested as the inputs are."""
    if isinstance(xs, list):
        given = entries(vector, f"{name} takes a number for each input: {place}", f"a sequence of {len(xs)} numbers")
        if len(given) != len(xs):
            raise ValueError(
                f"{name} takes a number for each input: {place} must have {len(xs)} entries, not {len(given)}"
            )
        return [_numbers(entry, x, name, f"{place}[{k}]") for k, (entry, x) in enumerate(zip(given, xs, strict=True))]
    return real(vector, f"{name} takes a number for each input: {place}")


def _flat(nested: Any) -> list[Any]:
    """All entries in a row."""
    return [x for entry in nested for x in _flat(entry)] if isinstance(nested, list) else [nested]


def _like(nested: Any, entries: Iterator[Any]) -> Any:
    """The next entries in the shape of a nested list."""
    return [_like(part, entries) for part in nested] if isinstance(nested, list) else next(entries)
