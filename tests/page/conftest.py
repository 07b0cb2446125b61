"""A real browser, Chromium without a window. Where there is none its tests are skipped: an error in CI."""

import pytest
from browsers import chromium
from pages import requests

from engine.chain import explained
from engine.page.page import page


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
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
