"""The optimisation passes: each is a function from a program to one that computes the same with less work.

None changes a number by more than rounding in the last place: sums keep the order in which eager mode adds,
products are not multiplied out, and what is dropped could not have been inf or nan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from .program import (
    ADD,
    CONSTANT,
    MEAN,
    MUL,
    ONE,
    PRODUCTS,
    Program,
    copy,
    integers,
    products,
)

COMMUTATIVE = (ADD, MUL)
LONG = 20_000  # instructions: about what a processor remembers of where a program branches


def merge(program: Program) -> Program:
    """Compute a common subexpression once.

    >>> from engine.program import INPUT, MUL, NEG, PARAMETER, PRODUCTS, SUB, Program
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(SUB, program.emit(MUL, x, y), program.emit(MUL, y, x))]
    >>> print(merge(program))
    v1 = x0
    v2 = x1
    v3 = v1 * v2
    v4 = v3 - v3
    return v4
    """
    new, at = Program(), integers(len(program))
    known: dict[int | tuple[int, ...], int] = {}
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        code, first, count = codes[i], starts[i], starts[i + 1] - starts[i]
        if code <= CONSTANT:
            at[i] = new.carry(program, i, at)
            continue
        if count <= 2:
            a, b = at[args[first]], at[args[first + count - 1]]
            key: int | tuple[int, ...] = _key(code, min(a, b), max(a, b)) if code in COMMUTATIVE else _key(code, a, b)
        else:
            key = (code, *[at[args[j]] for j in range(first, first + count)])
        found = known.get(key)
        if found is None:
            found = known[key] = new.carry(program, i, at)
        at[i] = found
    new.outputs = [at[k] for k in program.outputs]
    return new


def _key(code: int, a: int, b: int) -> int:
    return (code << 56) + (a << 28) + b


def dead(program: Program) -> Program:
    """Drop what no output depends on.

    >>> from engine.program import INPUT, MUL, NEG, PARAMETER, PRODUCTS, SUB, Program
    >>> program = Program()
    >>> x, unused = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(NEG, x)]
    >>> print(dead(program))
    v1 = x0
    v2 = -(v1)
    return v2
    """
    live = bytearray(len(program))
    live[ONE] = 1
    for i in program.outputs:
        live[i] = 1
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program) - 1, -1, -1):
        if live[i] and codes[i] > CONSTANT:
            for j in range(starts[i], starts[i + 1]):
                live[args[j]] = 1
    return select(program, [i for i in range(len(program)) if live[i]])


def select(program: Program, wanted: Sequence[int]) -> Program:
    """The program of the wanted instructions alone, in that order, which has to have operands before results."""
    new, at = Program(), integers(len(program))
    for i in wanted:
        at[i] = new.carry(program, i, at)
    new.outputs = [at[k] for k in program.outputs]
    return new


def average(program: Program) -> Program:
    """Every output replaced by its mean over the examples.

    Of the derivatives, which are all outputs but the first, what does not vary is taken out of the sum, and each
    product is summed on its own.

    >>> from engine.program import INPUT, MUL, NEG, PARAMETER, PRODUCTS, SUB, Program
    >>> program = Program()
    >>> x, w = program.emit(INPUT, 0), program.emit(PARAMETER, 0)
    >>> program.outputs = [x, program.emit(PRODUCTS, x, w, w, w)]
    >>> print(dead(average(program)))
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
        (moving if varies[a] or varies[b] else fixed).extend((a, b))
    return program.emit_many(MEAN, [products(program, fixed) if fixed else zero, *moving])


_AS_PAIRS: dict[int, Callable[[list[int]], list[int]]] = {
    PRODUCTS: lambda args: args,
    MUL: lambda args: args,
    ADD: lambda args: [args[0], ONE, args[1], ONE],
}


def split(program: Program) -> Program:
    """First what depends on parameters alone, which is computed once a call, then what varies by example.

    >>> from engine.program import INPUT, MUL, NEG, PARAMETER, PRODUCTS, SUB, Program
    >>> program = Program()
    >>> x, w = program.emit(INPUT, 0), program.emit(PARAMETER, 0)
    >>> program.outputs = [program.emit(MUL, x, program.emit(NEG, w))]
    >>> print(split(program))
    v1 = p0
    v2 = -(v1)
    v3 = x0
    v4 = v3 * v2
    return v4
    """
    varies = program.varies()
    parts: tuple[list[int], ...] = [], [], []
    for i in range(len(program)):
        parts[2 if program.codes[i] == MEAN else varies[i]].append(i)
    return select(program, [*parts[0], *parts[1], *parts[2]])


def group(program: Program) -> Program:
    """Bring together the sums over the same operands, so that they can be computed as one matrix product.

    >>> from engine.program import INPUT, MUL, NEG, PARAMETER, PRODUCTS, SUB, Program
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
    varies = program.varies()
    followers: dict[int, list[int]] = {}
    first: dict[tuple[int, ...], int] = {}
    moved = bytearray(len(program))
    for i in range(len(program)):
        key = columns(program, i, varies) if program.codes[i] in (MUL, PRODUCTS) else ()
        if key:
            leader = first.setdefault(key, i)
            if leader != i:
                followers.setdefault(leader, [leader]).append(i)
                moved[i] = 1
    wanted: list[int] = []
    for i in range(len(program)):
        if i in followers:
            wanted += followers[i]
        elif not moved[i]:
            wanted.append(i)
    return select(program, wanted)


def level(program: Program) -> Program:
    """Bring like instructions of the same depth together, if the program is so long that none is predicted.

    >>> from engine.program import INPUT, MUL, NEG, Program
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(MUL, program.emit(NEG, x), program.emit(NEG, y))]
    >>> level(program) is program
    True
    """
    if len(program) < LONG:
        return program
    depth = integers(len(program))
    alike: dict[int, list[int]] = {}
    codes, starts, args = program.codes, program.starts, program.args
    for i in range(len(program)):
        code, below = codes[i], 0
        if code > CONSTANT:
            for j in range(starts[i], starts[i + 1]):
                below = max(below, depth[args[j]] + 1)
        depth[i] = below
        key = (below * 256 + code) * 256 + min(starts[i + 1] - starts[i], 255)
        found = alike.get(key)
        if found is None:
            alike[key] = [i]
        else:
            found.append(i)
    return select(program, [i for key in sorted(alike) for i in alike[key]])


def columns(program: Program, i: int, varies: bytearray) -> tuple[int, ...]:
    """The operands that vary in a sum of (fixed weight) * (operand), 1 for a bare weight; else ()."""
    code = program.codes[i]
    if not varies[i] or (code != PRODUCTS and code != MUL):
        return ()
    first, last = program.starts[i], program.starts[i + 1]
    for j in range(first, last, 2):
        if varies[program.args[j]] and varies[program.args[j + 1]]:
            return ()
    found = []
    for j in range(first, last, 2):
        a, b = program.args[j], program.args[j + 1]
        found.append(a if varies[a] else b if varies[b] else ONE)  # `fuse` leaves no product of two fixed numbers
    return tuple(found)
