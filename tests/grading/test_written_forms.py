"""Answers as people write them: in LaTeX, with derivatives named in them, and with numbers put in."""

import pytest
from graphs import labelled

from engine import Value, chain_rule, softmax


def neuron(activation=Value.sigmoid, x=1.5, y=1.0):
    """C = (a - y)², a = f(z), z = w x + b."""
    w, x, b, y = Value(0.8, "w"), Value(x, "x"), Value(0.1, "b"), Value(y, "y")
    a = labelled(activation(labelled(w * x + b, "z")), "a")
    return chain_rule(labelled((a - y) ** 2, "C"), w)


def product():
    """f = p q, p = sin x, q = x²."""
    x = Value(0.8, "x")
    return chain_rule(labelled(labelled(x.sin(), "p") * labelled(x**2, "q"), "f"), x)


def network():
    """C = ½ (a₂ - y)² of two sigmoid neurons with the names of a book."""
    w, x, b = Value(0.4, "layer1.neuron1.w1"), Value(1.5, "x"), Value(0.2, "layer1.neuron1.b")
    v, y = Value(0.7, "layer2.neuron1.w1"), Value(0.3, "y")
    a = labelled(labelled(w * x + b, "layer1.neuron1.z").sigmoid(), "layer1.neuron1.a")
    a = labelled(labelled(v * a, "layer2.neuron1.z").sigmoid(), "layer2.neuron1.a")
    return chain_rule(labelled(0.5 * (a - y) ** 2, "C"), w)


def relu_network():
    """L = (ŷ - y)², ŷ = w₂ h, h = relu(w₁ x)."""
    w1, x, w2, y = Value(0.4, "w1"), Value(1.5, "x"), Value(0.7, "w2"), Value(0.3, "y")
    y_hat = labelled(w2 * labelled((w1 * x).relu(), "h"), "y_hat")
    return chain_rule(labelled((y_hat - y) ** 2, "L"), w1)


def quotient():
    """f = exp(k x) / √(1 + x²)."""
    x, k = Value(0.7, "x"), Value(2.0, "k")
    return chain_rule(labelled((x * k).exp() / (1 + x**2).sqrt(), "f"), x)


def half_logarithm():
    """f = ½ k ln x."""
    x, k = Value(0.7, "x"), Value(2.0, "k")
    return chain_rule(labelled(x.log() * k / 2, "f"), x)


def probability():
    """L = -ln p₁ of a softmax."""
    z = [Value(number, f"z{i}") for i, number in enumerate((0.3, -0.2, 0.5), 1)]
    p = labelled(softmax(z)[0], "p1")
    return chain_rule(labelled(-p.log(), "L"), z[0])


