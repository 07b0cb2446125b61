"""Formulas of the graph in its labels: what a variable is made of, what a factor is, and the chain rule of them.

Terms are kept small: what would not fit is its number, which evaluates to itself as well, so that folding a
hundred thousand unnamed operations stays linear.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..core.graph import ancestors
from ..core.table import TABLE, evaluate, numeric
from ..core.value import Value, extensions
from .expressions import (
    Name,
    Style,
    Term,
    latex_name,
    latex_number,
    many,
    pretty_number,
    short_number,
    show,
    size,
    symbol,
)
from .paths import ChainRule, Factor, Path

LARGEST = 24  # names and numbers in a term: about two lines of text
SAME = 1e-9  # how far the textbook form of a slope may be from the slope, to be shown for it


class Elided(float):
    """The number of a term that is too long; with other numbers it makes another number, not a formula."""


class Naming:
    """Names and terms of all that `output` was computed from, each name once.

    >>> x = Value(2.0, "x")
    >>> a, b = x.exp(), x.exp()
    >>> a.label = b.label = "h"
    >>> naming = Naming((a - b) ** 2)
    >>> naming.names[b], naming.definition(naming.output), naming.definition(b, "pretty")
    ('h[2]', '(h[1] - h[2]) ** 2', 'exp(x)')
    """

    def __init__(
        self, output: Value, wrt: Value | None = None, by: str = "labels", hidden: Collection[Value] = ()
    ) -> None:
        self.output = output
        self.nodes = ancestors(output)
        if wrt is not None and wrt not in self.nodes[-1:] and wrt not in set(self.nodes):
            self.nodes = [wrt, *self.nodes]
        ends = {output: "output"} | ({wrt: "input"} if wrt is not None and wrt is not output else {})
        self.names = unique_names(
            (node, node.label or ends.get(node) or node.op)
            for node in self.nodes
            if (node.label and node not in hidden) or node in ends or (by == "operations" and node.op)
        )
        self._named = {name: node for node, name in self.names.items()}
        self._terms: dict[Value, Term] = {}
        self._slopes: dict[Value, dict[Value, Term]] = {}
        for node in self.nodes:
            self._terms[node] = self.names[node] if node in self.names else self.expression(node)

    def term(self, node: Value) -> Term:
        """A variable's name, and what an unnamed node is made of."""
        return self._terms[node]

    def expression(self, node: Value) -> Term:
        """What a node is made of; its number if that is nothing or too much."""
        if not node.op:
            return node.data
        if len(node.operands) > LARGEST:
            return self.number(node.data)
        terms = [self._terms[operand] for operand in node.operands]
        if any(isinstance(term, Elided) for term in terms) and all(isinstance(term, float) for term in terms):
            return self.number(node.data)
        return self._fitting(symbol(node.op, *TABLE[node.op].split(terms)), node.data)

    def definition(self, node: Value, style: Style = "text") -> str:
        """What a variable is made of, in the labels; "" for a leaf and for what is too long to read."""
        term = self.expression(node) if node.op else 0.0
        return "" if isinstance(term, float) else show(term, style)

    def slope(self, factor: Factor) -> Term:
        """The derivative that a factor stands for."""
        if factor.link.slot is not None:
            return self._fitting(self._partials(factor.of)[factor.link.slot], factor.value)
        return self.slopes(factor.of)[factor.wrt]

    def slopes(self, of: Value) -> dict[Value, Term]:
        """The derivatives of a variable in those it is made of: reverse mode over the algebra of terms."""
        if of not in self._slopes:
            adjoints: dict[Value, tuple[Term, float]] = {of: (1.0, 1.0)}
            for node in reversed(self._behind(of)):
                adjoint, number = adjoints.pop(node)
                for operand, partial, value in zip(node.operands, self._partials(node), node.partials, strict=True):
                    before, total = adjoints.get(operand, (0.0, 0.0))
                    total += number * value
                    term = symbol("add", before, symbol("mul", adjoint, partial))
                    adjoints[operand] = self._fitting(term, total), total
            self._slopes[of] = {operand: term for operand, (term, _) in adjoints.items()}
        return self._slopes[of]

    def describe(self, node: Value) -> str:
        """A variable's name, or what an unnamed node is made of, as text."""
        return show(self._terms[node])

    def within(self, term: Term) -> list[Value]:
        """The variables in a term, in order."""
        if isinstance(term, Name):
            return [self._named[term]]
        parts = term if isinstance(term, list) else term[1:] if isinstance(term, tuple) else []
        return list(dict.fromkeys(node for part in parts if type(part) is not str for node in self.within(part)))

    def steps(self, factor: Factor) -> list[tuple[Value, Value, float]]:
        """The operations that a factor is folded from: (node, operand, partial) for each on the way to its wrt."""
        nodes = [factor.of] if factor.link.slot is not None else self._inside(factor.of, factor.wrt)
        on_the_way = {factor.wrt, *nodes}
        return [
            (node, operand, partial)
            for node in nodes
            for slot, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True))
            if operand in on_the_way and factor.link.slot in (None, slot)
        ]

    def _inside(self, of: Value, wrt: Value) -> list[Value]:
        """`of` and the unnamed nodes between it and `wrt`, operands first."""
        found, depends = [], {wrt}
        for node in self._behind(of):
            if any(operand in depends for operand in node.operands):
                depends.add(node)
                found.append(node)
        return found

    def _behind(self, of: Value) -> list[Value]:
        """`of` and the unnamed nodes that it is computed from, operands first."""
        seen, stack = {of}, [of]
        while stack:
            unnamed = (x for x in stack.pop().operands if x.op and x not in self.names and x not in seen)
            for operand in unnamed:
                seen.add(operand)
                stack.append(operand)
        return sorted(seen, key=lambda node: node.serial)

    def _partials(self, node: Value) -> Sequence[Term]:
        """The partials of a node's row as terms, in the textbook form where that has the same number."""
        row = TABLE[node.op]
        if len(node.operands) > LARGEST and any("(" in partial for partial in row.partials):
            return [self.number(partial) for partial in node.partials]  # a formula over that many can't be read
        groups = row.split([self._terms[operand] for operand in node.operands])
        variables = dict(zip(row.variables, groups, strict=True)) | {"y": self._terms[node]}
        if row.textbook and not row.variadic and not self.textbook_holds(node):
            return [("slope", row.name, *groups)]
        formulas = (row.textbook or row.partials[0], *row.partials[1:])
        partials = [evaluate(formula, variables, symbol) for formula in formulas]
        return row.flatten(partials, len(groups[0])) if row.variadic else partials

    def textbook_holds(self, node: Value) -> bool:
        """Whether the textbook form of an operation's slope has the same number, to 9 digits."""
        row, numbers = TABLE[node.op], [operand.data for operand in node.operands]
        shown = evaluate(row.textbook, dict(zip(row.variables, numbers, strict=True)) | {"y": node.data}, numeric)
        return bool(abs(shown - node.partials[0]) <= SAME * abs(node.partials[0]))

    def number(self, number: float) -> Term:
        """What stands for a term that would be too long."""
        return Elided(number)

    def _fitting(self, term: Term, number: float) -> Term:
        return term if size(term) <= LARGEST else self.number(number)


