"""The table on arrays of NumPy, which is passed in, so that nothing is loaded before it is used."""

from collections.abc import Callable
from typing import Any

from .formula import TABLE, Interpreter
from .primitives import PRIMITIVES, function


def on_arrays(np: Any) -> Interpreter:
    """The algebra of arrays, with the rows that there are now.

    >>> import numpy as np
    >>> on_arrays(np)("relu", np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return Interpreter(
        {name: primitive_on_arrays(np, name) for name in PRIMITIVES if name not in ("sum", "shift")}, "NumPy"
    )


def primitive_on_arrays(np: Any, name: str) -> Callable[..., Any]:
    """A primitive on arrays; one that NumPy does not have goes number by number."""
    text = PRIMITIVES[name].numpy
    return function(text, np=np) if text else lambda *a: np.vectorize(TABLE[name].value, otypes=[float])(*a)
