"""What every search for a fault looks at: the loss, its parameters, the graph, the units, and the thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from ..chain import CANCELLED, VANISHED
from ..core import Name, Value, unique_names
from ..structure import LossGraph, Unit, Units, ints_of
from .step import Step, gradient_step, planned_step, stepped, taken_step


@dataclass(frozen=True)
class Thresholds:
    """From where on a number is a fault; each stands for a keyword argument of `diagnose`."""

    flat: float = 1e-4  # a slope below this part of the steepest: a hundred steps do the work of a hundredth of one
    flat_once: float = 1e-8  # the same, seen on few examples: half of a double's digits are gone
    few: int = 8  # fewer examples than this show too little of what an input can be
    nearly_all: float = 0.95  # what is so for this share of the examples is so for the unit
    off: float = (
        2.0  # a relu is off for good when its bias outweighs all its inputs together so many times and once more
    )
    asked: float = 1e-3  # an output that the loss asks to move by less than this is where it should be
    vanished: float = VANISHED  # the first layer's gradient next to the last one's
    exploded: float = 1e5  # gradient to weight: a step at a learning rate of 0.001 makes a hundred times the weight
    usual_rate: float = 1e-3  # a gradient has exploded if no step at this learning rate does what it promises
    smallest: float = 1e-2  # weights smaller than this count as this where a gradient is compared with them
    cancelled: float = CANCELLED  # over the number of parameters: among many, one cancels by chance
    lost: float = 1e-10  # from here on 1 - p has fewer than six digits left
    still: float = 1e-3  # gradients below this part of what the examples pull with have come to rest
    constant: float = 1e-2  # outputs that differ by less than this part of what the loss asks of them are the same
    beyond: float = 0.05  # a target outside the output's range by more than this part of its width is out of reach
    dense: float = 0.5  # a feature that is 0 more often than this is sparse: one of many that is always 0 is no fault

    @classmethod
    def of(cls, chosen: dict[str, float]) -> "Thresholds":
        """The usual thresholds but for those chosen; a name that is none of them is a TypeError."""
        known = [entry.name for entry in fields(cls)]
        for name in chosen:
            if name not in known:
                raise TypeError(f"diagnose knows no threshold {name!r}: it takes {', '.join(known)}")
        return cls(**chosen)  # type: ignore[arg-type]


class Case:
    """A loss and its parameters, each once, with all that was computed from the graph between them."""

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
        self.index_of = self.graph.index_of
        self.indices = ints_of(self.index_of.values())  # of the parameters in the graph
        self.missing = [p for p in parameters if p not in self.index_of] if len(self.indices) < len(parameters) else []
        self.units = Units(self.graph, self.index_of)

    @cached_property
    def given(self) -> frozenset[int]:
        """The indices of the parameters in the graph."""
        return frozenset(self.index_of.values())

    @cached_property
    def step(self) -> Step | None:
        """The step that was taken since the loss was computed, or else the one that is planned, if it is known."""
        if self.graph.changed:
            return taken_step(self.graph, self.index_of) if stepped(self.graph, self.index_of) else None
        if self.planned is not None:
            return planned_step(
                self.graph, {self.index_of[p]: x for p, x in self.planned.items() if p in self.index_of}, self.lr
            )
        return None if self.lr is None else gradient_step(self.graph, self.indices, self.lr)

    @cached_property
    def names(self) -> dict[Value, Name]:
        """A name for each parameter: its label, or its place in the list."""
        return unique_names((p, p.label or f"parameter {i}") for i, p in enumerate(self.parameters, 1))

    def groups(self, wanted: Iterable[Value]) -> list[str]:
        """Names of parameters, those of one place under the place's name if all of them are wanted."""
        chosen, places = set(wanted), self.by_place
        found: list[str] = []
        for place, members in places.items():
            inside = [p for p in members if p in chosen]
            found += [place] if place and len(inside) == len(members) > 1 else [self.names[p] for p in inside]
        return found

    @cached_property
    def by_place(self) -> dict[str, list[Value]]:
        """The parameters by the unit that their labels put them in: layer1.neuron3."""
        found: dict[str, list[Value]] = {}
        for p in self.parameters:
            found.setdefault(place(self.names[p]), []).append(p)
        return found

    def gradient(self, p: Value) -> float:
        """The derivative of the loss in a parameter."""
        return self.graph.gradients[self.index_of[p]] if p in self.index_of else 0.0

    def spread(self, p: Value) -> float:
        """The spread of that derivative."""
        return self.graph.spread(self.index_of[p]) if p in self.index_of else 0.0

    def by_layer(self, units: Iterable[Unit]) -> list[list[Unit]]:
        """Units in lists, one a layer."""
        found: dict[str, list[Unit]] = {}
        for unit in units:
            found.setdefault(self.units.layer(unit), []).append(unit)
        return list(found.values())


def place(name: str) -> str:
    """The unit that a parameter's name puts it in, "" if none.

    >>> place("layer1.neuron3.w2"), place("w2")
    ('layer1.neuron3', '')
    """
    inside, _, last = name.rpartition(".")
    return inside if last.isidentifier() else ""
