"""One number that a mistake changes: which derivative it is, what it should be, and what the learner has there."""

from __future__ import annotations

from itertools import islice

from ..core import derivative, short_number, total_derivative
from .candidate import Candidate
from .names import formula_of
from .network import Network


def instance(network: Network, candidate: Candidate, loss: str) -> str:
    """The changed number that moves the gradients most, in words; "" if the mistake is not one of single numbers.

    >>> from ..core import Value
    >>> from .mistakes import MISTAKES, Change
    >>> from .reverse_sweep import ReverseSweep
    >>> w = Value(0.5, "w")
    >>> network = Network(ReverseSweep((w * 3.0).sin(), [w]))
    >>> instance(network, Candidate(MISTAKES[0], "", {}, Change("", {0: 1.0})), "L")
    '∂a⁽¹⁾₁/∂z⁽¹⁾₁ is 0.07074, not 1'
    """
    partials, adjoints = network.partials, network.sweep.adjoints
    moved = {i: abs(number - adjoints[i]) for i, number in candidate.change.adjoints.items()}
    if moved and network.name(node := max(moved, key=moved.__getitem__)):
        number = candidate.change.adjoints[node]
        name = total_derivative(loss, network.name(node))
        return f"{name}{_when(network, node)} is {_numbers(adjoints[node], number)}"
    back = network.sweep.run(candidate.change.partials)
    sizes = {k: abs((p - partials[k]) * back[network.sweep.results[k]]) for k, p in candidate.change.partials.items()}
    largest, sums = sorted(filter(sizes.__getitem__, sizes), key=sizes.__getitem__, reverse=True), _sum_of(network)
    links = {k: (sums.get(k, network.sweep.results[k]), network.operands[k]) for k in largest}
    named = (k for k in largest if all(map(network.name, links[k])))
    for k in (*islice(named, 1), *largest[:1]):
        if name := _name(network, *links[k]):
            return f"{name}{_when(network, *links[k])} is {_numbers(partials[k], candidate.change.partials[k])}"
    return ""


def _name(network: Network, of: int, wrt: int) -> str:
    """A partial by name, ∂a1/∂z1, or in words."""
    if network.name(of) and network.name(wrt):
        return derivative(network.name(of), network.name(wrt))
    y, x = formula_of(network.sweep, of), formula_of(network.sweep, wrt)
    return "" if "…" in y + x else f"the derivative of {y} with respect to {x}"


def _when(network: Network, *ends: int) -> str:
    """The example or the step, if there are several."""
    layer, t = next((network.step_of[i] for i in ends if i in network.step_of), (None, 0))
    return f" in {'step' if network.recurrent else 'example'} {t + 1}" if layer and len(layer.steps) > 1 else ""


def _sum_of(network: Network) -> dict[int, int]:
    """The weighted sum that an edge to a weight or an input is a term of."""
    return {
        k: o.z
        for unit in network.units
        for o in unit.occurrences
        for k in (*o.products.weight_edges, *o.products.input_edges)
    }


def _numbers(right: float, given: float) -> str:
    return f"{short_number(right)}, not {short_number(given)}"
