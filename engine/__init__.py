"""whygrad: a scalar autograd engine that can say why.

Build a graph of Values, call `backward()`, and ask `chain_rule(loss, w)` why w has its gradient. The words it uses:

- *partial*, ∂z/∂w: how fast the result of one operation changes with one operand, the other operands held fixed.
- *path*: a way through the graph from w to the loss, an operation at a time.
- *factor*: the derivative along one step of a path, from one variable to the next. A path contributes their product.
- *total derivative*, dL/dw: the sum of the products of all paths. `backward()` puts it into `w.grad`.
- *adjoint* of a node: dL/d(node), what `.grad` holds after `backward()`.
- *δ*: the adjoint of a pre-activation, the z in a = σ(z). Books on neural networks write backpropagation in it.
- *leaf*: a Value that no operation made, such as a weight or an input.

Numbers are loaded at once; functions, pictures, pages, diagnosis and recordings when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._compiled import compiled

# fmt: off
# ruff: noqa: I001
from ._where import detach, where
from .core import (
    TABLE, Condition, GradientError, MissingExtraError, NonFiniteError, PrecisionError, RecordingError, RenderError,
    StateError, Value, WhygradError, dot, grad, operation, row, strict,
)

if TYPE_CHECKING:
    from ._functions import (
        acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, ceil, clip, copysign, cos, cosh, elu, erf, erfc, erfinv,
        exp, exp2, expm1, floor, gelu, hard_sigmoid, hard_tanh, hypot, leaky_relu, log, log1p, log2, log10,
        log_sigmoid, log_softmax, logaddexp, logit, logsumexp, maximum, mean, minimum, mish, norm, normal_cdf,
        normal_pdf, prod, relu, selu, sigmoid, sign, silu, sin, sinh, softmax, softplus, softsign, sqrt, square, tan,
        tanh, trunc, xlogy,
    )
    from ._functions import (  # not for `from engine import *`, where they would hide Python's own or are operators
        abs as abs, add as add, div as div, floordiv as floordiv, largest as largest, less as less,
        less_equal as less_equal, mod as mod, mul as mul, neg as neg, pos as pos, pow as pow, round as round,
        select as select, smallest as smallest, sub as sub, sum as sum,
    )
    from ._gradcheck import check_gradients
    from ._jacobians import hessian, hvp, jacobian, jvp
    from .chain import ChainRule, Judgement, chain_rule, judge
    from .diagnosis import Finding, Report
    from .diagnosis.diagnose import diagnose
    from .grading import Check, Comparison
    from .grading.compare import compare
    from .page import explore
    from .picture.draw import draw, render
    from .replay import load_recording
    from .replay.record import Recording, record

    __version__: str

__all__ = [
    "ChainRule", "Check", "Comparison", "Condition", "Finding", "GradientError", "Judgement", "MissingExtraError",
    "NonFiniteError", "PrecisionError", "Recording", "RecordingError", "RenderError", "Report", "StateError", "Value",
    "WhygradError", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "chain_rule",
    "check_gradients", "clip", "compare", "compiled", "copysign", "cos", "cosh", "detach", "diagnose", "dot", "draw",
    "elu", "erf", "erfc", "erfinv", "exp", "exp2", "explore", "expm1", "floor", "gelu", "grad", "hard_sigmoid",
    "hard_tanh", "hessian", "hvp", "hypot", "jacobian", "judge", "jvp", "leaky_relu", "load_recording", "log", "log1p",
    "log2", "log10", "log_sigmoid", "log_softmax", "logaddexp", "logit", "logsumexp", "maximum", "mean", "minimum",
    "mish", "norm", "normal_cdf", "normal_pdf", "prod", "record", "relu", "render", "row", "selu", "sigmoid", "sign",
    "silu", "sin", "sinh", "softmax", "softplus", "softsign", "sqrt", "square", "strict", "tan", "tanh", "trunc",
    "where", "xlogy",
]
# fmt: on

_LATER = {
    "_gradcheck": ("check_gradients",),
    "_jacobians": ("hessian", "hvp", "jacobian", "jvp"),
    "chain": ("ChainRule", "Judgement", "chain_rule", "judge"),
    "diagnosis": ("Finding", "Report", "diagnose"),
    "grading": ("Check", "Comparison", "compare"),
    "page": ("explore",),
    "picture": ("draw", "render"),
    "replay": ("Recording", "load_recording", "record"),
}


def __getattr__(name: str) -> Any:
    for module, names in (*_LATER.items(), ("_functions", __all__)):
        if name in names:
            found = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return found
    if name == "__version__":
        return import_module("importlib.metadata").version("whygrad")
    if name in TABLE:  # rows that only formulas use, and those that users add
        return getattr(import_module("._functions", __name__), name, None) or operation(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
