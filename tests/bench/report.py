"""The figures in text, a block a workload, and in Markdown, a row an engine; with all that is missing, and why."""

from collections import defaultdict

from .measure import Results
from .workloads import ENGINES, heading

NAMES = [kind.name for kind in ENGINES]
OURS = [name for name in NAMES if name.startswith("whygrad")]


def text(results: Results) -> str:
    """A block a workload, the best first, each figure also as a multiple of whygrad's best."""
    blocks = [f"{results.machine}; medians of interleaved rounds; × is the multiple of whygrad's best figure"]
    for key, figures in results.figures.items():
        title, about, unit = heading(key)
        lines = [f"{key}  {title}: {about}", f"{'':24}{unit:>16}{'×':>10}{'once, s':>12}"]
        for name in sorted(figures, key=lambda name: figures[name], reverse=key == "DEPTH"):
            once = results.once.get(key, {}).get(name)
            mark = "*" if name in results.fewer.get(key, {}) else " "
            seconds = f"{once:12.3f}" if once is not None else ""
            lines.append(f"  {name:22}{number(figures[name]):>15}{mark}{times(results, key, name):>10}{seconds}")
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, *missing(results, "  {}: {}", "{}"), versions(results)])


def markdown(results: Results) -> str:
    """A row an engine, a column a workload."""
    keys = list(results.figures)
    lines = ["| | " + " | ".join(f"{key}<br>{heading(key)[2]}" for key in keys) + " |"]
    lines.append("|:--|" + "--:|" * len(keys))
    for name in NAMES:
        if any(name in figures for figures in results.figures.values()):
            lines.append(f"| {name} | " + " | ".join(cell(results, key, name) for key in keys) + " |")
    notes = [f"{results.machine}. {versions(results)}.", "In brackets: the multiple of whygrad's best figure."]
    explained = "\n".join("- **{}** {}: {}".format(key, *heading(key)) for key in keys)
    return "\n\n".join(["\n".join(lines), " ".join(notes), explained, *missing(results, "- {}: {}", "#### {}")]) + "\n"


def cell(results: Results, key: str, name: str) -> str:
    if name not in results.figures[key]:
        return "–"
    mark = "\\*" if name in results.fewer.get(key, {}) else ""
    figure = f"{number(results.figures[key][name])}{mark}"
    ratio = times(results, key, name)
    if name == best(results, key):
        return f"**{figure}**"
    return f"{figure} ({ratio}×)" if ratio else figure


def best(results: Results, key: str) -> str:
    """Which of whygrad's is the best there."""
    figures = {name: figure for name, figure in results.figures[key].items() if name in OURS}
    choose = max if key == "DEPTH" else min
    return choose(figures, key=lambda name: figures[name], default="")


def times(results: Results, key: str, name: str) -> str:
    """The multiple of whygrad's best; of depths there is none, some having no limit."""
    figures, ours = results.figures[key], best(results, key)
    return number(figures[name] / figures[ours], 2) if ours and key != "DEPTH" else ""


def number(x: float, digits: int = 3) -> str:
    """Three significant digits, never in powers of ten.

    >>> number(0.012345), number(1234567.0)
    ('0.0123', '1,230,000')
    """
    rounded = float(f"{x:.{digits}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 ** (digits - 1) else f"{rounded:.{digits}g}"


def missing(results: Results, line: str, title: str) -> list[str]:
    """Paragraphs on what has no figure, on what was measured on less, and on what is not installed."""
    paragraphs = {
        "No figure": [
            (f"{key}: {names}", reason) for key, table in results.reasons.items() for reason, names in _grouped(table)
        ],
        "* Measured on fewer, or tried no further for lack of time": [
            (key, _fewer(table)) for key, table in results.fewer.items() if table
        ],
        "Not installed": list(results.absent.items()),
    }
    return [
        "\n".join([title.format(head), "", *(line.format(*entry) for entry in entries)])
        for head, entries in paragraphs.items()
        if entries
    ]


def _grouped(reasons: dict[str, str]) -> list[tuple[str, str]]:
    names = defaultdict(list)
    for name, reason in reasons.items():
        names[reason].append(name)
    return [(reason, ", ".join(group)) for reason, group in names.items()]


def _fewer(table: dict[str, int]) -> str:
    names = defaultdict(list)
    for name, units in table.items():
        names[units].append(name)
    return "; ".join(f"{units:,} for {', '.join(group)}" for units, group in names.items())


def versions(results: Results) -> str:
    """The engines' releases; what stands after a comma is a variant of the same engine."""
    return ", ".join(f"{name} {version}" for name, version in results.versions.items() if version and "," not in name)
