"""A real browser, Chromium without a window. Where there is none its tests are skipped: an error in CI."""

import os
import shutil
from importlib.util import find_spec

import pytest
from pages import requests

from engine.chain import explained
from engine.page.page import page

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
