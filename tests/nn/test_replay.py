"""Replayed training against eager: the same losses, parameters, metrics and errors, and eager where it has to be."""

import math
import random
import re

import pytest

from engine import NonFiniteError, Value, dot, record, strict
from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    accuracy,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine,
    cross_entropy,
    fit,
    hinge,
    mean_squared_error,
)

np = pytest.importorskip("numpy")

rng = random.Random(5)
X = [[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(23)]
SUMS = [a - 0.7 * b for a, b in X]
BITS = [int(s > 0) for s in SUMS]
SIGNS = [1 if s > 0 else -1 for s in SUMS]
TASKS = {
    "numbers": (1, "linear", mean_squared_error, SUMS),
    "vectors": (2, "linear", mean_squared_error, [[s, -s] for s in SUMS]),
    "hinge": (1, "linear", hinge, SIGNS),
    "probabilities": (1, "sigmoid", binary_cross_entropy, BITS),
    "soft probabilities": (1, "sigmoid", binary_cross_entropy, [1 / (1 + math.exp(-s)) for s in SUMS]),
    "logits": (1, "linear", binary_cross_entropy_with_logits, BITS),
    "classes": (3, "linear", cross_entropy, [0 if s < -0.5 else 1 if s < 0.5 else 2 for s in SUMS]),
    "one-hot": (2, "linear", cross_entropy, [[b, 1 - b] for b in BITS]),
}
OPTIMIZERS = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "Nesterov": lambda p: SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: Adam(p, lr=0.05),
    "AdamW": lambda p: AdamW(p, lr=cosine(0.05, 60)),
}


def largest(predictions, targets):
    return max(max(p) if isinstance(p, list) else p for p in predictions)


def trained(task="logits", optimizer="SGD", replay=True, epochs=20, batch_size=5, model=None, loss=None, **options):
    outputs, squash, usual, targets = TASKS[task]
    model = model or MLP(2, [4, outputs], activation="tanh", output_activation=squash, seed=2)
    parameters = model.parameters()
    history = fit(
        model,
        X[:18],
        targets[:18],
        loss or usual,
        OPTIMIZERS[optimizer](parameters),
        epochs,
        batch_size,
        seed=3,
        validation=(X[18:], targets[18:]),
        metrics={"largest": largest},
        progress=False,
        replay=replay,
        **options,
    )
    return [p.data for p in parameters], history


def same(replayed, eager, tolerance=1e-12):
    for numbers, wanted in zip(
        (replayed[0], replayed[1].loss, replayed[1].validation_loss, *replayed[1].metrics.values()),
        (eager[0], eager[1].loss, eager[1].validation_loss, *eager[1].metrics.values()),
        strict=True,
    ):
        assert numbers == pytest.approx(wanted, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("batch_size", [None, 1, 5])
@pytest.mark.parametrize("task", TASKS)
def test_every_loss_replayed_is_as_if_eager(task, batch_size):
    replayed, eager = (trained(task, replay=replay, batch_size=batch_size) for replay in (True, False))
    assert replayed[1].why_eager == ""
    assert eager[1].why_eager == "replay=False"
    same(replayed, eager)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("task", ["numbers", "classes"])
def test_every_optimiser_replayed_is_as_if_eager(task, optimizer):
    replayed, eager = (trained(task, optimizer, replay) for replay in (True, False))
    assert replayed[1].why_eager == ""
    same(replayed, eager)


def test_after_the_first_batches_neither_model_nor_loss_is_called():
    calls = {"model": 0, "loss": 0}
    network = MLP(2, [1], seed=0)

    def model(x):
        calls["model"] += 1
        return network(x)

    def loss(predictions, targets):
        calls["loss"] += 1
        return hinge(predictions, targets)

    def count(epochs):
        calls.update(model=0, loss=0)
        fit(model, X, SIGNS, loss, SGD(network.parameters(), lr=0.1), epochs, 4, progress=False)
        return dict(calls)

    assert count(1) == count(50)
    assert calls["model"] < 2 * len(X)


def test_the_same_seed_replayed_gives_the_same_bits():
    assert trained("classes") == trained("classes")


def test_parameters_of_the_loss_are_trained_too():
    scale, network = Value(1.0, "scale"), MLP(2, [1], seed=0)

    def loss(predictions, targets):
        penalty = 0.01 * sum(p * p for p in network.parameters())
        return binary_cross_entropy_with_logits([scale * z for z in predictions], targets) + penalty

    def run(replay):
        scale.data = 1.0
        network.load_state_dict(MLP(2, [1], seed=0).state_dict())
        optimizer = SGD([scale, *network.parameters()], lr=0.5)
        history = fit(network, X, BITS, loss, optimizer, 20, 5, progress=False, replay=replay)
        return [scale.data, *network.state_dict().values()], history

    replayed, eager = run(True), run(False)
    assert replayed[1].why_eager == ""
    assert scale.data > 1.1
    same(replayed, eager)


class Weighted:
    """A linear model, of which a test defines the rest."""

    def __init__(self, call):
        self.w = [Value(0.3), Value(-0.2)]
        self.call = call

    def __call__(self, x):
        return self.call(self, x)

    def parameters(self):
        return self.w


def branches(model, x):
    return dot(model.w, x) if x[0] > 0 else model.w[0]


def compares(model, x):
    return dot(model.w, x) * (2.0 if x[0] == X[0][0] else 1.0)


def drops_out(model, x):
    return dot(model.w, x) * model.rng.choice((0.0, 2.0))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (branches, r"RecordingError: the code looks at the comparison of a Value .* \(.*test_replay.py, line \d+: "),
        (compares, "RecordingError: what is recorded of model and loss is not what they give when they are called: "),
        (drops_out, "RecordingError: the function .* when it is called again at a second point"),
        (lambda model, x: model.w[int(x[0] > 0)] * float(x[1]), "RecordingError: the code looks at"),
        (lambda model, x: model.w[int(x[0].is_integer())] * x[1], r"AttributeError: '[\w.]*Value' object has no"),
    ],
)
def test_a_model_that_cannot_be_recorded_is_called(call, why):
    def run(replay):
        model = Weighted(call)
        model.rng = random.Random(1)
        return trained(model=model, replay=replay)

    replayed = run(True)
    assert replayed[1].why_eager
    assert re.match(why, replayed[1].why_eager)
    if call is not drops_out:  # which has drawn numbers to be found out
        assert replayed == run(False)


