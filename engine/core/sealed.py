"""Makes an uncompiled class like a compiled one: no new attributes, no assignment to slots, no frames in tracebacks."""

from typing import Any, NoReturn, TypeVar

from .tracebacks import api_boundary, hide_engine

Class = TypeVar("Class", bound=type)


def sealed(cls: Class, base: type) -> Class:
    """The class with immutable attributes, and with objects whose slots and private names cannot be set.

    `base` has the slots and lets them be set: an object has that type until it is filled in.

    >>> class Slots:
    ...     __slots__ = ("_x",)
    >>> class Point(Slots):
    ...     __slots__ = ()
    ...     def __init__(self, x):
    ...         self._x = x
    >>> Point = sealed(Point, Slots)
    >>> point = Point(2.0)
    >>> point._x
    2.0
    >>> point._x = 3.0
    Traceback (most recent call last):
    AttributeError: attribute '_x' of 'Point' objects is not writable
    >>> Point.x = 1
    Traceback (most recent call last):
    TypeError: cannot set 'x' attribute of immutable type 'Point'
    """
    closed = {name for name in base.__dict__ if not name.startswith("__")} | {"__class__"}

    def set_open(self: Any, name: str, value: Any, store: Any = object.__setattr__) -> None:
        if name in closed:
            _refuse(self, name)
        try:
            store(self, name, value)
        except Exception as error:
            hide_engine(error)
            raise

    def delete_open(self: Any, name: str) -> None:
        if name in closed:
            _refuse(self, name)
        object.__delattr__(self, name)

    for each in (cls, *cls.__bases__):
        api_boundary(each)
    body = {**cls.__dict__, "__setattr__": set_open, "__delattr__": delete_open, "_base": base}
    public = [name for name in base.__dict__.get("__slots__", ()) if not name.startswith("_")]
    body |= {name: property(base.__dict__[name].__get__) for name in public}  # closed to object.__setattr__ too
    return _Immutable(cls.__name__, cls.__bases__, body)  # type: ignore[return-value]


def _refuse(self: Any, name: str) -> NoReturn:
    raise AttributeError(f"attribute {name!r} of {type(self).__name__!r} objects is not writable")


class _Immutable(type):
    _base: type

    def __call__(cls, *args: Any, **options: Any) -> Any:
        """A new object, filled in before it is sealed."""
        made: Any = object.__new__(cls._base)
        try:
            cls.__init__(made, *args, **options)  # type: ignore[misc]
        except Exception as error:
            hide_engine(error)
            raise
        made.__class__ = cls
        return made

    def __setattr__(cls, name: str, value: Any) -> NoReturn:
        raise TypeError(f"cannot set {name!r} attribute of immutable type {cls.__name__!r}")

    def __delattr__(cls, name: str) -> NoReturn:
        raise TypeError(f"cannot set {name!r} attribute of immutable type {cls.__name__!r}")
