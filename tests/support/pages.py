"""What a reader does on a page, and what the page then shows."""

import json
import random
import re

from graphs import labelled

from engine import Value, dot

CHOOSE = (
    "const box = document.getElementById('search'); box.value = arguments[0]; box.dispatchEvent(new Event('change'));"
)
TOTAL = "return Number(document.getElementById('total').title)"
PRODUCTS = "return [...document.querySelectorAll('#paths .sum')].map(sum => Number(sum.title))"
VERDICT = "return document.getElementById('verdict').textContent"
FORMULAS = "return [...document.querySelectorAll('.factor .math')].map(e => e.textContent).filter(text => text !== '·')"
CHANGE = """
const { i } = variables.find(v => v.label === arguments[0]);
const row = () => [...$("sliders").children].find(row => row.i === i);
if (!row()) choose(i);
const field = row().children[2];
field.value = arguments[1];
field.dispatchEvent(new Event("input"));"""


def choose(browser, label):
    browser.execute_script(CHOOSE, label)


def change(browser, label, number):
    browser.execute_script(CHANGE, label, number)


def close(a, b, digits=12):
    return a == b or (a != a and b != b) or abs(a - b) <= 10**-digits * max(abs(a), abs(b))


def ask(browser, expression):
    """Type an expression and have it explained."""
    field = browser.find_element("id", "expression")
    field.clear()
    field.send_keys(expression, "\ue007")


def address(browser):
    """The state in the address, which follows within a moment."""
    return browser.execute_script("saveState(); return location.hash")


def press(browser, name):
    """Click a button by its id."""
    browser.execute_script("document.getElementById(arguments[0]).click()", name)


def requests(browser):
    """The browser's requests since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if url != "about:blank"]


def keys(browser, *pressed):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*pressed).perform()


def plain(sentence):
    """A sentence without the typography of pictures."""
    lowered = str.maketrans("₀₁₂₃₄₅₆₇₈₉−′", "0123456789-'")
    sentence = sentence.translate(lowered).replace("∞", "inf").replace(" / ", "/")
    return re.sub(r"e-0(?=\d)", "e-", re.sub(r"e\+0?", "e", sentence))


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
