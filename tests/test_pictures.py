"""The README's pictures are what the examples draw now, and are shown under their questions at full width."""

import re
import sys
from pathlib import Path

import pytest
from browsers import chromium

from engine.picture.theme import FONTS

ROOT = Path(__file__).parent.parent
PHONE = 390  # pixels


@pytest.fixture
def pictures(monkeypatch):
    pytest.importorskip("matplotlib.pyplot", exc_type=ImportError)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import pictures

    yield pictures
    sys.modules.pop("pictures")


@pytest.mark.parametrize("script", [*(f"{n:02}" for n in range(4, 9)), "17"])
def test_a_picture_of_a_question_is_what_its_script_draws(pictures, script, tmp_path, monkeypatch):
    monkeypatch.delenv("GRAPHVIZ_DOT", raising=False)
    scripts = {name: options for name, options in pictures.QUESTIONS.items() if name.startswith(script)}
    monkeypatch.setattr(sys, "argv", ["pictures"])
    names = {path.name for path in (ROOT / "examples/pictures").glob("*.svg")}
    pictures.make(scripts, tmp_path, names)
    made = sorted(tmp_path.glob("*.svg"))
    assert {path.name.partition("_")[0] for path in made} == {script}
    for path in made:
        assert path.read_text(encoding="utf-8") == (ROOT / "examples/pictures" / path.name).read_text(encoding="utf-8")


def test_the_readme_shows_each_picture_at_full_width_and_each_turns_dark():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^!\[[^]]+\]\((examples/pictures/\S+\.svg)\)$", text, re.M)
    shown += re.findall(
        r'^<(?:source media="\(max-width: 600px\)" srcset|img alt="[^"]+" src)="(\S+?\.svg)">$', text, re.M
    )
    assert sorted(shown) == sorted(re.findall(r"examples/pictures/\S+?\.svg", text))
    assert len(shown) > 10
    for picture in shown:
        assert "prefers-color-scheme: dark" in (ROOT / picture).read_text(encoding="utf-8"), picture


def test_on_a_phone_the_letters_of_a_question_have_ten_pixels(pictures):
    files = [
        file
        for file in (ROOT / "examples/pictures").glob("*.svg")
        if any(map(file.name.startswith, pictures.QUESTIONS))
    ]
    files = [file for file in files if not file.with_stem(f"{file.stem}_narrow").exists()]
    assert len(files) == len(pictures.QUESTIONS)
    for file in files:
        text = file.read_text(encoding="utf-8")
        least = 12.0 if "matplotlib" in text else min(font.size for font in FONTS.values())
        width = float(re.search(r'viewBox="\S+ \S+ (\S+)', text)[1])
        assert least * PHONE / width >= 9.95, file.name


def test_the_moving_picture_is_small_and_plays_every_step():
    image = pytest.importorskip("PIL.Image")
    file = ROOT / "examples/pictures/passes.gif"
    assert file.stat().st_size < 500_000
    with image.open(file) as film:
        assert (film.n_frames, film.width) == (15, 960)


def test_the_moving_picture_is_filmed_with_the_buttons_of_the_page(tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    with chromium(tmp_path):  # skips where there is none
        pass
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import moving

    moving.record(tmp_path / "passes.gif")
    sys.modules.pop("moving")
    with image.open(tmp_path / "passes.gif") as film:
        assert film.n_frames == moving.STEPS + 3
