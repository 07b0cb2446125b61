"""The README's code gives the output that it shows."""

import doctest
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import Value, exp
from engine.core import NAMED, TABLE
from engine.table.__main__ import markdown

README = Path(__file__).parent.parent / "README.md"


def test_every_block_of_code_gives_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(TABLE)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(README), module_relative=False, optionflags=flags, encoding="utf-8")
    assert result.attempted > 20
    assert result.failed == 0
    assert (tmp_path / "why.svg").exists()
    for name in TABLE.keys() - before:
        del TABLE[name]


def test_the_table_of_functions_is_made_from_the_table():
    assert markdown() in README.read_text(encoding="utf-8")
    assert markdown().count("\n") == len(NAMED) + 2


def test_every_file_it_names_is_there():
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:examples|tests|engine|\.ci)/[\w./]+\w", text)) - {"examples/NAME.py"}
    assert sum(name.endswith((".svg", ".gif")) for name in named) > 10
    assert [name for name in named if not (README.parent / name).exists()] == []


def test_each_link_of_its_contents_leads_to_a_heading():
    text = README.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert len(links) > 8
    assert links <= anchors


def test_what_folds_away_is_set_off_by_empty_lines():
    text = README.read_text(encoding="utf-8")
    opened = re.findall(r"\n\n<details><summary>.+</summary>\n\n", text)
    assert len(opened) == text.count("<details>") == text.count("\n\n</details>\n") == text.count("</details>")


def test_the_first_commands_are_the_two_that_set_it_up():
    block = README.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    assert block.splitlines() == ["pip install -q uv && uv run examples/03_iris.py", "uv run --group dev pytest"]


class Plot:
    """Takes what matplotlib takes: an array of floats."""

    def plot(self, numbers):
        np.asarray(numbers, float)


def test_what_the_changelog_says_breaks_does_and_what_it_says_to_write_works():
    text = README.read_text(encoding="utf-8")
    table = re.findall(r"^\| `(.+?)` \| `(.+?)`.* \|$", text.split("| before | now |")[1].split("\n\n")[0], re.M)
    assert len(table) == 5
    losses = [Value(2.0), Value(1.0)]
    names = {"losses": losses, "v": losses[0], "math": math, "exp": exp, "plt": Plot()}
    for before, now in table:
        with pytest.raises(TypeError):
            eval(before, names)
        eval(now, names)


SHARDED = """
import doctest, jax, sys
from engine import record
from nn import MLP

assert len(jax.devices()) == 2
example = doctest.DocTestParser().get_doctest(sys.stdin.read(), {"record": record, "MLP": MLP}, "README", None, 0)
assert len(example.examples) > 10
sys.exit(doctest.DocTestRunner().run(example).failed)
"""


def test_the_sharded_step_runs_on_two_devices():
    (block,) = [part for part in README.read_text(encoding="utf-8").split("```") if "device_put" in part]
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", SHARDED],
        input=block.removeprefix("python\n"),
        env={**os.environ, **environment},
        cwd=README.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
