"""fit: what it computes, that the same seed gives the same result, and what it refuses."""

import math
import random
import sys

import pytest

from engine import NonFiniteError, Value
from nn import (
    MLP,
    SGD,
    Adam,
    History,
    accuracy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge,
    mean_squared_error,
)

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.2]]
Y = [0.0, 1.0, 1.0, 0.0, 0.5]


def trained(epochs=4, model_seed=0, loss=mean_squared_error, y=Y, lr=0.1, **options):
    model = MLP(2, [4, 1], activation="tanh", seed=model_seed)
    optimizer = SGD(model.parameters(), lr=lr, momentum=0.9)
    history = fit(model, X, y, loss, optimizer, epochs=epochs, progress=False, **options)
    return model.state_dict(), history


def test_a_full_batch_is_the_loop_by_hand():
    model = MLP(2, [4, 1], activation="tanh", seed=0)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(4):
        loss = mean_squared_error([model(x) for x in X], Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    state, history = trained(epochs=4)
    assert state == pytest.approx(model.state_dict(), rel=1e-12)
    assert history.loss == pytest.approx(losses, rel=1e-12)


def test_every_batch_is_a_step_over_examples_in_an_order_from_the_seed():
    seen = []

    def spy(predictions, targets):
        seen.append(list(targets))
        return mean_squared_error(predictions, targets)

    trained(epochs=3, loss=spy, y=[0, 1, 2, 3, 4], batch_size=2, seed=7, lr=0.0, replay=False)
    epochs = [seen[i : i + 3] for i in (0, 3, 6)]
    assert [[len(batch) for batch in epoch] for epoch in epochs] == [[2, 2, 1]] * 3
    orders = [[y for batch in epoch for y in batch] for epoch in epochs]
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert orders[0] != orders[1] or orders[1] != orders[2]
    rng, places = random.Random(7), [0, 1, 2, 3, 4]
    rng.shuffle(places)
    assert orders[0] == places


def test_the_same_seed_gives_the_same_result_to_the_bit():
    assert trained(batch_size=2, seed=3) == trained(batch_size=2, seed=3)
    assert trained(batch_size=2, seed=random.Random(3)) == trained(batch_size=2, seed=3)
    assert trained(batch_size=2) == trained(batch_size=2)
    assert trained(batch_size=2, seed=3) != trained(batch_size=2, seed=4)


def test_the_global_generator_is_left_alone():
    random.seed(1)
    before = random.getstate()
    trained(batch_size=2)
    trained(batch_size=2, seed=None)
    assert random.getstate() == before


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples():
    _, whole = trained(epochs=1, lr=0.0)
    _, batches = trained(epochs=1, lr=0.0, batch_size=2)
    assert batches.loss == pytest.approx(whole.loss, rel=1e-14)


def test_history_has_an_entry_an_epoch():
    _, history = trained(
        epochs=3, metrics={"largest": lambda p, t: max(p), "count": lambda p, t: len(t)}, validation=(X[:2], Y[:2])
    )
    assert len(history.loss) == len(history.validation_loss) == len(history.seconds) == 3
    assert history.metrics["count"] == [5.0] * 3
    assert history.metrics["validation_count"] == [2.0] * 3
    assert set(history.metrics) == {"largest", "count", "validation_largest", "validation_count"}
    assert all(second >= 0 for second in history.seconds)
    assert history.latest()["validation_loss"] == history.validation_loss[-1]


@pytest.mark.parametrize("name", ["loss", "validation_loss", "validation_largest"])
def test_two_curves_of_one_name_are_refused(name):
    metrics = {"largest": lambda p, t: max(p), name: lambda p, t: 0.0}
    with pytest.raises(ValueError, match=f"two curves of the history are named {name}: rename a metric"):
        trained(metrics=metrics, validation=(X, Y))


def test_validation_is_after_the_epochs_steps_and_trains_nothing():
    state, history = trained(epochs=2)
    watched_state, watched = trained(epochs=2, validation=(X, Y))
    assert watched_state == state
    assert watched.loss == history.loss
    assert watched.validation_loss[0] == pytest.approx(history.loss[1], rel=1e-12)


def test_metrics_get_floats_or_lists_of_floats_beside_their_targets():
    got = []
    model = MLP(2, [3], seed=0)
    targets = [0, 1, 2, 0, 1]
    fit(
        model,
        X,
        targets,
        cross_entropy,
        SGD(model.parameters(), lr=0.0),
        epochs=1,
        batch_size=2,
        metrics={"seen": lambda p, t: got.append((p, t)) or 0.0},
        progress=False,
    )
    ((predictions, seen),) = got
    assert sorted(seen) == sorted(targets)
    expected = sorted([[v.data for v in model(x)], y] for x, y in zip(X, targets, strict=True))
    for (row, y), (want, target) in zip(sorted(map(list, zip(predictions, seen, strict=True))), expected, strict=True):
        assert row == pytest.approx(want, rel=1e-12)
        assert y == target


def test_two_histories_are_equal_whatever_time_they_took():
    assert History(loss=[1.0], seconds=[1.0]) == History(loss=[1.0], seconds=[2.0])


def test_learns_what_can_be_learned():
    model = MLP(2, [8, 1], activation="tanh", init="xavier", seed=1)
    history = fit(
        model,
        X[:4],
        [0, 1, 1, 0],
        binary_cross_entropy_with_logits,
        Adam(model.parameters(), lr=0.1),
        epochs=60,
        metrics={"accuracy": accuracy},
        progress=False,
    )
    assert history.metrics["accuracy"][-1] == 1.0
    assert history.loss[-1] < 0.05 < history.loss[0]


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (mean_squared_error, Y),
        (hinge, [-1, 1, 1, -1, 1]),
        (binary_cross_entropy_with_logits, [0, 1, 1, 1, 0.5]),
    ],
)
def test_losses_fall(loss, y):
    _, history = trained(epochs=20, loss=loss, y=y, lr=0.02)
    assert history.loss[-1] < 0.95 * history.loss[0]


