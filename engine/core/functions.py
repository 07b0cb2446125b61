"""Rows of the table as functions of Values or numbers."""

import re
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from ..table import TABLE, add, code_of, entries
from .operations import apply, of_many, of_one, of_scalars, of_two
from .tracebacks import api_boundary, hide_engine

if TYPE_CHECKING:
    from .value import Value


_CALLED = {f.__name__: f for f in (apply, entries, hide_engine, of_many, of_one, of_scalars, of_two)}


def operation(name: str) -> Callable[..., Any]:
    """The row of that name as a function of Values or numbers, with its mathematics in the docstring.

    >>> from engine import Value
    >>> positive_part = operation("relu")
    >>> positive_part(-2.0), positive_part(Value(2.0)).data
    (0.0, 2.0)
    """
    row = TABLE[name]
    names = ", ".join(row.variables)
    if not row.variadic:
        calls = {1: "of_one(code, a)", 2: "of_two(code, a, b)"}
        body = _body(names, calls.get(len(row.variables), f"of_scalars(code, ({names}))"))
    elif len(row.variables) == 1:
        body = _body("operands", "of_many(code, entries(operands, of))")
    else:
        body = _body("*operands", "apply(name, *operands)")
    own = {"__name__": __name__, "name": name, "code": code_of(name), "of": f"the operand of {name}"}
    function: Callable[..., Any] = FunctionType(body, _CALLED | own)
    function.__name__ = function.__qualname__ = name
    function.__module__ = "engine"  # where help() and pickle look for it
    partials = ", ".join((row.textbook or row.partials[0], *row.partials[1:]))
    call = f"{name}({names})"
    written = call if row.formula == call else f"{call} = {row.formula}"
    function.__doc__ = f"{written}: a Value if an operand is one, else a float.\n\nPartial derivatives: {partials}"
    if re.search(r"\by\b", partials):
        function.__doc__ += ", where y is the result"
    return function


@cache
def _body(parameters: str, call: str) -> CodeType:
    """The code of a row's function, which says how many operands it takes, with the boundary's lines in itself."""
    found: dict[str, Any] = {}
    exec(
        f"""def function({parameters}):
    try:
        return {call}
    except Exception as error:
        hide_engine(error)
        raise""",
        found,
    )
    code: CodeType = found["function"].__code__
    return code


method: "Callable[[str], Callable[..., Value]]" = operation  # as a method of its first operand


@api_boundary
def row(
    name: str, sign: str, formula: str | Callable[..., float], *partials: Any, textbook: str = ""
) -> Callable[..., Any]:
    """Add an operation of your own, and return it as a function of Values and numbers.

    In `formula` a, b, c ... are the operands, in this order, and a capital letter is a sequence of them. Each of
    `partials` is the formula of one partial derivative, where y is the result. Without them, they are derived from the
    formula; with them, they are checked against it. `sign` represents the operation in pictures. Call the function:
    Values have methods for the built-in rows only.

    A formula consists of numbers, operands, + - * / **, the other rows, and where(a < b, a, b). An operation without a
    formula can be a Python function of numbers, with a formula or a function of the same operands for each partial.
    Page, JAX and saved recordings cannot run it, and its second derivative is nan if the partial is a function.

    A ValueError says what is wrong with a name, a formula or a partial.

    >>> from engine import Value
    >>> swish = row("swish", "swish", "a * sigmoid(2 * a)")
    >>> swish(0.0), swish(Value(0.0)).partials
    (0.0, (0.5,))
    """
    add(name, sign, formula, *partials, textbook=textbook)
    return operation(name)
