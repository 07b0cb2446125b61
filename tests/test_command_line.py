"""The command line: what it prints, writes and refuses, in a process of its own and in this one."""

import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine import Value, chain_rule, sigmoid
from engine.__main__ import main

QUESTION = ["(sigmoid(w*x) - y)**2", "w=0.8", "x=62.5", "y=0", "--wrt", "w"]


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("command", [[sys.executable, "-m", "engine"], ["whygrad"]], ids=["module", "script"])
def test_question_1_is_answered(command, tmp_path):
    script = shutil.which("whygrad", path=Path(sys.executable).parent)
    if command == ["whygrad"] and not script:
        pytest.skip("whygrad is not installed beside this interpreter")
    command = [script] if command == ["whygrad"] else command
    done = subprocess.run(
        [*command, *QUESTION, "--out", "why.html"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("z = w * x = 50\na = sigmoid(z) = 1\nC = (a - y) ** 2 = 1\n\ndC/dw = 2.411e-20\n")
    assert "∂a/∂z = σ'(z) = 1.929e-22 because z = 50: the sigmoid is saturated" in done.stdout
    assert done.stdout.endswith("\nwrote why.html\n")
    assert (tmp_path / "why.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_it_prints_the_chain_rule_of_the_same_graph(run):
    w, x, y = Value(0.3, "w"), Value(-2.0, "x"), Value(0.5, "y")
    z = w * x
    z.label = "z"
    a = sigmoid(z)
    a.label = "a"
    cost = (a - y) ** 2
    cost.label = "C"
    code, out, _ = run("(sigmoid(w*x) - y)**2", "w=0.3", "x=-2", "y=1/2")
    assert code == 0
    chains = out.split("\n\n")[1:]
    assert [chain.strip() for chain in chains] == [str(chain_rule(cost, value)) for value in (w, x, y)]


def test_rows_of_your_own_come_from_a_python_file(tmp_path):
    (tmp_path / "mine.py").write_text('from engine import row\n\nrow("cauchy", "Cau", "log1p(a * a)")\n')
    command = [sys.executable, "-m", "engine", "cauchy(2*w)", "w=1", "--rows"]
    done = subprocess.run([*command, "mine.py"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert "C = cauchy(z) = 1.609\n" in done.stdout
    done = subprocess.run([*command, "none.py"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "none.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_expression_is_read_in_the_notation_that_an_answer_is_read_in(run):
    assert run("2x(1 − x)²", "x=3") == run("2*x*(1 - x)**2", "x=3")


@pytest.mark.parametrize("power", ["**2", "^2", "²"])
def test_powers_may_be_written_in_three_ways(run, power):
    assert run(f"(σ(w·x) − y){power}", *QUESTION[1:])[1] == run(*QUESTION)[1]


def test_parts_with_names_are_the_variables_of_the_chain(run):
    code, out, _ = run("u = w*x + b; h = tanh(u); L = (h - y)**2", "w=1", "x=2", "b=0.5", "y=0", "--wrt", "w")
    assert code == 0
    assert "  1  w → u → h → L  " in out
    assert out.startswith("u = w*x + b = 2.5\nh = tanh(u) = ")
    assert "dL/dh = 1.973" in run("h = tanh(w); L = (h - 0)**2", "w=2.5", "--wrt", "h")[1]


def test_a_part_that_is_a_number_is_a_leaf(run):
    assert run("w = 0.8; x = 125/2; y=0; (sigmoid(w*x) - y)**2", "--wrt", "w") == run(*QUESTION)
    assert "w has two numbers, 1 and 2" in run("w = 2; w * 3", "w=1")[2]


def test_names_that_are_taken_are_not_given_to_parts(run):
    _, out, _ = run("sigmoid(a*z) + tanh(C*z) + tanh(C*z)", "a=1", "z=2", "C=3", "--wrt", "C")
    heads = [line.partition(" = ")[::2] for line in out.splitlines()[:5]]
    assert [name for name, _ in heads] == ["z2", "a2", "z3", "a3", "L"]
    assert [formula.rpartition(" = ")[0] for _, formula in heads[1:]] == [
        "sigmoid(z2)", "C * z", "tanh(z3)", "a2 + a3 + a3",
    ]  # fmt: skip


def test_a_part_that_is_another_name_is_a_step_of_its_own(run):
    assert "w → b → C" in run("b = w; b * 2", "w=1")[1]


def test_functions_of_several_numbers(run):
    assert "= 11\n" in run("dot([a, b], [1, 2], 1) + maximum(a, b) * logsumexp([0, 0]) * 0", "a=4", "b=3")[1]


@pytest.mark.parametrize(
    ("factors", "code", "said"),
    [
        ("x, a*(1-a), 2*(a-y)", 0, "yours: right: "),
        ("x, σ'(z), 2(a-y", 2, "cannot read"),
        ("0.5, 0.2403, 1.197", 0, "yours: right: "),
        ("x, a*(1-a), 2*(y-a)", 1, "factor 3 of 3, from w, is ∂C/∂a = 2 * (a - y) = 1.197, not 2*(y-a) = -1.197"),
        ("maximum(x, x), sigmoid'(z), 2*(a-y)", 0, "yours: right: "),
        ("x, a*(1-a)", 1, "the path w → z → a → C has 3 factors, not 2"),
    ],
)  # fmt: skip
def test_a_derivation_is_judged(run, factors, code, said):
    found, out, err = run("(sigmoid(w*x) - y)^2", "w=0.8", "x=0.5", "y=0", "--wrt", "w", "--check", factors)
    assert (found, said in out + err) == (code, True)
    assert ("dC/dw = " in out) == (code == 0)  # else the learner tries again


def test_a_derivation_in_a_saturated_unit_is_told_what_rounds_to_0(run):
    code, out, _ = run(*QUESTION, "--check", "x, a*(1-a), 2*(a-y)")
    assert code == 0
    assert "the formula is right, but in floats it is 0; use σ'(z)" in out


@pytest.mark.parametrize("wrt", [["--wrt", "w"], []], ids=["chain", "graph"])
@pytest.mark.parametrize("suffix", [".svg", ".dot", ".html", ".png"])
def test_a_picture_or_page_is_written_by_suffix(run, tmp_path, suffix, wrt):
    file = tmp_path / f"why{suffix}"
    code, out, err = run(*QUESTION[:4], *wrt, "--out", str(file))
    assert (code, err, out.splitlines()[-1]) == (0, "", f"wrote {file}")
    content = file.read_bytes()
    if suffix == ".svg":
        assert ElementTree.fromstring(content).tag.endswith("svg")
        assert ("killed" in content.decode()) == bool(wrt)
    else:
        assert {".dot": b"digraph", ".html": b"<!doctype html>", ".png": b"\x89PNG"}[suffix] in content


def test_open_shows_the_file_or_else_a_page(run, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    file = tmp_path / "why.svg"
    run(*QUESTION, "--out", str(file), "--open")
    _, out, _ = run(*QUESTION, "--open")
    page = Path(out.splitlines()[-1].removeprefix("wrote "))
    assert shown == [file.as_uri(), page.resolve().as_uri()]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("expression", "said", "below"),
    [
        ("w + sigmod(x)", "there is no function sigmod: sigmoid is one", "    ^"),
        ("w + sigm(x)", "there is no function sigm: sigmoid is one", "    ^"),
        ("w + zzz(x)", "there is no function zzz: a row of your own needs the Python file that adds it", "    ^"),
        ("w + (x & 2)", "not of 'x & 2'", "     ^"),
        ("w + x)", "unmatched ')'", "     ^"),
        ("w * * x", "a formula is written as in Python", "    ^"),
        ("w + sigmoid(w, x)", "sigmoid is written sigmoid(a)", "    ^"),
        ("w + logsumexp()", "logsumexp is written logsumexp([A, …])", "    ^"),
        ("é = w; é + é + wrong(x)", "there is no function wrong", "        ^"),
        ("w + x.data", "not of 'x.data'", "    ^"),
        ("w + 'x'", "not of \"'x'\"", "    ^"),
        ("w + x[0]", "not of 'x[0]'", "    ^"),
        ("w + (lambda: x)", "lambda is a Python keyword", "     ^"),
        ("w if x else w", "if is a Python keyword", ""),
        ("w + __import__('os').system('true')", "there is no function __import__", "    ^"),
        ("w + (x := 3)", "not of '(x := 3)'", ""),
        ("w == x", "not of 'w == x'", "^"),
        ("w^^x", "a formula is written as in Python", ""),
        ("w + True", "True is a Python keyword", "    ^"),
    ],
)
def test_what_is_no_formula_is_refused_where_it_stands(run, expression, said, below):
    code, out, err = run(expression, "w=1", "x=2")
    assert (code, out) == (2, "")
    message, formula, pointer = err.splitlines()
    assert said in message
    assert message.startswith("whygrad: ")
    assert formula.startswith("  ")
    assert pointer.strip() == "^"
    if below:
        assert pointer == f"  {below}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["w*x + q", "w=1"], "x, q have no number: add x=1.0 q=1.0"),
        (["w*x", "w=1"], "x has no number: add x=1.0"),
        (["w + 1j", "w=1"], "j has no number: add j=1.0"),
        (["w", "w=1", "v=2"], "v is not in the expression, whose names are w"),
        (["w", "w=1", "w=2"], "w has two numbers, 1 and 2"),
        (["w", "w", "=", "1"], "'w' does not give a name its number: write w=0.8, without spaces"),
        (["w", "w=fast"], "'w=fast' does not give a name its number"),
        (["w", "w=[1]"], "does not give a name its number"),
        (["w", "2w=1"], "does not give a name its number"),
        (["w = x; w", "w=1", "x=2"], "w has two meanings"),
        (["a = w; a = w; a", "w=1"], "a has two meanings"),
        (["w; w", "w=1"], "only the last part may have no name"),
        (["2 + 3"], "2 + 3 has no name to differentiate with respect to"),
        ([""], "there is no expression"),
        (["[w, w]", "w=1"], "is a list of 2"),
        (["w", "w=1", "--wrt", "v"], "v is not in the expression, whose names are w, C"),
        (["w*x", "w=1", "x=2", "--check", "x"], "as in --wrt w"),
        (["w", "w=1", "--out", "why.doc"], "ends in one of"),
        (["w", "w=1", "--out", "no/such/folder/why.svg"], "there is no directory"),
        (["+".join(["w"] * 20_000), "w=1"], "nested too deeply"),
        (["w * " + "9" * 400, "w=1"], "too large"),
    ],
)
def test_what_cannot_be_done_is_said(run, arguments, said):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith("whygrad: ")
    assert said in err


def test_letters_that_python_takes_for_others_are_the_same_name(run):
    assert run("\N{MICRO SIGN} * 2", "\N{GREEK SMALL LETTER MU}=3")[0] == 0


def test_an_expression_may_begin_with_a_minus(run):
    assert "dC/dw = -2\n" in run("-w*x", "w=1", "x=2", "--wrt", "w")[1]
    assert "yours: right: -x = -2" in run("-w*x", "w=1", "x=2", "--wrt", "w", "--check", "-x")[1]


def test_numbers_may_be_extreme(run):
    code, out, _ = run("log(w) / x", "w=0", "x=1e-300", "--wrt", "w")
    assert code == 0
    assert "non_finite" in out


def test_help_has_the_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "(sigmoid(w*x) - y)**2" in capsys.readouterr().out


def test_branches_are_read_as_python_and_books_write_them(run):
    code, out, err = run("where(x<1, x, 2*x)", "x=0.5", "--wrt", "x")
    assert (code, err) == (0, "")
    assert out.startswith("C = where(x < 1, x, 2 * x) = 0.5\n\ndC/dx = 1\n")
    assert "where took its first branch for C, as x < 1 holds: x\nok: " in out
    assert "dC/dx = 2\n" in run("where(x<1, x, 2*x)", "x=1", "--wrt", "x")[1]
    other = run("where(not (0 < x <= 1) and (x < 4 or x > 5), 3*x, log(x))", "x=-2", "--wrt", "x")
    for text in ("~((x > 0) & (x <= 1)) & ((x < 4) | (x > 5))", "¬(0 < x ≤ 1) ∧ (x < 4 ∨ x > 5)"):
        assert run(f"where({text}, 3*x, log(x))", "x=-2", "--wrt", "x")[1].split("\n\n")[1] == other[1].split("\n\n")[1]
    assert "dC/dx = 3\n" in other[1]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("where(x, x, 1)", "where is written where(condition, a, b), with a comparison such as x > 0 as the condition"),
        ("where(x > 0 & x < 1, x, 1)", "not of '0 & x'"),
        ("where(x == 0, x, 1)", "not of 'x == 0'"),
        ("x and 1 > 0", "not of 'x and 1 > 0'"),
    ],
)
def test_what_is_no_condition_is_refused(run, expression, said):
    code, _, err = run(expression, "x=1")
    assert code == 2
    assert said in err
