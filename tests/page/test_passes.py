"""The passes played step by step, and the curve beside a factor that kills."""

import pytest
from graphs import labelled, two_paths
from pages import close, keys, press

from engine import Value, chain_rule
from engine._notation import pretty_number

CAPTION = "return document.getElementById('caption').textContent"
KNOWN = """return [...boxes.values()].map(box =>
  [box.title, ...box.texts.slice(1).map(text => text.lastChild.textContent)])"""


def test_forward_value_by_value_and_backward_node_by_node(visit):
    browser = visit(*two_paths())
    captions, known = [], []
    for _ in range(24):
        press(browser, "forth")
        captions.append(browser.execute_script(CAPTION))
        known.append({name: numbers for name, *numbers in browser.execute_script(KNOWN)})
    assert "Forward: z₁ = w₁·x + b₁ = 0.8·0.5 + 0.1 = 0.5" in captions
    assert "Forward: x = 0.5 is given" in captions
    assert captions[11].startswith("Forward: L = (o₁ − y₁)² + (o₂ − y₂)² = ")
    assert captions[12] == "Backward: dL/dL = 1, where it starts"
    o1, o2 = (pretty_number(x.grad) for x in chain_variables("o1", "o2"))
    (h1,) = chain_variables("h1")
    assert (
        "Backward, grad = Σ child’s grad × factor: dL/dh₁ = dL/do₁·∂o₁/∂h₁ + dL/do₂·∂o₂/∂h₁ = "
        f"({o1})·0.7 + ({o2})·(−1.1) = {pretty_number(h1.grad)}"
    ) in captions
    for step, numbers in enumerate(known, 1):
        assert sum(data != "·" for data, _ in numbers.values()) == min(step, 12)
        assert sum(grad != "·" for _, grad in numbers.values()) == max(step - 12, 0)
    arrows = "return ['onward', 'homeward'].map(name => getComputedStyle(document.querySelector('.' + name)).display)"
    assert browser.execute_script(arrows) == ["none", "inline"]
    press(browser, "leave")
    assert browser.execute_script(arrows) == ["inline", "none"]
    assert all("·" not in numbers for numbers in browser.execute_script(KNOWN))


def chain_variables(*names):
    output, wrt = two_paths()
    output.backward()
    found = {node.label: node for path in chain_rule(output, wrt).paths() for node in path.nodes}
    return [found[name] for name in names]


def test_play_pause_keys_and_the_bar(visit):
    browser = visit(two_paths()[0])
    at = "return passes.at"
    browser.execute_script("document.body.focus()")
    keys(browser, "n", "n", "n", "p")
    assert browser.execute_script(at) == 2
    press(browser, "play")
    assert browser.find_element("id", "play").get_attribute("aria-label") == "Pause"
    press(browser, "play")
    assert browser.find_element("id", "play").get_attribute("aria-label") == "Play"
    browser.execute_script("const bar = $('progress'); bar.value = 20; bar.dispatchEvent(new Event('input'))")
    assert browser.execute_script(at) == 20
    assert browser.find_element("id", "progress").get_attribute("aria-valuetext") == "step 20 of 24"
    press(browser, "back")
    assert browser.execute_script(at) == 19
    keys(browser, "\ue00c")
    assert browser.execute_script(at) is None


def test_play_goes_on_by_itself_and_stops_at_the_end(visit):
    from selenium.webdriver.support.wait import WebDriverWait

    x = Value(2.0, "x")
    browser = visit(labelled(x * x, "y"))
    press(browser, "play")
    WebDriverWait(browser, 30).until(lambda browser: browser.execute_script("return passes.at") == 4)
    assert browser.execute_script("return passes.timer") == 0


def test_with_reduced_motion_nothing_moves_by_itself(visit):
    browser = visit(*two_paths())
    moves = "return getComputedStyle(document.querySelector('.frame')).transitionDuration"
    for wish, seconds in [("reduce", "0s"), ("no-preference", "0.25s, 0.25s")]:
        features = [{"name": "prefers-reduced-motion", "value": wish}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        assert browser.execute_script(moves) in (seconds, seconds.split(",")[0])
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
def test_beside_a_killing_factor_stands_the_curve_with_its_tangent(visit, function):
    z = Value(12.0, "z")
    a = labelled(getattr(z, function)(), "a")
    browser = visit(labelled((a - 0.5) ** 2, "L"), z)
    chart = browser.find_element("css selector", ".curves svg")
    assert f"′(12) = {pretty_number(a.partials[0])}: the tangent at z = 12 is flat" in chart.get_attribute("aria-label")
    spot = browser.execute_script(
        "const c = document.querySelector('.spot'), curve = document.querySelector('.curves .curve');"
        "return [c.cx.baseVal.value, c.cy.baseVal.value, curve.getPointAtLength(curve.getTotalLength()).y]"
    )
    assert close(spot[1], spot[2], 2)
    browser.execute_script("change(variables.find(v => v.label === 'z').i, 0.3)")
    assert browser.find_elements("css selector", ".curves svg") == []
