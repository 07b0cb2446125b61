"""The table: every operation as mathematics, and what reads it.

It offers TABLE and its rows, the primitives in which formulas end, `evaluate` to read a formula over any algebra, and
the opcodes. It imports nothing of the engine, so that the build can write C from it.

Read `rows` first: it is THE TABLE. Then `primitives` (what a formula ends in), `formula` (how one is read),
`differentiate` (how partials are derived), `own_rows` (what a user may add), `vectors` (what C does on vectors) and
`opcodes`.
"""

# fmt: off
from .formula import TABLE, FormulaError, Interpreter, evaluate, in_place, missing, numeric, parse, respelled, written
from .opcodes import (
    ADD,
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
    SHIFT,
    SUB,
    SUM,
    check,
    code_of,
)
from .own_rows import add
from .primitives import PRIMITIVES, function, primitive
from .rows import Row
from .vectors import ARITHMETIC, FUNCTIONS, PAIRS

__all__ = [
    "ADD", "ARITHMETIC", "CODES", "CONSTANT", "DENSE", "DIV", "DOT", "FUNCTIONS", "INNER", "INPUT", "IN_C", "MEAN",
    "MUL", "NAMES", "NEG", "ONE", "OUTER", "PAIRS", "PARAMETER", "POW", "PRIMITIVES", "PRODUCTS", "RELU", "SHIFT",
    "SUB", "SUM", "TABLE", "FormulaError", "Interpreter", "Row", "add", "check", "code_of", "evaluate", "function",
    "in_place", "missing", "numeric", "parse", "primitive", "respelled", "written",
]
