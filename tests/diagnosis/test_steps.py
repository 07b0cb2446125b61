"""Steps: up the gradient, too long, of what is no parameter; each remedy is applied and removes the fault."""

import math
import random

import pytest
from networks import network
from reports import kinds, only

from engine import Value, diagnose, maximum, minimum
from nn import MLP, SGD, Adam, AdamW, binary_cross_entropy, mean_squared_error


def square(w):
    return (w - 1.0) ** 2


def move(parameters, rate):
    for p in parameters:
        p.data += rate * p.grad


def test_ascent_is_told_from_the_numbers_that_it_left():
    w = Value(0.5, "w")
    loss = square(w)
    loss.backward()
    w.data += 0.1 * w.grad
    finding = only(diagnose(loss, [w]), "ascent")
    assert finding.where == ("w",)
    assert finding.evidence == pytest.approx({"loss before": 0.25, "loss after": 0.36, "rate": 0.1})
    assert "p.data -= lr * p.grad" in finding.remedy
    w.data = 0.5
    w.data -= 0.1 * w.grad
    assert "as it should be" in only(diagnose(loss, [w]), "changed_since_forward").why


def logistic(w, b):
    """A neuron that tells the sign of x, and its gradients by hand, where the activation stands for the input."""
    xs, ys = [-3.0, -2.0, 2.0, 4.0], [0.0, 0.0, 1.0, 1.0]
    ps = [(w * x + b).sigmoid() for x in xs]
    errors = [p.data - y for p, y in zip(ps, ys, strict=True)]
    wrong = sum(e * p.data for e, p in zip(errors, ps, strict=True)) / 4
    right = sum(e * x for e, x in zip(errors, xs, strict=True)) / 4
    return binary_cross_entropy(ps, ys), wrong, right, sum(errors) / 4


@pytest.mark.parametrize("rate", [1.0, -0.3])
def test_a_step_along_gradients_by_hand_is_judged_by_the_gradients(rate):
    w, b = Value(-0.1, "w"), Value(0.1, "b")
    loss, wrong, right, b.grad = logistic(w, b)
    w.grad = wrong
    move([w, b], -rate)
    finding = only(diagnose(loss, [w, b]), "stale_gradient")
    assert finding.where == ("w",)
    assert "the .grad of w is not the gradient of this loss. That of b is right." in finding.why
    assert finding.evidence[".grad"] == wrong
    assert finding.evidence["gradient"] == pytest.approx(right, rel=1e-12)
    assert finding.evidence["loss after"] == pytest.approx(logistic(w, b)[0].data, rel=1e-12)
    w, b = Value(-0.1, "w"), Value(0.1, "b")  # the remedy
    loss, _, _, _ = logistic(w, b)
    loss.backward()
    move([w, b], -rate)
    assert kinds(diagnose(loss, [w, b])) == ["changed_since_forward" if rate > 0 else "ascent"]


@pytest.mark.parametrize("worst", range(3))
def test_of_several_wrong_gradients_the_one_furthest_off_is_named(worst):
    parameters = [Value(1.0, f"w{k}") for k in range(3)]
    loss = sum(p**2 for p in parameters)
    for k, p in enumerate(parameters):
        p.grad = -5.0 if k == worst else 1.0
    move(parameters, -0.1)
    finding = only(diagnose(loss, parameters), "stale_gradient")
    assert finding.where == ("w0", "w1", "w2")
    assert (finding.evidence["furthest off"], finding.evidence[".grad"]) == (f"w{worst}", -5.0)
    assert "right" not in finding.why


@pytest.mark.parametrize(("rate", "kind"), [(-1.0, "changed_since_forward"), (1.0, "ascent")])
def test_right_gradients_by_hand_give_a_step_like_any_other(rate, kind):
    w, b = Value(-0.1, "w"), Value(0.1, "b")
    loss, _, w.grad, b.grad = logistic(w, b)
    move([w, b], rate)
    finding = only(diagnose(loss, [w, b]), kind)
    assert "does not change them" not in finding.why


