"""Names for nodes without a label, their position in the network or their formula, and names as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..chain import Term, show
from ..core import TABLE, Name, book_name, printable, short_number
from ..structure import Layer
from .reverse_sweep import ReverseSweep

LISTED = 8  # names in a list


def book_names(layers: Iterable[Layer]) -> dict[int, str]:
    """By node the names of a textbook: w⁽²⁾₃₁ is the weight of unit 3 of layer 2 for its input 1."""
    return {i: name for layer in layers for i, name in _names_in(layer)}


def _names_in(layer: Layer) -> Iterator[tuple[int, str]]:
    for j, unit in enumerate(layer.units, 1):
        o, place = unit.occurrences[-1], f"layer{layer.number}.neuron{j}"
        for i, weight in enumerate(dict.fromkeys(o.products.weights), 1):
            yield weight, book_name(f"{place}.w{i}")
        for bias in o.biases:
            yield bias.node, book_name(f"{place}.b")
        yield o.output, book_name(f"{place}.a")
        yield o.z, book_name(f"{place}.z")


def formula_of(sweep: ReverseSweep, i: int, depth: int = 2) -> str:
    """The formula of a node in the labels.

    >>> from ..core import Value
    >>> x = Value(2.0, "x")
    >>> formula_of(ReverseSweep(x.sin() * x, [x]), 0)
    'sin(x) * x'
    """
    return show(_term(sweep, i, depth), "spoken")


def _term(sweep: ReverseSweep, i: int, depth: int) -> Term:
    node = sweep.nodes[i]
    if node.label or not node.op:
        return Name(printable(node.label) or short_number(node.data))
    if not depth or TABLE[node.op].variadic:
        return Name(f"{node.op}(…)")
    return (node.op, *[_term(sweep, j, depth - 1) for j in sweep.inputs(i)])


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names as a list in words.

    >>> listed(["a", "b", "c"]), listed([str(n) for n in range(20)])
    ('a, b and c', '0, 1, 2, 3, 4, 5, 6, 7 and 12 more')
    """
    some = list(names) if len(names) <= LISTED else [*names[:LISTED], f"{len(names) - LISTED} more"]
    some = list(map(book_name, some))
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} {word} {some[-1]}"
