"""The table in C: one header, written at build time from the table's text.

It has a function `row_name` for the value of each row (and the partials, if it is over sequences); the opcodes; the
switches that compute the value and partials for an opcode; and for kernels, rows on vectors and lists of operations.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

# The three flags before the last change no result: no errno, no traps, and no fused multiply-add, because eager mode
# rounds twice. Without the last, the time of a loop over operands varies by a quarter with its alignment.
FLAGS = ["-O2", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-falign-loops=32"]

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

/* Of m operands, those of sequences one after the other: the result, and the partials in d unless that is NULL. */
static inline double operate(int code, long m, const double *x, double *d) {
  double y = NAN;
  Result r;
  if (d) switch (code) {
LABELS_1      r = operate1(code, x[0]), d[0] = r.da;
      return r.y;
LABELS_2      r = operate2(code, x[0], x[1]), d[0] = r.da, d[1] = r.db;
      return r.y;
  }
  switch (code) {
CASES_M  }
  return y;
}

/* Memory for `count` doubles, until the next call with the GIL held; NULL if there is none. */
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


def load() -> tuple[ModuleType, ...]:
    """The table, the opcodes, the primitives, the formula reader and the vectors, without the rest of the package."""
    package = ModuleType("whygrad_table")
    package.__path__ = [str(Path(__file__).parent / "table")]
    sys.modules["whygrad_table"] = package
    names = ("rows", "opcodes", "primitives", "formula", "vectors")
    return tuple(import_module(f"whygrad_table.{name}") for name in names)


def header() -> str:
    """The text of the header.

    >>> "static inline double row_relu(double a) { return row_maximum(a, 0.0); }" in header()
    True
    """
    table, opcodes, primitives, formula, vectors = load()
    rows = table.TABLE.values()
    fixed, many = ([row for row in rows if row.variadic == variadic] for variadic in (False, True))
    functions = [_value(row, primitives.PRIMITIVES, formula) for row in fixed]
    prototypes = [text.split(" {")[0] + ";" for text in functions]
    functions += [
        f"static inline double next_{name}(double total, double a) {{ return {primitives.PRIMITIVES[name].c}; }}"
        for name in vectors.REDUCTIONS
    ]
    functions += [_function(row, primitives.PRIMITIVES, formula) for row in many]
    codes = ", ".join(f"{name.upper()} = {code}" for code, name in enumerate(opcodes.NAMES))
    switches = SWITCHES
    case = partial(_case, primitives=primitives.PRIMITIVES, formula=formula)
    x, d = ([f"{array}[{k}]" for k in range(9)] for array in "xd")
    small = [row for row in fixed if len(row.variables) < 3]
    cases = [
        f"    case {row.name.upper()}: y = row_{row.name}({', '.join(x[: len(row.variables)])}); break;\n"
        for row in small
    ]
    for count in (1, 2):
        chosen = [row for row in small if len(row.variables) == count]
        switches = switches.replace(f"LABELS_{count}", "".join(f"    case {row.name.upper()}:\n" for row in chosen))
        by_count = [case(row, ["a", "b"], ["r.da", "r.db"], "r.y") for row in chosen]
        switches = switches.replace(f"CASES_{count}", "".join(by_count))
    cases += [case(row, x, d, "y") for row in fixed if row not in small]
    cases += [f"    case {row.name.upper()}: y = row_{row.name}({_size(row)}, x, d); break;\n" for row in many]
    switches = switches.replace("CASES_M", "".join(cases))
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
            _on_vectors(table.TABLE, formula, vectors),
            *_lists(table.TABLE, primitives.PRIMITIVES, vectors),
            switches + "#endif\n",
        ]
    )


def node_header() -> str:
    """A node as a struct in C, with the slots that node.pxd declares.

    >>> "struct Node *a;" in node_header()
    True
    """
    text = (Path(__file__).parent / "core/node.pxd").read_text()
    slots = text.partition("class Node:")[2].partition("\ncdef")[0]
    declared = re.findall(r"^    cdef (?:readonly )?(void \*|long long |\w+ )(.*?)(?:  #.*)?$", slots, re.MULTILINE)
    types = {"Node ": "struct Node *", "tuple ": "PyObject *", "str ": "PyObject *", "void *": "Slab *"}
    fields = [types.get(kind, kind) + name.strip(" _") + ";" for kind, names in declared for name in names.split(",")]
    return "\n".join(["typedef struct Node {", "PyObject_HEAD", *fields, "} Node;\n"])


def _value(row: Any, primitives: Any, formula: Any) -> str:
    """The value of a row of a fixed number of operands."""
    body = f"return {_written(formula, [row.formula], row.variables)[1][0]};"
    if row.name in primitives:
        text = primitives[row.name].c
        body = text if "return" in text else f"return {text};"
    operands = ", ".join(f"double {v}" for v in row.variables)
    return f"static inline double row_{row.name}({operands}) {{ {body} }}"


def _function(row: Any, primitives: Any, formula: Any) -> str:
    """The C function of a row over sequences of length n: operands in x, partials into d; returns the result."""
    many = [v.isupper() for v in row.variables]
    starts = [f"{sum(many[:k])} * n + {many[:k].count(False)}" for k in range(len(many))]
    operands = [
        f"const double *{v} = x + {at};" if v.isupper() else f"double {v} = x[{at}];"
        for v, at in zip(row.variables, starts, strict=True)
    ]
    before, (y,) = _written(formula, [row.formula], row.variables)
    reductions, (_, *partials) = _written(formula, [row.formula, *row.partials], ("y", *row.variables))
    kept: dict[int, str] = {}  # where a loop keeps its elements, which the partials contain
    after = []
    for at, v, text in zip(starts, row.variables, partials, strict=True):
        if v.isupper():
            text, element = str(text[0] if isinstance(text, list) else text), f"d[{at} + i]"
            shared = [k for k, (*_, x) in enumerate(reductions) if "(" in x and x in text and k not in kept]
            if shared:
                kept[shared[0]] = element
                text = text.replace(reductions[shared[0]][2], element)
            after.append(f"for (long i = 0; i < n; i++) {element} = {text};")
        else:
            after.append(f"d[{at}] = {text};")
    loops = [_loop(primitives, reduction, kept.get(k, "")) for k, reduction in enumerate(reductions)]
    size = len(before)
    body = [*operands, *loops[:size], f"double y = {y};", "if (!d) return y;", *loops[size:], *after, "return y;"]
    return f"static inline double row_{row.name}(long n, const double *x, double *d) {{ {' '.join(body)} }}"


def _loop(primitives: Any, reduction: tuple[str, str, str], kept: str) -> str:
    """The loop of a reduction; `kept` says where its elements are kept for the partials."""
    variable, name, element = reduction
    step = f"double x_i = {element}; {variable} = next_{name}({variable}, x_i);" + f" if (d) {kept} = x_i;" * bool(kept)
    return f"double {variable} = {start_of(primitives[name])}; for (long i = 0; i < n; i++) {{ {step} }}"


def _written(formula: Any, formulas: list[str], operands: tuple[str, ...]) -> Any:
    """Formulas in C: their reductions, each as its variable, its name and the element that it reduces; the results."""
    return formula.written(formulas, operands, "row_{}({})".format, lambda *reduction: reduction)


def start_of(primitive: Any) -> str:
    """The initial total of a reduction, in C."""
    return repr(primitive.start).replace("inf", "HUGE_VAL")


def _case(row: Any, operands: list[str], partials: list[str], result: str, primitives: Any, formula: Any) -> str:
    """The switch case of a row with a fixed number of operands; each subexpression is computed once."""

    def write(name: str, *arguments: Any) -> str:
        text = primitives[name].python
        inline = isinstance(text, str)
        call = formula.in_place(text, *arguments) if inline else f"row_{name}({', '.join(map(str, arguments))})"
        return steps.setdefault(call, f"t{len(steps)}")

    steps: dict[str, str] = {}
    by_primitives = formula.Interpreter({name: partial(write, name) for name in primitives}, "C")
    variables = dict(zip(row.variables, operands, strict=False))
    variables["y"] = formula.evaluate(row.formula, variables, by_primitives)
    before = _statements(steps, 0)
    found = [formula.evaluate(text, variables, by_primitives) for text in row.partials]
    after = _statements(steps, len(before)) + [f"{d} = {x};" for d, x in zip(partials, found, strict=False)]
    body = " ".join([*before, f"{result} = {variables['y']};", *(["if (!d) break;"] if result == "y" else []), *after])
    return f"    case {row.name.upper()}: {{ {body} break; }}\n"


def _statements(steps: dict[str, str], first: int) -> list[str]:
    return [f"double {variable} = {text};" for text, variable in [*steps.items()][first:]]


def _size(row: Any) -> str:
    """The length of the sequences of a row with m operands."""
    sequences = sum(v.isupper() for v in row.variables)
    return f"(m - {len(row.variables) - sequences}) / {sequences}"


def _on_vectors(table: Any, formula: Any, vectors: Any) -> str:
    """The macro VECTOR_ROWS: arithmetic, then rows by their formulas; the functions in BY_HAND are only declared."""

    def call(name: str, *arguments: Any) -> str:
        if name not in vectors.ARITHMETIC and name not in found:
            found[name] = ""  # not again, from its own formula
            row = table[name]
            operands = dict.fromkeys(row.variables)
            text = formula.evaluate(row.formula, {v: v for v in operands}, call)
            found[name] = "" if name in vectors.BY_HAND else _function_of_vectors(name, row.variables, text)
        texts = [f"all({x!r})" if isinstance(x, float) else x for x in arguments]
        return f"VARIANT({name})({', '.join(texts)})"

    found: dict[str, str] = {}
    for name in vectors.FUNCTIONS:
        call(name)
    arithmetic = [_function_of_vectors(name, table[name].variables, text) for name, text in vectors.ARITHMETIC.items()]
    arithmetic += [_function_of_vectors(name, ("total", "a"), text) for name, text in vectors.REDUCTIONS.items()]
    prototypes = [f"INLINE vec VARIANT({name})({_vectors(table[name].variables)});" for name in found]
    return " \\\n  ".join(["#define VECTOR_ROWS", *arithmetic, *prototypes, *filter(None, found.values())])


def _function_of_vectors(name: str, operands: tuple[str, ...], text: str) -> str:
    return f"INLINE vec VARIANT({name})({_vectors(operands)}) {{ return {text}; }}"


def _vectors(operands: tuple[str, ...]) -> str:
    return ", ".join(f"vec {v}" for v in operands)


def _lists(table: Any, primitives: Any, vectors: Any) -> Iterator[str]:
    """What kernels do, as lists of `DO(opcode, ...)`.

    ARITHMETIC_n and LIBRARY_n are the primitives of n operands, those on vectors and the others, by their names;
    REDUCTIONS, FUNCTIONS and PAIRS are those of vectors.py.
    """

    def listed(name: str, entries: Iterable[tuple[str, ...]]) -> str:
        return f"#define {name}(DO) " + " ".join(f"DO({code.upper()}, {', '.join(rest)})" for code, *rest in entries)

    for count in (1, 2, 3):
        names = [name for name in primitives if table[name].variables == tuple("abc"[:count])]
        names = [name for name in names if name not in vectors.BY_HAND]
        for kind, chosen in (("ARITHMETIC", True), ("LIBRARY", False)):
            yield listed(f"{kind}_{count}", [(x, x) for x in names if (x in vectors.ARITHMETIC) == chosen])
    yield listed("REDUCTIONS", [(name, name, start_of(primitives[name])) for name in vectors.REDUCTIONS])
    yield listed("FUNCTIONS", [(name, name) for name in vectors.FUNCTIONS])
    yield listed("PAIRS", [(f"pair_{name}", name, partner) for name, partner in vectors.PAIRS.items()])
