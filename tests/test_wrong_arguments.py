"""Wrong arguments of every public function: errors of our own that say what came, the same compiled and uncompiled."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import wrong_arguments
from wrong_arguments import CALLS, outcomes

from engine.core import TABLE

ACCEPTED = {
    tuple(line.split(" | ")[:2]): line.split(" | ")[2].split()
    for line in Path(wrong_arguments.__file__).with_name("accepted_arguments.txt").read_text().splitlines()
}
CALLED = r"where \| [ab]|check_gradients \| 1|record \| [02]|fit \| (model|loss|on_epoch)"  # functions of users, and
BY_PYTHON = (
    r"unsupported operand type|not supported between instances of"  # what came of an operator, as Python says it
)


def of_row(name):
    """What is accepted by a row's operand: a number or a Value, or Values in a sequence."""
    variables = TABLE[name].variables
    sequence = ["Values"] if len(variables) > 1 else ["[]", "Values"]  # of one length with the others
    return [sequence if variable.isupper() else ["3", "nan", "-1", "Value"] for variable in variables]


@pytest.fixture(scope="module", autouse=True)
def elsewhere(tmp_path_factory):
    """A folder for the file that one call writes and another reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("compiled"))
        yield


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory):
    run = subprocess.run(
        [sys.executable, wrong_arguments.__file__],
        cwd=tmp_path_factory.mktemp("uncompiled"),
        env=os.environ | {"WHYGRAD_PURE": "1", "WHYGRAD_TRACEBACK": "full"},
        capture_output=True,
        check=True,
    )
    return json.loads(run.stdout)


def plain(text):
    """Without addresses, and with one name for the folder of files."""
    return re.sub(r"0x\w+|/\S*/|engine\.core\.value\.", "", text)


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_an_error_that_says_what_came(name, uncompiled):
    for key, (text, _) in outcomes([name]).items():
        other, is_raw = uncompiled[key]
        assert plain(text) == plain(other), key
        if is_raw and not re.match(CALLED, key):
            assert re.search(BY_PYTHON, text), (key, text)
        if text and not re.match(CALLED, key):
            assert re.match(r"(Type|Value|Overflow|FileNotFound|Recording|State|Gradient|Formula)Error: .*", text), (
                key,
                text,
            )
            assert "\x1b" not in text, key


@pytest.mark.parametrize("name", CALLS)
def test_only_what_makes_sense_is_accepted(name, uncompiled):
    for where in {key.split(" | ")[1] for key in uncompiled if key.startswith(f"{name} | ")}:
        accepted = [
            key.split(" | ")[2]
            for key, (text, _) in uncompiled.items()
            if key.startswith(f"{name} | {where} | ") and not text
        ]
        row = name.removeprefix("engine.")
        wanted = of_row(row)[int(where)] if row != name else ACCEPTED.get((name, where), [])
        assert sorted(accepted) == sorted(wanted), where
