"""From a graph of Values to the program that computes it."""

from __future__ import annotations

from .codes import INPUT, PARAMETER, code_of
from .graph import marks, order
from .integers import Integers
from .program import Program
from .value import Value

MOST = 1 << 31  # instructions that a program can have


def trace(output: Value, inputs: dict[Value, int], newest: int) -> tuple[Program, list[Value]]:
    """The graph behind `output` as a program, and its parameters: the leaves not younger than `newest`.

    >>> from engine.value import Value
    >>> x, w = Value(1.0), Value(2.0)
    >>> program, parameters = trace(x * w + 3.0, {x: 0}, w.serial)
    >>> print(program)
    v1 = x0
    v2 = p0
    v3 = v1 * v2
    v5 = v3 + 3
    return v5
    """
    nodes = order(output)
    tracer = Tracer(inputs, newest, len(nodes))
    for node in nodes:
        tracer.write(node)
    tracer.program.outputs = [tracer.find(output)]
    return tracer.program, tracer.parameters


class Tracer:
    """The program so far, and where in it every Value is: an operation's mark tells, as after a search of the graph.

    Leaves aren't marked: those that existed before may at the same time be in the graph of another thread.
    """

    def __init__(self, inputs: dict[Value, int], newest: int, operations: int) -> None:
        self.program = Program(operations + len(inputs), 2 * operations + len(inputs))
        self.parameters: list[Value] = []
        self.inputs, self.newest = inputs, newest
        self.zero = marks(MOST)  # the mark of instruction 0
        self.leaves: dict[int, int] = {}  # by serial
        self.codes: dict[str, int] = {}
        self.operands = Integers()

    def write(self, node: Value) -> None:
        """An operation, whose operands are written already if they are operations."""
        code = self.codes.get(node.op)
        if code is None:
            code = self.codes[node.op] = code_of(node.op)
        program, operands, a, b = self.program, self.operands, node._a, node._b
        operands.size = 0
        if a is None:
            for value in node._lists[0]:
                operands.append(self.find(value))
        else:
            operands.append(self.find(a))
            if b is not None:
                operands.append(self.find(b))
        at = program.append(code, operands.size)
        for n in range(operands.size):
            program.args[at + n] = operands.items[n]
        node._mark = self.zero + program.size - 1

    def find(self, value: Value) -> int:
        """The instruction of a Value, a leaf being written when it is first seen."""
        if value.op:
            return value._mark - self.zero
        if value.serial > self.newest:
            return self.program.constant(value.data)
        found = self.leaves.get(value.serial)
        if found is None:
            found = self.leaves[value.serial] = self.leaf(value)
        return found

    def leaf(self, value: Value) -> int:
        """Write an input or a parameter."""
        if value in self.inputs:
            return self.program.emit(INPUT, self.inputs[value])
        self.parameters.append(value)
        return self.program.emit(PARAMETER, len(self.parameters) - 1)
