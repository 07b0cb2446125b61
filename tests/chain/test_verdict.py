"""The verdict names what makes a derivative what it is, and a learner's factors are judged one by one."""

import sys

import pytest
from graphs import labelled, two_paths

from engine import Value, chain_rule, maximum
from engine.chain.verdict import judge


def one_neuron(w=0.8):
    """Question 1: C = (a - y)², a = σ(z), z = w·a_prev."""
    w, a_prev, y = Value(w, "w"), Value(62.5, "a_prev"), Value(0.0, "y")
    z = labelled(w * a_prev, "z")
    a = labelled(z.sigmoid(), "a")
    return labelled((a - y) ** 2, "C"), w


def chain_of(factors):
    x = Value(1.0, "x")
    u = x
    for i, factor in enumerate(factors):
        u = labelled(u * factor, f"u{i}")
    return chain_rule(u, x)


def test_a_saturated_sigmoid_kills_and_is_named_with_value_and_operand():
    chain = chain_rule(*one_neuron())
    assert chain.total == pytest.approx(2.410937309954897e-20, rel=1e-15)
    assert chain.verdict == "killed"
    assert chain.sentence == "∂a/∂z = σ'(z) = 1.929e-22 because z = 50: the sigmoid is saturated"
    assert [factor.of.label for factor in chain.judgement.factors] == ["a"]


def test_a_smaller_weight_brings_the_gradient_back():
    chain = chain_rule(*one_neuron(w=0.01))
    assert chain.verdict == "ok"


def test_a_zero_weight_cuts_but_does_not_disconnect():
    x, w = Value(1.0, "x"), Value(0.0, "w2")
    h = labelled(x * 3, "h")
    o = labelled(w * h, "o")
    chain = chain_rule(o, x)
    assert (chain.verdict, chain.sentence) == ("killed", "∂o/∂h = w2 = 0")


def test_a_relu_that_is_off_kills():
    z = Value(-1.5, "z")
    a = labelled(z.relu(), "a")
    assert chain_rule(a, z).sentence == "∂a/∂z = [z > 0] = 0 because z = -1.5: the relu is off"


def test_the_culprit_inside_a_folded_factor_is_found():
    x = Value(2.0, "x")
    y = labelled(((x * 30).tanh() + 1) * 2, "y")
    chain = chain_rule(y, x)
    assert chain.verdict == "killed"
    assert "30 * x = 60: the tanh is saturated" in chain.sentence


def test_paths_that_cancel_say_how_much_each_way():
    x = Value(1.0, "x")
    a, b = labelled(3 * x, "a"), labelled(-2.9999 * x, "b")
    chain = chain_rule(a + b, x)
    assert chain.verdict == "cancelled"
    assert "3 upwards, 2.9999 downwards, and 0.0001 is left" in chain.sentence


def test_many_moderate_factors_vanish_and_then_underflow():
    assert chain_of([0.2] * 5).verdict == "ok"
    assert chain_of([0.2] * 40).verdict == "vanishing"
    assert "but 40 of them, 0.2 on average, multiply to 1.1e-28" in chain_of([0.2] * 40).sentence
    assert chain_of([0.2] * 500).verdict == "underflow"
    assert chain_of([0.2] * 500).total == 0.0


def test_a_small_factor_that_others_make_up_for_does_not_kill():
    assert chain_of([1e-4, 1e4]).verdict == "ok"


def test_a_mean_over_a_thousand_examples_does_not_kill():
    w = Value(2.0, "w")
    losses = [labelled(w * 1.5, f"l{i}") for i in range(2000)]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    assert chain_rule(labelled(total / 2000.0, "mean"), w).verdict == "ok"


def test_a_factor_that_is_not_finite_is_named():
    x = Value(0.0, "x")
    y = labelled(x.sqrt(), "y")
    chain = chain_rule(y, x)
    assert chain.verdict == "non_finite"
    assert chain.sentence.startswith("∂y/∂x = 0.5 / y = inf")


@pytest.fixture
def few_digits():
    most = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    yield
    sys.set_int_max_str_digits(most)


