"""The weighted sums of a network, term by term: which edges lead to weights, to inputs and to biases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from operator import or_
from typing import NamedTuple, TypeAlias

from ..core import NAMES
from .arrays import Ints
from .linear_forms import Forms
from .loss_graph import LossGraph
from .sweeps import dependent

SUMS = {"add", "sub", "neg", "sum"}
SCALED = SUMS | {"mul", "div"}
ACTIVATIONS = ("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus")
FUNCTIONS = (*ACTIVATIONS, "sin", "cos", "exp")  # that may be applied to a sum, and are no activation by themselves


Columns: TypeAlias = tuple[int, int, int, int]  # of a Term


class Term(NamedTuple):
    """One product of a weighted sum: its two edges and the nodes that they lead to."""

    weight_edge: int
    input_edge: int
    weight: int
    input: int


class Bias(NamedTuple):
    """A parameter that is added to a weighted sum, and the edge to it."""

    edge: int
    node: int


class Products(NamedTuple):
    """The terms of a sum as columns: edges to weights and to inputs, and the nodes that they lead to."""

    weight_edges: list[int]
    input_edges: list[int]
    weights: list[int]
    inputs: list[int]


@dataclass(eq=False)
class Occurrence:
    """A unit on one example, or at one step: its sum z, the terms of z, and its activation if it has one."""

    z: int
    activation: int | None
    products: Products
    biases: list[Bias]

    @cached_property
    def terms(self) -> list[Term]:
        """Its products, one by one."""
        return list(map(partial(tuple.__new__, Term), zip(*self.products, strict=True)))  # faster than Term._make

    @property
    def output(self) -> int:
        """The node that the next layer reads."""
        return self.z if self.activation is None else self.activation


class WeightedSums:
    """Reads the sums of a graph, given the linear forms of its parameters.

    >>> from ..core import Value
    >>> w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(0.5, "b")
    >>> graph = LossGraph((w * x + b).tanh() - 1.0, [w, b])
    >>> (o,) = WeightedSums(graph, Forms(graph.flattened)).occurrences(graph.of("add"))
    >>> [[graph.nodes[i].label for i in (t.weight, t.input)] for t in o.terms], graph.nodes[o.biases[0].node].label
    ([['w', 'x']], 'b')
    """

    def __init__(self, graph: LossGraph, forms: Forms) -> None:
        self.graph, self.forms, self.size = graph, forms, len(graph.flattened.codes)

    def occurrences(self, sums: Ints) -> list[Occurrence]:
        """The weighted sums inside these complete sums, in the order of creation; those without a weight are left out.

        In z - y, logsumexp(...) - z, 1 - y * z and 0.5 * z it is z.
        """
        found = [self._occurrence(z) for z in self._inner(sums)]
        return [o for o in found if o.products.weights]

    def first(self, sums: Ints) -> tuple[Occurrence | None, int]:
        """The first of these weighted sums, and how many they are: those of one unit all have its weights."""
        inner = self._inner(sums)
        found = self._occurrence(inner[0]) if inner else None
        return (found, len(inner)) if found and found.products.weights else (None, 0)

    def _inner(self, sums: Ints) -> list[int]:
        return [z for z in sorted({self._innermost(i) for i in sums}, reverse=True) if z < self.size]

    # Lists, which are read faster than arrays, made when sums are asked for.

    @cached_property
    def _ops(self) -> list[str]:
        return [NAMES[code] for code in self.graph.flattened.codes] + [""] * (len(self.graph.nodes) - self.size)

    @cached_property
    def _starts(self) -> list[int]:
        return list(self.graph.flattened.starts)

    @cached_property
    def _operands(self) -> list[int]:
        return list(self.graph.flattened.operands)

    @cached_property
    def _is_parameter(self) -> list[bool]:
        found = [False] * len(self.graph.nodes)
        for i in self.forms.parameters:
            found[i] = True
        return found

    @cached_property
    def _is_part(self) -> list[bool]:
        """Whether each node is a parameter or a sum of some."""
        return list(map(or_, self._is_parameter, self.forms.are_sums()))

    @cached_property
    def _depends(self) -> list[int]:
        return list(dependent(self.graph.flattened, self.forms.parameters))

    @cached_property
    def _activations(self) -> dict[int, int]:
        """By sum, the newest function of one operand that is applied to it."""
        found: dict[int, int] = {}
        for i in sorted((i for op in FUNCTIONS for i in self.graph.of(op)), reverse=True):
            found[self._operands[self._starts[i]]] = i
        return found

    def _innermost(self, i: int) -> int:
        while self._ops[i] in SCALED and self._product(i) is None:
            operands = self._operands[self._starts[i] : self._starts[i + 1]]
            inside = [j for j in operands if self._is_part[j]]
            if len(inside) != 1 or self._is_parameter[inside[0]]:
                break
            op = self._ops[i]
            is_shift = op in ("add", "sum") or (op == "sub" and operands[0] == inside[0])
            given = not any(self._depends[j] for j in operands if j != inside[0])
            if is_shift and given and i in self._activations:  # a bias that is a number
                break
            i = inside[0]
        return i

    def _product(self, i: int) -> Columns | None:
        """A parameter times data."""
        if self._ops[i] != "mul":
            return None
        k = self._starts[i]
        return self._term(k, k + 1)

    def _term(self, a: int, b: int) -> Columns | None:
        """The edges of a product as a term, if one of them leads to a parameter and the other to data."""
        i, j = self._operands[a], self._operands[b]
        if self._is_parameter[i] == self._is_parameter[j]:
            return None
        return (a, b, i, j) if self._is_parameter[i] else (b, a, j, i)

    def _of_dot(self, i: int) -> Iterable[Columns]:
        """The products of a dot: a weight in one of its halves, and data in the other."""
        first, last = self._starts[i], self._starts[i + 1] - 1
        middle = first + (last - first) // 2
        weights, inputs = self._operands[first:middle], self._operands[middle:last]
        if all(self._is_parameter[j] for j in weights) and not any(self._is_parameter[j] for j in inputs):
            return zip(range(first, middle), range(middle, last), weights, inputs, strict=True)
        return filter(None, map(self._term, range(first, middle), range(middle, last)))

    def _occurrence(self, z: int) -> Occurrence:
        ops, operands, starts, results = self._ops, self._operands, self._starts, self.graph.flattened.results
        terms, biases, stack = list[Columns](), list[Bias](), [(z, -1)]
        while stack:
            j, edge = stack.pop()
            if self._is_parameter[j]:
                biases.append(Bias(edge, j))
            elif ops[j] == "dot":
                terms += self._of_dot(j)
                last = starts[j + 1] - 1
                if self._is_part[operands[last]]:
                    stack.append((operands[last], last))
            elif (product := self._product(j)) is not None:
                terms.append(product)
            elif ops[j] in SCALED and (j == z or self._is_part[j]):
                for k in range(starts[j + 1] - 1, starts[j] - 1, -1):
                    if self._is_part[operands[k]]:
                        stack.append((operands[k], k))
        if len({results[term[0]] for term in terms}) > 1:  # those of one dot are in the order of its operands
            terms.sort(key=lambda term: (-results[term[0]], term[0]))  # in the order of creation
        columns = map(list, zip(*terms, strict=True)) if terms else ([], [], [], [])
        return Occurrence(z, self._activations.get(z), Products(*columns), biases)
