"""What compare takes, what it says, and what it gives as data."""

import math
import re
from decimal import Decimal

import layouts
import numpy as np
import pytest

from engine import NonFiniteError, Value, compare, detach, dot, grad, softmax
from engine.grading.given import read
from nn import MLP, mean_squared_error


def example():
    """The 2-2-2 network of a well-known worked example, and its gradients by an independent backward pass."""
    x, y = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
    w1, w2 = layouts.values(W1, "w"), layouts.values(W2, "v")
    h = [layouts.weighted(row, list(x), 0.35).sigmoid() for row in w1]
    o = [layouts.weighted(row, h, 0.60).sigmoid() for row in w2]
    loss = 0.5 * ((float(y[0]) - o[0]) ** 2 + (float(y[1]) - o[1]) ** 2)
    a = 1 / (1 + np.exp(-(W1 @ x + 0.35)))
    out = 1 / (1 + np.exp(-(W2 @ a + 0.60)))
    delta2 = (out - y) * out * (1 - out)
    delta1 = (W2.T @ delta2) * a * (1 - a)
    return loss, w1, w2, np.outer(delta1, x), np.outer(delta2, a)


def named(comparison):
    return [mistake.name for mistake in comparison.mistakes]


def test_one_number_or_all_as_numbers_strings_or_matrices():
    loss, w1, w2, d1, d2 = example()
    assert compare(loss, {w1[0, 0]: d1[0, 0]}).ok
    assert compare(loss, {w1[0, 0]: "0.000439", w2[1, 1]: Decimal("-0.0227")}).ok
    assert compare(loss, [(w1, d1), (w2, d2)]).ok
    assert compare(loss, [(w1.tolist(), d1.tolist())]).ok
    assert compare(loss, {tuple(w1[0]): d1[0]}).ok
    assert compare(loss, zip(w1.ravel(), d1.ravel(), strict=True)).ok


def test_the_digits_are_those_written():
    loss, w1, *_ = example()  # 0.00043856...
    w = w1[0, 0]
    assert [compare(loss, {w: text}).ok for text in ("0.0004", "0.00044", "0.000439", "0.0004386")] == [True] * 4
    assert [compare(loss, {w: text}).ok for text in ("0.0006", "0.00058", "0.0004370")] == [False] * 3
    near = compare(loss, {w: "0.000437"})
    assert (near.ok, str(near)) == (
        True,
        "The gradient is right, within the rounding of your intermediate results: dL/dw1 is 0.0004386.",
    )
    assert compare(loss, {w: 0.000439}).ok
    assert not compare(loss, {w: 0.0004}).ok  # a float is 0.000400
    assert not compare(loss, {w: "0.00043800"}).ok


def test_a_float_has_the_digits_that_the_others_show():
    a, b, c = (Value(1.0, name) for name in "abc")
    assert [g.tolerance for g in read({a: 1.25, b: 0.52, c: 0.0})] == [0.005, 0.005, 0.005]
    assert [g.tolerance for g in read({a: 1.234e-5, b: 2.001, c: 31.4})] == pytest.approx([5e-9, 5e-4, 5e-3])
    assert [g.tolerance for g in read({a: math.pi, b: -100 / 3})] == pytest.approx([1e-9 * math.pi, 1e-7 / 3])
    singles = np.array([math.pi, -1 / 3], np.float32)
    assert [g.tolerance for g in read([((a, b), singles)])] == pytest.approx([5e-7 * math.pi, 5e-7 / 3])


def test_what_is_said_of_updated_weights():
    loss, w1, w2, d1, d2 = example()
    early = (w2 - 0.5 * d2).astype(object)
    updated = np.array([[w.data for w in row] for row in early], float)
    a = np.array([0.59326999, 0.59688438])
    delta2 = d2[:, 0] / a[0]
    d1 = np.outer(updated.T @ delta2 * a * (1 - a), [0.05, 0.10])
    texts = [f"{g:.4g}" for g in [*d1.ravel(), *d2.ravel()]]
    found = compare(loss, dict(zip([*w1.ravel(), *w2.ravel()], texts, strict=True)))
    assert (found.verdict, named(found), found.ok) == ("mistake", ["updated_weights"], False)
    assert str(found).startswith("dL/dw1 is 0.0004386, not 0.0003647; dL/dw2 is 0.0008771, not 0.0007294; ")
    assert "v1, v2, v3 and v4 are right." in str(found)
    assert (
        "All 8 numbers, right and wrong, follow if the weights were updated, with a learning rate of 0.5, before"
        in str(found)
    )
    assert [g.name for g in found.wrong] == ["w1", "w2", "w3", "w4"]
    assert found.gradients[0].given == 0.0003647
    assert found.gradients[0].right == pytest.approx(0.000438567734474347, rel=1e-12)
    assert found.mistakes[0].gradients[w1[0, 0]] == pytest.approx(0.0003647, rel=1e-3)
    assert found.evidence > 4
    assert found.tried > 50


