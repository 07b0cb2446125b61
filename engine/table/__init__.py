"""The table: every operation as mathematics, and the functions that read it.

It offers TABLE and its rows, the primitives that formulas consist of, `evaluate` to evaluate a formula over any
algebra, and the opcodes. It imports nothing of the engine, so that the build can generate C from it.

Read `rows` first: it is THE TABLE. Then `primitives` (the operations at the bottom of formulas), `formula` (how one is
evaluated), `notation` (how people write one), `differentiate` (how partials are derived), `masks` (how a branch that is
not taken contributes 0), `own_rows` (rows that users add) and `opcodes`.
"""

# fmt: off
from .formula import TABLE, FormulaError, Interpreter, evaluate, in_place, missing, numeric, parse, written
from .masks import ALWAYS, Masks, both
from .notation import respelled
from .opcodes import (
    ADD,
    CODES,
    CONSTANT,
    DENSE,
    DETACH,
    DIV,
    DOT,
    INNER,
    INPUT,
    MEAN,
    MUL,
    NAMES,
    NEG,
    ONE,
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
)
from .own_rows import add
from .primitives import PRIMITIVES, function, primitive
from .rows import BUILT_IN, NAMED, Row
from .sequences import log_softmax, softmax

__all__ = [
    "ADD", "ALWAYS", "BUILT_IN", "CODES", "CONSTANT", "DENSE", "DETACH", "DIV", "DOT", "INNER", "INPUT", "MEAN", "MUL",
    "NAMED", "NAMES", "NEG", "ONE", "PARAMETER", "POW", "PRIMITIVES", "PRODUCTS", "RELU", "SELECT", "SHIFT", "SUB",
    "SUM", "TABLE", "FormulaError", "Interpreter", "Masks", "Row", "add", "both", "check", "code_of", "evaluate",
    "function", "in_place", "log_softmax", "missing", "numeric", "parse", "primitive", "respelled", "softmax",
    "written",
]
