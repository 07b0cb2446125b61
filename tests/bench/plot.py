"""The figures as a picture: a panel a workload, a row an engine; beside it a narrow one, of one column, for a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from .measure import Results
from .report import OURS, best, number, times
from .workloads import ENGINES, heading

BOUNDS = {kind.name for kind in ENGINES if kind.bound}
INK, QUIET, GRID, BLUE, ORANGE, BAND = "#1f2937", "#64748b", "#e5e7eb", "#1d4ed8", "#c2410c", "#eff6ff"
# In inches, 96 pixels each: a panel is as wide as a phone shows it, so that the least letters have 10 pixels there.
WIDE, MARGIN, ROW, HEAD, SPACE, TOP = 3.72, 0.09, 0.155, 0.4, 0.12, 1.3
BAR = (0.31, 0.56)  # from where to where a panel is the scale; the figure and its multiple end at these parts of it
FIGURE, MULTIPLE = 0.8, 1.0
SMALL, MEDIUM, LARGE = 7.6, 8.6, 12
STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Arimo", "Arial", "Helvetica", "DejaVu Sans"],
    "svg.hashsalt": "whygrad",
    "text.color": INK,
    "svg.fonttype": "none",  # letters as letters: a fifth of the size
}
ABOUT = ("One run, medians of interleaved rounds. Logarithmic;", "further left is better, but for the depth.")
LEGEND = (
    (BLUE, "whygrad; the best of its rows is bold"),
    (QUIET, "others; 2× is twice the best of whygrad"),
    (ORANGE, "by hand: vectorised C; floats without a gradient"),
    (INK, "* on fewer examples or operations"),
)


def draw(results: Results, path: Path) -> None:
    """Write the picture in the format that the suffix says, and a narrow one whose name ends in _narrow."""
    with mpl.rc_context(STYLE):
        for columns, file in ((2, path), (1, path.with_stem(f"{path.stem}_narrow"))):
            figure = picture(results, columns)
            figure.savefig(file, dpi=192, metadata={"Date": None} if file.suffix == ".svg" else None)


def picture(results: Results, columns: int) -> Figure:
    """The panels, one below the other, in columns of about the same height."""
    heights = {key: HEAD + ROW * len(figures) + SPACE for key, figures in results.figures.items()}
    placed = list(places(heights, columns))
    top = TOP if columns == 1 else TOP - 2 * ROW
    high, wide = top + max(y + heights[key] for key, _, y in placed), columns * WIDE
    figure = Figure(figsize=(wide, high), facecolor="white")
    title(figure, columns, high)
    for key, column, y in placed:
        bottom = high - top - y - heights[key] + SPACE
        corner = ((column * WIDE + MARGIN) / wide, bottom / high)
        size = ((WIDE - 2 * MARGIN) / wide, (heights[key] - HEAD - SPACE) / high)
        panel(figure, results, key, (*corner, *size))
    return figure


def places(heights: dict[str, float], columns: int) -> Iterator[tuple[str, int, float]]:
    """The column of each panel and how far down it begins."""
    column, y, full = 0, 0.0, sum(heights.values()) / columns
    for key, height in heights.items():
        if y and y + height / 2 > full:
            column, y = column + 1, 0.0
        yield key, column, y
        y += height


def title(figure: Figure, columns: int, high: float) -> None:
    """What is shown, and what the colours and signs mean."""
    above = figure.add_axes((0, 0, 1, 1))  # in inches from the upper left corner
    above.set_axis_off()
    above.set(xlim=(0, columns * WIDE), ylim=(high, 0))
    above.text(MARGIN, 0.22, "A value and its gradient", fontsize=LARGE, fontweight="bold")
    for n, line in enumerate(ABOUT):
        above.text(MARGIN, 0.42 + n * ROW, line, fontsize=SMALL, color=QUIET)
    for n, (color, meaning) in enumerate(LEGEND):
        column, row = (0, n) if columns == 1 else divmod(n, 2)
        x, y = column * WIDE + MARGIN, 0.42 + ROW * (2.4 + row)
        above.text(x, y, "●" if color != INK else "", fontsize=SMALL, color=color)
        above.text(x + 0.16, y, meaning, fontsize=SMALL)


def panel(figure: Figure, results: Results, key: str, rectangle: tuple[float, float, float, float]) -> None:
    """One workload: of each engine its name, its place on the scale, its figure, and its multiple of whygrad's best."""
    figures = results.figures[key]
    rows = [kind.name for kind in ENGINES if kind.name in figures]
    axes = figure.add_axes(rectangle)
    axes.set_axis_off()
    axes.set_ylim(len(rows) - 0.5, -0.5)
    heads(axes, key, len(rows))
    ours = [n for n, name in enumerate(rows) if name in OURS]
    axes.axhspan(min(ours) - 0.5, max(ours) + 0.5, color=BAND, zorder=0)
    left, bottom, width, height = rectangle
    scale = figure.add_axes((left + BAR[0] * width, bottom, (BAR[1] - BAR[0]) * width, height), sharey=axes)
    frame(scale, figures)
    for y, name in enumerate(rows):
        mark(axes, scale, results, key, name, y)