def test_mistakes_of_the_same_numbers_are_said_together_with_what_tells_them_apart():
    loss, w1, w2, d1, _ = example()
    found = compare(loss, {w1[0, 0]: f"{-d1[0, 0]:.5g}"})
    assert (found.verdict, set(named(found))) == ("several", {"sign", "derivative_sign"})
    match = re.search(r"dL/d(\w\d) tells them apart: (\S+) by the first mistake, (\S+) by the second", str(found))
    first, second = (dict(mistake.gradients) for mistake in found.mistakes)
    teller = next(p for p in w2.ravel() if p.label == match[1])
    assert [float(match[2]), float(match[3])] == pytest.approx([first[teller], second[teller]], rel=1e-3)


def test_few_digits_are_called_chance():
    loss, w1, _, d1, _ = example()
    found = compare(loss, {w1[0, 0]: f"{-d1[0, 0]:.1g}"})
    assert (found.verdict, found.mistakes) == ("chance", ())
    assert "Take this as a guess" in str(found)
    assert "To be sure, give one more digit of each number or give also the gradient of v" in str(found)


def test_where_all_gradients_are_given_more_digits_or_a_value_between_is_asked_for():
    w, x, y = Value(0.8, "w"), Value(1.5, "x"), Value(0.3, "y")
    z = w * x
    loss = (z.sigmoid() - y) ** 2
    digits, value = "give one more digit of each number", "give also the gradient of z⁽¹⁾₁"
    assert str(compare(loss, {w: "0.13"})).endswith(f"To be sure, {digits} or {value}.")
    assert compare(loss, {w: "0.12502", z: "0.083348"}).verdict in ("mistake", "several")


def test_a_0_among_all_gradients_is_asked_for_at_other_numbers():
    z1, z2 = Value(1.75, "z1"), Value(1.75, "z2")
    loss = -softmax([z1, z2])[1].log()
    assert str(compare(loss, {z1: "0", z2: "-0.5"})).endswith("To be sure, compare again with other weights or inputs.")


def test_one_number_shows_what_should_be_there_and_what_is():
    loss, w1, w2, d1, d2 = example()
    a = np.array([[0.59326999210], [0.59688437825]])
    square = loss.operands[1].operands[0]
    square.operands[0].operands[1].label = "o1"
    names = [*w1.ravel(), *w2.ravel()]

    def said(first, second):
        return str(compare(loss, dict(zip(names, [*first.ravel(), *second.ravel()], strict=True))))

    assert "∂a⁽¹⁾₂/∂z⁽¹⁾₂ is 0.2406, not 1." in said(d1 / (a * (1 - a)), d2)  # without σ'
    assert "∂z⁽¹⁾₂/∂w3 is 0.05, not 1." in said(d1 / [[0.05, 0.10]], d2)  # without the input
    delta = d2[:, :1] / a[0]
    untransposed = np.array([[0.40, 0.45], [0.50, 0.55]]) @ delta * a * (1 - a)
    assert "∂z⁽²⁾₁/∂a⁽¹⁾₂ is 0.45, not 0.5." in said(untransposed * [[0.05, 0.10]], d2)  # with W for Wᵀ


def test_one_number_of_a_batch_names_its_example():
    w, v = Value(0.7, "w"), Value(-1.2, "v")
    outputs = [(v * (w * x).tanh()).sigmoid() for x in (0.5, 1.5)]
    loss = (outputs[0] - 0.2) ** 2 + (outputs[1] - 0.9) ** 2
    parts = [
        ((w.data * x), x, 2 * (o.data - y) * o.data * (1 - o.data))
        for x, o, y in zip((0.5, 1.5), outputs, (0.2, 0.9), strict=True)
    ]
    mine = sum(delta * v.data * x for z, x, delta in parts)  # without tanh'
    found = compare(loss, {w: f"{mine:.6g}", v: f"{sum(delta * math.tanh(z) for z, x, delta in parts):.6g}"})
    assert named(found) == ["derivative_left_out"]
    assert f"∂a⁽¹⁾₁/∂z⁽¹⁾₁ in example 2 is {1 - math.tanh(1.05) ** 2:.4g}, not 1." in str(found)


