"""The operations as functions of Values or numbers: `exp(w)` is a Value, `exp(1.0)` a float."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..table import TABLE, add, code_of
from .operations import apply, of_many, of_one, of_scalars, of_two
from .operations import dot as dot


def operation(name: str) -> Callable[..., Any]:
    """The row of that name as a function of Values or numbers, which says its mathematics in its docstring.

    >>> from engine import Value
    >>> positive_part = operation("relu")
    >>> positive_part(-2.0), positive_part(Value(2.0)).data
    (0.0, 2.0)
    """
    row, code = TABLE[name], code_of(name)

    def of_one_operand(a: Any) -> Any:
        return of_one(code, a)

    def of_two_operands(a: Any, b: Any) -> Any:
        return of_two(code, a, b)

    def of_three_operands(a: Any, b: Any, c: Any) -> Any:
        return of_scalars(code, (a, b, c))

    def of_one_sequence(operands: Iterable[Any]) -> Any:
        return of_many(code, list(operands))

    def of_operands(*operands: Any) -> Any:
        return apply(name, *operands)

    def of_these(*operands: Any) -> Any:
        if len(operands) != len(row.variables):
            raise TypeError(f"{name} takes the operands {', '.join(row.variables)}, not {len(operands)}")
        return of_scalars(code, operands)

    known: dict[tuple[str, ...], Callable[..., Any]] = {
        ("a",): of_one_operand,
        ("a", "b"): of_two_operands,
        ("a", "b", "c"): of_three_operands,
        ("A",): of_one_sequence,
    }
    function = known.get(row.variables, of_operands if row.variadic else of_these)
    function.__name__ = function.__qualname__ = name
    slopes = ", ".join(row.partials)
    function.__doc__ = f"{row.formula}, with the partials {slopes}; of Values a Value, of numbers a float."
    return function


def row(
    name: str, sign: str, formula: str | Callable[..., float], *partials: Any, textbook: str = ""
) -> Callable[..., Any]:
    """Add an operation of your own, and return it as a function of Values and numbers.

    In `formula` a, b, c ... are the operands, in this order, and a capital letter is a sequence of them. Each of
    `partials` is the formula of one partial derivative, where y is the result. Left out, they are derived from the
    formula; given, they are checked against it. `sign` stands for the operation in pictures.

    A formula is made of numbers, operands, + - * / ** and the other rows. What no formula can express is a Python
    function of numbers, with a function or a formula for each partial; page, JAX and saved recordings cannot run it,
    and a second derivative is nan where the partial is a function.

    A ValueError says what is wrong with a name, a formula or a partial.

    >>> from engine import Value
    >>> softsign = row("softsign", "softsign", "a / (1 + abs(a))")
    >>> x = Value(-1.0)
    >>> y = softsign(x)
    >>> y.backward()
    >>> y.data, x.grad
    (-0.5, 0.25)
    >>> del TABLE["softsign"]
    """
    add(name, sign, formula, *partials, textbook=textbook)
    return operation(name)


exp, log, sqrt, tanh = operation("exp"), operation("log"), operation("sqrt"), operation("tanh")
sigmoid, relu, softplus = operation("sigmoid"), operation("relu"), operation("softplus")
sin, cos, erf = operation("sin"), operation("cos"), operation("erf")
maximum, minimum, logsumexp = operation("maximum"), operation("minimum"), operation("logsumexp")


def softmax(operands: Sequence[Any]) -> list[Any]:
    """The shares exp(xi) / (exp(x1) + ... + exp(xn)), exact where they come close to 0 and to 1.

    Each is the sigmoid of xi - logsumexp(the others), whose slope does not cancel as p * (1 - p) does. An entry of -inf
    has the share 0 and takes no part in any derivative, even where no other is left.

    >>> [round(p, 4) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.2447, 0.6652]
    >>> softmax([1.0, -math.inf, -math.inf])
    [1.0, 0.0, 0.0]
    """
    terms = list(operands)
    return [apply("sigmoid", apply("gap", x, others)) for x, others in zip(terms, _of_others(terms), strict=True)]


def _of_others(terms: list[Any]) -> list[Any]:
    """For each term the logsumexp of all others: its neighbour and those outside of the pair, up and down a tree."""
    if len(terms) < 3:
        return terms[::-1] if len(terms) == 2 else [-math.inf] * len(terms)
    paired = len(terms) // 2 * 2
    pairs = [apply("log_add", terms[i], terms[i + 1]) for i in range(0, paired, 2)] + terms[paired:]
    outside = _of_others(pairs)
    others = [apply("log_add", terms[i ^ 1], outside[i // 2]) for i in range(paired)]
    return others + outside[paired // 2 :]
