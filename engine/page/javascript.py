"""The table in JavaScript: the primitives as their entries spell them, and all other rows by their formulas.

Sequences are arrays.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..core import PRIMITIVES, TABLE, Row, missing, written


def program(names: Iterable[str]) -> str:
    """JavaScript for these rows, with values `f`, `slopes`, textbook `forms`, and what `rows` says in formulas.

    `f.name(a, b)` gives the result and `slopes.name(y, a, b)` an array with a partial for each operand, itself an
    array where the operand is one; `forms.name(y, a)` is the textbook form of the slope. A primitive that has no
    JavaScript is a ValueError.

    >>> print(program(["neg"]))
    const f = {
      "neg": (a) => (-a),
    };
    const slopes = {
      "neg": (y, a) => [(-1.0)],
    };
    const forms = {
    };
    const rows = {
      "neg": {"sign": "-", "operands": ["a"], "partials": ["-1"], "textbook": ""},
    };
    """
    table = {name: TABLE[name] for name in sorted(set(names))}
    known = {name: row for name, row in table.items() if row.textbook and not row.variadic}
    slopes = {name: _arrow(("y", *row.variables), row.partials, "[{}]") for name, row in table.items()}
    forms = {name: _arrow(("y", *row.variables), [row.textbook]) for name, row in known.items()}
    calls = [call for text in (*slopes.values(), *forms.values()) for call in _calls(text)]
    said = {name: json.dumps(_formulas(row), ensure_ascii=False) for name, row in table.items()}
    parts = {"f": _values([*table, *calls]), "slopes": slopes, "forms": forms, "rows": said}
    return "\n".join(_object(name, entries) for name, entries in parts.items())


def runnable() -> list[str]:
    """The rows that JavaScript can run: all but those of a primitive in Python alone."""

    def runs(name: str) -> bool:
        try:
            program([name])
        except ValueError:
            return False
        return True

    return [name for name in TABLE if runs(name)]


def _formulas(row: Row) -> dict[str, Any]:
    return {
        "sign": row.sign,
        "operands": list(row.variables),
        "partials": [str(partial) for partial in row.partials],
        "textbook": row.textbook,
    }


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
    primitive = PRIMITIVES.get(name)
    if primitive is None or isinstance(primitive.python, str):
        return _arrow(TABLE[name].variables, [TABLE[name].formula])
    if not primitive.javascript:
        raise ValueError(missing(name, "the page"))
    if primitive.start is not None:
        start = str(primitive.start).replace("inf", "Infinity")
        return f"A => A.reduce((total, a) => {primitive.javascript}, {start})"
    body = primitive.javascript
    return f"({', '.join(TABLE[name].variables)}) => {f'{{ {body} }}' if 'return' in body else body}"


def _arrow(parameters: Sequence[str], formulas: Iterable[str], result: str = "{}") -> str:
    """A function of these parameters."""
    sequence = next((name for name in parameters if name.isupper()), "")

    def whole(text: Any) -> str:
        if not isinstance(text, list):
            return str(text)
        element = re.fullmatch(r"([A-Z])\[i\]", text[0])
        return element[1] if element else f"{sequence}.map((_, i) => {text[0]})"

    def reduce(variable: str, name: str, text: str) -> str:
        return f"const {variable} = f.{name}({whole([text])}); "

    steps, results = written(formulas, parameters, "f.{}({})".format, reduce)
    text = result.format(", ".join(map(whole, results)))
    return f"({', '.join(parameters)}) => " + (f"{{ {''.join(steps)}return {text}; }}" if steps else text)
