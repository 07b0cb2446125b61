"""A program in JAX as operations on vectors: equal operations of one depth become one, and a layer a matrix product.

Compile time in XLA then grows with the number of layers, not of neurons. If operands must be gathered from many
vectors, compiling takes longer than for single numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby, pairwise
from typing import Any, NamedTuple

from ..core import ADD, CONSTANT, DENSE, INPUT, MUL, NAMES, NEG, PARAMETER, PRODUCTS, SHIFT, SUB, TABLE, require
from ..replay import Program, columns
from .masks import is_masked
from .rows import apply_row, function, masked, shift


class TooLong(Exception):
    """A program takes more steps than wanted."""


class Kind(NamedTuple):
    """The key that instructions of one vector operation share."""

    depth: int
    code: int
    width: int
    shared: tuple[int, ...]
    operands: tuple[int, ...]


class Group(NamedTuple):
    """The instructions of one vector operation, with the operation and the way to gather its operands."""

    run: Callable[..., Any]
    operands: tuple[Gather, ...]


class Vectors:
    """A program as operations on vectors, for one example: called with the parameters and the inputs."""

    def __init__(self, program: Program, limit: int = sys.maxsize) -> None:
        self.program = program
        self.indices = Indices(program)
        self.groups: list[Group] = []
        (self.output,) = program.outputs
        self.size = 0
        for kind, members in _groups(program):
            group = self._group(kind, members)
            self.groups.append(group)
            self.indices.add(members)
            self.size += 1 + sum(operand.size for operand in group.operands)
            if self.size > limit:
                raise TooLong

    def __call__(self, parameters: Any, inputs: Any) -> Any:
        """The output for one example."""
        np = require("jax.numpy", "jax")
        vectors = [np.asarray(self.program.constants), parameters, inputs]
        for group in self.groups:
            vectors.append(group.run(*(operand(np, vectors) for operand in group.operands)))
        which, row = self.indices[self.output]
        return vectors[which][row]

    def _group(self, kind: Kind, members: list[int]) -> Group:
        arguments = [self.program.operands(i) for i in members]
        _, code, width, shared, _ = kind
        if code == DENSE:
            weights = [weight for args in arguments for weight in _weights(args, shared)]
            return Group(_dense, (self._gather(weights, (len(members), width // 2)), self._gather(shared)))
        if code == PRODUCTS:
            pairs = [args[: width // 2 * 2] for args in arguments]
            sides = [self._gather_sums([args[side::2] for args in pairs]) for side in (0, 1)]
            if width % 2:
                return Group(_masked_products, (*sides, self._gather([args[-1] for args in arguments])))
            return Group(_products, tuple(sides))
        if code == SHIFT:
            return Group(shift, (self._gather(list(chain(*zip(*arguments, strict=True))), (width, len(members))),))
        return Group(_elementwise(code, width), tuple(self._gather(column) for column in zip(*arguments, strict=True)))

    def _gather(self, wanted: Sequence[int], shape: tuple[int, ...] | None = None, turned: bool = False) -> Gather:
        return Gather([self.indices[i] for i in wanted], shape or (len(wanted),), turned)

    def _gather_sums(self, sides: Sequence[Sequence[int]]) -> Gather:
        """The factors on one side of several sums, one row per sum, gathered in the order that takes fewer steps."""
        count, terms = len(sides), len(sides[0])
        by_sum = self._gather(list(chain(*sides)), (count, terms))
        by_term = self._gather(list(chain(*zip(*sides, strict=True))), (terms, count), turned=True)
        return min(by_sum, by_term, key=lambda gather: gather.size)


class Indices:
    """The vector and the index in it of every instruction's result. Leaves are in the first three vectors."""

    def __init__(self, program: Program) -> None:
        self.at: dict[int, tuple[int, int]] = {}
        for which, code in enumerate((CONSTANT, PARAMETER, INPUT)):
            self.at |= {i: (which, k) for k, i in program.leaves(code).items()}
        self.vectors = 3

    def __getitem__(self, i: int) -> tuple[int, int]:
        return self.at[i]

    def add(self, members: Sequence[int]) -> None:
        """Add a vector with the results of these instructions."""
        self.at |= {i: (self.vectors, row) for row, i in enumerate(members)}
        self.vectors += 1


