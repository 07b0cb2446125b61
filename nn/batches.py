"""Examples: rows and targets as fit takes them, checked before anything is trained."""

import math
from collections.abc import Sequence
from typing import Any

from engine.core import ENCODING, came, real

from .state import is_sequence, plain

Examples = tuple[list[Any], list[Any]]  # rows and targets


def examples_of(X: Any, y: Any, what: str = "") -> Examples:
    """Rows of finite floats, all of one width, and a target for each row; else an error that says where.

    X and y are lists, or arrays, frames or series of any library that have `tolist` or `__array__`.

    >>> examples_of([[1.0, 2.0], [3.0, "4"]], [0, 1])
    Traceback (most recent call last):
    TypeError: X[1][1] must be a real number, not str '4'
    """
    X, y = (x.__array__() if hasattr(x, "__array__") and not is_sequence(x) else x for x in (X, y))
    for name, given in ((f"{what}X", X), (f"{what}y", y)):
        if not is_sequence(given) or isinstance(given, (str, dict)):
            raise TypeError(f"{name} must be a list, an array or a frame, not {came(given)}")
    if len(X) != len(y) or not len(X):
        raise ValueError(
            f"{what}X and {what}y must be of one length and not empty, but have {len(X)} and {len(y)} entries"
        )
    names, kinds = _columns(X), _columns(y)
    rows = [_row(row, f"{what}X[{i}]", names) for i, row in enumerate(_numbers(X, f"{what}X"))]
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"{what}X[{i}] has {len(row)} entries, where {what}X[0] has {len(rows[0])}")
    targets = [_target(target, f"{what}y[{i}]", kinds) for i, target in enumerate(_numbers(y, f"{what}y"))]
    is_column = len(kinds) == 1 or tuple(getattr(y, "shape", ()))[1:] == (1,)
    return rows, [target[0] for target in targets] if is_column else targets


def held_out_of(validation: Any, width: int) -> Examples:
    """Validation data as examples of the same width as the training examples."""
    if not is_sequence(validation) or len(validation) != 2:
        got = f"{len(validation)} things" if is_sequence(validation) else f"{came(validation)}"
        raise (ValueError if is_sequence(validation) else TypeError)(f"validation must be a pair (X, y), not {got}")
    X, y = validation
    rows, targets = examples_of(X, y, "validation ")
    if len(rows[0]) != width:
        raise ValueError(f"validation X[0] has {len(rows[0])} entries, where X[0] has {width}")
    return rows, targets


def _columns(given: Any) -> Sequence[Any]:
    """The names of a frame's columns; empty for any other object."""
    columns = getattr(given, "columns", None)
    return () if columns is None else list(columns)


def _numbers(given: Any, what: str) -> Any:
    """An array as lists; dates are an error, as they would pass for numbers."""
    is_frame = hasattr(given, "columns") or hasattr(given, "to_frame")
    columns = [given[name].__array__() for name in _columns(given)]
    arrays = columns or [given.__array__() if is_frame else given]
    if any(getattr(getattr(array, "dtype", None), "kind", "") in ("M", "m") for array in arrays):
        raise TypeError(f"{what} holds dates or durations: convert them to numbers first")
    return plain(given)


def _row(row: Any, place: str, columns: Sequence[Any]) -> list[float]:
    entries = row if is_sequence(row) and not isinstance(row, str) else [row]
    return [_number(entry, _at(place, j, columns, len(entries))) for j, entry in enumerate(entries)]


def _target(target: Any, place: str, columns: Sequence[Any]) -> Any:
    """A target, which must be a number or a row of numbers."""
    if isinstance(target, (str, bytes)):
        raise TypeError(f"{place} is the label {target!r}, and losses take numbers: encode labels first, {ENCODING}")
    if is_sequence(target):
        for j, entry in enumerate(target):
            _target(entry, _at(place, j, columns, len(target)), ())
    else:
        _number(target, place)
    return target


def _at(place: str, column: int, columns: Sequence[Any], width: int) -> str:
    """The name of an entry in an error: with the column's name if it has one, else its index."""
    return f"{place}[{(columns[column] if len(columns) == width else column)!r}]"


def _number(entry: Any, place: str) -> float:
    try:
        number = real(entry)
    except TypeError:
        raise TypeError(f"{place} must be a real number, not {came(entry)}") from None
    if not math.isfinite(number):
        raise ValueError(f"{place} must be finite, not {number}: drop or repair such examples")
    return number
