"""The command line: `whygrad EXPRESSION NAME=NUMBER ...` prints the chain rule of an expression, and draws it.

The expression is read by the table's own parser: it is mathematics, and nothing in it runs. Operations of your own are
Python, in the file of `--rows`. `python -m engine` is the same command.
"""

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from runpy import run_path
from tempfile import mkdtemp
from typing import TextIO

from ._expression import explained, read
from .chain import ChainRule, chain_rule
from .core import FormulaError, Value, WhygradError, printable, short_number

EXAMPLE = 'whygrad "(sigmoid(w*x) - y)**2" w=0.8 x=62.5 y=0 --wrt w --out why.html'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 if the factors of --check are wrong, or 2 on an error.

    >>> main(["w * x", "w=2", "x=3", "--wrt", "w"])
    C = w * x = 6
    <BLANKLINE>
    dC/dw = 3
      1  w → C  3 = 3
                x
    ok: one path, and no factor kills it
    0
    """
    given = _parser().parse_intermixed_args(_spaced(sys.argv[1:] if arguments is None else arguments))
    try:
        return _answer(given)
    except FormulaError as error:
        return _refused(f"{explained(error)}\n  {error.formula}\n  {' ' * error.at}^")
    except (RecursionError, MemoryError):
        return _refused("the expression is nested too deeply: name its parts, as in a = sigmoid(w*x); (a - y)**2")
    except (ValueError, TypeError, OverflowError, OSError, WhygradError) as error:
        return _refused(str(error))


def _spaced(arguments: Sequence[str]) -> list[str]:
    """Put a space before a leading minus, so that argparse does not take -w * x for an option."""
    return [
        f" {text}" if text[:1] == "-" and text[1:2] not in ("-", "") and text != "-h" else text for text in arguments
    ]


def _refused(why: str) -> int:
    _say(f"whygrad: {why}", sys.stderr)
    return 2


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print lines, with control characters and lone surrogates escaped: a file name may contain them."""
    print("\n".join(map(printable, text.split("\n"))), file=stream)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "whygrad",
        description="Print the chain rule of an expression, path by path, with its verdict; write a picture or page.",
        epilog=f"Example: {EXAMPLE}",
    )
    parser.add_argument(
        "expression",
        help="numbers, names, + - * / **, functions, where(x > 0, x, 2*x); parts may have names: "
        '"a = sigmoid(w*x); (a - y)**2"',
    )
    parser.add_argument("numbers", nargs="*", metavar="NAME=NUMBER", help="the number of each name, such as w=0.8")
    parser.add_argument("--rows", metavar="FILE", help="run a Python file first, which adds operations with row(...)")
    parser.add_argument("--wrt", metavar="NAME", help="differentiate with respect to this name (default: each)")
    parser.add_argument(
        "--check", metavar="FACTORS", help='judge your factors, from the name on: "x, a*(1-a), 2*(a-y)"'
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write .html (a page), .svg, .png, .pdf or .dot")
    parser.add_argument("--open", action="store_true", help="show the file, or a page, in the browser")
    return parser


def _answer(given: argparse.Namespace) -> int:
    if given.rows:
        run_path(given.rows)
    expression = read(given.expression, given.numbers)
    wanted = [expression.named(given.wrt)] if given.wrt else expression.leaves
    if given.check and len(wanted) > 1:
        raise ValueError(f"--check judges one derivation: choose a name, as in --wrt {wanted[0].label}")
    for value, formula in expression.parts:
        _say(f"{value.label} = {formula} = {short_number(value.data)}")
    chains = [chain_rule(expression.output, value) for value in wanted]
    right = not given.check or _judged(chains[0], given.check)
    for chain in chains if right else ():  # a wrong answer can be mended before the right one is shown
        _say(f"\n{chain}")
    if given.out or given.open:
        _write(expression.output, chains[0] if len(chains) == 1 else None, given.out, given.open)
    return 0 if right else 1


def _judged(chain: ChainRule, factors: str) -> bool:
    found = chain.check([_number_or_formula(factor) for factor in _split(factors)])
    _say(f"\nyours: {found}")
    return found.ok


def _number_or_formula(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip()


def _split(factors: str) -> list[str]:
    """At the commas that are outside of brackets.

    >>> _split("x, maximum(a, b), 2")
    ['x', ' maximum(a, b)', ' 2']
    """
    found, depth = [""], 0
    for letter in factors:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def _write(output: Value, chain: ChainRule | None, out: Path | None, show: bool) -> None:
    from .picture import render

    path = out or Path(mkdtemp(prefix="whygrad-")) / "why.html"
    if chain:
        chain.save(path)
    else:
        render(output, path)
    _say(f"\nwrote {path}")
    if show:
        webbrowser.open(path.resolve().as_uri())


if __name__ == "__main__":
    sys.exit(main())
