"""The diagram: a graph of variables, and the chain rule of one of them in it, as data with every text written.

A variable is a box; on the way from wrt to output each factor is a small box of its own *on* the edge, so that the
layout keeps room for it. Blue pulls with the total, ochre and a ◄ against it; a factor that kills is crimson and
dashed and marked ✕. A neuron is one box. Variables that are too many share boxes.
"""

from collections import Counter
from functools import cached_property
from itertools import product

from ..chain import ChainRule, Link, Path, VariableGraph, judge
from ..core import Value, derivative, many, natural, pretty_number, total_derivative
from .box_texts import BoxTexts
from .contributions import Contributions, step
from .deltas import delta_of
from .extent import extent
from .grouping import MIDDLE, Drawn, Group, Neurons, boxes, edges, joined, ranks, within
from .parts import TEXT, Box, Diagram, Edge, Factor, View
from .path_table import caption, circled
from .theme import AGAINST, Line, Row, broken, room, wrapped

PATHS = 16  # that are drawn at most
# (paths, boxes beside them): the first pair that fits a page is drawn.
MOST = (*((paths, 16) for paths in (PATHS, 12, 9, 7, 6, 5, 4, 3, 2, 1)), (1, 8), (1, 3))
ON = 14  # variables on the paths
SPELLED = 24  # boxes in a picture up to which they have long formulas, and edges numbers
OK = "ok: nothing blocks it"
LABELLED = 32  # edges up to which they have numbers
FORMULA = 252.0  # points of a line of a factor's formula
HEADING = 150.0  # points of a derivative's own name that is shown above it
WRONG = {True: "✕", False: "!"}  # before a factor that kills, and before one that is inf or nan
FAN = 4  # path edges on a box's side before they meet in one point
NOTHING = 0.005  # of the largest contribution, below which an edge beside the listed paths has no colour


def diagram_of(graph: VariableGraph, view: View) -> Diagram:
    """The diagram of a graph, or of a chain rule: of the paths of largest product, and of what lies beside them.

    >>> x = Value(3.0, "x")
    >>> [box.kind for box in diagram_of(ChainRule(x * x, x), View()).boxes]
    ['variable leaf', 'variable output']
    """
    neurons = Neurons(graph)
    graph = graph.view(neurons.hidden)
    paths = _strongest(graph) if isinstance(graph, ChainRule) else []
    most = dict.fromkeys((min(drawn, len(paths)), beside) for drawn, beside in MOST)
    for (drawn, beside), weights in product(most, (True, False) if graph.wrt is None else (False,)):
        drawing = _Drawing(graph, neurons, view, paths[:drawn], beside / PATHS, weights)
        if min(drawing.extent) <= 1.03 * view.width:  # it is an estimate
            break
    return drawing.diagram()


