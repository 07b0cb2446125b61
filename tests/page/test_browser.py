"""The page in a real browser, Chromium without a window. Where there is none these are skipped: an error in CI."""

import json
import math
import os
import random
import re
import shutil
from importlib.util import find_spec
from itertools import product

import pytest
from graphs import labelled, random_graph, two_paths
from strategies import EDGES as POINTS

from engine import Value, chain_rule, detach, dot, erf, less, logsumexp, maximum, minimum, relu, select, softmax, where
from engine.chain import explained
from engine.chain.verdict import judge
from engine.core import printable
from engine.core.notation import pretty_name, pretty_number
from engine.page.javascript import program
from engine.page.page import Frame, page
from engine.picture.contributions import Contributions
from engine.table.formula import TABLE, numeric
from engine.table.primitives import PRIMITIVES

SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1600,900", "--no-first-run"]
SWITCHES += ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (chromium and driver and find_spec("selenium")):
        reason = "no browser: install chromium, chromium-driver and the dependency group browser"
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in [*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(switch)
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        browser.get("data:text/html,")
        yield browser


@pytest.fixture
def visit(browser, tmp_path):
    """Opens the page of an output from a file; it must log no error, nor anything that its policy forbade."""

    def visit(output, wrt=None, by="labels", hash=""):
        file = tmp_path / "graph.html"
        file.write_text(page(explained(output, wrt, by)), encoding="utf-8")
        browser.get("about:blank")
        requests(browser)
        browser.get(file.as_uri() + hash)
        return browser

    yield visit
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


# What a reader would do and see.
CHOOSE = (
    "const box = document.getElementById('search'); box.value = arguments[0]; box.dispatchEvent(new Event('change'));"
)
TOTAL = "return Number(document.getElementById('total').title)"
PRODUCTS = "return [...document.querySelectorAll('#paths .sum')].map(sum => Number(sum.title))"
VERDICT = "return document.getElementById('verdict').textContent"
CHANGE = """const [leaf, field] = ['leaf', 'field'].map(id => document.getElementById(id));
leaf.value = [...leaf.options].find(option => option.text === arguments[0]).value;
leaf.dispatchEvent(new Event('change'));
field.value = arguments[1]; field.dispatchEvent(new Event('input'));"""


def choose(browser, label):
    browser.execute_script(CHOOSE, label)


def change(browser, label, number):
    browser.execute_script(CHANGE, pretty_name(label), number)


def close(a, b, digits=12):
    return a == b or (a != a and b != b) or abs(a - b) <= 10**-digits * max(abs(a), abs(b))


# The table.

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 2.0, 3.0, 1e-300, -1e-8, 40.0, -40.0, 709.0, 710.0, -746.0, 1e308, -1e308]
EDGES += [math.inf, -math.inf, math.nan]
RUN = """
const read = number => Array.isArray(number) ? number.map(read) : Number(number);
const write = number => Array.isArray(number) ? number.map(write) : String(number);
return arguments[0].map(([name, args]) => { const groups = read(args), y = f[name](...groups);
  return write([y, slopes[name](y, ...groups)]); });"""


def calls():
    rng = random.Random(7)

    def number():
        return rng.choice([rng.choice(EDGES), rng.uniform(-3, 3), rng.uniform(-30, 30), rng.gauss(0, 1) * 1e-3])

    for name, row in TABLE.items():
        for _ in range(60):
            yield name, [[number() for _ in range(4)] if v.isupper() else number() for v in row.variables]


def text(number):
    if isinstance(number, list):
        return [text(x) for x in number]
    return repr(number).replace("inf", "Infinity").replace("nan", "NaN")


def floats(number):
    return [floats(x) for x in number] if isinstance(number, (list, tuple)) else float(number)


def flat(number):
    return [x for part in number for x in flat(part)] if isinstance(number, list) else [number]


def test_the_table_in_javascript_gives_the_numbers_of_the_table(browser):
    asked = list(calls())
    answers = browser.execute_script(program(TABLE) + RUN, [[name, text(args)] for name, args in asked])
    for (name, args), answer in zip(asked, answers, strict=True):
        y = numeric(name, *args)
        expected = [y, floats(TABLE[name].slopes(y, *args))]
        found = floats(answer)
        assert all(close(a, b, 14) for a, b in zip(flat(found), flat(expected), strict=True)), (
            name,
            args,
            found,
            expected,
        )


