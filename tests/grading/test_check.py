"""A learner's own derivation: right in any notation, or wrong with the mistake that made it."""

import math
import re

import pytest
from graphs import labelled, two_paths

from engine import Value, chain_rule, compare, dot
from engine.grading.written import read


def one_neuron(w=0.8):
    """Question 1: C = (a - y)², a = σ(z), z = w·a_prev."""
    w, a_prev, y = Value(w, "w"), Value(62.5, "a_prev"), Value(0.0, "y")
    a = labelled(labelled(w * a_prev, "z").sigmoid(), "a")
    return labelled((a - y) ** 2, "C"), w


def product_of_two():
    """y = x² · 3x, whose derivative is 9x² = 36 at 2: 24 through a and 12 through b."""
    x = Value(2.0, "x")
    a, b = labelled(x * x, "a"), labelled(3.0 * x, "b")
    return chain_rule(labelled(a * b, "y"), x)


def one(function, at=0.7):
    """The chain rule of one factor."""
    z = Value(at, "z")
    return chain_rule(labelled(function(z), "a"), z)


def strongest(chain):
    return [factor.formula for factor in chain.paths()[0].factors]


@pytest.mark.parametrize("factors", [["2*x", "b"], ["b", "2x"], [4.0, 6.0]])
def test_right_for_one_path_of_two_is_not_right(factors):
    answer = product_of_two().check(factors)
    assert (answer.ok, answer.wrong) == (False, None)
    assert str(answer) == (
        "right for path 1 of 2, x → a → y, which gives 24: the path through b adds 12, and dy/dx = 36"
    )
    assert product_of_two().check(factors, path=0).ok


def test_a_total_that_forgets_a_path_is_told_which():
    assert "path 2 of 2, x → b → y, which gives 12: the path through a adds 24" in str(product_of_two().check("3 a"))
    x = Value(2.0, "x")
    parts = [labelled(x**n, f"p{n}") for n in (1, 2, 3)]
    chain = chain_rule(labelled(dot(parts, [1.0] * 3), "y"), x)
    assert str(chain.check("2x + 3x²")) == (
        "dy/dx = 17, not 2x + 3x² = 16: the path x → p1 → y is missing, which adds 1"
    )


def test_a_skip_connection_is_named_by_its_route():
    x = Value(2.0, "x")
    a = labelled(x.tanh(), "a")
    answer = chain_rule(labelled(a + x, "y"), x).check(["1"])
    assert "path 1 of 2, x → y, which gives 1: the path through a adds 0.07065" in str(answer)


@pytest.mark.parametrize("total", [36, 36.0, "36", "9x²", "9 x^2", "2 x b + 3a", "2·x·b + a·3", [36.0]])
def test_a_total_is_a_number_or_a_formula(total):
    assert str(product_of_two().check(total)) == "right: dy/dx = 36"
    assert product_of_two().check(total).ok


def test_right_factors_are_right_in_either_order():
    chain = chain_rule(*one_neuron(0.02))
    factors = ["a_prev", "a(1-a)", "2(a - y)"]
    assert chain.check(factors).ok
    assert chain.check(factors[::-1]).ok
    assert str(chain.check(["2 a - 2 y", "a (1 - a)", "a_prev"])).startswith(
        "right: (2 a - 2 y) · a (1 - a) · a_prev = "
    )
    answer = chain.check(["2(y - a)", "a(1-a)", "a_prev"])
    assert (answer.ok, answer.wrong) == (False, 0)
    assert (
        str(answer) == "factor 1 of 3, from C, is ∂C/∂a = 2 * (a - y) = 1.555, not 2(y - a) = -1.555: the sign is wrong"
    )


def test_factors_as_formulas_and_as_numbers_of_four_digits():
    chain = chain_rule(*two_paths())
    for rank, path in enumerate(chain.paths()):
        assert chain.check([float(f"{factor.value:.4g}") for factor in path.factors], path=rank).ok
        assert chain.check([factor.formula for factor in path.factors], path=rank).ok
        assert chain.check([factor.pretty for factor in path.factors], path=rank).ok
    assert chain.check("(2 (o₁ − y₁)·v₁₁ + 2 (o₂ − y₂)·v₁₂)·(1 − h₁²)·x").ok