def test_gradients_by_hand_with_the_wrong_sign_are_told_from_a_step_that_adds():
    for sign, words in ((1.0, "p.data -= lr * p.grad"), (-1.0, "wrong sign")):
        w, b = Value(-0.1, "w"), Value(0.1, "b")
        loss, _, right, db = logistic(w, b)
        w.grad, b.grad = sign * right, sign * db
        move([w, b], sign * 0.5)  # up the gradient
        assert words in only(diagnose(loss, [w, b]), "ascent").remedy


def test_one_parameter_that_was_set_is_no_step_beside_others_with_gradients():
    w, b = Value(-0.1, "w"), Value(0.1, "b")
    loss, w.grad, _, b.grad = logistic(w, b)
    w.data -= 0.5 * w.grad
    assert "does not change them" in only(diagnose(loss, [w, b]), "changed_since_forward").why


def test_numbers_that_raise_the_loss_may_be_a_step_by_hand():
    w, b = Value(-0.1, "w"), Value(0.1, "b")
    loss, wrong, right, _ = logistic(w, b)
    w.data -= wrong
    assert "compare(loss" in only(diagnose(loss, [w, b]), "changed_since_forward").remedy
    w.data = -0.1 - right
    assert "compare" not in only(diagnose(loss, [w, b]), "changed_since_forward").remedy


USES = {
    "-w * 3": lambda w: -w * 3.0,
    "-w": lambda w: -w,
    "w / 2": lambda w: w / 2.0,
    "4 - w": lambda w: 4.0 - w,
    "exp": Value.exp,
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sin": Value.sin,
    "square root": lambda w: w**0.5,
    "cube": lambda w: w**3,
    "absolute value": lambda w: abs(w - 1.0),
    "maximum": lambda w: maximum(0.0, w),
    "log loss": lambda w: -w.sigmoid().log(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_ascent_of_a_single_parameter_is_found_through_any_operation(use):
    w = Value(0.5, "w")
    loss = use(w)
    loss.backward()
    w.data += 0.1 * w.grad
    finding = only(diagnose(loss, [w]), "ascent")
    assert finding.evidence["rate"] == pytest.approx(0.1)
    assert finding.evidence["loss after"] == use(w).data > loss.data


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("use", [lambda a, b: a + b, lambda a, b: (a - b) ** 2, lambda a, b: a - (b + 0.5)])
def test_a_step_of_equal_moves_is_one_of_the_parameters(use, labelled):
    """The first step of Adam moves all by lr, so a sum of two parameters may be as it was."""
    rng = random.Random(0)
    A, B = ([Value(rng.gauss(0, 1), f"{name}{i}" if labelled else "") for i in range(12)] for name in "AB")
    loss = mean_squared_error([use(a, b).tanh() for a in A for b in B], [rng.random() for _ in A for _ in B])
    optimizer = Adam([*A, *B], lr=0.02)
    loss.backward()
    optimizer.step()
    finding = only(diagnose(loss, [*A, *B]), "changed_since_forward")
    assert finding.why.startswith("A step was taken")
    assert 12 < finding.evidence["values"] <= 24


def test_numbers_that_parameters_are_compared_with_have_not_changed():
    rng = random.Random(0)
    centres = [Value(rng.gauss(0, 1)) for _ in range(3)]
    loss = sum(minimum(*((c - rng.gauss(0, 2)) ** 2 for c in centres)) for _ in range(12))
    loss.backward()
    Adam(centres, lr=0.02).step()
    assert only(diagnose(loss, centres), "changed_since_forward").evidence["values"] <= 3


ADDED = {  # parameters beside labelled data, of which a result tells only the sum or the larger
    "a sum with data": lambda w, v, x: (w + x).tanh() + v * x,
    "data first": lambda w, v, x: (x - w) ** 2 + (x + v).exp(),
    "the larger": lambda w, v, x: maximum(w, v) ** 2 + v.sigmoid(),
    "a kink, where both are equal": lambda w, v, x: maximum(w, 0.5) + (w * 3.0 + x) ** 2 + v.sigmoid(),
    "a difference of two that move alike": lambda w, v, x: (w - v).exp() + (2.0 - w) ** 2 + (3.0 - v) ** 2 + x,
}
OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=0.01),
    "momentum": lambda p: SGD(p, lr=0.01, momentum=0.9),
    "clipped": lambda p: SGD(p, lr=0.1, clip_norm=0.1),
    "adam": lambda p: Adam(p, lr=0.01),
    "adamw": lambda p: AdamW(p, lr=0.01),
}


