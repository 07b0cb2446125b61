"""The matrices of a network of layers, read off the graph behind a loss by structure; a row is an example.

The matrices hold the numbers of the graph and the gradients of `backward()`. If the four equations do not give these
gradients, because a layer reads more than the previous layer, it is a ValueError.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine import Value
from engine.core import TABLE
from engine.grading import Network, ReverseSweep
from engine.structure import Occurrence, Unit

from .matrices import Matrix, agree, equal, hadamard, is_product, transposed


@dataclass(frozen=True)
class LayerMatrices:
    """One layer: z = a Wᵀ + b from the previous layer's a, and its output f(z).

    With n examples, k units and m inputs, `inputs` is n×m, `weights` and `grad_weights` k×m, `biases` and
    `grad_biases` have k entries, or none, and the others are n×k. `delta` is ∂C/∂z, and `slopes` is f′(z).
    """

    number: int
    function: str  # a row of the table, "linear", or "f" for several operations
    inputs: Matrix
    weights: Matrix
    biases: list[float]
    z: Matrix
    a: Matrix
    slopes: Matrix
    grad_a: Matrix
    delta: Matrix
    grad_weights: Matrix
    grad_biases: list[float]

    @property
    def is_linear(self) -> bool:
        """Whether it has no activation."""
        return self.function == "linear"


Read = tuple[list[int], list[int]]  # by input, the nodes of the weight and of its factor


@dataclass(frozen=True)
class Passed:
    """The output of a unit for one example: the node, f′(z), and the operations in f."""

    node: int
    slope: float
    ops: tuple[str, ...]


def network_of(loss: Value, parameters: Sequence[Value]) -> Network:
    """The network behind a loss, or a ValueError if its numbers have changed since the loss was computed."""
    sweep = ReverseSweep(loss, parameters)
    if sweep.graph.changed:
        raise ValueError("numbers have changed since the loss was computed: compute the loss again, then ask")
    if made := [p for p in parameters if p.op and p in sweep.index]:
        raise ValueError(f"the parameter {made[0].label or made[0].op} is the result of an operation: give the leaves")
    return Network(sweep, complete=True)


def layers_of(network: Network, linear_output: bool = False) -> tuple[list[LayerMatrices], list[list[int]]]:
    """The layers of a network, first to last, and the nodes of its outputs, by example.

    With `linear_output` the outputs are the last sums, and later operations are part of the loss.
    """
    return _Reader(network, linear_output).layers()


class _Reader:
    """Reads the matrices of each layer, and raises a ValueError if it is not a layer."""

    def __init__(self, network: Network, linear_output: bool) -> None:
        self.network, self.linear_output = network, linear_output
        self.sweep, self.data, self.adjoints = network.sweep, network.data, network.sweep.adjoints
        self.read = set[int]()  # the edges to parameters that the matrices account for

    def layers(self) -> tuple[list[LayerMatrices], list[list[int]]]:
        if self.network.structure.forms.is_sum(0):
            raise ValueError("the loss is itself a weighted sum, an output: pass a loss, as mean_squared_error gives")
        found = list[LayerMatrices]()
        before: list[list[int]] = []  # the outputs of the previous layer: a node for each example and unit
        stages = self._stages
        if not stages:
            raise ValueError("the loss has no weighted sum of these parameters: give the model that it was computed by")
        for number, units in enumerate(stages, 1):
            terms = self._terms(number, units, before)
            after = stages[number] if number < len(stages) else []
            passed = self._passed(number, units, after)
            found.append(self._matrices(number, units, terms, passed))
            before = [[p.node for p in row] for row in passed]
        self._account(found)
        return found, before

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
                raise self._other(number, "reads Values that depend on parameters, though no layer comes before it")
            return weights, inputs
        weight_of = dict(zip(inputs, weights, strict=True))
        if len(weight_of) != len(inputs) or weight_of.keys() != set(before):
            raise self._other(number, "does not read exactly the outputs of the layer before it")
        return [weight_of[j] for j in before], before

    def _passed(self, number: int, units: Sequence[Unit], after: Sequence[Unit]) -> list[list[Passed]]:
        """By example and unit, the outputs: the nodes that the next layer or the loss reads."""
        if not after:
            return [[self._to_loss(u, t) for u in units] for t in range(len(units[0].occurrences))]
        rows = []
        for t in range(len(units[0].occurrences)):
            read = [self._walked(i) for i in after[0].occurrences[t].products.inputs]
            by_sum = {z: passed for z, passed in read if z is not None}
            sums = [unit.occurrences[t].z for unit in units]
            if len(read) != len(units) or set(by_sum) != set(sums):
                raise self._other(
                    number + 1, f"does not read each output of layer {number} exactly once, and nothing else"
                )
            rows.append([by_sum[z] for z in sums])
        return rows

    def _to_loss(self, unit: Unit, t: int) -> Passed:
        pairs = [(o.activation, o) for o in unit.occurrences]
        if self.linear_output or any(a is None or len(self.sweep.uses[o.z]) != 1 for a, o in pairs):
            return Passed(unit.occurrences[t].z, 1.0, ())
        return self._walked(unit.occurrences[t].output)[1]

    def _walked(self, i: int) -> tuple[int | None, Passed]:
        """From the output back to the sum, through operations with one operand that depends on parameters."""
        j, slope, ops = i, 1.0, list[str]()
        while j not in self._sums:
            edges = [k for k in self.sweep.edges(j) if self.network.depends[self.sweep.operands[k]]]
            if len(edges) != 1:
                return None, Passed(i, slope, tuple(ops))
            ops.append(self.network.ops[j] if len(self.sweep.edges(j)) == 1 else "f")
            slope *= self.sweep.partials[edges[0]]
            j = self.sweep.operands[edges[0]]
        return j, Passed(i, slope, tuple(ops))

    @cached_property
    def _sums(self) -> set[int]:
        return {o.z for unit in self.network.units for o in unit.occurrences}

    def _matrices(
        self, number: int, units: Sequence[Unit], terms: list[list[Read]], passed: list[list[Passed]]
    ) -> LayerMatrices:
        weights = [self._same(number, [row for row, _ in of_unit]) for of_unit in terms]
        each = [w for row in weights for w in row]
        if len(set(each)) < len(each):
            raise self._other(number, "uses a weight twice")
        if len({len(row) for row in weights}) > 1:
            raise self._other(number, "has units with different numbers of inputs")
        nodes = [row for _, row in terms[0]]
        inputs = self._numbers(nodes)
        for of_unit in terms[1:]:
            read = [row for _, row in of_unit]
            if read != nodes and not equal(self._numbers(read), inputs):
                raise self._other(number, "has units that read different inputs")
        biases = self._biases(number, units)
        sums = [[unit.occurrences[t].z for unit in units] for t in range(len(passed))]
        functions = {p.ops for row in passed for p in row}
        return LayerMatrices(
            number, _function(functions), inputs, self._numbers(weights), [self.data[b] for b in biases],
            self._numbers(sums), self._numbers([[p.node for p in row] for row in passed]),
            [[p.slope for p in row] for row in passed],
            self._gradients([[p.node for p in row] for row in passed]), self._gradients(sums),
            self._gradients(weights), [self.adjoints[b] for b in biases],
        )  # fmt: skip

    def _same(self, number: int, rows: list[list[int]]) -> list[int]:
        if any(row != rows[0] for row in rows):
            raise self._other(number, "has different weights for different examples")
        return rows[0]

    def _biases(self, number: int, units: Sequence[Unit]) -> list[int]:
        """The nodes of the biases, one for each unit, or none."""
        found = list[int]()
        for unit in units:
            for o in unit.occurrences:
                self.read.update(bias.edge for bias in o.biases)
                found += [bias.node for bias in o.biases if bias.node not in found]
        if found and (len(found) != len(units) or any(len(o.biases) != 1 for u in units for o in u.occurrences)):
            raise self._other(number, "does not have one bias for each unit")
        return found

    def _numbers(self, rows: list[list[int]]) -> Matrix:
        return [[self.data[i] for i in row] for row in rows]

    def _gradients(self, rows: list[list[int]]) -> Matrix:
        return [[self.adjoints[i] for i in row] for row in rows]

    def _account(self, layers: Sequence[LayerMatrices]) -> None:
        """Raise a ValueError if the graph has uses of parameters or outputs that the equations leave out."""
        for p in self.network.parameters:
            if not self.read.issuperset(self.sweep.uses[p]):
                name = self.network.name(p) or "a parameter"
                raise ValueError(
                    f"the loss uses {name} also outside of the weighted sums of layers, as a penalty does: "
                    "pass the loss without that"
                )
        for layer, after in zip(layers, [*layers[1:], None], strict=True):
            if after and not is_product(layer.grad_a, after.delta, after.weights):
                raise self._other(layer.number, "is read by more than the next layer")
            if not agree(layer.delta, hadamard(layer.grad_a, layer.slopes)):
                raise self._other(layer.number, "has sums that something other than its outputs uses")
            ones = [[1.0] * len(layer.delta)]
            if not is_product(layer.grad_weights, transposed(layer.delta), layer.inputs) or (
                layer.grad_biases and not is_product([layer.grad_biases], ones, layer.delta)
            ):
                raise self._other(layer.number, "has sums other than w · a + b: some are scaled or subtracted")

    def _other(self, number: int, why: str) -> ValueError:
        return ValueError(
            f"layer {number} {why}: the four equations are those of layers that read the whole layer before them, "
            "and nothing else. chain_rule explains any graph"
        )


def _function(chains: Iterable[tuple[str, ...]]) -> str:
    """The activation of all units: a row with one operand, "linear", or "f" for anything else."""
    found = set(chains)
    if found == {()}:
        return "linear"
    first = next(iter(found))
    return first[0] if len(found) == 1 and len(first) == 1 and first[0] in TABLE else "f"
