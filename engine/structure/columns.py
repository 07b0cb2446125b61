"""Numbers in rows, with a column for each of several sweeps made together; when compiled, sweeps.pxd has them in C.

In Python a row is an array of NumPy, or one float where there is one sweep.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .arrays import Floats

Rows: TypeAlias = Any


def columns(numbers: Floats, count: int) -> Rows:
    """The numbers in rows of `count`, which share their memory."""
    import numpy as np

    return numbers if count == 1 else list(np.asarray(numbers).reshape(-1, count))


def put(rows: Rows, i: int, n: int, number: float, count: int) -> None:
    """Enter number n of row i."""
    if count == 1:
        rows[i] = number
    else:
        rows[i][n] = number


def pass_back(rows: Rows, i: int, j: int, partial: float, count: int) -> None:
    """Add row i times a partial to row j."""
    rows[j] += rows[i] * partial


def pass_changed(rows: Rows, i: int, j: int, partials: Rows, k: int, is_closed: bool, count: int) -> bool:
    """The same with row k of partials, whose zeros let nothing pass if the slot is closed. Whether anything passes."""
    if count > 1 and is_closed:
        passes = partials[k] != 0.0
        rows[j][passes] += rows[i][passes] * partials[k][passes]
        return bool(passes.any())
    if is_closed and partials[k] == 0.0:
        return False
    rows[j] += rows[i] * partials[k]
    return True
