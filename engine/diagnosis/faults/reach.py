"""Targets that an output cannot reach: the loss is lowest where it equals them, but its range excludes them."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...structure import one_sided
from ..context import Case
from ..intervals import RANGES, any_limited, differences, interval
from ..report import Finding
from ..words import amount
from .by_hand import masked
from .misuse import name_of


class Residual(NamedTuple):
    """An output and its target; `signs` has the nodes output - target with 1 and target - output with -1, by index.

    The target in output + number is -number.
    """

    output: int
    target: float
    signs: tuple[tuple[int, float], ...]

    def at(self, number: float) -> dict[int, float]:
        """The differences where the output is that number."""
        return {i: sign * (number - self.target) for i, sign in self.signs}


def out_of_range(case: Case) -> list[Finding]:
    """Outputs whose range does not contain their targets."""
    if not math.isfinite(case.loss.data) or not any_limited(case.graph, case.indices):
        return []
    wanted = _residuals(case)
    width = _width(wanted) or 1.0
    ranges = {found.output: interval(case.graph, found.output, case.given) for found in wanted}
    if any(case.graph.nodes[i].op == "mul" and case.graph.data[i] == 0.0 for i in ranges):
        ranges |= dict.fromkeys(ranges.keys() & masked(case), (0.0, math.inf))
    far = {found: _nearest(found, *ranges[found.output]) for found in wanted if _is_far(case, found, ranges, width)}
    if not far or any(case.units.deep[i] for found in far for i, _ in found.signs) or not _is_lowest(case, far):
        return []
    ops = {case.graph.nodes[found.output].op for found in far}
    alike = [found for found in wanted if case.graph.nodes[found.output].op in ops]
    spans = dict.fromkeys(_span(*ranges[found.output]) for found in far)
    return [_unreachable(case, alike, list(spans), far)]


def _residuals(case: Case) -> list[Residual]:
    """The outputs with given targets, where the loss does not rise as they come closer."""
    graph, pairs = case.graph, dict[tuple[int, float], dict[int, float]]()
    starts, operands, depends = graph.flattened.starts, graph.flattened.operands, graph.depends
    for i in one_sided(graph.flattened, differences(graph), depends):
        a, b = operands[starts[i]], operands[starts[i] + 1]
        output, given = (b, a) if depends[b] else (a, b)
        target = -graph.data[given] if graph.nodes[i].op == "add" else graph.data[given]
        pairs.setdefault((output, target), {})[i] = -1.0 if graph.nodes[i].op == "sub" and output == b else 1.0
    found = [Residual(output, target, tuple(signs.items())) for (output, target), signs in pairs.items()]
    return [pair for pair in found if _is_pulled(case, pair)]


def _is_pulled(case: Case, pair: Residual) -> bool:
    return sum(case.graph.gradients[i] * case.graph.data[i] for i, _ in pair.signs) >= 0.0


def _width(wanted: Iterable[Residual]) -> float:
    targets = [found.target for found in wanted]
    return max(targets, default=0.0) - min(targets, default=0.0)


def _nearest(found: Residual, low: float, high: float) -> float:
    return min(max(found.target, low), high)


def _is_far(case: Case, found: Residual, ranges: dict[int, tuple[float, float]], width: float) -> bool:
    low, high = ranges[found.output]
    scale = high - low if high - low < math.inf else width
    return low < high and max(low - found.target, found.target - high) > case.limits.beyond * scale


def _is_lowest(case: Case, far: dict[Residual, float]) -> bool:
    """Whether the loss is lowest where the outputs equal these targets, compared with either side of them."""
    least = _loss(case, far, 0.0)
    return all(_loss(case, far, part) > least for part in (-1.0, 1.0)) and all(
        _loss(case, far, part) >= least for part in (-0.1, 0.1)
    )


def _loss(case: Case, far: dict[Residual, float], part: float) -> float:
    """The loss with these outputs a part of the way from their targets to the nearest number within reach."""
    given: dict[int, float] = {}
    for found, nearest in far.items():
        given |= found.at(found.target + part * (nearest - found.target))
    return case.graph.forward(given)[0]


def _span(low: float, high: float) -> str:
    return f"{amount(low)} to {amount(high)}"


def _unreachable(
    case: Case,
    wanted: Sequence[Residual],
    ranges: Sequence[str],
    far: dict[Residual, float],
) -> Finding:
    targets = [found.target for found in wanted]
    least = _least(case, wanted, far)
    names = dict.fromkeys(name_of(case, found.output) for found in far)
    spans, wish = " and ".join(ranges), _span(min(targets), max(targets))
    ops = {case.graph.nodes[found.output].op for found in far}
    missed = f"{len(far)} of {len(wanted)} targets" if len(far) < len(wanted) else "any of them"
    last = f"operation, {op}, gives" if len(ops) == 1 and (op := min(ops)) in RANGES else "operations give"
    wish = f"the targets go from {wish}" if min(targets) < max(targets) else f"the target is {amount(targets[0])}"
    return Finding(
        "out_of_range",
        tuple(names),
        {
            "output": spans,
            "targets": _span(min(targets), max(targets)) if min(targets) < max(targets) else amount(targets[0]),
            "out of reach": f"{len(far)} of {len(wanted)}",
            **({} if least is None else {"lowest possible loss": least}),
            "loss": case.loss.data,
        },
        f"Whatever the parameters are, the last {last} numbers from {spans}, but {wish}. The output cannot "
        f"reach {missed if len(wanted) > 1 else 'it'}"
        + ("." if least is None else f", and the loss cannot fall below {amount(least)}."),
        f"Make the output linear, {case.in_modules(LINEAR, 'without an activation')}, or scale the targets into the "
        "range of the output and scale the predictions back." + (CLASSES if _are_classes(targets) else ""),
    )


LINEAR = 'MLP(..., output_activation="linear")'
CLASSES = (
    " If the targets are the numbers of classes, take one output for each class instead, and "
    "cross_entropy([outputs], [class])."
)


def _are_classes(targets: Sequence[float]) -> bool:
    """Whether targets look like numbers of classes: the integers from 0 or 1 on, without a gap."""
    found = sorted(set(targets))
    return len(found) > 2 and found[0] in (0.0, 1.0) and found == [found[0] + k for k in range(len(found))]


def _least(case: Case, wanted: Sequence[Residual], far: dict[Residual, float]) -> float | None:
    """The loss left when every output is as near to its target as it can be; None if unknown."""
    exact, near = dict[int, float](), dict[int, float]()
    for found in wanted:
        exact |= found.at(found.target)
        near |= found.at(far.get(found, found.target))
    rest, least = (case.graph.forward(given)[0] for given in (exact, near))
    return least - rest if 0.0 <= rest < math.inf else None
