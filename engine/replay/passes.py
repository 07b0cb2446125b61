# cython: infer_types=True
"""The optimisation passes: each is a function from a program to one that computes the same with less work.

No pass changes a result by more than rounding in the last place: sums keep eager mode's order of addition,
products are not multiplied out, and dropped operations could not have been inf or nan.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import ADD, CONSTANT, MEAN, MUL, ONE, PRODUCTS
from ..structure import narrow, packed
from ..structure.value_numbering import ValueNumbers
from .constant_folding import fold_constants
from .fusion import FEW, fuse
from .program import Program, copy, products


def passes(of_means: bool) -> list[Callable[[Program], Program]]:
    """The passes in order, for a program whose table rows are lowered; `of_means` for one of means over the examples.

    >>> [step.__name__ for step in passes(False)]
    ['fold_constants', 'cse', 'dce', 'fuse', 'dce', 'level', 'hoist', 'group']
    """
    mean = [batch_mean] if of_means else []
    return [fold_constants, cse, dce, fuse, *mean, dce, level, hoist, group]


def cse(program: Program) -> Program:
    """Common subexpression elimination: compute equal instructions once.

    >>> from ..core import INPUT, MUL, NEG, PARAMETER, SUB, PRODUCTS
    >>> from .program import Program
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(SUB, program.emit(MUL, x, y), program.emit(MUL, y, x))]
    >>> print(cse(program))
    v1 = x0
    v2 = x1
    v3 = v1 * v2
    v4 = v3 - v3
    return v4
    """
    new, at = program.fresh(), program.indices()
    numbers = ValueNumbers(new.codes, new.starts, new.args, len(program))  # which have room for all and do not move
    for i in range(len(program)):
        at[i] = new.carry(program, i, at)
        if program.codes[i] > CONSTANT:
            at[i] = numbers.first(at[i])
            if at[i] != new.size - 1:
                new.size -= 1
    new.outputs = [at[k] for k in program.outputs]
    return new


def dce(program: Program) -> Program:
    """Dead code elimination: drop instructions that no output depends on.

    >>> from ..core import INPUT, MUL, NEG, PARAMETER, SUB, PRODUCTS
    >>> from .program import Program
    >>> program = Program()
    >>> x, unused = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(NEG, x)]
    >>> print(dce(program))
    v1 = x0
    v2 = -(v1)
    return v2
    """
    live = bytearray(len(program))
    live[ONE] = 1
    for k in program.outputs:
        live[k] = 1
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program) - 1, -1, -1):
        if live[i] and codes[i] > CONSTANT:
            for j in range(starts[i], starts[i + 1]):
                live[args[j]] = 1
    return select(program, packed(np.flatnonzero(live)))


def select(program: Program, wanted: array[int]) -> Program:
    """The program of only the wanted instructions, in that order, which must be topological."""
    if np.array_equal(wanted, np.arange(len(program))):
        return program
    new, at = program.fresh(), program.indices()
    for n in range(len(wanted)):
        at[wanted[n]] = new.carry(program, wanted[n], at)
    new.outputs = [at[k] for k in program.outputs]
    return new


def batch_mean(program: Program) -> Program:
    """Replace every output by its mean over the examples.

    In the derivatives, which are all outputs but the first, terms that do not vary are taken out of the sum, and each
    product is summed separately.

    >>> from ..core import INPUT, MUL, NEG, PARAMETER, SUB, PRODUCTS
    >>> from .program import Program
    >>> program = Program()
    >>> x, w = program.emit(INPUT, 0), program.emit(PARAMETER, 0)
    >>> program.outputs = [x, program.emit(PRODUCTS, x, w, w, w)]
    >>> print(dce(batch_mean(program)))
    v1 = x0
    v2 = p0
    v4 = mean(v1)
    v5 = v2 * v2
    v6 = mean(v1 * v2) + v5
    return v4, v6
    """
    new = copy(program)
    varies, uses = program.varies(), program.uses()
    zero = new.constant(0.0)
    means: dict[int, int] = {}
    wanted = Counter(program.outputs)
    for i in program.outputs:
        if i not in means:
            only_here = uses[i] == wanted[i] and i != program.outputs[0]
            means[i] = _mean(new, i, varies, zero, only_here) if varies[i] else i
    new.outputs = [means[i] for i in program.outputs]
    return new


def _mean(program: Program, i: int, varies: bytearray, zero: int, only_here: bool) -> int:
    pairs = (
        _AS_PAIRS[program.codes[i]](program.operands(i)) if only_here and program.codes[i] in _AS_PAIRS else [i, ONE]
    )
    fixed: list[int] = []
    moving: list[int] = []
    for j in range(0, len(pairs), 2):
        a, b = pairs[j], pairs[j + 1]
        terms = moving if varies[a] or varies[b] else fixed
        terms.append(a)
        terms.append(b)
    return program.emit_many(MEAN, [products(program, fixed) if fixed else zero, *moving])


_AS_PAIRS: dict[int, Callable[[list[int]], list[int]]] = {
    PRODUCTS: lambda args: args,
    MUL: lambda args: args,
    ADD: lambda args: [args[0], ONE, args[1], ONE],
}


def hoist(program: Program) -> Program:
    """Hoisting: move instructions that depend only on parameters to the front, to be computed once per call.

    >>> from ..core import INPUT, MUL, NEG, PARAMETER, SUB, PRODUCTS
    >>> from .program import Program
    >>> program = Program()
    >>> x, w = program.emit(INPUT, 0), program.emit(PARAMETER, 0)
    >>> program.outputs = [program.emit(MUL, x, program.emit(NEG, w))]
    >>> print(hoist(program))
    v1 = p0
    v2 = -(v1)
    v3 = x0
    v4 = v3 * v2
    return v4
    """
    is_mean = np.asarray(program.codes)[: len(program)] == MEAN
    return reordered(program, [np.where(is_mean, 2, program.varies())])


def group(program: Program) -> Program:
    """Group the sums over the same operands, so that they can be computed as one matrix product.

    >>> from ..core import INPUT, MUL, NEG, PARAMETER, SUB, PRODUCTS
    >>> from .program import Program
    >>> program = Program()
    >>> u, v = program.emit(PARAMETER, 0), program.emit(PARAMETER, 1)
    >>> x = program.emit(INPUT, 0)
    >>> first = program.emit(MUL, u, x)
    >>> program.outputs = [program.emit(NEG, first), program.emit(MUL, v, x)]
    >>> print(group(program))
    v1 = p0
    v2 = p1
    v3 = x0
    v4 = v1 * v3
    v5 = v2 * v3
    v6 = -(v4)
    return v6, v5
    """
    varies, codes = program.varies(), program.codes
    first: dict[tuple[int, ...], int] = {}
    leader = program.indices()
    for i in range(len(program)):
        leader[i] = i
        if codes[i] in (MUL, PRODUCTS):
            key = columns(program, i, varies)
            if key:
                leader[i] = first.setdefault(key, i)
    return reordered(program, [leader])


def level(program: Program) -> Program:
    """Bring like instructions of the same depth together, so that executors do many of a kind at once.

    >>> from ..core import INPUT, MUL, NEG, code_of
    >>> from .program import Program
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> ends = [program.emit(code_of("exp"), program.emit(NEG, k)) for k in (x, y)]
    >>> program.outputs = [program.emit(MUL, *ends)]
    >>> print(level(program))
    v1 = x0
    v2 = x1
    v3 = -(v1)
    v4 = -(v2)
    v5 = exp(v3)
    v6 = exp(v4)
    v7 = v5 * v6
    return v7
    """
    depth, kind = program.indices(), program.indices()
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        code = codes[i]
        if code > CONSTANT:
            below = 0
            for j in range(starts[i], starts[i + 1]):
                below = max(below, depth[args[j]] + 1)
            depth[i], kind[i] = below, code * 256 + min(starts[i + 1] - starts[i], 255)
    return reordered(program, [depth, kind])


def reordered(program: Program, keys: list[Any]) -> Program:
    """The program sorted by the keys of its instructions."""
    return select(program, packed(np.lexsort([narrow(key) for key in reversed(keys)])))


def columns(program: Program, i: int, varies: bytearray) -> tuple[int, ...]:
    """The varying operands in a sum of (fixed weight) * (operand), with 1 for a bare weight; else ()."""
    code = program.codes[i]
    if not varies[i] or (code != PRODUCTS and code != MUL):
        return ()
    found = []
    for j in range(program.starts[i], program.starts[i + 1], 2):
        k = column(program, j, varies)
        if k < 0:
            return ()
        found.append(k)
    return tuple(found)


def matrices(program: Program, varies: bytearray) -> array[int]:
    """For the first of the sums over the same columns that become one product, the index after the last; else 0."""
    ends, i = program.indices(), 0
    while i < len(program):
        last = i + 1
        if columns(program, i, varies):
            while last < len(program) and same_columns(program, i, last, varies):
                last += 1
            if last - i > 1 or program.starts[last] - program.starts[i] > 2 * FEW:
                ends[i] = last
        i = last
    return ends


def same_columns(program: Program, i: int, k: int, varies: bytearray) -> bool:
    """Whether instruction k has the same columns as i, which has at least one."""
    first, second, count = program.starts[i], program.starts[k], program.starts[k + 1] - program.starts[k]
    code = program.codes[k]
    if not varies[k] or (code != PRODUCTS and code != MUL) or program.starts[i + 1] - first != count:
        return False
    j = 0
    while j < count and column(program, first + j, varies) == column(program, second + j, varies):
        j += 2
    return j == count


def column(program: Program, j: int, varies: bytearray) -> int:
    """The varying factor of a product, 1 for a bare weight, -1 if both vary."""
    a, b = program.args[j], program.args[j + 1]
    if varies[a]:
        return -1 if varies[b] else a
    return b if varies[b] else ONE  # `fuse` leaves no product of two fixed numbers
