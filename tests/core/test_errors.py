"""The error tree is as its docstring draws it, and a missing package comes with the line that installs it."""

import builtins
import re
import sys

import pytest

import engine
from engine.core import errors
from engine.core.errors import require

DRAWN = re.findall(r"── (\w+) .* \(also an? (\w+)\)$", errors.__doc__, re.MULTILINE)
WRITTEN = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_the_tree_is_drawn_whole():
    assert ["WhygradError", *(name for name, _ in DRAWN)] == WRITTEN
    assert len(DRAWN) >= 5


@pytest.mark.parametrize(("name", "builtin"), DRAWN)
def test_each_is_a_whygrad_error_and_the_builtin_error_that_callers_expect(name, builtin):
    kind = getattr(errors, name)
    assert getattr(engine, name) is kind
    assert issubclass(kind, errors.WhygradError)
    with pytest.raises(getattr(builtins, builtin), match="what came"):
        raise kind("what came")


def test_require_gives_the_module():
    assert require("os.path") is sys.modules["os.path"]


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.part"])
def test_require_says_how_to_install_what_is_missing(module):
    for extra, wanted in (("", "no_such_package"), ("jax", '"whygrad[jax]"')):
        with pytest.raises(ImportError, match="is not installed") as caught:
            require(module, extra)
        assert isinstance(caught.value, engine.MissingExtraError)
        assert str(caught.value) == f"{module} is not installed; install it with: pip install {wanted}"
        assert caught.value.__suppress_context__


@pytest.mark.parametrize("inside", ["import no_such_dependency", "import numbers.no_such_part"])
def test_a_package_that_is_there_but_broken_is_not_called_missing(tmp_path, monkeypatch, inside):
    (tmp_path / "broken_package.py").write_text(inside)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("broken_package")
    assert not isinstance(caught.value, engine.WhygradError)


def test_an_installed_package_without_the_wanted_part_is_not_called_missing():
    with pytest.raises(ModuleNotFoundError, match="no_such_part"):
        require("json.no_such_part")
