"""Groups of equal rows, compared with the same said in Python."""

from hypothesis import given
from hypothesis import strategies as st

from engine.structure.arrays import ints_of
from engine.structure.groups import equal_rows, group_numbers


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 300)), max_size=30))
def test_equal_rows_are_grouped_in_the_order_of_their_numbers(rows):
    groups = equal_rows(tuple(ints_of(row[k] for row in rows) for k in range(3)))
    found = [[*groups.of(n)] for n in range(len(groups.starts) - 1)]
    assert found == [[i for i, row in enumerate(rows) if row == kind] for kind in sorted(set(rows))]
    assert list(group_numbers(groups)) == [sorted(set(rows)).index(row) + 1 for row in rows]
