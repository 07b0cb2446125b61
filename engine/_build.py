"""The build: setuptools as it is, plus compiled modules where there is a C compiler.

The package works without them, so nothing here may fail an installation: an extension that cannot be
compiled is left out, and WHYGRAD_PURE=1 leaves out all of them.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.build_meta import *  # noqa: F403  the hooks that the class below replaces have the same names
from setuptools.build_meta import build_wheel as _build_wheel
from setuptools.command.sdist import sdist

# A .pxd beside a .py gives it C types.
MODULES = (
    *("core/modes.py", "core/node.py", "core/coercion.py", "core/operations.py", "core/value.py", "core/traverse.pyx"),
    *("core/graph.py", "core/backward.py"),
    *("structure/scratch.pyx", "structure/flatten.pyx", "structure/value_numbering.py", "structure/sweeps.py"),
    *("structure/recompute.py", "structure/linear_forms.py"),
    *("replay/integers.py", "replay/program.py", "replay/sum_of_products.py", "replay/trace.py", "replay/reverse.py"),
    *("replay/constant_folding.py", "replay/fusion.py", "replay/passes.py", "replay/schedule.py", "replay/native.pyx"),
)

# Neither flag changes a number: no errno, no traps, and no a * b + c rounded once where eager mode rounds twice.
FLAGS = (
    ["/O2"] if sys.platform == "win32" else ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]
)
OUTPUT = "build/cython"
HEADER = "build/table.h"  # the table in C
BESIDE = {".py", ".c", ".svg", ".png"}
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # C types stand in the .pxd, hints are for readers
    "autotestdict": False,  # doctests are found where they stand, once
}


def extensions() -> list[Extension]:
    """The extensions, most of them from the .py files that run uncompiled too; none with WHYGRAD_PURE=1."""
    if os.environ.get("WHYGRAD_PURE", "0") not in ("", "0"):
        return []
    cythonize = import_module("Cython.Build").cythonize
    _write_header()
    headers = [HEADER, *(str(path) for path in Path("engine").rglob("*.h"))]
    wanted = [
        Extension(
            "engine." + Path(name).with_suffix("").as_posix().replace("/", "."),
            [f"engine/{name}"],
            extra_compile_args=FLAGS,
            include_dirs=["engine/core", "engine/replay", "build"],
            depends=headers,
        )
        for name in MODULES
    ]
    try:
        built: list[Extension] = cythonize(wanted, build_dir=OUTPUT, compiler_directives=DIRECTIVES, quiet=True)
    except Exception as error:  # whatever a future Cython may refuse
        print(f"whygrad is installed uncompiled: Cython refuses its modules: {error}", file=sys.stderr)
        return []
    for extension in built:
        extension.optional = True  # cythonize drops it from those it is given
    return built


def _write_header() -> None:
    """Write the table in C, where it is not what it was: what depends on it is compiled again."""
    text = import_module("_header").header()
    path = Path(HEADER)
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def beside() -> list[str]:
    """What a source distribution holds besides the packages: all that the tests and the README need."""
    found = [path for folder in ("tests", "examples") for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in found if path.suffix in BESIDE)


class Sources(sdist):  # type: ignore[misc]
    """A source distribution with the tests and examples."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the files of the packages, as setuptools finds them, and those beside them."""
        super().make_release_tree(base_dir, sorted({*files, *beside()}))


class _Backend(type(_build_wheel.__self__)):  # type: ignore[misc]
    """setuptools' own backend, told of the extensions here instead of in a setup.py."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        compiles = {"bdist_wheel", "editable_wheel"} & set(sys.argv)
        wanted: dict[str, Any] = {"ext_modules": extensions()} if compiles else {}
        setup(**wanted, cmdclass={"sdist": Sources}, options={"build_ext": {"parallel": os.cpu_count()}})


_backend = _Backend()
build_wheel = _backend.build_wheel
build_editable = _backend.build_editable
build_sdist = _backend.build_sdist
