"""The table on vectors of C: the rows that have vector code, translated from the texts of the primitives.

A primitive is translated if it consists of arithmetic, comparisons and selections. The functions in BY_HAND are
algorithms in replay/vectors.h. A row of one operand whose formula consists of both is a function of vectors too. If its
partial uses another such function of the same operand, the two are a pair, computed together, so that the C compiler
finds the exponential that they share.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from .formula import TABLE, evaluate, parse
from .primitives import PRIMITIVES
from .rows import Row

BY_HAND = ("exp", "log", "log1p", "tanh", "erf")
_CALLS = {"fabs": "abs_", "floor": "floor_", "np.abs": "abs_", "np.where": "pick"}
_NUMBERS = {"np.inf": "all(HUGE_VAL)", "np.nan": "all(NAN)"}


class NoVector(Exception):
    """Not expressible on vectors."""


@cache
def vector(name: str) -> str:
    """A primitive's vector expression in C, or that of a reduction's next total; "" if none.

    >>> vector("maximum"), vector("sum"), vector("sin")
    ('pick(((a >= b) | (a != a)), a, b)', '(total + a)', '')
    """
    primitive = PRIMITIVES[name]
    for text in (primitive.c, primitive.numpy):
        try:
            return _written(ast.parse(text, mode="eval").body)
        except (SyntaxError, NoVector):
            continue
    return ""


def _written(tree: ast.expr) -> str:
    text = ast.unparse(tree)
    match tree:
        case ast.Constant(value=float()):
            return f"all({text})"
        case ast.Attribute() if text in _NUMBERS:
            return _NUMBERS[text]
        case ast.Name():
            return text
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_written(operand)}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return f"({_written(left)} {_SIGNS[type(op)]} {_written(right)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"({_written(left)} {_SIGNS[type(op)]} {_written(right)})"
        case ast.Call(func=func, args=args) if ast.unparse(func) in _CALLS:
            return f"{_CALLS[ast.unparse(func)]}({', '.join(map(_written, args))})"
    raise NoVector(text)


_SIGNS: dict[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitOr: "|", ast.BitAnd: "&"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="},
}


def _reached(formula: str, operands: tuple[str, ...]) -> set[str]:
    """The primitives that a formula comes down to."""
    found: set[str] = set()

    def note(name: str, *arguments: None) -> None:
        found.update({name} if name in PRIMITIVES else _reached(TABLE[name].formula, TABLE[name].variables))

    evaluate(formula, dict.fromkeys(operands), note)
    return found


def _is_function(row: Row) -> bool:
    if row.variables != ("a",) or row.name in PRIMITIVES:
        return row.name in BY_HAND
    reached = _reached(row.formula, row.variables)
    return not reached.isdisjoint(BY_HAND) and all(name in BY_HAND or vector(name) for name in reached)


def _calls(formula: str) -> Iterator[str]:
    """The rows that a formula applies to the operand a itself."""
    for tree in ast.walk(parse(formula)):
        match tree:
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id="a")]):
                yield name


def _pairs() -> Iterator[tuple[str, str]]:
    found = set[frozenset[str]]()
    for name in FUNCTIONS:
        for partner in _calls(TABLE[name].partials[0]):
            if partner in FUNCTIONS and frozenset((name, partner)) not in found:
                found.add(frozenset((name, partner)))
                yield name, partner


REDUCTIONS = {name: vector(name) for name, primitive in PRIMITIVES.items() if primitive.start is not None}
ARITHMETIC = {name: text for name in PRIMITIVES if name not in REDUCTIONS and (text := vector(name))}
FUNCTIONS = [row.name for row in TABLE.values() if _is_function(row)]
PAIRS = dict(_pairs())  # function -> the function that its partial uses
