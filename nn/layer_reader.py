"""Reads the matrices of layers off the graph behind a loss, by structure; a row is an example.

The matrices hold the numbers of the graph and the gradients of `backward()`. If the graph is not one of layers, each of
which reads the previous one and nothing else, it is a ValueError.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from math import isnan
from random import Random

from engine import Value
from engine.grading import Network, ReverseSweep
from engine.structure import SAME, Occurrence, Unit, summands

from .layer_matrices import LayerMatrices
from .layer_outputs import LayerOutputs, Passed, activation_of, not_a_layer
from .matrices import Matrix, equal

Read = tuple[list[int], list[int]]  # by input, the nodes of the weight and of its factor


def network_of(loss: Value, parameters: Sequence[Value]) -> Network:
    """The network behind a loss, or a ValueError if its numbers have changed since the loss was computed."""
    sweep = ReverseSweep(loss, parameters)
    if sweep.graph.changed:
        raise ValueError("numbers have changed since the loss was computed: compute the loss again, then ask")
    if made := [p for p in parameters if p.op and p in sweep.index]:
        raise ValueError(f"the parameter {made[0].label or made[0].op} is the result of an operation: give the leaves")
    return Network(sweep, complete=True)


def layers_of(network: Network, linear_output: bool = False) -> tuple[list[LayerMatrices], list[list[Passed]]]:
    """The layers of a network, first to last, and what it passes to the loss, by example.

    With `linear_output` the outputs are the last sums, and later operations are part of the loss.
    """
    return _Reader(network, LayerOutputs(network, linear_output)).layers()


class _Reader:
    """Reads the matrices of each layer, and raises a ValueError if it is not a layer."""

    def __init__(self, network: Network, outputs: LayerOutputs) -> None:
        self.network, self.outputs = network, outputs
        self.sweep, self.data, self.adjoints = network.sweep, network.data, network.sweep.adjoints
        self.read = set[int]()  # the edges to parameters that the matrices account for
        self.owned = set[int]()  # the weights and biases of the layers read so far

    def layers(self) -> tuple[list[LayerMatrices], list[list[Passed]]]:
        if self.network.structure.forms.is_sum(0):
            raise ValueError("the loss is itself a weighted sum, an output: pass a loss, as mean_squared_error gives")
        found = list[LayerMatrices]()
        passed: list[list[Passed]] = []  # by the previous layer, for each example and unit
        stages = self._stages
        if not stages:
            raise ValueError("the loss has no weighted sum of these parameters: give the model that it was computed by")
        for number, units in enumerate(stages, 1):
            terms = self._terms(number, units, [[p.node for p in row] for row in passed])
            passed = self.outputs.of(number, units, stages[number] if number < len(stages) else [])
            found.append(self._matrices(number, units, terms, passed))
        self._account()
        return found, passed

    @cached_property
    def _stages(self) -> list[list[Unit]]:
        """The units by layer, i.e. by the number of multiplications by a parameter before them."""
        by_stage: dict[int, list[Unit]] = defaultdict(list)
        for unit in self.network.units:
            by_stage[self.network.structure.stage(unit)].append(unit)
        stages = [sorted(by_stage[stage], key=self._first) for stage in sorted(by_stage)]
        sizes = {len(unit.occurrences) for unit in self.network.units}
        if len(sizes) > 1:
            raise ValueError(
                f"the units are computed {' and '.join(map(str, sorted(sizes)))} times: rows are examples, and each "
                "layer needs one row for each. Pass a loss in which every example goes through every layer once"
            )
        return stages

    def _first(self, unit: Unit) -> int:
        return self.sweep.nodes[unit.occurrences[0].z].serial

    def _terms(self, number: int, units: Sequence[Unit], before: list[list[int]]) -> list[list[Read]]:
        """By unit and example, the nodes of weights and inputs, in the order of the previous layer's units."""
        return [
            [self._ordered(number, o, before[t] if before else []) for t, o in enumerate(unit.occurrences)]
            for unit in units
        ]

    def _ordered(self, number: int, o: Occurrence, before: list[int]) -> Read:
        self.read.update(o.products.weight_edges)
        _, _, weights, inputs = o.products
        if not before:
            if any(self.network.depends[j] for j in inputs):
                raise not_a_layer(number, "reads Values that depend on parameters, though no layer comes before it")
            return weights, inputs
        weight_of = dict(zip(inputs, weights, strict=True))
        if len(weight_of) != len(inputs) or weight_of.keys() != set(before):
            raise not_a_layer(number, "does not read exactly the outputs of the layer before it")
        return [weight_of[j] for j in before], before

    def _matrices(
        self, number: int, units: Sequence[Unit], terms: list[list[Read]], passed: list[list[Passed]]
    ) -> LayerMatrices:
        weights = [self._same(number, [row for row, _ in of_unit]) for of_unit in terms]
        if len({len(row) for row in weights}) > 1:
            raise not_a_layer(number, "has units with different numbers of inputs")
        nodes = [row for _, row in terms[0]]
        inputs = self._numbers(nodes)
        for of_unit in terms[1:]:
            read = [row for _, row in of_unit]
            if read != nodes and not equal(self._numbers(read), inputs):
                raise not_a_layer(number, "has units that read different inputs")
        biases = self._biases(number, units)
        parameters = [weights[j] + biases[j : j + 1] for j in range(len(units))]
        for p in chain(*parameters):
            if p in self.owned:
                raise not_a_layer(number, "uses a parameter that is used already")
            self.owned.add(p)
        constants = [
            [self._constant(number, p.z, row, own) for p, own in zip(passed_row, parameters, strict=True)]
            for row, passed_row in zip(nodes, passed, strict=True)
        ]
        sums, outputs = ([[getattr(p, name) for p in row] for row in passed] for name in ("z", "node"))
        return LayerMatrices(
            number, activation_of(passed), inputs, self._numbers(weights),
            [self.data[b] for b in biases], constants if any(map(any, constants)) else [], self._numbers(sums),
            self._numbers(outputs), [[p.slope for p in row] for row in passed], self._gradients(outputs),
            self._gradients(sums), self._gradients(weights), [self.adjoints[b] for b in biases],
            self._penalised(weights), *(self._penalised([biases]) or [[]]),
        )  # fmt: skip

    def _penalised(self, rows: list[list[int]]) -> Matrix:
        """The gradients of the penalty, if there is one of these parameters."""
        if not any(p in self._penalty for row in rows for p in row):
            return []
        return [[self._penalty.get(p, 0.0) for p in row] for row in rows]

    @cached_property
    def _penalty(self) -> dict[int, float]:
        """By parameter, the gradient of the terms of the loss that are powers of it."""
        found = dict[int, float]()
        for k in self._penalty_edges:
            p, part = self.sweep.operands[k], self.adjoints[self.sweep.results[k]] * self.sweep.partials[k]
            found[p] = found.get(p, 0.0) + part
        return found

    @cached_property
    def _penalty_edges(self) -> list[int]:
        are_terms = summands(self.sweep.flat)
        return [k for k in self.network.penalty_edges if are_terms[self.sweep.results[k]]]

    def _constant(self, number: int, z: int, inputs: list[int], parameters: list[int]) -> float:
        """The terms of a sum without a parameter, if all others are w · a or b: this shows at other numbers."""
        data, c = self._elsewhere, self._without_parameters[z]
        c = 0.0 if isnan(c) else c
        factors = [*map(data.__getitem__, inputs), 1.0]  # that of the bias, if there is one
        terms = [data[p] * factor for p, factor in zip(parameters, factors, strict=False)]
        size = sum(map(abs, terms), abs(c))
        if abs(data[z] - sum(terms, c)) > SAME * size:
            raise not_a_layer(number, "has sums other than w · a + b: some are scaled or subtracted")
        return c

    @cached_property
    def _without_parameters(self) -> Sequence[float]:
        return self.sweep.graph.forward(dict.fromkeys(self.network.parameters, 0.0))

    @cached_property
    def _elsewhere(self) -> Sequence[float]:
        """All numbers at other parameters and activations: a relu must not be 0 there."""
        read = {j for unit in self.network.units for o in unit.occurrences for j in o.products.inputs}
        outputs = {j for j in read - self.outputs.sums if self.network.depends[j]}
        draw = Random(0)
        return self.sweep.graph.forward({i: draw.uniform(-1.0, 1.0) for i in sorted(self.network.parameters | outputs)})

    def _same(self, number: int, rows: list[list[int]]) -> list[int]:
        if any(row != rows[0] for row in rows):
            raise not_a_layer(number, "has different weights for different examples")
        return rows[0]

    def _biases(self, number: int, units: Sequence[Unit]) -> list[int]:
        """The nodes of the biases, one for each unit, or none."""
        found = list[int]()
        for unit in units:
            for o in unit.occurrences:
                self.read.update(bias.edge for bias in o.biases)
                found += [bias.node for bias in o.biases if bias.node not in found]
        if found and (len(found) != len(units) or any(len(o.biases) != 1 for u in units for o in u.occurrences)):
            raise not_a_layer(number, "does not have one bias for each unit")
        return found

    def _numbers(self, rows: list[list[int]]) -> Matrix:
        return [[self.data[i] for i in row] for row in rows]

    def _gradients(self, rows: list[list[int]]) -> Matrix:
        return [[self.adjoints[i] for i in row] for row in rows]

    def _account(self) -> None:
        """Raise a ValueError if the graph has uses of parameters that the equations leave out."""
        known = self.read.union(self._penalty_edges)
        for p in sorted(self.network.parameters, key=lambda i: self.sweep.nodes[i].serial):
            if self.sweep.uses[p] and not (p in self.owned and known.issuperset(self.sweep.uses[p])):
                name = self.network.name(p) or "a parameter"
                raise ValueError(
                    f"the loss uses {name} otherwise than in the weighted sums of layers, or in a penalty that is a "
                    "sum of powers: pass the loss without that"
                )
