"""The page for everybody: contrast, keys, touch, narrow screens, paper, and what axe finds."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from graphs import two_paths
from pages import ask, choose, keys, network, press


def axe():
    """The script of axe-core, which npm installs where $NODE_PATH or `npm root -g` says."""
    roots = os.environ.get("NODE_PATH", "").split(os.pathsep)
    if npm := shutil.which("npm"):
        done = subprocess.run([npm, "root", "-g"], capture_output=True, encoding="utf-8", check=False)
        roots.append(done.stdout.strip())
    found = [Path(root) / "axe-core" / "axe.min.js" for root in roots if root]
    script = next((path for path in found if path.is_file()), None)
    if script is None:
        pytest.skip("axe-core is not installed: npm install --global axe-core")
    return script.read_text(encoding="utf-8")


FINDINGS = """const done = arguments[0]; axe.run({resultTypes: ["violations"]}).then(({violations}) =>
  done(violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200) + n.failureSummary)])));"""
VIEWS = {
    "as it came": lambda browser: None,
    "nothing chosen": lambda browser: browser.execute_script("choose(null)"),
    "backward": lambda browser: [press(browser, "forth") for _ in range(20)],
    "quiz": lambda browser: press(browser, "quiz"),
    "refused": lambda browser: ask(browser, "w +* x"),
    "killed": lambda browser: ask(browser, "w = 50; sigmoid(w)^2"),
    "steps": lambda browser: press(browser, "descend"),
    "dialog": lambda browser: press(browser, "python"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(visit, view, theme):
    script = axe()
    browser = visit(*two_paths())
    browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    VIEWS[view](browser)
    browser.execute_script(script)
    assert browser.execute_async_script(FINDINGS) == []


def test_axe_finds_nothing_on_a_network(visit):
    script = axe()
    browser = visit(network()[0])
    choose(browser, "layer2.neuron3.w2")
    browser.execute_script(script)
    assert browser.execute_async_script(FINDINGS) == []


CONTRAST = """
const linear = x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
const light = text => {
  const [r, g, b] = text.match(/[\\d.]+/g).map(x => linear(x / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
return [...document.querySelectorAll(".box, .pill")].flatMap(g => {
  const back = light(getComputedStyle(g.querySelector("rect")).fill);
  return [...g.querySelectorAll("tspan, text:not(:has(tspan))")].map(words => {
    const [a, b] = [light(getComputedStyle(words).fill), back].sort((a, b) => b - a);
    return [(a + .05) / (b + .05), words.textContent, g.getAttribute("class")]; }); });"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_not_chosen_can_be_read(visit, theme):
    browser = visit(*two_paths())
    browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    time.sleep(0.4)  # colours change in a quarter of a second
    found = browser.execute_script(CONTRAST)
    assert [words for words in found if words[0] < 4.5] == []
    assert any("lit" not in kind for *_, kind in found)


def test_the_picture_is_one_tab_stop_with_arrow_keys_inside(visit):
    browser = visit(*two_paths())
    stops = "return document.querySelectorAll('#picture [tabindex=\"0\"]').length"
    assert browser.execute_script(stops) == 1
    browser.execute_script("document.querySelector('.box[tabindex=\"0\"]').focus()")
    keys(browser, "\ue014", "\ue014", "\ue007")
    assert browser.execute_script("return variables[chosen].label") != "w1"
    assert browser.execute_script(stops) == 1
    for name in ("tools", "player"):
        assert browser.execute_script(f"return document.querySelectorAll('#{name} [tabindex=\"0\"]').length") == 1


@pytest.fixture
def phone(visit):
    def phone(*graph):
        browser = visit(*graph)
        screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        screens.append(browser)
        return browser

    screens = []
    yield phone
    for browser in screens:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


WIDER = """return [...document.querySelectorAll("body *:not(#picture *)")].filter(e =>
  e.getBoundingClientRect().right > 391
  && !e.closest(".hidden") && getComputedStyle(e).display !== "none").map(e => e.outerHTML.slice(0, 120))"""


def test_at_390_pixels_nothing_is_wider_and_a_finger_chooses(phone):
    browser = phone(*two_paths())
    for view in VIEWS.values():
        view(browser)
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390
        assert browser.execute_script(WIDER) == []
        browser.execute_script("$('offer').close()")
    browser = phone(*two_paths())
    x, y = browser.execute_script(
        "const { box } = variables[chosen]; reveal(box); const r = box.g.getBoundingClientRect();"
        "return [r.x + r.width / 2, r.y + 9]"
    )
    browser.execute_script("choose(null)")
    for kind, points in [("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])]:
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert browser.execute_script("return chosen !== null && variables[chosen].label") == "w1"
    small = browser.execute_script(
        "return [...document.querySelectorAll('#tools button, #player button:not([hidden])')]"
        ".filter(button => button.offsetWidth < 44).length"
    )
    assert small == 0


def test_on_paper_stand_the_picture_and_the_sum_and_no_control(visit):
    browser = visit(*two_paths())
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = (
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetHeight || e.getBBox?.().height).length"
    )
    assert browser.execute_script(shown, "#verdict, #paths li, #picture") == 4
    assert browser.execute_script(shown, "button, input, #numbers, #share, #bar") == 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
