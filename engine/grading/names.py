"""Names for the Values of a network that have no label: w⁽²⁾₃₁ is the weight of unit 3 of layer 2 for its input 1."""

from __future__ import annotations

from collections.abc import Iterable

from ..chain.expressions import Name, Term, short_number, show
from ..core.table import TABLE
from ..core.value import Value
from .layers import Layer
from .network import Network

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")


def names_of(network: Network, values: Iterable[Value]) -> dict[Value, str]:
    """The label of each Value, or its place in the network, or its number among those given.

    >>> from engine.grading.reverse_sweep import ReverseSweep
    >>> w, b = Value(0.5), Value(0.1)
    >>> list(names_of(Network(ReverseSweep((w * 3.0 + b).tanh() ** 2, [w, b])), [w, b]).values())
    ['w⁽¹⁾₁₁', 'b⁽¹⁾₁']
    """
    by_node = {i: name for layer in network.layers for i, name in _names_in(layer)}
    found = {}
    for number, value in enumerate(values, 1):
        i = network.sweep.index.get(value, -1)
        found[value] = value.label or by_node.get(i, f"number {number}")
    others = {network.sweep.nodes[i]: i for i in network.parameters}
    return {p: p.label or by_node.get(i, "") for p, i in others.items()} | found


def formula_of(network: Network, i: int, depth: int = 2) -> str:
    """What a node is made of, as a formula in the labels.

    >>> from engine.grading.reverse_sweep import ReverseSweep
    >>> x = Value(2.0, "x")
    >>> formula_of(Network(ReverseSweep(x.sin() * x, [x])), 0)
    'sin(x) * x'
    """
    return show(_term(network, i, depth), "spoken")


def _term(network: Network, i: int, depth: int) -> Term:
    node = network.sweep.nodes[i]
    if node.label or not node.op:
        return Name(node.label or short_number(node.data))
    if not depth or TABLE[node.op].variadic:
        return Name(f"{node.op}(…)")
    return (node.op, *[_term(network, j, depth - 1) for j in network.sweep.inputs(i)])


def _names_in(layer: Layer) -> Iterable[tuple[int, str]]:
    for j, unit in enumerate(layer.units, 1):
        o = unit.occurrences[-1]
        weights = list(dict.fromkeys(term.weight for term in o.terms))
        for i, weight in enumerate(weights, 1):
            yield weight, _name("w", layer.number, f"{j}{i}" if max(i, j) < 10 else f"{j},{i}")
        for bias in o.biases:
            yield bias.node, _name("b", layer.number, f"{j}")
        if o.activation is not None:
            yield o.activation, _name("a", layer.number, f"{j}")
        yield o.z, _name("z", layer.number, f"{j}")


def _name(letter: str, layer: int, lowered: str) -> str:
    return f"{letter}⁽{str(layer).translate(_RAISED)}⁾{lowered.translate(_LOWERED)}"
