"""The chain rule as text: the table that `str()` prints, and LaTeX."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from ..core import Value, elided, latex_name, latex_number, many, pretty_number, short_number, total_derivative
from .expressions import Style
from .paths import ChainRule, Path
from .sentences import branches
from .variables import VariableGraph

Row = TypeVar("Row", bound=Hashable)

SHOWN = 16  # variables or factors of a path before its middle is left out


def product_text(path: Path, style: Style = "text") -> str:
    """The numbers of a path multiplied out, negative ones in brackets: "0.5 · (−1.1)"."""
    write = {"text": short_number, "pretty": pretty_number, "latex": latex_number}[style]
    sign = r" \cdot " if style == "latex" else " · "
    return sign.join(write(f.value) if f.value >= 0 else f"({write(f.value)})" for f in path.factors) or write(1.0)


def to_text(chain: ChainRule, k: int = 10) -> str:
    """The table that `str()` gives: for each path its numbers and formulas, then the sum and the verdict."""
    names, describe, paths = chain.naming.names, chain.naming.describe, chain.paths(k)
    lines = [f"{total_derivative(names[chain.output], names[chain.wrt])} = {short_number(chain.total)}"]
    rows = grouped((_route(path, describe), _numbers(path), _formulas(path)) for path in paths)
    width = max((len(route) for route, *_ in rows), default=0)
    for (route, numbers, formulas), which in rows.items():
        several = f"{len(which)} paths, each " if len(which) > 1 else ""
        lines += [f"{which[0]:>3}  {route:<{width}}  {several}{numbers}", f"     {'':<{width}}  {formulas}"]
    if len(paths) > 1 or any(len(path.factors) > 1 for path in paths):
        if left := chain.path_count - len(paths):
            lines.append(f"     … and {many(left)} more, together {short_number(chain.rest(len(paths)))}")
        lines += [f"     = {closed}"] if (closed := chain.closed("spoken")) else []
    return "\n".join([*lines, *branches(chain), f"{chain.verdict}: {chain.sentence}"])


def grouped(rows: Iterable[Row]) -> dict[Row, list[int]]:
    """Equal rows grouped, with their numbers from 1: the two paths from x to x * x have equal rows.

    >>> grouped("aba")
    {'a': [1, 3], 'b': [2]}
    """
    found: dict[Row, list[int]] = {}
    for i, row in enumerate(rows, 1):
        found.setdefault(row, []).append(i)
    return found


def _route(path: Path, describe: Callable[[Value], str]) -> str:
    return " → ".join("…" if node is None else describe(node) for node in elided(path.nodes, SHOWN, None))


def _numbers(path: Path) -> str:
    return f"{' · '.join(elided(product_text(path).split(' · '), SHOWN, '…'))} = {short_number(path.product)}"


def _formulas(path: Path) -> str:
    shown = elided(path.factors, SHOWN, None)
    return " * ".join(factor.show("spoken", "mul") if factor else "…" for factor in shown)


def to_latex(chain: ChainRule, k: int = 10) -> str:
    """The chain rule as a LaTeX `aligned` block, a line for each path: derivatives, formulas, numbers, and the sum."""
    names, paths = chain.naming.names, chain.paths(k)
    left = chain.path_count - len(paths)
    more = [rf"\cdots \text{{ ({many(left)} more)}}"] if left else []
    blocks = [
        [
            r" \, ".join(_fraction(r"\partial ", names[f.of], names[f.wrt]) for f in path.factors) or "1"
            for path in paths
        ],
        [_latex_product(path) for path in paths],
        [product_text(path, "latex") for path in paths],
    ]
    closed = chain.closed("latex") if len(blocks[0]) > 1 or any(len(path.factors) > 1 for path in paths) else ""
    sums = [[*block, *more] for block in blocks if block]
    ends = [[latex_number(chain.total)], *([[closed]] if closed else [])]
    lines = [f" &{_sign(i, entry)} {entry}" for entries in (*sums, *ends) for i, entry in enumerate(entries)]
    left_side = _fraction("d", names[chain.output], names[chain.wrt])
    return "\n".join([r"\begin{aligned}", left_side + " \\\\\n".join(lines), r"\end{aligned}"])


def _sign(i: int, entry: str) -> str:
    """The sign before a line of a sum; a line that begins with a minus needs no other."""
    return "=" if not i else r"\phantom{=}" if entry.startswith("-") else r"\phantom{=} +"


def _fraction(sign: str, of: str, wrt: str) -> str:
    return rf"\frac{{{sign}{latex_name(of)}}}{{{sign}{latex_name(wrt)}}}"


def _latex_product(path: Path) -> str:
    """The formulas of a path; after a dot, a formula that begins with a minus is in brackets."""
    factors = [factor.show("latex", "mul") for factor in path.factors]
    return r" \cdot ".join(rf"\left({f}\right)" if i and f.startswith("-") else f for i, f in enumerate(factors)) or "1"


def latex_of_value(value: Value) -> str:
    """A Value in LaTeX: its formula and its number."""
    definition = VariableGraph(value).naming.definition(value, "latex")
    left = f"{latex_name(value.label)} = " if value.label else ""
    return f"${left}{definition + ' = ' if definition else ''}{latex_number(value.data)}$"
