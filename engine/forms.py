"""The forms of the nodes of a graph: what sums of parameters they are, recognised by their structure.

A node's key says which parameters its sum is made of: w * x + b has the key of (w, b), whatever x is. A nonlinearity
ends a key. A node's form is its operation and the forms of its operands. All that is asked of a node here is known of
its form, and a network has few: the examples repeat them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from .graph import Integers, Layout, integers
from .value import Value

Key = int
NAMED = 3  # parameters in the name of a unit without a label
NONE = 0  # the key of data: of what no parameter is a term of

Form = int
COMPUTED, GIVEN = 0, 1  # the forms of data: the result of an operation, and a number; those of parameters follow


class Forms:
    """The form of every node of a layout, and what is known of each.

    >>> from engine.graph import layout
    >>> from engine.value import Value
    >>> w, b = Value(2.0, "w"), Value(0.5, "b")
    >>> forms = Forms(layout((w * 3.0 + b).tanh(), [w, b]))
    >>> forms.pre_activations(), forms.terms(3), forms.multiplies(0), forms.multiplies(1)
    ({3: [1]}, (1, 2), True, False)
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.parameters = list(layout.places.values())  # the places of those with the keys 1, 2, 3 ...
        self.first_sum = len(self.parameters) + 2  # the forms before are those of data and of parameters
        self.keys: list[Key] = [NONE, NONE, *range(1, len(self.parameters) + 1)]  # by form
        self.sums: dict[tuple[Key, ...], Key] = {}  # the key of a sum of keys
        self.made: list[tuple[tuple[Key, ...], tuple[int, ...]]] = []  # of sums, the terms and the first few parameters
        self.multiplying = [False] * len(self.keys)  # whether it is data multiplied by a parameter
        self.ends: list[int] = []  # where sums end: where something else than a sum is made of them
        self.at = integers(len(layout.nodes) + 1)  # the form by place; the last is what the place -1 points to
        self._read(self.at, layout.left, layout.right, layout.many, layout.nodes)

    def multiplies(self, i: int) -> bool:
        """Whether the node at place i multiplies data by a parameter."""
        return bool(self.multiplying[self.at[i]])

    def terms(self, key: Key) -> tuple[Key, ...]:
        """What a sum is made of, operands first; nothing for a parameter."""
        sum_ = key - len(self.parameters) - 1
        return self.made[sum_][0] if sum_ >= 0 else ()

    def weights(self, key: Key) -> tuple[int, ...]:
        """The places of the first few parameters that a sum is made of, or of the parameter."""
        sum_ = key - len(self.parameters) - 1
        return self.made[sum_][1] if sum_ >= 0 else (self.parameters[key - 1],)

    def is_sum(self, i: int) -> bool:
        """Whether the node at place i is a sum of what parameters multiply."""
        return self._is_sum(self.at[i])

    def _read(
        self, at: Integers, left: Integers, right: Integers, many: dict[int, Integers], nodes: list[Value]
    ) -> None:
        codes = {op: code for code, op in enumerate(self.layout.of)}
        known: dict[Any, Form] = {}  # where sums end, ~form stands for the form
        for i in range(len(left), len(nodes)):
            at[i] = GIVEN
        for k, i in enumerate(self.parameters, 1):
            at[i] = GIVEN + k
        for i in range(len(left)):
            a, first, second = left[i], NONE, NONE
            if a >= 0:
                first, second = at[a], at[right[i]]
                if first <= GIVEN and second <= GIVEN:
                    continue  # data of data
            node = nodes[i]
            code = codes[node.op]
            made: Any = (code << 56) + (first << 28) + second if a >= 0 else (code, _forms(many[i], at))
            found = known.get(made)
            if found is None:
                found = known[made] = self._form(node.op, (first, second) if a >= 0 else made[1])
            form = found
            if form < 0:
                self.ends.append(i)
                form = ~form
            if at[i] == COMPUTED:  # no parameter itself
                at[i] = form

    def _form(self, op: str, operands: tuple[Form, ...]) -> Form:
        """The form that an operation on these makes, or ~form if sums end there."""
        terms, multiplies = self._terms(op, operands)
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

    def _terms(self, op: str, operands: Sequence[Form]) -> tuple[Sequence[Key], bool]:
        """The keys that an operation adds up, and whether it multiplies data by a parameter."""
        if op in ("add", "sub", "neg", "sum"):
            return [key for form in operands for key in self._own(form)], False
        if op == "mul":
            return self._product(operands[0], operands[1])
        if op == "div":
            return self._scaled(operands[0], operands[1]), False
        return self._products(operands) if op == "dot" else ((), False)

    def _products(self, operands: Sequence[Form]) -> tuple[Sequence[Key], bool]:
        size = len(operands) // 2
        keys: list[Key] = []
        multiplies = False
        for k in range(size):
            terms, weighs = self._product(operands[k], operands[size + k])
            keys += terms
            multiplies = multiplies or weighs
        return [*keys, *self._own(operands[-1])], multiplies

    def _product(self, a: Form, b: Form) -> tuple[Sequence[Key], bool]:
        if self._is_parameter(a):
            return ((), False) if self._is_parameter(b) else ((self.keys[a],), True)  # w * w is a penalty, no unit
        if self._is_parameter(b):
            return (self.keys[b],), True
        return self._scaled(a, b) or self._scaled(b, a), False

    def _scaled(self, a: Form, b: Form) -> Sequence[Key]:
        """The key of a sum times a number that is given."""
        return self._own(a) if b == GIVEN else ()

    def _own(self, form: Form) -> Sequence[Key]:
        return (self.keys[form],) if form > GIVEN else ()

    def _is_parameter(self, form: Form) -> bool:
        return GIVEN < form < self.first_sum

    def _is_sum(self, form: Form) -> bool:
        return form >= self.first_sum  # which have keys

    def _intern(self, terms: Sequence[Key]) -> Key:
        """The key of a sum of keys: that of its only one, or one that is made when they first come together."""
        if len(terms) == 1:
            return terms[0]
        terms = tuple(terms)
        key = self.sums.get(terms)
        if key is None:
            first = (place for term in terms for place in self.weights(term))
            self.made.append((terms, tuple(islice(first, NAMED + 1))))
            key = self.sums[terms] = len(self.parameters) + len(self.made)
        return key

    def pre_activations(self) -> dict[Key, list[int]]:
        """The places by key of the sums that something else than a sum is made of."""
        found: dict[Key, list[int]] = {}
        self._collect(found, self.layout.left, self.layout.right, self.at)
        return found

    def _collect(self, found: dict[Key, list[int]], left: Integers, right: Integers, at: Integers) -> None:
        seen = bytearray(len(self.layout.nodes) + 1)
        for i in self.ends:
            a = left[i]
            for j in (a, right[i]) if a >= 0 else self.layout.many[i]:
                if at[j] >= self.first_sum and not seen[j]:
                    seen[j] = 1
                    _group(found, self.keys[at[j]], j)

    def activations(self, places: list[int]) -> dict[Key | str, list[int]]:
        """These places by the key of what each is made of, or by a label where that is no sum."""
        found: dict[Key | str, list[int]] = {}
        nodes, left = self.layout.nodes, self.layout.left
        for i in places:
            j = left[i]
            name = self.keys[self.at[j]] or nodes[i].label or nodes[j].label
            if name:
                _group(found, name, i)
        return found

    def stages(self) -> Integers:
        """How often data was multiplied by a parameter on the way to each place."""
        stages = integers(len(self.at))
        self._count(stages, self.layout.left, self.layout.right, self.layout.many, self.at)
        return stages

    def _count(
        self, stages: Integers, left: Integers, right: Integers, many: dict[int, Integers], at: Integers
    ) -> None:
        for i in range(len(left)):
            a = left[i]
            if a >= 0:
                first, second = stages[a], stages[right[i]]
                stage = first if first > second else second
            else:
                stage = _highest(many[i], stages)
            stages[i] = stage + 1 if self.multiplying[at[i]] else stage


def _forms(places: Integers, at: Integers) -> tuple[Form, ...]:
    return tuple([at[places[k]] for k in range(len(places))])


def _highest(places: Integers, stages: Integers) -> int:
    found = 0
    for k in range(len(places)):
        if stages[places[k]] > found:
            found = stages[places[k]]
    return found


def _group(found: dict[Any, list[int]], name: Any, place: int) -> None:
    members = found.get(name)
    if members is None:
        found[name] = members = []
    members.append(place)
