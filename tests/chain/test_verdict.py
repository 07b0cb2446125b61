"""The verdict names what makes a derivative what it is, and a learner's factors are judged one by one."""

import math
import random
import re
import subprocess
import sys

import pytest
from graphs import labelled

from engine import Value, chain_rule, dot, maximum
from engine.chain.verdict import judge, tiny_factors


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
    assert chain.sentence == (
        "raising w by 0.001 raises C by about 2.411e-23; "
        "∂a/∂z = σ'(z) = 1.929e-22 because z = 50: the sigmoid is saturated"
    )
    assert [factor.of.label for factor in chain.judgement.factors] == ["a"]


def test_a_smaller_weight_brings_the_gradient_back():
    chain = chain_rule(*one_neuron(w=0.01))
    assert chain.verdict == "ok"


def test_a_zero_weight_cuts_but_does_not_disconnect():
    x, w = Value(1.0, "x"), Value(0.0, "w2")
    h = labelled(x * 3, "h")
    o = labelled(w * h, "o")
    chain = chain_rule(o, x)
    assert (chain.verdict, chain.sentence) == ("killed", "the slope of o with respect to x is 0; ∂o/∂h = w2 = 0")


def test_a_relu_that_is_off_kills():
    z = Value(-1.5, "z")
    a = labelled(z.relu(), "a")
    assert (
        chain_rule(a, z).sentence
        == "the slope of a with respect to z is 0; ∂a/∂z = [z > 0] = 0 because z = -1.5: the relu is off"
    )


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
    assert "but those of the strongest path multiply to 1.1e-28" in chain_of([0.2] * 40).sentence
    assert chain_of([0.2] * 500).verdict == "underflow"
    assert chain_of([0.2] * 500).total == 0.0


@pytest.mark.parametrize("apply", [lambda w: (-w * w).exp(), lambda w: (w * 30).sigmoid(), lambda w: (w * 30).tanh()])
def test_a_slope_that_is_rounded_to_0_underflows(apply):
    w = Value(30.0, "w")
    chain = chain_rule(labelled(apply(w), "g"), w)
    assert (chain.total, chain.verdict) == (0.0, "underflow")
    assert chain.sentence.endswith(", with a slope less than the smallest float")
    masked = Value(-math.inf, "m")
    assert chain_rule(labelled(masked.exp(), "g"), masked).verdict == "killed"


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
        (lambda x: x * 0.0, "∂y/∂x = 0, whatever x is"),
        (lambda x: (x - 3.0) ** 2, "∂y/∂a = 2 * a = 0 where a = x - 3 = 0: a = x - 3 is 0, and the loss is flat there"),
        (lambda x: maximum(x, 5.0), "because x = 3: the other operand is larger"),
        (
            lambda x: (x * 2.0 - 6.0).sqrt(),
            "∂y/∂b = 0.5 / y = inf because b = 2 * x - 6 = 0: the root is vertical there",
        ),
        (lambda x: 1.0 / (x * 1e4), "where y = 3.333e-05 and a = 10000 * x = 3e+04"),
    ],
)
def test_a_factor_by_itself_is_explained_without_brackets(function, sentence):
    x = Value(3.0, "x")
    assert chain_rule(labelled(function(x), "y"), x).sentence.endswith(sentence)


def test_the_names_in_a_sentence_are_written_as_in_pictures_where_it_stands_in_one():
    chain = chain_rule(*one_neuron())
    assert judge(chain, style="pretty").sentence == (
        "raising w by 0.001 raises C by about 2.411e−23; "
        "∂a/∂z = σ′(z) = 1.929e−22 because z = 50: the sigmoid is saturated"
    )
    assert "a_prev" not in chain.sentence


def test_thresholds_can_be_overridden():
    x = Value(0.005, "x")
    chain = chain_rule(labelled((0.5 * x**2).sin(), "y"), x)
    assert judge(chain).verdict == "ok"
    assert judge(chain, tiny=0.02).verdict == "killed"
    assert judge(chain, vanished=0.1).verdict == "vanishing"


