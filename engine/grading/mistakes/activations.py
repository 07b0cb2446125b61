"""Mistakes at an activation a = f(z): its derivative is left out, taken at another point, or of another function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...core import TABLE, evaluate, on_arrays
from ...structure import Unit, floats_of, ints_of
from ..network import Network
from ..partials import Partials
from .row import Change, Mistake, at_activations, derivative

CHAIN = "on its way back, the gradient is multiplied once by f'(z) at each activation"


def _partial(op: str, a: Any) -> Any:
    """The derivative of an activation at another point, or at an array of points."""
    if op in ("relu", "leaky_relu", "exp"):
        return None  # their derivative at a is the one at z, or no learner's formula
    if isinstance(a, float):
        return TABLE[op].partial_values(TABLE[op].value(a), a)[0]
    import numpy as np

    algebra = on_arrays(np)
    with np.errstate(all="ignore"):
        return evaluate(TABLE[op].partials[0], {"a": a, "y": algebra(op, a)}, algebra)


def _left_out_going_back(network: Network) -> Iterator[Change]:
    """Without the derivative in the gradient sent back; a layer's own weights have it."""
    for place, units, own in _one_sided(network):
        others = network.parameters - own
        if network.telling <= others and (edges := network.left_out(units)):
            yield Change(place, edges, only=frozenset(others))


def _left_out_for_weights(network: Network) -> Iterator[Change]:
    """Without the derivative in the gradients of a layer's own weights; the gradient sent back has it."""
    for place, units, own in _one_sided(network):
        if network.telling <= own and (edges := network.left_out(units)):
            yield Change(place, edges, only=own)


def _bare_error(network: Network) -> Iterator[Change]:
    """Without the derivative and without the weights in the gradient sent back."""
    for layer, backs in network.telling_ways:
        if edges := network.left_out(layer.units):
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
    outputs = set(network.outputs)
    hidden = [unit for unit in network.units if unit not in outputs]
    return at_activations(lambda op, z, a, d: -d if op in ("sigmoid", "tanh") else None, network, hidden)


def _of_error(network: Network) -> Iterator[Change]:
    """The formula of the derivative with the error e for a: 1 - e, e (1 - e), 1 - e²."""
    outputs = [o.activation for o in network.output_nodes if o.activation is not None]
    uses = network.sweep.uses_of(outputs)
    errors = {network.sweep.starts[a]: e for a in outputs if (e := _error(network, uses[a])) is not None}
    formulas: tuple[Callable[[float], float], ...] = (lambda e: 1.0 - e, lambda e: e * (1.0 - e), lambda e: 1.0 - e * e)
    for formula in formulas:
        edges = {k: formula(e) for k, e in errors.items()}
        if any(network.partials[k] != partial for k, partial in edges.items()):
            yield Change("", edges)


def _error(network: Network, uses: Sequence[int]) -> float | None:
    """The error a - y, if one of the uses of a is that difference, in either order."""
    for k in uses:
        i = network.sweep.results[k]
        if network.ops[i] == "sub":
            return network.data[i] * network.partials[k]
    return None


def _other_side(network: Network) -> Iterator[Change]:
    """The derivative of relu is 0 for z > 0, else 1."""
    off = {"relu": 0.0, "leaky_relu": 0.01}
    return at_activations(lambda op, z, a, d: off[op] + (1.0 - off[op]) * (z <= 0.0) if op in off else None, network)


def _of_other_layer(network: Network) -> Iterator[Change]:
    for layer in network.layers:
        for other in network.layers:
            if other is layer or len(other.units) != len(layer.units) or not network.tells(layer.units):
                continue
            sums = {
                o.activation: network.data[p.z]
                for u, v in zip(layer.units, other.units, strict=True)
                for o, p in zip(u.occurrences, v.occurrences, strict=False)
                if o.activation is not None
            }
            if edges := _at_other_sums(network, sums):
                yield Change(f"in {layer.name} at z of {other.name}", edges)


def _at_other_sums(network: Network, sums: dict[int, float]) -> Partials:
    """The derivatives of activations at other sums, if any differs."""
    import numpy as np

    found = []
    for op in dict.fromkeys(network.ops[a] for a in sums):
        some = [a for a in sums if network.ops[a] == op]
        if (partials := _partial(op, np.array([sums[a] for a in some]))) is not None:
            edges = ints_of(network.sweep.starts[a] for a in some)
            found.append(Partials(edges, floats_of(partials.tolist())))
    return Partials.joined(found).unless_right(network.partials)


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
        lambda op, z, a, d: 1.7159 * 2.0 / 3.0 * _partial(op, 2.0 * z / 3.0) if op == "tanh" else None,
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
