"""Recordings in files and pickles: the same numbers elsewhere, and a reason where a file is not right."""

import copy
import json
import math
import os
import pickle
import subprocess
import sys

import pytest

from engine import RecordingError, StateError, Value, dot, load_recording, logsumexp, record, row, softmax
from engine.replay import numpy_executor
from engine.replay.saved import checksum
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
    path.write_text(json.dumps(document | {"checksum": checksum(document)}))
    loaded = load_recording(path)
    assert loaded.forward([3.0]).tolist() == [10.0]
    assert loaded.gradients([3.0])[0].tolist() == [6.0]


def test_wide_arguments_cost_nothing_to_load(tmp_path):
    path = tmp_path / "f.json"
    document = saved(record(lambda x: x[0] * x[0], [1.0]), path)
    document |= {"arguments": [2**31 - 1]}
    path.write_text(json.dumps(document | {"checksum": checksum(document)}))
    with pytest.raises(ValueError, match=r"a matrix of shape \(B, 2147483647\), not of shape \(1, 2\)"):
        load_recording(path).forward([[1.0, 2.0]])


def test_a_loaded_recording_runs_in_numpy_too(tmp_path, monkeypatch):
    recording, _ = example()
    recording.save(tmp_path / "f.json")
    wanted = recording.forward(*BATCH)
    monkeypatch.setattr(numpy_executor, "Native", None)
    assert load_recording(tmp_path / "f.json").forward(*BATCH) == pytest.approx(wanted, rel=1e-14)
