"""Textbook forms: as a book prints them, proven, and none where it would be false here."""

import math
import random

import pytest
from graphs import labelled, two_paths

from engine import Value, chain_rule, maximum, minimum, softmax, where
from engine.chain.decimals import DIGITS, in_decimals
from engine.chain.textbook import textbook
from engine.table.formula import TABLE, numeric
from nn import cross_entropy as cross_entropy_of_logits


def values(**numbers):
    return [Value(number, name) for name, number in numbers.items()]


def cross_entropy(w=0.4):
    x, w, y = values(x=0.7, w=w, y=0.9)
    z = labelled(w * x, "z")
    p = labelled(z.sigmoid(), "p")
    return labelled(-(y * p.log() + (1 - y) * (1 - p).log()), "L"), w, z, p


def probabilities():
    z = values(z1=0.3, z2=-0.2, z3=0.5)
    p = [labelled(entry, f"p{i}") for i, entry in enumerate(softmax(z), 1)]
    return z, p


@pytest.mark.parametrize(("of", "form"), [(1, "(p - y) * x"), (2, "p - y"), (3, "(p - y) / (p * (1 - p))")])
def test_cross_entropy_of_a_sigmoid(of, form):
    ends = cross_entropy()
    assert chain_rule(ends[0], ends[of]).closed_form == form


def test_softmax_and_its_cross_entropy():
    z, p = probabilities()
    loss = labelled(-p[0].log(), "L")
    assert chain_rule(loss, z[0]).closed_form == "p1 - 1"
    assert chain_rule(loss, z[1]).closed_form == "exp(z2 - logsumexp([z1, z2, z3]))"  # p2 is no part of that graph
    assert chain_rule(p[0], z[1]).closed_form == "-p1 * exp(z2 - logsumexp([z1, z2, z3]))"
    assert chain_rule(p[0], z[0]).closed_form == "p1 * (1 - p1)"
    chain = chain_rule(labelled(p[0] * p[1] * p[2], "q"), z[1])
    assert textbook(p[0], z[1], chain.naming, -p[0].data * p[1].data) == ("neg", ("mul", "p1", "p2"))


def test_a_loss_on_logits_shows_no_test_of_whether_one_is_masked():
    z = values(z1=0.3, z2=-0.2, z3=0.5)
    loss = labelled(cross_entropy_of_logits([z], [0]), "L")
    (path,) = chain_rule(loss, z[1]).paths()
    assert [factor.formula for factor in path.factors] == ["exp(z2 - a)", "1", "sigmoid(b)"]
    assert chain_rule(loss, z[0]).closed_form == "-sigmoid(logsumexp([z2, z3]) - z1)"


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (lambda x, w: maximum(x, w), "[x > w]"),
        (lambda x, w: minimum(x, w), "[w > x]"),
        (lambda x, w: (x * w).relu(), "[x * w > 0] * w"),
        (lambda x, w: x * x * x, "3 * x ** 2"),
        (lambda x, w: x.erf(), "2 / sqrt(π) * exp(-x ** 2)"),
        (lambda x, w: (x**2 + w**2).sqrt(), "x / r"),
        (lambda x, w: x.softplus(), "sigmoid(x)"),
        (lambda x, w: x * x.sin(), "sin(x) + x * cos(x)"),
        (lambda x, w: x * x.log(), "log(x) + 1"),
        (lambda x, w: x**3 + 2 * x, "3 * x ** 2 + 2"),
        (lambda x, w: (w * x - 3) ** 2 + 0.5 * x**2, "2 * (w * x - 3) * w + x"),
        (lambda x, w: x / (1 + x), "1 / (1 + x) ** 2"),
        (lambda x, w: x / w, "1 / w"),
        (lambda x, w: w / x, "-w / x ** 2"),
        (lambda x, w: w * x / (w + x), "w ** 2 / (w + x) ** 2"),
        (lambda x, w: 1 / (1 + (-x).exp()), "r * (1 - r)"),
        (lambda x, w: x.sqrt(), "1 / (2 * r)"),
        (lambda x, w: x**2 + 3 * x, "2 * x + 3"),
        (lambda x, w: x**4 - 3 * x**2, "4 * x ** 3 - 6 * x"),
        (lambda x, w: 2 * x + (x - 2) ** 3, "3 * (x - 2) ** 2 + 2"),
        (lambda x, w: (2 * x + 3) ** 5, "10 * (2 * x + 3) ** 4"),
        (lambda x, w: (x**2 + 1) ** 3, "6 * x * (x ** 2 + 1) ** 2"),
        (lambda x, w: w * (w * x + 1).sin(), "w ** 2 * cos(w * x + 1)"),
        (lambda x, w: x.sin() ** 2, "2 * sin(x) * cos(x)"),
        (lambda x, w: w * (1 + x) ** w, "w ** 2 * (1 + x) ** (w - 1)"),
        (lambda x, w: abs(w * x - 3), "w * sign(w * x - 3)"),
        (lambda x, w: (w / x + 9) * abs(w / x + 9), "-2 * (w / x + 9) * w * sign(w / x + 9) / x ** 2"),
        (lambda x, w: (w * x - 3) ** 2 + w * abs(x), "w * sign(x) + 2 * (w * x - 3) * w"),
        (lambda x, w: ((w * x).relu() - 3) ** 2, "2 * [w * x > 0] * (w * x - 3) * w"),
        (lambda x, w: (1 + (x - w) ** 2).sqrt() - 1, "(x - w) / sqrt(1 + (x - w) ** 2)"),
        (lambda x, w: -x * x.log() - (1 - x) * (1 - x).log(), "log(1 - x) - log(x)"),
        (lambda x, w: (-w * x).softplus(), "-w * sigmoid(-w * x)"),
        (lambda x, w: 9.0 * (9.0 * x), ""),  # a number is no form
        (lambda x, w: x.sin().exp().cos().exp().tanh() / w, ""),
    ],
)
def test_forms_of_books(function, form):
    x, w = values(x=0.7, w=0.4)
    assert chain_rule(labelled(function(x, w), "r"), x).closed_form == form


