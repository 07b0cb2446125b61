"""Formulas of the graph in its labels: what a variable is made of, what a factor is, and the chain rule of them.

Terms are kept small: what would not fit is its number, which evaluates to itself as well, so that folding a
hundred thousand unnamed operations stays linear.
"""

from collections.abc import Collection, Sequence

from ..core import TABLE, Name, Value, ancestors, evaluate, numeric, unique_names
from .expressions import Style, Term, show, size, symbol
from .paths import ChainRule, Factor

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


def naming(chain: ChainRule) -> Naming:
    """The names and terms that a chain rule is written in, made once."""
    known: Naming | None = chain.__dict__.get("naming")
    if known is None:
        known = chain.__dict__["naming"] = Naming(chain.output, chain.wrt, chain.by, chain.hidden)
    return known
