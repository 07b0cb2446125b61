"""Primitives as functions of floats, which return inf or nan where Python's math module raises."""

import math
from collections.abc import Callable, Sequence


def quiet(function: Callable[[float], float]) -> Callable[[float], float]:
    """A function of Python's math module, with nan outside its domain and inf on overflow."""

    def quiet(a: float) -> float:
        try:
            return function(a)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.copysign(math.inf, a)

    return quiet


def logarithm(function: Callable[[float], float], pole: float = 0.0) -> Callable[[float], float]:
    """A logarithm with its pole at `pole`."""
    return lambda a: function(a) if a > pole else -math.inf if a == pole else math.nan


def divide(a: float, b: float) -> float:
    """A / b."""
    try:
        return a / b
    except ZeroDivisionError:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    """A ** b, a square rounded once."""
    if b == 2.0:
        return a * a
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and _is_odd(b) else math.inf
    except ValueError:  # a negative base with a fractional exponent, or 0 to a negative power
        return math.nan if a else math.copysign(math.inf, a) if _is_odd(b) else math.inf


def _is_odd(b: float) -> bool:
    return abs(math.fmod(b, 2.0)) == 1.0  # fmod is exact, where % rounds


def floor(a: float) -> float:
    """The largest integer <= a."""
    return float(math.floor(a)) if a and math.isfinite(a) else a


def to_even(a: float) -> float:
    """The nearest integer, the even one on a tie."""
    return math.copysign(float(round(a)), a) if math.isfinite(a) else a


def mod(a: float, b: float) -> float:
    """The remainder of a / b, which has the sign of b."""
    return a % b if b and math.isfinite(a) else math.nan


def rest(a: float, b: float) -> float:
    """The rounding error of a - b."""
    rounded = a - b
    minus_b = rounded - a
    rest = (a - (rounded - minus_b)) - (b + minus_b)  # Knuth's two-sum; exact
    return rest if math.isfinite(rest) else 0.0


def hypot(a: float, b: float) -> float:
    """The square root of a² + b², even if the squares overflow."""
    m, n = max(abs(a), abs(b)), min(abs(a), abs(b))
    if a != a or b != b or m == 0.0 or m == math.inf:
        return math.inf if abs(a) == math.inf or abs(b) == math.inf else abs(a) + abs(b)
    return m * math.sqrt(1.0 + n / m * (n / m))


def erfinv(y: float) -> float:
    """The number whose erf is y."""
    size = abs(y)
    if not size < 1.0:
        return math.copysign(math.inf, y) if size == 1.0 else math.nan
    log = math.log1p(-size * size)
    t = 4.330746750799873 + log / 2.0
    x = math.sqrt(math.sqrt(t * t - log / 0.147) - t)  # Winitzki's, to three digits; then two of Halley's steps
    for _ in range(2):  # of erf, or where that is flat of log(erfc)
        slope = 1.1283791670955126 * math.exp(-x * x)
        if size < 0.5:
            step = (math.erf(x) - size) / slope
            x = x - step / (1.0 + x * step)
        else:
            tail = math.erfc(x)
            step = math.log(tail / (1.0 - size)) * tail / slope
            x = x + step / (1.0 + step * (slope / tail / 2.0 - x))
    return math.copysign(x, y)


def cbrt(a: float) -> float:
    """The cube root: the library's is off by up to three ulp, and one of Newton's steps makes that one."""
    y = math.cbrt(a)
    return y - (y - a / (y * y)) / 3.0 if y and math.isfinite(y) else y


def sum_of(operands: Sequence[float]) -> float:
    """The sum, from left to right as everywhere: compensating would double the time of a recording's sums."""
    total = 0.0
    for operand in operands:  # Python's own sum has compensated since 3.12
        total += operand
    return total


def shift(operands: Sequence[float]) -> float:
    """The largest of some numbers, nan if one is, -inf of none."""
    largest = -math.inf
    for operand in operands:
        largest = operand if operand > largest or operand != operand else largest
    return largest
