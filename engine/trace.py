"""From a graph of Values to the program that computes it."""

from __future__ import annotations

from .graph import order
from .program import INPUT, PARAMETER, Program, code_of, integers
from .value import Value


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
    tracer = Tracer(inputs, newest, Value(0.0).serial)
    for node in order(output):
        tracer.write(node)
    tracer.program.outputs = [tracer.find(output)]
    return tracer.program, tracer.parameters


class Tracer:
    """The program so far, and where in it every Value is, by its serial: a list of what is younger than parameters."""

    def __init__(self, inputs: dict[Value, int], newest: int, latest: int) -> None:
        self.program = Program()
        self.parameters: list[Value] = []
        self.inputs, self.newest = inputs, newest
        self.younger = integers(latest - newest)
        self.older: dict[int, int] = {}
        self.codes: dict[str, int] = {}

    def write(self, node: Value) -> None:
        """An operation, whose operands are written already if they are operations."""
        code = self.codes.get(node.op)
        if code is None:
            code = self.codes[node.op] = code_of(node.op)
        program, a, b = self.program, node._a, node._b
        if a is not None:
            first, second = self.find(a), self.find(b) if b is not None else 0  # which writes the leaves
            at = program.append(code, 1 if b is None else 2)
            program.args[at] = first
            if b is not None:
                program.args[at + 1] = second
        else:
            program.emit_many(code, [self.find(value) for value in node.operands])
        self.note(node, len(program) - 1)

    def find(self, value: Value) -> int:
        """The instruction of a Value, a leaf being written when it is first seen."""
        age = value.serial - self.newest
        found = self.younger[age] if age > 0 else self.older.get(value.serial, 0)
        if found or value.op:
            return found
        found = self.leaf(value)
        self.note(value, found)
        return found

    def note(self, value: Value, i: int) -> None:
        """Remember where a Value is."""
        age = value.serial - self.newest
        if age > 0:
            self.younger[age] = i
        else:
            self.older[value.serial] = i

    def leaf(self, value: Value) -> int:
        """Write an input, a constant or a parameter."""
        if value in self.inputs:
            return self.program.emit(INPUT, self.inputs[value])
        if value.serial > self.newest:
            return self.program.constant(value.data)
        self.parameters.append(value)
        return self.program.emit(PARAMETER, len(self.parameters) - 1)
