"""A row of the catalogue: a name, the mistake and its correction in words, and its changes to the reverse sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ...structure import Occurrence, Unit
from ..network import Network
from ..partials import Partials

if TYPE_CHECKING:
    from ..activations import Formula

Gradients: TypeAlias = dict[int, float]  # by node


@dataclass(frozen=True, eq=False)
class Change:
    """One mistake at one place in the network, as changes to the reverse sweep or to its gradients.

    `partials` are by edge and `adjoints` by node; `counted` are, by parameter, the only edges to it that count. With
    `only`, all other parameters keep their right gradients.
    `after` changes the gradients that the sweep gives. `solve` takes the right gradients, the learner's and their
    tolerances, fits a number such as a learning rate, and returns the gradients, a `place` that names the number, and
    how many numbers are as likely.
    """

    place: str
    partials: Mapping[int, float] = field(default_factory=dict)
    adjoints: Mapping[int, float] = field(default_factory=dict)
    counted: Mapping[int, Sequence[int]] = field(default_factory=dict)
    only: frozenset[int] | None = None
    after: Callable[[Gradients], Gradients] | None = None
    solve: Callable[[Gradients, Gradients, Gradients], tuple[Gradients, str, int] | None] | None = None


@dataclass(frozen=True, eq=False)
class Mistake:
    """A row: `was` continues "if ..." and contains {place}; `right` is the correction.

    If this mistake fits, those in `covers` are not reported: they describe it in other words. `formula` is the wrong
    derivative of an activation, if that is the mistake. `reach` are the parameters that it can change the gradients of,
    if those are not all. One that `is_common` is likelier than others.
    """

    name: str
    was: str
    right: str
    changes: Callable[[Network], Iterable[Change]]
    covers: tuple[str, ...] = ()
    formula: Formula | None = None
    reach: Callable[[Network], Set[int]] | None = None
    is_common: bool = False


def scale(
    name: str,
    was: str,
    right: str,
    factors: Callable[[Network], Iterable[tuple[str, float]]],
    covers: tuple[str, ...] = (),
    is_common: bool = False,
) -> Mistake:
    """A row that multiplies all gradients by a number."""

    def changes(network: Network) -> Iterator[Change]:
        for place, factor in factors(network):
            yield Change(place, after=partial(_scaled, factor))

    return Mistake(name, was, right, changes, covers, is_common=is_common)


def _scaled(factor: float, gradients: Gradients) -> Gradients:
    return {i: factor * g for i, g in gradients.items()}


def derivative(
    name: str,
    was: str,
    right: str,
    formula: Formula,
    covers: tuple[str, ...] = (),
) -> Mistake:
    """A row with a wrong derivative of activations, formula(operation, z, a, derivative); None keeps the right one."""
    return Mistake(name, was, right, partial(at_activations, formula), covers, formula, Network.up_to_activations)


def at_activations(formula: Formula, network: Network, units: Iterable[Unit] | None = None) -> Iterator[Change]:
    """A wrong derivative of the activations of all units, or of some, for each place."""
    by_unit = network.derivatives(formula)
    return at_places(network, by_unit if units is None else {u: by_unit[u] for u in units if u in by_unit})


def input_(
    name: str, was: str, right: str, *others: Callable[[Network, Occurrence], Sequence[float | None]]
) -> Mistake:
    """A row with other numbers than the inputs for ∂z/∂w: for each term of an occurrence a number, or None."""

    def changes(network: Network) -> Iterator[Change]:
        for other in others:
            if not _may_be(network, partial(other, network)):
                continue
            by_unit = {unit: _by_edge(unit, partial(other, network)) for unit in network.units}
            for change in at_places(network, by_unit, each=False):
                yield replace(change, place="" if change.place == "everywhere" else change.place)

    return Mistake(name, was, right, changes, reach=Network.weights)


def _may_be(network: Network, other: Callable[[Occurrence], Sequence[float | None]]) -> bool:
    """Whether other inputs can give the number of one telling weight; they change its gradient by δ times theirs."""
    weight = min(network.telling, default=None)
    owners = [unit for unit in network.units if weight in unit.weights]
    if weight is None or len(owners) != 1:
        return True
    edges, adjoints, results = _by_edge(owners[0], other), network.sweep.adjoints, network.sweep.results
    moved = (adjoints[results[k]] * (edges[k] - network.partials[k]) for k in network.uses[weight] if k in edges)
    return network.may_be(weight, adjoints[weight] + sum(moved))


def _by_edge(unit: Unit, other: Callable[[Occurrence], Sequence[float | None]]) -> dict[int, float]:
    """Other numbers than the inputs of a unit, by the edges to its weights; None keeps the right one."""
    return {
        k: number
        for o in unit.occurrences
        for k, number in zip(o.products.weight_edges, other(o), strict=False)
        if number is not None
    }


def at_places(network: Network, by_unit: Mapping[Unit, Mapping[int, float]], each: bool = True) -> Iterator[Change]:
    """A change of partials, given by unit, for each place where the mistake can be made; with `each`, also by unit."""
    places: dict[frozenset[Unit], str] = {}
    for place, units in network.places(each):
        members = frozenset(unit for unit in units if by_unit.get(unit))
        if places.get(members, "everywhere") == "everywhere":
            places[members] = place
    for members, place in places.items():
        if not network.tells(members, sent_back=each):
            continue
        if changed := Partials.joined(some for unit, some in by_unit.items() if unit in members).unless_right(
            network.partials
        ):
            yield Change(place, changed)
