"""Recordings in files and pickles: the same numbers elsewhere, and a reason where a file is not right."""

import copy
import json
import math
import os
import pickle
import re
import subprocess
import sys

import pytest

from engine import RecordingError, StateError, Value, dot, load_recording, logsumexp, record, row, softmax
from engine.replay import numpy_executor
from engine.table.formula import TABLE
from engine.table.primitives import PRIMITIVES

np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def rows():
    """The table stays as it was."""
    table, primitives = dict(TABLE), dict(PRIMITIVES)
    yield
    for name in TABLE.keys() - table.keys():
        del TABLE[name]
    for name in PRIMITIVES.keys() - primitives.keys():
        del PRIMITIVES[name]


def saved(recording, path):
    recording.save(path)
    return json.loads(path.read_text())


def example():
    """A recording of all kinds of instructions, and its parameters."""
    w, v = Value(0.7, "w⁽¹⁾₁"), Value(-1.3)

    def f(x, y):
        hidden = [dot([w, v], x, 0.5).tanh(), logsumexp([x[0], w * y])]
        return softmax([*hidden, -0.0])[1] ** 3 * math.inf**-1 + (w * x[1]) ** 2 * y

    return record(f, [0.1, 0.2], 0.3), [w, v]


BATCH = ([[0.5, -0.4], [1.0, 2.0]], [0.3, -2.0])


def test_a_loaded_recording_does_the_same_to_the_bit(tmp_path):
    recording, parameters = example()
    recording.save(tmp_path / "f.json")
    loaded = load_recording(tmp_path / "f.json")
    assert [(p.label, p.data) for p in loaded.parameters] == [("w⁽¹⁾₁", 0.7), ("", -1.3)]
    assert not set(loaded.parameters) & set(parameters)
    assert loaded.forward(*BATCH).tolist() == recording.forward(*BATCH).tolist()
    assert loaded.backward(*BATCH) == recording.backward(*BATCH)
    assert [p.grad for p in loaded.parameters] == [p.grad for p in parameters] != [0.0, 0.0]
    for name in ("gradients", "hessian"):
        found, wanted = getattr(loaded, name)(*BATCH), getattr(recording, name)(*BATCH)
        assert str(found) == str(wanted)
    assert (loaded.shape, loaded.widths, loaded.verified) == ((), [2, None], True)
    assert str(loaded) == str(recording)


def test_saving_what_was_loaded_gives_the_same_file(tmp_path):
    recording, _ = example()
    recording.save(tmp_path / "f.json")
    load_recording(tmp_path / "f.json").save(tmp_path / "g.json")
    assert (tmp_path / "f.json").read_bytes() == (tmp_path / "g.json").read_bytes()


def test_lists_of_outputs_are_kept(tmp_path):
    recording = record(lambda x: [[x, x * x], [Value(1.0), x.exp()]], 1.0, check=False)
    recording.save(tmp_path / "f.json")
    loaded = load_recording(tmp_path / "f.json")
    assert loaded.forward([2.0, 3.0]).tolist() == recording.forward([2.0, 3.0]).tolist()
    assert loaded.gradients([2.0])[0].shape == (2, 2, 1)
    assert not loaded.verified


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.0, 5e-324, 0.1])
def test_every_double_is_kept(number, tmp_path):
    w = Value(number, "w")
    recording = record(lambda x: x * w + number, 1.0, check=False)
    document = saved(recording, tmp_path / "f.json")
    loaded = load_recording(tmp_path / "f.json")
    assert repr(loaded.parameters[0].data) == repr(number)
    assert repr(loaded.program.constants) == repr(recording.program.constants)
    assert document["parameters"] == [["w", number if math.isfinite(number) else str(number)]]


ELSEWHERE = """
import sys
from engine import compiled, load_recording
from engine.table import TABLE
f = load_recording(sys.argv[1])
print(compiled, f.forward([0.5, 2.0]).tolist(), f.gradients([0.5])[0].tolist(), f.hessian([0.5])[0][0].tolist())
"""


@pytest.mark.parametrize("pure", ["0", "1"])
def test_rows_of_ones_own_are_added_elsewhere(pure, tmp_path):
    row("soft", "soft", "a / (1 + abs(a))")
    both = row("both", "b", "soft(a) * soft(b)")
    spread = row("spread", "s", "maximum(sum(A * A), 0) * b")
    w = Value(2.0)
    recording = record(lambda x: both(x, w) + spread([x, w, x], x), 1.0)
    document = saved(recording, tmp_path / "f.json")
    assert [entry[0] for entry in document["rows"]] == ["soft", "both", "spread"]
    wanted = recording.forward([0.5, 2.0]).tolist(), recording.gradients([0.5])[0].tolist()
    env = os.environ | {"WHYGRAD_PURE": pure}
    command = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, str(tmp_path / "f.json")]
    out = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    found = eval("(" + ", ".join(out.partition(" ")[2].replace("] [", "], [").splitlines()) + ")")
    for a, b in zip(found, (*wanted, recording.hessian([0.5])[0][0].tolist()), strict=True):
        assert a == pytest.approx(b, rel=1e-14)


