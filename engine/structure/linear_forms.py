# cython: boundscheck=False, wraparound=False, infer_types=True
"""Linear forms: which sums of parameters the nodes of a graph are, recognised by structure.

A node's key identifies the parameters in its sum: w * x + b has the key of (w, b), whatever x is. A nonlinearity starts
a new key. Nodes with the same operation and the same operand forms share a form, so each question is answered once per
form, not once per example.
"""

from __future__ import annotations

from ..core import ADD, DIV, DOT, MUL, NEG, SUB, SUM
from .arrays import Floats, Groups, Ints, ints_of, new_floats, new_ints
from .flattened import FlattenedGraph
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
NO_INDEX = -1  # instead of an index


Form = int
COMPUTED, GIVEN = 0, 1  # the forms of data, computed and given; the forms of parameters follow


class Forms:
    """The form of every node of a flattened graph, and the properties of each form.

    >>> from .flattened import flatten
    >>> from ..core import Value
    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> graph = flatten((w * 3.0 + b).tanh(), [w, b])
    >>> forms = Forms(graph, graph.wanted)
    >>> list(forms.complete), forms.terms(3), forms.multiplies(2), forms.multiplies(1)
    ([0, 1, 0, 0, 0, 0], (1, 2), True, False)
    """

    def __init__(self, graph: FlattenedGraph, parameters: Ints) -> None:
        self.graph, self.parameters = graph, parameters  # the indices of the parameters with the keys 1, 2, 3 ...
        self.first_sum = len(self.parameters) + 2  # the forms before are those of data and of parameters
        size, leaves = len(graph.codes), len(graph.nodes) - len(graph.codes)
        self.sums = Groups(new_ints(size + 1), new_ints(len(graph.operands)))  # the keys of the terms of each sum
        self.key_of = new_ints(self.first_sum + size)  # by form
        self.multiplying = new_ints(self.first_sum + size)  # by form, 1 for data multiplied by a parameter
        self.weighted = new_ints(self.first_sum + size)  # by form, 1 for what contains such a product
        self.form_of = new_ints(size + leaves)  # the form by index
        self.complete = new_ints(len(graph.nodes))  # 1 for a complete sum, used by an operation that is not a sum
        self._read()

    def multiplies(self, i: int) -> bool:
        """Whether the node at index i multiplies data by a parameter."""
        return bool(self.multiplying[self.form_of[i]])

    def terms(self, key: Key) -> tuple[Key, ...]:
        """The keys of the terms of a sum; empty for a parameter."""
        sum_ = key - len(self.parameters) - 1
        return tuple(self.sums.of(sum_)) if sum_ >= 0 else ()

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

    def scaled(self, indices: Ints) -> list[int]:
        """Those of these products that multiply a sum by what is neither a sum nor a parameter."""
        form_of, starts, operands = ints(self.form_of), ints(self.graph.starts), ints(self.graph.operands)
        wanted, first_sum, found = ints(indices), len(self.parameters) + 2, list[int]()
        for n in range(len(indices)):
            a, b = form_of[operands[starts[wanted[n]]]], form_of[operands[starts[wanted[n]] + 1]]
            if min(a, b) <= GIVEN and max(a, b) >= first_sum:
                found.append(wanted[n])
        return found

    def _read(self) -> None:
        """Give each operation, oldest first, the form of an equal earlier operation, or a new form."""
        graph, size, first_sum = self.graph, len(self.graph.codes), len(self.parameters) + 2
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        edges, parts, ordered = (new_ints(len(graph.operands)) for _ in range(3))
        made, closing, opcodes = (new_ints(size) for _ in range(3))
        form_of, complete, given = ints(self.form_of), ints(self.complete), ints(self.parameters)
        key_of, multiplying, weighted = ints(self.key_of), ints(self.multiplying), ints(self.weighted)
        inner, terms = ints(edges), ints(parts)  # the forms of operands, by edge, and of the terms of an operation
        forms, closes = ints(made), ints(closing)  # by operation: its form, and 1 where it completes the sums it uses
        numbers, first, new = ValueNumbers(graph.codes, graph.starts, edges, size), size, first_sum
        ends, keys, kinds, summed = ints(self.sums.starts), ints(self.sums.members), ints(opcodes), ints(ordered)
        sums, sum_ = ValueNumbers(opcodes, self.sums.starts, ordered, size), 0  # sums by their terms in any order
        for i in range(size, len(self.form_of)):
            form_of[i] = GIVEN
        for k in range(len(self.parameters)):
            form_of[given[k]], key_of[GIVEN + 1 + k] = GIVEN + 1 + k, k + 1
        for i in range(size - 1, -1, -1):
            highest = COMPUTED
            for k in range(starts[i], starts[i + 1]):
                inner[k] = form_of[operands[k]]
                highest = max(highest, inner[k])
            if highest <= GIVEN:
                continue  # data of data
            first -= 1  # most likely: examples repeat each other, operation by operation
            if not cython.compiled or first <= i or not numbers.equal(i, first):
                first = numbers.first(i)
            if first == i:
                count = _terms(codes[i], starts[i], starts[i + 1], inner, first_sum, terms)
                known = _enter(codes[i], count, terms, new, first_sum, key_of, multiplying, weighted)
                if known:  # with parameters
                    if known > 1:
                        last = ends[sum_]
                        for n in range(count):
                            if terms[n] > GIVEN:
                                keys[last] = summed[last] = key_of[terms[n]]
                                last += 1
                        kinds[sum_], ends[sum_ + 1] = ADD if known == 2 else SUM, last
                        if known > 2 and not _is_sorted(ends[sum_], last, keys):
                            ordered[ends[sum_] : last] = ints_of(sorted(self.sums.of(sum_)))
                        same = sums.first(sum_)
                        key_of[new] = first_sum - 1 + same
                        sum_ += 1 if same == sum_ else 0
                    forms[i], new = new, new + 1
                closes[i] = highest >= first_sum and (forms[i] == COMPUTED or multiplying[forms[i]])
            forms[i], closes[i] = forms[first], closes[first]
            if closes[i]:
                for k in range(starts[i], starts[i + 1]):
                    complete[operands[k]] = form_of[operands[k]] >= first_sum
            if form_of[i] == COMPUTED:  # no parameter itself
                form_of[i] = forms[i]
        self.last_key = len(self.parameters) + sum_

    def no_numbers(self) -> Ints:
        """A 0 for each key."""
        return new_ints(self.last_key + 1)

    def numbers(self, indices: Ints, numbers: Ints, keys: list[Key | str]) -> Ints:
        """The number of the key of each index, from 1, as in `numbers`; a new key is added to both, data has 0."""
        form_of, key_of, known, wanted = ints(self.form_of), ints(self.key_of), ints(numbers), ints(indices)
        found = new_ints(len(indices))
        told = ints(found)
        for n in range(len(indices)):
            key = key_of[form_of[wanted[n]]]
            if key != NONE and not known[key]:
                keys.append(key)
                known[key] = len(keys)
            told[n] = known[key]
        return found

    def labels(self, indices: Ints, numbers: Ints) -> list[tuple[int, str]]:
        """Which of the indices have the number 0 and a label, their own or their first operand's, and that label."""
        graph, nodes, found = self.graph, self.graph.nodes, list[tuple[int, str]]()
        starts, operands, size = ints(graph.starts), ints(graph.operands), len(graph.codes)
        wanted, told = ints(indices), ints(numbers)
        for n in range(len(indices)):
            i = wanted[n]
            argument = operands[starts[i]]
            if told[n] or (not graph.labelled and argument < size):
                continue
            label = nodes[i].label or nodes[argument].label
            if label:
                found.append((n, label))
        return found

    def stages(self) -> Ints:
        """By index, the most multiplications by a parameter on a path to a node."""
        graph, found = self.graph, new_ints(len(self.form_of))
        form_of, starts, operands, stages = ints(self.form_of), ints(graph.starts), ints(graph.operands), ints(found)
        multiplying = ints(self.multiplying)
        for i in range(len(graph.codes) - 1, -1, -1):
            highest = 0
            for k in range(starts[i], starts[i + 1]):
                stage = stages[operands[k]]
                if stage > highest:
                    highest = stage
            stages[i] = highest + 1 if multiplying[form_of[i]] else highest
        return found

    def arguments(self, depends: Ints) -> Ints:
        """By index, the only sum z that a node is computed from, where -z and 2 * z count as z; -1 if there is none.

        `depends` marks the nodes that depend on parameters.

        >>> from .flattened import flatten
        >>> from .sweeps import dependent
        >>> from ..core import Value
        >>> w, x = Value(2.0, "w"), Value(3.0, "x")
        >>> z = w * x
        >>> graph = flatten(1 / (1 + (-z).exp()) + x, [w])
        >>> forms = Forms(graph, graph.wanted)
        >>> graph.nodes[forms.arguments(dependent(graph, graph.wanted))[0]] is z
        True
        """
        graph, found, first_sum = self.graph, new_ints(len(self.form_of)), len(self.parameters) + 2
        form_of, codes, counts, arguments = ints(self.form_of), ints(graph.codes), ints(depends), ints(found)
        starts, operands, size = ints(graph.starts), ints(graph.operands), len(graph.codes)
        for i in range(size, len(self.form_of)):
            arguments[i] = NO_INDEX
        for i in range(size - 1, -1, -1):
            if form_of[i] >= first_sum:
                z = _scaled(codes[i], starts[i], starts[i + 1], operands, form_of, first_sum)
                arguments[i] = i if z == NO_INDEX else arguments[z]
                continue
            z, met = NO_INDEX, 0
            for k in range(starts[i], starts[i + 1]):
                j = operands[k]
                if counts[j]:
                    z = arguments[j] if not met or arguments[j] == z else NO_INDEX
                    met = 1
            arguments[i] = z
        return found

    def multiplied(self) -> Ints:
        """1 at the indices of nodes that a parameter multiplies later."""
        graph, found = self.graph, new_ints(len(self.form_of))
        form_of, starts, operands, deep = ints(self.form_of), ints(graph.starts), ints(graph.operands), ints(found)
        multiplying = ints(self.multiplying)
        for i in range(len(graph.codes)):
            if deep[i] or multiplying[form_of[i]]:
                for k in range(starts[i], starts[i + 1]):
                    deep[operands[k]] = 1
        return found

    def reaches(self) -> Floats:
        """The largest change of each sum that its inputs can cause: Σ|w x|, without the bias."""
        graph, found = self.graph, new_floats(len(self.form_of))
        form_of, codes, starts, operands = (
            ints(self.form_of),
            ints(graph.codes),
            ints(graph.starts),
            ints(graph.operands),
        )
        partials, data, reach = floats(graph.partials), floats(graph.data), floats(found)
        first_sum, multiplying = len(self.parameters) + 2, ints(self.multiplying)
        for i in range(len(graph.codes) - 1, -1, -1):
            first, last = starts[i], starts[i + 1]
            if form_of[i] < first_sum:
                continue
            if not multiplying[form_of[i]]:
                for k in range(first, last):
                    reach[i] += abs(partials[k]) * reach[operands[k]]
            elif codes[i] == DOT:
                for k in range(first, first + (last - first) // 2):
                    reach[i] += abs(partials[k] * data[operands[k]])
                reach[i] += reach[operands[last - 1]]
            else:
                reach[i] = abs(data[i])
        return found


def _terms(code: int, first: int, last: int, inner: Ints, first_sum: int, found: Ints) -> int:
    """Enter the forms of an operation's terms, by those of its operands; the last term of a dot is its bias."""
    if code in (ADD, SUB, NEG, SUM):
        for k in range(first, last):
            found[k - first] = inner[k]
        return last - first
    if code == DIV and inner[first + 1] == GIVEN:
        found[0] = inner[first]
        return 1
    size = (last - first) // 2 if code in (MUL, DOT) else 0
    for k in range(size):
        found[k] = _product(inner[first + k], inner[first + k + size], first_sum)
    if code == DOT:
        found[size] = inner[last - 1]
    return size + (code == DOT)


def _product(a: Form, b: Form, first_sum: int) -> Form:
    """The form whose key a product takes: the parameter's if times data, the sum's if times given data."""
    if GIVEN < a < first_sum:
        return COMPUTED if GIVEN < b < first_sum else a  # w * w is a penalty, no unit
    if GIVEN < b < first_sum:
        return b
    return max(a, b) if GIVEN in (a, b) else COMPUTED


def _scaled(code: int, first: int, last: int, operands: Ints, form_of: Ints, first_sum: int) -> int:
    """The only sum that an operation changes the sign or scale of, without parameters beside it."""
    sums, z = 0, NO_INDEX
    for k in range(first, last if code in (NEG, MUL, DIV) else first):
        form = form_of[operands[k]]
        if GIVEN < form < first_sum:
            return NO_INDEX
        if form >= first_sum:
            sums, z = sums + 1, operands[k]
    return z if sums == 1 else NO_INDEX


def _is_sorted(first: int, last: int, keys: Ints) -> bool:
    """Whether keys are in order, as those of weights most often are."""
    for n in range(first + 1, last):  # noqa: SIM110  a generator has no types in C
        if keys[n - 1] > keys[n]:
            return False
    return True


def _enter(
    code: int, count: int, terms: Ints, form: Form, first_sum: int, key_of: Ints, multiplying: Ints, weighted: Ints
) -> int:
    """Enter a form with these terms, with the key of the last of those with parameters; returns their number."""
    known = 0
    for n in range(count):
        if GIVEN < terms[n] < first_sum and (code == MUL or (code == DOT and n < count - 1)):
            multiplying[form] = weighted[form] = 1
        elif weighted[terms[n]] and (code != DOT or n == count - 1):
            weighted[form] = 1
        if terms[n] > GIVEN:
            known, key_of[form] = known + 1, key_of[terms[n]]
    return known
