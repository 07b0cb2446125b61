"""Module: finds parameters in attributes, and names them.

A parameter is a leaf Value in an attribute, or in a list, tuple or dict in an attribute. Its name is its path: the
attribute `b` is "b", the second entry of the list `w` is "w2", the third neuron of a list `neurons` is "neuron3".
Files hold arrays instead, with PyTorch's names: "layers.0.weight" has a row for each neuron.
"""

from collections.abc import Iterator, Mapping
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any, Protocol

from engine import Value
from engine.core import api_boundary

from .state import distinct, fitting, flat, form_of, numbers_of, set_all, shape


class Stateful(Protocol):
    """An object that can be saved: its state is a dict from names to floats, or with `arrays` to arrays of floats."""

    def state_dict(self) -> dict[str, float]:
        """The numbers by name."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all numbers, from floats or from arrays, or none."""


@api_boundary
class _LabelledByPlace(type):
    """Labels the parameters of a module after its constructor, so that constructors need not."""

    if not TYPE_CHECKING:  # so that type checkers read the signature of __init__

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            module = super().__call__(*args, **kwargs)
            module.label_by_place()
            return module

    @property
    def __signature__(cls) -> Signature:
        """The signature of the constructor, for help() and completion."""
        made = signature(cls.__init__)  # type: ignore[misc]
        return made.replace(parameters=[*made.parameters.values()][1:], return_annotation=Signature.empty)


@api_boundary
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

    name = ""  # its path in the outermost module: "layer1.neuron3"

    def parameters(self) -> list[Value]:
        """All parameters, each once, in the order of the attributes."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """All parameters with their names; a parameter with two paths has the name of the first.

        >>> from nn import Layer
        >>> [name for name, _ in Layer(1, 2).named_parameters()]
        ['neuron1.w1', 'neuron1.b', 'neuron2.w1', 'neuron2.b']
        """
        named = [(name, found) for name, found in members(self) if isinstance(found, Value)]
        return [*distinct(named, "parameters", "an attribute").items()]

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The parameters' numbers by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def arrays(self) -> dict[str, Any]:
        """The parameters' numbers as in files: nested lists, one for each layer and kind.

        >>> from nn import Layer
        >>> Layer(2, 3, init=0.5).arrays()
        {'weight': [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], 'bias': [0.5, 0.5, 0.5]}
        """
        return {name: numbers_of(array) for name, array in self.named_arrays().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters from a `state_dict` or from `arrays`.

        If any entry does not fit, a StateError lists the misfits, and no parameter is set.

        >>> from nn import Neuron
        >>> Neuron(1).load_state_dict({"w1": 2.0, "w2": 3.0})
        Traceback (most recent call last):
        engine.core.errors.StateError: the state does not fit Neuron: missing b; unexpected w2
        """
        leaves = form_of(state, dict(self.named_parameters()), self.named_arrays())
        set_all(fitting(state, leaves, type(self).__name__), leaves)

    def array_parts(self) -> Mapping[str, Any]:
        """The attributes that form arrays, by name; a module may override the grouping of its parameters."""
        return vars(self)

    def named_arrays(self) -> dict[str, Any]:
        """The parameters in the nested lists of `arrays`."""
        return distinct(_arrays(self), "arrays", "an attribute or a key")

    def label_by_place(self) -> None:
        """Label parameters and modules with their names, as a constructor does; labels set by the user stay.

        Only needed after parts have been added to an existing module.
        """
        for name, found in members(self):
            if isinstance(found, Module):
                found.name = name
            elif f".{name}".endswith(f".{found.label}") or not found.label:
                found.label = name


def members(root: Module) -> Iterator[tuple[str, "Module | Value"]]:
    """All modules and parameters in `root`, itself included, with their names, in order and without duplicates."""
    seen: set[Any] = set()
    stack: list[tuple[str, Any]] = [("", root)]
    while stack:
        name, found = stack.pop()
        if type(found) is Value:
            if found not in seen and not found.op:  # neither a second path to a shared one nor a stored result
                seen.add(found)
                yield name, found
        elif isinstance(found, (Module, list, tuple, dict)) and id(found) not in seen:
            seen.add(id(found))
            if isinstance(found, Module):
                yield name, found
            stack += reversed(_parts(name, found))


def _arrays(root: Module) -> Iterator[tuple[str, Any]]:
    """All arrays of parameters in `root`, with their names: the largest lists that have a shape."""
    seen: dict[int, Any] = {}
    stack: list[tuple[str, Any]] = [("", root)]
    while stack:
        name, found = stack.pop()
        if _has_parameters(found):
            yield name, found
        elif isinstance(found, (Module, list, tuple, dict)) and id(found) not in seen:
            seen[id(found)] = found
            parts = found.array_parts() if isinstance(found, Module) else found
            pairs = parts.items() if isinstance(parts, Mapping) else enumerate(parts)
            stack += reversed([(f"{name}.{key}" if name else str(key), part) for key, part in pairs])


def _has_parameters(found: Any) -> bool:
    """Whether these are leaves, in lists that have a shape, or a single one."""
    leaves = [] if shape(found) is None else list(flat(found))
    return bool(leaves) and all(type(leaf) is Value for leaf in leaves)


def _parts(name: str, whole: Any) -> list[tuple[str, Any]]:
    """The entries of a module, list, tuple or dict, with names."""
    if isinstance(whole, Module):
        prefix = f"{name}." if name else ""
        return [(prefix + attribute, part) for attribute, part in vars(whole).items()]
    if isinstance(whole, dict):
        return [(f"{name}.{key}", part) for key, part in whole.items()]
    stem = name.removesuffix("s") if isinstance(next(iter(whole), None), Module) else name
    stem += "_" * stem[-1:].isdigit()  # w1_2 is the second entry of the first list in w
    return [(f"{stem}{number}", part) for number, part in enumerate(whole, 1)]
