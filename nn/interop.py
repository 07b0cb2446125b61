"""Imports networks trained by scikit-learn, PyTorch or Keras, or given as arrays, to be explained here.

None of these libraries is imported: their objects are read by their documented attributes, and the network made from
them is compared with the original at random inputs before it is returned.
"""

import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine import StateError
from engine.core import api_boundary, came, choice, entries, real, refuse, require

from .layers import MLP, Activation, Layer
from .matrices import Matrix, transposed
from .state import is_sequence, output_numbers, plain

SKLEARN = {"identity": "linear", "logistic": "sigmoid", **{name: name for name in ("tanh", "relu", "softmax", "exp")}}
PLAIN = ("ReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Softmax", "Softsign")
TORCH = {name: name.lower() for name in PLAIN} | {"LeakyReLU": "leaky_relu", "LogSigmoid": "log_sigmoid"}
TORCH |= {"Hardtanh": "hard_tanh", "Hardsigmoid": "hard_sigmoid"}
SAME = ("linear", "relu", "sigmoid", "tanh", "softplus", "softmax", "softsign", "log_sigmoid", "elu", "selu", "gelu")
KERAS = {"exponential": "exp", **{name: name for name in (*SAME, "silu", "mish", "hard_tanh", "hard_sigmoid")}}
KERAS_LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
OPTIONS: dict[str, dict[str, tuple[Any, ...]]] = {  # settings of layers that are supported
    "LeakyReLU": {"negative_slope": (0.01,)},
    "Softplus": {"beta": (1,)},
    "Softmax": {"dim": (None, 1, -1), "axis": (-1, 1)},
    "ELU": {"alpha": (1,)},
    "GELU": {"approximate": ("none",)},
    "Hardtanh": {"min_val": (-1,), "max_val": (1,)},
    "ReLU": {"max_value": (None,), "negative_slope": (0,), "threshold": (0,)},
}
COMPARED = 8  # random inputs at which the original and the copy are compared


@api_boundary
def from_sklearn(estimator: Any, logits: bool = False) -> MLP:
    """The network of a fitted MLPClassifier or MLPRegressor, whose outputs equal `predict_proba` or `predict`.

    For two classes there is one output, the probability of the second class. With `logits`, the last sigmoid or softmax
    is left out, for losses on logits. The inputs are the estimator's own, so in a pipeline the scaler's outputs.

    >>> from sklearn.neural_network import MLPClassifier
    >>> classifier = MLPClassifier([3], "tanh", solver="lbfgs", random_state=0).fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    >>> model = from_sklearn(classifier)
    >>> model, round(model([0.5]).data / float(classifier.predict_proba([[0.5]])[0, 1]), 12)
    (MLP of [Layer of [TanhNeuron(1), TanhNeuron(1), TanhNeuron(1)], Layer of [SigmoidNeuron(3)]], 1.0)
    """
    if not hasattr(estimator, "coefs_"):
        fitted = "the last step of a pipeline, the best_estimator_ of a search"
        hint = (
            "call its fit first" if hasattr(estimator, "hidden_layer_sizes") else f"pass the network itself, {fitted}"
        )
        raise TypeError(f"from_sklearn takes a fitted MLPClassifier or MLPRegressor, not {came(estimator)}: {hint}")
    activation, output = SKLEARN[estimator.activation], SKLEARN[estimator.out_activation_]
    model = network(estimator.coefs_, estimator.intercepts_, activation, output, rows="inputs")

    def outputs(inputs: Matrix) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about missing column names: random inputs have none
            if not hasattr(estimator, "predict_proba"):
                return plain(estimator.predict(inputs))
            shares = plain(estimator.predict_proba(inputs))
        return [second for _, second in shares] if len(estimator.intercepts_[-1]) == 1 else shares

    return _checked(model, outputs, str(estimator.coefs_[0].dtype), logits)


@api_boundary
def from_torch(module: Any, logits: bool = False) -> MLP:
    """The network of a torch.nn.Sequential of Linear layers and activations.

    Its outputs equal those of `module.double()` to 1e-12, and those of a module in single precision to its rounding.
    With `logits`, a last Sigmoid or Softmax is left out. Dropout is skipped after `module.eval()`; any other layer is a
    TypeError that names it.

    >>> from torch.nn import Linear, Sequential, Sigmoid  # doctest: +SKIP
    >>> from_torch(Sequential(Linear(2, 3), Sigmoid(), Linear(3, 1)))([0.5, 1.0])  # doctest: +SKIP
    """
    layers = _Layers(f"from_torch takes a Sequential of Linear, {', '.join(TORCH)}")
    for place, part in _torch_parts(module, ""):
        name = type(part).__name__
        if name == "Linear":
            layers.add(part.weight, part.bias)
        elif name in TORCH:
            layers.activate(TORCH[name], place, part)
        elif name not in ("Identity", "Flatten") and not (name == "Dropout" and not part.training):
            layers.refuse(place, part, ": call eval() first" if name == "Dropout" else "")
    weight = layers.weights[0] if layers.weights else layers.refuse("", module)
    precision = str(weight.dtype)
    return _checked(layers.network("neurons"), lambda rows: plain(module(weight.new_tensor(rows))), precision, logits)


