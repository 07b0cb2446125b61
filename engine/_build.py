"""The build: setuptools as it is, plus compiled modules where there is a C compiler.

The package works without them, so nothing here may fail an installation: all modules are compiled or, where that fails,
none. A wheel is compiled unless WHYGRAD_PURE=1. A clone (an editable installation) is compiled where WHYGRAD_COMPILE=1
asks for it, and from then on whenever it is built: modules that stay from an earlier build would hide newer sources.

Compiled and uncompiled functions share one source, except for these, which have two implementations:

- nodes (core/node.py): C allocates them in the arena, Python as objects of a class that sealed.py makes immutable;
  their slots stand in node.py for Python and in node.pxd for C, from which the build writes the struct of arena.h;
- graph traversals (core/graph.py, core/backward.py, structure/flattened.py): C walks the arena's queue;
- rows of the table (core/operations.py, structure/recompute.py): C is written from the formulas that Python reads,
  with a switch for one operand and one for two, whose results stay in registers, and one for operands in an array;
- ValueNumbers.first (structure/value_numbering.py): C has a table of integers where Python has a dict;
- ints and floats (structure/arrays.py): C reads the memory of an array, Python the array;
- the executors (replay/native.pyx, numpy_executor.py): vectors of C on blocks of examples, or NumPy.
"""

import os
import runpy
import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from sysconfig import get_config_var
from textwrap import shorten
from typing import Any

from setuptools import Extension, setup
from setuptools.build_meta import *  # noqa: F403  the hooks that the class below replaces have the same names
from setuptools.build_meta import build_wheel as _build_wheel
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

# A .pxd beside a .py gives it C types.
MODULES = (
    "table/checks.py",
    *("core/node.py", "core/coercion.py", "core/operations.py", "core/condition.py", "core/properties.py"),
    *("core/value.py", "core/traverse.pyx"),
    *("structure/flatten.pyx", "structure/value_numbering.py", "structure/sweeps.py", "structure/scans.py"),
    *("structure/recompute.py", "structure/groups.py", "structure/linear_forms.py", "structure/weighted_sums.py"),
    *("replay/program.py", "replay/trace.py", "replay/reverse.py"),
    *("replay/constant_folding.py", "replay/fusion.py", "replay/passes.py"),
    *("replay/slot_allocation.py", "replay/native.pyx"),
)

_C = runpy.run_path(str(Path(__file__).with_name("_header.py")))
FLAGS: list[str] = ["/O2"] if sys.platform == "win32" else _C["FLAGS"]
KERNELS = ["-O3"]  # for replay/native.pyx: unrolls tiles, so that they stay in registers
LIGHT = ["-O1"]  # takes half as long to build
HOT = (
    "node",
    "coercion",
    "operations",
    "value",
    "traverse",
    "flatten",
    "sweeps",
    "scans",
)  # slower with LIGHT
# Errors pass through compiled code without a frame of it, as in NumPy, and so end in the user's line: in place of the
# function that adds frames to tracebacks, this calls one of the same type that has no effect.
FRAMELESS = [("PyTraceBack_Here", "PyFrame_GetLineNumber")]
OUTPUT = "build/cython"
HEADERS = {"build/table.h": _C["header"], "build/node.h": _C["node_header"]}  # written from the table and from node.pxd
CYTHON = ["Cython>=3.1"]
REASON = "uncompiled.txt"
SHARED = "_shared.c"  # what Cython would otherwise write into every module: memoryviews above all
BESIDE = {".py", ".c", ".mjs", ".svg", ".png", ".gif"}
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # C types stand in the .pxd, hints are for readers
    "emit_code_comments": False,  # of the Python source, which the C compiler would read too
    "autotestdict": False,  # doctests are found where they stand, once
    "auto_pickle": False,  # what is pickled says how
}


