"""From a graph of Values to the program that computes it."""

from __future__ import annotations

from ..core.graph import MOST, marks, order
from ..core.opcodes import INPUT, PARAMETER, code_of
from ..core.value import Value
from .integers import Integers, integers
from .program import Program

try:
    import cython
except ImportError:  # only the compiler needs it
    from ..core import _cython as cython

AHEAD = 12  # nodes: their memory is asked for so long before it is read, for it is slow and they are scattered over it

if not cython.compiled:  # else what trace.pxd says

    def fetch(nodes: list[Value], n: int) -> None:
        """Ask for the memory of the nodes that come soon after the n-th, and of their operands."""


def trace(output: Value, inputs: dict[Value, int], newest: int) -> tuple[Program, list[Value]]:
    """The graph behind `output` as a program, and its parameters: the leaves not younger than `newest`.

    >>> from engine.core.value import Value
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
    for n in range(len(nodes)):
        fetch(nodes, n)
        tracer.write(nodes[n])
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
        self.operands = Integers()
        self.names: list[str | None] = [None] * 64
        self.codes = integers(64)

    def write(self, node: Value) -> None:
        """An operation, whose operands are written already if they are operations."""
        program, code, a, b = self.program, self.code(node.op), node._a, node._b
        if a is None:
            self.operands.size = 0
            for value in node._lists[0]:
                self.operands.append(self.find(value))
            place = program.emit_all(code, self.operands)
        elif b is None:
            place = program.emit_one(code, self.find(a))
        else:
            place = program.emit_two(code, self.find(a), self.find(b))
        node._mark = self.zero + place

    def code(self, name: str) -> int:
        """The code of a row: the last name of each hash is remembered, which is faster than a dict."""
        slot = hash(name) & 63
        if self.names[slot] is not name:
            self.names[slot], self.codes[slot] = name, code_of(name)
        return self.codes[slot]

    def find(self, value: Value) -> int:
        """The instruction of a Value, a leaf being written when it is first seen."""
        place = value._mark - self.zero
        if 0 < place < MOST:
            return place
        found = self.leaves.get(value.serial)
        if found is None:
            found = self.leaves[value.serial] = self.leaf(value)
        return found

    def leaf(self, value: Value) -> int:
        """Write an input, a constant or a parameter."""
        place = self.inputs.get(value)
        if place is not None:
            return self.program.emit_one(INPUT, place)
        if value.serial > self.newest:
            return self.program.constant(value.data)
        self.parameters.append(value)
        return self.program.emit_one(PARAMETER, len(self.parameters) - 1)