@api_boundary
def from_keras(model: Any, logits: bool = False) -> MLP:
    """The network of a Keras model of Dense layers and activations, made from its weights.

    With `logits`, a last sigmoid or softmax is left out. Any other layer is a TypeError that names it.

    >>> import keras  # doctest: +SKIP
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])  # doctest: +SKIP
    >>> from_keras(model)([0.5, 1.0])  # doctest: +SKIP
    """
    layers = _Layers(f"from_keras takes Dense layers, {', '.join(KERAS_LAYERS)} and the activations {', '.join(KERAS)}")
    parts = getattr(model, "layers", None)
    if isinstance(model, MLP) or not isinstance(parts, (list, tuple)):
        raise refuse("the model of from_keras", "a Keras model", model)
    for i, part in enumerate(parts):
        name, place = type(part).__name__, f"layers[{i}]"
        activation = getattr(getattr(part, "activation", None), "__name__", "")
        if name == "Dense":
            kernel, *bias = part.get_weights() or layers.refuse(place, part, ": call the model once, which builds it")
            layers.add(kernel, bias[0] if bias else None)
        if name in KERAS_LAYERS:
            layers.activate(KERAS_LAYERS[name], place, part)
        elif name in ("Dense", "Activation") and activation in KERAS:
            layers.activate(KERAS[activation], place, part)
        elif name not in ("InputLayer", "Flatten", "Dropout"):
            layers.refuse(place, part, activation and f" with the activation {activation}")
    kernel = layers.weights[0] if layers.weights else layers.refuse("", model)
    array = require("numpy").asarray
    return _checked(layers.network("inputs"), lambda rows: plain(model(array(rows, kernel.dtype))), "float32", logits)


def network(
    weights: Sequence[Any],
    biases: Sequence[Any],
    activation: Activation | Sequence[Activation] = "relu",
    output_activation: Activation = "linear",
    rows: str | None = None,
) -> MLP:
    """The network that MLP.from_arrays returns."""
    for what, given in (("weights", weights), ("biases", biases)):
        if not is_sequence(given) or isinstance(given, (str, bytes, dict)):
            raise refuse(what, "a sequence with an entry for each layer", given)
    if len(weights) != len(biases) or not len(weights):
        raise ValueError(
            f"each layer needs a matrix of weights and a list of biases, not {len(weights)} and {len(biases)}"
        )
    matrices = [_matrix(matrix, f"weights[{i}]") for i, matrix in enumerate(weights)]
    vectors = [None if vector is None else _vector(vector, f"biases[{i}]") for i, vector in enumerate(biases)]
    if _rows(matrices, vectors, rows) == "inputs":
        matrices = [transposed(matrix) for matrix in matrices]
    if isinstance(activation, str) or callable(activation):
        Layer(1, 1, activation=activation, init=0.0)  # also where no layer is hidden
        activation = [activation] * (len(matrices) - 1)
    hidden = entries(activation, "activation", "an activation, or one for each hidden layer")
    for name in hidden:
        Layer(1, 1, activation=name, init=0.0)  # a ValueError where there is no such activation
    if len(hidden) != len(matrices) - 1:
        raise ValueError(
            f"activation must be one name or function, or {len(matrices) - 1} for the hidden layers, not {activation}"
        )
    model = MLP(len(matrices[0][0]), [len(matrix) for matrix in matrices], init=0.0)
    model.layers = [
        Layer(len(matrix[0]), len(matrix), activation=name, init=0.0, bias=vector is not None)
        for matrix, vector, name in zip(matrices, vectors, [*hidden, output_activation], strict=True)
    ]
    model.label_by_place()
    for layer, matrix, vector in zip(model.layers, matrices, vectors, strict=True):
        numbers = [x for i, row in enumerate(matrix) for x in (*row, *([] if vector is None else vector[i : i + 1]))]
        for parameter, number in zip(layer.parameters(), numbers, strict=True):
            parameter.data = number
    return model


