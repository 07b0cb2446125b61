"""A whole scheduled program as one loop in C, which the system's compiler makes: record(..., compile=True).

Each instruction becomes a statement on vectors, in the table's own C, so that rows stay in registers. native.pyx
calls the loop on a block of examples in place of the kernels, which go instruction by instruction.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from .._header import FLAGS, header, start_of
from ..core import ARITHMETIC, FUNCTIONS, PRIMITIVES, REDUCTIONS
from .schedule import Schedule, instructions

LONGEST = 2000  # statements: a compiler takes seconds for more
SETS = {
    "plain": (2, []),
    "avx2": (4, ["-mavx2", "-mfma"]),
    "avx512": (8, ["-mavx512f", "-mavx512dq", "-mavx2", "-mfma", "-mprefer-vector-width=512"]),
}

SOURCE = """\
#include "table.h"
#include "constants.h"
#define VARIANT(name) name##_loop
#define LANES {lanes}
#include "vectors.h"
#define AT(slot, k) (*(vec *)(v + (slot) * stride + (k)))
#define EACH(y, result) for (int q = 0; q < LANES; q++) y[q] = (result)

/* Keeps a result from being contracted into a later sum: only code inside a function may be contracted. */
#if defined(__x86_64__)
#define ROUNDED(y) __asm__("" : "+v"(y))
#elif defined(__aarch64__)
#define ROUNDED(y) __asm__("" : "+w"(y))
#else
#define ROUNDED(y) __asm__("" : "+m"(y))
#endif
#define SET(y, result) do {{ y = (result); ROUNDED(y); }} while (0)

BEGIN_CONTRACT

void loop(const int *code, const int *end, double *restrict v, const double *restrict u, double *restrict lanes,
          double *restrict sums, long stride, long n) {{
  vec {rows}, product;
{before}
  for (long k = 0; k < n; k += LANES) {{
    ivec inside;
    for (int q = 0; q < LANES; q++) inside[q] = k + q < n ? -1 : 0;
    (void)inside;
{body}
  }}
{after}
}}

END_CONTRACT
"""


def address(plan: Schedule, instruction_set: str) -> int:
    """The address of the program's loop; 0 if it cannot be compiled."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    text = source(plan, SETS[instruction_set][0]) if compiler else ""
    return _compiled(compiler, text, instruction_set) if compiler and text else 0


def source(plan: Schedule, lanes: int) -> str:
    """The program in C; "" if it has outer products or over LONGEST statements."""
    body = list(islice(Statements(plan).all(), LONGEST + 1))
    if len(body) > LONGEST or len(plan.cells) > plan.inner:
        return ""
    cells = range(plan.inner)
    return SOURCE.format(
        lanes=lanes,
        rows=", ".join([f"r{k}" for k in range(plan.rows)] + [f"c{k}" for k in cells] or ["none"]),
        before="\n".join(
            [f"  r{row} = AT({row}, 0);" for _, row in plan.fills] + [f"  c{k} = ((vec *)lanes)[{k}];" for k in cells]
        ),
        body="\n".join(f"    {statement}" for statement in body),
        after="\n".join(f"  ((vec *)lanes)[{k}] = c{k};" for k in cells),
    )


class Statements:
    """The statements of a program, in which row k is the variable r{k}, and cell k of an inner product c{k}."""

    def __init__(self, plan: Schedule) -> None:
        self.plan = plan
        self.numbers = {row: plan.fixed[k] for k, row in plan.fills}  # those that are constants, else 0

    def all(self) -> Iterator[str]:
        """Reading, computing and writing a vector of examples."""
        for _, row in self.plan.inputs:
            yield f"r{row} = AT({row}, k);"
        for name, head, rows in instructions(self.plan.code):
            yield from self.statements(name, head, rows)
        for row in self.plan.outputs:
            yield f"AT({row}, k) = r{row};"

    def statements(self, name: str, head: Sequence[int], rows: Sequence[int]) -> Iterator[str]:
        """One instruction."""
        if head:
            yield from self.product(name, head, rows)
            return
        y, *operands = [f"r{k}" for k in rows]
        if name == "products":
            terms = [self.term(a, b) for a, b in zip(rows[1::2], rows[2::2], strict=True)]
            yield f"SET({y}, {terms[0]});"
            for term in terms[1:]:
                yield f"SET(product, {term});"
                yield f"{y} += product;"
        elif name in REDUCTIONS:
            yield f"{y} = all({start_of(PRIMITIVES[name])});"
            yield from (f"{y} = VARIANT({name})({y}, {a});" for a in operands)
        elif name in ARITHMETIC or name in FUNCTIONS:
            yield f"SET({y}, VARIANT({name})({', '.join(operands)}));"
        else:
            yield f"EACH({y}, row_{name}({', '.join(f'{a}[q]' for a in operands)}));"

    def term(self, a: int, b: int) -> str:
        """A product of two rows."""
        return f"r{a}" if self.numbers.get(b) == 1.0 else f"r{b}" if self.numbers.get(a) == 1.0 else f"r{a} * r{b}"

    def product(self, name: str, head: Sequence[int], rows: Sequence[int]) -> Iterator[str]:
        """A matrix product, entry by entry."""
        count, size, start = head
        for j in range(size):
            for i in range(count):
                left, right = f"r{rows[i]}", f"r{rows[count + j]}"
                if name == "dense":
                    weight = f"all(u[{start + i + j * count}])"
                    yield f"{left} = {weight} * {right}{f' + {left}' if j else ''};"
                else:
                    yield f"c{start + i * size + j} += pick(inside, {left} * {right}, all(0.0));"


@cache
def _compiled(compiler: str, text: str, instruction_set: str) -> int:
    """The address of the loop compiled from that text, loaded until the process ends; 0 if that fails."""
    with tempfile.TemporaryDirectory() as folder:
        table, program, library = (Path(folder, name) for name in ("table.h", "loop.c", "loop.so"))
        table.write_text(header())
        program.write_text(text)
        flags = [*FLAGS, *SETS[instruction_set][1], "-shared", "-fPIC", f"-I{folder}", f"-I{Path(__file__).parent}"]
        try:
            command = [*shlex.split(compiler), *flags, str(program), "-o", str(library), "-lm"]
            subprocess.run(command, capture_output=True, check=True)
            return ctypes.cast(ctypes.CDLL(str(library)).loop, ctypes.c_void_p).value or 0
        except (OSError, ValueError, subprocess.CalledProcessError):
            return 0
