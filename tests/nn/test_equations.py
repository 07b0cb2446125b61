"""The matrices of backpropagation: against autograd's matrix derivatives, `backward()`, and by structure alone."""

import itertools
import math
import random
import re
import shutil
import subprocess
from fractions import Fraction
from html.parser import HTMLParser
from xml.etree import ElementTree

import autograd.numpy as np
import pytest
from autograd import grad
from numpy import testing

import engine
from engine import Value, dot, maximum, sigmoid, softmax, tanh
from engine.core import TABLE
from engine.core.graph import ancestors
from nn import (
    MLP,
    RNN,
    Backpropagation,
    LayerNorm,
    Module,
    backpropagation,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
)
from nn.gradient_picture import written

FUNCTIONS = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "sin": np.sin,
    "linear": lambda z: z,
}


def log_softmax(z):
    return z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))


def one_hot(classes, count):
    return np.eye(count)[classes]


def bits(rng, n, k):
    return [[rng.choice([0.0, 1.0, 0.3]) for _ in range(k)] for _ in range(n)]


# By name: the loss, its targets for n examples of k outputs, the same in matrices, the last activation, and the form.
LOSSES = {
    "squares": (
        mean_squared_error, lambda rng, n, k: [[rng.gauss(0, 1) for _ in range(k)] for _ in range(n)],
        lambda a, y: np.mean((a - np.array(y)) ** 2), "linear", "squares",
    ),
    "squares of sigmoids": (
        mean_squared_error, lambda rng, n, k: [[rng.random() for _ in range(k)] for _ in range(n)],
        lambda a, y: np.mean((a - np.array(y)) ** 2), "sigmoid", "squares",
    ),
    "logits": (
        binary_cross_entropy_with_logits, bits,
        lambda z, y: np.mean(np.log1p(np.exp(z)) - np.array(y) * z), "linear", "sigmoid",
    ),
    "zeros": (
        binary_cross_entropy_with_logits, lambda rng, n, k: [[0.0] * k for _ in range(n)],
        lambda z, y: np.mean(np.log1p(np.exp(z))), "linear", "sigmoid",
    ),
    "probabilities": (
        binary_cross_entropy, bits,
        lambda p, y: np.mean(-np.array(y) * np.log(p) - (1 - np.array(y)) * np.log(1 - p)), "sigmoid", "sigmoid",
    ),
    "classes": (
        cross_entropy, lambda rng, n, k: [rng.randrange(k) for _ in range(n)],
        lambda z, y: -np.mean(np.sum(one_hot(y, z.shape[1]) * log_softmax(z), axis=1)), "linear", "softmax",
    ),
    "margin": (
        hinge, lambda rng, n, k: [[rng.choice([-1, 1]) for _ in range(k)] for _ in range(n)],
        lambda z, y: np.mean(np.maximum(0, 1 - np.array(y) * z)), "linear", None,
    ),
}  # fmt: skip


def network(loss, hidden="tanh", sizes=(3, 4, 3, 2), n=5, seed=0):
    """A model, its inputs, its loss, and the loss as a function of weights and biases in autograd's matrices."""
    rng = random.Random(seed)
    criterion, targets_of, in_matrices, last, _ = LOSSES[loss]
    model = MLP(sizes[0], sizes[1:], activation=hidden, output_activation=last, seed=seed, init="xavier")
    for p in model.parameters():
        p.data += rng.gauss(0, 0.1)
    X = [[rng.gauss(0, 1) for _ in range(sizes[0])] for _ in range(n)]
    targets = targets_of(rng, n, sizes[-1])
    outputs = [out if isinstance(out, list) else [out] for out in map(model, X)]

    def reference(weights, biases):
        a = np.array(X)
        for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
            a = FUNCTIONS[last if i == len(weights) - 1 else hidden](a @ w.T + b)
        return in_matrices(a, targets)

    return model, X, criterion(outputs, targets), reference


def arrays(model):
    weights = [np.array([[w.data for w in neuron.w] for neuron in layer.neurons]) for layer in model.layers]
    return weights, [np.array([neuron.b.data for neuron in layer.neurons]) for layer in model.layers]


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu", "softplus", "sin", "linear"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradients_are_those_of_matrix_calculus_and_of_backward(loss, hidden):
    model, _, cost, reference = network(loss, hidden)
    found = backpropagation(model, cost)
    weights, biases = arrays(model)
    assert float(reference(weights, biases)) == pytest.approx(cost.data, rel=1e-12)
    by_weights, by_biases = grad(reference, 0)(weights, biases), grad(reference, 1)(weights, biases)
    cost.backward()
    for layer, module, dw, db in zip(found.layers, model.layers, by_weights, by_biases, strict=True):
        assert layer.grad_weights == [[w.grad for w in neuron.w] for neuron in module.neurons]
        assert layer.grad_biases == [neuron.b.grad for neuron in module.neurons]
        testing.assert_allclose(layer.grad_weights, dw, rtol=1e-11, atol=1e-15)
        testing.assert_allclose(layer.grad_biases, db, rtol=1e-11, atol=1e-15)


