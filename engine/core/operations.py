"""Operations on Values: a row of the table at the operands' numbers, and the node that keeps value and partials.

The rows that networks use most are written out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .coercion import as_value, real
from .formula import numeric
from .kernels import KERNELS
from .node import Node
from .opcodes import DIV, DOT, EXP, LOG, NAMES, POW, RELU, SIGMOID, TANH, code_of
from .table import TABLE

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else by operations.pxd, and the C library's own
    from .node import make

    c_exp, c_log, c_pow, c_tanh = KERNELS["exp"], KERNELS["log"], KERNELS["pow"], math.tanh

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
    return unary(code, values[0]) if len(values) == 1 else binary(code, values[0], values[1])


def unary(code: int, a: Node) -> Value:
    """A row of one operand."""
    row, x = TABLE[NAMES[code]], a._data
    y = row.value(x)
    return make(code, y, a, None, row.slopes(y, x)[0])


def binary(code: int, a: Node, b: Node) -> Value:
    """A row of two operands."""
    row, x1, x2 = TABLE[NAMES[code]], a._data, b._data
    y = row.value(x1, x2)
    da, db = row.slopes(y, x1, x2)
    return make(code, y, a, b, da, db)


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
    operands = [as_value(x) for x in flat]
    numbers = row.split([operand._data for operand in operands])
    y = row.value(*numbers)
    return make(code_of(name), y, None, None, 0.0, 0.0, (operands, row.flatten(row.slopes(y, *numbers), size)))


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
    operands = [entry if isinstance(entry, Node) else as_value(entry) for entry in [*weights, *inputs, bias]]
    partials = [1.0] * len(operands)
    total = 0.0
    for i in range(size):
        w, x = operands[i], operands[size + i]
        partials[i], partials[size + i] = x._data, w._data
        total += w._data * x._data
    b = operands[2 * size]
    return make(DOT, total + b._data, None, None, 0.0, 0.0, (operands, partials))


def divide(a: Node, b: Node) -> Value:
    """A / b, with the partials 1 / b and -y / b."""
    if b._data == 0.0:
        return binary(DIV, a, b)
    y = a._data / b._data
    return make(DIV, y, a, b, 1.0 / b._data, -y / b._data)


def power(a: Node, b: Node) -> Value:
    """Row pow for a plain number as the exponent: it cannot vary, so its partial is 0, not nan for a negative base."""
    x, n = a._data, b._data
    if n == 2.0:
        return make(POW, x * x, a, b, 2.0 * x, 0.0)
    y = c_pow(x, n)
    if n - 1.0 + 1.0 != n:  # n - 1 is rounded, and the power would show it
        return make(POW, y, a, b, TABLE["pow"].slopes(y, x, n)[0], 0.0)
    return make(POW, y, a, b, n * c_pow(x, n - 1.0) if n else 0.0, 0.0)


def exp_node(a: Node) -> Value:
    """Row exp: the partial is y."""
    y = c_exp(a._data)
    return make(EXP, y, a, None, y)


def log_node(a: Node) -> Value:
    """Row log: the partial is 1 / a."""
    return make(LOG, c_log(a._data), a, None, 1.0 / a._data) if a._data else unary(LOG, a)


def tanh_node(a: Node) -> Value:
    """Row tanh: the partial is 4 σ'(2a)."""
    return make(TANH, c_tanh(a._data), a, None, 4.0 * _bell(c_exp(-2.0 * abs(a._data))))


def sigmoid_node(a: Node) -> Value:
    """Row sigmoid: the partial is σ(a) σ(-a)."""
    x = a._data
    e = c_exp(-abs(x))
    return make(SIGMOID, (1.0 if x >= 0.0 else e) / (1.0 + e), a, None, _bell(e))


def relu_node(a: Node) -> Value:
    """Row relu: the partial is 0 at 0, and nan stays nan."""
    x = a._data
    if x != x:
        return unary(RELU, a)
    return make(RELU, x, a, None, 1.0) if x > 0.0 else make(RELU, 0.0 if x else x, a, None, 0.0)


def _bell(e: float) -> float:
    """The slope of the logistic function, σ(x) * σ(-x), where e = exp(-|x|)."""
    return 1.0 / (1.0 + e) * (e / (1.0 + e))