def test_a_row_that_is_there_already_is_taken_if_it_is_the_same(tmp_path):
    soft = row("soft", "soft", "a / (1 + abs(a))")
    record(lambda x: soft(x) * 1.0, 1.0).save(tmp_path / "f.json")
    assert load_recording(tmp_path / "f.json").forward([1.0]).tolist() == [0.5]
    del TABLE["soft"]
    row("soft", "soft", "a / (2 + abs(a))")
    with pytest.raises(StateError, match=r"its row soft is a / \(1 \+ abs\(a\)\), and here .* of a / \(2 \+ abs"):
        load_recording(tmp_path / "f.json")
    del TABLE["soft"]
    row("soft", "soft", lambda a: a / (1 + abs(a)), lambda a: 1 / (1 + abs(a)) ** 2)
    with pytest.raises(StateError, match="its row soft is"):
        load_recording(tmp_path / "f.json")


def test_a_python_function_can_be_in_no_file(tmp_path):
    cube = row("cube", "cube", lambda a: a**3, lambda a: 3 * a**2)
    twice = row("twice", "twice", "2 * cube(a)")
    for f in (cube, twice):
        recording = record(lambda x, f=f: f(x) * 1.0, 1.0)
        with pytest.raises(RecordingError, match=r"cube(_0)? is in Python alone and a saved recording cannot do it"):
            recording.save(tmp_path / "f.json")
        with pytest.raises(RecordingError, match=r"cube(_0)? is in Python alone"):
            pickle.dumps(recording)
    assert not list(tmp_path.iterdir())


def test_a_pickle_keeps_the_parameters_of_a_model_beside_it():
    recording, parameters = example()
    again, ps = pickle.loads(pickle.dumps((recording, parameters)))
    assert all(a is b for a, b in zip(again.parameters, ps, strict=True))
    assert again.forward(*BATCH).tolist() == recording.forward(*BATCH).tolist()
    ps[0].data = 5.0
    assert again.forward(*BATCH).tolist() != recording.forward(*BATCH).tolist()
    assert copy.deepcopy(recording).forward(*BATCH).tolist() == recording.forward(*BATCH).tolist()


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    recording, _ = example()
    recording.save(tmp_path / "f.json")
    before = (tmp_path / "f.json").read_bytes()
    recording.parameters[0].data = 9.0
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        recording.save(tmp_path / "f.json")
    assert (tmp_path / "f.json").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(FileNotFoundError, match="there is no directory"):
        recording.save(tmp_path / "nowhere" / "f.json")


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
    "its version is True": put("version", True),
    "its version is None": without("version"),
    "its version is 0": put("version", 0),
    "its version is '1'": put("version", "1"),
    "it has the fields arguments, format, instructions": without("rows"),
    "it has the fields arguments, code": put("code", "import os"),
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
    "its row 'soft' is none: the operands of a formula are": put("rows", [["soft", "s", "a + open", "1"]]),
    "it asks for the row 'open'": put("rows", [["soft", "s", "open(a)", "1"]]),
    "it asks for the row 'eval'": put("rows", [["soft", "s", "a", "eval(a)"]]),
    "its row 'soft' is none: a formula is made of numbers": put("rows", [["soft", "s", "a.__class__(a)", "1"]]),
    "a formula is made of numbers, the operands": put("rows", [["soft", "s", "a if a else a", "1"]]),
    "a formula is written as in Python, unlike": put("rows", [["soft", "s", "a +", "1"]]),
    "its row 'soft' is none: maximum recursion": put("rows", [["soft", "s", "soft(a) + 1", "1"]]),
    "its row 'soft' is none: the partials of soft give": put("rows", [["soft", "s", "a * a", "3 * a"]]),
    "its row 'soft' is none: soft has 2 operands": put("rows", [["soft", "s", "a * b", "b"]]),
    "its row 'input' is none: input is the name of an instruction": put("rows", [["input", "s", "a * a", "2 * a"]]),
    "its row 'class' is none: a row has a name such as": put("rows", [["class", "s", "a * a", "2 * a"]]),
    "its row 'so;ft' is none: a row has a name such as": put("rows", [["so;ft", "s", "a * a", "2 * a"]]),
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
    example()[0].save(path)
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


def test_a_leaf_that_stands_in_it_twice_is_one(tmp_path):
    path = tmp_path / "f.json"
    document = saved(record(lambda x: x * x, 1.0), path)
    document["instructions"] = [
        ["input", 0],
        ["constant", 1.0],
        ["input", 0],
        ["constant", 1],
        ["mul", 0, 2],
        ["add", 4, 3],
    ]
    document["outputs"] = [5]
    path.write_text(json.dumps(document))
    loaded = load_recording(path)
    assert loaded.forward([3.0]).tolist() == [10.0]
    assert loaded.gradients([3.0])[0].tolist() == [6.0]


def test_wide_arguments_cost_nothing_to_load(tmp_path):
    path = tmp_path / "f.json"
    document = saved(record(lambda x: x[0] * x[0], [1.0]), path)
    path.write_text(json.dumps(document | {"arguments": [2**31 - 1]}))
    with pytest.raises(ValueError, match=r"a matrix of shape \(B, 2147483647\), not of shape \(1, 2\)"):
        load_recording(path).forward([[1.0, 2.0]])


def test_a_loaded_recording_runs_in_numpy_too(tmp_path, monkeypatch):
    recording, _ = example()
    recording.save(tmp_path / "f.json")
    wanted = recording.forward(*BATCH)
    monkeypatch.setattr(numpy_executor, "Native", None)
    assert load_recording(tmp_path / "f.json").forward(*BATCH) == pytest.approx(wanted, rel=1e-14)
