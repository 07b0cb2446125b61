"""The table over decimals of 110 digits: two formulas that agree to 60 of them are taken to be equal."""

from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

from ..core import TABLE, evaluate

DIGITS = Context(prec=110, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
SPARE = 10  # digits lost in summing a series
LARGEST = 40  # largest argument of a series, since larger ones lose more digits
PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"
)
# Exact values of the constants that are floats in the table and in statistics.
EXACT = {
    1.1283791670955126: DIGITS.divide(2, PI.sqrt(DIGITS)),
    3.141592653589793: PI,
    1.4142135623730951: Decimal(2).sqrt(DIGITS),
}
NOTHING = Decimal("nan")


def decimal(number: float | Decimal) -> Decimal:
    """The exact number behind a float: its shortest decimal, or a known constant."""
    if isinstance(number, Decimal):
        return number
    return EXACT.get(number) or Decimal(repr(number))


def in_decimals(name: str, *arguments: Any) -> Any:
    """One operation of the table on decimals; a row not defined here is evaluated by its formula.

    >>> with localcontext(DIGITS):
    ...     print(str(in_decimals("sigmoid", Decimal(50)))[:50])
    0.999999999999999999999807125015203608221698302919
    """
    numbers = [list(map(decimal, x)) if isinstance(x, list) else decimal(x) for x in arguments]
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](*numbers)
    row = TABLE[name]
    if row.formula == f"{name}({', '.join(row.variables)})":
        return NOTHING  # a primitive with no definition here
    return evaluate(row.formula, dict(zip(row.variables, numbers, strict=True)), in_decimals)


def _series(x: Decimal, term: Decimal, step: Callable[[Decimal, int], Decimal], n: int, by: int) -> Decimal:
    """The sum of a power series, given its first term and the step from a term to the next."""
    if not x.is_finite() or abs(x) > LARGEST:
        return NOTHING
    with localcontext() as context:
        context.prec += SPARE + 2 * int(abs(x))
        total, last = term, NOTHING
        while total != last:
            n += by
            term = step(term, n)
            last, total = total, total + term
    return +total


def _wave(x: Decimal, first: Decimal, n: int) -> Decimal:
    if abs(x) > LARGEST:
        x = x.remainder_near(2 * PI)
        first = x if n else first
    return _series(x, first, lambda term, n: -term * x * x / (n * (n - 1)), n, 2)


def _erf(x: Decimal) -> Decimal:
    if abs(x) > 6:
        return NOTHING
    scaled = _series(x, x, lambda term, n: term * 2 * x * x / (2 * n + 1), 0, 1)
    return 2 / PI.sqrt() * (-x * x).exp() * scaled


def _power(a: Decimal, b: Decimal) -> Decimal:
    if b == b.to_integral_value() and abs(b) < 1000:
        return a ** int(b) if a or b > 0 else Decimal(1) if not b else NOTHING
    return (b * a.ln()).exp() if a > 0 else NOTHING


def _sum(numbers: Sequence[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "gap": lambda a, b: a - b,
    "ahead": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": abs,
    "pow": _power,
    "rest": lambda a, b: Decimal(0),  # the rounding error of a - b
    "times": lambda a, b: a * b if a else Decimal(0),
    "exp": lambda a: a.exp(),
    "expdiff": lambda a, b: (a - b).exp(),
    "gauss": lambda a: (-a * a).exp(),
    "log": lambda a: a.ln() if a > 0 else NOTHING,
    "log1p": lambda a: (1 + a).ln() if a > -1 else NOTHING,
    "sqrt": lambda a: a.sqrt() if a >= 0 else NOTHING,
    "tanh": lambda a: 1 - 2 / ((2 * a).exp() + 1),
    "sin": lambda a: _wave(a, a, 1),
    "cos": lambda a: _wave(a, Decimal(1), 0),
    "erf": _erf,
    "maximum": max,
    "minimum": min,
    "above": lambda a, b: Decimal(int(a > b)),
    "less": lambda a, b: Decimal(int(a < b)),
    "select": lambda a, b, c: b if a else c,
    "shift": max,
    "sum": _sum,
    "dot": lambda a, b, c: _sum([x * y for x, y in zip(a, b, strict=True)]) + c,
}