@pytest.mark.parametrize("use", ADDED.values(), ids=ADDED)
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_is_one_of_parameters_not_of_labelled_data(use, make):
    w, v, x = Value(0.5, "w"), Value(-0.3, "v"), Value(0.7, "x")
    loss = use(w, v, x) + (w + x) ** 2 + (v - x) ** 2
    loss.backward()
    make([w, v]).step()
    finding = only(diagnose(loss, [w, v]), "changed_since_forward")
    assert finding.where in {("w", "v"), ("w",), ("v",)}
    assert finding.why.startswith("A step was taken")


def test_both_factors_of_a_product_that_were_set_are_told():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    loss = (w * x - 3.0) ** 2
    w.data, x.data = 9.0, 5.0
    assert set(only(diagnose(loss, [w]), "changed_since_forward").where) == {"w", "x"}


def test_data_that_was_set_is_told_from_a_parameter_that_a_product_confirms():
    w, x = Value(0.5, "w"), Value(0.7, "x")
    loss = (w + x) ** 2 + w * 3.0
    x.data = 2.0
    assert only(diagnose(loss, [w]), "changed_since_forward").where == ("x",)


def test_an_overshoot_is_told_from_the_numbers_that_it_left():
    w = Value(0.5, "w")
    loss = square(w)
    loss.backward()
    w.data -= 1.5 * w.grad
    finding = only(diagnose(loss, [w]), "step_too_long")
    assert (finding.evidence["loss before"], finding.evidence["loss after"]) == (0.25, 1.0)
    assert finding.evidence["rate"] == pytest.approx(1.5)
    assert finding.evidence["curvature"] == pytest.approx(2.0, rel=1e-6)
    assert finding.evidence["largest rate"] == pytest.approx(1.0, rel=1e-6)
    assert finding.remedy == "A learning rate of 0.999 only just lowers this loss. Take half of it or less."
    assert finding.why.startswith("The step went down the gradient, but too far: it crossed")


@pytest.mark.parametrize("lr", [0.15, 2.0, 300.0])
def test_half_of_the_largest_rate_lowers_the_loss_by_more_than_the_largest(lr):
    def after(rate):
        p, q = Value(3.0, "p"), Value(1.0, "q")
        loss = p**2 + 10.0 * q**2
        loss.backward()
        finding = next(iter(diagnose(loss, [p, q], lr=lr)))
        move([p, q], -rate(finding))
        return finding, (p**2 + 10.0 * q**2).data

    finding, bound = after(lambda found: float(found.remedy.split("rate of ")[1].split()[0]))
    _, half = after(lambda found: found.evidence["largest rate"] / 2.0)
    assert finding.why.startswith("The step would go down the gradient, but too far: it would cross")
    assert half < 0.9 * bound < bound < finding.evidence["loss before"]


@pytest.mark.parametrize("lr", [1e20, 1e200, 1e308])
def test_a_rate_whose_step_overflows_is_too_long(lr):
    w = Value(0.5, "w")
    finding = only(diagnose(square(w), [w], lr=lr), "step_too_long")
    assert finding.evidence["largest rate"] == pytest.approx(1.0, rel=1e-6)


def line(data):
    """A line through points with x from 0 to 100: raw inputs, for which usual rates are far too large."""
    w, b = Value(0.0, "w"), Value(0.0, "b")
    return [w, b], lambda: mean_squared_error([w * x + b for x, _ in data], [y for _, y in data])


def test_a_rate_far_too_large_is_found_before_the_step():
    parameters, loss = line([(float(x), 3.0 * x + 2.0) for x in range(0, 101, 5)])
    finding = only(diagnose(loss(), parameters, lr=0.01), "step_too_long")
    mean = sum(x * x for x in range(0, 101, 5)) / 21
    assert finding.evidence["curvature"] == pytest.approx(2 * (mean + 1), rel=1e-3)  # the largest eigenvalue, about
    rate = finding.evidence["largest rate"]
    assert rate == pytest.approx(2.0 / finding.evidence["curvature"], rel=1e-4)
    assert not diagnose(loss(), parameters, lr=rate)
    for _ in range(50):
        for p in parameters:
            p.grad = 0.0
        before = loss()
        before.backward()
        move(parameters, -rate / 2)
    assert loss().data < before.data < 10.0


