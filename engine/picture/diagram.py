"""The diagram: a graph of variables, and the chain rule of one of them in it, as data with every text written.

A variable is a box; on the way from wrt to output each factor is a small box of its own *on* the edge, so that the
layout keeps room for it. Blue pulls with the total, ochre against it; a factor that kills is crimson and dashed and
marked ✕. A neuron is one box. What is too much to look at stands together under the common beginning of its labels.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from ..chain import ChainRule, Link, VariableGraph
from ..core import Value, derivative, pretty_name, pretty_number, total_derivative
from .contributions import Contributions, step
from .grouping import MOST, Drawn, Group, Neurons, boxes, edges, within
from .path_table import caption, circled
from .theme import Line, Row, Theme, room

LISTED = 16  # paths that are drawn and listed under the graph
SPELLED = 24  # factors or boxes in a picture up to which each shows its formula, not its number alone
SHORT = 8  # letters of a name that is written large
LONGEST = 40  # letters of a name or formula before its middle is left out
WIDEST = 260.0  # points of a formula that is shown
HEADING = 150.0  # points of a derivative's own name that is shown above it
WRONG = {True: "✕", False: "!"}  # before a factor that kills, and before one that is inf or nan
FAN = 4  # paths that meet in a box before their edges do in one point

# By convention: what is given, not learnt.
GIVEN = re.compile(r"(x|y|t|a_prev|z_prev|inputs?|targets?)_?\d*$")


@dataclass(frozen=True)
class View:
    """How a graph is looked at: what is at most `depth` variables away from the output, or all; and in which colours.

    What is no depth is a ValueError, and what is no theme.
    """

    depth: int | None = None
    theme: Theme = "auto"

    def __post_init__(self) -> None:
        if self.depth is not None and (not isinstance(self.depth, int) or self.depth < 0):
            raise ValueError(f"depth is a whole number of variables from 0, or None, not {self.depth!r}")
        if self.theme not in get_args(Theme):
            raise ValueError(f"theme is one of {', '.join(map(repr, get_args(Theme)))}, not {self.theme!r}")


@dataclass(frozen=True, slots=True)
class Box:
    """A variable, a group of them or a factor: what it is, what is written in it, and how thick its border is."""

    id: str
    kind: str
    lines: Sequence[Line]
    tip: str
    border: float


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between two boxes; on a path, as wide as what it contributes, and for the total, against it or dead."""

    id: str
    tail: str
    head: str
    side: str = "none"
    share: float = 0.0
    fans: bool = False  # whether it meets many others
    line: Line = ()


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor in its box, with the edge that leads to it and the one that leads on."""

    box: Box
    before: Edge
    after: Edge


@dataclass(frozen=True)
class Diagram:
    """All that is drawn: boxes, edges and factors, the most important first, and what stands under them."""

    view: View
    boxes: Sequence[Box]
    edges: Sequence[Edge | Factor]
    rows: Sequence[Row]
    title: str
    desc: str
    note: str
    box_of: Mapping[Value, str] = field(repr=False)  # the id of the box that a variable is drawn as, or stands in

    @property
    def fans_out(self) -> bool:
        """Whether many paths meet in a box."""
        return any(edge.fans for arrow in self.edges for edge in edges_of(arrow))


def edges_of(arrow: Edge | Factor) -> tuple[Edge, ...]:
    """The edges that it is drawn as."""
    return (arrow,) if isinstance(arrow, Edge) else (arrow.before, arrow.after)


def diagram_of(graph: VariableGraph, view: View) -> Diagram:
    """The diagram of a graph, or of a chain rule: of the paths of largest product, and of what lies beside them.

    >>> x = Value(3.0, "x")
    >>> [box.kind for box in diagram_of(ChainRule(x * x, x), View()).boxes]
    ['variable leaf', 'variable output']
    """
    return _Drawing(graph, view).diagram()


class _Drawing:
    """Draws one diagram: what is a box, what is on a path, and then boxes, edges and the sum, in order."""

    def __init__(self, graph: VariableGraph, view: View) -> None:
        self.neurons = Neurons(graph)
        self.graph = graph = graph.view(self.neurons.hidden)
        self.view, self.output, self.wrt, self.naming = view, graph.output, graph.wrt, graph.naming
        self.chain = graph if isinstance(graph, ChainRule) else None
        self.on = _listed(self.chain)
        depth, ends = view.depth, graph.ends
        links = graph.variables
        self.links = links if depth is None else within(links, self.output, {*ends, *self.on.nodes}, depth)
        factors = min(len(self.on.factors), MOST // 2)
        self.drawn, self.note = boxes(self.links, self.neurons, ends, self.on.nodes, MOST - factors)
        self.ids = {box: f"n{i}" for i, box in enumerate(dict.fromkeys(self.drawn.values()))}

    def diagram(self) -> Diagram:
        """The strongest path on top; ids in topological order."""
        first: dict[Drawn, int] = {node: i for i, path in reversed([*enumerate(self.on.paths)]) for node in path.nodes}
        drawn = sorted(self.ids, key=lambda box: first.get(box, LISTED))
        output = self._called(self.output)
        title, desc, rows = f"whygrad: the graph of {output}", self.note or f"{len(self.drawn)} variables", list[Row]()
        if self.chain:
            title, desc = f"whygrad: {total_derivative(output, self._called(self.chain.wrt))}", str(self.chain)
            rows = caption(self.chain, self.on, self._called)
        if self.note:
            rows.append(([("key", self.note)],))
        return Diagram(
            self.view,
            [self._variable(box) if isinstance(box, Value) else self._group(box) for box in drawn],
            self._edges(),
            [([("key", " ")],), *rows] if rows else [],
            title,
            desc,
            self.note,
            {node: self.ids[box] for node, box in self.drawn.items()},
        )

    def _variable(self, node: Value) -> Box:
        called = self._called(node)
        head: list[tuple[str, str]] = [("name" if len(called) <= SHORT else "name long", called)]
        definition = self.naming.definition(node, "pretty") if len(self.drawn) <= SPELLED else ""
        if 0 < len(definition) <= LONGEST:
            head.append(("symbol", f" = {definition}"))
        lines: list[Line] = [head, [("key", "data "), ("number", pretty_number(node.data))]]
        given = not node.op and bool(GIVEN.match(node.label)) and node is not self.wrt
        if not given:
            dead = " dead" if node in self.on.cut else ""
            lines.append([("key", "grad "), (f"number{dead}", pretty_number(self.graph.derivatives[node]))])
        kind = "output" if node is self.output else "leaf" if node is self.wrt else self._kind(node, given)
        border = 2.4 if node is self.wrt else 1.8 if kind == "output" else 1.2
        return Box(self.ids[node], f"variable {kind}", lines, self._tip(node), border)

    def _kind(self, node: Value, given: bool) -> str:
        if self.chain and node not in self.on.nodes:
            return "dim"
        return "variable" if node.op else "input" if given else "leaf"

    def _called(self, node: Value) -> str:
        name = str(self.naming.names.get(node) or node.label or pretty_number(node.data))
        called = pretty_name(self.neurons.called(node, name))
        return called if len(called) <= LONGEST else f"{called[: LONGEST // 2]}…{called[-LONGEST // 2 :]}"

    def _tip(self, node: Value) -> str:
        definition = self.naming.definition(node)
        name = self.naming.names.get(node) or node.label or "a constant"
        return f"{name} = {definition} = {node.data!r}" if definition else f"{name} = {node.data!r}"

    def _group(self, group: Group) -> Box:
        lines: list[Line] = [
            [("name long", _many(group, self.neurons, bool(self.chain)))],
            [("key", _where(group, self.neurons))],
        ]
        several = ", ".join(node.label or node.op for node in group.members[:8])
        tip = f"{several}{', …' if len(group.members) > 8 else ''}"
        return Box(self.ids[group], "variable dim group", lines, tip, 1.2)

    def _edges(self) -> list[Edge | Factor]:
        """The edges, those of the strongest path first, so that the layout keeps it straight."""
        first = {step(factor.link): i for i, path in reversed([*enumerate(self.on.paths)]) for factor in path.factors}
        joined = edges(self.drawn, self.links, self.on.nodes).items()
        on = [ends for ends, links in joined if any(step(link) in first for link in links)]
        self.outs, self.ins = Counter(tail for tail, _ in on), Counter(head for _, head in on)
        found: list[Edge | Factor] = []
        for i, (ends, links) in sorted(
            enumerate(joined), key=lambda edge: min(first.get(step(x), LISTED) for x in edge[1][1])
        ):
            through = [link for link in links if step(link) in first]
            if not through:
                found.append(self._thread(f"e{i}", ends, links))
            elif isinstance(ends[0], Value) and isinstance(ends[1], Value):
                found += [self._factor(f"e{i}_{n}" if n else f"e{i}", link) for n, link in enumerate(through)]
            else:
                side, share = self.on.sides[step(through[0])][1], max(self.on.share[step(x)] for x in through)
                found.append(Edge(f"e{i}", self.ids[ends[0]], self.ids[ends[1]], side, share))
        return found

    def _thread(self, name: str, ends: tuple[Drawn, Drawn], links: list[Link]) -> Edge:
        """An edge on no path, with its numbers where there is room for them."""
        single = all(self.drawn[link.of] is ends[1] and isinstance(self.drawn[link.wrt], Value) for link in links)
        shown = not self.chain and single and len(self.drawn) <= SPELLED
        line: Line = [("key", " + ".join(pretty_number(link.value) for link in links))] if shown else []
        return Edge(name, self.ids[ends[0]], self.ids[ends[1]], line=line)

    def _factor(self, name: str, link: Link) -> Factor:
        wrong = self.on.is_wrong(link)
        wild = "wild " if wrong and step(link) not in self.on.killing else ""
        (after, before), share = self.on.sides[step(link)], self.on.share[step(link)]
        kind = "dead" if wrong else "none" if after == "dead" else self.on.side(step(link))
        lines, tip = self._formula(link, kind), self._tip_of(link)
        tail, head = self.drawn[link.wrt], self.drawn[link.of]
        return Factor(
            Box(f"f{name}", f"factor {wild}{kind}", lines, tip, 1.4 if wrong else 0.8),
            Edge(f"{name}a", self.ids[tail], f"f{name}", before, share, self.outs[tail] > FAN),
            Edge(name, f"f{name}", self.ids[head], after, share, self.ins[head] > FAN),
        )

    def _formula(self, link: Link, kind: str) -> list[Line]:
        mark = WRONG[step(link) in self.on.killing]
        sign = ("number dead mark", mark) if kind == "dead" else (f"number {kind}", "×")
        lines: list[Line] = [[sign, (f"number {kind}", f" {pretty_number(link.value)}")]]
        if len(self.on.factors) > SPELLED:
            return lines
        formula: Line = [("formula", self.on.factors[step(link)].pretty)]
        if formula[0][1] != pretty_number(link.value) and room(formula) <= WIDEST:
            lines.insert(0, formula)
        symbol: Line = [("symbol", derivative(self._called(link.of), self._called(link.wrt)))]
        heading = [*symbol] if room(symbol) <= HEADING else []
        if self.on.splits(step(link)):
            heading += [("key", " ")] * len(heading)
            heading += [("key mark", circled(i)) for i in self.on.through[step(link)]]
        return [heading, *lines] if heading else lines

    def _tip_of(self, link: Link) -> str:
        of, wrt = (str(self.naming.names.get(node, node.label)) for node in (link.of, link.wrt))
        return f"{derivative(of, wrt)} = {self.on.factors[step(link)].formula} = {link.value!r}"


def _listed(chain: ChainRule | None) -> Contributions:
    """The strongest paths, as many as there is room for."""
    paths = chain.paths(LISTED) if chain else []
    while len(paths) > 1 and len({node for path in paths for node in path.nodes}) > MOST // 2:
        paths.pop()
    return Contributions(chain, paths)


def _many(group: Group, neurons: Neurons, more: bool) -> str:
    """How many of what: 15 more neurons, 464 more outputs of 16 neurons, 30 × x."""
    labels, count = {neurons.label(node) for node in group.members}, f"{len(group.members):,}"
    if labels == {""}:
        return f"{count} operations" if any(node.op for node in group.members) else f"{count} constants"
    if len(labels) == 1:
        return f"{count} × {pretty_name(neurons.called(group.members[0], *labels))}"
    count += " more" if more else ""
    if not all(node in neurons.outputs for node in group.members):
        return f"{count} variables"
    return f"{count} neurons" if len(labels) == len(group.members) else f"{count} outputs of {len(labels)} neurons"


def _where(group: Group, neurons: Neurons) -> str:
    """Where they are, or between which numbers."""
    if len({neurons.label(node) for node in group.members}) == 1:
        numbers = [node.data for node in group.members]
        return f"data {pretty_number(min(numbers))} to {pretty_number(max(numbers))}"
    return f"in {group.label.removesuffix('.*')}" if group.label else "elsewhere"
