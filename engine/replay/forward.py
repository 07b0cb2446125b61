"""Forward mode as a transformation: from a program to one that computes derivatives along a direction."""

from __future__ import annotations

from ..core import INPUT, NAMES, SELECT, is_closed
from .program import Program, copy, products
from .reverse import Partials


def along(program: Program, count: int) -> Program:
    """The program of the derivatives of the outputs along a direction, whose entry k is input `count + k`.

    >>> from ..core import MUL
    >>> program = Program()
    >>> x, y = program.emit(INPUT, 0), program.emit(INPUT, 1)
    >>> program.outputs = [program.emit(MUL, x, y)]
    >>> print(along(program, 2))
    v1 = x0
    v2 = x1
    v3 = v1 * v2
    v5 = x2
    v6 = x3
    v7 = v5 * v2 + v6 * v1
    return v7
    """
    result, active = copy(program), program.depends(INPUT, differentiably=True)
    zero = result.constant(0.0)
    tangents: dict[int, int] = {}
    partials_of: dict[tuple[int, int], Partials] = {}
    for i in range(len(program)):
        if not active[i]:
            continue
        code, operands = program.codes[i], program.operands(i)
        if code == INPUT:
            tangents[i] = result.emit(INPUT, count + operands[0])
            continue
        if code == SELECT:  # not a product, in which 0 times the other branch could be nan
            _, a, b = operands
            tangents[i] = result.emit(SELECT, operands[0], tangents.get(a, zero), tangents.get(b, zero))
            continue
        key = code, len(operands)
        if key not in partials_of:
            partials_of[key] = Partials(result, NAMES[code], len(operands), False)
        partials = partials_of[key]
        partials.write(i, operands, active)
        moving = [(k, partials.at[n]) for n, k in enumerate(operands) if k in tangents and not is_closed(code, n)]
        pairs = [x for k, partial in moving for x in (tangents[k], partial)]
        if pairs:
            tangents[i] = products(result, pairs)
    result.outputs = [tangents.get(i, zero) for i in program.outputs]
    return result
