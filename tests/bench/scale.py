"""What each answer costs as the graph grows, from 100 to 10,000,000 operations; slower ones to fewer, as in LARGEST.

    uv run --group bench python -m tests.bench.scale --picture scale.svg                   ten minutes
    uv run --group bench python -m tests.bench.scale build backward --graphs moons --largest 1e5

Each figure comes from a process of its own, which makes one graph, gives one answer and ends. "growth" is by how much
t / (n log n) grows from one size to the next, at most: above 1, a cost grows faster than n log n, or out of the caches.
"""

import argparse
import gc
import json
import math
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .expression import expression
from .network import moons
from .problem import Problem
from .scalars import Whygrad
from .worker import resident

SIZES = [10**k for k in range(2, 8)]
LIMIT = 60.0  # seconds for one figure, the graph included; where it is passed, larger sizes are left out
MEMORY = 10 * 2**30  # bytes that one process may take
QUICK = 0.1  # seconds: what takes less is done five times, and the least counts
NOISE = 0.01  # seconds: below, fixed costs decide and no growth is reported
EXAMPLE = 69  # operations of moons for one example: 33 sums of products, 32 relu, and the loss

GRAPHS: dict[str, Callable[[int], Problem]] = {
    "expression": expression,
    "moons": lambda size: moons(max(1, size // EXAMPLE)),
}
ABOUT = {
    "expression": "random expression, every twentieth number a leaf",
    "moons": "loss of a network 2-16-16-1 over a batch",
}


class Subject:
    """A graph to ask: its function, its leaves and its output, whose gradients are at hand."""

    def __init__(self, graph: str, size: int) -> None:
        engine = Whygrad()
        engine.load()
        problem = GRAPHS[graph](size)
        self.numbers = list(problem.leaves)
        self.f = problem.total(engine.ops)
        self.leaves = engine.leaves(self.numbers)

    def build(self) -> Callable[[], Any]:
        return lambda: self.f(self.leaves)

    def backward(self) -> Callable[[], Any]:
        output = self.f(self.leaves)
        return output.backward

    def record(self) -> Callable[[], Any]:
        from engine import record

        return lambda: record(self.f, self.numbers).backward([self.numbers])

    def replay(self) -> Callable[[], Any]:
        from engine import record

        recording = record(self.f, self.numbers, check=False)
        recording.backward([self.numbers])
        return lambda: recording.backward([self.numbers])

    def chain_rule(self) -> Callable[[], Any]:
        from engine import chain_rule

        output = self.f(self.leaves)
        return lambda: str(chain_rule(output, self.leaves[0]))

    def diagnose(self) -> Callable[[], Any]:
        from engine import diagnose

        output = self.f(self.leaves)
        output.backward()
        return lambda: str(diagnose(output, self.leaves))

    def compare(self) -> Callable[[], Any]:
        from engine import compare

        output = self.f(self.leaves)
        output.backward()
        given = {leaf: -leaf.grad for leaf in self.leaves[:20]}
        return lambda: str(compare(output, given))

    def draw(self) -> Callable[[], Any]:
        return self._render("svg")

    def page(self) -> Callable[[], Any]:
        return self._render("html")

    def _render(self, suffix: str) -> Callable[[], Any]:
        from engine import render

        output = self.f(self.leaves)
        output.backward()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / f"graph.{suffix}"
        return lambda: render(output, path, wrt=self.leaves[0])


ANSWERS = ["build", "backward", "record", "replay", "chain_rule", "diagnose", "compare", "draw", "page"]
# Beyond these sizes an answer takes over a minute or ten gigabytes; a chain rule and pictures are for people to read.
LARGEST = dict.fromkeys(["record", "replay", "diagnose", "compare"], 10**6)
LARGEST |= dict.fromkeys(["chain_rule", "draw", "page"], 10**5)


@dataclass
class Figure:
    """Seconds of one answer, and the bytes that the process takes more for it."""

    seconds: float
    bytes: int


def measure(graph: str, answer: str, size: int) -> Figure | None:
    """The figure, or None where it takes too long or too much memory."""
    near, far = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(far, graph, answer, size), daemon=True)
    process.start()
    far.close()
    try:
        return near.recv() if near.poll(LIMIT) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def serve(pipe: Connection, graph: str, answer: str, size: int) -> None:
    """The far end."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    ask = getattr(Subject(graph, size), answer)()
    gc.collect()
    before, peak = resident(), most_resident()
    kept, seconds = timed(ask)
    after = most_resident() if most_resident() > peak else resident()
    del kept
    if seconds < QUICK:
        seconds = min(seconds, *(timed(ask)[1] for _ in range(4)))
    pipe.send(Figure(seconds, after - before))


def most_resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    answer = ask()
    return answer, time.perf_counter() - start


Figures = dict[str, dict[str, dict[int, Figure]]]  # by graph, answer and size


def measure_all(graphs: list[str], answers: list[str], largest: int) -> Figures:
    """Every answer for every size, until one takes too long."""
    figures: Figures = {}
    for graph in graphs:
        print(f"\n{graph}: {ABOUT[graph]}")
        print(
            f"{'':12}"
            + "".join(f"{size:>12,}" for size in SIZES if size <= largest)
            + f"{'growth':>10}{'bytes/op':>10}"
        )
        for answer in answers:
            row = figures.setdefault(graph, {}).setdefault(answer, {})
            for size in SIZES:
                if size > min(largest, LARGEST.get(answer, largest)):
                    break
                figure = measure(graph, answer, size)
                if figure is None:
                    break
                row[size] = figure
            print(line(answer, row, largest), flush=True)
    return figures


def line(answer: str, row: dict[int, Figure], largest: int) -> str:
    times = "".join(f"{row[size].seconds:12.4g}" if size in row else f"{'–':>12}" for size in SIZES if size <= largest)
    growths = growth(row)
    bytes_each = f"{row[max(row)].bytes / max(row):10.0f}" if row else ""
    return f"{answer:12}{times}{growths:>10}{bytes_each}"


def growth(row: dict[int, Figure]) -> str:
    """The greatest ratio of t / (n log n) between two sizes that follow each other."""
    costs = [figure.seconds / (size * math.log(size)) for size, figure in row.items() if figure.seconds > NOISE]
    return f"{max(b / a for a, b in pairwise(costs)):.2f}" if len(costs) > 1 else "–"


def draw(figures: Figures, path: Path) -> None:
    """A panel a graph, a curve an answer, on logarithmic scales, beside a line that grows as n log n."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    from engine.picture import by_night

    from .plot import GRID, QUIET, STYLE

    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(11.0, 4.8), facecolor="white")
        for panel, (graph, rows) in zip(
            canvas.subplots(1, len(figures), squeeze=False)[0], figures.items(), strict=True
        ):
            panel.set(
                xscale="log", yscale="log", xlabel="operations", ylabel="seconds", xlim=(70, 3e9), ylim=(1e-6, 400)
            )
            panel.set_title(ABOUT[graph], fontsize=10.5, loc="left")
            panel.grid(color=GRID, linewidth=0.7)
            panel.spines[["top", "right"]].set_visible(False)
            panel.set_xticks(SIZES)
            panel.plot(SIZES, [n * math.log(n) * 1e-9 for n in SIZES], color=QUIET, linewidth=1, dashes=(3, 3))
            panel.annotate("n log n", (300, 1e-6), xytext=(6, 2), textcoords="offset points", color=QUIET, fontsize=8)
            names(panel, [curve(panel, answer, row) for answer, row in rows.items() if row])
        canvas.tight_layout()
        canvas.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
        if path.suffix == ".svg":
            path.write_text(by_night(path.read_text(encoding="utf-8")), encoding="utf-8")