VALUES = """
const read = number => Array.isArray(number) ? number.map(read) : Number(number);
const write = number => Object.is(number, -0) ? "-0" : String(number);
return arguments[1].map(args => write(f[arguments[0]](...read(args))));"""


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_a_primitive_in_javascript_is_within_its_bound_of_python(browser, name):
    row, rng = TABLE[name], random.Random(name)
    size = 1 if row.variadic else len(row.variables)
    points = [] if row.variadic else list(product(POINTS if size < 3 else POINTS[::3], repeat=size))
    for _ in range(500):
        spread = rng.choice([1.0, 9.0])
        points.append([[rng.gauss(0, 9) for _ in range(4)]] if row.variadic else [rng.gauss(0, spread) for _ in "abc"])
    asked = [list(point[:size]) for point in points]
    answers = browser.execute_script(program([name]) + VALUES, name, [text(point) for point in asked])
    for point, answer in zip(asked, answers, strict=True):
        found, expected = float(answer), numeric(name, *point)
        if not (found != found and expected != expected) and found != expected:
            off = abs(found - expected) / max(math.ulp(expected), 2.0**-1074)
            assert off <= PRIMITIVES[name].ulp, (point, found, expected)
        if expected == 0.0 and not PRIMITIVES[name].ulp:
            assert math.copysign(1.0, found) == math.copysign(1.0, expected), point


# Every derivative of a network, before and after a leaf is changed.


def network(**changes):
    """The squared error of one example in a tanh network 2-16-16-1, labelled by place, and its weights."""
    rng = random.Random(3)

    def leaf(label, number):
        weights.append(Value(changes.get(label, number), label))
        return weights[-1]

    weights = []
    values = [leaf("x1", 0.6), leaf("x2", -0.4)]
    for layer, (n, outputs) in enumerate([(2, 16), (16, 16), (16, 1)], 1):
        inputs, values = values, []
        for unit in range(1, outputs + 1):
            place = f"layer{layer}.neuron{unit}"
            w = [leaf(f"{place}.w{i}", rng.uniform(-1, 1)) for i in range(1, n + 1)]
            z = labelled(dot(w, inputs, leaf(f"{place}.b", rng.uniform(-1, 1))), f"{place}.z")
            values.append(labelled(z.tanh(), f"{place}.a"))
    return labelled((values[0] - Value(1.0, "y")) ** 2, "L"), weights[2:]


ALL_SUMS = """
const box = document.getElementById('search');
return arguments[0].map(label => { box.value = label; box.dispatchEvent(new Event('change'));
  const products = [...document.querySelectorAll('#paths .sum')].map(sum => Number(sum.title));
  return [Number(document.getElementById('total').title), products.reduce((a, b) => a + b, 0)]; });"""


def assert_sums(browser, output, leaves):
    for leaf in leaves:
        leaf.grad = 0.0
    output.backward()
    found = browser.execute_script(ALL_SUMS, [leaf.label for leaf in leaves])
    for leaf, (total, products) in zip(leaves, found, strict=True):
        assert close(total, leaf.grad), (leaf.label, total, leaf.grad)
        assert abs(products - leaf.grad) <= 1e-12 * max(1.0, abs(leaf.grad)), (leaf.label, products, leaf.grad)


def test_every_weight_of_a_network_has_the_gradient_of_backward_before_and_after_leaves_change(visit):
    output, weights = network()
    assert len(weights) == 337
    browser = visit(output)
    assert_sums(browser, output, weights)
    changes = {"layer1.neuron5.w2": 0.25, "x1": -1.5, "layer2.neuron1.b": 3.0}
    for label, number in changes.items():
        change(browser, label, number)
    assert_sums(browser, *network(**changes))