def unique_names(labels: Iterable[tuple[Value, str]]) -> dict[Value, Name]:
    """A name for each Value: its label, numbered in the order of creation where several share it."""
    pairs = list(labels)
    often = Counter([label for _, label in pairs])
    if len(often) == len(pairs):
        return {node: Name(label) for node, label in pairs}
    pairs.sort(key=lambda pair: pair[0].serial)
    taken, counts, names = set(often), Counter[str](), {}
    for node, label in pairs:
        name = label
        while often[label] > 1 and name in taken:
            counts[label] += 1
            name = f"{label}[{counts[label]}]"
        taken.add(name)
        names[node] = Name(name)
    return names


def naming(chain: ChainRule) -> Naming:
    """The names and terms that a chain rule is written in, made once."""
    known: Naming | None = chain.__dict__.get("naming")
    if known is None:
        known = chain.__dict__["naming"] = Naming(chain.output, chain.wrt, chain.by, chain.hidden)
    return known


def derivative(of: str, wrt: str) -> str:
    """How a derivative is written in text: ∂L/∂w."""
    return f"∂{of}/∂{wrt}"


def factor_text(factor: Factor, style: Style) -> str:
    """A factor's formula, in brackets where it could not stand in a product."""
    return show(naming(factor.chain).slope(factor), style, within="mul")


