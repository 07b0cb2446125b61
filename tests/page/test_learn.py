"""Gradient steps, the nudge and the quiz."""

import pytest
from graphs import NUMBERS, labelled, two_paths
from pages import TOTAL, change, choose, close, press

from engine import Value, chain_rule
from engine._notation import pretty_number
from engine.grading import check

DATA = "return Object.fromEntries(leaves.map(i => [variables[i].label, dataOf(i)]))"
LOSS = "return dataOf(output)"


def descended(rate, steps):
    """The leaves and the loss after gradient steps in w1, b1, v11 and v12."""
    data, losses = {**NUMBERS}, []
    for _ in range(steps + 1):
        leaves = {name: Value(x, name) for name, x in data.items()}
        loss = two_paths_of(leaves)
        loss.backward()
        losses.append(loss.data)
        before = {**data}
        data |= {name: data[name] - rate * leaves[name].grad for name in ("w1", "b1", "v11", "v12")}
    return before, losses


def two_paths_of(v):
    h = (v["w1"] * v["x"] + v["b1"]).tanh()
    return (v["v11"] * h - v["y1"]) ** 2 + (v["v12"] * h - v["y2"]) ** 2


def test_gradient_steps_are_those_of_the_engine_and_undo_takes_them_back(visit):
    browser = visit(*two_paths())
    before = browser.execute_script(DATA)
    browser.execute_script("$('rate').value = 0.3")
    for _ in range(5):
        press(browser, "descend")
    expected, losses = descended(0.3, 5)
    found = browser.execute_script(DATA)
    assert all(close(found[name], expected[name]) for name in expected)
    assert all(close(a, b) for a, b in zip(browser.execute_script("return learning.losses"), losses, strict=True))
    points = browser.execute_script(
        "return document.querySelector('#losses polyline').getAttribute('points').split(' ')"
    )
    assert len(points) == 6
    for _ in range(5):
        press(browser, "undo")
    assert browser.execute_script(DATA) == before
    assert browser.find_element("id", "undo").get_attribute("disabled")


def test_a_step_that_is_too_long_is_said_and_what_is_not_ticked_stays(visit):
    browser = visit(*two_paths())
    browser.execute_script(
        "document.querySelector('[aria-label=\"Gradient steps change w₁\"]').click(); $('rate').value = 50"
    )
    press(browser, "descend")
    assert "the step was too long" in browser.find_element("id", "said").text
    assert browser.execute_script(DATA)["w1"] == 0.8
    press(browser, "reset")
    assert close(browser.execute_script(TOTAL), chain_rule(*two_paths()).total)


def test_steps_play_until_they_are_stopped(visit):
    from selenium.webdriver.support.wait import WebDriverWait

    browser = visit(*two_paths())
    press(browser, "train")
    WebDriverWait(browser, 30).until(lambda browser: browser.execute_script("return learning.losses.length") > 3)
    press(browser, "train")
    losses = browser.execute_script("return learning.losses")
    assert losses == sorted(losses, reverse=True)
    assert browser.execute_script("return learning.timer") == 0


@pytest.mark.parametrize("name", ["w1", "h1", "x"])
def test_a_nudge_shows_the_difference_quotient_beside_the_derivative(visit, name):
    browser = visit(*two_paths())
    choose(browser, name)
    browser.execute_script("$('epsilon').value = 1e-6; $('epsilon').dispatchEvent(new Event('input'))")
    ratio, total = browser.execute_script("return [Number($('ratio').title), Number($('total').title)]")
    assert abs(ratio - total) < 1e-5
    before = browser.execute_script(LOSS)
    change(browser, "w1", 0.9)
    change(browser, "w1", 0.8)
    assert browser.execute_script(LOSS) == before


# The quiz.

JUDGE = "return tell(chosen, 1).paths[0].links.map((link, i) => judgeFactor(link, arguments[0][i]).ok)"
ANSWERS = [
    ["x", "a*(1-a)", "2*(a-y)"],
    ["0.5", "a(1 − a)", "2 (a − y)"],
    ["x", "σ'(z)", "2a - 2y"],
    ["0.50", "0.2403", "1.197"],
    ["0.5", "0.24", "1.2"],
    ["x", "sigmoid'(z)", "-2(y - a)"],
    ["w", "a*(1+a)", "2*(y-a)"],
    ["maximum(x, 0)", "0.25", "(a-y)"],
    ["x²/x", "e^(-z)/(1 + e^(-z))^2", "2 × (a − y)"],
    ["x", "a - a²", "2(a-y)"],
    ["0.4", "0.2403 * 1.000", "1.19"],
    ["1 - x", "0.2402", "1.198"],
]


def one_neuron():
    w, x, y = Value(0.8, "w"), Value(0.5, "x"), Value(0.0, "y")
    a = labelled(labelled(w * x, "z").sigmoid(), "a")
    return labelled((a - y) ** 2, "C"), w


@pytest.mark.parametrize("answers", ANSWERS)
def test_a_factor_is_judged_as_check_judges_it(visit, answers):
    browser = visit(*one_neuron())
    chain = chain_rule(*one_neuron())
    truth = ["x", "a*(1-a)", "2*(a-y)"]
    alone = [[*truth[:i], answer, *truth[i + 1 :]] for i, answer in enumerate(answers)]
    assert browser.execute_script(JUDGE, answers) == [check(chain, factors).ok for factors in alone]


def test_the_quiz_hides_the_answer_judges_what_is_filled_in_and_shows_it(visit):
    browser = visit(*one_neuron())
    press(browser, "quiz")
    assert "0.14" not in browser.find_element("id", "panel").text
    assert browser.find_elements("css selector", ".pill, #paths li") == []
    fields = browser.find_elements("css selector", ".blank input")
    for field, text in zip(fields, ["x", "a(1-a)", "2(y-a)"], strict=True):
        field.send_keys(text)
    fields[-1].send_keys("\ue007")
    said = browser.find_element("id", "judged").text
    assert said == "factor 3 of 3: ∂C/∂a is not 2(y-a) = −1.197: the sign is wrong"
    fields[-1].clear()
    fields[-1].send_keys("2(a-y)\ue007")
    assert browser.find_element("id", "judged").text.startswith("right: the factors multiply to ")
    fields[0].clear()
    fields[0].send_keys("<b>\ue007")
    assert "cannot read <b>" in browser.find_element("id", "judged").text
    browser.execute_script("[...document.querySelectorAll('#answer button')].at(-1).click()")
    assert close(browser.execute_script(TOTAL), chain_rule(*one_neuron()).total)


def test_right_for_one_path_of_two_says_what_the_other_adds(visit):
    browser = visit(*two_paths())
    press(browser, "quiz")
    fields = browser.find_elements("css selector", ".blank input")
    for field, text in zip(fields, ["x", "1 - h1²", "v11", "2(o1 - y1)"], strict=True):
        field.send_keys(text)
    fields[0].send_keys("\ue007")
    chain = chain_rule(*two_paths())
    first, second = (pretty_number(path.product) for path in chain.paths())
    total = pretty_number(chain.total)
    assert browser.find_element("id", "judged").text == (
        f"right for this path, which gives {first}: the other path adds {second}, and dL/dw₁ = {total}"
    )