def test_what_is_one_number_times_the_right_gradients_is_said():
    loss, w1, w2, d1, d2 = example()
    text = str(compare(loss, [(w1, 4.0 * d1), (w2, -3.0 * d2)]))
    assert (
        "multiples of the right ones: 4 times for the weights of layer 1 and -3 times for the weights of layer 2"
        in text
    )


def test_of_several_mistakes_the_one_that_comes_first_on_the_way_back_is_named():
    loss, w1, w2, d1, d2 = example()
    out = np.array([[0.7513650695523157], [0.7729284653214625]])
    found = compare(loss, [(w1, d1 * [[3.1, -2.0], [0.4, 5.3]]), (w2, d2 / (out * (1 - out)))])
    assert found.verdict == "unknown"
    said = "goes wrong first in layer 2, whose numbers follow if the derivative of the activation"
    assert said in str(found)


def test_logits_without_layers_are_known_as_those_of_a_softmax():
    z = [Value(x, f"z{i}") for i, x in enumerate([0.3, -0.4, 1.1], 1)]
    p = softmax(z)
    found = compare(-p[1].log(), dict(zip(z, [0.0, p[1].data - 1.0, 0.0], strict=True)))
    assert named(found) == ["softmax_elementwise"]


def test_what_is_detached_is_held_fixed():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    found = compare(detach(x) * w + x**2 * w, {x: "15.000"})  # w + 2 x w = 15, where 2 x w is right
    assert named(found) == ["through_detach"]
    assert "x is differentiated where detach holds it fixed" in str(found)


def test_where_none_fits_it_says_between_which_layers_to_look():
    loss, w1, w2, d1, d2 = example()
    found = compare(loss, [(w1, 1.37 * d1), (w2, d2)])
    assert found.verdict == "unknown"
    assert "None of the known mistakes gives these numbers" in str(found)
    assert "Look between δ of layer 2 and δ of layer 1: layer 2 is right, layer 1 is not." in str(found)
    last = "In layer 2, each unit's numbers are the right ones times one factor, so look at δ"
    assert last in str(compare(loss, [(w1, d1), (w2, 1.37 * d2)]))
    inputs = [[0.9 * a, 1.2 * b] for a, b in d2]
    assert "In layer 2, δ is not the only wrong number" in str(compare(loss, [(w1, d1), (w2, inputs)]))
    slip = compare(loss, [(w1, 1.37 * d1), (w2, [[0.96 * a, 0.99 * b] for a, b in d2])])
    assert "Layer 2 is off by at most 0.04 of the right numbers" in str(slip)
    assert "Look between δ of layer 2 and δ of layer 1." in str(slip)
    assert "give the gradients of layer 2, too" in str(compare(loss, [(w1, 1.37 * d1)]))


def test_a_last_layer_that_has_all_the_numbers_is_judged_once():
    a, b = Value(-0.52, "a"), Value(0.09, "b")
    u = a * b.tanh().tanh()
    loss = (u + b).tanh() * u  # two layers, of the same parameters
    loss.backward()
    assert compare(loss, {a: 1.2345 * a.grad, b: 0.4321 * b.grad}).verdict == "unknown"


def test_the_bias_tells_that_delta_is_right():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    loss = mean_squared_error([model([0.5, -1.0]), model([1.5, 0.3])], [0.2, -0.4])
    loss.backward()
    neuron = model.layers[1].neurons[0]
    wrong = {w: w.grad * factor for w, factor in zip(neuron.w, (1.1, 1.3, 0.7), strict=True)}
    assert "biases of layer 2 are right, and so is δ there" in str(compare(loss, wrong | {neuron.b: neuron.b.grad}))


def test_the_delta_of_a_layer_can_be_given_too():
    loss, *_, d2 = example()
    total = loss.operands[1]
    square = total.operands[0]
    z = square.operands[0].operands[1].operands[0]
    delta = d2[0, 0] / 0.5932699921071872
    assert compare(loss, {z: delta}).ok
    assert named(compare(loss, {z: -delta})) == ["sign"]


def test_the_same_mistake_is_named_with_dot_and_with_plus_and_times_and_without_labels():
    W, b, x = [[0.3, -0.8], [1.1, 0.4]], [0.1, -0.2], [0.7, -1.2]
    for labelled in (True, False):
        for neuron in (dot, layouts.weighted):
            w = layouts.values(W, "w" if labelled else "")
            c = layouts.values(b, "c" if labelled else "")
            v = layouts.values([0.9, -0.6], "v" if labelled else "")
            h = [neuron(list(row), x, bias).tanh() for row, bias in zip(w, c, strict=True)]
            loss = (neuron(list(v), h, 0.3) - 0.5) ** 2
            delta = 2 * (loss.operands[0].data)
            mine = [[delta * p.data * value for value in x] for p in v]  # without tanh'
            found = compare(loss, [(w, [[float(f"{g:.4g}") for g in row] for row in mine])])
            assert named(found) == ["derivative_left_out"]
            # Nothing shows that the operands of a dot without labels are weights: then there is one layer.
            assert found.mistakes[0].place == ("" if neuron is dot and not labelled else "in the hidden layers")