def test_digits_that_are_written_count():
    chain = one(lambda z: z.tanh(), 0.5)  # 0.78644773
    assert [chain.check(x).ok for x in (0.7864, "0.79", "0.8", 0.786)] == [True] * 4
    assert [chain.check(x).ok for x in (0.7867, "0.77", "0.7", 0.788, 0.0)] == [False] * 5
    assert not chain_rule(*one_neuron()).check(0).ok
    assert chain.check("1 - 0.4621^2").ok  # a was read off with four digits


@pytest.mark.parametrize(
    ("position", "written", "hint"),
    [
        (1, "h1", "that is h1 itself, not its derivative"),
        (1, "h1**2 - 1", "the sign is wrong"),
        (1, "h1 (1 - h1)", "a (1 - a) for the sigmoid, 1 - a² for tanh"),
        (0, "w1", "that is w1 itself"),
        (3, "o1 - y1", "a factor 2 is missing, as the derivative of a power brings its exponent down"),
    ],
)
def test_known_mistakes_get_a_hint(position, written, hint):
    factors = ["x", "1 - h1²", "v11", "2 (o1 - y1)"]
    factors[position] = written
    answer = chain_rule(*two_paths()).check(factors)
    assert (answer.ok, answer.wrong) == (False, position)
    assert hint in str(answer)


@pytest.mark.parametrize(
    ("function", "answer", "hint"),
    [
        (lambda z: 3 * (0.5 * z).tanh(), "1 - tanh(0.5*z)**2", ": the factor 1.5 = 0.5 · 3 is missing"),
        (lambda z: (z * 3).sin(), "cos(3 z)", ": the inner derivative, of 3 * z with respect to z, is missing (3)"),
        (lambda z: 4 * z**2, "4z", ": a factor 2 is missing, as the derivative of a power brings its exponent down"),
        (lambda z: 4 * z, 2, "not 2"),
        (lambda z: 4 * z, "a", ": that is a itself, not its derivative"),
        (lambda z: z * z * z, "2z", "not 2z = 1.4"),
        (lambda z: z.sigmoid(), 0.4321, "not 0.4321"),
    ],
)
def test_a_hint_reproduces_the_number_or_is_not_given(function, answer, hint):
    assert str(one(function).check([answer])).endswith(hint)
    assert str(one(function).check(answer)).endswith(hint)


def test_a_total_without_a_factor_of_all_paths_names_it():
    chain = chain_rule(*two_paths())
    both = "(2 (o1 - y1) v11 + 2 (o2 - y2) v12)"
    assert str(chain.check(f"{both} (1 - h1²)")).endswith(": the factor ∂z1/∂w1 = x = 0.5 is missing")
    assert str(chain.check(f"{both} x")).endswith(": the factor ∂h1/∂z1 = 1 - h1 ** 2 = 0.7864 is missing")
    assert "1 - a² for tanh" in str(chain.check(f"{both} h1 (1 - h1) x"))
    assert str(chain.check("0.1")) == (
        "dL/dw1 = (1 - h1 ** 2) * x * (2 * (o1 - y1) * v11 + 2 * (o2 - y2) * v12) = -0.3652, not 0.1"
    )


def test_the_textbook_sigmoid_slope_in_saturation_is_explained():
    chain = chain_rule(*one_neuron())
    answer = chain.check(["a_prev", "a * (1 - a)", "2 * (a - y)"])
    assert answer.ok
    assert answer.text == (
        "right: a_prev · a * (1 - a) · 2 * (a - y) = 2.411e-20; the formula is right, but in floats it is 0; use σ'(z)"
    )
    assert chain.check(["a_prev", "a * (1 - a)", "2 * (y - a)"]).wrong == 2
    assert chain.check(["a_prev", "σ'(z)", "2·(a − y)"]).ok
    assert chain.check(["a_prev", "sigmoid′(z)", "2*(a-y)"]).ok


def test_a_factor_for_an_independent_variable_is_one_too_many():
    chain = chain_rule(*two_paths())
    factors = strongest(chain)
    answer = chain.check([*factors[:2], 0.33, *factors[2:]])
    assert (answer.ok, answer.wrong) == (False, 2)
    assert "independent variable" in answer.text
    assert chain.check(factors[:3]).wrong == 3


