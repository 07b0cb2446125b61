"""The units and layers of a network, recognised by structure: sums of the same parameters, repeated for each example.

Nodes of one key are one unit, seen on several examples. Its stage counts the layers before it. Labels only give names.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

from ..core import Value, unique_names
from .arrays import Floats, Groups, Ints, ints_of, new_ints
from .groups import by_number, equal_rows, group_numbers, lowest
from .linear_forms import NAMED, Forms, Key
from .loss_graph import LossGraph
from .scans import arguments, equals, holding, taken, where
from .unit import Layer, Unit
from .weighted_sums import ACTIVATIONS, WeightedSums


class Units:
    """The units of the graph behind a loss, in the order of creation; `parameters` are their indices.

    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> a = [(w * x + b).tanh() for x in (1.0, 2.0)]
    >>> graph = LossGraph(a[0] + a[1], [w, b])
    >>> units = Units(graph, graph.parameters)
    >>> [(units.name(unit), units.layer(unit), len(unit.activations), len(unit.own)) for unit in units.all]
    [('unit of w, b', 'unit of w, b', 2, 2)]
    """

    def __init__(self, graph: LossGraph, parameters: Ints) -> None:
        self.graph = graph
        self.forms = Forms(graph.flattened, parameters)
        self.weighted_sums = WeightedSums(graph, self.forms)
        self.keys: list[Key | str] = []  # by unit
        self._numbers = self.forms.no_numbers()  # by key
        self.pre, self.activated = self._read()
        self._units: dict[int, Unit] = {}

    def _read(self) -> tuple[Groups, Groups]:
        """The pre-activations and the activations of each unit; those without a sum of parameters go by label."""
        graph, known = self.graph, self._numbers
        sums, numbers, indices = where(self.forms.complete, 1), new_ints(0), new_ints(0)
        of_sums, by_label = self.forms.numbers(sums, known, self.keys), dict[str, int]()
        for op in filter(graph.ops.__contains__, ACTIVATIONS):
            found = self.forms.numbers(arguments(graph.flattened, graph.of(op)), known, self.keys)
            for n, label in self.forms.labels(graph.of(op), found):
                if label not in by_label:
                    self.keys.append(label)
                found[n] = by_label.setdefault(label, len(self.keys))
            numbers, indices = numbers + found, indices + graph.of(op)
        return by_number(of_sums, sums, len(self.keys)), by_number(numbers, indices, len(self.keys))

    @cached_property
    def all(self) -> list[Unit]:
        """All units."""
        return list(map(self.unit, range(len(self.keys))))

    def unit(self, n: int) -> Unit:
        """The unit with a number."""
        if n not in self._units:
            self._units[n] = Unit(
                n, self.keys[n], self.weighted_sums, self.pre.of(n), self.activated.of(n), self.first(n)
            )
        return self._units[n]

    def first(self, n: int) -> tuple[int, int]:
        """The index of a unit's first weighted sum, and their count; -1 and 0 without any."""
        return self._firsts[0][n], self._firsts[1][n]

    def number_of(self, i: int) -> int | None:
        """The number of the unit with sums like the one at index i; None if there is none."""
        (number,) = self.numbers_of(ints_of([i]))
        return number - 1 if number else None

    def numbers_of(self, indices: Ints) -> Ints:
        """The numbers of the units with sums like those at these indices, from 1; 0 if there is none."""
        return taken(self._numbers, self.forms.keys(indices))

    @cached_property
    def _firsts(self) -> tuple[Ints, Ints]:
        """By unit, the index of its first weighted sum, and their count."""
        return self.weighted_sums.firsts(self.pre)

    def name(self, unit: Unit) -> str:
        """Its name in the labels, or a label, or the parameters it uses."""
        return self._names[unit.key]

    def layer(self, unit: Unit) -> str:
        """The name of its layer."""
        return self._layers[unit.key]

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers, first to last, and after them the sums without weights."""
        groups = map(self.by_layer.of, range(len(self.by_layer.starts) - 1))
        return [Layer(n, sorted(map(self.unit, group), key=self._age)) for n, group in enumerate(groups, 1)]

    @cached_property
    def by_layer(self) -> Groups:
        """The numbers of the units in each layer, by stage, function and count; those without weights come last."""
        firsts, counts = self._firsts
        return equal_rows((equals(counts, 0), self._stages, self.weighted_sums.functions(firsts), counts))

    @cached_property
    def layer_numbers(self) -> Ints:
        """The number of the layer of each unit, from 1."""
        return group_numbers(self.by_layer)

    def layer_of(self, unit: Unit) -> int:
        """The index of its layer."""
        return self.layer_numbers[unit.number] - 1

    def layer_size(self, unit: Unit) -> int:
        """How many units its layer has."""
        return len(self.by_layer.of(self.layer_of(unit)))

    def _age(self, unit: Unit) -> int:
        return self.graph.nodes[unit.first[0] if unit.first[1] else (unit.pre or unit.activations)[0]].serial

    @property
    def has_layers(self) -> bool:
        """Whether some units come after others."""
        stages = self._stages
        return len(stages) > 0 and len(where(stages, stages[0])) < len(stages)

    def stage(self, unit: Unit) -> int:
        """The number of layers before it."""
        return self._stages[unit.number]

    @property
    def at_data(self) -> list[int]:
        """The numbers of the units that come after no other."""
        import numpy as np

        found: list[int] = np.flatnonzero(np.asarray(self._stages) <= 1).tolist()
        return found

    @cached_property
    def _stages(self) -> Ints:
        """By unit, the number of layers before it."""
        return lowest(self.pre, self.activated, self.stages)

    @cached_property
    def stages(self) -> Ints:
        """The number of layers before each node, by index."""
        return self.forms.stages()

    @cached_property
    def reaches(self) -> Floats:
        """The largest change of each sum that its inputs can cause: Σ|w x|, without the bias."""
        return self.forms.reaches()

    @cached_property
    def deep(self) -> Ints:
        """1 at the indices of nodes that a parameter multiplies later."""
        return self.forms.multiplied()

    def first_parameters(self, numbers: Sequence[int]) -> list[int]:
        """The first parameter of these units with sums, by its position in the list."""
        import numpy as np

        starts, members = map(np.asarray, self.forms.sums)
        size = len(self.forms.parameters)
        first = np.arange(self.forms.last_key + 1)
        first[size + 1 :] = members[starts[: self.forms.last_key - size]]
        found = first[np.asarray([self.keys[n] for n in numbers], int)]
        while len(found) and found.max() > size:
            first = first[first]
            found = first[found]
        positions: list[int] = (found - 1).tolist()
        return positions

    def using(self, parameters: Collection[int]) -> list[Unit]:
        """The units in whose sums one of these parameters is."""
        forms = self.forms
        marks, last = forms.no_numbers(), forms.last_key - len(forms.parameters)
        for key, i in enumerate(forms.parameters, 1):
            marks[key] = i in parameters
        holds = holding(marks, Groups(forms.sums.starts[: last + 1], forms.sums.members))
        return [self.unit(n) for n, key in enumerate(self.keys) if isinstance(key, int) and holds[key]]

    def classes(self, units: Iterable[Unit], mark: Callable[[int], object]) -> dict[Unit, Key]:
        """The class of each unit: units of equal structure share a number, if their parameters have equal marks.

        `mark` takes the position of a parameter in the list.
        """
        key_of = {unit: unit.key for unit in units if isinstance(unit.key, int)}
        wanted, stack = set(key_of.values()), list(key_of.values())
        while stack:
            more = [key for key in self.forms.terms(stack.pop()) if key not in wanted]
            wanted.update(more)
            stack += more
        classes: dict[object, Key] = {}
        found: dict[Key, Key] = {}
        for key in sorted(wanted):  # operands first
            terms = self.forms.terms(key)
            form: object = tuple(found[term] for term in terms) if terms else ("mark", mark(key - 1))
            found[key] = classes.setdefault(form, len(classes))
        return {unit: found[key] for unit, key in key_of.items()}

    @cached_property
    def _names(self) -> dict[Key | str, str]:
        """The name of each unit, by key."""
        first = {unit.key: self.graph.nodes[(unit.pre or unit.activations)[0]] for unit in self.all}
        names = unique_names({first[key]: path for key, path in self._paths.items()})
        return {key: names[node] for key, node in first.items()}

    @cached_property
    def _layers(self) -> dict[Key | str, str]:
        """The name of each unit's layer, by key."""
        found = {key: path.rpartition(".")[0] for key, path in self._paths.items()}
        if all(found.values()):
            return found
        for layer in self.layers:
            units = [unit for unit in layer.units if not found[unit.key]]
            name = self.name(units[0]) if len(units) == 1 else layer.name
            found |= {unit.key: name for unit in units}
        return found

    @cached_property
    def _paths(self) -> dict[Key | str, str]:
        """The layer and name of each unit, by key, from the labels, else numbered."""
        found = {unit.key: self._labels(unit) for unit in self.all}
        if not all(found.values()):
            for layer in self.layers:
                unnamed = [unit.key for unit in layer.units if not found[unit.key]]
                found |= {key: f"layer{layer.number}.neuron{n}" for n, key in enumerate(unnamed, 1)}
        return found

    def _labels(self, unit: Unit) -> str:
        """A unit's name from the labels: its module, or a label, or its parameters; "" without labels."""
        nodes = self.graph.nodes
        outputs = [*unit.activations[:1], *map(self._labelled, unit.pre[:1])] if self.graph.flattened.labelled else ()
        labels = [label for i in outputs if (label := nodes[i].label)]
        labelled = [label for i in self.first_weights(unit) if (label := nodes[i].label)]
        for label in labels + labelled[:1]:
            if match := _MEMBER.fullmatch(label):
                return match[1]
        if labels:
            return labels[0]
        more = " …" if len(labelled) > NAMED else ""
        return f"unit of {', '.join(labelled[:NAMED])}{more}" if labelled else ""

    def first_weights(self, unit: Unit) -> tuple[int, ...]:
        """The indices of the first few parameters that a unit's sum is made of."""
        return () if isinstance(unit.key, str) else self.forms.weights(unit.key)

    @cached_property
    def outputs(self) -> dict[Value, Unit]:
        """The outputs of each unit, by example: its activation, or its sum if that has more than one weight.

        A number subtracted from a sum, such as a target, does not belong to it.
        """
        found: dict[Value, Unit] = {}
        for unit in self.all:
            if not len(unit.activations) and len(set(self.first_weights(unit))) < 2:
                continue
            for i in unit.activations if len(unit.activations) else map(self._sum, unit.pre):
                found[self.graph.nodes[i]] = unit
        return found

    def output_names(self) -> dict[Value, str]:
        """The labels that nn gives such outputs: layer1.neuron3.a, or .z without an activation."""
        return {x: f"{self.name(unit)}.{'a' if len(unit.activations) else 'z'}" for x, unit in self.outputs.items()}

    @cached_property
    def sums(self) -> dict[Value, Unit]:
        """The pre-activations by example, at their labelled nodes."""
        return {self.graph.nodes[self._labelled(i)]: unit for unit in self.all for i in unit.pre}

    def _sum(self, i: int) -> int:
        """The sum of a unit without a subtracted target."""
        inner = [j for j in self.graph.operands(i) if self.forms.is_sum(j)]
        return self._sum(inner[0]) if self.graph.nodes[i].op == "sub" and len(inner) == 1 else i

    def _labelled(self, i: int, most: int = 100) -> int:
        """The outermost labelled node of a sum, itself if there is none among the first."""
        stack = [i] if self.graph.flattened.labelled else []
        for _ in range(most):
            if not stack:
                break
            j = stack.pop()
            if self.graph.nodes[j].label and self.graph.nodes[j].op:
                return j
            if not self.forms.multiplies(j):
                stack += [k for k in self.graph.operands(j) if self.forms.is_sum(k)]
        return i


def multipliers(graph: LossGraph) -> dict[Value, int]:
    """A network's weights, if none are given: leaves that multiply computed nodes, and the first of two leaves.

    >>> w, x, v = Value(2.0, "w"), Value(3.0, "x"), Value(4.0, "v")
    >>> [leaf.label for leaf in multipliers(LossGraph((w * x).tanh() * v))]
    ['v', 'w']
    """
    found: dict[Value, int] = {}
    pairs = [graph.operands(i) for i in graph.of("mul")]
    for i in graph.of("dot"):
        operands = graph.operands(i)
        pairs += zip(operands[: len(operands) // 2], operands[len(operands) // 2 : -1], strict=True)
    size = len(graph.interior)
    for a, b in sorted(pairs, key=lambda pair: min(pair) >= size):  # with something computed first
        leaf = max(a, b) if min(a, b) < size else a
        if leaf >= size and graph.nodes[b] not in found:
            found[graph.nodes[leaf]] = leaf
    return found


_MEMBER = re.compile(r"(.+)\.[^\W\d_]{1,2}\d*")  # of layer1.neuron3.w2, layer1.neuron3
