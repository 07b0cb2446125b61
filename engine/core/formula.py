"""Formulas: the text of the table read over any algebra, and compiled to functions of floats.

A formula uses `+ - * / **` and rows of the table. A capital letter is a sequence of operands, over which the formula
is read elementwise and `sum` and `shift` reduce.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from .kernels import KERNELS

if TYPE_CHECKING:
    from .table import Row

Algebra = Callable[..., Any]  # apply(name of a row, *arguments), on floats, Values, symbols, text ...

TABLE: dict[str, "Row"] = {}  # what a formula can call: the rows, which table.py adds


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


def on_floats(formula: str, parameters: Sequence[str]) -> Callable[..., Any]:
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
