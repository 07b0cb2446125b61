"""The figures as a picture: a row an engine, a panel a workload, what is possible as a line."""

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from .measure import Results
from .report import OURS, best, number, times
from .workloads import ENGINES, heading

ROWS = [kind.name for kind in ENGINES if not kind.bound]
BOUNDS = {"C by hand": ("C", "#c2410c", "-"), "plain floats": ("floats", "#b45309", (0, (2, 2)))}
INK, QUIET, FAINT, GRID, BLUE, BAND = "#1f2937", "#64748b", "#9ca3af", "#e5e7eb", "#1d4ed8", "#eff6ff"
COLUMNS = 3
STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.hashsalt": "whygrad",
    "text.color": INK,
    "axes.edgecolor": GRID,
    "svg.fonttype": "none",  # letters as letters: a fifth of the size
}
LEGEND = (
    ("●", BLUE, "whygrad; bold: the best of its three rows"),
    ("2×", FAINT, "how many times that best figure"),
    ("━", BOUNDS["C by hand"][1], "the same by hand, in vectorised C"),
    ("┅", BOUNDS["plain floats"][1], "the same loop on plain Python floats, no gradient"),
    ("*", INK, "measured on fewer examples or operations"),
    ("–", FAINT, "does not do this: the reason is in the table"),
)


def draw(results: Results, path: Path) -> None:
    """Write the picture in the format that the suffix says."""
    with mpl.rc_context(STYLE):
        rows = [name for name in ROWS if any(name in figures for figures in results.figures.values())]
        keys = list(results.figures)
        height = math.ceil((len(keys) + 1) / COLUMNS)
        figure = Figure(figsize=(13.0, 1.4 + height * (0.86 + 0.215 * len(rows))), facecolor="white")
        inch = 1 / figure.get_figheight()
        grid = figure.add_gridspec(
            height, COLUMNS, left=0.118, right=0.985, wspace=0.06, hspace=0.36, top=1 - 1.3 * inch, bottom=0.55 * inch
        )
        for n, key in enumerate(keys):
            panel(figure.add_subplot(grid[divmod(n, COLUMNS)]), results, key, rows, named=n % COLUMNS == 0)
        legend(figure.add_subplot(grid[divmod(len(keys), COLUMNS)]))
        figure.text(
            0.012, 1 - 0.42 * inch, "A value and its gradient, engine by engine", fontsize=17, fontweight="bold"
        )
        line = "Logarithmic scales; further left is better, except for the depth."
        figure.text(0.012, 1 - 0.68 * inch, line, color=QUIET, fontsize=10)
        source = f"{results.machine}. One run, medians of interleaved rounds. Double precision throughout."
        figure.text(0.012, 0.14 * inch, source, color=FAINT)
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)


def legend(axes: Any) -> None:
    """What the marks mean, in the last place of the grid."""
    axes.axis("off")
    for n, (sign, color, meaning) in enumerate(LEGEND):
        y = 0.94 - 0.1 * n
        axes.text(0.1, y, sign, color=color, fontsize=11, ha="center", va="center", transform=axes.transAxes)
        axes.text(0.16, y, meaning, color=QUIET, fontsize=9, va="center", transform=axes.transAxes)


def panel(axes: Any, results: Results, key: str, rows: list[str], named: bool) -> None:
    """One workload."""
    figures = results.figures[key]
    frame(axes, key, rows, named)
    low, high = limits(figures)
    axes.set_xlim(low, high)
    for name in BOUNDS:
        if name in figures:
            bound(axes, figures[name], *BOUNDS[name])
    for y, name in enumerate(rows):
        if name in figures:
            mark(axes, results, key, name, y, low)
        else:
            axes.text(0.012, y, "–", color=FAINT, va="center", transform=axes.get_yaxis_transform())


def limits(figures: dict[str, float]) -> tuple[float, float]:
    """Room for the bound at the left, and for the numbers at the right."""
    low, high = min(figures.values()), max(figures.values())
    span = max(high / low, 30.0)
    return low / span**0.07, low * span**1.5


def frame(axes: Any, key: str, rows: list[str], named: bool) -> None:
    """Titles, names of the engines, scale; the uppermost row is for the bounds' labels."""
    title, about, unit = heading(key)
    axes.set_xscale("log")
    axes.set_ylim(len(rows) - 0.4, -1.35)
    axes.set_title(f"{key}  {title}, {unit}", loc="left", fontsize=10.5, fontweight="bold", pad=17)
    axes.text(0, 1.02, about, transform=axes.transAxes, fontsize=8.6, color=QUIET, va="bottom")
    axes.set_yticks(range(len(rows)), rows if named else [""] * len(rows))
    for label, name in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(color=BLUE if name in OURS else INK, fontweight="bold" if name in OURS else "normal")
    axes.tick_params(axis="both", which="both", length=0)
    axes.tick_params(axis="x", labelsize=7.5, labelcolor=FAINT, pad=2)
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: short(x)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if ours := [n for n, name in enumerate(rows) if name in OURS]:
        axes.axhspan(min(ours) - 0.5, max(ours) + 0.5, color=BAND, zorder=0)


def short(x: float) -> str:
    """A power of ten as it stands on an axis.

    >>> short(0.01), short(10000.0), short(1e6)
    ('0.01', '10k', '1M')
    """
    return f"{x / 1e6:g}M" if x >= 1e6 else f"{x / 1e3:g}k" if x >= 1e3 else f"{x:g}"


def bound(axes: Any, figure: float, name: str, color: str, dashes: Any) -> None:
    axes.axvline(figure, color=color, linestyle=dashes, linewidth=1.4, zorder=2)
    offset = {"xytext": (4, 0), "textcoords": "offset points"}
    axes.annotate(f"{name} {number(figure)}", (figure, -0.95), **offset, color=color, fontsize=7.6, va="center")


def mark(axes: Any, results: Results, key: str, name: str, y: int, low: float) -> None:
    """A stem, a dot, the figure, and its multiple of whygrad's best."""
    figure, ours = results.figures[key][name], best(results, key)
    color = BLUE if name in OURS else QUIET
    axes.plot([low, figure], [y, y], color=color, alpha=0.3, linewidth=1.6, solid_capstyle="butt", zorder=3)
    axes.plot([figure], [y], "o", color=color, markersize=6.2 if name == ours else 4.8, zorder=4)
    star = "*" if name in results.fewer.get(key, {}) else ""
    style = {"color": color if name in OURS else INK, "fontweight": "bold" if name == ours else "normal"}
    offset = {"textcoords": "offset points", "va": "center", "zorder": 5}
    first = axes.annotate(f"{number(figure)}{star}", (figure, y), xytext=(7, 0), fontsize=8, **style, **offset)
    if name != ours and (ratio := times(results, key, name)):
        axes.annotate(f"{ratio}×", (1, 0.5), xycoords=first, xytext=(4, 0), fontsize=7.2, color=FAINT, **offset)