@pytest.mark.parametrize("y", [0.1, 0.9])
def test_an_absolute_error_has_the_sign_of_the_difference(y):
    x, w, y = values(x=0.7, w=0.4, y=y)
    a = labelled(w * x, "a")
    assert chain_rule(labelled(abs(a - y), "L"), w).closed_form == "x * sign(a - y)"


def test_cross_entropy_of_a_sigmoid_without_a_name():
    x, w, b, y = values(x=0.7, w=0.4, b=0.1, y=0.9)
    p = (w * x + b).sigmoid()
    loss = labelled(-(y * p.log() + (1 - y) * (1 - p).log()), "L")
    assert chain_rule(loss, w).closed_form == "(sigmoid(w * x + b) - y) * x"
    squares = chain_rule(labelled((p - y) ** 2, "L"), w).closed_form
    assert squares == "2 * (sigmoid(w * x + b) - y) * sigmoid(w * x + b) * (1 - sigmoid(w * x + b)) * x"


def test_a_path_is_written_in_blocks_of_one_or_two_factors():
    x, w, v, y = values(x=0.7, w=0.3, v=0.5, y=0.9)
    h = labelled(labelled(w * x, "z1").sigmoid(), "h")
    p = labelled(labelled(v * h, "z2").sigmoid(), "p")
    chain = chain_rule(labelled(-(y * p.log() + (1 - y) * (1 - p).log()), "L"), w)
    assert chain.closed_form == "(p - y) * v * h * (1 - h) * x"
    assert chain.check(chain.closed_form).ok
    assert chain_rule(labelled(0.5 * (p - y) ** 2, "C"), w).closed_form == "(p - y) * p * (1 - p) * v * h * (1 - h) * x"


def test_squares_with_an_activation():
    x, w, y = values(x=0.7, w=0.4, y=0.9)
    a = labelled((w * x).tanh(), "a")
    assert chain_rule(labelled(0.5 * (a - y) ** 2, "L"), w).closed_form == "(a - y) * (1 - a ** 2) * x"