class _Drawing:
    """Draws one diagram: what is a box, what is on a path, and then boxes, edges and the sum, in order."""

    def __init__(
        self, graph: VariableGraph, neurons: Neurons, view: View, paths: list[Path], part: float, weights: bool
    ) -> None:
        self.graph, self.neurons = graph, neurons
        self.view, self.output, self.wrt, self.naming = view, graph.output, graph.wrt, graph.naming
        self.chain = graph if isinstance(graph, ChainRule) else None
        self.on = Contributions(self.chain, paths)
        self.dies = self.chain is not None and self.chain.verdict in ("killed", "non_finite")
        depth, ends = view.depth, graph.ends
        links = graph.variables
        self.links = links if depth is None else within(links, self.output, {*ends, *self.on.nodes}, depth)
        self.drawn, self.grouped = boxes(self.links, neurons, ends, self.on.nodes, part)
        self.ids = {box: f"n{i}" for i, box in enumerate(dict.fromkeys(self.drawn.values()))}
        alone = [node for node, box in self.drawn.items() if box is node and weights and node in neurons.neurons]
        first = {neurons.neurons[node]: node for node in reversed(alone)}  # of the examples of a batch
        told = {node: neurons.weights_of([node]) for node in first.values()}
        self.texts = BoxTexts(graph, neurons, len(self.ids) > SPELLED or view.width < TEXT, told)

    @cached_property
    def extent(self) -> tuple[float, float]:
        """How wide the picture is from left to right, and from top to bottom."""
        return extent(self.boxes, self.arrows)

    @cached_property
    def downwards(self) -> bool:
        """Whether paths lead from top to bottom, as they would be too wide."""
        across, down = self.extent
        return across > self.view.width and across > down

    @cached_property
    def room(self) -> float:
        """How wide the lines above and below the boxes may be."""
        return max(min(TEXT, self.view.width), self.extent[self.downwards])

    @cached_property
    def boxes(self) -> list[Box]:
        """The strongest path on top."""
        first: dict[Drawn, int] = {node: i for i, path in reversed([*enumerate(self.on.paths)]) for node in path.nodes}
        drawn = sorted(self.ids, key=lambda box: first.get(box, PATHS))
        return [self._variable(box) if isinstance(box, Value) else self._group(box) for box in drawn]

    def diagram(self) -> Diagram:
        """All of it; ids in topological order."""
        output, note = self.texts.called(self.output), self._note()
        title, desc = f"whygrad: the graph of {output}", note or f"{len(self.drawn)} variables"
        headline, rows = list[Line](), list[Row]()
        if self.chain:
            title, desc = f"whygrad: {total_derivative(output, self.texts.called(self.chain.wrt))}", str(self.chain)
            headline, rows = self._headline(self.chain), caption(self.chain, self.on, self.texts.called, self.room)
        rows += [(line,) for line in (*self._key(), *wrapped(note.split(), "key", self.room))]
        return Diagram(
            self.view,
            self.boxes,
            self.arrows,
            headline,
            [([("key", " ")],), *rows] if rows else [],
            title,
            desc,
            note,
            [] if self.chain else self._layers(),
            self.downwards,
            {node: self.ids[box] for node, box in self.drawn.items()},
        )

    def _layers(self) -> list[list[str]]:
        """The boxes of each layer, and of the inputs, in natural order: neuron 2 before neuron 10."""
        rank, names = ranks(self.links, [*self.drawn]), self.naming.names
        inputs = {link.wrt: "" for node in self.neurons.layers if rank.get(node) == 1 for link in self.links[node]}
        found: dict[tuple[str, int], list[Value]] = {}
        for node, layer in (inputs | self.neurons.layers).items():
            if self.drawn.get(node) is node:
                found.setdefault((layer, rank[node]), []).append(node)
        return [[self.ids[x] for x in sorted(layer, key=lambda x: natural(names[x]))] for layer in found.values()]

    def _headline(self, chain: ChainRule) -> list[Line]:
        """The verdict in words."""
        delta = f"{name} = " if (name := delta_of(self.texts.called(chain.wrt))) else ""
        symbol = total_derivative(self.texts.called(self.output), self.texts.called(chain.wrt))
        total = f"{delta}{symbol} = {pretty_number(chain.total)}"
        colour = "dead" if self.dies else "for" if chain.verdict == "ok" else "against"
        verdict = OK if chain.verdict == "ok" else chain.verdict.replace("_", "-")
        first: list[Line] = [[("name", total), ("key", "   "), (f"number {colour} verdict", verdict)]]
        if room(first[0]) > self.room:
            first = [[first[0][0]], [first[0][2]]]
        said = judge(chain, style="pretty").sentence
        return [*first, *wrapped(said.split(), "said", self.room), [("key", " ")]]

    def _note(self) -> str:
        """What is hidden, and how to see it."""
        notes = list[str]()
        folded = sum(node in self.neurons.parameters for node in self.links) - sum(
            map(len, self.texts.weights.values())
        )
        count, drawn = self.chain.path_count if self.chain else 0, len(self.on.paths)
        if count > drawn:
            notes.append(f"The {drawn} strongest of {many(count)} paths are drawn; .paths() lists more.")
        if self.grouped:
            how = "Label what matters" if self.chain else "Ask for one weight, wrt=..."
            notes.append(f"{len(self.drawn):,} variables: {self.grouped:,} of them stand together. {how}, or ask for")
            notes.append("depth=..., or render a page, .html, to see them.")
        elif count > drawn and any(isinstance(box, Group) for box in self.ids):
            notes.append("A page, .html, opens the boxes that stand for several variables.")
        elif folded and not self.chain:
            notes.append(
                f"{folded} weights stand in their neurons. Ask for one, wrt=..., or by='operations' to see them."
            )
        return " ".join(notes)

    def _key(self) -> list[Line]:
        """What the words and numbers mean, for a reader who knows no library."""
        parts = ["data: its value", f"grad: how fast {self.texts.called(self.output)} changes with it"]
        if self.on.paths:
            parts.append("box on an arrow: the factor of one step")
        elif any(isinstance(arrow, Edge) and arrow.line for arrow in self.arrows):
            parts.append("number on an arrow: the derivative of its end with respect to its start")
        if len({round(share, 2) for share in self.on.share.values()}) > 1:
            parts.append("thicker: contributes more")
        if len(joined(self.drawn, self.links)) > len(self._edges):
            parts.append("grey box of several: only one of its arrows is drawn")
        return wrapped(parts, "key", self.room, " · ")

    def _variable(self, node: Value) -> Box:
        lines = self.texts.variable(node, " dead" if self.dies and node in self.on.cut else "")
        given = self.texts.is_given(node) or self.neurons.is_constant(node)
        kind = "output" if node is self.output else "leaf" if node is self.wrt else self._kind(node, given)
        border = 2.4 if node is self.wrt else 1.8 if kind == "output" else 1.2
        return Box(self.ids[node], f"variable {kind}", lines, self.texts.variable_tip(node), border)

    def _kind(self, node: Value, given: bool) -> str:
        if self.chain and node not in self.on.nodes:
            return "dim"
        return "variable" if node.op else "input" if given else "leaf"

    def _group(self, group: Group) -> Box:
        beside = self.chain is not None and not any(map(self.on.reaches, group.members))
        lines = self.texts.group(group, self.chain is not None and group.name != MIDDLE)
        kind = "variable dim group" if beside else "variable group"
        return Box(self.ids[group], kind, lines, self.texts.group_tip(group), 1.2)

    @cached_property
    def _edges(self) -> dict[tuple[Drawn, Drawn], list[Link]]:
        """The links that are drawn, by the boxes that they join."""
        return edges(self.drawn, self.links, self.on.nodes, self._matters)

    @cached_property
    def arrows(self) -> list[Edge | Factor]:
        """The edges, those of the strongest path first, so that the layout keeps it straight."""
        first = {step(factor.link): i for i, path in reversed([*enumerate(self.on.paths)]) for factor in path.factors}
        drawn = self._edges.items()
        on = [ends for ends, links in drawn if any(step(link) in first for link in links)]
        self.outs, self.ins = Counter(tail for tail, _ in on), Counter(head for _, head in on)
        self.users = Counter(link.wrt for links in self.links.values() for link in links)
        self.labelled = len(self.ids) <= SPELLED and len(drawn) <= LABELLED
        found: list[Edge | Factor] = []
        for i, (ends, links) in sorted(
            enumerate(drawn), key=lambda edge: min(first.get(step(x), PATHS) for x in edge[1][1])
        ):
            through = [link for link in links if step(link) in first]
            if not through:
                found.append(self._thread(f"e{i}", ends, links))
            elif isinstance(ends[0], Value) and isinstance(ends[1], Value):
                found += [self._factor(f"e{i}_{n}" if n else f"e{i}", link) for n, link in enumerate(through)]
            else:
                side = self._side(self.on.sides[step(through[0])][1])
                share = max(self.on.share[step(x)] for x in through)
                found.append(Edge(f"e{i}", self.ids[ends[0]], self.ids[ends[1]], side, share))
        return found

    def _thread(self, name: str, ends: tuple[Drawn, Drawn], links: list[Link]) -> Edge:
        """An edge on no listed path, with its numbers where there is room for them."""
        single = all(isinstance(end, Value) for end in ends)
        shown = not self.chain and single and self.labelled
        line: Line = [("key", " + ".join(pretty_number(link.value) for link in links))] if shown else []
        side, share = self.on.beside(links) if self._matters(links) else ("none", 0.0)
        inline = single and self._in_line(links[0])
        return Edge(name, self.ids[ends[0]], self.ids[ends[1]], side, share, line=line, inline=inline)

    def _in_line(self, link: Link) -> bool:
        """Whether a link is in a chain of operations."""
        operations = [[x for x in self.links[node] if x.wrt.op] for node in (link.of, link.wrt)]
        return operations[0] == [link] and bool(operations[1]) and self.users[link.wrt] == 1

    def _matters(self, links: list[Link]) -> bool:
        """Whether paths that are not listed contribute by an edge."""
        return self.on.beside(links)[1] > NOTHING

    def _factor(self, name: str, link: Link) -> Factor:
        wrong = self.on.is_wrong(link)
        wild = "wild " if wrong and step(link) not in self.on.killing else ""
        (after, before), share = self.on.sides[step(link)], self.on.share[step(link)]
        kind = "dead" if wrong else "none" if after == "dead" else self.on.side(step(link))
        kind = "idle" if kind == "dead" and not self.dies and not wild else kind
        lines, tip = self._formula(link, kind), self._tip_of(link)
        tail, head = self.drawn[link.wrt], self.drawn[link.of]
        return Factor(
            Box(f"f{name}", f"factor {wild}{kind}", lines, tip, 1.4 if wrong else 0.8),
            Edge(f"{name}a", self.ids[tail], f"f{name}", self._side(before), share, self.outs[tail] > FAN),
            Edge(name, f"f{name}", self.ids[head], self._side(after), share, self.ins[head] > FAN),
            step(link),
        )

    def _side(self, side: str) -> str:
        """A dead edge is crimson only if the whole derivative dies."""
        return "idle" if side == "dead" and not self.dies else side

    def _formula(self, link: Link, kind: str) -> list[Line]:
        marks = {"dead": WRONG[step(link) in self.on.killing], "idle": WRONG[True], "against": AGAINST + " ×"}
        number = pretty_number(link.value)
        lines: list[Line] = [[(f"number {kind} mark", marks.get(kind, "×")), (f"number {kind}", f" {number}")]]
        formula = self.on.factors[step(link)].pretty
        if formula != number:
            lines = [*broken(formula, "formula", FORMULA), *lines]
        symbol: Line = [("symbol", derivative(self.texts.called(link.of), self.texts.called(link.wrt)))]
        heading = [*symbol] if room(symbol) <= HEADING else []
        through = self.on.through[step(link)]
        if len(through) < len(self.on.paths):
            heading += [("key", " ")] * len(heading)
            heading += [("key mark", circled(i)) for i in through[:3]]
            heading += [("key", "…")] * (len(through) > 3)
        return [heading, *lines] if heading else lines

    def _tip_of(self, link: Link) -> str:
        of, wrt = (str(self.naming.names.get(node, node.label)) for node in (link.of, link.wrt))
        return f"{derivative(of, wrt)} = {self.on.factors[step(link)].formula} = {link.value:.10g}"


def _strongest(chain: ChainRule) -> list[Path]:
    """The strongest paths, with at most ON variables in all."""
    paths = chain.paths(PATHS)
    while len(paths) > 1 and len({node for path in paths for node in path.nodes}) > ON:
        paths.pop()
    return paths
