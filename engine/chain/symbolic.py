"""Formulas in the labels of the graph: definitions of variables, and factors by the chain rule.

Terms are kept small: a term that is too long is replaced by its number, which has the same value, so that folding
a hundred thousand unnamed operations takes linear time.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import chain, count
from string import ascii_lowercase
from typing import TYPE_CHECKING, TypeVar

from ..core import TABLE, Name, Value, evaluate, is_closed, numeric, unique_names
from .expressions import Style, show
from .terms import Elided, Term, size, symbol

if TYPE_CHECKING:
    from .variables import Link

Adjoint = TypeVar("Adjoint")
Partial = TypeVar("Partial")

LETTERS = ascii_lowercase.replace("e", "")  # e is a number
LARGEST = 24  # names and numbers in a term: about two lines of text
TOO_LONG = Elided("nan")  # the adjoint of a node whose formula is too long; the link has its number
_PRODUCTS = ("mul", "div", "dot")
STEPPED = ("select", "margin", "masked")  # operations whose partials are steps of their operands
SAME = 1e-9  # relative error up to which the textbook form of a slope is shown


class Naming:
    """Unique names, and terms, of the nodes of a graph, from their `data` in topological order.

    `named` are names for variables without a label; `hidden` Values are not variables even with one. By operations,
    an unlabelled `wrt` has the same letter as without a `wrt`.

    >>> from engine import Value, chain_rule
    >>> x = Value(2.0, "x")
    >>> a, b = x.exp(), x.exp()
    >>> a.label = b.label = "h"
    >>> y = (a - b) ** 2
    >>> naming = chain_rule(y, x).naming
    >>> naming.names[b], naming.definition(y), naming.definition(b, "pretty")
    ('h[2]', '(h[1] - h[2]) ** 2', 'exp(x)')
    """

    def __init__(
        self,
        data: Mapping[Value, float],
        named: Mapping[Value, str],
        by: str = "labels",
        hidden: Container[Value] = (),
        wrt: Value | None = None,
    ) -> None:
        self.data, nodes = data, list(data)
        self.nodes = nodes
        called = {node: node.label or named.get(node, "") for node in nodes if node.label or node in named}
        if by == "operations":
            called |= _lettered(nodes, {x: name for x, name in called.items() if x is not wrt or x.label})
        self.names = unique_names({x: name for x, name in called.items() if x not in hidden or x in named})
        self._named = {name: node for node, name in self.names.items()}
        self._terms: dict[Value, Term] = dict(self.names)
        self._rows: dict[Value, Sequence[Term]] = {}
        self._steps: dict[Link, list[tuple[Value, Value, float]]] = {}
        self._found: dict[Value, dict[Value, Term]] = {}

    def term(self, node: Value) -> Term:
        """A variable's name, or the formula of an unnamed node."""
        if node not in self._terms:
            for behind in unnamed_behind(node, self._terms):
                self._terms[behind] = self._expression(behind)
        return self._terms[node]

    def _expression(self, node: Value) -> Term:
        """The formula of a node; its number if the formula is empty or too long."""
        if not node.op:
            return self.data[node]
        if len(node.operands) > LARGEST:
            return Elided(self.data[node])
        terms = [self.term(operand) for operand in node.operands]
        if any(isinstance(term, Elided) for term in terms) and all(isinstance(term, float) for term in terms):
            return Elided(self.data[node])
        return _fitting(symbol(node.op, *TABLE[node.op].split(terms)), self.data[node])

    def definition(self, node: Value, style: Style = "text") -> str:
        """The definition of a variable, in the labels; "" for a leaf or a formula that is too long to read."""
        term = self._expression(node) if node.op else 0.0
        return "" if isinstance(term, float) else show(term, style)

    def partial(self, link: "Link") -> Term:
        """The derivative of a link; no formula for nan, because terms drop factors of 0."""
        if link.value != link.value:
            return link.value
        if link.slot is not None:
            return _fitting(self._of_row(link.of)[link.slot], link.value)
        term = self.partials(link.of).get(link.wrt, 0.0)
        return Elided(link.value) if isinstance(term, Elided) else term

    def partials(self, of: Value) -> dict[Value, Term]:
        """The derivatives of a variable in the variables behind it, by reverse mode over the algebra of terms."""
        if of not in self._found:
            self._found[of] = reverse_sweep(unnamed_behind(of, self.names), (0.0, 1.0), _edges, self._add)
        return self._found[of]

    def _add(self, total: Term, adjoint: Term, edge: tuple[Value, int]) -> Term:
        """Return total + adjoint * partial; the partial of an edge is derived only for an adjoint that is a formula."""
        if isinstance(total, Elided) or isinstance(adjoint, Elided):
            return TOO_LONG
        node, slot = edge
        term = symbol("add", total, symbol("mul", adjoint, self._of_row(node)[slot]))
        return term if size(term) <= LARGEST else TOO_LONG

    def describe(self, node: Value) -> str:
        """A variable's name, or the formula of an unnamed node, as text for people."""
        return show(self.term(node), "spoken")

    def within(self, term: Term) -> list[Value]:
        """The variables in a term, in order."""
        if isinstance(term, Name):
            return [self._named[term]]
        parts = term if isinstance(term, list) else term[1:] if isinstance(term, tuple) else []
        return list(dict.fromkeys(node for part in parts if type(part) is not str for node in self.within(part)))

    def steps(self, link: "Link") -> list[tuple[Value, Value, float]]:
        """The operations folded into a link: (node, operand, partial) for each one from `of` down to `wrt`."""
        if link not in self._steps:
            self._steps[link] = self._folded(link)
        return self._steps[link]

    def _folded(self, link: "Link") -> list[tuple[Value, Value, float]]:
        nodes = [link.of] if link.slot is not None else self._inside(link.of, link.wrt)
        on_the_way = {link.wrt, *nodes}
        return [
            (node, operand, partial)
            for node in nodes
            for slot, (operand, partial) in enumerate(zip(node.operands, node.partials, strict=True))
            if operand in on_the_way and link.slot in (None, slot)
        ]

    def is_constant(self, link: "Link") -> bool:
        """Whether a link consists only of sums and of products with plain numbers."""
        steps = self.steps(link)
        inside = {operand for _, operand, _ in steps}
        return all(
            node.op in ("add", "sub", "neg", "sum")
            or (node.op in _PRODUCTS and all(x in inside or not (x.op or x.label) for x in node.operands))
            for node, _, _ in steps
        )

    def _inside(self, of: Value, wrt: Value) -> list[Value]:
        """`of` and the unnamed nodes between it and `wrt`, operands first."""
        return [node for node in dependents(wrt, unnamed_behind(of, self.names)) if node is not wrt]

    def _of_row(self, node: Value) -> Sequence[Term]:
        """The partials of a node's row as terms, in the textbook form where that has the same number."""
        if node not in self._rows:
            self._rows[node] = self._derived(node)
        return self._rows[node]

    def _derived(self, node: Value) -> Sequence[Term]:
        row = TABLE[node.op]
        if node.op in STEPPED:
            return node.partials  # 1 for the branch taken, 0 for a logit of -inf
        if len(node.operands) > LARGEST and any("(" in partial for partial in row.partials):
            return [Elided(partial) for partial in node.partials]  # that many operands are unreadable
        groups = row.split([self.term(operand) for operand in node.operands])
        variables = dict(zip(row.variables, groups, strict=True)) | {"y": self.term(node)}
        if slope := self.exact_slope(node):
            return [slope]
        formulas = (row.textbook or row.partials[0], *row.partials[1:])
        partials = [evaluate(formula, variables, symbol) for formula in formulas]
        return row.flatten(partials, len(groups[0])) if row.variadic else partials

    def exact_slope(self, node: Value) -> Term | None:
        """The slope σ'(z) of an operation, where the textbook form has another number, by 9 digits; else None."""
        row, numbers = TABLE[node.op], [self.data[operand] for operand in node.operands]
        if not row.textbook or row.variadic:
            return None
        variables = dict(zip(row.variables, numbers, strict=True)) | {"y": self.data[node]}
        shown = evaluate(row.textbook, variables, numeric)
        holds = abs(shown - node.partials[0]) <= SAME * abs(node.partials[0])
        return None if holds else ("slope", row.name, *map(self.term, node.operands))


