"""The link restores the state exactly, and what is taken along is whole: SVG, PNG, LaTeX and Python."""

import base64
import math
import random
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from graphs import labelled, random_graph, two_paths
from pages import TOTAL, VERDICT, address, ask, change, choose, close, network, press

from engine import Value, chain_rule, dot, logsumexp, maximum, softplus

STATE = """return JSON.stringify([variables.map(v => [v.label, String(dataOf(v.i)), String(gradOf(v.i))]), chosen,
  source, [...openGroups].map(group => group.id).sort(), passes.at, quiz.on, [...learning.held], $("rate").value,
  $("epsilon").value, $("panel").innerText,
  [...boxes.values()].map(box => [box.title, box.x, box.y]), $("caption").textContent])"""


def reopened(browser):
    link = browser.current_url.partition("#")[0] + address(browser)
    browser.get("about:blank")
    browser.get(link)
    return browser


def drag(browser):
    rng = random.Random(2)
    for name in ("w1", "v12", "x"):
        change(browser, name, rng.gauss(0, 1))
    change(browser, "y1", "-0")


def quizzed(browser):
    choose(browser, "b1")
    press(browser, "quiz")


STEPS = {
    "as it came": lambda browser: None,
    "nothing chosen": lambda browser: browser.execute_script("choose(null)"),
    "another chosen": lambda browser: choose(browser, "h1"),
    "numbers": drag,
    "expression": lambda browser: ask(browser, "w = 0.1; (σ(w*x) − y)^2"),
    "expression and numbers": lambda browser: (ask(browser, "a = w*x; a*a"), change(browser, "w", 1 / 3)),
    "passes": lambda browser: [press(browser, "forth") for _ in range(17)],
    "quiz": quizzed,
    "steps": lambda browser: [press(browser, name) for name in ["descend"] * 3] + [browser.execute_script("forget()")],
    "settings": lambda browser: browser.execute_script(
        "$('rate').value = 0.25; $('epsilon').value = 0.5; document.querySelector('[type=checkbox]').click(); nudge()"
    ),
}


@pytest.mark.parametrize("steps", STEPS)
def test_a_link_restores_the_state(visit, steps):
    browser = visit(*two_paths())
    STEPS[steps](browser)
    before = browser.execute_script(STATE)
    assert reopened(browser).execute_script(STATE).replace("the step was too long", "") == before


def test_a_link_restores_what_is_open(visit):
    browser = visit(network()[0])
    choose(browser, "layer2.neuron3.w2")
    before = browser.execute_script(STATE)
    assert "layer2.neuron3.w3" in before
    assert reopened(browser).execute_script(STATE) == before


HOSTILE = [
    "#e=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    "#e=" + "(" * 5000,
    "#e=" + "w%2B" * 20000 + "w",
    "#wrt=%3Cscript%3E&n=w1%3Dalert&n=w1&n=%3D&n=__proto__%3D1&open=%2F&step=1e9x&rate=NaN&quiz=2",
    "#n=w1%3D1e999&step=99999999&open=constructor",
    "#%E0%A4%A&e",
]


@pytest.mark.parametrize("link", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_link_is_a_page_all_the_same(visit, link):
    browser = visit(*two_paths(), hash=link)
    assert browser.execute_script("return document.querySelectorAll('img, script').length") == 2
    assert browser.execute_script("return boxes.size") == 12
    assert browser.execute_script("return dataOf(leaves[0])") in (0.8, None, math.inf)


def exported(browser):
    """The Values that the page's Python code makes, by label."""
    code = browser.execute_script("return toPython()").rpartition("\nprint(")[0]
    scope = {}
    exec(code, scope)
    return {x.label: x for x in scope.values() if isinstance(x, Value)}


def rows():
    a, b = Value(0.7, "a"), Value(1.9, "b c")
    p = labelled(maximum(a * b, 1.0) ** 2 - -b / (a - 3.0), "lambda")
    q = labelled(logsumexp([p, a, 1e-300]) + dot([a, b], [p, 2.0], -0.0), "print")
    return labelled(softplus(q - (p - a)) ** -b, 'L"\\ 🦊'), a


GRAPHS = {"two paths": two_paths, "rows": rows} | {f"random {i}": (lambda i=i: random_graph(i, 20)) for i in range(4)}


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_python_code_is_the_graph(visit, graph):
    output, wrt = GRAPHS[graph]()
    browser = visit(output, wrt)
    found = exported(browser)
    label = browser.execute_script("return variables[output].label")
    chain, made = chain_rule(output, wrt), chain_rule(found[label], found[wrt.label])
    assert close(made.total, chain.total)
    assert close(found[label].data, output.data)
    assert made.path_count == chain.path_count


def test_the_python_code_runs_as_a_program(visit, tmp_path):
    code = visit(*two_paths()).execute_script("return toPython()")
    file = tmp_path / "graph.py"
    file.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, file], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == str(chain_rule(*two_paths()))


def test_the_latex_is_that_of_the_chain(visit):
    """But for the last line, in which the engine writes a closed form."""
    output, wrt = two_paths()
    expected = chain_rule(output, wrt).to_latex().replace(" \\\\\n", "\n").splitlines()
    found = visit(output, wrt).execute_script("return toLatex(chosen)").replace(" \\\\\n", "\n").splitlines()
    assert found[:-1] == expected[: len(found) - 1]
    assert len(expected) - len(found) in (0, 1)


def test_svg_and_png_show_the_picture(visit):
    browser = visit(*two_paths())
    svg = browser.execute_script("return toSvg()")
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {"w₁", " = w₁·x + b₁", "× 0.7"} <= {"".join(e.itertext()) for e in root.iter() if "}t" in e.tag}
    assert "var(--" not in svg
    png = browser.execute_async_script(
        "const done = arguments[0]; toPng().then(blob => { const reader = new FileReader();"
        "reader.onload = () => done(reader.result); reader.readAsDataURL(blob); })"
    )
    data = base64.b64decode(png.partition(",")[2])
    assert data[:4] == b"\x89PNG"
    ink = browser.execute_async_script(
        """const done = arguments[0]; toPng().then(createImageBitmap).then(image => {
        const paper = document.createElement("canvas"), pen = paper.getContext("2d");
        Object.assign(paper, { width: image.width, height: image.height });
        pen.drawImage(image, 0, 0);
        const { data } = pen.getImageData(0, 0, paper.width, paper.height), colours = new Set();
        for (let i = 0; i < data.length; i += 4) colours.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
        done([image.width, colours.has("0 103 177"), colours.has("255 255 255")]); })"""
    )
    assert ink[1:] == [True, True]


def test_the_texts_are_offered_to_copy(visit):
    browser = visit(*two_paths())
    for name, start in [("link", "file:"), ("latex", "\\begin{aligned}"), ("python", "from engine import")]:
        press(browser, name)
        assert browser.execute_script("return $('offered').value").startswith(start)
        assert browser.execute_script("return $('offer').open")
        press(browser, "copy")
        press(browser, "close")
        assert not browser.execute_script("return $('offer').open")
    assert close(browser.execute_script(TOTAL), chain_rule(*two_paths()).total)
    assert browser.execute_script(VERDICT).startswith("ok")