def many_rows(a=0.7, b=1.9, c=-0.4):
    """A function of three leaves over rows of every kind."""
    a, b, c = leaves = [Value(x, label) for x, label in zip((a, b, c), "abc", strict=True)]
    p, q, r = (labelled(x, f"p{i}") for i, x in enumerate(softmax([a * b, c.sin(), maximum(a, c)])))
    s = labelled(b**a + (c**2).log() - logsumexp([a, b, 2.0]) / b.sqrt(), "s")
    t = labelled(erf(a * c) + (p - q).softplus() + abs(c) ** 1.5 + relu(r) * minimum(b, 3.0), "t")
    return labelled(s * t + t.cos() - (a - s).exp(), "out"), leaves


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_rows_of_every_kind_are_recomputed(visit, by):
    browser = visit(*many_rows()[:1], by=by)
    assert_totals(browser, *many_rows())
    changes = {"a": -1.25, "b": 0.5, "c": 4.0}
    for label, number in changes.items():
        change(browser, label, number)
    assert_totals(browser, *many_rows(**changes))


def assert_totals(browser, output, leaves):
    output.backward()
    for leaf in leaves:
        choose(browser, leaf.label)
        assert close(browser.execute_script(TOTAL), leaf.grad), leaf


# What is said of a Value is what the engine says.


def plain(sentence):
    """A sentence without the typography of pictures."""
    lowered = str.maketrans("₀₁₂₃₄₅₆₇₈₉−′", "0123456789-'")
    sentence = sentence.translate(lowered).replace("∞", "inf").replace(" / ", "/")
    return re.sub(r"e-0(?=\d)", "e-", re.sub(r"e\+0?", "e", sentence))


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
        expected = [path.product for path in chain.paths(20)]
        assert len(products) == len(expected)
        assert all(close(a, b) for a, b in zip(products, expected, strict=True)), (seed, products, expected)


@pytest.mark.parametrize("by", ["labels", "operations"])
def test_an_infinite_slope_that_nothing_reaches_is_not_nan(visit, by):
    functions = [lambda x: x + detach(x.sqrt()), lambda x: detach(x.sqrt()), lambda x: select(x, x.sqrt(), 2.0 * x)]
    for f, slope in zip(functions, (1.0, 0.0, 2.0), strict=True):
        x = Value(0.0, "x")
        chain = chain_rule(labelled(f(x), "y"), x, by)
        browser = visit(chain.output, x, by)
        assert browser.execute_script(TOTAL) == chain.total == slope
        assert browser.execute_script(PRODUCTS) == [path.product for path in chain.paths()]
        shown = browser.execute_script(VERDICT)
        assert shown.startswith(f"{chain.verdict}:")
        assert plain(shown.partition(": ")[2]) == plain(chain.sentence)
        assert "inf or nan" not in browser.find_element("tag name", "body").text


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
const tone = (told, path) => row(told, path).children[1].className.split(" ")[1];
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
    "∂y/∂x = 2 (x - 3) = 0 where x = 3": lambda x: (x - 3.0) ** 2,
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
    assert shown == plain(
        f"{chain_rule(y, x).verdict}: {judge(chain_rule(y, x), style='pretty').sentence}".replace("_", "-")
    )


def test_the_sum_over_more_paths_than_can_be_listed_is_counted(visit):
    x = u = Value(0.5, "x")
    for i in range(200):
        v, w = labelled(u * 1.1, f"v{i}"), labelled(u * -0.4, f"w{i}")
        u = labelled(v + w, f"u{i}")
    chain = chain_rule(u, x)
    browser = visit(u, x)
    assert f"{chain.path_count:,}" in browser.execute_script("return document.getElementById('answer').textContent")
    assert len(browser.execute_script(PRODUCTS)) == 20
    assert close(browser.execute_script(TOTAL), chain.total)


# Question 1: the gradient that a saturated sigmoid kills comes alive.


def one_neuron(w=0.8):
    w, a_prev, y = Value(w, "w"), Value(62.5, "a_prev"), Value(0.0, "y")
    a = labelled(labelled(w * a_prev, "z").sigmoid(), "a")
    return labelled((a - y) ** 2, "C"), w


