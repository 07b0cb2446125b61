# cython: boundscheck=False, wraparound=False, infer_types=True
"""Linear forms: which sums of parameters the nodes of a graph are, recognised by structure.

A node's key identifies the parameters in its sum: w * x + b has the key of (w, b), whatever x is. A nonlinearity starts
a new key. Nodes with the same operation and the same operand forms share a form, so each question is answered once per
form, not once per example.
"""

from __future__ import annotations

from itertools import islice

from ..core import DOT, NAMES
from .arrays import Floats, Ints, grouped, ints_of, new_floats, new_ints, taken, where
from .flattened import FlattenedGraph
from .sweeps import arguments
from .value_numbering import Known

try:
    import cython
except ImportError:  # only the compiler needs it
    from .. import _cython as cython

if not cython.compiled:  # else pointers, by linear_forms.pxd
    from .arrays import floats, ints

Key = int
NAMED = 3  # parameters in the name of a unit without a label
NONE = 0  # the key of data, which contains no parameter


Form = int
COMPUTED, GIVEN = 0, 1  # the forms of data, computed and given; the forms of parameters follow


class Forms:
    """The form of every node of a flattened graph, and the properties of each form.

    >>> from .flattened import flatten
    >>> from ..core import Value
    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> forms = Forms(flatten((w * 3.0 + b).tanh(), [w, b]))
    >>> sums = {key: list(places) for key, places in forms.pre_activations().items()}
    >>> sums, forms.terms(3), forms.multiplies(2), forms.multiplies(1)
    ({3: [1]}, (1, 2), True, False)
    """

    def __init__(self, layout: FlattenedGraph) -> None:
        self.layout = layout
        self.parameters = list(layout.index_of.values())  # the indices of the parameters with the keys 1, 2, 3 ...
        self.first_sum = len(self.parameters) + 2  # the forms before are those of data and of parameters
        self.keys: list[Key] = [NONE, NONE, *range(1, len(self.parameters) + 1)]  # by form
        self.sums: dict[tuple[Key, ...], Key] = {}  # the key of a sum of keys, which are sorted
        self.made: list[tuple[tuple[Key, ...], tuple[int, ...]]] = []  # of sums, the terms and the first few parameters
        self.multiplying = [False] * len(self.keys)  # whether it is data multiplied by a parameter
        self.at = new_ints(len(layout.nodes))  # the form by index
        self.ends = new_ints(len(layout.nodes))  # 1 for a complete sum, used by an operation that is not a sum
        self._enter_given()
        self._read()
        self.key_of = ints_of(self.keys)  # the same, as an array

    def multiplies(self, i: int) -> bool:
        """Whether the node at index i multiplies data by a parameter."""
        return bool(self.multiplying[self.at[i]])

    def terms(self, key: Key) -> tuple[Key, ...]:
        """The nodes of a sum, operands first; empty for a parameter."""
        sum_ = key - len(self.parameters) - 1
        return self.made[sum_][0] if sum_ >= 0 else ()

    def weights(self, key: Key) -> tuple[int, ...]:
        """The indices of the first few parameters in a sum, or of the parameter itself."""
        sum_ = key - len(self.parameters) - 1
        return self.made[sum_][1] if sum_ >= 0 else (self.parameters[key - 1],)

    def is_sum(self, i: int) -> bool:
        """Whether the node at index i is a sum with parameters as factors."""
        return self._is_sum(self.at[i])

    def are_sums(self) -> list[bool]:
        """The same for every index."""
        return [form >= self.first_sum for form in self.at]

    def _enter_given(self) -> None:
        at = ints(self.at)
        for i in range(len(self.layout.codes), len(self.at)):
            at[i] = GIVEN
        for k, i in enumerate(self.parameters, 1):
            at[i] = GIVEN + k

    def _read(self) -> None:
        """Give each operation, oldest first, the form of an equal earlier operation, or a new form."""
        graph, size = self.layout, len(self.layout.codes)
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        edges, made = new_ints(len(graph.operands)), new_ints(size)
        at, ends, inner = ints(self.at), ints(self.ends), ints(edges)  # inner: the forms of operands, by edge
        known, answers, first = Known(graph.codes, graph.starts, edges, size), ints(made), size  # ~form where sums end
        for i in range(size - 1, -1, -1):
            highest = COMPUTED
            for k in range(starts[i], starts[i + 1]):
                inner[k] = at[operands[k]]
                highest = max(highest, inner[k])
            if highest <= GIVEN:
                continue  # data of data
            first -= 1  # most likely: examples repeat each other, operation by operation
            if not cython.compiled or first <= i or not known.alike(i, first):
                first = known.first(i)
            if first == i:
                answers[i] = self._form(NAMES[codes[i]], self._inner(starts[i], starts[i + 1]))
            answers[i] = form = answers[first]
            if form < 0:
                form = ~form
                for k in range(starts[i], starts[i + 1]):
                    ends[operands[k]] = at[operands[k]] >= self.first_sum
            if at[i] == COMPUTED:  # no parameter itself
                at[i] = form

    def _inner(self, first: int, last: int) -> tuple[Form, ...]:
        at, operands = ints(self.at), ints(self.layout.operands)
        return tuple([at[operands[k]] for k in range(first, last)])

    def _form(self, op: str, operands: tuple[Form, ...]) -> Form:
        """The form of an operation on these operands, or ~form if they are complete sums."""
        terms: list[Key] = []
        multiplies = self._add_terms(terms, op, operands)
        form = COMPUTED
        if terms:
            form = len(self.keys)
            self.keys.append(self._intern(terms))
            self.multiplying.append(multiplies)
        if terms and not multiplies:
            return form
        for operand in operands:
            if self._is_sum(operand):
                return ~form
        return form

    def _add_terms(self, terms: list[Key], op: str, operands: tuple[Form, ...]) -> bool:
        """Enter the keys of an operation's terms; returns whether it multiplies data by a parameter."""
        multiplies, size = False, len(operands) // 2
        if op in ("add", "sub", "neg", "sum"):
            for form in operands:
                self._add(terms, form)
        elif op == "mul":
            multiplies = self._add_product(terms, operands[0], operands[1])
        elif op == "div" and operands[1] == GIVEN:
            self._add(terms, operands[0])
        elif op == "dot":
            for k in range(size):
                multiplies = self._add_product(terms, operands[k], operands[size + k]) or multiplies
            self._add(terms, operands[2 * size])
        return multiplies

    def _add_product(self, terms: list[Key], a: Form, b: Form) -> bool:
        """Enter the key of a parameter times data, or of a sum times a given number."""
        if self._is_parameter(a) != self._is_parameter(b):  # w * w is a penalty, no unit
            self._add(terms, a if self._is_parameter(a) else b)
            return True
        if not self._is_parameter(a):
            if b == GIVEN:
                self._add(terms, a)
            elif a == GIVEN:
                self._add(terms, b)
        return False

    def _add(self, terms: list[Key], form: Form) -> None:
        if form > GIVEN:
            terms.append(self.keys[form])

    def _is_parameter(self, form: Form) -> bool:
        return GIVEN < form < self.first_sum

    def _is_sum(self, form: Form) -> bool:
        return form >= self.first_sum  # which have keys

    def _intern(self, terms: list[Key]) -> Key:
        """The key of a sum: its only term's key, or one for this combination of keys."""
        if len(terms) == 1:
            return terms[0]
        alike = tuple(sorted(terms))
        key = self.sums.get(alike)
        if key is None:
            first = (place for term in terms for place in self.weights(term))
            self.made.append((tuple(terms), tuple(islice(first, NAMED + 1))))
            key = self.sums[alike] = len(self.parameters) + len(self.made)
        return key

    def pre_activations(self) -> dict[Key, Ints]:
        """The indices of complete sums by key, in the order of creation."""
        places = where(self.ends, 1)
        return grouped(self._keys(places), places)

    def activations(self, places: Ints) -> dict[Key | str, Ints]:
        """These indices by the key of the sum that each is computed from, or by a label without such a sum."""
        found: dict[Key | str, Ints] = dict(grouped(self._keys(arguments(self.layout, places)), places).items())
        labelled: dict[str, list[int]] = {}
        for i, label in self._labels(found.pop(NONE, new_ints(0))):
            labelled.setdefault(label, []).append(i)
        return found | {label: ints_of(members) for label, members in labelled.items()}

    def _labels(self, places: Ints) -> list[tuple[int, str]]:
        """Those of these indices that have a label, or whose first operand has one, with it."""
        graph, nodes, found = self.layout, self.layout.nodes, list[tuple[int, str]]()
        starts, operands, wanted, size = ints(graph.starts), ints(graph.operands), ints(places), len(graph.codes)
        for n in range(len(places)):
            i = wanted[n]
            argument = operands[starts[i]]
            if not graph.labelled and argument < size:
                continue  # operations, without labels
            label = nodes[i].label or nodes[argument].label
            if label:
                found.append((i, label))
        return found

    def _keys(self, places: Ints) -> Ints:
        return taken(self.key_of, taken(self.at, places))

    def stages(self) -> Ints:
        """By index, how many multiplications of data by a parameter lead to it."""
        graph, found = self.layout, new_ints(len(self.at))
        at, starts, operands, stages = ints(self.at), ints(graph.starts), ints(graph.operands), ints(found)
        multiplying = self.multiplying
        for i in range(len(graph.codes) - 1, -1, -1):
            highest = 0
            for k in range(starts[i], starts[i + 1]):
                stage = stages[operands[k]]
                if stage > highest:
                    highest = stage
            stages[i] = highest + 1 if multiplying[at[i]] else highest
        return found

    def multiplied(self) -> Ints:
        """1 at the indices of nodes that a parameter multiplies later."""
        graph, found = self.layout, new_ints(len(self.at))
        at, starts, operands, deep = ints(self.at), ints(graph.starts), ints(graph.operands), ints(found)
        multiplying = self.multiplying
        for i in range(len(graph.codes)):
            if deep[i] or multiplying[at[i]]:
                for k in range(starts[i], starts[i + 1]):
                    deep[operands[k]] = 1
        return found

    def reaches(self) -> Floats:
        """The largest change of each sum that its inputs can cause: Σ|w x|, without the bias."""
        graph, found = self.layout, new_floats(len(self.at))
        at, codes, starts, operands = ints(self.at), ints(graph.codes), ints(graph.starts), ints(graph.operands)
        partials, data, reach = floats(graph.partials), floats(graph.data), floats(found)
        for i in range(len(graph.codes) - 1, -1, -1):
            first, last = starts[i], starts[i + 1]
            if at[i] < self.first_sum:
                continue
            if not self.multiplying[at[i]]:
                for k in range(first, last):
                    reach[i] += abs(partials[k]) * reach[operands[k]]
            elif codes[i] == DOT:
                for k in range(first, first + (last - first) // 2):
                    reach[i] += abs(partials[k] * data[operands[k]])
                reach[i] += reach[operands[last - 1]]
            else:
                reach[i] = abs(data[i])
        return found
