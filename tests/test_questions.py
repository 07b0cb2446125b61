"""The five questions, to the digits that were computed independently."""

import math
import re

import mpmath
import pytest
from graphs import labelled

import engine
from engine import Value, chain_rule, diagnose, dot, record, sigmoid
from engine.core.graph import ancestors
from nn import MLP, backpropagation, binary_cross_entropy, binary_cross_entropy_with_logits

INPUTS, TARGETS = [[0.8, 0.4], [0.3, 0.3]], [[0.2, 0.4], [1.0, 0.0]]


def one_neuron(w=0.8, a_prev=62.5):
    weight = Value(w, "w")
    z = labelled(weight * Value(a_prev, "a_prev"), "z")
    a = labelled(sigmoid(z), "a")
    return labelled((a - Value(0.0, "y")) ** 2, "C"), weight, a


def test_question_1_the_gradient_is_not_zero_and_the_sigmoid_is_to_blame():
    cost, w, a = one_neuron()
    cost.backward()
    assert cost.data == 1.0
    assert a.partials[0] == pytest.approx(1.928749847963918e-22, rel=1e-15)
    assert w.grad == pytest.approx(2.410937309954897e-20, rel=1e-15)
    chain = chain_rule(cost, w)
    assert chain.total == w.grad
    assert chain.verdict == "killed"
    assert [(factor.of.label, factor.wrt.label) for factor in chain.judgement.factors] == [("a", "z")]
    (finding,) = [f for f in diagnose(cost, [w]).findings if f.kind == "saturated"]
    assert "cross_entropy" in finding.remedy or "logit" in finding.remedy


def test_question_1_two_layers_have_four_derivatives_as_products_of_named_factors():
    p = {name: Value(x, name) for name, x in {"w2": 0.6, "b2": 0.9, "w3": 0.5, "b3": 0.3}.items()}
    x, y = Value(1.0, "x"), Value(0.0, "y")
    z2 = labelled(p["w2"] * x + p["b2"], "z2")
    a2 = labelled(sigmoid(z2), "a2")
    z3 = labelled(p["w3"] * a2 + p["b3"], "z3")
    f = labelled(sigmoid(z3), "f")
    cost = labelled((y - f) ** 2, "C")

    def slope(z):
        return mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2

    s2, s3, error = slope(z2.data), slope(z3.data), -2 * (y.data - f.data)
    expected = {
        "w3": error * s3 * a2.data,
        "b3": error * s3,
        "w2": error * s3 * p["w3"].data * s2 * x.data,
        "b2": error * s3 * p["w3"].data * s2,
    }
    for name, derivative in expected.items():
        chain = chain_rule(cost, p[name])
        assert chain.total == pytest.approx(float(derivative), rel=1e-14)
        assert chain.path_count == 1
    formulas = [factor.formula for factor in chain_rule(cost, p["w2"]).paths()[0].factors]
    assert formulas == ["x", "a2 * (1 - a2)", "w3", "f * (1 - f)", "-2 * (y - f)"]
    assert sigmoid(0.0) == 0.5


def test_question_1_a_step_against_the_gradient_lowers_the_cost_and_one_along_it_raises_it():
    def cost_at(p):
        return (0.0 - sigmoid(p["w3"] * sigmoid(p["w2"] * 1.0 + p["b2"]) + p["b3"])) ** 2

    p = {name: Value(x, name) for name, x in {"w2": 0.6, "b2": 0.9, "w3": 0.5, "b3": 0.3}.items()}
    cost = cost_at(p)
    cost.backward()
    against, along = ({name: v.data + sign * 0.1 * v.grad for name, v in p.items()} for sign in (-1, 1))
    assert cost_at(against) < cost.data < cost_at(along)


def copies():
    model = MLP(2, [3, 3, 2], activation="sigmoid", output_activation="sigmoid", init=1.0)
    return model, model.layers


def squares(model):
    cost = Value(0.0)
    for x, targets in zip(INPUTS, TARGETS, strict=True):
        for output, target in zip(model(x), targets, strict=True):
            cost = cost + (output - target) ** 2
    return labelled(cost, "C")


def test_question_2_equal_weights_have_equal_gradients():
    model, (first, second, last) = copies()
    cost = squares(model)
    cost.backward()
    for unit, numbers in enumerate([(0.9002495, 0.8320184), (0.9758906, 0.9705753)]):
        activations = [n for n in ancestors(cost) if re.fullmatch(rf"layer{unit + 1}\.neuron\d\.a", n.label)]
        assert sorted(a.data for a in activations) == pytest.approx(sorted(numbers * 3), abs=5e-8)
    assert [o.data for o in model(INPUTS[0])] == pytest.approx([0.9806907] * 2, abs=5e-8)
    assert [o.data for o in model(INPUTS[1])] == pytest.approx([0.9803864] * 2, abs=5e-8)
    assert [n.b.grad for n in last.neurons] == pytest.approx([0.0288127, 0.0596958], abs=5e-8)
    for column in range(3):
        assert [n.w[column].grad for n in last.neurons] == pytest.approx([0.028122, 0.0580562], abs=5e-8)
    for neuron in second.neurons:
        assert neuron.b.grad == pytest.approx(0.0022683, abs=5e-8)
        assert [w.grad for w in neuron.w] == pytest.approx([0.0019701] * 3, abs=5e-8)
    for neuron in first.neurons:
        assert neuron.b.grad == pytest.approx(0.0007693, abs=5e-8)
        assert [w.grad for w in neuron.w] == pytest.approx([0.0003942, 0.0002635], abs=5e-8)
    found = [f for f in diagnose(cost, model.parameters()).findings if f.kind == "symmetric"]
    assert found
    assert any("layer1" in str(f.where) for f in found)


