"""Numbers that remember the operation they came from: a Value, its operators, and `backward()`.

It offers Value, the rows of the table as functions, `grad` and `strict`, and to the other packages
the table and its formulas, the opcodes, the traversals, how numbers and names are written, and the
boundary where an error leaves the engine (`tracebacks`).

Read `value` first, and the rows in the package `table`: together they are micrograd and more. Then
`operations` and `node` (how a result is made), `graph` and `backward` (how gradients are added up).
"""

# fmt: off
# ruff: noqa: I001
from .._notation import (
    Name, book_name, derivative, elided, latex_name, latex_number, latex_text, many, natural, pretty_name,
    pretty_number, short_number, total_derivative, unique_labels, unique_names,
)
from ..table import (
    ADD, ALWAYS, ARITHMETIC, BUILT_IN, CLOSED, CODES, CONSTANT, DENSE, DIV, DOT, FUNCTIONS, INNER, INPUT, IN_C, MEAN,
    MUL, NAMED, NAMES, NEG, ONE, OUTER, PAIRS, PARAMETER, POW, PRIMITIVES, PRODUCTS, REDUCTIONS, RELU, SELECT, SHIFT,
    SUB, SUM, TABLE, FormulaError, Interpreter, Masks, Row, both, came, check, choice, code_of, count, entries,
    evaluate, flag, function, function_of, in_place, instance, is_closed, log_softmax as log_shares, missing, numeric,
    on_arrays, parse, path_of, primitive, primitive_on_arrays, printable, refuse, respelled, softmax as shares, written,
)
from .tracebacks import api_boundary, hide_engine
from .atomic_write import place, replace
from .backward import grad, total
from .coercion import ENCODING, as_value, real, within
from .condition import Condition, as_condition
from .errors import (
    GradientError, MissingExtraError, NonFiniteError, PrecisionError, RecordingError, RenderError, StateError,
    WhygradError, require,
)
from .functions import operation, row
from .graph import ancestors, between, live, order
from .modes import Watch, is_strict, strict, watch, watching
from .node import reading, reading_all
from .operations import apply, dot
from .provenance import line_of, user_line
from .value import Value

__all__ = [
    "ADD", "ALWAYS", "ARITHMETIC", "BUILT_IN", "CLOSED", "CODES", "CONSTANT", "DENSE", "DIV", "DOT", "ENCODING",
    "FUNCTIONS", "INNER", "INPUT", "IN_C", "MEAN", "MUL", "NAMED", "NAMES", "NEG", "ONE", "OUTER", "PAIRS",
    "PARAMETER", "POW", "PRIMITIVES", "PRODUCTS", "REDUCTIONS", "RELU", "SELECT", "SHIFT", "SUB", "SUM", "TABLE",
    "Condition", "FormulaError", "GradientError", "Interpreter", "Masks", "MissingExtraError", "Name",
    "NonFiniteError", "PrecisionError", "RecordingError", "RenderError", "Row", "StateError", "Value", "Watch",
    "WhygradError", "ancestors", "api_boundary", "apply", "as_condition", "as_value", "between", "book_name", "both",
    "came", "check", "choice", "code_of", "count", "derivative", "dot", "elided", "entries", "evaluate", "flag",
    "function", "function_of", "grad", "hide_engine", "in_place", "instance", "is_closed", "is_strict", "latex_name",
    "latex_number", "latex_text", "line_of", "live", "log_shares", "many", "missing", "natural", "numeric", "on_arrays",
    "operation", "order", "parse", "path_of", "place", "pretty_name", "pretty_number", "primitive",
    "primitive_on_arrays", "printable", "reading", "reading_all", "real", "refuse", "replace", "require", "respelled",
    "row", "shares", "short_number", "strict", "total", "total_derivative", "unique_labels", "unique_names",
    "user_line", "watch", "watching", "within", "written",
]
