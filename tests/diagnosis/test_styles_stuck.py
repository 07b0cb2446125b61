"""Losses that stay where they are, and tables, rankings and critics that look like them, in many styles."""

import random
from itertools import chain

import pytest
from reports import only

from engine import Value, diagnose, dot, logsumexp, softmax, softplus, where
from nn import MLP, Embedding, cross_entropy, mean_squared_error

X = [-1.7, -1.1, -0.6, -0.2, 0.3, 0.5, 0.9, 1.4]


@pytest.mark.parametrize("labelled", [False, True])
def test_rows_of_a_table_that_no_example_uses(labelled):
    def row(i):
        return [Value(rng.gauss(0, 1), f"E{i}_{j}" if labelled else "") for j in range(2)]

    rng = random.Random(0)
    E, w, b = [row(i) for i in range(9)], [Value(0.3, "w1"), Value(-0.4, "w2")], Value(0.1, "b")
    loss = sum((dot(w, E[i], b) - i) ** 2 for i in (2, 3, 5))
    assert not diagnose(loss, [*chain.from_iterable(E), *w, b])
    spare = [Value(0.5, "V1"), Value(0.5, "V2")]
    assert only(diagnose(loss, [*chain.from_iterable(E), *spare, *w, b]), "disconnected").where[-2:] == ("V1", "V2")


@pytest.mark.parametrize("labelled", [False, True])
def test_biases_of_items_that_nobody_has_rated(labelled):
    mean = Value(3.0, "mean")
    users, items = ([Value(0.1 * k, f"{name}{k}" if labelled else "") for k in range(5)] for name in ("user", "item"))
    ratings = [(0, 1, 3.0), (0, 2, 4.0), (2, 1, 5.0), (4, 4, 2.0)]
    loss = sum((mean + users[u] + items[i] - r) ** 2 for u, i, r in ratings)
    assert not diagnose(loss, [mean, *users, *items])
    spare = Value(0.5, "slope")
    assert only(diagnose(loss, [mean, *users, *items, spare]), "disconnected").where[-1] == "slope"


def test_an_embedding_of_more_letters_than_the_data_has():
    letters, layer = Embedding("abcdef", 2, seed=0), MLP(2, [3], seed=0, activation="linear")
    spare = MLP(2, [3], seed=1, activation="linear")
    loss = cross_entropy([layer(letters(letter)) for letter in "bd"], [0, 2])
    assert not diagnose(loss, [*letters.parameters(), *layer.parameters()])
    finding = only(diagnose(loss, [*letters.parameters(), *spare.parameters(), *layer.parameters()]), "disconnected")
    assert finding.evidence["parameters"] == "9 of 30"


@pytest.mark.parametrize("seed", range(3))
def test_a_bias_of_outputs_that_are_compared_is_no_fault(seed):
    model = MLP(1, [4, 2], activation="tanh", init="xavier", seed=seed)
    a, b, c = ([model([x + k]) for x in X] for k in range(3))

    def distance(u, v):
        return sum((i - j) ** 2 for i, j in zip(u, v, strict=True))

    def triplet(u, v, w):
        return (distance(u, v) - distance(u, w) + 1.0).relu()

    for loss in (
        sum(map(triplet, a, b, c)) / 8,
        sum(softplus(v[0] - u[0]) + softplus(u[1] - v[1]) for u, v in zip(a, b, strict=True)),
        sum(u[0] - u[1] for u in a) / 8 - sum(v[0] - v[1] for v in b) / 8,
        -softmax([u[0] for u in a])[0].log() - softmax([u[1] for u in a])[3].log(),  # over the examples
    ):
        assert not diagnose(loss, model.parameters())


def test_a_relu_written_with_where_is_off():
    def loss(bias):
        w, b, v, c = Value(0.7, "w"), Value(bias, "b"), Value(0.6, "v"), Value(0.1, "c")
        outputs = [v * where(z > 0, z, 0.0) + c for z in (w * x + b for x in X)]
        return mean_squared_error(outputs, X), [w, b, v, c]

    assert only(diagnose(*loss(-9.0)), "dead_relu").evidence["largest z"] == pytest.approx(-9.0 + 0.7 * 1.4)
    assert not diagnose(*loss(0.2))


def test_a_value_behind_a_mask_is_no_relu():
    w, v, c = Value(0.7, "w"), Value(0.6, "v"), Value(0.1, "c")
    outputs = [v * where(k % 2 == 1, w * x, 0.0) + w * x + c for k, x in enumerate(X)]
    assert not diagnose(mean_squared_error(outputs, X), [w, v, c])


def test_a_feature_of_0_that_was_scaled_by_operations():
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    for dead in (True, False):
        rows = [[Value(x) / 2.0, Value(0.0 if dead else x * x) / 2.0] for x in X]
        report = diagnose(mean_squared_error([model(row) for row in rows], X), model.parameters())
        assert [finding.kind for finding in report] == ["dead_input"] * dead


def test_a_log_softmax_without_its_minus():
    model = MLP(1, [3, 2], activation="tanh", init="xavier", seed=0)
    logits = [model([x]) for x in X]
    terms = [z[x > 0] - logsumexp(z) for x, z in zip(X, logits, strict=True)]
    for n in (1, 8):
        assert "minus before the log" in only(diagnose(sum(terms) / n, model.parameters()), "loss_misuse").remedy
        assert not diagnose(-sum(terms) / n, model.parameters())


def test_queries_and_keys_of_0_stay_there():
    def loss(start):
        rng, total = random.Random(0), Value(0.0)
        q, k = ([[Value(start * rng.gauss(0, 1), f"{name}{i}") for i in range(2)]] for name in "qk")
        for _ in range(4):
            words = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(3)]
            scores = [dot(q[0], words[-1]) * dot(k[0], word) for word in words]
            total += (dot([word[0] for word in words], softmax(scores)) - 1.0) ** 2
        return total, [*q[0], *k[0]]

    finding = only(diagnose(*loss(0.0)), "stationary")
    assert finding.where == ("q0", "q1", "k0", "k1")
    assert not diagnose(*loss(1.0))
