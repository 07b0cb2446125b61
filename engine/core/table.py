"""THE TABLE: one row a primitive, and nothing but its mathematics.

A row is a name, a sign, the formula of the result and one formula per operand for the partial derivative.
In a formula `a` and `b` are the operands and `y` is the result; a capital letter is a sequence of operands,
over which the formula is read elementwise and `sum` and `shift` reduce. Formulas use `+ - * / **` and the
other rows, so everything that can run the few rows defined by themselves (`exp(a)` by "exp(a)") can run all.

From this text come the functions on floats here, and elsewhere the graph's second derivatives, formulas,
LaTeX and compiled programs: `evaluate` reads a formula over any algebra. Numbers are IEEE doubles: overflow
is inf, 0/0 is nan, a real power of a negative base is nan, and nothing raises.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

Algebra = Callable[..., Any]  # apply(name of a row, *arguments), on floats, Values, symbols, text ...

TABLE: dict[str, "Row"] = {}


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
        return _on_floats(self.formula, self.variables)

    @cached_property
    def slopes(self) -> Callable[..., tuple[Any, ...]]:
        """The partial derivatives for (result, *operands), one per operand, a list for a sequence."""
        functions = [_on_floats(partial, ("y", *self.variables)) for partial in self.partials]
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


def evaluate(formula: str, variables: Mapping[str, Any], apply: Algebra) -> Any:
    """The formula over an algebra: `apply(name, *arguments)` does one operation of the table on it.

    >>> evaluate("2 * a + exp(b)", {"a": "u", "b": "v"}, lambda name, *arguments: (name, *arguments))
    ('add', ('mul', 2.0, 'u'), ('exp', 'v'))
    """
    return _walk(_parse(formula), formula, variables, apply)


def _walk(tree: ast.expr, formula: str, variables: Mapping[str, Any], apply: Algebra) -> Any:
    def walk(tree: ast.expr) -> Any:
        return _walk(tree, formula, variables, apply)

    match tree:
        case ast.Constant(value=float() | int() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.Attribute() | ast.Subscript() if (label := ast.unparse(tree)) in variables:
            return variables[label]  # as "layer1.neuron2.z" or "h[3]" are
        case ast.List(elts=entries):
            return [walk(entry) for entry in entries]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _elementwise(apply, "neg", walk(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _elementwise(apply, _OPERATORS[type(op)], walk(left), walk(right))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in TABLE:
            if len(arguments) == len(TABLE[name].variables):
                return _elementwise(apply, name, *map(walk, arguments))
    operands = ", ".join(variables)
    raise ValueError(
        f"a formula is made of numbers, the operands {operands}, + - * / ** and rows with their operands, "
        f"not of {ast.unparse(tree)!r}, which is in {formula!r}"
    )


def _elementwise(apply: Algebra, name: str, *arguments: Any) -> Any:
    size = next((len(x) for x in arguments if isinstance(x, list)), None)
    if size is None or TABLE[name].variadic:
        return apply(name, *arguments)
    columns = [x if isinstance(x, list) else [x] * size for x in arguments]
    return [apply(name, *entry) for entry in zip(*columns, strict=True)]


_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}


@cache
def _parse(formula: str) -> ast.expr:
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"a formula is written as in Python, unlike {formula!r}: {error.msg}") from None


def numeric(name: str, *arguments: Any) -> Any:
    """One operation of the table on floats: the algebra of numbers.

    >>> numeric("div", 1.0, 0.0)
    inf
    """
    return KERNELS[name](*arguments) if name in KERNELS else TABLE[name].value(*arguments)


def _on_floats(formula: str, parameters: Sequence[str]) -> Callable[..., Any]:
    """The formula as a function of floats, and of lists of floats for a capital letter, compiled from Python's text."""
    reductions: dict[str, str] = {}  # what is one number for all entries of a sequence, computed first

    def as_python(name: str, *arguments: Any) -> str:
        if TABLE[name].variadic:
            return reductions.setdefault(f"{name}({', '.join(map(written, arguments))})", f"r{len(reductions)}")
        if name in ("add", "sub", "mul"):
            return f"({arguments[0]} {TABLE[name].sign} {arguments[1]})"
        return f"(-{arguments[0]})" if name == "neg" else f"{name}({', '.join(map(str, arguments))})"

    def written(text: Any) -> str:
        return f"[{text[0]} for {each} in zip({all_of}, strict=True)]" if isinstance(text, list) else str(text)

    sequences = [name for name in parameters if name.isupper()]
    each, all_of = "".join(f"{name}_, " for name in sequences), ", ".join(sequences)
    result = written(evaluate(formula, {p: [f"{p}_"] if p in sequences else p for p in parameters}, as_python))
    body = [*(f"{name} = {text}" for text, name in reductions.items()), f"return {result}"]
    called = {name: KERNELS[name] if name in KERNELS else TABLE[name].value for line in body for name in _calls(line)}
    scope: dict[str, Any] = {**called, "__builtins__": {"zip": zip}}
    exec("\n    ".join([f"def function({', '.join(parameters)}):", *body]), scope)
    function: Callable[..., Any] = scope["function"]
    return function


def _calls(text: str) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {f.id for f in calls if isinstance(f, ast.Name)} & TABLE.keys()


# The functions that Python's math module refuses at the edges, as IEEE has them.


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


# What a row defined by itself means on floats; every other row follows from these.
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
    "rest": _rest,
    "shift": _shift,
    "sum": _sum,
}

row("add", "+", "a + b", "1", "1")
row("sub", "-", "a - b", "1", "-1")
row("mul", "*", "a * b", "b", "a")
row("div", "/", "a / b", "1 / b", "-y / b")
row("pow", "**", "a ** b", "times(b, power_below(a, b))", "times(y, log(a))")
row("neg", "-", "-a", "-1")
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
