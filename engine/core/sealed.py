"""What an uncompiled class lacks of a compiled one: that nothing can be added to it."""

from typing import Any, NoReturn, TypeVar

Class = TypeVar("Class", bound=type)


def sealed(cls: Class) -> Class:
    """The class again, with attributes that cannot be set, as those of a compiled class.

    >>> class Point:
    ...     __slots__ = ()
    >>> sealed(Point).x = 1
    Traceback (most recent call last):
    TypeError: cannot set 'x' attribute of immutable type 'Point'
    """
    return _Immutable(cls.__name__, cls.__bases__, dict(cls.__dict__))  # type: ignore[return-value]


class _Immutable(type):
    def __setattr__(cls, name: str, value: Any) -> NoReturn:
        raise TypeError(f"cannot set {name!r} attribute of immutable type {cls.__name__!r}")

    def __delattr__(cls, name: str) -> NoReturn:
        raise TypeError(f"cannot set {name!r} attribute of immutable type {cls.__name__!r}")