def evaluated(text, matrices):
    """A formula in NumPy: names are looked up, and a space between two matrices is a product."""
    named = sorted(matrices, key=len, reverse=True)
    code = re.sub("|".join(map(re.escape, named)), lambda m: f"M[{named.index(m[0])}]", text)
    code = re.sub(r"\((M\[\d+\])\)ᵀ", r"\1.T", code).replace("1ᵀ", "one.T").replace("1 M", "one M")
    code = re.sub(r"^(\d+(/\d+)?) \(", r"(\1) * (", code).replace("−", "-").replace("⊙", "*")
    code = re.sub(r"(?<=[\])T]) (?=[(Mno])", " @ ", re.sub(r"\bone ", "one @ ", code))
    code = code.replace("] 1", "].sum(axis=1, keepdims=True)")
    one = np.ones((len(matrices["δ⁽¹⁾"]), 1))
    return eval(code, {"M": [matrices[name] for name in named], "one": one})


def shapes_of(formula, matrices):
    """A formula with the shape of each matrix in its place, and without numbers."""
    text = re.sub(r"(?:[\d/]+ )?\(?(\w+|a\S+) − y\)?", r"\1", formula)
    rows = len(matrices["δ⁽¹⁾"])
    text = text.replace("1ᵀ", f"(1×{rows})").replace("1 b", f"({rows}×1) b")
    for name in sorted(matrices, key=len, reverse=True):
        n, k = matrices[name].shape
        text = text.replace(f"({name})ᵀ", f"({k}×{n})").replace(name, f"({n}×{k})")
    return text


def printed(found):
    """The matrices by name, each also by what it is equal to: a⁽¹⁾, and σ(z⁽¹⁾)."""
    pairs = [(name, np.array(matrix)) for section in found.sections for name, matrix in section.matrices]
    return {name: matrix for names, matrix in pairs for name in names.split(" = ")}


