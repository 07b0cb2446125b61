"""The table: every operation as mathematics, and the functions that read it.

It offers TABLE and its rows, the primitives, `evaluate` to evaluate a formula over any
algebra, and the opcodes. It imports nothing of the engine, so that the build can generate C from it.

Read `rows` first: it is THE TABLE. Then `primitives` (what formulas consist of), `formula` (how one is read),
`notation` and `marks` (how people write one), `differentiate` (how partials are derived), `masks` (how a branch that is
not taken is kept out), `own_rows` (what a user may add), `arrays` (what NumPy does), `vectors` (what C does on vectors)
and `opcodes`. `checks` refuses wrong arguments, for every package.
"""

# fmt: off
from .arrays import on_arrays, primitive_on_arrays
from .checks import came, choice, count, entries, flag, function_of, instance, path_of, printable, refuse
from .formula import TABLE, FormulaError, Interpreter, evaluate, in_place, missing, numeric, parse, written
from .masks import ALWAYS, Masks, both
from .notation import respelled
from .opcodes import (
    ADD,
    CLOSED,
    CODES,
    CONSTANT,
    DENSE,
    DIV,
    DOT,
    IN_C,
    INNER,
    INPUT,
    MEAN,
    MUL,
    NAMES,
    NEG,
    ONE,
    OUTER,
    PARAMETER,
    POW,
    PRODUCTS,
    RELU,
    SELECT,
    SHIFT,
    SUB,
    SUM,
    check,
    code_of,
    is_closed,
)
from .own_rows import add
from .primitives import PRIMITIVES, function, primitive
from .rows import BUILT_IN, NAMED, Row
from .sequences import log_softmax, softmax
from .vectors import ARITHMETIC, FUNCTIONS, PAIRS, REDUCTIONS

__all__ = [
    "ADD", "ALWAYS", "ARITHMETIC", "BUILT_IN", "CLOSED", "CODES", "CONSTANT", "DENSE", "DIV", "DOT", "FUNCTIONS",
    "INNER", "INPUT", "IN_C", "MEAN", "MUL", "NAMED", "NAMES", "NEG", "ONE", "OUTER", "PAIRS", "PARAMETER", "POW",
    "PRIMITIVES", "PRODUCTS", "REDUCTIONS", "RELU", "SELECT", "SHIFT", "SUB", "SUM", "TABLE", "FormulaError",
    "Interpreter", "Masks", "Row", "add", "both", "came", "check", "choice", "code_of", "count", "entries", "evaluate",
    "flag", "function", "function_of", "in_place", "instance", "is_closed", "log_softmax", "missing", "numeric",
    "on_arrays", "parse", "path_of", "primitive", "primitive_on_arrays", "printable", "refuse", "respelled", "softmax",
    "written",
]
