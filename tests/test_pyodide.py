"""The wheel without compiled code in Pyodide, under Node. Skipped where Node or npm's packages are missing."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

HERE = Path(__file__).parent / "support" / "pyodide"
REPOSITORY = Path(__file__).parent.parent
PURE = ("graphviz", "tqdm")  # what the wheel needs beside itself


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder of what Python imports there: the wheel unpacked, what it needs, and the README."""
    roots = [Path(root) for root in os.environ.get("NODE_PATH", "").split(os.pathsep) if root]
    needed = ("pyodide", "@hpcc-js/wasm-graphviz")
    if not (shutil.which("node") and roots and all((roots[0] / name).is_dir() for name in needed)):
        pytest.skip(f"$NODE_PATH names no folder with npm's {' and '.join(needed)}: see .ci/npm")
    source, folder = (tmp_path_factory.mktemp(name) for name in ("source", "packages"))
    for name in ("engine", "nn"):
        ignored = shutil.ignore_patterns("*.so", "*.c", "__pycache__")
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    build = "import sys; sys.path.insert(0, 'engine'); import _build; print(_build.build_wheel('dist'))"
    environment = {**os.environ, "WHYGRAD_PURE": "1"}
    subprocess.run([sys.executable, "-c", build], cwd=source, env=environment, capture_output=True, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    assert wheel.name.endswith("-none-any.whl")
    ZipFile(wheel).extractall(folder)
    for name in PURE:
        shutil.copytree(Path(find_spec(name).origin).parent, folder / name)
    shutil.copy(REPOSITORY / "README.md", folder)
    return folder


def run(packages, program, **environment):
    command = ["node", HERE / "run.mjs", packages, HERE / program]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_lesson_runs_in_the_browsers_python(packages):
    assert "the lesson runs" in run(packages, "lesson.py")


def test_what_is_missing_there_is_said(packages):
    said = run(packages, "missing.py", WITHOUT_GRAPHVIZ="1")
    assert "graphviz: in a browser Graphviz is JavaScript: load @hpcc-js/wasm-graphviz" in said
    assert "numpy: " in said
