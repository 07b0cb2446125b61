"""The rows that are defined by themselves, as functions of floats: IEEE numbers where Python's math module raises."""

import math
from collections.abc import Callable, Sequence


def _divide(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and _is_odd(b) else math.inf
    except ValueError:  # a negative base with a fractional exponent, or 0 to a negative power
        return math.nan if a else math.copysign(math.inf, a) if _is_odd(b) else math.inf


def _is_odd(b: float) -> bool:
    return abs(math.fmod(b, 2.0)) == 1.0  # fmod is exact, where % rounds


def _exp(a: float) -> float:
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def _log(a: float) -> float:
    return math.log(a) if a > 0 else -math.inf if a == 0 else math.nan


def _log1p(a: float) -> float:
    return math.log1p(a) if a > -1 else -math.inf if a == -1 else math.nan


def _sqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0 else math.nan


def _sin(a: float) -> float:
    return math.sin(a) if math.isfinite(a) else math.nan


def _cos(a: float) -> float:
    return math.cos(a) if math.isfinite(a) else math.nan


def _floor(a: float) -> float:
    return float(math.floor(a)) if math.isfinite(a) else a


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _above(a: float, b: float) -> float:
    return 1.0 if a > b else 0.0 if a <= b else math.nan


def _times(a: float, b: float) -> float:
    return a * b if a else 0.0


def _mod(a: float, b: float) -> float:
    return a % b if b else math.nan


def _rest(a: float, b: float) -> float:
    rounded = a - b
    minus_b = rounded - a
    rest = (a - (rounded - minus_b)) - (b + minus_b)  # Knuth's two-sum; exact
    return rest if math.isfinite(rest) else 0.0


def _shift(operands: Sequence[float]) -> float:
    largest = max(operands, default=0.0)
    return largest if math.isfinite(largest) else 0.0


def _sum(operands: Sequence[float]) -> float:
    total = 0.0
    for operand in operands:  # from left to right, as compiled code adds; Python's own sum has compensated since 3.12
        total += operand
    return total


# Every other row follows from these.
KERNELS: dict[str, Callable[..., float]] = {
    "div": _divide,
    "pow": _power,
    "abs": abs,
    "exp": _exp,
    "log": _log,
    "log1p": _log1p,
    "sqrt": _sqrt,
    "tanh": math.tanh,
    "sin": _sin,
    "cos": _cos,
    "erf": math.erf,
    "floor": _floor,
    "maximum": _maximum,
    "minimum": _minimum,
    "above": _above,
    "times": _times,
    "mod": _mod,
    "rest": _rest,
    "shift": _shift,
    "sum": _sum,
}