def test_a_saturated_difference_gives_0():
    w = Value(0.8, "w")
    loss = (w * 62.5).sigmoid() ** 2
    found = compare(loss, {w: 0.0})
    assert not found.ok
    assert "a (1 - a) is computed in floats, where a has rounded to 1" in str(found)
    assert compare(loss, {w: "2.411e-20"}).ok


def test_a_gradient_of_what_the_loss_does_not_depend_on_is_0():
    loss, w1, *_, d1, _ = example()
    other = Value(1.0, "u")
    assert compare(loss, {other: 0, w1[0, 0]: d1[0, 0]}).ok
    found = compare(loss, {other: 0.5, w1[0, 0]: d1[0, 0]})
    assert str(found) == "L does not depend on u: its gradient is 0."
    assert [(g.name, g.ok) for g in found.gradients] == [("u", False), ("w1", True)]
    assert str(compare(loss, {other: 0.5, w1[0, 0]: -1.0})).endswith(" 0. Leave it out to compare the others.")


def test_a_half_is_spoken_of_only_where_the_loss_has_one():
    w = Value(0.3, "w")
    halves = 0.5 * (w * 2.0 - 1.0) ** 2 + 0.1 * w**2
    plain = (w * 2.0 - 1.0) ** 2
    for loss, has_half in ((halves, True), (plain, False)):
        loss.backward()
        right, w.grad = w.grad, 0.0
        data = 2.0 * (0.6 - 1.0) * (1.0 if has_half else 2.0)
        found = compare(loss, {w: f"{right + data if has_half else 2 * right:.6f}"})
        assert ("factor 0.5 of the loss is left out" in str(found)) == has_half


def test_gradients_that_are_not_finite_are_an_error():
    x = Value(0.0, "x")
    with pytest.raises(NonFiniteError, match="the gradient of x is inf"):
        compare(x.log() * 2, {x: 1.0})


W = layouts.values(np.ones((2, 3)), "w")
BAD = [
    (1.0, {W[0, 0]: 1.0}, TypeError, "loss must be a Value, not float 1.0"),
    (None, {}, ValueError, "no gradient is given"),
    (None, 3.0, TypeError, "gradients must be a dict of Values and your numbers"),
    (None, {"w1": 1.0}, TypeError, "pass the Value itself as the key, not its label"),
    (None, [W[0, 0], 1.0], TypeError, "pairs such as [(W, dW), (b, db)]; one of the entries is Value("),
    (None, {W[0, 0]: "abc"}, ValueError, "w1 must be a number such as 0.0123 or '0.0123', not str 'abc'"),
    (None, {W[0, 0]: "0,5,1"}, ValueError, "not str '0,5,1'"),
    (None, {W[0, 0]: "__import__('os')"}, ValueError, "must be a number such as"),
    (None, {W[0, 0]: None}, TypeError, "must be a number, not NoneType None"),
    (None, {W[0, 0]: 1j}, TypeError, "must be a number, not complex 1j"),
    (None, {W[0, 0]: W[0, 1]}, TypeError, "pass its .data"),
    (None, {W[0, 0]: [1.0]}, TypeError, "the gradient of w1 must be one number, not list [1.0]"),
    (None, {W[0, 0]: 10**400}, ValueError, "must be finite, not int 1000"),
    (None, {W[0, 0]: "1e999"}, ValueError, "must be finite, not str '1e999'"),
    (None, {W[0, 0]: math.nan}, ValueError, "must be finite, not float nan"),
    (None, [(W[0, 0], 1.0), (W[0, 0], 2.0)], ValueError, "w1 is given twice, as 1.0 and as 2.0"),
    (
        None,
        [(W, np.ones((3, 2)))],
        ValueError,
        "of 2 x 3 Values are 3 x 2: pass one number for each Value, nested as the Values are, which is the transpose",
    ),
    (None, [(W, [[1, 2, 3], [1, 2]])], ValueError, "the gradients of 3 Values are 2"),
    (None, [(W, 1.0)], ValueError, "the gradients of 2 x 3 Values are float 1.0"),
]


