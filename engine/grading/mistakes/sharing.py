"""Mistakes in sums over uses of a weight, examples or steps of a recurrence, and in the regularisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..network import Network
from .row import Change, Gradients, Mistake

FEW = 10  # examples that are left out one by one
STEPS = 6  # uses of a weight that are counted one by one
LONG = 100  # steps of a recurrence at which going back may stop, one by one


def _one_use(network: Network) -> Iterator[Change]:
    penalties = set(network.penalty_edges)
    uses = {p: [k for k in reversed(edges) if k not in penalties] for p, edges in network.uses.items()}
    uses = {p: edges for p, edges in uses.items() if edges}
    always = {p: [k for k in network.uses[p] if k in penalties] if penalties else [] for p in uses}
    most = max((len(edges) for edges in uses.values()), default=0)
    if most < 2:
        return
    for t in range(most) if most <= STEPS else (0, most - 1):
        name = "first" if t == 0 else "last" if t == most - 1 else f"{t + 1}."
        every = {p: [edges[min(t, len(edges) - 1)], *always[p]] for p, edges in uses.items()}
        yield Change(name, counted=every)
        long = {p: edges for p, edges in every.items() if len(uses[p]) == most}
        if len(long) < len(every):
            yield Change(name, counted=long)


def _one_example(network: Network) -> Iterator[Change]:
    n = network.examples
    if n < 2 or network.recurrent:
        return
    for t in range(n) if n <= FEW else (0, n - 1):
        for place, factor in ((f"number {t + 1}", 1.0), (f"number {t + 1}, without the factor 1/{n},", float(n))):
            adjoints = {}
            for unit in network.outputs:
                for s, o in enumerate(unit.occurrences):
                    adjoints[o.z] = factor * network.sweep.adjoints[o.z] if s == t else 0.0
            yield Change(place, adjoints=adjoints)


def _truncated(network: Network) -> Iterator[Change]:
    edges = network.recurrent
    if not edges:
        return
    yield Change("after one step", dict.fromkeys(edges, 0.0))
    by_step = defaultdict[int, dict[int, float]](dict)
    for k, step in edges.items():
        by_step[step][k] = 0.0
    last = len(by_step)
    numbers = range(2, last + 1) if last <= LONG else (2, last)
    for number, step in enumerate(sorted(by_step), 1):
        if number in numbers:
            yield Change(f"before step {number}", by_step[step])


def _earlier_losses(network: Network) -> Iterator[Change]:
    if not network.recurrent:
        return
    for place, kept in (("last", -1), ("first", 0)):
        edges = {
            edge: 0.0
            for unit in network.outputs
            for o in unit.occurrences
            if o is not unit.occurrences[kept]
            for edge in o.products.input_edges
        }
        yield Change(place, edges)


def _penalty_left_out(network: Network) -> Iterator[Change]:
    if network.penalty_edges:
        yield Change("", dict.fromkeys(network.penalty_edges, 0.0))


def _penalty_factor(network: Network) -> Iterator[Change]:
    n = float(network.examples)
    factors = {"twice": 2.0, "half": 0.5} | ({f"{n:g} times": n, f"1/{n:g}": 1.0 / n} if n > 2 else {})
    for place, c in factors.items() if network.penalty_edges else ():
        yield Change(place, {k: c * network.partials[k] for k in network.penalty_edges})
    if bare := {k: network.partials[k] / (2.0 * a) for k, a in _squares(network)}:
        yield Change("as w alone", bare)


def _squares(network: Network) -> Iterator[tuple[int, float]]:
    """The edges to squared parameters in a regularisation, each with what the square is multiplied by."""
    for k in network.penalty_edges:
        i, j = network.sweep.results[k], network.operands[k]
        if network.data[i] == network.data[j] ** 2 and network.sweep.adjoints[i]:
            yield k, network.sweep.adjoints[i]


def _penalty_on_biases(network: Network) -> Iterator[Change]:
    edges, sweep = network.penalty_edges, network.sweep
    if not edges:
        return
    penalised = {network.operands[k] for k in edges}
    biases = set[int]().union(*(unit.biases for unit in network.units)) - penalised
    sizes = {p: network.data[p] for p in penalised if network.data[p]}
    if not sizes or not biases:
        return
    p, size = next(iter(sizes.items()))
    rate = sum(sweep.adjoints[sweep.results[k]] * sweep.partials[k] for k in edges if network.operands[k] == p) / size

    def decayed(gradients: Gradients) -> Gradients:
        return {i: g + (rate * network.data[i] if i in biases else 0.0) for i, g in gradients.items()}

    yield Change("", after=decayed)


SHARING = (
    Mistake(
        "one_use",
        "only the {place} use of each weight is counted",
        "the gradient of a weight is the sum over all its uses, so write += for =",
        _one_use,
    ),
    Mistake(
        "one_example",
        "only the gradient of example {place} is counted",
        "add up the gradients of all examples, so write += for =",
        _one_example,
        covers=("one_use",),
    ),
    Mistake(
        "truncated",
        "going back through time stops {place}",
        "the state of the step before depends on the weights, too, so the gradient goes back to the first step",
        _truncated,
    ),
    Mistake(
        "earlier_losses",
        "only the loss of the {place} step is sent back into the state",
        "the state of every step gets a gradient from its own loss and one from the next step",
        _earlier_losses,
    ),
    Mistake(
        "penalty_left_out",
        "the regularisation is left out{place}",
        "its derivative is a part of each weight's gradient",
        _penalty_left_out,
    ),
    Mistake(
        "penalty_on_biases",
        "the regularisation is applied to the biases, too{place}",
        "this loss applies it to weights only",
        _penalty_on_biases,
    ),
    Mistake(
        "penalty_factor",
        "the regularisation is counted {place}",
        "(λ/2 w²)' = λ w, and (λ w²)' = 2 λ w",
        _penalty_factor,
    ),
)
