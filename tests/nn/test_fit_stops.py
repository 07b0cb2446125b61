"""fit stops early, by Ctrl-C, at what is not finite; it clips, calls back, and its history is drawn and printed."""

import math
import re
import signal
from html import escape

import pytest

from engine import Value
from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    DivergenceError,
    History,
    accuracy,
    binary_cross_entropy_with_logits,
    clip_gradients,
    fit,
    mean_squared_error,
)

pytest.importorskip("safetensors")

X = [[math.sin(i), math.cos(2 * i)] for i in range(20)]
Y = [float(a * b > 0) for a, b in X]
HELD_OUT = [[math.sin(i + 0.5), math.cos(i)] for i in range(10)], [float(i % 3 == 0) for i in range(10)]  # of no use


class Killed(Exception):
    pass


def training(path=None, epochs=40, model=None, optimizer=None, **options):
    model = model or MLP(2, [6, 1], activation="tanh", seed=3)
    optimizer = optimizer or Adam(model.parameters(), lr=0.05)
    options = {"batch_size": 6, "seed": 2, "progress": False, "checkpoint": path, "every": 0.0} | options
    history = fit(model, X, Y, binary_cross_entropy_with_logits, optimizer, epochs, **options)
    return [p.data for p in model.parameters()], history


# Early stopping


def test_patience_stops_after_epochs_without_a_fall_and_leaves_the_best_parameters():
    found = []
    numbers, history = training(
        validation=HELD_OUT, patience=4, on_epoch=lambda model, _: found.append([p.data for p in model.parameters()])
    )
    best = history.best()
    assert history.validation_loss[best - 1] == min(history.validation_loss)
    assert len(history.loss) == best + 4 < 40
    assert numbers == found[best - 1]
    assert history.stopped == f"4 epochs did not lower the validation loss; the model is that of epoch {best}"


def test_patience_that_is_never_lost_leaves_the_best_of_all_epochs():
    numbers, history = training(epochs=6, validation=HELD_OUT, patience=100)
    assert history.stopped == ""
    assert len(history.loss) == 6
    assert numbers == training(epochs=history.best(), validation=HELD_OUT)[0]


def test_patience_needs_held_out_examples():
    with pytest.raises(ValueError, match=r"patience is for the validation loss: pass validation=\(X, y\)"):
        training(patience=3)
    with pytest.raises(ValueError, match="patience must be at least 1, not 0"):
        training(patience=0, validation=HELD_OUT)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_training_with_patience_that_was_killed_stops_at_the_same_epoch(tmp_path, suffix):
    options = {"validation": HELD_OUT, "patience": 4}
    whole = training(**options)

    path = tmp_path / f"run{suffix}"
    for epoch in (3, len(whole[1].loss) - 1, len(whole[1].loss)):
        with pytest.raises(Killed):
            training(path, on_epoch=dies_in(epoch), **options)
    assert training(path, **options) == whole
    assert training(path, **options) == whole  # nothing is left to do


def dies_in(epoch):
    def on_epoch(model, history):
        if len(history.loss) == epoch:
            raise Killed

    return on_epoch


def test_a_validation_loss_that_is_nan_is_no_fall():
    assert History(validation_loss=[math.nan, 0.5, math.nan, 0.4, math.inf]).best() == 4
    assert History(validation_loss=[math.nan, math.nan]).best() == 1
    assert History().best() == 0


# Ctrl-C


