"""Arrays in files: one a layer and kind, under PyTorch's names, of every model, and what does not fit is refused."""

import pytest

from engine import StateError, Value
from nn import MLP, Adam, Layer, Module, Neuron, load, save
from nn.files import write
from nn.state import flat

pytest.importorskip("safetensors")


def test_safetensors_holds_an_array_a_layer_and_kind_under_the_names_of_pytorch(tmp_path):
    from safetensors.numpy import load_file

    model = MLP(2, [3, 1], seed=0)
    save(model, tmp_path / "model.safetensors")
    tensors = load_file(tmp_path / "model.safetensors")
    assert {name: (t.dtype.name, t.shape) for name, t in tensors.items()} == {
        "layers.0.weight": ("float64", (3, 2)),
        "layers.0.bias": ("float64", (3,)),
        "layers.1.weight": ("float64", (1, 3)),
        "layers.1.bias": ("float64", (1,)),
    }
    assert tensors["layers.0.weight"][2][1] == model.layers[0].neurons[2].w[1].data
    assert tensors["layers.0.bias"][2] == model.layers[0].neurons[2].b.data


class Parts(Module):
    """Parameters in every kind of place."""

    def __init__(self):
        self.scale = Value(1.0)
        self.table = [[Value(2.0), Value(3.0)], [Value(4.0), Value(5.0)]]
        self.ragged = [[Value(6.0)], [Value(7.0), Value(8.0)]]
        self.mixed = [Value(9.0), 0.5, "text"]
        self.rows = {"a": [Value(10.0)], "b": [Value(11.0)]}
        self.blocks = [Layer(1, 2, init=12.0, bias=False), Neuron(1, init=13.0)]
        self.result, self.none = Value(1.0) * 2.0, []


def test_arrays_hold_every_parameter_of_a_model_of_ones_own(tmp_path):
    assert Parts().arrays() == {
        "scale": 1.0,
        "table": [[2.0, 3.0], [4.0, 5.0]],
        "ragged.0": [6.0],
        "ragged.1": [7.0, 8.0],
        "mixed.0": 9.0,
        "rows.a": [10.0],
        "rows.b": [11.0],
        "blocks.0.weight": [[12.0], [12.0]],
        "blocks.1.weight": [13.0],
        "blocks.1.bias": 13.0,
    }
    model, other = Parts(), Parts()
    for i, p in enumerate(model.parameters()):
        p.data = 0.25 * i
    save(model, tmp_path / "parts.safetensors")
    load(other, tmp_path / "parts.safetensors")
    assert other.state_dict() == model.state_dict()


def test_a_neuron_with_a_parameter_more_is_saved_whole(tmp_path):
    class Scaled(Neuron):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.gain = Value(2.0)

    layer = Layer(1, 2)
    layer.neurons = [Scaled(1, init=1.0), Scaled(1, init=1.0)]
    assert layer.arrays() == {"weight": [[1.0], [1.0]], "bias": [1.0, 1.0], "gain": [2.0, 2.0]}
    layer.neurons[0] = Neuron(1, init=1.0)
    assert sorted(flat([*layer.arrays().values()])) == sorted(layer.state_dict().values())


def test_a_shared_parameter_is_refused_two_numbers(tmp_path):
    class Tied(Module):
        def __init__(self):
            self.first = [Value(1.0), Value(2.0)]
            self.second = [self.first[1], Value(3.0)]

    model = Tied()
    save(model, tmp_path / "tied.safetensors")
    load(other := Tied(), tmp_path / "tied.safetensors")
    with pytest.raises(StateError, match="two places share the parameter first2, but hold 5.0 and 6.0"):
        other.load_state_dict({"first": [4.0, 5.0], "second": [6.0, 7.0]})
    assert other.state_dict() == model.state_dict()


def test_two_arrays_of_one_name_are_refused(tmp_path):
    class Clash(Module):
        def __init__(self):
            self.a = {"b": [Value(1.0)]}
            vars(self)["a.b"] = [Value(2.0)]

    with pytest.raises(ValueError, match="two arrays are named a.b: rename an attribute or a key"):
        save(Clash(), tmp_path / "clash.safetensors")


def test_files_from_before_there_were_arrays_still_load(tmp_path):
    model, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    write(tmp_path / "old.safetensors", model.state_dict())
    load(other, tmp_path / "old.safetensors")
    assert other.state_dict() == model.state_dict()
    adam, fresh = Adam(model.parameters()), Adam(model.parameters())
    adam.steps, adam.state["mean"][3] = 7, 0.5
    write(tmp_path / "adam.safetensors", adam.state_dict())
    load(fresh, tmp_path / "adam.safetensors")
    assert fresh.state_dict() == adam.state_dict()


def test_arrays_that_others_wrote_load(tmp_path):
    np = pytest.importorskip("numpy")
    from safetensors.numpy import save_file

    arrays = {"0.weight": np.ones((2, 3), np.float32), "0.bias": np.zeros(2, np.float32)}
    named = {f"layers.{name}": array for name, array in arrays.items()}
    save_file(named, tmp_path / "linear.safetensors", metadata={"format": "pt"})  # as PyTorch's users have it
    load(model := MLP(3, [2], seed=0), tmp_path / "linear.safetensors")
    assert model.arrays() == {"layers.0.weight": [[1.0] * 3] * 2, "layers.0.bias": [0.0, 0.0]}


def test_a_name_that_stands_twice_in_safetensors_is_refused(tmp_path):
    save(Neuron(1), tmp_path / "neuron.safetensors")
    content = (tmp_path / "neuron.safetensors").read_bytes()
    (tmp_path / "twice.safetensors").write_bytes(content.replace(b'"weight"', b'"bias"  '))
    with pytest.raises(StateError, match="twice.safetensors is damaged or not a .safetensors file"):
        load(neuron := Neuron(1, init=2.0), tmp_path / "twice.safetensors")
    assert neuron.state_dict() == {"w1": 2.0, "b": 2.0}
