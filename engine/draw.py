"""The picture: the graph of variables, and the chain rule of one of them drawn into it.

A variable is a box; on the way from wrt to output each factor is a small box of its own *on* the edge, so that the
layout keeps room for it. Blue pulls with the total, ochre against it; a factor that kills is crimson and dashed and
marked ✕. A neuron, whose pre-activation `.z`, activation `.a`, weights and bias have a label in common up to the
last dot, is one box. What is too much to look at stands together under the common beginning of its labels.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphviz import Digraph, nohtml

from .backward import grad
from .boxes import Neurons, boxes, within
from .formula import Naming, derivative, naming
from .graph import ancestors
from .paths import By, ChainRule, Link, Path, fold
from .pull import Flow, step
from .render import Line, draw_dot, printable, style, suffix_of, write
from .terms import pretty_name, pretty_number
from .value import Value, extensions
from .verdict import TINY

LISTED = 16  # paths that are drawn and listed under the graph
SPELLED = 24  # factors in a picture up to which each shows its formula, not its number alone
SHORT = 8  # letters of a name that is written large
LONGEST = 40  # factors that a listed path shows before its middle is left out

BLUE, OCHRE, CRIMSON, GREY, INK = "#0067b1", "#8f5f00", "#b3003b", "#c4ccd4", "#14202b"
_BOX = {  # class: fill, border, text, width of the border
    "variable": ("#ffffff", INK, INK, "1.4"),
    "leaf": ("#ffe9a8", "#8a6d00", INK, "1.2"),
    "input": ("#f5f7f9", GREY, INK, "1.2"),
    "output": ("#e2eefb", BLUE, INK, "1.8"),
    "dim": ("#f5f7f9", GREY, "#78838f", "1.2"),
    "factor for": ("#e9f2fc", BLUE, BLUE, "0.8"),
    "factor against": ("#fff5e3", OCHRE, OCHRE, "0.8"),
    "factor dead": ("#fdeaf0", CRIMSON, CRIMSON, "1.4"),
    "factor none": ("#ffffff", GREY, INK, "0.8"),
}
_PULL = {"for": BLUE, "against": OCHRE, "dead": CRIMSON, "none": GREY}
# By convention: what is given, not learnt.
_GIVEN = re.compile(r"(x|y|t|a_prev|z_prev|inputs?|targets?)_?\d*$")


@dataclass
class Picture:
    """A picture as DOT, and what its SVG gets besides: spans by id, rows under the graph, title, description."""

    dot: Digraph
    lines: dict[str, list[Line]] = field(default_factory=dict)
    rows: list[list[Line]] = field(default_factory=list)
    title: str = ""
    desc: str = ""
    boxes: dict[Value, str] = field(default_factory=dict)  # the id of the box that a variable is drawn as, or stands in
    note: str = ""

    def svg(self) -> str:
        """The styled SVG."""
        return style(draw_dot(self.dot.source, "svg"), self.lines, self.rows, self.title, self.desc)


def draw(output: Value, wrt: Value | None = None, by: By = "labels", depth: int | None = None) -> Digraph:
    """The graph that `output` was computed from, or with `wrt` the chain rule of d output / d wrt in it.

    `depth` keeps what is at most so many variables away from the output. The DOT is the same at every run.

    >>> x = Value(2.0, "x")
    >>> y = x * x
    >>> y.label = "y"
    >>> print(draw(y).source.splitlines()[0])
    digraph whygrad {
    """
    return picture(output, wrt, by, depth).dot


def render(
    output: Value, path: str | os.PathLike[str], wrt: Value | None = None, by: By = "labels", depth: int | None = None
) -> None:
    """Write the picture of `draw` to a file: .svg .png .pdf .dot or .gv by its suffix, and .html for the live page.

    An SVG or PNG needs no Graphviz on the machine; a PDF does, or is a RenderError. The old file stays until the new
    one is whole.
    """
    suffix = suffix_of(path, (*writers, ".svg", ".png", ".pdf", ".dot", ".gv"))
    if suffix in writers:
        write(path, writers[suffix](output, wrt, by, depth).encode())
        return
    drawn = picture(output, wrt, by, depth)
    if suffix == ".svg":
        write(path, drawn.svg().encode())
    elif suffix in (".dot", ".gv"):
        write(path, drawn.dot.source.encode())
    else:
        write(path, draw_dot(drawn.dot.source, suffix[1:]))


writers: dict[str, Callable[[Value, Value | None, By, int | None], str]] = {}  # what else can be written, by suffix


def picture(output: Value, wrt: Value | None = None, by: By = "labels", depth: int | None = None) -> Picture:
    """The picture of a graph or of a chain rule, as DOT and as what an SVG adds to it."""
    for end in (output, *([] if wrt is None else [wrt])):
        if not isinstance(end, Value):
            raise TypeError(f"a picture is drawn of Values, not of {type(end).__name__} {end!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is a whole number of variables from 0, or None, not {depth!r}")
    return _Painter(output, wrt, by, depth).paint()


class _Painter:
    """Paints one picture: what is a box, what is on a path, and then boxes, edges and the sum, in order."""

    def __init__(self, output: Value, wrt: Value | None, by: By, depth: int | None) -> None:
        self.output, self.wrt = output, wrt
        ends = {output} if wrt is None else {output, wrt}
        nodes = ancestors(output)
        self.neurons = Neurons(nodes if by == "labels" else [], ends)
        self.chain = None if wrt is None else ChainRule(output, wrt, by, self.neurons.hidden)
        self.naming = naming(self.chain) if self.chain else Naming(output, None, by, self.neurons.hidden)
        links = fold(self.naming.nodes, ends, by, self.neurons.hidden)
        self.links = within(links, output, wrt, depth) if depth is not None else links
        self.slopes = dict(zip(self.links, grad(output, self.links), strict=True))
        self.paths = self.chain.paths(LISTED) if self.chain else []
        self.on = Flow(self.paths, self.chain.total if self.chain else 0.0)
        self.boxes, self.note = boxes(self.links, self.neurons, ends, self.on.nodes)
        self.picture = Picture(_sheet())

    def paint(self) -> Picture:
        """Boxes and edges in topological order, then the sum."""
        ids = {box: f"n{i}" for i, box in enumerate(dict.fromkeys(self.boxes.values()))}
        self.picture.boxes = {variable: ids[box] for variable, box in self.boxes.items()}
        self.picture.note = self.note
        members: dict[Any, list[Value]] = {box: [] for box in ids}
        for variable, box in self.boxes.items():
            members[box].append(variable)
        rank = {node: i for i, path in enumerate(reversed(self.paths)) for node in path.nodes}
        for box, name in sorted(ids.items(), key=lambda item: -rank.get(item[0], -1)):  # the strongest path on top
            self._variable(name, box) if isinstance(box, Value) else self._group(name, box, members[box])
        first = {step(factor.link): i for i, path in reversed([*enumerate(self.paths)]) for factor in path.factors}
        edges = [*enumerate(self._edges().items())]
        edges.sort(key=lambda edge: min(first.get(step(link), LISTED) for link in edge[1][1]))
        for i, ((tail, head), links) in edges:
            self._edge(f"e{i}", ids[tail], ids[head], links, isinstance(tail, Value) and isinstance(head, Value))
        self._sum()
        return self.picture

    def _edges(self) -> dict[tuple[Any, Any], list[Link]]:
        """The links between drawn boxes, those of two boxes together."""
        edges: dict[tuple[Any, Any], list[Link]] = {}
        for links in self.links.values():
            for link in links:
                ends = self.boxes.get(link.wrt), self.boxes.get(link.of)
                aside = isinstance(ends[0], str) and link.of in self.on.nodes and link.wrt not in self.on.nodes
                if None not in ends and ends[0] is not ends[1] and not aside:
                    edges.setdefault(ends, []).append(link)
        return edges

    def _variable(self, name: str, node: Value) -> None:
        called = self._called(node)
        lines: list[Line] = [[("name" if len(called) <= SHORT else "name long", called)]]
        definition = self.naming.definition(node, "pretty") if len(self.boxes) <= SPELLED else ""
        if 0 < len(definition) <= LONGEST:
            lines[0] = [*lines[0], ("symbol", f" = {definition}")]
        lines.append([("key", "data "), ("number", pretty_number(node.data))])
        given = not node.op and bool(_GIVEN.match(node.label)) and node is not self.wrt
        if not given:
            dead = " dead" if node in self.on.cut else ""
            lines.append([("key", "grad "), (f"number{dead}", pretty_number(self.slopes[node]))])
        kind = "output" if node is self.output else "leaf" if node is self.wrt else self._kind(node, given)
        self._node(name, f"variable {kind}", lines, self._tip(node), bold=node is self.wrt)

    def _kind(self, node: Value, given: bool) -> str:
        if self.chain and node not in self.on.nodes:
            return "dim"
        return "variable" if node.op else "input" if given else "leaf"

    def _called(self, node: Value) -> str:
        name = str(self.naming.names.get(node, node.label))
        return pretty_name(self.neurons.unit(name) if node in self.neurons.outputs else name)

    def _tip(self, node: Value) -> str:
        definition = self.naming.definition(node)
        name = self.naming.names.get(node, node.label)
        return f"{name} = {definition} = {node.data!r}" if definition else f"{name} = {node.data!r}"

    def _group(self, name: str, box: str, members: list[Value]) -> None:
        count = f"{len(members):,} more"
        kind = "neurons" if all(node in self.neurons.outputs for node in members) else "variables"
        where = f"in {box}" if box else "elsewhere"
        lines: list[Line] = [[("name", f"{count} {kind}")], [("key", where)]]
        self._node(name, "variable dim group", lines, f"{count}: {', '.join(n.label or n.op for n in members[:8])} …")

    def _edge(self, name: str, tail: str, head: str, links: list[Link], single: bool) -> None:
        pull = next((self.on.pull[step(link)] for link in links if step(link) in self.on.pull), None)
        if pull is None or not self.chain:
            label = "" if self.chain or not single or len(self.boxes) > SPELLED else pretty_number(links[0].value)
            self.picture.dot.edge(
                tail, head, _escaped(label), id=name, color=GREY, tooltip=_escaped(label or " "), **_ARROW
            )
            self.picture.lines[name] = [[("key", label)]]
            return
        width = 1.2 + 4 * max(self.on.share.get(step(link), 0.0) for link in links)
        after, before = (_stroke(p, width) for p in pull)
        class_after, class_before = (f"on {p}" for p in pull)
        if not single:
            self.picture.dot.edge(tail, head, id=name, **before, **_ARROW, **{"class": class_before})
            return
        for n, link in enumerate(link for link in links if step(link) in self.on.pull):
            pill = f"{name}_{n}" if n else name
            self._factor(f"f{pill}", link)
            self.picture.dot.edge(tail, f"f{pill}", id=f"{pill}a", dir="none", **before, **{"class": class_before})
            self.picture.dot.edge(f"f{pill}", head, id=pill, **after, **_ARROW, **{"class": class_after})

    def _factor(self, name: str, link: Link) -> None:
        factor = self.on.factors[step(link)]
        kills = step(link) in self.on.killing
        starved = self.on.pull[step(link)][0] == "dead"
        kind = "dead" if kills else "none" if starved else self.on.colour(step(link))
        number = [(f"number {kind}", f"{'✕' if kills else '×'} {pretty_number(link.value)}")]
        names = [self._called(node) for node in (link.of, link.wrt)]
        lines: list[Line] = [number]
        if len(self.on.factors) <= SPELLED:
            formula = factor.pretty
            numbers = "".join(_circled(i) for i in self.on.through[step(link)]) if self.on.splits(step(link)) else ""
            head = [("symbol", derivative(*names) + (f" {numbers}" if numbers else ""))]
            lines = [head, number] if formula == pretty_number(link.value) else [head, [("name", formula)], number]
        self._node(name, f"factor {kind}", lines, f"{derivative(*names)} = {factor.formula} = {link.value!r}")

    def _node(self, name: str, kind: str, lines: list[Line], tip: str, bold: bool = False) -> None:
        key = kind.removeprefix("variable ").removesuffix(" group") if kind.startswith("variable ") else kind
        fill, border, text, width = _BOX[key]
        label = "\\n".join(_escaped("".join(words for _, words in line)) for line in lines)
        shape = "rounded,filled,dashed" if kind.endswith("group") or "dead" in kind else "rounded,filled"
        self.picture.dot.node(
            name, nohtml(label), id=name, fillcolor=fill, color=border, fontcolor=text, style=shape,
            penwidth="2.4" if bold else width, tooltip=_escaped(tip), **{"class": kind},
        )  # fmt: skip
        self.picture.lines[name] = lines

    def _sum(self) -> None:
        """What stands under the graph: a row a path, the total, and what the colours mean."""
        output = self._called(self.output)
        self.picture.title = f"whygrad: the graph of {output}"
        self.picture.desc = self.note or f"{len(self.boxes)} variables"
        if self.chain and self.wrt is not None:
            total = derivative(output, self._called(self.wrt))
            self.picture.title, self.picture.desc = f"whygrad: {total}", f"{self.chain}"
            rows = [self._row(i, path) for i, path in enumerate(self.paths, 1)]
            self.picture.rows = [_BLANK, *rows, _BLANK, *self._total(total)]
        if self.note:
            self.picture.rows.append([[("key", self.note)]])
        text = "".join(
            _escaped("   ".join("".join(w for _, w in line) for line in row)) + "\\l" for row in self.picture.rows
        )
        self.picture.dot.attr("graph", label=nohtml(text))

    def _row(self, i: int, path: Path) -> list[Line]:
        pull = self.on.colour_of(path)
        route = " → ".join(_elided([self._called(node) for node in path.nodes]))
        numbers: list[Span] = []
        for factor in path.factors:
            kind = "dead" if step(factor.link) in self.on.killing else pull
            text = pretty_number(factor.value)
            numbers += [("key", " · ")] if numbers else []
            numbers.append((f"number {kind}", text if factor.value >= 0 else f"({text})"))
        if len(numbers) > 2 * LONGEST:
            numbers = [*numbers[:16], ("key", " · … · "), *numbers[-15:]]
        head = [("key", f"{_circled(i)} ")] if len(self.paths) > 1 else []
        return [[*head, ("symbol", route)], numbers, [("key", "=")], [(f"number {pull}", pretty_number(path.product))]]

    def _total(self, total: str) -> list[list[Line]]:
        chain = self.chain
        assert chain is not None
        rows: list[list[Line]] = []
        left = chain.path_count - len(self.paths)
        if left:
            rest = pretty_number(chain.total - sum(path.product for path in self.paths))
            rows.append([[("key", f"… and {left:,} more paths, together")], [], [("key", "=")], [("number", rest)]])
        count = (
            "no path"
            if not chain.path_count
            else "one path"
            if chain.path_count == 1
            else f"sum of {chain.path_count:,} paths"
        )
        colour = "dead" if self.on.killing and chain.verdict == "killed" else "for"
        rows.append(
            [
                [("name", total), ("key", f"  {count} = backward()")], [], [("key", "=")],
                [(f"number {colour} total", pretty_number(chain.total))],
            ]
        )  # fmt: skip
        if any(self.on.colour_of(path) == "against" for path in self.paths):
            rows.append([[("key", "ochre paths pull against the total")]])
        if self.on.killing:
            rows.append([[("key", f"✕ dashed: |local derivative| ≤ {TINY:g}, the gradient dies here")]])
        if chain.verdict != "ok":
            rows.append([[("key", f"{chain.verdict}: {chain.sentence}")]])
        return rows


Span = tuple[str, str]
_ARROW = {"arrowsize": "0.7"}
_BLANK: list[Line] = [[("key", " ")]]


def _sheet() -> Digraph:
    font = {"fontname": "Helvetica", "fontsize": "14"}
    return Digraph(
        "whygrad",
        graph_attr={"id": "picture", "rankdir": "LR", "labelloc": "b", "labeljust": "c", "nodesep": "0.2",
                    "ranksep": "0.45", "bgcolor": "white", "tooltip": " ", "fontcolor": "#3d4853", "pad": "0.15",
                    **font, "fontsize": "17"},
        node_attr={"shape": "box", "margin": "0.11,0.05", "height": "0.3", **font},
        edge_attr={"fontcolor": "#5a6570", **font, "fontsize": "12"},
    )  # fmt: skip


def _stroke(pull: str, width: float) -> dict[str, str]:
    """How an edge is drawn: a gradient that died is thin and dashed."""
    dead = pull == "dead"
    style = "dashed" if dead else "solid"
    return {"color": _PULL[pull], "style": style, "penwidth": f"{1.2 if dead else width:.1f}", "weight": "8"}


def _elided(items: list[str], most: int = 12) -> list[str]:
    return items if len(items) <= most else [*items[: most // 2], "…", *items[-most // 2 :]]


def _circled(i: int) -> str:
    return chr(0x2460 + i - 1) if i <= 10 else f"({i})"


# What the fonts of a plain rendering lack.
_SPELLED = {chr(0x2460 + i): f"({i + 1})" for i in range(10)} | {"✕": "X"}


def _escaped(text: str) -> str:
    """Text as DOT shows it letter by letter: no escapes, entities or markup."""
    plain = printable(text)
    for sign, spelled in _SPELLED.items():
        plain = plain.replace(sign, spelled)
    return plain.replace("\\", "\\\\").replace("&", "&amp;")


def _draw_chain(chain: ChainRule, **options: Any) -> Digraph:
    return draw(chain.output, chain.wrt, chain.by, **options)


def _save_chain(chain: ChainRule, path: str | os.PathLike[str], **options: Any) -> None:
    render(chain.output, path, chain.wrt, chain.by, **options)


extensions["ChainRule.draw"] = _draw_chain
extensions["ChainRule.save"] = _save_chain
extensions["ChainRule.svg"] = lambda chain: picture(chain.output, chain.wrt, chain.by).svg()
extensions["svg"] = lambda value: picture(value).svg()
