"""Files that are no recordings are refused with the reason, and leave the table as it was."""

import json
import random
import re

import pytest

from engine import StateError, Value, load_recording, record, where
from engine.table.formula import TABLE

pytest.importorskip("numpy")


def saved(recording, path):
    recording.save(path)
    return json.loads(path.read_text())


def put(*path_and_entry):
    """A change of a document: another entry at a path."""
    *path, last, entry = path_and_entry

    def change(document):
        for key in path:
            document = document[key]
        document[last] = entry

    return change


def without(field):
    return lambda document: document.pop(field)


SOFT = ["soft", "s", "a / (1 + abs(a))", "1 / (1 + abs(a)) ** 2"]
LONG = 10**30
DAMAGES = {
    "it is no recording": put("format", "whygrad model"),
    "a later version of whygrad wrote it, in format 2, where this one reads 1: update": put("version", 2),
    "its contents do not match its checksum": put("parameters", 0, ["w", 2.5]),
    "it is damaged: its contents do not match": put("instructions", 3, ["add", 1, 2]),
    "it is damaged: its contents do": put("checksum", None),
    "its version is True": put("version", True),
    "its version is None": without("version"),
    "its version is 0": put("version", 0),
    "its version is '1'": put("version", "1"),
    "it has the fields arguments, checksum, format, instructions": without("rows"),
    "it has the fields arguments, checksum, code": put("code", "import os"),
    "arguments is 3": put("arguments", 3),
    "its arguments are []": put("arguments", []),
    "its arguments are [1, -1]": put("arguments", [1, -1]),
    "its arguments are [1000000000000000000000000000000]": put("arguments", [LONG]),
    "it has 4294967294 inputs, more than there can be": put("arguments", [2**31 - 1, 2**31 - 1]),
    "its shape is [2], of 1 outputs": put("shape", [2]),
    "its shape is [-1], of 1 outputs": put("shape", [-1]),
    "its shape is [1, 1, 1": put("shape", [1] * 100),
    "its shape is [True]": put("shape", [True]),
    "its shape is [], of 0 outputs": put("outputs", []),
    "its outputs are [9]": put("outputs", [9]),
    "its outputs are [-1]": put("outputs", [-1]),
    "its outputs are [1.0]": put("outputs", [1.0]),
    "outputs is {}": put("outputs", {}),
    "verified is 1": put("verified", 1),
    "a parameter is 2.0": put("parameters", 0, 2.0),
    "a parameter is [1, 2.0]": put("parameters", 0, [1, 2.0]),
    "a parameter is ['w', 2.0, 3]": put("parameters", 0, ["w", 2.0, 3]),
    "a number is '2.0'": put("parameters", 0, ["w", "2.0"]),
    "a number is 'NaN'": put("parameters", 0, ["w", "NaN"]),
    "a number is None": put("parameters", 0, ["w", None]),
    "a number is True": put("parameters", 0, ["w", True]),
    "a number is too large: 1000": put("parameters", 0, ["w", 10**400]),
    "instructions is 'sin'": put("instructions", "sin"),
    "instruction 1 is 'sin'": put("instructions", 1, "sin"),
    "instruction 1 is []": put("instructions", 1, []),
    "it asks for the row 'products'": put("instructions", 3, ["products", 1, 2]),
    "it asks for the row 'mean'": put("instructions", 3, ["inner", 1, 2]),
    "it asks for the row '__import__', which is neither in the table nor in the file": put(
        "instructions", 3, ["__import__", 0]
    ),
    "it asks for the row 7": put("instructions", 3, [7, 0]),
    "it asks for the row ['mul']": put("instructions", 3, [["mul"], 0]),
    "it asks for the row 'input'": put("instructions", 3, ["input", 0, 0]),
    "a number is 'sin'": put("instructions", 3, ["constant", "sin"]),
    "it asks for the row 'constant'": put("instructions", 3, ["constant"]),
    "instruction 1 takes input 1 of 1": put("instructions", 1, ["input", 1]),
    "instruction 2 takes parameter 4 of 1": put("instructions", 2, ["parameter", 4]),
    "instruction 1 is ['input', -1], whose operands are no indices": put("instructions", 1, ["input", -1]),
    "instruction 1 is ['input', 1000000000000000000000000000000], whose": put("instructions", 1, ["input", LONG]),
    "instruction 3 is ['mul', 1, 3], whose operands come later": put("instructions", 3, ["mul", 1, 3]),
    "instruction 3 is ['mul', 1, 400], whose operands come later": put("instructions", 3, ["mul", 1, 400]),
    "instruction 3 is ['mul', 1, '2'], whose operands are no indices": put("instructions", 3, ["mul", 1, "2"]),
    "instruction 3 is ['mul', 1, 2.0], whose operands are no indices": put("instructions", 3, ["mul", 1, 2.0]),
    "instruction 3 gives mul 3 operands": put("instructions", 3, ["mul", 1, 1, 1]),
    "instruction 3 gives sin 0 operands": put("instructions", 3, ["sin"]),
    "instruction 3 gives dot 2 operands": put("instructions", 3, ["dot", 1, 2]),
    "rows is None": put("rows", None),
    "a row is 'soft'": put("rows", ["soft"]),
    "a row is ['soft', 's', 'a'], without partials": put("rows", [["soft", "s", "a"]]),
    "a row is ['soft', '', 'a', '1']": put("rows", [["soft", "", "a", "1"]]),
    "a row is ['soft', 's', 'a', 1]": put("rows", [["soft", "s", "a", 1]]),
    "its row 'soft' is there twice": put("rows", [SOFT, SOFT]),
    "its row 'exp' is there twice": put("rows", [["exp", "e", "a + a", "2"]]),
    "its row 'soft' is invalid: the operands of a formula are": put("rows", [["soft", "s", "a + open", "1"]]),
    "it asks for the row 'open'": put("rows", [["soft", "s", "open(a)", "1"]]),
    "it asks for the row 'eval'": put("rows", [["soft", "s", "a", "eval(a)"]]),
    "its row 'soft' is invalid: a formula is made of numbers": put("rows", [["soft", "s", "a.__class__(a)", "1"]]),
    "a formula is made of numbers, the operands": put("rows", [["soft", "s", "a if a else a", "1"]]),
    "a formula is written as in Python, unlike": put("rows", [["soft", "s", "a +", "1"]]),
    "its row 'soft' is invalid: a formula of soft is nested too deeply": put(
        "rows", [["soft", "s", "soft(a) + 1", "1"]]
    ),
    "its row 'soft' is invalid: the partials of soft give": put("rows", [["soft", "s", "a * a", "3 * a"]]),
    "its row 'soft' is invalid: soft has 2 operands": put("rows", [["soft", "s", "a * b", "b"]]),
    "its row 'input' is invalid: input is the name of an instruction": put("rows", [["input", "s", "a * a", "2 * a"]]),
    "its row 'class' is invalid: a row has a name such as": put("rows", [["class", "s", "a * a", "2 * a"]]),
    "its row 'so;ft' is invalid: a row has a name such as": put("rows", [["so;ft", "s", "a * a", "2 * a"]]),
}
DAMAGES["it asks for the row 'inner'"] = DAMAGES.pop("it asks for the row 'mean'")


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damaged_file_is_refused_with_the_reason(reason, tmp_path):
    w = Value(2.0, "w")
    path = tmp_path / "f.json"
    document = saved(record(lambda x: (x * w).sin(), 1.0), path)
    assert document["instructions"] == [["constant", 1.0], ["input", 0], ["parameter", 0], ["mul", 1, 2], ["sin", 3]]
    DAMAGES[reason](document)
    path.write_text(json.dumps(document))
    before = dict(TABLE)
    with pytest.raises(StateError, match=re.escape(reason)) as caught:
        load_recording(path)
    assert str(caught.value).startswith(f"{path} cannot be loaded: ")
    assert dict(TABLE) == before