def test_the_step_told_is_one_over_which_the_slope_holds():
    chain = chain_rule(*one_neuron(w=0.01))
    step, change = (float(word) for word in re.findall(r"by (?:about )?([-+.e\d]+)", chain.sentence)[:2])
    moved = one_neuron(w=0.01 + step)[0].data - chain.output.data
    assert moved == pytest.approx(change, rel=0.1)
    assert chain.sentence.startswith("raising w by 0.01 raises C by about 0.1849; ")
    x = Value(2.0, "x")
    assert chain_rule(labelled(-3.0 * x, "y"), x).sentence.startswith("raising x by 0.01 lowers y by about 0.03; ")
    x = Value(0.0, "x")
    assert chain_rule(labelled(x.relu() + x, "y"), x).sentence.startswith(
        "the slope of y with respect to x is 1; "
    )  # a kink


def repeated(function, times, label, at=0.1):
    """A function applied again and again, with a label on each result or on none."""
    x = y = Value(at, "x")
    for i in range(times):
        y = function(y)
        if label:
            y.label = f"h{i}"
    return chain_rule(labelled(y, "y"), x)


@pytest.mark.parametrize(
    ("function", "times", "verdict"),
    [
        (lambda h: (0.5 * h).tanh(), 30, "vanishing"),
        (lambda h: 9.0 * h, 12, "exploding"),
        (lambda h: h * 1e-3, 1, "ok"),
        (lambda h: h * 1e-9, 1, "ok"),
        (lambda h: h * h * h - 0.03 * h, 1, "cancelled"),
        (lambda h: (h * 500).sigmoid(), 1, "killed"),
        (lambda h: 3.0 * h - 2.9 * h, 1, "ok"),
        (lambda h: 0.0 * (h - 0.1).log() + h, 1, "non_finite"),
    ],
)
def test_labels_never_change_a_verdict(function, times, verdict):
    found = [repeated(function, times, label) for label in (True, False)]
    assert [chain.verdict for chain in found] == [verdict] * 2
    assert [chain.operations.verdict for chain in found] == [verdict] * 2


def test_a_vector_rnn_forgets_whatever_is_folded():
    rng = random.Random(0)
    weights = [[rng.uniform(-0.4, 0.4) for _ in range(3)] for _ in range(3)]
    verdicts = set()
    for label in ("", "h", "z"):
        h = first = [Value(0.1 * i, f"x{i}") for i in range(3)]
        for _ in range(25):
            z = [dot([Value(w) for w in row], h, 0.1) for row in weights]
            h = [pre.tanh() for pre in z]
            for node in (z if label == "z" else h) if label else []:
                node.label = label
        verdicts.add(chain_rule(labelled(dot(h, [1.0] * 3), "y"), first[0]).verdict)
    assert verdicts == {"vanishing"}


def test_large_numbers_that_were_put_in_do_not_explode():
    price, w, area = Value(2e5, "price"), Value(1.0, "w"), Value(90.0, "area")
    assert chain_rule(labelled((w * area - price) ** 2, "L"), w).verdict == "ok"


def test_ok_says_how_far_the_paths_cancel():
    x = Value(1.0, "x")
    chain = chain_rule(labelled(labelled(3 * x, "a") - labelled(2.9 * x, "b"), "y"), x)
    assert chain.sentence == (
        "raising x by 0.01 raises y by about 0.001; 2 paths: 3 upwards and 2.9 downwards leave 0.1"
    )


def test_0_times_infinity_is_explained_as_one_and_no_false_equation_is_shown():
    x = Value(0.0, "x")
    chain = chain_rule(0.0 * x.log() + 1.0 * x, x)
    assert chain.verdict == "non_finite"
    assert chain.sentence == (
        "a factor of 0 meets an infinite derivative of log at x = 0, and 0 · ∞ is nan: "
        "a product with 0 does not remove a branch"
    )
    assert "  1 = nan" not in str(chain)