def assert_the_printed_equations_hold(found):
    matrices = printed(found)
    for equation in (equation for section in found.sections for equation in section.equations):
        left, right = equation.formula.split(" = ")
        value = evaluated(right, matrices)
        assert value.shape == matrices[left].shape, equation
        testing.assert_allclose(value, matrices[left], rtol=1e-11, atol=1e-15, err_msg=equation.formula)
        assert equation.shapes == shapes_of(equation.formula, matrices)


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("hidden", ["sigmoid", "relu", "linear"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_printed_equations_hold_for_the_printed_matrices(loss, hidden, n):
    model, X, cost, _ = network(loss, hidden, n=n)
    found = backpropagation(model, cost)
    assert_the_printed_equations_hold(found)
    matrices = printed(found)
    assert matrices["x"].tolist() == X
    if "p" in matrices:
        kind, of = ("softmax", log_softmax) if loss == "classes" else ("σ", lambda z: np.log(FUNCTIONS["sigmoid"](z)))
        testing.assert_allclose(matrices[f"{kind}(z⁽³⁾)"], np.exp(of(matrices["z⁽³⁾"])), rtol=1e-12)
    if hidden == "sigmoid":
        for up in ("⁽¹⁾", "⁽²⁾"):
            testing.assert_allclose(matrices[f"a{up}"], FUNCTIONS["sigmoid"](matrices[f"z{up}"]), rtol=1e-12)
            testing.assert_allclose(matrices[f"σ′(z{up})"], matrices[f"a{up}"] * (1 - matrices[f"a{up}"]), rtol=1e-12)
    cost.backward()
    gradients = [{node.grad for node in ancestors(cost) if node.label.startswith(f"layer{k}.")} for k in (1, 2, 3)]
    for up, of_layer in zip(("⁽¹⁾", "⁽²⁾", "⁽³⁾"), gradients, strict=True):
        assert of_layer.issuperset(matrices[f"δ{up}"].flat)


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_last_delta_is_given_in_the_form_that_the_loss_has(loss, n):
    model, _, cost, _ = network(loss, n=n)
    found, form = backpropagation(model, cost), LOSSES[loss][-1]
    last = found.layers[-1]
    if form is None:
        assert found.error is None
        assert found.sections[-1].equations[1].formula == "δ⁽³⁾ = ∂C/∂z⁽³⁾"
        return
    assert found.error.kind == form
    k = 1 if loss == "classes" else 2
    assert found.error.scale == Fraction(2 if form == "squares" else 1, n * k)
    assert form == "squares" or {y for row in found.error.targets for y in row} <= {0.0, 0.3, 1.0}
    gradients = last.grad_a if form == "squares" else last.delta
    exact = float(found.error.scale) * (np.array(found.error.p) - np.array(found.error.targets))
    testing.assert_allclose(gradients, exact, rtol=1e-12, atol=1e-16)
    difference = "a⁽³⁾ − y" if loss in ("squares", "squares of sigmoids", "probabilities") else "p − y"
    slope = " ⊙ σ′(z⁽³⁾)" if loss == "squares of sigmoids" else ""
    factor = "" if found.error.scale == 1 else f"{found.error.scale} "
    written = f"{factor}({difference}){slope}" if factor or slope else difference
    assert found.sections[-1].equations[1].formula == f"δ⁽³⁾ = {written}"


def test_the_derivative_of_the_last_activation_cancels_and_is_not_shown():
    model, _, cost, _ = network("probabilities")
    found = backpropagation(model, cost)
    last, matrices = found.layers[-1], printed(found)
    assert "In (1), σ′(z⁽³⁾) cancels: it is a⁽³⁾ ⊙ (1 − a⁽³⁾), the denominator of ∇ₐC." in found.sections[-1].note
    a = matrices["a⁽³⁾"]
    testing.assert_allclose(last.slopes, a * (1 - a), rtol=1e-13)
    testing.assert_allclose(last.grad_a, (a - matrices["y"]) / 10 / (a * (1 - a)), rtol=1e-13)
    testing.assert_allclose(np.array(last.grad_a) * last.slopes, matrices["δ⁽³⁾"], rtol=1e-13)
    assert "σ′(z⁽³⁾)" not in matrices
    for loss in LOSSES.keys() - {"probabilities"}:
        assert "cancels" not in str(backpropagation(*network(loss)[::2]))


@pytest.mark.parametrize(
    ("loss", "sizes", "n", "word"),
    [
        ("squares", (1, 1), 5, "2/5 is that of a mean of squares over 5 examples"),
        ("squares", (1, 1), 4, "1/2 = 2/4 is that of a mean of squares over 4 examples"),
        ("squares", (1, 3), 4, "1/6 = 2/12 is that of a mean of squares over 12 outputs"),
        ("squares of sigmoids", (1, 3), 1, "2/3 is that of a mean of squares over 3 outputs"),
        ("squares", (1, 1), 2, ""),
        ("squares", (1, 1), 1, ""),
        ("logits", (1, 2), 3, "1/6 is that of a mean over 6 outputs"),
        ("probabilities", (1, 1), 3, "1/3 is that of a mean over 3 examples"),
        ("classes", (1, 3), 4, "1/4 is that of a mean over 4 examples"),
        ("classes", (1, 3), 1, ""),
        ("margin", (1, 1), 3, ""),
    ],
)
def test_the_factor_of_a_mean_is_explained(loss, sizes, n, word):
    model, _, cost, _ = network(loss, sizes=sizes, n=n)
    note = backpropagation(model, cost).sections[-1].note
    assert re.findall(r"The factor (.+?)\.", note) == [word] * bool(word)
    assert "The factor" not in backpropagation(model, 0.3 * cost).sections[-1].note
    if word:
        factor, half = word.partition(" ")[0], backpropagation(model, 0.5 * cost).sections[-1].note
        assert (" over " in half) == ("squares" in word)  # half of a mean of squares has the factor of a mean
        assert factor not in half


def test_the_name_of_a_prediction_that_no_layer_gives():
    written = {loss: backpropagation(*network(loss)[::2]).sections[-1] for loss in LOSSES}
    named = {loss: section.title.partition(", then ")[2] for loss, section in written.items()}
    assert named == dict.fromkeys(LOSSES, "") | {"logits": "sigmoid", "zeros": "sigmoid", "classes": "softmax"}
    assert written["logits"].note.startswith("p = σ(z⁽³⁾), and y holds the targets.")
    assert written["classes"].note.startswith("p = softmax(z⁽³⁾), and y holds the targets.")
    assert written["squares"].note.startswith("y holds the targets.")
    assert written["margin"].note == ""


def test_one_example_makes_an_outer_product_and_several_a_sum():
    single, several = (backpropagation(*network("squares", n=n)[::2]) for n in (1, 4))
    assert "(3) is the outer product of δ⁽ˡ⁾ and a⁽ˡ⁻¹⁾: its entries are δ⁽ˡ⁾ⱼ a⁽ˡ⁻¹⁾ₖ." in single.notes[2]
    assert r"$\delta^{(l)}_{j}$ $a^{(l-1)}_{k}.$" in single.to_latex()
    matrices = printed(single)
    for number in (1, 2, 3):
        outer = np.outer(matrices[f"δ⁽{'⁰¹²³'[number]}⁾"], matrices[f"a⁽{'⁰¹²³'[number - 1]}⁾"])
        testing.assert_array_equal(outer, matrices[f"∂C/∂W⁽{'⁰¹²³'[number]}⁾"])
    assert "outer" not in str(several)


def test_a_softmax_in_the_network_is_the_same_as_one_in_the_loss():
    model = MLP(2, [3, 3], activation="tanh", output_activation="softmax", seed=3)
    shares = model([0.3, -0.8])
    error = backpropagation(model, -shares[1].log()).error
    assert error.kind == "softmax"
    assert error.targets == [[0.0, 1.0, 0.0]]
    assert error.p[0] == pytest.approx([p.data for p in shares], rel=1e-13)


def test_the_four_equations_hold_in_each_convention():
    model, X = MLP(2, [3, 2], activation="sigmoid", output_activation="sigmoid", seed=1), [[0.5, -1.0], [2.0, 0.25]]
    found = backpropagation(model, mean_squared_error([model(x) for x in X], [[0.0, 1.0]] * 2))
    assert not any(map(any, [layer.biases for layer in found.layers]))
    rows, (_, _, columns, turned) = printed(found), found.notes
    in_columns = {name: matrix if "W" in name else matrix.T for name, matrix in rows.items()}
    with_inputs_first = {name: matrix.T if "W" in name else matrix for name, matrix in rows.items()}
    conventions = {
        (*found.equations, "z⁽ˡ⁾ = a⁽ˡ⁻¹⁾ (W⁽ˡ⁾)ᵀ"): rows,
        tuple(columns.partition(": ")[2].removesuffix(".").split(", ")): in_columns,
        tuple(turned.partition(": ")[2].removesuffix(".").split(", ")): with_inputs_first,
        (re.match(r"If (z.+), with a unit", turned)[1].removesuffix(" + 1 b⁽ˡ⁾"),): with_inputs_first,
    }
    assert [len(equations) for equations in conventions] == [5, 3, 2, 1]
    for equations, matrices in conventions.items():
        for equation in equations:
            for general, number in {"⁽ˡ⁾": "⁽¹⁾", "⁽ˡ⁺¹⁾": "⁽²⁾", "⁽ˡ⁻¹⁾": "⁽⁰⁾", "⁽ᴸ⁾": "⁽²⁾", "f′": "σ′"}.items():
                equation = equation.replace(general, number)
            left, right = equation.split(" = ")
            testing.assert_allclose(evaluated(right, matrices), matrices[left], rtol=1e-12, err_msg=equation)


def softmax_and(loss):
    model = MLP(2, [2, 2], output_activation="softmax", seed=3)
    for p in model.layers[-1].parameters():
        p.data = 0.0
    return model, loss(*model([0.3, -0.8]))


def output(number, loss):
    w = Value(number)
    return [w], loss(w * 1.0)


@pytest.mark.parametrize(
    "made",
    [
        lambda: output(1.5, lambda a: abs(a - 1.0)),  # as 2 (a - y) here
        lambda: output(1.5, lambda a: (a - 1.0) ** 4),  # as a - y here
        lambda: output(0.0, lambda a: (a - 1.0) ** 3 * -2.0 / 3.0),
        lambda: output(0.0, lambda a: a.softplus() ** 2.0 / (2.0 * math.log(2.0))),
        lambda: softmax_and(lambda p, q: (p - 1.0) ** 2 + q**2),  # as softmax(z) - y here
        lambda: softmax_and(lambda p, q: 2.0 * (q / p)),
        lambda: output(0.5, lambda a: (a - 1.0) ** 2 * math.pi),  # π is no fraction
        lambda: output(0.5, lambda a: (a - 1.0) ** 2 * 1e20),  # nobody reads so many digits
    ],
)
def test_a_form_by_chance_or_with_no_simple_factor_is_not_given(made):
    found = backpropagation(*made())
    assert found.error is None
    assert_the_printed_equations_hold(found)


@pytest.mark.parametrize("targets", [[1e9, 2.5e9], [1e-13, 2e-13], [0.0, -3.0]])
def test_targets_far_from_the_outputs_are_found(targets):
    model = MLP(1, [2, 1], activation="tanh", seed=1)
    error = backpropagation(model, mean_squared_error([model([1.0]), model([2.0])], targets)).error
    assert (error.kind, error.scale) == ("squares", 1)
    assert error.targets == [[pytest.approx(target, rel=1e-13)] for target in targets]


def test_targets_may_be_shares_and_losses_weighted():
    model = MLP(1, [2, 3], activation="tanh", seed=1)
    shares = softmax(model([1.0]))
    error = backpropagation(model, -0.3 * sum(y * p.log() for y, p in zip((0.1, 0.7, 0.2), shares, strict=True))).error
    assert (error.kind, error.scale) == ("softmax", Fraction(3, 10))
    assert error.targets == [pytest.approx([0.1, 0.7, 0.2], abs=1e-14)]


def test_a_sure_and_right_logit_keeps_its_digits():
    w = Value(20.0)
    found = backpropagation([w], binary_cross_entropy_with_logits([w * 2.0], [1.0]))
    assert found.layers[0].delta == [[-4.248354255291589e-18]]
    assert found.layers[0].grad_weights == [[-8.496708510583178e-18]]


def test_what_the_loss_turns_or_shifts_is_still_the_sum():
    w = Value(0.5)
    found = backpropagation([w], (1.0 - w * 3.0 * 0.1).relu())
    assert (found.layers[0].z, found.layers[0].delta, found.layers[0].grad_weights) == (
        [[1.5]],
        [[-0.1]],
        [[-0.1 * 3.0]],
    )


def by_hand(x, w1, b1, w2, b2):
    """Two layers of products and sums, in an order of their own, without a label."""
    hidden = [tanh(b + sum((w * v for w, v in zip(row, x, strict=True)), 0.0)) for row, b in zip(w1, b1, strict=True)]
    return [
        sum((h * w for w, h in reversed(list(zip(row, hidden, strict=True)))), b) for row, b in zip(w2, b2, strict=True)
    ]


def test_labels_and_spelling_do_not_matter():
    rng = random.Random(4)

    def values(*shape):
        return [values(*shape[1:]) for _ in range(shape[0])] if shape else Value(rng.gauss(0, 1))

    w1, b1, w2, b2 = values(3, 2), values(3), values(2, 3), values(2)
    X, Y = [[0.5, -1.0], [2.0, 0.25]], [[1.0, 0.0], [0.5, -0.5]]
    model = MLP.from_arrays(
        [[[w.data for w in row] for row in w1], [[w.data for w in row] for row in w2]],
        [[b.data for b in b1], [b.data for b in b2]], "tanh", rows="neurons",
    )  # fmt: skip
    spelled = mean_squared_error([by_hand(x, w1, b1, w2, b2) for x in X], Y)
    parameters = [*itertools.chain(*w1), *b1, *itertools.chain(*w2), *b2]
    found = backpropagation(parameters, spelled)
    usual = backpropagation(model, mean_squared_error([model(x) for x in X], Y))
    assert found.error.scale == usual.error.scale == Fraction(1, 2)
    for mine, theirs in zip(found.layers, usual.layers, strict=True):
        assert mine.function == theirs.function
        for name in ("weights", "z", "a", "slopes", "delta", "grad_weights"):
            testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-13)


def test_biases_may_be_numbers_or_none():
    w = [Value(0.5), Value(-0.25)]
    found = backpropagation(w, (sigmoid(dot(w, [1.0, 2.0], 0.1)) - 1.0) ** 2)
    assert found.layers[0].biases == found.layers[0].grad_biases == []
    assert "∂C/∂b⁽¹⁾" not in str(found)
    assert "σ′(z⁽¹⁾)" in str(found)


def test_what_a_sum_has_beside_its_parameters_is_shown():
    w, v, b = [Value(0.5), Value(-0.25)], [Value(2.0), Value(3.0)], Value(0.5)
    hidden = [[tanh(weight * x + 0.1 * x) for weight in w] for x in (1.5, -1.0)]
    found = backpropagation([*w, *v, b], mean_squared_error([dot(v, row, b) for row in hidden], [1.0, 0.0]))
    assert [layer.constants for layer in found.layers] == [[[0.1 * 1.5] * 2, [-0.1] * 2], []]
    assert found.sections[0].equations[0].formula == "z⁽¹⁾ = a⁽⁰⁾ (W⁽¹⁾)ᵀ + c⁽¹⁾"
    assert found.sections[1].equations[0].formula == "z⁽²⁾ = a⁽¹⁾ (W⁽²⁾)ᵀ + 1 b⁽²⁾"
    assert_the_printed_equations_hold(found)
    assert "c⁽ˡ⁾ is the part of z⁽ˡ⁾ that has no parameter" in str(found)


@pytest.mark.parametrize("penalty", [lambda p: p * p, lambda p: p**2, abs])
def test_a_penalty_adds_its_gradient(penalty):
    model, X = MLP(2, [3, 2], activation="tanh", seed=1), [[1.0, 2.0], [-0.5, 0.25]]
    weights = [w for layer in model.layers for neuron in layer.neurons for w in neuron.w]
    biases = [neuron.b for neuron in model.layers[0].neurons]
    for b in biases:
        b.data = 0.3
    loss = mean_squared_error([model(x) for x in X], [[0.0, 1.0]] * 2)
    cost = loss + 0.1 * sum((penalty(p) for p in [*weights, *biases]), Value(0.0))
    found = backpropagation(model, cost)
    assert_the_printed_equations_hold(found)
    cost.backward()
    assert [w.grad for w in weights] == [g for layer in found.layers for row in layer.grad_weights for g in row]
    slopes = [
        [0.1 * penalty(Value(p.data)).partials[0] * (1 + (penalty(p).op == "mul")) for p in some]
        for some in (weights, biases)
    ]
    assert [g for layer in found.layers for row in layer.penalty_weights for g in row] == pytest.approx(
        slopes[0], rel=1e-14
    )
    assert found.layers[0].penalty_biases == pytest.approx(slopes[1], rel=1e-14)
    assert found.layers[1].penalty_biases == []
    written = [equation.formula for section in found.sections for equation in section.equations]
    assert written[2:4] == ["∂C/∂W⁽¹⁾ = (δ⁽¹⁾)ᵀ a⁽⁰⁾ + ∂R/∂W⁽¹⁾", "∂C/∂b⁽¹⁾ = 1ᵀ δ⁽¹⁾ + ∂R/∂b⁽¹⁾"]
    assert written[-1] == "∂C/∂b⁽²⁾ = 1ᵀ δ⁽²⁾"
    assert "it adds ∂R/∂W⁽ˡ⁾ to (3), and ∂R/∂b⁽ˡ⁾ to (4)" in found.notes[-1]
    assert found.error == backpropagation(model, loss).error


def test_what_a_dropout_mask_does_is_a_part_of_the_activation():
    w, v = [Value(0.5), Value(-0.25)], [Value(2.0), Value(3.0)]
    hidden = [sigmoid(weight * 1.5) * mask for weight, mask in zip(w, (2.0, 0.0), strict=True)]
    found = backpropagation([*w, *v], (dot(v, hidden) - 1.0) ** 2)
    assert found.layers[0].function == "f"
    assert found.layers[0].slopes[0][1] == found.layers[0].delta[0][1] == 0.0
    assert found.layers[0].slopes[0][0] == 2.0 * sigmoid(w[0] * 1.5).partials[0]


def test_a_row_of_ones_own_is_an_activation():
    engine.core.row("cube_test", "³", "a * a * a", "3 * a * a")
    try:
        w, v = Value(0.5), Value(2.0)
        hidden = engine.core.apply("cube_test", w * 3.0)
        found = backpropagation([w, v], (v * hidden - 1.0) ** 2)
        assert (found.layers[0].function, found.layers[0].slopes) == ("cube_test", [[3.0 * 1.5**2]])
        assert r"\mathrm{cube\_test}'(z^{(1)})" in found.to_latex()
    finally:
        TABLE.pop("cube_test")


class Residual(Module):
    def __init__(self):
        self.inner, self.last = MLP(2, [2], seed=1), MLP(2, [1], seed=2)

    def __call__(self, x):
        hidden = [a + b for a, b in zip(self.inner(x), x, strict=True)]
        again = [a + b for a, b in zip(self.inner(hidden), hidden, strict=True)]
        return self.last(again)


class Normed(Module):
    def __init__(self):
        self.first, self.norm, self.last = MLP(2, [3], seed=1), LayerNorm(3), MLP(3, [1], seed=2)

    def __call__(self, x):
        return self.last(self.norm(self.first(x)))


def recurrent():
    model = RNN(1, 2, seed=1)
    return model, sum(model([[0.5], [0.2], [0.1]])[-1], Value(0.0))


def penalised_by_the_norm():
    model = MLP(2, [2, 1], seed=1)
    return model, model([1.0, 2.0]) ** 2 + sum((p * p for p in model.parameters()), Value(0.0)) ** 0.5


def penalised_alone():
    w, u = Value(0.5), Value(1.0)
    return [w, u], (w * 2.0 - 1.0) ** 2 + u**2


def squared_weight():
    w, v = Value(0.5), Value(2.0)
    return [w, v], (v * tanh(w * w * 2.0) - 1.0) ** 2


def squared_weight_at_the_output():
    w = Value(0.5)
    return [w], (tanh(w * 2.0) - w * w) ** 2


def skipped():
    w, v = [Value(0.5), Value(0.25)], [Value(1.0), Value(2.0), Value(3.0)]
    hidden = [tanh(a * 2.0) for a in w]
    return [*w, *v], (dot(v, [*hidden, 2.0]) - 1.0) ** 2


def read_twice():
    w, v = [Value(0.5), Value(0.25)], [Value(1.0), Value(2.0)]
    hidden = [tanh(a * 2.0) for a in w]
    return [*w, *v], (dot(v, hidden) - 1.0) ** 2 + hidden[0] ** 2


def shared():
    w, v = Value(0.5), [Value(1.0), Value(2.0)]
    return [w, *v], (dot([w, v[0]], [1.0, 2.0]) * dot([w, v[1]], [3.0, 2.0]) - 1.0) ** 2


def tied():
    w = [[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)]]
    hidden = [tanh(dot(row, [1.0, 2.0])) for row in w]
    return [*w[0], *w[1]], dot([w[0][0], w[1][0]], hidden) ** 2 + dot([w[0][1], w[1][1]], hidden) ** 2