class _Layers:
    """The layers found so far, in order: weights, biases and an activation for each."""

    def __init__(self, taken: str) -> None:
        self.taken = taken
        self.weights: list[Any] = []
        self.biases: list[Any] = []
        self.activations: list[str] = []

    def add(self, weight: Any, bias: Any) -> None:
        self.weights.append(weight)
        self.biases.append(bias)
        self.activations.append("linear")

    def activate(self, name: str, place: str, part: Any) -> None:
        """Set the last layer's activation, if it has none yet and the part has only supported settings."""
        settings = OPTIONS.get(type(part).__name__, {})
        if any(getattr(part, setting, allowed[0]) not in allowed for setting, allowed in settings.items()):
            self.refuse(place, part)
        if name == "linear":
            return
        if self.activations[-1:] != ["linear"]:
            self.refuse(place, part, ", which follows no layer of weights")
        self.activations[-1] = name

    def network(self, rows: str) -> MLP:
        return network(self.weights, self.biases, self.activations[:-1], self.activations[-1], rows)

    def refuse(self, place: str, part: Any, why: str = "") -> Any:
        raise TypeError(f"{self.taken}, not {place and f'{place}, '}{came(part)}{why}")


def _torch_parts(module: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The modules that a Sequential calls, in order, with their names in it."""
    if type(module).__name__ == "Sequential":
        for i, part in enumerate(module):
            yield from _torch_parts(part, f"{place}[{i}]")
    else:
        yield place, module


def _checked(model: MLP, original: Callable[[Matrix], Any], precision: str, logits: bool) -> MLP:
    """The network, if its outputs equal the original's; else a StateError: it may call its layers in another way.

    `precision` is that of the original's arithmetic: "float64", "float32" or less.
    """
    rng, nin = random.Random(0), len(model.layers[0].neurons[0].w)
    inputs = [[rng.gauss(0.0, 1.0) for _ in range(nin)] for _ in range(COMPARED)]
    tolerance = {"64": 1e-9, "32": 1e-3}.get(precision[-2:], 0.03)
    for row, theirs in zip(inputs, original(inputs), strict=True):
        ours, theirs = (output_numbers(output if is_sequence(output) else [output]) for output in (model(row), theirs))
        pairs = zip(ours, theirs, strict=True)
        if not all(math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance) or a != a != b != b for a, b in pairs):
            raise StateError(
                f"a network of these layers gives {ours} where the original gives {theirs}, for the inputs {row}: "
                "the original does something between its layers that they do not show"
            )
    last = model.layers[-1]
    if logits:
        last.softmax = False
        for neuron in last.neurons:
            neuron.activation, neuron.nonlin = "linear", False
    return model


def _rows(matrices: list[Matrix], vectors: list[list[float] | None], rows: str | None) -> str:
    """Whether a row of the matrices belongs to a neuron or to an input."""
    if rows is not None:
        choice(rows, ("neurons", "inputs"), "rows")
    by_neurons, by_inputs = (_fits(found, vectors) for found in (matrices, [*map(transposed, matrices)]))
    if by_neurons and by_inputs and rows is None and [*map(transposed, matrices)] != matrices:
        raise ValueError(
            'shapes alone do not tell what a row of weights is: pass rows="neurons" if row i has the weights of neuron '
            'i, as in PyTorch, or rows="inputs" if it has those of input i, as in scikit-learn and Keras'
        )
    found = rows or ("neurons" if by_neurons else "inputs")
    if not (by_neurons if found == "neurons" else by_inputs):
        shapes = ", ".join(f"{len(m)}x{len(m[0])}" for m in matrices)
        lengths = ", ".join("none" if v is None else str(len(v)) for v in vectors)
        raise ValueError(
            f"weights of the shapes {shapes} and biases of the lengths {lengths} do not fit together as layers"
        )
    return found


def _fits(matrices: list[Matrix], vectors: list[list[float] | None]) -> bool:
    """Whether every matrix, with one row per neuron, has as many rows as biases, and as the next one has columns."""
    following = [len(matrix[0]) for matrix in matrices[1:]] + [len(matrices[-1])]
    return all(
        len(matrix) == columns and (vector is None or len(vector) == len(matrix))
        for matrix, vector, columns in zip(matrices, vectors, following, strict=True)
    )


def _matrix(given: Any, what: str) -> Matrix:
    rows = plain(given)
    if not is_sequence(rows) or not len(rows) or not all(is_sequence(row) and len(row) for row in rows):
        raise ValueError(f"{what} must be a matrix, not {came(given)}")
    matrix = [_vector(row, f"{what}[{i}]") for i, row in enumerate(rows)]
    if len({len(row) for row in matrix}) > 1:
        raise ValueError(f"{what} must be a matrix, but its rows are of different lengths")
    return matrix


def _vector(given: Any, what: str) -> list[float]:
    numbers = plain(given)
    if not is_sequence(numbers):
        raise ValueError(f"{what} must be a sequence of numbers, not {came(given)}")
    return [real(number, f"each of {what}") for number in numbers]
