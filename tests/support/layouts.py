"""Layouts: a graph of Values, its parameters, and a learner with the same numbers."""

import numpy as np
from learners import Perceptron, same
from learners_beside import Formula, Recurrent

from engine import Value, log, logsumexp, maximum, softmax
from nn import MLP, cross_entropy


def values(array, name=""):
    """An array of Values, labelled name1, name2 ... by row, or not at all."""
    flat = [Value(float(x), f"{name}{i}" if name else "") for i, x in enumerate(np.ravel(array), 1)]
    return np.array(flat, dtype=object).reshape(np.shape(array))


def weighted(row, inputs, bias):
    total = row[0] * inputs[0]
    for w, x in zip(row[1:], inputs[1:], strict=True):
        total = total + w * x
    return total + bias


def added(terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def in_order(W, b):
    return [p for layer in range(len(W)) for p in [*W[layer].ravel(), *b[layer].ravel()]]


def sigmoid_222(rng, rounded=same):
    """The well-known 2-2-2 layout: a bias that a layer shares, labels, L = Σ (y - o)²/2."""
    W = [rng.normal(0, 1, (2, 2)), rng.normal(0, 1, (2, 2))]
    b, X, Y = rng.normal(0, 0.5, 2), rng.uniform(-1, 1, (1, 2)), rng.uniform(0, 1, (1, 2))
    w = [values(W[0], "w"), values(W[1], "v")]
    biases = [Value(float(b[0]), "b1"), Value(float(b[1]), "b2")]
    a = list(values(X[0], "x"))
    for layer, name in enumerate("ho"):
        a = [weighted(row, a, biases[layer]).sigmoid() for row in w[layer]]
        for j, unit in enumerate(a, 1):
            unit.label = f"{name}{j}"
    loss = 0.5 * added([(y - o) ** 2 for y, o in zip(values(Y[0], "y"), a, strict=True)])
    learner = Perceptron(W, [np.full(2, b[0]), np.full(2, b[1])], ["sigmoid"] * 2, X, Y, "half", shared=True)
    learner.rounded = rounded
    return loss, in_order(w, [np.array([x], dtype=object) for x in biases]), learner


def tanh_342(rng, rounded=same):
    """3-4-2 with tanh everywhere, by nn.MLP, the sum of squares."""
    model = MLP(3, [4, 2], activation="tanh", output_activation="tanh", seed=0)
    for p in model.parameters():
        p.data = float(rng.normal(0, 0.8))
    X, Y = rng.uniform(-1, 1, (1, 3)), rng.uniform(-1, 1, (1, 2))
    loss = added([(o - float(y)) ** 2 for o, y in zip(model(X[0].tolist()), Y[0], strict=True)])
    w = [np.array([unit.w for unit in layer.neurons], dtype=object) for layer in model.layers]
    b = [np.array([unit.b for unit in layer.neurons], dtype=object) for layer in model.layers]
    W, B = [[np.vectorize(lambda p: p.data, otypes=[float])(m) for m in ms] for ms in (w, b)]
    return loss, in_order(w, b), Perceptron(W, B, ["tanh"] * 2, X, Y, "sum", rounded=rounded)


def relu_2332(rng, rounded=same):
    """2-3-3-2 with relu, softmax with cross-entropy in one of four spellings, no labels."""
    while True:
        W = [rng.normal(0, 1, shape) for shape in ((3, 2), (3, 3), (2, 3))]
        b, X = [rng.normal(0, 0.5, n) for n in (3, 3, 2)], rng.uniform(-1, 1, (1, 2))
        target = int(rng.integers(2))
        learner = Perceptron(W, b, ["relu", "relu", "linear"], X, np.eye(2)[[target]], "softmax", rounded=rounded)
        learner.forward()
        if all((z > 0).sum() == 2 for z in learner.Z[:2]):
            break
    w, biases = [values(m) for m in W], [values(m) for m in b]
    a = list(values(X[0]))
    for layer in range(3):
        z = [weighted(row, a, bias) for row, bias in zip(w[layer], biases[layer], strict=True)]
        a = [t.relu() for t in z] if layer < 2 else z
    spellings = [
        lambda: cross_entropy([a], [target]),
        lambda: -softmax(a)[target].log(),
        lambda: -log(a[target].exp() / added([t.exp() for t in a])),
        lambda: logsumexp(a) - a[target],
    ]
    return spellings[int(rng.integers(4))](), in_order(w, biases), learner


def recurrent(rng, rounded=same):
    """An RNN of 4 steps with 2 hidden units, a loss at every step, no labels."""
    u, W, b = rng.normal(0, 1, 2), rng.normal(0, 0.8, (2, 2)), rng.normal(0, 0.3, 2)
    v, c, X, Y = rng.normal(0, 1, 2), float(rng.normal()), rng.uniform(-1, 1, 4), rng.uniform(-1, 1, 4)
    U, R, B, V, C = values(u), values(W), values(b), values(v), Value(c)
    h, terms = [Value(0.0), Value(0.0)], []
    for x, y in zip(X, Y, strict=True):
        h = [(U[j] * float(x) + R[j][0] * h[0] + R[j][1] * h[1] + B[j]).tanh() for j in range(2)]
        terms.append(0.5 * (V[0] * h[0] + V[1] * h[1] + C - float(y)) ** 2)
    return added(terms), [*U, *R.ravel(), *B, *V, C], Recurrent(u, W, b, v, c, X, Y, rounded)


def batch_with_penalty(rng, rounded=same):
    """2-3-1 with sigmoids, the mean of squares over five examples and λ/2 Σ w², labelled."""
    W, b = [rng.normal(0, 1, (3, 2)), rng.normal(0, 1, (1, 3))], [rng.normal(0, 0.5, 3), rng.normal(0, 0.5, 1)]
    X, Y, decay = rng.uniform(-1, 1, (5, 2)), rng.uniform(0, 1, (5, 1)), 0.1
    w, biases = [values(m, f"w{k}") for k, m in enumerate(W, 1)], [values(m, f"b{k}") for k, m in enumerate(b, 1)]
    errors = []
    for x, y in zip(X, Y, strict=True):
        a = list(values(x))
        for layer in range(2):
            a = [weighted(row, a, bias).sigmoid() for row, bias in zip(w[layer], biases[layer], strict=True)]
        errors.append((a[0] - float(y[0])) ** 2)
    loss = added(errors) / 5 + decay / 2 * added([p**2 for m in w for p in m.ravel()])
    return loss, in_order(w, biases), Perceptron(W, b, ["sigmoid"] * 2, X, Y, "mean", decay=decay, rounded=rounded)


def mixed_3221(rng, rounded=same):
    """3-2-2-1: tanh, tanh, and a sigmoid with binary cross-entropy, by hand, three examples, some labels."""
    W = [rng.normal(0, 1, shape) for shape in ((2, 3), (2, 2), (1, 2))]
    b, X, Y = [rng.normal(0, 0.5, n) for n in (2, 2, 1)], rng.uniform(-1, 1, (3, 3)), rng.integers(0, 2, (3, 1)) * 1.0
    w, biases = [values(m, f"w{k}") for k, m in enumerate(W, 1)], [values(m) for m in b]
    terms = []
    for x, y in zip(X, Y, strict=True):
        a = list(values(x))
        for layer in range(3):
            z = [weighted(row, a, bias) for row, bias in zip(w[layer], biases[layer], strict=True)]
            a = [t.tanh() for t in z] if layer < 2 else [t.sigmoid() for t in z]
        terms.append(-a[0].log() if y[0] else -(1 - a[0]).log())
    loss = added(terms) / 3
    return loss, in_order(w, biases), Perceptron(W, b, ["tanh", "tanh", "linear"], X, Y, "sigmoid", rounded=rounded)


def regression_231(rng, rounded=same):
    """2-3-1 with tanh and a linear output, one example, ½ of the square and λ/2 Σ w²: constants beside each other."""
    W, b = [rng.normal(0, 1, (3, 2)), rng.normal(0, 1, (1, 3))], [rng.normal(0, 0.5, 3), rng.normal(0, 0.5, 1)]
    X, Y, decay = rng.uniform(-1, 1, (1, 2)), rng.uniform(-1, 1, (1, 1)), 0.2
    w, biases = [values(m, f"w{k}") for k, m in enumerate(W, 1)], [values(m, f"b{k}") for k, m in enumerate(b, 1)]
    h = [weighted(row, list(values(X[0])), bias).tanh() for row, bias in zip(w[0], biases[0], strict=True)]
    out = weighted(w[1][0], h, biases[1][0])
    loss = 0.5 * (out - float(Y[0, 0])) ** 2 + decay / 2 * added([p**2 for m in w for p in m.ravel()])
    return loss, in_order(w, biases), Perceptron(W, b, ["tanh", "linear"], X, Y, "half", decay=decay, rounded=rounded)


def formula(rng, rounded=same):
    """No network at all."""
    x, y, z = (float(rng.uniform(0.4, 1.8)) for _ in range(3))
    X, Y, Z = Value(x, "x"), Value(y, "y"), Value(z, "z")
    value = (-(X * Y)).exp() * X.sin() + (X**2 + Y**2).log() * maximum(X, Y * Z) / Z
    return value, [X, Y, Z], Formula(x, y, z)
