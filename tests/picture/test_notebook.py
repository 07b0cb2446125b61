"""A notebook is executed, saved, and opened again in JupyterLab in a real browser: trusted and not, light and dark."""

import json
import os
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from browsers import chromium

pytest.importorskip("jupyterlab", reason="install the dependency group jupyterlab")
nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
Image = pytest.importorskip("PIL.Image")

CELLS = [
    """from engine import Value, chain_rule, draw
from nn import MLP
w, x = Value(0.8, "w"), Value(0.5, "x")
z = w * x; z.label = "z"
loss = (z.tanh() - 1) ** 2; loss.label = "L"
loss""",
    "chain_rule(loss, w)",
    "draw(loss, w)",
    """model = MLP(2, [16, 16, 1], seed=0)
wide = (model([0.6, -0.4]) - 1.0) ** 2; wide.label = "L"
chain_rule(wide, model.parameters()[0])""",
    """from engine import diagnose
from nn import History
diagnose((Value(62.5) * w).sigmoid() ** 2, [w])""",
    "History(loss=[0.7, 0.5, 0.25])",
    "chain_rule(loss, w).explore()",
]
PICTURES = len(CELLS) - 1  # all but the table
SEEN = """return [...document.querySelectorAll(".jp-OutputArea-output")].map(output => {
  const image = output.querySelector("img.whygrad-picture"), frame = output.querySelector("iframe");
  const wide = element => element ? element.getBoundingClientRect().width : 0;
  return { image: wide(image), loaded: image !== null && image.complete && image.naturalWidth > 0, frame: wide(frame),
    left: [...output.querySelectorAll("td, th")].map(cell => getComputedStyle(cell).textAlign),
    output: wide(output), math: output.querySelectorAll("mjx-container, .MathJax").length };
});"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab, the notebook that it holds, and the environment of its own that it runs in."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("notebooks")
    places = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, "HOME": str(home), **places, "PYTHONWARNINGS": "ignore"}
    run = [sys.executable, "-c", _EXECUTE, str(folder / "n.ipynb"), json.dumps(CELLS)]
    subprocess.run(run, env=environment, check=True, capture_output=True)
    options = ["--no-browser", "--allow-root", "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.port=0"]
    options += [f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly", "--LabApp.news_url="]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(home / "RUNTIME"), folder / "n.ipynb", environment
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # it may wait for kernels that are gone
            server.kill()
            server.wait()


_EXECUTE = """import json, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.v4.new_notebook()
notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in json.loads(sys.argv[2])]
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])"""


def _address(folder):
    for _ in range(120):
        for file in folder.glob("jpserver-*.json"):
            try:
                address = json.loads(file.read_text())["url"]
                urlopen(address + "api").close()
                return address
            except (OSError, ValueError, KeyError):
                pass
        time.sleep(0.5)
    return pytest.fail("JupyterLab does not start")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        browser.set_window_size(1400, 1200)
        yield browser


def opened(browser, address):
    """What is seen of each output of the notebook, once all are there."""
    browser.get(f"{address}lab/tree/n.ipynb?reset")
    for _ in range(120):
        seen = browser.execute_script(SEEN)
        if len(seen) == len(CELLS) and sum(output["loaded"] for output in seen) == PICTURES:
            return seen
        time.sleep(0.5)
    return pytest.fail(f"JupyterLab shows {seen}")


def corner(browser):
    """The colour in the corner of the first picture."""
    picture = browser.find_element("css selector", "img.whygrad-picture")
    return Image.open(BytesIO(picture.screenshot_as_png)).convert("RGB").getpixel((3, 3))


def test_pictures_are_shown_in_a_notebook_that_is_not_trusted_and_in_one_that_is(lab, browser):
    address, notebook, environment = lab
    for trusted in (False, True):
        if trusted:
            subprocess.run([sys.executable, "-m", "jupyter", "trust", notebook], env=environment, check=True)
        seen = opened(browser, address)
        for output in seen:
            assert output["image"] <= output["output"]
            assert output["math"] == 0  # the picture is what is shown, not the LaTeX
        *pictures, table, plot, _ = seen
        assert all(output["image"] > 300 for output in [*pictures, plot])
        assert {"left", "start"} >= set(table["left"]) != set()
        page, picture = seen[-1]["frame"], seen[-1]["image"]
        assert (page > 300, picture > 300) == (trusted, not trusted)  # the picture stands in for the page


def test_pictures_follow_the_theme_of_the_notebook(lab, browser):
    address, _, _ = lab
    for theme, paper in (("JupyterLab Dark", (0x14, 0x18, 0x1F)), ("JupyterLab Light", (255, 255, 255))):
        settings = f"{address}lab/api/settings/@jupyterlab/apputils-extension:themes"
        headers = {"Content-Type": "application/json", "X-XSRFToken": "x", "Cookie": "_xsrf=x"}
        urlopen(
            Request(settings, json.dumps({"raw": json.dumps({"theme": theme})}).encode(), headers, method="PUT")
        ).close()
        opened(browser, address)
        time.sleep(1.0)  # for the theme's style sheet
        assert corner(browser) == paper


def test_a_lesson_of_the_course_opens_at_its_question_and_shows_its_pictures(lab, browser, monkeypatch):
    address, notebook, environment = lab
    examples = Path(__file__).parent.parent.parent / "examples"
    monkeypatch.syspath_prepend(str(examples))
    import notebooks

    sys.modules.pop("notebooks")
    lesson, file = notebooks.notebook(examples / "04_saturated.py"), notebook.with_name("lesson.ipynb")
    nbclient.NotebookClient(lesson, timeout=120, resources={"metadata": {"path": notebook.parent}}).execute()
    nbformat.write(lesson, file)
    subprocess.run([sys.executable, "-m", "jupyter", "trust", file], env=environment, check=True)
    browser.get(f"{address}lab/tree/lesson.ipynb?reset")
    for wanted in (".jp-RenderedMarkdown h1", ".jp-RenderedSVG"):
        for _ in range(120):
            found = browser.find_elements("css selector", wanted)
            if found:
                break
            browser.execute_script("document.querySelector('.jp-WindowedPanel-outer')?.scrollBy(0, 300)")
            time.sleep(0.5)
        assert found, wanted
        if wanted.endswith("h1"):
            assert "so why is the gradient 0?" in found[0].text
