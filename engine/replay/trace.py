# cython: infer_types=True
"""Translates a graph of Values to a program."""

from __future__ import annotations

from ..core import INPUT, PARAMETER, Value
from ..structure import FlattenedGraph, flatten, new_ints
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
    tracer = Tracer(flatten(output), inputs, newest)
    tracer.write()
    return tracer.program, tracer.parameters


class Tracer:
    """A program that is being written from a flattened graph, and the instruction of every node."""

    def __init__(self, graph: FlattenedGraph, inputs: dict[Value, int], newest: int) -> None:
        self.graph, self.inputs, self.newest = graph, inputs, newest
        self.program = Program(len(graph.codes) + len(inputs), len(graph.operands) + len(inputs))
        self.parameters: list[Value] = []
        self.instruction = new_ints(len(graph.nodes))  # of each node; 0 where it is not written yet, or is the number 1

    def write(self) -> None:
        """Write the operations, operands first, and each leaf before its first use."""
        graph, program, instruction = self.graph, self.program, self.instruction
        codes, starts, operands = graph.codes, graph.starts, graph.operands
        for i in range(len(graph.codes) - 1, -1, -1):
            for k in range(starts[i], starts[i + 1]):
                if not instruction[operands[k]]:
                    instruction[operands[k]] = self.leaf(operands[k])
            at = program.append(codes[i], starts[i + 1] - starts[i])
            for k in range(starts[i], starts[i + 1]):
                program.args[at + k - starts[i]] = instruction[operands[k]]
            instruction[i] = program.size - 1
        program.outputs = [instruction[0] or self.leaf(0)]

    def leaf(self, i: int) -> int:
        """Write an input, a constant or a parameter."""
        value = self.graph.nodes[i]
        number = self.inputs.get(value)
        if number is not None:
            return self.program.emit_one(INPUT, number)
        if value.serial > self.newest:
            return self.program.constant(value._data)
        self.parameters.append(value)
        return self.program.emit_one(PARAMETER, len(self.parameters) - 1)
