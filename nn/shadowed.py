"""Imported before the rest of nn: says which file hides whygrad's engine, where Python says "not a package"."""

import importlib.util
from pathlib import Path


def require_engine(beside: Path) -> None:
    """Raise an ImportError if `import engine` finds anything but the package beside this one.

    >>> require_engine(Path(__file__).parent)
    >>> require_engine(Path("elsewhere", "nn"))
    Traceback (most recent call last):
    ImportError: ... hides whygrad's package `engine`: rename ...
    """
    found = importlib.util.find_spec("engine")
    origin = Path(found.origin or "") if found else Path()
    if found and found.submodule_search_locations and origin.resolve().parent.parent == beside.resolve().parent:
        return
    if not found:
        raise ImportError("whygrad's package `engine` is not installed beside `nn`: install whygrad again")
    hiding = origin.parent if origin.name == "__init__.py" else origin
    raise ImportError(f"{hiding} hides whygrad's package `engine`: rename it, and what imports it, and try again")


require_engine(Path(__file__).parent)
