"""Mistakes at an activation a = f(z): its derivative is left out, taken at another point, or of another function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ...core import TABLE
from ...structure import Occurrence, Unit
from ..network import Network
from ..partials import Partials
from .row import Change, Mistake, at_places, derivative

CHAIN = "on its way back, the gradient is multiplied once by f'(z) at each activation"


def _partial(op: str, a: float) -> float | None:
    """The derivative of an activation at another point."""
    if op in ("relu", "leaky_relu", "exp"):
        return None  # their derivative at a is the one at z, or no learner's formula
    row = TABLE[op]
    return float(row.partial_values(row.value(a), a)[0])


def _left_out_going_back(network: Network) -> Iterator[Change]:
    """Without the derivative in the gradient sent back; a layer's own weights have it."""
    for place, units, own in _one_sided(network):
        others = network.parameters - own
        if network.telling <= others and (edges := network.changed(units, lambda o: 1.0)):
            yield Change(place, edges, only=frozenset(others))


def _left_out_for_weights(network: Network) -> Iterator[Change]:
    """Without the derivative in the gradients of a layer's own weights; the gradient sent back has it."""
    for place, units, own in _one_sided(network):
        if network.telling <= own and (edges := network.changed(units, lambda o: 1.0)):
            yield Change(place, edges, only=own)


def _bare_error(network: Network) -> Iterator[Change]:
    """Without the derivative and without the weights in the gradient sent back."""
    for layer, backs in network.telling_ways:
        if edges := network.changed(layer.units, lambda o: 1.0):
            weights = [Partials.all_of(back.edges, 1.0) for back in backs]
            yield Change(
                f"in {layer.name}", Partials.joined([edges, *weights]), only=frozenset(network.parameters) - layer.own
            )


def _one_sided(network: Network) -> Iterator[tuple[str, list[Unit], frozenset[int]]]:
    """For each place: its name, its units, and their parameters."""
    for place, units in network.places():
        own = frozenset().union(*(unit.own for unit in units))
        if place != "everywhere" and own != network.parameters and network.tells(units):
            yield place, units, own


def _sign(network: Network) -> Iterator[Change]:
    """In hidden layers only: at the output this reverses the sign of all gradients."""
    hidden = [unit for unit in network.units if unit not in network.outputs]
    yield from at_places(network, {unit: network.derivatives(unit, partial(_negative, network)) for unit in hidden})


def _negative(network: Network, o: Occurrence) -> float | None:
    if o.activation is None or network.ops[o.activation] not in ("sigmoid", "tanh"):
        return None
    return -network.partials[network.sweep.starts[o.activation]]


def _of_error(network: Network) -> Iterator[Change]:
    """The formula of the derivative with the error e for a: 1 - e, e (1 - e), 1 - e²."""
    outputs = [o for o in network.output_nodes if o.activation is not None]
    uses = network.sweep.uses_of([o.output for o in outputs])
    errors = {o.z: e for o in outputs if (e := _error(network, uses[o.output])) is not None}
    formulas: tuple[Callable[[float], float], ...] = (lambda e: 1.0 - e, lambda e: e * (1.0 - e), lambda e: 1.0 - e * e)
    for formula in formulas:
        partials = {z: formula(e) for z, e in errors.items()}
        if edges := network.changed(network.outputs, partial(_at_sum, partials)):
            yield Change("", edges)


def _at_sum(partials: dict[int, float], o: Occurrence) -> float | None:
    return partials.get(o.z)


def _error(network: Network, uses: Sequence[int]) -> float | None:
    """The error a - y, if one of the uses of a is that difference, in either order."""
    for k in uses:
        i = network.sweep.results[k]
        if network.ops[i] == "sub":
            return network.data[i] * network.partials[k]
    return None


def _other_side(network: Network) -> Iterator[Change]:
    yield from at_places(network, {u: network.derivatives(u, partial(_flipped, network)) for u in network.units})


def _flipped(network: Network, o: Occurrence) -> float | None:
    off = {"relu": 0.0, "leaky_relu": 0.01}.get("" if o.activation is None else network.ops[o.activation])
    return None if off is None else off if network.data[o.z] > 0.0 else 1.0


def _of_other_layer(network: Network) -> Iterator[Change]:
    for layer in network.layers:
        for other in network.layers:
            if other is layer or len(other.units) != len(layer.units) or not network.tells(layer.units):
                continue
            sums = {
                o.z: p.z
                for u, v in zip(layer.units, other.units, strict=True)
                for o, p in zip(u.occurrences, v.occurrences, strict=False)
            }

            def at_other(o: Occurrence, sums: dict[int, int] = sums) -> float | None:
                if o.activation is None or o.z not in sums:
                    return None
                return _partial(network.ops[o.activation], network.data[sums[o.z]])

            if edges := network.changed(layer.units, at_other):
                yield Change(f"in {layer.name} at z of {other.name}", edges)


