"""The table for people, in Markdown: `python -m engine.table` prints what the README shows."""

from .rows import NAMED, TABLE, Row

CONSTANTS = {
    "1.1283791670955126": "(2/√π)",
    "0.8862269254527579": "(√π/2)",
    "0.3989422804014327": "(1/√(2π))",
    "0.7071067811865476": "(1/√2)",
    "0.6931471805599453": "(log 2)",
    "1.4426950408889634": "(1/log 2)",
    "0.43429448190325176": "(1/log 10)",
    "1.0507009873554805": "1.0507",
    "1.7580993408473766": "1.7581",
}


def markdown() -> str:
    """The public rows: for each its call, its formula and its partials."""
    lines = ["| | is | partials |", "|:--|:--|:--|", *map(_line, map(TABLE.__getitem__, NAMED))]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    call = f"{row.name}({', '.join(row.variables)})"
    partials = [row.textbook or row.partials[0], *row.partials[1:]]
    is_primitive = row.formula == call
    return f"| `{call}` | {'' if is_primitive else _code(row.formula)} | {', '.join(map(_code, partials))} |"


def _code(formula: str) -> str:
    for number, name in CONSTANTS.items():
        formula = formula.replace(number, name)
    return f"`{formula}`"


if __name__ == "__main__":
    print(markdown(), end="")
