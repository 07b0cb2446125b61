"""A factor's formula evaluates to its number, in the names that are shown."""

import itertools
import math
import re

import pytest
from graphs import labelled, random_graph, two_paths

from engine import Value, chain_rule, dot, logsumexp, maximum, mish
from engine.chain import VariableGraph
from engine.chain.expressions import show
from engine.chain.terms import symbol
from engine.core import Name
from engine.table.formula import evaluate, numeric
from nn import MLP, mean_squared_error


def value_of(formula, chain):
    return evaluate(formula, {str(name): node.data for node, name in chain.naming.names.items()}, numeric)


def test_formulas_are_written_in_the_labels():
    loss, w1 = two_paths()
    first, second = chain_rule(loss, w1).paths()
    formulas = [[factor.formula for factor in path.factors] for path in (first, second)]
    assert formulas in (
        [["x", "1 - h1 ** 2", "v12", "2 * (o2 - y2)"], ["x", "1 - h1 ** 2", "v11", "2 * (o1 - y1)"]],
        [["x", "1 - h1 ** 2", "v11", "2 * (o1 - y1)"], ["x", "1 - h1 ** 2", "v12", "2 * (o2 - y2)"]],
    )
    assert [factor.pretty for factor in first.factors][1] == "1 − h₁²"
    assert [factor.latex for factor in first.factors][1] == "1 - h_{1}^{2}"


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_every_formula_evaluates_to_its_factor(by):
    for seed in range(40):
        output, leaf = random_graph(seed)
        chain = chain_rule(output, leaf, by=by)
        for path in chain.paths(4):
            for factor in path.factors:
                assert value_of(factor.formula, chain) == pytest.approx(factor.value, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: x / w, lambda x, w: w / x, lambda x, w: x**w, lambda x, w: w**x, lambda x, w: x**-3,
        lambda x, w: 2**x, lambda x, w: abs(-x * w), lambda x, w: (x + w).exp() - x.log() * 2.5,
        lambda x, w: x.sqrt().sin(), lambda x, w: dot([x, w], [w, 2.0], x),
        lambda x, w: (x * w).cos().erf(), lambda x, w: x.softplus().relu(), lambda x, w: -(-x - (w - x)),
        lambda x, w: maximum(x, w) * maximum(w, x), lambda x, w: logsumexp([x, w, x * w]),
        lambda x, w: x.leaky_relu() - (x - 3).leaky_relu(), lambda x, w: x - (w - (x - 1)) / (w / x),
    ],
)  # fmt: skip
def test_the_formula_of_a_folded_factor_evaluates_to_its_number(function):
    x, w = Value(1.7, "x"), Value(0.6, "w")
    y = labelled(function(x, w), "y")
    chain = chain_rule(y, x).folded
    (path,) = chain.paths()
    assert value_of(path.factors[0].formula, chain) == pytest.approx(chain.total, rel=1e-9)
    assert value_of(chain.naming.definition(y), chain) == pytest.approx(y.data, rel=1e-12)
    for style in ("pretty", "latex", "spoken"):
        assert chain.naming.definition(y, style)


TEXTBOOK = ("a * (1 - a)", "1 - a ** 2", "2 / sqrt(3.141592653589793) * exp(-z ** 2)")


@pytest.mark.parametrize("z", [0.3, -4.0, 20.0, 37.0, 50.0, -700.0])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "erf"])
def test_the_textbook_form_shows_only_where_it_has_the_digits(name, z):
    z = Value(z / 30 if name == "erf" else z, "z")
    a = labelled(getattr(z, name)(), "a")
    chain = chain_rule(a, z)
    factor = chain.paths()[0].factors[0]
    assert value_of(factor.formula, chain) == pytest.approx(factor.value, rel=1e-8)
    assert ("′" in factor.pretty) == (factor.formula not in TEXTBOOK)


def test_a_saturated_sigmoid_is_shown_as_its_slope():
    w, x = Value(0.8, "w"), Value(62.5, "x")
    z = labelled(w * x, "z")
    a = labelled(z.sigmoid(), "a")
    factor = chain_rule(a, z).paths()[0].factors[0]
    assert (factor.formula, factor.pretty, factor.latex) == (
        "bell(z)",
        "σ′(z)",
        r"\sigma'\left(z\right)",
    )


