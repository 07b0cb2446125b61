# cython: infer_types=True
"""Translates a graph of Values to a program."""

from __future__ import annotations

from ..core import INPUT, PARAMETER, Value
from ..structure import flatten, new_ints
from .program import Program


def trace(output: Value, inputs: dict[Value, int], newest: int) -> tuple[Program, list[Value]]:
    """The graph behind `output` as a program, and its parameters: the leaves not younger than `newest`.

    >>> from engine import Value
    >>> x, w = Value(1.0), Value(2.0)
    >>> program, parameters = trace(x * w + 3.0, {x: 0}, w.serial)
    >>> print(program)
    v1 = x0
    v2 = p0
    v3 = v1 * v2
    v5 = v3 + 3
    return v5
    """
    graph = flatten(output)
    program = Program(len(graph.codes) + len(inputs), len(graph.operands) + len(inputs))
    parameters: list[Value] = []
    instruction = new_ints(len(graph.nodes))  # of each node; 0 where it is not written yet, or is the number 1
    codes, starts, operands = graph.codes, graph.starts, graph.operands
    for i in range(len(codes) - 1, -1, -1):
        for k in range(starts[i], starts[i + 1]):
            if not instruction[operands[k]]:
                instruction[operands[k]] = _leaf(program, graph.nodes[operands[k]], inputs, newest, parameters)
        at = program.append(codes[i], starts[i + 1] - starts[i])
        for k in range(starts[i], starts[i + 1]):
            program.args[at + k - starts[i]] = instruction[operands[k]]
        instruction[i] = program.size - 1
    program.outputs = [instruction[0] or _leaf(program, output, inputs, newest, parameters)]
    return program, parameters


def _leaf(program: Program, value: Value, inputs: dict[Value, int], newest: int, parameters: list[Value]) -> int:
    """Write an input, a constant or a parameter."""
    number = inputs.get(value)
    if number is not None:
        return program.emit(INPUT, number)
    if value.serial > newest:
        return program.constant(value._number)
    parameters.append(value)
    return program.emit(PARAMETER, len(parameters) - 1)
