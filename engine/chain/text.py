"""The chain rule as text: the table that `str()` prints, and LaTeX."""

from collections.abc import Sequence

from ..core import Value, derivative, latex_name, latex_number, many, pretty_number, short_number
from .expressions import Style
from .paths import ChainRule, Path
from .variables import VariableGraph


def product_text(path: Path, style: Style = "text") -> str:
    """The numbers of a path multiplied out, negative ones in brackets: "0.5 · (−1.1)"."""
    write = {"text": short_number, "pretty": pretty_number, "latex": latex_number}[style]
    sign = r" \cdot " if style == "latex" else " · "
    return sign.join(write(f.value) if f.value >= 0 else f"({write(f.value)})" for f in path.factors) or write(1.0)


def to_text(chain: ChainRule, k: int = 10) -> str:
    """The table that `str()` gives: a path a line, its numbers and its formulas, then the sum and the verdict."""
    names, paths = chain.naming.names, chain.paths(k)
    lines = [f"{derivative(names[chain.output], names[chain.wrt])} = {short_number(chain.total)}"]
    routes = [" → ".join(_elided([names[node] for node in path.nodes])) for path in paths]
    width = max(map(len, routes), default=0)
    for i, (route, path) in enumerate(zip(routes, paths, strict=True), 1):
        formulas = " * ".join(_elided([factor.show("text", "mul") for factor in path.factors]))
        numbers = " · ".join(_elided(product_text(path).split(" · ")))
        lines += [
            f"{i:>3}  {route:<{width}}  {numbers} = {short_number(path.product)}",
            f"     {'':<{width}}  {formulas}",
        ]
    if len(paths) > 1 or any(len(path.factors) > 1 for path in paths):
        lines += _rest(chain, paths)
        lines += [f"     = {closed}"] if (closed := chain.closed_form) else []
    return "\n".join([*lines, f"{chain.verdict}: {chain.sentence}"])


def _elided(items: Sequence[str], most: int = 16) -> list[str]:
    return list(items) if len(items) <= most else [*items[: most // 2], "…", *items[-most // 2 :]]


def _rest(chain: ChainRule, paths: Sequence[Path]) -> list[str]:
    left = chain.path_count - len(paths)
    shown = sum(path.product for path in paths)
    return [f"     … and {many(left)} more, together {short_number(chain.total - shown)}"] if left else []


def to_latex(chain: ChainRule, k: int = 10) -> str:
    """The chain rule as a LaTeX `aligned` block: derivatives, formulas, numbers, products and the sum."""
    names, paths = chain.naming.names, chain.paths(k)

    def slope(of: Value, wrt: Value) -> str:
        return rf"\frac{{\partial {latex_name(names[of])}}}{{\partial {latex_name(names[wrt])}}}"

    left = chain.path_count - len(paths)
    more = rf" + \cdots \text{{ ({many(left)} more)}}" if left else ""
    rows = [
        [r" \, ".join(slope(f.of, f.wrt) for f in path.factors) or "1" for path in paths],
        [r" \cdot ".join(f.show("latex", "mul") for f in path.factors) or "1" for path in paths],
        [product_text(path, "latex") for path in paths],
    ]
    lines = [" &= " + " + ".join(row) + more for row in rows if row] + [f" &= {latex_number(chain.total)}"]
    return "\n".join([r"\begin{aligned}", slope(chain.output, chain.wrt) + (" \\\\\n".join(lines)), r"\end{aligned}"])


def latex_of_value(value: Value) -> str:
    """A Value in LaTeX: what it is made of and its number."""
    definition = VariableGraph(value).naming.definition(value, "latex")
    left = f"{latex_name(value.label)} = " if value.label else ""
    return f"${left}{definition + ' = ' if definition else ''}{latex_number(value.data)}$"
