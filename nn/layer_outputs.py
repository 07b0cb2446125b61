"""The outputs of layers: the numbers that the next layer or the loss reads, each traced back to its sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.core import TABLE
from engine.grading import Network
from engine.structure import Unit

from .matrices import transposed


@dataclass(frozen=True)
class Passed:
    """The output of a unit for one example: the nodes of z and f(z), f′(z), and the operations in f."""

    z: int
    node: int
    slope: float
    ops: tuple[str, ...]


def not_a_layer(number: int, why: str) -> ValueError:
    """The error about a layer that the four equations do not describe."""
    return ValueError(
        f"layer {number} {why}: the four equations are those of layers that read the whole layer before them, "
        "and nothing else. chain_rule explains any graph"
    )


class LayerOutputs:
    """Finds what each layer passes on, by example and unit, and raises a ValueError if something else reads it."""

    def __init__(self, network: Network, linear_output: bool) -> None:
        self.network, self.sweep, self.linear_output = network, network.sweep, linear_output

    @cached_property
    def sums(self) -> set[int]:
        """The nodes of all sums z."""
        return {o.z for unit in self.network.units for o in unit.occurrences}

    def of(self, number: int, units: Sequence[Unit], after: Sequence[Unit]) -> list[list[Passed]]:
        """What the units of a layer pass to those of the next one, or to the loss if there is none."""
        if not after:
            return transposed(map(self._to_loss, units))
        readers, rows = {k for unit in after for o in unit.occurrences for k in o.products.input_edges}, []
        for t in range(len(units[0].occurrences)):
            read = [self._traced(i) for i in after[0].occurrences[t].products.inputs]
            by_sum = {p.z: p for p in read if p}
            sums = [unit.occurrences[t].z for unit in units]
            if len(read) != len(units) or by_sum.keys() != set(sums):
                raise not_a_layer(
                    number + 1, f"does not read each output of layer {number} exactly once, and nothing else"
                )
            rows.append([by_sum[z] for z in sums])
            if not readers.issuperset(k for p in rows[-1] for k in self.sweep.uses[p.node]):
                raise not_a_layer(number, "is read by more than the next layer")
        return rows

    def _to_loss(self, unit: Unit) -> list[Passed]:
        """The activations, if the sums always have one, and no other use; else the sums."""
        found = [o.activation is not None and self._traced(o.activation) for o in unit.occurrences]
        if self.linear_output or not all(found):
            return [Passed(o.z, o.z, 1.0, ()) for o in unit.occurrences]
        return [passed for passed in found if passed]

    def _traced(self, i: int) -> Passed | None:
        """From the output back to the sum, through operations with one operand that depends on parameters.

        None if there is no such sum, or if it, or a number on the way, is used otherwise.
        """
        j, slope, ops = i, 1.0, list[str]()
        while j not in self.sums:
            edges = [k for k in self.sweep.edges(j) if self.network.depends[self.sweep.operands[k]]]
            if len(edges) != 1 or len(self.sweep.uses[self.sweep.operands[edges[0]]]) != 1:
                return None
            ops.append(self.network.ops[j] if len(self.sweep.edges(j)) == 1 else "f")
            slope *= self.sweep.partials[edges[0]]
            j = self.sweep.operands[edges[0]]
        return Passed(j, i, slope, tuple(ops))


def activation_of(passed: Iterable[Iterable[Passed]]) -> str:
    """The activation of all units: a row with one operand, "linear", or "f" for anything else."""
    found = {p.ops for row in passed for p in row}
    if found == {()}:
        return "linear"
    first = next(iter(found))
    return first[0] if len(found) == 1 and len(first) == 1 and first[0] in TABLE else "f"