def sum_read_twice():
    w, v = [Value(0.5), Value(0.25)], [Value(1.0), Value(2.0)]
    sums = [a * 2.0 for a in w]
    return [*w, *v], (dot(v, [tanh(z) for z in sums]) - 1.0) ** 2 + sums[0] ** 2


def read_twice_when_dead():
    w, v = [Value(-1.0), Value(-2.0)], [Value(0.5), Value(0.3)]
    hidden = [(a * 2.0).relu() for a in w]
    return [*w, *v], (dot(v, hidden) - 1.0) ** 2 + hidden[0] ** 2


def scaled_weights_of_0():
    w = [Value(0.0), Value(0.0)]
    return w, (2.0 * (w[0] * 3.0) + w[1] * 2.0) ** 2


def subtracted_behind_relus():
    weights, v, b, a = [Value(0.5) for _ in range(8)], Value(2.0), Value(0.5), Value(3.0)
    for w in weights:
        a = (w * a).relu()
    return [*weights, v, b], (b - v * a - 1.0) ** 2


def subtracted_nan():
    w = [Value(math.nan), Value(0.0)]
    return w, (w[0] * 3.0 - w[1] * 2.0) ** 2


def ragged():
    w, v = [Value(0.5), Value(0.25), Value(2.0)], [Value(1.0), Value(2.0)]
    hidden = [tanh(w[0] * 2.0), tanh(w[1] * 2.0 + w[2] * 1.0)]
    return [*w, *v], (dot(v, hidden) - 1.0) ** 2