def test_no_form_is_shown_whose_digits_are_others_here():
    loss, w, *_ = cross_entropy(w=80.0)
    assert chain_rule(loss, w).closed_form == "" or math.isfinite(chain_rule(loss, w).total)
    w, x, y = values(w=0.8, x=62.5, y=0.0)
    a = labelled((w * x).sigmoid(), "a")
    assert chain_rule(labelled((a - y) ** 2, "C"), w).closed_form == "2 * (a - y) * σ'(w * x) * x"
    x, w = values(x=0.4, w=0.4)
    assert chain_rule(labelled(maximum(x, w), "m"), x).closed_form == "(1 + [x > w] - [w > x]) / 2"  # ½ at a tie


@pytest.mark.parametrize("seed", range(25))
def test_a_form_has_the_number_of_the_derivative_wherever_it_is_asked(seed):
    rng = random.Random(seed)

    def build(numbers):
        x, w, y = values(**numbers)
        pick = random.Random(seed)
        z = labelled(w * x, "z")
        a = labelled(getattr(z, pick.choice(["tanh", "sigmoid", "exp", "relu", "softplus", "sin"]))(), "a")
        end = pick.choice([lambda: (a - y) ** 2, lambda: a * y, lambda: y / a, lambda: (a * y).exp(), lambda: a.log()])
        return chain_rule(labelled(end(), "L"), w)

    chain = build({"x": rng.uniform(0.2, 2), "w": rng.uniform(0.2, 2), "y": rng.uniform(-2, 2)})
    term = chain._closed
    if term is None:
        return
    from engine.chain.products import run

    for _ in range(5):
        other = build({name: rng.choice([1, 3]) * rng.uniform(0.1, 1) for name in "xwy"})
        names = {name: node.data for node, name in other.naming.names.items()}
        assert run(term, names, numeric) == pytest.approx(other.total, rel=1e-6)


def test_factors_of_all_paths_stand_before_their_sum():
    loss, w1 = two_paths()
    chain = chain_rule(loss, w1)
    assert chain.closed_form == "(1 - h1 ** 2) * x * (2 * (o1 - y1) * v11 + 2 * (o2 - y2) * v12)"
    assert chain.check(chain.closed_form).ok


def test_the_table_over_decimals_is_the_table():
    from decimal import Decimal, localcontext

    unary = [name for name, row in TABLE.items() if row.variables == ("a",)]
    with localcontext(DIGITS):
        for name in unary:
            for x in (0.3, 0.9):
                exact = in_decimals(name, Decimal(repr(x)))
                if exact.is_finite():
                    assert float(exact) == pytest.approx(numeric(name, x), rel=1e-14), name


def test_factors_are_written_as_books_do():
    z, p = probabilities()
    chain = chain_rule(labelled(p[0] * p[1] * p[2], "q"), z[1])
    formulas = {factor.of.label: factor.formula for path in chain.paths() for factor in path.factors}
    assert (formulas["p1"], formulas["p3"]) == ("-p1 * p2", "-p2 * p3")
    x, w = values(x=0.7, w=0.4)
    m = labelled(maximum(x, w), "m")
    (path,) = chain_rule(m * m, x).paths()
    assert path.factors[0].pretty == "[x > w]"
    assert path.factors[0].formula == "above(x, w)"


def test_a_name_of_a_branch_not_taken_is_in_no_form():
    x, w, b = values(x=1.0, w=1.0, b=0.02)
    d = labelled(minimum(x, where(b > 0.3, w, b)), "d")
    for wrt in (x, b):
        chain = chain_rule(labelled((d * d) ** 2, "g"), wrt)
        assert chain.closed_form == "" or "w" not in chain.closed_form.replace("where", "")
        assert str(chain)


