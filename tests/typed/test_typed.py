"""A user's program, checked as one that has whygrad installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine import _functions
from engine.core import NAMED

PROGRAM = Path(__file__).parent / "program.py"
ROOT = PROGRAM.parent.parent.parent


@pytest.fixture
def installed(tmp_path):
    """A folder beside the program, and the environment in which the packages are found in another."""
    for package in ("engine", "nn"):
        (tmp_path / "site").mkdir(exist_ok=True)
        (tmp_path / "site" / package).symlink_to(ROOT / package)
    (tmp_path / "work").mkdir()
    shutil.copy(PROGRAM, tmp_path / "work")
    return {"cwd": tmp_path / "work", "env": os.environ | {"PYTHONPATH": str(tmp_path / "site")}}


def check(command, installed):
    done = subprocess.run(command, **installed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_knows_what_each_expression_is(installed):
    pytest.importorskip("mypy")
    check([sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "program.py"], installed)


def test_pyright_knows_what_each_expression_is(installed):
    pyright = shutil.which("pyright") or pytest.skip("there is no pyright here")
    check([pyright, "--pythonpath", sys.executable, "program.py"], installed)


def test_every_row_with_a_name_for_people_is_typed():
    missing = [name for name in NAMED if name not in ("dot", "detach") and not hasattr(_functions, name)]
    assert missing == []
    for name in NAMED:
        assert getattr(engine, name).__name__ == name
