"""Functions with marks for their prime, power or reciprocal, power_2_tanh(z) for tanh²(z), and their formulas."""

import ast
import re
from copy import deepcopy

from .differentiate import substitute
from .formula import TABLE, parse

_MARKED = re.compile(r"(?:prime|over|many)_|power_\d|\[")
_MARKS = re.compile(r"(?:power_(\d+)_)?(?:(prime|over|many)_)?(\w+)")


def marked(name: str, mark: str, power: str = "") -> str:
    """A function's name with a mark: `prime` its derivative, `over` its reciprocal, `many` for operands as a sequence.

    >>> marked("tanh", "prime", "2")
    'power_2_prime_tanh'
    """
    return f"{power and f'power_{power}_'}{mark and f'{mark}_'}{name}"


def name_of(function: str) -> str:
    """The name without marks."""
    marks = _MARKS.fullmatch(function)
    return marks[3] if marks else function


def unmarked(formula: str) -> str:
    """A formula of the table for one with marks and with brackets such as [a > b].

    >>> unmarked("power_2_tanh(z) * [z > 0]")
    'tanh(z) ** 2 * above(z, 0)'
    """
    return ast.unparse(_OfBooks().visit(deepcopy(parse(formula)))) if _MARKED.search(formula) else formula


def _is_comparison(found: ast.expr) -> bool:
    """Whether it is a bracket such as [a > b]."""
    return isinstance(found, ast.List) and any(isinstance(element, ast.Compare) for element in found.elts)


class _OfBooks(ast.NodeTransformer):
    """Replace f'(z) by the partial of the row f, [a > b] by the step, and other brackets by their inside."""

    def visit_List(self, found: ast.List) -> ast.expr:
        self.generic_visit(found)
        match found.elts:
            case [ast.Compare(left=left, ops=[ast.Gt()], comparators=[right])]:
                return ast.Call(ast.Name("above"), [left, right], [])
            case [(ast.Compare() | ast.BinOp()) as inside]:
                return inside
        return found

    def visit_Call(self, call: ast.Call) -> ast.expr:
        row = TABLE.get(ast.unparse(call.func))
        for k, argument in enumerate(call.args):
            if row is not None and row.variadic and isinstance(argument, ast.List) and not _is_comparison(argument):
                self.generic_visit(argument)  # a sequence
            else:
                call.args[k] = self.visit(argument)
        marks = _MARKS.fullmatch(ast.unparse(call.func))
        if not marks:
            return call
        power, mark, name = marks.groups()
        found: ast.expr = ast.Call(ast.Name(name), call.args, []) if power or mark else call
        if mark == "prime":
            if len(call.args) != 1:
                raise ValueError(f"{name}' has one operand")
            terms = {"a": call.args[0], "y": ast.Call(ast.Name(name), [call.args[0]], [])}
            found = substitute(TABLE[name].partials[0], terms)
        elif mark == "over":
            found = ast.BinOp(ast.Constant(1.0), ast.Div(), found)
        elif mark == "many" and not (len(call.args) == 1 and isinstance(call.args[0], ast.List)):
            found = ast.Call(ast.Name(name), [ast.List(call.args)], [])
        return ast.BinOp(found, ast.Pow(), ast.Constant(int(power))) if power else found
