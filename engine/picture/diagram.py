"""The diagram: a graph of variables, and the chain rule of one of them in it, as data with every text written.

A variable is a box; on the way from wrt to output each factor is a small box of its own *on* the edge, so that the
layout keeps room for it. Blue pulls with the total, ochre and a ◄ against it; a factor that kills is crimson and
dashed and marked ✕. A neuron is one box. What is too much to look at stands together.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Sequence

from ..chain import ChainRule, Link, VariableGraph, judge
from ..core import TABLE, Value, derivative, elided, natural, pretty_name, pretty_number, total_derivative
from ..structure import ACTIVATIONS
from .contributions import Contributions, step
from .deltas import delta_of
from .grouping import MIDDLE, Drawn, Group, Neurons, boxes, edges, ranks, within
from .parts import PADDING, Box, Diagram, Edge, Factor, View, edges_of
from .path_table import caption, circled
from .theme import AGAINST, Line, Row, room

LISTED = 16  # paths that are drawn and listed under the graph
ON = 20  # variables on them
SPELLED = 24  # boxes in a picture up to which edges have numbers, and boxes long formulas
BRIEF = 16  # letters of a formula in one box of many
SHORT = 8  # letters of a name that is written large
LONGEST = 40  # letters of a name before its middle is left out
WIDEST = 32  # letters of a formula in a box before its middle is left out
HEADING = 150.0  # points of a derivative's own name that is shown above it
PAGE = 975.0  # points that a page is wide
GAP = 29.0  # points between boxes
SENTENCE = 96  # letters of the headline in a line
WRONG = {True: "✕", False: "!"}  # before a factor that kills, and before one that is inf or nan
FAN = 4  # paths that meet in a box before their edges do in one point

# By convention: what is given, not learnt.
GIVEN = re.compile(r"(x|y|t|a_prev|z_prev|inputs?|targets?)_?\d*$")


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
        self.dies = self.chain is not None and self.chain.verdict in ("killed", "non_finite")
        depth, ends = view.depth, graph.ends
        links = graph.variables
        self.links = links if depth is None else within(links, self.output, {*ends, *self.on.nodes}, depth)
        self.drawn, self.grouped = boxes(self.links, self.neurons, ends, self.on.nodes)
        self.ids = {box: f"n{i}" for i, box in enumerate(dict.fromkeys(self.drawn.values()))}

    def diagram(self) -> Diagram:
        """The strongest path on top; ids in topological order."""
        first: dict[Drawn, int] = {node: i for i, path in reversed([*enumerate(self.on.paths)]) for node in path.nodes}
        drawn = sorted(self.ids, key=lambda box: first.get(box, LISTED))
        output, note = self._called(self.output), self._note()
        title, desc = f"whygrad: the graph of {output}", note or f"{len(self.drawn)} variables"
        headline, rows = list[Line](), list[Row]()
        if self.chain:
            title, desc = f"whygrad: {total_derivative(output, self._called(self.chain.wrt))}", str(self.chain)
            headline, rows = self._headline(self.chain), caption(self.chain, self.on, self._called)
        rows += [([("key", line)],) for line in textwrap.wrap(note, SENTENCE)]
        shown = [self._variable(box) if isinstance(box, Value) else self._group(box) for box in drawn]
        arrows = self._edges()
        return Diagram(
            self.view,
            shown,
            arrows,
            headline,
            [([("key", " ")],), *rows] if rows else [],
            title,
            desc,
            note,
            [] if self.chain else self._layers(),
            _is_long(shown, arrows),
            {node: self.ids[box] for node, box in self.drawn.items()},
        )

    def _layers(self) -> list[list[str]]:
        """Neuron 2 before neuron 10, where they stand beside each other."""
        rank, names = ranks(self.links, [*self.drawn]), self.naming.names
        found: dict[tuple[str, int], list[Value]] = {}
        for node, layer in self.neurons.layers.items():
            if self.drawn.get(node) is node:
                found.setdefault((layer, rank[node]), []).append(node)
        return [[self.ids[x] for x in sorted(layer, key=lambda x: natural(names[x]))] for layer in found.values()]

    def _headline(self, chain: ChainRule) -> list[Line]:
        """The verdict in words."""
        delta = f"{name} = " if (name := delta_of(self._called(chain.wrt))) else ""
        symbol = total_derivative(self._called(self.output), self._called(chain.wrt))
        total = f"{delta}{symbol} = {pretty_number(chain.total)}"
        colour = "dead" if self.dies else "for" if chain.verdict == "ok" else "against"
        first: Line = [("name", total), ("key", "   "), (f"number {colour} verdict", chain.verdict.replace("_", "-"))]
        said = judge(chain, style="pretty").sentence
        return [first, *([("said", line)] for line in textwrap.wrap(said, SENTENCE)), [("key", " ")]]

    def _note(self) -> str:
        """What is hidden, and how to see it."""
        notes = list[str]()
        folded = 0 if self.chain else sum(node in self.neurons.parameters for node in self.links)
        if self.grouped:
            how = "Label what matters" if self.chain else "Ask for one weight, wrt=..."
            notes.append(f"{len(self.drawn):,} variables: {self.grouped:,} of them stand together. {how}, or ask for")
            notes.append("depth=..., or render a page, .html, to see them.")
        elif folded:
            notes.append(
                f"{folded} weights stand in their neurons. Ask for one, wrt=..., or by='operations' to see them."
            )
        return " ".join(notes)

    def _variable(self, node: Value) -> Box:
        called, constant = self._called(node), self.neurons.is_constant(node)
        head: list[tuple[str, str]] = [("name" if len(called) <= SHORT else "name long", called)]
        definition = self.naming.definition(node, "pretty")
        if 0 < len(definition) <= (WIDEST if len(self.ids) <= SPELLED else BRIEF):
            head.append(("symbol", f" = {definition}"))
        lines: list[Line] = [head]
        if not constant:
            lines.append([("key", "data "), ("number", pretty_number(node.data))])
        given = not node.op and bool(GIVEN.match(node.label)) and node is not self.wrt
        if not given:
            dead = " dead" if self.dies and node in self.on.cut else ""
            delta: Line = [("symbol", f"{name} = ")] if (name := delta_of(called)) else []
            number = pretty_number(self.graph.derivatives[node])
            lines.append([*delta, ("key", "grad "), (f"number{dead}", number)])
        kind = "output" if node is self.output else "leaf" if node is self.wrt else self._kind(node, given or constant)
        border = 2.4 if node is self.wrt else 1.8 if kind == "output" else 1.2
        return Box(self.ids[node], f"variable {kind}", lines, self._tip(node), border)

    def _kind(self, node: Value, given: bool) -> str:
        if self.chain and node not in self.on.nodes:
            return "dim"
        return "variable" if node.op else "input" if given else "leaf"

    def _called(self, node: Value) -> str:
        called = pretty_name(str(self.naming.names.get(node) or node.label or pretty_number(node.data)))
        return "".join(elided(called, LONGEST, "…"))

    def _tip(self, node: Value) -> str:
        definition = self.naming.definition(node)
        name = self.naming.names.get(node) or node.label or "a constant"
        return f"{name} = {definition} = {node.data:.10g}" if definition else f"{name} = {node.data:.10g}"

    def _group(self, group: Group) -> Box:
        """How many of what, their names from first to last, and between which numbers they are."""
        members = group.members
        if group.name != MIDDLE:
            members = sorted(members, key=lambda node: natural(str(self.naming.names.get(node, ""))))
        called = list(dict.fromkeys(self._called(node) for node in members))
        lines: list[Line] = [
            [("name long", _many(group, self.neurons, bool(self.chain) and group.name != MIDDLE))],
            [("symbol", " … ".join(dict.fromkeys([called[0], called[-1]])))],
            _range("data", [node.data for node in members]),
            _range("grad", [self.graph.derivatives[node] for node in members]),
        ]
        if len(set(map(self.neurons.label, members))) == 1 and self.neurons.label(members[0]):
            del lines[1]
        kind = "variable dim group" if self.chain else "variable group"
        return Box(self.ids[group], kind, lines, ", ".join(elided(called, 8, "…")), 1.2)

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
                side = self._side(self.on.sides[step(through[0])][1])
                share = max(self.on.share[step(x)] for x in through)
                found.append(Edge(f"e{i}", self.ids[ends[0]], self.ids[ends[1]], side, share))
        return found

    def _thread(self, name: str, ends: tuple[Drawn, Drawn], links: list[Link]) -> Edge:
        """An edge on no path, with its numbers where there is room for them."""
        single = all(isinstance(end, Value) for end in ends)
        shown = not self.chain and single and len(self.ids) <= SPELLED
        line: Line = [("key", " + ".join(pretty_number(link.value) for link in links))] if shown else []
        return Edge(name, self.ids[ends[0]], self.ids[ends[1]], line=line)

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
        """What next to nothing passes is crimson only where the whole derivative dies of it."""
        return "idle" if side == "dead" and not self.dies else side

    def _formula(self, link: Link, kind: str) -> list[Line]:
        marks = {"dead": WRONG[step(link) in self.on.killing], "idle": WRONG[True], "against": AGAINST + " ×"}
        number = pretty_number(link.value)
        lines: list[Line] = [[(f"number {kind} mark", marks.get(kind, "×")), (f"number {kind}", f" {number}")]]
        formula = self.on.factors[step(link)].pretty
        if formula != number:
            lines.insert(0, [("formula", "".join(elided(formula, WIDEST, "…")))])
        symbol: Line = [("symbol", derivative(self._called(link.of), self._called(link.wrt)))]
        heading = [*symbol] if room(symbol) <= HEADING else []
        if self.on.splits(step(link)):
            heading += [("key", " ")] * len(heading)
            heading += [("key mark", circled(i)) for i in self.on.through[step(link)][:3]]
            heading += [("key", "…")] * (len(self.on.through[step(link)]) > 3)
        return [heading, *lines] if heading else lines

    def _tip_of(self, link: Link) -> str:
        of, wrt = (str(self.naming.names.get(node, node.label)) for node in (link.of, link.wrt))
        return f"{derivative(of, wrt)} = {self.on.factors[step(link)].formula} = {link.value:.10g}"


def _listed(chain: ChainRule | None) -> Contributions:
    """The strongest paths, as many as there is room for."""
    paths = chain.paths(LISTED) if chain else []
    while len(paths) > 1 and len({node for path in paths for node in path.nodes}) > ON:
        paths.pop()
    return Contributions(chain, paths)


def _is_long(shown: Sequence[Box], arrows: Sequence[Edge | Factor]) -> bool:
    """Whether boxes one beside the other would be wider than a page, and wider than one below the other."""
    width = {box.id: max(map(room, box.lines)) + 2 * PADDING for box in shown}
    into: dict[str, list[tuple[str, float]]] = {box.id: [] for box in shown}
    for arrow in arrows:
        tail = edges_of(arrow)[0].tail
        pill = max(map(room, arrow.box.lines)) + 2 * PADDING + GAP if isinstance(arrow, Factor) else 0.0
        into[edges_of(arrow)[-1].head].append((tail, pill))
    ends: dict[str, float] = {}
    ranks: dict[str, int] = {}
    for box in sorted(width, key=lambda name: int(name[1:])):
        before = [(tail, pill) for tail, pill in into[box] if tail in ends]
        ends[box] = width[box] + max((ends[tail] + pill + GAP for tail, pill in before), default=0.0)
        ranks[box] = max((ranks[tail] + 1 for tail, _ in before), default=0)
    across = max(ends.values())
    beside = max(sum(width[box] for box in ranks if ranks[box] == rank) for rank in ranks.values())
    return across > PAGE and across > beside


def _range(what: str, numbers: Sequence[float]) -> Line:
    least, most = pretty_number(min(numbers)), pretty_number(max(numbers))
    return [("key", f"{what} "), ("number", least if least == most else f"{least} to {most}")]


def _many(group: Group, neurons: Neurons, more: bool) -> str:
    """How many of what: 15 more neurons, 464 more outputs of 16 neurons, 30 × x."""
    labels, count = {neurons.label(node) for node in group.members}, f"{len(group.members):,}"
    more_of = f"{count} more" if more else count
    if labels == {""}:
        return f"{more_of} {'operations' if any(node.op for node in group.members) else 'numbers'}"
    if len(labels) == 1:
        return f"{count} × {pretty_name(*labels)}"
    if not all(node in neurons.neurons for node in group.members):
        return f"{more_of} variables"
    units = {neurons.neurons[node] for node in group.members}
    ops = {node.op for node in group.members}
    kind = f"{TABLE[ops.pop()].sign} " if len(ops) == 1 and ops <= set(ACTIVATIONS) else ""
    what = f"{kind}neurons" if len(units) == len(group.members) else f"outputs of {len(units)} {kind}neurons"
    layers = {neurons.layers[node] for node in group.members}
    of = f" of {_spaced(*layers)}" if len(layers) == 1 else f" of {len(layers)} layers"
    return f"{more_of} {what}{of}"


def _spaced(layer: str) -> str:
    """The name of a layer in words: layer 2."""
    return re.sub(r"^layer(\d+)$", r"layer \1", layer)
