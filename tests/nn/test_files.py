"""Files of parameters: round trips to the bit, nothing executed, nothing half-written or half-loaded."""

import json
import math
import os
import pickle
import stat
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import MissingExtraError, StateError
from engine.core.value import Value
from nn import MLP, SGD, Adam, Layer, Neuron, load, save
from nn.files import read, write

pytest.importorskip("safetensors")
SUFFIXES = [".safetensors", ".json"]
suffixes = pytest.mark.parametrize("suffix", SUFFIXES)


def bits(number):
    return struct.pack("<d", number)


def neuron_of(*numbers):
    neuron = Neuron(len(numbers) - 1)
    neuron.load_state_dict(dict(zip(neuron.state_dict(), numbers, strict=True)))
    return neuron


@suffixes
def test_a_network_comes_back(tmp_path, suffix):
    model, other = MLP(2, [8, 1], seed=0), MLP(2, [8, 1], seed=1)
    save(model, tmp_path / f"model{suffix}")
    load(other, str(tmp_path / f"model{suffix}"))
    assert other.state_dict() == model.state_dict()
    assert other([0.3, 0.7]).data == model([0.3, 0.7]).data
    assert [file.name for file in tmp_path.iterdir()] == [f"model{suffix}"]


@suffixes
@given(numbers=st.lists(st.floats(allow_nan=False), min_size=2, max_size=6))
def test_numbers_come_back_to_the_bit(tmp_path_factory, suffix, numbers):
    path = tmp_path_factory.mktemp("bits") / f"neuron{suffix}"
    save(neuron_of(*numbers), path, finite=False)
    load(other := Neuron(len(numbers) - 1), path, finite=False)
    assert list(map(bits, other.state_dict().values())) == list(map(bits, numbers))


@suffixes
def test_numbers_that_are_not_finite_come_back_if_that_is_asked_for(tmp_path, suffix):
    save(neuron_of(math.nan, math.inf, -math.inf, -0.0), tmp_path / f"neuron{suffix}", finite=False)
    load(other := Neuron(3), tmp_path / f"neuron{suffix}", finite=False)
    assert list(map(str, other.state_dict().values())) == ["nan", "inf", "-inf", "-0.0"]


@suffixes
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_and_nothing_is_lost(tmp_path, suffix, number):
    path, name = tmp_path / f"neuron{suffix}", {".json": "w2", ".safetensors": "weight"}[suffix]
    save(neuron_of(1.0, 2.0, 3.0), path)
    kept = path.read_bytes()
    with pytest.raises(StateError, match=f"not finite: {name}; to take it all the same, pass finite=False"):
        save(neuron_of(1.0, number, 3.0), path)
    assert path.read_bytes() == kept
    save(neuron_of(1.0, number, 3.0), path, finite=False)
    neuron = neuron_of(4.0, 5.0, 6.0)
    with pytest.raises(StateError, match=rf"neuron\{suffix}: not finite: {name}; to take it all"):
        load(neuron, path)
    assert list(neuron.state_dict().values()) == [4.0, 5.0, 6.0]


def test_json_is_standard_json(tmp_path):
    save(neuron_of(math.nan, 0.1, -math.inf), tmp_path / "neuron.json", finite=False)

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    content = json.loads((tmp_path / "neuron.json").read_text(), parse_constant=refuse)
    assert content == {"w1": "nan", "w2": 0.1, "b": "-inf"}


@suffixes
def test_an_optimiser_is_saved_too(tmp_path, suffix):
    w = Value(1.0)
    optimizer = Adam([w], lr=0.1)
    for _ in range(3):
        w.grad = w.data
        optimizer.step()
    save(optimizer, tmp_path / f"adam{suffix}")
    load(other := Adam([Value(1.0)], lr=0.1), tmp_path / f"adam{suffix}")
    assert other.state_dict() == optimizer.state_dict()
    with pytest.raises(StateError, match="SGD of 1 parameters: missing velocity1?; unexpected "):
        load(SGD([w], lr=0.1), tmp_path / f"adam{suffix}")


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "model", "json", "model.json.bak"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in .safetensors or .json, not in"):
        save(Neuron(1), tmp_path / name)
    with pytest.raises(ValueError, match=r"ends in .safetensors or .json, not in"):
        load(Neuron(1), tmp_path / name)
    assert not list(tmp_path.iterdir())


@suffixes
def test_the_state_of_another_network_says_what_differs_and_loads_nothing(tmp_path, suffix):
    save(Layer(1, 2, seed=0), tmp_path / f"layer{suffix}")
    other = Layer(2, 1, seed=1)
    before = other.state_dict()
    differs = {
        ".json": r"missing neuron1.w2; unexpected neuron2.\w+, ",
        ".safetensors": r"of another shape: weight \(2x1, expected 1x2\), bias \(2, expected 1\)",
    }
    with pytest.raises(StateError, match=rf"layer\{suffix}: the state does not fit Layer: {differs[suffix]}"):
        load(other, tmp_path / f"layer{suffix}")
    assert other.state_dict() == before