NUMBERS = {"a": 0.25, "z1": 2.0, "x": 3.0, "w": 0.5, "h[3]": 5.0, "layer1.neuron2.z": 7.0, "a_prev": 2.0, "w⁽¹⁾₃₂": 0.3}
BELL = math.exp(-2) / (1 + math.exp(-2)) ** 2  # σ'(2)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a(1-a)", 0.1875), ("x·w", 1.5), ("x × w", 1.5), ("x w", 1.5), ("2(a - x)", -5.5), ("2a", 0.5), ("3 x²", 27.0),
        ("−x", -3.0), ("x⁻¹", 1 / 3), ("x^2", 9.0), ("h[3] x", 15.0), ("layer1.neuron2.z x", 21.0), ("z₁ w", 1.0),
        ("w⁽¹⁾₃₂ x", 0.9), ("2/√(π)", 2 / math.sqrt(math.pi)), ("ln(x)", math.log(3)), ("e^-z1", math.exp(-2)),
        ("[z1 > 0] x", 3.0), ("[0 > z1]", 0.0), ("max(a, x)", 3.0), ("relu'(z1)", 1.0),
        ("tanh ′ (z1)", 1 - math.tanh(2) ** 2), (r"\frac{x}{z_1} \cdot \left(1 - a\right)", 1.125), ("|a - x|", 2.75),
        (r"\sigma'(z_1)", BELL), (r"\sigma^{\prime}(z_1)", BELL), ("sigma'(z1)", BELL),
        ("sigmoid_prime(z1)", BELL), ("dsigmoid(z1)", BELL), ("sigmoid_derivative(z1)", BELL),
        (r"e^{-z_{1}}", math.exp(-2)), (r"\sqrt{x} \times 2", 2 * math.sqrt(3)), ("xw", 1.5), ("xa(1-a)", 0.5625),
        ("2[a - x]w", -2.75), ("sin'(z1)", math.cos(2)),
        (r"w^{(1)}_{32} \cdot x", 0.9), (r"\ln\left(x\right)", math.log(3)), ("[2(a - x)][w x]", -8.25),
        ("½ x", 1.5), ("x½", 1.5), ("2½ x", 7.5), ("2 ½ x", 7.5), ("x^2 ½", 4.5), ("w|x|", 1.5),
        ("$2 x$", 6.0), ("(a)(x)", 0.75), ("1e-3 x", 3e-3),
    ],
)  # fmt: skip
def test_notations_that_people_use(text, number):
    assert read(text, NUMBERS).number == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "x.real()", "unknown", "1 if x else 2", "[1, 2]", "x @ x", "lambda: 1", "(", "", "'x'",
        "~x", "x := 3", "o1, o2", "()", "v0", "prime_tanh(x)", "(" * 999 + ")" * 999, "x" * 5000, "9" * 1999, "x[0]",
        "2 3", r"\\input{x}", r"\\frac{x}", "{x", "|x", "hox", "[x, x]", "d(x)",
        "maximum'(x, 1)", "tanh(x, x)", "x if", "f'(x)", "\x00",
    ],
)  # fmt: skip
def test_only_arithmetic_can_be_written(text):
    chain = chain_rule(*two_paths())
    for answer in (text, [text]):
        with pytest.raises(ValueError, match="cannot read") as error:
            chain.check(answer)
        assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2 (z9 - 1)", "'z9' is not a label;"),
        ("x.real()", "'x.real' is not a label;"),
        ("3 $ x", "'$' is not part of a formula;"),
    ],
)
def test_what_cannot_be_read_is_named_first(text, reason):
    with pytest.raises(ValueError, match=f"cannot read {re.escape(repr(text))}: {re.escape(reason)}"):
        chain_rule(*two_paths()).check(text)


def test_what_is_neither_a_number_nor_a_formula_gets_a_sentence():
    chain = chain_rule(*two_paths())
    for answer in (None, {"w": 1.0}, 1j, [None], [[1.0]], chain.wrt):
        with pytest.raises(TypeError, match=r"a derivative is a number such as 0\.0123 or a formula such as 'x \* w'"):
            chain.check(answer)
    for answer in (10**400, [10**400]):
        with pytest.raises(ValueError, match="a number must fit in a float"):
            chain.check(answer)
    assert not chain.check([]).ok
    assert not chain.check("9**9**9").ok


