"""The operations as functions of Values or numbers: `exp(w)` is a Value, `exp(1.0)` a float."""

from collections.abc import Callable, Sequence
from typing import Any

from .operations import apply
from .operations import dot as dot
from .table import TABLE


def operation(name: str) -> Callable[..., Any]:
    """The row of that name as a function of Values or numbers, which says its mathematics in its docstring.

    >>> from engine import Value
    >>> softsign = operation("relu")
    >>> softsign(-2.0), softsign(Value(2.0)).data
    (0.0, 2.0)
    """
    row = TABLE[name]

    def function(*operands: Any) -> Any:
        if len(operands) != len(row.variables):
            raise TypeError(f"{name} takes {len(row.variables)} operand(s), not {len(operands)}")
        return apply(name, *operands)

    function.__name__ = function.__qualname__ = name
    slopes = ", ".join(row.partials)
    function.__doc__ = f"{row.formula}, with the slope {slopes}; of Values a Value, of numbers a float."
    return function


exp, log, sqrt, tanh = operation("exp"), operation("log"), operation("sqrt"), operation("tanh")
sigmoid, relu, softplus = operation("sigmoid"), operation("relu"), operation("softplus")
sin, cos, erf = operation("sin"), operation("cos"), operation("erf")
maximum, minimum = operation("maximum"), operation("minimum")


def logsumexp(operands: Sequence[Any]) -> Any:
    """log(exp(x1) + ... + exp(xn)), which overflows for no operands; of no operands -inf.

    >>> from engine import Value
    >>> logsumexp([Value(1000.0), Value(1000.0)]).data - 1000.0  # log 2
    0.6931471805598...
    """
    return apply("logsumexp", list(operands))


def softmax(operands: Sequence[Any]) -> list[Any]:
    """The shares exp(xi) / (exp(x1) + ... + exp(xn)), exact where they come close to 0 and to 1.

    Each is the sigmoid of xi - logsumexp(the others), whose slope does not cancel as p * (1 - p) does.

    >>> [round(p, 4) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.2447, 0.6652]
    """
    terms = list(operands)
    return [
        apply("sigmoid", apply("sub", x, apply("logsumexp", terms[:i] + terms[i + 1 :]))) for i, x in enumerate(terms)
    ]
