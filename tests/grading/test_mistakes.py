"""Every mistake of the catalogue, made by a learner who shares no code with the engine: is it named, and rightly?"""

import math
from collections import Counter

import layouts
import numpy as np
import pytest

from engine import Value, compare, grad
from engine.grading.mistakes import MISTAKES

O, H = "output", "hidden"  # noqa: E741
# By layout the mistakes that a learner makes there: a name, or a name and where.
LEARNERS = {
    layouts.sigmoid_222: [
        *(
            "sign",
            "sign_of_error",
            "twice",
            "half",
            "seeded_with_loss",
            "exponent_left_out",
            "exponent_not_lowered",
            "power_for_derivative",
        ),
        *("constant_left_out", "constant_twice", "outputs_divided", "output_for_loss", "loss_for_derivative"),
        *(("derivative_left_out", O), ("derivative_left_out", H), "derivative_left_out"),
        ("derivative_left_out_of_unit", H),
        *("derivative_left_out_going_back", "derivative_at_a", ("derivative_at_a", O), ("derivative_at_a", H)),
        *("formula_at_z", "other_activation", ("activation_for_derivative", H), "derivative_without_a"),
        *(("derivative_sign", H), ("derivative_twice", O), ("derivative_of_error", O), "weight_left_out"),
        *("nothing_sent_back", "bare_error", "derivative_left_out_for_weights", ("sign_of_layer", 1)),
        *(("derivative_of_other_layer", H), "not_transposed", ("updated_weights", 0.5), ("updated_weights", 0.1)),
        *(("one_path", (1, 0)), ("input_left_out", 1), "input_left_out", "weight_for_input", "z_for_input"),
        *(("other_input", 1), "first_input", "bias_as_weight", "bias_itself", "bias_left_out", "shared_bias"),
        ("matrix_transposed", 1),
    ],
    layouts.tanh_342: [
        *("sign", "sign_of_error", "twice", "half", "exponent_left_out", "exponent_not_lowered", "output_for_loss"),
        *(("derivative_left_out", O), ("derivative_left_out", H), "derivative_left_out"),
        ("derivative_left_out_of_unit", H),
        *("derivative_left_out_going_back", "derivative_at_a", ("derivative_at_a", H), "formula_at_z"),
        *("other_activation", ("activation_for_derivative", H), ("derivative_twice", O), ("derivative_of_error", O)),
        *("scaled_tanh", ("derivative_sign", H), "derivative_without_a", "weight_left_out", ("updated_weights", 0.1)),
        *(("one_path", (1, 1)), ("input_left_out", 1), ("weight_for_input", 1), "z_for_input", ("other_input", 1)),
        *(
            "bias_as_weight",
            "bias_itself",
            ("bias_left_out", 0),
            ("own_activation", 0),
            "nothing_sent_back",
            "bare_error",
        ),
        "derivative_left_out_for_weights",
    ],
    layouts.relu_2332: [
        *("sign", "twice", "half", "softmax_elementwise", "target_left_out", "softmax_twice", "log_not_divided"),
        *("softmax_left_out", "off_diagonal_sign", "wrong_class", "log_base", ("derivative_left_out", H)),
        *(("other_side", H), ("activation_for_derivative", H), "weight_left_out", ("updated_weights", 0.1)),
        *(
            ("one_path", (2, 0)),
            ("one_path", ("every", 0)),
            ("path_forgotten", (1, 0)),
            ("input_left_out", 2),
            "z_for_input",
            "bias_as_weight",
            "bias_itself",
            "output_for_loss",
        ),
        ("matrix_transposed", 1),
    ],
    layouts.recurrent: [
        *("sign", "twice", "half", "truncated", ("truncated", 2), "one_use", "derivative_left_out", "derivative_at_a"),
        *("other_activation", "not_transposed", "weight_left_out", "output_for_loss", "state_of_same_step"),
        "earlier_losses",
    ],
    layouts.batch_with_penalty: [
        *("sign", "twice", "half", "not_divided", "divided", "one_example", ("one_example", 0), "penalty_left_out"),
        *("penalty_on_biases", "penalty_factor", ("derivative_left_out", O), ("derivative_left_out", H)),
        *("derivative_at_a", "formula_at_z", "derivative_left_out_going_back", "weight_left_out"),
        *(("updated_weights", 0.5), ("input_left_out", 1), "z_for_input", "bias_as_weight", ("other_input", 1)),
    ],
    layouts.mixed_3221: [
        *("sign", "twice", "half", "not_divided", "divided", "sigmoid_twice", "log_base", "one_example"),
        *(("derivative_left_out", H), ("derivative_at_a", H), ("formula_at_z", H), ("other_activation", H)),
        *("weight_left_out", ("updated_weights", 0.1), ("input_left_out", 1)),
        *("weight_for_input", "bias_itself", ("matrix_transposed", 1)),
    ],
    layouts.regression_231: ["constant_left_out", "constant_twice", "penalty_left_out", "penalty_on_biases", "sign"],
    layouts.formula: [
        *("sign", "twice", "half", ("inner_left_out", "exp"), ("inner_left_out", "log"), ("wrong_table", "exp")),
        *(("wrong_table", "sin"), ("wrong_table", "log"), "both_sides", ("product_rule", "sign"), "one_sign"),
        *(("product_rule", "square"), "one_way", ("product_rule", "left"), ("product_rule", "right")),
        ("product_rule", "derivatives"),
    ],
}
# A learner's mistake that several rows describe: any of them names it.
ALSO = {
    "derivative_left_out_of_unit": {"derivative_left_out"},
    "half": {"exponent_left_out", "constant_twice"},
    "one_way": {"product_rule"},
    "one_sign": {"inner_left_out", "sign"},
}
# Rows that these layouts cannot show, each in a test of its own.
APART = {"derivative_rounded_away", "through_detach"}
SEEDS = range(4)