def test_a_path_that_does_not_exist_is_refused():
    for path in (2, -1, "0", 1.5):
        with pytest.raises(ValueError, match="path is a rank from 0 to 1"):
            chain_rule(*two_paths()).check([1.0], path=path)


def test_without_a_path_the_derivative_is_0():
    chain = chain_rule(Value(1.0, "w7"), Value(2.0, "h1"))
    assert str(chain.check(0)) == "right: w7 is an independent variable: it does not depend on h1"
    assert not chain.check(1).ok
    assert not chain.check(["h1"]).ok


def test_no_answer_is_right_where_the_derivative_is_nan():
    x = Value(0.0, "x")
    answer = chain_rule(labelled(0.0 * x.log() + x, "y"), x).check(1)
    assert not answer.ok
    assert str(answer).startswith("dy/dx is nan here, so no answer is right: ")


@pytest.mark.parametrize("formula", ["6 x", "x² x + 2x", "10 + 2 w", "12 w"])
def test_a_formula_that_is_right_at_this_point_only_is_not_right(formula):
    x, w = Value(2.0, "x"), Value(1.0, "w")
    chain = chain_rule(labelled(w * x**3, "y"), x)
    assert not chain.check(formula).ok
    assert f"{formula} is right where " in str(chain.check(formula))
    assert chain.check("3 w x²").ok
    assert chain.check("3 y / x").ok
    assert chain.check(12).ok


def test_factors_that_are_right_at_this_point_only_are_not_right():
    x = Value(2.0, "x")
    a = labelled(x * x, "a")
    chain = chain_rule(labelled(a * a, "y"), x)
    assert chain.check(["2 x", "2 a"]).ok
    assert chain.check([4.0, 8.0]).ok
    assert chain.check(["2 x", "8"]).ok
    assert "is right where x = 2 only" in str(chain.check(["a", "2 a"]))


def test_a_total_without_a_hint_is_told_the_form():
    w, h, t = Value(0.4, "w"), Value(0.7, "h"), Value(1.0, "t")
    o = labelled((w * h).sigmoid(), "o")
    chain = chain_rule(labelled((t - o) ** 2, "E"), o)
    assert str(chain.check("2(t - o)o")).startswith("dE/do = 2 * (o - t) = -0.8609, not ")
    assert str(chain.check("2(t - o)")) == "dE/do = -0.8609, not 2(t - o) = 0.8609: the sign is wrong"


def test_one_digit_is_right_where_the_number_rounds_to_it():
    w = Value(0.46, "w")
    chain = chain_rule(w * w * 0.5, w)
    assert chain.check("0.5").ok
    assert not chain.check("0.4").ok
    assert compare(chain.output, {w: "0.5"}).ok
    assert not compare(chain.output, {w: "1"}).ok


def test_a_formula_that_cannot_be_read_is_quoted_in_the_learner_s_own_names():
    with pytest.raises(ValueError, match=r"unlike 'z\*\(1-z': '\(' was never closed"):
        one(Value.tanh).check("z(1-z")
    assert one(lambda z: z * 2.0**0.5).check("√2").ok


def test_one_formula_in_a_list_is_the_derivative_even_where_a_path_has_one_factor():
    x, w = Value(0.5, "x"), Value(2.0, "w")
    z = w * x
    z.label = "z"
    chain = chain_rule(x + z, x)
    assert str(chain.check(["1 + w"])) == str(chain.check("1 + w")) == "right: doutput/dx = 3"
    assert chain.check(["1"]).ok is False
    assert chain.check(["1"], path=1).ok


def test_a_path_of_lettered_operations_is_asked_for_by_its_rank():
    x = Value(0.5, "x")
    chain = chain_rule(x.exp() - x, x)
    assert [chain.check(factor, path=rank).ok for rank, factor in enumerate((["e^x"], ["-1"]))] == [True, True]
    assert not chain.check(["-1"]).ok


def neuron():
    """dC/dw = 2 (a - y) a (1 - a) x = -0.1081."""
    w, x, b, y = Value(0.8, "w"), Value(1.5, "x"), Value(0.1, "b"), Value(1.0, "y")
    a = labelled(labelled(w * x + b, "z").sigmoid(), "a")
    return chain_rule(labelled((a - y) ** 2, "C"), w)