def test_a_select_changes_its_branch_with_a_leaf_and_a_where_says_that_it_stays(visit):
    x = Value(4.0, "x")
    browser = visit(select(less(0.0, x), x * x, -3.0 * x), x)
    for number, slope in ((4.0, 8.0), (-2.0, -3.0), (0.0, -3.0), (1.0, 2.0)):
        change(browser, "x", number)
        assert browser.execute_script(TOTAL) == slope
    browser = visit(where(x > 0.0, x * x, -3.0 * x), x)
    change(browser, "x", -2.0)
    assert browser.execute_script(TOTAL) == -4.0
    note = browser.find_element("id", "note").text
    assert note.startswith("where took its first branch for output: x·x; whatever is changed here, it stays so")


SLIDE = "const s = document.getElementById('slider'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))"
FORMULAS = "return [...document.querySelectorAll('.factor .math')].map(e => e.textContent).filter(text => text !== '·')"


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
    assert browser.execute_script("return document.querySelectorAll('.edge.killed').length") == 0
    assert pretty_number(chain.total) in browser.execute_script("return document.querySelector('.chosen').textContent")
    browser.find_element("id", "reset").click()
    assert browser.execute_script(VERDICT) == killed


# Safety: text is text, and nothing leaves the page.

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"'{|}&amp;<!-- svg -->\\N",
    "two\nlines",
    "🦊 é ∂",
    "__proto__",
]


def test_hostile_labels_stay_text_and_no_request_leaves_the_page(visit):
    leaves = [Value(float(i + 1), label) for i, label in enumerate(HOSTILE)]
    output = labelled(dot(leaves, leaves), "<b>out</b>")
    browser = visit(output)
    for label in HOSTILE:
        shown = printable(label)
        browser.execute_script(ADDRESS, shown)
        assert title(browser) == f"d<b>out</b>/d{shown} = {pretty_number(2.0 * HOSTILE.index(label) + 2)}"
        assert browser.execute_script("return document.querySelectorAll('script').length") == 2
        assert browser.execute_script("return document.querySelectorAll('img, h1 b b, text b').length") == 0
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert requests(browser) == [browser.current_url.partition("#")[0]]


ADDRESS = """history.replaceState(null, '', '#wrt=' + encodeURIComponent(arguments[0]));
dispatchEvent(new Event('hashchange'));"""