def product_text(path: Path, style: Style = "text") -> str:
    """The numbers of a path multiplied out, negative ones in brackets: "0.5 · (−1.1)"."""
    write = {"text": short_number, "pretty": pretty_number, "latex": latex_number}[style]
    sign = r" \cdot " if style == "latex" else " · "
    return sign.join(write(f.value) if f.value >= 0 else f"({write(f.value)})" for f in path.factors) or write(1.0)


def to_text(chain: ChainRule, k: int = 10) -> str:
    """The table that `str()` gives: a path a line, its numbers and its formulas, then the sum and the verdict."""
    names, paths = naming(chain).names, chain.paths(k)
    lines = [f"{derivative(names[chain.output], names[chain.wrt])} = {short_number(chain.total)}"]
    routes = [" → ".join(_elided([names[node] for node in path.nodes])) for path in paths]
    width = max(map(len, routes), default=0)
    for i, (route, path) in enumerate(zip(routes, paths, strict=True), 1):
        formulas = " * ".join(_elided([factor_text(factor, "text") for factor in path.factors]))
        numbers = " · ".join(_elided(product_text(path).split(" · ")))
        lines += [
            f"{i:>3}  {route:<{width}}  {numbers} = {short_number(path.product)}",
            f"     {'':<{width}}  {formulas}",
        ]
    return "\n".join([*lines, *_rest(chain, paths), f"{chain.verdict}: {chain.sentence}"])


def _elided(items: Sequence[str], most: int = 16) -> list[str]:
    return list(items) if len(items) <= most else [*items[: most // 2], "…", *items[-most // 2 :]]


def _rest(chain: ChainRule, paths: Sequence[Path]) -> list[str]:
    left = chain.path_count - len(paths)
    shown = sum(path.product for path in paths)
    return [f"     … and {many(left)} more, together {short_number(chain.total - shown)}"] if left else []


def to_latex(chain: ChainRule, k: int = 10) -> str:
    """The chain rule as a LaTeX `aligned` block: derivatives, formulas, numbers, products and the sum."""
    names, paths = naming(chain).names, chain.paths(k)

    def slope(of: Value, wrt: Value) -> str:
        return rf"\frac{{\partial {latex_name(names[of])}}}{{\partial {latex_name(names[wrt])}}}"

    left = chain.path_count - len(paths)
    more = rf" + \cdots \text{{ ({many(left)} more)}}" if left else ""
    rows = [
        [r" \, ".join(slope(f.of, f.wrt) for f in path.factors) or "1" for path in paths],
        [r" \cdot ".join(factor_text(f, "latex") for f in path.factors) or "1" for path in paths],
        [product_text(path, "latex") for path in paths],
    ]
    lines = [" &= " + " + ".join(row) + more for row in rows if row] + [f" &= {latex_number(chain.total)}"]
    return "\n".join([r"\begin{aligned}", slope(chain.output, chain.wrt) + (" \\\\\n".join(lines)), r"\end{aligned}"])


def _show_factor(factor: Factor, style: Style, within: str) -> str:
    return show(naming(factor.chain).slope(factor), style, within)


def _latex_of_value(value: Value) -> str:
    named = Naming(value)
    definition = named.definition(value, "latex")
    left = f"{latex_name(value.label)} = " if value.label else ""
    return f"${left}{definition + ' = ' if definition else ''}{latex_number(value.data)}$"


extensions["Factor.show"] = _show_factor
extensions["ChainRule.text"] = to_text
extensions["ChainRule.latex"] = to_latex
extensions["latex"] = _latex_of_value
