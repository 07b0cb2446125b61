"""Networks of PyTorch and Keras give the same outputs here: of objects with their attributes, and of their own."""

import math

import pytest
from test_interop import A, B, C, D, floats, turned

from engine import StateError
from nn import from_keras, from_torch
from nn.interop import KERAS, TORCH

np = pytest.importorskip("numpy")


# PyTorch, by objects with the attributes of its own, and by its own where it is installed


class Tensor(list):
    dtype = "torch.float64"

    def tolist(self):
        return list(self)

    def new_tensor(self, rows):
        return Tensor(rows)


class Linear:
    def __init__(self, weight, bias):
        self.weight, self.bias = Tensor(weight), bias and Tensor(bias)

    def __call__(self, rows):
        biases = self.bias or [0.0] * len(self.weight)
        return Tensor([[np.dot(w, x) + b for w, b in zip(self.weight, biases, strict=True)] for x in rows])


class Elementwise:
    training = False

    def __init__(self, **settings):
        self.__dict__.update(settings)

    def __call__(self, rows):
        return Tensor([[self.f(x) for x in row] for row in rows])

    def __repr__(self):
        return f"{type(self).__name__}()"


def kind(name, f=lambda self, x: x, base=Elementwise):
    return type(name, (base,), {"f": f})


Tanh, ReLU, Identity = (
    kind("Tanh", lambda self, x: math.tanh(x)),
    kind("ReLU", lambda self, x: max(x, 0.0)),
    kind("Identity"),
)
LeakyReLU = kind("LeakyReLU", lambda self, x: max(x, 0.0) + self.negative_slope * min(x, 0.0))
Dropout, BatchNorm1d, Conv2d = kind("Dropout"), kind("BatchNorm1d"), kind("Conv2d")


class Sequential(list):
    def __init__(self, *modules):
        super().__init__(modules)

    def __call__(self, rows):
        for module in self:
            rows = module(rows)
        return rows


def test_a_sequential_gives_its_outputs_and_names_no_transposed_weight():
    first, last = Linear(A, B), Linear(C, None)
    model = from_torch(
        Sequential(first, Tanh(), Dropout(), Sequential(Identity(), last, LeakyReLU(negative_slope=0.01)))
    )
    x = [0.1, -0.2, 0.3]
    (expected,) = Sequential(first, Tanh(), last)([x])[0]
    assert model(x).data == pytest.approx(max(expected, 0.01 * expected), rel=1e-12)
    assert model.layers[0].neurons[1].w[0].data == 4.0
    assert str(model.layers[1]) == "Layer of [LeakyReLUNeuron(2)]"


def test_logits_leave_the_last_activation_out():
    x = [0.1, -0.2, 0.3]
    network = Sequential(Linear(A, B), ReLU(), Linear(C, D), Tanh())
    assert math.tanh(from_torch(network, logits=True)(x).data) == from_torch(network)(x).data


class Hooked(Sequential):
    pass


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            Sequential(Linear(A, B), Conv2d()),
            r"from_torch takes a Sequential of Linear, ReLU, .*, not \[1\], Conv2d\(\)",
        ),
        (Sequential(Linear(A, B), Sequential(BatchNorm1d())), r"not \[1\]\[0\], BatchNorm1d\(\)"),
        (Sequential(Linear(A, B), Dropout(training=True)), r"not \[1\], Dropout\(\): call eval\(\) first"),
        (Sequential(Linear(A, B), LeakyReLU(negative_slope=0.2)), r"not \[1\], LeakyReLU\(\)"),
        (Sequential(Linear(A, B), Tanh(), Tanh()), r"not \[2\], Tanh\(\), which follows no layer of weights"),
        (Sequential(Tanh(), Linear(A, B)), r"not \[0\], Tanh\(\), which follows no layer of weights"),
        (Sequential(), r"not Sequential \[\]"),
        (Hooked(Linear(A, B)), "from_torch takes a Sequential of Linear"),
    ],
)
def test_a_module_that_is_not_ours_is_named(module, message):
    with pytest.raises(TypeError, match=message):
        from_torch(module)


def test_what_is_between_the_layers_is_found_out():
    class Linear2(Linear):
        def __call__(self, rows):
            return super().__call__([[2.0 * x for x in row] for row in rows])

    Linear2.__name__ = "Linear"  # as one with a forward hook
    with pytest.raises(StateError, match="does something between its layers that they do not show"):
        from_torch(Sequential(Linear2(A, B)))