def test_a_form_names_what_wrt_is_multiplied_with_however_many_names_are_nearer():
    x, w = [Value(2.0, "x1"), Value(0.0, "x2")], [Value(-3.0, "w1"), Value(1.0, "w2")]
    products = [labelled(a * b, f"{a.label}{b.label}") for a, b in zip(x, w, strict=True)]
    n = labelled(labelled(products[0] + products[1], "x1w1+x2w2") + Value(6.88, "b"), "n")
    o = labelled(n.tanh(), "o")
    assert [chain_rule(o, weight).closed_form for weight in w] == ["(1 - o ** 2) * x1", "(1 - o ** 2) * x2"]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_link_is_written_in_its_own_variable_and_not_in_an_equal_one(sign):
    v, x = Value(0.7, "v"), Value(1.2, "x")
    p, q = labelled((v * x).tanh(), "p"), labelled((sign * v * x).tanh(), "q")
    formulas = {
        path.nodes[1].label: path.factors[0].formula for path in chain_rule(labelled(p + q + 0.5, "y"), v).paths()
    }
    assert formulas["p"] == "(1 - p ** 2) * x"
    assert "p" not in formulas["q"]


@pytest.mark.parametrize("k", [0.0, 2.0])
@pytest.mark.parametrize("choose", [maximum, minimum])
def test_no_bracket_is_shown_at_a_tie_where_each_operand_has_half_of_the_slope(choose, k):
    w, u, k = Value(2.0, "w"), Value(2.0, "u"), Value(k, "k")
    chain = chain_rule(labelled(choose(w, u) * k, "y"), w)
    assert (chain.closed_form, chain.total) == ("", k.data / 2)
    w.data = 3.0
    assert chain_rule(labelled(choose(w, u) * k, "y"), w).closed_form.startswith("[")


def density(x, m, s):
    return (-((x - m) ** 2) / (2 * s**2)).exp() / (s * (2 * math.pi) ** 0.5)


@pytest.mark.parametrize(
    ("function", "forms"),
    [
        (lambda x, m, s: x.silu(), ["sigmoid(x) * (1 + x - p)"]),
        (lambda x, m, s: x * x.sigmoid(), ["sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))"]),
        (lambda x, m, s: x.gelu(), ["normal_cdf(x) + x * normal_pdf(x)"]),
        (lambda x, m, s: x / s, ["1 / s", "", "-x / s ** 2"]),
        (density, ["(m - x) * p / s ** 2", "(x - m) * p / s ** 2", "((x - m) ** 2 - s ** 2) * p / s ** 3"]),
        (
            lambda x, m, s: s.log() + (x - m) ** 2 / (2 * s**2),
            ["(x - m) / s ** 2", "(m - x) / s ** 2", "(s ** 2 - (x - m) ** 2) / s ** 3"],
        ),
    ],
)
def test_activations_and_the_normal_distribution(function, forms):
    leaves = values(x=1.2, m=0.5, s=0.8)
    p = labelled(function(*leaves), "p")
    assert [chain_rule(p, leaf).closed_form for leaf, _ in zip(leaves, forms, strict=False)] == forms


def test_two_layers_of_sigmoids_and_two_steps_of_a_recurrent_network():
    x, w1, b1, w2, y = values(x=1.5, w1=0.3, b1=0.1, w2=-0.8, y=1.0)
    a1 = labelled(labelled(w1 * x + b1, "z1").sigmoid(), "a1")
    a2 = labelled(labelled(w2 * a1, "z2").sigmoid(), "a2")
    chains = [chain_rule(labelled((a2 - y) ** 2, "L"), leaf) for leaf in (w1, b1, w2)]
    sent_back = "2 * (a2 - y) * a2 * (1 - a2)"
    assert [chain.closed_form for chain in chains] == [
        f"{sent_back} * w2 * a1 * (1 - a1) * x", f"{sent_back} * w2 * a1 * (1 - a1)", f"{sent_back} * a1",
    ]  # fmt: skip
    w, u, x1, x2, h0 = values(w=0.5, u=0.8, x1=0.3, x2=-0.4, h0=0.2)
    h1 = labelled((u * x1 + w * h0).tanh(), "h1")
    h2 = labelled((u * x2 + w * h1).tanh(), "h2")
    chains += [chain_rule(h2, w), chain_rule(h2, u)]
    assert chains[3].closed_form == "(1 - h2 ** 2) * (h1 + w * (1 - h1 ** 2) * h0)"
    assert chains[4].closed_form == "(1 - h2 ** 2) * (x2 + w * (1 - h1 ** 2) * x1)"
    assert all(chain.check(chain.closed_form).ok for chain in chains)