RIGHT = {
    neuron: [
        r"2(a-y)\frac{1}{1+e^{-z}}\left(1-\frac{1}{1+e^{-z}}\right)x", r"2(a-y)\frac{\frac{e^{-z}}{1}}{(1+e^{-z})^2}x",
        r"2\left(a-y\right)\,\sigma'\left(z\right)\,x", "2(a-y)σ(z)(1−σ(z))x", "2 (a-y) σ'(wx+b) x",
        "dC/da * da/dz * dz/dw", "2(a-y) dz/dw da/dz", "2(a-y) a' dz/dw", "∂C/∂a σ'(z) x", "2 da/dz (a-y) x",
        r"\frac{dC}{da}\cdot\sigma'(z)\cdot x", r"\frac{\partial C}{\partial z} x", "2(a-y)a'(z)x",
        "dC/dw = dC/da · da/dz · dz/dw = 2(a-y) a' x = -0.108",
    ],
    product: [
        "p'q + pq'", "p' q + p q'", "f' = p'q + pq'", "q dp/dx + p dq/dx", r"\frac{dp}{dx} q + p \frac{dq}{dx}",
        "x² cos x + 2x sin x", "x^2cosx + 2xsinx", r"x^2\cos x + 2x\sin x", "p'(x) q + p q'(x)",
        "x np.sin(x) * 2 + x**2*math.cos(x)", "q √(1 - sin²(x)) + 2 x p", "q √(1 - sin^2 x) + 2 x p",
        "q / sec(x) + 2px",
    ],
    network: [
        r"(a_1^{(2)} - y)\,\sigma'(z_1^{(2)})\, w_{11}^{(2)}\, \sigma'(z^{(1)}_1)\, x",
        "(a^(2)_1 - y) σ'(z^(2)_1) w^(2)_11 σ'(z⁽¹⁾₁) x",
        r"\frac{\partial C}{\partial a_1^{(2)}}\frac{\partial a_1^{(2)}}{\partial w_{11}^{(1)}}",
    ],
    relu_network: [
        r"2(\hat{y}-y)w_2 \mathbb{1}[h>0] x", r"2(\hat y-y)w_2\,x\,1_{h>0}", "2(ŷ-y)w₂[h>0]x", "2(y_hat-y) w2 𝟙[h>0] x",
        "2(y_hat-y)w2x", "2(w2 max(0, w1x) - y) w2 ReLU'(w1x) x", "2(y_hat-y)*w2*(h > 0)*x",
    ],
    quotient: [
        r"\frac{k e^{kx}\sqrt{1+x^2} - e^{kx}\frac{x}{\sqrt{1+x^2}}}{1+x^2}", "e^(kx)(k(1+x²) - x)/(1+x²)^(3/2)",
        r"\frac{e^{kx}(k(1+x^2)-x)}{(1+x^2)^{\frac{3}{2}}}",
    ],
    half_logarithm: [
        r"\frac{k}{2x}", r"\frac k{2x}", r"\frac12\frac kx", r"\frac{k}{2}\frac{1}{x}", "(k/2)(1/x)", "1/2 k/x", "½k/x",
    ],
    probability: [
        r"\exp(z_1 - \operatorname{logsumexp}(z_1, z_2, z_3)) - 1", r"\frac{e^{z_1}}{e^{z_1}+e^{z_2}+e^{z_3}} - 1",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("chain", "answer"), [(chain, answer) for chain, all_of in RIGHT.items() for answer in all_of])
def test_a_right_answer_is_right_as_people_write_it(chain, answer):
    check = chain().check(answer)
    assert check.ok, check
    assert check.text.startswith("right: ")


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("2(a-y)(1-tanh^2(z))x", True), ("2(a-y)(1-tanh²z)x", True), (r"2(a-y)\left(1-\tanh^{2} z\right)x", True),
        ("2(a-y)sech²(z)x", True), ("2(a-y)x/cosh²(z)", True), (r"2(a-y)\frac{4}{(e^z+e^{-z})^2}x", True),
        ("2(a-y)(1-tanh(z²))x", False), ("2(a-y)(1-tanh z²)x", False), ("2(a-y)tanh²(z)x", False),
    ],
)  # fmt: skip
def test_a_power_of_a_function_is_of_its_result(answer, right):
    assert neuron(Value.tanh).check(answer).ok is right


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("k/2x", "a product without spaces may be the whole divisor: write 1/(2 x) or (1/2) x"),
        ("1/x²k", "may be the whole divisor"),
        ("e^kx/2", "a product without spaces may be the whole exponent: write e^(k x) or e^k * x"),
        ("e^2x", "may be the whole exponent"),
        ("sin k x", "sin needs brackets around its operand"),
        ("ln x/k", "log needs brackets around its operand"),
        ("ln 2 * x", "log needs brackets around its operand"),
        ("sin", "sin needs brackets around its operand"),
        ("√2x", "the root in √2x may be of the first sign or of all: write brackets after √"),
        ("√x²", "the root in √x² may be of the first"),
        ("√x^2", "the root in √x^2 may be of the first"),
        ("√2π", "may be of the first"),
        ("√xk", "may be of the first"),
        ("sin 2x cos x", "sin needs brackets around its operand"),
        ("sin^-1(x)", "may be an inverse or a quotient: write asin(x) or 1/sin(x)"),
        ("f(x)", "'f' is neither a label nor a function"),
    ],
)
def test_what_can_be_read_in_two_ways_is_told_what_to_write(answer, reason):
    x, k = Value(0.7, "x"), Value(2.0, "k")
    with pytest.raises(ValueError, match="cannot read") as error:
        chain_rule(labelled(x.log() * k / 2, "y"), x).check(answer)
    assert reason in str(error.value)


