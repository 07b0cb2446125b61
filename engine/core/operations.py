"""Operations on Values: a row of the table at the operands' numbers, and the node that keeps value and partials.

Where this is compiled, rows are computed by the C that the build writes from the table, and those added later by the
table's formulas in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .coercion import as_value, real
from .formula import numeric
from .node import Node
from .opcodes import DOT, NAMES, check, code_of
from .table import TABLE

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if cython.compiled:  # by operations.pxd
    check(MADE_FROM)  # type: ignore[name-defined]  # noqa: F821
else:
    from .node import make
    from .opcodes import POW

    def unary(code: int, a: Node) -> Value:
        """A row of one operand."""
        return by_formula(code, [a])

    def binary(code: int, a: Node, b: Node) -> Value:
        """A row of two operands."""
        return by_formula(code, [a, b])

    def operate(code: int, operands: list[Any]) -> Value:
        """A row of any number of operands, those of sequences one after the other."""
        return by_formula(code, operands)

    def power(a: Node, b: Node) -> Value:
        """Row pow for a plain number as the exponent: it can't vary, so its partial is 0, not nan for a base below 0."""
        row, x, n = TABLE["pow"], a._data, b._data
        y = row.value(x, n)
        return make(POW, y, a, b, row.slopes(y, x, n)[0], 0.0)


if TYPE_CHECKING:
    from .value import Value


def apply(name: str, *operands: Any) -> Any:
    """One operation of the table on Values and numbers: the algebra of Values; of numbers alone, a number.

    A row that takes sequences gets a list (or tuple) for each.

    >>> from engine import Value
    >>> apply("mul", Value(2.0), 3.0).data, apply("exp", 0.0), apply("sum", [Value(1.0), 2.0]).partials
    (6.0, 1.0, (1.0, 1.0))
    """
    row = TABLE[name]
    if row.variadic:
        return variadic(name, operands)
    if not any(isinstance(x, Node) for x in operands):
        return numeric(name, *(x if type(x) is float else real(x) for x in operands))
    values = [as_value(x) for x in operands]
    code = code_of(name)
    if len(values) == 1:
        return unary(code, values[0])
    return binary(code, values[0], values[1]) if len(values) == 2 else operate(code, values)


def by_formula(code: int, operands: list[Any]) -> Value:
    """A row of any number of operands by its formulas in Python."""
    row = TABLE[NAMES[code]]
    groups = row.split([x._data for x in operands])
    y = row.value(*groups)
    partials = row.slopes(y, *groups)
    if row.variadic:
        return make(code, y, None, None, 0.0, 0.0, (operands, row.flatten(partials, len(groups[0]))))
    if len(operands) == 1:
        return make(code, y, operands[0], None, partials[0])
    if len(operands) == 2:
        return make(code, y, operands[0], operands[1], partials[0], partials[1])
    return make(code, y, None, None, 0.0, 0.0, (operands, list(partials)))


def variadic(name: str, groups: Sequence[Any]) -> Any:
    """A row over sequences, each given as a list or tuple."""
    row, size = TABLE[name], len(groups[0])
    for variable, group in zip(row.variables, groups, strict=True):
        count = len(group) if isinstance(group, (list, tuple)) else 1
        if count != (size if variable.isupper() else 1):
            wanted = f"{size}, as many as in the first," if variable.isupper() else "one"
            raise ValueError(f"{name} takes {wanted} for {variable}, not {count}")
    flat = [x for group in groups for x in (group if isinstance(group, (list, tuple)) else (group,))]
    if not any(isinstance(x, Node) for x in flat):
        return numeric(name, *row.split([real(x) for x in flat]))
    return operate(code_of(name), [as_value(x) for x in flat])


def dot(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> Value:
    """The sum of weights[i] * inputs[i], plus a bias, as one node with 2n + 1 operands: a neuron.

    Sequences of different lengths are a ValueError.

    >>> from engine import Value
    >>> dot([Value(2.0), Value(3.0)], [10.0, 100.0], 1.0).data
    321.0
    """
    size = len(weights)
    if size != len(inputs):
        raise ValueError(f"dot takes as many weights as inputs, not {size} weights and {len(inputs)} inputs")
    return operate(DOT, [entry if isinstance(entry, Node) else as_value(entry) for entry in [*weights, *inputs, bias]])
