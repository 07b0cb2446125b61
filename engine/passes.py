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
    NEG,
    ONE,
    PRODUCTS,
    SUB,
    Program,
    copy,
    integers,
    products,
)

COMMUTATIVE = (ADD, MUL)


def merge(program: Program) -> Program:
    """Compute a common subexpression once.

    >>> from engine.program import INPUT, PARAMETER
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

    >>> from engine.program import INPUT, PARAMETER
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


def fuse(program: Program) -> Program:
    """Join chains of additions and multiplications into sums of products.

    A sum takes in a sum that only it uses as long as the order of the additions stays what it was.

    >>> from engine.program import INPUT, PARAMETER
    >>> program = Program()
    >>> a, b, c, d = (program.emit(INPUT, k) for k in range(4))
    >>> ab, cd = program.emit(MUL, a, b), program.emit(MUL, c, d)
    >>> program.outputs = [program.emit(ADD, a, program.emit(ADD, ab, cd))]
    >>> print(dead(fuse(program)))
    v1 = x0
    v2 = x1
    v3 = x2
    v4 = x3
    v5 = v1 * v2 + v3 * v4 + v1
    return v5
    """
    new = Program()
    codes, uses, varies = program.codes, program.uses(), program.varies()
    at = integers(len(program))
    pending: list[list[int] | None] = [None] * len(program)  # sums and products not written yet, for their only user
    minus = new.constant(-1.0)

    def term(k: int, user: int, sign: int = ONE) -> list[int]:
        found = pending[k]
        if sign != ONE and not varies[k] and varies[user]:  # a fixed term has its sign in the weight
            return [new.emit(NEG, settle(k)), ONE]
        if found is not None and len(found) == 2 and varies[k] == varies[user] and (sign == ONE or found[1] == ONE):
            return found if sign == ONE else [found[0], sign]
        return [settle(k), sign]

    def settle(k: int) -> int:
        found = pending[k]
        if found is not None:
            pending[k] = None
            at[k] = products(new, found)
        return at[k]

    def factors(a: int, b: int, user: int) -> list[int]:
        if varies[user] and not (varies[a] or varies[b]):
            return [new.emit(MUL, settle(a), settle(b)), ONE]
        return [settle(a), settle(b)]

    def joined(i: int, pairs: Sequence[tuple[int, int, int]]) -> list[int]:
        """The pairs (a, b, sign) as one list, which begins with the sum that one of the bare terms may be."""
        lead = None
        for n, (a, b, sign) in enumerate(pairs if len(pairs) <= 2 else pairs[:1]):
            if b == ONE and sign == ONE and lead is None and _is_sum(pending[a]) and varies[a] == varies[i]:
                lead = n
        found: list[int] = []
        if lead is not None:
            k = pairs[lead][0]
            found, pending[k] = pending[k] or [], None
        for n, (a, b, sign) in enumerate(pairs):
            if n != lead:
                found += term(a, i, sign) if b == ONE else factors(a, b, i)
        return found

    for i in range(len(program)):
        code = codes[i]
        if code <= CONSTANT:
            at[i] = new.carry(program, i, at)
            continue
        args = program.operands(i)
        if code == ADD:
            pairs = joined(i, [(args[0], ONE, ONE), (args[1], ONE, ONE)])
        elif code == SUB:
            pairs = joined(i, [(args[0], ONE, ONE), (args[1], ONE, minus)])
        elif code == PRODUCTS:
            pairs = joined(i, [(b, a, ONE) if a == ONE else (a, b, ONE) for a, b in _pairs(args)])
        elif code == MUL:
            pairs = [settle(args[0]), settle(args[1])]
        else:
            at[i] = new.emit_many(code, [settle(k) for k in args])
            continue
        if uses[i] == 1:
            pending[i] = pairs
        else:
            at[i] = products(new, pairs)
    new.outputs = [settle(k) for k in program.outputs]
    return new


def _is_sum(pairs: list[int] | None) -> bool:
    return pairs is not None and len(pairs) > 2


def _pairs(args: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(args[::2], args[1::2], strict=True))


def average(program: Program) -> Program:
    """Every output replaced by its mean over the examples, with what does not vary taken out of the sum.

    >>> from engine.program import INPUT, PARAMETER
    >>> program = Program()
    >>> x, w = program.emit(INPUT, 0), program.emit(PARAMETER, 0)
    >>> program.outputs = [program.emit(PRODUCTS, x, w, w, w)]
    >>> print(dead(average(program)))
    v1 = x0
    v2 = p0
    v3 = v2 * v2
    v4 = mean(v1 * v2) + v3
    return v4
    """
    new = copy(program)
    varies, uses = program.varies(), program.uses()
    zero = new.constant(0.0)
    means: dict[int, int] = {}
    wanted = Counter(program.outputs)
    for i in program.outputs:
        if i not in means:
            only_here = uses[i] == wanted[i]
            means[i] = _mean(new, i, varies, zero, only_here) if varies[i] else i
    new.outputs = [means[i] for i in program.outputs]
    return new


def _mean(program: Program, i: int, varies: bytearray, zero: int, only_here: bool) -> int:
    args = program.operands(i)
    taken_apart = only_here and program.codes[i] in _AS_PAIRS
    pairs = _pairs(_AS_PAIRS[program.codes[i]](args)) if taken_apart else [(i, ONE)]
    fixed = [k for a, b in pairs if not (varies[a] or varies[b]) for k in (a, b)]
    moving = [k for a, b in pairs if varies[a] or varies[b] for k in (a, b)]
    return program.emit_many(MEAN, [products(program, fixed) if fixed else zero, *moving])


_AS_PAIRS: dict[int, Callable[[Sequence[int]], Sequence[int]]] = {
    PRODUCTS: lambda args: args,
    MUL: lambda args: args,
    ADD: lambda args: [args[0], ONE, args[1], ONE],
}


def split(program: Program) -> Program:
    """First what depends on parameters alone, which is computed once a call, then what varies by example.

    >>> from engine.program import INPUT, PARAMETER
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
    means = [i for i in range(len(program)) if program.codes[i] == MEAN]
    fixed = [i for i in range(len(program)) if not varies[i] and program.codes[i] != MEAN]
    return select(program, [*fixed, *(i for i in range(len(program)) if varies[i]), *means])


def group(program: Program) -> Program:
    """Bring together the sums over the same operands, so that they can be computed as one matrix product.

    >>> from engine.program import INPUT, PARAMETER
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
        key = columns(program, i, varies)
        if key:
            leader = first.setdefault(key, i)
            followers.setdefault(leader, []).append(i)
            moved[i] = leader != i
    wanted = [k for i in range(len(program)) if not moved[i] for k in followers.get(i, (i,))]
    return select(program, wanted)


def columns(program: Program, i: int, varies: bytearray) -> tuple[int, ...]:
    """The operands that vary in a sum of (fixed weight) * (operand), 1 for a bare weight; else ()."""
    code = program.codes[i]
    if not varies[i] or (code != PRODUCTS and code != MUL):
        return ()
    args = program.operands(i)
    found = []
    for a, b in _pairs(args):
        if varies[a] and varies[b]:
            return ()
        found.append(a if varies[a] else b if varies[b] else ONE)  # `fuse` leaves no product of two fixed numbers
    return tuple(found)