@pytest.mark.parametrize("seed", range(24))
def test_the_largest_rate_lowers_the_loss_and_twice_it_does_not(seed):
    net = network(seed, examples=6)
    loss = net.loss()
    report = diagnose(loss, net.parameters, lr=1e3)
    if not report:  # a loss that such a step lowers, as it does where all hinges are satisfied then
        loss.backward()
        move(net.parameters, -1e3)
        assert net.loss().data <= loss.data
        return
    finding = only(report, "step_too_long")
    loss.backward()
    start = [p.data for p in net.parameters]
    outcomes = []
    for rate in (finding.evidence["largest rate"], finding.evidence["largest rate"] * 1.001):
        for p, data in zip(net.parameters, start, strict=True):
            p.data = data
        move(net.parameters, -rate)
        outcomes.append(net.loss().data < loss.data)
    assert outcomes == [True, False]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("rate", "kind"), [(0.1, "ascent"), (-30.0, "step_too_long")])
def test_a_step_of_a_network_is_judged_by_what_it_left(seed, rate, kind):
    net = network(seed, examples=6, task="regression", activation=["tanh", "softplus", "sigmoid"][seed % 3])
    loss = net.loss()
    loss.backward()
    move(net.parameters, rate)
    finding = only(diagnose(loss, net.parameters), kind)
    assert finding.evidence["rate"] == pytest.approx(abs(rate))
    assert finding.evidence["loss after"] == pytest.approx(net.loss().data)
    move(net.parameters, -rate - 0.01)
    assert kinds(diagnose(loss, net.parameters)) == ["changed_since_forward"]


def test_where_no_curvature_is_a_line_search_decides():
    w = Value(1.0, "w")
    loss = abs(w) * 3.0
    finding = only(diagnose(loss, [w], lr=1.0), "step_too_long")  # to -2
    assert "curvature" not in finding.evidence
    assert finding.evidence["largest rate"] == pytest.approx(2 / 3, rel=1e-6)
    w = Value(0.5, "w")  # a hilltop: the slope grows on the way down
    assert not diagnose(w.cos(), [w], lr=1.0)
    assert diagnose(w.cos(), [w], lr=12.0).findings[0].evidence["largest rate"] > 1.0


def test_no_rate_is_given_where_none_descends():
    x, y = Value(0.0, "x"), Value(0.0, "y")
    loss = abs(x + y) * 2.0 + x.relu() - 0.1 * (x + y)  # a kink: the subgradient there points nowhere down
    finding = diagnose(loss, [x, y], lr=0.1).findings[0]
    assert finding.kind == "step_too_long"
    assert not {"curvature", "largest rate"} & set(finding.evidence)
    assert "No shorter step" in finding.remedy


def test_a_rate_that_overflows_is_bounded_all_the_same():
    b = Value(3.0, "b")
    finding = only(diagnose(b**4, [b], lr=1e50), "step_too_long")
    assert finding.evidence["loss after"] > 1e200
    assert finding.evidence["largest rate"] == pytest.approx(2 * 3 / 108, rel=1e-6)  # to -3


def test_a_planned_step_whose_promise_overflows_is_judged():
    w, v = Value(1e77, "w"), Value(1e77, "v")
    loss = (w - 1.0) ** 2 + (v - 1.0) ** 2
    planned = {p: p.data - 0.5e231 for p in (w, v)}  # a gradient of 2e77 times a move of 0.5e231
    assert only(diagnose(loss, [w, v], planned=planned), "step_too_long").evidence["loss after"] == math.inf


def test_a_minimum_and_a_step_of_rounding_are_silent():
    w = Value(1.0, "w")
    assert not diagnose(square(w), [w], lr=1e6)
    w.data = math.nextafter(1.0, 2.0)
    assert not diagnose(square(w), [w], lr=2.0)


