# cython: boundscheck=False, wraparound=False, infer_types=True
"""The weighted sums of a network, term by term: which edges lead to weights, to inputs and to biases."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

from ..core import ADD, DOT, MUL, NAMES, SUB, SUM
from .arrays import Groups, Ints, ints_of, new_ints
from .flattened import FlattenedGraph
from .linear_forms import Forms
from .loss_graph import LossGraph
from .scans import taken
from .sweeps import dependent

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else pointers, by weighted_sums.pxd
    from .arrays import ints
    from .linear_forms import GIVEN

ACTIVATIONS = ("sigmoid", "tanh", "erf", "relu", "leaky_relu", "softplus")
FUNCTIONS = (*ACTIVATIONS, "sin", "cos", "exp")  # applied to a sum; sin, cos and exp alone do not make a unit
NONE = -1  # instead of an index


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
    _sums: WeightedSums = field(repr=False)  # reads the terms when they are asked for: few occurrences are

    @cached_property
    def _parts(self) -> tuple[Products, list[Bias]]:
        return self._sums.parts(self.z)

    @property
    def products(self) -> Products:
        """Its products, as columns."""
        return self._parts[0]

    @property
    def biases(self) -> list[Bias]:
        """The parameters that are added to its products."""
        return self._parts[1]

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
    >>> (o,) = WeightedSums(graph, Forms(graph.flattened, graph.parameters)).occurrences(graph.of("add"))
    >>> [[graph.nodes[i].label for i in (t.weight, t.input)] for t in o.terms], graph.nodes[o.biases[0].node].label
    ([['w', 'x']], 'b')
    """

    def __init__(self, graph: LossGraph, forms: Forms) -> None:
        self.graph, self.forms = graph, forms

    def occurrences(self, sums: Ints) -> list[Occurrence]:
        """The weighted sums inside these complete sums, in the order of creation; those without a weight are left out.

        In z - y, logsumexp(...) - z, 1 - y * z and 0.5 * z it is z.
        """
        return [self.occurrence(z) for z in self._weighted(self._inner(sums))]

    def firsts(self, sums: Groups) -> tuple[Ints, Ints]:
        """By group of sums, the index of its first weighted sum, and their count; -1 and 0 without any."""
        groups = len(sums.starts) - 1
        found, inside = (new_ints(groups), new_ints(groups)), self._innermost(sums.members)
        seen = new_ints(len(self.graph.nodes))  # the last group that each sum was found in, from 1
        first, counts, inner, starts, met = ints(found[0]), ints(found[1]), ints(inside), ints(sums.starts), ints(seen)
        form_of, weighted = ints(self.forms.form_of), ints(self.forms.weighted)
        for n in range(groups):
            first[n] = NONE
            for k in range(starts[n], starts[n + 1]):
                z = inner[k]
                if weighted[form_of[z]] and met[z] <= n:
                    met[z] = n + 1
                    counts[n] += 1
                    first[n] = max(first[n], z)
        return found

    def functions(self, sums: Ints) -> Ints:
        """The opcodes of the functions that are applied to sums, 0 if none; a sum may be missing, with the index -1."""
        codes, activations, wanted = ints(self.graph.flattened.codes), ints(self._activations), ints(sums)
        opcodes = new_ints(len(sums))
        found = ints(opcodes)
        for n in range(len(sums)):
            if wanted[n] != NONE and activations[wanted[n]] != NONE:
                found[n] = codes[activations[wanted[n]]]
        return opcodes

    def distinct(self, sums: Ints) -> list[Occurrence]:
        """The weighted sums that may differ in their weights and biases: the first alone where all have one form."""
        inner = self._inner(sums)
        are_alike = len(set(taken(self.forms.form_of, ints_of(inner)))) < 2
        return [self.occurrence(z) for z in self._weighted(inner[:1] if are_alike else inner)]

    def _weighted(self, sums: list[int]) -> list[int]:
        """Those of the sums that have a weight."""
        return [z for z in sums if self.forms.weighted[self.forms.form_of[z]]]

    def activation(self, z: int) -> int | None:
        """The function that is applied to a sum, if any."""
        return None if self._activations[z] == NONE else self._activations[z]

    def _inner(self, sums: Ints) -> list[int]:
        """The innermost sum of each, in the order of creation, without duplicates."""
        found = self._innermost(sums)
        return list(found) if found == sums else sorted(set(found), reverse=True)

    def _innermost(self, sums: Ints) -> Ints:
        """The innermost sum of each."""
        graph, first_sum, found = self.graph.flattened, self.forms.first_sum, new_ints(len(sums))
        codes, starts, operands, form_of = (
            ints(graph.codes),
            ints(graph.starts),
            ints(graph.operands),
            ints(self.forms.form_of),
        )
        depends, activations, given, inner = ints(self._depends), ints(self._activations), ints(sums), ints(found)
        for n in range(len(sums)):
            i, z = given[n], NONE
            while i != NONE:
                z = i
                i = _inside(z, codes, starts, operands, form_of, depends, activations, first_sum)
            inner[n] = z
        return found

    @cached_property
    def _depends(self) -> Ints:
        return dependent(self.graph.flattened, self.forms.parameters)

    @cached_property
    def _activations(self) -> Ints:
        """By index, the newest function of one operand that is applied to a node, else NONE."""
        graph, found = self.graph.flattened, ints_of((NONE,)) * len(self.graph.nodes)
        by_code = ints_of([name in FUNCTIONS for name in NAMES])  # with the rows added since this was imported
        is_function = ints(by_code)
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        newest = ints(found)
        for i in range(len(graph.codes) - 1, -1, -1):
            if is_function[codes[i]]:
                newest[operands[starts[i]]] = i
        return found

    def occurrence(self, z: int) -> Occurrence:
        """The weighted sum at an index."""
        return Occurrence(z, self.activation(z), self)

    def parts(self, z: int) -> tuple[Products, list[Bias]]:
        """The products and the biases of the sum at an index."""
        operands, form_of, first_sum = self.graph.flattened.operands, self.forms.form_of, self.forms.first_sum
        products, biases = Products([], [], [], []), list[Bias]()
        edges = _read(z, self.graph.flattened, form_of, first_sum, products)
        while edges:
            edge = edges.pop()
            if form_of[operands[edge]] < first_sum:
                biases.append(Bias(edge, operands[edge]))
            else:
                edges += _read(operands[edge], self.graph.flattened, form_of, first_sum, products)
        return self._sorted(products), biases

    def _sorted(self, products: Products) -> Products:
        """Products in the order of creation; those of one dot in the order of its operands."""
        results, edges = ints(self.graph.flattened.results), products.weight_edges
        for k in edges:
            if results[k] != results[edges[0]]:
                break
        else:
            return products
        keys = [(-results[k], k) for k in edges]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return Products(*[[column[n] for n in order] for column in products])


