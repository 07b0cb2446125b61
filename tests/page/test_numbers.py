"""The numbers of the page are those of the engine, to 12 digits, after every kind of change."""

import math
import random
from itertools import product

import pytest
from graphs import labelled
from pages import TOTAL, change, choose, close, network
from strategies import EDGES as POINTS

from engine import (
    Value,
    chain_rule,
    copysign,
    detach,
    erf,
    floor,
    logsumexp,
    maximum,
    minimum,
    relu,
    softmax,
    sqrt,
    where,
)
from engine.page.javascript import program, runnable
from engine.table.formula import TABLE, numeric
from engine.table.primitives import PRIMITIVES

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
    answers = browser.execute_script(program(runnable()) + RUN, [[name, text(args)] for name, args in asked])
    for (name, args), answer in zip(asked, answers, strict=True):
        y = numeric(name, *args)
        expected = [y, floats(TABLE[name].partial_values(y, *args))]
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


ALL_SUMS = """
const box = document.getElementById('search');
return arguments[0].map(label => { box.value = label; box.dispatchEvent(new Event('change'));
  for (let more; more = document.querySelector('#paths p button');) more.click();
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


SPECIAL = {
    "floor": lambda x: x + floor(sqrt(x)),
    "sign": lambda x: x + copysign(1.0, sqrt(x)),
    "detach": lambda x: x + detach(sqrt(x)),
    "where": lambda x: where(x > 0.0, sqrt(x), x),
    "nan not taken": lambda x: where(x < 1.0, x, sqrt(x - 1.0)),
    "0 times inf": lambda x: x + 0.0 * sqrt(x),
    "0 times inf, taken": lambda x: where(x >= 0.0, x + 0.0 * sqrt(x), 1.0),
    "a power": lambda x: x + sqrt(x) ** 0.0,
}

ASKED = """
const { i } = variables.find(v => v.label === "x");
return [gradOf(i), dataOf(output), tell(i, 10).at[output].slope].map(String);"""


@pytest.mark.parametrize("name", SPECIAL)
def test_slopes_of_0_are_those_of_the_engine_when_a_slider_comes_to_them(visit, name):
    for by in ("labels", "operations"):
        x = Value(0.5, "x")
        browser = visit(labelled(SPECIAL[name](x), "L"), None, by)
        for number in (0.0, 2.0, -1.0, 0.0):
            change(browser, "x", str(number))
            x = Value(number, "x")
            y = labelled(SPECIAL[name](x), "L")
            y.backward()
            wanted = (x.grad, y.data, chain_rule(y, x, by).total)
            found = browser.execute_script(ASKED)
            assert all(map(close, map(float, found), wanted)), (number, found, wanted)