def _fitting(term: Term, number: float) -> Term:
    return term if size(term) <= LARGEST else Elided(number)


def _lettered(nodes: Sequence[Value], called: Mapping[Value, str]) -> dict[Value, str]:
    """A letter for each operation without a name, and for each leaf but constants: a to z without e, a2 to z2, ..."""
    uses = Counter(operand for node in nodes for operand in node.operands)
    alone = {
        operand for node in nodes for operand in node.operands if _is_constant(operand, node) and uses[operand] == 1
    }
    free = (f"{letter}{number or ''}" for number in chain([0], count(2)) for letter in LETTERS)
    taken = set(called.values())
    letters = filter(lambda letter: letter not in taken, free)
    return {node: next(letters) for node in nodes if uses[node] and node not in called and node not in alone}


def _is_constant(operand: Value, node: Value) -> bool:
    """Whether a leaf was made for an operation: a plain number beside a Value."""
    return not operand.op and node.serial - operand.serial <= node.operands.count(operand)


def _edges(node: Value) -> list[tuple[Value, int]]:
    """The edges of a node, whose terms are derived only where the adjoint has one."""
    return [(node, slot) for slot in range(len(node.operands))]


def dependents(
    wrt: Value, nodes: Iterable[Value], operands: Callable[[Value], Sequence[Value]] = lambda node: node.operands
) -> dict[Value, None]:
    """`wrt`, and all of `nodes` that depend on it, in their order: operands first."""
    found = {wrt: None}
    for node in nodes:
        if any(operand in found for operand in operands(node)):
            found[node] = None
    return found


