"""A file of the user's own that hides whygrad's engine is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(folder, code="from nn import MLP"):
    (folder / "script.py").write_text(code)
    return subprocess.run(
        [sys.executable, str(folder / "script.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["engine.py", "engine/__init__.py", "engine/value.py"])
def test_a_file_beside_the_script_that_hides_the_engine_is_named(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("class Value: pass")
    done = run(tmp_path)
    if name == "engine/value.py":  # a folder without an __init__ gives way to a package
        assert done.returncode == 0, done.stderr
        return
    hiding = tmp_path / name.removesuffix("/__init__.py")
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: {hiding} hides whygrad's package `engine`: rename it, and what imports it, and try again"
    )


def test_the_files_own_code_does_not_run(tmp_path):
    (tmp_path / "engine.py").write_text("raise SystemExit('ran')")
    assert "hides whygrad's package" in run(tmp_path).stderr


def test_one_that_was_imported_before_is_named_too(tmp_path):
    (tmp_path / "engine.py").write_text("class Value: pass")
    assert "hides whygrad's package" in run(tmp_path, "from engine import Value\nfrom nn import MLP").stderr
