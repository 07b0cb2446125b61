"""What an instruction of a program can be: every operation by its name and its code, a small integer."""

from __future__ import annotations

from .table import TABLE

# The numbers are known to kernels.h too. What the table adds later gets the next free number.
NAMES = [
    *("input", "parameter", "constant", "add", "sub", "mul", "neg", "div", "pow", "abs", "exp", "log", "log1p"),
    *("sqrt", "tanh", "sin", "cos", "erf", "floor", "maximum", "minimum", "above", "times", "rest", "shift"),
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


def code_all() -> None:
    """Give every row that the table has by now a code, in its order."""
    for name in TABLE:
        code_of(name)


code_all()
