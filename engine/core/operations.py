# cython: boundscheck=False, wraparound=False, infer_types=True
"""Operations on Values: evaluate a row of the table at the operands, and make a node with value and partials.

When compiled, rows are computed in C generated from the table, and rows added later by their formulas in Python.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..table import CODES, NAMES, TABLE, Row, check, code_of, entries, numeric
from .coercion import as_value
from .node import Node

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if cython.compiled:  # by operations.pxd
    check(MADE_FROM)  # type: ignore[name-defined]  # noqa: F821
    no_partials: Any = array("d")
    compute: Any = operate_many  # type: ignore  # noqa: F821
else:
    from ..table import DOT, POW
    from .coercion import operand_of
    from .node import make
    from .tracebacks import api_boundary

    IN_C = 0  # opcodes that C computes
    no_partials = None
    scratch: Any = None
    clone: Any = None
    operate_many: Any = None

    def unary(code: int, a: Node) -> Value:
        """A row of one operand."""
        row, x = TABLE[NAMES[code]], a._number
        y = row.value(x)
        return make(code, y, a, None, row.each_partial_value[0](y, x))

    def binary(code: int, a: Node, b: Node) -> Value:
        """A row of two operands."""
        row, x, z = TABLE[NAMES[code]], a._number, b._number
        y = row.value(x, z)
        by_a, by_b = row.each_partial_value
        return make(code, y, a, b, by_a(y, x, z), by_b(y, x, z))

    def power(a: Node, b: Node) -> Value:
        """Row pow with a plain number as exponent, which can't vary, so its partial is 0, even for a negative base."""
        row, x, n = TABLE["pow"], a._number, b._number
        y = row.value(x, n)
        return make(POW, y, a, b, row.each_partial_value[0](y, x, n), 0.0)


if TYPE_CHECKING:
    from .value import Value


def apply(name: str, *operands: Any) -> Any:
    """One operation of the table on Values and numbers, the algebra of Values; numbers alone give a number.

    A row over sequences takes each as a list or tuple.

    >>> from engine import Value
    >>> apply("mul", Value(2.0), 3.0).data, apply("exp", 0.0), apply("sum", [Value(1.0), 2.0]).partials
    (6.0, 1.0, (1.0, 1.0))
    """
    row, code = TABLE[name], CODES[name] if name in CODES else code_of(name)
    if len(operands) != len(row.variables):
        raise TypeError(f"{name} takes the operands {', '.join(row.variables)}, not {len(operands)}")
    if row.variadic:
        return variadic(code, row, operands)
    if len(operands) == 1:
        return of_one(code, operands[0])
    if len(operands) == 2:
        return of_two(code, operands[0], operands[1])
    return of_scalars(code, operands)


def of_one(code: int, a: Any) -> Any:
    """A row of one operand, a Value or a number."""
    return unary(code, a) if isinstance(a, Node) else numeric(NAMES[code], operand_of(a, code))


def of_two(code: int, a: Any, b: Any) -> Any:
    """A row of two operands, Values or numbers."""
    if isinstance(a, Node) or isinstance(b, Node):
        return binary(code, as_value(a, code), as_value(b, code))
    return numeric(NAMES[code], operand_of(a, code), operand_of(b, code))


def of_scalars(code: int, operands: tuple[Any, ...]) -> Any:
    """A row of three operands or more, Values or numbers. A plain number can't vary, so its partial is 0."""
    nodes = count_nodes(operands)
    if not nodes:
        return numeric(NAMES[code], *[operand_of(x, code) for x in operands])
    if nodes == len(operands):
        return operate(code, list(operands))
    return operate(code, [as_value(x, code) for x in operands], operands)


def of_many(code: int, operands: list[Any]) -> Any:
    """A row of any number of operands, Values or numbers, with sequences concatenated."""
    nodes = count_nodes(operands)
    if not nodes:
        return numeric(NAMES[code], *TABLE[NAMES[code]].split([operand_of(x, code) for x in operands]))
    return operate(code, operands if nodes == len(operands) else [as_value(x, code) for x in operands])


