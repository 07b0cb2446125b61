"""A graph in decimals, at its own numbers or at others: they keep the digits that 1 - a² loses in floats near a = 1."""

from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

from ..core import TABLE, Value, evaluate
from .decimals import decimal, in_decimals


class Exact:
    """The data of some nodes in decimals, and derivatives among them; `moved` has other numbers for some leaves.

    The nodes are in topological order, operands first. What decimals do not define is nan.

    >>> z = Value(40.0, "z")
    >>> a = z.tanh()
    >>> exact = Exact({z: 40.0, a: 1.0}, 60)
    >>> f"{exact.derivative(a, z):.4g}", f"{exact.run('1 - a * a', {'a': exact.data[a]}):.4g}"
    ('7.219e-35', '7.219e-35')
    """

    def __init__(self, data: Mapping[Value, float], digits: int, moved: Mapping[Value, float] | None = None) -> None:
        self.context = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
        self.data: dict[Value, Decimal] = {}
        with localcontext(self.context):
            for node, number in data.items():
                if node.op:
                    self.data[node] = in_decimals(node.op, *_groups(node, self.data))
                else:
                    self.data[node] = decimal((moved or {}).get(node, number))

    def derivative(self, of: Value, wrt: Value) -> Decimal:
        """The derivative of one node with respect to another over all paths."""
        adjoints = {of: Decimal(1)}
        with localcontext(self.context):
            for node in reversed(self.data):
                if node is wrt or not node.op or not adjoints.get(node):
                    continue
                for operand, partial in zip(node.operands, self._partials(node), strict=True):
                    if partial:
                        adjoints[operand] = adjoints.get(operand, Decimal(0)) + adjoints[node] * partial
        return adjoints.get(wrt, Decimal(0))

    def run(self, formula: str, variables: Mapping[str, Decimal]) -> Decimal:
        """The number of a formula of the table."""
        with localcontext(self.context):
            return decimal(evaluate(formula, variables, in_decimals))

    def _partials(self, node: Value) -> list[Decimal]:
        row, groups = TABLE[node.op], _groups(node, self.data)
        variables = dict(zip(row.variables, groups, strict=True)) | {"y": self.data[node]}
        partials = [evaluate(partial, variables, in_decimals) for partial in row.partials]
        found = row.flatten(partials, len(groups[0])) if row.variadic else partials
        return [decimal(partial) for partial in found]


def _groups(node: Value, data: Mapping[Value, Decimal]) -> list[Any]:
    return TABLE[node.op].split([data[operand] for operand in node.operands])
