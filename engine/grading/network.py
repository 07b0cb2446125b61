"""The network behind a loss: its units, layers, outputs and loss operations, recognised by structure, not by labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from ..core import book_name, printable
from ..structure import Forms, Layer, Occurrence, Unit, Units, dependent, ints_of
from .names import book_names
from .other_uses import other_uses
from .parameters import parameters
from .partials import Partials
from .reverse_sweep import ReverseSweep

if TYPE_CHECKING:
    from .activations import Activations, Formula
    from .way_back import Back

WIDEST = 12  # units of a layer at which a mistake is looked for one by one
LARGE = 20_000  # operations of a graph from which on a program makes the mistakes: the same at all units


class Network:
    """The properties of a graph that mistakes need; `complete` if the given leaves are all of its parameters.

    >>> from ..core import Value
    >>> w, b, v = Value(0.5, "w"), Value(0.1, "b"), Value(2.0, "v")
    >>> network = Network(ReverseSweep((v * (w * 3.0 + b).tanh() - 1.0) ** 2, [w, b, v]))
    >>> [[len(unit.own) for unit in layer.units] for layer in network.layers], len(network.outputs)
    ([[2], [1]], 1)
    """

    def __init__(self, sweep: ReverseSweep, complete: bool = False) -> None:
        self.sweep, self.complete = sweep, complete
        self.ops, self.data, self.partials = sweep.ops, sweep.data, sweep.partials
        self.operands, self.size = sweep.operands, sweep.size
        self.telling: Set[int] = frozenset()  # parameters that every mistake in question changes; none if unknown
        # Whether a gradient of one of them is within rounding of the learner's number.
        self.may_be: Callable[[int, float], bool] = lambda i, gradient: True

    @cached_property
    def parameters(self) -> set[int]:
        """The given leaves, and those like them."""
        given = [i for i in self.sweep.index.values() if i >= self.size]
        return set(given if self.complete else parameters(self.sweep, given))

    @cached_property
    def structure(self) -> Units:
        """What structure finds, given the parameters; a given node that is computed is not one."""
        return Units(self.sweep.graph, ints_of(sorted(self.parameters)))

    @property
    def forms(self) -> Forms:
        """The linear forms of the parameters."""
        return self.structure.forms

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers of weighted sums, first to last."""
        return [layer for layer in self.structure.layers if layer.units[0].occurrences]

    @cached_property
    def units(self) -> list[Unit]:
        """The units of all layers."""
        return [unit for layer in self.layers for unit in layer.units]

    def unit_name(self, unit: Unit) -> str:
        """The label of a unit's output or sum, else its number in its layer."""
        first, layer = unit.occurrences[0], self.layer_of[unit]
        label = self.sweep.nodes[first.output].label or self.sweep.nodes[first.z].label
        return book_name(printable(label)) if label else f"unit {layer.units.index(unit) + 1} of {layer.name}"

    def name(self, i: int) -> str:
        """The label of a node, or its name in a textbook; else ""."""
        return printable(self.sweep.nodes[i].label) or self._book_names.get(i, "")

    @cached_property
    def _book_names(self) -> dict[int, str]:
        return book_names(self.layers)

    @cached_property
    def depends(self) -> list[bool]:
        """Whether each node depends on a parameter."""
        return list(map(bool, dependent(self.sweep.flat, self.parameters)))

    def varying(self, i: int) -> list[int]:
        """The operands of an operation that depend on a parameter."""
        return [j for j in self.sweep.inputs(i) if self.depends[j]]

    @cached_property
    def layer_of(self) -> dict[Unit, Layer]:
        """The layer of each unit."""
        return {unit: layer for layer in self.structure.layers for unit in layer.units}

    @cached_property
    def unit_of(self) -> dict[int, Unit]:
        """The unit of each sum and each activation."""
        return {i: unit for unit in self.units for o in unit.occurrences for i in (o.z, o.output)}

    @cached_property
    def sum_of(self) -> dict[int, int]:
        """The pre-activation of each activation."""
        return {o.activation: o.z for unit in self.units for o in unit.occurrences if o.activation is not None}

    @cached_property
    def step_of(self) -> dict[int, tuple[Layer, int]]:
        """The layer of each sum, and its example or step."""
        return {o.z: (layer, t) for layer in self.layers for t, step in enumerate(layer.steps) for _, o in step}

    @cached_property
    def before_loss(self) -> Sequence[bool]:
        """True for the outputs and the loss: nodes that no parameter multiplies later."""
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
        """The number of examples, or steps, in the loss; 1 if the outputs have different numbers."""
        counts = {len(unit.occurrences) for unit in self.outputs}
        return counts.pop() if len(counts) == 1 else 1

    @cached_property
    def loss_operations(self) -> list[int]:
        """The operations on the outputs that make the loss, newest first."""
        found, seen, stack = list[int](), {0}, [0]
        starts, operands, depends, unit_of = self.sweep.starts, self.operands, self.depends, self.unit_of
        while stack:
            i = stack.pop()
            if i in unit_of or i >= self.size:
                continue
            found.append(i)
            for j in operands[starts[i] : starts[i + 1]]:
                if j not in seen and depends[j]:
                    seen.add(j)
                    stack.append(j)
        return found

    @cached_property
    def loss_edges(self) -> list[int]:
        """The edges of the loss operations."""
        starts = self.sweep.starts
        return [k for i in self.loss_operations for k in range(starts[i], starts[i + 1])]

    @cached_property
    def uses(self) -> dict[int, Sequence[int]]:
        """By parameter, the edges that lead to it, from the newest operation to the oldest."""
        return self.sweep.uses_of(self.parameters)

    @cached_property
    def _other_uses(self) -> list[int]:
        """The edges to parameters other than those of weights and biases."""
        return other_uses(self.sweep, self.uses, self.units)

    @cached_property
    def penalty_edges(self) -> list[int]:
        """The edges to parameters from a power, an absolute value or a product with itself: a regularisation."""
        return [k for k in self._other_uses if self._penalises(k)] if self.units else []

    @cached_property
    def penalties(self) -> dict[int, float]:
        """By parameter, the part of its gradient that comes from a regularisation."""
        found = dict[int, float]()
        for k in self.penalty_edges:
            part = self.sweep.adjoints[self.sweep.results[k]] * self.partials[k]
            found[self.operands[k]] = found.get(self.operands[k], 0.0) + part
        return found

    def _penalises(self, edge: int) -> bool:
        i = self.sweep.results[edge]
        a = self.sweep.starts[i]
        return self.ops[i] in ("pow", "abs") or (self.ops[i] == "mul" and self.operands[a] == self.operands[a + 1])

    @property
    def is_formula(self) -> bool:
        """Whether parameters are used other than as weights, biases or in a penalty, so that layers say little."""
        return not self.units or len(self._other_uses) > len(self.penalty_edges)

    # The parameters that a mistake can reach

    def weights(self) -> Set[int]:
        """The parameters that multiply an input."""
        return set[int]().union(*(unit.weights for unit in self.units))

    def biases(self) -> Set[int]:
        """The parameters that are added to a sum."""
        return {bias.node for unit in self.units for bias in unit.occurrences[0].biases}

    def before_last(self) -> Set[int]:
        """The parameters of all layers but the last, to which gradients are sent back."""
        return self._up_to(len(self.layers) - 1)

    def up_to_activations(self) -> Set[int]:
        """The parameters of the layers up to the last one with an activation."""
        found = [
            n
            for n, layer in enumerate(self.layers, 1)
            if any(o.activation is not None for u in layer.units for o in u.occurrences)
        ]
        return self._up_to(max(found, default=0))

    def _up_to(self, count: int) -> Set[int]:
        """The parameters of the first layers; all where a unit feeds its own layer, or parameters are penalised."""
        if not self._is_flat or self.penalty_edges:
            return self.parameters
        return set[int]().union(*(layer.own for layer in self.layers[:count]))

    @cached_property
    def _is_flat(self) -> bool:
        """Whether no unit feeds its own layer, as in a recurrence: all sums of a layer are of one stage."""
        stages = self.forms.stages()
        return all(len({stages[o.z] for u in layer.units for o in u.occurrences}) == 1 for layer in self.layers)

    def tells(self, units: Collection[Unit], sent_back: bool = True) -> bool:
        """Whether a mistake at these units can change all telling parameters, with `sent_back` also earlier ones."""
        if not self.telling or (sent_back and (not self._is_flat or self.penalty_edges)):
            return True
        last = max((self.layer_of[unit].number for unit in units), default=1) if sent_back else 1
        left = self.telling
        for own in (*(layer.own for layer in self.layers[: last - 1]), *(unit.own for unit in units)):
            left = left - own
        return not left

    # The backward pass

    @cached_property
    def way_back(self) -> list[tuple[Layer, list[Back]]]:
        """By layer, the products that send a gradient back to another unit."""
        from .way_back import sent_back  # loads NumPy

        found = ((layer, sent_back(layer, self.sweep.flat.operands, self.is_inner)) for layer in self.layers)
        return [(layer, backs) for layer, backs in found if backs]

    @property
    def telling_ways(self) -> list[tuple[Layer, list[Back]]]:
        """The same for the layers where a mistake can change all telling parameters."""
        return [(layer, backs) for layer, backs in self.way_back if self.telling <= self._up_to(layer.number - 1)]

    @cached_property
    def is_inner(self) -> bytes:
        """By node, 1 for an operation that depends on a parameter."""
        return bytes(self.depends[: self.size]) + bytes(len(self.ops) - self.size)

    @cached_property
    def recurrent(self) -> dict[int, int]:
        """The edges from a step to the step before, with the stage of the step; they lead to units of the same form."""
        stages, found = self.forms.stages(), dict[int, int]()
        if self._is_flat and sum(len(unit.weights) for unit in self.units) == len(self.weights()):
            return found  # no weight is in two units, and no unit feeds its own layer
        layer_of, sharing = self.layer_of, defaultdict[int, set[Unit]](set)
        for unit in self.units:
            for weight in unit.weights:
                sharing[weight].add(unit)
        for unit in self.units:
            alike = set[Unit]().union(*(sharing[weight] for weight in unit.weights))
            starts, edges = unit.columns.starts, unit.columns.input_edges
            for o, (first, last) in zip(unit.occurrences, pairwise(starts), strict=True):
                for edge in edges[first:last]:
                    source = self.unit_of.get(self.operands[edge])
                    if source and (source in alike or layer_of[source] is layer_of[unit]):
                        found[edge] = stages[o.z]
        return found

    def places(self, each: bool = True) -> Iterator[tuple[str, list[Unit]]]:
        """Where a mistake can be made: everywhere, at the output, in the hidden layers, in a layer, at `each` unit."""
        few = [layer for layer in self.layers if len(layer.units) <= WIDEST] if each and self.size <= LARGE else []
        outputs = set(self.outputs)
        wanted: list[tuple[str, list[Unit]]] = [
            ("everywhere" if len(self.layers) > 1 else "", self.units),
            ("at the output", self.outputs),
            ("in the hidden layers", [unit for unit in self.units if unit not in outputs]),
            *((f"in {layer.name}", layer.units) for layer in self.layers),
            *((f"at {self.unit_name(unit)}", [unit]) for layer in few for unit in layer.units),
        ]
        seen = set[frozenset[Unit]]()
        for place, units in wanted:
            members = frozenset(units)
            if members and members not in seen:
                seen.add(members)
                yield place, units

    @cached_property
    def activations(self) -> list[Activations]:
        """The activations of all units, by operation."""
        from .activations import activations  # loads NumPy

        return activations(self.sweep, self.units)

    def derivatives(self, formula: Formula) -> dict[Unit, Partials]:
        """Other derivatives of each unit's activations, by a formula of z, a and the right one; None keeps that."""
        found: dict[Unit, Partials] = {}
        for some in self.activations:
            for unit, partials in some.changed(formula).items():
                found[unit] = Partials.joined([found[unit], partials]) if unit in found else partials
        return found

    def left_out(self, units: Iterable[Unit]) -> Partials:
        """Derivatives of 1 for the activations of these units; none if all of them are 1."""
        some = (self._left_out[unit] for unit in units if unit in self._left_out)
        return Partials.joined(some).unless_right(self.partials)

    @cached_property
    def _left_out(self) -> dict[Unit, Partials]:
        return self.derivatives(lambda op, z, a, d: 1.0)
