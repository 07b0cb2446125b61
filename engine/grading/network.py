"""The network behind a loss: its units, layers, outputs and loss operations, recognised by structure, not by labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ..core.value import Value
from ..structure.linear_forms import Forms
from .parameters import parameters
from .reverse_sweep import ReverseSweep

SUMS = {"add", "sub", "neg", "sum"}
SCALED = SUMS | {"mul", "div"}
ACTIVATIONS = {
    *("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus", "sin", "cos", "exp"),
}


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


class Occurrence(NamedTuple):
    """A unit on one example, or at one step: its sum z, its activation if it has one, and what z is made of."""

    z: int
    activation: int | None
    terms: list[Term]
    biases: list[Bias]

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
    def own(self) -> set[int]:
        """Its weights and biases."""
        weights = {term.weight for o in self.occurrences for term in o.terms}
        return weights | {bias.node for o in self.occurrences for bias in o.biases}


@dataclass(eq=False)
class Layer:
    """Units that are alike and read the same stage; `number` counts from 1."""

    number: int
    units: list[Unit] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What to call it."""
        return f"layer {self.number}"

    @cached_property
    def own(self) -> set[int]:
        """The weights and biases of its units."""
        return set().union(*(unit.own for unit in self.units))

    @cached_property
    def steps(self) -> list[list[tuple[Unit, Occurrence]]]:
        """By example, or by step, the units with their occurrences."""
        most = max(len(unit.occurrences) for unit in self.units)
        return [[(u, u.occurrences[t]) for u in self.units if t < len(u.occurrences)] for t in range(most)]


