"""The units of a network, recognised by their structure: what the same parameters make, example after example.

A node's key says which parameters its sum is made of: w * x + b has the key of (w, b), whatever x is. Nodes of one
key are one unit, seen on several examples. A nonlinearity ends a key. A unit's stage counts the layers before it.

A node's form is its operation and the forms of its operands. All that is asked of a node here is known of its form,
and a network has few: the examples repeat them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from .flow import Flow
from .formula import unique_names

Key = int
NAMED = 3  # parameters in the name of a unit without a label
NONE: Key = 0  # the key of data: of what no parameter is a term of

Form = int
COMPUTED, GIVEN = 0, 1  # the forms of data: the result of an operation, and a number; those of parameters follow

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
        self.parameters = {i: k for k, i in enumerate(flow.places.values(), 1)}
        self.terms: dict[Key, tuple[Key, ...]] = dict.fromkeys(self.parameters.values(), ())  # operands first
        self.weights: dict[Key | str, tuple[int, ...]] = {k: (i,) for i, k in self.parameters.items()}  # the first few
        self._interned: dict[tuple[Key, ...], Key] = {}
        self._keys: list[Key] = [NONE, NONE, *self.terms]  # by form
        self._multiplies = [False] * len(self._keys)  # whether it is data multiplied by a parameter
        self.forms, ends = self._read()
        self._units: dict[Key | str, Unit] = {}
        self._collect(ends)
        self.all = list(self._units.values())

    def multiplies(self, i: int) -> bool:
        """Whether the node at place i multiplies data by a parameter."""
        return self._multiplies[self.forms[i]]

    def _read(self) -> tuple[list[Form], list[int]]:
        """The form of every node, and the places where sums end: where something else than a sum is made of them."""
        flow, many, ends = self.flow, self.flow.many, list[int]()
        forms: list[Form] = [GIVEN] * len(flow.nodes) + [COMPUTED]  # the last is what the place -1 points to
        for i, k in self.parameters.items():
            forms[i] = GIVEN + k
        computed = {i for i in self.parameters if i in flow.interior}
        known: dict[tuple[Any, ...], Form] = {}  # where sums end, ~form stands for the form
        for i, (node, a, b) in enumerate(zip(flow.nodes, flow.left, flow.right)):  # noqa: B905  not the leaves
            made: tuple[Any, ...] = (node.op, forms[a], forms[b]) if a >= 0 else (node.op, *[forms[j] for j in many[i]])
            form = known.get(made)
            if form is None:
                form = known[made] = self._form(*made)
            if form < 0:
                ends.append(i)
                form = ~form
            if i not in computed:
                forms[i] = form
        return forms, ends

    def _form(self, op: str, *operands: Form) -> Form:
        """The form that an operation on these makes, or ~form if sums end there."""
        terms, multiplies = self._terms(op, operands)
        form = COMPUTED
        if terms:
            form = len(self._keys)
            self._keys.append(self._intern(terms))
            self._multiplies.append(multiplies)
        ends = (multiplies or not terms) and any(self._is_sum(operand) for operand in operands)
        return ~form if ends else form

    def _terms(self, op: str, operands: Sequence[Form]) -> tuple[Sequence[Key], bool]:
        """The keys that an operation adds up, and whether it multiplies data by a parameter."""
        if op in ("add", "sub", "neg", "sum"):
            return [*self._own(*operands)], False
        if op == "mul":
            return self._product(*operands)
        if op == "div":
            return self._scaled(*operands), False
        if op == "dot":
            size = len(operands) // 2
            products = [self._product(a, b) for a, b in zip(operands[:size], operands[size:-1], strict=True)]
            keys = [key for terms, _ in products for key in terms]
            return [*keys, *self._own(operands[-1])], any(multiplies for _, multiplies in products)
        return (), False

    def _product(self, a: Form, b: Form) -> tuple[Sequence[Key], bool]:
        if self._is_parameter(a):
            return ((), False) if self._is_parameter(b) else ((self._keys[a],), True)  # w * w is a penalty, no unit
        if self._is_parameter(b):
            return (self._keys[b],), True
        return self._scaled(a, b) or self._scaled(b, a), False

    def _scaled(self, a: Form, b: Form) -> Sequence[Key]:
        """The key of a sum times a number that is given."""
        return [*self._own(a)] if b == GIVEN else ()

    def _own(self, *forms: Form) -> Iterator[Key]:
        return (key for form in forms if (key := self._keys[form]) != NONE)

    def _is_parameter(self, form: Form) -> bool:
        return GIVEN < form <= GIVEN + len(self.parameters)

    def _is_sum(self, form: Form) -> bool:
        return self._keys[form] != NONE and not self._is_parameter(form)

    def _intern(self, terms: Sequence[Key]) -> Key:
        """The key of a sum of keys: that of its only one, or one that is made when they first come together."""
        if len(terms) == 1:
            return terms[0]
        terms = tuple(terms)
        if terms not in self._interned:
            key = self._interned[terms] = len(self.terms) + 1
            self.terms[key] = terms
            first = (place for term in terms for place in self.weights[term])
            self.weights[key] = tuple(islice(first, NAMED + 1))
        return self._interned[terms]

    def _collect(self, ends: Sequence[int]) -> None:
        """A pre-activation is a sum that something else than a sum is made of."""
        flow, forms, seen = self.flow, self.forms, set[int]()
        sums = [key if self._is_sum(form) else NONE for form, key in enumerate(self._keys)]
        for i in ends:
            a, b = flow.left[i], flow.right[i]
            for j in (a, b) if a >= 0 else flow.many[i]:
                key = sums[forms[j]]
                if key and j not in seen:
                    seen.add(j)
                    self._unit(key).pre.append(j)
        for op in ACTIVATIONS:
            for i in flow.of.get(op, ()):
                j = flow.left[i]
                name = self._keys[forms[j]] or flow.nodes[i].label or flow.nodes[j].label
                if name:
                    self._unit(name).activations.append(i)

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
        return min(self._stages[i] for i in unit.pre or unit.activations)

    @cached_property
    def _stages(self) -> list[int]:
        """How often data was multiplied by a parameter on the way to each place."""
        flow, multiplies = self.flow, self._multiplies
        stages = [0] * len(self.forms)
        for i, (a, b, form) in enumerate(zip(flow.left, flow.right, self.forms)):  # noqa: B905  not the leaves
            if a >= 0:
                first, second = stages[a], stages[b]
                stages[i] = (first if first > second else second) + multiplies[form]
            else:
                stages[i] = max([stages[j] for j in flow.many[i]]) + multiplies[form]
        return stages

    @cached_property
    def reaches(self) -> list[float]:
        """How far inputs move each sum, if all pull the same way: Σ|w x|, without the bias."""
        flow, found = self.flow, [0.0] * len(self.flow.nodes)
        for i in flow.interior:
            if self.forms[i] == COMPUTED:
                continue
            operands, partials = flow.operands(i), flow.partials(i)
            if self.multiplies(i) and flow.nodes[i].op == "dot":
                size = len(operands) // 2
                terms = zip(operands[:size], partials[:size], strict=True)
                found[i] = sum((abs(flow.data[j] * slope) for j, slope in terms), found[operands[-1]])
            elif self.multiplies(i):
                found[i] = abs(flow.data[i])
            else:
                found[i] = sum(abs(slope) * found[j] for j, slope in zip(operands, partials, strict=True))
        return found

    @cached_property
    def deep(self) -> set[int]:
        """The places of what some parameter multiplies further on."""
        found: set[int] = set()
        for i in reversed(self.flow.interior):
            if i in found or self.multiplies(i):
                found.update(self.flow.operands(i))
        return found

    def classes(self, marks: Mapping[int, object]) -> dict[Key | str, Key]:
        """Equal numbers for keys that are built alike of parameters with equal `marks`, which are by place."""
        alike: dict[object, Key] = {}
        found: dict[Key | str, Key] = {}
        for key, terms in self.terms.items():
            form: object = tuple(found[term] for term in terms) if terms else ("mark", marks[self.weights[key][0]])
            found[key] = alike.setdefault(form, len(alike))
        return found

    @cached_property
    def names(self) -> dict[Key | str, str]:
        """The name of each unit, by key."""
        first = {unit.key: self.flow.nodes[(unit.pre + unit.activations)[0]] for unit in self.all}
        names = unique_names((first[unit.key], self._place(unit)) for unit in self.all)
        return {key: names[node] for key, node in first.items()}

    @cached_property
    def layer_of(self) -> dict[Key | str, str]:
        """The name of each unit's layer, by key."""
        found = {unit.key: unit.name.rpartition(".")[0] for unit in self.all}
        crowd: dict[int, list[Unit]] = {}
        for unit in self.all:
            if not found[unit.key]:
                crowd.setdefault(self._stage(unit), []).append(unit)
        for stage, units in crowd.items():
            name = units[0].name if len(units) == 1 else f"layer {stage}"
            found |= {unit.key: name for unit in units}
        return found

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
            if not self.multiplies(j):
                stack += [k for k in self.flow.operands(j) if self._is_sum(self.forms[k])]
        return i


_PLACE = re.compile(r"(.+)\.[^\W\d_]{1,2}\d*")  # of layer1.neuron3.w2, layer1.neuron3
