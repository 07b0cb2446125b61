"""Whether rounding of intermediate numbers, as with a pocket calculator, explains how far gradients are off.

Each intermediate number is rounded once and then used for all gradients, so they move together: gradients that are off
by e.g. opposite amounts may each be explained by a rounded output, but not both. To first order a gradient moves by a
sum over intermediate numbers, a sensitivity times a rounding error of at most half a unit each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from .mistakes.row import Gradients
from .mistakes.softmax import softmaxes
from .network import Network
from .reverse_sweep import NOTHING
from .sensitivities import Array, Second, Sensitivities, moves_along, second_derivatives

DRAWS = 6  # simulated noisy passes
MOST = 3000  # operations that anybody rounds by hand
COPIED = {"add", "sub", "neg", "sum", "mul", "dot"}  # whose partials are operands or constants
EXACT = (-1.0, 0.0, 1.0)  # partials and adjoints of a mistake that nobody rounds
CAP = 0.1  # of the gradient: more is no usual rounding
MOST_OFF = 0.3  # of the gradient: more is no rounding at all
FARTHEST = 1e50  # half units that a number is off by: more would overflow, and says no more
ENOUGH = 2.0  # half units by which a number may be off, where digits are cut off
# Times n + 2: most squares of errors that n numbers are off by; n / 3 is usual, and n if digits are cut off.
SCATTER = 1.0
TURNS, ROUGH = 100, 10  # most steps, and those after which the largest multipliers are known
WORK = 1_000_000  # numbers passed in all steps: some tenths of a second
DONE = 1e-20  # square of half units that is left
CLOSE = 0.1  # how close a sum of squares is to the least


class Step(NamedTuple):
    """Multipliers λ, the errors that they give, in half units, and a bound of the sum of their squares."""

    multipliers: Array
    errors: Array
    bound: float


class Rounding:
    """The intermediate numbers of a network rounded to `digits` digits, and how they move observed gradients.

    With `least`, half a unit of the last decimal, they have no more decimals either.

    >>> from ..core import Value
    >>> from .reverse_sweep import ReverseSweep
    >>> w, b = Value(0.5, "w"), Value(0.2, "b")
    >>> sweep = ReverseSweep(((w + b).sigmoid() - 0.67) ** 2, [w, b])
    >>> rounding = Rounding(Network(sweep), [sweep.index[w], sweep.index[b]], 3)
    >>> rounding.explains([-8e-5, -8e-5], [5e-7, 5e-7]), rounding.explains([-8e-5, 8e-5], [5e-7, 5e-7])
    (True, False)
    """

    def __init__(
        self,
        network: Network,
        observed: Sequence[int],
        digits: int,
        least: float = 0.0,
        changed: Mapping[int, float] = NOTHING,
        replaced: Mapping[int, float] = NOTHING,
        plain: Rounding | None = None,
    ) -> None:
        self.network, self.digits, self.least = network, digits, least
        self.unit = 10.0 ** (1 - digits)
        self.is_by_hand = network.size <= MOST
        self.plain, self.changed, self.replaced = plain, changed, replaced
        self.adjoints = self.map.adjoints if self.is_by_hand else network.sweep.adjoints
        self._observe(observed)

    def _observe(self, observed: Sequence[int]) -> None:
        self.observed, self.right = observed, np.array([self.adjoints[i] for i in observed])
        n = len(observed)  # by entry: which number, the node that it depends on, and its derivative
        self.entries: tuple[Array, Array, Array] = np.arange(n), np.array(observed, dtype=int), np.ones(n)

    def observing(self, observed: Sequence[int]) -> Rounding:
        """The same for the gradients of other nodes, with the sensitivities found so far."""
        other = copy(self)
        other._observe(observed)
        return other

    def with_mistake(self, changed: Mapping[int, float], replaced: Mapping[int, float]) -> Rounding:
        """The same for a learner whose backward pass has these partials, by edge, and adjoints, by node."""
        return Rounding(self.network, self.observed, self.digits, self.least, changed, replaced, self)

    def after(self, function: Callable[[Gradients], Gradients]) -> None:
        """Observe what a function makes of the gradients: numbers that are linear in some of them."""
        nodes = sorted({*self.observed, *self.network.parameters})
        gradients = {j: self.adjoints[j] for j in nodes}
        found, step = function(gradients), max(map(abs, gradients.values()))
        self.right, entries = np.array([found[i] for i in self.observed]), []
        for j in nodes:
            moved = function(gradients | {j: gradients[j] + step})
            differing = [(n, i) for n, i in enumerate(self.observed) if moved[i] != found[i]]
            entries += [(n, j, (moved[i] - found[i]) / step) for n, i in differing]
        numbers, sources, slopes = zip(*entries, strict=True)
        self.entries = np.array(numbers), np.array(sources), np.array(slopes)

    @cached_property
    def map(self) -> Sensitivities:
        """How errors move adjoints."""
        return Sensitivities(self.network, self.changed, self.replaced, self.second)

    @cached_property
    def second(self) -> list[Second]:
        """The second derivatives of the operations, without a mistake."""
        return self.plain.second if self.plain else list(second_derivatives(self.network))

    @cached_property
    def drawn(self) -> tuple[Array, Array]:
        """How far simulated rounding moves the data and the adjoints of all nodes."""
        draws = np.random.default_rng(0).uniform(-1.0, 1.0, (DRAWS, len(self.units)))
        moved = [self.map.tangents(self.units * draw) for draw in draws]
        x, y = (np.abs(some).max(axis=0) for some in zip(*moved, strict=True))
        return x, y

    @property
    def reach(self) -> list[float]:
        """By observed node, how far simulated rounding moves its gradient."""
        far = self.drawn[1][self.observed] if self.is_by_hand else np.zeros(len(self.observed))
        return list(map(float, np.minimum(far, CAP * self._sizes)))

    @property
    def _sizes(self) -> Array:
        sizes: Array = np.maximum(np.abs(self.right), CAP * math.sqrt(np.mean(self.right**2)))
        return sizes

    def explains(self, off: Sequence[float], tolerances: Sequence[float]) -> bool:
        """Whether one rounding of all intermediate numbers gives all that gradients are off."""
        return self.scatter(off, tolerances) < math.inf

    def scatter(self, off: Sequence[float], tolerances: Sequence[float], enough: float = ENOUGH) -> float:
        """The least sum of squares of errors, of at most `enough` half units, that give all that gradients are off.

        It is infinite if rounding does not give them. The errors are also those of the last digits of the numbers
        given: e = Aᵀλ and λ with (1 + A Aᵀ) λ = b, where A are the sensitivities and b what is off.
        """
        return math.inf if self._too_far(off, tolerances) else self.least_scatter(off, tolerances, enough)

    def least_scatter(self, off: Sequence[float], tolerances: Sequence[float], enough: float = ENOUGH) -> float:
        """The same where a gradient that is a difference of larger ones may be off by more than its own size."""
        largest = np.abs(self.right).max()
        if any(abs(o) > largest + ENOUGH * t for o, t in zip(off, tolerances, strict=True)):
            return math.inf
        if not self.is_by_hand:
            errors = [o / t for o, t in zip(off, tolerances, strict=True) if o]
            return sum(e * e for e in errors) if all(abs(e) <= ENOUGH for e in errors) else math.inf
        most, fits, squares = SCATTER * (len(off) + 2), False, math.inf
        for step in islice(self._steps(off, tolerances), self._turns):
            if step.bound > most:
                return math.inf
            if fits or np.abs(step.errors).max() <= enough:
                squares = float(step.errors @ step.errors)
                fits = squares <= most
                if squares <= step.bound + CLOSE:
                    break
        return squares if fits else math.inf

    def suspects(self, off: Sequence[float], tolerances: Sequence[float]) -> list[int]:
        """The observed nodes, first those whose numbers agree least with the others; none if several are far off."""
        if not self.is_by_hand or self._too_far(off, tolerances) > 1:
            return []
        *_, last = islice(self._steps(off, tolerances), ROUGH)
        return [self.observed[n] for n in np.argsort(-np.abs(last.multipliers), kind="stable")]

    @property
    def _turns(self) -> int:
        return min(TURNS, max(ROUGH, WORK // (len(self.network.ops) + len(self.network.operands))))

    def _too_far(self, off: Sequence[float], tolerances: Sequence[float]) -> int:
        """How many numbers are farther off than any rounding."""
        t = np.array(tolerances)
        return int(np.sum(np.abs(off) > np.where(t > 0.0, MOST_OFF * self._sizes + ENOUGH * t, 0.0)))

    def _steps(self, off: Sequence[float], tolerances: Sequence[float]) -> Iterator[Step]:
        """The steps of conjugate gradients; each has errors that give all numbers, with what is left as a last error.

        The bound b λ grows to the least sum of squares that errors can have.
        """
        units = [max(t, abs(o) / FARTHEST) for o, t in zip(off, tolerances, strict=True)]
        weights = np.array([1.0 / t if t else 0.0 for t in units])
        b = weights * np.array(off)
        found, rest, errors = np.zeros(len(b)), b, np.zeros(len(self.units))
        along, size = rest, float(rest @ rest)
        numbers, nodes, slopes = self.entries
        while True:
            yield Step(found, np.concatenate([errors, found + rest]), float(b @ found))
            if size <= DONE:
                return
            moved = self.units * self.map.transposed(
                np.bincount(nodes, slopes * (weights * along)[numbers], self.map.nodes)
            )
            y = self.map.tangents(self.units * moved)[1]
            image = along + weights * np.bincount(numbers, slopes * y[nodes], len(b))
            step = size / float(along @ image)
            found, errors, rest = found + step * along, errors + step * moved, rest - step * image
            size, before = float(rest @ rest), size
            along = rest + size / before * along

    @cached_property
    def units(self) -> Array:
        """Half a unit of the last digit of each intermediate number; the root of the sum of squares for several."""
        data, adjoints = self._of_data(), self._of_adjoints()
        return np.array([*data, *self._of_partials(data), *adjoints])

    def _of_data(self) -> list[float]:
        network = self.network
        return [self._of_result(i) if network.depends[i] and i < network.size else 0.0 for i in range(len(network.ops))]

    def _of_result(self, i: int) -> float:
        data, sweep = self.network.data, self.network.sweep
        if self.network.ops[i] != "dot":
            return self._half(data[i])
        edges = sweep.edges(i)
        products = (self.network.partials[k] * data[sweep.operands[k]] for k in edges[: len(edges) // 2])
        return math.hypot(self._half(data[i]), *map(self._half, products))

    def _of_partials(self, data: list[float]) -> list[float]:
        """A learner rounds a (1 - a), too, and takes the rounded a for it."""
        network, sweep = self.network, self.network.sweep
        units = [0.0] * len(network.operands)
        curved = {s.edge: s.number for s in self.map.second if s.operand == sweep.operands[s.edge]}
        for k, i in enumerate(sweep.results):
            if network.ops[i] not in COPIED and network.depends[i]:
                p = network.partials[k]
                is_alone = p and len(sweep.edges(i)) == 1
                units[k] = math.hypot(
                    self._half(self.changed.get(k, p)), curved.get(k, 0.0) / p * data[i] if is_alone else 0.0
                )
        return self._with_changed(units)

    def _with_changed(self, units: list[float]) -> list[float]:
        """A learner's other partials are off by their rounding, and by as much as the right ones move."""
        own = {k: p for k, p in self.changed.items() if not moves_along(p, self.network.partials[k])}
        if own and self.plain:
            moved = dict.fromkeys(own, 0.0)
            x, _ = self.plain.drawn
            for s in self.second:
                if s.edge in own:
                    moved[s.edge] += abs(s.number) * float(x[s.operand])
            for k, p in own.items():
                units[k] = self._of_own(p, self.network.partials[k], moved[k])
        return units

    def _of_own(self, number: float, right: float, moved: float) -> float:
        """Half a unit of a number that a mistake puts in the place of the right one, which rounding moves."""
        if number in EXACT:
            return 0.0
        return math.hypot(self._half(number), moved * max(1.0, abs(number / right) if right else 1.0))

    def _of_adjoints(self) -> list[float]:
        network, units = self.network, [0.0] * len(self.network.ops)
        for j, terms in self._terms().items():
            rounded = [self._half(t) for t, is_copied in terms if not is_copied]
            if len(terms) > 1 and j < network.size:
                rounded.append(self._half(self.adjoints[j]))
            if len(terms) > 1 or j < network.size:  # the only term of a leaf is the number given
                units[j] = math.hypot(*rounded)
        for softmax in softmaxes(network):  # p - y has the decimals of p
            for z, p in zip(softmax.logits, softmax.shares, strict=True):
                units[z] = math.hypot(units[z], softmax.scale * self._half(p))
        if self.replaced and self.plain:
            moved = self.plain.drawn[1]
            for j, number in self.replaced.items():
                units[j] = self._of_own(number, network.sweep.adjoints[j], float(moved[j]))
        return units

    def _terms(self) -> Mapping[int, list[tuple[float, bool]]]:
        """By node, the terms that its adjoint is the sum of, and whether a term is an adjoint, or minus one."""
        network, found = self.network, dict[int, list[tuple[float, bool]]]()
        for k, (i, j) in enumerate(zip(network.sweep.results, network.operands, strict=True)):
            if network.depends[j]:
                p = self.changed.get(k, network.partials[k])
                found.setdefault(j, []).append((self.adjoints[i] * p, abs(p) == 1.0))
        return found

    def _half(self, y: float) -> float:
        """Half a unit of the last digit of a number."""
        if not y or not math.isfinite(y):
            return 0.0
        return max(self.least, 0.5 * self.unit * 10.0 ** math.floor(math.log10(abs(y))))
