"""Examples: rows and targets as fit takes them, checked before anything is trained."""

import math
from typing import Any

from engine.value import real

from .state import is_sequence, plain

Examples = tuple[list[Any], list[Any]]  # rows and targets


def examples_of(X: Any, y: Any, what: str = "") -> Examples:
    """Rows of finite floats, all of one width, and as many targets; else an error that says where."""
    for name, given in ((f"{what}X", X), (f"{what}y", y)):
        if not is_sequence(given):
            raise TypeError(f"{name} must be a list or an array, not {type(given).__name__} {given!r:.80}")
    if len(X) != len(y) or not len(X):
        raise ValueError(
            f"{what}X and {what}y must be of one length and not empty, but have {len(X)} and {len(y)} entries"
        )
    rows = [_row(row, f"{what}X[{i}]") for i, row in enumerate(plain(X))]
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"{what}X[{i}] has {len(row)} entries, where {what}X[0] has {len(rows[0])}")
    return rows, list(plain(y))


def held_out_of(validation: Any, width: int) -> Examples:
    """Validation data as examples that are as wide as those to train on."""
    if not is_sequence(validation) or len(validation) != 2:
        got = (
            f"{len(validation)} things"
            if is_sequence(validation)
            else f"{type(validation).__name__} {validation!r:.80}"
        )
        raise (ValueError if is_sequence(validation) else TypeError)(f"validation must be a pair (X, y), not {got}")
    X, y = validation
    rows, targets = examples_of(X, y, "validation ")
    if len(rows[0]) != width:
        raise ValueError(f"validation X[0] has {len(rows[0])} entries, where X[0] has {width}")
    return rows, targets


def _row(row: Any, place: str) -> list[float]:
    try:
        numbers = [real(entry) for entry in (row if is_sequence(row) else [row])]
    except TypeError as error:
        raise TypeError(f"{place} must be a row of real numbers, not {row!r:.80}: {error}") from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"{place} must be finite, not {numbers!r:.80}: drop or repair such examples")
    return numbers
