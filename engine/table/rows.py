"""THE TABLE: one row per operation, and nothing but its mathematics.

A row is a name, a sign, the formula of the result and one formula per operand for the partial derivative.
In a formula `a` and `b` are the operands and `y` is the result; a capital letter is a sequence of operands:
the formula applies to each element, and `sum` and `shift` are reductions. Formulas use `+ - * / **` and the
other rows. Primitives are the rows defined by themselves (`exp(a)` by "exp(a)", see primitives.py), and any
language that has the primitives can run all rows.

This text is the source of the functions on floats, and of second derivatives, formulas, LaTeX and compiled
programs, because `evaluate` evaluates a formula over any algebra. Numbers are IEEE doubles: overflow is inf,
0/0 is nan, a fractional power of a negative base is nan, and nothing raises.
"""

import sys
import zlib

from .formula import TABLE as TABLE
from .primitives import PRIMITIVES
from .row import Row as Row
from .row import row as row
from .sequences import softmax, unit_vector

row("add", "+", "a + b", "1", "1")
row("sub", "-", "a - b", "1", "-1")
row("mul", "*", "a * b", "b", "a")
row("div", "/", "a / b", "1 / b", "-y / b")
row("pow", "**", "a ** b", "monomial(a, b, 1, b)", "powlog(a, b, 0, 1, 1)")
row("neg", "-", "-a", "-1")
row("pos", "+", "a", "1")
row("abs", "abs", "abs(a)", "sign(a)")  # 0 at 0

row("exp", "exp", "exp(a)", "y")
row("exp2", "exp2", "exp2(a)", "0.6931471805599453 * y")
row("expm1", "expm1", "expm1(a)", "exp(a)")
row("log", "log", "log(a)", "1 / a")
row("log2", "log2", "log2(a)", "1.4426950408889634 / a", textbook="1 / (log(2) * a)")
row("log10", "log10", "log10(a)", "0.43429448190325176 / a", textbook="1 / (log(10) * a)")
row("log1p", "log1p", "log1p(a)", "1 / (1 + a)")
_RATIO = "monomial(b, 0, 1, a) + above(ahead(abs(a), b), ahead(abs(a), b))"  # nan of inf / inf
row("xlogy", "xlogy", "times(a, log(b)) + above(b, b)", "log(b)", _RATIO)  # 0 for a = 0
row("square", "²", "a * a", "2 * a")
row("sqrt", "√", "sqrt(a)", "0.5 / (y + 0)")  # inf at 0 and at -0
row("cbrt", "∛", "cbrt(a)", "1 / y / y / 3", textbook="1 / (3 * y ** 2)")
row("hypot", "hypot", "hypot(a, b)", "direction(a, b)", "direction(b, a)")  # 0 at 0

row("sin", "sin", "sin(a)", "cos(a)")
row("cos", "cos", "cos(a)", "-sin(a)")
row("tan", "tan", "tan(a)", "1 + y * y")
row("asin", "asin", "asin(a)", "arc(a)", textbook="1 / sqrt(1 - a ** 2)")
row("acos", "acos", "acos(a)", "-arc(a)", textbook="-1 / sqrt(1 - a ** 2)")
row("atan", "atan", "atan(a)", "direction(1, a) / hypot(1, a)", textbook="1 / (1 + a ** 2)")
row("atan2", "atan2", "atan2(a, b)", "direction(b, a) / hypot(a, b)", "-direction(a, b) / hypot(a, b)")
row("sinh", "sinh", "sinh(a)", "cosh(a)")
row("cosh", "cosh", "cosh(a)", "sinh(a)")
row("asinh", "asinh", "asinh(a)", "direction(1, a)", textbook="1 / sqrt(1 + a ** 2)")
row("acosh", "acosh", "acosh(a)", "1 / sqrt(a - 1) / sqrt(a + 1)")
row("atanh", "atanh", "atanh(a)", "ratio(a)", textbook="1 / (1 - a ** 2)")

row("erf", "erf", "erf(a)", "1.1283791670955126 * gauss(a)", textbook="2 / sqrt(3.141592653589793) * exp(-a ** 2)")
row("erfc", "erfc", "erfc(a)", "-1.1283791670955126 * gauss(a)", textbook="-2 / sqrt(3.141592653589793) * exp(-a ** 2)")
row(
    "erfinv",
    "erfinv",
    "erfinv(a)",
    "0.8862269254527579 * (exp_square(y) * erf_rest(y, a))",
    textbook="sqrt(3.141592653589793) / 2 * exp(y ** 2)",
)
row("normal_pdf", "φ", "0.3989422804014327 * gauss_half(a)", "-y * clip(a, -40, 40)", textbook="-y * a")  # 1/√2π
row(
    "normal_cdf",
    "Φ",
    "0.5 * erfc(-0.7071067811865476 * a) * exp(root_rest(maximum(minimum(a, 0), -40)))",
    "normal_pdf(a)",
)

