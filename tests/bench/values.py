"""A scalar engine of the smallest kind: a node keeps its operands and its local derivatives, and no closure.

Written for this comparison after the idea of microgpt; its `backward` recurs, and so breaks on deep graphs.
"""

import math


class Tiny:
    """A number that knows its operands and the derivatives in each."""

    __slots__ = ("data", "grad", "local", "operands")

    def __init__(self, data, operands=(), local=()):
        self.data, self.operands, self.local, self.grad = data, operands, local, 0.0

    def __add__(self, other):
        other = other if isinstance(other, Tiny) else Tiny(other)
        return Tiny(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Tiny) else Tiny(other)
        return Tiny(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power):
        return Tiny(self.data**power, (self,), (power * self.data ** (power - 1),))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        y = math.exp(self.data)
        return Tiny(y, (self,), (y,))

    def log(self):
        return Tiny(math.log(self.data), (self,), (1.0 / self.data,))

    def tanh(self):
        y = math.tanh(self.data)
        return Tiny(y, (self,), (1.0 - y * y,))

    def relu(self):
        return Tiny(max(0.0, self.data), (self,), (float(self.data > 0.0),))

    def erf(self):
        slope = 2.0 / math.sqrt(math.pi) * math.exp(-self.data * self.data)
        return Tiny(math.erf(self.data), (self,), (slope,))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, slope in zip(node.operands, node.local, strict=True):
                operand.grad += slope * node.grad
