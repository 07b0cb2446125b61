"""The interactive page: the graph as one HTML file that shows the paths of any Value, and recomputes them.

The file needs no network and no server. It carries the graph, one operation of the table an entry, and the table's
rows in JavaScript, so that a leaf can be changed and values, gradients, paths and verdicts follow. What is text
stays text: labels enter as JSON and are written as text nodes, and the page's policy runs no script but its own.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from math import isfinite
from typing import Any

from ..chain import NAMED, WORDS, By, Link, Links, Naming, Term, VariableGraph, branches, explained, show
from ..core import Name, Value, pretty_name
from ..picture import SPELLED, Diagram, View, diagram_of, draw_dot, to_dot, to_html
from .javascript import program

LARGEST = 2_000_000  # bytes of a page in a notebook


def page(graph: VariableGraph, depth: int | None = None) -> str:
    """HTML of a graph, or of a chain rule, whose paths are lit up: hover, choose or change any Value in it.

    The numbers are computed anew, from the present data of the leaves. `depth` draws what is at most so many variables
    away from the output; the rest stands in the boxes of what it goes into, as the weights of a neuron do.

    >>> x = Value(3.0, "x")
    >>> page(explained(x * x + x, x)).splitlines()[0]
    '<!doctype html>'
    """
    graph = graph.view(named=graph.whole.named)
    exact = Lasting(graph, textbook=False)
    drawn = diagram_of(graph.whole, View(depth))
    dot = to_dot(drawn)
    dot.graph_attr["ranksep"] = "0.9" if len(drawn.box_of) <= SPELLED else "2"  # room for factors on the edges
    svg = draw_dot(dot.source, "svg").decode()
    template, *scripts = (_file(name) for name in ("page.html", "chain.js", "picture.js", "page.js"))
    script = "\n".join(['"use strict";', program(node.op for node in graph.nodes if node.op), *scripts])
    parts = {
        "title": html.escape(f"whygrad: {exact.names[graph.output]}"),
        "style hash": _hash(template.partition("<style>")[2].partition("</style>")[0]),
        "script hash": _hash(script),
        "svg": svg[svg.index("<svg") :],
        "data": _json(_data(graph, exact, drawn)),
        "script": script,
    }
    text = re.sub(r"<!-- ([a-z ]+) -->", lambda part: parts[part[1]], template)
    return text.encode("utf-8", "replace").decode()  # a label may hold half a character


class Frame:
    """The page of a graph as a notebook shows it: in a frame of its own, which may run its script and nothing else.

    The picture stands in for it where a notebook is not trusted, and takes its frame away, and where it is too large.

    >>> x = Value(3.0, "x")
    >>> "<iframe" in Frame(explained(x * x))._repr_html_()
    True
    """

    def __init__(self, graph: VariableGraph, height: int = 640) -> None:
        self.graph, self.page, self.height = graph, page(graph), height

    def _repr_html_(self) -> str:
        picture = to_html(self.graph)
        source = html.escape(self.page)
        if len(source.encode()) > LARGEST:
            size = f"{len(source.encode()) / 1e6:,.0f} MB"
            return f"{picture}<p>The page is too large for a notebook, {size}: render it to a file, why.html</p>"
        style = f"width: 100%; height: {self.height}px; border: 1px solid #d5dbe1; border-radius: 8px"
        frame = (
            f'<iframe class="whygrad-page" srcdoc="{source}" sandbox="allow-scripts" title="whygrad" style="{style}">'
        )
        return f"<style>.whygrad-page ~ .whygrad-picture {{ display: none }}</style>{frame}</iframe>{picture}"


def explore(output: Value, wrt: Value | None = None, by: By = "labels") -> Frame:
    """The page of `output` for a notebook, with the paths from `wrt` lit up: `Value.explore` and `ChainRule.explore`.

    >>> x = Value(3.0, "x")
    >>> "<iframe" in explore(x * x)._repr_html_()
    True
    """
    return Frame(explained(output, wrt, by))


class Lasting(Naming):
    """Formulas that stay true when a leaf changes: no number that was computed is in them, and one form throughout."""

    def __init__(self, graph: VariableGraph, textbook: bool) -> None:
        self.textbook = textbook
        super().__init__(graph.nodes, graph.named, graph.by)

    def textbook_holds(self, node: Value) -> bool:
        """Whether textbook forms are what is wanted; the page looks at each whether it holds."""
        return self.textbook

    def number(self, number: float) -> Term:
        """A term that is too long to read is left out."""
        return Name("…")


def _data(graph: VariableGraph, exact: Lasting, drawn: Diagram) -> dict[str, Any]:
    """All that the page knows."""
    nodes, index_of = _nodes(exact)
    links = graph.variables
    rank = {node: i for i, node in enumerate(links)}
    boxes = _homes(drawn.box_of, links)
    textbook = Lasting(graph, textbook=True)
    return {
        "nodes": nodes,
        "variables": [
            {
                "node": index_of[node],
                "label": exact.names.get(node, f"{node.data:g}"),
                "name": _name(node, exact),
                "made": exact.definition(node, "pretty"),
                "told": graph.told(node, "pretty"),
                "box": boxes.get(node),
                "links": [_link(link, rank, exact, textbook) for link in links[node]],
            }
            for node in links
        ],
        "boxes": _boxes(drawn, boxes, rank),
        "wrt": -1 if graph.wrt is None else rank[graph.wrt],
        "note": _note(graph, drawn),
        "words": WORDS,
    }


def _note(graph: VariableGraph, drawn: Diagram) -> str:
    """What was left out of the drawing, and that a `where` stays in its branch, which is all that the graph holds."""
    found = branches(graph, "pretty")
    stay = ["whatever is changed here, it stays so: the page knows no other branch"] if found else []
    return "; ".join([*([drawn.note] if drawn.note else []), *found, *stay])


def _boxes(drawn: Diagram, boxes: dict[Value, str], rank: dict[Value, int]) -> dict[str, Any]:
    """Of each box what is written in it, the variable whose numbers those are, and all that stand in it."""
    entries: dict[str, Any] = {
        box.id: {"lines": box.lines, "heads": [], "members": []} for box in drawn.boxes if box.id in boxes.values()
    }
    for node, i in rank.items():
        if node in boxes:
            entries[boxes[node]]["members"].append(i)
        if node in drawn.box_of:
            entries[boxes[node]]["heads"].append(i)
    return entries


def _homes(boxes: Mapping[Value, str], links: Links) -> dict[Value, str]:
    """For each variable the box it stands in: its own, else, as for a weight, that of the first it goes into."""
    homes = dict(boxes)
    for of in reversed(links):
        for link in links[of]:
            if link.wrt not in boxes:
                homes[link.wrt] = homes[of]
    return homes


def _nodes(naming: Lasting) -> tuple[list[dict[str, Any]], dict[Value, int]]:
    """The nodes in topological order, an entry each, and the index of every Value."""
    index = {node: i for i, node in enumerate(naming.nodes)}
    entries = [
        _operation(node, [index[operand] for operand in node.operands], naming)
        if node.op
        else {"data": _number(node.data)}
        for node in naming.nodes
    ]
    return entries, index


def _operation(node: Value, operands: list[int], naming: Lasting) -> dict[str, Any]:
    """An operation, its operands and, if it is no variable, what it is made of."""
    entry: dict[str, Any] = {"op": node.op, "operands": operands}
    if node not in naming.names:
        entry["text"] = show(naming.term(node), "pretty")
    if node.op == "pow" and not node.operands[1].op and not node.operands[1].label and not node.partials[1]:
        entry["constant"] = [1]  # an exponent that was a plain number
    return entry


def _link(link: Link, rank: dict[Value, int], *namings: Lasting) -> dict[str, Any]:
    forms = [_form(naming.slope(link), rank, naming) for naming in namings]
    entry: dict[str, Any] = {"wrt": rank[link.wrt], "forms": forms if forms[0] != forms[1] else forms[:1]}
    if namings[0].is_constant(link):
        entry["constant"] = True
    if link.slot is not None:
        entry["slot"] = link.slot
    return entry


def _form(term: Term, rank: dict[Value, int], naming: Lasting) -> dict[str, Any]:
    """A formula as it stands in a product, as it stands alone, and the variables in it whose numbers are to be told."""
    alone = show(term, "pretty")
    if "…" in alone:
        return {"text": ""}
    inner = [rank[node] for node in naming.within(term)[:NAMED]] if isinstance(term, tuple) else []
    return {"text": show(term, "pretty", within="mul"), "alone": alone, "names": inner}


def _name(node: Value, naming: Lasting) -> str:
    return pretty_name(naming.names[node]) if node in naming.names else show(node.data, "pretty")


def _number(number: float) -> float | str:
    """A number as JSON has it; as text where it has none."""
    return number if isfinite(number) else {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(number)]


def _json(data: dict[str, Any]) -> str:
    """JSON that no parser of HTML can take for a tag."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _file(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
