"""Mistakes on the way back through the weights: Wᵀδ, summed over all units that an activation feeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from ...structure import Layer, floats_of, ints_of
from ..network import Network
from ..partials import Partials
from .row import Change, Gradients, Mistake

if TYPE_CHECKING:
    from ..way_back import Back

WIDE = 40  # widest layer whose paths are tried one by one
RATES = (1e-4, 20.0)  # range of usual learning rates
SURE = 0.3  # largest relative uncertainty of the fitted rate


def _nothing_sent_back(network: Network) -> Iterator[Change]:
    """The gradients of a layer or a unit are left at 0."""
    parameters = frozenset(network.parameters)
    for place, units in network.places():
        own = frozenset().union(*(unit.own for unit in units))
        if place != "everywhere" and own != parameters and network.telling <= own:
            yield Change(place, adjoints={o.z: 0.0 for unit in units for o in unit.occurrences}, only=own)


def _weight_left_out(network: Network) -> Iterator[Change]:
    ways = network.telling_ways
    for layer, backs in ways:
        yield Change(f"from {layer.name}", _all_of(backs, 1.0))
    if ways and len(network.way_back) > 1:
        yield Change("everywhere", _all_of((back for _, backs in network.way_back for back in backs), 1.0))


def _all_of(backs: Iterable[Back], number: float) -> Partials:
    return Partials.joined(Partials.all_of(back.edges, number) for back in backs)


def _not_transposed(network: Network) -> Iterator[Change]:
    found = {layer: edges for layer, backs in network.telling_ways if (edges := _transposed(network, layer, backs))}
    for layer, edges in found.items():
        yield Change(f"from {layer.name}", edges)
    rest = [_transposed(network, *way) for way in network.way_back if way[0] not in found] if found else []
    if found and len(found) + sum(map(bool, rest)) > 1:
        yield Change("everywhere", Partials.joined((*rest, *found.values())))


def _transposed(network: Network, layer: Layer, backs: list[Back]) -> Partials:
    """The edges to the inputs of a square layer, with the weights of the transpose."""
    from ..way_back import transposed  # loads NumPy

    is_whole = len(backs) == len(layer.units) > 1
    edges, weights = transposed(backs, network.sweep.flat.operands) if is_whole else (ints_of(()), ints_of(()))
    return Partials(edges, floats_of(map(network.data.__getitem__, weights)))


def _updated(network: Network) -> Iterator[Change]:
    if not network.way_back:
        return
    kinds = [("", dict[int, float]())]
    if network.penalty_edges:
        kinds.append((" (without the regularisation)", dict.fromkeys(network.penalty_edges, 0.0)))
    for place, without in kinds:
        yield Change(place, solve=partial(_solved, network, without, place))


def _solved(
    network: Network,
    without: dict[int, float],
    place: str,
    right: Gradients,
    given: Gradients,
    tolerances: Gradients,
) -> tuple[Gradients, str, int] | None:
    """The learning rate, fitted in the last layer that it affects, where the gradients are linear in it."""
    plain = network.sweep.run(without)
    last = _moved(network, network.way_back[-1][1], 1.0, plain)
    one = network.sweep.run(last)
    moved = {i: one[i] - right[i] for i in given if abs(one[i] - right[i]) > 1e-9 * abs(right[i]) + 1e-15}
    felt = [layer for layer in network.layers if layer.own & moved.keys()]
    moved = {i: d for i, d in moved.items() if i in felt[-1].own} if felt else moved
    total = sum(d * d for d in moved.values())
    rate = sum(d * (given[i] - right[i]) for i, d in moved.items()) / total if total else math.nan
    spread = 3.0 * math.hypot(*(d * tolerances[i] for i, d in moved.items())) / total if total else 0.0
    if not RATES[0] < rate < RATES[1] or spread > SURE * rate:
        return None
    rate = _roundest(rate, spread)
    if float(f"{rate:.2g}") != rate:
        return None  # some rate fits any single δ, but nobody takes one of three digits
    as_likely = 9 if float(f"{rate:.1g}") == rate else 90  # of one or two digits in a power of ten
    return _at_rate(network, without, rate, right), f", with a learning rate of {rate:g}{place},", as_likely


def _roundest(rate: float, spread: float) -> float:
    """The number of fewest decimals that the digits allow: people take 0.5, not 0.5001."""
    near = max(spread, 1e-6 * rate)
    return next((r for n in range(-1, 7) if (r := round(rate, n)) > 0.0 and abs(r - rate) <= near), rate)


def _at_rate(network: Network, without: dict[int, float], rate: float, right: Gradients) -> Gradients:
    """The gradients if each layer is updated, layer by layer from the output, before δ is sent back through it."""
    edges: dict[int, float] = {}
    for _, backs in reversed(network.way_back):
        edges |= _moved(network, backs, rate, network.sweep.run(without | edges))
    found = network.sweep.run(edges)
    return {i: found[i] for i in right}


def _moved(network: Network, backs: list[Back], rate: float, gradients: Sequence[float]) -> dict[int, float]:
    """The weights on the way back after a step, by edge."""
    return {k: network.data[w] - rate * gradients[w] for b in backs for k, w in zip(b.edges, b.weights, strict=True)}


def _one_path(network: Network) -> Iterator[Change]:
    for layer, backs in network.telling_ways:
        if 1 < len(layer.units) <= WIDE:
            for back in backs:
                yield Change(network.unit_name(back.unit), _all_of(_beside(backs, back), 0.0))
    several = [backs for _, backs in network.way_back if len(backs) > 1]
    for place, which in (("first", 0), ("last", -1)) if network.telling_ways and len(several) > 1 else ():
        others = chain.from_iterable(_beside(backs, backs[which]) for backs in several)
        yield Change(f"the {place} unit of each layer", _all_of(others, 0.0))


def _beside(backs: list[Back], back: Back) -> list[Back]:
    return [other for other in backs if other is not back]


def _path_forgotten(network: Network) -> Iterator[Change]:
    for layer, backs in network.telling_ways:
        if 2 < len(layer.units) <= WIDE:
            for back in backs:
                yield Change(network.unit_name(back.unit), _all_of([back], 0.0))


WEIGHTS = (
    Mistake(
        "nothing_sent_back",
        "no gradient arrives {place}",
        "δ of a unit is the sum of the δ of the units that it feeds, each times its weight, times f'(z)",
        _nothing_sent_back,
    ),
    Mistake(
        "weight_left_out",
        "the gradient is sent back {place} without the weights",
        "∂z/∂a is the weight, not 1",
        _weight_left_out,
        reach=Network.before_last,
    ),
    Mistake(
        "not_transposed",
        "the gradient is sent back {place} with W instead of Wᵀ",
        "each δ goes back along the weight that the activation came forward on, so W is transposed",
        _not_transposed,
        reach=Network.before_last,
    ),
    Mistake(
        "updated_weights",
        "the weights were updated{place} before the gradient was sent back",
        "keep the old weights until every δ is known",
        _updated,
        reach=Network.before_last,
    ),
    Mistake(
        "one_path",
        "only the path through {place} is followed",
        "the gradient of an activation is the sum over all units that it feeds",
        _one_path,
        reach=Network.before_last,
    ),
    Mistake(
        "path_forgotten",
        "the path through {place} is forgotten",
        "the gradient of an activation is the sum over all units that it feeds",
        _path_forgotten,
        reach=Network.before_last,
    ),
)
