# cython: boundscheck=False, wraparound=False, infer_types=True
"""Linear forms: which sums of parameters the nodes of a graph are, recognised by structure.

A node's key identifies the parameters in its sum: w * x + b has the key of (w, b), whatever x is. A nonlinearity starts
a new key. A node's form is its key, and what the key does not say: whether it is the parameter itself.
"""

from __future__ import annotations

from functools import cached_property

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
COMPUTED, GIVEN = 0, 1  # the forms of data, computed and given; the forms of parameters follow, and then those of sums
WEIGHTED, MULTIPLIES = 1, 2  # a sum that contains a product of data and a parameter, and one that is such a product


class Forms:
    """The form of every node of a flattened graph.

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
        size, count = len(graph.nodes), len(graph.codes)
        self.sums = Groups(new_ints(count + 1), new_ints(len(graph.operands)))  # the keys of the terms of each sum
        self.form_of = new_ints(size)  # by index, as what follows
        self.weighted = new_ints(size)  # WEIGHTED, MULTIPLIES or 0
        self.complete = new_ints(size)  # 1 for a complete sum, used by an operation that is not a sum
        self.last_key = len(self.parameters) + self._read()
        self._first = dict[Key, tuple[int, ...]]()

    def multiplies(self, i: int) -> bool:
        """Whether the node at index i multiplies data by a parameter."""
        return bool(self.weighted[i] == MULTIPLIES)

    def without_weights(self, indices: Ints) -> list[int]:
        """Those of these nodes that do not multiply data by a parameter."""
        wanted, weighted, found = ints(indices), ints(self.weighted), list[int]()
        for n in range(len(indices)):
            if weighted[wanted[n]] != MULTIPLIES:
                found.append(wanted[n])
        return found

    def terms(self, key: Key) -> tuple[Key, ...]:
        """The keys of the terms of a sum; empty for a parameter."""
        sum_ = key - len(self.parameters) - 1
        return tuple(self.sums.of(sum_)) if sum_ >= 0 else ()

    def weights(self, key: Key, count: int = NAMED + 1) -> tuple[int, ...]:
        """The indices of the first few parameters in a sum, or of the parameter itself."""
        path = list[Key]()
        while key not in self._first and key > len(self.parameters):
            path.append(key)
            key = self.terms(key)[0]
        found = self._first.get(key) or (self.parameters[key - 1],)
        for key in reversed(path):
            for term in self.terms(key)[1:]:
                if len(found) >= count:
                    break
                found += self.weights(term, count - len(found))
            if len(found) > NAMED:
                self._first[key] = found  # of the longer sums that begin with it, too
        return found[:count]

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

    @cached_property
    def has_mixed(self) -> bool:
        """Whether any parameter is a weight in one sum and a bias in another, so that sums of one form may differ."""
        graph, first_sum, roles = self.graph, len(self.parameters) + 2, new_ints(len(self.parameters) + 2)
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        form_of, is_weight_or_bias = ints(self.form_of), ints(roles)
        for i in range(len(graph.codes)):
            first, last = starts[i], starts[i + 1] if form_of[i] >= first_sum else starts[i]
            products = last - (codes[i] == DOT) if codes[i] in (MUL, DOT) else first
            for k in range(first, last):
                form = form_of[operands[k]]
                if GIVEN < form < first_sum:
                    is_weight_or_bias[form] |= 1 if k < products else 2
        return 3 in roles

    def _read(self) -> int:
        """Enter the form of each operation, oldest first, and the terms of each sum; the number of sums."""
        graph, size, first_sum = self.graph, len(self.graph.codes), len(self.parameters) + 2
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        form_of, weighted, complete = ints(self.form_of), ints(self.weighted), ints(self.complete)
        given, ends, keys = ints(self.parameters), ints(self.sums.starts), ints(self.sums.members)
        kinds, ordered, count = new_ints(size), new_ints(len(graph.operands)), 0
        sums = ValueNumbers(kinds, self.sums.starts, ordered, size)  # by their terms in any order
        opcodes, sorted_keys, likely = ints(kinds), ints(ordered), new_ints(first_sum + size)
        last_with = ints(likely)  # by key, the last sum whose first term has it: examples repeat each other
        for i in range(size, len(self.form_of)):
            form_of[i] = GIVEN
        for k in range(len(self.parameters)):
            form_of[given[k]] = GIVEN + 1 + k
        for i in range(size - 1, -1, -1):
            first, last, highest = starts[i], starts[i + 1], COMPUTED
            for k in range(first, last):
                highest = max(highest, form_of[operands[k]])
            if highest <= GIVEN:
                continue  # data of data
            start = ends[count]
            known = _terms(codes[i], first, last, operands, form_of, first_sum, start, keys)
            key = keys[start]
            if known > 1:
                ends[count + 1] = start + known
                same = last_with[key]
                if same >= count or not _are_equal(ends[same], ends[same + 1], start, known, keys):
                    opcodes[count] = ADD if known == 2 else SUM
                    for k in range(start, start + known):
                        sorted_keys[k] = keys[k]
                    if known > 2 and not _is_sorted(start, start + known, keys):
                        ordered[start : start + known] = ints_of(sorted(self.sums.of(count)))
                    same = sums.first(count)
                    count += 1 if same == count else 0
                last_with[key], key = same, first_sum - 1 + same
            weight = _weight(codes[i], first, last, operands, form_of, weighted, first_sum)
            if highest >= first_sum and (not known or weight == MULTIPLIES):
                for k in range(first, last):
                    complete[operands[k]] = form_of[operands[k]] >= first_sum
            if known and form_of[i] == COMPUTED:  # no parameter itself
                form_of[i], weighted[i] = key + first_sum - 1, weight
        return count

    def no_numbers(self) -> Ints:
        """A 0 for each key."""
        return new_ints(self.last_key + 1)

    def numbers(self, indices: Ints, numbers: Ints, keys: list[Key | str]) -> Ints:
        """The number of the key of each index, from 1, as in `numbers`; a new key is added to both, data has 0."""
        found, known = self.keys(indices), ints(numbers)
        told = ints(found)
        for n in range(len(found)):
            key = told[n]
            if key != NONE and not known[key]:
                keys.append(key)
                known[key] = len(keys)
            told[n] = known[key]
        return found

    def keys(self, indices: Ints) -> Ints:
        """The key of each of these nodes."""
        form_of, wanted, first_sum = ints(self.form_of), ints(indices), len(self.parameters) + 2
        found = new_ints(len(indices))
        told = ints(found)
        for n in range(len(indices)):
            told[n] = _key(form_of[wanted[n]], first_sum)
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
        starts, operands, weighted, stages = ints(graph.starts), ints(graph.operands), ints(self.weighted), ints(found)
        for i in range(len(graph.codes) - 1, -1, -1):
            highest = 0
            for k in range(starts[i], starts[i + 1]):
                stage = stages[operands[k]]
                if stage > highest:
                    highest = stage
            stages[i] = highest + 1 if weighted[i] == MULTIPLIES else highest
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
        starts, operands, weighted, deep = ints(graph.starts), ints(graph.operands), ints(self.weighted), ints(found)
        for i in range(len(graph.codes)):
            if deep[i] or weighted[i] == MULTIPLIES:
                for k in range(starts[i], starts[i + 1]):
                    deep[operands[k]] = 1
        return found

    def reaches(self) -> Floats:
        """The largest change of each sum that its inputs can cause: Σ|w x|, without the bias."""
        graph, found = self.graph, new_floats(len(self.form_of))
        codes, starts, operands = ints(graph.codes), ints(graph.starts), ints(graph.operands)
        partials, data, reach = floats(graph.partials), floats(graph.data), floats(found)
        form_of, weighted, first_sum = ints(self.form_of), ints(self.weighted), len(self.parameters) + 2
        for i in range(len(graph.codes) - 1, -1, -1):
            first, last = starts[i], starts[i + 1]
            if form_of[i] < first_sum:
                continue
            if weighted[i] != MULTIPLIES:
                for k in range(first, last):
                    reach[i] += abs(partials[k]) * reach[operands[k]]
            elif codes[i] == DOT:
                for k in range(first, first + (last - first) // 2):
                    reach[i] += abs(partials[k] * data[operands[k]])
                reach[i] += reach[operands[last - 1]]
            else:
                reach[i] = abs(data[i])
        return found


def _terms(
    code: int, first: int, last: int, operands: Ints, form_of: Ints, first_sum: int, start: int, found: Ints
) -> int:
    """Enter the keys of an operation's terms that contain parameters, and return their number."""
    half, end, count = 0, last, start
    if code in (MUL, DOT):  # products, and after those of a dot its bias
        half = (last - first) // 2
    elif code == DIV and form_of[operands[first + 1]] == GIVEN:
        end = first + 1
    elif code not in (ADD, SUB, NEG, SUM):
        end = first
    for k in range(first, first + half):
        form = _product(form_of[operands[k]], form_of[operands[k + half]], first_sum)
        if form > GIVEN:
            found[count] = _key(form, first_sum)
            count += 1
    for k in range(first + 2 * half, end):
        form = form_of[operands[k]]
        if form > GIVEN:
            found[count] = _key(form, first_sum)
            count += 1
    return count - start