def test_more_paths_than_python_writes_in_digits(few_digits):
    x = Value(1.0, "x")
    y = x
    for _ in range(2200):
        y = 0.5 * y + 0.5 * y
    chain = chain_rule(labelled(y, "y"), x, by="operations")
    assert chain.path_count == 2**2200
    assert chain.verdict == "ok"
    assert "1.845e662 paths; " in chain.sentence
    assert "1.845e662 more" in str(chain)
    with pytest.raises(ValueError, match="a rank from 0 to 1.845e662"):
        chain.check([1.0], path=-1)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x: x - x, "∂y/∂x = 0, whatever x is"),
        (lambda x: x * 1e-5, "∂y/∂x = 1e-05, whatever x is"),
        (lambda x: (x - 3.0) ** 2, "∂y/∂x = 2 * (x - 3) = 0 where x = 3"),
        (lambda x: maximum(x, 5.0), "because x = 3: the other operand is larger"),
        (lambda x: (x * 2.0 - 6.0).sqrt(), "∂y/∂x = 1 / y = inf because 2 * x - 6 = 0: the root is vertical there"),
        (lambda x: 1.0 / (x * 1e4), "where y = 3.333e-05 and x = 3"),
    ],
)
def test_a_factor_by_itself_is_explained_without_brackets(function, sentence):
    x = Value(3.0, "x")
    assert chain_rule(labelled(function(x), "y"), x).sentence.endswith(sentence)


def test_the_names_in_a_sentence_are_written_as_in_pictures_where_it_stands_in_one():
    chain = chain_rule(*one_neuron())
    assert judge(chain, style="pretty").sentence == (
        "∂a/∂z = σ′(z) = 1.929e−22 because z = 50: the sigmoid is saturated"
    )
    assert "a_prev" not in chain.sentence


def test_thresholds_can_be_overridden():
    chain = chain_of([0.01, 0.5])
    assert judge(chain).verdict == "ok"
    assert judge(chain, tiny=0.02).verdict == "killed"
    assert judge(chain, vanished=0.1).verdict == "vanishing"


def strongest(chain):
    return [factor.formula for factor in chain.paths()[0].factors]


def test_right_factors_are_right_as_formulas_and_as_numbers():
    chain = chain_rule(*two_paths())
    assert chain.check(strongest(chain)).ok
    for rank, path in enumerate(chain.paths()):
        assert chain.check([float(f"{factor.value:.4g}") for factor in path.factors], path=rank).ok


@pytest.mark.parametrize(
    ("position", "written", "hint"),
    [
        (1, "h1", "that is h1 itself, not its derivative"),
        (1, "h1**2 - 1", "the sign is wrong"),
        (0, "w1", "that is w1 itself; its derivative is what w1 is multiplied by"),
        (3, "{} - {}", "a factor 2 is missing"),
    ],
)
def test_known_mistakes_get_a_hint(position, written, hint):
    chain = chain_rule(*two_paths())
    factors = strongest(chain)
    o = factors[3].split("(")[1].split(" ")[0]
    factors[position] = written.format(o, "y" + o[1:])
    answer = chain.check(factors)
    assert (answer.ok, answer.wrong) == (False, position)
    assert hint in str(answer)


def test_a_forgotten_inner_derivative_is_named():
    x = Value(0.7, "x")
    y = labelled((x * 3).sin(), "y")
    answer = chain_rule(y, x).check(["cos(3 * x)"])
    assert answer.wrong == 0
    assert "the inner derivative is missing, that of mul in x, 3" in answer.text


def test_the_textbook_sigmoid_slope_in_saturation_is_explained():
    chain = chain_rule(*one_neuron())
    answer = chain.check(["a_prev", "a * (1 - a)", "2 * (a - y)"])
    assert answer.wrong == 1
    assert "no digits left in floats: use σ'(z)" in answer.text
    assert chain.check(["a_prev", "σ'(z)", "2·(a − y)"]).ok
    assert chain.check(["a_prev", "sigmoid′(z)", "2*(a-y)"]).ok


def test_a_factor_for_an_independent_variable_is_one_too_many():
    chain = chain_rule(*two_paths())
    factors = strongest(chain)
    answer = chain.check([*factors[:2], 0.33, *factors[2:]])
    assert (answer.ok, answer.wrong) == (False, 2)
    assert "independent variable" in answer.text
    assert chain.check(factors[:3]).wrong == 3


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "x.real()", "unknown", "1 if x else 2", "[1, 2]", "x @ x", "lambda: 1", "(", "", "'x'", "~x"],
)
def test_only_arithmetic_can_be_written(text):
    chain = chain_rule(*two_paths())
    with pytest.raises(ValueError, match="cannot read"):
        chain.check([text])


def test_a_path_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="path is a rank from 0 to 1"):
        chain_rule(*two_paths()).check([1.0], path=2)


def test_paths_through_overflow_are_not_finite_however_they_are_printed():
    w, k = Value(1.0, "w"), Value(0.0, "k")
    z = w * 1e300 * 1e300
    z.label = "z"
    o = z * k + w * 0.0
    o.label = "o"
    assert chain_rule(o, w).verdict == "non_finite"
    assert "non_finite" in str(chain_rule(o, w))
