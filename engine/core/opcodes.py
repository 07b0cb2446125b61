"""Opcodes: a small integer for every row of the table, and for what else an instruction of a program can be.

A leaf of a graph has the opcode 0.
"""

from __future__ import annotations

from .table import TABLE

# native.h has the same numbers. What the table adds later gets the next free number.
NAMES = [
    *("input", "parameter", "constant", "add", "sub", "mul", "neg", "div", "pow", "abs", "exp", "log", "log1p"),
    *("sqrt", "tanh", "sin", "cos", "erf", "floor", "maximum", "minimum", "above", "times", "mod", "rest", "shift"),
    *("products", "mean", "dense", "inner"),
]
CODES = {name: code for code, name in enumerate(NAMES)}
INPUT, PARAMETER, CONSTANT, ADD, SUB, MUL, NEG, DIV, POW = range(9)
SHIFT, PRODUCTS, MEAN, DENSE, INNER = (CODES[name] for name in ("shift", "products", "mean", "dense", "inner"))
ONE = 0
ARITHMETIC = ("add", "sub", "mul", "neg", "sum", "dot")  # done by every executor without a kernel


def code_of(name: str) -> int:
    """The code of a row."""
    if name not in CODES:
        CODES[name] = len(NAMES)
        NAMES.append(name)
    return CODES[name]


for _name in TABLE:
    code_of(_name)
EXP, LOG, TANH, SIGMOID, RELU = map(code_of, ("exp", "log", "tanh", "sigmoid", "relu"))
ABS, LEAKY_RELU, POS, SQRT, SOFTPLUS = map(code_of, ("abs", "leaky_relu", "pos", "sqrt", "softplus"))
FLOORDIV, MOD, ROUND = map(code_of, ("floordiv", "mod", "round"))
SIN, COS, ERF, SUM, DOT = map(code_of, ("sin", "cos", "erf", "sum", "dot"))
