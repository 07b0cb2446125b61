"""The partial derivatives of a formula as formulas: reverse mode over its text."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import starmap

from .formula import TABLE, operation_of, parse

Branch = tuple[str, bool]  # the condition of a `where`, and whether it is the first branch


def derive(formula: str, operands: Sequence[str]) -> list[str]:
    """The derivative of a formula with respect to each operand, where y is the result; operands may be sequences.

    Of a branch the whole product is selected, so that what is inf in the branch not taken meets no 0.

    >>> derive("a * exp(b)", "ab"), derive("sum(A * A) + b", "Ab"), derive("exp(-a)", "a")
    (['exp(b)', 'a * exp(b)'], ['2 * A', '1'], ['-y'])
    """
    terms: dict[str, list[str]] = {name: [] for name in operands}
    root = parse(formula)
    # A branch not taken has the slope 0 in y, and a formula of y may meet it with inf: then y is spelled out.
    has_branches = any(isinstance(tree, ast.Name) and tree.id == "select" for tree in ast.walk(root))

    def visit(tree: ast.expr, adjoint: str, branches: Sequence[Branch] = ()) -> None:
        if isinstance(tree, ast.Name):
            terms[tree.id].append(_in_branches(adjoint, branches))
        if isinstance(tree, (ast.Name, ast.Constant)):
            return
        name, arguments = operation_of(tree, formula, operands)
        row, result = TABLE[name], ast.Name("y") if tree is root and not has_branches else tree
        known = dict(zip(row.variables, arguments, strict=True)) | {"y": result}
        for argument, partial in zip(arguments, row.partials, strict=True):
            if partial == "0":
                continue
            term, inside = _product(adjoint, ast.unparse(substitute(partial, known))), branches
            if name == "select":
                term, inside = adjoint, [*branches, (ast.unparse(arguments[0]), argument is arguments[1])]
            if is_sequence(tree) and not is_sequence(argument):
                visit(argument, _summed(_in_branches(term, inside), tree))
            else:
                visit(argument, term, inside)

    visit(root, "1")
    return [_tidy(" + ".join(starmap(_repeated, Counter(terms[name]).items())) or "0") for name in operands]


def _in_branches(term: str, branches: Sequence[Branch]) -> str:
    """A term where all branches are taken, else 0."""
    for condition, holds in reversed(branches):
        term = f"select({condition}, {term}, 0)" if holds else f"select({condition}, 0, {term})"
    return term


def is_sequence(tree: ast.expr) -> bool:
    """Whether an expression has an entry for each operand of a sequence."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and TABLE[tree.func.id].variadic:
        return False
    if isinstance(tree, ast.Name):
        return tree.id.isupper()
    return any(is_sequence(part) for part in ast.iter_child_nodes(tree) if isinstance(part, ast.expr))


def _summed(term: str, tree: ast.expr) -> str:
    """The sum of the entries' contributions to a number that all entries use."""
    if not is_sequence(parse(term)):
        many = next(x.id for x in ast.walk(tree) if isinstance(x, ast.Name) and len(x.id) == 1 and x.id.isupper())
        term = f"({term}) * {many} ** 0"
    return f"sum({term})"


def substitute(formula: str, terms: Mapping[str, ast.expr]) -> ast.expr:
    """A formula as a tree, with terms for names.

    >>> ast.unparse(substitute("a * y", {"a": parse("u + 1")}))
    '(u + 1) * y'
    """

    class Substitute(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return terms.get(name.id, name)

    tree: ast.expr = Substitute().visit(ast.parse(formula, mode="eval").body)  # not the tree that `parse` keeps
    return tree


def _product(a: str, b: str) -> str:
    if a in ("1", "-1"):
        a, b = b, a
    return a if b == "1" else f"-({a})" if b == "-1" else f"({a}) * ({b})"


def _repeated(term: str, count: int) -> str:
    return f"({term})" if count == 1 else f"{count} * ({term})"


def _tidy(formula: str) -> str:
    return ast.unparse(ast.parse(formula, mode="eval"))
