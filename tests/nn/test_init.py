"""Initial parameters: their distributions, and the generator that they come from."""

import random
from statistics import fmean, pvariance

import pytest

from engine.core import count
from nn.init import INITIALISERS, generator, initial


def draw(init, nin, nout, many=20_000):
    rng = random.Random(0)
    return [weight for _ in range(many // nin) for weight in initial(init, nin, nout, rng)[0]]


@pytest.mark.parametrize(
    ("init", "variance", "largest"),
    [("uniform", 1 / 3, 1.0), ("xavier", 2 / (8 + 24), (6 / (8 + 24)) ** 0.5), ("he", 2 / 8, 5 * (2 / 8) ** 0.5)],
)
def test_spread_is_that_of_the_paper(init, variance, largest):
    weights = draw(init, nin=8, nout=24)
    assert fmean(weights) == pytest.approx(0.0, abs=3 * (variance / len(weights)) ** 0.5)
    assert pvariance(weights) == pytest.approx(variance, rel=0.05)
    assert 0.7 * largest < max(map(abs, weights)) <= largest


@pytest.mark.parametrize("init", INITIALISERS)
def test_bias_starts_at_zero_and_there_is_a_weight_an_input(init):
    weights, bias = initial(init, 5, 2, random.Random(0))
    assert (len(weights), bias) == (5, 0.0)


@pytest.mark.parametrize("number", [1, 0.25, -2.0])
def test_a_number_is_every_weight_and_the_bias(number):
    assert initial(number, 3, 1, random.Random(0)) == ([float(number)] * 3, float(number))


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match="init must be a number or one of uniform, xavier, he, not 'glorot'"):
        initial("glorot", 3, 1, random.Random(0))


def test_what_is_neither_name_nor_number_is_refused():
    with pytest.raises(TypeError, match="not NoneType None"):
        initial(None, 3, 1, random.Random(0))


def test_a_seed_gives_the_same_numbers_and_a_generator_is_used_as_it_is():
    rng = random.Random(3)
    assert generator(rng) is rng
    assert generator(7).random() == generator(7).random() == random.Random(7).random()


def test_a_seed_may_be_an_integer_of_numpy():
    np = pytest.importorskip("numpy")
    assert generator(np.int64(7)).random() == generator(7).random()


@pytest.mark.parametrize("seed", ["7", 7.0, [7]])
def test_another_seed_is_refused(seed):
    with pytest.raises(TypeError, match=r"seed must be an int, a random.Random or None, not"):
        generator(seed)


def test_without_a_seed_numbers_come_from_the_global_generator():
    random.seed(5)
    expected = [random.uniform(-1, 1) for _ in range(3)]
    random.seed(5)
    assert initial("uniform", 3, 1, generator(None))[0] == expected


def test_with_a_seed_the_global_generator_is_left_alone():
    random.seed(5)
    before = random.getstate()
    initial("he", 4, 4, generator(1))
    assert random.getstate() == before


@pytest.mark.parametrize(("number", "error"), [(0, ValueError), (-3, ValueError), (2.0, TypeError), ("2", TypeError)])
def test_sizes_are_ints_from_one(number, error):
    with pytest.raises(error, match="nin must be"):
        count(number, "nin")