# exp(-|a|) cannot overflow, and keeps the digits that 1 - y and 1 - y² lose.
row("sigmoid", "σ", "exp(minimum(a, 0)) / (1 + exp(-abs(a)))", "bell(a)", textbook="y * (1 - y)")
row("log_sigmoid", "log σ", "-softplus(-a)", "sigmoid(-a)")
row(
    "logit",
    "logit",
    "select(less(abs(a - 0.5), 0.25), 2 * atanh(2 * a - 1), log(a) - log1p(-a))",
    "select(less(abs(a - 0.5), 0.25), 4 * ratio(2 * a - 1), 1 / ((a + 0) * (1 - a)))",
)
row("tanh", "tanh", "tanh(a)", "sech2(a)", textbook="1 - y ** 2")
row("softplus", "softplus", "maximum(a, 0) + log1p(exp(-abs(a)))", "sigmoid(a)")
row("softsign", "softsign", "clip(a, -1e300, 1e300) / (1 + minimum(abs(a), 1e300))", "1 / (1 + abs(a)) / (1 + abs(a))")
row("relu", "relu", "maximum(a, 0)", "above(a, 0)")  # 0 at 0
row("leaky_relu", "leaky_relu", "maximum(a, 0) + 0.01 * minimum(a, 0)", "above(a, 0) + 0.01 * above(0, a)")  # 0 at 0
# At the kink 0, elu and selu have the derivatives of their left side, of every order.
_BELOW = "exp(select(less(0, a), 0, a))"
row("elu", "elu", "maximum(a, 0) + expm1(minimum(a, 0))", _BELOW, textbook="exp(minimum(a, 0))")
row(
    "selu",
    "selu",
    "1.0507009873554805 * maximum(a, 0) + 1.7580993408473766 * expm1(minimum(a, 0))",
    f"1.0507009873554805 * above(a, 0) + 1.7580993408473766 * {_BELOW} * (1 - above(a, 0))",
    textbook="1.0507009873554805 * above(a, 0) + 1.7580993408473766 * exp(minimum(a, 0)) * (1 - above(a, 0))",
)
row(
    "silu",
    "silu",
    "times(sigmoid(a), a)",
    "sigmoid(a) + bell(a) * clip(a, -800, 800)",
    textbook="sigmoid(a) * (1 + a - y)",
)
row(
    "gelu",
    "gelu",
    "times(normal_cdf(a), a)",
    "normal_cdf(a) + normal_pdf(a) * clip(a, -40, 40)",
    textbook="normal_cdf(a) + a * normal_pdf(a)",
)
row(
    "mish",
    "mish",
    "times(tanh(softplus(a)), a)",
    "tanh(softplus(a)) + 4 * bell(2 * softplus(a)) * sigmoid(a) * clip(a, -800, 800)",
)
row("hard_tanh", "hard_tanh", "clip(a, -1, 1)", "above(a, -1) * above(1, a)")  # 0 at -1 and 1
row("hard_sigmoid", "hard_sigmoid", "clip(a + 3, 0, 6) / 6", "above(a, -3) * above(3, a) / 6")  # 0 at -3 and 3

# Equal operands share the slope equally: maximum(x, x) has the slope of x.
row("maximum", "max", "maximum(a, b)", "(1 + above(a, b) - above(b, a)) / 2", "(1 + above(b, a) - above(a, b)) / 2")
row("minimum", "min", "minimum(a, b)", "(1 + above(b, a) - above(a, b)) / 2", "(1 + above(a, b) - above(b, a)) / 2")
row(
    "largest",
    "max",
    "shift(A) + sum(times((1 - above(shift(A), A)) / sum(1 - above(shift(A), A)), gap(A, shift(A))))",  # + 0
    "(1 - above(y, A)) / sum(1 - above(y, A))",
)
row("smallest", "min", "-largest(-A)", "(1 - above(A, y)) / sum(1 - above(A, y))")
row(
    "clip",
    "clip",
    "minimum(maximum(a, b), c)",
    "(1 + above(a, b) - above(b, a)) * (1 + above(c, maximum(a, b)) - above(maximum(a, b), c)) / 4",
    "(1 + above(b, a) - above(a, b)) * (1 + above(c, maximum(a, b)) - above(maximum(a, b), c)) / 4",
    "(1 + above(maximum(a, b), c) - above(c, maximum(a, b))) / 2",
)