def test_the_slope_of_a_sigmoid_or_tanh_within_a_formula_is_written_as_one():
    z = Value(0.3, "z")
    a = labelled(z * (2 * z).sigmoid() + z * z.tanh(), "a")
    chain = chain_rule(a, z)
    factor = chain.folded.paths()[0].factors[0]
    assert value_of(factor.formula, chain.folded) == pytest.approx(chain.total, rel=1e-15)
    terms = [symbol("bell", symbol("mul", 2.0, Name("z"))), symbol("sech2", Name("z"))]
    assert [show(term, "text") for term in terms] == ["bell(2 * z)", "sech2(z)"]
    assert [show(term, "spoken") for term in terms] == ["σ'(2 * z)", "tanh'(z)"]
    assert [show(term, "pretty") for term in terms] == ["σ′(2 z)", "tanh′(z)"]
    assert [show(term, "latex") for term in terms] == [r"\sigma'\left(2 z\right)", r"\tanh'\left(z\right)"]
    chain = chain_rule(labelled(mish(z), "m"), z)
    assert "σ'(2 * softplus(z))" in str(chain)
    assert chain.check(chain.paths()[0].factors[0].show("spoken")).ok


def test_repeated_labels_are_numbered_in_the_order_of_creation():
    x = Value(2.0, "x")
    late, early = Value(5.0, "h[1]"), None
    first, second = labelled(x * 1, "h"), labelled(x * 2, "h")
    early = second + first * late
    names = VariableGraph(early).naming.names
    assert (names[first], names[second], names[late]) == ("h[2]", "h[3]", "h[1]")
    assert len(set(names.values())) == len(names)


def test_a_wide_sum_is_elided_and_its_factors_are_not():
    leaves = [Value(0.1 * i, f"x{i}") for i in range(200)]
    y = labelled(dot(leaves, leaves), "y")
    assert VariableGraph(y).naming.definition(y) == ""
    assert chain_rule(y, leaves[3]).paths()[0].factors[0].formula == "2 * x3"


def test_what_is_made_of_elided_numbers_is_a_number():
    x, y = Value(0.5, "x"), Value(2.0, "y")
    deep = x
    for _ in range(12):
        deep = (deep * x).sin() + y
    partly, wholly = labelled((deep**2 + (x - 1) ** 2) / 3, "partly"), labelled(deep**2 / 3, "wholly")
    assert chain_rule(partly, x).folded.naming.definition(partly) == f"({deep.data**2!r} + (x - 1) ** 2) / 3"
    assert chain_rule(wholly, x).folded.naming.definition(wholly) == ""
    w = Value(2.0, "w")
    whole = labelled(deep**2 * labelled(w**3, "c"), "whole")
    assert f"3 * w ** 2 * {deep.data**2:.4g}" in str(chain_rule(whole, w))  # as short as other numbers


def test_two_minuses_cancel():
    x = Name("x")
    assert symbol("neg", symbol("mul", -1.5, x)) == symbol("mul", 1.5, x)
    assert math.copysign(1.0, symbol("neg", 0.0)) == -1.0


def test_links_are_derivatives_with_the_other_variables_held_fixed():
    x = Value(0.5, "x")
    shared = (x * 3).exp()
    a, b = labelled(shared * x, "a"), labelled(shared.sin() + x, "b")
    y = labelled(a * shared + b * b, "y")
    graph = VariableGraph(y)
    found = {link.wrt.label: link.value for link in graph.variables[y]}
    assert found == pytest.approx({"x": a.data * 3 * shared.data, "a": shared.data, "b": 2 * b.data})


def test_text_table_has_a_line_a_path_the_formulas_and_the_verdict():
    loss, w1 = two_paths()
    text = str(chain_rule(loss, w1))
    assert text.splitlines()[0].startswith("dL/dw1 = ")
    assert "w1 → z1 → h1 → o1 → L" in text, text
    assert "x * (1 - h1 ** 2) * v11 * 2 * (o1 - y1)" in text, text
    assert text.splitlines()[-1].startswith("ok: raising w1 by 0.01 lowers L by about 0.003652; 2 paths: ")


def test_text_table_sums_the_paths_it_does_not_list():
    x = Value(1.0, "x")
    branches = [labelled(x * (i + 1), f"b{i}") for i in range(15)]
    text = str(chain_rule(dot(branches, [1.0] * 15), x))
    assert f"… and 5 more, together {1 + 2 + 3 + 4 + 5}" in text, text


def test_latex_is_balanced_and_names_are_escaped():
    x = Value(1.0, "50% of {x}_#&")
    y = labelled((x * 2).sin(), "y")
    latex = chain_rule(y, x).to_latex()
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert r"\text{50\% of \{x\}\_\#\&}" in latex
    assert latex.count(r"\left") == latex.count(r"\right")
    assert chain_rule(y, x)._repr_mimebundle_()["text/latex"].startswith("$$")
    assert y._repr_latex_().startswith("$y = ")


