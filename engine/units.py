"""The units of a network, recognised by their structure: what the same parameters make, example after example.

Nodes of one key are one unit, seen on several examples. A unit's stage counts the layers before it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from .flow import Flow
from .forms import NAMED, Forms, Key
from .formula import unique_names
from .graph import Integers
from .sweeps import smallest

ACTIVATIONS = ("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus")


@dataclass(eq=False)
class Unit:
    """One unit: the places of its pre-activations, one an example, and of the activations made of them."""

    key: Key | str
    among: "Units" = field(repr=False)
    pre: list[int] = field(default_factory=list)
    activations: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its place in the labels, or a label, or what it is made of."""
        return self.among.names[self.key]

    @property
    def layer(self) -> str:
        """The name of its layer."""
        return self.among.layer_of[self.key]


class Units:
    """The units of the graph behind a loss, in the order of creation.

    >>> from engine.value import Value
    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> a = [(w * x + b).tanh() for x in (1.0, 2.0)]
    >>> flow = Flow(a[0] + a[1], [w, b])
    >>> [(unit.name, unit.layer, len(unit.activations)) for unit in Units(flow).all]
    [('unit of w, b', 'unit of w, b', 2)]
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.forms = Forms(flow.layout)
        self._units: dict[Key | str, Unit] = {}
        for key, places in self.forms.pre_activations().items():
            self._unit(key).pre = places
        for op in ACTIVATIONS:
            for name, places in self.forms.activations(flow.of.get(op, [])).items():
                self._unit(name).activations += places
        self.all = list(self._units.values())

    def _unit(self, key: Key | str) -> Unit:
        if key not in self._units:
            self._units[key] = Unit(key, self)
        return self._units[key]

    @cached_property
    def layers(self) -> dict[str, list[Unit]]:
        """The units by layer, first to last."""
        found: dict[str, list[Unit]] = {}
        for unit in sorted(self.all, key=self._stage):
            found.setdefault(unit.layer, []).append(unit)
        return found

    def _stage(self, unit: Unit) -> int:
        return smallest(unit.pre or unit.activations, self._stages)

    @cached_property
    def _stages(self) -> Integers:
        return self.forms.stages()

    @cached_property
    def reaches(self) -> list[float]:
        """How far inputs move each sum, if all pull the same way: Σ|w x|, without the bias."""
        flow, found = self.flow, [0.0] * len(self.flow.nodes)
        for i in flow.interior:
            if not self.forms.is_sum(i):
                continue
            operands, partials = flow.operands(i), flow.partials(i)
            if self.forms.multiplies(i) and flow.nodes[i].op == "dot":
                size = len(operands) // 2
                terms = zip(operands[:size], partials[:size], strict=True)
                found[i] = sum((abs(flow.data[j] * slope) for j, slope in terms), found[operands[-1]])
            elif self.forms.multiplies(i):
                found[i] = abs(flow.data[i])
            else:
                found[i] = sum(abs(slope) * found[j] for j, slope in zip(operands, partials, strict=True))
        return found

    @cached_property
    def deep(self) -> set[int]:
        """The places of what some parameter multiplies further on."""
        found: set[int] = set()
        for i in reversed(self.flow.interior):
            if i in found or self.forms.multiplies(i):
                found.update(self.flow.operands(i))
        return found

    def classes(self, units: Iterable[Unit], mark: Callable[[int], object]) -> dict[Unit, Key]:
        """Equal numbers for those of the units that are built alike of parameters with equal marks, given by place."""
        key_of = {unit: unit.key for unit in units if isinstance(unit.key, int)}
        wanted, stack = set(key_of.values()), list(key_of.values())
        while stack:
            more = [key for key in self.forms.terms(stack.pop()) if key not in wanted]
            wanted.update(more)
            stack += more
        alike: dict[object, Key] = {}
        found: dict[Key, Key] = {}
        for key in sorted(wanted):  # operands first
            terms = self.forms.terms(key)
            form: object = tuple(found[term] for term in terms) if terms else ("mark", mark(self.forms.weights(key)[0]))
            found[key] = alike.setdefault(form, len(alike))
        return {unit: found[key] for unit, key in key_of.items()}

    @cached_property
    def names(self) -> dict[Key | str, str]:
        """The name of each unit, by key."""
        first = {unit.key: self.flow.nodes[(unit.pre or unit.activations)[0]] for unit in self.all}
        names = unique_names((first[key], place) for key, place in self._places.items())
        return {key: names[node] for key, node in first.items()}

    @cached_property
    def layer_of(self) -> dict[Key | str, str]:
        """The name of each unit's layer, by key."""
        found = {key: place.rpartition(".")[0] for key, place in self._places.items()}
        crowd: dict[int, list[Unit]] = {}
        for unit in self.all:
            if not found[unit.key]:
                crowd.setdefault(self._stage(unit), []).append(unit)
        for stage, units in crowd.items():
            name = units[0].name if len(units) == 1 else f"layer {stage}"
            found |= {unit.key: name for unit in units}
        return found

    @cached_property
    def _places(self) -> dict[Key | str, str]:
        return {unit.key: self._place(unit) for unit in self.all}

    def _place(self, unit: Unit) -> str:
        """A unit's name: the place in its labels, or a label, or what it is made of."""
        nodes = self.flow.nodes
        labels = [nodes[i].label for i in [*unit.activations[:1], *map(self._labelled, unit.pre[:1])]]
        labels = [label for label in labels if label]
        labelled = [nodes[i].label for i in self.weights(unit) if nodes[i].label]
        for label in labels + labelled[:1]:
            if match := _PLACE.fullmatch(label):
                return match[1]
        if labels:
            return labels[0]
        more = " …" if len(labelled) > NAMED else ""
        return f"unit of {', '.join(labelled[:NAMED])}{more}" if labelled else "unit"

    def weights(self, unit: Unit) -> tuple[int, ...]:
        """The places of the first few parameters that a unit's sum is made of."""
        return () if isinstance(unit.key, str) else self.forms.weights(unit.key)

    def _labelled(self, i: int, most: int = 100) -> int:
        """The outermost labelled node of a sum, itself if there is none among the first."""
        stack = [i]
        for _ in range(most):
            if not stack:
                break
            j = stack.pop()
            if self.flow.nodes[j].label and self.flow.nodes[j].op:
                return j
            if not self.forms.multiplies(j):
                stack += [k for k in self.flow.operands(j) if self.forms.is_sum(k)]
        return i


_PLACE = re.compile(r"(.+)\.[^\W\d_]{1,2}\d*")  # of layer1.neuron3.w2, layer1.neuron3
