"""What is said of a Value on the page is what the engine says."""

import random

import pytest
from graphs import labelled, random_graph, two_paths
from pages import FORMULAS, PRODUCTS, TOTAL, VERDICT, ask, change, close, plain

from engine import Value, chain_rule, clip, detach, maximum, select, softmax, where
from engine._notation import pretty_number
from engine.chain.verdict import judge
from engine.picture.contributions import Contributions


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_paths_counts_and_verdicts_are_those_of_the_engine(visit, by):
    for seed in range(6):
        output, leaf = random_graph(seed, size=24)
        chain = chain_rule(output, leaf, by)
        browser = visit(output, leaf, by)
        shown = browser.execute_script(VERDICT)
        products = browser.execute_script(PRODUCTS)
        assert shown.startswith(chain.verdict.replace("_", "-") + ":"), (seed, shown, chain.verdict)
        if chain.verdict in ("ok", "cancelled", "disconnected"):
            assert plain(shown.partition(": ")[2]) == plain(chain.sentence)
        expected = [path.product for path in chain.paths(10)]
        assert len(products) == len(expected)
        assert all(close(a, b) for a, b in zip(products, expected, strict=True)), (seed, products, expected)


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_an_infinite_slope_that_nothing_reaches_is_not_nan(visit, by):
    functions = [lambda x, r: x + detach(r), lambda x, r: detach(r), lambda x, r: select(x, r, 2.0 * x)]
    for f, slope in zip(functions, (1.0, 0.0, 2.0), strict=True):
        x = Value(0.0, "x")
        chain = chain_rule(labelled(f(x, labelled(x.sqrt(), "r")), "y"), x, by)
        browser = visit(chain.output, x, by)
        assert browser.execute_script(TOTAL) == chain.total == slope
        assert browser.execute_script(PRODUCTS) == [path.product for path in chain.paths()]
        shown = browser.execute_script(VERDICT)
        assert shown.startswith(f"{chain.verdict}:")
        assert plain(shown.partition(": ")[2]) == plain(chain.sentence)


def faint_graph(seed, size=14):
    """A random graph with factors of every size on its links, some of them 0."""
    rng = random.Random(seed)
    pool = [Value(rng.choice([-1, 1]) * rng.uniform(0.5, 2), f"x{i}") for i in range(3)]
    factors = [1.0, -1.0, 2.0, -0.5, 1e-2, -1e-4, 1e-5, 1e-9, 0.0]
    for i in range(size):
        a, b = rng.choice(pool[-4:]), rng.choice(pool[-6:])
        node = a * rng.choice(factors) + b * rng.choice(factors) if rng.random() < 0.7 else a * b
        pool.append(labelled(node, f"v{i}") if rng.random() < 0.8 else node)
    return labelled(pool[-1] + pool[-2], "out"), [node for node in pool if node.label]


TOLD = """
const name = link => [variables[link.of].label, variables[link.wrt].label, link.slot ?? null];
const named = label => variables.find(v => v.label === label).i;
const tone = (told, path) => rowOf(told, path).children[1].className.split(" ")[1];
return arguments[0].map(label => {
  choose(named(label));
  const told = tell(chosen, 8), { alive } = flow(told);
  const on = new Set(told.paths.flatMap(path => path.links.map(link => variables[link.wrt].label)));
  return { killing: [...told.killing].map(name), tones: told.paths.map(path => tone(told, path)),
    cut: [...on].filter(label => !alive.has(named(label))) };
});"""
TONES = {"for": "with", "against": "against", "dead": "killed"}


@pytest.mark.parametrize("by", ["labels", "operations"])
@pytest.mark.parametrize("seed", range(8))
def test_what_kills_is_the_same_on_the_page_and_in_the_pictures(visit, by, seed):
    output, pool = faint_graph(seed)
    within = [node for node in pool if chain_rule(output, node).path_count and node is not output]
    browser = visit(output, by=by)
    found = browser.execute_script(TOLD, [node.label for node in within])
    names = chain_rule(output, within[0], by).naming.names
    for node, told in zip(within, found, strict=True):
        chain = chain_rule(output, node, by)
        drawn = Contributions(chain, chain.paths(8))
        killing = {(names[of], names[wrt], slot) for of, wrt, slot in drawn.killing}
        assert {tuple(link) for link in told["killing"]} == killing, (node.label, told, killing)
        assert told["tones"] == [TONES[drawn.side_alive(path)] for path in drawn.paths], node.label
        if chain.path_count <= 8:
            assert set(told["cut"]) == {names[node] for node in drawn.cut}, node.label