def total(predictions, targets):
    return sum((p - t) ** 2 for p, t in zip(predictions, targets, strict=True))


def worst(predictions, targets):
    losses = [(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)]
    found = losses[0]
    for loss in losses[1:]:
        found = 0.5 * (found + loss + abs(found - loss))
    return found


def root_mean_square(predictions, targets):
    return mean_squared_error(predictions, targets) ** 0.5


def weighted(predictions, targets):
    weights = [3.0 if t == 1 else 1.0 for t in targets]
    return sum(w * (p - t) ** 2 for w, p, t in zip(weights, predictions, targets, strict=True)) / len(weights)


def pairs(predictions, targets):
    return sum((a - b - s + t) ** 2 for a, s in zip(predictions, targets) for b, t in zip(predictions, targets)) * 0.01  # noqa: B905


@pytest.mark.parametrize("loss", [total, worst, root_mean_square, weighted, pairs])
def test_a_loss_that_is_no_mean_of_what_is_recorded_is_called(loss):
    model = MLP(2, [1], init=0.0)  # all examples are alike at first
    replayed = trained(loss=loss, model=model)
    assert replayed[1].why_eager.startswith("RecordingError: the loss of a batch is not the mean")
    assert replayed == trained(loss=loss, model=MLP(2, [1], init=0.0), replay=False)


def test_inside_strict_it_is_eager_and_the_operation_is_named():
    with strict():
        assert trained(epochs=1)[1].why_eager == (
            "RecordingError: strict() checks every operation, and a recording runs others"
        )
        with pytest.raises(NonFiniteError, match="exp.* gave inf"):
            trained(epochs=1, loss=lambda p, t: mean_squared_error([1.0 / (1e4 * z * z + 710).exp() for z in p], t))


@pytest.mark.parametrize("task", ["hinge", "probabilities", "classes"])
def test_a_target_that_the_loss_refuses_is_refused_by_the_step_that_meets_it(task):
    outputs, squash, loss, targets = TASKS[task]
    targets = [*targets[:20], 7]

    def run(replay):
        model = MLP(2, [outputs], output_activation=squash, seed=0)
        with pytest.raises(ValueError, match=r"targets\[0\] must be .*, not 7") as raised:
            fit(model, X[:21], targets, loss, SGD(model.parameters(), 0.1), 3, 1, progress=False, replay=replay)
        return model.state_dict(), str(raised.value)

    assert run(True) == run(False)


def test_what_is_not_finite_is_computed_again_as_it_was_written():
    """Where a probability is 1, y log p + (1 - y) log(1 - p) of a recording is 0 · inf, and of eager mode 0."""
    recording = record(lambda p, y: binary_cross_entropy([p], [y]), 0.5, 1.0)
    assert math.isnan(recording.forward([1.0], [1.0])[0])

    def run(replay):
        model = MLP(1, [1], output_activation="sigmoid", init=50.0)
        history = fit(
            model,
            [1.0, 2.0, -0.9],
            [1, 1, 1],
            binary_cross_entropy,
            SGD(model.parameters(), lr=0.1),
            5,
            validation=([1.0, 2.0], [1, 1]),
            progress=False,
            replay=replay,
        )
        return list(model.state_dict().values()), history

    replayed, eager = run(True), run(False)
    assert replayed[1].why_eager != "replay=False"
    same(replayed, eager)


@pytest.mark.parametrize("replay", [True, False])
def test_a_loss_that_is_not_finite_is_the_same_error(replay):
    model = MLP(2, [1], seed=0)
    optimizer = SGD(model.parameters(), lr=1e200)
    with pytest.raises(NonFiniteError, match=r"the loss (nan|inf) is not finite in epoch 2; the parameters are as"):
        fit(model, X, SUMS, mean_squared_error, optimizer, epochs=20, progress=False, replay=replay)
    assert all(math.isfinite(p.data) for p in model.parameters())
    assert optimizer.steps == 1


def test_predictions_for_metrics_are_those_before_the_step():
    model = MLP(2, [3], seed=0)
    wanted = [[z.data for z in model(x)] for x in X]
    seen = []
    metrics = {"seen": lambda p, t: seen.append((p, t)) or 0.0, "accuracy": accuracy}
    classes = TASKS["classes"][3]
    history = fit(model, X, classes, cross_entropy, SGD(model.parameters(), 0.1), 1, metrics=metrics, progress=False)
    ((predictions, targets),) = seen
    assert history.why_eager == ""
    assert targets == classes
    assert np.allclose(predictions, wanted, rtol=1e-12)
    assert history.metrics["accuracy"] == [accuracy(wanted, classes)]
