"""Mistakes in the gradient of a weight or bias, given δ: ∂z/∂w is the input, ∂z/∂b is 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from ...structure import Occurrence, Unit
from ..network import Network
from .row import Change, Gradients, Mistake, input_

INPUT = "∂z/∂w is the input that the weight multiplies"


def _sums_behind(network: Network, o: Occurrence) -> list[float | None]:
    """For each input that is an activation, its pre-activation z."""
    return [network.data[z] if (z := network.sum_of.get(i)) is not None else None for i in o.products.inputs]


def _own(network: Network, o: Occurrence) -> list[float | None]:
    return [None if o.activation is None else network.data[o.activation]] * len(o.products.inputs)


def _is_recurrent(network: Network, i: int) -> bool:
    return i < network.size or network.data[i] == 0.0


def _own_recurrent(network: Network, o: Occurrence) -> list[float | None]:
    """For inputs that are units, or the zeros of the initial state; only in a recurrent network."""
    if not network.recurrent:
        return []
    pairs = zip(o.products.inputs, _own(network, o), strict=True)
    return [own if _is_recurrent(network, i) else None for i, own in pairs]


def _own_layer(network: Network, o: Occurrence) -> list[float | None]:
    """For each input from the previous step, the state of the same unit at the current step."""
    if not network.recurrent:
        return []
    layer, step = network.step_of[o.z]
    inputs = o.products.inputs
    inner = [k for k, i in enumerate(inputs) if _is_recurrent(network, i)]
    same = layer.steps[step]
    if len(inner) != len(same):
        return []
    states = {k: p.activation for k, (_, p) in zip(inner, same, strict=True)}
    return [None if (a := states.get(k)) is None else network.data[a] for k in range(len(inputs))]


def _turned(turn: int, network: Network, o: Occurrence) -> list[float | None]:
    """The inputs of the same unit, rotated by `turn`."""
    numbers = _inputs(network, o)
    return [*numbers[turn:], *numbers[:turn]] if len(numbers) > 1 else []


def _reversed(network: Network, o: Occurrence) -> list[float | None]:
    numbers = _inputs(network, o)
    return [*reversed(numbers)] if len(numbers) > 1 else []


def _inputs(network: Network, o: Occurrence) -> list[float]:
    return [network.data[i] for i in o.products.inputs]


def _first_input(network: Network) -> Iterator[Change]:
    for layer in network.layers[1:]:
        edges = dict[int, float]()
        first = network.layers[0].units[0].occurrences
        for unit in layer.units:
            for o, source in zip(unit.occurrences, first, strict=False):
                if len(o.products.inputs) == len(source.products.inputs):
                    edges.update(zip(o.products.weight_edges, _inputs(network, source), strict=True))
        if edges:
            yield Change(f"in {layer.name}", edges)


def _biases(network: Network) -> Iterator[tuple[Unit, Occurrence, int, int]]:
    for unit in network.units:
        for o in unit.occurrences:
            for bias in o.biases:
                yield unit, o, bias.edge, bias.node


def _bias_as_weight(network: Network) -> Iterator[Change]:
    for which in (0, -1):
        edges = {k: network.data[o.products.inputs[which]] for _, o, k, _ in _biases(network)}
        if edges:
            yield Change("", edges)


def _bias_itself(network: Network) -> Iterator[Change]:
    if edges := {k: network.data[b] for _, _, k, b in _biases(network)}:
        yield Change("", edges)


def _bias_left_out(network: Network) -> Iterator[Change]:
    """Gradients of all biases, or of the biases of one layer, left out."""
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
    """The right numbers, at the transposed weights."""
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
        "input_left_out",
        "the input is left out of the weights' gradients {place}",
        INPUT + ", not 1",
        lambda network, o: [1.0] * len(o.products.inputs),
    ),
    input_(
        "weight_for_input",
        "the weight itself is used {place} where its input belongs",
        INPUT,
        lambda network, o: [network.data[w] for w in o.products.weights],
    ),
    input_(
        "z_for_input",
        "z of the layer before is used {place} where its activation belongs",
        INPUT,
        _sums_behind,
    ),
    input_("own_activation", "the unit's own activation is used {place} where its input belongs", INPUT, _own),
    input_(
        "state_of_same_step",
        "the state of the same step is used {place} where the state of the step before belongs",
        INPUT,
        _own_layer,
        _own_recurrent,
    ),
    input_(
        "other_input",
        "the input of another weight is used {place}",
        INPUT,
        partial(_turned, 1),
        partial(_turned, -1),
        _reversed,
    ),
    Mistake(
        "first_input",
        "the network's input is used {place} where the activation of the layer before belongs",
        INPUT,
        _first_input,
        reach=Network.weights,
    ),
    Mistake(
        "bias_as_weight",
        "the gradients of biases are multiplied by an input{place}",
        "∂z/∂b is 1",
        _bias_as_weight,
        reach=Network.biases,
    ),
    Mistake(
        "bias_itself",
        "∂z/∂b is taken as the bias itself{place}",
        "it is 1",
        _bias_itself,
        reach=Network.biases,
    ),
    Mistake(
        "bias_left_out",
        "the biases{place} get no gradient",
        "∂z/∂b is 1, so the gradient of a bias is δ",
        _bias_left_out,
        reach=Network.biases,
    ),
    Mistake(
        "shared_bias",
        "a bias that several units share gets only the gradient of the {place} one",
        "add up the gradients of all units that use it",
        _shared_bias,
        covers=("one_use",),
        reach=Network.biases,
    ),
    Mistake(
        "matrix_transposed",
        "the numbers are right, but rows and columns of the weights are exchanged {place}",
        "row j belongs to unit j, column i to its input i",
        _swapped,
    ),
)
