"""Text and picture say which branch a `where` took; the paths are those of that branch."""

import html
import math

import pytest

from engine import Value, chain_rule, copysign, detach, diagnose, draw, floor, grad, log, select, sqrt, where
from engine.chain import VariableGraph, branches

CUT = {
    "behind a detach": (lambda x: x + detach(sqrt(x)), 1.0, 1),
    "deep behind a detach": (lambda x: 3.0 * x + detach(2.0 * sqrt(x) * x + 1.0), 3.0, 1),
    "nothing else": (lambda x: detach(sqrt(x)), 0.0, 1),
    "not taken": (lambda x: where(x > 0.0, sqrt(x), 2.0 * x), 2.0, 1),
    "not called": (lambda x: where(x > 0.0, lambda: sqrt(x), 2.0 * x), 2.0, 1),
    "not selected": (lambda x: select(x, sqrt(x), 2.0 * x), 2.0, 1),
    "log not selected": (lambda x: select(0.0, log(x), 2.0 * x), 2.0, 1),
    "behind a rounding": (lambda x: x + floor(sqrt(x)), 1.0, 1),
    "a sign": (lambda x: x + copysign(2.0, sqrt(x)), 1.0, 1),
}


def model(number):
    x = Value(number, "x")
    a = 2.0 * x
    y = where(a > 0.0, a.sqrt(), 3.0)
    loss = (y - 1.0) ** 2
    a.label, y.label, loss.label = "a", "y", "L"
    return x, loss


def test_the_text_says_which_branch_was_taken():
    x, loss = model(8.0)
    assert "\nwhere took its first branch for y, as a > 0 holds: sqrt(a)\nok: " in str(chain_rule(loss, x))
    assert chain_rule(loss, x).total == 2 * 3.0 * 0.5 / 4.0 * 2.0
    x, loss = model(-8.0)
    chain = chain_rule(loss, x)
    assert (chain.verdict, chain.total) == ("killed", 0.0)
    assert "\nwhere took its second branch for y, as a > 0 does not hold: 3\nkilled: " in str(chain)
    assert chain.sentence == "the slope of L with respect to x is 0; ∂y/∂a = 0: where takes the other branch"


def test_of_a_bool_the_text_says_the_branch_alone():
    x = Value(-8.0, "x")
    y = where(False, x.sqrt(), 3.0)
    y.label = "y"
    assert "\nwhere took its second branch for y: 3\ndisconnected: " in str(chain_rule(y, x))


def test_conditions_are_written_as_people_write_them():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    z = where((x > 0.0) & (y <= x) | ~(y > 3.0), x, y)
    z.label = "z"
    naming = VariableGraph(z).in_labels
    assert naming.definition(z) == "select(maximum(minimum(less(0, x), less_equal(y, x)), 1 - less(3, y)), x, y)"
    assert naming.definition(z, "spoken") == "where((x > 0 and y <= x) or not (y > 3), x, y)"
    assert naming.definition(z, "pretty") == "where((x > 0 ∧ y ≤ x) ∨ ¬(y > 3), x, y)"
    assert naming.definition(z, "latex") == (
        r"\begin{cases} x & \left(x > 0 \land y \le x\right) \lor \lnot \left(y > 3\right) \\ y & \text{else} "
        r"\end{cases}"
    )
    assert branches(VariableGraph(z)) == [
        "where took its first branch for z, as (x > 0 and y <= x) or not (y > 3) holds: x"
    ]


def test_the_picture_says_so_in_its_own_signs():
    x, loss = model(8.0)
    source = html.unescape(draw(loss, x).source)
    assert "where took its first branch for y, as a > 0 holds: √(a)" in source
    assert "where(a > 0, √(a), 3)" in source


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


@pytest.mark.parametrize("name", CUT)
def test_an_infinite_slope_that_nothing_reaches_is_not_nan(name):
    f, slope, count = CUT[name]
    for labelled in (False, True):
        x = Value(0.0, "x")
        y = f(x)
        for node in VariableGraph(y).nodes if labelled else ():
            node.label = node.label or f"h{node.serial}"
        assert grad(y, [x]) == (slope,)
        chain = chain_rule(y, x)
        assert (chain.total, chain.derivatives[x]) == (slope, slope)
        assert chain.operations.path_count == count
        assert sorted(path.product for path in chain.operations.paths())[-1] == slope
        assert math.fsum(path.product for path in chain.paths()) == slope
        assert chain.verdict == chain.operations.verdict == ("ok" if slope else "killed")
        assert "nan" not in str(chain) + chain.to_latex() + draw(y, x).source
        assert "non_finite" not in [finding.kind for finding in diagnose(y * y + y, [x])]


def test_what_is_not_finite_is_found_past_a_branch_that_does_not_matter():
    x, z = Value(0.0, "x"), Value(0.0, "z")
    (finding,) = diagnose(x + detach(sqrt(x)) + sqrt(z), [x, z])
    assert finding.kind == "non_finite"
    assert "sqrt(z)" in str(finding)
    finding, *_ = diagnose(x + detach(log(z)), [x, z])
    assert (finding.kind, finding.evidence["operation"]) == ("non_finite", "log")


def test_an_infinite_slope_behind_a_branch_that_is_not_followed_adds_nothing():
    x, w = Value(2.0, "x"), Value(1.0, "w")
    chain = chain_rule((where(w > 0.3, x, w) - x).sqrt(), w)  # √0 is vertical, but w only decides
    assert (chain.total, chain.verdict) == (0.0, "killed")


def test_a_branch_not_taken_is_told_and_not_counted():
    x, y = Value(4.0, "x"), Value(2.0, "y")
    a, b = x * y, x + y
    a.label, b.label = "a", "b"
    loss = where(x > 1.0, a * a, b**3) + x
    loss.label = "L"
    text = str(chain_rule(loss, x))
    assert "where took its first branch, as x > 1 holds: a * a\nok: " in text
    assert text.endswith("2 paths; the strongest gives 32 of 33")
    assert "b" not in [node.label for path in chain_rule(loss, x).paths() for node in path.nodes]
    assert chain_rule(loss, b).verdict == "killed"  # all paths from b are cut, which is told
    assert chain_rule(loss, b).sentence.endswith(": where takes the other branch")


def test_what_only_decides_is_told_so():
    x = Value(4.0, "x")
    loss = where(x > 5.0, 3.0, 2.0)
    loss.label = "L"
    chain = chain_rule(loss, x)
    assert chain.sentence.endswith("∂L/∂a = 0: it only decides which branch where takes")
    assert (
        chain.folded.sentence
        == "the slope of L with respect to x is 0; ∂L/∂x = 0: it only decides which branch where takes"
    )