def digits(numbers, count=4):
    return [float(f"{x:.{count}g}") for x in numbers]


def asked(layout, seed, mistake="", where=None, count=4):
    """What is said of a learner's numbers at so many digits, and whether they are the right ones."""
    loss, parameters, learner = layout(np.random.default_rng(seed))
    numbers = digits(learner.gradients(mistake, where), count)
    exact = digits(learner.gradients(), count)
    return compare(loss, dict(zip(parameters, numbers, strict=True))), numbers == exact


def rounded(count):
    """A learner who rounds every array on the way to so many digits."""
    return np.vectorize(lambda x: float(f"{x:.{count}g}"), otypes=[float])


DIGITS = {layouts.formula: 6}


def outcome(layout, seed, mistake, where):
    """How one learner's mistake is named."""
    comparison, is_right = asked(layout, seed, mistake, where, DIGITS.get(layout, 4))
    names = [found.name for found in comparison.mistakes]
    wanted = {mistake} | ALSO.get(mistake, set())
    if is_right:
        return "no difference" if comparison.ok else "wrongly"
    if not names:
        return "wrongly" if comparison.ok else "not at all"
    if not wanted & set(names):
        return "wrongly"
    return "rightly" if len(names) == 1 else "among several"


@pytest.mark.parametrize("layout", LEARNERS, ids=lambda layout: layout.__name__)
def test_a_mistake_is_named_rightly_or_not_at_all(layout):
    found = Counter()
    for entry in LEARNERS[layout]:
        mistake, where = (entry, None) if isinstance(entry, str) else entry
        for seed in SEEDS:
            how = outcome(layout, seed, mistake, where)
            found[how] += 1
            if how in ("wrongly", "not at all"):
                said = asked(layout, seed, mistake, where)[0]
                print(f"{layout.__name__} {seed}: {mistake} ({where}) is named {how}: {said}")
    print(f"{layout.__name__}: {dict(found)}")
    assert found["wrongly"] == 0
    assert found["not at all"] <= 0.05 * sum(found.values())
    assert found["rightly"] >= 0.75 * sum(found.values())


