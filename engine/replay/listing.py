"""Programs as text."""

from __future__ import annotations

from collections.abc import Iterator

from ..core import CONSTANT, INPUT, MEAN, NAMES, ONE, PARAMETER, PRODUCTS, TABLE
from .program import Program


def lines(program: Program) -> Iterator[str]:
    """The program in the table's signs, one instruction per line, with constants inline."""
    leaf = {INPUT: "x", PARAMETER: "p"}

    def name(i: int) -> str:
        number = program.number(i)
        return f"v{i}" if number is None else f"{number:g}"

    def product(a: int, b: int) -> str:
        return name(a) if b == ONE else name(b) if a == ONE else f"{name(a)} * {name(b)}"

    for i in range(len(program)):
        code, args = program.codes[i], program.operands(i)
        if code == CONSTANT:
            continue
        if code in leaf:
            text = f"{leaf[code]}{args[0]}"
        elif code in (PRODUCTS, MEAN):
            pairs = args if code == PRODUCTS else args[1:]
            text = " + ".join(product(a, b) for a, b in zip(pairs[::2], pairs[1::2], strict=True))
            if code == MEAN:
                text = f"mean({text})" + (f" + {name(args[0])}" if program.number(args[0]) != 0.0 else "")
        else:
            sign = TABLE[NAMES[code]].sign
            infix = len(args) == 2 and not sign[0].isalpha()
            text = f" {sign} ".join(map(name, args)) if infix else f"{sign}({', '.join(map(name, args))})"
        yield f"v{i} = {text}"
    yield f"return {', '.join(map(name, program.outputs))}"
