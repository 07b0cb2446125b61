"""Stand-ins for Cython's names, without effect, if it is missing."""

from typing import TypeVar

T = TypeVar("T")

compiled = False
NULL = None


def cclass(cls: T) -> T:
    """Compile a class to a C struct."""
    return cls


def no_gc(cls: T) -> T:
    """Leave a compiled class out of the cyclic collector."""
    return cls
