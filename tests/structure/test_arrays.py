"""Arrays of numbers, and what is found alike in them: the same compiled and uncompiled."""

import random
import sys
from array import array
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.core.opcodes import ADD, MUL, NEG
from engine.structure.arrays import copied, cut, floats_of, ints_of, new_floats, new_ints
from engine.structure.value_numbering import Known, grouped

compiled = pytest.mark.skipif(not engine.compiled, reason="only a compiled build has memory of its own")
NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=200)


@given(NUMBERS)
def test_an_array_is_the_numbers_that_it_was_made_of(numbers):
    assert list(ints_of(numbers)) == numbers
    assert list(floats_of(numbers)) == numbers
    assert list(copied(floats_of(numbers))) == numbers
    assert len(ints_of(numbers)) == len(numbers)


def test_a_new_array_is_zero_though_its_memory_was_used_before():
    for size in range(0, 3_000, 7):
        used = ints_of([-1] * size), floats_of([1.5] * size)
        assert used
        del used
        assert not any(new_ints(size))
        assert not any(new_floats(size))


def test_arrays_that_live_at_the_same_time_share_nothing():
    rng = random.Random(0)
    arrays = [ints_of([n] * rng.randrange(500)) for n in range(300)]
    del arrays[::3]
    arrays += [ints_of([n] * rng.randrange(500)) for n in range(300, 500)]
    assert all(len(set(numbers)) <= 1 for numbers in arrays)
    assert len({numbers[0] for numbers in arrays if len(numbers)}) == sum(len(numbers) > 0 for numbers in arrays)


def test_an_array_is_cut_and_a_copy_is_apart():
    numbers = floats_of([1.0, 2.0, 3.0])
    other = copied(numbers)
    other[0] = 9.0
    assert (list(numbers), list(other)) == ([1.0, 2.0, 3.0], [9.0, 2.0, 3.0])
    assert list(cut(ints_of([5, 6, 7]), 2)) == [5, 6]


@compiled
def test_a_place_beyond_an_array_is_an_index_error():
    numbers = ints_of([1, 2])
    for i in (-1, 2):
        with pytest.raises(IndexError, match=f"there are 2 numbers, and none is {i}"):
            numbers[i]
        with pytest.raises(IndexError):
            numbers[i] = 1


@compiled
def test_the_size_of_an_array_is_one_that_memory_can_have():
    numbers = import_module("engine.structure.scratch").Numbers
    for kind, size in (("d", -1), ("i", -1), ("d", 1 << 61), ("i", 1 << 62), ("d", sys.maxsize)):
        with pytest.raises(MemoryError, match="no memory for an array"):
            numbers(kind, size)
    for size in (-1, 3):
        with pytest.raises(IndexError, match=f"there are 2 numbers, and not {size}"):
            cut(ints_of([1, 2]), size)


@compiled
def test_an_array_is_a_buffer():
    assert memoryview(floats_of([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert memoryview(ints_of([1, 2])).format == "i"


@compiled
def test_memory_is_taken_again():
    module = import_module("engine.structure.scratch")
    new_ints(100_000)
    before = module.kept_bytes()
    for _ in range(50):
        new_ints(100_000)
    assert module.kept_bytes() == before
    held = [new_floats(1_000_000) for _ in range(8)]
    del held
    assert module.kept_bytes() <= module.MOST_KEPT


@given(st.lists(st.integers(0, 20), max_size=100))
def test_groups_are_in_the_order_in_which_their_names_come_first(names):
    expected = {}
    for place, name in enumerate(names):
        expected.setdefault(name, []).append(place)
    found = {name: list(group) for name, group in grouped(ints_of(names), ints_of(range(len(names)))).items()}
    assert found == expected
    assert list(found) == list(expected)


@given(st.lists(st.tuples(st.sampled_from([ADD, MUL, NEG, 99]), st.lists(st.integers(0, 2), min_size=2, max_size=4))))
def test_known_is_the_first_with_the_same_code_and_arguments(wanted):
    made = [(code, args[: 2 if code in (ADD, MUL) else 1 if code == NEG else 4]) for code, args in wanted]
    starts = [0]
    for _, args in made:
        starts.append(starts[-1] + len(args))
    known = Known(
        array("i", [code for code, _ in made]), array("i", starts), array("i", [k for _, args in made for k in args])
    )
    first = {}
    for i, (code, args) in enumerate(made):
        key = (code, *(sorted(args) if code in (ADD, MUL) else args))
        assert known.first(i) == first.setdefault(key, i)


def test_many_are_known_too():
    rng = random.Random(0)
    args = [rng.randrange(5_000) for _ in range(60_000)]
    known = Known(array("i", [NEG] * len(args)), array("i", range(len(args) + 1)), array("i", args))
    first = {}
    for i, k in enumerate(args):
        assert known.first(i) == first.setdefault(k, i)