def test_a_tensor_of_another_shape_is_named(tmp_path):
    np = pytest.importorskip("numpy")
    from safetensors.numpy import save_file

    save_file({"w1": np.zeros((2, 3)), "b": np.zeros(())}, tmp_path / "neuron.safetensors")
    with pytest.raises(StateError, match=r"not one number: w1 \(list \[\[0.0, 0.0, 0.0\], "):
        load(Neuron(1), tmp_path / "neuron.safetensors")


class Exploit:
    """Would make a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def damaged(tmp_path):
    save(MLP(1, [2, 1], seed=0), tmp_path / "whole.safetensors")
    whole = (tmp_path / "whole.safetensors").read_bytes()
    return {
        "empty": b"",
        "cut": whole[:-1],
        "longer": whole + b"x",
        "header": b"\xff" * 8 + whole[8:],
        "noise": bytes(range(256)),
        "pickle": pickle.dumps(Exploit(str(tmp_path / "executed"))),
        "open": b'{"w1": 1.0, ',
        "list": b"[1.0, 2.0]",
        "twice": b'{"w1": 1.0, "w1": 2.0, "b": 0.0}',
        "deep": b"[" * 100_000,
        "bytes": b'{"w1": 1.0, "b": "\xff"}',
    }


@suffixes
@pytest.mark.parametrize(
    "kind", ["empty", "cut", "longer", "header", "noise", "pickle", "open", "list", "deep", "bytes"]
)
def test_a_damaged_file_is_refused_and_loads_nothing(tmp_path, suffix, kind):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(damaged(tmp_path)[kind])
    model = MLP(1, [2, 1], seed=1)
    before = model.state_dict()
    with pytest.raises(StateError, match=rf"model\{suffix} is damaged or not a \{suffix} file: "):
        load(model, path)
    assert model.state_dict() == before
    assert not (tmp_path / "executed").exists()


def test_a_name_that_stands_twice_in_json_is_refused(tmp_path):
    (tmp_path / "neuron.json").write_bytes(damaged(tmp_path)["twice"])
    with pytest.raises(StateError, match="a name stands in it twice"):
        load(Neuron(1), tmp_path / "neuron.json")


@pytest.mark.parametrize("entry", ["null", '"1.0"', "[1.0]", '"NaN"', "{}"])
def test_what_is_no_number_in_json_is_named(tmp_path, entry):
    (tmp_path / "neuron.json").write_text(f'{{"w1": {entry}, "b": 0.0}}')
    with pytest.raises(StateError, match="not one number: w1"):
        load(Neuron(1), tmp_path / "neuron.json")


def test_a_number_that_is_too_large_is_named(tmp_path):
    (tmp_path / "neuron.json").write_text('{"w1": 1' + "0" * 400 + ', "b": 0.0}')
    with pytest.raises(StateError, match="not one number: w1"):
        load(Neuron(1), tmp_path / "neuron.json")


@suffixes
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, suffix, step, monkeypatch):
    path = tmp_path / f"model{suffix}"
    save(MLP(1, [2, 1], seed=0), path)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(f"os.{step}", fail)
    with pytest.raises(OSError, match="no space left"):
        save(MLP(1, [2, 1], seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_state_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "neuron.json"
    save(Neuron(1), path)
    before = path.read_bytes()

    class Broken:
        def state_dict(self):
            return {"w": 1.0, "b": object()}

        def load_state_dict(self, state):
            pass

    with pytest.raises(TypeError):
        save(Broken(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no directory .*missing, make it first"):
        save(Neuron(1), tmp_path / "missing" / "neuron.json")


def test_a_file_that_is_not_there_is_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(Neuron(1), tmp_path / "neuron.json")


@pytest.mark.skipif(os.name == "nt", reason="permissions and links are those of POSIX")
def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "neuron.json", tmp_path / "latest.json"
    save(Neuron(1, init=1.0), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()
    path.chmod(0o640)
    link.symlink_to(path)
    save(Neuron(1, init=2.0), link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert json.loads(path.read_text()) == {"w1": 2.0, "b": 2.0}


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


class Absent:
    """Goes before the finders of modules: safetensors is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name == "safetensors":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_without_safetensors_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    save(Neuron(1), tmp_path / "neuron.safetensors")
    for name in [name for name in sys.modules if name.partition(".")[0] == "safetensors"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    for use in (save, load):
        with pytest.raises(MissingExtraError, match=r"pip install safetensors"):
            use(Neuron(1), tmp_path / "neuron.safetensors")
    save(Neuron(1), tmp_path / "neuron.json")


@suffixes
def test_lists_and_text_come_back_beside_numbers(tmp_path, suffix):
    state = {"steps": 3.0, "losses": [0.1, math.inf, -math.inf, -0.0], "none": [], "by": 'Adam, lr "0.1" → 0'}
    write(tmp_path / f"run{suffix}", state)
    found = read(tmp_path / f"run{suffix}")
    assert found["by"] == state["by"]
    assert str(list(map(float, found["losses"]))) == "[0.1, inf, -inf, -0.0]"
    assert list(found["none"]) == []
    assert float(found["steps"]) == 3.0
    assert set(found) == set(state)