ACTIVATIONS = (
    derivative(
        "derivative_left_out",
        "the derivative of the activation is left out {place}",
        CHAIN,
        lambda op, z, a, d: 1.0,
        covers=("derivative_left_out_for_weights",),
    ),
    Mistake(
        "derivative_left_out_going_back",
        "the error sent back {place} lacks the derivative of the activation, Wᵀ(a - y) for Wᵀδ",
        "send back δ, the error times f'(z), as you have used it for the weights of that layer",
        _left_out_going_back,
        reach=Network.up_to_activations,
    ),
    Mistake(
        "derivative_left_out_for_weights",
        "the gradients of the weights {place} lack the derivative of the activation, unlike the gradient sent back",
        "use δ, the error times f'(z), for the weights, too",
        _left_out_for_weights,
        reach=Network.up_to_activations,
    ),
    Mistake(
        "bare_error",
        "the error {place} is sent back as it is, without that layer's weights and the derivative of its activation",
        "send back Wᵀδ, where δ is the error times f'(z)",
        _bare_error,
        reach=Network.before_last,
    ),
    derivative(
        "derivative_at_a",
        "the derivative of the activation is taken at a instead of z {place}, f'(a) for f'(z)",
        "f'(z) is a (1 - a) for the sigmoid and 1 - a² for tanh",
        lambda op, z, a, d: _partial(op, a),
    ),
    derivative(
        "formula_at_z",
        "the formula for a is used with z {place}, such as z (1 - z) for a (1 - a) or 1 - z² for 1 - a²",
        "insert the activation a into it",
        lambda op, z, a, d: {"sigmoid": z * (1.0 - z), "tanh": 1.0 - z * z}.get(op),
    ),
    derivative(
        "other_activation",
        "the derivative of another activation is used {place}",
        "f'(z) is a (1 - a) for the sigmoid, 1 - a² for tanh, and 1 or 0 for relu",
        lambda op, z, a, d: {"sigmoid": 1.0 - a * a, "tanh": a * (1.0 - a), "relu": a * (1.0 - a)}.get(op),
    ),
    derivative(
        "activation_for_derivative",
        "the activation itself is used {place} where its derivative belongs",
        CHAIN,
        lambda op, z, a, d: a,
    ),
    derivative(
        "derivative_without_a",
        "only a part of the activation's derivative is used {place}, 1 - a for a (1 - a) or for 1 - a²",
        "f'(z) is a (1 - a) for the sigmoid and 1 - a² for tanh",
        lambda op, z, a, d: 1.0 - a if op in ("sigmoid", "tanh") else None,
    ),
    Mistake(
        "derivative_sign",
        "the derivative of the activation has the wrong sign {place}, such as a (a - 1) for a (1 - a)",
        "f'(z) is a (1 - a) for the sigmoid and 1 - a² for tanh",
        _sign,
        covers=("sign_of_layer",),
        reach=Network.up_to_activations,
    ),
    derivative(
        "derivative_twice",
        "the derivative of the activation is a factor twice {place}",
        CHAIN,
        lambda op, z, a, d: d * d,
    ),
    derivative(
        "scaled_tanh",
        "the derivative of 1.7159 tanh(2z/3) is used {place}",
        "this is plain tanh, whose derivative is 1 - a²",
        lambda op, z, a, d: 1.7159 * 2.0 / 3.0 * _sech2(2.0 * z / 3.0) if op == "tanh" else None,
    ),
    derivative(
        "derivative_rounded_away",
        "a (1 - a) is computed in floats {place}, where a has rounded to 1",
        "σ'(z) = σ(z) σ(-z) keeps its digits",
        lambda op, z, a, d: {"sigmoid": a * (1.0 - a), "tanh": 1.0 - a * a}.get(op),
        covers=("other_activation", "derivative_without_a", "derivative_twice", "derivative_of_error"),
    ),
    Mistake(
        "derivative_of_error",
        "the error is inserted into the derivative at the output, such as 1 - (a - y) for a (1 - a)",
        "insert the activation a into it",
        _of_error,
        reach=Network.up_to_activations,
    ),
    Mistake(
        "other_side",
        "the relu lets the gradient through {place} where it is off and stops it where it is on",
        "its derivative is 1 for z > 0, else 0",
        _other_side,
        reach=Network.up_to_activations,
    ),
    Mistake(
        "derivative_of_other_layer",
        "the derivative is taken {place}",
        "each activation has its own z",
        _of_other_layer,
        reach=Network.up_to_activations,
    ),
)


def _sech2(z: float) -> float:
    return 1.0 / math.cosh(z) ** 2 if abs(z) < 300.0 else 0.0