def requests(browser):
    """What the browser asked for since this was last looked at."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if url != "about:blank"]


def test_in_a_notebook_the_page_lives_in_a_frame(browser, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text(
        f"<!doctype html><meta charset=utf-8>{Frame(page(explained(*two_paths(), 'labels')))._repr_html_()}",
        encoding="utf-8",
    )
    requests(browser)
    browser.get(file.as_uri())
    browser.switch_to.frame(0)
    assert close(float(browser.find_element("id", "total").get_attribute("title")), chain_rule(*two_paths()).total)
    choose(browser, "h1")
    assert "dL/dh₁" in browser.find_element("tag name", "h1").text
    browser.switch_to.default_content()
    assert requests(browser) == [file.as_uri()]


# Hands and eyes: pointer, keys, search, address, colours.


def chosen(browser):
    return browser.execute_script(
        "return document.querySelector('.node.chosen')?.getAttribute('aria-label') ?? ''"
    ).split(",")[0]


def title(browser):
    return browser.execute_script("return document.querySelector('h1').textContent")


def box(browser, name):
    labels = browser.find_elements("css selector", ".node")
    return next(g for g in labels if g.get_attribute("aria-label").startswith(name + ","))


def keys(browser, *pressed):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*pressed).perform()


def test_a_click_chooses_hovering_shows_and_escape_lets_go(visit):
    from selenium.webdriver.common.action_chains import ActionChains

    browser = visit(*two_paths())
    assert chosen(browser) == "w₁"
    assert title(browser).startswith("dL/dw₁ = ")
    ActionChains(browser).move_to_element(box(browser, "o₂")).perform()
    assert title(browser).startswith("dL/do₂")
    ActionChains(browser).move_to_element(browser.find_element("id", "search")).perform()
    assert title(browser).startswith("dL/dw₁")
    box(browser, "h₁").click()
    assert chosen(browser) == "h₁"
    assert browser.execute_script("return location.hash") == "#wrt=h1"
    assert "dL/dh₁" in browser.find_element("id", "status").get_attribute("textContent")
    keys(browser, "\ue00c")
    assert chosen(browser) == ""
    assert title(browser).startswith("L = ")


def test_keys_move_choose_zoom_and_search(visit):
    browser = visit(two_paths()[0])
    browser.execute_script("document.querySelector('.node').focus()")
    focused = "return document.activeElement.getAttribute('aria-label').split(',')[0]"
    first = browser.execute_script(focused)
    keys(browser, "\ue014")  # the right arrow
    assert browser.execute_script(focused) != first
    here = browser.execute_script(focused)
    keys(browser, "\ue007")  # Enter
    assert chosen(browser) == here
    width = "return document.querySelector('#graph svg').viewBox.baseVal.width"
    before = browser.execute_script(width)
    keys(browser, "+")
    assert browser.execute_script(width) < before
    keys(browser, "-", "-")
    assert browser.execute_script(width) > before
    keys(browser, "0")
    assert close(browser.execute_script(width), before, 5)
    keys(browser, "/")
    keys(browser, "o")
    assert browser.execute_script("return document.querySelectorAll('.found').length") == 2
    keys(browser, "2", "\ue007")
    assert chosen(browser) == "o₂"
    assert browser.execute_script("return document.querySelectorAll('.found').length") == 0


def test_the_wheel_zooms_about_the_pointer_and_dragging_pans(visit):
    from selenium.webdriver.common.action_chains import ActionChains, ScrollOrigin

    browser = visit(*two_paths())
    look = "const v = document.querySelector('#graph svg').viewBox.baseVal; return [v.x, v.y, v.width, v.height]"
    graph = browser.find_element("id", "graph")
    before = browser.execute_script(look)
    ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(graph), 0, -300).perform()
    zoomed = browser.execute_script(look)
    assert zoomed[2] < before[2]
    ActionChains(browser).move_to_element_with_offset(graph, 0, 300).click_and_hold().move_by_offset(
        80, -40
    ).release().perform()
    panned = browser.execute_script(look)
    assert panned[0] < zoomed[0]
    assert panned[1] > zoomed[1]
    assert panned[2] == zoomed[2]
    assert chosen(browser) == "w₁"


def test_the_address_names_the_value(visit):
    x = Value(2.0, "a b&c=ü#%")
    output = labelled(x * 3.0, "y")
    browser = visit(output, hash="#wrt=a%20b%26c%3D%C3%BC%23%25")
    assert title(browser) == "dy/da b&c=ü#% = 3"
    browser.execute_script("location.hash = '#wrt=nothing'")
    assert chosen(browser) == ""


BACKGROUND = "return getComputedStyle(document.body.parentElement).backgroundColor"


def test_light_and_dark(visit):
    browser = visit(*two_paths())
    light, dark = "rgb(255, 255, 255)", "rgb(20, 25, 31)"

    def prefer(scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    for scheme, color, other in [("light", light, dark), ("dark", dark, light)]:
        prefer(scheme)
        assert browser.execute_script(BACKGROUND) == color
        browser.find_element("id", "theme").click()
        assert browser.execute_script(BACKGROUND) == other
        browser.refresh()
    prefer("")


def test_on_a_narrow_screen_nothing_is_wider_than_the_screen(visit):
    browser = visit(*two_paths())
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 420, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") == 420
        top, bottom = browser.execute_script(
            "return ['graph', 'panel'].map(id => document.getElementById(id).getBoundingClientRect().top)"
        )
        assert top < bottom
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_numbers_in_the_boxes_are_written_as_pictures_write_them(visit):
    rng = random.Random(1)
    numbers = [rng.choice([1, -1]) * 10 ** rng.uniform(-12, 12) for _ in range(40)] + [0.0, 1e-5, 1e-4, 9999.6, 12346.0]
    leaves = [Value(number, f"x{i}") for i, number in enumerate(numbers)]
    browser = visit(dot(leaves, [1.0] * len(leaves)))
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.node')].map(g => g.getAttribute('aria-label'))"
    )
    for leaf in leaves:
        assert f"{pretty_name(leaf.label)}, data {pretty_number(leaf.data)}, grad 1" in shown
