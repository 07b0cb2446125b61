"""Text and picture say which branch a `where` took; the paths are those of that branch."""

from engine import Value, chain_rule, draw, where
from engine.chain import VariableGraph, branches


def model(number):
    x = Value(number, "x")
    a = 2.0 * x
    y = where(a > 0.0, a.sqrt(), 3.0)
    loss = (y - 1.0) ** 2
    a.label, y.label, loss.label = "a", "y", "L"
    return x, loss


def test_the_text_says_which_branch_was_taken():
    x, loss = model(8.0)
    assert "\nwhere took its first branch for y: sqrt(a)\nok: " in str(chain_rule(loss, x))
    assert chain_rule(loss, x).total == 2 * 3.0 * 0.5 / 4.0 * 2.0
    x, loss = model(-8.0)
    chain = chain_rule(loss, x)
    assert (chain.verdict, chain.total) == ("disconnected", 0.0)
    assert "\nwhere took its second branch for y: 3\ndisconnected: " in str(chain)


def test_the_picture_says_so_in_its_own_signs():
    x, loss = model(8.0)
    assert "where took its first branch for y: √(a)" in draw(loss, x).source
    assert "where_true(√(a))" in draw(loss, x).source


def test_many_are_counted():
    x = Value(1.0, "x")
    y = x
    for _ in range(5):
        y = where(y > 0.0, y * 2.0, y)
    found = branches(VariableGraph(y))
    assert len(found) == 4
    assert found[-1] == "and 2 more took a branch"


def test_latex_and_formulas_are_of_the_branch_taken():
    x, loss = model(8.0)
    assert r"\frac{0.5}{\sqrt{a}}" in chain_rule(loss, x).to_latex()
    assert [factor.formula for factor in chain_rule(loss, x).paths()[0].factors] == [
        "2",
        "0.5 / sqrt(a)",
        "2 * (y - 1)",
    ]
