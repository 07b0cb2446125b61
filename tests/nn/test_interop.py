"""Networks of other libraries give the same outputs here, are explained here, and what is not ours is named."""

import math
import random
import warnings

import pytest

from engine import StateError, chain_rule, diagnose
from nn import MLP, binary_cross_entropy, cross_entropy, from_sklearn

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

    with pytest.raises(TypeError, match="not MLPClassifier\\(\\): call its fit first"):
        from_sklearn(network.MLPClassifier())
    with pytest.raises(TypeError, match="not Pipeline\\(.*\\): pass the network itself, the last step of a pipeline"):
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
        (
            ([A], []),
            ValueError,
            "each layer needs a matrix of weights and a list of biases, not 1 and 0",
        ),
        (([], []), ValueError, "each layer needs a matrix of weights and a list of biases, not 0 and 0"),
        (
            ([A, C], [B, [1.0, 2.0]]),
            ValueError,
            "shapes 2x3, 1x2 and biases of the lengths 2, 2 do not fit together as layers",
        ),
        (([A, turned(C)], [B, D]), ValueError, "do not fit together as layers"),
        (
            ([A, C], [B, D], ["tanh", "tanh"]),
            ValueError,
            "activation must be one name or function, or 1 for the hidden layers",
        ),
        (([A, C], [B, D], "swish"), ValueError, "there is no activation 'swish': it must be linear or a row"),
        (([[1.0, 2.0]], [[1.0]]), ValueError, r"weights\[0\] must be a matrix, not list \[1.0, 2.0\]"),
        (([[[1.0, 2.0], [3.0]]], [B]), ValueError, r"weights\[0\] must be a matrix, but its rows are of different"),
        (([[["a", 2.0]]], [[1.0]]), TypeError, "must be a real number, not str"),
        (([A], [B], "relu", "linear", "columns"), ValueError, "rows must be one of neurons, inputs, not"),
        (([A], [B], "relu", "linear", "inputs"), ValueError, "do not fit together as layers"),
    ],
)
def test_arrays_that_make_no_network_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        MLP.from_arrays(*arguments)


def test_the_global_generator_is_left_alone():
    random.seed(1)
    before = random.getstate()
    MLP.from_arrays([A], [B])
    assert random.getstate() == before
