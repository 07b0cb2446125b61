"""Tracebacks: that of an error ends in the line of user code that called the engine, not inside the engine.

`api_boundary` removes the frames of Python, and compiled code has none (FRAMELESS in _build.py). WHYGRAD_TRACEBACK=full
keeps the frames for whoever works on the engine; with WHYGRAD_PURE=1, where nothing is compiled, those are all.
"""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from types import FrameType, FunctionType, TracebackType
from typing import Any, TypeVar

from .errors import WhygradError

T = TypeVar("T")

_EXPECTED = (WhygradError, TypeError, ValueError, OverflowError, OSError)
_PACKAGES = ("engine", "nn")
_FOLDERS = tuple(f"{Path(__file__).parent.parent.with_name(package)}{os.sep}" for package in _PACKAGES)
_LIBRARY = (f"{Path(os.__file__).parent}{os.sep}", "<frozen ")


def api_boundary(public: T) -> T:
    """A public function, or a class with all its public methods, whose errors end in the line that calls it.

    Frames of user code that the engine calls stay: of a function to be recorded, of a row, of a module.

    >>> @api_boundary
    ... def half(number):
    ...     return number / 2.0
    >>> half(3.0), half.__name__
    (1.5, 'half')
    """
    if not isinstance(public, type):
        bounded: T = _bounded(public)
        return bounded
    for name, member in list(vars(public).items()):
        bounded = _bounded(member) if name.startswith("__") or not name.startswith("_") else member
        if bounded is not member:
            setattr(public, name, bounded)
    return public


def _bounded(member: Any) -> Any:
    """A function, a method of any kind or the setter of a property with the boundary; anything else as it is."""
    if isinstance(member, (staticmethod, classmethod)):
        return type(member)(_bounded(member.__func__))
    if isinstance(member, property):
        return member.setter(_bounded(member.fset)) if member.fset else member
    return _function(member) if isinstance(member, FunctionType) else member


def _function(function: FunctionType) -> Any:
    @wraps(function)
    def boundary(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            hide_engine(error)
            raise  # without an operand it adds no frame

    return boundary


def hide_engine(error: Exception) -> None:
    """Remove the frames of the engine from the traceback of an error, and of the errors that led to it.

    A function that is called often has these lines in place of `api_boundary`, as they cost nothing until it fails:

        except Exception as error:
            hide_engine(error)
            raise

    An error that may be a fault of the engine keeps its frames.
    """
    if not isinstance(error, _EXPECTED) or os.environ.get("WHYGRAD_TRACEBACK") == "full":
        return
    seen = set[int]()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.__traceback__ = _of_user(link.__traceback__)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _of_user(traceback: TracebackType | None) -> TracebackType | None:
    """The frames that belong neither to the engine nor to the functions of Python's library that it called."""
    kept: list[TracebackType] = []
    inside = False
    while traceback is not None:
        inside = is_engine(traceback.tb_frame) or (inside and _is_library(traceback.tb_frame))
        if not inside:
            kept.append(traceback)
        traceback = traceback.tb_next
    following: TracebackType | None = None
    for step in reversed(kept):
        step.tb_next = following
        following = step
    return following


def is_engine(frame: FrameType) -> bool:
    """Whether a frame belongs to `engine` or `nn`, also one of code that is generated there."""
    file = frame.f_code.co_filename
    generated = file == "<string>" and str(frame.f_globals.get("__name__")).partition(".")[0] in _PACKAGES
    return generated or file.startswith(_FOLDERS)


def _is_library(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_LIBRARY) and "-packages" not in file
