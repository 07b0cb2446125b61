"""The controls of the page: pointer, keys, search, address, colours, and text that stays text."""

import random
from io import BytesIO

import pytest
from graphs import labelled, two_paths
from pages import TOTAL, address, ask, choose, close, keys, press, requests

from engine import Value, chain_rule, dot
from engine._notation import pretty_name, pretty_number
from engine.chain import explained
from engine.core import printable
from engine.page.page import Frame

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


def test_in_a_notebook_the_page_lives_in_a_frame(browser, tmp_path):
    file = tmp_path / "notebook.html"
    file.write_text(
        f"<!doctype html><meta charset=utf-8>{Frame(explained(*two_paths()))._repr_html_()}",
        encoding="utf-8",
    )
    requests(browser)
    browser.get(file.as_uri())
    browser.switch_to.frame(0)
    assert close(float(browser.find_element("id", "total").get_attribute("title")), chain_rule(*two_paths()).total)
    choose(browser, "h1")
    assert "dL/dh₁" in browser.find_element("tag name", "h1").text
    ask(browser, "w = 3; w*w")
    assert browser.execute_script(TOTAL) == 6
    press(browser, "python")
    press(browser, "copy")
    press(browser, "close")
    assert not browser.find_element("id", "link").is_displayed()
    browser.switch_to.default_content()
    assert [url for url in requests(browser) if not url.startswith("data:")] == [file.as_uri()]


THEMES = [
    ("data-jp-theme-light=false", True),
    ("data-jp-theme-light=true", False),
    ("class=vscode-dark", True),
    ("class=vscode-light", False),
    ("class=vscode-high-contrast", True),
    ("class='vscode-high-contrast vscode-high-contrast-light'", False),
]


@pytest.mark.parametrize(("theme", "dark"), THEMES)
def test_a_notebook_says_whether_picture_and_page_are_dark(browser, tmp_path, theme, dark):
    image, file = pytest.importorskip("PIL.Image"), tmp_path / "notebook.html"
    chain = chain_rule(*two_paths())
    shown = chain._repr_mimebundle_()["text/html"] + chain.explore()._repr_html_()
    file.write_text(f"<!doctype html><meta charset=utf-8><body {theme}>{shown}", encoding="utf-8")
    system = [{"name": "prefers-color-scheme", "value": "light" if dark else "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": system})
    browser.get(file.as_uri())
    picture = browser.find_element("css selector", "img").screenshot_as_png
    corner = image.open(BytesIO(picture)).convert("RGB").getpixel((3, 3))
    assert corner == ((0x14, 0x18, 0x1F) if dark else (255, 255, 255))
    browser.switch_to.frame(0)
    assert browser.execute_script(BACKGROUND) == ("rgb(20, 25, 31)" if dark else "rgb(255, 255, 255)")
    browser.switch_to.default_content()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# Hands and eyes: pointer, keys, search, address, colours.


def chosen(browser):
    return (
        browser.execute_script("return document.querySelector('.box.chosen')?.getAttribute('aria-label') ?? ''")
        .split(",")[0]
        .split(" = ")[0]
    )


def title(browser):
    return browser.execute_script("return document.querySelector('h1').textContent")


def box(browser, name):
    labels = browser.find_elements("css selector", ".box")
    return next(g for g in labels if g.get_attribute("aria-label").startswith((f"{name},", f"{name} = ")))


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
    assert address(browser) == "#wrt=h1"
    assert "dL/dh₁" in browser.find_element("id", "status").get_attribute("textContent")
    keys(browser, "\ue00c")
    assert chosen(browser) == ""
    assert title(browser).startswith("L = ")


def test_keys_move_choose_zoom_and_search(visit):
    browser = visit(two_paths()[0])
    browser.execute_script("document.querySelector('.box').focus()")
    focused = "return document.activeElement.getAttribute('aria-label').split(/,| = /)[0]"
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


def test_the_wheel_zooms_with_ctrl_alone_and_dragging_pans(visit):
    from selenium.webdriver.common.action_chains import ActionChains, ScrollOrigin

    browser = visit(*two_paths())
    look = "const v = document.querySelector('#graph svg').viewBox.baseVal; return [v.x, v.y, v.width, v.height]"
    graph = browser.find_element("id", "canvas")
    before = browser.execute_script(look)
    wheel = ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(graph), 0, -300)
    wheel.perform()
    assert browser.execute_script(look) == before
    browser.execute_script(
        "$('canvas').dispatchEvent(new WheelEvent('wheel', {deltaY: -300, ctrlKey: true, clientX: 200, clientY: 200}))"
    )
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
    browser.execute_script("for (const group of groupsUnder(root)) openGroups.add(group); draw()")
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.box')].map(g => g.getAttribute('aria-label'))"
    )
    for leaf in leaves:
        assert f"{pretty_name(leaf.label)}, data {pretty_number(leaf.data)}, grad 1" in shown
