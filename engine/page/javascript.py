"""The table in JavaScript: the rows' formulas read over an algebra of program text, for the page.

What a row defined by itself means is written by hand, once, in `SPELLINGS`, as `KERNELS` is for floats; the
values, slopes and textbook forms of all others follow from the rows. Sequences are arrays.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..core import TABLE, evaluate

# By the IEEE rules that Python's kernels keep. erf is its series near 0 and a continued fraction farther out, both
# of positive terms alone, times gauss(a) = exp(-a²), which is exact to the last digits.
SPELLINGS = {
    "div": "(a, b) => a / b",
    "pow": "(a, b) => a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b",
    "abs": "Math.abs",
    "exp": "Math.exp",
    "log": "Math.log",
    "log1p": "Math.log1p",
    "sqrt": "Math.sqrt",
    "tanh": "Math.tanh",
    "sin": "Math.sin",
    "cos": "Math.cos",
    "floor": "Math.floor",
    "maximum": "(a, b) => a >= b || a !== a ? a : b",
    "minimum": "(a, b) => a <= b || a !== a ? a : b",
    "above": "(a, b) => a > b ? 1 : a <= b ? 0 : NaN",
    "times": "(a, b) => a === 0 ? 0 : a * b",
    "mod": """(a, b) => {
    const rest = a % b;
    return rest === 0 ? (b < 0 ? -0 : 0) : rest < 0 !== b < 0 ? rest + b : rest;
  }""",
    "rest": """(a, b) => {
    const rounded = a - b, minusB = rounded - a, rest = (a - (rounded - minusB)) - (b + minusB);
    return Number.isFinite(rest) ? rest : 0;
  }""",
    "sum": "A => A.reduce((total, a) => total + a, 0)",
    "shift": """A => {
    const largest = A.length ? A.reduce((a, b) => b > a ? b : a) : 0;
    return Number.isFinite(largest) ? largest : 0;
  }""",
    "erf": """a => {
    const x = Math.abs(a);
    if (x < 1) {
      let sum = x, term = x;
      for (let n = 3; term > sum * 1e-17; n += 2) sum += term *= 2 * x * x / n;
      return Math.sign(a) * 1.1283791670955126 * f.gauss(x) * sum;
    }
    let fraction = x;
    for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
    return x < 6 ? Math.sign(a) * (1 - 0.5641895835477563 * f.gauss(x) / fraction) : Math.sign(a);
  }""",
}


def program(names: Iterable[str]) -> str:
    """JavaScript for the rows of these names: their values `f`, their `slopes`, textbook `forms` and `operands`.

    `f.name(a, b)` gives the result and `slopes.name(y, a, b)` an array with a partial for each operand, itself an
    array where the operand is one; `forms.name(y, a)` is the textbook form of the slope, and `operands.name` "ab".
    A row that is defined by itself and has no JavaScript in `SPELLINGS` is a ValueError.

    >>> print(program(["neg"]))
    const f = {
      "neg": (a) => (-a),
    };
    const slopes = {
      "neg": (y, a) => [(-1.0)],
    };
    const forms = {
    };
    const operands = {
      "neg": "a",
    };
    """
    rows = {name: TABLE[name] for name in sorted(set(names))}
    known = {name: row for name, row in rows.items() if row.textbook and not row.variadic}
    slopes = {name: _arrow(("y", *row.variables), row.partials, "[{}]") for name, row in rows.items()}
    forms = {name: _arrow(("y", *row.variables), [row.textbook]) for name, row in known.items()}
    operands = {name: json.dumps("".join(row.variables)) for name, row in rows.items()}
    calls = [call for text in (*slopes.values(), *forms.values()) for call in _calls(text)]
    parts = {"f": _values([*rows, *calls]), "slopes": slopes, "forms": forms, "operands": operands}
    return "\n".join(_object(name, entries) for name, entries in parts.items())


def _object(name: str, entries: dict[str, str]) -> str:
    lines = [f"  {json.dumps(key)}: {text}," for key, text in entries.items()]
    return "\n".join([f"const {name} = {{", *lines, "};"])


def _values(names: Iterable[str]) -> dict[str, str]:
    """The values of these rows and of all that they call."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _value(name)
            waiting += _calls(found[name])
    return dict(sorted(found.items()))


def _calls(text: str) -> list[str]:
    return re.findall(r"\bf\.(\w+)\(", text)


def _value(name: str) -> str:
    if name in SPELLINGS:
        return SPELLINGS[name]
    if TABLE[name].formula.startswith(f"{name}("):
        raise ValueError(
            f"the page cannot compute {name}: define its row by a formula of other rows, "
            f"or add JavaScript for it to engine.page.javascript.SPELLINGS"
        )
    return _arrow(TABLE[name].variables, [TABLE[name].formula])


def _arrow(parameters: Sequence[str], formulas: Iterable[str], result: str = "{}") -> str:
    """A function of these parameters. A sequence is written by its element `A[i]` until it is used as a whole."""
    sequence = next((name for name in parameters if name.isupper()), "")
    reductions: dict[str, str] = {}

    def whole(text: Any) -> str:
        if not isinstance(text, list):
            return str(text)
        element = re.fullmatch(r"([A-Z])\[i\]", text[0])
        return element[1] if element else f"{sequence}.map((_, i) => {text[0]})"

    def apply(name: str, *arguments: Any) -> str:
        if not TABLE[name].variadic:
            return _write(name, *arguments)
        call = f"f.{name}({', '.join(map(whole, arguments))})"
        return reductions.setdefault(call, f"t{len(reductions)}")  # once, not once an element

    operands: dict[str, Any] = {name: [f"{name}[i]"] if name.isupper() else name for name in parameters}
    results = result.format(", ".join(whole(evaluate(formula, operands, apply)) for formula in formulas))
    steps = "".join(f"const {name} = {call}; " for call, name in reductions.items())
    return f"({', '.join(parameters)}) => " + (f"{{ {steps}return {results}; }}" if steps else results)


def _write(name: str, *arguments: Any) -> str:
    match name, arguments:
        case (("add" | "sub" | "mul" | "div"), (a, b)):
            return f"({a} {TABLE[name].sign} {b})"
        case "neg", (a,):
            return f"(-{a})"
    return f"f.{name}({', '.join(map(str, arguments))})"
