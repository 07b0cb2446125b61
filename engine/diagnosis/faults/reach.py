"""Targets that an output cannot reach: the loss is lowest where it equals them, but its range excludes them."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ...core import ADD, INPUT, MUL, NAMES
from ...structure import SAME, Ints, any_uses, arguments, one_sided
from ..context import Case
from ..intervals import RANGES, Interval, differences, interval, may_be_limited
from ..report import Finding
from ..words import amount, apart
from .by_hand import masked
from .misuse import name_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[Any]


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
    suspects = _suspects(case) if math.isfinite(case.loss.data) else set()
    if not suspects or not _far(case, _residuals(case, suspects), 0.0)[1]:
        return []
    wanted = _residuals(case)
    ranges, far = _far(case, wanted, _width(wanted) or 1.0)
    if not far or any(case.units.deep[i] for found in far for i, _ in found.signs) or not _is_lowest(case, far):
        return []
    ops = {case.graph.nodes[found.output].op for found in far}
    alike = [found for found in wanted if case.graph.nodes[found.output].op in ops]
    spans = dict.fromkeys(_span(*ranges[found.output]) for found in far)
    return [_unreachable(case, alike, list(spans), far)]


def _far(case: Case, wanted: Sequence[Residual], width: float) -> tuple[dict[int, Interval], dict[Residual, float]]:
    """The ranges of these outputs, and those that cannot reach their targets, each with the nearest number in reach."""
    ranges = {found.output: interval(case.graph, found.output, case.given) for found in wanted}
    if any(case.graph.nodes[i].op == "mul" and case.graph.data[i] == 0.0 for i in ranges):
        ranges |= dict.fromkeys(ranges.keys() & masked(case), (0.0, math.inf))
    return ranges, {
        found: _nearest(found, *ranges[found.output]) for found in wanted if _is_far(case, found, ranges, width)
    }


def _suspects(case: Case) -> set[int]:
    """The outputs whose range may exclude the target that the loss pulls them to, by the last operation alone."""
    import numpy as np

    graph, compared = case.graph, case.once(_differences)
    may = may_be_limited(graph, case.indices) if len(compared) else compared
    if not len(compared) or not any_uses(graph.flattened, compared, may):
        return set()
    indices, outputs, targets, _ = case.once(_compared)
    low, high = _ranges(len(NAMES))
    codes = np.asarray(graph.flattened.codes)
    last = np.where(outputs < len(codes), codes[np.minimum(outputs, len(codes) - 1)], INPUT)
    is_inside = (low[last] <= targets) & (targets <= high[last])
    gradients, data = (np.asarray(column)[indices] for column in (graph.gradients, graph.data))
    is_off = (last == MUL) & (np.asarray(graph.data)[outputs] == 0.0)
    is_limited = (np.asarray(may)[outputs] == 1) | ((last == MUL) & is_off.any())  # relus by a mask: all, or none
    suspects = is_limited & ~(is_inside | (gradients * data < 0.0))
    is_logged = np.isin(indices, arguments(graph.flattened, graph.of("log")))  # log(1 - p) is not lowest where p is 1
    suspects &= ~is_logged
    if suspects.any():
        suspects &= ~_is_squashed(case, outputs, targets)
    return set(outputs[suspects].tolist())


def _is_squashed(case: Case, outputs: "Numbers", targets: "Numbers") -> "NDArray[np.bool_]":
    """Whether an output is σ(z), σ(-z) or tanh(z) of its only sum z, by its number, and the target is in that range."""
    import numpy as np

    data, sums = np.asarray(case.graph.data), np.asarray(case.arguments)[outputs]
    z, numbers = data[sums], data[outputs]
    squashed = ((0.0, 1.0 / (1.0 + np.exp(-z))), (0.0, 1.0 / (1.0 + np.exp(z))), (-1.0, np.tanh(z)))
    found = [(low <= targets) & (abs(numbers - y) <= SAME * abs(y)) for low, y in squashed]
    is_told = (sums >= 0) & (sums != outputs) & (abs(z) > NEAR)
    is_found: NDArray[np.bool_] = is_told & (targets <= 1.0) & np.any(found, axis=0)
    return is_found


NEAR = 0.01  # a z nearer to 0 does not tell them from other functions


def _differences(case: Case) -> Ints:
    """What `differences` finds, for `Case.once`."""
    return differences(case.graph)


def _compared(case: Case) -> tuple["Numbers", "Numbers", "Numbers", "Numbers"]:
    """The differences, their outputs and targets, and 1 for output - target, -1 for target - output."""
    import numpy as np

    flat = case.graph.flattened
    indices = np.array(one_sided(flat, case.once(_differences), case.graph.depends), np.intp)
    starts, operands, depends, data = map(np.asarray, (flat.starts, flat.operands, case.graph.depends, flat.data))
    a, b = operands[starts[indices]], operands[starts[indices] + 1]
    is_second, is_sum = depends[b] == 1, np.asarray(flat.codes)[indices] == ADD
    targets = data[np.where(is_second, a, b)]
    signs = np.where(is_second & ~is_sum, -1.0, 1.0)
    return indices, np.where(is_second, b, a), np.where(is_sum, -targets, targets), signs


@cache
def _ranges(count: int) -> tuple["Numbers", "Numbers"]:
    """By opcode, the range of the operations that always have the same one; nan for others."""
    import numpy as np

    found = np.array([RANGES.get(op, (math.nan, math.nan)) for op in NAMES[:count]])
    return found[:, 0], found[:, 1]


def _residuals(case: Case, among: set[int] | None = None) -> list[Residual]:
    """The outputs with given targets that the loss pulls towards them, or those of some outputs."""
    import numpy as np

    columns, pairs = case.once(_compared), dict[tuple[int, float], list[tuple[int, float]]]()
    chosen = slice(None) if among is None else np.isin(columns[1], list(among))
    for i, output, target, sign in zip(*(column[chosen].tolist() for column in columns), strict=True):
        pairs.setdefault((output, target), []).append((i, sign))
    found = [Residual(output, target, tuple(signs)) for (output, target), signs in pairs.items()]
    return [pair for pair in found if _is_pulled(case, pair)]


def _is_pulled(case: Case, pair: Residual) -> bool:
    """Whether the loss does not rise as the output comes closer to its target."""
    gradients, data = case.graph.gradients, case.graph.data
    return sum(gradients[i] * data[i] for i, _ in pair.signs) >= 0.0


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
        + ("." if least is None else f", and the loss cannot fall below {apart(least, case.loss.data)}."),
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
