"""Whether rounding of intermediate numbers, as with a pocket calculator, explains how far gradients are off.

Each intermediate number is rounded once and then used for all gradients, so they move together: gradients that are off
by e.g. opposite amounts may each be explained by a rounded output, but not both. To first order a gradient moves by a
sum over intermediate numbers, a sensitivity times a rounding error of at most half a unit each.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from operator import add
from typing import NamedTuple

from ..core import TABLE
from .mistakes.softmax import softmaxes
from .network import Network

DRAWS = 6  # simulated noisy passes
MOST = 3000  # operations that anybody rounds by hand
COPIED = {"add", "sub", "neg", "sum", "mul", "dot"}  # whose partials are operands or constants
CAP = 0.1  # of the gradient: more is no usual rounding
MOST_OFF = 0.3  # of the gradient: more is no rounding at all
STEP = 1e-6  # of an operand, for second derivatives
ENOUGH = 2.0  # half units by which a number may be off, where digits are cut off
SCATTER = (
    2.0  # times n + 2: most squares of errors that n numbers are off by; n / 3 is usual, and n if digits are cut off
)
TURNS, ROUGH = 100, 10  # most steps, and those after which the largest multipliers are known
WORK = 300_000  # numbers passed in all steps: some tenths of a second


class Errors(NamedTuple):
    """Numbers for the results of operations, by node, for partials, by edge, and for adjoints, by node."""

    data: list[float]
    partials: list[float]
    adjoints: list[float]


class Step(NamedTuple):
    """Multipliers λ, the errors that they give, in half units, and a bound of the sum of their squares."""

    multipliers: list[float]
    errors: list[float]
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

    def __init__(self, network: Network, observed: Sequence[int], digits: int, least: float = 0.0) -> None:
        self.network, self.observed, self.unit, self.least = network, observed, 10.0 ** (1 - digits), least
        sweep = network.sweep
        self.right = [sweep.adjoints[i] for i in observed]
        self.is_by_hand = network.size <= MOST
        if self.is_by_hand:
            self.program = [
                (i, [(k, sweep.operands[k], network.partials[k]) for k in sweep.edges(i)]) for i in range(network.size)
            ]
            self.second = [self._second(i) for i in range(network.size)]
            self.units = self._units()

    @cached_property
    def reach(self) -> list[float]:
        """By observed node, how far simulated rounding moves its gradient."""
        far = [0.0] * len(self.observed)
        if not self.is_by_hand:
            return far
        rng = random.Random(0)
        for _ in range(DRAWS):
            drawn = Errors(*([rng.uniform(-unit, unit) if unit else 0.0 for unit in units] for units in self.units))
            moved = self._moved(drawn)
            far = [max(f, abs(moved[i])) for f, i in zip(far, self.observed, strict=True)]
        return [min(f, CAP * most) for f, most in zip(far, self._sizes, strict=True)]

    @property
    def _sizes(self) -> list[float]:
        size = math.sqrt(sum(r * r for r in self.right) / len(self.right))
        return [max(abs(r), CAP * size) for r in self.right]

    def explains(self, off: Sequence[float], tolerances: Sequence[float]) -> bool:
        """Whether one rounding of all intermediate numbers moves every gradient as far as it is off.

        Looks for the least errors, in half units, also of the last digits of the numbers given:
        e = Aᵀλ and λ with (1 + A Aᵀ) λ = b, where A are the sensitivities and b what is off.
        """
        if self._too_far(off, tolerances):
            return False
        if not self.is_by_hand:
            return all(abs(o) <= ENOUGH * t for o, t in zip(off, tolerances, strict=True))
        most = SCATTER * (len(off) + 2)
        for step in islice(self._steps(off, tolerances), self._turns):
            if step.bound > most:
                return False
            if max(map(abs, step.errors)) <= ENOUGH and _dot(step.errors, step.errors) <= most:
                return True
        return False

    def suspects(self, off: Sequence[float], tolerances: Sequence[float]) -> list[int]:
        """The observed nodes, first those whose numbers agree least with the others; none if several are far off."""
        if not self.is_by_hand or self._too_far(off, tolerances) > 1:
            return []
        *_, last = islice(self._steps(off, tolerances), ROUGH)
        return [i for _, i in sorted(zip(map(abs, last.multipliers), self.observed, strict=True), reverse=True)]

    @property
    def _turns(self) -> int:
        return min(TURNS, max(ROUGH, WORK // (len(self.network.ops) + len(self.network.operands))))

    def _too_far(self, off: Sequence[float], tolerances: Sequence[float]) -> int:
        """How many numbers are farther off than any rounding."""
        limits = [MOST_OFF * size + ENOUGH * t if t else 0.0 for t, size in zip(tolerances, self._sizes, strict=True)]
        return sum(abs(o) > limit for o, limit in zip(off, limits, strict=True))

    def _steps(self, off: Sequence[float], tolerances: Sequence[float]) -> Iterator[Step]:
        """The steps of conjugate gradients; each has errors that give all numbers, with what is left as a last error.

        The bound b λ grows to the least sum of squares that errors can have.
        """
        weights = [1.0 / t if t else 0.0 for t in tolerances]
        b = [w * o for w, o in zip(weights, off, strict=True)]
        found, rest, errors = [0.0] * len(b), b, [0.0] * sum(map(len, self.units))
        along, size = rest, _dot(rest, rest)
        while True:
            yield Step(found, [*errors, *map(add, found, rest)], _dot(b, found))
            if not size:
                return
            moved = self._back(weights, along)
            image = [a + c for a, c in zip(along, self._forth(weights, moved), strict=True)]
            step = size / _dot(along, image)
            found = [x + step * a for x, a in zip(found, along, strict=True)]
            errors = [e + step * m for e, m in zip(errors, chain(*moved), strict=True)]
            rest = [r - step * c for r, c in zip(rest, image, strict=True)]
            size, before = _dot(rest, rest), size
            along = [r + size / before * a for r, a in zip(rest, along, strict=True)]

    def _back(self, weights: list[float], multipliers: list[float]) -> Errors:
        """Aᵀλ, in half units."""
        seeds = [0.0] * len(self.network.ops)
        for i, w, m in zip(self.observed, weights, multipliers, strict=True):
            seeds[i] += w * m
        x, y = self._tangents(Errors(seeds, [], []))
        sweep, units = self.network.sweep, self.units
        partials = [
            u and u * sweep.adjoints[i] * x[j]
            for u, i, j in zip(units.partials, sweep.results, sweep.operands, strict=True)
        ]
        return Errors(
            [u * n for u, n in zip(units.data, y, strict=True)],
            partials,
            [u * n for u, n in zip(units.adjoints, x, strict=True)],
        )

    def _forth(self, weights: list[float], errors: Errors) -> list[float]:
        """A e, for errors in half units."""
        scaled = ([u * e for u, e in zip(*pair, strict=True)] for pair in zip(self.units, errors, strict=True))
        moved = self._moved(Errors(*scaled))
        return [w * moved[i] for w, i in zip(weights, self.observed, strict=True)]

    def _moved(self, errors: Errors) -> list[float]:
        """By node, how far these errors move its adjoint."""
        return self._tangents(errors)[1]

    def _tangents(self, errors: Errors) -> tuple[list[float], list[float]]:
        """By node, how far errors move its data and its adjoint, to first order."""
        x, y = list(errors.data), list(errors.adjoints) or [0.0] * len(self.network.ops)
        partials, adjoints = errors.partials or [0.0] * len(self.network.operands), self.network.sweep.adjoints
        for i, edges in reversed(self.program):
            for _, j, p in edges:
                x[i] += p * x[j]
        for (i, edges), second in zip(self.program, self.second, strict=True):
            back, adjoint = y[i], adjoints[i]
            for k, j, p in edges:
                y[j] += back * p + adjoint * partials[k]
            for a, b, s in second:
                y[a] += adjoint * s * x[b]
        return x, y

    def _second(self, i: int) -> list[tuple[int, int, float]]:
        """The second derivatives of an operation that are not 0, with their two operands."""
        network, operands = self.network, self.network.sweep.inputs(i)
        op, n = network.ops[i], len(operands) // 2
        if op in ("add", "sub", "neg", "sum"):
            return []
        if op in ("mul", "dot"):
            pairs = list(zip(operands[:n], operands[n : 2 * n], strict=True))
            return [(a, b, 1.0) for a, b in pairs] + [(b, a, 1.0) for a, b in pairs]
        data, found = [network.data[j] for j in operands], []
        for m, b in enumerate(operands):
            if network.depends[b]:
                step = STEP * max(abs(data[m]), STEP)
                up, down = (_partials(op, [*data[:m], data[m] + s, *data[m + 1 :]]) for s in (step, -step))
                found += [(a, b, (p - q) / (2.0 * step)) for a, p, q in zip(operands, up, down, strict=True)]
        return [(a, b, s) for a, b, s in found if s and math.isfinite(s)]

    def _units(self) -> Errors:
        """Half a unit of the last digit of each intermediate number; the root of the sum of squares for several."""
        network, sweep = self.network, self.network.sweep
        units = Errors([0.0] * len(network.ops), [0.0] * len(network.operands), [0.0] * len(network.ops))
        for i, edges in self.program:
            if not network.depends[i]:
                continue
            units.data[i] = self._of_result(i, edges)
            if network.ops[i] not in COPIED:
                curved = {a: s for a, b, s in self.second[i] if a == b}
                for k, j, p in edges:
                    own = self._half(p)  # a learner rounds a (1 - a), too, and takes the rounded a for it
                    from_result = curved.get(j, 0.0) / p * units.data[i] if p and len(edges) == 1 else 0.0
                    units.partials[k] = math.hypot(own, from_result)
        for j, terms in self._terms().items():
            rounded = [self._half(t) for t, is_copied in terms if not is_copied]
            if len(terms) > 1 and j < network.size:
                rounded.append(self._half(sweep.adjoints[j]))
            if len(terms) > 1 or j < network.size:  # the only term of a leaf is the number given
                units.adjoints[j] = math.hypot(*rounded)
        for softmax in softmaxes(network):  # p - y has the decimals of p
            for z, p in zip(softmax.logits, softmax.shares, strict=True):
                units.adjoints[z] = math.hypot(units.adjoints[z], softmax.scale * self._half(p))
        return units

    def _of_result(self, i: int, edges: list[tuple[int, int, float]]) -> float:
        data = self.network.data
        if self.network.ops[i] != "dot":
            return self._half(data[i])
        return math.hypot(self._half(data[i]), *(self._half(p * data[j]) for _, j, p in edges[: len(edges) // 2]))

    def _terms(self) -> Mapping[int, list[tuple[float, bool]]]:
        """By node, the terms that its adjoint is the sum of, and whether a term is an adjoint, or minus one."""
        depends, found = self.network.depends, dict[int, list[tuple[float, bool]]]()
        for i, edges in self.program:
            for _, j, p in edges:
                if depends[j]:
                    found.setdefault(j, []).append((self.network.sweep.adjoints[i] * p, abs(p) == 1.0))
        return found

    def _half(self, y: float) -> float:
        """Half a unit of the last digit of a number."""
        if not y or not math.isfinite(y):
            return 0.0
        return max(self.least, 0.5 * self.unit * 10.0 ** math.floor(math.log10(abs(y))))


def _partials(op: str, operands: list[float]) -> Sequence[float]:
    """The partials of one operation."""
    row = TABLE[op]
    groups = row.split(operands)
    found = row.partial_values(row.value(*groups), *groups)
    return row.flatten(found, len(groups[0])) if row.variadic else found


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
