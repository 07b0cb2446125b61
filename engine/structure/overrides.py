"""Changes of a backward pass: other partials of some edges, and other adjoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .arrays import Floats, Ints, floats_of, ints_of, new_floats, new_ints


class Overrides(NamedTuple):
    """Other partials of some edges, and other adjoints, by node."""

    edges: Ints
    partials: Floats
    adjoints: Mapping[int, float]


def table(partials: Floats, changes: Sequence[Overrides]) -> tuple[Ints, Floats]:
    """By edge, 0 or 1 + its row in a table of partials, and the table, with a column for each change.

    >>> from .arrays import floats_of, ints_of
    >>> changes = [Overrides(ints_of([2]), floats_of([0.5]), {}), Overrides(ints_of([0]), floats_of([0.0]), {})]
    >>> table(floats_of([1.0, 2.0, 3.0]), changes)
    (array('i', [1, 0, 2]), array('d', [1.0, 0.0, 0.5, 3.0]))
    """
    import numpy as np

    edges, numbers = ints_of(()), floats_of(())
    for change in changes:
        edges += change.edges
        numbers += change.partials
    column = np.repeat(np.arange(len(changes)), [len(change.edges) for change in changes])
    which = new_ints(len(partials))
    row = np.asarray(which)
    row[edges] = 1
    distinct = np.flatnonzero(row)
    row[distinct] = np.arange(1, len(distinct) + 1)
    found = new_floats(len(distinct) * len(changes))
    rows = np.asarray(found).reshape(-1, len(changes))
    rows[:] = np.asarray(partials)[distinct, np.newaxis]
    rows[row[edges] - 1, column] = numbers
    return which, found
