"""The README's pictures, drawn again in examples/pictures: `uv run --group dev examples/pictures.py`.

Those of the questions take seconds; those of real work, with --all, minutes.
"""

import argparse
import re
import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

from engine.picture import by_night

HERE = Path(__file__).parent
QUESTIONS = {
    "04_saturated": ["--steps", "2"],
    "05_copies": ["--steps", "2"],
    "06_deltas": [],
    "07_hidden_weight": [],
    "08_logits": [],
    "17_where_is_my_mistake": [],
    "19_step_too_long": [],
}
WORK = {"02_moons": [], "11_gpt": [], "12_pendulum": [], "13_options": []}


def make(scripts: dict[str, list[str]], out: Path, names: set[str]) -> None:
    """Run the scripts and keep their pictures that have these names; plots follow the reader's dark mode."""
    mpl.rcParams["svg.hashsalt"] = "whygrad"
    for script, options in scripts.items():
        with TemporaryDirectory() as folder:
            sys.argv = [script, *options, "--out", folder]
            runpy.run_path(str(HERE / f"{script}.py"), run_name="__main__")
            for picture in Path(folder).glob("*.svg"):
                if picture.name in names:
                    (out / picture.name).write_text(picture.read_text(encoding="utf-8"), encoding="utf-8")
    for picture in out.glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        if "matplotlib" in text:
            picture.write_text(by_night(text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="those of real work, too")
    arguments = parser.parse_args()
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"examples/pictures/(\S+?\.svg)", readme))
    make({**QUESTIONS, **(WORK if arguments.all else {})}, HERE / "pictures", shown)


if __name__ == "__main__":
    main()
