"""How the package is built, and which of its two forms runs."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import engine

ENGINE = Path(engine.__file__).parent
PROBE = "import engine, engine.core.value; print(engine.compiled, engine.core.value.__file__, engine.Value(2.0) * 3.0)"


def run(**environment):
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, **environment},
        cwd=ENGINE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split(maxsplit=2)


def test_whygrad_pure_runs_the_python_files_whatever_lies_beside_them():
    compiled, file, result = run(WHYGRAD_PURE="1")
    assert (compiled, Path(file).name) == ("False", "value.py")
    assert result.startswith("Value(data=6.0")


def test_compiled_tells_which_file_runs():
    compiled, file, _ = run(WHYGRAD_PURE="0")
    native = any((ENGINE / "replay" / f"native{suffix}").exists() for suffix in EXTENSION_SUFFIXES)
    assert compiled == str(not file.endswith(".py") and native)


@pytest.fixture
def build(monkeypatch):
    """The build backend, as a frontend loads it."""
    pytest.importorskip("setuptools")
    monkeypatch.chdir(ENGINE.parent)
    spec = importlib.util.spec_from_file_location("_build", ENGINE / "_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_module_to_compile_is_there_and_every_pxd_has_its_module(build):
    assert all((ENGINE / name).is_file() for name in build.MODULES)
    types = {path.relative_to(ENGINE).with_suffix("") for path in ENGINE.rglob("*.pxd")}
    assert types <= {Path(name).with_suffix("") for name in build.MODULES}


def test_nothing_is_compiled_where_that_is_not_wanted(build, monkeypatch):
    monkeypatch.setenv("WHYGRAD_PURE", "1")
    assert build.extensions() == []


def test_an_extension_that_fails_to_compile_fails_no_installation(build, monkeypatch, tmp_path):
    pytest.importorskip("Cython")
    monkeypatch.delenv("WHYGRAD_PURE", raising=False)
    monkeypatch.setattr(build, "MODULES", ("replay/constant_folding.py",))
    monkeypatch.setattr(build, "OUTPUT", str(tmp_path))
    extensions = build.extensions()
    assert [extension.name for extension in extensions] == ["engine.replay.constant_folding"]
    assert all(extension.optional for extension in extensions)


def test_a_module_that_cython_refuses_fails_no_installation(build, monkeypatch, tmp_path, capsys):
    pytest.importorskip("Cython")
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "broken.pyx").write_text("cdef int f(:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHYGRAD_PURE", raising=False)
    monkeypatch.setattr(build, "MODULES", ("broken.pyx",))
    assert build.extensions() == []
    assert "installed uncompiled" in capsys.readouterr().err


def test_a_source_distribution_holds_all_that_building_and_testing_take(build, monkeypatch, tmp_path):
    top = ENGINE.parent
    if not (top / "pyproject.toml").is_file():
        pytest.skip("the package is installed, its sources are elsewhere")
    tree = tmp_path / "tree"
    clutter = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info", ".*", "build", "dist", "out")
    shutil.copytree(top, tree, ignore=clutter)
    (tree / "engine" / "core" / "value.c").write_text("what Cython makes")
    monkeypatch.chdir(tree)
    monkeypatch.setattr(sys, "argv", ["setup.py"])
    with tarfile.open(tmp_path / build.build_sdist(str(tmp_path))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = [path for path in tree.rglob("*") if path.suffix in {".py", ".pxd", ".pyx", ".h", ".html", ".js", ".svg"}]
    assert {path.relative_to(tree).as_posix() for path in wanted} <= names
    assert {"README.md", "LICENSE", "pyproject.toml", "engine/py.typed", "tests/bench/bound.c"} <= names
    assert "engine/core/value.c" not in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".so")]


def test_the_instructions_have_the_same_numbers_in_c():
    text = (ENGINE / "replay" / "native.h").read_text()
    names = text[text.index("enum {") + 6 : text.index("};")].replace("\n", " ").split(",")
    from engine.core.opcodes import NAMES

    assert [name.strip().lower() for name in names] == NAMES[: len(names)]
