"""Module: what has parameters, found and named by place.

A parameter is a leaf Value in an attribute, or in a list, tuple or dict in an attribute. Its name is the way to it:
the attribute `b` is "b", the second entry of the list `w` is "w2", the third neuron of a list `neurons` is "neuron3".
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from engine.core import StateError, Value, real

SHOWN = 5  # names that an error lists of each kind


class Stateful(Protocol):
    """What can be saved: its state is a dict from names to floats."""

    def state_dict(self) -> dict[str, float]:
        """The numbers by name."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the numbers, all of them or none."""


class _LabelledByPlace(type):
    """Labels the parameters of a module once its constructor is done, so that no constructor has to."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        module = super().__call__(*args, **kwargs)
        module.label_by_place()
        return module


class Module(metaclass=_LabelledByPlace):
    """Base of everything with parameters: neurons, layers, networks and your own models.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.height
    >>> Line()(3.0).data, Line().parameters()
    (7.0, [Value(data=2.0, grad=0.0, label='slope'), Value(data=1.0, grad=0.0, label='height')])
    """

    name = ""  # the place in the outermost module: "layer1.neuron3"

    def parameters(self) -> list[Value]:
        """All parameters, each once, in the order of the attributes."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """All parameters with their names; one that has two places goes by the first.

        >>> from nn import Layer
        >>> [name for name, _ in Layer(1, 2).named_parameters()]
        ['neuron1.w1', 'neuron1.b', 'neuron2.w1', 'neuron2.b']
        """
        named = [(name, found) for name, found in _places(self) if isinstance(found, Value)]
        if len(dict(named)) < len(named):
            twice = some([name for name, times in Counter(name for name, _ in named).items() if times > 1])
            raise ValueError(f"two parameters are named {twice}: rename an attribute")
        return named

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The parameters' numbers by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters to numbers by name; if any does not fit, a StateError lists them and none is set.

        >>> from nn import Neuron
        >>> Neuron(1).load_state_dict({"w1": 2.0, "w2": 3.0})
        Traceback (most recent call last):
        engine.core.errors.StateError: the state does not fit Neuron: missing b; unexpected w2
        """
        parameters = dict(self.named_parameters())
        numbers = fitting(state, parameters, type(self).__name__)
        for name, parameter in parameters.items():
            parameter.data = numbers[name]

    def label_by_place(self) -> None:
        """Label parameters and modules with their names, as a constructor does; a label that was chosen stays.

        Only needed after parts have been added to a module that existed.
        """
        for name, found in _places(self):
            if isinstance(found, Module):
                found.name = name
            elif f".{name}".endswith(f".{found.label}") or not found.label:
                found.label = name


def fitting(state: Mapping[str, Any], names: Iterable[str], owner: str) -> dict[str, float]:
    """The state as floats, or a StateError that lists names that are missing, unexpected or not one number.

    >>> fitting({"b": 1}, ["b"], "Neuron")
    {'b': 1.0}
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"a state is a dict from names to numbers, not {type(state).__name__} {state!r}")
    wanted, numbers, unfit = dict.fromkeys(names), {}, []
    for name, number in state.items():
        try:
            numbers[name] = real(number)
        except (TypeError, OverflowError):
            unfit.append(f"{name} ({_shape(number)})")
    differences = {
        "missing": [name for name in wanted if name not in state],
        "unexpected": [str(name) for name in state if name not in wanted],
        "not one number:": unfit,
    }
    if any(differences.values()):
        listed = "; ".join(f"{kind} {some(found)}" for kind, found in differences.items() if found)
        raise StateError(f"the state does not fit {owner}: {listed}")
    return numbers


def some(names: list[str]) -> str:
    """The first names of a list, and how many more there are.

    >>> some(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def is_sequence(given: Any) -> bool:
    """Whether it is a list, tuple, array or the like, as opposed to one number.

    >>> is_sequence([1.0]), is_sequence(1.0)
    (True, False)
    """
    return hasattr(given, "__len__") and hasattr(given, "__getitem__") and getattr(given, "shape", None) != ()


def _places(root: Module) -> Iterator[tuple[str, "Module | Value"]]:
    """All modules and parameters in `root`, itself included, with their names: each once, in order."""
    seen: set[Any] = set()
    stack: list[tuple[str, Any]] = [("", root)]
    while stack:
        name, found = stack.pop()
        if type(found) is Value:
            if found not in seen and not found.op:  # neither the second place of a shared one nor a result kept
                seen.add(found)
                yield name, found
        elif isinstance(found, (Module, list, tuple, dict)) and id(found) not in seen:
            seen.add(id(found))
            if isinstance(found, Module):
                yield name, found
            stack += reversed(_parts(name, found))


def _parts(name: str, whole: Any) -> list[tuple[str, Any]]:
    """What a module, list, tuple or dict holds, with names."""
    if isinstance(whole, Module):
        prefix = f"{name}." if name else ""
        return [(prefix + attribute, part) for attribute, part in vars(whole).items()]
    if isinstance(whole, dict):
        return [(f"{name}.{key}", part) for key, part in whole.items()]
    stem = _before_number(name.removesuffix("s") if isinstance(next(iter(whole), None), Module) else name)
    return [(f"{stem}{number}", part) for number, part in enumerate(whole, 1)]


def _before_number(name: str) -> str:
    """What goes before the number: layer for layer1, w1_ for w1_2, the second entry of the first list in w."""
    return f"{name}_" if name[-1:].isdigit() else name


def _shape(number: Any) -> str:
    shape = getattr(number, "shape", None)
    return f"of shape {tuple(shape)}" if shape else f"{type(number).__name__} {number!r:.40}"
