"""A long program in JAX: a loop over its instructions, so that XLA compiles one iteration, not each instruction.

The loop carries rows of one number per example: the leaves, and results that are needed later. One iteration reads up
to three rows, switches on the operation and writes one row. A sum of products takes one iteration per term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from ..core import CONSTANT, INPUT, MUL, NAMES, ONE, PARAMETER, PRODUCTS, SHIFT, TABLE, evaluate, require
from ..replay import Program
from .masks import is_masked
from .rows import apply_row, primitive

# Operations besides the table's rows: the partials with respect to a, b and c.
PARTIALS = {"term": ("b", "a", "1"), "larger": ("0", "0")}


class Turn(NamedTuple):
    """One iteration: its operation, operand rows and result row. `active` is false for constants, without derivative.

    `mask` is the row that says whether the iteration counts; if not, its partials are 0.
    """

    what: int
    result: int
    operands: tuple[int, int, int]
    active: tuple[bool, bool, bool]
    mask: int


def in_a_loop(
    program: Program, derivative: Callable[[int], Program], counts: tuple[int, int]
) -> Callable[[Any, Any], Any]:
    """The program as a function in JAX of the vector of parameters and a batch of inputs, of shape (B, n), to (B,).

    `counts` are the lengths of both. Its derivative runs the program `derivative(PARAMETER)` or `derivative(INPUT)`,
    so that only results needed later are stored; for a second derivative, JAX differentiates the loop.

    >>> import jax
    >>> square = Program()
    >>> x = square.emit(INPUT, 0)
    >>> square.outputs = [square.emit(PRODUCTS, x, x, x, ONE)]
    >>> with jax.enable_x64(True):
    ...     in_a_loop(square, lambda wrt: square, (0, 1))(jax.numpy.zeros(0), jax.numpy.array([[2.0], [3.0]])).tolist()
    [6.0, 12.0]
    """
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    loop = cache(lambda wrt: _loop(program if wrt is None else derivative(wrt), *counts))

    @jax.custom_jvp  # type: ignore[untyped-decorator, unused-ignore]
    def run(parameters: Any, inputs: Any) -> Any:
        return loop(None)(parameters, inputs)[0]

    def jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
        terms = []
        for wrt, tangent, subscripts in ((PARAMETER, tangents[0], "kb,k->b"), (INPUT, tangents[1], "kb,bk->b")):
            if type(tangent) is not jax.custom_derivatives.SymbolicZero:
                y, partials = (found := loop(wrt)(*primals))[0], found[1:]
                terms.append(np.einsum(subscripts, partials, tangent))
        return y, sum(terms[1:], terms[0])

    run.defjvp(jvp, symbolic_zeros=True)
    return run  # type: ignore[no-any-return]


def _loop(program: Program, parameters: int, inputs: int) -> Callable[[Any, Any], Any]:
    """The outputs of a program, of shape (outputs, B)."""
    jax, np, numpy = require("jax", "jax"), require("jax.numpy", "jax"), require("numpy", "jax")
    turns = Turns(program, parameters, inputs)
    table = [numpy.array(column) for column in zip(*turns.turns, strict=True)]
    step = _step(list(turns.numbers), turns.masked)

    def turn(rows: Any, entry: Any) -> tuple[Any, None]:
        what, result, operands, active, mask = entry
        read = [jax.lax.dynamic_index_in_dim(rows, k, keepdims=False) for k in (mask, *operands)]
        return jax.lax.dynamic_update_index_in_dim(rows, step(what, active, *read), result, 0), None

    def run(parameters: Any, inputs: Any) -> Any:
        fixed = np.concatenate([np.asarray(program.constants), parameters])
        fixed = np.broadcast_to(fixed[:, None], (len(fixed), len(inputs)))
        rows = np.concatenate([fixed, inputs.T, np.zeros((turns.spare, len(inputs)))])
        rows, _ = jax.lax.scan(turn, rows, [np.asarray(column) for column in table])
        return rows[numpy.array(turns.outputs)]

    return run


def _step(names: Sequence[str], masked: bool) -> Callable[..., Any]:
    """One iteration as a function of an index in `names`, a mask and three rows, differentiable by the partials."""
    jax, np = require("jax", "jax"), require("jax.numpy", "jax")
    values, partials = [_value(name, masked) for name in names], [_partials(np, name, masked) for name in names]

    @jax.custom_jvp  # type: ignore[untyped-decorator, unused-ignore]
    def step(what: Any, active: Any, mask: Any, *operands: Any) -> Any:
        return jax.lax.switch(what, values, mask, *operands)  # JAX may differentiate this instead

    @step.defjvp  # type: ignore[untyped-decorator, unused-ignore]
    def jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
        what, active, mask, *operands = primals
        y = step(what, active, mask, *operands)
        found = jax.lax.switch(what, partials, mask, y, *operands)
        a, b, c = (np.where(active[k] & (mask != 0.0), found[k], 0.0) * tangents[3 + k] for k in range(3))
        return y, a + b + c

    return step  # type: ignore[no-any-return]


def _value(name: str, masked: bool) -> Callable[..., Any]:
    def value(mask: Any, a: Any, b: Any, c: Any) -> Any:
        mask = mask if masked else None
        if name == "term":
            return c + apply_row("mul", a, b, mask=mask)
        if name == "larger":
            return primitive("shift")(a, b)
        return apply_row(name, *(a, b, c)[: len(TABLE[name].partials)], mask=mask)

    return value


def _partials(np: Any, name: str, masked: bool) -> Callable[..., Any]:
    partials = PARTIALS[name] if name in PARTIALS else TABLE[name].partials

    def found_at(mask: Any, y: Any, *operands: Any) -> Any:
        variables = dict(zip("abc", operands, strict=True)) | {"y": y}
        apply = partial(apply_row, mask=mask) if masked else apply_row
        found = [evaluate(formula, variables, apply) for formula in partials]
        return tuple(np.broadcast_to(x, y.shape) for x in [*found, 0.0, 0.0][:3])

    return found_at


class Turns:
    """A program as iterations; its rows are constants, parameters, inputs and `spare` ones, which are reused."""

    def __init__(self, program: Program, parameters: int, inputs: int) -> None:
        self.program = program
        self.numbers: dict[str, int] = {}  # names of operations, in the order of first use
        self.row, self.last = [0] * len(program), _last_uses(program)
        leaves = 0
        for code, count in ((CONSTANT, len(program.constants)), (PARAMETER, parameters), (INPUT, inputs)):
            for k, i in program.leaves(code).items():
                self.row[i] = leaves + k
            leaves += count
        self.free: list[int] = []
        self.masked = False  # whether any iteration has a mask
        self.rows = leaves
        self.turns = [turn for i in range(len(program)) if program.codes[i] > CONSTANT for turn in self._turns(i)]
        self.spare = self.rows - leaves
        self.outputs = [self.row[i] for i in program.outputs]

    def _turns(self, i: int) -> Iterator[Turn]:
        """The iterations of one instruction, into a row that none of its operands uses."""
        operands, code = self.program.operands(i), self.program.codes[i]
        terms, mask = (operands[:-1], operands[-1]) if is_masked(self.program, i) else (operands, ONE)
        self.masked |= mask != ONE
        self.row[i] = self.free.pop() if self.free else self.rows
        self.rows = max(self.rows, self.row[i] + 1)
        if code == PRODUCTS:
            yield self._turn(NAMES[MUL], i, terms[:2], mask)
            for a, b in zip(terms[2::2], terms[3::2], strict=True):
                yield self._turn("term", i, [a, b, i], mask)
        elif code == SHIFT:
            yield self._turn("larger", i, [operands[0], operands[0]])
            for operand in operands[1:]:
                yield self._turn("larger", i, [i, operand])
        else:
            yield self._turn(NAMES[code], i, terms, mask)
        self.free += [self.row[k] for k in set(operands) if self.last[k] == i and self.program.codes[k] > CONSTANT]

    def _turn(self, name: str, result: int, operands: Sequence[int], mask: int = ONE) -> Turn:
        a, b, c = [*operands, ONE, ONE][:3]
        constant = [self.program.codes[k] == CONSTANT for k in (a, b, c)]
        number = self.numbers.setdefault(name, len(self.numbers))
        return Turn(
            number,
            self.row[result],
            (self.row[a], self.row[b], self.row[c]),
            (not constant[0], not constant[1], not constant[2]),
            self.row[mask],
        )


def _last_uses(program: Program) -> list[int]:
    """Liveness: for every instruction, the last one that reads it; outputs are read after all others."""
    last = list(range(len(program)))
    for i in range(len(program)):
        if program.codes[i] > CONSTANT:
            for k in program.operands(i):
                last[k] = i
    for i in program.outputs:
        last[i] = len(program)
    return last
