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


LOADED = """
import sys
import engine, nn
from nn import MLP, SGD, fit, mean_squared_error

model = MLP(2, [3, 1], seed=0)
fit(model, [[0.5, 1.0]], [1.0], mean_squared_error, SGD(model.parameters(), lr=0.1), 1, progress=False, replay=False)
loss = mean_squared_error([model([0.5, 1.0])], [1.0])
chain = engine.chain_rule(loss, model.parameters()[0])
chain.draw(), chain.to_latex(), str(chain), engine.draw(loss), engine.explore(loss)
print("numpy" in sys.modules)
"""


def test_numpy_is_loaded_by_neither_chain_picture_page_nor_eager_training():
    environment = {**os.environ, "WHYGRAD_PURE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], env=environment, cwd=ENGINE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "False"


@pytest.mark.parametrize(("pure", "failed", "often"), [("", True, 1), ("1", True, 0), ("", False, 0)])
def test_a_recording_warns_once_where_compiling_was_tried_and_failed(tmp_path, pure, failed, often):
    shutil.copytree(ENGINE, tmp_path / "engine", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    if failed:
        (tmp_path / "engine" / "uncompiled.txt").write_text("there is no cc")
    program = "from engine import record\nfor _ in range(2):\n    record(lambda x: x * x, 1.0)"
    environment = {**os.environ, "WHYGRAD_PURE": pure, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("whygrad runs uncompiled here") == done.stderr.count("there is no cc") == often


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
    generated = Path("core/generated")  # the header that the build writes
    assert types - {generated} <= {Path(name).with_suffix("") for name in build.MODULES}


@pytest.mark.parametrize("there", [False, True])
def test_a_wheel_is_compiled_and_a_clone_where_it_was_asked_for(build, monkeypatch, tmp_path, there):
    (tmp_path / "engine" / "core").mkdir(parents=True)
    if there:
        (tmp_path / "engine" / "core" / f"value{EXTENSION_SUFFIXES[0]}").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHYGRAD_PURE", raising=False)
    monkeypatch.delenv("WHYGRAD_COMPILE", raising=False)
    assert (build.compiles("wheel"), build.compiles("editable"), build.compiles("")) == (True, there, False)
    assert any("Cython" in name for name in build.get_requires_for_build_editable()) == there
    monkeypatch.setenv("WHYGRAD_COMPILE", "1")
    assert build.compiles("editable")
    monkeypatch.setenv("WHYGRAD_PURE", "1")
    assert not build.compiles("wheel")


def test_a_free_threaded_python_gets_the_uncompiled_package_and_is_told_why(build, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "engine").mkdir()
    monkeypatch.setattr(build, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    assert build.extensions() == []
    assert "whygrad is installed uncompiled: this Python is free-threaded" in capsys.readouterr().err
    assert "need the GIL" in (tmp_path / "engine" / build.REASON).read_text(encoding="utf-8")


def test_a_wheel_without_compiled_code_is_for_every_platform(build):
    from setuptools import Distribution, Extension

    command = build.Wheel(Distribution({"ext_modules": [Extension("a", ["a.c"])]}))
    command.ensure_finalized()
    assert command.get_tag()[2] != "any"
    command.distribution.ext_modules = []
    assert command.get_tag() == ("py3", "none", "any")


def test_an_extension_that_fails_to_compile_fails_no_installation(build, monkeypatch, tmp_path, capsys):
    pytest.importorskip("Cython")
    from setuptools import Distribution

    monkeypatch.delenv("WHYGRAD_PURE", raising=False)
    monkeypatch.setattr(build, "MODULES", ("replay/constant_folding.py",))
    monkeypatch.setattr(build, "OUTPUT", str(tmp_path))
    command = build.Compile(Distribution({"ext_modules": build.extensions()}))
    command.build_lib = command.build_temp = str(tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    (tmp_path / "engine").mkdir(exist_ok=True)
    command.finalize_options()
    command.run()
    assert (tmp_path / "engine" / "uncompiled.txt").read_text()
    assert "installed uncompiled" in capsys.readouterr().err
    assert not command.distribution.has_ext_modules()
    assert not list(tmp_path.rglob("*.so"))


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
    wanted = [
        path for path in tree.rglob("*") if path.suffix in {".py", ".pxd", ".pyx", ".h", ".html", ".js", ".mjs", ".svg"}
    ]
    assert {path.relative_to(tree).as_posix() for path in wanted} <= names
    assert {"README.md", "LICENSE", "pyproject.toml", "engine/py.typed", "tests/bench/bound.c"} <= names
    assert "engine/core/value.c" not in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".so")]
