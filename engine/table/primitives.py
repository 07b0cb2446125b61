"""The primitives, at the bottom of every formula: one entry each, with a definition in every language that runs them.

An entry's texts are expressions of the operands a, b and c: in C; in NumPy and JAX, where `np` is either module;
in JavaScript, where `f.name` calls another row. A text of statements ends in a `return`. All follow IEEE 754 and never
raise, and C gives the same bits as Python. The others may differ from them by `ulp` units in the last place, and JAX
by `jax_ulp`, if that is more.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .floats import cbrt, divide, erfinv, floor, hypot, logarithm, mod, power, quiet, rest, shift, sum_of, to_even


@dataclass(frozen=True)
class Primitive:
    """One primitive in every language; a text is "" where a language does not have it."""

    name: str
    python: str | Callable[..., float]  # text is inserted unchanged in formulas of every language
    c: str
    numpy: str
    jax: str
    javascript: str
    ulp: float
    jax_ulp: float
    start: float | None  # of a reduction, whose texts compute the next `total` from `total` and the next entry a

    @property
    def on_floats(self) -> Callable[..., float]:
        """The primitive as a function of floats."""
        return function(self.python) if isinstance(self.python, str) else self.python


PRIMITIVES: dict[str, Primitive] = {}


def primitive(
    name: str,
    python: str | Callable[..., float],
    c: str = "",
    numpy: str | None = None,
    javascript: str = "",
    jax: str = "",
    ulp: float = 0.0,
    jax_ulp: float = 0.0,
    start: float | None = None,
) -> None:
    """Add a primitive. Missing texts default to C's, and JAX's to NumPy's; one given only in Python runs only there."""
    c = python if isinstance(python, str) else c
    numpy = c if numpy is None else numpy
    PRIMITIVES[name] = Primitive(name, python, c, numpy, jax or numpy, javascript or c, ulp, jax_ulp or ulp, start)


def operands_of(text: str) -> list[str]:
    """Which of a, b, c, and `total` before them, a text reads."""
    return [name for name in ("total", "a", "b", "c") if re.search(rf"\b{name}\b", text)]


@cache
def function(text: str, **scope: Any) -> Callable[..., Any]:
    """An expression in Python as a function of its operands, evaluated with the names of `scope`.

    >>> function("a + b")(1.0, 2.0)
    3.0
    """
    made: Callable[..., Any] = eval(f"lambda {', '.join(operands_of(text))}: {text}", dict(scope))
    return made


def _library(
    name: str,
    python: Callable[..., float],
    numpy: str = "",
    operands: str = "a",
    ulp: float = 4.0,
    jax_ulp: float = 0.0,
) -> None:
    """A function of the C library, which JavaScript has by the same name."""
    c, of_numpy, javascript = (f"{prefix}({operands})" for prefix in (name, f"np.{numpy or name}", f"Math.{name}"))
    primitive(name, python, c, of_numpy, javascript, ulp=ulp, jax_ulp=jax_ulp)


