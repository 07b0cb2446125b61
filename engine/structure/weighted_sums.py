# cython: boundscheck=False, wraparound=False, infer_types=True
"""The weighted sums of a network, term by term: which edges lead to weights, to inputs and to biases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import NamedTuple

from ..core import ADD, CODES, DOT, MUL, NAMES, SUB, SUM
from .arrays import Groups, Ints, ints_of, new_ints
from .linear_forms import Forms
from .loss_graph import LossGraph
from .scans import picked, taken
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


class Columns(NamedTuple):
    """The products and biases of several sums as columns of edges; those of sum n are from `starts[n]` on."""

    starts: Ints
    weight_edges: Ints
    input_edges: Ints
    bias_starts: Ints
    bias_edges: Ints
    operands: Ints  # by edge

    def parts(self, n: int) -> tuple[Products, list[Bias]]:
        """The products and biases of one sum."""
        first, last = self.starts[n], self.starts[n + 1]
        edges = list(self.weight_edges[first:last]), list(self.input_edges[first:last])
        products = Products(*edges, *([self.operands[k] for k in some] for some in edges))
        biases = self.bias_edges[self.bias_starts[n] : self.bias_starts[n + 1]]
        return products, [Bias(k, self.operands[k]) for k in biases]


@dataclass(eq=False)
class Occurrence:
    """A unit on one example, or at one step: its sum z, the terms of z, and its activation if it has one."""

    z: int
    activation: int | None
    _read: Callable[[], Columns] = field(repr=False)
    _number: int = field(repr=False)

    @property
    def columns(self) -> Columns:
        """The products and biases of all occurrences of its unit, read when they are asked for."""
        return self._read()

    @cached_property
    def _parts(self) -> tuple[Products, list[Bias]]:
        return self.columns.parts(self._number)

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
        found = ints_of(self._weighted(self.inner(sums)))
        read = cache(partial(self.columns, found))
        return [Occurrence(z, self.activation(z), read, n) for n, z in enumerate(found)]

    def firsts(self, sums: Groups) -> tuple[Ints, Ints]:
        """By group of sums, the index of its first weighted sum, and their count; -1 and 0 without any."""
        groups = len(sums.starts) - 1
        found, inside = (new_ints(groups), new_ints(groups)), self.innermost(sums.members)
        seen = new_ints(len(self.graph.nodes))  # the last group that each sum was found in, from 1
        first, counts, inner, starts, met = ints(found[0]), ints(found[1]), ints(inside), ints(sums.starts), ints(seen)
        weighted = ints(self.forms.weighted)
        for n in range(groups):
            first[n] = NONE
            for k in range(starts[n], starts[n + 1]):
                z = inner[k]
                if weighted[z] and met[z] <= n:
                    met[z] = n + 1
                    counts[n] += 1
                    first[n] = max(first[n], z)
        return found

    def functions(self, sums: Ints) -> Ints:
        """By sum, the number of the function applied to it, 0 if none; a sum may be missing, with the index -1."""
        codes, activations, wanted = ints(self.graph.flattened.codes), ints(self._activations), ints(sums)
        by_code, numbers = _function_numbers(), new_ints(len(sums))
        number_of, found = ints(by_code), ints(numbers)
        for n in range(len(sums)):
            if wanted[n] != NONE and activations[wanted[n]] != NONE:
                found[n] = number_of[codes[activations[wanted[n]]]]
        return numbers

    def distinct(self, sums: Ints) -> Columns:
        """The weighted sums that may differ in their weights and biases: the first alone where all have one form."""
        inner = self.inner(sums)
        are_alike = not self.forms.has_mixed and len(set(taken(self.forms.form_of, ints_of(inner)))) < 2
        return self.columns(ints_of(self._weighted(inner[:1] if are_alike else inner)))

    def _weighted(self, sums: Iterable[int]) -> list[int]:
        """Those of the sums that have a weight."""
        return [z for z in sums if self.forms.weighted[z]]

    def any_activated(self, sums: Ints) -> bool:
        """Whether a function is applied to any of these sums."""
        return len(picked(sums, self._activations)) > 0

    def activation(self, z: int) -> int | None:
        """The function that is applied to a sum, if any."""
        return None if self._activations[z] == NONE else self._activations[z]

    def inner(self, sums: Ints) -> list[int]:
        """The innermost sum of each, in the order of creation, without duplicates."""
        found = self.innermost(sums)
        return list(found) if found == sums else sorted(set(found), reverse=True)

    def innermost(self, sums: Ints, shifts: bool = True) -> Ints:
        """The innermost sum of each; without `shifts`, a number added to it is no bias, even before an activation."""
        graph, first_sum, found = self.graph.flattened, self.forms.first_sum, new_ints(len(sums))
        codes, starts, operands, form_of = (
            ints(graph.codes),
            ints(graph.starts),
            ints(graph.operands),
            ints(self.forms.form_of),
        )
        applied = self._activations if shifts else self._none
        depends, activations, given, inner = ints(self._depends), ints(applied), ints(sums), ints(found)
        known = ints(self._known[shifts])
        for n in range(len(sums)):
            i, z = given[n], given[n]
            while i != NONE and not known[z]:
                i = _inside(z, codes, starts, operands, form_of, depends, activations, first_sum)
                z = z if i == NONE else i
            inner[n] = known[z] - 1 if known[z] else z
            i = given[n]
            while i != NONE and not known[i]:
                known[i] = inner[n] + 1
                i = _inside(i, codes, starts, operands, form_of, depends, activations, first_sum)
        return found

    @cached_property
    def _known(self) -> tuple[Ints, Ints]:
        """By index, 1 + the innermost sum where it is known, without `shifts` and with them."""
        return new_ints(len(self.graph.nodes)), new_ints(len(self.graph.nodes))

    @cached_property
    def _depends(self) -> Ints:
        parameters, graph = self.forms.parameters, self.graph
        return graph.depends if parameters is graph.parameters else dependent(graph.flattened, parameters)

    @cached_property
    def _none(self) -> Ints:
        return ints_of((NONE,)) * len(self.graph.nodes)

    @cached_property
    def _activations(self) -> Ints:
        """By index, the newest function of one operand that is applied to a node, else NONE."""
        graph, found = self.graph.flattened, self._none[:]
        by_code = _function_numbers()
        is_function = ints(by_code)
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        newest = ints(found)
        for i in range(len(graph.codes) - 1, -1, -1):
            if is_function[codes[i]]:
                newest[operands[starts[i]]] = i
        return found

    def products(self, z: int) -> Products:
        """The products of the sum at an index."""
        return self.columns(ints_of([z])).parts(0)[0]

    def weights(self, sums: Ints) -> Ints:
        """The parameters that multiply the inputs of these sums, one for each product."""
        return taken(self.graph.flattened.operands, self._factors(sums)[0])

    def inputs(self, sums: Ints) -> Ints:
        """What parameters multiply in these sums, one for each product."""
        return taken(self.graph.flattened.operands, self._factors(sums)[1])

    def _factors(self, sums: Ints) -> tuple[Ints, Ints]:
        """The edges to weights and to inputs in these sums; a sum that is in several of them is read once."""
        graph, first_sum, some = self.graph.flattened, self.forms.first_sum, ints(sums)
        codes, starts, operands, form_of = (
            ints(graph.codes),
            ints(graph.starts),
            ints(graph.operands),
            ints(self.forms.form_of),
        )
        found, count = (new_ints(len(graph.operands)), new_ints(len(graph.operands))), 0
        marks, weight_edges, input_edges = new_ints(len(graph.nodes)), ints(found[0]), ints(found[1])
        reached = ints(marks)
        for n in range(len(sums)):
            reached[some[n]] = 1
        for i in range(len(graph.codes)):
            if not reached[i]:
                continue
            first, last, before = starts[i], starts[i + 1], count
            half = (last - first) // 2 if codes[i] == MUL or codes[i] == DOT else 0
            for k in range(first, first + half):
                weight = _weight_edge(k, k + half, operands, form_of, first_sum)
                if weight != NONE:
                    weight_edges[count], input_edges[count] = weight, 2 * k + half - weight
                    count += 1
            rest = first + 2 * half if codes[i] == DOT else last if count > before else first
            for k in range(rest, last):
                reached[operands[k]] = form_of[operands[k]] >= first_sum or reached[operands[k]]
        return found[0][:count], found[1][:count]

    def columns(self, sums: Ints) -> Columns:
        """The products, in the order of creation or of the operands of a dot, and the biases of these sums."""
        starts, bias_starts, nothing = new_ints(len(sums) + 1), new_ints(len(sums) + 1), new_ints(0)
        operands = self.graph.flattened.operands
        counted = Columns(starts, nothing, nothing, bias_starts, nothing, operands)
        self._read(sums, counted, False)
        products, biases = starts[len(sums)], bias_starts[len(sums)]
        found = Columns(starts, new_ints(products), new_ints(products), bias_starts, new_ints(biases), operands)
        self._read(sums, found, True)
        self._sort(found)
        return found

    @cached_property
    def _stack(self) -> Ints:
        return new_ints(len(self.graph.flattened.operands) + 1)

    def _read(self, sums: Ints, found: Columns, fills: bool) -> None:
        """Count the products and biases of each sum, or enter them."""
        graph, first_sum, some = self.graph.flattened, self.forms.first_sum, ints(sums)
        codes, starts, operands, form_of = (
            ints(graph.codes),
            ints(graph.starts),
            ints(graph.operands),
            ints(self.forms.form_of),
        )
        weight_edges, input_edges, bias_edges = (
            ints(found.weight_edges),
            ints(found.input_edges),
            ints(found.bias_edges),
        )
        of_products, of_biases, stack = ints(found.starts), ints(found.bias_starts), ints(self._stack)
        products, biases = 0, 0
        for n in range(len(sums)):
            i, top = some[n], 0
            while i != NONE:
                first, last, before = starts[i], starts[i + 1], products
                if codes[i] == MUL or codes[i] == DOT:
                    half = (last - first) // 2
                    for k in range(first, first + half):
                        weight = _weight_edge(k, k + half, operands, form_of, first_sum)
                        if weight != NONE:
                            if fills:
                                weight_edges[products] = weight
                                input_edges[products] = 2 * k + half - weight
                            products += 1
                    if codes[i] == DOT:
                        first += 2 * half
                    elif products > before:
                        first = last
                for k in range(last - 1, first - 1, -1):
                    if form_of[operands[k]] > GIVEN:
                        stack[top] = k
                        top += 1
                i = NONE
                while top > 0 and i == NONE:
                    top -= 1
                    k = stack[top]
                    if form_of[operands[k]] >= first_sum:
                        i = operands[k]
                        continue
                    if fills:
                        bias_edges[biases] = k
                    biases += 1
            of_products[n + 1] = products
            of_biases[n + 1] = biases

    def _sort(self, found: Columns) -> None:
        results, edges, starts = ints(self.graph.flattened.results), ints(found.weight_edges), ints(found.starts)
        for n in range(len(found.starts) - 1):
            for m in range(starts[n] + 1, starts[n + 1]):
                if results[edges[m]] > results[edges[m - 1]]:
                    self._sort_one(found, starts[n], starts[n + 1])
                    break

    def _sort_one(self, found: Columns, first: int, last: int) -> None:
        keys = [-self.graph.flattened.results[k] for k in found.weight_edges[first:last]]
        order = [first + n for n in sorted(range(last - first), key=keys.__getitem__)]
        for column in (found.weight_edges, found.input_edges):
            column[first:last] = taken(column, ints_of(order))


def _function_numbers() -> Ints:
    """By opcode, the place of a function in the alphabet, from 1; 0 for other rows, those added later included."""
    found = new_ints(len(NAMES))
    for n, name in enumerate(sorted(FUNCTIONS), 1):
        found[CODES[name]] = n
    return found


def _weight_edge(a: int, b: int, operands: Ints, form_of: Ints, first_sum: int) -> int:
    """Which edge to the factors of a product leads to a parameter; NONE if none does, or both."""
    is_weight = GIVEN < form_of[operands[a]] < first_sum
    if is_weight == (GIVEN < form_of[operands[b]] < first_sum):
        return NONE
    return a if is_weight else b


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