def test_question_2_in_matrices_has_the_askers_numbers():
    model, _ = copies()
    found = backpropagation(model, squares(model))
    first, second, last = found.layers
    assert [row[0] for row in first.a] == pytest.approx([0.9002495, 0.8320184], abs=5e-8)
    assert [row[0] for row in second.a] == pytest.approx([0.9758906, 0.9705753], abs=5e-8)
    assert [row[0] for row in last.a] == pytest.approx([0.9806907, 0.9803864], abs=5e-8)
    assert last.grad_biases == pytest.approx([0.0288127, 0.0596958], abs=5e-8)
    assert [row[2] for row in last.grad_weights] == pytest.approx([0.028122, 0.0580562], abs=5e-8)
    assert second.grad_biases == pytest.approx([0.0022683] * 3, abs=5e-8)
    assert first.grad_weights == [pytest.approx([0.0003942, 0.0002635], abs=5e-8)] * 3
    assert found.error.targets == [pytest.approx(row, rel=1e-14) for row in TARGETS]
    equations = [equation for section in found.sections for equation in section.equations]
    assert [(e.formula, e.shapes) for e in equations if e.formula.startswith("δ")] == [
        ("δ⁽¹⁾ = (δ⁽²⁾ W⁽²⁾) ⊙ σ′(z⁽¹⁾)", "(2×3) = ((2×3) (3×3)) ⊙ (2×3)"),
        ("δ⁽²⁾ = (δ⁽³⁾ W⁽³⁾) ⊙ σ′(z⁽²⁾)", "(2×3) = ((2×2) (2×3)) ⊙ (2×3)"),
        ("δ⁽³⁾ = 2 (a⁽³⁾ − y) ⊙ σ′(z⁽³⁾)", "(2×2) = (2×2) ⊙ (2×2)"),
    ]


def descend(model, steps, lr=0.5):
    for _ in range(steps):
        model.zero_grad()
        squares(model).backward()
        for p in model.parameters():
            p.data -= lr * p.grad
    return [[o.data for o in model(x)] for x in INPUTS]


def test_question_2_copies_are_stuck_after_a_thousand_steps():
    outputs = descend(copies()[0], 1000)
    assert outputs[0] == pytest.approx([0.5992706, 0.1997657], abs=5e-8)
    assert outputs[1] == pytest.approx([0.5993176, 0.2004306], abs=5e-8)


@pytest.mark.skipif(not engine.compiled, reason="ten thousand steps take their time uncompiled")
def test_question_2_random_weights_come_within_a_hundredth_after_ten_thousand_steps():
    model = MLP(2, [3, 3, 2], activation="sigmoid", output_activation="sigmoid", init="uniform", seed=0)
    cost = record(lambda x, y: sum((o - t) ** 2 for o, t in zip(model(x), y, strict=True)), INPUTS[0], TARGETS[0])
    for _ in range(10_000):
        model.zero_grad()
        cost.backward(INPUTS, TARGETS)  # of the mean of two examples: half of the sum's
        for p in model.parameters():
            p.data -= 0.5 * 2 * p.grad
    for x, target in zip(INPUTS, TARGETS, strict=True):
        assert [o.data for o in model(x)] == pytest.approx(target, abs=0.01)


