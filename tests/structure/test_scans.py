"""Scans of groups, compared with the same said in Python."""

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.structure.arrays import floats_of, groups_of, ints_of
from engine.structure.scans import coincident, holding

numbers = st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-9, 1.001, -1.0, 3e200, 5e-324, math.inf]) | st.floats(width=16)


@given(st.lists(st.lists(numbers, max_size=3), max_size=12))
def test_groups_of_numbers(groups):
    data = floats_of(x for group in groups for x in group)
    starts = [sum(map(len, groups[:n])) for n in range(len(groups))]
    indices = groups_of(ints_of(range(n, n + len(group))) for n, group in zip(starts, groups, strict=True))
    firsts = {n: group[0] for n, group in enumerate(groups) if group and math.isfinite(group[0])}
    near = {n for n, x in firsts.items() for m, y in firsts.items() if n != m and abs(x - y) <= 1e-8 * abs(x)}
    far = {n for n, x in firsts.items() if all(abs(x - y) > 1e-5 * abs(x) for m, y in firsts.items() if n != m)}
    found = coincident(indices, data)
    assert near <= found.keys()
    assert not far & found.keys()
    assert all(abs(x - firsts[n]) <= 1e-6 * abs(x) for n, x in found.items() if n in firsts)


def test_a_sum_holds_what_a_sum_in_it_holds():
    sums = groups_of([ints_of([1, 2]), ints_of([3, 4]), ints_of([0, 3])])  # numbered from 3 on
    assert list(holding(ints_of([0, 1, 0, 0, 0, 0]), sums)) == [0, 1, 0, 1, 1, 1]
    assert list(holding(ints_of([1, 0, 0, 0, 0, 0]), sums)) == [1, 0, 0, 0, 0, 1]
