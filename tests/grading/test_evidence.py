"""What is a coincidence is not named as sure; what rounding and a mistake both explain is said to be either."""

from collections import Counter
from dataclasses import dataclass

import layouts
import numpy as np
import pytest
from learners import Perceptron, sigmoid

from engine import Value, compare

LAYOUTS = [layouts.sigmoid_222, layouts.tanh_342, layouts.batch_with_penalty]
# Derivatives of activations that are no row of the catalogue: of z, a, and the inputs of the unit.
DERIVATIVES = {
    "a (1 + a)": lambda z, a, x: a * (1 + a),
    "a² (1 - a)": lambda z, a, x: a * a * (1 - a),
    "(1 - a)²": lambda z, a, x: (1 - a) ** 2,
    "at an input": lambda z, a, x: sigmoid(x[:, :1]) * (1 - sigmoid(x[:, :1])) + 0 * z,
    "arctan'": lambda z, a, x: 1 / (1 + z * z),
    "cos": lambda z, a, x: np.cos(z),
}
MISTAKES = [*DERIVATIVES, "factor", "sign of a weight", "copied wrongly", "old weights"]


@dataclass
class Stranger(Perceptron):
    """A learner whose mistake is outside the catalogue, at a random unit or layer."""

    seed: int = 0

    def derivative(self, layer, mistake, where):
        exact = super().derivative(layer, "", None)
        if layer != where:
            return exact
        if mistake in DERIVATIVES:
            return DERIVATIVES[mistake](self.Z[layer], self.A[layer + 1], self.A[layer])
        rng = np.random.default_rng(self.seed)
        factor = np.exp(rng.uniform(-1.4, 1.4))
        return exact * np.where(np.arange(exact.shape[1]) == 0, factor, 1.0) if mistake == "factor" else exact

    def send_back(self, layer, delta, dW, mistake, where):
        rng, kept = np.random.default_rng(self.seed), self.W[layer]
        changed = {
            "sign of a weight": np.where(np.arange(kept.size).reshape(kept.shape) == 0, -kept, kept),
            "copied wrongly": np.where(np.arange(kept.size).reshape(kept.shape) == 0, rng.normal(), kept),
            "old weights": kept + 0.1 * rng.normal(size=kept.shape),
        }.get(mistake, kept)
        return (delta @ changed) * self.derivative(layer - 1, mistake, where)