primitive("add", "a + b", numpy="np.add(a, b)")
primitive("sub", "a - b", numpy="np.subtract(a, b)")
primitive("mul", "a * b", numpy="np.multiply(a, b)")
primitive("neg", "-a", numpy="np.negative(a)")
primitive("div", divide, "a / b", numpy="np.divide(a, b)")
primitive(
    "pow",
    power,
    c="b == 2.0 ? a * a : b == 1.0 ? a : pow(a, b)",
    numpy="np.power(a, b)",
    javascript="b === 2 ? a * a : a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b",
    ulp=16.0,
)
primitive("abs", abs, c="fabs(a)", numpy="np.abs(a)", javascript="Math.abs(a)")
_library("exp", quiet(math.exp))
_library("log", logarithm(math.log))
_library("log1p", logarithm(math.log1p, -1.0), jax_ulp=128.0)
_library("sqrt", quiet(math.sqrt), ulp=0.0)
_library("tanh", math.tanh, jax_ulp=8.0)
_library("sin", quiet(math.sin))
_library("cos", quiet(math.cos))
primitive(
    "erf",
    math.erf,
    c="erf(a)",
    numpy="",
    jax="special.erf(a)",
    # A series near 0 and a continued fraction farther out, both with only positive terms, times exp(-a²).
    javascript="""const x = Math.abs(a);
    if (x < 1) {
      let sum = x, term = x;
      for (let n = 3; term > sum * 1e-17; n += 2) sum += term *= 2 * x * x / n;
      return Math.sign(a) * 1.1283791670955126 * f.gauss(x) * sum;
    }
    return x < 6 ? Math.sign(a) * (1 - f.erfc(x)) : Math.sign(a);""",
    ulp=8.0,
)
_library("floor", floor, ulp=0.0)
primitive(
    "maximum",
    lambda a, b: a if a >= b or a != a else b,
    c="(a >= b) | (a != a) ? a : b",
    numpy="np.where((a >= b) | (a != a), a, b)",
)
primitive(
    "minimum",
    lambda a, b: a if a <= b or a != a else b,
    c="(a <= b) | (a != a) ? a : b",
    numpy="np.where((a <= b) | (a != a), a, b)",
)
primitive(  # the step a > b, nan of nan
    "above",
    lambda a, b: 1.0 if a > b else 0.0 if a <= b else math.nan,
    c="a > b ? 1.0 : a <= b ? 0.0 : a + b",
    numpy="np.where(a > b, 1.0, np.where(a <= b, 0.0, np.nan))",
)
primitive(  # a product in which 0 wins over inf
    "times",
    lambda a, b: a * b if a else 0.0,
    c="a == 0.0 ? 0.0 : a * b",
    numpy="np.where(a == 0.0, 0.0, a * b)",
)
primitive(  # the rounding error of a - b
    "rest",
    rest,
    c="""double rounded = a - b, minus_b = rounded - a, lost = (a - (rounded - minus_b)) - (b + minus_b);
  return fabs(lost) < HUGE_VAL ? lost : 0.0;""",
    numpy="np.nan_to_num((a - ((a - b) - ((a - b) - a))) - (b + ((a - b) - a)), nan=0.0, posinf=0.0, neginf=0.0)",
    javascript="""const rounded = a - b, minusB = rounded - a, rest = (a - (rounded - minusB)) - (b + minusB);
    return Number.isFinite(rest) ? rest : 0;""",
)
primitive(  # a - b, but 0 if a = b, and -inf if both are -inf
    "gap",
    lambda a, b: a - b if a != b else a if a == -math.inf else 0.0,
    c="a != b ? a - b : a == -HUGE_VAL ? a : 0.0",
    numpy="np.where(a != b, a - b, np.where(a == -np.inf, a, 0.0))",
    javascript="a !== b ? a - b : a === -Infinity ? a : 0",
)
primitive(  # the same, but nan if both are inf
    "ahead",
    lambda a, b: a if a == b == -math.inf else a - b,
    c="(a == b) & (a == -HUGE_VAL) ? a : a - b",
    numpy="np.where((a == b) & (a == -np.inf), a, a - b)",
    javascript="a === b && a === -Infinity ? a : a - b",
)
# Conditions: 1 or 0, and 0 if an operand is nan. A selection takes any number but 0 as true.
primitive("less", lambda a, b: 1.0 if a < b else 0.0, c="a < b ? 1.0 : 0.0", numpy="np.where(a < b, 1.0, 0.0)")
primitive("less_equal", lambda a, b: 1.0 if a <= b else 0.0, c="a <= b ? 1.0 : 0.0", numpy="np.where(a <= b, 1.0, 0.0)")
primitive(
    "select",
    lambda a, b, c: a if a != a else b if a else c,
    c="a != a ? a : a != 0.0 ? b : c",
    numpy="np.where(a != a, a, np.where(a != 0.0, b, c))",
)

