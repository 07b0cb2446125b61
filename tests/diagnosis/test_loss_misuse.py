"""Losses that are given what they do not take, beside the same with the remedy, and sound ones that look alike."""

import pytest
from reports import only

from engine import Value, diagnose, softmax
from engine.core import apply
from nn import MLP, binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, hinge

INPUTS = [[0.1, 0.2], [0.4, -0.3], [0.7, 0.1], [-0.4, 0.9]]


W, B = Value(0.3, "w"), Value(0.1, "b")
LOGITS = [W * x + B for x in (1.0, -2.0, 0.5)]
PS = [z.sigmoid() for z in LOGITS]
CLASSES = MLP(2, [4, 3], seed=1)
ROWS = [CLASSES(x) for x in INPUTS]
LABELS = [0, 1, 2, 0]


WEIGHTS = [[Value(0.3 * k - 0.1 * j + 0.2, f"w{k}{j}") for j in range(3)] for k in range(3)]
BIASES = [Value(0.1 * k, f"b{k}") for k in range(3)]


def by_hand(x):
    """Three logits as products and sums."""
    return [sum(w * xi for w, xi in zip(row, x, strict=True)) + b for row, b in zip(WEIGHTS, BIASES, strict=True)]


BY_HAND = [by_hand([*x, 0.5]) for x in INPUTS]


def log_loss(ps, targets):
    return -sum(y * p.log() + (1 - y) * (1 - p).log() for p, y in zip(ps, targets, strict=True)) / len(ps)


def log_loss_by_hand(targets):
    """Each probability is computed twice."""

    def p(z):
        return 1 / (1 + (-z).exp())

    return -sum(y * p(z).log() + (1 - y) * (1 - p(z)).log() for z, y in zip(LOGITS, targets, strict=True))