def different():
    w, v = [Value(0.5), Value(0.25)], [Value(1.0), Value(2.0)]
    hidden = [tanh(w[0] * 2.0), tanh(w[1] * 3.0)]
    return [*w, *v], (dot(v, hidden) - 1.0) ** 2


def half_biased():
    w, v, b = [Value(0.5), Value(0.25)], [Value(1.0), Value(2.0)], Value(0.1)
    hidden = [tanh(w[0] * 2.0 + b), tanh(w[1] * 2.0)]
    return [*w, *v, b], (dot(v, hidden) - 1.0) ** 2


def normed():
    model = Normed()
    return model, model([1.0, 2.0]) ** 2


def residual():
    model = Residual()
    return model, model([1.0, 2.0]) ** 2


@pytest.mark.parametrize(
    "made",
    [
        recurrent, penalised_by_the_norm, penalised_alone, squared_weight, squared_weight_at_the_output,
        skipped, read_twice, shared, ragged, different, half_biased, normed, residual, tied,
        sum_read_twice, read_twice_when_dead, scaled_weights_of_0,
        subtracted_behind_relus, subtracted_nan,
    ],
)  # fmt: skip
def test_what_the_four_equations_do_not_describe_is_refused(made):
    model, loss = made()
    with pytest.raises(ValueError, match=r"^(layer \d|the loss uses|the units are)"):
        backpropagation(model, loss)


