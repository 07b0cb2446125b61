"""An expression in text as a graph: names with numbers are its leaves, and its parts have names.

It is read by `evaluate`, which knows numbers, names, operators and the rows of the table, and nothing else.
"""

import ast
import keyword
import re
from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import count
from typing import Any, NamedTuple
from unicodedata import normalize

from .core import NAMED, TABLE, FormulaError, Value, apply, evaluate, numeric, parse, respelled


@dataclass(frozen=True)
class Expression:
    """A graph: its leaves, and its parts in order, each with its formula; the last part is the output."""

    leaves: list[Value]
    parts: list[tuple[Value, str]]

    @property
    def output(self) -> Value:
        """The result of the expression."""
        return self.parts[-1][0]

    def named(self, name: str) -> Value:
        """The leaf or part of that name; a ValueError lists what there is."""
        known = {value.label: value for value in [*self.leaves, *(value for value, _ in self.parts)]}
        if _plain(name) not in known:
            raise ValueError(f"{name} is not in the expression, whose names are {', '.join(known)}")
        return known[_plain(name)]


class Statement(NamedTuple):
    """A part: its name, "" for the last one without a name, and its formula."""

    name: str
    formula: str


def read(text: str, numbers: Iterable[str]) -> Expression:
    """The graph of an expression such as "a = sigmoid(w*x); (a - y)**2", with numbers such as "w=0.8".

    A part that is a number, "w = 0.8; w*x", is a leaf. If only one part is computed, the operand of its function is
    called z, and the result a. A FormulaError points to a syntax error; another ValueError names the missing or
    superfluous number.

    >>> found = read("(sigmoid(w*x) - y)^2", ["w=0.8", "x=62.5", "y=0"])
    >>> [(value.label, formula) for value, formula in found.parts]
    [('z', 'w * x'), ('a', 'sigmoid(z)'), ('C', '(a - y) ** 2')]
    """
    written = _numbers(numbers)
    every = _statements(" ".join(text.split()), written)
    plain = [statement for statement in every if _is_number(statement)]
    statements = [statement for statement in every if statement not in plain]
    if not statements:
        raise ValueError("there is no expression, such as (sigmoid(w*x) - y)**2")
    given = _numbers([*numbers, *(f"{name}={formula}" for name, formula in plain)])
    _match(statements, given)
    leaves = [Value(number, name) for name, number in given.items()]
    scope: dict[str, Value] = {leaf.label: leaf for leaf in leaves}
    if len(statements) == 1:
        statements = _named_parts(statements[0], scope)
    parts = []
    for name, formula in statements:
        value = _part(formula, scope)
        value.label = name or next(free for free in ("C", "L", "output") if free not in scope)
        scope[value.label] = value
        parts.append((value, formula))
    return Expression(leaves, parts)


def _statements(text: str, given: Iterable[str]) -> list[Statement]:
    """The parts, each as a formula; a variable before a bracket is multiplied by it."""
    parts = [re.fullmatch(r"(?:\s*([^\W\d]\w*)\s*=(?!=))?(.*)", part) for part in text.split(";") if part.strip()]
    names = [*given, *(_plain(part[1]) for part in parts if part and part[1])]
    return [Statement(_plain(part[1] or ""), _formula(part[2], names)) for part in parts if part]


def _is_number(statement: Statement) -> bool:
    """Whether a part with a name is a number, which makes it a leaf."""
    try:
        return bool(statement.name) and isinstance(evaluate(statement.formula, {}, numeric), float)
    except (ValueError, OverflowError, RecursionError, MemoryError):
        return False


def _formula(text: str, names: Iterable[str]) -> str:
    return respelled(text.strip(), {name: name for name in names}, closed=False)


def _plain(name: str) -> str:
    """A name as Python's parser reads it: normalized to NFKC."""
    return normalize("NFKC", name)


