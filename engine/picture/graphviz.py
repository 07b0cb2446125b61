"""Which renderer draws a DOT source, and what a file's suffix means."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib import import_module, metadata
from pathlib import Path

from ..core import RenderError, path_of, printable

SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".gv")
STARTS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}  # of the files
REMEDY = "let $GRAPHVIZ_DOT name Graphviz's dot, or unset it"
DPI = 144.0  # of a PNG: two pixels a point
EMBEDDED = "graphviz-pure"  # Graphviz in a wheel: the distribution and its command


def draw_dot(source: str, format: str, dpi: float = DPI) -> bytes:
    """A DOT source drawn by the embedded renderer, or by the `dot` that `$GRAPHVIZ_DOT` names: "svg", "png" or "pdf".

    A PNG has `dpi` pixels an inch, of 72 points. A RenderError says what to install, or what the renderer said.
    """
    if sys.platform == "emscripten":
        return _in_browser(source, format)
    command = renderer(format)
    options = [f"-T{format}", *([f"-Gdpi={dpi:g}"] if format == "png" else [])]
    try:
        run = subprocess.run([*command, *options], input=source.encode(), capture_output=True, check=False)
    except OSError as error:
        raise RenderError(f"{command[0]} cannot be run: {error.strerror or error}; {REMEDY}") from None
    if run.returncode or not run.stdout:
        said = run.stderr.decode(errors="replace").strip() or "it gave nothing"
        raise RenderError(f"{command[0]} could not draw the picture: {said}; {REMEDY}")
    if STARTS[format] not in run.stdout[:1000]:
        came = run.stdout[:60].decode(errors="replace")
        raise RenderError(f"{command[0]} is not Graphviz: in place of a {format.upper()} it gave {came!r}; {REMEDY}")
    return run.stdout


def _in_browser(source: str, format: str) -> bytes:
    """A DOT source drawn by Graphviz in WebAssembly, which the page around Pyodide has loaded."""
    graphviz = getattr(import_module("js"), "graphviz", None)
    if graphviz is None:
        load = "load @hpcc-js/wasm-graphviz from npm, and set globalThis.graphviz = await Graphviz.load()"
        raise RenderError(f"in a browser Graphviz is JavaScript: {load}")
    if format != "svg":
        raise RenderError(f"in a browser Graphviz draws no {format.upper()}: save as .svg or .html")
    return str(graphviz.layout(source, format, "dot")).encode()


def renderer(format: str = "svg") -> list[str]:
    """The command that draws: `$GRAPHVIZ_DOT`, else the embedded renderer; for a PDF, or without it, `dot` on the PATH.

    Pictures are tested with the embedded one; old versions of `dot` cut text and put arrowheads into boxes.
    """
    if named := os.environ.get("GRAPHVIZ_DOT"):
        return [named]
    for folder in () if format == "pdf" else _folders():
        if embedded := shutil.which(EMBEDDED, path=folder):
            return [embedded]
    if system := shutil.which("dot"):
        return [system]
    if format == "pdf":
        raise RenderError("a PDF needs Graphviz itself: install it (apt install graphviz), or save as .svg or .png")
    raise RenderError(f"no renderer found: pip install {EMBEDDED}, or install Graphviz so that dot is on the PATH")


def is_embedded(format: str) -> bool:
    """Whether the embedded renderer draws, which measures text by tables of its own."""
    return sys.platform != "emscripten" and Path(renderer(format)[0]).stem == EMBEDDED


def _folders() -> Iterator[str | None]:
    """Where the embedded renderer may be: beside the interpreter, wherever its wheel was unpacked, or on the PATH."""
    yield sysconfig.get_path("scripts")
    yield str(Path(sys.executable).parent)
    try:
        for file in metadata.files(EMBEDDED) or ():
            if file.stem == EMBEDDED and file.parent.name in ("bin", "Scripts"):
                yield str(Path(str(file.locate())).resolve().parent)
    except metadata.PackageNotFoundError:
        pass
    yield None


def suffix_of(path: str | os.PathLike[str], known: Sequence[str] = SUFFIXES) -> str:
    """The suffix of a picture's file; one that is not known is a ValueError that lists them.

    >>> suffix_of("why.svg")
    '.svg'
    """
    file = path_of(path)
    suffix = file.suffix.lower()
    if suffix not in known:
        raise ValueError(f"a picture's file ends in one of {' '.join(known)}, not {suffix!r} ({printable(str(file))})")
    return suffix