@pytest.mark.parametrize(
    ("number", "other", "shown"),
    [(2.0, 4.0, "0.5 * x"), (2.0, 3.0, "2 * x / 3"), (1e-300, 1e300, "1e-300 * x / 1e+300")],
)
def test_a_quotient_of_numbers_is_one_number_where_that_is_exact(number, other, shown):
    from engine._notation import Name

    assert show(symbol("div", symbol("mul", number, Name("x")), other)) == shown


def test_styles_cover_every_row_of_the_table():
    from engine._notation import Name
    from engine.table.formula import TABLE

    for (name, row), style in itertools.product(TABLE.items(), ["text", "spoken", "pretty", "latex"]):
        names = [[Name("u"), Name("v")] if variable.isupper() else Name(variable) for variable in row.variables]
        assert show(symbol(name, *names), style)


def test_latex_has_a_line_a_path_d_for_the_total_and_no_minus_after_a_dot():
    x = Value(3.0, "x")
    u = labelled(2 * x, "u")
    latex = chain_rule(labelled(u * x, "L"), x).to_latex()
    assert latex.splitlines()[1:4] == [
        r"\frac{dL}{dx} &= \frac{\partial L}{\partial x} \\",
        r" &\phantom{=} + \frac{\partial u}{\partial x} \, \frac{\partial L}{\partial u} \\",
        r" &= u \\",
    ]
    assert latex.splitlines()[-2] == " &= 2 u"
    w, y = Value(0.8, "w"), Value(0.0, "y")
    a = labelled(labelled(-x * w, "z").sigmoid(), "a")
    latex = chain_rule(labelled(maximum(-w * a, y - a), "C"), w).to_latex()
    assert r"\cdot -" not in latex
    assert r"\left[" in latex
    a = labelled(labelled(w * 62.5, "z").sigmoid(), "a")
    assert r"1.929 \times 10^{-22}" in chain_rule(labelled((a - y) ** 2, "C"), w).to_latex()


def test_variables_of_a_network_are_written_as_in_a_book_and_stay_by_place_in_code():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    chain = chain_rule(labelled(mean_squared_error([model([0.5, -0.3])], [0.7]), "L"), model.layers[0].neurons[1].w[0])
    head, route, formulas, sentence = str(chain).splitlines()
    assert head.startswith("dL/dw⁽¹⁾₂₁ = ")
    assert route.startswith("  1  w⁽¹⁾₂₁ → z⁽¹⁾₂ → a⁽¹⁾₂ → z⁽²⁾₁ → L  ")
    assert formulas.strip() == "x1 * (1 - a⁽¹⁾₂ ** 2) * w⁽²⁾₁₂ * 2 * (z⁽²⁾₁ - 0.7)"
    assert chain.check(formulas).ok
    assert sentence.startswith("ok: raising w⁽¹⁾₂₁ by 0.01 ")
    assert r"\left(1 - \left(a^{(1)}_{2}\right)^{2}\right) \cdot w^{(2)}_{12}" in chain.to_latex()
    assert chain.paths()[0].factors[1].formula == "1 - layer1.neuron2.a ** 2"


def test_a_minus_is_a_sign_and_constants_have_names():
    x = Value(0.7, "x")
    a, z = Name("a"), Name("z")
    terms = {"a - 1": ("add", a, -1.0), "a + 2": ("sub", a, -2.0), "a - 3 * z": ("add", a, ("mul", -3.0, z))}
    assert {show(symbol(*term)) for term in terms.values()} == set(terms)
    factor = chain_rule(labelled(x.erf(), "y"), x).paths()[0].factors[0]
    assert factor.pretty == "2/√(π)·exp(−x²)"
    assert factor.latex == r"\frac{2}{\sqrt{\pi}} \cdot \exp\left(-x^{2}\right)"
    negative = chain_rule(labelled((-x) * x.sin(), "y"), x).to_latex()
    assert "+ -" not in negative


@pytest.mark.parametrize("style", ["text", "spoken", "pretty", "latex"])
@pytest.mark.parametrize("of", ["add", "sub", "mul", "div"])
@pytest.mark.parametrize("right", ["add", "sub", "mul", "div"])
def test_no_sign_follows_another(of, right, style):
    shown = show((of, Name("a"), (right, -0.5, Name("b"))), style)
    assert not re.search(r"(?:[-−+*·/]|\\cdot)\s*[-−]", shown)
    if style == "text":
        assert evaluate(shown, {"a": 3.0, "b": 7.0}, numeric) == pytest.approx(number_of((of, 3.0, (right, -0.5, 7.0))))


def number_of(term):
    if isinstance(term, float):
        return term
    name, a, b = term[0], *map(number_of, term[1:])
    return {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[name]
