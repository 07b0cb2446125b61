"""Opcodes: a small integer for every row of the table, and for the other instructions of programs.

A leaf of a graph has the opcode 0.
"""

from __future__ import annotations

from .primitives import PRIMITIVES
from .row import Row
from .rows import FINGERPRINT, TABLE
from .vectors import PAIRS

# The generated header has the same numbers. Rows added later get the next free number.
NAMES = ["input", "parameter", "constant", *PRIMITIVES, "products", "mean", "dense", "inner", "outer"]
NAMES += [f"pair_{name}" for name in PAIRS]
INSTRUCTIONS = set(NAMES) - PRIMITIVES.keys()  # instructions of programs that are not rows
NAMES += [name for name in TABLE if name not in PRIMITIVES]
CODES = {name: code for code, name in enumerate(NAMES)}
INPUT, PARAMETER, CONSTANT, ADD, SUB, MUL, NEG, DIV, POW = range(9)
SHIFT, PRODUCTS, MEAN, DENSE = (CODES[name] for name in ("shift", "products", "mean", "dense"))
INNER, OUTER = CODES["inner"], CODES["outer"]
IN_C = len(NAMES)  # from this opcode on, a row is in Python alone
SELECT = CODES["select"]
ONE = 0


def closed(row: Row | None) -> int:
    """A bit per operand, 1 if its partial is 0 by formula; the eighth is for all from there on."""
    if row is None or row.variadic or row.name == "select":
        return 255 * (row is not None and (row.name == "select" or {*row.partials} == {"0"}))
    bits = [partial == "0" for partial in row.partials]
    return sum(bit << k for k, bit in enumerate(bits[:7])) + 128 * (len(bits) > 7 and all(bits[7:]))


CLOSED = bytearray(closed(TABLE.get(name)) for name in NAMES)


def is_closed(code: int, slot: int) -> bool:
    """Whether a partial of 0 blocks an operand's gradient, even if another factor is infinite.

    True if the formula is 0, as for floor and detach, and for the branch that a `select` does not take. A partial
    that merely evaluates to 0 is a factor, and 0 times inf is nan.

    >>> is_closed(CODES["copysign"], 0), is_closed(CODES["copysign"], 1), is_closed(SELECT, 2)
    (False, True, True)
    """
    return CLOSED[code] >> min(slot, 7) & 1 == 1


def code_of(name: str) -> int:
    """The code of a row."""
    if name not in CODES:
        CODES[name] = len(NAMES)
        NAMES.append(name)
        CLOSED.append(closed(TABLE.get(name)))
    return CODES[name]


def check(made_from: int) -> None:
    """Refuse C that was generated from another table."""
    if made_from != FINGERPRINT:
        raise ImportError(
            "the compiled modules were made from another table: build them again, as with "
            "pip install -e ., or set WHYGRAD_PURE=1 to run without them"
        )


EXP, LOG, TANH, SIGMOID, RELU = (CODES[name] for name in ("exp", "log", "tanh", "sigmoid", "relu"))
ABS, LEAKY_RELU, POS, SQRT, SOFTPLUS = (CODES[name] for name in ("abs", "leaky_relu", "pos", "sqrt", "softplus"))
SIN, COS, ERF, SUM, DOT = (CODES[name] for name in ("sin", "cos", "erf", "sum", "dot"))
