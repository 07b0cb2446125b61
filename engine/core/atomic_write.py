"""Writes files atomically: whole or not at all."""

import os
import shutil
from pathlib import Path
from uuid import uuid4

from ..table import path_of, printable


def replace(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace a file atomically: at every moment the path holds the whole old or the whole new file.

    The new file keeps the mode of the old one.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     replace(f"{folder}/why.svg", b"<svg/>")
    ...     Path(folder, "why.svg").read_bytes()
    b'<svg/>'
    """
    target = place(path)
    draft = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def place(path: str | os.PathLike[str]) -> Path:
    """The file that a path leads to, through links, in an existing directory."""
    target = Path(os.path.realpath(path_of(path)))
    if not target.parent.is_dir():
        missing = printable(str(target.parent))
        raise FileNotFoundError(f"cannot write {printable(str(path))}: there is no directory {missing}, make it first")
    return target
