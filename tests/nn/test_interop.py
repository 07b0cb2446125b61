"""Networks of other libraries give the same outputs here, are explained here, and what is not ours is named."""

import math
import random
import warnings

import pytest

from engine import StateError, chain_rule, diagnose
from nn import MLP, binary_cross_entropy, cross_entropy, from_keras, from_sklearn, from_torch

np = pytest.importorskip("numpy")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
ONE = X[:, 0] - 0.5 * X[:, 1] ** 2
TARGETS = {
    "two classes": (ONE > -0.3).astype(int),
    "three classes": np.digitize(ONE, [-0.5, 0.3]),
    "labels": np.column_stack([ONE > 0, X[:, 2] > 0, X[:, 1] > 0]).astype(int),
    "number": ONE,
    "numbers": np.column_stack([ONE, X[:, 2]]),
}


def floats(output):
    return [x.data for x in output] if isinstance(output, list) else output.data


def estimator(target, activation="tanh", x=X, **options):
    network = pytest.importorskip("sklearn.neural_network", exc_type=ImportError)
    kind = network.MLPRegressor if target.startswith("number") else network.MLPClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        return kind(hidden_layer_sizes=(5, 4), activation=activation, max_iter=30, random_state=0, **options).fit(
            x, TARGETS[target]
        )


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_network_of_scikit_learn_gives_its_outputs(target, activation):
    theirs = estimator(target, activation)
    expected = theirs.predict(X) if target.startswith("number") else theirs.predict_proba(X)
    if target == "two classes":
        expected = expected[:, 1]
    assert np.allclose([floats(from_sklearn(theirs)(x)) for x in X[:10]], expected[:10], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("target", ["two classes", "three classes"])
def test_logits_are_what_the_probabilities_are_made_of(target):
    theirs = estimator(target)
    logits, model = from_sklearn(theirs, logits=True), from_sklearn(theirs)
    x, c = X[0].tolist(), int(TARGETS[target][0])
    if target == "two classes":
        assert logits(x).sigmoid().data == pytest.approx(model(x).data, rel=1e-12)
        assert binary_cross_entropy([model(x)], [c]).data == pytest.approx(
            -math.log(theirs.predict_proba(X)[0, c]), rel=1e-9
        )
    else:
        assert cross_entropy([logits(x)], [c]).data == pytest.approx(-math.log(theirs.predict_proba(X)[0, c]), rel=1e-9)


def test_a_network_of_scikit_learn_is_explained():
    model = from_sklearn(estimator("three classes"))
    p = model(X[0].tolist())
    chain = chain_rule(p[1], model.layers[0].neurons[2].w[1])
    assert chain.path_count == 4 * 3  # by the second layer, then by the logits that the probability is a share of
    h = 1e-6
    weight = model.layers[0].neurons[2].w[1]
    number = weight.data
    sides = []
    for weight.data in (number + h, number - h):
        sides.append(model(X[0].tolist())[1].data)
    weight.data = number
    assert chain.total == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-7)
    loss = cross_entropy(
        [from_sklearn(estimator("three classes"), logits=True)(x) for x in X[:5].tolist()], [0, 1, 2, 1, 0]
    )
    assert not [finding for finding in diagnose(loss, model.parameters()) if finding.kind == "non_finite"]


def test_columns_that_have_names_are_no_matter():
    pandas = pytest.importorskip("pandas")
    from_sklearn(estimator("number", x=pandas.DataFrame(X, columns=["a", "b", "c"])))


def test_what_is_no_fitted_network_of_scikit_learn_is_refused():
    network = pytest.importorskip("sklearn.neural_network", exc_type=ImportError)
    from sklearn.pipeline import make_pipeline

    with pytest.raises(TypeError, match="not MLPClassifier: call its fit first"):
        from_sklearn(network.MLPClassifier())
    with pytest.raises(TypeError, match="not Pipeline: pass the network itself, the last step of a pipeline"):
        from_sklearn(make_pipeline(network.MLPClassifier()))


def test_a_network_that_was_changed_after_its_training_is_found_out():
    theirs = estimator("number")
    theirs.out_activation_ = "logistic"
    theirs.predict = lambda rows: [1.0] * len(rows)
    with pytest.raises(StateError, match=r"gives \[0\.\d+\] where the original gives \[1.0\]"):
        from_sklearn(theirs)


# Arrays

A, B = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -0.5]  # two neurons of three inputs
C, D = [[7.0, 8.0]], [1.0]


def turned(matrix):
    return [list(column) for column in zip(*matrix, strict=True)]


