"""Numbers that remember the operation they came from: a Value, its operators, and `backward()`.

It offers Value, the functions of the table, `grad`, `check_gradients` and `strict`, and to the other packages the table
and its formulas, the opcodes, the traversals, and how numbers and names are written.

Read `value` and `table` first: they are all that micrograd has, and more. Then `operations` and `node` (how a result
is made), `graph` and `backward` (how gradients are added up), and `formula` and `kernels` (how the table is read).
"""

# fmt: off
# ruff: noqa: I001
from .atomic_write import place, replace
from .backward import grad, total
from .coercion import as_value, real
from .errors import (
    GradientError, MissingExtraError, NonFiniteError, PrecisionError, RecordingError, RenderError, StateError,
    WhygradError, require,
)
from .formula import TABLE, evaluate, numeric
from .functions import (
    cos, erf, exp, log, logsumexp, maximum, minimum, operation, relu, sigmoid, sin, softmax, softplus, sqrt, tanh,
)
from .gradcheck import check_gradients
from .graph import ancestors, between, order
from .kernels import KERNELS
from .modes import Watch, is_strict, strict, watch, watching
from .node import reading
from .notation import (
    Name, derivative, latex_name, latex_number, latex_text, many, pretty_name, pretty_number, short_number,
    unique_names,
)
from .opcodes import (
    ADD, ARITHMETIC, CODES, CONSTANT, DENSE, DIV, DOT, EXP, INNER, INPUT, LOG, MEAN, MUL, NAMES, NEG, ONE, PARAMETER,
    POW, PRODUCTS, RELU, SHIFT, SIGMOID, SUB, SUM, TANH, code_of,
)
from .operations import apply, dot
from .provenance import line_of, user_line
from .table import Row, row
from .value import Value

__all__ = [
    "ADD", "ARITHMETIC", "CODES", "CONSTANT", "DENSE", "DIV", "DOT", "EXP", "INNER", "INPUT", "KERNELS", "LOG", "MEAN",
    "MUL", "NAMES", "NEG", "ONE", "PARAMETER", "POW", "PRODUCTS", "RELU", "SHIFT", "SIGMOID", "SUB", "SUM", "TABLE",
    "TANH", "GradientError", "MissingExtraError", "Name", "NonFiniteError", "PrecisionError", "RecordingError",
    "RenderError", "Row", "StateError", "Value", "Watch", "WhygradError", "ancestors", "apply", "as_value", "between",
    "check_gradients", "code_of", "cos", "derivative", "dot", "erf", "evaluate", "exp", "grad", "is_strict",
    "latex_name", "latex_number", "latex_text", "line_of", "log", "logsumexp", "many", "maximum", "minimum", "numeric",
    "operation", "order", "place", "pretty_name", "pretty_number", "reading", "real", "relu", "replace", "require",
    "row", "short_number", "sigmoid", "sin", "softmax", "softplus", "sqrt", "strict", "tanh", "total", "unique_names",
    "user_line", "watch", "watching",
]
