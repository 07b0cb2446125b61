"""The same faults in the styles that people write them in, and sound programs that look like them."""

import math
import random

import pytest
from reports import kinds, only

import engine
from engine import Value, detach, diagnose, dot, exp, log, maximum, minimum, sign, softmax, sqrt, where
from engine.core.operations import apply
from nn import MLP, binary_cross_entropy

X = [-1.7, -1.1, -0.6, -0.2, 0.3, 0.5, 0.9, 1.4]
Y = [0, 0, 1, 0, 1, 0, 1, 1]


def line():
    w, b = Value(0.3, "w"), Value(0.1, "b")
    return [w * x + b for x in X], [w, b]


def by_hand(z):
    return 1 / (1 + exp(-z))


def softmax_by_hand(zs):
    powers = [exp(z) for z in zs]
    return [power / sum(powers) for power in powers]


def stable_softmax(zs, largest=lambda zs: max(z.data for z in zs)):
    top = largest(zs)
    return softmax_by_hand([z - top for z in zs])


def log_loss(ps, targets, eps=0.0):
    return -sum(y * log(p + eps) + (1 - y) * log(1 - p + eps) for p, y in zip(ps, targets, strict=True)) / len(ps)


def clipped(p):
    return minimum(maximum(p, 1e-12), 1 - 1e-12)


def scores():
    rng = random.Random(1)
    W = [[Value(rng.gauss(0, 1)) for _ in range(2)] for _ in range(3)]
    return [[dot(w, [x, 1.0]) for w in W] for x in X], [w for row in W for w in row]


def classes(squash):
    rows, parameters = scores()
    return -sum(log(squash(zs)[i % 3]) for i, zs in enumerate(rows)) / len(rows), parameters


def summed(term):
    zs, parameters = line()
    return sum(term(z, y) for z, y in zip(zs, Y, strict=True)) / len(zs), parameters


