"""Files that are replaced whole or not at all."""

import os
import shutil
from pathlib import Path
from uuid import uuid4


def replace(path: str | os.PathLike[str], content: bytes) -> None:
    """Put a file in the place of what was there, in one step: at every moment one of the two is there, whole.

    The new one has the mode of the old.

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
    """The file itself, in a directory that there is: a link stays, and what it points to is replaced."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no directory {target.parent}, make it first")
    return target
