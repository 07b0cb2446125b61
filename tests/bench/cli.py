"""The command: measures, prints the table, and writes Markdown, a picture and the raw figures where asked.

    uv run --group bench python -m tests.bench     all workloads with whatever is installed, four to six minutes
    python -m tests.bench W1 W2 --rounds 3         some of them
    python -m tests.bench --markdown table.md --picture speed.svg --save figures.json
    python -m tests.bench --load figures.json --picture speed.svg

PyTorch is in a group of its own, `bench-torch`, because its usual build brings gigabytes of CUDA: better install
the CPU build of torch 2.13.0 beside the group. tinygrad wants clang, the bound by hand any C compiler as `cc`.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from .measure import Results, measure
from .report import markdown, text
from .workloads import ENGINES, EXTRAS, WORKLOADS

KEYS = [*WORKLOADS, *EXTRAS]


def main() -> None:
    """Run from the command line."""
    options = arguments()
    if options.load:
        results = Results(**json.loads(options.load.read_text()))
    else:
        results = measure(options.workloads or KEYS, options.engines, options.rounds, options.budget, tell)
        tell("")
    print(text(results))
    if options.save:
        options.save.write_text(json.dumps(asdict(results), indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(markdown(results))
    if options.picture:
        from .plot import draw

        draw(results, options.picture)


def arguments() -> argparse.Namespace:
    names = [kind.name for kind in ENGINES]
    parser = argparse.ArgumentParser(
        "python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"some of {', '.join(KEYS)}; default: all")
    parser.add_argument("--engines", nargs="+", choices=names, default=names, metavar="ENGINE", help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=5, help="default: 5; what takes over half a second has 3")
    parser.add_argument(
        "--budget", type=float, default=0.1, metavar="SECONDS", help="of an engine's turn; default: 0.1"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table in Markdown")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw it, and beside it a narrow one: .svg, .png or .pdf"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--load", type=Path, metavar="FILE", help="take figures saved before instead of measuring")
    options = parser.parse_args()
    if unknown := set(options.workloads) - set(KEYS):
        parser.error(f"no workload {', '.join(sorted(unknown))}: there are {', '.join(KEYS)}")
    return options


def tell(line: str) -> None:
    """What is going on, on one line of the terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