@pytest.mark.parametrize(
    "answer",
    [
        "dC/dw = 2(a−y) a (1−a) x", "∂C/∂w = 2(a - y)σ'(z)x", "C' = 2(a-y)a(1-a)x", "C'(w) = 2(a-y)a(1-a)x",
        "dw = 2(a-y)a(1-a)x", "w.grad = 2(a-y)a(1-a)x", "grad_w = 2(a-y)a(1-a)x", "= 2(a-y)a(1-a)x",
        r"\frac{\partial C}{\partial w} = 2(a-y)a(1-a)x", r"\frac{dC}{dw} = -0.1081", "dC/dw ≈ -0.108",
        "dC/da · da/dz · dz/dw = 2(a-y)·a(1-a)·x", "dC/dw = dC/da da/dz dz/dw = 2(a-y)a(1-a)x = -0.1081",
        "2(a-y)a(1-a)x = -0.1081", "-0,1081", "−0,1081", "2(a-y) a' x", "a'·2(a−y)·x", "2(a-y)σ’(z)x.",
        "2(a-y)∙a(1-a)∙x", "2(a-y)•a(1-a)•x;",
        ["dC/da = 2(a-y)", "da/dz = a(1-a)", "dz/dw = x"], ["2(a-y)", "a'", "x"],
        ["∂C/∂a = 2(a−y) = -0,4283", "σ'(z)", "x = 1,5"],
    ],
)  # fmt: skip
def test_equations_that_people_write_are_right(answer):
    assert neuron().check(answer).ok


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("2(a-y)a(1-a)x = -0.3", "2(a-y)a(1-a)x is -0.1081, not -0.3"),
        ("dC/db = 2(a-y)a(1-a)", "dC/db is not asked for: give dC/dw"),
        ("dC/dw = dC/da · dz/dw = 2(a-y)a(1-a)x", "2(a-y)a(1-a)x is -0.1081, not dC/da · dz/dw = -0.6425"),
        ("dC/dw = 2(a-y)x", "dC/dw = -0.1081, not 2(a-y)x = -0.6425"),
        (["dC/da = 2(a-y)", "dz/dw = a(1-a)", "da/dz = x"], "dz/dw is 1.5, not a(1-a) = 0.1683"),
        (["2(a-y)", "σ'(z) = 0.197", "x"], "σ'(z) is 0.1683, not 0.197"),
        (["2(a-y)", "a' = a(1+a)", "x"], "a' is 0.1683, not a(1+a) = 1.403"),
    ],
)
def test_an_equation_with_a_side_that_is_not_equal_is_not_right(answer, text):
    check = neuron().check(answer)
    assert not check.ok
    assert check.text.startswith(text)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("dC/da", "'dC/da' only names a derivative: write its formula or its number"),
        ("dC/dw", "'dC/dw' only names a derivative: write its formula or its number"),
        ("dL/dw = 2(a-y)a(1-a)x", "'L' is not a label; the labels are w, x, b, z, a, y, C"),
        ("2(a-y) z' x", '"z\'" does not say with respect to what: write its formula'),
        ("1,234", "1,234 may be 1.234 or 1234: write a point for decimals and no comma for thousands"),
        ("2(a - y) a (1 - a) * 1,5", "a comma is no decimal point in a formula: write 1.5 for 1,5"),
        ("1.234,5", "a comma is no decimal point in a formula: write 1.5 for 1,5"),
    ],
)
def test_what_may_mean_several_things_is_told_what_to_write(answer, reason):
    with pytest.raises(ValueError, match="cannot read") as error:
        neuron().check(answer)
    assert reason in str(error.value)


def test_a_loss_without_a_label_has_any_letter():
    w = Value(0.5, "w")
    chain = chain_rule((w - 3) ** 2, w)
    assert chain.check("dL/dw = 2(w - 3)").ok
    with pytest.raises(ValueError, match="'v' is not a label"):
        chain.check("dL/dv = 2(w - 3)")


