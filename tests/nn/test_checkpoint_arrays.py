"""What a checkpoint's file holds: arrays, finite numbers, and a history that fits its epochs."""

import math

import pytest
from test_checkpoint import Killed, X, Y, suffixes, training

from engine import StateError, Value
from nn import MLP, Checkpoint
from nn.checkpoint import Leaves
from nn.files import read, write

pytest.importorskip("safetensors")


def test_a_checkpoint_holds_an_array_a_layer_and_kind(tmp_path):
    from safetensors.numpy import load_file

    training(tmp_path / "run.safetensors")
    shapes = {name: tensor.shape for name, tensor in load_file(tmp_path / "run.safetensors").items()}
    assert shapes == {
        "parameters.layers.0.weight": (4, 2),
        "parameters.layers.0.bias": (4,),
        "parameters.layers.1.weight": (3, 4),
        "parameters.layers.1.bias": (3,),
        "optimizer.steps": (),
        "optimizer.mean": (27,),
        "optimizer.square": (27,),
        "loss": (6,),
        "validation_loss": (0,),
        "seconds": (6,),
        "metrics.accuracy": (6,),
        "order": (626,),
    }


def test_leaves_of_no_module_are_one_array(tmp_path):
    from safetensors.numpy import load_file

    w = [Value(0.5, "a"), Value(0.25)]
    Checkpoint(tmp_path / "run.safetensors", {"w": Leaves(w)}).save()
    assert load_file(tmp_path / "run.safetensors")["w.all"].tolist() == [0.5, 0.25]
    others = [Value(0.0, "a"), Value(0.0)]
    assert Checkpoint(tmp_path / "run.safetensors", {"w": Leaves(others)}).resume()
    assert [v.data for v in others] == [0.5, 0.25]


def test_a_checkpoint_from_before_there_were_arrays_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr("nn.checkpoint.state_of", lambda part, path: part.state_dict())
        with pytest.raises(Killed):
            training(path, stop=2)
    assert "parameters.1.layer1.neuron1.w1" in read(path)
    assert training(path) == training()


@suffixes
def test_what_is_not_finite_is_neither_saved_nor_resumed(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"run{suffix}"
    model = MLP(2, [1], seed=0)
    Checkpoint(path, {"model": model}).save()
    kept, before = path.read_bytes(), model.state_dict()
    model.layers[0].neurons[0].w[1].data = math.nan
    with pytest.raises(StateError, match=r"not finite: model.layer(1.neuron1.w2|s.0.weight)"):
        Checkpoint(path, {"model": model}).save()
    assert path.read_bytes() == kept
    with monkeypatch.context() as patch:
        patch.setattr("nn.checkpoint.require_finite", lambda state: None)
        Checkpoint(path, {"model": model}).save()
    model.load_state_dict(before)
    with pytest.raises(StateError, match=r"run.*: not finite: model.layer(1.neuron1.w2|s.0.weight); to start over"):
        Checkpoint(path, {"model": model}).resume()
    assert model.state_dict() == before


def test_parts_of_one_name_are_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.json", {"a": Leaves([Value(1.0, "b")]), "a.1.b": [2.0]})
    with pytest.raises(ValueError, match="two entries of the checkpoint are named a.1.b: rename a part"):
        checkpoint.save()
    assert not list(tmp_path.iterdir())


@suffixes
@pytest.mark.parametrize("change", [lambda x: x[:1], lambda x: [*x, *x], lambda x: []])
@pytest.mark.parametrize("name", ["loss", "seconds", "metrics.accuracy", "validation_loss"])
def test_a_history_that_does_not_fit_its_epochs_is_refused(tmp_path, suffix, name, change):
    path, options = tmp_path / f"run{suffix}", {"validation": (X, Y)} if name == "validation_loss" else {}
    with pytest.raises(Killed):
        training(path, stop=5, **options)
    state = read(path)
    write(path, {**state, name: change(state[name])})
    kept = path.read_bytes()
    with pytest.raises(StateError, match=r"its history does not fit at most 6 epochs: \d+ of loss, .*; to start"):
        training(path, **options)
    assert path.read_bytes() == kept


def test_a_history_of_too_many_epochs_is_refused(tmp_path):
    path = tmp_path / "run.json"
    training(path)
    state = read(path)
    write(path, {**state, **{name: state[name] * 2 for name in ("loss", "seconds", "metrics.accuracy")}})
    with pytest.raises(StateError, match="its history does not fit at most 6 epochs: 12 of loss, 12 of seconds"):
        training(path)


@suffixes
@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("optimizer.steps", lambda x: x + 1.0, r"steps do not fit \d epochs"),
        ("optimizer.steps", lambda x: x - 1.0, r"steps do not fit \d epochs"),
        ("optimizer.square", lambda x: [-7.0, *x[1:]], "square must hold means of squares, .* at least 0, not -7.0"),
        ("optimizer.mean", lambda x: [7.0, *x[1:]], "changed after it was saved"),
        ("loss", lambda x: [-1.0, *x[1:]], "changed after it was saved"),
        ("loss", lambda x: [float("nan"), *x[1:]], "loss has a number that is not finite"),
        ("metrics.accuracy", lambda x: [0.123, *x[1:]], "changed after it was saved"),
        ("checksum", lambda x: "", "changed after it was saved"),
    ],
)
def test_a_checkpoint_that_was_edited_is_refused_and_loses_nothing(tmp_path, suffix, name, change, message):
    path = tmp_path / f"run{suffix}"
    with pytest.raises(Killed):
        training(path, stop=3)
    state = read(path)
    found = [key for key in state if key == name or key.startswith(f"{name}1")][:1]
    edited = change(state[name]) if name in state else change([state[found[0]]])[0]
    write(path, {**state, found[0]: edited})
    kept = path.read_bytes()
    with pytest.raises(StateError, match=message):
        training(path)
    assert path.read_bytes() == kept


def test_another_batch_size_is_named_though_the_parts_differ_too(tmp_path):
    path = tmp_path / "run.json"
    with pytest.raises(Killed):
        training(path, stop=3, batch_size=None)
    with pytest.raises(StateError, match=r"order is missing .*setting batch_size is None there and 5 here"):
        training(path)
