"""Terms: the formulas of the graph as small trees, and the algebra that simplifies 1 * x, x + 0 and the like.

A term is a number, a Name, or a tuple (name of a row, *terms).
"""

from collections.abc import Iterable
from functools import partial, reduce
from typing import Any

from ..core import numeric

Term = Any  # float | Name | tuple[str, Term, ...]

_ARITHMETIC = ("add", "sub", "mul", "neg")
SHORT = 5  # letters of a quotient


class Elided(float):
    """The number of a term that is too long; an operation on such numbers gives a number, not a formula."""


def size(term: Term) -> int:
    """The number of names and numbers in a term."""
    parts, found = [term], 0
    while parts:
        part = parts.pop()
        if isinstance(part, (tuple, list)):
            parts += part[isinstance(part, tuple) :]
        else:
            found += 1
    return found


def symbol(name: str, *terms: Any) -> Term:
    """One operation of the table on terms, simplified: the algebra of formulas.

    >>> from ..core import Name
    >>> symbol("add", symbol("mul", 1.0, Name("x")), symbol("neg", Name("y")))
    ('sub', 'x', 'y')
    """
    if name in _ARITHMETIC and (name == "neg" or 0.0 not in terms) and all(isinstance(x, float) for x in terms):
        number = float(numeric(name, *terms))
        return Elided(number) if any(isinstance(x, Elided) for x in terms) else number
    match name, terms:
        case "times", _:
            return symbol("mul", *terms)
        case "gap" | "ahead" | "margin" | "masked", _:
            return symbol("sub", *terms)
        case "direction", (a, b):
            return symbol("div", a, symbol("hypot", a, b))
        case "monomial", (a, b, c, d):
            return symbol("mul", d, symbol("pow", a, symbol("sub", b, c)))
        case "powlog", (a, b, c, d, e):
            return symbol("mul", symbol("monomial", a, b, c, d), symbol("pow", symbol("log", a), e))
        case "logaddexp", _:
            return ("logsumexp", [x for term in terms for x in _summands(term)])
        case "share", (a, b):
            return symbol("exp", symbol("sub", a, symbol("logaddexp", a, b)))
        case "sum", (list() as many,):
            return fold("add", many)
        case "dot", (weights, inputs, bias):
            products = [symbol("mul", w, x) for w, x in zip(weights, inputs, strict=True)]
            return fold("add", [*products, bias])
        case "square", (x,):
            return symbol("pow", x, 2.0)
        case ("add", (0.0, x)) | ("add" | "sub", (x, 0.0)) | ("mul", (1.0, x)) | ("mul" | "div" | "pow", (x, 1.0)):
            return x
        case ("mul", (0.0, _)) | ("mul", (_, 0.0)):
            return 0.0
        case "pow", (_, 0.0):
            return 1.0
        case "add", (x, y) if not (isinstance(x, float) and isinstance(y, float)) and (positive := _negated(y)):
            return symbol("sub", x, positive)
        case "sub", (x, y) if not (isinstance(x, float) and isinstance(y, float)) and (positive := _negated(y)):
            return symbol("add", x, positive)
        case "add", (x, y) if x == y and not isinstance(x, float):
            return symbol("mul", 2.0, x)
        case "sub", (("neg", x), y) if x == y:
            return symbol("neg", symbol("mul", 2.0, x))
        case ("sub", (0.0, x)) | ("mul", (-1.0, x)) | ("mul", (x, -1.0)):
            return symbol("neg", x)
        case "neg", (x,) if positive := _negated(x):
            return positive
        case (("mul" | "div"), (("neg", x), y)):
            return symbol("neg", symbol(name, x, y))
        case "mul", (x, ("neg", y)):
            return symbol("neg", symbol("mul", x, y))
        case "div", (("mul", float() as number, x), float() as other) if _is_short(number, other):
            return symbol("mul", number / other, x)
        case "mul", (float() as number, ("div", float() as other, x)):
            return symbol("div", number * other, x)
        case "mul", (x, ("div", 1.0, y)):
            return symbol("div", x, y)
        case "mul", (("div", 1.0, y), x):
            return symbol("div", x, y)
        case "mul", (x, float() as number) if not isinstance(x, float):
            return symbol("mul", number, x)
        case "mul", (float() as number, ("mul", float() as other, x)):
            return symbol("mul", number * other, x)
        case "mul", (x, ("mul", float() as number, y)) if not isinstance(x, float):
            return symbol("mul", number, symbol("mul", x, y))
    return (name, *terms)


def _negated(term: Term) -> Term | None:
    """The term without its minus, if it begins with one."""
    match term:
        case ("neg", x):
            return x
        case float() if term < 0.0:
            return -term
        case ("mul" | "div" as name, float() as number, x) if number < 0.0:
            return symbol(name, -number, x)
    return None


def _is_short(number: float, other: float) -> bool:
    """Whether a quotient is exact and easier to read than its two numbers."""
    return bool(other) and number / other * other == number and len(repr(number / other)) <= SHORT


def _summands(term: Term) -> list[Term]:
    """The arguments of a term that is a logsumexp."""
    return term[1] if isinstance(term, tuple) and term[0] == "logsumexp" else [term]


def fold(name: str, terms: Iterable[Term]) -> Term:
    """The sum or the product of terms.

    >>> fold("add", ["x", "y"]), fold("mul", [])
    (('add', 'x', 'y'), 1.0)
    """
    return reduce(partial(symbol, name), terms, 1.0 if name == "mul" else 0.0)
