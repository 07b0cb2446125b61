"""What a row of the catalogue is: a name, what was done and what is right in words, and where it changes the sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from ..layers import Occurrence
from ..network import Network

Gradients: TypeAlias = dict[int, float]  # by node


@dataclass(frozen=True, eq=False)
class Change:
    """One mistake at one place: what it changes in the reverse sweep, or in what that gives.

    `partials` are by edge and `adjoints` by node; with `only`, the gradients of other parameters are the right ones.
    `after` changes the gradients found. `solve` takes the right gradients, the learner's and their tolerances; it finds
    the gradients that come nearest, and the place, which says the number found for that.
    """

    place: str
    partials: Mapping[int, float] = field(default_factory=dict)
    adjoints: Mapping[int, float] = field(default_factory=dict)
    only: frozenset[int] | None = None
    after: Callable[[Gradients], Gradients] | None = None
    solve: Callable[[Gradients, Gradients, Gradients], tuple[Gradients, str] | None] | None = None


@dataclass(frozen=True, eq=False)
class Mistake:
    """A row: `was` continues "if ..." and holds the place as {place}; `right` says what belongs there.

    Where both fit, those in `covers` go without saying: they are the same in other words.
    """

    name: str
    was: str
    right: str
    changes: Callable[[Network], Iterable[Change]]
    covers: tuple[str, ...] = ()


def scale(
    name: str,
    was: str,
    right: str,
    factors: Callable[[Network], Iterable[tuple[str, float]]],
    covers: tuple[str, ...] = (),
) -> Mistake:
    """A row that multiplies all gradients by a number."""

    def changes(network: Network) -> Iterator[Change]:
        for place, factor in factors(network):
            yield Change(place, after=partial(_scaled, factor))

    return Mistake(name, was, right, changes, covers)


def _scaled(factor: float, gradients: Gradients) -> Gradients:
    return {i: factor * g for i, g in gradients.items()}


def derivative(name: str, was: str, right: str, formula: Callable[[str, float, float, float], float | None]) -> Mistake:
    """A row that takes another derivative of activations: formula(operation, z, a, derivative), None to leave it."""

    def changes(network: Network) -> Iterator[Change]:
        data, partials, starts = network.data, network.partials, network.sweep.starts

        def other(o: Occurrence) -> float | None:
            a = o.activation
            return None if a is None else formula(network.ops[a], data[o.z], data[a], partials[starts[a]])

        for place, units in network.places():
            if edges := network.changed(units, other):
                yield Change(place, edges)

    return Mistake(name, was, right, changes)


def input_(name: str, was: str, right: str, other: Callable[[Network, Occurrence, int], float | None]) -> Mistake:
    """A row that takes another number than its input for ∂z/∂w: other(network, occurrence, which term)."""

    def changes(network: Network) -> Iterator[Change]:
        seen = set[frozenset[int]]()
        for place, units in network.places(each=0):
            edges = {}
            for unit in units:
                for o in unit.occurrences:
                    for n, term in enumerate(o.terms):
                        if (number := other(network, o, n)) is not None:
                            edges[term.weight_edge] = number
            if edges and frozenset(edges) not in seen:
                seen.add(frozenset(edges))
                yield Change("" if place == "everywhere" else place, edges)

    return Mistake(name, was, right, changes)
