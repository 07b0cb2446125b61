"""Checks of arguments, which core offers to every package: an error says what was expected and what came."""

from __future__ import annotations

import operator
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Printable text, with control characters and lone surrogates escaped.

    >>> printable("w\x1b[31m")
    'w\\x1b[31m'
    """
    return text if text.isprintable() else _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def came(given: Any) -> str:
    """What came, as errors say it: its type and the start of its text, which may name the type itself.

    >>> came("a"), came(None), came(Path("b"))
    ("str 'a'", 'NoneType None', "PosixPath('b')")
    """
    try:
        text = repr(given)
    except Exception:  # of a user's class, or an int of too many digits for a text
        text = ""
    kind = type(given).__name__
    return printable(f"{text:.80}" if text.startswith(f"{kind}(") else f"{kind} {text:.80}".strip())


def refuse(what: str, expected: str, given: Any, hint: str = "") -> TypeError:
    """The error of an argument of the wrong type, to raise."""
    return TypeError(f"{what} must be {expected}, not {came(given)}{hint and f': {hint}'}")


def instance(given: Any, kind: Any, what: str, expected: str = "", hint: str = "") -> Any:
    """An object of a class, as it is.

    >>> instance(3, dict, "planned", "a dict of Values and numbers")
    Traceback (most recent call last):
    TypeError: planned must be a dict of Values and numbers, not int 3
    """
    if not isinstance(given, kind):
        raise refuse(what, expected or f"a {kind.__name__}", given, hint)
    return given


def flag(given: Any, what: str, expected: str = "True or False", hint: str = "") -> bool:
    """A bool of Python or NumPy."""
    kind = type(given)
    if kind is bool or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")):
        return bool(given)
    raise refuse(what, expected, given, hint)


def function_of(given: Any, what: str, hint: str = "") -> Any:
    """Anything that can be called."""
    if not callable(given):
        raise refuse(what, "a function", given, hint)
    return given


def entries(given: Any, what: str, expected: str = "a sequence of Values and numbers", hint: str = "") -> list[Any]:
    """The entries of an iterable other than text or a dict.

    >>> entries(3, "the operand of softmax")
    Traceback (most recent call last):
    TypeError: the operand of softmax must be a sequence of Values and numbers, not int 3
    """
    if isinstance(given, (list, tuple)):
        return list(given)
    is_scalar = getattr(given, "shape", None) == ()
    if is_scalar or isinstance(given, (str, bytes, Mapping, type)) or not isinstance(given, Iterable):
        raise refuse(what, expected, given, hint)
    return list(given)


def choice(given: Any, names: Sequence[str], what: str) -> Any:
    """One of some names.

    >>> choice("foo", ["auto", "dark"], "theme")
    Traceback (most recent call last):
    ValueError: theme must be one of auto, dark, not 'foo'
    """
    if not isinstance(given, str):
        raise refuse(what, f"one of {', '.join(names)}", given)
    if given not in names:
        raise ValueError(f"{what} must be one of {', '.join(names)}, not {given!r:.80}")
    return given


def count(given: Any, what: str, least: int = 1) -> int:
    """A whole number that is not below the least, nor larger than a list can be.

    >>> count(0, "nin")
    Traceback (most recent call last):
    ValueError: nin must be at least 1, not 0
    """
    try:
        size = operator.index(given)
    except TypeError:
        raise refuse(what, "an int", given) from None
    if size < least:
        raise ValueError(f"{what} must be at least {least}, not {came(size).partition(' ')[2]}")
    if size > sys.maxsize:
        raise ValueError(f"{what} must be at most {sys.maxsize}, and is larger")
    return size


def path_of(given: Any, what: str = "path") -> Path:
    """The path of a file; a number is none, which `open` would take for an open file."""
    if not isinstance(given, (str, os.PathLike)):
        raise refuse(what, "the path of a file, a str or a Path", given)
    found = os.fspath(given)
    return Path(found if isinstance(found, str) else os.fsdecode(found))
