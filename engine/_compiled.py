"""Which of the two this is: modules compiled by Cython where the build made them, or the .py files beside them.

Comes before every other import of the package, because WHYGRAD_PURE=1 decides how they are found.
"""

import os
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path


def _is_compiled(module: str) -> bool:
    spec = find_spec(f"{__package__}.{module}")
    return spec is not None and spec.origin is not None and not spec.origin.endswith(".py")


if os.environ.get("WHYGRAD_PURE", "0") not in ("", "0"):
    for _folder in [Path(__file__).parent, *Path(__file__).parent.glob("*/")]:
        sys.path_importer_cache[str(_folder)] = FileFinder(str(_folder), (SourceFileLoader, SOURCE_SUFFIXES))

compiled: bool = _is_compiled("core.value") and _is_compiled("replay.native")
