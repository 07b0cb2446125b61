# cython: boundscheck=False, wraparound=False, infer_types=True
"""Linear forms: which sums of parameters the nodes of a graph are, recognised by structure.

A node's key identifies the parameters in its sum: w * x + b has the key of (w, b), whatever x is. A nonlinearity starts
a new key. Nodes with the same operation and the same operand forms share a form, so each question is answered once per
form, not once per example.
"""

from __future__ import annotations

from ..core import ADD, DIV, DOT, MUL, NEG, SUB, SUM
from .arrays import Floats, Ints, grouped, ints_of, new_floats, new_ints, taken, where
from .flattened import FlattenedGraph
from .scans import arguments
from .value_numbering import ValueNumbers

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
    >>> sums = {key: list(indices) for key, indices in forms.pre_activations().items()}
    >>> sums, forms.terms(3), forms.multiplies(2), forms.multiplies(1)
    ({3: [1]}, (1, 2), True, False)
    """

    def __init__(self, graph: FlattenedGraph) -> None:
        self.graph = graph
        self.parameters = list(graph.index_of.values())  # the indices of the parameters with the keys 1, 2, 3 ...
        self.first_sum = len(self.parameters) + 2  # the forms before are those of data and of parameters
        self.keys: list[Key] = [NONE, NONE, *range(1, len(self.parameters) + 1)]  # by form
        self.sums: dict[tuple[Key, ...], Key] = {}  # the key of a sum of keys, which are sorted
        self.made: list[tuple[Key, ...]] = []  # the terms of each sum
        self.multiplying = [False] * len(self.keys)  # by form, whether it is data multiplied by a parameter
        self.weighted = [False] * len(self.keys)  # whether it contains such a product
        size, leaves = len(graph.codes), len(graph.nodes) - len(graph.codes)
        self.form_of = new_ints(size) + ints_of((GIVEN,)) * leaves  # the form by index
        for k, i in enumerate(self.parameters, 1):
            self.form_of[i] = GIVEN + k
        self.complete = new_ints(len(graph.nodes))  # 1 for a complete sum, used by an operation that is not a sum
        self._read()
        self.key_of = ints_of(self.keys)  # the same, as an array

    def multiplies(self, i: int) -> bool:
        """Whether the node at index i multiplies data by a parameter."""
        return bool(self.multiplying[self.form_of[i]])

    def terms(self, key: Key) -> tuple[Key, ...]:
        """The keys of the terms of a sum; empty for a parameter."""
        sum_ = key - len(self.parameters) - 1
        return self.made[sum_] if sum_ >= 0 else ()

    def weights(self, key: Key) -> tuple[int, ...]:
        """The indices of the first few parameters in a sum, or of the parameter itself."""
        found, stack = list[int](), [key]
        while stack and len(found) <= NAMED:
            key = stack.pop()
            terms = self.terms(key)
            stack += reversed(terms)
            if not terms:
                found.append(self.parameters[key - 1])
        return tuple(found)

    def is_sum(self, i: int) -> bool:
        """Whether the node at index i is a sum with parameters as factors."""
        return bool(self.form_of[i] >= self.first_sum)

    def are_sums(self) -> list[bool]:
        """The same for every index."""
        return [form >= self.first_sum for form in self.form_of]

    def _read(self) -> None:
        """Give each operation, oldest first, the form of an equal earlier operation, or a new form."""
        graph, size = self.graph, len(self.graph.codes)
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        edges, made, closing = new_ints(len(graph.operands)), new_ints(size), new_ints(size)
        at, complete = ints(self.form_of), ints(self.complete)
        inner = ints(edges)  # the forms of operands, by edge
        forms, closes = ints(made), ints(closing)  # by operation: its form, and 1 where it completes the sums it uses
        numbers, first, first_sum = ValueNumbers(graph.codes, graph.starts, edges, size), size, self.first_sum
        for i in range(size - 1, -1, -1):
            highest = COMPUTED
            for k in range(starts[i], starts[i + 1]):
                inner[k] = at[operands[k]]
                highest = max(highest, inner[k])
            if highest <= GIVEN:
                continue  # data of data
            first -= 1  # most likely: examples repeat each other, operation by operation
            if not cython.compiled or first <= i or not numbers.equal(i, first):
                first = numbers.first(i)
            if first == i:
                terms = _terms(codes[i], starts[i], starts[i + 1], inner, first_sum)
                forms[i] = self._form(codes[i], terms) if terms and max(terms) > GIVEN else COMPUTED
                closes[i] = highest >= first_sum and (forms[i] == COMPUTED or self.multiplying[forms[i]])
            forms[i], closes[i] = forms[first], closes[first]
            if closes[i]:
                for k in range(starts[i], starts[i + 1]):
                    complete[operands[k]] = at[operands[k]] >= first_sum
            if at[i] == COMPUTED:  # no parameter itself
                at[i] = forms[i]

    def _form(self, code: int, terms: list[Form]) -> Form:
        """The form of an operation with these terms, of which most have one or two."""
        keys, weighted = self.keys, self.weighted
        if len(terms) == 1:
            multiplies = code == MUL and terms[0] < self.first_sum
            is_weighted, key = multiplies or weighted[terms[0]], keys[terms[0]]
        elif code != DOT and len(terms) == 2 and min(terms) > GIVEN:
            a, b = terms
            multiplies, is_weighted, key = False, weighted[a] or weighted[b], self._intern(keys[a], keys[b])
        else:
            products, inner = (terms[:-1], terms[-1:]) if code == DOT else ([], terms)
            multiplies = any([GIVEN < form < self.first_sum for form in products])  # noqa: C419  a generator is slower
            is_weighted = multiplies or any([weighted[form] for form in inner])  # noqa: C419
            key = self._intern(*[keys[form] for form in terms if form > GIVEN])
        keys.append(key)
        self.multiplying.append(multiplies)
        weighted.append(is_weighted)
        return len(keys) - 1

    def _intern(self, *terms: Key) -> Key:
        """The key of a sum: its only term's key, or one for this combination of keys."""
        if len(terms) == 1:
            return terms[0]
        together = terms if len(terms) == 2 and terms[0] <= terms[1] else tuple(sorted(terms))
        key = self.sums.get(together)
        if key is None:
            self.made.append(terms)
            key = self.sums[together] = len(self.parameters) + len(self.made)
        return key

    def pre_activations(self) -> dict[Key, Ints]:
        """The indices of complete sums by key, in the order of creation."""
        indices = where(self.complete, 1)
        return grouped(self._keys(indices), indices)

    def activations(self, indices: Ints) -> dict[Key | str, Ints]:
        """The indices by the key of the sum each is computed from, or by label if there is none."""
        found: dict[Key | str, Ints] = dict(grouped(self._keys(arguments(self.graph, indices)), indices).items())
        labelled: dict[str, list[int]] = {}
        for i, label in self._labels(found.pop(NONE, new_ints(0))):
            labelled.setdefault(label, []).append(i)
        return found | {label: ints_of(members) for label, members in labelled.items()}

    def _labels(self, indices: Ints) -> list[tuple[int, str]]:
        """Indices of nodes with a label, their own or their first operand's, and that label."""
        graph, nodes, found = self.graph, self.graph.nodes, list[tuple[int, str]]()
        starts, operands, wanted, size = ints(graph.starts), ints(graph.operands), ints(indices), len(graph.codes)
        for n in range(len(indices)):
            i = wanted[n]
            argument = operands[starts[i]]
            if not graph.labelled and argument < size:
                continue  # operations, without labels
            label = nodes[i].label or nodes[argument].label
            if label:
                found.append((i, label))
        return found

    def _keys(self, indices: Ints) -> Ints:
        return taken(self.key_of, taken(self.form_of, indices))

    def stages(self) -> Ints:
        """By index, the most multiplications by a parameter on a path to a node."""
        graph, found = self.graph, new_ints(len(self.form_of))
        at, starts, operands, stages = ints(self.form_of), ints(graph.starts), ints(graph.operands), ints(found)
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
        graph, found = self.graph, new_ints(len(self.form_of))
        at, starts, operands, deep = ints(self.form_of), ints(graph.starts), ints(graph.operands), ints(found)
        multiplying = self.multiplying
        for i in range(len(graph.codes)):
            if deep[i] or multiplying[at[i]]:
                for k in range(starts[i], starts[i + 1]):
                    deep[operands[k]] = 1
        return found

    def reaches(self) -> Floats:
        """The largest change of each sum that its inputs can cause: Σ|w x|, without the bias."""
        graph, found = self.graph, new_floats(len(self.form_of))
        at, codes, starts, operands = ints(self.form_of), ints(graph.codes), ints(graph.starts), ints(graph.operands)
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


def _terms(code: int, first: int, last: int, inner: Ints, first_sum: int) -> list[Form]:
    """The forms of an operation's terms, by those of its operands; the last term of a dot is its bias."""
    if code in (ADD, SUB, NEG, SUM):
        return [inner[k] for k in range(first, last)]
    if code == DIV and inner[first + 1] == GIVEN:
        return [inner[first]]
    size = (last - first) // 2 if code in (MUL, DOT) else 0
    products = [_product(inner[k], inner[k + size], first_sum) for k in range(first, first + size)]
    return [*products, inner[last - 1]] if code == DOT else products


def _product(a: Form, b: Form, first_sum: int) -> Form:
    """The form whose key a product takes: the parameter's if times data, the sum's if times given data."""
    is_parameter = GIVEN < a < first_sum
    if is_parameter != (GIVEN < b < first_sum):  # w * w is a penalty, no unit
        return a if is_parameter else b
    return max(a, b) if GIVEN in (a, b) else COMPUTED