_library("tan", quiet(math.tan))
_library("asin", quiet(math.asin), "arcsin")
_library("acos", quiet(math.acos), "arccos")
_library("atan", math.atan, "arctan")
_library("atan2", math.atan2, "arctan2", "a, b")
_library("sinh", quiet(math.sinh), jax_ulp=512.0)
_library("cosh", lambda a: quiet(math.cosh)(abs(a)), jax_ulp=512.0)
_library("asinh", math.asinh, "arcsinh")
_library("acosh", quiet(math.acosh), "arccosh")
_library(
    "atanh", lambda a: math.copysign(math.inf, a) if abs(a) == 1.0 else quiet(math.atanh)(a), "arctanh", jax_ulp=256.0
)
_library("expm1", quiet(math.expm1))
_library("log2", logarithm(math.log2))
_library("log10", logarithm(math.log10))
primitive("exp2", quiet(math.exp2), c="exp2(a)", numpy="np.exp2(a)", javascript="2 ** a", ulp=4.0, jax_ulp=256.0)
primitive(
    "cbrt",
    cbrt,
    c="""double y = cbrt(a);
  return y != 0.0 && fabs(y) < HUGE_VAL ? y - (y - a / (y * y)) / 3.0 : y;""",
    numpy="np.cbrt(a)",
    javascript="Math.cbrt(a)",
    ulp=4.0,
)
primitive(  # not the C library's, which differs from Python's in the last bit
    "hypot",
    hypot,
    c="""double x = fabs(a), y = fabs(b), m = x > y ? x : y, n = x > y ? y : x;
  if (a != a || b != b || m == 0.0 || m == HUGE_VAL) return x == HUGE_VAL || y == HUGE_VAL ? HUGE_VAL : x + y;
  return m * sqrt(1.0 + n / m * (n / m));""",
    numpy="np.hypot(a, b)",
    jax="np.where(np.isinf(a) | np.isinf(b), np.inf, np.where((a == 0.0) & (b == 0.0), 0.0, "  # JAX's own overflows
    "np.maximum(np.abs(a), np.abs(b)) * np.sqrt(1.0 + (np.minimum(np.abs(a), np.abs(b)) / "
    "np.maximum(np.abs(a), np.abs(b))) ** 2)))",
    javascript="Math.hypot(a, b)",
    ulp=4.0,
)
primitive(
    "erfc",
    math.erfc,
    c="erfc(a)",
    numpy="",
    jax="special.erfc(a)",
    javascript="""if (a < 0.5) return a > -1 ? 1 - f.erf(a) : 2 - f.erfc(-a);
    let fraction = a;
    for (let n = 20 + Math.ceil(200 / a / a); n > 0; n--) fraction = a + n / 2 / fraction;
    return a === Infinity ? 0 : 0.5641895835477563 * f.gauss(a) / fraction;""",
    ulp=16.0,
    jax_ulp=256.0,
)
primitive(
    "erfinv",
    erfinv,
    c="""double size = fabs(a);
  if (!(size < 1.0)) return size == 1.0 ? copysign(HUGE_VAL, a) : NAN;
  double l = log1p(-size * size), t = 4.330746750799873 + l / 2.0, x = sqrt(sqrt(t * t - l / 0.147) - t);
  for (int i = 0; i < 2; i++) {
    double slope = 1.1283791670955126 * exp(-x * x), tail = size < 0.5 ? 1.0 : erfc(x);
    double step = size < 0.5 ? (erf(x) - size) / slope : log(tail / (1.0 - size)) * tail / slope;
    x = size < 0.5 ? x - step / (1.0 + x * step) : x + step / (1.0 + step * (slope / tail / 2.0 - x));
  }
  return copysign(x, a);""",
    numpy="",
    jax="special.erfinv(a)",
    javascript="""const size = Math.abs(a);
    if (!(size < 1)) return size === 1 ? Math.sign(a) * Infinity : NaN;
    const log = Math.log1p(-size * size), t = 4.330746750799873 + log / 2;
    let x = Math.sqrt(Math.sqrt(t * t - log / 0.147) - t);
    for (let i = 0; i < 2; i++) {
      const slope = 1.1283791670955126 * Math.exp(-x * x), tail = size < 0.5 ? 1 : f.erfc(x);
      const step = size < 0.5 ? (f.erf(x) - size) / slope : Math.log(tail / (1 - size)) * tail / slope;
      x = size < 0.5 ? x - step / (1 + x * step) : x + step / (1 + step * (slope / tail / 2 - x));
    }
    return f.copysign(x, a);""",
    ulp=16.0,
)
primitive(  # half to even
    "round",
    to_even,
    c="rint(a)",
    numpy="np.round(a)",
    javascript="Math.abs(a) < 4503599627370496 ? f.copysign(Math.abs(a) + 4503599627370496 - 4503599627370496, a) : a",
)
primitive(  # with the sign of b
    "mod",
    mod,
    c="""double r = fmod(a, b);
  return r == 0.0 ? copysign(0.0, b) : (r < 0.0) != (b < 0.0) ? r + b : r;""",
    numpy="np.mod(a, b)",
    javascript="""const r = a % b;
    return r === 0 ? f.copysign(0, b) : (r < 0) !== (b < 0) ? r + b : r;""",
)
primitive(  # nan of nan, whose sign bit is not the same in every language
    "copysign",
    lambda a, b: math.copysign(a, b) if b == b else b,
    c="b == b ? copysign(a, b) : b",
    numpy="np.where(b == b, np.copysign(a, b), b)",
    javascript="b !== b ? b : (a < 0 || Object.is(a, -0)) === (b < 0 || Object.is(b, -0)) ? a : -a",
)
primitive("sum", sum_of, c="total + a", start=0.0)
primitive(
    "shift",
    shift,
    c="(a > total) | (a != a) ? a : total",
    numpy="np.where((a > total) | (a != a), a, total)",
    start=-math.inf,
)  # the largest
