"""Formulas: evaluates the text of the table over any algebra, and translates it to other languages.

A formula uses `+ - * / **`, rows of the table, and `where(a < 1, a, b)` with comparisons, which `and or not & | ~`
combine. A capital letter is a sequence of operands: the formula applies to each element, and `sum` and `shift` are
reductions.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from .primitives import PRIMITIVES, operands_of

if TYPE_CHECKING:
    from .rows import Row

Algebra = Callable[..., Any]  # apply(name of a row, *arguments), on floats, Values, symbols, text ...

TABLE: dict[str, "Row"] = {}  # the rows that a formula can call, added by rows.py
LARGEST = 1.7976931348623157e308


class FormulaError(ValueError):
    """A text that is not a formula: `formula` is the text, and `at` the index of the error in it."""

    def __init__(self, message: str, formula: str, at: int = 0) -> None:
        super().__init__(message)
        self.formula, self.at = formula, at


def evaluate(formula: str, variables: Mapping[str, Any], apply: Algebra) -> Any:
    """Evaluate a formula over an algebra, in which `apply(name, *arguments)` is one operation of the table.

    >>> evaluate("2 * a + exp(b)", {"a": "u", "b": "v"}, lambda name, *arguments: (name, *arguments))
    ('add', ('mul', 2.0, 'u'), ('exp', 'v'))
    """
    return _walk(parse(formula), formula, variables, apply)


def _walk(tree: ast.expr, formula: str, variables: Mapping[str, Any], apply: Algebra) -> Any:
    match tree:
        case ast.Constant(value=float() | int() as number) if type(number) is not bool:
            if abs(number) > LARGEST:
                message = (
                    f"a formula has only numbers that a float holds, and a number of {formula!r:.200} is too large"
                )
                raise FormulaError(message, formula.strip(), _letters(formula.strip(), tree.lineno, tree.col_offset))
            return float(number)
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.Attribute() | ast.Subscript() if (label := ast.unparse(tree)) in variables:
            return variables[label]  # as "layer1.neuron2.z" or "h[3]" are
        case ast.List(elts=entries):
            return [_walk(entry, formula, variables, apply) for entry in entries]
    name, arguments = operation_of(tree, formula, variables)
    return _elementwise(apply, name, *[_walk(argument, formula, variables, apply) for argument in arguments])


def operation_of(tree: ast.expr, formula: str, operands: Iterable[str]) -> tuple[str, list[ast.expr]]:
    """The row that an expression calls, and its arguments."""
    match tree:
        case ast.Call(func=ast.Name(id="where"), args=[condition, a, b], keywords=[]) if is_condition(condition):
            return "select", [condition, a, b]
        case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _RELATIONS:
            name, turned = _RELATIONS[type(op)]
            return name, [right, left] if turned else [left, right]
        case ast.Compare(ops=[op, *ops], left=left, comparators=[middle, *rest]) if ops:
            pair = ast.Compare(left, [op], [middle]), ast.Compare(middle, ops, rest)
            return "minimum", [ast.copy_location(part, tree) for part in pair]
        case ast.BoolOp(op=op, values=[first, *rest]) if all(map(is_condition, tree.values)):
            others = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(op, rest), tree)
            return _CONNECTIVES[type(op)], [first, others]
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
            if is_condition(left) and is_condition(right):
                return _CONNECTIVES[type(op)], [left, right]
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand) if is_condition(operand):
            return "sub", [ast.Constant(1.0), operand]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return "neg", [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)], [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in TABLE:
            if len(arguments) == len(TABLE[name].variables):
                return name, arguments
    raise FormulaError(
        f"a formula is made of numbers, the operands {', '.join(operands)}, + - * / ** and rows with their operands, "
        f"not of {ast.unparse(tree)!r:.80}, which is in {formula!r:.200}",
        formula.strip(),
        _letters(formula.strip(), tree.lineno, tree.col_offset),
    )


def is_condition(tree: ast.expr) -> bool:
    """Whether an expression is a comparison, or made of them by `and or not & | ~`.

    >>> is_condition(parse("0 < x < 1 and not (y >= 2)")), is_condition(parse("x - 1"))
    (True, False)
    """
    match tree:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.Invert()):
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return True
    return False


def in_rows(formula: str) -> str:
    """The formula with rows for `where` and comparisons.

    >>> in_rows("where(0 < a and not (a > b), a, b)")
    'select(minimum(less(0, a), sub(1.0, less(b, a))), a, b)'
    """

    class InRows(ast.NodeTransformer):
        def visit(self, tree: ast.AST) -> Any:
            if isinstance(tree, ast.expr) and (is_condition(tree) or _is_where(tree)):
                name, arguments = operation_of(tree, formula, ())
                return ast.Call(ast.Name(name), [self.visit(argument) for argument in arguments], [])
            return self.generic_visit(tree)

    tree = parse(formula)
    has_any = any(isinstance(part, ast.expr) and (is_condition(part) or _is_where(part)) for part in ast.walk(tree))
    return ast.unparse(InRows().visit(deepcopy(tree))) if has_any else formula


def _is_where(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "where"


def _letters(formula: str, line: int, column: int) -> int:
    """The index in the text of a position that Python's parser gives in bytes of a line."""
    lines = formula.encode().splitlines(keepends=True)[:line]
    return len(b"".join([*lines[:-1], lines[-1][:column]]).decode(errors="ignore"))