def stranger(layout, seed):
    loss, parameters, learner = layout(np.random.default_rng(seed))
    return (
        loss,
        parameters,
        Stranger(**{name: getattr(learner, name) for name in Perceptron.__dataclass_fields__}, seed=seed),
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("count", [3, 4])
def test_a_mistake_outside_the_catalogue_is_not_named_as_sure(layout, count):
    found = Counter()
    for seed in range(4):
        loss, parameters, learner = stranger(layout, seed)
        for mistake in MISTAKES:
            exact = learner.gradients(mistake, seed % 2)
            comparison = compare(loss, {p: f"{x:.{count - 1}e}" for p, x in zip(parameters, exact, strict=True)})
            same = [np.allclose([m.gradients[p] for p in parameters], exact) for m in comparison.mistakes]
            is_sure = comparison.verdict in ("mistake", "several") and not any(same)
            found["wrongly" if is_sure else comparison.verdict] += 1
    assert found["wrongly"] == 0
    assert found["unknown"] >= 0.3 * sum(found.values())


def network():
    """2-2-1 with sigmoids, and the parameters that its output δ moves by one factor."""
    w = [Value(x, f"w{i}") for i, x in enumerate([0.3, -0.8, 1.1, 0.4, 0.9, -0.6], 1)]
    h = [(w[i] * 0.7 - w[i + 1] * 1.2).sigmoid() for i in (0, 2)]
    output = (w[4] * h[0] + w[5] * h[1] + 0.2).sigmoid()
    return (output - 0.1) ** 2, w, output.data


def test_numbers_that_one_wrong_delta_moves_are_one_piece_of_evidence():
    loss, w, a = network()
    loss.backward()
    near = 1.01 / a  # 1 - a for a (1 - a) gives 1/a
    found = compare(loss, {p: f"{near * p.grad:.2e}" for p in w})
    assert found.verdict in ("chance", "unknown")
    sure = compare(loss, {p: f"{p.grad / a:.5e}" for p in w})
    assert [mistake.name for mistake in sure.mistakes] == ["derivative_without_a"]


def test_earlier_layers_that_follow_from_the_wrong_deltas_of_a_later_one_add_no_evidence():
    loss, parameters, learner = layouts.tanh_342(np.random.default_rng(1))
    learner.forward()
    error = learner.A[-1] - learner.Y
    squared = learner.Y.copy()
    squared[0, 1] = learner.A[-1][0, 1] - 1.004 * error[0, 1] ** 2  # e² for e, nearly, by another target
    learner.Y = squared
    found = compare(loss, {p: f"{x:.2e}" for p, x in zip(parameters, learner.gradients(), strict=True)})
    assert found.evidence < 2.5  # of one number, though 22 are wrong


def test_a_mistake_that_explains_the_numbers_far_better_than_rounding_is_a_guess():
    loss, w, _ = network()
    loss.backward()
    swapped = {w[4]: w[5].grad, w[5]: w[4].grad}
    numbers = {p: f"{swapped.get(p, p.grad):.1e}" for p in w}
    found = compare(loss, numbers)
    assert not found.ok
    assert [g.value for g in found.wrong] == [w[4], w[5]]


def test_a_mistake_that_gives_the_numbers_as_well_as_rounding_does_is_spoken_of():
    x, y = np.array([0.8, -0.5, 0.3]), 0.2
    w, b = [Value(n, f"w{i}") for i, n in enumerate([0.4, -0.7, 0.5], 1)], Value(0.1, "b")
    loss = 0.5 * (layouts.weighted(w, x.tolist(), b).sigmoid() - y) ** 2
    a = sigmoid(0.4 * 0.8 + 0.7 * 0.5 + 0.5 * 0.3 + 0.1)
    delta = (a - y) * sigmoid(a) * (1 - sigmoid(a))  # 8 % too large
    found = compare(loss, {p: f"{g:.1e}" for p, g in zip([*w, b], [*(delta * x), delta], strict=True)})
    assert (found.verdict, [mistake.name for mistake in found.mistakes]) == ("right", ["derivative_at_a"])
    assert "You would get them, too, if the derivative of the activation is taken at a" in str(found)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_a_learner_who_rounds_to_two_digits_is_right(layout):
    def rounded(numbers):
        return np.vectorize(lambda x: float(f"{x:.1e}"), otypes=[float])(numbers)

    for seed in range(7):  # in the eighth network an error a - y has no digits left
        loss, parameters, learner = layout(np.random.default_rng(seed), rounded)
        assert compare(loss, {p: f"{x:.1e}" for p, x in zip(parameters, learner.gradients(), strict=True)}).ok


def test_of_numbers_that_no_mistake_gives_those_off_by_no_more_than_rounding_are_not_judged():
    loss, w, _ = network()
    loss.backward()
    off = {w[0]: 1.37, w[1]: 1.21, w[2]: 1.0006, w[3]: 1.0006}
    found = compare(loss, {p: f"{off.get(p, 1.0) * p.grad:.3e}" for p in w})
    assert [g.ok for g in found.gradients] == [False, False, None, None, True, True]
    assert "w3 and w4 may be right but for rounding" in str(found)


def test_a_layer_that_may_be_wrong_is_not_said_to_be_right():
    loss, w, _ = network()
    loss.backward()
    off = {w[0]: 1.37, w[1]: 1.21, w[4]: 1.0006, w[5]: 1.0006}
    found = compare(loss, {p: f"{off.get(p, 1.0) * p.grad:.3e}" for p in w})
    assert [g.ok for g in found.gradients][4:] == [None, None]
    assert "Give more digits of layer 2, to see whether the mistake is there or in layer 1." in str(found)