@pytest.mark.parametrize("lr", [0.0, -0.1, math.inf, math.nan])
def test_a_rate_that_is_none_is_refused(lr):
    w = Value(0.5, "w")
    with pytest.raises(ValueError, match="lr must be above 0 and finite"):
        diagnose(square(w), [w], lr=lr)


def prices(rng):
    model = MLP(3, [1], seed=0)
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(20)]
    y = [2e5 + 5e4 * x[0] + 1e4 * x[1] for x in X]
    return model.parameters(), lambda: mean_squared_error([model(x) for x in X], y)


def test_prices_are_healthy_where_a_usual_rate_descends():
    parameters, loss = prices(random.Random(1))
    assert not diagnose(loss(), parameters)
    assert not diagnose(loss(), parameters, lr=0.1)
    optimizer = SGD(parameters, lr=0.1)
    for step in range(300):
        optimizer.zero_grad()
        now = loss()
        now.backward()
        if step in (0, 5, 50):
            assert not diagnose(now, parameters)
        optimizer.step()
    assert loss().data < 1e-9
    parameters, loss = prices(random.Random(1))
    finding = only(diagnose(loss(), parameters, lr=1.5), "step_too_long")
    assert 0.5 < finding.evidence["largest rate"] < 1.5


def test_a_parameter_that_is_the_result_of_an_operation():
    w = Value(2.0, "w")
    loss = square(w)
    loss.backward()
    p = w
    p = p - 0.1 * p.grad
    for now in (loss, square(p)):
        finding = only(diagnose(now, [p]), "rebound")
        assert finding.where == ("w - 0.2",)
        assert finding.evidence["operation"] == "sub"
        assert "p.data -= lr * p.grad" in finding.remedy
    w.data -= 0.1 * w.grad  # the remedy
    assert w.data == p.data
    assert not diagnose(square(w), [w])


@pytest.mark.parametrize(
    "make", [lambda p: SGD(p, lr=1.5), lambda p: SGD(p, lr=0.8, momentum=0.9), lambda p: Adam(p, lr=3.0)]
)
def test_an_optimiser_is_asked_about_its_next_step(make):
    w = Value(0.5, "w")
    optimizer = make([w])
    loss = square(w)
    loss.backward()
    optimizer.step()
    w.data, w.grad = 0.5, 0.0
    loss = square(w)
    loss.backward()
    before = (w.data, w.grad, optimizer.state_dict())
    report = optimizer.diagnose(loss)
    assert (w.data, w.grad, optimizer.state_dict()) == before
    finding = only(report, "step_too_long")
    optimizer.lr = finding.evidence["largest rate"]
    assert not optimizer.diagnose(loss)
    optimizer.step()
    assert square(w).data < loss.data


def test_an_optimiser_that_clips_and_a_step_of_momentum_that_rises():
    w = Value(100.0, "w")
    loss = square(w)
    loss.backward()
    assert not SGD([w], lr=1.5, clip_norm=1.0).diagnose(loss)
    assert kinds(SGD([w], lr=1.5).diagnose(loss)) == ["step_too_long"]
    assert w.grad == 198.0
    net = network(3, task="regression", activation="tanh")
    optimizer = SGD(net.parameters, lr=0.05, momentum=0.99)
    for _ in range(40):
        optimizer.zero_grad()
        loss = net.loss()
        loss.backward()
        optimizer.step()
        assert kinds(diagnose(loss, net.parameters)) == ["changed_since_forward"]


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("backward", [False, True])
def test_a_weight_of_a_model_that_is_replaced_by_a_result(steps, backward):
    def loss():
        return mean_squared_error([model(x) for x in X], [x[0] - x[1] for x in X])

    def train(step):
        for _ in range(steps):
            loss().backward()
            for neuron in model.layers[0].neurons:
                step(neuron)
            model.zero_grad()
        now = loss()
        if backward:
            now.backward()
        return diagnose(now, model.parameters())

    def replaced(neuron):
        neuron.w = [w - 0.01 * w.grad for w in neuron.w]

    def set_inside(neuron):
        for w in neuron.w:
            w.data -= 0.01 * w.grad

    rng = random.Random(steps)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(10)]
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    finding = only(train(replaced), "rebound")
    assert finding.where[:2] == ("w⁽¹⁾₁₁", "w⁽¹⁾₁₂")
    assert finding.evidence["parameters"] == 6
    assert "p.data -= lr * p.grad" in finding.remedy
    model = MLP(2, [3, 1], activation="tanh", init="xavier", seed=0)
    assert not train(set_inside)  # the remedy


