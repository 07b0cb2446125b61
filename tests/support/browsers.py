"""A real browser: Chromium without a window. Without one a test is skipped, or in CI fails."""

import os
import shutil
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1600,900", "--no-first-run"]
SWITCHES += ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium(profile):
    """A browser that keeps its files in a folder."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (program and driver and find_spec("selenium")):
        reason = "no browser: install chromium, chromium-driver and the dependency group browser"
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in [*SWITCHES, f"--user-data-dir={profile}"]:
        options.add_argument(switch)
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        yield browser