@pytest.fixture
def listening():
    """Ctrl-C as in a terminal, also where what started the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("batch_size", [None, 6])
def test_ctrl_c_keeps_the_epochs_before_it(tmp_path, batch_size):
    def interrupt(predictions, targets):
        calls.append(1)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        return 0.0

    calls, path = [], tmp_path / "run.safetensors"
    numbers, history = training(path, batch_size=batch_size, metrics={"m": interrupt})
    assert history.stopped == "by Ctrl-C in epoch 4; the model is that of epoch 3"
    assert (numbers, history) == training(epochs=3, batch_size=batch_size, metrics={"m": lambda p, t: 0.0})
    assert len(history.seconds) == 3
    again = training(path, batch_size=batch_size, metrics={"m": interrupt})
    assert again == training(batch_size=batch_size, metrics={"m": lambda p, t: 0.0})
    assert again[1].stopped == ""


def test_ctrl_c_in_the_middle_of_an_epoch_undoes_its_steps():
    model = MLP(2, [6, 1], activation="tanh", seed=3)
    optimizer, calls = Adam(model.parameters(), lr=0.05), []

    def interrupting(x):
        calls.append(1)
        if len(calls) == 50:  # in the second batch of the third epoch
            raise KeyboardInterrupt
        return model(x)

    history = fit(
        interrupting, X, Y, binary_cross_entropy_with_logits, optimizer, 9, 6, seed=2, replay=False, progress=False
    )
    other = MLP(2, [6, 1], activation="tanh", seed=3)
    adam = Adam(other.parameters(), lr=0.05)
    whole = training(epochs=2, model=other, optimizer=adam, replay=False)[1]
    assert history == whole
    assert model.state_dict() == other.state_dict()
    assert optimizer.state_dict() == adam.state_dict()


def test_ctrl_c_before_the_first_epoch_is_over_changes_nothing():
    def interrupt(model, history):
        raise KeyboardInterrupt

    numbers, history = training(metrics={"m": lambda p, t: interrupt(0, 0)})
    assert numbers == [p.data for p in MLP(2, [6, 1], activation="tanh", seed=3).parameters()]
    assert history.loss == []
    assert history.stopped == "by Ctrl-C in epoch 1; the model is that of epoch 0"


def test_ctrl_c_after_the_last_epoch_stops_nothing():
    def interrupt(model, history):
        if len(history.loss) == 3:
            raise KeyboardInterrupt

    numbers, history = training(epochs=3, on_epoch=interrupt)
    assert history.stopped == ""
    assert (numbers, history) == training(epochs=3)


# Callback


def test_on_epoch_gets_model_and_history_after_each_epoch():
    seen, model = [], MLP(2, [1], seed=0)
    training(epochs=3, model=model, on_epoch=lambda *given: seen.append((given[0], len(given[1].loss))))
    assert seen == [(model, 1), (model, 2), (model, 3)]


def test_what_on_epoch_changes_stays():
    w = Value(1.0)

    def reset(model, history):
        w.data = float(len(history.loss))

    fit(lambda x: w * x[0], [1.0], [0.0], mean_squared_error, SGD([w], 0.1), 3, progress=False, on_epoch=reset)
    assert w.data == 3.0


# Clipping


def gradients(*numbers):
    leaves = [Value(0.0, f"p{i}") for i in range(len(numbers))]
    for leaf, number in zip(leaves, numbers, strict=True):
        leaf.grad = number
    return leaves


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"norm": 10.0}, [3.0, -4.0]),
        ({"norm": 2.5}, [1.5, -2.0]),
        ({"value": 3.5}, [3.0, -3.5]),
        ({"value": 3.0, "norm": math.sqrt(2.0)}, [1.0, -1.0]),
        ({}, [3.0, -4.0]),
    ],
)
def test_gradients_are_clipped_by_norm_and_value(options, found):
    leaves = gradients(3.0, -4.0)
    assert clip_gradients(leaves, **options) == 5.0
    assert [leaf.grad for leaf in leaves] == pytest.approx(found, rel=1e-15)


def test_a_norm_that_overflows_is_clipped_all_the_same():
    leaves = gradients(1.2e308, -1.6e308)
    clip_gradients(leaves, norm=1.0)
    assert [leaf.grad for leaf in leaves] == pytest.approx([0.6, -0.8], rel=1e-15)
    assert clip_gradients(gradients(0.0, 0.0), norm=1.0) == 0.0


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_not_finite_is_not_clipped(number):
    with pytest.raises(ArithmeticError, match=f"the gradient of p1 is {number}, which cannot be clipped"):
        clip_gradients(gradients(1.0, number), norm=1.0, value=1.0)


@pytest.mark.parametrize("option", ["clip_norm", "clip_value"])
@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_an_optimiser_that_clips_steps_as_on_clipped_gradients(kind, option):
    clipping, plain = (gradients(3.0, -4.0, 0.5) for _ in range(2))
    optimizer, other = kind(clipping, lr=0.1, **{option: 1.0}), kind(plain, lr=0.1)
    for _ in range(3):
        optimizer.step()
        clip_gradients(plain, **{option.removeprefix("clip_"): 1.0})
        other.step()
    assert [p.data for p in clipping] == [p.data for p in plain]
    assert f"{option}=1.0" in str(optimizer)
    assert "clip" not in str(other)
    with pytest.raises(ValueError, match=f"{option} must be above 0 and finite, not 0"):
        kind(clipping, lr=0.1, **{option: 0})


@pytest.mark.parametrize("option", ["clip_norm", "clip_value"])
def test_fit_clips_as_an_optimiser_does(option):
    models = [MLP(2, [6, 1], activation="tanh", seed=3) for _ in range(3)]
    own = SGD(models[0].parameters(), lr=0.5, **{option: 0.05})
    by_optimizer = training(epochs=5, model=models[0], optimizer=own)
    by_fit = training(epochs=5, model=models[1], optimizer=SGD(models[1].parameters(), lr=0.5), **{option: 0.05})
    assert by_fit == by_optimizer
    assert by_fit != training(epochs=5, model=models[2], optimizer=SGD(models[2].parameters(), lr=0.5))


@pytest.mark.parametrize("options", [{"clip_norm": 0.0}, {"clip_value": -1.0}, {"clip_norm": math.inf}])
def test_bounds_that_are_none_are_refused_before_training(options):
    model = MLP(2, [6, 1], seed=3)
    before = model.state_dict()
    with pytest.raises(ValueError, match="must be above 0 and finite, not"):
        training(model=model, **options)
    assert model.state_dict() == before


# What is not finite


def test_a_step_that_would_not_be_finite_is_not_taken():
    w = Value(1e200, "w")
    with pytest.raises(DivergenceError, match=r"w is not finite after the step, but -inf, in epoch 1; the param"):
        fit(lambda x: w * x[0], [1e-60], [0.0], mean_squared_error, SGD([w], 1e300), 5, progress=False)
    assert w.data == 1e200


def test_a_step_that_would_not_be_finite_is_diagnosed_as_the_optimiser_s():
    w = Value(3.0, "w")
    optimizer = SGD([w], lr=1e308, momentum=0.9)
    with pytest.raises(DivergenceError) as raised:
        fit(lambda x: w * x[0], [1.0, 2.0], [1.0, 2.0], mean_squared_error, optimizer, 5, progress=False)
    (finding,) = raised.value.report.findings
    assert finding.kind == "step_too_long"
    assert finding.evidence["largest rate"] == pytest.approx(2 / 5)  # the curvature is 2 (1 + 4) / 2
    assert optimizer.state_dict() == {"steps": 0.0, "velocity1": 0.0}


def test_the_diagnosis_names_the_operation():
    root = Value(0.0, "root")
    with pytest.raises(DivergenceError) as raised:
        fit(lambda x: root.sqrt() + x[0], [1.0], [2.0], mean_squared_error, SGD([root], lr=0.1), 3, progress=False)
    assert "sqrt(root)" in str(raised.value)
    assert raised.value.report.findings[0].kind == "non_finite"
    assert raised.value.history.loss == []


# History


def test_a_history_prints_in_one_line():
    history = training(epochs=30, metrics={"accuracy": accuracy}, validation=HELD_OUT)[1]
    number = r"[\d.e-]+"
    curves = ", ".join(
        rf"{name} {number} → {number}" for name in ("validation_loss", "accuracy", "validation_accuracy")
    )
    assert re.fullmatch(rf"History\(30 epochs in {number} s: loss {number} → {number}, {curves}\)", repr(history))
    assert "eager: replay=False" in repr(training(epochs=1, replay=False)[1])
    assert repr(History()) == "History(0 epochs in 0 s)"


def test_a_history_is_drawn(tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot", exc_type=ImportError)
    plt.switch_backend("agg")
    history = training(epochs=5, metrics={"accuracy": accuracy}, validation=HELD_OUT)[1]
    losses, metrics = history.plot()
    assert [line.get_label() for line in losses.lines] == ["loss", "validation loss"]
    assert [line.get_label() for line in metrics.lines] == ["accuracy", "validation accuracy"]
    assert list(losses.lines[1].get_ydata()) == history.validation_loss
    assert list(losses.lines[0].get_xdata()) == [1, 2, 3, 4, 5]
    (alone,) = training(epochs=2)[1].plot()
    assert len(alone.lines) == 1
    with pytest.raises(ValueError, match="the history is empty"):
        History().plot()
    plt.close("all")
    shown = history._repr_html_()
    assert 'class="whygrad-picture"' in shown
    assert escape(repr(history)) in shown
    assert not plt.get_fignums()  # a notebook would show it once more
    assert History()._repr_html_() is None


@pytest.mark.parametrize("number", [math.inf, math.nan])
@pytest.mark.parametrize("replay", [True, False])
def test_a_validation_loss_that_is_not_finite_ends_the_training(number, replay):
    w = Value(1.0, "w")
    with pytest.raises(
        DivergenceError, match=r"the validation loss (inf|nan) is not finite in epoch 1; .*before this epo"
    ):
        fit(
            lambda x: w / (x[0] - 5.0),
            [[1.0], [2.0]],
            [1.0, 2.0],
            lambda p, t: sum((a - b) ** 2 if number == math.inf else a - a for a, b in zip(p, t, strict=True)) / len(p),
            SGD([w], 0.01),
            2,
            validation=([[5.0]], [1.0]),
            progress=False,
            replay=replay,
        )
    assert w.data == 1.0


@pytest.mark.parametrize("replay", [True, False])
def test_a_column_of_targets_is_a_target_for_each_row(replay):
    np = pytest.importorskip("numpy")
    w = [Value(0.5), Value(0.5)]
    for parameter, y in zip(w, ([1.0, 2.0], np.array([[1.0], [2.0]])), strict=True):
        model = lambda x, p=parameter: p * x[0]  # noqa: E731
        fit(model, [[1.0], [3.0]], y, mean_squared_error, SGD([parameter], 0.01), 3, progress=False, replay=replay)
    assert w[0].data == w[1].data
