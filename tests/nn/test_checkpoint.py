"""Checkpoints: what is killed goes on to the same bits, and what does not fit sets nothing and says why."""

import json
import math
import random
import subprocess
import sys
import time

import pytest

from engine import StateError, Value
from nn import MLP, SGD, Adam, AdamW, Checkpoint, accuracy, binary_cross_entropy_with_logits, cross_entropy, fit

pytest.importorskip("safetensors")
suffixes = pytest.mark.parametrize("suffix", [".safetensors", ".json"])

X = [[math.sin(i), math.cos(2 * i)] for i in range(24)]
Y = [i % 3 for i in range(24)]


class Killed(Exception):
    pass


def parts():
    model = MLP(2, [3], seed=0)
    rng = random.Random(1)
    rng.gauss(0.0, 1.0)  # of which the second of the pair is kept
    optimizer = Adam(model.parameters())
    for p in optimizer.parameters:
        p.grad = 0.5
    optimizer.step()
    return {"model": model, "adam": optimizer, "rng": rng, "losses": [0.1, math.inf, -0.0, math.nan]}


def numbers_of(found):
    return str([found["model"].state_dict(), found["adam"].state_dict(), found["rng"].getstate(), found["losses"]])


def empty():
    model = MLP(2, [3], seed=5)
    return {"model": model, "adam": Adam(model.parameters()), "rng": random.Random(), "losses": []}


@suffixes
def test_all_parts_come_back_to_the_bit(tmp_path, suffix):
    path = tmp_path / f"run{suffix}"
    kept, found = parts(), empty()
    losses = found["losses"]
    Checkpoint(path, kept, {"by": "hand"}).save()
    assert Checkpoint(path, found, {"by": lambda: "hand"}).resume()
    assert numbers_of(found) == numbers_of(kept)
    assert found["losses"] is losses
    assert found["rng"].gauss(0.0, 1.0) == kept["rng"].gauss(0.0, 1.0)
    assert [file.name for file in tmp_path.iterdir()] == [f"run{suffix}"]


def test_without_a_file_nothing_is_resumed(tmp_path):
    found = empty()
    before = numbers_of(found)
    assert not Checkpoint(tmp_path / "run.json", found).resume()
    assert numbers_of(found) == before


def other(**changes):
    return {**parts(), **changes}


@suffixes
@pytest.mark.parametrize(
    ("kept", "settings", "message"),
    [
        (
            other(model=MLP(2, [4], seed=0)),
            {"lr": 0.1},
            r"the state does not fit MLP: (unexpected layer1.neuron4|.*layers.0.weight \(4x2, expected 3x2\))",
        ),
        (
            other(model=MLP(2, [2], seed=0)),
            {"lr": 0.1},
            r"the state does not fit MLP: (missing layer1.neuron3.w1, |.*layers.0.weight \(2x2, expected 3x2\))",
        ),
        (other(adam=SGD([Value(0.0)], 0.1)), {"lr": 0.1}, "fit Adam of 9 parameters: missing mean1?, .*velocity1?"),
        (other(rng=[1.0, 2.0]), {"lr": 0.1}, "rng is missing or not a list of numbers of a random.Random"),
        ({**parts(), "more": [1.0]}, {"lr": 0.1}, "it holds more, which is no part of this training"),
        ({k: v for k, v in parts().items() if k != "losses"}, {"lr": 0.1}, "losses is missing or not a list of numb"),
        (parts(), {"lr": 0.2}, "it is of another training: setting lr is 0.2 there and 0.1 here"),
        (parts(), {}, "it is of another training: setting lr is not set there and 0.1 here"),
        (parts(), {"lr": 0.1, "b": 1}, "it is of another training: setting b is 1 there and not set here"),
    ],
)
def test_a_checkpoint_of_another_training_says_what_differs_and_sets_nothing(tmp_path, suffix, kept, settings, message):
    path = tmp_path / f"run{suffix}"
    Checkpoint(path, kept, settings).save()
    found = {**empty(), "losses": [7.0]}
    before = numbers_of(found)
    with pytest.raises(StateError, match=rf"run\{suffix}: .*{message}.*; to start over, delete it"):
        Checkpoint(path, found, {"lr": 0.1}).resume()
    assert numbers_of(found) == before


@suffixes
def test_a_damaged_checkpoint_is_refused(tmp_path, suffix):
    path = tmp_path / f"run{suffix}"
    Checkpoint(path, parts()).save()
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StateError, match=rf"run\{suffix} is damaged or not a \{suffix} file"):
        Checkpoint(path, empty()).resume()


