"""Runs a schedule on a batch: compiled code on blocks of examples (native.pyx), or NumPy if nothing is compiled.

Neither knows derivatives or composite rows. Both take the batch as float64 arrays, one for each argument, and give the
same results as eager mode up to rounding.
"""

from __future__ import annotations

import operator
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from typing import Any

from .._compiled import compiled
from ..core import PRIMITIVES, TABLE, Value, function, on_arrays, primitive_on_arrays, require
from .schedule import Schedule, instructions

try:
    from .native import Native, instruction_set
except ImportError:
    Native = None

Column = tuple[int, int]  # the indices of an argument and of its column, of an input or a result
BLOCK = 2048  # examples per NumPy call, so that rows stay in the cache


def executor(plan: Schedule, columns: Sequence[Column], targets: Sequence[Column], compile: bool = False) -> Any:
    """What runs the schedule: an object with `run(arguments, parameters, results)`.

    `arguments` are float64 arrays of shape (B,) or (B, n), of which input k is the column `columns[k]`; `parameters`
    the Values whose numbers to read. A schedule of means returns the first and adds the others to the parameters'
    gradients, one each; with any other, output k is written to the column `targets[k]` of the arrays `results`. With
    `compile` it is one loop in C if possible.
    """
    if Native is None or plan.foreign:
        return OnNumPy(plan, columns, targets)
    if not compile:
        return Native(plan, columns, targets, 0)
    from .c_loop import address  # and with it what calls a compiler

    return Native(plan, columns, targets, address(plan, instruction_set()))


class OnNumPy:
    """Runs a schedule with one NumPy call per instruction, on rows of up to BLOCK examples."""

    def __init__(self, plan: Schedule, columns: Sequence[Column], targets: Sequence[Column]) -> None:
        self.np = require("numpy")
        self.plan, self.columns, self.targets = plan, columns, targets
        self.spare: list[Memory] = []  # of the last call, for the next one; none while a call has it

    def run(self, arguments: Sequence[Any], parameters: Sequence[Any], results: Sequence[Any]) -> float:
        """See `executor`."""
        plan, np, memory, batch = self.plan, self.np, self._memory(), len(arguments[0])
        with np.errstate(all="ignore"):
            memory.fix(parameters)
            memory.cells[:] = 0.0
            for first in range(0, batch, BLOCK):
                self._block(memory, arguments, results, first, min(BLOCK, batch - first))
            means = memory.fixed[plan.means]
            np.add.at(means, plan.cells, memory.cells / batch)
        self.spare[:] = [memory]
        if not plan.means:
            return 0.0
        _add_gradients(parameters, means[1:].tolist())
        return float(means[0])

    def _memory(self) -> Memory:
        """Memory that no other call uses."""
        try:
            return self.spare.pop()
        except IndexError:
            return Memory(self.np, self.plan)

    def _block(self, memory: Memory, arguments: Sequence[Any], results: Sequence[Any], first: int, size: int) -> None:
        rows, calls = memory.block(size)
        for at, row in self.plan.fills:
            rows[row] = memory.fixed[at]
        for k, row in self.plan.inputs:
            rows[row] = _column(arguments, self.columns[k])[first : first + size]
        for call in calls:
            call()
        for row, target in zip(self.plan.outputs, self.targets, strict=True):
            _column(results, target)[first : first + size] = rows[row]


class Memory:
    """The memory of one call, and the instructions as functions bound to it; concurrent calls have one each."""

    def __init__(self, np: Any, plan: Schedule) -> None:
        self.np, self.plan = np, plan
        self.fixed = np.array(plan.fixed)
        self.packed = np.array(plan.packed, dtype=int)
        self.cells = np.zeros(len(plan.cells))
        self.fixed_calls = list(self._calls(plan.fixed_code, self.fixed.reshape(-1, 1)))
        self.size, self.rows, self.calls = 0, np.zeros((plan.rows, 0)), list[Callable[[], Any]]()

    def fix(self, parameters: Sequence[Any]) -> None:
        """Compute the instructions that depend only on parameters."""
        for k, at in self.plan.parameters:
            self.fixed[at] = parameters[k].data
        for call in self.fixed_calls:
            call()
        if len(self.packed):
            first = self.plan.first_packed
            self.fixed[first : first + len(self.packed)] = self.fixed[self.packed]

    def block(self, size: int) -> tuple[Any, list[Callable[[], Any]]]:
        """The rows of a block of n examples, and the functions that compute them."""
        if size != self.size:
            self.size, self.rows = size, self.np.zeros((self.plan.rows, size))
            self.calls = list(self._calls(self.plan.code, self.rows))
        return self.rows, self.calls

    def _calls(self, code: array[int], rows: Any) -> Iterator[Callable[[], Any]]:
        """Every instruction as a function without arguments, bound to its rows."""
        np = self.np
        spare = np.empty(rows.shape[1])
        for name, head, args in instructions(code):
            if name == "products":
                yield from _products(np, rows, args, spare)
            elif name in TABLE and TABLE[name].variadic:
                yield _reduction(np, name, rows, args)
            elif name == "dense":
                count, size, start = head
                weights = self.fixed[start : start + count * size].reshape(size, count).T
                yield partial(_dense, rows, np.array(args[:count]), np.array(args[count:]), weights)
            elif name in ("inner", "outer"):
                count, size, start = head
                cells = self.cells[start : start + count * size].reshape(count, size)
                yield partial(_inner, rows, np.array(args[:count]), np.array(args[count:]), cells)
            else:
                yield _kernel(np, name, [rows[k] for k in args[1:]], rows[args[0]])


def _add_gradients(parameters: Sequence[Any], gradients: list[float]) -> None:
    """Add to every parameter's gradient, in one call of C: neither an interrupt nor another thread comes between."""
    grad: Any = getattr(Value, "grad" if compiled else "_grad")  # uncompiled, a property is a function of Python
    sums = map(operator.add, map(grad.__get__, parameters), gradients)
    deque(map(grad.__set__, parameters, sums), maxlen=0)


def _column(arrays: Sequence[Any], at: Column) -> Any:
    which, column = at
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
    """A row on rows as a function without arguments; a primitive that NumPy does not have goes example by example."""
    if name not in PRIMITIVES:
        algebra = on_arrays(np)
        return lambda: np.copyto(result, algebra(name, *operands))
    text = PRIMITIVES[name].numpy
    if found := re.fullmatch(r"np\.(\w+)\((a|a, b)\)", text):
        return partial(getattr(np, found[1]), *operands, out=result)
    kernel = primitive_on_arrays(np, name)
    return lambda: np.copyto(result, kernel(*operands))
