"""One unit of a network, and one layer of units."""

from dataclasses import dataclass, field
from functools import cached_property

from .arrays import Ints
from .linear_forms import Key
from .weighted_sums import Columns, Occurrence, WeightedSums


@dataclass(eq=False)
class Unit:
    """One unit: the indices of its pre-activations, one for each example, and of their activations.

    `first` is the index of its first weighted sum, and their count; -1 and 0 for a sum without weights.
    """

    number: int
    key: Key | str
    sums: WeightedSums = field(repr=False)  # which reads its sums
    pre: Ints
    activations: Ints
    first: tuple[int, int]

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Its weighted sums in the order of creation, one for each example or step; none for a sum without weights."""
        return self.sums.occurrences(self.pre)

    @cached_property
    def weights(self) -> set[int]:
        """The parameters that multiply its inputs."""
        return self._leaves(self._distinct.weight_edges)

    @cached_property
    def own(self) -> set[int]:
        """Its weights and biases."""
        return self.weights | self.biases

    @cached_property
    def biases(self) -> set[int]:
        """The parameters that are added to its sum."""
        return self._leaves(self._distinct.bias_edges)

    def _leaves(self, edges: Ints) -> set[int]:
        return set(map(self.sums.graph.flattened.operands.__getitem__, edges))

    @cached_property
    def _distinct(self) -> Columns:
        return self.sums.distinct(self.pre)

    @cached_property
    def columns(self) -> Columns:
        """The products and biases of its occurrences."""
        return self.occurrences[0].columns


@dataclass(eq=False)
class Layer:
    """Units of one stage, one activation and one number of occurrences; `number` counts from 1."""

    number: int
    units: list[Unit]

    @property
    def name(self) -> str:
        """Its name without labels."""
        return f"layer {self.number}"

    @cached_property
    def own(self) -> set[int]:
        """The weights and biases of its units."""
        return set().union(*(unit.own for unit in self.units))

    @cached_property
    def biases(self) -> set[int]:
        """The parameters that are added to their sums."""
        return set().union(*(unit.biases for unit in self.units))

    @cached_property
    def steps(self) -> list[list[tuple[Unit, Occurrence]]]:
        """By example, or by step, the units with their occurrences."""
        most = max(len(unit.occurrences) for unit in self.units)
        return [[(u, u.occurrences[t]) for u in self.units if t < len(u.occurrences)] for t in range(most)]