def test_a_label_before_its_variable_in_brackets_is_told_what_to_write():
    with pytest.raises(ValueError, match=r"q\(x\) may be q or q \* x: write one of them"):
        product().check("p' q(x) + 2px")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("dC/dw * 1", "only names a derivative"), ("x dC/dw / x", "names the derivative that is asked for")],
)
def test_the_derivative_itself_is_no_answer(answer, reason):
    with pytest.raises(ValueError, match=reason):
        neuron().check(answer)


@pytest.mark.parametrize("answer", ["dC/da * dz/dw", "dC/da da/dz", "2(a-y) da/dz da/dz x", "p' q'"])
def test_a_wrong_product_of_derivatives_is_wrong(answer):
    assert not (product() if "p" in answer else neuron()).check(answer).ok


def test_a_product_of_derivatives_along_one_path_of_two_is_not_right():
    assert product().check("df/dp dp/dx").text.startswith("right for path 2 of 2, x → p → f")
    text = "right: df/dp dp/dx + df/dq dq/dx = df/dx = 1.594; write the formula of each to have it checked"
    assert product().check("df/dp dp/dx + df/dq dq/dx").text == text


@pytest.mark.parametrize("answer", ["df/dx = 2x = x² = 4", "df/dx = 4 = x²", "df/dx = 2x = dx/dx x²"])
def test_every_formula_of_an_equation_has_to_be_right_nearby(answer):
    x = Value(2.0, "x")
    check = chain_rule(labelled(x * x, "f"), x).check(answer)
    assert not check.ok
    assert "where x = 2 only" in check.text


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("2*(a-y)*0.1683*x", "0.1683 for a * (1 - a)"), ("2(a-y)a(1-a)1.5", "1.5 for x"),
        ("-0.4283*a(1-a)*x", "0.4283 for -(2 * (a - y))"), ("0.2525 * 2(a-y)", "0.2525 for ∂a/∂w"),
        (["2(a-y)*0.1683", "x"], "0.1683 for a * (1 - a)"),
        ("2(a-y)*0.1683*1.5", "0.1683 for a * (1 - a) and 1.5 for x"),
    ],
)  # fmt: skip
def test_numbers_may_be_put_in_for_some_factors(answer, meant):
    check = neuron().check(answer)
    assert check.ok
    assert check.text.startswith(f"right with {meant}: ")


@pytest.mark.parametrize("answer", ["2*(a-y)*0.1783*x", "2(a-y)a(1-a)1.6", "-0.1081 + 0 w", "2(a-1)a(1-a)x"])
def test_a_number_that_stands_for_nothing_is_not_right(answer):
    assert not neuron().check(answer).ok


@pytest.mark.parametrize("answer", ["2 x", "x + x", "2"])
def test_a_whole_number_stands_for_itself(answer):
    x = Value(2.0, "x")
    chain = chain_rule(labelled(x**3 / 3.0, "f"), x)  # 4, as 2 x is there
    assert not chain.check(answer).ok


@pytest.mark.parametrize(
    ("truth", "answer", "right"),
    [
        (2.9996, "3", True), (2.9996, 3, True), (2.9996, "3.0", True), (3.4, "3", False), (3.4, 3, False),
        (2.96, "3", False), (36.04, "36", True), (36.4, "36", True), (36.6, "36", False),
        (-14.87, "-15", True), (-14.87, -15, True), (-14.87, "-14", False), (1004.0, 1000, False),
        (-2.9996, "-3", True), (0.6, "1", False),
        (1004.0, "1000", False), (3.0, "3", True), (2.9996, "3 + 0 x", False),
    ],
)  # fmt: skip
def test_a_whole_number_is_right_to_its_digits(truth, answer, right):
    x = Value(1.0, "x")
    check = chain_rule(labelled(x * truth, "y"), x).check(answer)
    assert check.ok is right
    if right and truth == 2.9996:
        assert check.text == "right to the digits given: dy/dx = 2.9996"


