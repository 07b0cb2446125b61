"""Modules find, name, label and restore their parameters."""

import copy
import pickle

import pytest

from engine import StateError, Value
from nn import MLP, Layer, Module, Neuron


class Model(Module):
    """A model with parameters in every kind of place."""

    def __init__(self):
        self.bias = Value(1.0)
        self.rows = [[Value(2.0), Value(3.0)], [Value(4.0)]]
        self.tables = {"query": [Value(5.0)], "key": Value(6.0)}
        self.blocks = [Layer(1, 1, init=0.5), Neuron(1, init=0.5)]
        self.head = Neuron(2, init=0.5)
        self.pair = (Value(7.0), "text", 3)
        self.result = Value(1.0) * 2.0
        self.depth = 4


NAMES = [
    "bias",
    "rows1_1",
    "rows1_2",
    "rows2_1",
    "tables.query1",
    "tables.key",
    "block1.neuron1.w1",
    "block1.neuron1.b",
    "block2.w1",
    "block2.b",
    "head.w1",
    "head.w2",
    "head.b",
    "pair1",
]


def test_parameters_are_the_leaves_in_attributes_named_by_place():
    model = Model()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.parameters() == [parameter for _, parameter in model.named_parameters()]


def test_parameters_are_labelled_by_their_names():
    assert [parameter.label for parameter in Model().parameters()] == NAMES


def test_units_inside_are_labelled_by_their_place():
    model = Model()
    assert model.head([1.0, 2.0]).operands[0].label == "head.z"
    assert model.blocks[0]([1.0]).label == "block1.neuron1.a"


def test_a_chosen_label_stays():
    class Named(Module):
        def __init__(self):
            self.slope = Value(1.0, "gravity")

    model = Named()
    assert model.slope.label == "gravity"
    assert [name for name, _ in model.named_parameters()] == ["slope"]


def test_a_part_added_later_is_labelled_on_demand():
    model = Model()
    model.blocks.append(Neuron(1))
    model.label_by_place()
    assert model.blocks[2].b.label == "block3.b"


def test_a_shared_parameter_counts_once():
    class Tied(Module):
        def __init__(self):
            self.first = Neuron(1)
            self.second = self.first
            self.weight = self.first.w[0]

    assert [name for name, _ in Tied().named_parameters()] == ["first.w1", "first.b"]


def test_a_module_that_knows_its_parent_is_walked_once():
    model = Model()
    model.head.parent = model
    assert len(model.parameters()) == len(NAMES)


def test_two_parameters_of_one_name_are_refused():
    class Clash(Module):
        def __init__(self):
            self.w1, self.w = Value(1.0), [Value(2.0)]

    with pytest.raises(ValueError, match="two parameters are named w1"):
        Clash().named_parameters()


def test_zero_grad_zeroes_every_gradient():
    model = MLP(2, [3, 1], seed=0)
    model([1.0, 2.0]).backward()
    assert any(parameter.grad for parameter in model.parameters())
    model.zero_grad()
    assert not any(parameter.grad for parameter in model.parameters())


def test_own_parameters_method_decides_as_in_micrograd():
    class Own(Module):
        def __init__(self):
            self.w, self.frozen = Value(1.0), Value(2.0)

        def parameters(self):
            return [self.w]

    model = Own()
    model.w.grad = model.frozen.grad = 1.0
    model.zero_grad()
    assert (model.w.grad, model.frozen.grad) == (0.0, 1.0)


def test_state_goes_to_another_model():
    one, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    assert one.state_dict() != other.state_dict()
    other.load_state_dict(one.state_dict())
    assert one.state_dict() == other.state_dict()
    assert one([0.3, -0.7]).data == other([0.3, -0.7]).data


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda state: state.pop("neuron1.b"), "missing neuron1.b"),
        (lambda state: state.update(c=1.0), "unexpected c"),
        (lambda state: state.update({"neuron1.w1": [1.0, 2.0]}), r"not one number: neuron1.w1 \(list \[1.0, 2.0\]\)"),
        (lambda state: state.update({"neuron1.w1": "1"}), r"not one number: neuron1.w1 \(str '1'\)"),
        (lambda state: (state.pop("neuron1.b"), state.update(c=1.0)), "missing neuron1.b; unexpected c"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_set(change, difference):
    layer = Layer(1, 2, seed=0)
    before = layer.state_dict()
    state = {name: number + 1.0 for name, number in before.items()}
    change(state)
    with pytest.raises(StateError, match=f"the state does not fit Layer: {difference}"):
        layer.load_state_dict(state)
    assert layer.state_dict() == before


def test_what_differs_is_listed_but_not_without_end():
    with pytest.raises(StateError, match=r"missing neuron2.w1, neuron2.b, neuron3.w1, .* and 9 more$"):
        Layer(1, 8).load_state_dict({"neuron1.w1": 0.0, "neuron1.b": 0.0})


def test_a_state_is_a_dict():
    with pytest.raises(TypeError, match="a state is a dict from names to numbers, not list"):
        Neuron(1).load_state_dict([1.0, 2.0])


def test_arrays_of_shape_and_numbers_of_numpy():
    np = pytest.importorskip("numpy")
    neuron = Neuron(1)
    neuron.load_state_dict({"w1": np.float32(0.5), "b": np.array(2)})
    assert neuron.state_dict() == {"w1": 0.5, "b": 2.0}
    with pytest.raises(StateError, match=r"not one number: w1 \(of shape \(3,\)\)"):
        neuron.load_state_dict({"w1": np.zeros(3), "b": 0.0})


@pytest.mark.parametrize("through", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_have_parameters_of_their_own(through):
    model = MLP(2, [2, 1], activation="tanh", seed=0)
    twin = through(model)
    assert twin.state_dict() == model.state_dict()
    assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    assert not set(twin.parameters()) & set(model.parameters())
    assert [p.label for p in twin.parameters()] == [p.label for p in model.parameters()]
