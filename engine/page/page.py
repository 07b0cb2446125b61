"""The interactive page: the graph as one HTML file that shows the paths of any Value, and recomputes them.

The file needs no network and no server. It carries the graph, one operation of the table an entry, and the table's
rows in JavaScript, so that a leaf can be changed and values, gradients, paths and verdicts follow. What is text
stays text: labels enter as JSON and are written as text nodes, and the page's policy runs no script but its own.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from math import isfinite
from typing import Any

from ..chain import FIXED, LISTED, NAMED, TESTS, WORDS, By, VariableGraph, branches, explained
from ..core import Value, api_boundary, pretty_name
from ..picture import DARK, GIVEN, LIGHT, to_html
from .javascript import program, runnable

# Joined in this order: each file uses names of those before it.
# fmt: off
SCRIPTS = (
    "numbers", "tokens", "parse", "terms", "expression", "graph", "formulas", "paths", "verdict", "groups", "layout",
    "picture", "light", "view", "panel", "curves", "passes", "learn", "quiz", "exports", "share", "main",
)
# fmt: on
LARGEST = 2_000_000  # letters of a page and its picture in a notebook


def page(graph: VariableGraph, depth: int | None = None) -> str:
    """HTML of a graph, or of a chain rule, whose paths are lit up: choose, open or change any Value in it.

    The numbers are computed from the present data of the leaves. `depth` draws variables at most that many links
    from the output; the others stand in the boxes that use them, as the weights of a neuron do.

    >>> x = Value(3.0, "x")
    >>> page(explained(x * x + x, x)).splitlines()[0]
    '<!doctype html>'
    """
    graph = graph.folded if graph.lettered else graph  # the page shows formulas of its own
    graph = graph.view(named=graph.whole.named)
    template, *scripts = (_file(name) for name in ("page.html", *(f"{name}.js" for name in SCRIPTS)))
    template = template.replace("<!-- colours -->", _colours())
    table = program([*runnable(), *(node.op for node in graph.nodes if node.op)])
    script = "\n".join(['"use strict";', table, *scripts])
    data = json.dumps(_data(graph, depth), ensure_ascii=False, separators=(",", ":"))
    parts = {
        "title": html.escape(f"whygrad: {graph.naming.names[graph.output]}"),
        "style hash": _hash(template.partition("<style>")[2].partition("</style>")[0]),
        "script hash": _hash(script),
        "data": data.replace("<", "\\u003c"),  # which no parser of HTML can take for a tag
        "script": script,
    }
    text = re.sub(r"<!-- ([a-z ]+) -->", lambda part: parts[part[1]], template)
    return text.encode("utf-8", "replace").decode()  # a label may hold half a character


@api_boundary
class Frame:
    """The page of a graph as a notebook shows it: in a frame of its own, which may run its script and save files.

    The picture replaces it in an untrusted notebook, which removes the frame, and if the page is too large.

    >>> x = Value(3.0, "x")
    >>> "<iframe" in Frame(explained(x * x))._repr_html_()
    True
    """

    def __init__(self, graph: VariableGraph, height: int = 640) -> None:
        self.graph, self.page, self.height = graph, page(graph), height

    def __repr__(self) -> str:
        return "a page, which a notebook shows; render(output, 'why.html', wrt) writes it to a file"

    def _repr_html_(self) -> str:
        picture, source = to_html(self.graph), html.escape(self.page)
        if len(picture) + len(source) > LARGEST:
            size = f"{len(self.page) / 1e6:.0f} MB"
            return f"{picture}<p>This page has {size}: explore a loss of fewer examples, or save it to a file.</p>"
        style = f"width: 100%; height: {self.height}px; border: 1px solid #d5dbe1; border-radius: 8px"
        rights = "allow-scripts allow-downloads allow-forms"  # no form leaves: the policy of the page sees to that
        frame = f'srcdoc="{source}" sandbox="{rights}" title="whygrad" style="{style}"'
        hidden = "<style>.whygrad-page ~ .whygrad-picture { display: none }</style>"
        return f'{hidden}<iframe class="whygrad-page" {frame}></iframe>{picture}'


@api_boundary
def explore(output: Value, wrt: Value | None = None, by: By = "labels") -> Frame:
    """The page of `output` for a notebook, with the paths from `wrt` lit up: `Value.explore` and `ChainRule.explore`.

    >>> x = Value(3.0, "x")
    >>> "<iframe" in explore(x * x)._repr_html_()
    True
    """
    return Frame(explained(output, wrt, by))


def _data(graph: VariableGraph, depth: int | None) -> dict[str, Any]:
    """All that the page knows: nodes in topological order, operands by index, and which of them have a name."""
    names, index = graph.naming.names, {node: i for i, node in enumerate(graph.nodes)}
    ops = sorted({node.op for node in graph.nodes if node.op})
    code = {op: i for i, op in enumerate(ops)}
    variables = [node for node in graph.nodes if node in names or graph.by == "operations"]
    return {
        "ops": ops,
        "nodes": [
            [code[node.op], *_packed([index[operand] for operand in node.operands])]
            if node.op
            else _number(graph.data[node])
            for node in graph.nodes
        ],
        "fixed": [i for node, i in index.items() if _has_plain_exponent(node)],
        "variables": [_variable(index[node], names.get(node, f"{graph.data[node]:g}")) for node in variables],
        "by": graph.by,
        "depth": depth,
        "wrt": -1 if graph.wrt is None else variables.index(graph.wrt),
        "note": _note(graph),
        "words": WORDS | {"named": NAMED, "tests": TESTS, "listed": LISTED},
        "given": GIVEN.pattern,
    }


def _note(graph: VariableGraph) -> str:
    """A note that each `where` of a plain bool keeps its branch, the only one in the graph; "" if there is none."""
    found = branches(graph, "pretty", FIXED)
    note = "it keeps this branch whatever you change: the page knows no other branch"
    return "; ".join([*found, note] if found else [])


def _colours() -> str:
    """Rules of the style sheet: the pictures' colours for edges with the total, against it, and dead."""
    sides = {
        "with": (LIGHT.blue, DARK.blue),
        "against": (LIGHT.ochre, DARK.ochre),
        "killed": (LIGHT.crimson, DARK.crimson),
    }
    return "\n  ".join(
        f"--{name}: light-dark({light[0]}, {dark[0]}); --{name}-fill: light-dark({light[1]}, {dark[1]});"
        for name, (light, dark) in sides.items()
    )


def _packed(indices: Sequence[int]) -> list[int]:
    """Indices, where -n after one stands for the n that follow it.

    >>> _packed([4, 5, 6, 7, 2])
    [4, -3, 2]
    """
    found: list[int] = []
    last = -2
    for i in indices:
        if i != last + 1 or not found:
            found.append(i)
        elif found[-1] < 0:
            found[-1] -= 1
        else:
            found.append(-1)
        last = i
    return found


def _has_plain_exponent(node: Value) -> bool:
    """Whether a node is a power whose exponent was a plain number, which cannot vary."""
    if node.op != "pow":
        return False
    exponent = node.operands[1]
    return not (exponent.op or exponent.label or node.partials[1])


def _variable(index: int, label: str) -> list[Any]:
    """A variable's node and label, and its name for people if that differs."""
    name = pretty_name(label)
    return [index, label] if name == label else [index, label, name]


def _number(number: float) -> float | str:
    """A number for JSON; inf and nan as text."""
    return number if isfinite(number) else {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(number)]


def _file(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
