"""The README's code gives the output that it shows."""

import doctest
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_every_block_of_code_gives_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(README), module_relative=False, optionflags=flags, encoding="utf-8")
    assert result.attempted > 20
    assert result.failed == 0
    assert (tmp_path / "why.svg").exists()


def test_every_picture_it_shows_is_there():
    text = README.read_text(encoding="utf-8")
    pictures = [part.split(")")[0] for part in text.split("](")[1:] if part.split(")")[0].endswith(".svg")]
    assert pictures
    assert all((README.parent / picture).is_file() for picture in pictures)
