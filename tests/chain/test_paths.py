"""Paths are counted, ranked and multiplied without being enumerated, and add up to what backward() gives."""

import math

import pytest
from graphs import labelled, random_graph

from engine import Value, chain_rule, grad
from engine.chain import VariableGraph


def enumerate_products(chain):
    """Every path's product, by walking them all."""
    found, stack = [], [(chain.output, 1.0)]
    while stack:
        node, product = stack.pop()
        if node is chain.wrt:
            found.append(product)
        stack += [(link.wrt, product * link.value) for link in chain.links.get(node, []) if node is not chain.wrt]
    return sorted(found, key=abs, reverse=True)


@pytest.mark.parametrize("by", ["labels", "operations"])
@pytest.mark.parametrize("seed", range(40))
def test_sum_count_and_ranking_agree_with_enumeration(seed, by):
    output, leaf = random_graph(seed)
    chain = chain_rule(output, leaf, by=by)
    products = enumerate_products(chain) if chain.links else []
    assert chain.path_count == len(products)
    assert chain.total == pytest.approx(math.fsum(products), rel=1e-12, abs=1e-12)
    best = [path.product for path in chain.paths(7)]
    assert [abs(p) for p in best] == pytest.approx([abs(p) for p in products[:7]], rel=1e-12)
    assert [path.product for path in chain.paths(10**6)] == pytest.approx(
        sorted((p.product for p in chain.paths(10**6)), key=abs, reverse=True)
    )


@pytest.mark.parametrize("by", ["labels", "operations"])
@pytest.mark.parametrize("seed", range(20))
def test_total_is_what_backward_gives(seed, by):
    output, leaf = random_graph(seed)
    output.backward()
    assert chain_rule(output, leaf, by=by).total == pytest.approx(leaf.grad, rel=1e-13, abs=1e-15)


def test_two_views_count_differently_and_sum_alike():
    x = Value(3.0, "x")
    y = labelled(x * x, "square") + x
    by_labels, by_operations = chain_rule(y, x), chain_rule(y, x, by="operations")
    assert (by_labels.path_count, by_operations.path_count) == (2, 3)
    assert by_labels.total == by_operations.total == 7.0
    assert [p.product for p in by_operations.paths()] == [3.0, 3.0, 1.0]


def test_labels_cut_the_graph_into_variables():
    x = Value(2.0, "x")
    a = labelled(x * x, "a")
    b = labelled((a + 1) * 3, "b")
    (path,) = chain_rule(b * b, x).paths()
    assert [node.label for node in path.nodes] == ["x", "a", "b", ""]
    assert [factor.value for factor in path.factors] == [4.0, 3.0, 30.0]
    assert path.product == chain_rule(b * b, x).total


def test_the_five_largest_of_ten_to_the_three_hundred_paths():
    v = Value(1.0, "v")
    u = v
    for i in range(1000):
        u = labelled(labelled(u * 0.9, f"p{i}") + labelled(u * 0.1, f"q{i}"), f"u{i}")
    chain = chain_rule(u, v)
    best = chain.paths(5)  # milliseconds; to enumerate them would take longer than the universe has had
    assert chain.path_count == 2**1000 > 10**300
    assert best[0].product == pytest.approx(0.9**1000, rel=1e-10)
    assert [path.product for path in best[1:]] == pytest.approx([0.9**999 * 0.1] * 4, rel=1e-10)
    assert chain.total == pytest.approx(1.0, rel=1e-9)


def test_products_that_underflow_are_still_ranked():
    x = Value(1.0, "x")
    small = x
    for i in range(300):
        small = labelled(small * 0.05, f"s{i}")
    a, b = labelled(small * 1.0, "a"), labelled(small * 7.0, "b")
    chain = chain_rule(a + b, x)
    assert [path.nodes[-2].label for path in chain.paths()] == ["b", "a"]
    assert [path.product for path in chain.paths()] == [0.0, 0.0]


def test_what_is_not_upstream_is_disconnected():
    w7, h1 = Value(1.0, "w7"), Value(2.0, "h1")
    chain = chain_rule(w7, h1)
    assert (chain.verdict, chain.total, chain.path_count, chain.paths()) == ("disconnected", 0.0, 0, [])
    assert chain.sentence == "w7 is an independent variable: it does not depend on h1"
    other = labelled(w7 * 2, "o")
    assert "no path leads from h1 to o" in chain_rule(other, h1).sentence


def test_swapped_ends_are_named():
    x = Value(3.0, "x")
    y = labelled(x * x, "y")
    z = labelled(y + 1.0, "z")
    for of, wrt in ((x, z), (y, z), (x, y)):
        chain = chain_rule(of, wrt)
        swapped = f"chain_rule({wrt.label}, {of.label})"
        assert (chain.verdict, chain.total) == ("disconnected", 0.0)
        assert chain.sentence.endswith(f", but {wrt.label} depends on {of.label}: did you mean {swapped}?")


def test_a_value_with_respect_to_itself_is_the_empty_path():
    x = Value(2.0, "x") * 3
    chain = chain_rule(x, x)
    assert (chain.total, chain.path_count) == (1.0, 1)
    (path,) = chain.paths()
    assert (path.nodes, path.factors, path.product) == ((x,), (), 1.0)


def test_an_interior_value_can_be_asked_for():
    x = Value(2.0, "x")
    h = labelled(x * x, "h")
    y = h * h + x
    assert chain_rule(y, h).total == 8.0 == grad(y, [h])[0]


def test_an_unnamed_chain_of_a_hundred_thousand_operations_folds_into_one_factor():
    x = Value(1.0, "x")
    u = x
    for _ in range(100_000):
        u = u * 1.00001
    chain = chain_rule(u, x)
    assert (chain.path_count, len(chain.paths())) == (1, 1)
    assert chain.total == pytest.approx(1.00001**100_000, rel=1e-9)
    assert float(chain.paths()[0].factors[0].formula) == chain.paths()[0].factors[0].value


def test_a_path_of_a_hundred_thousand_variables_is_listed():
    x = Value(1.0, "x")
    u = x
    for _ in range(100_000):
        u = u + 1.0
    (path,) = chain_rule(u, x, by="operations").paths()
    assert (len(path.factors), path.product) == (100_000, 1.0)


def test_folding_the_whole_graph_gives_every_step_between_variables():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    z = labelled(w * x + 1.0, "z")
    y = z.sin() * x
    links = VariableGraph(y).variables
    assert {(link.of.label, link.wrt.label) for ls in links.values() for link in ls} == {
        ("z", "x"), ("z", "w"), ("", "z"), ("", "x"),
    }  # fmt: skip


def test_wrong_arguments_say_what_was_expected():
    x = Value(1.0)
    with pytest.raises(TypeError, match="output and wrt must be Values, not float 3.0"):
        chain_rule(3.0, x)
    with pytest.raises(ValueError, match="by must be one of labels, operations, not 'names'"):
        chain_rule(x, x, by="names")
    for k in (-1, 2.5, "3"):
        with pytest.raises((TypeError, ValueError), match="k, the number of paths to list, must be"):
            chain_rule(x * x, x).paths(k)
