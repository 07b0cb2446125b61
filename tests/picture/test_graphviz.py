"""Which renderer draws, what a suffix means, and that a failure leaves the old file."""

import os
import re
import stat
import subprocess
import sys

import pytest
from graphs import two_paths

from engine import RenderError, Value, chain_rule, draw, render
from engine.picture import View, diagram_of, to_dot
from engine.picture.graphviz import draw_dot, renderer


@pytest.fixture
def no_dot(monkeypatch):
    """A machine without Graphviz."""
    monkeypatch.delenv("GRAPHVIZ_DOT", raising=False)
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("no_dot")
def test_without_dot_the_embedded_renderer_draws(tmp_path):
    loss, w1 = two_paths()
    assert renderer()[0].endswith(("graphviz-pure", "graphviz-pure.exe"))
    for suffix, start in [(".svg", b"<svg"), (".png", b"\x89PNG"), (".dot", b"digraph"), (".gv", b"digraph")]:
        chain_rule(loss, w1).save(tmp_path / f"why{suffix}")
        assert (tmp_path / f"why{suffix}").read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.usefixtures("no_dot")
def test_without_dot_a_picture_draws_itself_as_digraphs_do(tmp_path, monkeypatch):
    picture = draw(*two_paths())
    assert picture.render(tmp_path / "why") == str(tmp_path / "why.svg")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["why", "why.svg"]
    assert (tmp_path / "why").read_text() == picture.source
    assert picture.pipe(encoding="utf-8") == (tmp_path / "why.svg").read_text()
    picture.node("mine", "one of the reader's own")
    opened = []
    monkeypatch.setattr(sys.modules["engine.picture.draw"], "open_file", opened.append)
    picture.view("theirs", directory=tmp_path, cleanup=True)
    assert opened == [tmp_path / "theirs.svg"]
    assert "one of the reader" in (tmp_path / "theirs.svg").read_text()
    assert picture.render(tmp_path / "why", format="png") == str(tmp_path / "why.png")
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RenderError, match=r"a PDF needs Graphviz itself.*\.svg"):
        picture.pipe("pdf")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["theirs.svg", "why", "why.png", "why.svg"]


@pytest.mark.usefixtures("no_dot")
def test_a_pdf_without_graphviz_says_what_to_install(tmp_path):
    with pytest.raises(RenderError, match="a PDF needs Graphviz itself"):
        render(two_paths()[0], tmp_path / "why.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_dot")