def test_wrong_arguments_say_what_to_give():
    model = MLP(2, [1], seed=1)
    loss = model([1.0, 2.0]) ** 2
    with pytest.raises(TypeError, match="the loss is a Value, not float"):
        backpropagation(model, 1.0)
    with pytest.raises(TypeError, match="parameters are Values, not float"):
        backpropagation([1.0], loss)
    with pytest.raises(ValueError, match="no weighted sum of these parameters"):
        backpropagation(MLP(2, [1], seed=1), loss)
    with pytest.raises(ValueError, match="itself a weighted sum, an output: pass a loss"):
        backpropagation(model, model([1.0, 2.0]))
    with pytest.raises(ValueError, match="result of an operation"):
        backpropagation([loss.operands[0]], loss)
    model.parameters()[0].data += 1.0
    with pytest.raises(ValueError, match="compute the loss again"):
        backpropagation(model, loss)


def test_parameters_that_the_loss_does_not_read_are_counted():
    model = MLP(2, [3, 2], seed=1)
    found = backpropagation(model, model([1.0, 2.0])[0] ** 2)
    assert "does not depend on 4 of the 17 parameters" in str(found)
    assert "does not depend" not in str(backpropagation(model, mean_squared_error(model([1.0, 2.0]), [0.0, 0.0])))