def heads(axes: Any, key: str, rows: int) -> None:
    """The title of a panel, and its unit above the figures."""
    name, about, unit = heading(key)
    first, second = 1 + 0.2 / (ROW * rows), 1 + 0.05 / (ROW * rows)
    axes.text(0, first, f"{key}  {name}", fontsize=MEDIUM, fontweight="bold", transform=axes.transAxes)
    axes.text(1, first, unit, fontsize=SMALL, fontweight="bold", ha="right", transform=axes.transAxes)
    axes.text(0, second, about, fontsize=SMALL, color=QUIET, transform=axes.transAxes)


def frame(scale: Any, figures: dict[str, float]) -> None:
    """A logarithmic scale with room at either end, and a line for each power of ten, or each few of them."""
    low, high = min(figures.values()), max(figures.values())
    room = max(high / low, 10.0) ** 0.08
    scale.set_xscale("log")
    scale.set_xlim(low / room, max(high, 10 * low) * room)
    scale.xaxis.set_major_locator(LogLocator(numticks=6))
    scale.xaxis.set_minor_locator(NullLocator())
    scale.xaxis.set_major_formatter(NullFormatter())
    scale.grid(axis="x", color=GRID, linewidth=0.7)
    scale.tick_params(axis="both", which="both", length=0, labelleft=False)
    scale.patch.set_alpha(0.0)
    scale.spines[:].set_visible(False)
    for bound in BOUNDS & figures.keys():
        scale.axvline(figures[bound], color=ORANGE, linewidth=0.9, alpha=0.5)


def mark(axes: Any, scale: Any, results: Results, key: str, name: str, y: int) -> None:
    """A row: a stem with a dot, and words in three columns."""
    figure, is_best = results.figures[key][name], name == best(results, key)
    color = BLUE if name in OURS else ORANGE if name in BOUNDS else QUIET
    scale.plot([scale.get_xlim()[0], figure], [y, y], color=color, alpha=0.35, linewidth=1.3, solid_capstyle="butt")
    scale.plot([figure], [y], "o", color=color, markersize=5.5 if is_best else 4, clip_on=False)
    star = "*" if name in results.fewer.get(key, {}) else ""
    style = {
        "va": "center_baseline", "fontsize": SMALL, "color": INK if color == QUIET else color,
        "fontweight": "bold" if is_best else "normal", "transform": axes.get_yaxis_transform(),
    }  # fmt: skip
    axes.text(0, y, name, **style)
    axes.text(FIGURE, y, f"{number(figure)}{star}", ha="right", **style)
    if not is_best and (multiple := times(results, key, name)):
        axes.text(MULTIPLE, y, f"{multiple}×", ha="right", **style | {"color": QUIET})
