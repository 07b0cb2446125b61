"""The examples as a course: every exercise has an answer that is judged right, and every script is a notebook."""

import ast
import shlex
import sys
from pathlib import Path

import pytest

from engine.__main__ import main

EXAMPLES = Path(__file__).parent.parent / "examples"
ANSWERS = {
    "01_one_neuron": ("1, 1 - a**2, 2*(a - y)", "1, 1 - a, 2*(a - y)"),
    "02_moons": ("(sigmoid(z) - 1)*h", "sigmoid(z)*h"),
    "03_iris": ("exp(z1)/s - 1", "exp(z1)/s"),
    "04_saturated": ("x, a2*(1-a2), w3, f*(1-f), -2*(y-f)", "x, z2*(1-z2), w3, f*(1-f), -2*(y-f)"),
    "05_copies": ("2*(v*h1 + v*h2 - y)*v*(1 - h1**2)*x", "4*(v*h1 + v*h2 - y)*v*(1 - h1**2)*x"),
    "06_deltas": ("(a - y)*a*(1 - a)", "a - y"),
    "07_hidden_weight": ("((o1 - t1)*u + (o2 - t2)*v)*x", "(o1 - t1)*u*x"),
    "08_logits": ("p - y", "y - p"),
    "09_xor": ("x, 1 - h**2, v, 2*(o - y)", "x, h*(1 - h), v, 2*(o - y)"),
    "10_digits": ("w*(u - v)", "u - v"),
    "11_gpt": ("1 + w*u", "w*u"),
    "12_pendulum": ("dt*g*sin(t)/l**2", "-dt*g*sin(t)/l**2"),
    "13_options": ("-T*K*exp(-r*T)", "-K*exp(-r*T)"),
    "14_from_sklearn": ("w, 1 - a**2, v, p*(1 - p)", "x, 1 - a**2, v, p*(1 - p)"),
    "15_from_torch": ("v*(1 - a**2)*w", "v*(1 - a**2)*t"),
    "16_rnn": ("(1 - h3**2)*(h2 + w*(1 - h2**2)*h1)", "(1 - h3**2)*h2"),
    "17_where_is_my_mistake": ("w, h*(1-h), v, o*(1-o), o - y", "w, h, v, o*(1-o), o - y"),
    "19_step_too_long": ("2*(h - y)*x", "2*(h - y)"),
    "18_two_processes": ("((w*x1 - y1)*x1 + (w*x2 - y2)*x2)", "(w*x1 - y1)*x1"),
}
QUICK = ("01_one_neuron", "04_saturated", "07_hidden_weight", "17_where_is_my_mistake")


def command(stem):
    exercise = ast.get_docstring(ast.parse((EXAMPLES / f"{stem}.py").read_text(encoding="utf-8"))).split("\n\n")[-1]
    return shlex.split(exercise.replace("\\\n", ""))[1:]


def test_every_example_has_an_exercise():
    assert sorted(ANSWERS) == sorted(path.stem for path in EXAMPLES.glob("[0-9]*.py"))


@pytest.mark.parametrize("stem", ANSWERS)
def test_the_right_answer_is_right_and_a_common_mistake_is_not(stem, capsys):
    right, wrong = ANSWERS[stem]
    *words, dots = command(stem)
    assert dots == "..."
    assert main([*words, right]) == 0
    assert "yours: right: " in capsys.readouterr().out
    assert main([*words, wrong]) == 1
    assert "yours: right: " not in capsys.readouterr().out


@pytest.fixture
def notebooks(monkeypatch):
    pytest.importorskip("nbformat")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import notebooks

    yield notebooks
    sys.modules.pop("notebooks")


def test_every_script_is_a_notebook_whose_cells_can_run(notebooks):
    for script in notebooks.SCRIPTS:
        cells = notebooks.notebook(script).cells
        notebooks.nbformat.validate(notebooks.notebook(script))
        assert cells[0].source.startswith("# ")
        assert "Exercise" in cells[-2].source
        for cell in cells[1:-2]:
            compile(cell.source, script.stem, "exec")
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        for line in script.read_text(encoding="utf-8").split("def main")[1].splitlines()[2:-3]:
            assert line.strip() in text or "parse_args()" in line or "__doc__" in line


@pytest.mark.parametrize("stem", QUICK)
def test_a_notebook_runs_from_top_to_bottom(stem, notebooks, tmp_path):
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    run = client.NotebookClient(
        notebooks.notebook(EXAMPLES / f"{stem}.py"), timeout=120, resources={"metadata": {"path": tmp_path}}
    ).execute()
    pictures = [output for output in run.cells[-3].outputs if "image/svg+xml" in output.get("data", {})]
    assert len(pictures) == len(list((tmp_path / "out").glob("*.svg"))) > 0
    assert "'...'" in "".join(output.get("text", "") for output in run.cells[-1].outputs)  # no answer yet
    assert {output.output_type for output in run.cells[-1].outputs} == {"stream"}  # no traceback, and no number


FIT = """
from nn import MLP, SGD, fit, mean_squared_error

model = MLP(1, [1], seed=0)
history = fit(model, [[0.0], [1.0]], [0.0, 1.0], mean_squared_error, SGD(model.parameters(), lr=0.1), epochs=3)
"""


def test_training_in_a_notebook_shows_its_bar_and_no_warning():
    client, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    cell = nbformat.v4.new_code_cell(FIT)
    (cell,) = client.NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=120).execute().cells
    text = "".join(output.get("text", "") for output in cell.outputs)
    assert "3/3" in text
    assert "arning" not in text
