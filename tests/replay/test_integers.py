"""C integers: lists of them that grow, and the sort by small keys."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.replay.integers import Integers, grown, integers, ordered

NUMBERS = st.integers(-(2**31), 2**31 - 1)


@given(st.lists(NUMBERS | st.none()))
def test_integers_do_what_a_list_does(drawn):
    """None takes the last number away."""
    got, wanted = Integers(), []
    for number in drawn:
        if number is not None:
            got.append(number)
            wanted.append(number)
        elif wanted:
            assert got.pop() == wanted.pop()
        assert (got.size, got.array().tolist()) == (len(wanted), wanted)


def test_a_number_that_is_no_c_integer_is_refused():
    with pytest.raises(OverflowError):
        Integers().append(2**31)


@given(st.lists(NUMBERS, min_size=1), st.integers(0, 40))
def test_grown_integers_are_the_same_and_zeros(numbers, more):
    found = grown(array("i", numbers), len(numbers) + more)
    assert len(found) >= len(numbers) + more
    assert found.tolist() == numbers + [0] * (len(found) - len(numbers))


@given(st.lists(st.integers(0, 9), max_size=50), st.randoms())
def test_ordered_is_a_stable_sort(keys, random):
    among = random.sample(range(len(keys)), random.randint(0, len(keys)))
    found = ordered(array("i", keys), array("i", among))
    assert list(found) == sorted(among, key=keys.__getitem__)


def test_ordered_takes_keys_far_apart():
    assert list(ordered(array("i", [10**6, 0]), array("i", [0, 1]))) == [1, 0]


def test_integers_are_made_of_one_number():
    assert integers(3, -1).tolist() == [-1, -1, -1]
    assert integers(0).tolist() == []