def _read(i: int, graph: FlattenedGraph, form_of: Ints, first_sum: int, products: Products) -> list[int]:
    """Enter the products of a sum, one parameter each; returns the edges to its other parts, the last first."""
    codes, starts, operands, forms = ints(graph.codes), ints(graph.starts), ints(graph.operands), ints(form_of)
    first, last = starts[i], starts[i + 1]
    if codes[i] == MUL or codes[i] == DOT:
        weight_edges, input_edges, weights, inputs = products
        half, before = (last - first) // 2, len(weights)
        for k in range(first, first + half):
            a, b = k, k + half
            if GIVEN < forms[operands[b]] < first_sum:
                a, b = b, a
            if GIVEN < forms[operands[a]] < first_sum and not GIVEN < forms[operands[b]] < first_sum:
                weight_edges.append(a)
                input_edges.append(b)
                weights.append(operands[a])
                inputs.append(operands[b])
        if codes[i] == DOT:
            first += 2 * half
        elif len(weights) > before:
            return []
    return [k for k in range(last - 1, first - 1, -1) if forms[operands[k]] > GIVEN]


def _inside(
    i: int, codes: Ints, starts: Ints, operands: Ints, form_of: Ints, depends: Ints, activations: Ints, first_sum: int
) -> int:
    """The sum that sum i shifts or scales by data; NONE if there is none, or several."""
    if codes[i] == DOT:
        return NONE
    parts, others, inside = 0, 0, NONE
    for k in range(starts[i], starts[i + 1]):
        j = operands[k]
        if form_of[j] > GIVEN:
            parts += 1
            inside = j
        elif depends[j]:
            others += 1
    if parts != 1 or form_of[inside] < first_sum:
        return NONE
    if others or activations[i] == NONE:
        return inside
    is_shift = codes[i] in (ADD, SUM) or (codes[i] == SUB and operands[starts[i]] == inside)
    return NONE if is_shift else inside  # with an activation, the shift is a bias that is a number
