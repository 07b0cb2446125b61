"""Every script in examples, run in its short form: a new one is found by itself, and needs a line only to be short."""

import cmath
import math
import re
import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sklearn.datasets import make_moons

import nn
from engine import Value, record

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("[0-9]*.py"))
SHORT = {
    "02_moons": ["--steps", "3"],
    "03_iris": ["--epochs", "1"],
    "04_saturated": ["--steps", "2"],
    "05_copies": ["--steps", "2"],
    "09_xor": ["--steps", "2"],
    "10_digits": ["--epochs", "1"],
    "11_gpt": ["--steps", "2"],
    "12_pendulum": ["--steps", "400"],
    "13_options": ["--samples", "2000"],
    "16_rnn": ["--epochs", "1"],
    "18_two_processes": ["--steps", "3"],
}
NEEDS = {"15_from_torch": "torch", "18_two_processes": "jax"}
GREEKS = ("price", "delta", "vega", "theta", "rho", "gamma", "vanna", "volga")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot", exc_type=ImportError)

    def run(example: Path, *options: str, out: Path = tmp_path) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(example), *SHORT.get(example.stem, []), "--out", str(out), *options])
        runpy.run_path(str(example), run_name="__main__")
        plt.close("all")
        return capsys.readouterr().out

    return run


class Killed(BaseException):
    """A kill, which nothing catches."""


def named(stem: str) -> Path:
    return next(example for example in EXAMPLES if example.stem == stem)


