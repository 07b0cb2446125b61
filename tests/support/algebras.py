"""Algebras over which formulas are evaluated: HIPS autograd, mpmath and sympy, each with its own functions.

`algebra` makes one from some rows; all others follow by their formulas.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import autograd.numpy as np
import sympy
from mpmath import mp

from engine.core.graph import ancestors
from engine.table.formula import TABLE, Interpreter, evaluate, numeric

LARGEST = sympy.Rational("1.7976931348623157e308")
SELU = (1.0507009873554805, 1.7580993408473766)


def algebra(rows: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """An algebra with these rows as given, and all others by their formulas."""
    return Interpreter(rows, "a test")


def flatten(name: str, groups: Sequence[Any]) -> list[Any]:
    """Operands or partials of a row as one list."""
    return TABLE[name].flatten(groups, len(groups[0]) if TABLE[name].variadic else 0)


def _direction_on_autograd() -> Callable[..., Any]:
    """a / hypot(a, b), with derivatives that are exactly 0 where a or b is 0."""
    from autograd.extend import defvjp, primitive

    @primitive
    def direction(a, b):
        return a / math.hypot(a, b) if a else 0.0

    defvjp(
        direction,
        lambda y, a, b: lambda g: g * direction(b, a) ** 2 / np.sqrt(a * a + b * b),
        lambda y, a, b: lambda g: -g * y * direction(b, a) / np.sqrt(a * a + b * b),
    )
    return direction


def in_floats(name: str, groups: Sequence[Any]) -> tuple[float, list[float]]:
    """A row's result and its partials, flat."""
    row = TABLE[name]
    y = row.value(*groups)
    return y, row.flatten(row.partial_values(y, *groups), len(groups[0]) if row.variadic else 0)


def in_mpmath(name: str, groups: Sequence[Any]) -> tuple[Any, list[Any]]:
    """A row's result by the textbook and its partials by their formulas, flat, to the digits that mpmath works with."""
    row = TABLE[name]
    groups = [[mp.mpf(x) for x in group] if isinstance(group, list) else mp.mpf(group) for group in groups]
    y = settled(lambda: by_the_textbook(name, *groups))
    variables = dict(zip(row.variables, groups, strict=True)) | {"y": y}
    partials = [evaluate(partial, variables, on_mpmath) for partial in row.partials]
    return y, [+mp.mpmathify(x) for x in row.flatten(partials, len(groups[0]) if row.variadic else 0)]


def ahead(a: Any, b: Any) -> Any:
    """The difference in mpmath; a masked number, -inf, is ahead of none."""
    return a if a == b == -mp.inf else a - b


def settled(function: Callable[[], Any]) -> Any:
    """A number in mpmath whose digits do not change with more of them, which 1 - cos(a) needs near 0."""
    digits, before = mp.dps, function()
    while digits < 1000:
        digits *= 2
        with mp.workdps(digits):
            y = function()
        if y == before != 0 or mp.isnan(y) or abs(y - before) < abs(y) * mp.eps:
            break
        before = y
    return +y