class Gather:
    """Gathers numbers from the vectors in the order wanted, by slices or by indices, whichever takes fewer steps."""

    def __init__(self, indices: Sequence[tuple[int, int]], shape: tuple[int, ...], turned: bool = False) -> None:
        self.shape, self.turned = shape, turned
        runs = [(which, [row for _, row in run]) for which, run in groupby(indices, key=lambda index: index[0])]
        sources = sorted({which for which, _ in runs})
        self.shuffled = len(runs) > len(sources) + 1
        self.runs = [(which, []) for which in sources] if self.shuffled else runs
        self.indices = indices
        self.size = len(self.runs) + self.shuffled

    def __call__(self, np: Any, vectors: Sequence[Any]) -> Any:
        """The numbers in the required shape."""
        if self.shuffled:
            found = self._out_of_whole_vectors(np, vectors)
        else:
            parts = [_taken(np, vectors[which], rows) for which, rows in self.runs]
            found = parts[0] if len(parts) == 1 else np.concatenate(parts)
        found = found if found.shape == self.shape else found.reshape(self.shape)
        return found.T if self.turned else found

    def _out_of_whole_vectors(self, np: Any, vectors: Sequence[Any]) -> Any:
        starts, size = {}, 0
        for which, _ in self.runs:
            starts[which], size = size, size + len(vectors[which])
        joined = np.concatenate([vectors[which] for which, _ in self.runs])
        return _taken(np, joined, [starts[which] + row for which, row in self.indices])


def _taken(np: Any, vector: Any, rows: Sequence[int]) -> Any:
    if all(b - a == 1 for a, b in pairwise(rows)):
        return vector if len(rows) == len(vector) else vector[rows[0] : rows[-1] + 1]
    if len(set(rows)) == 1:
        return np.broadcast_to(vector[rows[0]], (len(rows),))
    return vector[np.asarray(rows)]


def _groups(program: Program) -> Iterator[tuple[Kind, list[int]]]:
    """Groups of instructions for one vector operation each, with their keys, in topological order."""
    varies, depth = program.varies(), [0] * len(program)
    matrices: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for i in range(len(program)):
        if program.codes[i] > CONSTANT:
            depth[i] = 1 + max(depth[k] for k in program.operands(i))
            shared = () if is_masked(program, i) else columns(program, i, varies)
            matrices.setdefault((depth[i], shared), []).append(i)
    found: dict[Kind, list[int]] = {}
    for (level, shared), members in matrices.items():
        for i in members:
            is_dense = len(members) > 1 and len(shared) > 1
            found.setdefault(_kind(program, i, level, shared if is_dense else (), varies), []).append(i)
    yield from sorted(found.items(), key=lambda item: item[0].depth)


def _kind(program: Program, i: int, depth: int, shared: tuple[int, ...], varies: bytearray) -> Kind:
    """Keeps constants, parameter-dependent and varying values apart, because JAX differentiates whole vectors."""
    code, operands = program.codes[i], program.operands(i)
    if shared or code in (PRODUCTS, SHIFT):
        return Kind(depth, DENSE if shared else code, len(operands), shared, ())
    return Kind(
        depth, code, len(operands), (), tuple(2 if varies[k] else program.codes[k] != CONSTANT for k in operands)
    )


def _weights(args: Sequence[int], shared: Sequence[int]) -> Iterator[int]:
    for a, b, column in zip(args[::2], args[1::2], shared, strict=True):
        yield b if a == column else a


def _dense(weights: Any, operands: Any) -> Any:
    return weights @ operands


def _products(left: Any, right: Any) -> Any:
    return (left * right).sum(1)


def _masked_products(left: Any, right: Any, masks: Any) -> Any:
    return masked(TABLE["mul"])(masks[:, None], left, right).sum(1)


def _elementwise(code: int, width: int) -> Callable[..., Any]:
    name = NAMES[code]
    if width > len(TABLE[name].variables):
        return lambda *operands: masked(TABLE[name])(operands[-1], *operands[:-1])
    return function(TABLE[name]) if code not in (ADD, SUB, MUL, NEG) else lambda *operands: apply_row(name, *operands)
