"""THE TABLE: one row a primitive, and nothing but its mathematics.

A row is a name, a sign, the formula of the result and one formula per operand for the partial derivative.
In a formula `a` and `b` are the operands and `y` is the result; a capital letter is a sequence of operands,
over which the formula is read elementwise and `sum` and `shift` reduce. Formulas use `+ - * / **` and the
other rows, so everything that can run the few rows defined by themselves (`exp(a)` by "exp(a)") can run all.

From this text come the functions on floats here, and elsewhere the graph's second derivatives, formulas,
LaTeX and compiled programs: `evaluate` reads a formula over any algebra. Numbers are IEEE doubles: overflow
is inf, 0/0 is nan, a real power of a negative base is nan, and nothing raises.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .formula import TABLE as TABLE
from .formula import on_floats


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
    """One primitive: name, sign, the formula of its result and of each partial derivative."""

    name: str
    sign: str
    formula: str
    partials: tuple[str, ...]
    textbook: str = ""

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The operands' names in the formulas: ("a", "b"), or ("A", "B", "c") where A and B are sequences."""
        return tuple(
            letter.upper() if letter.upper() in self.formula else letter for letter in "abc"[: len(self.partials)]
        )

    @cached_property
    def variadic(self) -> bool:
        """Whether some operand is a sequence."""
        return any(name.isupper() for name in self.variables)

    @cached_property
    def value(self) -> Callable[..., float]:
        """The result for operands that are floats (or lists of floats for a capital letter)."""
        return on_floats(self.formula, self.variables)

    @cached_property
    def slopes(self) -> Callable[..., tuple[Any, ...]]:
        """The partial derivatives for (result, *operands), one per operand, a list for a sequence."""
        functions = [on_floats(partial, ("y", *self.variables)) for partial in self.partials]
        if len(functions) == 1:
            (only,) = functions
            return lambda y, *operands: (only(y, *operands),)
        if len(functions) == 2:
            first, second = functions
            return lambda y, *operands: (first(y, *operands), second(y, *operands))
        return lambda y, *operands: tuple(f(y, *operands) for f in functions)

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
row("pow", "**", "a ** b", "times(b, power_below(a, b))", "times(y, log(a))")
row("neg", "-", "-a", "-1")
row("pos", "+", "a", "1")
row("mod", "%", "mod(a, b)", "1", "-floordiv(a, b)")  # of the sign of b; at a jump the slopes to its right
row("floordiv", "//", "round((a - mod(a, b)) / b)", "0", "0")
row("abs", "abs", "abs(a)", "sign(a)")  # 0 at 0

row("exp", "exp", "exp(a)", "y")
row("log", "log", "log(a)", "1 / a")
row("log1p", "log1p", "log1p(a)", "1 / (1 + a)")
row("sqrt", "√", "sqrt(a)", "0.5 / y")
row("sin", "sin", "sin(a)", "cos(a)")
row("cos", "cos", "cos(a)", "-sin(a)")
row("erf", "erf", "erf(a)", "1.1283791670955126 * gauss(a)", textbook="1.1283791670955126 * exp(-a ** 2)")  # 2/√π

# exp(-|a|) cannot overflow, and a product of two sigmoids keeps the digits that 1 - y and 1 - y² lose.
row("sigmoid", "σ", "exp(minimum(a, 0)) / (1 + exp(-abs(a)))", "sigmoid(a) * sigmoid(-a)", textbook="y * (1 - y)")
row("tanh", "tanh", "tanh(a)", "4 * sigmoid(2 * a) * sigmoid(-2 * a)", textbook="1 - y ** 2")
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
    "shift(A) + log(sum(expdiff(A, shift(A))))",
    "expdiff(A, shift(A)) / sum(expdiff(A, shift(A)))",
    textbook="exp(A - y)",
)

# What the formulas above are made of. `above` is the step a > b; `times` a product in which 0 wins over inf;
# `shift` the largest of its operands where that is finite, else 0, a constant to differentiation: it cancels.
# `rest` is what a - b loses to rounding, 0 in mathematics: a power or exp would show it, a hundredfold from
# exp(-100) on. What it adds to 1 is tiny, but where the result is 0 or inf anyway, and there cut off to leave it so.
# So `expdiff` is exp(a - b), and `power_below` a ** (b - 1), to the last digits.
# `gauss` is exp(-a²): the square of a number of few bits is exact, and what is left to a² is small.
row("above", "above", "above(a, b)", "0", "0")
row("sign", "sign", "above(a, 0) - above(0, a)", "0")
row("floor", "floor", "floor(a)", "0")
row(
    "round",  # half to even: up above floor(a) + 1/2, and just there where floor(a) is odd
    "round",
    "floor(a) + above(a, floor(a) + 0.5) + (1 - above(a, floor(a) + 0.5) - above(floor(a) + 0.5, a))"
    " * above(floor(a) / 2, floor(floor(a) / 2))",
    "0",
)
row("times", "*", "times(a, b)", "b", "a")
row("shift", "shift", "shift(A)", "0")
row("rest", "rest", "rest(a, b)", "0", "0")
row("expdiff", "expdiff", "exp(a - b) * (1 + maximum(rest(a, b), -0.5))", "y", "-y")
row(
    "power_below",
    "power_below",
    "a ** (b - 1) * (1 + maximum(minimum(times(rest(b, 1), log(abs(a))), 0.5), -0.5))",
    "times(b - 1, power_below(a, b - 1))",
    "times(y, log(a))",
)
row("coarse", "coarse", "floor(1024 * minimum(abs(a), 28)) / 1024", "0")
row(
    "gauss",
    "gauss",
    "exp(-coarse(a) * coarse(a)) * exp((coarse(a) - abs(a)) * (coarse(a) + abs(a)))",
    "times(y, -2 * a)",
)
