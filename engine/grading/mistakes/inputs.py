"""Mistakes in a weight's or a bias' own gradient: ∂z/∂w is the input, ∂z/∂b is 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from ..layers import Occurrence, Term, Unit
from ..network import Network
from .row import Change, Gradients, Mistake, input_

INPUT = "∂z/∂w is what the weight multiplies"


def _sum_behind(network: Network, o: Occurrence, n: int) -> float | None:
    """Z of the unit whose activation is the input."""
    node = o.terms[n].input
    unit = network.unit_of.get(node)
    if unit is None:
        return None
    return next((network.data[p.z] for p in unit.occurrences if p.activation == node), None)


def _own(network: Network, o: Occurrence, n: int) -> float | None:
    return None if o.activation is None else network.data[o.activation]


def _is_recurrent(network: Network, term: Term) -> bool:
    return term.input < network.size or network.data[term.input] == 0.0


def _own_recurrent(network: Network, o: Occurrence, n: int) -> float | None:
    """Where inputs are units, or the zeros that these start from."""
    return _own(network, o, n) if _is_recurrent(network, o.terms[n]) else None


def _own_layer(network: Network, o: Occurrence, n: int) -> float | None:
    """H of this step for h of the step before: the unit of the same layer with the number of the input."""
    inner = [term for term in o.terms if _is_recurrent(network, term)]
    layer = network.layer_of[network.unit_of[o.z]]
    if o.terms[n] not in inner or len(inner) != len(layer.units):
        return None
    unit = layer.units[inner.index(o.terms[n])]
    t = network.unit_of[o.z].occurrences.index(o)
    activation = unit.occurrences[t].activation
    return None if activation is None else network.data[activation]


def _neighbour(turn: int) -> Mistake:
    """The input of another weight of the same unit: the next, the one before, or in reverse order."""

    def other(network: Network, o: Occurrence, n: int) -> float | None:
        count = len(o.terms)
        chosen = (n + turn) % count if turn else count - 1 - n
        return network.data[o.terms[chosen].input] if count > 1 else None

    return input_("other_input", "", "", other)


def _other_input(network: Network) -> Iterator[Change]:
    for turn in (1, -1, 0):
        yield from _neighbour(turn).changes(network)


def _first_input(network: Network) -> Iterator[Change]:
    for layer in network.layers[1:]:
        edges = dict[int, float]()
        first = network.layers[0].units[0].occurrences
        for unit in layer.units:
            for o, source in zip(unit.occurrences, first, strict=False):
                if len(o.terms) == len(source.terms):
                    pairs = zip(o.terms, source.terms, strict=True)
                    edges |= {term.weight_edge: network.data[given.input] for term, given in pairs}
        if edges:
            yield Change(f"in {layer.name}", edges)


def _biases(network: Network) -> Iterator[tuple[Unit, Occurrence, int, int]]:
    for unit in network.units:
        for o in unit.occurrences:
            for bias in o.biases:
                yield unit, o, bias.edge, bias.node


def _bias_as_weight(network: Network) -> Iterator[Change]:
    for which in (0, -1):
        edges = {k: network.data[o.terms[which].input] for _, o, k, _ in _biases(network)}
        if edges:
            yield Change("", edges)


def _bias_itself(network: Network) -> Iterator[Change]:
    if edges := {k: network.data[b] for _, _, k, b in _biases(network)}:
        yield Change("", edges)


def _bias_left_out(network: Network) -> Iterator[Change]:
    """No bias has a gradient, or those of one layer have none."""
    groups = [network.units, *(layer.units for layer in network.layers)]
    for place, units in zip(("", *(f" of {layer.name}" for layer in network.layers)), groups, strict=True):
        if edges := {bias.edge: 0.0 for unit in units for o in unit.occurrences for bias in o.biases}:
            yield Change(place, edges)


def _shared_bias(network: Network) -> Iterator[Change]:
    uses: dict[int, list[tuple[int, Unit]]] = defaultdict(list)
    for unit, _, k, b in _biases(network):
        uses[b].append((k, unit))
    for which, place in ((0, "first"), (-1, "last")):
        edges = dict[int, float]()
        for some in uses.values():
            units = list(dict.fromkeys(unit for _, unit in some))
            if len(units) > 1:
                edges |= {k: 0.0 for k, unit in some if unit is not units[which]}
        if edges:
            yield Change(place, edges)


def _swapped(network: Network) -> Iterator[Change]:
    """The right numbers at the wrong weights."""
    for layer in network.layers:
        swap: dict[int, int] = {}
        for inner in (True, False):
            rows = [
                [t.weight for t in unit.occurrences[-1].terms if (t.input < network.size) == inner]
                for unit in layer.units
            ]
            if len(rows) > 1 and all(len(row) == len(rows) for row in rows):
                swap |= {w: rows[i][j] for j, row in enumerate(rows) for i, w in enumerate(row) if i != j}
        if swap:
            yield Change(f"in {layer.name}", after=partial(_exchange, swap))


def _exchange(swap: dict[int, int], gradients: Gradients) -> Gradients:
    return {i: gradients.get(swap.get(i, i), g) for i, g in gradients.items()}


INPUTS = (
    input_(
        "input_left_out", "the input is left out of the weights' gradients {place}", INPUT + ", not 1", lambda *_: 1.0
    ),
    input_(
        "weight_for_input",
        "the weight itself is used {place} where its input belongs",
        INPUT,
        lambda network, o, n: network.data[o.terms[n].weight],
    ),
    input_("z_for_input", "z of the layer before is used {place} where its activation belongs", INPUT, _sum_behind),
    input_("own_activation", "the unit's own activation is used {place} where its input belongs", INPUT, _own),
    input_(
        "own_activation", "h of the same step is used {place} where that of the step before belongs", INPUT, _own_layer
    ),
    input_(
        "own_activation",
        "the unit's own h is used {place} where that of the step before belongs",
        INPUT,
        _own_recurrent,
    ),
    Mistake("other_input", "the input of another weight is used {place}", INPUT, _other_input),
    Mistake(
        "first_input",
        "the network's input is used {place} where the activation of the layer before belongs",
        INPUT,
        _first_input,
    ),
    Mistake(
        "bias_as_weight", "the gradients of biases are multiplied by an input{place}", "∂z/∂b is 1", _bias_as_weight
    ),
    Mistake("bias_itself", "∂z/∂b is taken as the bias itself{place}", "it is 1", _bias_itself),
    Mistake("bias_left_out", "the biases{place} get no gradient", "∂z/∂b is 1, so ∂L/∂b = δ", _bias_left_out),
    Mistake(
        "shared_bias",
        "a bias that several units share gets only the gradient of the {place} one",
        "add up those of all units that use it",
        _shared_bias,
        covers=("one_use",),
    ),
    Mistake(
        "matrix_transposed",
        "the numbers are right but stand at other weights: rows and columns are exchanged {place}",
        "row j belongs to unit j, column i to its input i",
        _swapped,
    ),
)