@cache
def on_autograd() -> Callable[..., Any]:
    """The algebra of HIPS autograd, with its own functions where it has them: an independent reference."""
    import autograd.numpy as np
    from autograd.extend import notrace_primitive
    from autograd.scipy import special

    above = notrace_primitive(lambda a, b: float(a > b))
    coarse = notrace_primitive(lambda a: math.floor(1024 * min(abs(a), 40)) / 1024)
    square_rest = notrace_primitive(lambda a: numeric("square_rest", float(a)))
    erf_rest = notrace_primitive(lambda a, b: numeric("erf_rest", float(a), float(b)))
    reach = notrace_primitive(lambda a, b: numeric("reach", float(a), float(b)))
    extent = notrace_primitive(lambda *many: numeric("extent", list(map(float, many))))
    largest = notrace_primitive(max)
    rest = notrace_primitive(lambda a, b: numeric("rest", float(a), float(b)))
    less, less_equal = (notrace_primitive(lambda a, b, f=f: float(f(a, b))) for f in (operator.lt, operator.le))
    nearest, ceiling = notrace_primitive(lambda a: float(round(float(a)))), notrace_primitive(math.ceil)
    cut = notrace_primitive(lambda a: math.trunc(float(a)))
    quotient = notrace_primitive(lambda a, b: math.floor(a / b))
    with_sign = notrace_primitive(lambda b: math.copysign(1.0, b))
    held = notrace_primitive(lambda a: a)
    return algebra(
        {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "times": lambda a, b: a * b,
            "div": lambda a, b: a / b,
            "pow": lambda a, b: np.exp(b * np.log(a)),  # of a ** b, autograd has the mixed derivative wrong at b = 0
            "neg": lambda a: -a,
            "abs": lambda a: a * np.sign(a),
            "exp": np.exp,
            "log": np.log,
            "log1p": np.log1p,
            "sqrt": np.sqrt,
            "sin": np.sin,
            "cos": np.cos,
            "tanh": np.tanh,
            "sigmoid": special.expit,
            "softplus": lambda a: np.logaddexp(0.0, a),
            "erf": special.erf,
            "gauss": lambda a: np.exp(-(a**2)),
            "expdiff": lambda a, b: np.exp(a - b),
            "logaddexp": np.logaddexp,
            "share": lambda a, b: 1.0 / (1.0 + np.exp(b - a)),
            "monomial": lambda a, b, c, d: d * np.exp((b - c) * np.log(a)),
            "powlog": lambda a, b, c, d, e: d * np.exp((b - c) * np.log(a)) * np.log(a) ** e,
            "gauss_half": lambda a: np.exp(-(a**2) / 2),
            "exp_square": lambda a: np.exp(a**2),
            "root_rest": lambda a: 0.0 * a,
            "erf_rest": erf_rest,
            "square_rest": square_rest,
            "direction": _direction_on_autograd(),
            "reach": reach,
            "arc": lambda a: 1.0 / np.sqrt(1.0 - a * a),
            "ratio": lambda a: 1.0 / (1.0 - a * a),
            "ahead": lambda a, b: a - b,
            "clip": lambda a, b, c: np.minimum(np.maximum(a, b), c),
            "silu": lambda a: a * special.expit(a),
            "gelu": lambda a: 0.5 * a * special.erfc(-a / math.sqrt(2)),
            "mish": lambda a: a * np.tanh(np.logaddexp(0.0, a)),
            "elu": lambda a: np.where(a > 0, a, np.expm1(np.where(a > 0, 0.0, a))),
            "selu": lambda a: np.where(a > 0, SELU[0] * a, SELU[1] * np.expm1(np.where(a > 0, 0.0, a))),
            "softsign": lambda a: a / (1.0 + a * np.sign(a)),
            "logit": special.logit,
            "log_sigmoid": lambda a: -np.logaddexp(0.0, -a),
            "xlogy": lambda a, b: a * np.log(b),
            "square": np.square,
            "norm": lambda many: np.sqrt(np.sum(np.array(many) ** 2)),
            "largest": lambda many: np.max(np.array(many)),
            "smallest": lambda many: np.min(np.array(many)),
            "extent": lambda many: extent(*many),
            "relu": lambda a: np.where(a > 0, a, 0.0 * a),
            "leaky_relu": lambda a: np.where(a > 0, a, np.where(a < 0, 0.01 * a, 0.0 * a)),
            "maximum": np.maximum,
            "minimum": np.minimum,
            "gap": lambda a, b: a - b,
            "bell": lambda a: 0.25 / np.cosh(a / 2) ** 2,
            "sech2": lambda a: np.cosh(a) ** -2,
            "less": less,
            "less_equal": less_equal,
            "select": lambda a, b, c: np.where(a != 0, b, c),
            "tan": np.tan,
            "asin": np.arcsin,
            "acos": np.arccos,
            "atan": np.arctan,
            "atan2": np.arctan2,
            "sinh": np.sinh,
            "cosh": np.cosh,
            "asinh": np.arcsinh,
            "acosh": np.arccosh,
            "atanh": np.arctanh,
            "expm1": np.expm1,
            "log2": np.log2,
            "log10": np.log10,
            "exp2": lambda a: np.exp(a * math.log(2)),
            "cbrt": lambda a: np.sign(a) * np.exp(np.log(np.abs(a)) / 3),
            "hypot": lambda a, b: np.sqrt(a * a + b * b),
            "erfc": special.erfc,
            "erfinv": special.erfinv,
            "round": nearest,
            "ceil": ceiling,
            "trunc": cut,
            "mod": lambda a, b: a - b * quotient(a, b),
            "floordiv": quotient,
            "copysign": lambda a, b: np.abs(a) * with_sign(b),
            "detach": held,
            "sum": lambda many: np.sum(np.array(many)),
            "dot": lambda weights, inputs, bias: np.dot(np.array(weights), np.array(inputs)) + bias,
            "logsumexp": lambda many: special.logsumexp(np.array(many)),
            "floor": np.floor,
            "sign": np.sign,
            "above": above,
            "coarse": coarse,
            "rest": rest,
            "shift": lambda many: largest(*many, -math.inf),
        }
    )