def test_places_that_cannot_be_written_are_refused_before_training(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no directory .*missing, make it first"):
        Checkpoint(tmp_path / "missing" / "run.json", parts())
    with pytest.raises(ValueError, match="ends in .safetensors or .json, not in '.pkl'"):
        Checkpoint(tmp_path / "run.pkl", parts())
    with pytest.raises(ValueError, match="every must be a number of seconds from 0, not -1"):
        Checkpoint(tmp_path / "run.json", parts(), every=-1)


def test_saves_when_the_seconds_have_gone_by(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("nn.checkpoint.monotonic", lambda: now[0])
    checkpoint = Checkpoint(tmp_path / "run.json", parts(), every=10.0)
    saved = []
    for now[0] in (105.0, 109.9, 110.0, 111.0, 119.0, 120.5):
        checkpoint.save_if_due()
        saved.append(checkpoint.path.exists())
        checkpoint.path.unlink(missing_ok=True)
    assert saved == [False, False, True, False, False, True]


def training(path=None, stop=None, epochs=6, optimizer=AdamW, lr=0.05, batch_size=5, x=X, nout=3, seed=0, **options):
    """Numbers at the end of a training, which is killed after `stop` epochs."""
    model = MLP(2, [4, nout], activation="tanh", seed=4)
    done = []

    def watched(predictions, targets):
        done.append(1)
        if stop and len(done) > stop:
            raise Killed
        return accuracy(predictions, targets)

    history = fit(
        model,
        x,
        Y,
        cross_entropy,
        optimizer(model.parameters(), lr=lr),
        epochs,
        batch_size,
        seed=random.Random(seed) if seed == "generator" else seed,
        metrics={"accuracy": watched},
        progress=False,
        checkpoint=path,
        every=0.0,
        **options,
    )
    return model.state_dict(), history


@suffixes
@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("replay", [True, False])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(tmp_path, suffix, batch_size, replay):
    options = {"batch_size": batch_size, "replay": replay, "seed": "generator"}
    whole = training(**options)
    path = tmp_path / f"run{suffix}"
    for stop in (2, 1, 2):
        with pytest.raises(Killed):
            training(path, stop, **options)
    resumed = training(path, **options)
    assert resumed == whole
    assert len(resumed[1].seconds) == 6
    assert training(path, stop=1, **options) == whole  # nothing is left to do


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"nout": 4},
            r"not fit 32 parameters: of another shape: layers.1.weight \(3x4, expected 4x4\), ",
        ),
        ({"optimizer": SGD}, "the state does not fit SGD of 27 parameters: missing velocity; unexpected (mean|square)"),
        ({"optimizer": Adam}, r"optimizer is AdamW\(27 parameters, lr=0.05, .*there and Adam\(27 parameters, lr=0.05"),
        ({"lr": 0.01}, r"optimizer is AdamW\(27 parameters, lr=0.05, .*there and AdamW\(27 parameters, lr=0.01"),
        ({"lr": lambda step: 0.05 / (1 + step)}, r"optimizer is .* lr=0.05, .*there and .* lr=0.0045"),
        ({"batch_size": 6}, "setting batch_size is 5 there and 6 here"),
        ({"seed": 1}, "setting seed is 0 there and 1 here"),
        ({"epochs": 7}, "setting epochs is 6 there and 7 here"),
        ({"x": [[0.0, 0.0], *X[1:]]}, "X and y is .*with the checksum .* there and .* here"),
        ({"validation": (X, Y)}, "metrics.validation_accuracy is missing or not a list"),
    ],
)
def test_fit_refuses_the_checkpoint_of_another_training(tmp_path, changed, message):
    path = tmp_path / "run.safetensors"
    with pytest.raises(Killed):
        training(path, stop=2)
    before = path.read_bytes()
    with pytest.raises(StateError, match=message):
        training(path, **changed)
    assert path.read_bytes() == before


SCRIPT = """
import sys
from nn import MLP, Adam, accuracy, cosine, cross_entropy, fit, save
X = [[(i * j % 17) / 17 for j in range(1, 9)] for i in range(60)]
y = [i % 3 for i in range(60)]
model = MLP(8, [16, 3], activation="tanh", seed=0)
adam = Adam(model.parameters(), cosine(0.05, 60 * 6))
fit(model, X, y, cross_entropy, adam, 60, 10, metrics={"accuracy": accuracy}, validation=(X, y), progress=False,
    checkpoint=sys.argv[1], every=0.0)
save(model, sys.argv[2])
"""


def test_a_process_killed_at_any_moment_resumes_to_the_same_bits(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    path, result, whole = tmp_path / "run.safetensors", tmp_path / "result.json", tmp_path / "whole.json"
    subprocess.run([sys.executable, script, tmp_path / "whole.safetensors", whole], check=True)
    rng, killed = random.Random(0), 0
    while not result.exists():
        process = subprocess.Popen([sys.executable, script, path, result])
        seen = path.stat().st_mtime_ns if path.exists() else 0
        while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == seen):
            time.sleep(0.002)  # until it has come so far that it saves
        time.sleep(rng.uniform(0.0, 0.05))
        if killed < 3 and process.poll() is None:
            process.kill()
            killed += 1
        assert process.wait() in (0, -9)
    assert killed == 3
    assert json.loads(result.read_text()) == json.loads(whole.read_text())


def test_a_regression_of_one_output_resumes_too(tmp_path):
    def run(path=None, epochs=4):
        w = [Value(0.1), Value(0.2)]  # without labels
        optimizer = SGD(w, lr=0.1, momentum=0.9)
        fit(
            lambda x: w[0] * x[0] + w[1] * x[1],
            X,
            [y > 0 for y in Y],
            binary_cross_entropy_with_logits,
            optimizer,
            epochs,
            progress=False,
            checkpoint=path,
        )
        return [p.data for p in w], optimizer.state_dict()

    path = tmp_path / "run.json"
    assert run(path) == run(path) == run()
    assert json.loads(path.read_text())["parameters.2"] == run()[0][1]