def _numbers(texts: Iterable[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, number in map(_number, texts):
        if name in found:
            raise ValueError(f"{name} has two numbers, {found[name]:g} and {number:g}: give one")
        found[name] = number
    return found


def _number(text: str) -> tuple[str, float]:
    """The name and the number of "w=0.8"; a number may be computed, as in w=1/3."""
    left, _, formula = text.partition("=")
    name = _plain(left)
    try:
        number = evaluate(_formula(formula, ()), {}, numeric)
    except (ValueError, OverflowError):
        number = None
    if not re.fullmatch(r"[^\W\d]\w*", name) or not isinstance(number, float):
        raise ValueError(f"{text!r} does not give a name its number: write w=0.8, without spaces")
    return name, number


def _match(statements: Iterable[Statement], given: Collection[str]) -> None:
    """Make sure that every name has one meaning, and every number a name."""
    made, used = list[str](), dict[str, None]()
    *parts, last = statements
    if unnamed := [part.formula for part in parts if not part.name]:
        raise ValueError(f"only the last part may have no name, unlike {unnamed[0]}: write a = {unnamed[0]}")
    for name, formula in [*parts, last]:
        if name in given or name in made:
            raise ValueError(f"{name} has two meanings: it is a part of the expression, {name} = {formula}")
        names = list(_names(parse(formula)))
        evaluate(formula, dict.fromkeys(names, 0.0), lambda *_: 0.0)  # an error points into what was written
        used |= dict.fromkeys(other for other in names if other not in made)
        made.append(name)
    if not used:
        raise ValueError(f"{last.formula} has no name to differentiate with respect to, such as the w of w * 2")
    if missing := [name for name in used if name not in given]:
        wanted = " ".join(f"{name}=1.0" for name in missing)
        raise ValueError(f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no number: add {wanted}")
    if unused := [name for name in given if name not in used]:
        verb = "is" if len(unused) == 1 else "are"
        raise ValueError(f"{', '.join(unused)} {verb} not in the expression, whose names are {', '.join(used)}")


def _names(tree: ast.expr) -> Iterator[str]:
    """The names in a formula in order, but those of functions."""
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions]
    return (node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)))


def _part(formula: str, scope: dict[str, Value]) -> Value:
    """A formula as a node of its own."""
    result: Any = evaluate(formula, scope, apply)
    if isinstance(result, list):
        raise ValueError(f"{formula} is a list of {len(result)}: a part is one number")
    if not isinstance(result, Value):
        return Value(result)
    found: Value = apply("pos", result) if result.label else result
    return found


def _named_parts(whole: Statement, taken: Collection[str]) -> list[Statement]:
    """The expression in parts that have names."""
    tree = deepcopy(parse(whole.formula))
    naming = _Naming(tree, {*taken, whole.name})
    last = ast.unparse(naming.visit(tree))
    return [*naming.parts, Statement(whole.name, last)]


class _Naming(ast.NodeTransformer):
    """Names z the operand of a one-operand function, and a its result; the next are z2 and a2."""

    def __init__(self, whole: ast.expr, taken: set[str]) -> None:
        self.whole, self.taken = whole, taken
        self.parts, self.names = list[Statement](), dict[str, str]()

    def visit_Call(self, call: ast.Call) -> ast.expr:
        """Replace a one-operand call by its result's name, except the whole expression."""
        self.generic_visit(call)
        if len(call.args) != 1 or isinstance(call.args[0], ast.List):
            return call
        if not isinstance(call.args[0], (ast.Name, ast.Constant)):
            call.args[0] = self._name("z", call.args[0])
        return call if call is self.whole else self._name("a", call)

    def _name(self, letter: str, tree: ast.expr) -> ast.Name:
        formula = ast.unparse(tree)
        if formula not in self.names:
            free = (letter if k == 1 else f"{letter}{k}" for k in count(1))
            self.names[formula] = name = next(name for name in free if name not in self.taken)
            self.taken.add(name)
            self.parts.append(Statement(name, formula))
        return ast.Name(self.names[formula])


def explained(error: FormulaError) -> str:
    """What is wrong at the position of the error, and what to write."""
    words = [word for word in re.findall(r"[^\W\d]\w*", error.formula) if keyword.iskeyword(word)]
    if words := [word for word in words if word not in ("and", "or", "not")]:
        return f"{words[0]} is a Python keyword: choose another name, such as {words[0][0]}"
    call = re.match(r"([^\W\d]\w*)\(", error.formula[error.at :])
    if not call:
        return str(error)
    if call[1] == "where":
        return "where is written where(condition, a, b), with a comparison such as x > 0 as the condition"
    if call[1] in TABLE:
        operands = ", ".join(f"[{name}, …]" if name.isupper() else name for name in TABLE[call[1]].variables)
        return f"{call[1]} is written {call[1]}({operands})"
    like = [name for name in NAMED if name.startswith(call[1])] or get_close_matches(call[1], NAMED, n=1)
    if like:
        return f"there is no function {call[1]}: {like[0]} is one"
    own = "a row of your own needs the Python file that adds it, --rows FILE"
    return f"there is no function {call[1]}: {own}; the others are {', '.join(NAMED)}"
