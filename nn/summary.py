"""summary: the layers of a model, as a table."""

import math
from dataclasses import dataclass

from engine import Value
from engine.core import api_boundary, came

from .layers import Layer, Neuron
from .module import Module, members


@dataclass(frozen=True)
class Row:
    """One layer: its name, its kind, the number of its own parameters, and the norm of their gradients."""

    name: str
    kind: str
    parameters: int
    gradient: float


@api_boundary
class Summary(tuple[Row, ...]):
    """The rows of a summary, which print as a table; gradients are shown if there are any."""

    def __repr__(self) -> str:
        lines = [("layer", "kind", "parameters", "‖gradient‖")]
        lines += [(row.name, row.kind, f"{row.parameters:,}", f"{row.gradient:.3g}") for row in self]
        total, norm = sum(row.parameters for row in self), math.hypot(*(row.gradient for row in self))
        lines.append(("total", "", f"{total:,}", f"{norm:.3g}"))
        name, kind, parameters, gradient = (max(map(len, column)) for column in zip(*lines, strict=True))
        shown = gradient if norm else 0
        return "\n".join(
            f"{a:<{name}}  {b:<{kind}}  {c:>{parameters}}  {d if shown else '':>{shown}}".rstrip()
            for a, b, c, d in lines
        )


@api_boundary
def summary(model: Module) -> Summary:
    """The layers of a model with their parameters and, after a backward pass, the norms of their gradients.

    >>> from nn import MLP
    >>> model = MLP(2, [3, 1], init=0.5)
    >>> model([1.0, 2.0]).backward()
    >>> summary(model)
    layer   kind             parameters  ‖gradient‖
    layer1  Layer 2 → 3 relu          9        2.12
    layer2  Layer 3 → 1 linear        4        3.61
    total                            13        4.18
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary takes a Module, not {came(model)}")
    owners: dict[Value, Module] = {}
    modules: dict[Module, list[Value]] = {}
    for _, module in members(model):
        if isinstance(module, Module) and not isinstance(module, Neuron):
            modules[module] = []
            owners |= dict.fromkeys(module.parameters(), module)  # the innermost comes last
    for parameter, owner in owners.items():
        modules[owner].append(parameter)
    return Summary(
        Row(module.name or "model", _kind(module), len(own), math.hypot(*(p.grad for p in own)))
        for module, own in modules.items()
        if own
    )


def _kind(module: Module) -> str:
    if not isinstance(module, Layer):
        return type(module).__name__
    first = module.neurons[0]
    activation = "softmax" if module.softmax else first.activation if first.nonlin else "linear"
    return f"{type(module).__name__} {len(first.w)} → {len(module.neurons)} {activation}"