def written(output: str) -> list[Path]:
    return [Path(word.strip(",.")) for word in output.splitlines()[-1].split() if "/" in word]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_ends_with_the_files_that_it_wrote(example, run, tmp_path):
    if example.stem in NEEDS:
        pytest.importorskip(NEEDS[example.stem])
    output = run(example)
    assert output.splitlines()[-1].startswith("wrote ")
    files = written(output)
    assert files
    assert sorted(files) == sorted(tmp_path.rglob("*.*"))
    for file in files:
        assert file.stat().st_size > 500
        if file.suffix == ".svg":
            assert ElementTree.parse(file).getroot().tag.endswith("svg")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_help_says_what_there_is_to_choose(example, run, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(example, "--help")
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "--seed" in text
    assert "--out" in text


def test_the_questions_asked_in_matrices_are_answered_in_matrices(run):
    copies = run(named("05_copies"))
    assert "δ⁽¹⁾ = (δ⁽²⁾ W⁽²⁾) ⊙ σ′(z⁽¹⁾)   (2×3) = ((2×3) (3×3)) ⊙ (2×3)" in copies
    assert "[ 0.02881 0.0597 ]" in copies
    deltas = run(named("06_deltas"))
    rows = [line.split() for line in deltas[deltas.index("by the engine") :].splitlines()[1:8]]
    assert [float(row[-1]) for row in rows] == pytest.approx([float(row[-2]) for row in rows], rel=1e-13)
    logits = run(named("08_logits"))
    closed, engine = (re.search(rf"{words} +\[(.*)\]", logits)[1] for words in ("is", "by the engine"))
    assert [float(x) for x in closed.split(", ")] == pytest.approx([float(x) for x in engine.split(", ")], rel=1e-13)


@pytest.mark.parametrize("stem", ["02_moons", "03_iris"])
def test_same_seed_gives_the_same_pictures_and_another_seed_others(stem, run, tmp_path):
    def chain(name, seed):
        run(named(stem), "--seed", seed, out=tmp_path / name)
        return (tmp_path / name / f"{stem}_chain.svg").read_text()

    first = chain("a", "1")
    assert first == chain("b", "1")
    assert first != chain("c", "2")


def test_moons_draws_the_weight_that_was_asked_for(run, tmp_path):
    output = run(named("02_moons"), "--weight", "layer2.neuron3.w5")
    assert "dloss/dlayer2.neuron3.w5" in output
    assert "layer2.neuron3.w5" in (tmp_path / "02_moons_chain.svg").read_text()


def test_moons_lists_weights_when_there_is_none_of_that_name(run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(named("02_moons"), "--weight", "w7")
    assert stopped.value.code == 2
    assert "there is no weight w7, but there are layer1.neuron1.w1, " in capsys.readouterr().err


def test_moons_are_told_apart(run):
    output = run(named("02_moons"), "--steps", "60")
    accuracy = int(output.split("accuracy ")[1].split("%")[0])
    assert accuracy >= 98


def test_iris_are_told_apart_by_networks_that_did_not_see_them(run):
    output = run(named("03_iris"), "--epochs", "8")
    accuracy = float(output.split("held-out accuracy ")[1].split("%")[0])
    assert accuracy >= 93


def test_digits_are_read_that_were_held_out(run):
    output = run(named("10_digits"), "--epochs", "15")
    assert float(output.split("held-out accuracy ")[1].split("%")[0]) >= 96
    leads = float(output.split("whose logit leads by ")[1].split()[0])
    added = [float(line.split(" adds ")[1].split()[0]) for line in output.splitlines() if " adds " in line]
    assert leads > 0
    assert added == sorted(added, reverse=True)
    assert "dlead/dpixel(" in output
    assert " 64 paths" in output


def test_digits_go_on_after_a_kill_to_the_same_pictures(run, monkeypatch, tmp_path):
    epochs = "--epochs", "3"
    whole = run(named("10_digits"), *epochs, out=tmp_path / "whole")

    def save_and_die(checkpoint, save=nn.Checkpoint.save):
        save(checkpoint)
        raise Killed

    killed = tmp_path / "killed"
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr("nn.Checkpoint.save_if_due", save_and_die)
            with pytest.raises(Killed):
                run(named("10_digits"), *epochs, out=killed)
        (checkpoint,) = killed.iterdir()
        assert checkpoint.suffix == ".safetensors"

    def told(output):
        return [line for line in output.splitlines() if "wrote" not in line and "accuracy" not in line]

    assert told(run(named("10_digits"), *epochs, out=killed)) == told(whole)
    for file in (tmp_path / "whole").glob("*.png"):
        assert (killed / file.name).read_bytes() == file.read_bytes()
    assert len(list(killed.iterdir())) == 3


def test_a_network_of_scikit_learn_is_explained_by_its_own_numbers(run, tmp_path):
    output = run(named("14_from_sklearn"))
    shares = [line.split() for line in output.splitlines() if line.strip().startswith("P(")]
    assert len(shares) == 3
    assert all(ours.strip(",") == theirs for _, _, ours, _, _, theirs in shares)
    assert sum(float(theirs) for *_, theirs in shares) == pytest.approx(1.0, abs=2e-6)
    assert "is taken for virginica" in output
    assert "dloss/dw⁽¹⁾" in output
    assert "; 3 paths" in output  # a weight of the first layer reaches the loss by three logits
    assert "petal width" in (tmp_path / "14_prediction.svg").read_text()


def test_a_network_of_pytorch_is_explained_by_its_own_numbers(run):
    pytest.importorskip("torch", reason="PyTorch is not installed: see the group bench-torch")
    output = run(named("15_from_torch"))
    ours, theirs = output.split("t = 0.8: ")[1].split(";")[0].split(", by PyTorch ")
    assert ours == theirs
    slopes = [line.replace(",", "").split() for line in output.splitlines() if "where" in line]
    assert [float(line[2]) for line in slopes] == pytest.approx([float(line[-1]) for line in slopes], abs=0.1)


def test_without_pytorch_its_example_says_how_to_install_it(run, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SystemExit):
        run(named("15_from_torch"))
    assert capsys.readouterr().err.endswith("there is no network to explain: pip install torch\n")
    assert not list(tmp_path.iterdir())


def test_a_recurrent_network_forgets_until_it_starts_from_the_identity(run):
    output = run(named("16_rnn"), "--epochs", "60")
    forgets, remembers = (
        float(line.split("about ")[1].split("%")[0]) for line in output.splitlines() if "right" in line
    )
    assert forgets < 60 < 98 < remembers
    lost, kept = (abs(float(line.split("dx1 = ")[1].split(",")[0])) for line in output.splitlines() if "dx1" in line)
    assert lost < 1e-4 < kept
    assert "the 1,099,511,627,776 paths pull against each other" in output
    assert "; 1,099,511,627,776 paths" in output


@pytest.fixture
def pendulum():
    pytest.importorskip("matplotlib.figure", exc_type=ImportError)
    specification = spec_from_file_location("pendulum", named("12_pendulum"))
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_gradient_through_ten_thousand_steps_is_that_of_the_complex_step(pendulum, monkeypatch):
    """For an analytic f the imaginary part of f(x + ih) is h f'(x), without a difference that could cancel."""
    guess, observed = [1.8, 0.45, 1.2], [math.cos(0.1 * k) for k in range(200)]
    recording = record(lambda *parameters: pendulum.loss(observed, 10_000, *parameters), *guess)
    replayed = [column[0] for column in recording.gradients(*([x] for x in guess))]
    values = [Value(x) for x in guess]
    pendulum.loss(observed, 10_000, *values).backward()
    monkeypatch.setattr(pendulum, "sin", cmath.sin)
    for k, value in enumerate(values):
        stepped = pendulum.loss(observed, 10_000, *(x + 1e-30j * (j == k) for j, x in enumerate(guess)))
        assert value.grad == pytest.approx(stepped.imag * 1e30, rel=1e-11)
        assert replayed[k] == pytest.approx(stepped.imag * 1e30, rel=1e-11)


def test_the_pendulum_swings_as_an_ode_solver_has_it(pendulum):
    solve_ivp = pytest.importorskip("scipy.integrate").solve_ivp

    def slopes(_, state):
        return state[1], -9.81 / 1.3 * math.sin(state[0]) - 0.15 * state[1]

    times = [0.1 * k for k in range(1, 201)]
    solved = solve_ivp(slopes, (0.0, 20.01), (2.2, 0.0), t_eval=times, rtol=1e-10, atol=1e-10).y[0]
    swings = [pendulum.swing(steps, 1.3, 0.15, 2.2) for steps in (5_000, 10_000)]
    coarse, fine = (max(abs(a - b) for a, b in zip(swing, solved, strict=True)) for swing in swings)
    assert fine < 0.01
    assert 1.9 < coarse / fine < 2.1  # the method is of first order


def test_the_pendulum_is_found_and_nothing_is_left_to_pull(run):
    output = run(named("12_pendulum"), "--steps", "400")
    for name, true in (("L", 1.3), ("c", 0.15), ("θ₀", 2.2)):
        (row,) = (line.split() for line in output.splitlines() if line.split()[:1] == [name])
        fitted, spread = float(row[3]), float(row[5])
        assert abs(fitted - true) < 4 * spread < 0.1
    assert "First guess: dloss/dc = 0.313, cancelled: raising c by 0.01 raises loss by about 0.003132" in output
    assert "; the 10 paths pull against each other: 0.0128" in output


def test_the_steps_of_the_pendulum_divide_into_observations(run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(named("12_pendulum"), "--steps", "250")
    assert stopped.value.code == 2
    assert "there are 200 observations: steps must be a multiple of that, not 250" in capsys.readouterr().err


def test_options_agree_with_the_closed_forms(run):
    output = run(named("13_options"), "--samples", "20000")
    rows = [line.split() for line in output.splitlines() if line.startswith(GREEKS)]
    assert len(rows) == len(GREEKS)
    for _, replay, create_graph, _ in rows:
        assert 0.0 < float(replay) < 1e-10
        assert 0.0 < float(create_graph) < 1e-10
    assert abs(float(output.split("∂price/∂d₁ = ")[1].split()[0])) < 1e-12


def test_there_is_no_option_of_no_samples(run, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(named("13_options"), "--samples", "0")
    assert stopped.value.code == 2
    assert "there must be samples, not 0" in capsys.readouterr().err


def test_gpt_goes_on_after_kills_to_the_same_names_and_pictures(run, monkeypatch, tmp_path):
    whole = run(named("11_gpt"), out=tmp_path / "whole")  # of two steps
    kills = []

    def save_and_die(checkpoint):
        if not kills:  # the second kill comes before a file is there
            checkpoint.save()
        kills.append(len(checkpoint.parts["losses"]))
        raise KeyboardInterrupt

    killed = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(nn.Checkpoint, "save_if_due", save_and_die)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                run(named("11_gpt"), out=killed)
    assert kills == [1, 2]
    assert run(named("11_gpt"), out=killed).replace("killed", "whole") == whole
    assert {file.name for file in killed.iterdir()} == {"11_gpt.svg", "11_gpt_chain.svg"}
    chains = [(folder / "11_gpt_chain.svg").read_bytes() for folder in (killed, tmp_path / "whole")]
    assert chains[0] == chains[1]


def test_two_processes_train_as_one_does(run):
    pytest.importorskip("jax")
    output = run(named("18_two_processes"), "--steps", "5")
    X, y = make_moons(n_samples=100, noise=0.1, random_state=0)
    model = nn.MLP(2, [16, 16, 1], activation="tanh", init="xavier", seed=0)
    optimizer, losses = nn.SGD(model.parameters(), lr=0.5), []
    for _ in range(6):
        loss = nn.binary_cross_entropy_with_logits([model(x) for x in X], y)
        losses.append(loss.data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert f"loss {losses[0]:.4f} -> {losses[4]:.4f} in 5 steps of 2 processes" in output
    assert f"that came back: {losses[5]:.4f}" in output