def test_an_equation_in_the_names_of_a_book():
    w = Value(0.5, "layer1.neuron1.w1")
    loss = (w - 3) ** 2
    for left in ("dL/dw⁽¹⁾₁₁", "∂L/∂layer1.neuron1.w1"):
        assert chain_rule(loss, w).check(f"{left} = 2(w⁽¹⁾₁₁ - 3)").ok


def test_a_label_that_looks_like_a_derivative_is_that_label():
    w, prime = Value(0.5, "w"), Value(2.0, "a'")
    assert chain_rule(w * prime, w).check("a'").ok


def test_a_term_of_the_product_rule_that_is_left_out_is_named_as_one():
    z = Value(0.7, "z")
    assert "the term with (exp(z))' is left out" in chain_rule(z * z.exp(), z).check("exp(z)").text
    assert "the term with (1 + z)' is left out" in chain_rule(z / (1 + z), z).check("1/(1+z)").text


def test_labels_that_differ_in_marks_alone_are_told_apart_in_an_equation():
    w1_2, w12, x = Value(2.0, "w1_2"), Value(3.0, "w12"), Value(1.5, "x")
    cost = (w1_2 * x) ** 2 + w12
    cost.label = "C"
    assert chain_rule(cost, w1_2).check("dC/dw1_2 = 2 * w1_2 * x * x").ok
    assert chain_rule(cost, w12).check("dC/dw12 = 1").ok
    assert not chain_rule(cost, w12).check("dC/dw1_2 = 1").ok
    with pytest.raises(ValueError, match="after the last ="):
        chain_rule(cost, w12).check("dC/dw12 =")


def two_sigmoids(w=0.6, x=0.1, b=0.8, v=0.2):
    """A chain of two sigmoids: w, and the cost."""
    w, x, b, y, v = Value(w, "w"), Value(x, "x"), Value(b, "b"), Value(0.0, "y"), Value(v, "v")
    a = labelled(labelled(w * x + b, "z").sigmoid(), "a")
    a2 = labelled(labelled(v * a, "z2").sigmoid(), "a2")
    return w, labelled((a2 - y) ** 2, "C")


@pytest.mark.parametrize(
    ("factors", "wrong"),
    [
        (["0.1", "0.2089", "0.2", "0.2488", "1.07"], None),
        (["0.1", "0.2089", "0.2", "0.2488", "2.14"], "∂C/∂a2"),
        (["0.1", "a(1-a)", "0.2", "a2", "2(a2-y)"], "factor 4"),
        (["0.1", "a(1-a)", "0.2", "a2(1-a2)", "4(a2-y)"], "∂C/∂a2"),
    ],
)
def test_a_factor_of_one_digit_hides_no_other(factors, wrong):
    w, cost = two_sigmoids()
    check = chain_rule(cost, w).check(factors)
    assert check.ok is (wrong is None)
    assert (wrong or "right") in str(check)


@pytest.mark.parametrize("w", [0.0, 1e-12])
@pytest.mark.parametrize(
    ("f", "right", "wrong"),
    [
        (lambda w: (w * 1.5).sigmoid(), "1.5 f (1 - f)", "1.5 f^2"),
        (lambda w: (w * 1.5).tanh(), "1.5 (1 - f^2)", "1.5"),
        (lambda w: (w * 1.5).sin(), "1.5 cos(1.5 w)", "1.5 + w"),
        (lambda w: (w * 1.5) ** 2, "4.5 w", "f"),
    ],
)
def test_a_formula_that_is_right_at_0_alone_is_not_right(w, f, right, wrong):
    w = Value(w, "w")
    chain = chain_rule(labelled(f(w), "f"), w)
    assert chain.check(right).ok
    assert not chain.check(wrong if any(letter in wrong for letter in "wf") else f"{wrong} + 0 w").ok


@pytest.mark.parametrize("move", [1.0, -1.0])
def test_a_kink_at_the_number_itself_is_on_one_side(move):
    w = Value(0.0, "w")
    chain = chain_rule(labelled((move * w).relu(), "f"), w)
    assert chain.check(f"[{'w > 0' if move > 0 else 'w < 0'}] * {move:g}").ok
    assert not chain.check("w").ok


def test_a_large_graph_is_tried_nearby_too():
    w = Value(2.0, "w")
    h = w
    for _ in range(2100):
        h = h + 0.0
    chain = chain_rule(labelled(h * w, "f"), w)
    assert chain.check("2 w").ok
    assert not chain.check("w^2").ok


