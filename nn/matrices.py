"""Matrices as lists of rows."""

from collections.abc import Iterable
from itertools import chain
from math import isnan
from typing import TypeVar

Matrix = list[list[float]]
Entry = TypeVar("Entry")


def transposed(a: Iterable[Iterable[Entry]]) -> list[list[Entry]]:
    """Rows as columns.

    >>> transposed([[1.0, 2.0]])
    [[1.0], [2.0]]
    """
    return [list(column) for column in zip(*a, strict=True)]


def equal(a: Matrix, b: Matrix) -> bool:
    """Whether entries are equal; nan equals nan."""
    return all(x == y or (isnan(x) and isnan(y)) for x, y in zip(chain(*a), chain(*b), strict=True))
