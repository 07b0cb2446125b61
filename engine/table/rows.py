"""THE TABLE: one row an operation, and nothing but its mathematics.

A row is a name, a sign, the formula of the result and one formula per operand for the partial derivative.
In a formula `a` and `b` are the operands and `y` is the result; a capital letter is a sequence of operands,
over which the formula is read elementwise and `sum` and `shift` reduce. Formulas use `+ - * / **` and the
other rows, so everything that can run the primitives, which are the rows defined by themselves (`exp(a)` by
"exp(a)", see primitives.py), can run all.

From this text come the functions on floats here, and elsewhere the graph's second derivatives, formulas,
LaTeX and compiled programs: `evaluate` reads a formula over any algebra. Numbers are IEEE doubles: overflow
is inf, 0/0 is nan, a real power of a negative base is nan, and nothing raises.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .formula import TABLE as TABLE
from .formula import on_floats
from .primitives import PRIMITIVES


def row(name: str, sign: str, formula: str, *partials: str, textbook: str = "") -> "Row":
    """Add an operation to the table, and so to everything that reads it.

    `textbook` is the customary form of the first partial where that loses digits, as y * (1 - y) does for
    the sigmoid: it is shown where it evaluates to the same number, and never computed with.

    >>> row("cube", "³", "a * a * a", "3 * a * a").value(2.0)
    8.0
    >>> TABLE.pop("cube").slopes(8.0, 2.0)
    (12.0,)
    """
    TABLE[name] = Row(name, sign, formula, partials, textbook)
    return TABLE[name]


@dataclass(frozen=True)
class Row:
    """One operation: name, sign, the formula of its result and of each partial derivative."""

    name: str
    sign: str
    formula: str
    partials: tuple[str, ...]
    textbook: str = ""

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The operands' names in the formulas: ("a", "b"), or ("A", "B", "c") where A and B are sequences."""
        capitals = set(re.findall(r"\b[A-Z]\b", self.formula))
        letters = "abcdefghijklmnopqrstuvwxyz"[: len(self.partials)]
        return tuple(letter.upper() if letter.upper() in capitals else letter for letter in letters)

    @cached_property
    def variadic(self) -> bool:
        """Whether some operand is a sequence."""
        return any(name.isupper() for name in self.variables)

    @cached_property
    def value(self) -> Callable[..., float]:
        """The result for operands that are floats (or lists of floats for a capital letter)."""
        return PRIMITIVES[self.name].on_floats if self.name in PRIMITIVES else on_floats(self.formula, self.variables)

    @cached_property
    def slopes(self) -> Callable[..., tuple[Any, ...]]:
        """The partial derivatives for (result, *operands), one per operand, a list for a sequence."""
        functions = self.each_slope
        return lambda y, *operands: tuple([f(y, *operands) for f in functions])

    @cached_property
    def each_slope(self) -> list[Callable[..., Any]]:
        """Each partial derivative alone, of (result, *operands)."""
        return [on_floats(partial, ("y", *self.variables)) for partial in self.partials]

    def split(self, operands: Sequence[Any]) -> list[Any]:
        """A flat sequence of operands, one entry per variable: a list for a capital letter.

        >>> TABLE["dot"].split([1, 2, 3, 4, 5])
        [[1, 2], [3, 4], 5]
        """
        if not self.variadic:
            return list(operands)
        scalars = sum(name.islower() for name in self.variables)
        size = (len(operands) - scalars) // (len(self.variables) - scalars)
        flat, groups = list(operands), []
        for name in self.variables:
            groups.append(flat[:size] if name.isupper() else flat[0])
            flat = flat[size if name.isupper() else 1 :]
        return groups

    def flatten(self, groups: Sequence[Any], size: int) -> list[Any]:
        """The inverse of `split` for partials, where one number may stand for a whole sequence of `size`."""
        flat: list[Any] = []
        for name, group in zip(self.variables, groups, strict=True):
            flat += [group] if name.islower() else group if isinstance(group, list) else [group] * size
        return flat


row("add", "+", "a + b", "1", "1")
row("sub", "-", "a - b", "1", "-1")
row("mul", "*", "a * b", "b", "a")
row("div", "/", "a / b", "1 / b", "-y / b")
row("pow", "**", "a ** b", "monomial(a, b, 1, b)", "powlog(a, b, 0, 1, 1)")
row("neg", "-", "-a", "-1")
row("pos", "+", "a", "1")
row("abs", "abs", "abs(a)", "sign(a)")  # 0 at 0

