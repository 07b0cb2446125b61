"""Layers and units of a graph, recognised by structure: weighted sums and the nonlinearities applied to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import or_
from typing import NamedTuple, TypeAlias

from ..core import printable
from ..structure import Forms
from .reverse_sweep import ReverseSweep

SUMS = {"add", "sub", "neg", "sum"}
SCALED = SUMS | {"mul", "div"}
ACTIVATIONS = {
    *("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus", "sin", "cos", "exp"),
}


Columns: TypeAlias = tuple[int, int, int, int]  # of a Term


class Term(NamedTuple):
    """One product of a weighted sum: its two edges and the nodes that they lead to."""

    weight_edge: int
    input_edge: int
    weight: int
    input: int


class Bias(NamedTuple):
    """A parameter that is added to a weighted sum, and the edge to it."""

    edge: int
    node: int


class Products(NamedTuple):
    """The terms of a sum as columns: edges to weights and to inputs, and the nodes that they lead to."""

    weight_edges: list[int]
    input_edges: list[int]
    weights: list[int]
    inputs: list[int]


@dataclass(eq=False)
class Occurrence:
    """A unit on one example, or at one step: its sum z, the terms of z, and its activation if it has one."""

    z: int
    activation: int | None
    products: Products
    biases: list[Bias]

    @cached_property
    def terms(self) -> list[Term]:
        """Its products, one by one."""
        return list(map(partial(tuple.__new__, Term), zip(*self.products, strict=True)))  # faster than Term._make

    @property
    def output(self) -> int:
        """The node that the next layer reads."""
        return self.z if self.activation is None else self.activation


@dataclass(eq=False)
class Unit:
    """One unit of a layer, and its occurrences in the order of creation."""

    stage: int
    occurrences: list[Occurrence]
    name: str = ""

    @cached_property
    def weights(self) -> set[int]:
        """The parameters that multiply its inputs."""
        return {weight for o in self.occurrences for weight in o.products.weights}

    @cached_property
    def own(self) -> set[int]:
        """Its weights and biases."""
        return self.weights | {bias.node for o in self.occurrences for bias in o.biases}


@dataclass(eq=False)
class Layer:
    """Units of one structure at one stage; `number` counts from 1."""

    number: int
    units: list[Unit] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return f"layer {self.number}"

    @cached_property
    def own(self) -> set[int]:
        """The weights and biases of its units."""
        return set().union(*(unit.own for unit in self.units))

    @cached_property
    def biases(self) -> set[int]:
        """The parameters that are added to their sums."""
        return {bias.node for unit in self.units for o in unit.occurrences for bias in o.biases}

    @cached_property
    def steps(self) -> list[list[tuple[Unit, Occurrence]]]:
        """By example, or by step, the units with their occurrences."""
        most = max(len(unit.occurrences) for unit in self.units)
        return [[(u, u.occurrences[t]) for u in self.units if t < len(u.occurrences)] for t in range(most)]


class Layers:
    """Finds the units of a graph, given which nodes are parameters and which depend on them."""

    def __init__(self, sweep: ReverseSweep, forms: Forms, parameters: Collection[int], depends: Sequence[bool]) -> None:
        self.sweep, self.forms, self.parameters, self.depends = sweep, forms, parameters, depends
        self.ops, self.operands, self.size = sweep.ops, sweep.operands, sweep.size
        self.is_parameter = [False] * len(sweep.nodes)
        for i in parameters:
            self.is_parameter[i] = True
        self.is_part = list(map(or_, self.is_parameter, forms.are_sums()))

    def found(self) -> list[Layer]:
        """The layers, first to last: units of one stage, one activation and one number of occurrences."""
        groups: dict[tuple[int, str, int], list[Unit]] = defaultdict(list)
        for unit in self._units():
            first = unit.occurrences[0]
            op = "" if first.activation is None else self.ops[first.activation]
            groups[(unit.stage, op, len(unit.occurrences))].append(unit)
        layers = [Layer(number, groups[key]) for number, key in enumerate(sorted(groups), 1)]
        for layer in layers:
            layer.units.sort(key=lambda unit: self.sweep.nodes[unit.occurrences[0].z].serial)
            for number, unit in enumerate(layer.units, 1):
                first = unit.occurrences[0]
                label = printable(self.sweep.nodes[first.output].label or self.sweep.nodes[first.z].label)
                unit.name = label or f"unit {number} of {layer.name}"
        return layers

    def _units(self) -> list[Unit]:
        stages = self.forms.stages()
        units = []
        for places in self.forms.pre_activations().values():
            sums = sorted({self._innermost(i) for i in places}, reverse=True)
            occurrences = [self._occurrence(z) for z in sums if z < self.size]
            occurrences = [o for o in occurrences if o.products.weights]
            if occurrences:
                units.append(Unit(min(stages[o.z] for o in occurrences), occurrences))
        return units

    def _innermost(self, i: int) -> int:
        """The sum z inside an expression such as z - y, logsumexp(...) - z, 1 - y * z or 0.5 * z."""
        while self.ops[i] in SCALED and self._product(i) is None:
            operands = self.sweep.inputs(i)
            inside = [j for j in operands if self.is_part[j]]
            if len(inside) != 1 or inside[0] in self.parameters:
                break
            is_shift = self.ops[i] in ("add", "sum") or (self.ops[i] == "sub" and operands[0] == inside[0])
            given = not any(self.depends[j] for j in operands if j != inside[0])
            if is_shift and given and self._activation(i) is not None:  # a bias that is a number
                break
            i = inside[0]
        return i

    def _activation(self, z: int) -> int | None:
        """The function of one operand that is applied to a sum."""
        for k in self.sweep.uses[z]:
            i = self.sweep.results[k]
            if self.ops[i] in ACTIVATIONS:
                return i
        return None

    def _product(self, i: int) -> Columns | None:
        """A parameter times data."""
        if self.ops[i] != "mul":
            return None
        k = self.sweep.starts[i]
        return self._term(k, k + 1)

    def _term(self, a: int, b: int) -> Columns | None:
        """The edges of a product as a term, if one of them leads to a parameter and the other to data."""
        i, j = self.operands[a], self.operands[b]
        if self.is_parameter[i] == self.is_parameter[j]:
            return None
        return (a, b, i, j) if self.is_parameter[i] else (b, a, j, i)

    def _of_dot(self, i: int) -> Iterable[Columns]:
        """The products of a dot: a weight in one of its halves, and data in the other."""
        first, last = self.sweep.starts[i], self.sweep.starts[i + 1] - 1
        middle = first + (last - first) // 2
        weights, inputs = self.operands[first:middle], self.operands[middle:last]
        if all(self.is_parameter[j] for j in weights) and not any(self.is_parameter[j] for j in inputs):
            return zip(range(first, middle), range(middle, last), weights, inputs, strict=True)
        return filter(None, map(self._term, range(first, middle), range(middle, last)))

    def _occurrence(self, z: int) -> Occurrence:
        ops, operands, starts, results = self.ops, self.operands, self.sweep.starts, self.sweep.results
        terms, biases, stack = list[Columns](), list[Bias](), [(z, -1)]
        while stack:
            j, edge = stack.pop()
            if self.is_parameter[j]:
                biases.append(Bias(edge, j))
            elif ops[j] == "dot":
                terms += self._of_dot(j)
                last = starts[j + 1] - 1
                if self.is_part[operands[last]]:
                    stack.append((operands[last], last))
            elif (product := self._product(j)) is not None:
                terms.append(product)
            elif ops[j] in SCALED and (j == z or self.is_part[j]):
                for k in range(starts[j + 1] - 1, starts[j] - 1, -1):
                    if self.is_part[operands[k]]:
                        stack.append((operands[k], k))
        if len({results[term[0]] for term in terms}) > 1:  # those of one dot are in the order of its operands
            terms.sort(key=lambda term: (-results[term[0]], term[0]))  # in the order of creation
        columns = map(list, zip(*terms, strict=True)) if terms else ([], [], [], [])
        return Occurrence(z, self._activation(z), Products(*columns), biases)