row("sum", "Σ", "sum(A)", "1")
row("dot", "·", "sum(A * B) + c", "B", "A", "1")
_PORTION = "select(less(1.7976931348623157e308, abs({0})), copysign(1, {0}), {0} / {1})"  # 1 if both are inf
_PORTION_OF_EXTENT = _PORTION.format("A", "select(extent(A), extent(A), 1)")
row(
    "norm",
    "norm",
    f"extent(A) * sqrt(maximum(sum(square({_PORTION_OF_EXTENT})), 0.5))",  # a sum of at least 1, or 0
    f"{_PORTION_OF_EXTENT} / sqrt(select(extent(A), sum(square({_PORTION_OF_EXTENT})), 1))",  # 0 at 0
    textbook="A / y",
    of_sequence=unit_vector,
)
row(
    "logsumexp",
    "logsumexp",
    "shift(A) + log(maximum(sum(expdiff(A, shift(A))), 0.5))",  # a sum of at least 1, or 0 where all are -inf
    "expdiff(A, shift(A)) / maximum(sum(expdiff(A, shift(A))), 0.5)",
    textbook="exp(A - y)",
    of_sequence=softmax,
)
row(
    "logaddexp",
    "logaddexp",
    "maximum(a, b) + log1p(expdiff(minimum(a, b), maximum(a, b)))",
    "share(a, b)",
    "share(b, a)",
)

# The derivative of a rounding is 0, and of a selection it is the derivative of the branch taken.
row("floor", "floor", "floor(a)", "0")
row("ceil", "ceil", "-floor(-a)", "0")
row("round", "round", "round(a)", "0")
row("trunc", "trunc", "copysign(floor(abs(a)), a)", "0")
row("mod", "%", "mod(a, b)", "1", "-floordiv(a, b)")  # of the sign of b; at a jump the partials to its right
_halves = "(a / 2 - mod(a, b) / 2) / (b / 2)"  # where the difference may overflow
_quotient = f"select(less(1e300, abs(b)), {_halves}, (a - mod(a, b)) / b)"
_at_infinity = "abs(a) * 0 + less(a * copysign(1, b), 0)"  # 0, or -1 where the signs differ
_magnitude = f"select(less({sys.float_info.max}, abs(b)), {_at_infinity}, {_quotient})"
row("floordiv", "//", f"copysign(round({_magnitude}), a) * copysign(1, b)", "0", "0")
row("sign", "sign", "above(a, 0) - above(0, a)", "0")
row("copysign", "copysign", "copysign(a, b)", "sign(a) * copysign(1, b)", "0")
row("less", "<", "less(a, b)", "0", "0")
row("less_equal", "≤", "less_equal(a, b)", "0", "0")
row("select", "select", "select(a, b, c)", "0", "select(a, 1, 0)", "select(a, 0, 1)")
row("detach", "detach", "a", "0")  # a constant to differentiation

NAMED = tuple(TABLE)  # the public rows; the rows below are used only by formulas