# How it is written


def large() -> Backpropagation:
    return backpropagation(*network("classes", sizes=(30, 20, 12, 3), n=40)[::2])


def test_large_matrices_are_elided_in_the_middle_and_no_line_is_wider_than_a_page():
    text = str(large())
    assert max(map(len, text.splitlines())) <= 80
    block = text[text.index("z⁽¹⁾ (40×20)") :].splitlines()
    assert [line.count("⋮") for line in block[1:8]] == [0, 0, 0, 6, 0, 0, 0]
    assert all("⋯" in line for line in block[1:4])


class Balanced(HTMLParser):
    """Checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.numbers = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.numbers.append(data)


def test_html_is_well_formed_and_has_the_numbers():
    model, _, cost, _ = network("squares of sigmoids", n=2)
    found = backpropagation(model, cost)
    parser = Balanced()
    parser.feed(found._repr_mimebundle_()["text/html"])
    assert parser.open == []
    assert f"{found.layers[0].delta[1][2]:.4g}".replace("-", "−") in parser.numbers
    assert "∂C/∂W⁽³⁾ (2×3)" in parser.numbers


def test_equations_have_the_numbers_that_the_notes_call_them_by():
    found = backpropagation(*network("probabilities")[::2])
    text, page, latex = str(found), found.to_html(), found.to_latex()
    four = latex.split(r"\end{aligned}")[0]
    for number, equation in enumerate(found.equations, 1):
        assert f"  ({number})  {equation}\n" in text
        assert f"<td>({number})</td><td>{equation}</td>" in page
        assert four.split(r"\\")[number - 1].rstrip().endswith(f"& & ({number})")
    for form in (text, page, latex):
        assert "holds the targets. The factor 1/10 is that of a mean over 10" in re.sub(r"\s+", " ", form)


WRITTEN = pytest.mark.parametrize(
    "found", [large, lambda: backpropagation(*network("probabilities", "relu", n=1)[::2])], ids=["large", "small"]
)


@WRITTEN
def test_latex_is_balanced_and_takes_no_more_columns_than_amsmath_has(found, tmp_path):
    found().save(tmp_path / "why.tex")
    source = (tmp_path / "why.tex").read_text(encoding="utf-8")
    assert source.isascii()
    stack = []
    for which, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if which == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    matrices = re.findall(r"\\begin\{bmatrix\}\n(.*?)\n\\end", source, re.DOTALL)
    assert len(matrices) > 15
    for body in matrices:
        (gaps,) = {row.count("&") for row in body.split(r" \\")}
        assert gaps < 10


@WRITTEN
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed: what it would say is not known")
def test_latex_compiles_and_fits_the_page(found, tmp_path):
    found().save(tmp_path / "why.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "why.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]
    assert b"Overfull \\hbox" not in run.stdout


def shades(found, node):
    """The colours of a layer in the picture: of δ and of each row of ∂C/∂W."""
    (label,) = [line for line in found.draw().body if line.strip().startswith(f"{node} [")]
    strips = [re.findall(r'BGCOLOR="(#\w+)"', row) for row in label.split("<TR>")]
    return [strip for strip in strips if strip]


def brightness(colour):
    return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_the_picture_gets_darker_with_the_magnitude():
    rng = random.Random(1)
    model = MLP(3, [6, 6, 6, 1], activation="sigmoid", seed=2)
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(4)]
    found = backpropagation(model, mean_squared_error([model(x) for x in X], [0.0] * 4))
    pairs = []
    for layer in found.layers:
        delta, *rows = shades(found, f"layer{layer.number}")
        assert len(delta) == len(layer.weights)
        assert len(rows) == len(layer.weights[0])
        largest = [max(abs(row[j]) for row in layer.delta) for j in range(len(delta))]
        pairs += zip(largest, map(brightness, delta), strict=True)
        for i, row in enumerate(rows):
            pairs += zip([abs(grads[i]) for grads in layer.grad_weights], map(brightness, row), strict=True)
    lights = [light for _, light in sorted(pairs)]
    assert all(dark <= light + 2 for light, dark in itertools.pairwise(lights))  # but for rounding
    assert brightness(shades(found, "layer1")[0][0]) > brightness(shades(found, "layer4")[0][0]) + 100


def test_many_layers_stand_below_each_other_so_that_the_picture_fits_a_page():
    for depth, width, height in ((4, 1050.0, 300.0), (8, 400.0, 1200.0)):
        model = MLP(2, [3] * (depth - 1) + [1], activation="sigmoid", seed=0)
        found = backpropagation(model, (model([0.5, 1.0]) - 1.0) ** 2)
        root = ElementTree.fromstring(written(found, ".svg"))
        assert float(root.get("width").removesuffix("pt")) < width
        assert float(root.get("height").removesuffix("pt")) < height
    first, (_, largest) = found.layers[0], shades(found, "layer1")  # the strip of the largest in place of all rows
    tops = [max(map(abs, row)) for row in first.grad_weights]
    lights = [light for _, light in sorted(zip(tops, map(brightness, largest), strict=True))]
    assert all(dark <= light + 2 for light, dark in itertools.pairwise(lights))


@pytest.mark.parametrize(
    ("n", "depth", "words"),
    [
        (1, 2, "its δ above its ∂C/∂W"),
        (3, 2, "its largest δ above its ∂C/∂W"),
        (1, 6, "its δ above its largest ∂C/∂W"),
        (3, 6, "its largest δ above its largest ∂C/∂W"),
    ],
)
def test_the_picture_says_what_it_shows_the_largest_of(n, depth, words):
    found = backpropagation(*network("squares", sizes=(2,) * (depth + 1), n=n)[::2])
    assert f"a column is a unit: {words}; colours are magnitudes" in found.draw().source


@pytest.mark.parametrize("x", [1.0, 1e150, 1e307, 1e-150, 1e-310])
def test_the_scale_reaches_as_far_as_floats(x):
    w = Value(0.0)
    picture = backpropagation([w], x * (0.5 * (w * 1.0 - 15.0) ** 2)).draw().source
    shown = float(re.search(r"∂C/∂W⁽¹⁾, largest ([^<]+)", picture)[1].replace("−", "-"))
    keys = [
        float(key.replace("−", "-")) for key in re.findall(r'POINT-SIZE="10" COLOR="#\w+">(?:≤ )?([\de.−]+)<', picture)
    ]
    assert shown == pytest.approx(15.0 * x, rel=1e-3)
    assert keys == sorted(keys)
    assert keys[1] < shown <= keys[-1] or (x == 1e307 and keys[-1] == 1e308)


def test_zeros_and_what_is_not_finite_are_crimson():
    model = MLP(2, [2, 1], activation="relu", init=-1.0)
    dead = backpropagation(model, mean_squared_error([model([1.0, 1.0])], [1.0]))
    assert shades(dead, "layer1") == [["#fdeaf0"] * 2] * 3
    broken = backpropagation(model, mean_squared_error([model([1.0, 1.0]) * math.inf], [1.0]))
    assert "#b3003b" in shades(broken, "layer2")[0]
    lost = backpropagation(w := [Value(math.nan)], (sigmoid(w[0] * 1.0) - 1.0) ** 2)
    assert lost.error is None
    assert shades(lost, "layer1") == [["#b3003b"]] * 2


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".html", ".txt", ".tex"])
def test_it_is_written_by_suffix(suffix, tmp_path):
    found = backpropagation(*network("squares")[::2])
    file = tmp_path / f"why{suffix}"
    found.save(file)
    text = file.read_text(encoding="utf-8")
    if suffix == ".svg":
        root = ElementTree.fromstring(text)
        assert {"layer1", "layer2", "layer3"} <= {element.get("id") for element in root.iter()}
        assert "prefers-color-scheme: dark" in text
    else:
        assert {".dot": "layer3", ".html": "<title>", ".txt": "∂C/∂W⁽³⁾", ".tex": r"\end{document}"}[suffix] in text
    with pytest.raises(ValueError, match=r"\.tex"):
        found.save(tmp_path / "why.doc")


def test_a_maximum_over_units_is_no_layer_of_the_four_equations():
    w, v = [Value(0.5), Value(0.25)], Value(2.0)
    pooled = maximum(*[tanh(a * 2.0) for a in w])
    with pytest.raises(ValueError, match="layer 2 does not read"):
        backpropagation([*w, v], (v * pooled - 1.0) ** 2)


def test_a_softmax_between_layers_is_none_either():
    w, v = [Value(0.5), Value(0.25)], [Value(2.0), Value(1.0)]
    with pytest.raises(ValueError, match="layer 2"):
        backpropagation([*w, *v], (dot(v, softmax([a * 2.0 for a in w])) - 1.0) ** 2)
