"""Matrices as lists of rows: products, and equality to within rounding."""

from collections.abc import Iterable
from math import isclose, isnan
from operator import mul

from engine.structure import SAME

Matrix = list[list[float]]
TINY = 1e-300  # the absolute error of a product that underflows


def times(a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices.

    >>> times([[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]])
    [[13.0, 16.0]]
    """
    columns = transposed(b)
    return [[sum(map(mul, row, column)) for column in columns] for row in a]


def transposed(a: Matrix) -> Matrix:
    """Rows as columns.

    >>> transposed([[1.0, 2.0]])
    [[1.0], [2.0]]
    """
    return [list(column) for column in zip(*a, strict=True)]


def hadamard(a: Matrix, b: Matrix) -> Matrix:
    """The product entry by entry.

    >>> hadamard([[2.0, 3.0]], [[5.0, 7.0]])
    [[10.0, 21.0]]
    """
    return [[x * y for x, y in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]


def is_product(found: Matrix, left: Matrix, right: Matrix) -> bool:
    """Whether left · right equals `found` to within rounding of the terms of each entry."""
    sizes = times([[abs(x) for x in row] for row in left], [[abs(x) for x in row] for row in right])
    return agree(found, times(left, right), sizes)


def agree(a: Matrix, b: Matrix, sizes: Matrix | None = None) -> bool:
    """Whether entries are equal to within rounding, relative to `sizes` or to those of a; nan agrees with anything."""
    entries = zip(_entries(a), _entries(b), _entries(sizes or a), strict=True)
    return all(
        x == y or isnan(x) or isnan(y) or isclose(x, y, rel_tol=0.0, abs_tol=SAME * abs(size) + TINY)
        for x, y, size in entries
    )


def _entries(a: Matrix) -> Iterable[float]:
    return (x for row in a for x in row)


def equal(a: Matrix, b: Matrix) -> bool:
    """Whether entries are equal; nan equals nan."""
    return all(x == y or (isnan(x) and isnan(y)) for x, y in zip(_entries(a), _entries(b), strict=True))