def test_without_any_renderer_the_error_has_the_install_line(monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    with pytest.raises(RenderError, match="pip install graphviz-pure"):
        renderer()


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("known", ["scripts", "executable", "wheel"])
def test_the_embedded_renderer_is_found_in_any_of_its_places(known, monkeypatch):
    if known != "scripts":
        monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    if known != "executable":
        monkeypatch.setattr("sys.executable", "/nowhere/python")
    if known != "wheel":
        monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    assert renderer()[0].endswith(("graphviz-pure", "graphviz-pure.exe"))


def test_the_environment_names_a_dot(tmp_path, monkeypatch):
    script = tmp_path / "mydot"
    script.write_text(f"#!{sys.executable}\nimport sys\nsys.stdin.read()\nprint('%PDF', sys.argv[1])\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("GRAPHVIZ_DOT", str(script))
    assert draw_dot("digraph {}", "pdf") == b"%PDF -Tpdf\n"


def test_a_failing_renderer_is_quoted_and_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "why.svg"
    target.write_text("old")
    monkeypatch.setenv("GRAPHVIZ_DOT", "false")
    with pytest.raises(RenderError, match="could not draw the picture"):
        render(two_paths()[0], target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["why.svg"]


def test_a_renderer_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("GRAPHVIZ_DOT", "/nowhere/dot")
    with pytest.raises(RenderError, match="/nowhere/dot cannot be run: No such file"):
        draw_dot("digraph {}", "svg")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "why.dot"
    target.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        render(two_paths()[0], target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["why.dot"]


def test_suffixes_and_folders_that_are_not_there_say_so(tmp_path):
    with pytest.raises(ValueError, match=r"ends in one of .*\.svg .*not '.jpeg'"):
        render(Value(1.0), tmp_path / "why.jpeg")
    with pytest.raises(FileNotFoundError, match="there is no directory .*missing, make it first"):
        render(Value(1.0), tmp_path / "missing" / "why.svg")


def test_graphviz_reads_the_dot_that_is_written(tmp_path):
    loss, w1 = two_paths()
    chain_rule(loss, w1).save(tmp_path / "why.dot")
    again = subprocess.run([*renderer(), "-Tplain", tmp_path / "why.dot"], capture_output=True, text=True, check=True)
    assert again.stdout.startswith("graph ")


def program(folder, name, text):
    """A program that prints a text, whatever it is asked."""
    script = folder / name
    script.write_text(f"#!{sys.executable}\nimport sys\nsys.stdin.read()\nprint({text!r})\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return script


def test_a_dot_on_the_path_draws_a_pdf_and_nothing_else(tmp_path, monkeypatch):
    """It may be an old one, with arrowheads in boxes and text that is cut."""
    monkeypatch.delenv("GRAPHVIZ_DOT", raising=False)
    program(tmp_path, "dot", "%PDF of mine")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw_dot("digraph {}", "pdf") == b"%PDF of mine\n"
    assert b"<svg" in draw_dot("digraph {}", "svg")


def test_what_is_named_as_dot_and_is_not_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHVIZ_DOT", str(program(tmp_path, "mydot", "hello")))
    with pytest.raises(
        RenderError, match=r"mydot is not Graphviz: in place of a SVG it gave 'hello\\n'; let \$GRAPHVIZ_DOT"
    ):
        draw_dot("digraph {}", "svg")
    monkeypatch.setenv("GRAPHVIZ_DOT", "true")
    with pytest.raises(RenderError, match=r"could not draw the picture: it gave nothing; let \$GRAPHVIZ_DOT name"):
        draw_dot("digraph {}", "svg")


def test_a_png_has_two_pixels_a_point(monkeypatch):
    monkeypatch.delenv("GRAPHVIZ_DOT", raising=False)
    source = "digraph { a [width=3 fixedsize=true shape=box] }"
    width = int.from_bytes(draw_dot(source, "png")[16:20], "big")
    assert width == pytest.approx(2 * (3 * 72 + 8), abs=4)


def width_of(path):
    return int.from_bytes(path.read_bytes()[16:20], "big")


def test_the_pixels_of_a_png_can_be_chosen(tmp_path):
    for dpi in (72, 288):
        render(two_paths()[0], tmp_path / f"{dpi}.png", dpi=dpi)
    assert width_of(tmp_path / "288.png") == pytest.approx(4 * width_of(tmp_path / "72.png"), abs=8)
    for dpi in (0, "fine", True, float("nan")):
        with pytest.raises(ValueError, match="dpi is the number of pixels per inch, from 1 to 2400, not"):
            render(two_paths()[0], tmp_path / "why.png", dpi=dpi)


def test_a_png_has_no_letter_that_fonts_lack_and_its_names_are_in_the_middle():
    loss, w1 = two_paths()
    wrong = chain_rule(loss, w1).check(["x", "h1", "v11", "2 * (o1 - y1)"]).draw().diagram
    source = to_dot(wrong, "embedded").source
    assert "✕" not in source
    assert "①" not in source
    z = Value(1.0, "layer1.neuron1.z")
    drawn = diagram_of(chain_rule(z * z, z), View())
    names = re.findall(r"<I>( *)z⁽¹⁾₁</I>", to_dot(drawn, "embedded").source)
    assert names
    assert all(len(spaces) > 5 for spaces in names)
    assert re.findall(r"<I>( *)z⁽¹⁾₁</I>", to_dot(drawn, "other").source) == [""] * len(names)
