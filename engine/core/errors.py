"""The errors of whygrad: each says what was expected, what came and what to do.

WhygradError            base of all errors below
├── GradientError       a gradient differs from the central difference (also an AssertionError)
├── NonFiniteError      an operation gave inf or nan inside `strict()` (also an ArithmeticError)
├── RecordingError      a function cannot be recorded, because it looks at numbers that change (also a TypeError)
├── PrecisionError     JAX computes in single precision, and the engine in double (also a RuntimeError)
├── StateError          a file or a state dict does not fit the module (also a ValueError)
├── RenderError         a picture cannot be drawn in the format asked for (also a RuntimeError)
└── MissingExtraError   an optional package is not installed (also an ImportError)

A wrong argument is a plain TypeError or ValueError, as everywhere in Python.
"""

import importlib
from types import ModuleType


class WhygradError(Exception):
    """Base of the errors that whygrad raises on purpose."""


class GradientError(WhygradError, AssertionError):
    """A gradient differs from the central difference: raised by `check_gradients`, which shows the worst entry."""


class NonFiniteError(WhygradError, ArithmeticError):
    """An operation gave inf or nan inside `strict()`; its text names the operation, its operands and your line."""


class RecordingError(WhygradError, TypeError):
    """A function that `record` cannot record, because it looks at numbers that change."""


class PrecisionError(WhygradError, RuntimeError):
    """JAX computes in single precision, and the engine in double: raised by what `Recording.to_jax` returns."""


class StateError(WhygradError, ValueError):
    """A file or a state dict does not fit the module: raised by `nn.load` and `load_recording`."""


class RenderError(WhygradError, RuntimeError):
    """A picture cannot be drawn in the format asked for: raised by `render` and `ChainRule.save`."""


class MissingExtraError(WhygradError, ImportError):
    """An optional package is not installed; the text is the line that installs it, as for `Recording.to_jax`."""


def require(module: str, extra: str = "") -> ModuleType:
    """Import a package when it is used, or raise a MissingExtraError with the line that installs it.

    >>> require("math").sqrt(4.0)
    2.0
    >>> require("no_such_package", "jax")
    Traceback (most recent call last):
    engine.core.errors.MissingExtraError: no_such_package is not installed; install it with: pip install "whygrad[jax]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name != package:
            raise
        wanted = f'"whygrad[{extra}]"' if extra else package
        raise MissingExtraError(f"{module} is not installed; install it with: pip install {wanted}") from None
