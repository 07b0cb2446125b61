"""The context of every search for a fault: the loss, its parameters, the graph, the units, and the thresholds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

from ..chain import CANCELLED, VANISHED
from ..core import Value, unique_labels, within
from ..structure import Ints, LossGraph, Unit, Units, where
from .step import Step, gradient_step, planned_step, stepped, taken_step

T = TypeVar("T")


@dataclass(frozen=True)
class Thresholds:
    """The thresholds from which a number is a fault; each is a keyword argument of `diagnose`."""

    flat: float = 1e-4  # a slope below this fraction of the steepest is flat
    flat_once: float = 1e-8  # the same with few examples; half of a double's digits are lost
    few: int = 8  # fewer examples than this show too little of an input's range
    nearly_all: float = 0.95  # a unit has a property if this fraction of the examples has it
    off: float = 2.0  # a relu is off for good if its z is below -off * Σ|w x|
    asked: float = 1e-3  # an output whose gradient is smaller than this is right
    vanished: float = VANISHED  # ratio of the first layer's gradient to the last one's
    exploded: float = (
        1e5  # ratio of gradient to weight: a step at a learning rate of 0.001 is a hundred times the weight
    )
    usual_rate: float = 1e-3  # a gradient has exploded if no step at this learning rate does what it promises
    smallest: float = 1e-2  # weights smaller than this count as this where a gradient is compared with them
    cancelled: float = CANCELLED  # divided by the number of parameters, since among many one cancels by chance
    lost: float = 1e-10  # below this, 1 - p has fewer than six digits
    still: float = 1e-3  # a gradient below this fraction of the examples' pulls counts as 0
    constant: float = 1e-2  # a loss this near, relatively, to that of a constant output is no better
    beyond: float = 0.05  # a target outside the output's range by more than this fraction of its width is out of reach
    dense: float = (
        0.5  # a feature with more zeros than this is sparse, and a sparse feature that is always 0 is no fault
    )

    @classmethod
    def of(cls, chosen: dict[str, float]) -> "Thresholds":
        """The default thresholds with those chosen replaced; an unknown name is a TypeError."""
        known = [entry.name for entry in fields(cls)] if chosen else []
        for name in chosen:
            if name not in known:
                raise TypeError(f"diagnose knows no threshold {name!r}: it takes {', '.join(known)}")
        numbers = {name: within(number, name) for name, number in chosen.items()}
        return cls(**numbers)  # type: ignore[arg-type]


class Case:
    """A loss and its parameters without duplicates, and everything computed from the graph between them."""

    def __init__(
        self,
        loss: Value,
        parameters: Sequence[Value],
        limits: Thresholds,
        lr: float | None = None,
        planned: Mapping[Value, float] | None = None,
    ) -> None:
        self.loss, self.parameters, self.limits, self.lr, self.planned = loss, parameters, limits, lr, planned
        self.graph = LossGraph(loss, parameters)
        self._found: dict[Any, Any] = {}
        self.indices = self.graph.parameters
        self.units = Units(self.graph, self.indices)

    def once(self, search: "Callable[[Case], T]") -> T:
        """What a search finds, kept for the next one that asks."""
        if search not in self._found:
            self._found[search] = search(self)
        found: T = self._found[search]
        return found

    @cached_property
    def index_of(self) -> dict[Value, int]:
        """The indices of the parameters in the graph."""
        return self.graph.index_of

    @cached_property
    def absent(self) -> list[int]:
        """The positions, in the list of parameters, of those that are not in the graph."""
        return list(where(self.graph.flattened.wanted, -1))[::-1]

    @cached_property
    def missing(self) -> list[Value]:
        """The parameters that are not in the graph."""
        return [self.parameters[n] for n in self.absent]

    @cached_property
    def given(self) -> frozenset[int]:
        """The indices of the parameters in the graph, as a set."""
        return frozenset(self.indices)

    @cached_property
    def arguments(self) -> Ints:
        """By index, the only sum that a node is computed from, -1 if there is none."""
        return self.units.forms.arguments(self.graph.depends)

    @cached_property
    def stepped(self) -> bool:
        """Whether the changes since the loss was computed look like an optimiser's step."""
        return stepped(self.graph, self.given)

    @cached_property
    def step(self) -> Step | None:
        """The step taken since the loss was computed, else the planned one, else None."""
        if self.graph.changed:
            return taken_step(self.graph, self.indices) if self.stepped else None
        if self.planned is not None:
            return planned_step(
                self.graph, {self.index_of[p]: x for p, x in self.planned.items() if p in self.index_of}, self.lr
            )
        return None if self.lr is None else gradient_step(self.graph, self.indices, self.lr)

    @cached_property
    def labels(self) -> list[str]:
        """The label of each parameter, by its position in the list."""
        return [p.label for p in self.parameters]

    @cached_property
    def names(self) -> Mapping[Value, str]:
        """A name for each parameter: its label, or its index in the list."""
        named = [label or f"parameter {i}" for i, label in enumerate(self.labels, 1)]
        return unique_labels(dict(zip(self.parameters, named, strict=True)))

    def groups(self, wanted: Iterable[Value]) -> list[str]:
        """Names of parameters; a unit's name stands for all of its parameters."""
        chosen = set(wanted)
        found: list[str] = []
        for unit, members in self.by_unit.items():
            if unit and len(members) > 1 and chosen.issuperset(members):
                found.append(unit)
            else:
                found += [self.names[p] for p in members if p in chosen]
        return found

    @cached_property
    def by_unit(self) -> dict[str, list[Value]]:
        """The parameters by the unit that their labels put them in: layer1.neuron3."""
        found, names = defaultdict[str, list[Value]](list), self.names
        for p in self.parameters:
            found[unit_in(names[p])].append(p)
        return found

    def in_modules(self, text: str, by_hand: str = "") -> str:
        """The part of a remedy that names arguments of nn's modules, if the labels are theirs; else the other part."""
        return text if any(map(unit_in, filter(None, self.labels))) else by_hand

    def gradient(self, p: Value) -> float:
        """The derivative of the loss with respect to a parameter."""
        return self.graph.gradients[self.index_of[p]] if p in self.index_of else 0.0

    def spread(self, p: Value) -> float:
        """The spread of that derivative."""
        return self.graph.spread(self.index_of[p]) if p in self.index_of else 0.0

    def by_layer(self, units: Iterable[Unit]) -> list[list[Unit]]:
        """Units in lists, one for each layer."""
        found: dict[int, list[Unit]] = {}
        for unit in units:
            found.setdefault(self.units.layer_of(unit), []).append(unit)
        return list(found.values())


def unit_in(name: str) -> str:
    """The unit that a parameter's name puts it in, "" if none.

    >>> unit_in("layer1.neuron3.w2"), unit_in("w2")
    ('layer1.neuron3', '')
    """
    inside, _, last = name.rpartition(".")
    return inside if last.isidentifier() else ""