row("exp", "exp", "exp(a)", "y")
row("log", "log", "log(a)", "1 / a")
row("log1p", "log1p", "log1p(a)", "1 / (1 + a)")
row("sqrt", "√", "sqrt(a)", "0.5 / (y + 0)")  # inf at 0 and at -0
row("sin", "sin", "sin(a)", "cos(a)")
row("cos", "cos", "cos(a)", "-sin(a)")
row("erf", "erf", "erf(a)", "1.1283791670955126 * gauss(a)", textbook="1.1283791670955126 * exp(-a ** 2)")  # 2/√π

# exp(-|a|) cannot overflow, and keeps the digits that 1 - y and 1 - y² lose.
row("sigmoid", "σ", "exp(minimum(a, 0)) / (1 + exp(-abs(a)))", "bell(a)", textbook="y * (1 - y)")
row("tanh", "tanh", "tanh(a)", "4 * bell(2 * a)", textbook="1 - y ** 2")
row("softplus", "softplus", "maximum(a, 0) + log1p(exp(-abs(a)))", "sigmoid(a)")
row("relu", "relu", "maximum(a, 0)", "above(a, 0)")  # 0 at 0
row("leaky_relu", "leaky_relu", "maximum(a, 0) + 0.01 * minimum(a, 0)", "above(a, 0) + 0.01 * above(0, a)")  # 0 at 0

# Where the two are equal each has half: maximum(x, x) has the slope of x.
row("maximum", "max", "maximum(a, b)", "(1 + above(a, b) - above(b, a)) / 2", "(1 + above(b, a) - above(a, b)) / 2")
row("minimum", "min", "minimum(a, b)", "(1 + above(b, a) - above(a, b)) / 2", "(1 + above(a, b) - above(b, a)) / 2")

row("sum", "Σ", "sum(A)", "1")
row("dot", "·", "sum(A * B) + c", "B", "A", "1")
row(
    "logsumexp",
    "logsumexp",
    "shift(A) + log(maximum(sum(expdiff(A, shift(A))), 0.5))",  # a sum of at least 1, or 0 where all are -inf
    "expdiff(A, shift(A)) / maximum(sum(expdiff(A, shift(A))), 0.5)",
    textbook="exp(A - y)",
)
row("log_add", "log_add", "maximum(a, b) + log1p(expdiff(minimum(a, b), maximum(a, b)))", "share(a, b)", "share(b, a)")

# What the formulas above are made of. `above` is the step a > b; `times` a product in which 0 wins over inf; `gap` a
# difference that is 0 of inf and inf, and -inf of -inf and -inf; `shift` the largest of its operands, a constant to
# differentiation: it cancels.
# `rest` is what a - b loses to rounding, 0 in mathematics: a power or exp would show it, a hundredfold from
# exp(-100) on. What it adds to 1 is tiny, but where the result is 0 or inf anyway, and there cut off to leave it so.
# So `expdiff` is exp(a - b), and `monomial` has a ** (b - c), to the last digits.
# `gauss` is exp(-a²): the square of a number of few bits is exact, and what is left to a² is small.
# `bell` is the slope of the sigmoid, and `share` the sigmoid of a - b.
# A partial that can be 0 times inf is one row, whose partials are such rows again: `monomial` is d * a ** (b - c), that
# `powlog` times log(a) ** e, and `bump` c * a ** b * gauss(a). So the 0 wins in every order.
row("above", "above", "above(a, b)", "0", "0")
row("sign", "sign", "above(a, 0) - above(0, a)", "0")
row("floor", "floor", "floor(a)", "0")
row("times", "*", "times(a, b)", "b", "a")
row("shift", "shift", "shift(A)", "0")
row("rest", "rest", "rest(a, b)", "0", "0")
row("gap", "gap", "gap(a, b)", "1", "-1")
row("bell", "bell", "exp(-abs(a)) / ((1 + exp(-abs(a))) * (1 + exp(-abs(a))))", "-y * tanh(a / 2)")
row("expdiff", "expdiff", "exp(gap(a, b)) * (1 + maximum(rest(a, b), -0.5))", "y", "-y")
row(
    "share",
    "share",
    "expdiff(a, maximum(a, b)) / maximum(expdiff(a, maximum(a, b)) + expdiff(b, maximum(a, b)), 0.5)",
    "share(a, b) * share(b, a)",
    "-share(a, b) * share(b, a)",
)
row(
    "monomial",
    "monomial",
    "times(d, a ** (b - c) * (1 + maximum(minimum(times(rest(b, c), log(abs(a))), 0.5), -0.5)))",
    "monomial(a, b, c + 1, d * (b - c))",
    "powlog(a, b, c, d, 1)",
    "-powlog(a, b, c, d, 1)",
    "monomial(a, b, c, 1)",
)
row(
    "powlog",
    "powlog",
    "times(d, times(a ** (b - c), log(a) ** e))",
    "powlog(a, b, c + 1, d * (b - c), e) + powlog(a, b, c + 1, d * e, e - 1)",
    "powlog(a, b, c, d, e + 1)",
    "-powlog(a, b, c, d, e + 1)",
    "powlog(a, b, c, 1, e)",
    "times(y, log(log(a)))",
)
row("coarse", "coarse", "floor(1024 * minimum(abs(a), 28)) / 1024", "0")
row(
    "gauss",
    "gauss",
    "exp(-coarse(a) * coarse(a)) * exp((coarse(a) - abs(a)) * (coarse(a) + abs(a)))",
    "bump(a, 1, -2)",
)
row(
    "bump",
    "bump",
    "times(c, times(gauss(a), a ** b))",
    "bump(a, b - 1, b * c) + bump(a, b + 1, -2 * c)",
    "times(y, log(a))",
    "bump(a, b, 1)",
)