def _weight(code: int, first: int, last: int, operands: Ints, form_of: Ints, weighted: Ints, first_sum: int) -> int:
    """Whether an operation multiplies data by a parameter, or else has an operand that is weighted."""
    half = (last - first) // 2 if code in (MUL, DOT) else 0
    for k in range(first, first + half):
        a, b = form_of[operands[k]], form_of[operands[k + half]]
        if (GIVEN < a < first_sum) != (GIVEN < b < first_sum):
            return MULTIPLIES
    for k in range(first + 2 * half if code == DOT else first, last):
        if weighted[operands[k]]:
            return WEIGHTED
    return 0


def _product(a: Form, b: Form, first_sum: int) -> Form:
    """The form whose key a product takes: the parameter's if times data, the sum's if times given data."""
    if GIVEN < a < first_sum:
        return COMPUTED if GIVEN < b < first_sum else a  # w * w is a penalty, no unit
    if GIVEN < b < first_sum:
        return b
    return max(a, b) if GIVEN in (a, b) else COMPUTED


def _key(form: Form, first_sum: int) -> Key:
    """The key of a form: NONE for data, and one for a parameter and what is made of it alone."""
    if form < first_sum:
        return form - GIVEN if form > GIVEN else NONE
    return form - first_sum + 1


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


def _are_equal(first: int, last: int, start: int, count: int, keys: Ints) -> bool:
    """Whether the keys from `first` to `last` are the `count` keys from `start` on, in their order."""
    n = 0 if last - first == count else count + 1
    while n < count and keys[first + n] == keys[start + n]:
        n += 1
    return n == count


def _is_sorted(first: int, last: int, keys: Ints) -> bool:
    """Whether keys are in order, as those of weights most often are."""
    for n in range(first + 1, last):  # noqa: SIM110  a generator has no types in C
        if keys[n - 1] > keys[n]:
            return False
    return True
