"""Writes formulas of the table into programs, in primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from ..core import FUNCTIONS, INPUT, PRIMITIVES, TABLE, Interpreter, Row, code_of, evaluate, numeric
from .constant_folding import fold_constants
from .passes import cse, dce
from .program import Program, sum_of_products


@lru_cache(maxsize=256)
def written(row: Row, formula: str, size: int, in_rows: bool) -> Program:
    """A formula of a row as a program of the result and the operands; a sequence has an output for each entry."""
    body = Program()
    y = body.emit(INPUT, 0)
    operands = [body.emit(INPUT, k + 1) for k in range(size)]
    variables = dict(zip(row.variables, row.split(operands), strict=True)) | {"y": y}
    algebra = Lowering(body, TABLE if in_rows else PRIMITIVES)
    found = row.of_sequence(algebra, operands) if in_rows and row.of_sequence else evaluate(formula, variables, algebra)
    entries = found if isinstance(found, list) else [found]
    body.outputs = [body.constant(x) if isinstance(x, float) else x for x in entries]
    return dce(cse(fold_constants(body)))


class Lowering(Interpreter):
    """The algebra that writes a formula into a program, with the rows `whole`: floats are numbers, ints indices."""

    def __init__(self, program: Program, whole: Iterable[str] = PRIMITIVES) -> None:
        def sums(name: str) -> Callable[..., int]:
            return lambda *groups: sum_of_products(
                program, name, [at(x) for x in TABLE[name].flatten(groups, len(groups[0]))]
            )

        def row(name: str) -> Callable[..., Any]:
            return lambda *operands: emit(name, operands)

        def emit(name: str, operands: Sequence[Any]) -> Any:
            if all(isinstance(x, float) for x in operands):
                return numeric(name, *operands)
            is_many = TABLE[name].variadic
            flat = TABLE[name].flatten(operands, len(operands[0])) if is_many else operands
            return program.emit_many(code_of(name), [at(x) for x in flat])

        def at(x: Any) -> int:
            return program.constant(x) if isinstance(x, float) else x

        given = {name: row(name) for name in (*whole, *FUNCTIONS)}
        super().__init__(given | {name: sums(name) for name in ("sum", "dot")}, "a program")


def is_direct(name: str) -> bool:
    """Whether executors run a row as it is: not composite rows without a kernel, nor sum, which becomes products."""
    return name not in TABLE or name in FUNCTIONS or (name in PRIMITIVES and name != "sum")