def chain_of(factors):
    x = u = Value(1.0, "x")
    for i, factor in enumerate(factors):
        u = labelled(u * factor, f"u{i}")
    return u, x


def opposed():
    x = Value(1.0, "x")
    return labelled(labelled(x * 3.0, "a") - labelled(x * 2.9999, "b"), "y"), x


def infinite():
    x = Value(0.0, "x")
    return labelled(x.log(), "y"), x


CASES = {
    "vanishing": lambda: chain_of([0.1] * 7),
    "underflow": lambda: chain_of([0.01] * 200),
    "killed": lambda: chain_of([1e-9, 2.0, 0.0, 1e-5, 1e-4]),
    "exploding": lambda: chain_of([9.0] * 12),
    "cancelled": opposed,
    "non-finite": infinite,
    "disconnected": lambda: (two_paths()[0], Value(1.0, "elsewhere")),
    "ok": lambda: chain_of([2.0]),
}


@pytest.mark.parametrize("verdict", CASES)
def test_every_verdict_is_said_as_the_engine_says_it(visit, verdict):
    output, wrt = CASES[verdict]()
    shown = visit(output, wrt).execute_script(VERDICT)
    assert plain(shown) == plain(f"{verdict}: {chain_rule(output, wrt).sentence}")


SENTENCES = {
    "∂y/∂x = 0, whatever x is": lambda x: x * 0.0,
    "a product with 0 does not remove a branch": lambda x: 0.0 * (x - 3.0).log() + x,
    "3 upwards, 3 downwards, and 0 is left": lambda x: 3.0 * x - 3.0 * x,
    "∂y/∂x = 2 (x - 3) = 0 where x = 3: x - 3 is 0, and the loss is flat there": lambda x: (x - 3.0) ** 2,
    "x - 3 is nearly 0, and the loss is nearly flat there": lambda x: (x - 2.9999) ** 2,
    "exp is flat there, with a slope less than the smallest float": lambda x: (-300.0 * x).exp(),
    "because x = 3: it is clipped": lambda x: clip(x, -1.0, 1.0),
    "the softmax is saturated": lambda x: softmax([20.0 * x, Value(0.0)])[0],
    "because x = 3: the other operand is larger": lambda x: maximum(x, 5.0),
    "because x - 4 = -1: the relu is off": lambda x: (x - 4.0).relu(),
    "because 2 x - 6 = 0: the root is vertical there": lambda x: (2.0 * x - 6.0).sqrt(),
    "because 300 x = 900: exp overflows there": lambda x: (300.0 * x).exp(),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_factor_is_explained_as_the_engine_explains_it(visit, sentence):
    x = Value(3.0, "x")
    y = labelled(SENTENCES[sentence](x), "y")
    shown = plain(visit(y, x).execute_script(VERDICT))
    assert shown.endswith(sentence)
    chain = chain_rule(y, x).folded
    assert shown == plain(f"{chain.verdict}: {judge(chain, style='pretty').sentence}".replace("_", "-"))


def test_the_sum_over_more_paths_than_can_be_listed_is_counted(visit):
    x = u = Value(0.5, "x")
    for i in range(200):
        v, w = labelled(u * 1.1, f"v{i}"), labelled(u * -0.4, f"w{i}")
        u = labelled(v + w, f"u{i}")
    chain = chain_rule(u, x)
    browser = visit(u, x)
    assert f"{chain.path_count:,}" in browser.execute_script("return document.getElementById('answer').textContent")
    assert len(browser.execute_script(PRODUCTS)) == 10
    assert close(browser.execute_script(TOTAL), chain.total)


# Question 1: the gradient that a saturated sigmoid kills comes alive.


def one_neuron(w=0.8):
    w, a_prev, y = Value(w, "w"), Value(62.5, "a_prev"), Value(0.0, "y")
    a = labelled(labelled(w * a_prev, "z").sigmoid(), "a")
    return labelled((a - y) ** 2, "C"), w


SLIDE = """const [row] = document.getElementById("sliders").children, range = row.children[1];
range.value = arguments[0];
range.dispatchEvent(new Event("input"));"""


def test_dragging_a_weight_out_of_saturation_brings_the_gradient_to_life(visit):
    browser = visit(*one_neuron())
    killed = (
        "killed: raising w by 0.001 raises C by about 2.411e−23; "
        "∂a/∂z = σ′(z) = 1.929e−22 because z = 50: the sigmoid is saturated"
    )
    assert browser.execute_script(VERDICT) == killed
    assert close(browser.execute_script(TOTAL), 2.410937309954897e-20)
    assert browser.execute_script(FORMULAS) == ["a_prev", "σ′(z)", "2 (a − y)"]
    assert browser.execute_script("return document.querySelectorAll('.pill.killed').length") == 1
    browser.execute_script(SLIDE, 0.05)
    chain = chain_rule(*one_neuron(0.05))
    assert (
        browser.execute_script(VERDICT)
        == "ok: raising w by 0.001 raises C by about 0.004827; one path, and no factor kills it"
    )
    assert close(browser.execute_script(TOTAL), chain.total)
    assert chain.total > 1
    assert browser.execute_script(FORMULAS) == ["a_prev", "a·(1 − a)", "2 (a − y)"]
    assert browser.execute_script("return document.querySelectorAll('.arc.killed').length") == 0
    assert pretty_number(chain.total) in browser.execute_script(
        "return document.querySelector('.box.chosen').textContent"
    )
    browser.find_element("id", "reset").click()
    assert browser.execute_script(VERDICT) == killed


def test_a_where_changes_its_branch_with_a_leaf_and_says_which_it_takes(visit):
    x = Value(4.0, "x")
    browser = visit(where((x > 0.0) & ~(x >= 9.0), x * x, -3.0 * x), x)
    for number, slope, said in (
        (4.0, 8.0, "first branch for output, as x > 0 ∧ ¬(x ≥ 9) holds: x·x"),
        (-2.0, -3.0, "second branch for output, as x > 0 ∧ ¬(x ≥ 9) does not hold: −3 x"),
        (0.0, -3.0, "second branch"),
        (1.0, 2.0, "first branch"),
        (9.0, -3.0, "second branch"),
    ):
        change(browser, "x", number)
        assert browser.execute_script(TOTAL) == slope
        assert said in browser.find_element("id", "note").text


def test_what_python_decided_stays_and_the_page_says_so(visit):
    x = Value(4.0, "x")
    browser = visit(where(0.0 < x < 9.0, x * x, -3.0 * x), x)  # 0 < x is in no graph
    change(browser, "x", -2.0)
    assert browser.execute_script(TOTAL) == -4.0
    said = "what and, or, not or a < x < b decided in the code stays so: only & | ~ follow"
    assert browser.find_element("id", "note").text.endswith(said)
    ask(browser, "where(0 < x < 9, x*x, -3x)")
    change(browser, "x", -2.0)
    assert browser.execute_script(TOTAL) == -3.0
    assert said not in browser.find_element("id", "note").text


def test_a_branch_that_a_slider_turns_off_is_named_as_the_reason(visit):
    x = Value(4.0, "x")
    y = where(x > 0.0, x * x, 3.0)
    y.label = "y"
    browser = visit(2.0 * y, x)
    change(browser, "x", -1.0)
    assert "where takes the other branch" in browser.find_element("id", "verdict").text
    change(browser, "x", 1.0)
    assert browser.execute_script(TOTAL) == 4.0
    assert "2 x" in browser.execute_script(FORMULAS)


def test_a_where_of_a_bool_says_that_it_stays(visit):
    x = Value(4.0, "x")
    browser = visit(where(True, x * x, -3.0 * x), x)
    change(browser, "x", -2.0)
    assert browser.execute_script(TOTAL) == -4.0
    note = browser.find_element("id", "note").text
    assert note.startswith("where took its first branch for output: x·x; it keeps this branch whatever you change")