def test_data_less_its_mean_is_no_parameter():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    loss = (w * (x - 1.0) - 2.0) ** 2  # 1 is 0.125 times the gradient of x
    loss.backward()
    assert x.grad == 8.0
    assert not diagnose(loss, [w])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_parameters_whose_first_values_are_kept_in_a_list(steps):
    w, b = Value(0.5, "w"), Value(0.2, "b")
    parameters = [w, b]
    for _ in range(steps):
        loss = sum((w * x + b - 3.0) ** 2 for x in (1.0, 2.0, 4.0))
        loss.backward()
        w, b = w - 0.01 * w.grad, b - 0.01 * b.grad
    finding = only(diagnose(sum((w * x + b - 3.0) ** 2 for x in (1.0, 2.0, 4.0)), parameters), "rebound")
    assert "not among the parameters" in finding.why


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_large_inputs_are_named_where_they_shorten_a_step(scale):
    w, c = Value(0.0, "w"), Value(0.0, "c")
    xs = [k / scale for k in range(101)]
    loss = mean_squared_error([w * x + c for x in xs], [4.0 * x + 25.0 for x in xs])
    loss.backward()
    report = diagnose(loss, [w, c], lr=0.01)
    if scale == 1.0:
        assert only(report, "step_too_long").remedy.endswith(
            "Inputs go up to |x| = 100; scaled to about 1, they allow longer steps."
        )
    else:  # the remedy
        assert not report


@pytest.mark.parametrize("order", [1, -1])
def test_one_replaced_parameter_is_found_wherever_it_stands_in_the_list(order):
    w, b = Value(0.5, "w"), Value(0.1, "b")

    def loss(w):
        return mean_squared_error([w * x + b for x in (1.0, 2.0, 3.0)], [2.0, 4.0, 6.0])

    loss(w).backward()
    moved = loss(w - 0.01 * w.grad)
    assert "rebound" in kinds(diagnose(moved, [w, b][::order]))


@pytest.mark.parametrize(("label", "found"), [("layer1.neuron1.w1", ["rebound"]), ("", [])])
def test_a_weight_of_a_module_that_was_moved_many_times_is_replaced(label, found):
    w, b = Value(0.3, label), Value(0.1, "b")
    moved = w
    for _ in range(20_000):
        moved = moved - 1.2345e-7
    assert kinds(diagnose((moved * 2.0 + b - 1.0) ** 2, [b])) == found


@pytest.mark.parametrize("lr", [None, 0.1])
@pytest.mark.parametrize("scaled", [False, True])
def test_raw_targets_whose_second_step_explodes(lr, scaled):
    """y = x⁴ for x up to 100, by a hidden layer of sigmoids: the first step lowers the loss, the second saturates."""
    xs = [[(x / 100.0 if scaled else float(x))] for x in range(1, 101, 3)]
    model = MLP(1, [8, 1], activation="sigmoid", init="xavier", seed=0)
    loss = mean_squared_error([model(x) for x in xs], [x[0] ** 4 for x in xs])
    report = diagnose(loss, model.parameters(), lr=lr)
    if scaled:  # the remedy
        assert not report
        return
    finding = only(report, "exploding")
    assert f"a learning rate of {lr or 0.001:g}" in finding.why
    assert finding.remedy.startswith("Scale inputs and targets to about 1.")
    assert "Inputs go up to |x| = 100" in finding.remedy
    assert not diagnose(loss, model.parameters(), lr=1e-12)  # the other remedies
    loss.backward()
    for optimizer in (SGD(model.parameters(), lr=0.1, clip_norm=1.0), Adam(model.parameters(), lr=0.01)):
        assert not optimizer.diagnose(loss)
    optimizer = SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = mean_squared_error([model(x) for x in xs], [x[0] ** 4 for x in xs])
        loss.backward()
        optimizer.step()
    loss = mean_squared_error([model(x) for x in xs], [x[0] ** 4 for x in xs])
    assert only(diagnose(loss, model.parameters()), "saturated").evidence["units"] == "8 of 8"