@pytest.mark.parametrize(
    "weights", [[A, C], [turned(A), turned(C)], [np.array(A), np.array(C)], [np.array(A).T, np.array(C).T]]
)
def test_shapes_tell_what_a_row_is(weights):
    model = MLP.from_arrays(weights, [B, np.array(D)], "linear")
    x = [1.0, -1.0, 2.0]
    hidden = [sum(map(float.__mul__, row, x)) + b for row, b in zip(A, B, strict=True)]
    assert model(x).data == 7.0 * hidden[0] + 8.0 * hidden[1] + 1.0
    assert [p.label for p in model.parameters()] == [p.label for p in MLP(3, [2, 1]).parameters()]
    assert model.layers[0].neurons[1].w[2].data == 6.0


SQUARE = [[1.0, 2.0], [3.0, 4.0]]


def test_where_shapes_do_not_tell_rows_are_asked_for():
    with pytest.raises(ValueError, match='pass rows="neurons" if row i has the weights of neuron i, as in PyTorch'):
        MLP.from_arrays([SQUARE], [B])
    assert floats(MLP.from_arrays([SQUARE], [[0.0, 0.0]], rows="neurons")([1.0, 0.0])) == [1.0, 3.0]
    assert floats(MLP.from_arrays([SQUARE], [[0.0, 0.0]], rows="inputs")([1.0, 0.0])) == [1.0, 2.0]
    assert floats(MLP.from_arrays([[[2.0]]], [[1.0]])([3.0])) == 7.0


def test_layers_without_biases_and_with_an_activation_each():
    model = MLP.from_arrays([A, C], [None, None], ["tanh"], "sigmoid")
    assert str(model) == "MLP of [Layer of [TanhNeuron(3), TanhNeuron(3)], Layer of [SigmoidNeuron(2)]]"
    assert len(model.parameters()) == 8
    assert model([0.0, 0.0, 0.0]).data == 0.5


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([A], []), ValueError, "weights and biases must be one of each a layer, not 1 and 0"),
        (([], []), ValueError, "one of each a layer, not 0 and 0"),
        (
            ([A, C], [B, [1.0, 2.0]]),
            ValueError,
            "shapes 2x3, 1x2 and biases of the lengths 2, 2 make no layers in a row",
        ),
        (([A, turned(C)], [B, D]), ValueError, "make no layers in a row"),
        (([A, C], [B, D], ["tanh", "tanh"]), ValueError, "activation must be one name, or 1 for the hidden layers"),
        (([A, C], [B, D], "mish"), ValueError, "activation must be linear or a row"),
        (([[1.0, 2.0]], [[1.0]]), ValueError, r"weights\[0\] must be a matrix, not \[1.0, 2.0\]"),
        (([[[1.0, 2.0], [3.0]]], [B]), ValueError, r"weights\[0\] must be a matrix, but its rows are of different"),
        (([[["a", 2.0]]], [[1.0]]), TypeError, "must be a real number, not str"),
        (([A], [B], "relu", "linear", "columns"), ValueError, 'rows must be "neurons", "inputs" or None'),
        (([A], [B], "relu", "linear", "inputs"), ValueError, "make no layers in a row"),
    ],
)
def test_arrays_that_make_no_network_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        MLP.from_arrays(*arguments)


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
        (Sequential(Linear(A, B), Tanh(), Tanh()), r"not \[2\], Tanh\(\), which stands on no layer of weights"),
        (Sequential(Tanh(), Linear(A, B)), r"not \[0\], Tanh\(\), which stands on no layer of weights"),
        (Sequential(), r"not \[\]"),
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
    with pytest.raises(StateError, match="something is between its layers that they do not show"):
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
    with pytest.raises(TypeError, match=r"not \[1\], Conv1d"):
        from_torch(layers.Sequential(layers.Linear(3, 5), layers.Conv1d(1, 1, 1)))


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
@pytest.mark.parametrize("activation", ["linear", "sigmoid", "softmax", "softplus"])
def test_networks_of_keras_give_their_outputs(activation, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers = keras.layers
    dense = [layers.Dense(5, "tanh"), layers.Dense(4), layers.ReLU()]
    last = [layers.Dropout(0.5), layers.Dense(2, activation, use_bias=False)]
    theirs = keras.Sequential([keras.Input((3,)), *dense, *last])
    model, x = from_keras(theirs), np.random.default_rng(0).normal(size=(7, 3))
    assert np.allclose([floats(model(row)) for row in x.tolist()], theirs(x), rtol=1e-5, atol=1e-5)  # in float32
    with pytest.raises(TypeError, match=r"not layers\[4\], <ReLU .*which stands on no layer of weights"):
        from_keras(keras.Sequential([keras.Input((3,)), *dense, *last[:1], layers.ReLU()]))
    with pytest.raises(TypeError, match=r"not layers\[1\], <ReLU"):
        from_keras(keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.ReLU(max_value=6.0)]))


def test_the_global_generator_is_left_alone():
    random.seed(1)
    before = random.getstate()
    MLP.from_arrays([A], [B])
    assert random.getstate() == before
