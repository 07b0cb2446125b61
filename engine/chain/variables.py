"""The graph of variables: the graph behind an output, traversed once, with unnamed operations folded into links.

A variable is a labelled Value or one of the two ends (by="labels"), or any node (by="operations"). Where nothing
between the ends is labelled, the variables are the neurons of a network of several layers, or else all operations.
A link is one step between variables: the derivative `value` of `of` in `wrt`, with the other variables held fixed, so
operations between two variables are one factor.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from ..core import Name, Value, api_boundary, came, choice
from ..structure import LossGraph, Units, ints_of, multipliers, reverse_between, summands, where
from .expressions import Style, show
from .symbolic import Naming, cuts, dependents

By = Literal["labels", "operations"]


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """One step between variables: the derivative of `of` in `wrt`, by operand `slot` where every node is a variable.

    No gradient passes a link that `is_cut`, by a `detach` or a branch not taken, even if another factor is infinite.
    """

    of: Value
    wrt: Value
    value: float
    slot: int | None = None
    is_cut: bool = False


FEW = 24  # operations that can be looked at one by one
Links = dict[Value, list[Link]]  # of each variable, in topological order, the links to the variables it depends on


@api_boundary
class VariableGraph:
    """The graph behind `output`, and the variables in it; `wrt` is one if it is given.

    `hidden` Values are folded as if they had no label; `named` are names for nodes without a label. With a `source`,
    its node list is reused. An end that is not a Value is a TypeError, another `by` a ValueError.

    >>> x = Value(3.0, "x")
    >>> found = VariableGraph(x * x + x)
    >>> [str(found.naming.names[node]) for node in found.variables], found.derivatives[x]
    (['x', 'a', 'output'], 7.0)
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
                raise TypeError(f"output and wrt must be Values, not {came(end)}: pass the Value, not its label")
        choice(by, ("labels", "operations"), "by")
        self.output, self.wrt, self.asked, self.hidden, self.given = output, wrt, by, hidden, named or {}
        self.source = source
        self.graph: LossGraph = source.graph if source else LossGraph(output, [] if wrt is None else [wrt])

    def view(self, hidden: Collection[Value] = frozenset(), named: Mapping[Value, str] | None = None) -> Self:
        """The same graph with other variables: some labels left out, and names for nodes that have no label."""
        if not hidden and not named:
            return self
        return type(self)(self.output, self.wrt, self.by, hidden, named, self)

    @cached_property
    def folded(self) -> Self:
        """The same graph with only labelled Values and the ends as variables."""
        if self.by == "labels":
            return self
        return type(self)(self.output, self.wrt, named=self._start, source=self)

    @property
    def _start(self) -> dict[Value, str]:
        """The name of `wrt`, where it is given."""
        return {} if self.wrt is None else {self.wrt: self.naming.names[self.wrt]}

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
    def data(self) -> dict[Value, float]:
        """The number of every node, in topological order, as it was when the graph was traversed."""
        found = dict.fromkeys(self.nodes, 0.0 if self.wrt is None else self.wrt.data)
        return found | dict(zip(self.graph.nodes, self.graph.data, strict=True))

    @cached_property
    def naming(self) -> Naming:
        """The names and terms of all formulas."""
        return Naming(self.data, self.named, self.by, self.hidden, self.wrt)

    @cached_property
    def by(self) -> By:
        """The kind of variables: the one asked for, or "operations" if there are no labels."""
        return "operations" if self.lettered and not self.source else self.asked

    @cached_property
    def lettered(self) -> bool:
        """Whether operations are variables, and have letters, for want of labels."""
        if self.source:
            return self.source.lettered
        between = self.between or not any(node.label for node in self.nodes)
        return self.asked == "labels" and bool(between) and not self.is_labelled and not self.layered

    @cached_property
    def between(self) -> list[Value]:
        """The operations between the ends."""
        if self.wrt is None:
            return [node for node in self.nodes if node.op and node is not self.output]
        return [node for node in dependents(self.wrt, self.nodes) if node not in self.ends]

    @cached_property
    def is_labelled(self) -> bool:
        """Whether an operation between the ends has a label."""
        return any(node.label for node in self.between)

    @cached_property
    def layered(self) -> dict[Value, str]:
        """The neuron outputs, with names, of an unlabelled network of many operations and several layers."""
        if self.asked != "labels" or self.is_labelled or sum(bool(node.op) for node in self.nodes) <= FEW + 1:
            return {}
        names = self.neurons.output_names()
        return names if len({self.neurons.layer(unit) for unit in self.neurons.outputs.values()}) > 1 else {}

    @cached_property
    def in_labels(self) -> Naming:
        """The terms of all nodes in the labels alone, where operations have letters too."""
        if self.by == "labels":
            return self.naming
        return Naming(self.data, self.named | self._start, "labels", self.hidden)

    def told(self, node: Value, style: Style) -> str:
        """The name of a variable, or its formula; both if the name is a letter that we chose: a = w * x."""
        term, name = self.in_labels.term(node), self.naming.term(node)
        if not node.op or isinstance(term, (Name, float)) or not isinstance(name, Name):
            return show(name, style)
        return f"{show(name, style)} = {show(term, style)}"

    @cached_property
    def named(self) -> dict[Value, str]:
        """The Values that are always variables, with names."""
        ends = dict(zip(reversed(self.ends), ("input", "output")[-len(self.ends) :], strict=True))
        return {**self.layered, **ends, **self.given}

    @cached_property
    def neurons(self) -> Units:
        """The layers and neurons recognised by structure, with leaves that multiply as the parameters."""
        return self.source.neurons if self.source else Units(self.graph, ints_of(multipliers(self.graph).values()))

    @cached_property
    def variables(self) -> Links:
        """Every variable, in order, and its links."""
        return self.links_among(self.nodes)

    @cached_property
    def loss_terms(self) -> set[Value]:
        """The output, and the operations from which only sums, differences and given factors lead to it."""
        return {self.graph.nodes[i] for i in where(summands(self.graph.flattened), 1)}

    @cached_property
    def derivatives(self) -> dict[Value, float]:
        """The derivative of the output with respect to every node."""
        elsewhere = {} if self.wrt is None else {self.wrt: 0.0}
        return elsewhere | dict(zip(self.graph.nodes, self.graph.gradients, strict=True))

    def links_among(self, nodes: Sequence[Value]) -> Links:
        """The variables among `nodes`, which are in topological order, operands first, and the links between them.

        >>> x = Value(3.0, "x")
        >>> y = x * x
        >>> [(link.of is y, link.wrt.label, link.value) for link in VariableGraph(y).variables[y]]
        [(True, 'x', 6.0)]
        """
        rank = {node: i for i, node in enumerate(nodes)}
        if self.by == "operations":
            return {
                node: [
                    Link(node, operand, partial, slot, cuts(node, slot, partial))
                    for slot, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True))
                    if operand in rank
                ]
                for node in nodes
            }
        names, graph = self.naming.names, self.graph
        ends, among = ([int(node in kept) for node in graph.nodes] for kept in (names, rank))
        found = reverse_between(graph.flattened, ints_of(ends), ints_of(among))
        links: Links = {node: [] for node in nodes if node in names}
        for of in links:
            links[of] = [
                Link(of, graph.nodes[i], value, is_cut=not passes)
                for i, value, passes in found.get(graph.indices.get(of, -1), ())
            ]
            links[of].sort(key=lambda link: rank[link.wrt])
        return links


def uncut(links: Links, wrt: Value, output: Value) -> Links:
    """The variables and links on the paths from `wrt` to `output` along which nothing is cut."""
    if not any(link.is_cut for found in links.values() for link in found):
        return links
    reached, reaching = {wrt}, {output}  # whose intersection is empty if every path is cut
    for node, found in links.items():
        if any(link.wrt in reached and not link.is_cut for link in found):
            reached.add(node)
    for node in reversed(links):
        if node in reaching:
            reaching |= {link.wrt for link in links[node] if not link.is_cut}
    on = reached & reaching
    return {node: [x for x in links[node] if x.wrt in on and not x.is_cut] for node in links if node in on}