def exact(x: Any) -> Fraction:
    """A number of mpmath, which is a fraction."""
    sign, mantissa, exponent, _ = mp.mpf(x)._mpf_
    return Fraction((-1) ** sign * int(mantissa)) * Fraction(2) ** exponent


def from_fraction(x: Fraction) -> Any:
    """A fraction in mpmath."""
    return mp.mpf(x.numerator) / x.denominator


# The table in mpmath, exact as far as floats can tell. What is undefined raises or is complex.

on_mpmath = algebra(
    {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": lambda a, b: mp.mpf(a) / b,
        "neg": operator.neg,
        "pow": lambda a, b: mp.power(a, b),
        "abs": abs,
        "exp": mp.exp,
        "log": mp.log,
        "log1p": mp.log1p,
        "sqrt": mp.sqrt,
        "tanh": mp.tanh,
        "sin": mp.sin,
        "cos": mp.cos,
        "erf": mp.erf,
        "floor": mp.floor,
        "gap": lambda a, b: ahead(a, b) if a != b or a == -mp.inf else mp.mpf(0),
        "ahead": ahead,
        "less": lambda a, b: mp.mpf(a < b),
        "less_equal": lambda a, b: mp.mpf(a <= b),
        "select": lambda a, b, c: b if a else c,
        "tan": mp.tan,
        "asin": mp.asin,
        "acos": mp.acos,
        "atan": mp.atan,
        "atan2": mp.atan2,
        "sinh": mp.sinh,
        "cosh": mp.cosh,
        "asinh": mp.asinh,
        "acosh": mp.acosh,
        "atanh": mp.atanh,
        "expm1": mp.expm1,
        "log2": lambda a: mp.log(a, 2),
        "log10": mp.log10,
        "exp2": lambda a: mp.power(2, a),
        "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)),
        "hypot": mp.hypot,
        "erfc": mp.erfc,
        "erfinv": mp.erfinv,
        "round": mp.nint,
        "mod": lambda a, b: from_fraction(exact(a) % exact(b)),
        "floordiv": lambda a, b: mp.mpf(math.floor(exact(a) / exact(b))),
        "copysign": lambda a, b: abs(a) * (mp.mpf(1) if math.copysign(1.0, float(b)) > 0 else mp.mpf(-1)),
        "maximum": max,
        "minimum": min,
        "above": lambda a, b: mp.mpf(a > b),
        "times": lambda a, b: a * b if a else mp.mpf(0),
        "rest": lambda a, b: mp.mpf(0),
        "shift": max,
        "sum": mp.fsum,
    }
)