def test_an_equation_on_what_does_not_depend_is_answered():
    q, w = Value(1.0, "q"), Value(0.0, "w")
    a = labelled(w * 2, "a")
    assert chain_rule(q, w).check("dq/dw = 0").ok
    assert not chain_rule(q, w).check("dq/dw = 1").ok
    assert chain_rule(w, a).check("dw/da = 0").ok
    with pytest.raises(ValueError, match="'is' is not a label"):
        chain_rule(a, w).check("da/dw is 2")


@pytest.mark.parametrize("text", [".2469", "+0.2469", "df/dw = .2469", "2w."])
def test_numbers_as_people_write_them(text):
    w = Value(0.123456, "w")
    assert chain_rule(labelled(w * w, "f"), w).check(text).ok


def test_a_missing_factor_is_named_without_what_is_1_here():
    x, w, v, y = Value(1.0, "x"), Value(0.3, "w"), Value(1.5, "v"), Value(1.0, "y")
    h = (w * x).sigmoid()
    h.label = "h"
    loss = (v * h - y) ** 2
    without = 2 * (v.data * h.data - 1) * v.data
    assert str(chain_rule(loss, w).check(without)).endswith(": the factor h * (1 - h) = 0.2445 is missing")
    x.data = 2.0
    h = (w * x).sigmoid()
    h.label = "h"
    loss = (v * h - y) ** 2
    without = f"{2 * (v.data * h.data - 1) * v.data * x.data:.4f}"
    assert "is missing (h * (1 - h) = 0.2288) (in ∂h/∂w" in str(chain_rule(loss, w).check(without))


@pytest.mark.parametrize("formula", ["2x / b", "2x·b^-1", "df/dx = 2x/(a + 1)", "2x / (x² + 1)"])
def test_a_formula_in_the_letters_of_operations_without_labels(formula):
    """The letters that str() shows: a = x², b = a + 1."""
    x = Value(1.3, "x")
    chain = chain_rule(labelled((x * x + 1.0).log(), "f"), x)
    assert chain.check(formula).ok
    assert not chain.check(formula.replace("2x", "3x")).ok


@pytest.mark.parametrize("label", ["w_{11}", "{w}"])
def test_braces_in_a_label(label):
    w, x = Value(1.5, label), Value(2.0, "x")
    z = labelled(w * x, "z")
    found = chain_rule(labelled((z * w).sin(), "L"), x).check(f"{label} cos(z {label})")
    assert not found.ok
    assert "is missing" in found.text


@pytest.mark.parametrize("label", ["w_{11}", "w_{1}^{2}", "w^{(1)}_{11}", "W[0,1]", "W_{0,1}", r"\theta_1"])
def test_a_label_in_latex_or_with_indices_in_an_equation(label):
    w, x = Value(1.5, label), Value(2.0, "x")
    z = labelled(w * x, "z")
    chain = chain_rule(labelled(z * z, "L"), w)
    for right in (f"dL/d{label} = 2 z x", rf"\frac{{dL}}{{d{label}}} = 2 x² {label}", f"∂L/∂z * ∂z/∂{label}"):
        assert chain.check(right).ok, right
    assert not chain.check(f"∂L/∂{label} = 3 z x").ok
    with pytest.raises(ValueError, match=r"write 1\.5 for 1,5"):
        chain.check("1,5 x")


@pytest.mark.parametrize("formula", ["100.0 - 99.8", "12.3 w - 9.84", "1.23*" * 300 + "w"])
def test_constants_that_leave_no_digits_agree_with_nothing(formula):
    w, x, y = Value(0.8, "w"), Value(1.5, "x"), Value(0.3, "y")
    a = labelled(labelled(w * x, "z").sigmoid(), "a")
    chain = chain_rule(labelled((a - y) ** 2, "L"), w)  # dL/dw = 0.25
    found = chain.check(formula)
    assert not found.ok
    assert "factor" not in found.text