class Network:
    """What the mistakes ask of a graph.

    >>> w, b, v = Value(0.5, "w"), Value(0.1, "b"), Value(2.0, "v")
    >>> network = Network((v * (w * 3.0 + b).tanh() - 1.0) ** 2, [w, b, v])
    >>> [[len(unit.own) for unit in layer.units] for layer in network.layers], len(network.outputs)
    ([[2], [1]], 1)
    """

    def __init__(self, loss: Value, given: Iterable[Value]) -> None:
        given = list(given)
        leaves = parameters(loss, [value for value in given if not value.op])
        self.sweep = sweep = ReverseSweep(loss, [*leaves, *given])
        self.parameters = {sweep.index[p]: p for p in leaves if p in sweep.index}
        self.ops, self.data, self.partials = sweep.ops, sweep.data, sweep.partials
        self.operands, self.size = sweep.operands, sweep.size
        # A given node that is computed is no parameter: its structure is that of the graph.
        self.forms = Forms(sweep.flat._replace(places={p: i for i, p in self.parameters.items()}))
        self.depends = self._depends()
        self.units = self._units()
        self.layers = self._layers()
        self._name()

    def _depends(self) -> list[bool]:
        """Whether each node depends on a parameter."""
        found = [False] * len(self.ops)
        for i in self.parameters:
            found[i] = True
        for k in range(len(self.operands) - 1, -1, -1):
            if found[self.operands[k]]:
                found[self.sweep.results[k]] = True
        return found

    def varying(self, i: int) -> list[int]:
        """The operands of an operation that depend on a parameter."""
        return [j for j in self.sweep.inputs(i) if self.depends[j]]

    # Units: sums of products of parameters and data

    def _units(self) -> list[Unit]:
        stages = self.forms.stages()
        units = []
        for places in self.forms.pre_activations().values():
            sums = sorted({self._innermost(i) for i in places}, reverse=True)
            occurrences = [self._occurrence(z) for z in sums if z < self.size]
            occurrences = [o for o in occurrences if o.terms]
            if occurrences:
                units.append(Unit(min(stages[o.z] for o in occurrences), occurrences))
        return units

    def _innermost(self, i: int) -> int:
        """The sum itself, inside what the loss adds to it: z of z - y, of logsumexp(...) - z and of 0.5 * z."""
        while self.ops[i] in SCALED and self._product(i) is None:
            operands = self.sweep.inputs(i)
            inside = [j for j in operands if self._is_part(j)]
            if len(inside) != 1 or inside[0] in self.parameters:
                break
            if self._activation(i) is not None and not any(self.depends[j] for j in operands if j != inside[0]):
                break
            i = inside[0]
        return i

    def _is_part(self, j: int) -> bool:
        return j in self.parameters or (j < self.size and self.forms.is_sum(j))

    def _activation(self, z: int) -> int | None:
        """The function of one operand that is applied to a sum."""
        for k in self.sweep.uses[z]:
            i = self.sweep.results[k]
            if self.ops[i] in ACTIVATIONS:
                return i
        return None

    def _product(self, i: int) -> Term | None:
        """A parameter times data."""
        if self.ops[i] != "mul":
            return None
        k = self.sweep.starts[i]
        return self._term(k, k + 1)

    def _term(self, a: int, b: int) -> Term | None:
        """The edges of a product as a term, if one of them leads to a parameter and the other to data."""
        i, j = self.operands[a], self.operands[b]
        if (i in self.parameters) == (j in self.parameters):
            return None
        return Term(a, b, i, j) if i in self.parameters else Term(b, a, j, i)

    def _occurrence(self, z: int) -> Occurrence:
        terms, biases = list[Term](), list[Bias]()
        stack = [(z, -1)]
        while stack:
            j, edge = stack.pop()
            if j in self.parameters:
                biases.append(Bias(edge, j))
            elif self.ops[j] == "dot":
                first, *_, last = self.sweep.edges(j)
                half = (last - first) // 2
                products = (self._term(k, k + half) for k in range(first, first + half))
                terms += [term for term in products if term]
                if self._is_part(self.operands[last]):
                    stack.append((self.operands[last], last))
            elif (product := self._product(j)) is not None:
                terms.append(product)
            elif self.ops[j] in SCALED and (j == z or self.forms.is_sum(j)):
                stack += [
                    (self.operands[k], k) for k in reversed(self.sweep.edges(j)) if self._is_part(self.operands[k])
                ]
        results, nodes = self.sweep.results, self.sweep.nodes
        terms.sort(key=lambda term: (nodes[results[term.weight_edge]].serial, term.weight_edge))
        return Occurrence(z, self._activation(z), terms, biases)

    # Layers and outputs

    def _layers(self) -> list[Layer]:
        groups: dict[tuple[int, str, int], list[Unit]] = defaultdict(list)
        for unit in self.units:
            first = unit.occurrences[0]
            op = "" if first.activation is None else self.ops[first.activation]
            groups[(unit.stage, op, len(unit.occurrences))].append(unit)
        layers = [Layer(number) for number, _ in enumerate(groups, 1)]
        for layer, key in zip(layers, sorted(groups), strict=True):
            layer.units = sorted(groups[key], key=lambda unit: self.sweep.nodes[unit.occurrences[0].z].serial)
        return layers

    def _name(self) -> None:
        for layer in self.layers:
            for number, unit in enumerate(layer.units, 1):
                first = unit.occurrences[0]
                label = self.sweep.nodes[first.output].label or self.sweep.nodes[first.z].label
                unit.name = label or f"unit {number} of {layer.name}"

    @cached_property
    def layer_of(self) -> dict[Unit, Layer]:
        """The layer of each unit."""
        return {unit: layer for layer in self.layers for unit in layer.units}

    @cached_property
    def unit_of(self) -> dict[int, Unit]:
        """The unit of each sum and each activation."""
        found = {o.z: unit for unit in self.units for o in unit.occurrences}
        return found | {o.output: unit for unit in self.units for o in unit.occurrences}

    @cached_property
    def before_loss(self) -> Sequence[bool]:
        """False for what some parameter multiplies further on: for all but the outputs and the loss."""
        return [not deep for deep in self.forms.multiplied()]

    @cached_property
    def outputs(self) -> list[Unit]:
        """The units that the loss reads, last layer last."""
        return [unit for layer in self.layers for unit in layer.units if self.before_loss[unit.occurrences[-1].output]]

    @cached_property
    def output_nodes(self) -> list[Occurrence]:
        """The occurrences that the loss reads."""
        return [o for unit in self.outputs for o in unit.occurrences if self.before_loss[o.z]]

    @cached_property
    def examples(self) -> int:
        """How many examples, or steps, the loss is made of; 1 where the outputs differ in that."""
        counts = {len(unit.occurrences) for unit in self.outputs}
        return counts.pop() if len(counts) == 1 else 1

    @cached_property
    def loss_operations(self) -> list[int]:
        """The operations on the outputs that make the loss, newest first."""
        found, seen, stack = list[int](), {0}, [0]
        while stack:
            i = stack.pop()
            if i in self.unit_of or i >= self.size:
                continue
            found.append(i)
            for j in self.sweep.inputs(i):
                if j not in seen and self.depends[j]:
                    seen.add(j)
                    stack.append(j)
        return found

    @cached_property
    def loss_edges(self) -> list[int]:
        """The edges of the loss operations."""
        return [k for i in self.loss_operations for k in self.sweep.edges(i)]

    @cached_property
    def penalty_edges(self) -> list[int]:
        """The edges to parameters from a power, an absolute value or a product with itself: a regularisation."""
        if not self.units:
            return []
        found = []
        for p in self.parameters:
            for k in self.sweep.uses[p]:
                i = self.sweep.results[k]
                if self.ops[i] in ("pow", "abs") or (self.ops[i] == "mul" and len(set(self.sweep.inputs(i))) == 1):
                    found.append(k)
        return found

    @cached_property
    def is_formula(self) -> bool:
        """Whether parameters do more than weigh, shift and be penalised: what is asked of a layer says little then."""
        linear = {k for unit in self.units for o in unit.occurrences for k in _parameter_edges(o)}
        linear.update(self.penalty_edges)
        return not self.units or any(k not in linear for p in self.parameters for k in self.sweep.uses[p])

    # The way back

    @cached_property
    def way_back(self) -> list[tuple[Layer, list[tuple[Unit, Occurrence, Term]]]]:
        """By layer the products that send a gradient back to another unit."""
        found = []
        for layer in self.layers:
            terms = [
                (unit, o, term)
                for unit in layer.units
                for o in unit.occurrences
                for term in o.terms
                if term.input < self.size and self.depends[term.input]
            ]
            if terms:
                found.append((layer, terms))
        return found

    @cached_property
    def recurrent(self) -> dict[int, int]:
        """The edges from a step back to the step before, with the stage of the step: they lead to a twin."""
        stages, found = self.forms.stages(), dict[int, int]()
        for layer, terms in self.way_back:
            for unit, o, term in terms:
                source = self.unit_of.get(term.input)
                if source and (self.layer_of[source] is layer or self._weights(source) & self._weights(unit)):
                    found[term.input_edge] = stages[o.z]
        return found

    @staticmethod
    def _weights(unit: Unit) -> set[int]:
        return {term.weight for o in unit.occurrences for term in o.terms}

    def places(self, each: int = 12) -> Iterator[tuple[str, list[Unit]]]:
        """Where a mistake can be made: everywhere, at the output, in the hidden layers, in a layer, at a unit."""
        outputs = set(self.outputs)
        wanted: list[tuple[str, list[Unit]]] = [
            ("everywhere", self.units),
            ("at the output", self.outputs),
            ("in the hidden layers", [unit for unit in self.units if unit not in outputs]),
            *((f"in {layer.name}", layer.units) for layer in self.layers),
            *((f"at {unit.name}", [unit]) for layer in self.layers if len(layer.units) <= each for unit in layer.units),
        ]
        seen = set[frozenset[Unit]]()
        for place, units in wanted:
            members = frozenset(units)
            if members and members not in seen:
                seen.add(members)
                yield place, units

    def by_output(self, operations: Iterable[int]) -> dict[Unit, list[int]]:
        """Loss operations by the output unit that they are a function of, over all examples."""
        found: dict[Unit, list[int]] = defaultdict(list)
        for i in operations:
            j = i
            while j < self.size and j not in self.unit_of:
                inside = self.varying(j)
                if len(inside) != 1:
                    break
                j = inside[0]
            if j in self.unit_of:
                found[self.unit_of[j]].append(i)
        return found

    def changed(self, units: Iterable[Unit], partial: Callable[[Occurrence], float | None]) -> dict[int, float]:
        """Other partials of activations, where there are some that differ."""
        found = {}
        for unit in units:
            for o in unit.occurrences:
                if o.activation is not None and (other := partial(o)) is not None:
                    found[self.sweep.starts[o.activation]] = other
        return found if any(self.partials[k] != other for k, other in found.items()) else {}


def _parameter_edges(o: Occurrence) -> Iterator[int]:
    yield from (term.weight_edge for term in o.terms)
    yield from (bias.edge for bias in o.biases)
