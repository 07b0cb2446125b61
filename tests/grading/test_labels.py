"""Labels that are signs, numbers or functions: an answer with them has a true reading, or gets a sentence."""

import pytest
from graphs import labelled

from engine import Value, chain_rule

SIGNS = ["2", "-", "1/2", "*", "(", "0.5"]
LABELS = [*SIGNS, "x^2", "x²", "|x|", "a b", "x+y", "sin", "σ", "e", "π", "$x$", "  a", "\\"]


def neuron(label):
    """L = (a - 0.3)² x, a = tanh(z), z = w x with a label for x."""
    w, x = Value(1.5, "w"), Value(2.0, label)
    a = labelled(labelled(w * x, "z").tanh(), "a")
    return chain_rule(labelled((a - 0.3) ** 2 * x, "L"), w)


@pytest.mark.parametrize("label", LABELS)
def test_a_number_is_judged_whatever_the_labels_are(label):
    chain = neuron(label)
    numbers = [factor.value for factor in chain.paths()[0].factors]
    assert chain.check(chain.total).ok
    assert chain.check(numbers).ok
    assert not chain.check(-chain.total).ok
    assert not chain.check([*numbers[:-1], 0.5]).ok


@pytest.mark.parametrize("label", LABELS)
def test_the_formula_that_is_shown_is_right_or_cannot_be_read(label):
    chain = neuron(label)
    for answer in (chain.closed_form, [factor.formula for factor in chain.paths()[0].factors]):
        try:
            found = chain.check(answer)
        except ValueError:
            assert label in (*SIGNS, "$x$", "\\")
        else:
            assert label not in SIGNS
            assert found.ok or label == "  a"  # which is a, too


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("sin", "2 sin(w)"), ("sin", "2 sin w"), ("σ", "2 σ(w)"), ("e", "e^-w"), ("e", "e^(2 w)"), ("2", "2 w"),
        ("-", "w - 1"), ("w+1", "3 w+1"), ("w^2", "2 w^2"),
    ],
)  # fmt: skip
def test_a_label_that_is_a_function_or_a_number_is_asked_about(label, answer):
    w, x = Value(1.5, "w"), Value(2.0, label)
    with pytest.raises(ValueError, match="is a label, and"):
        chain_rule(labelled(w * x * w, "L"), w).check(answer)


@pytest.mark.parametrize(
    ("label", "answer"),
    [("e", "2 e w"), ("e", "2we"), ("σ", "2 σ w"), ("π", "2 π w"), ("x+y", "2 (x+y) w")],
)
def test_a_label_stands_for_its_value_where_nothing_else_is_meant(label, answer):
    w, x = Value(1.5, "w"), Value(2.0, label)
    assert chain_rule(labelled(w * x * w, "L"), w).check(answer).ok


@pytest.mark.parametrize(
    ("label", "shown"),
    [("x+y", "(x+y) ** 2"), ("u/v", "(u/v) ** 2"), ("h_{t-1}", "h_{t-1} ** 2"), ("z(1)", "z(1) ** 2")],
)
def test_a_label_that_is_a_formula_stands_in_brackets(label, shown):
    assert neuron(label).closed_form == f"2 * (a - 0.3) * (1 - a ** 2) * {shown}"