def _elementwise(apply: Algebra, name: str, *arguments: Any) -> Any:
    size = next((len(x) for x in arguments if isinstance(x, list)), None)
    if size is None or TABLE[name].variadic:
        return apply(name, *arguments)
    columns = [x if isinstance(x, list) else [x] * size for x in arguments]
    return [apply(name, *entry) for entry in zip(*columns, strict=True)]


_RELATIONS = {  # the row, and whether its operands change places
    ast.Lt: ("less", False),
    ast.LtE: ("less_equal", False),
    ast.Gt: ("less", True),
    ast.GtE: ("less_equal", True),
}
_CONNECTIVES = {ast.And: "minimum", ast.BitAnd: "minimum", ast.Or: "maximum", ast.BitOr: "maximum"}
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}


@cache
def parse(formula: str) -> ast.expr:
    """A formula parsed as an expression."""
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except SyntaxError as error:
        message = f"a formula is written as in Python, unlike {formula!r:.200}: {error.msg:.200}"
        raise FormulaError(message, formula.strip(), max(error.offset or 1, 1) - 1) from None
    except ValueError:  # of a null character or a lone surrogate
        raise FormulaError(f"a formula has only characters of text, unlike {formula!r:.200}", formula.strip()) from None
    except (RecursionError, MemoryError):
        raise FormulaError(f"a formula is nested too deeply: {formula!r:.80}", formula.strip()) from None


class Interpreter:
    """An algebra with the given operations, and with every other row by its formula.

    A missing primitive is an error that says which language lacks it.

    >>> Interpreter({"maximum": "max({}, {})".format}, "this text")("relu", "x")
    'max(x, 0.0)'
    """

    def __init__(
        self, given: Mapping[str, Callable[..., Any]], where: str, error: type[Exception] = ValueError
    ) -> None:
        self.given, self.where, self.error = given, where, error

    def __call__(self, name: str, *arguments: Any) -> Any:
        """One operation of the table."""
        if name in self.given:
            return self.given[name](*arguments)
        row = TABLE[name]
        if name in PRIMITIVES:
            raise self.error(missing(name, self.where))
        return evaluate(row.formula, dict(zip(row.variables, arguments, strict=True)), self)


def missing(name: str, where: str) -> str:
    """The error text for a primitive that a language lacks."""
    return f"{name} is in Python alone and {where} cannot do it: give its row a formula of other rows"


def numeric(name: str, *arguments: Any) -> Any:
    """One operation of the table on floats: the algebra of numbers.

    >>> numeric("div", 1.0, 0.0)
    inf
    """
    return TABLE[name].value(*arguments)


def written(
    formulas: Iterable[str],
    operands: Iterable[str],
    call: Callable[..., str],
    reduce: Callable[[str, str, str], str],
    element: str = "{}[i]",
) -> tuple[list[str], list[Any]]:
    """Formulas in another language: the statements that compute their reductions, and the results.

    A sequence is written as its element i; a result that is a sequence is a list of that one text. `call` writes a row
    with its operands, and `reduce(variable, name, text)` the statement that reduces a sequence with the element `text`.

    >>> written(["exp(A) / sum(exp(A))"], ["A"], "{}({})".format, "{} = {} of {}".format)
    (['t0 = sum of exp(A[i])'], [['div(exp(A[i]), t0)']])
    """
    steps: dict[str, str] = {}  # one variable for each reduction, computed once, not for each element

    def write(name: str, *arguments: Any) -> str:
        primitive = PRIMITIVES.get(name)
        if primitive is None or primitive.start is None:
            if primitive is not None and isinstance(primitive.python, str):
                return f"({in_place(primitive.python, *arguments)})"
            return call(name, ", ".join(map(str, arguments)))
        key = f"{name} {arguments[0]}"
        if key not in steps:
            steps[key] = f"t{len(steps)}"
            statements.append(reduce(steps[key], name, arguments[0][0]))
        return steps[key]

    statements: list[str] = []
    many = {name for name, row in TABLE.items() if row.variadic and name not in PRIMITIVES}
    by_rows = Interpreter({name: partial(write, name) for name in TABLE.keys() - many}, "a formula")
    variables = {name: [element.format(name)] if name.isupper() else name for name in operands}
    results = [evaluate(formula, variables, by_rows) for formula in formulas]
    return statements, results


def in_place(text: str, *arguments: Any) -> str:
    """An expression of a, b and c with these texts substituted."""
    operands = dict(zip(operands_of(text), map(str, arguments), strict=True))
    return re.sub(r"\b(total|[abc])\b", lambda found: operands[found[0]], text)


def on_floats(formula: str, parameters: Sequence[str]) -> Callable[..., Any]:
    """The formula as a function of floats, and of lists of floats for a capital letter, compiled from Python's text."""
    called: dict[str, Callable[..., Any]] = {}

    def call(name: str, arguments: str) -> str:
        called[name] = PRIMITIVES[name].on_floats if name in PRIMITIVES else TABLE[name].value
        return f"{name}({arguments})"

    def entries(text: str) -> str:
        return f"[{text} for i in range(len({size}))]"

    size = next((name for name in parameters if name.isupper()), "")
    steps, (result,) = written(
        [formula], parameters, call, lambda variable, name, text: f"{variable} = {call(name, entries(text))}"
    )
    if isinstance(result, list) and not size:
        raise FormulaError(f"a formula gives a number, not a list as {formula!r:.200} does", formula)
    body = [*steps, f"return {entries(result[0]) if isinstance(result, list) else result}"]
    scope: dict[str, Any] = {**called, "__builtins__": {"range": range, "len": len}}
    exec("\n    ".join([f"def function({', '.join(parameters)}):", *body]), scope)
    function: Callable[..., Any] = scope["function"]
    return function
