"""The graph of variables: the graph behind an output, traversed once, with unnamed operations folded into links.

A variable is a labelled Value or one of the two ends (by="labels"), or any node (by="operations"). A link is one
step between variables, the derivative `value` of `of` with respect to `wrt` with all other variables held fixed,
so the operations between two variables are one factor.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Literal, Self

from ..core import Value
from ..structure import LossGraph, Units, multipliers
from .symbolic import Naming, reverse_sweep, unnamed_behind

By = Literal["labels", "operations"]


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """The derivative of `of` with respect to `wrt`; `slot` is the operand's index if every node is a variable."""

    of: Value
    wrt: Value
    value: float
    slot: int | None = None


Links = dict[Value, list[Link]]  # of each variable, in topological order, the links to the variables it depends on


class VariableGraph:
    """The graph behind `output`, and the variables in it; `wrt` is one if it is given.

    `hidden` Values are folded as if they had no label; `named` are names for nodes without a label. With a `source`,
    its node list is reused. An end that is not a Value is a TypeError, another `by` a ValueError.

    >>> x = Value(3.0, "x")
    >>> found = VariableGraph(x * x + x)
    >>> [str(found.naming.names[node]) for node in found.variables], found.derivatives[x]
    (['x', 'output'], 7.0)
    """

    def __init__(
        self,
        output: Value,
        wrt: Value | None = None,
        by: By = "labels",
        hidden: Collection[Value] = frozenset(),
        named: Mapping[Value, str] | None = None,
        source: "VariableGraph | None" = None,
    ) -> None:
        for end in (output, *([] if wrt is None else [wrt])):
            if not isinstance(end, Value):
                raise TypeError(f"expected one or two Values, not {type(end).__name__} {end!r}")
        if by not in ("labels", "operations"):
            raise ValueError(f'by is "labels" or "operations", not {by!r}')
        self.output, self.wrt, self.by, self.hidden, self.given = output, wrt, by, hidden, named or {}
        self.source = source
        self.graph: LossGraph = source.graph if source else LossGraph(output, [] if wrt is None else [wrt])

    def view(self, hidden: Collection[Value] = frozenset(), named: Mapping[Value, str] | None = None) -> Self:
        """The same graph with other variables: some labels left out, and names for nodes that have no label."""
        if not hidden and not named:
            return self
        return type(self)(self.output, self.wrt, self.by, hidden, named, self)

    @cached_property
    def whole(self) -> "VariableGraph":
        """The same graph without `wrt`."""
        return VariableGraph(self.output, None, self.by, self.hidden, self.given, self)

    @cached_property
    def ends(self) -> list[Value]:
        """The output, and `wrt` if it is given."""
        return [self.output, *([] if self.wrt is None else [self.wrt])]

    @cached_property
    def nodes(self) -> list[Value]:
        """All nodes in topological order, operands first; a `wrt` outside the graph comes first."""
        nodes = self.graph.ordered
        return nodes if self.wrt is None or self.wrt in self.graph.index_of else [self.wrt, *nodes]

    @cached_property
    def naming(self) -> Naming:
        """The names and terms of all formulas."""
        return Naming(self.nodes, self.named, self.by, self.hidden)

    @cached_property
    def named(self) -> dict[Value, str]:
        """The nodes that are variables without a label, and their names.

        These are the neurons of a network without any label, and only if there is no `wrt`, whose paths use labels.
        """
        unlabelled = self.by == "labels" and not any(x.label and x.op for x in self.nodes if x is not self.output)
        names = self.neurons.output_names() if unlabelled and self.wrt is None else {}
        return {
            **names,
            **self.given,
            **dict(zip(reversed(self.ends), ("input", "output")[-len(self.ends) :], strict=True)),
        }

    @cached_property
    def neurons(self) -> Units:
        """The layers and neurons recognised by structure, with leaves that multiply as the parameters."""
        return self.source.neurons if self.source else Units(self.graph, multipliers(self.graph))

    @cached_property
    def variables(self) -> Links:
        """Every variable, in order, and its links."""
        return self.links_among(self.nodes)

    @cached_property
    def derivatives(self) -> dict[Value, float]:
        """The derivative of the output with respect to every node."""
        elsewhere = {} if self.wrt is None else {self.wrt: 0.0}
        return elsewhere | dict(zip(self.graph.nodes, self.graph.gradients, strict=True))

    def links_among(self, nodes: Sequence[Value]) -> Links:
        """The variables among `nodes`, which are in topological order, operands first, and the links between them.

        >>> x = Value(3.0, "x")
        >>> y = x * x + x
        >>> [(link.of is y, link.wrt.label, link.value) for link in VariableGraph(y).variables[y]]
        [(True, 'x', 7.0)]
        """
        rank = {node: i for i, node in enumerate(nodes)}
        if self.by == "operations":
            return {
                node: [
                    Link(node, operand, partial, slot)
                    for slot, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True))
                    if operand in rank
                ]
                for node in nodes
            }
        names = self.naming.names.keys()
        return {node: _links(node, rank, names) for node in nodes if node in names}


def _links(of: Value, rank: Mapping[Value, int], variables: Set[Value]) -> list[Link]:
    """Reverse mode from a variable to the variables it depends on; `rank` is the topological order."""
    inner = unnamed_behind(of, variables, rank)
    found = reverse_sweep(inner, (0.0, 1.0), _PARTIALS, lambda total, adjoint, p: total + adjoint * p, rank)
    wanted = sorted(found.keys() & variables, key=rank.__getitem__)
    return [Link(of, wrt, found[wrt]) for wrt in wanted]


_PARTIALS = attrgetter("partials")
