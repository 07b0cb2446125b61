"""whygrad: a scalar autograd engine that can say why.

Build a graph of Values, call `backward()`, and ask `chain_rule(loss, w)` why w has its gradient. The words it uses:

- *partial*, ∂z/∂w: how fast the result of one operation changes with one operand, the other operands held fixed.
- *path*: a way through the graph from w to the loss, an operation at a time.
- *factor*: the derivative along one step of a path, from one variable to the next. A path contributes their product.
- *total derivative*, dL/dw: the sum of the products of all paths. `backward()` puts it into `w.grad`.
- *adjoint* of a node: dL/d(node), what `.grad` holds after `backward()`.
- *δ*: the adjoint of a pre-activation, the z in a = σ(z). Books on neural networks write backpropagation in it.
- *leaf*: a Value that no operation made, such as a weight or an input.

The numbers and their functions are loaded at once; pictures, pages, diagnosis and recordings when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._compiled import compiled
from .core import (
    TABLE,
    GradientError,
    MissingExtraError,
    NonFiniteError,
    PrecisionError,
    RecordingError,
    RenderError,
    StateError,
    Value,
    WhygradError,
    check_gradients,
    cos,
    detach,
    dot,
    erf,
    exp,
    grad,
    log,
    logsumexp,
    maximum,
    minimum,
    operation,
    relu,
    row,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    strict,
    tanh,
    where,
)

if TYPE_CHECKING:
    from .chain import ChainRule, Judgement, chain_rule, judge
    from .diagnosis import Finding, Report
    from .diagnosis.diagnose import diagnose
    from .grading import Check, Comparison
    from .grading.compare import compare
    from .page import explore
    from .picture.draw import draw, render
    from .replay.conditions import Condition
    from .replay.record import Recording, record

    __version__: str

# fmt: off
__all__ = [
    "ChainRule", "Check", "Comparison", "Condition", "Finding", "GradientError", "Judgement", "MissingExtraError",
    "NonFiniteError", "PrecisionError", "Recording", "RecordingError", "RenderError", "Report", "StateError", "Value",
    "WhygradError", "chain_rule", "check_gradients", "compare", "compiled", "cos", "detach", "diagnose", "dot", "draw",
    "erf", "exp", "explore", "grad", "judge", "log", "logsumexp", "maximum", "minimum", "record", "relu", "render",
    "row", "sigmoid", "sin", "softmax", "softplus", "sqrt", "strict", "tanh", "where",
]
# fmt: on

_LATER = {
    "chain": ("ChainRule", "Judgement", "chain_rule", "judge"),
    "diagnosis": ("Finding", "Report", "diagnose"),
    "grading": ("Check", "Comparison", "compare"),
    "page": ("explore",),
    "picture": ("draw", "render"),
    "replay": ("Condition", "Recording", "record"),
}


def __getattr__(name: str) -> Any:
    for package, names in _LATER.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f".{package}", __name__), name)
            return found
    if name == "__version__":
        return import_module("importlib.metadata").version("whygrad")
    if name in TABLE:  # every row is a function here
        return operation(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
