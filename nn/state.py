"""States: numbers or arrays by name, which are checked against their owner before anything is set."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from engine import StateError, Value
from engine.core import came, printable, real

T = TypeVar("T")

SHOWN = 5  # names that an error lists of each kind


def fitting(state: Mapping[str, Any], wanted: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """The state as floats and lists of floats in the expected shapes; else a StateError lists the differences.

    >>> fitting({"b": 1, "w": [[1, 2]]}, {"b": 0.0, "w": [[0.0, 0.0]]}, "Neuron")
    {'b': 1.0, 'w': [[1.0, 2.0]]}
    >>> fitting({"w": [1, 2]}, {"w": [0.0]}, "Neuron")
    Traceback (most recent call last):
    engine.core.errors.StateError: the state does not fit Neuron: of another shape: w (2, expected 1)
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"a state is a dict from names to numbers, not {came(state)}")
    numbers: dict[str, Any] = {}
    unfit, misshapen = [], []
    for name in (name for name in wanted if name in state):
        try:
            numbers[name] = numbers_of(plain(state[name]))
        except (TypeError, OverflowError):
            unfit.append(f"{name} ({_brief(state[name])})")
        else:
            expected, given = shape(wanted[name]), shape(numbers[name])
            if expected == () != given:
                unfit.append(f"{name} ({_brief(state[name])})")
            elif expected != given:
                misshapen.append(f"{name} ({_times(given)}, expected {_times(expected)})")
    differences = {
        "missing": [name for name in wanted if name not in state],
        "unexpected": [str(name) for name in state if name not in wanted],
        "not one number:": unfit,
        "of another shape:": misshapen,
    }
    if any(differences.values()):
        listed = "; ".join(f"{kind} {some(found)}" for kind, found in differences.items() if found)
        raise StateError(f"the state does not fit {owner}: {listed}")
    return numbers


def distinct(pairs: Iterable[tuple[str, T]], what: str, renamed: str) -> dict[str, T]:
    """The pairs as a dict; a name that stands twice is a ValueError.

    >>> distinct([("w", 1.0), ("w", 2.0)], "parameters", "an attribute")
    Traceback (most recent call last):
    ValueError: two parameters are named w: rename an attribute
    """
    found = [*pairs]
    if twice := [name for name, times in Counter(name for name, _ in found).items() if times > 1]:
        raise ValueError(f"two {what} are named {some(twice)}: rename {renamed}")
    return dict(found)


def form_of(state: Any, singly: Mapping[str, Any], arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whichever of two forms shares more names with the state.

    >>> form_of({"weight": [1.0]}, {"w1": 0.0}, {"weight": [0.0]})
    {'weight': [0.0]}
    """
    names = state if isinstance(state, Mapping) else {}
    own, others = (sum(name in form for name in names) for form in (singly, arrays))
    return arrays if others > own or (others == own and any(map(is_sequence, names.values()))) else singly


def set_all(numbers: Mapping[str, Any], leaves: Mapping[str, Any]) -> None:
    """Set leaves, in lists of the same shapes, to numbers; a StateError if one leaf would get two different numbers.

    >>> set_all({"w": [3.0, 4.0]}, {"w": [w := Value(1.0), Value(2.0)]})
    >>> w.data
    3.0
    """
    pairs = [pair for name, array in leaves.items() for pair in zip(flat(array), flat(numbers[name]), strict=True)]
    chosen = dict(pairs)
    for leaf, number in pairs:
        if repr(number) != repr(chosen[leaf]):  # where nan equals nan
            raise StateError(
                f"two places share the parameter {printable(leaf.label)}, but hold {number} and {chosen[leaf]}"
            )
    for leaf, number in chosen.items():
        leaf.data = number


def numbers_of(array: Any) -> Any:
    """Numbers or Values as floats, a single one or nested lists."""
    if isinstance(array, (list, tuple)):
        return [numbers_of(part) for part in array]
    return array.data if type(array) is Value else real(array)


def output_numbers(output: Any) -> Any:
    """An output of a model as a float, several as a list of floats.

    >>> output_numbers((Value(1.0), Value(2.0))), output_numbers(Value(3.0))
    ([1.0, 2.0], 3.0)
    """
    return numbers_of(list(output) if is_sequence(output) else output)


def shape(array: Any) -> tuple[int, ...] | None:
    """The shape of numbers or leaf Values in nested lists, () for a single one; None if it has none.

    >>> shape([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), shape([[1.0], 2.0]), shape([1.0, "text"])
    ((2, 3), None, None)
    """
    if not isinstance(array, (list, tuple)):
        return () if isinstance(array, float) or (type(array) is Value and not array.op) else None
    shapes = {shape(part) for part in array}
    (inner,) = shapes if len(shapes) == 1 else (None if array else (),)
    return None if inner is None else (len(array), *inner)


def flat(array: Any) -> Iterator[Any]:
    """The entries of nested lists, in their order."""
    if isinstance(array, (list, tuple)):
        for part in array:
            yield from flat(part)
    else:
        yield array


def some(names: list[str]) -> str:
    """The first names of a list, and the number of the others.

    >>> some(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    shown = printable(", ".join(names[:SHOWN]))
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def is_sequence(given: Any) -> bool:
    """Whether an object is a list, tuple, array or the like, not a single number.

    >>> is_sequence([1.0]), is_sequence(1.0)
    (True, False)
    """
    return hasattr(given, "__len__") and hasattr(given, "__getitem__") and getattr(given, "shape", None) != ()


def plain(array: Any) -> Any:
    """An array, frame or series as lists of Python's numbers, which are faster to walk; a list as it is.

    >>> from array import array
    >>> plain(array("d", [1.0, 2.0])), plain([3.0])
    ([1.0, 2.0], [3.0])
    """
    if hasattr(array, "tolist"):
        return array.tolist()
    return array.__array__().tolist() if hasattr(array, "__array__") else array


def _brief(given: Any) -> str:
    size = getattr(given, "shape", None)
    return f"of shape {tuple(size)}" if size else came(given)


def _times(size: tuple[int, ...] | None) -> str:
    """A shape in words: 2x3."""
    return "ragged" if size is None else "x".join(map(str, size)) or "one number"