@pytest.mark.parametrize("layout", LEARNERS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("count", [3, 4, 6, 17])
def test_right_gradients_are_right_at_any_number_of_digits(layout, count):
    for seed in SEEDS:
        assert asked(layout, seed, count=count)[0].ok


@pytest.mark.parametrize("layout", [layout for layout in LEARNERS if layout is not layouts.formula])
@pytest.mark.parametrize("count", [3, 4])
def test_right_gradients_of_a_learner_who_rounds_on_the_way_have_no_mistake(layout, count):
    found = Counter()
    for seed in range(10):
        loss, parameters, learner = layout(np.random.default_rng(seed), rounded(count))
        numbers = digits(learner.gradients(), count)
        found[compare(loss, dict(zip(parameters, numbers, strict=True))).verdict] += 1
    print(f"{layout.__name__}, {count} digits on the way: {dict(found)}")
    assert set(found) <= {"right", "unknown", "chance"}
    assert found["right"] >= 8


@pytest.mark.parametrize("layout", [layouts.sigmoid_222, layouts.relu_2332, layouts.recurrent])
@pytest.mark.parametrize("count", [3, 4])
def test_a_learner_who_rounds_on_the_way_has_no_mistake_named_wrongly(layout, count):
    found = Counter()
    for entry in LEARNERS[layout]:
        mistake, where = (entry, None) if isinstance(entry, str) else entry
        loss, parameters, learner = layout(np.random.default_rng(5), rounded(count))
        numbers = digits(learner.gradients(mistake, where), count)
        comparison = compare(loss, dict(zip(parameters, numbers, strict=True)))
        names = {m.name for m in comparison.mistakes}
        is_wrong = names and not names & ({mistake} | ALSO.get(mistake, set()))
        found["wrongly" if is_wrong else comparison.verdict] += 1
    print(f"{layout.__name__}, mistakes with {count} digits on the way: {dict(found)}")
    assert found["wrongly"] == 0
    sure = found["mistake"] + found["several"]
    assert sure >= {3: 0.2, 4: 0.7}[count] * sum(found.values())
    assert sure + found["chance"] >= 0.7 * sum(found.values())


@pytest.mark.parametrize("layout", [layouts.tanh_342, layouts.mixed_3221, layouts.batch_with_penalty])
def test_of_some_gradients_no_mistake_is_named_wrongly(layout):
    found = Counter()
    for entry in LEARNERS[layout]:
        mistake, where = (entry, None) if isinstance(entry, str) else entry
        for seed in SEEDS:
            loss, parameters, learner = layout(np.random.default_rng(seed))
            pairs = list(
                zip(parameters, digits(learner.gradients(mistake, where)), digits(learner.gradients()), strict=True)
            )
            some = [pairs[i] for i in sorted(np.random.default_rng(seed).choice(len(pairs), 4, replace=False))]
            comparison = compare(loss, {p: number for p, number, _ in some})
            names = {m.name for m in comparison.mistakes}
            if all(number == exact for _, number, exact in some):
                assert comparison.ok
            elif names and not names & ({mistake} | ALSO.get(mistake, set())):
                found["wrongly"] += 1
            else:
                found[comparison.verdict] += 1
    print(f"{layout.__name__}, four gradients: {dict(found)}")
    assert found["wrongly"] == 0
    assert found["mistake"] + found["several"] >= 0.6 * sum(found.values())


@pytest.mark.parametrize(("precision", "most"), [(np.float64, 1.0), (np.float32, 1.0), (np.float16, 0.8)])
def test_the_arrays_of_a_program_are_read_at_their_precision(precision, most):
    names = Counter()
    for entry in LEARNERS[layouts.tanh_342]:
        mistake, where = (entry, None) if isinstance(entry, str) else entry
        loss, parameters, learner = layouts.tanh_342(np.random.default_rng(7))
        found = compare(loss, [(parameters, learner.gradients(mistake, where).astype(precision))])
        wanted = {mistake} | ALSO.get(mistake, set())
        names["named" if wanted & {m.name for m in found.mistakes} else "wrongly" if found.mistakes else "not"] += 1
    assert names["wrongly"] == 0
    assert names["named"] >= most * sum(names.values())


@pytest.mark.parametrize("mistake", ["weight_left_out", "not_transposed", ("derivative_left_out", H)])
def test_two_mistakes_at_once_are_named_together(mistake):
    mistake, where = (mistake, None) if isinstance(mistake, str) else mistake
    for seed in SEEDS:
        loss, parameters, learner = layouts.sigmoid_222(np.random.default_rng(seed))
        numbers = digits(-learner.gradients(mistake, where))
        comparison = compare(loss, dict(zip(parameters, numbers, strict=True)))
        assert comparison.verdict == "two"
        assert {found.name for found in comparison.mistakes} == {"sign", mistake}
        assert "from two mistakes together" in str(comparison)
        for found in comparison.mistakes:
            assert [found.gradients[p] for p in parameters] == pytest.approx(numbers, rel=1e-3)


@pytest.mark.parametrize("layout", LEARNERS, ids=lambda layout: layout.__name__)
def test_noise_has_no_name(layout):
    rng = np.random.default_rng(0)
    for seed in SEEDS:
        loss, parameters, learner = layout(np.random.default_rng(seed))
        exact = learner.gradients()
        for noise in (0.01, 0.1, 1.0):
            wrong = digits(exact * (1 + noise * rng.normal(size=len(exact))), 3)
            assert compare(loss, dict(zip(parameters, wrong, strict=True))).verdict in ("unknown", "right", "chance")
        shuffled = digits(rng.permutation(exact))
        assert compare(loss, dict(zip(parameters, shuffled, strict=True))).verdict in ("unknown", "right", "chance")


def test_every_row_of_the_catalogue_has_a_learner():
    made = {entry if isinstance(entry, str) else entry[0] for entries in LEARNERS.values() for entry in entries}
    assert {mistake.name for mistake in MISTAKES} <= made | APART


@pytest.mark.parametrize(
    ("slip", "name"),
    [
        (lambda e: e, "exponent_left_out"),
        (lambda e: 2.0 * e * e, "exponent_not_lowered"),
        (lambda e: e * e, "power_for_derivative"),
    ],
)
def test_an_error_times_itself_is_a_square(slip, name):
    w, b, v = Value(0.7, "w"), Value(-0.3, "b"), Value(1.3, "v")
    error = v * (w * 0.8 + b).tanh() - 0.25
    h = math.tanh(0.7 * 0.8 - 0.3)
    sent = slip(1.3 * h - 0.25)
    delta = sent * 1.3 * (1 - h * h)
    found = compare(error * error, {w: f"{delta * 0.8:.5g}", b: f"{delta:.5g}", v: f"{sent * h:.5g}"})
    assert name in {mistake.name for mistake in found.mistakes}


def test_the_regularisation_without_its_factor_is_one_mistake():
    """λ/2 Σ w² has the derivative λ w: here w."""
    w, v, b, lam = Value(0.7, "w"), Value(-1.3, "v"), Value(0.2, "b"), 0.1
    loss = (v * (w * 0.8 + b).tanh() - 0.25) ** 2 + lam / 2 * (w**2 + v**2)
    right = dict(zip((w, v, b), grad(loss, [w, v, b]), strict=True))
    mine = {p: f"{g + (1 - lam) * p.data * (p is not b):.5g}" for p, g in right.items()}
    assert [(mistake.name, mistake.place) for mistake in compare(loss, mine).mistakes] == [
        ("penalty_factor", "as w alone")
    ]


def test_a_half_of_two_examples_may_be_that_of_the_square_or_of_their_mean():
    w, b, v = Value(0.7, "w"), Value(-0.3, "b"), Value(1.1, "v")
    errors = [v * (w * x + b).tanh() - y for x, y in ((0.8, 0.1), (-0.4, 0.9))]
    loss = 0.5 * (errors[0] ** 2 + errors[1] ** 2)
    mine = {p: f"{2.0 * g:.5g}" for p, g in zip((w, b, v), grad(loss, [w, b, v]), strict=True)}
    assert {"constant_left_out", "not_divided"} <= {mistake.name for mistake in compare(loss, mine).mistakes}


def test_a_constant_in_each_term_of_the_loss_is_left_out_of_all_or_of_one():
    w, b, v, u = (Value(x, name) for x, name in zip((0.7, -0.3, 1.1, -0.6), "wbvu", strict=True))
    h = (w * 0.8 + b).tanh()
    terms = [0.5 * (v * h - 0.1) ** 2, 0.5 * (u * h - 0.9) ** 2]
    loss, parameters = terms[0] + terms[1], [w, b, v, u]

    def places(left_out):
        mine = grad(terms[0] + terms[1] + sum(left_out), parameters)
        found = compare(loss, {p: f"{g:.5g}" for p, g in zip(parameters, mine, strict=True)})
        return [m.place for m in found.mistakes if m.name == "constant_left_out"]

    assert (places(terms), places(terms[:1]), places(terms[1:])) == (["0.5"], ["0.5 in term 1"], ["0.5 in term 2"])
