"""The picture as DOT: the graph of variables, and the chain rule of one of them drawn into it.

A variable is a box; on the way from wrt to output each factor is a small box of its own *on* the edge, so that the
layout keeps room for it. Blue pulls with the total, ochre against it; a factor that kills is crimson and dashed and
marked ✕. A neuron, whose pre-activation `.z`, activation `.a`, weights and bias have a label in common up to the
last dot, is one box. What is too much to look at stands together under the common beginning of its labels.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from graphviz import Digraph, nohtml

from ..chain import By, ChainRule, Link, Naming, naming, variable_graph
from ..core import Value, ancestors, derivative, grad, pretty_name, pretty_number
from .contributions import Contributions, step
from .graphviz import draw_dot
from .grouping import MOST, Box, Group, Neurons, boxes, edges, within
from .path_table import caption, circled
from .svg import styled
from .theme import PLAIN, Line, Row, Theme, escaped, marked_up_lines, palette, plain, room, table, text_rows

LISTED = 16  # paths that are drawn and listed under the graph
SPELLED = 24  # factors or boxes in a picture up to which each shows its formula, not its number alone
SHORT = 8  # letters of a name that is written large
LONGEST = 40  # letters of a name or formula before its middle is left out
WIDEST = 260.0  # points of a formula that is shown
HEADING = 150.0  # points of a derivative's own name that is shown above it
WRONG = {True: "✕", False: "!"}  # before a factor that kills, and before one that is inf or nan
FAN = 4  # paths that meet in a box before their edges do in one point
PADDING = 9.0  # points on either side of a label

# By convention: what is given, not learnt.
_GIVEN = re.compile(r"(x|y|t|a_prev|z_prev|inputs?|targets?)_?\d*$")


@dataclass
class Picture:
    """A picture as DOT, and what its SVG gets besides: spans by id, rows under the graph, title, description."""

    dot: Digraph
    theme: Theme = "auto"
    lines: dict[str, list[Line]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    title: str = ""
    desc: str = ""
    boxes: dict[Value, str] = field(default_factory=dict)  # the id of the box that a variable is drawn as, or stands in
    note: str = ""

    def svg(self) -> str:
        """The styled SVG."""
        svg = draw_dot(self.dot.source, "svg")
        return styled(svg, self.lines, self.rows, self.title, self.desc, self.theme)


def paint(output: Value, wrt: Value | None, by: By, depth: int | None, theme: Theme, markup: bool) -> Picture:
    """The picture of a graph, or with `wrt` of a chain rule; with `markup` its labels have fonts in the DOT too."""
    return _Painter(output, wrt, by, depth, theme, markup).paint()


class _Painter:
    """Paints one picture: what is a box, what is on a path, and then boxes, edges and the sum, in order."""

    def __init__(self, output: Value, wrt: Value | None, by: By, depth: int | None, theme: Theme, markup: bool) -> None:
        self.output, self.wrt, self.markup = output, wrt, markup
        ends = [output] if wrt is None else [output, wrt]
        self.neurons = Neurons(ancestors(output) if by == "labels" else [], ends)
        self.chain = None if wrt is None else ChainRule(output, wrt, by, self.neurons.hidden)
        self.naming = naming(self.chain) if self.chain else Naming(output, None, by, self.neurons.hidden)
        self.on = _listed(self.chain)
        links = variable_graph(self.naming.nodes, ends, by, self.neurons.hidden)
        self.links = links if depth is None else within(links, output, {*ends, *self.on.nodes}, depth)
        self.slopes = dict(zip(self.links, grad(output, self.links), strict=True))
        pills = min(len(self.on.factors), MOST // 2)
        self.boxes, note = boxes(self.links, self.neurons, ends, self.on.nodes, MOST - pills)
        self.colours = palette(theme)
        self.picture = Picture(_canvas(self.colours.paper, self.colours.soft), theme, note=note)

    def paint(self) -> Picture:
        """The strongest path on top; ids in topological order."""
        ids = {box: f"n{i}" for i, box in enumerate(dict.fromkeys(self.boxes.values()))}
        self.picture.boxes = {variable: ids[box] for variable, box in self.boxes.items()}
        first: dict[Box, int] = {node: i for i, path in reversed([*enumerate(self.on.paths)]) for node in path.nodes}
        for box, name in sorted(ids.items(), key=lambda item: first.get(item[0], LISTED)):
            self._variable(name, box) if isinstance(box, Value) else self._group(name, box)
        self._join(ids)
        self._describe()
        return self.picture

    def _variable(self, name: str, node: Value) -> None:
        called = self._called(node)
        head: list[tuple[str, str]] = [("name" if len(called) <= SHORT else "name long", called)]
        definition = self.naming.definition(node, "pretty") if len(self.boxes) <= SPELLED else ""
        if 0 < len(definition) <= LONGEST:
            head.append(("symbol", f" = {definition}"))
        lines: list[Line] = [head, [("key", "data "), ("number", pretty_number(node.data))]]
        given = not node.op and bool(_GIVEN.match(node.label)) and node is not self.wrt
        if not given:
            dead = " dead" if node in self.on.cut else ""
            lines.append([("key", "grad "), (f"number{dead}", pretty_number(self.slopes[node]))])
        kind = "output" if node is self.output else "leaf" if node is self.wrt else self._kind(node, given)
        width = 2.4 if node is self.wrt else 1.8 if kind == "output" else 1.2
        self._box(name, f"variable {kind}", lines, self._tip(node), width)

    def _kind(self, node: Value, given: bool) -> str:
        if self.chain and node not in self.on.nodes:
            return "dim"
        return "variable" if node.op else "input" if given else "leaf"

    def _called(self, node: Value) -> str:
        name = str(self.naming.names.get(node) or node.label or pretty_number(node.data))
        called = pretty_name(self.neurons.unit(name) if node in self.neurons.outputs else name)
        return called if len(called) <= LONGEST else f"{called[: LONGEST // 2]}…{called[-LONGEST // 2 :]}"

    def _tip(self, node: Value) -> str:
        definition = self.naming.definition(node)
        name = self.naming.names.get(node) or node.label or "a constant"
        return f"{name} = {definition} = {node.data!r}" if definition else f"{name} = {node.data!r}"

    def _group(self, name: str, group: Group) -> None:
        lines: list[Line] = [[("name long", _many(group, self.neurons, bool(self.chain)))], [("key", _where(group))]]
        several = ", ".join(node.label or node.op for node in group.members[:8])
        self._box(name, "variable dim group", lines, f"{several}{', …' if len(group.members) > 8 else ''}", 1.2)

    def _join(self, ids: dict[Box, str]) -> None:
        """The edges, those of the strongest path first, so that the layout keeps it straight."""
        first = {step(factor.link): i for i, path in reversed([*enumerate(self.on.paths)]) for factor in path.factors}
        joined = edges(self.boxes, self.links, self.on.nodes).items()
        on = [ends for ends, links in joined if any(step(link) in first for link in links)]
        self.outs, self.ins = Counter(tail for tail, _ in on), Counter(head for _, head in on)
        if any(count > FAN for count in (*self.outs.values(), *self.ins.values())):
            self.picture.dot.graph_attr["ranksep"] = "0.7"  # room for what fans out
        numbered = sorted(enumerate(joined), key=lambda edge: min(first.get(step(x), LISTED) for x in edge[1][1]))
        for i, (ends, links) in numbered:
            through = [link for link in links if step(link) in first]
            if not through:
                self._thread(f"e{i}", ids[ends[0]], ids[ends[1]], links)
            elif isinstance(ends[0], Value) and isinstance(ends[1], Value):
                for n, link in enumerate(through):
                    self._factor(f"e{i}_{n}" if n else f"e{i}", ids, link)
            else:
                before = self.on.pull[step(through[0])][1]
                self._stroke(f"e{i}", ids[ends[0]], ids[ends[1]], before, max(self.on.share[step(x)] for x in through))

    def _thread(self, name: str, tail: str, head: str, links: list[Link]) -> None:
        """An edge on no path, with its numbers where there is room for them."""
        single = all(self.picture.boxes[link.of] == head and isinstance(self.boxes[link.wrt], Value) for link in links)
        shown = not self.chain and single and len(self.boxes) <= SPELLED
        line: Line = [("key", " + ".join(pretty_number(link.value) for link in links) if shown else "")]
        self.picture.lines[name] = [line]
        label = {"label": self._label([line])} if shown else {}
        self.picture.dot.edge(
            tail, head, id=name, color=self.colours.thread, tooltip=plain(line) or " ", **label, **{"class": "none"}
        )

    def _factor(self, name: str, ids: dict[Box, str], link: Link) -> None:
        """A factor in its box, with the edge that leads to it and the one that leads on."""
        wrong = self.on.is_wrong(link)
        wild = "wild " if wrong and step(link) not in self.on.killing else ""
        (after, before), share = self.on.pull[step(link)], self.on.share[step(link)]
        kind = "dead" if wrong else "none" if after == "dead" else self.on.colour(step(link))
        self._box(
            f"f{name}", f"factor {wild}{kind}", self._formula(link, kind), self._tip_of(link), 1.4 if wrong else 0.8
        )
        fans = self.outs[self.boxes[link.wrt]] > FAN, self.ins[self.boxes[link.of]] > FAN
        self._stroke(f"{name}a", ids[self.boxes[link.wrt]], f"f{name}", before, share, fans[0], dir="none")
        self._stroke(name, f"f{name}", ids[self.boxes[link.of]], after, share, fans[1])

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

    def _stroke(
        self, name: str, tail: str, head: str, pull: str, share: float, fan: bool = False, **attributes: str
    ) -> None:
        """An edge on a path: as wide as what it contributes, thin and dashed where no gradient arrives."""
        dead = pull == "dead"
        ports = {"tailport": "e", "headport": "w", "weight": "1"} if fan else {"weight": "20"}
        self.picture.dot.edge(
            tail, head, id=name, color=self.colours.pull(pull), style="dashed" if dead else "solid",
            penwidth=f"{1.2 if dead else 1.2 + 4 * share:.1f}", **ports, **attributes, **{"class": f"on {pull}"},
        )  # fmt: skip

    def _box(self, name: str, kind: str, lines: list[Line], tip: str, width: float) -> None:
        border, filling = self.colours.box("dim" if kind.endswith("group") else kind.split()[-1])
        dashed = ",dashed" if kind.endswith(("group", "factor dead")) else ""
        dim = "dim" in kind.split()
        words = self.colours.dim if dim else border if kind.startswith("factor") else self.colours.ink
        self.picture.lines[name] = lines
        self.picture.dot.node(
            name, self._label(lines, dim), id=name, fillcolor=filling, color=border, fontcolor=words,
            style=f"rounded,filled{dashed}", penwidth=f"{width:.1f}", tooltip=escaped(tip),
            width=f"{(max(map(room, lines)) + 2 * PADDING) / 72:.2f}", **{"class": kind},
        )  # fmt: skip

    def _label(self, lines: list[Line], dim: bool = False) -> str:
        if not self.markup:
            return str(nohtml("\\n".join(plain(line) for line in lines)))
        return marked_up_lines(lines, self.colours, dim)

    def _describe(self) -> None:
        """Title, description, and what stands under the graph."""
        drawn, output = self.picture, self._called(self.output)
        drawn.title, drawn.desc = f"whygrad: the graph of {output}", drawn.note or f"{len(self.boxes)} variables"
        if self.chain and self.wrt is not None:
            drawn.title = f"whygrad: {derivative(output, self._called(self.wrt))}"
            drawn.desc = str(self.chain)
            drawn.rows = caption(self.chain, self.on, self._called)
        if drawn.note:
            drawn.rows.append(([("key", drawn.note)],))
        if drawn.rows:
            drawn.rows.insert(0, ([("key", " ")],))
            label = table(drawn.rows, self.colours) if self.markup else str(nohtml(text_rows(drawn.rows)))
            drawn.dot.attr("graph", label=label)


def _listed(chain: ChainRule | None) -> Contributions:
    """The strongest paths, as many as there is room for."""
    paths = chain.paths(LISTED) if chain else []
    while len(paths) > 1 and len({node for path in paths for node in path.nodes}) > MOST // 2:
        paths.pop()
    return Contributions(chain, paths)


def _many(group: Group, neurons: Neurons, more: bool) -> str:
    """How many of what: 15 more neurons, 464 more outputs of 16 neurons, 30 × x."""
    labels, count = {node.label for node in group.members}, f"{len(group.members):,}"
    if labels == {""}:
        return f"{count} operations" if any(node.op for node in group.members) else f"{count} constants"
    if len(labels) == 1:
        return f"{count} × {pretty_name(neurons.unit(*labels))}"
    count += " more" if more else ""
    if not all(node in neurons.outputs for node in group.members):
        return f"{count} variables"
    return f"{count} neurons" if len(labels) == len(group.members) else f"{count} outputs of {len(labels)} neurons"


def _where(group: Group) -> str:
    """Where they are, or between which numbers."""
    if len({node.label for node in group.members}) == 1:
        numbers = [node.data for node in group.members]
        return f"data {pretty_number(min(numbers))} to {pretty_number(max(numbers))}"
    return f"in {group.label.removesuffix('.*')}" if group.label else "elsewhere"


def _canvas(paper: str, soft: str) -> Digraph:
    font = {"fontname": "Helvetica", "fontsize": f"{PLAIN.size:g}"}
    return Digraph(
        "whygrad",
        graph_attr={
            "id": "picture", "rankdir": "LR", "labelloc": "b", "labeljust": "c", "nodesep": "0.2", "ranksep": "0.4",
            "bgcolor": paper, "fontcolor": soft, "pad": "0.15", **font, "fontsize": "16",
        },
        node_attr={"shape": "box", "margin": "0.11,0.07", "height": "0.3", **font},
        edge_attr={"fontcolor": soft, "arrowsize": "0.7", **font, "fontsize": "12"},
    )  # fmt: skip
