"""Optimisers against PyTorch's documented algorithms written out over arrays, schedules, states and errors."""

import json
import math

import pytest

from engine import StateError, Value
from nn import SGD, Adam, AdamW, constant, cosine, linear, step_decay, warmup
from nn.optim import Optimizer

np = pytest.importorskip("numpy")

START = np.array([1.0, -2.0, 0.5, 0.0])


def sgd(p, gradient, steps, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
    """torch.optim.SGD's algorithm, dampening 0."""
    b = None
    for t in range(steps):
        g = gradient(p, t)
        if weight_decay != 0:
            g = g + weight_decay * p
        if momentum != 0:
            b = g if t == 0 else momentum * b + g
            g = g + momentum * b if nesterov else b
        p = p - lr * g
    return p


def adam(p, gradient, steps, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """torch.optim.Adam's algorithm."""
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t in range(1, steps + 1):
        g = gradient(p, t - 1) + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return p


def adamw(p, gradient, steps, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """torch.optim.AdamW's algorithm."""
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t in range(1, steps + 1):
        g = gradient(p, t - 1)
        p = p - lr * weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return p


def gradient(p, t):
    """Of a bowl that is shaken from step to step."""
    return np.array([1.0, 3.0, 0.2, 10.0]) * p + np.sin(t + np.arange(4.0))


def run(kind, steps=40, gradient=gradient, **options):
    parameters = [Value(x) for x in START]
    optimizer = kind(parameters, **options)
    for t in range(steps):
        optimizer.zero_grad()
        for parameter, slope in zip(parameters, gradient(np.array([p.data for p in parameters]), t), strict=True):
            parameter.grad += slope
        optimizer.step()
    return [p.data for p in parameters]


@pytest.mark.parametrize(
    ("kind", "reference", "options"),
    [
        (SGD, sgd, {"lr": 0.05}),
        (SGD, sgd, {"lr": 0.05, "weight_decay": 0.1}),
        (SGD, sgd, {"lr": 0.05, "momentum": 0.9}),
        (SGD, sgd, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        (SGD, sgd, {"lr": 0.02, "momentum": 0.5, "nesterov": True, "weight_decay": 0.3}),
        (Adam, adam, {}),
        (Adam, adam, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2}),
        (AdamW, adamw, {}),
        (AdamW, adamw, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2}),
    ],
)
def test_steps_are_those_of_the_published_algorithm(kind, reference, options):
    assert run(kind, **options) == pytest.approx(list(reference(START, gradient, 40, **options)), rel=1e-11)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_a_schedule_is_asked_at_every_step_from_zero(kind):
    asked = []

    def rate(step):
        asked.append(step)
        return 0.1 / (1 + step)

    by_schedule = run(kind, steps=3, lr=rate)
    assert asked[-3:] == [0, 1, 2]
    parameters = [Value(x) for x in START]
    optimizer = kind(parameters, lr=1.0)
    for t in range(3):
        optimizer.lr = 0.1 / (1 + t)
        for parameter, slope in zip(parameters, gradient(np.array([p.data for p in parameters]), t), strict=True):
            parameter.grad = slope
        optimizer.step()
    assert by_schedule == [p.data for p in parameters]


@pytest.mark.parametrize(
    ("kind", "options"), [(SGD, {"lr": 0.05, "momentum": 0.9}), (Adam, {"lr": 0.1}), (AdamW, {"lr": 0.1})]
)
def test_training_goes_on_from_a_state_as_if_never_stopped(kind, options):
    def steps(optimizer, times):
        for t in times:
            for i, parameter in enumerate(optimizer.parameters):
                parameter.grad = math.sin(t + i) + parameter.data
            optimizer.step()

    rate = cosine(options.pop("lr"), 20)
    whole = kind([Value(x) for x in START], lr=rate, **options)
    steps(whole, range(20))
    first = kind([Value(x) for x in START], lr=rate, **options)
    steps(first, range(8))
    kept = json.loads(json.dumps(first.state_dict()))
    second = kind([Value(p.data) for p in first.parameters], lr=rate, **options)
    second.load_state_dict(kept)
    steps(second, range(8, 20))
    assert [p.data for p in second.parameters] == [p.data for p in whole.parameters]
    assert second.state_dict() == whole.state_dict()


def test_another_optimisers_state_is_refused_and_nothing_changes():
    optimizer = Adam([Value(1.0)])
    before = optimizer.state_dict()
    with pytest.raises(StateError, match="Adam of 1 parameters: missing mean1, square1; unexpected velocity1"):
        optimizer.load_state_dict({"steps": 5, "velocity1": 1.0})
    with pytest.raises(StateError, match=r"not one number: square1 \(list \[1.0\]\)"):
        optimizer.load_state_dict({"steps": 5, "mean1": 1.0, "square1": [1.0]})
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("steps", [-1, 2.5, math.nan, math.inf])
def test_a_state_of_no_number_of_steps_is_refused(steps):
    optimizer = SGD([Value(1.0)], lr=0.1)
    with pytest.raises(StateError, match="steps must be a whole number from 0, not"):
        optimizer.load_state_dict({"steps": steps, "velocity1": 1.0})
    assert optimizer.state_dict() == {"steps": 0.0, "velocity1": 0.0}


def test_zero_grad_zeroes_every_gradient():
    parameters = [Value(1.0), Value(2.0)]
    (parameters[0] * parameters[1]).backward()
    SGD(parameters, lr=0.1).zero_grad()
    assert [p.grad for p in parameters] == [0.0, 0.0]


def test_schedules_at_their_ends():
    assert constant(0.3)(10**9) == 0.3
    for schedule in (linear(1.0, 10, final=0.25), cosine(1.0, 10, final=0.25)):
        assert [schedule(0), schedule(10), schedule(1000)] == [1.0, 0.25, 0.25]
        assert schedule(5) == pytest.approx(0.625)
    assert cosine(1.0, 10)(1) > linear(1.0, 10)(1)
    assert step_decay(1.0, every=3)(7) == pytest.approx(0.01)
    warm = warmup(cosine(1.0, 100), 10)
    assert warm(4) == pytest.approx(0.5 * cosine(1.0, 100)(4))
    assert warm(50) == cosine(1.0, 100)(50)


@pytest.mark.parametrize("schedule", [linear, cosine, step_decay, warmup])
def test_schedules_take_a_step_or_more(schedule):
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        schedule(1.0, 0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda w: SGD([], lr=0.1), ValueError, r"needs at least one parameter, got none: pass model.parameters\(\)"),
        (lambda w: SGD([w, 1.0], lr=0.1), TypeError, "parameters must be Values, not float 1.0"),
        (lambda w: SGD([w * 2], lr=0.1), ValueError, "parameters must be leaves, but .* is the result of mul"),
        (lambda w: SGD([w, w], lr=0.1), ValueError, "given twice"),
        (lambda w: SGD([w], lr=-0.1), ValueError, "lr must be at least 0 and finite, not -0.1"),
        (lambda w: SGD([w], lr=math.nan), ValueError, "lr must be at least 0 and finite, not nan"),
        (lambda w: SGD([w], lr="fast"), TypeError, "must be a real number, not str 'fast'"),
        (lambda w: SGD([w], lr=lambda step: math.inf), ValueError, "lr must be at least 0 and finite, not inf"),
        (lambda w: SGD([w], lr=0.1, momentum=1.0), ValueError, "momentum must be at least 0 and below 1, not 1.0"),
        (lambda w: SGD([w], lr=0.1, nesterov=True), ValueError, "nesterov needs a momentum above 0"),
        (lambda w: SGD([w], lr=0.1, weight_decay=-1), ValueError, "weight_decay must be at least 0"),
        (lambda w: Adam([w], betas=(0.9, 1.0)), ValueError, "each of betas must be at least 0 and below 1, not 1.0"),
        (lambda w: Adam([w], betas=(0.9,)), ValueError, "betas must be two numbers"),
        (lambda w: Adam([w], eps=-1.0), ValueError, "eps must be at least 0"),
    ],
)
def test_wrong_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(Value(1.0))


def test_parameters_may_come_from_a_generator():
    assert len(SGD((Value(float(i)) for i in range(3)), lr=0.1).parameters) == 3


def test_an_optimiser_of_your_own_says_how_a_parameter_moves():
    class Sign(Optimizer):
        def updated(self, rate):
            return [p.data - math.copysign(rate, p.grad) for p in self.parameters]

    w = Value(1.0)
    w.grad = 123.0
    Sign([w], lr=0.25).step()
    assert w.data == 0.75
    with pytest.raises(NotImplementedError, match="Optimizer has to define updated"):
        Optimizer([w], lr=0.25).step()


def test_an_optimiser_shows_its_settings_at_this_step():
    optimizer = Adam([Value(1.0)], lr=linear(0.1, 2), betas=(0.8, 0.9))
    shown = "Adam(1 parameters, lr={}, weight_decay=0.0, betas=(0.8, 0.9), eps=1e-08)"
    assert repr(optimizer) == shown.format(0.1)
    optimizer.step()
    assert repr(optimizer) == shown.format(0.05)
    assert optimizer.rate() == 0.05