def curve(panel: Any, answer: str, row: dict[int, Figure]) -> tuple[float, float, str, str]:
    """Draw it; where it ends, its color, and what stands there: the answer and its bytes an operation."""
    sizes, seconds = list(row), [figure.seconds for figure in row.values()]
    (drawn,) = panel.plot(sizes, seconds, marker="o", markersize=3.5, linewidth=1.5)
    text = f"{answer.replace('_', ' ')}  {row[sizes[-1]].bytes / sizes[-1]:,.0f} B"
    return sizes[-1], seconds[-1], drawn.get_color(), text


def names(panel: Any, ends: list[tuple[float, float, str, str]]) -> None:
    """Each curve's name on the right, at the height of its end or above the one below."""
    lowest = 0.0
    for x, y, color, text in sorted(ends, key=lambda end: end[1]):
        lowest = max(y, lowest * 2.1)
        start, end = (x, y), (2.2 * SIZES[-1], lowest)
        panel.plot(*zip(start, end, strict=True), color=color, linewidth=0.6, dashes=(1, 2))
        panel.annotate(text, end, xytext=(3, 0), textcoords="offset points", va="center", fontsize=8, color=color)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        "python -m tests.bench.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("answers", nargs="*", metavar="ANSWER", help=f"some of {', '.join(ANSWERS)}; default: all")
    parser.add_argument("--graphs", nargs="+", choices=list(GRAPHS), default=list(GRAPHS))
    parser.add_argument("--largest", type=float, default=SIZES[-1], metavar="OPERATIONS", help="default: 1e7")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them: .svg, .png or .pdf")
    options = parser.parse_args()
    if unknown := set(options.answers) - set(ANSWERS):
        parser.error(f"no answer {', '.join(sorted(unknown))}: there are {', '.join(ANSWERS)}")
    figures = measure_all(options.graphs, options.answers or ANSWERS, int(options.largest))
    if options.save:
        options.save.write_text(json.dumps(figures, default=asdict, indent=1) + "\n")
    if options.picture:
        draw(figures, options.picture)


if __name__ == "__main__":
    main()