# `above` is the step a > b, and `times` a product in which 0 wins over inf. `gap` is a - b, but -inf if both are -inf,
# and 0 if both are inf, where their maximum does not depend on which is larger; `ahead` is the same, but nan there.
# `masked` is `ahead`, with the slope 0 where a is -inf, and `margin` is `masked` seen from b: inf there.
# `shift` is the largest operand, `extent` and `reach` the largest magnitude; they cancel, so differentiation takes them
# as constants.
# `rest` is the rounding error of a - b, mathematically 0. exp and pow amplify it (100-fold at exp(-100)), so formulas
# multiply by 1 + rest; the clamp keeps results that are already 0 or inf unchanged. So `expdiff` is exp(a - b), and
# `monomial` has a ** (b - c), to the last digits.
# `gauss` is exp(-a²) and `gauss_half` exp(-a²/2): the square of a coarse part of a is exact, and the remainder of a² is
# small. `root_rest` is the error in a²/2 from rounding a/√2, which erfc would amplify.
# `erf_rest` is the factor of exp(a²) lost to the rounding of an a whose erf is b, mathematically 1.
# `bell` is the slope of the sigmoid, `sech2` the slope of tanh, `share` the sigmoid of a - b, `direction` the sine of
# the angle of a and b.
# No partial of any order is 0 times inf: `monomial` is d * a ** (b - c), and `powlog` is that times log(a) ** e, and
# their partials are such rows again. A very large or small d is multiplied by the root of the power twice, since
# the power alone may be 0 or inf where the product is not. Where exp(-a) or exp(-a²) is a factor, a is clipped where
# that factor is 0. Where 1/a is a factor, the formula uses `direction`, which stays within -1 and 1.
row("where_true", "where_true", "a", "1")  # the first branch of a `where`, if it is taken
row("where_false", "where_false", "a", "1")  # the second
row("above", "above", "above(a, b)", "0", "0")
row("times", "*", "times(a, b)", "b", "a")
row("shift", "shift", "shift(A)", "0")
row("extent", "extent", "maximum(shift(abs(A)), 0)", "0")
row("reach", "reach", "maximum(abs(a), abs(b))", "0", "0")
row("rest", "rest", "rest(a, b)", "0", "0")
row("gap", "gap", "gap(a, b)", "1", "-1")
row("ahead", "ahead", "ahead(a, b)", "1", "-1")
row("margin", "margin", "-ahead(b, a)", "above(b, -1.7976931348623157e308)", "-above(b, -1.7976931348623157e308)")
row("masked", "masked", "ahead(a, b)", "above(a, -1.7976931348623157e308)", "-above(a, -1.7976931348623157e308)")
row("bell", "bell", "exp(-abs(a)) * (1 / (1 + exp(-abs(a)))) * (1 / (1 + exp(-abs(a))))", "-y * tanh(a / 2)")
row("sech2", "sech2", "4 * bell(2 * a)", "-2 * y * tanh(a)")
row(
    "expdiff",
    "expdiff",
    "exp(gap(a, b)) * (1 + maximum(rest(a, b), -0.5))",
    "y",
    "-y",
)
row(
    "share",
    "share",
    "expdiff(a, maximum(a, b)) / maximum(expdiff(a, maximum(a, b)) + expdiff(b, maximum(a, b)), 0.5)",
    "share(a, b) * share(b, a)",
    "-share(a, b) * share(b, a)",
)
_PORTIONS = [_PORTION.format(operand, "reach(a, b)") for operand in "ab"]
row(
    "direction",
    "direction",
    f"select(reach(a, b), {_PORTIONS[0]} / hypot({_PORTIONS[0]}, {_PORTIONS[1]}), 0)",
    "direction(b, a) / hypot(a, b) * direction(b, a)",
    "-(direction(a, b) * direction(b, a)) / hypot(a, b)",
)
row("arc", "arc", "1 / sqrt((1 - a) * (1 + a))", "a * y * y * y")
row("ratio", "ratio", "1 / ((1 - a) * (1 + a))", "2 * a * y * y")
_POWER, _ROOT = "a ** (b - c)", "abs(a) ** ((b - c) / 2)"
_REST = "(1 + maximum(minimum(times(rest(b, c), log(abs(a))), 0.5), -0.5))"
_BY_ROOTS = f"copysign(1, {_POWER}) * times({_ROOT}, times({_ROOT}, d))"
row(
    "monomial",
    "monomial",
    f"select(d, select(less(abs(abs(d) - 4096), 4095.9), d * ({_POWER} * {_REST}), {_BY_ROOTS} * {_REST}), 0)",
    "monomial(a, b, c + 1, d * (b - c))",
    "powlog(a, b, c, d, 1)",
    "-powlog(a, b, c, d, 1)",
    "monomial(a, b, c, 1)",
)
row(
    "powlog",
    "powlog",
    "times(monomial(a, b, c, d), log(a) ** e)",
    "powlog(a, b, c + 1, d * (b - c), e) + powlog(a, b, c + 1, d * e, e - 1)",
    "powlog(a, b, c, d, e + 1)",
    "-powlog(a, b, c, d, e + 1)",
    "powlog(a, b, c, 1, e)",
    "times(y, log(log(a)))",
)
row("coarse", "coarse", "floor(1024 * minimum(abs(a), 40)) / 1024", "0")
row(
    "gauss",
    "gauss",
    "exp(-coarse(a) * coarse(a)) * exp((coarse(a) - abs(a)) * (coarse(a) + abs(a)))",
    "-2 * clip(a, -40, 40) * y",
    textbook="-2 * a * y",
)
row(
    "gauss_half",
    "gauss_half",
    "exp(-coarse(a) * coarse(a) / 2) * exp((coarse(a) - abs(a)) * (coarse(a) + abs(a)) / 2)",
    "-clip(a, -40, 40) * y",
    textbook="-a * y",
)
row("square_rest", "square_rest", "(abs(a) - coarse(a)) * (abs(a) + coarse(a))", "0")
row(
    "root_rest",
    "root_rest",
    "coarse(0.7071067811865476 * a) * coarse(0.7071067811865476 * a) - coarse(a) * coarse(a) / 2 "
    "+ (square_rest(0.7071067811865476 * a) - square_rest(a) / 2)",
    "0",
)
row("exp_square", "exp_square", "1 / gauss(a)", "2 * a * y")
row("erf_rest", "erf_rest", "select(less(abs(b), 1), erfc(abs(a)) / (1 - abs(b)), 1)", "0", "0")


def fingerprint() -> int:
    """A fingerprint of the table and of the primitives in C."""
    rows = [(row.name, row.formula, row.partials) for row in TABLE.values()]
    return zlib.crc32(repr((rows, [(each.name, each.c) for each in PRIMITIVES.values()])).encode())


BUILT_IN = len(TABLE)  # rows, before users add their own
FINGERPRINT = fingerprint()