# The rest of the scalar calculus. The derivative of a rounding is 0, of a selection that of the branch that is taken.
row("less", "<", "less(a, b)", "0", "0")
row("less_equal", "≤", "less_equal(a, b)", "0", "0")
row("select", "select", "select(a, b, c)", "0", "select(a, 1, 0)", "select(a, 0, 1)")
row("tan", "tan", "tan(a)", "1 + y * y")
row("asin", "asin", "asin(a)", "1 / sqrt((1 - a) * (1 + a))")
row("acos", "acos", "acos(a)", "-1 / sqrt((1 - a) * (1 + a))")
row("atan", "atan", "atan(a)", "1 / (1 + a * a)")
row(
    "atan2",
    "atan2",
    "atan2(a, b)",
    "times(b / hypot(a, b), 1 / hypot(a, b))",
    "times(-a / hypot(a, b), 1 / hypot(a, b))",
)
row("sinh", "sinh", "sinh(a)", "cosh(a)")
row("cosh", "cosh", "cosh(a)", "sinh(a)")
row("asinh", "asinh", "asinh(a)", "1 / hypot(1, a)")
row("acosh", "acosh", "acosh(a)", "1 / (sqrt(a - 1) * sqrt(a + 1))")
row("atanh", "atanh", "atanh(a)", "1 / ((1 - a) * (1 + a))")
row("expm1", "expm1", "expm1(a)", "exp(a)")
row("log2", "log2", "log2(a)", "1.4426950408889634 / a")
row("log10", "log10", "log10(a)", "0.43429448190325176 / a")
row("exp2", "exp2", "exp2(a)", "0.6931471805599453 * y")
row("cbrt", "∛", "cbrt(a)", "1 / (3 * y * y)")
row("hypot", "hypot", "hypot(a, b)", "select(y, a / y, 0)", "select(y, b / y, 0)")  # 0 at 0
row("erfc", "erfc", "erfc(a)", "-1.1283791670955126 * gauss(a)", textbook="-1.1283791670955126 * exp(-a ** 2)")
row("erfinv", "erfinv", "erfinv(a)", "0.8862269254527579 / gauss(y)")  # √π/2
row("round", "round", "round(a)", "0")
row("ceil", "ceil", "-floor(-a)", "0")
row("trunc", "trunc", "copysign(floor(abs(a)), a)", "0")
row("mod", "%", "mod(a, b)", "1", "-floordiv(a, b)")  # of the sign of b; at a jump the partials to its right
row("floordiv", "//", "round((a - mod(a, b)) / b)", "0", "0")
row("copysign", "copysign", "copysign(a, b)", "sign(a) * copysign(1, b)", "0")
row("detach", "detach", "a", "0")  # a constant to differentiation
row("where_true", "where_true", "a", "1")  # the first branch of a `where`, which was taken
row("where_false", "where_false", "a", "1")  # the second


def fingerprint() -> int:
    """What tells this table and these primitives in C from any other."""
    rows = [(row.name, row.formula, row.partials) for row in TABLE.values()]
    return zlib.crc32(repr((rows, [(each.name, each.c) for each in PRIMITIVES.values()])).encode())


BUILT_IN = len(TABLE)  # rows, before anyone adds their own
FINGERPRINT = fingerprint()
