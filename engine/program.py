"""A linear program of table operations, and reverse mode as a transformation of it.

An instruction is a code (what to do) and its arguments: the numbers of earlier instructions, so operands stand
before results, as on a Wengert list. Leaves are inputs (one number an example), parameters and constants,
whose argument says which. Instruction 0 is always the constant 1, so that a sum of products
`products(a, b, c, d, ...)` = a * b + c * d + ... can hold a bare term as `a * 1`.

A program is data; what changes it are functions from program to program (derivative.py, passes.py).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import pack

from .ops import TABLE

# The numbers are known to kernels.h too. What the table adds later gets the next free number.
NAMES = [
    *("input", "parameter", "constant", "add", "sub", "mul", "neg", "div", "pow", "abs", "exp", "log", "log1p"),
    *("sqrt", "tanh", "sin", "cos", "erf", "floor", "maximum", "minimum", "above", "times", "rest", "shift"),
    *("products", "mean", "dense", "inner"),
]
CODES = {name: code for code, name in enumerate(NAMES)}
INPUT, PARAMETER, CONSTANT, ADD, SUB, MUL, NEG, DIV, POW = range(9)
SHIFT, PRODUCTS, MEAN, DENSE, INNER = (CODES[name] for name in ("shift", "products", "mean", "dense", "inner"))
ONE = 0
ARITHMETIC = ("add", "sub", "mul", "neg", "sum", "dot")  # done by every executor without a kernel


def code_of(name: str) -> int:
    """The code of a row."""
    if name not in CODES:
        CODES[name] = len(NAMES)
        NAMES.append(name)
    return CODES[name]


class Program:
    """Instructions in order: `codes`, and for the i-th the arguments `args[starts[i]:starts[i + 1]]`.

    >>> program = Program()
    >>> x = program.emit(INPUT, 0)
    >>> program.outputs = [program.emit(MUL, x, program.constant(3.0))]
    >>> print(program)
    v1 = x0
    v3 = v1 * 3
    return v3
    """

    def __init__(self) -> None:
        self.codes = array("i")
        self.starts = array("i", [0])
        self.args = array("i")
        self.constants = array("d")
        self.outputs: list[int] = []
        self._known: dict[bytes, int] = {}
        self.constant(1.0)

    def __len__(self) -> int:
        return len(self.codes)

    def emit(self, code: int, *args: int) -> int:
        """Append an instruction; returns its number."""
        return self.emit_many(code, args)

    def emit_many(self, code: int, args: Iterable[int]) -> int:
        """Append an instruction whose arguments are already in a sequence."""
        self.codes.append(code)
        self.args.extend(args)
        self.starts.append(len(self.args))
        return len(self.codes) - 1

    def constant(self, number: float) -> int:
        """The instruction that is this number, the same for the same bits."""
        bits = pack("d", number)
        if bits not in self._known:
            self._known[bits] = self.emit(CONSTANT, len(self.constants))
            self.constants.append(number)
        return self._known[bits]

    def operands(self, i: int) -> array[int]:
        """The arguments of an instruction."""
        return self.args[self.starts[i] : self.starts[i + 1]]

    def number(self, i: int) -> float | None:
        """The number that a constant is; None for all else."""
        return self.constants[self.args[self.starts[i]]] if self.codes[i] == CONSTANT else None

    def leaves(self, code: int) -> dict[int, int]:
        """Which instruction holds each input (or parameter, or constant): its position there to its number here."""
        return {self.args[self.starts[i]]: i for i in range(len(self)) if self.codes[i] == code}

    def varies(self) -> bytearray:
        """For every instruction 1 if it depends on an input, 0 if it is the same for all examples."""
        found = bytearray(len(self))
        codes, starts, args = self.codes, self.starts, self.args
        for i in range(len(codes)):
            if codes[i] == INPUT:
                found[i] = 1
            elif codes[i] > CONSTANT and codes[i] != MEAN:
                for j in range(starts[i], starts[i + 1]):
                    if found[args[j]]:
                        found[i] = 1
                        break
        return found

    def uses(self) -> array[int]:
        """How often each instruction is an argument or an output."""
        count = array("i", bytes(4 * len(self)))
        codes, starts, args = self.codes, self.starts, self.args
        for i in range(len(codes)):
            if codes[i] > CONSTANT:
                for j in range(starts[i], starts[i + 1]):
                    count[args[j]] += 1
        for i in self.outputs:
            count[i] += 1
        return count

    def __str__(self) -> str:
        return "\n".join(lines(self))


def lines(program: Program) -> Iterator[str]:
    """The program in the table's signs, a line an instruction; constants stand where they are used."""
    leaf = {INPUT: "x", PARAMETER: "p"}

    def name(i: int) -> str:
        number = program.number(i)
        return f"v{i}" if number is None else f"{number:g}"

    def product(a: int, b: int) -> str:
        return name(a) if b == ONE else name(b) if a == ONE else f"{name(a)} * {name(b)}"

    for i, code in enumerate(program.codes):
        args = program.operands(i)
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


def copy(program: Program) -> Program:
    """The same instructions again, to add to."""
    new = Program()
    new.codes, new.starts, new.args = program.codes[:], program.starts[:], program.args[:]
    new.constants, new.outputs, new._known = program.constants[:], program.outputs[:], dict(program._known)
    return new


def rewrite(program: Program, write: Callable[[Program, int, Sequence[int]], int]) -> Program:
    """The program with every operation replaced by what `write(new program, code, its operands there)` puts there."""
    new = Program()
    at = array("i", bytes(4 * len(program)))
    for i, code in enumerate(program.codes):
        args = program.operands(i)
        if code == CONSTANT:
            at[i] = new.constant(program.constants[args[0]])
        elif code < CONSTANT:
            at[i] = new.emit_many(code, args)
        else:
            at[i] = write(new, code, [at[k] for k in args])
    new.outputs = [at[k] for k in program.outputs]
    return new


def products(program: Program, pairs: Sequence[int]) -> int:
    """The sum of products of pairs, as the simplest instruction that it is."""
    if len(pairs) == 2:
        a, b = pairs
        return a if b == ONE else b if a == ONE else program.emit(MUL, a, b)
    if len(pairs) == 4 and pairs[1] == ONE and pairs[3] == ONE:
        return program.emit(ADD, pairs[0], pairs[2])
    if len(pairs) == 4 and pairs[0] == ONE and pairs[2] == ONE:
        return program.emit(ADD, pairs[1], pairs[3])
    return program.emit_many(PRODUCTS, pairs)
