"""Arrays of numbers, and what is found alike in them: the same compiled and uncompiled."""

import random
from array import array

from hypothesis import given
from hypothesis import strategies as st

from engine.structure.arrays import grouped, ints_of, narrow, new_floats, new_ints, packed
from engine.structure.scans import different, taken, where
from engine.structure.value_numbering import ValueNumbers
from engine.table.opcodes import ADD, MUL, NEG

NUMBERS = st.lists(st.integers(0, 20), max_size=100)


def test_a_new_array_is_zero():
    assert list(new_ints(1_000)) == [0] * 1_000
    assert list(new_floats(1_000)) == [0.0] * 1_000
    assert (len(new_ints(0)), len(new_floats(0))) == (0, 0)


@given(NUMBERS, st.integers(0, 20))
def test_where_are_the_places_of_a_number_from_the_last_to_the_first(numbers, number):
    expected = [i for i in reversed(range(len(numbers))) if numbers[i] == number]
    assert list(where(ints_of(numbers), number)) == expected
    assert list(taken(ints_of(numbers), ints_of(expected))) == [number] * len(expected)


@given(st.lists(st.integers(0, 2**31 - 1)))
def test_narrow_numbers_are_the_same_and_packed_again(numbers):
    assert list(narrow(ints_of(numbers))) == numbers
    assert list(packed(narrow(ints_of(numbers)))) == numbers


@given(NUMBERS)
def test_different_numbers_are_a_set(numbers):
    assert different(ints_of(numbers), 21) == sorted(set(numbers))


@given(NUMBERS)
def test_groups_are_in_the_order_in_which_their_names_come_first(names):
    expected = {}
    for place, name in enumerate(names):
        expected.setdefault(name, []).append(place)
    found = {name: list(group) for name, group in grouped(ints_of(names), ints_of(range(len(names)))).items()}
    assert found == expected
    assert list(found) == list(expected)


@given(st.lists(st.tuples(st.sampled_from([ADD, MUL, NEG, 99]), st.lists(st.integers(0, 2), min_size=2, max_size=4))))
def test_the_number_is_the_first_with_the_same_code_and_arguments(wanted):
    made = [(code, args[: 2 if code in (ADD, MUL) else 1 if code == NEG else 4]) for code, args in wanted]
    starts = [0]
    for _, args in made:
        starts.append(starts[-1] + len(args))
    numbers = ValueNumbers(
        array("i", [code for code, _ in made]),
        array("i", starts),
        array("i", [k for _, args in made for k in args]),
        len(made),
    )
    first = {}
    for i, (code, args) in enumerate(made):
        key = (code, *(sorted(args) if code in (ADD, MUL) else args))
        assert numbers.first(i) == first.setdefault(key, i)


def test_many_are_numbered_too():
    rng = random.Random(0)
    args = [rng.randrange(5_000) for _ in range(60_000)]
    numbers = ValueNumbers(array("i", [NEG] * len(args)), array("i", range(len(args) + 1)), array("i", args), len(args))
    first = {}
    for i, k in enumerate(args):
        assert numbers.first(i) == first.setdefault(k, i)