@pytest.mark.parametrize("w", [0.0, 1.0])
def test_a_formula_that_is_right_where_several_are_0_is_not_right(w):
    w, v = Value(w, "w"), Value(0.0, "v")
    chain = chain_rule(labelled((w * v + 1) ** 2, "L"), w)
    assert chain.check("2 (w v + 1) v").ok
    assert not chain.check("2 v").ok


def test_a_formula_is_right_on_both_sides_of_a_kink():
    w, x = Value(0.0, "w"), Value(2.0, "x")
    f = labelled((w * x).relu(), "f")
    assert chain_rule(f, w).check("[w x > 0] x").ok
    assert not chain_rule(f, w).check("f").ok


def test_a_kink_that_is_close_is_not_crossed():
    w, x, b = Value(1.0, "w"), Value(2.0, "x"), Value(-1.999, "b")
    chain = chain_rule(labelled((w * x + b).relu() ** 2, "f"), w)
    assert chain.check("2 (w x + b) x").ok
    assert not chain.check("2 (w + b) x").ok


@pytest.mark.parametrize(
    ("f", "at", "answer", "chance"),
    [
        (lambda x: x**3, -1.0, "3 x", "the sign is wrong"),
        (lambda x: x.log() * Value(2.0, "k") / 2, 0.7, "k / 2 x", "itself"),
        (lambda x: (x * x) * (x + 1), 1.0, "x + 1", "is missing"),
    ],
)
def test_a_hint_is_right_nearby_too(f, at, answer, chance):
    x = Value(at, "x")
    check = chain_rule(labelled(f(x), "y"), x).check(answer)
    assert not check.ok
    assert chance not in check.text


@pytest.mark.parametrize("answer", ["[w > 0]", "2 [w > 0] x x", "a"])
def test_a_wrong_formula_of_a_relu_that_is_off_is_not_right(answer):
    w, x = Value(-1.4, "w"), Value(0.7, "x")
    chain = chain_rule(labelled((w * x).relu(), "a"), w)
    assert chain.check("[w x > 0] x").ok
    assert not chain.check(answer).ok


def test_a_derivative_that_is_0_but_for_rounding_is_right():
    w, x = Value(1.1818453648590337, "w"), Value(-0.25276188267453215, "x")
    assert chain_rule(labelled(3 * w / (w * x), "L"), w).check("3 / (w·x) – 3 w⋅x/(w*x)^2").ok


@pytest.mark.parametrize("factors", [["-1", "(2 h) h", "1"], ["-1", "2 h h", "k"], ["-h", "2 h", "1"]])
def test_a_number_among_factors_hides_no_formula_that_is_right_here_only(factors):
    w, p, k = Value(1.0, "w"), Value(2.0, "p"), Value(1.0, "k")
    h = labelled(p - w, "h")
    chain = chain_rule(labelled(k * labelled(h**2, "s"), "L"), w)
    assert chain.check(["-1", "2 h", "1"]).ok
    assert chain.check(["-1", "2 h", "k"]).ok
    assert not chain.check(factors).ok


def test_factors_that_fit_in_both_orders_are_right_in_one():
    w, p, q = Value(2.0, "w"), Value(-1.0, "p"), Value(1.0, "q")
    h = labelled(w / p, "h")
    chain = chain_rule(labelled(q - labelled(h + q, "s"), "L"), w)
    assert chain.check(["1/p", "1", "-1"]).ok
    assert chain.check(["-1", "1", "1/p"]).ok


@pytest.mark.parametrize(
    "answer",
    [
        *(r"\(9x^2\)", r"\[9x^{2}\]", r"\boxed{\frac{18x^2}{2}}", r"\displaystyle 9x^2", r"9\bigl(x^2\bigr)"),
        *(r"9\lvert x\rvert^2", r"9x^2\quad", r"\( \frac{dy}{dx} = 9x^2 \)"),
    ],
)
def test_latex_between_delimiters_and_in_a_frame_is_read(answer):
    x = Value(2.0, "x")
    y = 3 * x**3
    y.label = "y"
    check = chain_rule(y, x).check(answer)
    assert check.ok, check
    assert not chain_rule(y, x).check(r"-\boxed{9-x^2}").ok
