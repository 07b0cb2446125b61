"""Selects the modules compiled by Cython, if the build made them, or the .py files beside them.

Imported before all other modules of the package, because WHYGRAD_PURE=1 decides how they are found.
"""

import os
import sys
import warnings
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

_here = Path(__file__).parent
_is_pure = os.environ.get("WHYGRAD_PURE", "0") not in ("", "0")

if _is_pure:
    for _folder in (str(path) for path in (_here, *_here.iterdir()) if path.is_dir()):
        sys.path_importer_cache[_folder] = FileFinder(_folder, (SourceFileLoader, SOURCE_SUFFIXES))


def _is_built(module: str) -> bool:
    return any((_here / f"{module}{suffix}").exists() for suffix in EXTENSION_SUFFIXES)


@cache
def warn_uncompiled() -> None:
    """Warn, once, before a recording or training, if the build failed to compile; it left the reason in a file."""
    reason = _here / "uncompiled.txt"
    if not compiled and not _is_pure and reason.exists():
        warnings.warn(
            "whygrad runs uncompiled here, so recordings and training take many times longer: install a C compiler "
            "and reinstall whygrad, or set WHYGRAD_PURE=1 to do without. The build said: "
            + reason.read_text(encoding="utf-8"),
            RuntimeWarning,
            stacklevel=4,  # above api_boundary
        )


compiled: bool = not _is_pure and _is_built("core/value") and _is_built("replay/native")
