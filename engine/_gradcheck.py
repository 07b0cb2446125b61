"""Gradients against central differences: the test that a derivative has to stand."""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .core import GradientError, Value, api_boundary, as_value, came, grad, printable, within

STEP = sys.float_info.epsilon ** (1 / 3)  # balances what a difference loses to rounding and to curvature
ROWS = 5  # of the table in a message


@api_boundary
def check_gradients(
    f: Callable[..., Value], *inputs: Any, step: float | None = None, rtol: float = 1e-5, atol: float = 1e-7
) -> float:
    """Compare the gradient of f(*inputs) with central differences, and return the largest relative error.

    An input is a number, a Value (also a parameter that f reads directly) or a nested sequence of them; f
    gets each as Values, sequences as lists, and returns one Value. An entry x moves by step * max(1, |x|). It passes
    if the error is at most atol + rtol times the larger of gradient and difference, plus what the rounding of f
    adds to it. The relative error is relative to the larger one, at least 1. All data and gradients are restored.

    Raises a GradientError that shows the worst entries, also if f is not finite around there; a ValueError for an
    input that is not finite, or if there is no input; a TypeError if f is given or returns anything else.

    >>> from engine import Value
    >>> w = Value(0.5, "w")
    >>> check_gradients(lambda xs: (w * xs[0] + xs[1]).tanh(), [2.0, -1.0]) < 1e-9
    True
    >>> check_gradients(lambda x: x * x.data, w)  # x.data is a constant to the graph
    Traceback (most recent call last):
    engine.core.errors.GradientError: the gradient in w (inputs[0]) is 0.5, but the central difference 1
      input          at   gradient  difference  error
      w (inputs[0])  0.5  0.5       1           0.5
    """
    relative_step = STEP if step is None else within(step, "step")
    if not relative_step > 0:
        raise ValueError(f"step must be positive, such as {STEP:.0e}, not {step!r}")
    rtol, atol = within(rtol, "rtol"), within(atol, "atol")
    if not callable(f):
        raise TypeError(f"check_gradients takes a function, then its inputs, not {came(f)}")
    leaves: dict[Value, str] = {}
    arguments = [_as_values(x, f"inputs[{i}]", leaves) for i, x in enumerate(inputs)]
    _refuse_unusable(leaves)
    before = [(leaf, leaf.data, leaf.grad) for leaf in leaves]
    try:
        entries = _compare(lambda: _call(f, arguments), leaves, relative_step, rtol, atol)
        if not all(entry.passes for entry in entries):
            raise GradientError(_message(entries, _call(f, arguments).data))
    finally:
        for leaf, data, gradient in before:
            leaf.data, leaf.grad = data, gradient
    return max(entry.relative_error for entry in entries)


@dataclass(frozen=True)
class _Entry:
    """One number of the inputs: the gradient there, and f there and a step to either side."""

    name: str
    at: float
    step: float
    below: float
    center: float
    above: float
    gradient: float
    rtol: float
    atol: float

    @property
    def difference(self) -> float:
        return (self.above - self.below) / (2 * self.step)

    @property
    def error(self) -> float:
        return abs(self.gradient - self.difference)

    @property
    def size(self) -> float:
        return max(abs(self.gradient), abs(self.difference))

    @property
    def relative_error(self) -> float:
        return self.error / max(self.size, 1.0)

    @property
    def passes(self) -> bool:
        rounding = 4 * sys.float_info.epsilon * abs(self.center) / self.step
        return math.isfinite(self.error) and self.error <= self.atol + self.rtol * self.size + rounding


def _as_values(item: Any, name: str, leaves: dict[Value, str]) -> Any:
    """The item with Values for its numbers, each noted in `leaves` with its name."""
    if isinstance(item, Iterable) and not isinstance(item, str) and getattr(item, "shape", None) != ():
        return [_as_values(entry, f"{name}[{i}]", leaves) for i, entry in enumerate(item)]
    value = as_value(item)
    leaves.setdefault(value, f"{printable(value.label)} ({name})" if value.label else name)
    return value


def _refuse_unusable(leaves: dict[Value, str]) -> None:
    if not leaves:
        raise ValueError("there is nothing to check: pass the inputs of f, as in check_gradients(f, 1.0, [2.0, 3.0])")
    for leaf, name in leaves.items():
        if not math.isfinite(leaf.data):
            raise ValueError(f"{name} is {leaf.data}, where no difference can be taken: pass finite numbers")


def _call(f: Callable[..., Value], arguments: Sequence[Any]) -> Value:
    output = f(*arguments)
    if not isinstance(output, Value):
        raise TypeError(f"f must return one Value, computed from its inputs, not {came(output)}")
    return output


def _compare(
    call: Callable[[], Value], leaves: dict[Value, str], step: float, rtol: float, atol: float
) -> list[_Entry]:
    output = call()
    if not math.isfinite(output.data):
        raise GradientError(f"f is {output.data} at these inputs, where it has no gradient: pass others")
    entries = []
    for (leaf, name), gradient in zip(leaves.items(), grad(output, list(leaves)), strict=True):
        at, h = leaf.data, step * max(1.0, abs(leaf.data))
        leaf.data = at - h
        below = call().data
        leaf.data = at + h
        above = call().data
        half = (leaf.data - (at - h)) / 2  # h as it came out of rounding
        leaf.data = at
        if half == 0.0:
            raise ValueError(f"step must be larger than {step!r}: {name} = {at} stays the same")
        entries.append(_Entry(name, at, half, below, output.data, above, gradient, rtol, atol))
    return entries


def _message(entries: Sequence[_Entry], repeated: float) -> str:
    """The worst entry in words, what may be the reason, and a table of the worst."""
    failed = [entry for entry in entries if not entry.passes]
    failed.sort(key=lambda entry: entry.relative_error if math.isfinite(entry.error) else math.inf, reverse=True)
    worst = failed[0]
    text = f"the gradient in {worst.name} is {worst.gradient:.10g}, but the central difference {worst.difference:.10g}"
    lines = [text + _reason(worst, repeated), *_table(failed[:ROWS])]
    if len(entries) > 1:
        lines.append(f"  {len(failed)} of {len(entries)} entries differ")
    return "\n".join(lines)


def _reason(entry: _Entry, repeated: float) -> str:
    if repeated != entry.center:
        return f": f gave {entry.center!r}, then {repeated!r} for the same inputs, and must depend on nothing else"
    if not math.isfinite(entry.difference):
        at_ends = f"f is {entry.below} at {entry.at - entry.step!r} and {entry.above} at {entry.at + entry.step!r}"
        return f": {at_ends}; move the input away from there or pass a smaller step"
    left, right = (entry.center - entry.below) / entry.step, (entry.above - entry.center) / entry.step
    is_kink = abs(right - left) > 1e-3 * max(abs(left), abs(right))
    if is_kink and min(left, right) <= entry.gradient <= max(left, right):
        return f": f bends there, from the slope {left:.6g} on the left to {right:.6g} on the right"
    return ""


def _table(entries: Iterable[_Entry]) -> list[str]:
    cells: list[tuple[str, ...]] = [("input", "at", "gradient", "difference", "error")]
    cells += [(e.name, *(f"{x:.6g}" for x in (e.at, e.gradient, e.difference, e.error))) for e in entries]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
