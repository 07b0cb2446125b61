"""The table in C: one header, written at build time from the table's text.

It has for every row of a fixed number of operands and of sequences its value `row_name` and its partials `row_name_0`,
`row_name_1` ...; the opcodes; the switches that compute the row of an opcode; and lists of the primitives for kernels.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

BY_HAND = {"exp", "log", "log1p", "tanh", "erf", "pow"}  # in kernels.h, vectorised

# The switches: `operate1` and `operate2` give a result and its partials, the others take any number m of operands.
SWITCHES = """\
typedef struct { double y, da, db; } Result;

static inline Result operate1(int code, double a) {
  Result r = {NAN, NAN, 0.0};
  switch (code) {
CASES_1  }
  return r;
}

static inline Result operate2(int code, double a, double b) {
  Result r = {NAN, NAN, NAN};
  switch (code) {
CASES_2  }
  return r;
}

static inline double value_of(int code, long m, const double *x) {
  switch (code) {
VALUES  }
  return NAN;
}

static inline void partials_of(int code, long m, double y, const double *x, double *d) {
  switch (code) {
PARTIALS  }
}

/* Room for so many numbers, until the next call with the GIL held; NULL if there is none. */
static inline double *scratch(long count) {
  static double *room;
  static long size;
  if (count > size || !room) {
    double *more = (double *)realloc(room, (size_t)(2 * count + 64) * sizeof(double));
    if (!more) return NULL;
    room = more, size = 2 * count + 64;
  }
  return room;
}
"""


def load() -> tuple[ModuleType, ModuleType, ModuleType, ModuleType]:
    """The table, the opcodes, the primitives and the formula reader, without the rest of the package."""
    package = ModuleType("whygrad_table")
    package.__path__ = [str(Path(__file__).parent / "core")]
    sys.modules["whygrad_table"] = package
    names = ("table", "opcodes", "primitives", "formula")
    table, opcodes, primitives, formula = (import_module(f"whygrad_table.{name}") for name in names)
    return table, opcodes, primitives, formula


def header() -> str:
    """The text of the header.

    >>> "static inline double row_relu(double a) { return row_maximum(a, 0.0); }" in header()
    True
    """
    table, opcodes, primitives, formula = load()
    rows = table.TABLE.values()
    functions = [text for row in rows for text in _functions(row, primitives.PRIMITIVES, formula)]
    prototypes = [text.split(" {")[0] + ";" for text in functions]
    codes = ", ".join(f"{name.upper()} = {code}" for code, name in enumerate(opcodes.NAMES))
    cases: dict[str, list[str]] = {"CASES_1": [], "CASES_2": [], "VALUES": [], "PARTIALS": []}
    for row in rows:
        if not row.variadic and len(row.variables) <= 2:
            cases[f"CASES_{len(row.variables)}"].append(f"    case {row.name.upper()}: {_operate(row)}\n")
        cases["VALUES"].append(f"    case {row.name.upper()}: return {_call(row)};\n")
        cases["PARTIALS"].append(f"    case {row.name.upper()}: {_partials(row)}\n")
    switches = SWITCHES
    for place, texts in cases.items():
        switches = switches.replace(place, "".join(texts))
    return "\n".join(
        [
            "/* Written from the table by the build. */",
            "#ifndef WHYGRAD_TABLE_H",
            "#define WHYGRAD_TABLE_H",
            "#include <math.h>",
            "#include <stdlib.h>",
            f"#define MADE_FROM {table.FINGERPRINT}L",
            f"#define IN_C {len(opcodes.NAMES)} /* from this opcode on, a row is not here */",
            f"enum {{ {codes} }};",
            *prototypes,
            *functions,
            *_lists(table.TABLE, primitives.PRIMITIVES),
            switches + "#endif\n",
        ]
    )


def _functions(row: Any, primitives: Any, formula: Any) -> Iterator[str]:
    """A row's value and partials as C functions."""
    parameters = ", ".join(f"const double *{v}" if v.isupper() else f"double {v}" for v in row.variables)
    size = "long n, " if row.variadic else ""
    primitive = primitives.get(row.name)
    if primitive and primitive.start is None:
        body = [primitive.c if "return" in primitive.c else f"return {primitive.c};"]
    else:
        steps, (result,) = _written(formula, primitives, [row.formula], row.variables)
        body = [*steps, f"return {result};"]
    yield f"static inline double row_{row.name}({size}{parameters}) {{ {' '.join(body)} }}"
    for k, partial in enumerate(row.partials):
        steps, (result,) = _written(formula, primitives, [partial], ("y", *row.variables))
        head = f"row_{row.name}_{k}({size}double y, {parameters}"
        if not row.variadic:
            yield f"static inline double {head}) {{ return {result}; }}"
            continue
        text = result[0] if isinstance(result, list) else result
        every = "for (long i = 0; i < n; i++) d[i]" if row.variables[k].isupper() else "d[0]"
        yield f"static inline void {head}, double *d) {{ {' '.join(steps)} {every} = {text}; }}"


def _written(formula: Any, primitives: Any, formulas: list[str], operands: tuple[str, ...]) -> Any:
    def reduce(variable: str, name: str, text: str) -> str:
        start = repr(primitives[name].start).replace("inf", "HUGE_VAL")
        step = formula.in_place(primitives[name].c, variable, "a")
        return f"double {variable} = {start}; for (long i = 0; i < n; i++) {{ double a = {text}; {variable} = {step}; }}"

    return formula.written(formulas, operands, "row_{}({})".format, reduce)


def _operate(row: Any) -> str:
    operands = ", ".join(row.variables)
    parts = [f"r.y = row_{row.name}({operands});"]
    parts += [f"r.d{v} = row_{row.name}_{k}(r.y, {operands});" for k, v in enumerate(row.variables)]
    return " ".join([*parts, "return r;"])


def _places(row: Any) -> tuple[str, list[str], list[str]]:
    """The length of a row's sequences, where its operands are in x, and where each begins."""
    many = [v.isupper() for v in row.variables]
    if not row.variadic:
        return "", [f"x[{k}]" for k in range(len(many))], [str(k) for k in range(len(many))]
    size = f"(m - {many.count(False)}) / {many.count(True)}"
    starts = [f"{sum(many[:k])} * ({size}) + {many[:k].count(False)}" for k in range(len(many))]
    return f"{size}, ", [f"x + {at}" if many[k] else f"x[{at}]" for k, at in enumerate(starts)], starts


def _call(row: Any) -> str:
    size, operands, _ = _places(row)
    return f"row_{row.name}({size}{', '.join(operands)})"


def _partials(row: Any) -> str:
    size, operands, starts = _places(row)
    parts = []
    for k, at in enumerate(starts):
        call = f"row_{row.name}_{k}({size}y, {', '.join(operands)}"
        parts.append(f"{call}, d + {at});" if row.variadic else f"d[{at}] = {call});")
    return " ".join([*parts, "return;"])


def _lists(table: Any, primitives: Any) -> Iterator[str]:
    """The primitives of one, two and three operands that have no kernel by hand, each as `DO(opcode, function)`."""
    for count in (1, 2, 3):
        names = [name for name in primitives if table[name].variables == tuple("abc"[:count]) and name not in BY_HAND]
        each = " ".join(f"DO({name.upper()}, row_{name})" for name in names)
        yield f"#define ELEMENTWISE_{count}(DO) {each}"