@pytest.mark.parametrize(("loss", "gradients", "error", "message"), BAD, ids=[row[3][:40] for row in BAD])
def test_bad_input_gets_a_sentence(loss, gradients, error, message):
    with pytest.raises(error, match=re.escape(message)):
        compare(W[0, 0] * 2.0 if loss is None else loss, gradients)


def test_html_escapes_labels():
    w = Value(1.0, "<w>")
    assert "&lt;w&gt;" in compare(w * 2.0, {w: 3.0})._repr_html_()


def test_floats_of_unlike_digits_have_each_their_own():
    """Two that are rounded and one that is not, and one by hand beside those of a program."""
    x, y = Value(1.5, "x"), Value(1.0, "y")
    w1, w2 = Value(0.6, "w1"), Value(0.9, "w2")
    a1 = (w1 * x).sigmoid()
    a2 = (w2 * a1).sigmoid()
    for value, label in ((a1, "a1"), (a2, "a2")):
        value.label = label
    loss = (a2 - y) ** 2
    loss.backward()
    forgotten = 2 * (a2.data - 1) * a2.data * (1 - a2.data) * w2.data * x.data  # without σ'(z1)
    for given in (
        {w2: round(w2.grad, 3), w1: round(forgotten, 6)},
        {w2: w2.grad, w1: round(forgotten, 4)},
    ):
        compared = compare(loss, given)
        assert [gradient.ok for gradient in compared.gradients] == [True, False]
        assert "left out in the hidden layer" in str(compared)


def test_control_characters_in_labels_are_escaped():
    a = Value(0.5, "\x1b[31m")
    text = str(compare((a * a - 1.0) ** 2, {a: 0.3}))
    assert "\x1b" not in text
    assert r"\x1b[31m" in text


@pytest.mark.parametrize("number", [1e308, "-1.7e308", 1e160, 5e-324])
def test_the_largest_and_smallest_numbers_are_only_wrong(number):
    net = MLP(2, [2, 1], seed=1)
    loss = mean_squared_error([net([0.5, -1.0])], [0.3])
    comparison = compare(loss, dict.fromkeys(net.parameters(), number))
    assert comparison.verdict == "unknown"


def test_zeros_are_those_before_backward():
    w, v = Value(0.5, "w"), Value(-0.3, "v")
    found = str(compare(w.tanh() * v + w * 2.0, {w: w.grad, v: v.grad}))
    assert "Your numbers are all 0, as they are before backward(): was it called on L?" in found


def test_values_of_one_label_are_told_apart():
    a, b = Value(0.5, "w"), Value(-0.3, "w")
    assert [g.name for g in compare(a * 2.0 + b * 3.0, {a: 2.0, b: 5.0}).gradients] == ["w[1]", "w[2]"]


@pytest.mark.parametrize("count", [12, 24])
def test_a_constant_that_is_forgotten_in_every_term_is_one_mistake(count):
    w, b = Value(0.7, "w"), Value(-0.2, "b")
    errors = [w * math.sin(n + 1.0) + b - math.cos(n + 1.0) for n in range(count)]
    loss = sum((0.5 * e**2 for e in errors), 0.1 * w**2)
    mine = grad(sum((e**2 for e in errors), 0.1 * w**2), [w, b])
    found = compare(loss, dict(zip([w, b], mine, strict=True)))
    assert [(mistake.name, mistake.place) for mistake in found.mistakes] == [("constant_left_out", "0.5")]
    assert found.tried < 50


def test_a_product_with_zero_is_no_constant_of_the_loss():
    w, v = Value(0.5, "w"), Value(-0.3, "v")
    examples = [(w * x + v).tanh() for x in (0.3, -0.8)]
    loss = sum(-(y * (1 + a).log() + (1 - y) * (1 - a).log()) for a, y in zip(examples, (0.0, 1.0), strict=True)) / 2
    found = compare(loss, dict(zip([w, v], [-g for g in grad(loss, [w, v])], strict=True)))
    assert "sign" in [mistake.name for mistake in found.mistakes]


def test_delta_may_be_all_that_is_wrong_in_a_batch():
    w, v = Value(0.5, "w"), Value(-0.3, "v")
    examples = [(w * x + v * (1 - x)).tanh() for x in (0.3, -0.8, 0.1)]
    loss = sum((a - 0.2) ** 2 for a in examples)
    wrong = sum(math.tau * (a - 0.2) ** 3 for a in examples)  # no mistake of the catalogue, in δ alone
    found = compare(loss, dict(zip([w, v], grad(wrong, [w, v]), strict=True)))
    assert found.verdict == "unknown"
    assert "δ" not in str(found)
