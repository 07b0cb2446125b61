"""The reference: every public name is explained, by example, and what a docstring refers to is there."""

import doctest
import inspect
import os
import re
import subprocess
import sys

import pytest

import engine
import nn
from engine import _functions
from engine.core import NAMED

PACKAGES = [engine, nn]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


INHERITED = {"Value.data", "Value.label"}  # pdoc lists them without a place of their own


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_public_name_is_explained(package, name):
    found = getattr(package, name)
    if isinstance(found, bool):
        return
    assert re.search(r"\.(\s|$)", inspect.getdoc(found) or ""), f"{name} has no sentence"
    for member, attribute in vars(found).items() if isinstance(found, type) else ():
        if not member.startswith("_") and (callable(attribute) or isinstance(attribute, property)):
            assert inspect.getdoc(attribute), f"{name}.{member} has no docstring"


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_help_and_completion_know_how_it_is_called(package, name):
    found = getattr(package, name)
    is_general = isinstance(found, type) and (issubclass(found, Exception) or found in (nn.Module, engine.Condition))
    if callable(found) and not is_general:
        assert "*args" not in str(inspect.signature(found))


def test_the_signature_of_a_value():
    assert str(inspect.signature(engine.Value)) == "(data, label='')"
    assert list(inspect.signature(engine.Value.backward).parameters) == ["self", "seed"]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_public_name_has_an_example_and_an_error_says_what_raises_it(package, name):
    found = getattr(package, name)
    if isinstance(found, type) and issubclass(found, Exception):
        assert found is engine.WhygradError or re.search(r"`[\w.]+(\(\))?`", found.__doc__)
    elif not isinstance(found, bool):
        assert ">>>" in inspect.getdoc(found)


@pytest.mark.parametrize("name", NAMED)
def test_the_example_of_a_row_gives_what_it_shows(name):
    row = getattr(_functions, name, getattr(engine, name, None))
    (test,) = doctest.DocTestFinder(recurse=False).find(row, name, globs={name: row, "Value": engine.Value})
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_pages_are_built_and_their_links_lead_somewhere(tmp_path):
    pytest.importorskip("pdoc")
    command = [sys.executable, "-W", "error", "-m", "pdoc", "engine", "nn", "-o", str(tmp_path)]
    subprocess.run(command, env=os.environ | {"WHYGRAD_PURE": "1"}, check=True)  # pdoc reads hints in sources
    for package in PACKAGES:
        page = (tmp_path / f"{package.__name__}.html").read_text(encoding="utf-8")
        anchors, links = (set(re.findall(rf'{kind}="#?([^"#/]+)"', page)) for kind in ("id", "href"))
        assert set(package.__all__) <= anchors
        members = {link for link in links if "." in link and not link.endswith((".html", ".css", ".js"))}
        assert members - INHERITED <= anchors


REFERENCE = re.compile(r"`((?:engine|nn)\.[\w.]+)`")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_docstring_names_is_there(package):
    for name in package.__all__:
        found = getattr(package, name)
        members = vars(found).values() if isinstance(found, type) else ()
        for text in filter(None, map(inspect.getdoc, (found, *members))):
            for dotted in REFERENCE.findall(text):
                first, *rest = dotted.rstrip(".").split(".")
                target = {"engine": engine, "nn": nn}[first]
                for part in rest:
                    target = getattr(target, part)
