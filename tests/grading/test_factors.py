"""Factors of a path that the learner has split, merged, left out or put in another order, with one slip."""

import random
import re

import pytest
from graphs import labelled, two_paths

from engine import Value, chain_rule

STEPS = (
    lambda v, p: v * p,
    lambda v, p: (v * p).tanh(),
    lambda v, p: v.sigmoid(),
    lambda v, p: (v - p) ** 2,
    lambda v, p: (v * p).sin(),
    lambda v, p: p - v,
    lambda v, p: v.exp() * 0.3,
)
SLIPS = ("-({})", "2*({})", "({}) + 1", "({})*0.77", "1 - ({})", "({})**2")


def neuron():
    """C = (a - y)², a = σ(z), z = w·x + b."""
    w, x, y, b = Value(0.8, "w"), Value(1.5, "x"), Value(0.3, "y"), Value(0.1, "b")
    a = labelled(labelled(w * x + b, "z").sigmoid(), "a")
    return chain_rule(labelled((a - y) ** 2, "C"), w)


@pytest.mark.parametrize(
    "factors",
    [
        ["x", "a", "1-a", "2", "a-y"], ["2", "a-y", "1-a", "a", "x"], ["x a (1-a)", "2", "a-y"],
        ["a(1-a)", "x", "2(a-y)"], ["x a", "1-a", "2(a-y)"], ["1", "x", "a(1-a)", "2(a-y)"],
        ["x", "a(1-a)", "-2", "y-a"], [1.5, 0.7858, 0.2142, 2, 0.4858], [0.1683, 1.5, 0.9717],
    ],
)  # fmt: skip
def test_factors_that_make_the_path_s_are_right(factors):
    assert neuron().check(factors).ok


@pytest.mark.parametrize(
    ("factors", "wrong", "text"),
    [
        (["x", "a", "1+a", "2", "a-y"], 2,
         "factor 3 of 5, from w, is 1 - a = 0.2142 in ∂a/∂z = a * (1 - a) = 0.1683, not 1+a = 1.786"),
        (["2", "y-a", "a(1-a)", "x"], 1,
         "factor 2 of 4, from C, is a - y = 0.4858 in ∂C/∂a = 2 * (a - y) = 0.9717, not y-a = -0.4858: "
         "the sign is wrong"),
        ([1.5, 0.7858, 0.3, 2, 0.4858], 2,
         "factor 3 of 5, from w, is 1 - a = 0.2142 in ∂a/∂z = a * (1 - a) = 0.1683, not 0.3"),
        (["x", "0.25", "0.9", "2(a-y)"], None,
         "factors 2 and 3 of 4, from w, make ∂a/∂z = a * (1 - a) = 0.1683, not 0.25 · 0.9 = 0.225"),
        (["x a (1+a)", "2(a-y)"], 0,
         "factor 1 of 2, from w, is ∂z/∂w · ∂a/∂z = x · a * (1 - a) = 0.2524, not x a (1+a) = 2.105"),
        (["a(1-a)", "x", "2(y-a)"], 2,
         "factor 3 of 3, from w, is ∂C/∂a = 2 * (a - y) = 0.9717, not 2(y-a) = -0.9717: the sign is wrong"),
        (["a", "1-a", "2(a-y)"], 0, "∂z/∂w = x = 1.5 is missing: the path w → z → a → C has 3 factors"),
        (["x", "a", "1+a", "2(y-a)"], None,
         "the path w → z → a → C has 3 factors, not 4: your first one agrees with it, from w to z; the "
         "next is ∂a/∂z = a * (1 - a) = 0.1683"),
        (["a", "1-a", "2(y-a)"], None,
         "the path w → z → a → C has 3 factors, of which the first, from w, is ∂z/∂w = x = 1.5"),
        ([], 0,
         "∂z/∂w = x = 1.5 and ∂a/∂z = a * (1 - a) = 0.1683 and ∂C/∂a = 2 * (a - y) = 0.9717 are missing: "
         "the path w → z → a → C has 3 factors, not 0"),
    ],
)  # fmt: skip
def test_the_wrong_group_is_named(factors, wrong, text):
    answer = neuron().check(factors)
    assert (answer.ok, answer.wrong, str(answer)) == (False, wrong, text)


def test_a_wrong_group_is_marked_in_the_picture():
    assert "1.786" in neuron().check(["x", "a", "1+a", "2", "a-y"]).draw().source


def test_a_right_factor_of_another_path_is_not_blamed():
    answer = chain_rule(*two_paths()).check(["x", "1 - h1²", "v12", "2", "y2 - o2"])
    assert (answer.wrong, "∂L/∂o2" in str(answer), str(answer)[-17:]) == (4, True, "the sign is wrong")


def random_case(rng):
    """A chain, the factors of one of its paths split and merged by chance, and one slip."""
    w = Value(round(rng.uniform(-1.5, 1.5), 2), "w")
    steps = [w]
    for i in range(rng.randint(2, 5)):
        p = Value(rng.choice([round(rng.uniform(-2, 2), 2), 1.0, 2.0, 0.5, -1.0]), f"p{i}")
        steps.append(labelled(rng.choice(STEPS)(steps[-1], p), f"h{i}"))
    if rng.random() < 0.5:
        steps.append(labelled(steps[-1] * Value(1.3, "k") + steps[1] * Value(0.7, "q"), "y"))
    chain = chain_rule(steps[-1], w)
    groups = [[f"({factor.formula})"] for factor in rng.choice(chain.paths()).factors]
    for group in groups:
        for c in rng.sample(["2", "3", "0.5", "-1", "h0", "w"], rng.choice([0, 1, 1, 2])):
            group[0] += f"/({c})"
            group.append(c)
    i = rng.randrange(len(groups))
    if all(len(group) == 1 for group in groups[i : i + 2]):
        groups[i : i + 2] = [["*".join(group[0] for group in groups[i : i + 2])]]
    given = [factor for group in groups for factor in group][:: rng.choice([1, -1])]
    slip = rng.randrange(len(given))
    return chain, given, slip, rng.choice(SLIPS).format(given[slip])


def test_no_right_factor_is_called_wrong():
    rng, placed = random.Random(3), 0
    for _ in range(300):
        chain, given, slip, written = random_case(rng)
        if not (chain.total and chain.wrt.data) or len(given) < 2:  # a formula divided by 0 has no number
            continue
        right = chain.check(given)
        assert right.ok or str(right).startswith("right for path"), (given, str(right))
        answer = chain.check([*given[:slip], written, *given[slip + 1 :]])
        text = str(answer)
        if named := re.match(r"factors? (\d+) (?:(?:and|to) (\d+) )?of", text):
            first, last = int(named[1]) - 1, int(named[2] or named[1]) - 1
            assert first <= slip <= last, (given, slip, written, text)
            assert answer.wrong in (None, slip)
            placed += 1
    assert placed > 150, placed