# The usual form of every other row, whose own formula may be written differently to keep digits.
TEXTBOOK = {
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)),
    "softplus": lambda a: mp.log1p(mp.exp(a)),
    "relu": lambda a: (a + abs(a)) / 2,
    "leaky_relu": lambda a: a if a > 0 else mp.mpf(0.01) * a,
    "sign": mp.sign,
    "dot": lambda weights, inputs, bias: mp.fdot(weights, inputs) + bias,
    "logsumexp": lambda many: mp.log(mp.fsum(map(mp.exp, many))),
    "expdiff": lambda a, b: mp.exp(a) / mp.exp(b),
    "logaddexp": lambda a, b: max(a, b) + mp.log1p(mp.exp(-abs(a - b))),
    "share": lambda a, b: 1 / (1 + mp.exp(b - a)),
    "monomial": lambda a, b, c, d: d * mp.power(a, b - c),
    "powlog": lambda a, b, c, d, e: d * mp.power(a, b - c) * mp.log(a) ** e,
    "gauss": lambda a: mp.exp(-(a**2)),
    "gauss_half": lambda a: mp.exp(-(a**2) / 2),
    "exp_square": lambda a: mp.exp(a**2),
    "root_rest": lambda a: mp.mpf(0),
    "direction": lambda a, b: a / mp.hypot(a, b),
    "normal_pdf": mp.npdf,
    "normal_cdf": mp.ncdf,
    "largest": max,
    "smallest": min,
    "silu": lambda a: a / (1 + mp.exp(-a)),
    "gelu": lambda a: a * mp.ncdf(a),
    "mish": lambda a: a * mp.tanh(mp.log1p(mp.exp(a))),
    "elu": lambda a: a if a > 0 else mp.expm1(a),
    "selu": lambda a: mp.mpf(SELU[0]) * a if a > 0 else mp.mpf(SELU[1]) * mp.expm1(a),
    "softsign": lambda a: a / (1 + abs(a)),
    "logit": lambda a: mp.log(a / (1 - a)),
    "log_sigmoid": lambda a: -mp.log1p(mp.exp(-a)),
    "xlogy": lambda a, b: a * mp.log(b) if a else mp.mpf(0),
    "norm": lambda many: mp.sqrt(mp.fsum(x**2 for x in many)),
    "bell": lambda a: mp.exp(-a) / (1 + mp.exp(-a)) ** 2,
    "sech2": lambda a: mp.sech(a) ** 2,
    "ceil": mp.ceil,
    "trunc": lambda a: mp.sign(a) * mp.floor(abs(a)),
    "square": lambda a: a**2,
    "hard_tanh": lambda a: max(mp.mpf(-1), min(a, mp.mpf(1))),
    "hard_sigmoid": lambda a: max(mp.mpf(0), min(a / 6 + 0.5, mp.mpf(1))),
    "clip": lambda a, b, c: min(max(a, b), c),
    **dict.fromkeys(("pos", "detach", "where_true", "where_false"), lambda a: a),
    "masked": ahead,
    "margin": lambda a, b: -ahead(b, a),
    "extent": lambda many: max(map(abs, many)),
    "reach": lambda a, b: max(abs(a), abs(b)),
    "arc": lambda a: 1 / mp.sqrt(1 - a**2),
    "ratio": lambda a: 1 / (1 - a**2),
    "coarse": lambda a: mp.floor(1024 * min(abs(a), 40)) / 1024,
    "square_rest": lambda a: a**2 - (mp.floor(1024 * min(abs(a), 40)) / 1024) ** 2,
    "erf_rest": lambda a, b: mp.erfc(abs(a)) / (1 - abs(b)) if abs(b) < 1 else mp.mpf(1),
}


def by_the_textbook(name: str, *groups: Any) -> Any:
    """A row's result in mpmath, from what it means, not from how it is computed."""
    usual = TEXTBOOK.get(name) or on_mpmath.given.get(name)
    if usual is None:
        raise LookupError(f"name the usual formula of {name} in TEXTBOOK of tests/support/algebras.py")
    return usual(*groups)


# The numbers of the table that have a name.
NAMED = {
    math.pi: sympy.pi,
    2 / math.sqrt(math.pi): 2 / sympy.sqrt(sympy.pi),
    math.sqrt(math.pi) / 2: sympy.sqrt(sympy.pi) / 2,
    math.log(2): sympy.log(2),
    1 / math.log(2): 1 / sympy.log(2),
    1 / math.log(10): 1 / sympy.log(10),
    math.sqrt(0.5): 1 / sympy.sqrt(2),
    1 / math.sqrt(2 * math.pi): 1 / sympy.sqrt(2 * sympy.pi),
}

# The table in sympy. A row that is a step to differentiation is a constant.