def test_question_3_deltas_are_the_gradients_at_the_pre_activations():
    x = [Value(0.5, "x1"), Value(-1.0, "x2")]
    w1 = [[Value(0.3 * i - 0.4 * j, f"w1{i}{j}") for j in (1, 2)] for i in (1, 2, 3)]
    w2 = [[Value(0.2 * i + 0.5 * j - 1, f"w2{i}{j}") for j in (1, 2, 3)] for i in (1, 2)]
    z1 = [dot(row, x, 0.1) for row in w1]
    a1 = [sigmoid(z) for z in z1]
    z2 = [dot(row, a1, -0.2) for row in w2]
    a2 = [sigmoid(z) for z in z2]
    y = [1.0, 0.0]
    cost = 0.5 * (a2[0] - y[0]) ** 2 + 0.5 * (a2[1] - y[1]) ** 2
    cost.backward()
    delta2 = [(a.data - t) * a.data * (1 - a.data) for a, t in zip(a2, y, strict=True)]
    delta1 = [sum(w2[k][j].data * delta2[k] for k in (0, 1)) * a1[j].data * (1 - a1[j].data) for j in range(3)]
    assert [z.grad for z in z2] == pytest.approx(delta2, rel=1e-13)
    assert [z.grad for z in z1] == pytest.approx(delta1, rel=1e-13)
    assert [[w.grad for w in row] for row in w2] == [pytest.approx([d * a.data for a in a1], rel=1e-13) for d in delta2]
    assert [[w.grad for w in row] for row in w1] == [pytest.approx([d * v.data for v in x], rel=1e-13) for d in delta1]
    found = backpropagation([w for row in w1 + w2 for w in row], cost)
    assert [layer.delta for layer in found.layers] == [[[z.grad for z in z1]], [[z.grad for z in z2]]]
    assert [layer.grad_weights for layer in found.layers] == [[[w.grad for w in row] for row in w] for w in (w1, w2)]
    assert found.sections[1].equations[1].formula == "δ⁽²⁾ = (a⁽²⁾ − y) ⊙ σ′(z⁽²⁾)"
    cross_entropy = binary_cross_entropy_with_logits([z2[0]], [1.0])
    for z in z2:
        z.grad = 0.0
    cross_entropy.backward()
    assert z2[0].grad == pytest.approx(a2[0].data - 1.0, rel=1e-13)


def test_question_4_two_paths_and_an_independent_variable():
    v = {name: Value(x, name) for name, x in {"w1": 0.15, "w2": 0.2, "w5": 0.4, "w7": 0.5}.items()}
    h1 = labelled((v["w1"] * 0.05 + v["w2"] * 0.1 + 0.35).sigmoid(), "h1")
    o1, o2 = labelled((v["w5"] * h1).sigmoid(), "o1"), labelled((v["w7"] * h1).sigmoid(), "o2")
    loss = labelled(0.5 * ((0.01 - o1) ** 2 + (0.99 - o2) ** 2), "L")
    loss.backward()
    chain = chain_rule(loss, v["w1"])
    assert {tuple(node.label for node in path.nodes) for path in chain.paths()} == {
        ("w1", "h1", "o1", "L"),
        ("w1", "h1", "o2", "L"),
    }
    assert math.fsum(path.product for path in chain.paths()) == pytest.approx(v["w1"].grad, rel=1e-14)
    assert chain_rule(v["w7"], h1).sentence == "w7 is an independent variable: it does not depend on h1"


@pytest.mark.parametrize("z", [-1e4, -745.0, -37.0, -0.5, 0.0, 0.5, 37.0, 40.0, 745.0, 1e4])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_question_5_on_the_logit_loss_and_gradient_have_all_digits(z, y):
    w, z_prev = Value(z / 2, "w"), 2.0
    loss = binary_cross_entropy_with_logits([w * z_prev], [y])
    loss.backward()
    with mpmath.workdps(60):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        q = 1 / (1 + mpmath.exp(mpmath.mpf(z)))
        assert loss.data == pytest.approx(float(-mpmath.log(p if y else q)), rel=1e-14)
        assert w.grad == pytest.approx(float(z_prev * (-q if y else p)), rel=1e-14)


def test_question_5_on_the_probability_it_divides_by_zero_and_is_diagnosed():
    w = Value(20.0, "w")
    p = labelled(sigmoid(labelled(w * 2.0, "z")), "p")
    loss = binary_cross_entropy([p], [0.0])
    assert not math.isfinite(loss.data)
    assert any(finding.kind in ("probability_loss", "non_finite") for finding in diagnose(loss, [w]).findings)


def test_question_5_in_matrices_the_last_layer_is_x_transposed_times_the_errors():
    model, X, y = MLP(2, [3, 1], activation="tanh", seed=1), [[0.5, -1.0], [2.0, 0.3]], [1.0, 0.0]
    found = backpropagation(model, binary_cross_entropy_with_logits([model(x) for x in X], y))
    hidden, last = found.layers
    errors = [(p - t) / 2 for (p,), t in zip(found.error.p, y, strict=True)]
    closed = [sum(a * e for a, e in zip(column, errors, strict=True)) for column in zip(*hidden.a, strict=True)]
    assert last.grad_weights == [pytest.approx(closed, rel=1e-14)]
    assert [section.equations[1].formula for section in found.sections] == [
        "δ⁽¹⁾ = (δ⁽²⁾ W⁽²⁾) ⊙ tanh′(z⁽¹⁾)",
        "δ⁽²⁾ = 1/2 (p − y)",
    ]


def test_question_5_the_chain_grows_by_two_factors_a_layer():
    for depth in (1, 2, 3, 4):
        a = first = Value(0.5, "w1")
        for number in range(1, depth + 1):
            z = labelled(a * Value(0.9, f"v{number}") + 0.1, f"z{number}")
            a = labelled(z.tanh(), f"a{number}")
        assert len(chain_rule(a, first).paths()[0].factors) == 2 * depth