def test_a_loop_that_gives_a_name_to_new_values_shows_only_in_the_gradients():
    """`p = p - lr * p.grad` in a loop changes no parameter; with zero_grad(), nothing in the graph shows it."""
    w, b = Value(0.5, "w"), Value(0.1, "b")
    for _ in range(3):
        loss = sum((w * x + b - 3.0) ** 2 for x in (1.0, 2.0, 4.0))
        loss.backward()
        for p in (w, b):
            p = p - 0.01 * p.grad
    finding = only(diagnose(loss, [w, b]), "stale_gradient")
    assert finding.evidence["times"] == 3
    assert "no step had changed the parameters" in finding.why
    assert "p.data -= lr * p.grad" in finding.remedy
    w.grad = b.grad = 0.0
    loss = sum((w * x + b - 3.0) ** 2 for x in (1.0, 2.0, 4.0))
    loss.backward()
    assert not diagnose(loss, [w, b])


@pytest.mark.parametrize("rate", [1e-9, 1e-7, 1e-6])
def test_a_rate_far_too_small(rate):
    net = network(3, task="regression", activation="tanh", init="xavier")
    loss = net.loss()
    finding = only(diagnose(loss, net.parameters, lr=rate), "step_too_short")
    assert finding.evidence["rate"] == pytest.approx(rate)
    assert f"{1e-3 / rate:,.0f} times as fast" in finding.why
    loss.backward()
    move(net.parameters, -rate)
    assert loss.data - net.loss().data == pytest.approx(finding.evidence["falls by"], rel=1e-3)
    assert not diagnose(net.loss(), net.parameters, lr=1e-3)  # the remedy
    optimizer = SGD(net.parameters, lr=rate)
    optimizer.zero_grad()
    loss = net.loss()
    loss.backward()
    assert only(optimizer.diagnose(loss), "step_too_short").evidence["rate"] == pytest.approx(rate)


def test_a_small_rate_that_a_steep_loss_needs_is_not_too_small():
    w = Value(0.0, "w")
    loss = mean_squared_error([w * x for x in (1e3, 2e3)], [3e3, 6e3])
    assert not diagnose(loss, [w], lr=1e-7)
    assert not diagnose((w - 1.0) ** 2, [w], lr=1e-4)


def test_a_step_is_known_where_a_parameter_is_added_to_itself():
    w, v = Value(1.0, "w"), Value(2.0, "v")
    loss = (w + w - 1.0) ** 2 + (v * 3.0 + w) ** 2
    loss.backward()
    for p in (w, v):
        p.data -= 0.5 * p.grad
    assert only(diagnose(loss, [w, v]), "step_too_long").evidence["rate"] == pytest.approx(0.5)


def test_gradients_whose_squares_overflow():
    w = Value(0.0, "w")
    assert "step_too_short" not in kinds(diagnose(3e200 * w, [w], lr=1e-6))


def test_a_step_of_infinite_length_has_no_curvature():
    w = Value(5e-324, "w")
    only(diagnose(w.log(), [w], lr=1.0), "non_finite")


def test_a_step_into_nan_was_too_long():
    w = Value(0.0, "w")
    loss = cross_entropy_by_hand(w)
    loss.backward()
    w.data -= 1000.0 * w.grad
    assert math.isnan(cross_entropy_by_hand(w).data)
    finding = only(diagnose(loss, [w]), "step_too_long")
    w.data = 0.0
    w.data -= 0.95 * finding.evidence["largest rate"] * w.grad
    assert cross_entropy_by_hand(w).data < loss.data


def cross_entropy_by_hand(w):
    p = 1.0 / (1.0 + (-(w * 3.0)).exp())
    return -(1.0 * p.log() + 0.0 * (1.0 - p).log())
