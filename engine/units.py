"""The units of a network, recognised by their structure: what the same parameters make, example after example.

A node's key says which parameters its sum is made of: w * x + b has the key of (w, b), whatever x is. Nodes of one
key are one unit, seen on several examples. A nonlinearity ends a key. A unit's stage counts the layers before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from .flow import Flow
from .formula import unique_names
from .value import Value

Key = int
NAMED = 3  # parameters in the name of a unit without a label
NONE: Key = 0  # the key of data: of what no parameter is a term of

ACTIVATIONS = ("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus")


@dataclass
class Unit:
    """One unit: the positions of its pre-activations, one an example, and of the activations made of them."""

    key: Key | str
    stage: int
    pre: list[int] = field(default_factory=list)
    activations: list[int] = field(default_factory=list)
    name: str = ""
    layer: str = ""


class Units:
    """The units of the graph behind a loss, in the order of creation.

    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> a = [(w * x + b).tanh() for x in (1.0, 2.0)]
    >>> [(unit.name, unit.layer, len(unit.activations)) for unit in Units(Flow(a[0] + a[1]), [w, b]).all]
    [('unit of w, b', 'unit of w, b', 2)]
    """

    def __init__(self, flow: Flow, parameters: Sequence[Value]) -> None:
        self.flow = flow
        self.parameters = {flow.at[p]: k for k, p in enumerate(parameters, 1) if p in flow.at}
        self._known = set(self.parameters)
        self.terms: dict[Key, tuple[Key, ...]] = dict.fromkeys(self.parameters.values(), ())  # operands first
        self.weights: dict[Key | str, tuple[int, ...]] = {k: (i,) for i, k in self.parameters.items()}  # the first few
        self._interned: dict[tuple[Key, ...], Key] = {}
        self._next = len(parameters) + 1
        self.keys: list[Key] = []
        self.multiplies: list[bool] = []  # whether a node multiplies data by a parameter
        self.stages: list[int] = []
        for i, operands in enumerate(flow.operands):
            terms, multiplies = self._terms(i) if operands or i in self.parameters else ((), False)
            self.keys.append(self._intern(terms) if terms else NONE)
            self.multiplies.append(multiplies)
            self.stages.append(max(map(self.stages.__getitem__, operands)) + multiplies if operands else 0)
        self._units: dict[Key | str, Unit] = {}
        self._collect()
        self.all = list(self._units.values())
        self._name()
        self.deep = self._before_others()

    @cached_property
    def layers(self) -> dict[str, list[Unit]]:
        """The units by layer, first to last."""
        found: dict[str, list[Unit]] = {}
        for unit in sorted(self.all, key=lambda unit: unit.stage):
            found.setdefault(unit.layer, []).append(unit)
        return found

    @cached_property
    def reaches(self) -> list[float]:
        """How far inputs move each sum, if all pull the same way: Σ|w x|, without the bias."""
        found = [0.0] * len(self.keys)
        for i in self.flow.interior:
            operands, partials = self.flow.operands[i], self.flow.partials[i]
            if self.multiplies[i] and self.flow.nodes[i].op == "dot":
                size = len(operands) // 2
                terms = zip(operands[:size], partials[:size], strict=True)
                found[i] = sum((abs(self.flow.data[j] * slope) for j, slope in terms), found[operands[-1]])
            elif self.multiplies[i]:
                found[i] = abs(self.flow.data[i])
            elif self.keys[i] != NONE:
                found[i] = sum(abs(slope) * found[j] for j, slope in zip(operands, partials, strict=True))
        return found

    def classes(self, marks: Mapping[int, object]) -> dict[Key | str, Key]:
        """Equal numbers for keys that are built alike of parameters with equal `marks`, which are by position."""
        alike: dict[object, Key] = {}
        found: dict[Key | str, Key] = {}
        for key, terms in self.terms.items():
            form: object = tuple(found[term] for term in terms) if terms else ("mark", marks[self.weights[key][0]])
            found[key] = alike.setdefault(form, len(alike))
        return found

    def _terms(self, i: int) -> tuple[Sequence[Key], bool]:
        """The keys that a node adds up, and whether it multiplies data by a parameter."""
        op, operands = self.flow.nodes[i].op, self.flow.operands[i]
        if i in self.parameters:
            return [self.parameters[i]], False
        if op in ("add", "sub", "neg", "sum"):
            return [key for j in operands if (key := self.keys[j])], False
        if op == "mul":
            return self._product(*operands)
        if op == "div":
            return self._scaled(*operands), False
        if op == "dot":
            size = len(operands) // 2
            return self._dot(operands[:size], operands[size:-1], operands[-1])
        return (), False

    def _dot(self, weights: Sequence[int], inputs: Sequence[int], bias: int) -> tuple[Sequence[Key], bool]:
        if self._known.issuperset(weights) and self._known.isdisjoint(inputs):  # a layer's, which most are
            return [*map(self.parameters.__getitem__, weights), *self._key(bias)], True
        products = [self._product(a, b) for a, b in zip(weights, inputs, strict=True)]
        keys = [key for terms, _ in products for key in terms]
        return [*keys, *self._key(bias)], any(multiplies for _, multiplies in products)

    def _product(self, a: int, b: int) -> tuple[Sequence[Key], bool]:
        if a in self.parameters:
            return ((), False) if b in self.parameters else ((self.parameters[a],), True)  # w * w is a penalty, no unit
        if b in self.parameters:
            return (self.parameters[b],), True
        return self._scaled(a, b) or self._scaled(b, a), False

    def _scaled(self, a: int, b: int) -> Sequence[Key]:
        """The key of a sum times a number that is given."""
        return self._key(a) if not self.flow.operands[b] and b not in self.parameters else ()

    def _key(self, i: int) -> Sequence[Key]:
        return (self.keys[i],) if self.keys[i] != NONE else ()

    def _intern(self, terms: Sequence[Key]) -> Key:
        """The key of a sum of keys: that of its only one, or one that is made when they first come together."""
        if len(terms) == 1:
            return terms[0]
        terms = tuple(terms)
        if terms not in self._interned:
            self._interned[terms] = self._next
            self.terms[self._next] = terms
            first = (position for term in terms for position in self.weights[term])
            self.weights[self._next] = tuple(islice(first, NAMED + 1))
            self._next += 1
        return self._interned[terms]

    def _collect(self) -> None:
        """A pre-activation is a sum that something else than a sum is made of."""
        seen = set()
        for i in self.flow.interior:
            if self.keys[i] == NONE or self.multiplies[i]:
                for j in self.flow.operands[i]:
                    if self.keys[j] != NONE and j not in self.parameters and j not in seen:
                        seen.add(j)
                        self._unit(self.keys[j], j).pre.append(j)
            node = self.flow.nodes[i]
            if node.op in ACTIVATIONS:
                (j,) = self.flow.operands[i]
                name = node.label or self.flow.nodes[j].label
                if self.keys[j] != NONE or name:
                    self._unit(self.keys[j] or name, j).activations.append(i)

    def _unit(self, key: Key | str, i: int) -> Unit:
        if key not in self._units:
            self._units[key] = Unit(key, self.stages[i])
        unit = self._units[key]
        unit.stage = min(unit.stage, self.stages[i])
        return unit

    def _name(self) -> None:
        first = {unit.key: self.flow.nodes[(unit.pre + unit.activations)[0]] for unit in self.all}
        names = unique_names((first[unit.key], self._place(unit)) for unit in self.all)
        for unit in self.all:
            unit.name = names[first[unit.key]]
            unit.layer = unit.name.rpartition(".")[0]
        crowd: dict[int, list[Unit]] = {}
        for unit in self.all:
            if not unit.layer:
                crowd.setdefault(unit.stage, []).append(unit)
        for stage, units in crowd.items():
            for unit in units:
                unit.layer = units[0].name if len(units) == 1 else f"layer {stage}"

    def _place(self, unit: Unit) -> str:
        """A unit's name: the place in its labels, or a label, or what it is made of."""
        nodes = self.flow.nodes
        labels = [nodes[i].label for i in [*unit.activations[:1], *map(self._labelled, unit.pre[:1])]]
        labels = [label for label in labels if label]
        labelled = [nodes[i].label for i in self.weights.get(unit.key, ()) if nodes[i].label]
        places = [match[1] for label in labels + labelled[:1] if (match := _PLACE.fullmatch(label))]
        if places or labels:
            return (places or labels)[0]
        more = " …" if len(labelled) > NAMED else ""
        return f"unit of {', '.join(labelled[:NAMED])}{more}" if labelled else "unit"

    def _labelled(self, i: int, most: int = 100) -> int:
        """The outermost labelled node of a sum, itself if there is none among the first."""
        stack = [i]
        for _ in range(most):
            if not stack:
                break
            j = stack.pop()
            if self.flow.nodes[j].label and self.flow.nodes[j].op:
                return j
            if not self.multiplies[j]:
                stack += [k for k in self.flow.operands[j] if self.keys[k] != NONE and k not in self.parameters]
        return i

    def _before_others(self) -> set[int]:
        """The nodes that some parameter multiplies further on."""
        found: set[int] = set()
        for i in reversed(self.flow.interior):
            if i in found or self.multiplies[i]:
                found.update(self.flow.operands[i])
        return found


_PLACE = re.compile(r"(.+)\.[^\W\d_]{1,2}\d*")  # of layer1.neuron3.w2, layer1.neuron3
