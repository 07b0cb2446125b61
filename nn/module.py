"""Module: something with parameters, found in its attributes and named by their place."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine import StateError, Value


class Module:
    """Base of layers and networks: its parameters are the Values in its attributes, in lists and in other modules.

    A parameter is named by its place; an entry of a list by the list's name in the singular, counted from 1.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slopes, self.offset = [Value(2.0), Value(3.0)], Value(1.0)
    >>> [name for name, _ in Line().named_parameters()]
    ['slope1', 'slope2', 'offset']
    """

    def __call__(self, x: Any) -> Any:
        """The output for one example."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes: define __call__")

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Pairs of name and parameter, in the order of creation."""
        for name, attribute in vars(self).items():
            yield from _named(name, attribute)

    def parameters(self) -> list[Value]:
        """All parameters, in the order of `named_parameters()`."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by its name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter; names that are missing or unknown are a StateError that lists them, and set nothing.

        >>> from nn import Neuron
        >>> Neuron(1).load_state_dict({"w1": 0.5, "c": 1.0})
        Traceback (most recent call last):
        engine.errors.StateError: the state does not fit this Neuron: missing b; unknown c
        """
        own = dict(self.named_parameters())
        missing = [name for name in own if name not in state]
        unknown = [name for name in state if name not in own]
        if missing or unknown:
            parts = [f"{what} {_few(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
            raise StateError(f"the state does not fit this {type(self).__name__}: {'; '.join(parts)}")
        numbers = {name: Value(state[name]).data for name in own}  # a wrong type is refused before anything is set
        for name, parameter in own.items():
            parameter.data = numbers[name]


def _named(name: str, attribute: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(attribute, Value):
        yield name, attribute
    elif isinstance(attribute, Module):
        for inner, parameter in attribute.named_parameters():
            yield f"{name}.{inner}", parameter
    elif isinstance(attribute, (list, tuple)):
        singular = name.removesuffix("s")
        for i, entry in enumerate(attribute, 1):
            yield from _named(f"{singular}{i}", entry)


def _few(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