def test_a_regularised_loss_of_ones_own():
    model = MLP(2, [4, 1], activation="tanh", seed=0)

    def loss(predictions, targets):
        return mean_squared_error(predictions, targets) + 0.1 * sum(p * p for p in model.parameters())

    history = fit(model, X, Y, loss, SGD(model.parameters(), lr=0.1), epochs=50, progress=False)
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert max(abs(p.data) for p in model.parameters()) < 0.8


def test_any_function_can_be_fitted():
    slope = Value(0.0, "slope")
    fit(lambda x: slope * x[0], [1.0, 2.0], [3.0, 6.0], mean_squared_error, SGD([slope], lr=0.1), 50, progress=False)
    assert slope.data == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, not 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an int"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, not 0"),
        ({"batch_size": 2, "seed": "x"}, TypeError, "seed must be an int"),
    ],
)
def test_options_out_of_range_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        trained(**options)


def test_a_batch_larger_than_the_data_is_all_of_them():
    _, history = trained(batch_size=100, lr=0.0, epochs=1)
    assert history.loss == pytest.approx(trained(lr=0.0, epochs=1)[1].loss, rel=1e-14)


def test_a_loss_that_is_not_finite_stops_before_the_step():
    model = MLP(2, [1], seed=0)
    optimizer = SGD(model.parameters(), lr=1e200)
    with pytest.raises(
        NonFiniteError, match=r"the loss (nan|inf) is not finite in epoch \d; .* smaller learning rate"
    ) as raised:
        fit(model, X, Y, mean_squared_error, optimizer, epochs=20, progress=False)
    assert [finding.kind for finding in raised.value.report] == ["non_finite"]
    assert str(raised.value.report) in str(raised.value)
    assert len(raised.value.history.loss) == optimizer.steps
    assert all(math.isfinite(p.data) for p in model.parameters())
    assert optimizer.steps == int(str(raised.value).split("epoch ")[1].split(";")[0]) - 1


def test_a_gradient_that_is_not_finite_stops_before_the_step():
    root = Value(0.0, "root")
    with pytest.raises(NonFiniteError, match="the gradient of root is not finite in epoch 1"):
        fit(lambda x: root.sqrt() + x[0], [1.0], [2.0], mean_squared_error, SGD([root], lr=0.1), 3, progress=False)
    assert root.data == 0.0


def test_a_loss_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match="the loss must return one Value, not float 1.0"):
        trained(loss=lambda predictions, targets: 1.0)


def test_a_bar_shows_steps_loss_and_metrics(capsys):
    model = MLP(2, [1], seed=0)
    optimizer = SGD(model.parameters(), lr=0.01)
    fit(model, X, Y, mean_squared_error, optimizer, epochs=2, batch_size=2, metrics={"largest": lambda p, t: max(p)})
    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert "loss=" in shown
    assert "largest=" in shown


def test_without_a_bar_nothing_is_shown(capsys):
    trained()
    assert capsys.readouterr() == ("", "")


class Absent:
    """Goes before the finders of modules: tqdm is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name == "tqdm":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_without_tqdm_there_is_no_bar(monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    model = MLP(2, [1], seed=0)
    history = fit(model, X, Y, mean_squared_error, SGD(model.parameters(), lr=0.1), epochs=1)
    assert len(history.loss) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("predictions", "targets", "share"),
    [([1.0, -1.0, 2.0], [1, 1, 0], 1 / 3), ([0.0], [0], 1.0), ([[0.1, 0.9], [3.0, 2.0]], [1, 0], 1.0)],
)
def test_accuracy_is_the_share_of_right_answers(predictions, targets, share):
    assert accuracy(predictions, targets) == pytest.approx(share)
    assert accuracy([[Value(v) for v in p] if isinstance(p, list) else Value(p) for p in predictions], targets) == share


@pytest.mark.parametrize("replay", [True, False])
def test_a_loss_of_one_example_is_told_what_a_loss_gets(replay):
    model = MLP(1, [1], seed=1)
    with pytest.raises(TypeError, match=r"gets all predictions and all targets of a batch, as two lists"):
        fit(
            model,
            [[0.0], [1.0]],
            [0.0, 1.0],
            lambda p, t: (p - t) ** 2,
            SGD(model.parameters(), lr=0.1),
            epochs=1,
            progress=False,
            replay=replay,
        )


@pytest.mark.parametrize("given", [{"model": 3}, {"loss": 3}, {"metrics": {"share": 3}}, {"on_epoch": 3}])
def test_what_is_no_function_is_refused_before_training(given):
    model = MLP(1, [1], seed=1)
    arguments = {"model": model, "loss": mean_squared_error} | given
    with pytest.raises(TypeError, match="must be a function, not int 3"):
        fit(
            arguments.pop("model"),
            [[0.0]],
            [0.0],
            arguments.pop("loss"),
            SGD(model.parameters(), lr=0.1),
            epochs=1,
            progress=False,
            **arguments,
        )


@pytest.mark.parametrize("replay", [True, False])
def test_losses_whose_sum_is_too_large_for_a_float_have_a_mean(replay):
    _, history = trained(1, y=[1e154] * 5, lr=1e-300, batch_size=1, replay=replay)
    assert history.loss == [pytest.approx(1e308)]
