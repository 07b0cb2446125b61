"""What is computed: a function of scalars for one example, the same function on arrays, its numbers and its data.

Every engine is given the same Problem and returns the value and the same flat list of derivatives. The function
of scalars is written once and runs on floats, Values of any engine, symbols, and on Values being recorded.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np


def products(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = 0.0) -> Any:
    """weights · inputs + bias, by one product and one sum at a time."""
    return sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)


@dataclass(frozen=True)
class Ops:
    """The functions of scalars that operators do not give; as it stands those of Python's floats."""

    exp: Callable[[Any], Any] = math.exp
    log: Callable[[Any], Any] = math.log
    tanh: Callable[[Any], Any] = math.tanh
    erf: Callable[[Any], Any] = math.erf
    relu: Callable[[Any], Any] = lambda x: x if x > 0 else 0.0
    dot: Callable[..., Any] = products

    def pick(self, values: Sequence[Any], which: Any) -> Any:
        """One of `values`, by its index or by a one-hot sequence: a recording must not branch on an index."""
        return values[which] if isinstance(which, int) else self.dot(values, which)

    def log_sum_exp(self, values: Sequence[Any]) -> Any:
        return self.log(sum(self.exp(value) for value in values))


@dataclass(frozen=True)
class Problem:
    """The mean of `example` over the rows of `inputs`, plus `decay` times the sum of the parameters' squares.

    Wanted are the derivatives in the parameters; where there are none, those of the sum in the inputs.
    A column of `inputs` has the shape (B,), the argument being a scalar, or (B, n) for a sequence of n.
    """

    example: Callable[..., Any]  # example(ops, parameters as nested lists, *row) -> scalar
    inputs: tuple[np.ndarray, ...] = ()
    units: int = 1  # what the measured time is divided by: operations, examples or steps
    shapes: tuple[tuple[int, ...], ...] = ()
    numbers: tuple[float, ...] = ()  # the parameters, flat
    decay: float = 0.0
    recordable: tuple[np.ndarray, ...] = ()  # the inputs of a program that may not branch, where they differ
    batch: Callable[..., Any] | None = None  # batch(arrays' functions, parameters as arrays, *inputs) -> scalar
    about: Any = None  # what a hand-written version needs to know

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(self.inputs[0]) if self.inputs else 1

    @property
    def arrays(self) -> list[np.ndarray]:
        """The parameters as arrays."""
        return [np.reshape(part, shape) for part, shape in zip(self.parts(self.numbers), self.shapes, strict=True)]

    @property
    def leaves(self) -> list[float]:
        """The numbers whose derivatives are wanted: the parameters, or else the inputs, example by example."""
        return list(self.numbers) or by_example(self.inputs).tolist()

    @property
    def recorded(self) -> tuple[np.ndarray, ...]:
        """The inputs for a recording."""
        return self.recordable or self.inputs

    def parts(self, leaves: Sequence[Any]) -> list[Sequence[Any]]:
        """The flat parameters, cut up by shape."""
        ends = list(accumulate((math.prod(shape) for shape in self.shapes), initial=0))
        return [leaves[start:end] for start, end in pairwise(ends)]

    def nested(self, leaves: Sequence[Any]) -> list[Any]:
        """The flat parameters as lists, and lists of rows where the shape has two dimensions."""
        parts = zip(self.parts(leaves), self.shapes, strict=True)
        return [part if len(shape) == 1 else rows(part, shape[1]) for part, shape in parts]

    def total(self, ops: Ops) -> Callable[[Sequence[Any]], Any]:
        """The whole as a function of the leaves, for engines that build a graph of scalars."""
        if not self.numbers:
            return lambda leaves: sum_in_pairs([self.example(ops, [], *row) for row in cut(leaves, self.inputs)])
        examples = list(zip(*(column.tolist() for column in self.inputs), strict=True))
        return lambda leaves: self.mean(ops, leaves, examples)

    def mean(self, ops: Ops, leaves: Sequence[Any], examples: Sequence[Any]) -> Any:
        """The mean loss of `examples`, and the penalty."""
        parameters = self.nested(leaves)
        loss = sum(self.example(ops, parameters, *row) for row in examples) * (1.0 / len(examples))
        return loss + self.penalty(ops, leaves) if self.decay else loss

    def penalty(self, ops: Ops, leaves: Sequence[Any]) -> Any:
        return ops.dot(leaves, leaves) * self.decay


def cut(flat: Sequence[Any], columns: Sequence[np.ndarray]) -> list[list[Any]]:
    """The inverse of `by_example`: rows whose entries are scalars, or sequences where the column has two dimensions."""
    widths = [1 if column.ndim == 1 else column.shape[1] for column in columns]
    starts = list(accumulate(widths, initial=0))
    split = []
    for row in rows(flat, starts[-1]):
        parts = [row[start : start + width] for start, width in zip(starts, widths, strict=False)]
        split.append([part[0] if column.ndim == 1 else part for part, column in zip(parts, columns, strict=True)])
    return split


def rows(flat: Sequence[Any], width: int) -> list[Any]:
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def by_example(columns: Sequence[Any]) -> np.ndarray:
    """Arrays of shape (B,) or (B, n) as one flat array, the first example's numbers first."""
    arrays = [np.asarray(column, dtype=float) for column in columns]
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1).ravel()


def sum_in_pairs(numbers: Sequence[Any]) -> Any:
    """A sum of logarithmic depth: recursive engines must not break on it."""
    pool = list(numbers)
    while len(pool) > 1:
        odd = pool[-1:] if len(pool) % 2 else []
        pool = [a + b for a, b in zip(pool[::2], pool[1::2], strict=False)] + odd
    return pool[0]
