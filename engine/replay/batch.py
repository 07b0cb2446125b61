"""A batch as arrays, from lists or from objects with `__array__`, such as arrays, frames and series."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from ..core import ENCODING, Value, came, entries, real


def arrays_of(batch: Sequence[Any], widths: Sequence[int | None], what: str = "argument") -> list[Any]:
    """The batch as float64 arrays, of shape (B,) for an argument that is a number, else (B, width).

    >>> arrays_of([[1, 2], [[3, 4], [5, "6"]]], [None, 2])
    Traceback (most recent call last):
    TypeError: argument 2[1][1] must be a real number, not str '6'
    """
    batch = entries(batch, f"the {what}s", "a sequence of arrays")
    if len(batch) != len(widths):
        count = f"{len(widths)} {what}{'s' if len(widths) > 1 else ''}"
        raise TypeError(f"the recorded function takes {count}, not {len(batch)}: each is a column of all examples")
    arrays = [_array(x, f"{what} {k + 1}", width) for k, (x, width) in enumerate(zip(batch, widths, strict=True))]
    size = len(arrays[0])
    for k, array in enumerate(arrays):
        if len(array) != size:
            raise ValueError(f"{what} {k + 1} has {len(array)} examples, where {what} 1 has {size}")
    if not size:
        raise ValueError("a batch needs at least one example, this one is empty")
    return arrays


def numbers_of(given: Any, name: str) -> Any:
    """An array of doubles, or an error with the row and the column of an entry that is not a number."""
    if type(given) is np.ndarray and given.dtype == float:
        return given
    if getattr(given, "requires_grad", False):
        given = given.detach()
    if np.ma.is_masked(given):
        raise TypeError(f"{name} has masked entries: fill or drop them first")
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"{name} must be an array, not rows of different lengths") from None
    if array.dtype.kind in "Mm":
        raise TypeError(f"{name} holds dates or durations: convert them to numbers first")
    if array.dtype.kind in "OUST" and array.ndim:
        return _each(given, array, name)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be an array of real numbers, not of {array.dtype}")
    return array.astype(float)


def is_array(given: Any) -> bool:
    """Whether something is an array, a series, a frame or a tensor of some library."""
    return hasattr(given, "__array__") and not isinstance(given, (Value, Real, str))


def _array(given: Any, name: str, width: int | None) -> Any:
    array = numbers_of(given, name)
    if array.ndim != (1 if width is None else 2) or (width is not None and array.shape[1] != width):
        wanted = "a column of shape (B,)" if width is None else f"a matrix of shape (B, {width})"
        raise ValueError(f"{name} must be {wanted}, not of shape {array.shape}")
    return array


def _each(given: Any, array: Any, name: str) -> Any:
    """An array of any objects as doubles, one by one."""
    if not isinstance(given, (list, tuple)):
        entries = array
    else:  # else NumPy makes text of numbers beside it
        entries = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            entries[index] = _at(given, index)
    columns = list(getattr(given, "columns", ()))
    numbers = np.empty(array.shape)
    for index in np.ndindex(array.shape):
        names = [columns[k] if n == 1 and len(columns) == array.shape[1] else k for n, k in enumerate(index)]
        numbers[index] = number(entries[index], name + "".join(f"[{k!r}]" for k in names))
    return numbers


def _at(nested: Any, index: tuple[int, ...]) -> Any:
    for k in index:
        nested = nested[k]
    return nested


def number(entry: Any, place: str) -> float:
    """An entry as a float, or an error that says which entry is not a number."""
    if isinstance(entry, str) and not _is_numeral(entry):
        label = f"{str(entry)!r:.80}"
        raise TypeError(f"{place} is the label {label}, and a recording takes numbers: encode labels first, {ENCODING}")
    try:
        return real(entry)
    except TypeError:
        hint = ": pass its .data" if isinstance(entry, Value) else ""
        raise TypeError(f"{place} must be a real number, not {came(entry)}{hint}") from None


def _is_numeral(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
