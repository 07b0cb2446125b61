"""The formulas of the page are those of the engine: what a variable is made of, and what a link is."""

import pytest
from graphs import labelled, random_graph, two_paths
from pages import change

from engine import Value, cos, dot, erf, exp, logsumexp, maximum, mish, relu, softmax, softplus, sqrt
from engine.chain import VariableGraph, show

LINKS = """return variables.flatMap(v => linksOf(v.i).map(link =>
  [v.label, variables[link.wrt].label, formOf(link).text, formOf(link).alone]))"""


def many_rows():
    a, b, c = (Value(x, name) for name, x in {"a_1": 0.7, "beta": 1.9, "c_hat": -0.4}.items())
    p = labelled(softmax([a, b * c])[0], "p")
    q = labelled(maximum(a, c) / (b - 2.5) ** 2 - abs(c) * -3.0, "q")
    r = labelled(erf(q) + softplus(p - q) * relu(a) - sqrt(b) / exp(-a), "r")
    s = labelled(logsumexp([p, r]) + dot([a, b], [p, q], c) + cos(r) ** 3, "s")
    return labelled((s - (p + p)) ** b, "out"), a


def slope_within_a_slope():
    a = Value(0.7, "a_1")
    b, t = labelled(mish(a), "b"), labelled(a.tanh(), "t")
    return labelled(b * t - a, "m"), a


GRAPHS = {"two paths": two_paths, "many rows": many_rows, "slope within a slope": slope_within_a_slope} | {
    f"random {seed}": (lambda seed=seed: random_graph(seed, 20)) for seed in range(5)
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_link_is_written_as_the_engine_writes_it(visit, graph):
    output, _ = GRAPHS[graph]()
    found = {(of, wrt): (text, alone) for of, wrt, text, alone in visit(output).execute_script(LINKS)}
    explained = VariableGraph(output)
    names = explained.naming.names
    for of, links in explained.variables.items():
        for link in links:
            term = explained.naming.partial(link)
            if len(show(term, "pretty")) <= 80:
                key = names[of], names[link.wrt]
                assert found[key] == (show(term, "pretty", within="mul"), show(term, "pretty")), key
    assert len(found) >= 4


def test_every_definition_is_written_as_the_engine_writes_it(visit):
    for graph in GRAPHS.values():
        output, _ = graph()
        found = visit(output).execute_script(
            "return variables.map(v => [v.label, definition(v.i), definition(v.i, LATEX)])"
        )
        naming = VariableGraph(output).naming
        for node, name in naming.names.items():
            assert [name, naming.definition(node, "pretty"), naming.definition(node, "latex")] in found


def test_the_textbook_form_stands_while_it_has_the_number(visit):
    w, y = Value(50.0, "w"), Value(0.0, "y")
    a = labelled(w.sigmoid(), "a")
    browser = visit(labelled((a - y) ** 2, "C"), w)
    assert browser.execute_script(LINKS)[0][2:] == ["σ′(w)", "σ′(w)"]
    change(browser, "w", 0.5)
    assert browser.execute_script(LINKS)[0][2:] == ["a·(1 − a)", "a·(1 − a)"]


def test_a_formula_too_long_to_read_is_its_number_and_follows_it(visit):
    x = Value(0.5, "x")
    u = x
    for i in range(30):
        u = u * (x + float(i) / 30) + x
    browser = visit(labelled(u, "u"), x)
    before = browser.execute_script(LINKS)[0][2]
    change(browser, "x", 0.6)
    assert before != browser.execute_script(LINKS)[0][2] == browser.execute_script("return pretty(gradOf(0))")


def test_every_weight_of_a_wide_neuron_has_its_formula(visit):
    w, x = ([Value(0.1 * i, f"{name}{i}") for i in range(100)] for name in "wx")
    found = visit(labelled(dot(w, x), "z")).execute_script(LINKS)
    assert ["z", "w99", "x₉₉", "x₉₉"] in found