def count_nodes(operands: Sequence[Any]) -> int:
    """How many operands are Values."""
    found = 0
    for x in operands:
        found += 1 if isinstance(x, Node) else 0
    return found


def variadic(code: int, row: Row, groups: Sequence[Any]) -> Any:
    """A row over sequences, each given as a list or tuple."""
    if len(groups) == 1:
        return of_many(code, entries(groups[0], f"the operand of {row.name}"))
    flat = list[Any]()
    size = len(entries(groups[0], f"the first operand of {row.name}"))
    for variable, group in zip(row.variables, groups, strict=True):
        is_one = not variable.isupper() and not isinstance(group, (list, tuple))
        many = [group] if is_one else entries(group, f"each sequence of {row.name}")
        if len(many) != (size if variable.isupper() else 1):
            wanted = f"{size}, as many as in the first," if variable.isupper() else "one"
            raise ValueError(f"{row.name} takes {wanted} for {variable}, not {len(many)}")
        flat += many
    return of_many(code, flat)


def operate(code: int, operands: list[Any], given: tuple[Any, ...] = ()) -> Value:
    """A row of any number of operands, with sequences concatenated.

    If they are `given` as Values and plain numbers, the partials with respect to the numbers are 0.
    """
    if code >= IN_C:
        return by_formula(code, operands, given)
    m = len(operands)
    x, partials = scratch(m), clone(no_partials, m, False)
    if not x:
        raise MemoryError(f"there is no memory for {m} operands")
    for k in range(m):
        node = operands[k]
        x[k] = node._number
    numbers = partials.data.as_doubles
    y = operate_many(code, m, x, numbers)
    for k in range(len(given)):
        if given[k] is not operands[k]:
            numbers[k] = 0.0
    return make(code, y, None, None, 0.0, 0.0, (operands, partials))


def by_formula(code: int, operands: list[Any], given: Sequence[Any] = ()) -> Value:
    """A row of any number of operands by its formulas in Python."""
    row = TABLE[NAMES[code]]
    groups = row.split([x._number for x in operands])
    y = row.value(*groups)
    varies = [isinstance(x, Node) for x in given] or [True] * len(groups)
    partials = [partial(y, *groups) if varies[k] else 0.0 for k, partial in enumerate(row.each_partial_value)]
    if row.variadic:
        return make_many(code, y, operands, row.flatten(partials, len(groups[0])))
    if len(operands) == 1:
        return make(code, y, operands[0], None, partials[0])
    if len(operands) == 2:
        return make(code, y, operands[0], operands[1], partials[0], partials[1])
    return make_many(code, y, operands, partials)


def rounded(a: Any, digits: int) -> Value:
    """A Value rounded to a number of decimal digits: itself, where it has no more."""
    scale = 10.0 ** min(abs(digits), 308)
    if digits < 0:
        return as_value(apply("round", a / scale) * scale)
    scaled = a * scale
    has_more = apply("less", abs(scaled), 2.0**52)
    return as_value(apply("select", has_more, apply("round", scaled) / scale, apply("detach", a)))


def make_many(code: int, y: float, operands: list[Any], partials: Sequence[float]) -> Value:
    """The result of an operation of any number of operands."""
    return make(code, y, None, None, 0.0, 0.0, (operands, array("d", partials)))


def dot(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> Value:
    """The sum of weights[i] * inputs[i], plus a bias, as one node with 2n + 1 operands: a neuron.

    Sequences of different lengths are a ValueError.

    >>> from engine import Value
    >>> dot([Value(2.0), Value(3.0)], [10.0, 100.0], 1.0).data
    321.0
    """
    operands, others = entries(weights, "weights of dot"), entries(inputs, "inputs of dot")
    size = len(operands)
    if size != len(others):
        raise ValueError(f"dot takes as many weights as inputs, not {size} weights and {len(others)} inputs")
    operands += others
    operands.append(bias)
    for k in range(2 * size + 1):
        if not isinstance(operands[k], Node):
            operands[k] = as_value(operands[k], DOT)
    return operate(DOT, operands)


if not cython.compiled:
    dot = api_boundary(dot)
