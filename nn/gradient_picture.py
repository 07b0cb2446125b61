"""The layers of a network as a picture: strips of δ and ∂C/∂W, coloured by magnitude on a logarithmic scale.

A column is a unit: its largest δ over the examples, and below it the derivative with respect to each of its weights, or
in a deep network the largest of these.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from sys import float_info
from typing import TYPE_CHECKING

from graphviz import Digraph

from engine.core import elided, pretty_number
from engine.picture import LIGHT, by_night, draw_dot

from .matrices import Matrix, transposed
from .sections import raised

if TYPE_CHECKING:
    from .equations import Backpropagation
    from .layer_matrices import LayerMatrices

ROWS, COLUMNS = 8, 12  # of a strip that are shown
ABREAST = 4  # the most layers side by side; more are stacked, with less of each, so that all are seen at once
FEWEST = 4  # least decades of a scale, so that small differences look small
MOST = 16
LOWEST = -300  # the least exponent at the top, so that all powers of 10 of a scale are floats
SHADES = ((233, 242, 252), (0, 103, 177), (9, 20, 43))  # from the smallest magnitude to the largest


def to_dot(found: "Backpropagation") -> Digraph:
    """A box for each layer, from the inputs to the loss, and the scale below."""
    scale, is_deep = _scale(found.layers), len(found.layers) > ABREAST
    legend = _legend(scale, len(found.layers[0].z) > 1, is_deep)
    dot = Digraph(
        "backpropagation",
        graph_attr={
            "rankdir": "TB" if is_deep else "LR",
            "bgcolor": LIGHT.paper, "fontname": "Helvetica", "pad": "0.15", "nodesep": "0.3",
            "ranksep": "0.2" if is_deep else "0.4", "labelloc": "b", "label": _table(legend),
            "tooltip": found.title,
        },
        node_attr={"shape": "plain", "fontname": "Helvetica", "fontsize": "13", "fontcolor": LIGHT.ink},
        edge_attr={"color": LIGHT.thread, "arrowsize": "0.7"},
    )  # fmt: skip
    dot.node("x", "x", id="x", shape="ellipse")
    for layer in found.layers:
        name = f"layer{layer.number}"
        dot.node(name, _strips(layer, scale, is_deep), id=name, tooltip=f"layer {layer.number}")
        dot.edge("x" if layer.number == 1 else f"layer{layer.number - 1}", name)
    dot.node("C", f"C = {pretty_number(found.loss)}", id="C", shape="ellipse", color=LIGHT.sea[0])
    dot.edge(f"layer{len(found.layers)}", "C")
    return dot


def written(found: "Backpropagation", suffix: str) -> bytes:
    """The picture in the format of a suffix; an SVG follows the reader's dark mode."""
    source: str = to_dot(found).source
    if suffix in (".dot", ".gv"):
        return source.encode()
    drawn = draw_dot(source, suffix[1:])
    return by_night(drawn.decode()).encode() if suffix == ".svg" else drawn


@dataclass(frozen=True)
class Scale:
    """The decades of the shades: from 10^bottom, or less, to 10^top."""

    bottom: int
    top: int

    def shade(self, x: float) -> str:
        """The colour of a magnitude: crimson if it is 0 or not finite."""
        if not isfinite(x):
            return LIGHT.crimson[0]
        if x == 0.0:
            return LIGHT.crimson[1]
        return _mixed((log10(abs(x)) - self.bottom) / (self.top - self.bottom))


def _scale(layers: Iterable["LayerMatrices"]) -> Scale:
    found = [abs(x) for layer in layers for row in [*layer.delta, *layer.grad_weights] for x in row]
    logs = [log10(x) for x in found if isfinite(x) and x] or [0.0]
    top, bottom = min(max(ceil(max(logs)), LOWEST), float_info.max_10_exp), floor(min(logs))
    return Scale(max(min(bottom, top - FEWEST), top - MOST), top)


def _mixed(share: float) -> str:
    """A colour between the shades."""
    place = min(max(share, 0.0), 1.0) * (len(SHADES) - 1)
    i = min(int(place), len(SHADES) - 2)
    parts = (a + (b - a) * (place - i) for a, b in zip(SHADES[i], SHADES[i + 1], strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _strips(layer: "LayerMatrices", scale: Scale, is_deep: bool) -> str:
    up, columns = raised(layer.number), elided(range(len(layer.weights)), COLUMNS, None)
    delta, largest = [*map(_largest, transposed(layer.delta))], [*map(_largest, layer.grad_weights)]
    rows = [
        _line(f"<B>layer {layer.number}</B>", len(columns)),
        _line(f"δ{up}, largest {pretty_number(_largest(delta))}", len(columns)),
        *_colours([delta], columns, scale),
        _line(f"∂C/∂W{up}, largest {pretty_number(_largest(largest))}", len(columns)),
        *_colours([largest] if is_deep else transposed(layer.grad_weights), columns, scale),
    ]
    return _table(rows)


def _colours(matrix: Matrix, columns: Sequence[int | None], scale: Scale) -> list[str]:
    return ["".join(_cell(matrix, i, j, scale) for j in columns) for i in elided(range(len(matrix)), ROWS, None)]


def _cell(matrix: Matrix, i: int | None, j: int | None, scale: Scale) -> str:
    if i is None or j is None:
        return "<TD>…</TD>"
    x = matrix[i][j]
    sign = "" if isfinite(x) and x else _small(pretty_number(x), LIGHT.ink if isfinite(x) else LIGHT.paper)
    return f'<TD WIDTH="22" HEIGHT="16" BGCOLOR="{scale.shade(x)}">{sign}</TD>'


def _largest(numbers: Iterable[float]) -> float:
    """The largest magnitude, or a non-finite one."""
    return max(map(abs, numbers), key=lambda x: (not isfinite(x), x))


def _legend(scale: Scale, is_batch: bool, is_deep: bool) -> list[str]:
    delta, grads = (f"its {'largest ' * is_one_of_many}" for is_one_of_many in (is_batch, is_deep))
    words = _small(f"a column is a unit: {delta}δ above {grads}∂C/∂W; colours are magnitudes", LIGHT.ink)
    keys = [_key(scale.shade(0.0), "0", False)]
    for k in range(scale.bottom, scale.top + 1):
        sign = "≤ " if k == scale.bottom else ""
        is_dark = 5 * (k - scale.bottom) >= 2 * (scale.top - scale.bottom)
        keys.append(_key(scale.shade(10.0**k), sign + pretty_number(10.0**k), is_dark))
    return [_line(words, len(keys)), "".join(keys)]


def _key(shade: str, words: str, is_dark: bool) -> str:
    return f'<TD BGCOLOR="{shade}">{_small(words, LIGHT.paper if is_dark else LIGHT.ink)}</TD>'


def _small(words: str, colour: str) -> str:
    return f'<FONT POINT-SIZE="10" COLOR="{colour}">{words}</FONT>'


def _line(words: str, span: int) -> str:
    return f'<TD COLSPAN="{span}" ALIGN="LEFT">{words}</TD>'


def _table(rows: Sequence[str]) -> str:
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2">{"".join(f"<TR>{row}</TR>" for row in rows)}</TABLE>>'