@pytest.mark.filterwarnings("default")  # PyTorch's own are not ours to raise
@pytest.mark.parametrize("double", [True, False])
def test_networks_of_pytorch_give_their_outputs(double):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: see the group bench-torch")
    layers = torch.nn
    torch.manual_seed(0)
    for output in (layers.Identity(), layers.Sigmoid(), layers.Softmax(dim=1), layers.Softplus(), layers.LeakyReLU()):
        network = layers.Sequential(layers.Linear(3, 5), layers.Tanh(), layers.Linear(5, 5, bias=False), layers.ReLU())
        network.append(layers.Sequential(layers.Dropout(0.1), layers.Linear(5, 2), output)).eval()
        network = network.double() if double else network
        model, x = from_torch(network), torch.randn(7, 3, dtype=torch.float64 if double else torch.float32)
        expected, tolerance = network(x).tolist(), 1e-12 if double else 1e-5
        assert np.allclose([floats(model(row)) for row in x.tolist()], expected, rtol=tolerance, atol=tolerance)
    for other in (layers.Conv1d(1, 1, 1), layers.GELU("tanh"), layers.ELU(0.5), layers.Hardtanh(-2.0, 2.0)):
        with pytest.raises(TypeError, match=rf"not \[1\], {type(other).__name__}\("):
            from_torch(layers.Sequential(layers.Linear(3, 5), other))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", sorted(TORCH))
def test_every_activation_of_pytorch_is_that_of_its_name(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: see the group bench-torch")
    torch.manual_seed(0)
    activation = getattr(torch.nn, name)
    network = torch.nn.Sequential(torch.nn.Linear(2, 4), activation(dim=1) if name == "Softmax" else activation())
    network = network.double()
    x = torch.randn(20, 2, dtype=torch.float64) * 4.0
    found = [floats(from_torch(network)(row)) for row in x.tolist()]
    assert np.allclose(found, network(x).tolist(), rtol=1e-12, atol=1e-12)


# Keras, by objects with its attributes, and by its own where it is installed


class Dense:
    def __init__(self, kernel, bias, activation="linear"):
        self.arrays = [np.array(kernel), *([] if bias is None else [np.array(bias)])]
        self.activation = {"linear": linear, "tanh": tanh}[activation]

    def get_weights(self):
        return self.arrays

    def __call__(self, x):
        return self.activation(x @ self.arrays[0] + (self.arrays[1] if len(self.arrays) > 1 else 0.0))


def linear(x):
    return x


def tanh(x):
    return np.tanh(x)


class Model:
    def __init__(self, *layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def test_a_model_of_keras_gives_its_outputs():
    InputLayer, Conv2D = kind("InputLayer"), kind("Conv2D")
    InputLayer.__call__ = lambda self, x: x
    theirs = Model(InputLayer(), Dense(turned(A), B, "tanh"), Dense(turned(C), None))
    model = from_keras(theirs)
    x = [0.1, -0.2, 0.3]
    assert model(x).data == pytest.approx(theirs(np.array([x]))[0, 0], rel=1e-12)
    assert model.layers[0].neurons[1].w[0].data == 4.0
    with pytest.raises(TypeError, match=r"from_keras takes Dense layers, .*, not layers\[1\], Conv2D\(\)"):
        from_keras(Model(Dense(turned(A), B), Conv2D()))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("activation", sorted(KERAS))
def test_networks_of_keras_give_their_outputs(activation, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers = keras.layers
    dense = [layers.Dense(5, "tanh"), layers.Dense(4), layers.ReLU()]
    last = [layers.Dropout(0.5), layers.Dense(2, activation, use_bias=False)]
    theirs = keras.Sequential([keras.Input((3,)), *dense, *last])
    model, x = from_keras(theirs), np.random.default_rng(0).normal(size=(7, 3))
    assert np.allclose([floats(model(row)) for row in x.tolist()], theirs(x), rtol=1e-5, atol=1e-5)  # in float32
    with pytest.raises(TypeError, match=r"not layers\[4\], <ReLU .*which follows no layer of weights"):
        from_keras(keras.Sequential([keras.Input((3,)), *dense, *last[:1], layers.ReLU()]))
    with pytest.raises(TypeError, match=r"not layers\[1\], <ReLU"):
        from_keras(keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.ReLU(max_value=6.0)]))