def unnamed_behind(of: Value, names: Container[Value]) -> list[Value]:
    """`of` and the unnamed operations behind it, operands first."""
    seen, stack = {of}, [of]
    while stack:
        for x in stack.pop().operands:
            if x.op and x not in names and x not in seen:
                seen.add(x)
                stack.append(x)
    return sorted(seen, key=lambda node: node.serial)


def cuts(node: Value, slot: int, partial: float) -> bool:
    """Whether a `detach` or a branch not taken blocks all gradient from a node to an operand, even an infinite one."""
    return partial == 0.0 and is_closed(node._code, slot)


def reverse_sweep(
    nodes: Sequence[Value],
    unit: tuple[Adjoint, Adjoint],
    partials: Callable[[Value], Sequence[Partial]],
    add: Callable[[Adjoint, Adjoint, Partial], Adjoint],
    within: Container[Value] | None = None,
) -> dict[Value, Adjoint]:
    """Reverse mode over an algebra: the derivatives of the last of `nodes` in the operands outside `nodes`.

    The nodes are in order, operands first. `unit` are the algebra's 0 and 1, and `add(total, adjoint, partial)` is
    total + adjoint * partial. Only operands in `within` count, if given. Operands only behind a `detach` or a branch
    not taken are left out.

    >>> x = Value(3.0)
    >>> reverse_sweep([y := x * x], (0.0, 1.0), lambda node: node.partials, lambda t, a, p: t + a * p)[x]
    6.0
    """
    zero, one = unit
    adjoints = {nodes[-1]: one}
    for node in reversed(nodes):
        if node not in adjoints:
            continue
        adjoint = adjoints.pop(node)
        edges = zip(node.operands, node.partials, partials(node), strict=True)
        for slot, (operand, number, partial) in enumerate(edges):
            if (within is None or operand in within) and not cuts(node, slot, number):
                adjoints[operand] = add(adjoints.get(operand, zero), adjoint, partial)
    return adjoints