MISUSES = {  # what is wrong, and the same with the remedy applied
    "softmax by hand, twice": (
        lambda: classes(lambda zs: softmax_by_hand(softmax_by_hand(zs))),
        lambda: classes(softmax_by_hand),
    ),
    "stable softmax by hand, twice": (
        lambda: classes(lambda zs: stable_softmax(stable_softmax(zs))),
        lambda: classes(stable_softmax),
    ),
    "softmax by hand less the largest, twice": (
        lambda: classes(lambda zs: stable_softmax(stable_softmax(zs, max), max)),
        lambda: classes(lambda zs: stable_softmax(zs, max)),
    ),
    "sigmoid twice": (
        lambda: summed(lambda z, y: binary_cross_entropy([z.sigmoid().sigmoid()], [y])),
        lambda: summed(lambda z, y: binary_cross_entropy([z.sigmoid()], [y])),
    ),
    "sigmoid, and one by tanh": (
        lambda: summed(lambda z, y: binary_cross_entropy([(1 + z.sigmoid().tanh()) / 2], [y])),
        lambda: summed(lambda z, y: binary_cross_entropy([(1 + z.tanh()) / 2], [y])),
    ),
    "targets -1 and 1, and an epsilon": (
        lambda: summed(lambda z, y: log_loss([z.sigmoid()], [2 * y - 1], 1e-8)),
        lambda: summed(lambda z, y: log_loss([z.sigmoid()], [y], 1e-8)),
    ),
    "targets 0 and 255, clipped": (
        lambda: summed(lambda z, y: log_loss([clipped(z.sigmoid())], [255 * y])),
        lambda: summed(lambda z, y: log_loss([clipped(z.sigmoid())], [y])),
    ),
    "a sign in one of the logs": (
        lambda: summed(lambda z, y: -(y * log(z.sigmoid()) - (1 - y) * log(1 - z.sigmoid()))),
        lambda: summed(lambda z, y: -(y * log(z.sigmoid()) + (1 - y) * log(1 - z.sigmoid()))),
    ),
    "cubes": (lambda: summed(lambda z, y: (z - y) ** 3), lambda: summed(lambda z, y: (z - y) ** 2)),
    "a minus before squares": (lambda: summed(lambda z, y: -((z - y) ** 2)), lambda: summed(lambda z, y: (z - y) ** 2)),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_misused_loss_in_other_words(name):
    fault, remedy = MISUSES[name]
    only(diagnose(*fault()), "loss_misuse")
    assert not diagnose(*remedy())


def test_a_loss_that_falls_without_limit_does():
    loss, (w, b) = summed(lambda z, y: -((z - y) ** 2))
    assert "highest" in only(diagnose(loss, [w, b]), "loss_misuse").why
    loss.backward()
    for factor in (1e3, 1e6):
        w.data, b.data = 0.3 - factor * w.grad, 0.1 - factor * b.grad
        now = summed(lambda z, y: -((z - y) ** 2))[0].data
        assert sum(-((w.data * x + b.data - y) ** 2) for x, y in zip(X, Y, strict=True)) / 8 < -factor
        assert math.isfinite(now)


SQUASHED = {
    "by hand": (by_hand, 3.0),
    "maximum": (lambda z: maximum(0, z), -3.0),
    "minimum": (lambda z: minimum(maximum(z, -1.0), 1.0), 3.0),
    "square": (lambda z: z * z, -3.0),
    "share": (lambda z: 2 / (1 + exp(z)) - 1, -3.0),
}


@pytest.mark.parametrize("name", SQUASHED)
def test_an_output_by_hand_that_cannot_reach_its_targets(name):
    squash, target = SQUASHED[name]
    zs, parameters = line()
    outputs = [squash(z) for z in zs]
    finding = only(diagnose(sum((out - target) ** 2 for out in outputs), parameters), "out_of_range")
    nearest = {"by hand": 1.0, "maximum": 0.0, "minimum": 1.0, "square": 0.0, "share": -1.0}[name]
    assert finding.evidence["lowest possible loss"] == pytest.approx(8 * (target - nearest) ** 2)
    assert not diagnose(sum((z - target) ** 2 for z in zs), parameters)


def hidden(squash, bias):
    rng = random.Random(3)
    W, V = [Value(rng.gauss(0, 1)) for _ in range(4)], [Value(rng.gauss(0, 1)) for _ in range(4)]
    b = [Value(bias) for _ in range(4)]
    outputs = [sum(v * squash(w * x + c) for w, c, v in zip(W, b, V, strict=True)) for x in X]
    return sum((out - y) ** 2 for out, y in zip(outputs, Y, strict=True)), [*W, *b, *V]


def test_a_sigmoid_by_hand_is_saturated_too():
    finding = only(diagnose(*hidden(by_hand, -40.0)), "saturated")
    assert finding.evidence["units"] == "4 of 4"
    assert finding.evidence["z"] < -30.0
    assert 0.0 < finding.evidence["slope"] == pytest.approx(math.exp(finding.evidence["z"]), rel=1e-6)
    assert not diagnose(*hidden(by_hand, 0.1))
    assert not diagnose(*summed(lambda z, y: (by_hand(z) - y) ** 2))


def test_margins_of_zeros_are_no_dead_inputs():
    rng = random.Random(2)
    images = [[0.0] * 4 + [rng.random() for _ in range(3)] + [0.0] * 4 for _ in range(10)]
    model = MLP(11, [3, 1], activation="tanh", init="xavier", seed=0)
    assert not diagnose(sum((model(x) - x[5]) ** 2 for x in images) / 10, model.parameters())


def test_a_relu_written_as_maximum_is_dead_too():
    finding = only(diagnose(*hidden(lambda z: maximum(0, z), -15.0)), "dead_relu")
    assert finding.evidence["units"] == "4 of 4"
    assert finding.evidence["examples"] == 8
    assert not diagnose(*hidden(lambda z: maximum(0, z), 0.1))
    w = Value(1.0, "w")
    assert not diagnose(sum(maximum(0, 1 - 5.0 * w * x) for x in (1.0, 2.0)), [w])  # a hinge that is satisfied


def test_a_layer_that_a_residual_path_goes_round_is_dead_only_for_good():
    def loss(bias):
        w, u, b, v = Value(0.8, "w"), Value(0.5, "u"), Value(bias, "b"), Value(0.7, "v")
        hs = [w * x for x in X]
        return sum((v * (h + (u * h + b).relu()) - y) ** 2 for h, y in zip(hs, Y, strict=True)), [w, u, b, v]

    assert not diagnose(*loss(-0.8))  # off for every example, until w has grown a little
    assert kinds(diagnose(*loss(-8.0))) == ["dead_relu"]


def test_parameters_behind_an_operation_without_a_gradient_are_disconnected():
    w, v, c = Value(0.3, "w"), Value(0.4, "v"), Value(0.2, "c")
    for cut, output in (
        ("detach", lambda x: v * detach(w * x)),
        ("sign", lambda x: v * sign(w * x)),
        ("shift", lambda x: v * apply("shift", [w * x, Value(-2.0)])),  # a sequence without a slope
        ("the condition of a where", lambda x: where(w * x > 0, v, 2 * v)),
    ):
        loss = sum((output(x) + c - y) ** 2 for x, y in zip(X, Y, strict=True))
        loss.backward()
        assert w.grad == 0.0
        finding = only(diagnose(loss, [w, v, c]), "disconnected")
        assert finding.where == ("w",)
        assert finding.why == f"Between these parameters and the loss stands {cut}, which passes no gradient."
        v.grad = c.grad = 0.0
    assert not diagnose(sum((v * (w * x) + c - y) ** 2 for x, y in zip(X, Y, strict=True)), [w, v, c])


def test_a_branch_that_is_not_taken_is_no_step_function():
    w = Value(-1.0, "w")
    y = where(w > 0, w * w, Value(4.0))
    y.label = "y"
    finding = only(diagnose(y + 1, [w]), "disconnected")
    assert "takes its second branch, 4," in finding.why
    w.data = 1.0
    assert not diagnose(where(w > 0, w * w, Value(4.0)) + 1, [w])
    assert only(diagnose(where(w > 0, 1.0, 0.0) + 1, [w]), "loss_misuse").evidence["operation"] == "where"


def test_a_step_is_judged_with_detached_numbers_held():
    """As in learning from one's own predictions: the true slope would be that of both, and point the other way."""
    w = Value(1.0, "w")
    loss = (w * 1.0 - 1.5 * detach(w * 1.0)) ** 2
    loss.backward()
    assert w.grad == -1.0
    assert not diagnose(loss, [w], lr=0.1)
    assert diagnose(loss, [w], lr=1.5).findings[0].evidence["largest rate"] == pytest.approx(1.0, rel=1e-6)


def distilled():
    rows, parameters = scores()
    pairs = [(q, p) for zs in rows for q, p in zip([0.2, 0.5, 0.3], softmax(zs), strict=True)]
    return sum(q * (math.log(q) - log(p)) for q, p in pairs), parameters


def cosines():
    rows, parameters = scores()
    return sum(1 - zs[0] / sqrt(dot(zs, zs)) for zs in rows), parameters


def generator():
    judge = MLP(1, [4, 1], activation="tanh", init="xavier", seed=0)
    made, parameters = line()
    real = sum(log(judge([x]).sigmoid()) for x in X)  # does not depend on what is trained
    return (real + sum(log(1 - judge([z]).sigmoid()) for z in made)) / len(X), parameters


def rates(eps):
    zs, parameters = line()
    ps = [(3 + z).softplus() + eps for z in zs]
    return sum(p - y * log(p) for p, y in zip(ps, Y, strict=True)) / len(ps), parameters


def tempered():
    rows, parameters = scores()
    heat = Value(0.1, "heat")
    return -sum(log(softmax_by_hand([z / exp(heat) for z in zs])[0]) for zs in rows), [*parameters, heat]


def unit_length():
    v, g = [Value(0.9, "v1"), Value(0.0, "v2")], Value(1.0, "g")  # where its training ends
    norm = sqrt(dot(v, v))
    return sum((g * dot(v, [x, x * x - 1]) / norm - x) ** 2 for x in X), [*v, g]


SOUND = {
    "a student of probabilities": distilled,
    "cosines": cosines,
    "a generator": generator,
    "rates of counts": lambda: rates(0.0),
    "rates of counts with an epsilon": lambda: rates(1e-6),
    "a temperature": tempered,
    "weights of length 1": unit_length,
    "a capped reward": lambda: summed(lambda z, y: -((z.sigmoid() - 0.5 - y) ** 2)),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_losses_that_look_like_misused_ones(name):
    loss, parameters = SOUND[name]()
    report = diagnose(loss, parameters)
    assert not report, str(report)


def test_the_words_of_a_probability_loss_are_those_of_its_number():
    w = Value(-40.0, "w")
    for loss, words in (
        (-log(w.sigmoid()), "still right"),
        (-log(1 - (-w).sigmoid()), "The log is -inf"),
        (-log(1 - (-(w + 10.0)).sigmoid()), "few digits"),
        (-log(w.sigmoid() + 1e-12), "was clipped"),
    ):
        finding = next(found for found in diagnose(loss, [w]) if found.kind == "probability_loss")
        assert words in finding.why


CAUSES = {
    "a large negative base": (lambda w: (w - 1e200) ** 2, "Scale the inputs"),
    "a root of a negative base": (lambda w: (w - 3.0) ** 0.5, "Keep the base above 0"),
    "a power of 0": (lambda w: (w - 2.0) ** -1, "Keep the base above 0"),
    "log10 of 0": (lambda w: engine.log10(w - 2.0), "Keep the operand above 0"),
    "atanh of 1": (lambda w: engine.atanh(w - 1.0), "clip(x, -0.999999, 0.999999)"),
    "acos of 2": (lambda w: engine.acos(w * 1.0), "clip(x, -0.999999, 0.999999)"),
    "asin of a 1 that was clipped": (lambda w: engine.asin(engine.clip(w, -1.0, 1.0)), "at -1 and 1 the slope of asin"),
    "acosh of 1": (lambda w: engine.acosh(w - 1.0), "where acosh and its slope are finite"),
    "nearly 0 below": (lambda w: 1.0 / (w * 1e-310), "Keep the denominator away from 0"),
    "a steep cosh": (lambda w: engine.cosh(w * 500.0), "Scale the inputs"),
    "a product": (lambda w: (w * 1e200) * (w * 1e200), "Scale the inputs"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_remedy_of_inf_or_nan_is_that_of_its_cause(name):
    make, remedy = CAUSES[name]
    w = Value(2.0, "w")
    assert remedy in only(diagnose(make(w), [w]), "non_finite").remedy


@pytest.mark.parametrize("f", [engine.acos, engine.asin, engine.atanh])
@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_a_clip_inside_the_domain_keeps_slopes_finite(f, end):
    w, v = Value(end, "w"), Value(0.4, "v")

    def loss(limit):
        return sum((f(engine.clip(x, -limit, limit)) - 0.3) ** 2 for x in (w * 1.0, v * 1.0))

    assert only(diagnose(loss(1.0), [w, v]), "non_finite")
    assert not diagnose(loss(0.999999), [w, v])


def test_a_threshold_is_trained_by_a_soft_condition():
    xs, t = [3.0, 4.0, 5.0, 6.0], Value(4.5, "t")
    hard = (sum(where(x > t, x, 0.0) for x in xs) - 6.0) ** 2
    assert "s = (10 * (x - t)).sigmoid()" in only(diagnose(hard, [t]), "loss_misuse").remedy
    soft = (sum((10 * (x - t)).sigmoid() * x for x in xs) - 6.0) ** 2
    assert not diagnose(soft, [t])
    soft.backward()
    assert t.grad < 0.0  # a larger t leaves only 6