ONE_HOT = [[float(k == label) for k in range(3)] for label in LABELS]
MISUSES = {  # what is wrong, and the same with the remedy applied
    "softmax twice": (
        lambda: cross_entropy([softmax(z) for z in ROWS], LABELS),
        lambda: cross_entropy(ROWS, LABELS),
        "cross_entropy([logits], [class])",
    ),
    "softmax twice, one-hot": (
        lambda: cross_entropy([softmax(z) for z in ROWS], ONE_HOT),
        lambda: cross_entropy(ROWS, ONE_HOT),
        "before the softmax",
    ),
    "softmax twice, by hand": (
        lambda: -sum(softmax(softmax(z))[c].log() for z, c in zip(ROWS, LABELS, strict=True)),
        lambda: -sum(softmax(z)[c].log() for z, c in zip(ROWS, LABELS, strict=True)),
        "before the softmax",
    ),
    "sigmoid twice": (
        lambda: binary_cross_entropy_with_logits(PS, [1, 0, 1]),
        lambda: binary_cross_entropy_with_logits(LOGITS, [1, 0, 1]),
        "before the sigmoid",
    ),
    "no probability": (
        lambda: binary_cross_entropy([2.0], [1]),
        lambda: binary_cross_entropy_with_logits([2.0], [1]),
        "binary_cross_entropy_with_logits([z], [y])",
    ),
    "a raw output": (
        lambda: binary_cross_entropy([W * x + B for x in (1.0, 2.0, 5.0)], [1, 0, 1]),
        lambda: binary_cross_entropy([(W * x + B).sigmoid() for x in (1.0, 2.0, 5.0)], [1, 0, 1]),
        "Put a sigmoid",
    ),
    "targets -1 and 1": (lambda: log_loss(PS, [1, -1, 1]), lambda: log_loss(PS, [1, 0, 1]), "(y + 1) / 2"),
    "targets 1 and 2": (lambda: log_loss(PS, [2, 1, 2]), lambda: log_loss(PS, [1, 0, 1]), "y - 1"),
    "targets as Values": (
        lambda: binary_cross_entropy_with_logits(LOGITS, [Value(1.0), Value(-1.0), Value(1.0)]),
        lambda: binary_cross_entropy_with_logits(LOGITS, [Value(1.0), Value(0.0), Value(0.5)]),
        "(y + 1) / 2",
    ),
    "a sign": (lambda: sum(p.log() for p in PS) / 3, lambda: -sum(p.log() for p in PS) / 3, "-log(p)"),
    "a sign of both terms": (lambda: -log_loss(PS, [1, 0, 1]), lambda: log_loss(PS, [1, 0, 1]), "minus"),
    "not squared": (
        lambda: sum(z - y for z, y in zip(LOGITS, [1, 2, 3], strict=True)),
        lambda: sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 2, 3], strict=True)),
        "Square each difference",
    ),
    "a sign of a loss by softplus": (
        lambda: -binary_cross_entropy_with_logits(LOGITS, [1, 0, 1]),
        lambda: binary_cross_entropy_with_logits(LOGITS, [1, 0, 1]),
        "or take binary_cross_entropy",
    ),
    "a sign of a softmax": (
        lambda: -cross_entropy(ROWS, LABELS),
        lambda: cross_entropy(ROWS, LABELS),
        "or take binary_cross_entropy or cross_entropy",
    ),
    "a sign of the mean distance": (
        lambda: -sum(abs(z - y) for z, y in zip(LOGITS, [1, 2, 3], strict=True)),
        lambda: sum(abs(z - y) for z, y in zip(LOGITS, [1, 2, 3], strict=True)),
        "a plus sign",
    ),
    "squared together": (
        lambda: (sum(z - y for z, y in zip(LOGITS, [1, 2, 3], strict=True)) / 3) ** 2,
        lambda: sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 2, 3], strict=True)) / 3,
        "Square each difference before",
    ),
    "targets of a sigmoid by hand": (
        lambda: log_loss_by_hand([1, -1, 1]),
        lambda: log_loss_by_hand([1, 0, 1]),
        "(y + 1) / 2",
    ),
    "targets 0 and 1, as integers, in a hinge": (
        lambda: sum((1 + -y * z).relu() for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        lambda: sum((1 + -y * z).relu() for z, y in zip(LOGITS, [1, -1, 1], strict=True)),
        "2 * y - 1",
    ),
    "R² as a loss": (
        lambda: 1 - sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 2, 3], strict=True)) / 2.0,
        lambda: 1 - (1 - sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 2, 3], strict=True)) / 2.0),
        "take 1 - score",
    ),
    "logits without a log": (
        lambda: -sum(z[c] for z, c in zip(BY_HAND, LABELS, strict=True)) / len(LABELS),
        lambda: cross_entropy(BY_HAND, LABELS),
        "cross_entropy([logits], [class])",
    ),
    "logits without a log, summed": (
        lambda: sum(-z[c] for z, c in zip(BY_HAND, LABELS, strict=True)),
        lambda: sum(-softmax(z)[c].log() for z, c in zip(BY_HAND, LABELS, strict=True)),
        "cross_entropy([logits], [class])",
    ),
    "logits of a hidden layer without a log": (
        lambda: -sum(by_hand([h.tanh() for h in z])[c] for z, c in zip(BY_HAND, LABELS, strict=True)),
        lambda: cross_entropy([by_hand([h.tanh() for h in z]) for z in BY_HAND], LABELS),
        "cross_entropy([logits], [class])",
    ),
    "counted": (
        lambda: sum((z // 1 - y) ** 2 for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        lambda: sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        "as a metric",
    ),
    "rounded": (
        lambda: sum((round(z) - y) ** 2 for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        lambda: sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        "as a metric",
    ),
    "thresholded": (
        lambda: sum(
            (apply("select", apply("less", Value(0.3), z), Value(1.0), Value(0.0)) - y) ** 2
            for z, y in zip(LOGITS, [1, 0, 1], strict=True)
        ),
        lambda: sum((z - y) ** 2 for z, y in zip(LOGITS, [1, 0, 1], strict=True)),
        "as a metric",
    ),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_loss_that_is_misused(name):
    wrong, right, remedy = MISUSES[name]
    parameters = CLASSES.parameters() if "softmax" in name else [] if name == "no probability" else [W, B]
    if "logits" in name:
        parameters = [*(w for row in WEIGHTS for w in row), *BIASES]
    assert remedy in only(diagnose(wrong(), parameters), "loss_misuse").remedy
    assert not diagnose(right(), parameters)


def test_binary_cross_entropy_of_two_says_what_it_was_given():
    loss = binary_cross_entropy([2.0], [1])
    assert loss.data == pytest.approx(-0.693, abs=1e-3)
    assert only(diagnose(loss, []), "loss_misuse").evidence["number"] == 2.0


S, M = Value(2.0, "s"), Value(0.1, "m")
SOUND = {  # logs of what is no probability, and logs with a plus sign, that are meant
    "gaussian": lambda: sum(((x - M) / S) ** 2 / 2 + S.log() for x in (1.0, 2.0)),
    "precision": lambda: sum(((x - M) * S) ** 2 / 2 - S.log() for x in (1.0, 2.0)),
    "mixture": lambda: -(0.5 * (S - M * M).exp() + 0.5 * (M * 3.0).exp()).log(),
    "divergence": lambda: (S.exp() + M * M - 1 - S.exp().log()) / 2,
    "poisson": lambda: (M + 5.0).softplus() - 3.0 * (M + 5.0).softplus().log(),
    "counts": lambda: (lambda rate: rate - 3.0 * rate.log())((M + S).softplus()),
    "exponential": lambda: S * 0.3 - S.log(),
    "entropy": lambda: (
        log_loss([(M * x + S).sigmoid() for x in (1.0, -30.0)], [1, 0])
        + 0.1 * sum(p * p.log() for p in [(M * x + S).sigmoid() for x in (1.0, -30.0)])
    ),
    "soft targets": lambda: log_loss([(M * x + S).sigmoid() for x in (1.0, -30.0)], [0.3, 0.2]),
    "policy gradient": lambda: sum(a * (M * x + S).sigmoid().log() for a, x in ((0.5, 1.0), (-1.5, -3.0), (1.0, 2.0))),
    "one reward": lambda: 0.7 * (M * 2.0 + S).sigmoid().log(),
    "critic": lambda: sum((M * x + S).tanh() for x in (1.0, 2.0)) - sum((M * x + S).tanh() for x in (0.5, 3.0)),
    "score of one output": lambda: -sum(M * x + S for x in (1.0, 2.0, 3.0)) / 3 + 0.1 * (M * M + S * S),
    "calibration": lambda: (sum(M * x + S for x in (1.0, 2.0)) / 2 - 0.7) ** 2,
    "a flow's volume": lambda: sum((x - M * x - S) ** 2 - (M * x + S).softplus() for x in (1.0, 2.0)),
    "generator": lambda: -sum((M * x + S).softplus() for x in (1.0, 2.0)) / 2,
    "margin": lambda: hinge([M * x + S for x in (1.0, -30.0)], [1, -1]),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_loss_that_is_sound(name):
    assert not diagnose(SOUND[name](), {"poisson": [M], "exponential": [S]}.get(name, [S, M]))


@pytest.mark.parametrize("last", ["tanh", "sigmoid"])
def test_a_log_loss_of_a_tanh_is_named_before_it_is_nan(last):
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0, output_activation=last)
    for neuron in model.layers[-1].neurons:
        neuron.b.data = 2.0
    report = diagnose(binary_cross_entropy([model(x) for x in INPUTS], [0, 1, 0, 1]), model.parameters())
    if last == "tanh":
        assert "from -1 to 1" in only(report, "loss_misuse").why
    else:  # the remedy
        assert not report