def test_an_overflow_is_told_and_nothing_raises():
    w, k = Value(1.0, "w"), Value(0.0, "k")
    z = labelled(w * 1e300 * 1e300, "z")
    chain = chain_rule(labelled(z * k + w * 0.0, "o"), w)
    assert (chain.verdict, chain.by) == ("non_finite", "labels")
    assert str(chain)


AS_ON_32_BITS = """
import decimal

MOST = decimal.MAX_EMAX = 425_000_000
decimal.MIN_EMIN = -MOST


class Context(decimal.Context):
    def __init__(self, Emin=-MOST, Emax=MOST, **options):
        if Emin < -MOST or Emax > MOST:
            raise ValueError("valid range for Emax is [0, MAX_EMAX]")
        super().__init__(Emin=Emin, Emax=Emax, **options)


decimal.Context = Context
from engine import Value, chain_rule

x = Value(1e-300, "x")
print(chain_rule(x * x * 1e300, x).verdict, chain_rule((x + 1.0).tanh(), x).closed_form)
"""


def test_decimals_have_exponents_that_builds_of_32_bits_have_too():
    here = subprocess.run([sys.executable, "-c", AS_ON_32_BITS], capture_output=True, text=True, check=True)
    x = Value(1e-300, "x")
    there = (chain_rule(x * x * 1e300, x).verdict, chain_rule((x + 1.0).tanh(), x).closed_form)
    assert here.stdout == " ".join(there) + "\n"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (lambda x: labelled(100 * x - 99 * x, "s") * 2, "2 paths: 200 upwards and 198 downwards leave 2"),
        (
            lambda x: labelled(x.exp() - x.exp() * 0.99, "h") * 1.0,
            "2 paths: 1.649 upwards and 1.632 downwards leave 0.01649",
        ),
        (lambda x: labelled(dot([x, x], [5.0, -4.8]), "h") + 1.0, "2 paths: 5 upwards and 4.8 downwards leave 0.2"),
        (lambda x: labelled(x - 0.5 * x, "h") * 2, "one path, and no factor kills it"),
    ],
)
def test_ok_says_how_far_operations_inside_a_factor_cancel(output, says):
    x = Value(0.5, "x")
    chain = chain_rule(output(x), x)
    assert (chain.verdict, chain.path_count) == ("ok", 1)
    assert chain.sentence.endswith(says)


def test_of_several_paths_the_one_that_is_nan_explains_nan():
    x = Value(0.0, "x")
    chain = chain_rule(x * x.log(), x)
    assert math.isnan(chain.total)
    assert chain.sentence.startswith("a factor of 0 meets an infinite derivative of log at x = 0, and 0 · ∞ is nan")


def test_the_direction_of_a_fast_sine_holds_over_its_step():
    w = Value(0.0, "w")
    sentence = chain_rule(labelled((w * (400 * math.pi)).sin(), "f"), w).sentence
    assert sentence.startswith("raising w by 0.0001 raises f by about 0.1257")


@pytest.mark.parametrize("error", [0.0, 1e-9, 1e-5, -3e-4])
@pytest.mark.parametrize("square", [lambda e: e**2, lambda e: e * e, lambda e: e**4, lambda e: 0.5 * e.square() + 1.0])
def test_a_loss_near_its_least_is_not_killed(error, square):
    w, x = Value(0.5, "w"), Value(2.0, "x")
    a = labelled((w * x).sigmoid(), "a")
    chain = chain_rule(labelled(square(a - (a.data + error)), "L"), w)
    assert chain.verdict == "ok"
    assert "nearly 0, and the loss is nearly flat there" in chain.sentence or not chain.total
    assert not tiny_factors(chain.paths()[0])


def test_a_square_inside_a_network_kills_and_so_does_a_saturated_unit_beside_a_small_error():
    w, x = Value(1e-4, "w"), Value(2.0, "x")
    assert chain_rule(labelled((w**2 * x).sin(), "L"), w).verdict == "killed"
    w = Value(30.0, "w")
    a = labelled(w.sigmoid(), "a")
    found = chain_rule(labelled((a - (a.data - 1e-5)) ** 2, "L"), w)
    assert (found.verdict, "the sigmoid is saturated" in found.sentence) == ("killed", True)