@pytest.mark.parametrize(
    ("f", "at"), [(Value.tanh, 20.0), (Value.tanh, 144.0), (Value.tanh, 400.0), (Value.tanh, -19.0)]
)
def test_a_formula_whose_digits_cancel_in_floats_is_judged_in_decimals(f, at):
    chain = one(f, at)
    for right in ("1 - tanh(z)^2", "1 - a²", "(1 - a)(1 + a)", "sech²(z)", "tanh'(z)", "4/(e^z + e^-z)^2"):
        assert chain.check(right).ok, right
    for wrong in ("1 - a", "1 - a^3", "a - a²", "2 (1 - a²)", "a²", "1 - tanh(2z)^2"):
        assert not chain.check(wrong).ok, wrong


@pytest.mark.parametrize("at", [20.0, 40.0, 800.0, -750.0])
def test_a_saturated_sigmoid_is_judged_in_decimals(at):
    chain = one(Value.sigmoid, at)
    for right in ("a(1-a)", "a - a²", "sigmoid(z)(1-sigmoid(z))", "e^-z/(1+e^-z)^2", "σ'(z)"):
        assert chain.check(right).ok, right
    for wrong in ("1-a", "2a(1-a)", "1 - a²", "a(a-1)"):
        assert not chain.check(wrong).ok, wrong


def test_a_formula_that_saturation_hides_is_not_right():
    w = Value(-38.0, "w")
    h = labelled(w.sigmoid(), "h")
    chain = chain_rule(labelled(h.tanh(), "L"), w)  # 1 - tanh²(h) is 1 to 33 digits
    assert chain.check("(1 - L²) h (1 - h)").ok
    assert not chain.check("h (1 - h)").ok


def test_formulas_have_the_numbers_of_the_forward_pass():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    a = labelled(w * x, "a")
    chain = chain_rule(labelled((a - 3) ** 2, "L"), w)
    w.data, x.data, a.data = 9.0, 5.0, 7.0
    for right in (-8, "2(a-3)x", ["x", "2(a-3)"], ["2", "-4"]):
        assert chain.check(right).ok, right
    assert chain.closed_form == "2 * (a - 3) * x"
    assert chain.sentence == "raising w by 0.01 lowers L by about 0.08; one path, and no factor kills it"
    with pytest.raises(ValueError, match="the data of w or x was set after L was computed from it, so formulas"):
        chain_rule(chain.output, w).check("2(a-3)x")


@pytest.mark.parametrize(
    ("answer", "path", "right"),
    [("2 x b", 0, True), ("2 x b", 1, False), (24, 0, True), ("3a", 1, True), ("12", 1, True), ("9x^2", 0, False),
     (36, 1, False), ("12 x", 0, False), ("6 x^2", 0, True), (["12 x"], 0, False), (["24"], 0, True)],
)  # fmt: skip
def test_one_formula_may_be_all_of_the_path_that_is_asked_for(answer, path, right):
    assert product_of_two().check(answer, path=path).ok is right


def test_a_formula_of_a_derivative_that_is_0_is_0_everywhere():
    x, y = Value(0.0, "x"), Value(2.0, "y")
    chain = chain_rule(labelled(y * y, "L"), x)
    assert [chain.check(answer).ok for answer in (0, "0", "x - x", "0 y", "x", "x/10")] == [True] * 4 + [False] * 2


def test_the_number_beside_a_wrong_formula_keeps_the_digits_that_floats_lose():
    z, x = Value(50.0, "z"), Value(62.5, "x")
    a = z.sigmoid()
    a.label = "a"
    answer = str(chain_rule(a * x, z).check("-a (1 - a) x"))
    assert answer == "doutput/dz = 1.205e-20, not -a (1 - a) x = -1.205e-20: the sign is wrong"


def test_a_factor_that_is_a_sum_of_products_has_no_step_to_blame():
    """tan' is 1/cos² = 1 + tan²: 1/cos x is it times cos x, but no cosine is a factor twice."""
    x = Value(0.7, "x")
    y = x.sin() / x.cos()
    y.label = "y"
    answer = chain_rule(y, x).check("1/cos x")
    assert (answer.ok, str(answer)) == (False, "dy/dx = y ** 2 + 1 = 1.709, not 1/cos x = 1.307")
    powers = chain_rule(x**3 + x.sin(), x)
    assert "brings its exponent down" not in str(powers.check("x² + cos(x)/3"))
    assert "if the exponent is not brought down in the formula" in str(powers.check("x² + cos x"))