def extensions() -> list[Extension]:
    """The extensions, most of them from the .py files that run uncompiled too; none for a free-threaded Python."""
    if get_config_var("Py_GIL_DISABLED"):  # the arena of nodes has no lock of its own
        return uncompiled(RuntimeError("this Python is free-threaded, and the compiled modules need the GIL"))
    cythonize = import_module("Cython.Build").cythonize
    _write_headers()
    headers = [*HEADERS, *(str(path) for path in Path("engine").rglob("*.h"))]
    wanted = [
        Extension(
            "engine." + Path(name).with_suffix("").as_posix().replace("/", "."),
            [f"engine/{name}"],
            extra_compile_args=flags(name),
            include_dirs=["engine/core", "engine/replay", "build"],
            define_macros=FRAMELESS,
            depends=headers,
        )
        for name in (*MODULES, SHARED)
    ]
    try:
        built: list[Extension] = cythonize(
            wanted,
            build_dir=OUTPUT,
            compiler_directives=DIRECTIVES,
            shared_utility_qualified_name="engine._shared",
            quiet=True,
        )
    except Exception as error:  # whatever a future Cython may refuse
        return uncompiled(error)
    return built


def flags(name: str) -> list[str]:
    """How a module is compiled."""
    if sys.platform == "win32" or Path(name).stem in HOT:
        return FLAGS
    return FLAGS + (KERNELS if name == "replay/native.pyx" else LIGHT)


def _write_headers() -> None:
    """Write the C headers that changed, so that their dependents are recompiled."""
    for name, write in HEADERS.items():
        path, text = Path(name), write()
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _remove_stale() -> None:
    """Remove what an earlier build compiled and this one does not: it would hide the source."""
    kept = {Path("engine", name).with_suffix("") for name in (*MODULES, SHARED)}
    for path in Path("engine").rglob(f"*{EXTENSION_SUFFIXES[0]}"):
        if path.with_name(path.name.split(".")[0]) not in kept:
            path.unlink()


def is_on(variable: str) -> bool:
    """Whether an environment variable says yes."""
    return os.environ.get(variable, "0") not in ("", "0")


def compiles(kind: str) -> bool:
    """Whether a build of that kind, "wheel" or "editable", compiles.

    >>> compiles("sdist")
    False
    """
    if kind == "editable":
        return is_on("WHYGRAD_COMPILE") or any(Path("engine").glob(f"core/value*{EXTENSION_SUFFIXES[0]}"))
    return kind == "wheel" and not is_on("WHYGRAD_PURE")


def uncompiled(error: Exception, folder: str = "engine") -> list[Extension]:
    """No extensions; the reason is printed for whoever installs, and kept in a file for whoever trains."""
    reason = shorten(str(error) or type(error).__name__, 300)
    print(f"whygrad is installed uncompiled: {reason}", file=sys.stderr)
    Path(folder, REASON).write_text(reason, encoding="utf-8")
    return []


class Compile(build_ext):  # type: ignore[misc]
    """Compiles all extensions or none: they import each other."""

    def run(self) -> None:
        """Compile all; if one fails, leave out all."""
        wanted: list[Extension] = self.extensions
        try:
            super().run()
        except Exception as error:  # of any compiler
            folder = str(Path(self.get_ext_fullpath("engine.any")).parent)
            self.distribution.ext_modules = uncompiled(error, folder)
            self.extensions: list[Extension] = []
            for extension in wanted:
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)


class Wheel(bdist_wheel):  # type: ignore[misc]
    """A wheel for every platform where nothing is compiled."""

    def get_tag(self) -> tuple[str, str, str]:
        """The tag, now that it is known whether anything is."""
        self.root_is_pure = not self.distribution.has_ext_modules()
        tag: tuple[str, str, str] = super().get_tag()
        return tag


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

    def get_requires_for_build_wheel(self, config_settings: Any = None) -> list[str]:
        """Cython where it is used."""
        return CYTHON if compiles("wheel") else []

    def get_requires_for_build_editable(self, config_settings: Any = None) -> list[str]:
        """The same."""
        return CYTHON if compiles("editable") else []

    def run_setup(self, setup_script: str = "setup.py") -> None:
        kind = "editable" if "editable_wheel" in sys.argv else "wheel" if "bdist_wheel" in sys.argv else ""
        if compiles(kind):
            _remove_stale()
        wanted: dict[str, Any] = {"ext_modules": extensions()} if compiles(kind) else {}
        commands = {"sdist": Sources, "build_ext": Compile, "bdist_wheel": Wheel}
        setup(**wanted, cmdclass=commands, options={"build_ext": {"parallel": os.cpu_count()}})


_backend = _Backend()
build_wheel = _backend.build_wheel
build_editable = _backend.build_editable
build_sdist = _backend.build_sdist
get_requires_for_build_wheel = _backend.get_requires_for_build_wheel
get_requires_for_build_editable = _backend.get_requires_for_build_editable