TEXTS = {
    "": "Expecting value",
    "{": "Expecting property name",
    "[1]": "it is no recording",
    '"x"': "it is no recording",
    '{"format": NaN}': "NaN is no number of JSON",
    '{"format": -Infinity}': "-Infinity is no number",
    '{"format": 1, "format": 1}': "a field stands in it twice",
    "[" * 100_000: "it nests too deep",
    "\udcff": "codec can't decode",
    '{"format": 1' + "0" * 5000 + "}": "Exceeds the limit",
}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_that_is_no_document_is_refused(text, tmp_path):
    (tmp_path / "f.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(StateError, match=TEXTS[text]):
        load_recording(tmp_path / "f.json")


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "f.json"
    w = Value(0.7, "w⁽¹⁾₁")
    record(lambda x: (x[0] * w).tanh() + x[1], [0.5, 1.0]).save(path)
    content = path.read_bytes()
    for end in range(0, len(content) - 2, 7):
        path.write_bytes(content[:end])
        with pytest.raises(StateError, match="cannot be loaded"):
            load_recording(path)


def test_a_formula_that_nests_too_deep_is_refused(tmp_path):
    path = tmp_path / "f.json"
    document = saved(record(lambda x: x.sin(), 1.0), path)
    for formula in (
        "(" * 5000 + "a" + ")" * 5000,
        "-" * 50_000 + "a",
        "+".join(["a"] * 20_000),
        "abs(" * 90 + "a" + ")" * 90,
    ):
        path.write_text(json.dumps(document | {"rows": [["soft", "s", formula, "1"]]}))
        with pytest.raises(StateError, match="cannot be loaded"):
            load_recording(path)
        assert "soft" not in TABLE


@pytest.mark.parametrize("seed", range(4))
def test_what_is_damaged_in_one_letter_is_refused(seed, tmp_path):
    path, rng, w = tmp_path / "f.json", random.Random(seed), Value(0.7, "w")
    record(lambda x: where(x[0] > w, (x[0] * w).tanh() * 0.25, x[1] ** 3), [0.5, 1.0]).save(path)
    content = path.read_bytes()
    for _ in range(300):
        damaged, i = bytearray(content), rng.randrange(len(content) - 1)
        damaged[i] = rng.choice(b'0123456789[]{},:"abcxyz.-')
        path.write_bytes(damaged)
        if damaged != content:
            with pytest.raises(StateError, match="cannot be loaded"):
                load_recording(path)
