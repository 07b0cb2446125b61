"""Runs a schedule on a batch: compiled code on blocks of examples (native.pyx), or NumPy where nothing is compiled.

Neither knows a derivative or a composite row. Both take the batch as float64 arrays, one an argument, and give the
same numbers as eager mode up to rounding.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from typing import Any

from ..core import DENSE, INNER, NAMES, PRIMITIVES, PRODUCTS, TABLE, function, require
from .schedule import Schedule, counted

try:
    from .native import Native
except ImportError:
    Native = None

Place = tuple[int, int]  # argument and column that an input comes from, or a result goes to
BLOCK = 2048  # examples that NumPy takes at once: its rows then stay in the cache


def executor(plan: Schedule, places: Sequence[Place], targets: Sequence[Place]) -> Any:
    """What runs the schedule: an object with `run(arguments, parameters, results)`.

    `arguments` are float64 arrays of shape (B,) or (B, n), of which input k is the column `places[k]`; `parameters`
    the Values whose numbers to read. A schedule of means returns the first and adds the others to the parameters'
    gradients, one each; of any other output k is written to the column `targets[k]` of the arrays `results`.
    """
    return (OnNumPy if Native is None or plan.foreign else Native)(plan, places, targets)


class OnNumPy:
    """Runs a schedule with one NumPy call an instruction, on rows of up to BLOCK examples."""

    def __init__(self, plan: Schedule, places: Sequence[Place], targets: Sequence[Place]) -> None:
        self.np = require("numpy", "fast")
        self.plan = plan
        self.places, self.targets = places, targets
        self.fixed = self.np.array(plan.fixed)
        self.packed = self.np.array(plan.packed, dtype=int)
        self.cells = self.np.zeros(len(plan.cells))
        one_example = self.fixed.reshape(-1, 1)
        self.fixed_calls = list(self._calls(plan.fixed_code, one_example))
        self.calls: dict[int, tuple[Any, list[Callable[[], Any]]]] = {}

    def run(self, arguments: Sequence[Any], parameters: Sequence[Any], results: Sequence[Any]) -> float:
        """See `executor`."""
        plan, np = self.plan, self.np
        with np.errstate(all="ignore"):
            for k, at in plan.parameters:
                self.fixed[at] = parameters[k].data
            for call in self.fixed_calls:
                call()
            if len(self.packed):
                self.fixed[-len(self.packed) :] = self.fixed[self.packed]
            batch = len(arguments[0])
            self.cells[:] = 0.0
            for first in range(0, batch, BLOCK):
                self._block(arguments, results, first, min(BLOCK, batch - first))
            means = self.fixed[plan.means]
            np.add.at(means, plan.cells, self.cells / batch)
        if not plan.means:
            return 0.0
        for parameter, gradient in zip(parameters, means[1:].tolist(), strict=True):
            parameter.grad += gradient
        return float(means[0])

    def _block(self, arguments: Sequence[Any], results: Sequence[Any], first: int, size: int) -> None:
        if size not in self.calls:
            rows = self.np.zeros((self.plan.rows, size))
            self.calls = {size: (rows, list(self._calls(self.plan.code, rows)))}
        rows, calls = self.calls[size]
        for at, row in self.plan.fills:
            rows[row] = self.fixed[at]
        for k, row in self.plan.inputs:
            rows[row] = _column(arguments, self.places[k])[first : first + size]
        for call in calls:
            call()
        for row, target in zip(self.plan.outputs, self.targets, strict=True):
            _column(results, target)[first : first + size] = rows[row]

    def _calls(self, code: array[int], rows: Any) -> Iterator[Callable[[], Any]]:
        """Every instruction as a function without arguments, bound to its rows."""
        np = self.np
        spare = np.empty(rows.shape[1])
        for name, head, args in _instructions(code):
            if name == "products":
                yield from _products(np, rows, args, spare)
            elif name in TABLE and TABLE[name].variadic:
                yield _reduction(np, name, rows, args)
            elif name == "dense":
                count, size, start = head
                weights = self.fixed[start : start + count * size].reshape(count, size)
                yield partial(_dense, rows, np.array(args[:count]), np.array(args[count:]), weights)
            elif name == "inner":
                count, size, start = head
                cells = self.cells[start : start + count * size].reshape(count, size)
                yield partial(_inner, rows, np.array(args[:count]), np.array(args[count:]), cells)
            else:
                yield _kernel(np, name, [rows[k] for k in args[1:]], rows[args[0]])


def _column(arrays: Sequence[Any], place: Place) -> Any:
    which, column = place
    return arrays[which] if arrays[which].ndim == 1 else arrays[which][:, column]


def _products(np: Any, rows: Any, args: Sequence[int], spare: Any) -> Iterator[Callable[[], Any]]:
    result = rows[args[0]]
    yield partial(np.multiply, rows[args[1]], rows[args[2]], out=result)
    for a, b in zip(args[3::2], args[4::2], strict=True):
        yield partial(np.multiply, rows[a], rows[b], out=spare)
        yield partial(np.add, result, spare, out=result)


def _reduction(np: Any, name: str, rows: Any, args: Sequence[int]) -> Callable[[], None]:
    """A reduction as a function without arguments."""
    primitive, operands = PRIMITIVES[name], [rows[k] for k in args[1:]]
    step, start = function(primitive.numpy, np=np), primitive.start
    return lambda: np.copyto(rows[args[0]], reduce(step, operands, start))


def _dense(rows: Any, results: Any, operands: Any, weights: Any) -> None:
    rows[results] = weights @ rows[operands]


def _inner(rows: Any, left: Any, right: Any, cells: Any) -> None:
    cells += rows[left] @ rows[right].T


def _kernel(np: Any, name: str, operands: Sequence[Any], result: Any) -> Callable[[], Any]:
    """A primitive on rows as a function without arguments; one that NumPy does not have goes example by example."""
    text = PRIMITIVES[name].numpy
    if found := re.fullmatch(r"np\.(\w+)\((a|a, b)\)", text):
        return partial(getattr(np, found[1]), *operands, out=result)
    kernel = function(text, np=np) if text else np.vectorize(TABLE[name].value, otypes=[float])
    return lambda: np.copyto(result, kernel(*operands))


def _instructions(code: array[int]) -> Iterator[tuple[str, tuple[int, ...], Sequence[int]]]:
    """Every instruction of scheduled code: its name, what stands before its rows, its rows with the results first."""
    at = 0
    while at < len(code):
        kind, count = code[at], code[at + 1]
        if kind in (DENSE, INNER):
            size = code[at + 2]
            yield NAMES[kind], (count, size, code[at + 3]), code[at + 4 : at + 4 + count + size]
            at += 4 + count + size
        elif counted(kind):
            end = at + 3 + count * (2 if kind == PRODUCTS else 1)
            yield NAMES[kind], (), code[at + 2 : end]
            at = end
        else:
            width = 1 + len(TABLE[NAMES[kind]].partials)
            for first in range(at + 2, at + 2 + count * width, width):
                yield NAMES[kind], (), code[first : first + width]
            at += 2 + count * width