def on_sympy():
    constants = {}

    def constant(*key):
        return constants.setdefault(key, sympy.Dummy(real=True))

    def select(a, b, c):
        if a == 0 or a.is_positive:
            return b if a else c
        return c + (b - c) * (constant("select", a) if a.is_Symbol else a if isinstance(a, sympy.Heaviside) else 1)

    rows = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "neg": operator.neg,
        "pow": operator.pow,
        "abs": sympy.Abs,
        "exp": sympy.exp,
        "log": sympy.log,
        "log1p": lambda a: sympy.log(1 + a),
        "sqrt": sympy.sqrt,
        "tanh": sympy.tanh,
        "sin": sympy.sin,
        "cos": sympy.cos,
        "erf": sympy.erf,
        "floor": lambda a: constant("floor", a),
        "gap": operator.sub,
        "ahead": operator.sub,
        "less": lambda a, b: sympy.Integer(0) if a == LARGEST else sympy.Heaviside(b - a),  # all numbers are finite
        "less_equal": lambda a, b: sympy.Heaviside(b - a),
        "select": select,
        "tan": sympy.tan,
        "asin": sympy.asin,
        "acos": sympy.acos,
        "atan": sympy.atan,
        "atan2": sympy.atan2,
        "sinh": sympy.sinh,
        "cosh": sympy.cosh,
        "asinh": sympy.asinh,
        "acosh": sympy.acosh,
        "atanh": sympy.atanh,
        "expm1": lambda a: sympy.exp(a) - 1,
        "log2": lambda a: sympy.log(a) / sympy.log(2),
        "log10": lambda a: sympy.log(a) / sympy.log(10),
        "exp2": lambda a: 2**a,
        "cbrt": lambda a: sympy.sign(a) * sympy.Abs(a) ** sympy.Rational(1, 3),
        "hypot": lambda a, b: sympy.sqrt(a**2 + b**2),
        "erfc": sympy.erfc,
        "erfinv": sympy.erfinv,
        "round": lambda a: constant("floor", a) if a.is_Symbol else a,  # of what is whole
        "mod": lambda a, b: a - b * constant("floor", a / b),
        "floordiv": lambda a, b: constant("floor", a / b),
        "copysign": lambda a, b: sympy.Abs(a) * constant("sign", b),
        "detach": lambda a: constant("detach", a),
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "above": lambda a, b: sympy.Heaviside(a - b) if a != b else sympy.Integer(0),
        "times": operator.mul,
        "rest": lambda a, b: sympy.Integer(0),
        "root_rest": lambda a: sympy.Integer(0),
        "erf_rest": lambda a, b: sympy.Integer(1) if sympy.erf(a) == b else constant("erf_rest", a, b),
        "square_rest": lambda a: constant("square_rest", a),
        "reach": lambda a, b: constant("reach", a, b),
        "direction": lambda a, b: a / sympy.sqrt(a**2 + b**2),
        "monomial": lambda a, b, c, d: d * a ** (b - c),  # by roots it is the same
        "norm": lambda many: sympy.sqrt(sympy.Add(*(x**2 for x in many))),
        "logit": lambda a: sympy.log(a) - sympy.log(1 - a),
        "largest": lambda many: sympy.Max(*many),
        "smallest": lambda many: sympy.Min(*many),
        "shift": lambda many: constant("shift", *many),
        "extent": lambda many: sympy.Symbol("extent", positive=True),
        "sum": lambda many: sympy.Add(*many),
    }
    return algebra({name: exactly(function) for name, function in rows.items()})


def exactly(function):
    """The function for operands whose floats stand for what they are a decimal form of."""

    def exact(x):
        if isinstance(x, list):
            return [exact(entry) for entry in x]
        if isinstance(x, float):
            return NAMED.get(abs(x), sympy.Rational(str(abs(x)))) * (-1 if x < 0 else 1)
        return x

    return lambda *operands: function(*map(exact, operands))


def reference(program):
    """The program as a function of an array in autograd, plus 0 times the array: autograd warns of a constant."""
    return lambda x: program.run(list(x), on_autograd()) + 0.0 * np.sum(x)


def magnitudes(output, inputs):
    """The sums of the paths' magnitudes, to which the rounding of the gradients is relative."""
    sizes = dict.fromkeys([*ancestors(output), *inputs], 0.0) | {output: 1.0}
    for node in reversed(ancestors(output)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            sizes[operand] += sizes[node] * abs(partial)
    return [sizes[x] for x in inputs]
