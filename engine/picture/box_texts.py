"""What is written in the box of a variable, or of a group: names, formulas, data and gradients."""

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from ..chain import VariableGraph
from ..core import TABLE, Value, elided, natural, pretty_name, pretty_number
from .deltas import delta_of
from .grouping import MIDDLE, Group, Neurons, is_bias
from .theme import Line

BRIEF = 16  # letters of a formula in one box of many
SHORT = 8  # letters of a name that is written large
LONGEST = 40  # letters of a name before its middle is left out
WIDEST = 32  # letters of a formula in a box before its middle is left out
TITLE = 32  # letters of what a group is, in a line
SPAN = 14  # letters of the first and last name in a group
WEIGHTS = 48  # weights of a network that stand in its neurons' boxes, one by one
OF_ONE = 8  # and of a neuron

# By convention: what is given, not learnt.
GIVEN = re.compile(r"(x|y|t|a_prev|z_prev|inputs?|targets?)_?\d*$")


class BoxTexts:
    """The lines and the tooltip of each box.

    Formulas are `brief` where boxes are many; `weights` are those that the boxes of some neurons tell of.
    """

    def __init__(
        self, graph: VariableGraph, neurons: Neurons, brief: bool, weights: Mapping[Value, Sequence[Value]]
    ) -> None:
        self.graph, self.neurons, self.naming, self.brief, self.weights = graph, neurons, graph.naming, brief, weights
        self._names = dict[Group, list[str]]()
        self.one_by_one = (
            sum(map(len, weights.values())) <= WEIGHTS and max(map(len, weights.values()), default=0) <= OF_ONE
        )

    def called(self, node: Value) -> str:
        """The name of a variable."""
        called = pretty_name(str(self.naming.names.get(node) or node.label or pretty_number(self.graph.data[node])))
        return "".join(elided(called, LONGEST, "…"))

    def is_given(self, node: Value) -> bool:
        """Whether a leaf is an input or target, of which nobody asks the gradient."""
        return not node.op and bool(GIVEN.match(node.label)) and node is not self.graph.wrt

    def variable(self, node: Value, dead: str) -> list[Line]:
        """Its name and formula, data and gradient; for a neuron, those of its weights, too, if there is room."""
        called = self.called(node)
        head: list[tuple[str, str]] = [("name" if len(called) <= SHORT else "name long", called)]
        definition, most = self.naming.definition(node, "pretty"), BRIEF if self.brief else WIDEST
        if len(definition) > most and node in self.neurons.neurons and (sign := _function_sign({node.op})):
            definition = f"{sign}(…)"
        if 0 < len(definition) <= most:
            head.append(("symbol", f" = {definition}"))
        lines: list[Line] = [head]
        if not self.neurons.is_constant(node):
            lines.append([("key", "data "), ("number", pretty_number(self.graph.data[node]))])
        if not self.is_given(node):
            delta: Line = [("symbol", f"{name} = ")] if (name := delta_of(called)) else []
            number = pretty_number(self.graph.derivatives[node])
            lines.append([*delta, ("key", "grad "), (f"number{dead}", number)])
        weights = self.weights.get(node, [])
        return lines + ([*map(self._weight, weights)] if self.one_by_one else self._shapes([node], weights))

    def _weight(self, weight: Value) -> Line:
        gradient = pretty_number(self.graph.derivatives[weight])
        name, data = pretty_name(weight.label), pretty_number(self.graph.data[weight])
        return [("symbol", f"{name} "), ("key", f"{data}  grad "), ("number", gradient)]

    def variable_tip(self, node: Value) -> str:
        """Its whole name and formula, and ten digits."""
        name = self.naming.names.get(node) or node.label or "a constant"
        return " = ".join(filter(None, (name, self.naming.definition(node), f"{self.graph.data[node]:.10g}")))

    def group(self, group: Group, more: bool) -> list[Line]:
        """Their count and kind, the first and last name, the ranges of data and gradients, and their weights."""
        members, called = group.members, self._members(group)
        names = {self.neurons.label(node) for node in members}
        ends = " … ".join("".join(elided(name, SPAN, "…")) for name in dict.fromkeys([called[0], called[-1]]))
        lines: list[Line] = [
            *([("name long", line)] for line in textwrap.wrap(_many(group, self.neurons, more), TITLE)),
            *([] if len(names) == 1 and names != {""} else [[("symbol", ends)]]),
            _range("data", [self.graph.data[node] for node in members]),
            _range("grad", [self.graph.derivatives[node] for node in members]),
        ]
        one_layer = len({self.neurons.layers.get(node) for node in members}) == 1
        return lines + (self._shapes(members, self.neurons.weights_of(members)) if one_layer and not more else [])

    def group_tip(self, group: Group) -> str:
        """The names of some of its members."""
        return ", ".join(elided(self._members(group), 8, "…"))

    def _members(self, group: Group) -> list[str]:
        """The names in a group, in order."""
        if group not in self._names:
            members = group.members
            if group.name != MIDDLE:
                members = sorted(members, key=lambda node: natural(str(self.naming.names.get(node, ""))))
            self._names[group] = list(dict.fromkeys(self.called(node) for node in members))
        return self._names[group]

    def _shapes(self, neurons: Sequence[Value], weights: Sequence[Value]) -> list[Line]:
        """How many weights the neurons of a layer have, and biases, and their gradients."""
        if not weights:
            return []
        biases = sum(is_bias(weight) for weight in weights)
        units = len({self.neurons.neurons[node] for node in neurons})
        each, rest = divmod(len(weights) - biases, units)
        count = f"{len(weights) - biases:,}" if rest or units == 1 else f"{units:,} × {each}"
        text = f"{count} weights" + (f", {biases:,} bias{'es' * (biases > 1)}" if biases else "")
        return [[("key", text)], _range("their grad", [self.graph.derivatives[weight] for weight in weights])]


_ARITHMETIC = {"", "add", "sub", "mul", "div", "neg", "pow"}


def _range(what: str, numbers: Sequence[float]) -> Line:
    least, most = pretty_number(min(numbers)), pretty_number(max(numbers))
    return [("key", f"{what} "), ("number", least if least == most else f"{least} to {most}")]


def _function_sign(ops: set[str]) -> str:
    """The sign of the one function of one operand that all are: tanh, σ; "" for arithmetic, and for several."""
    row = TABLE[next(iter(ops))] if len(ops) == 1 else None
    return row.sign if row and len(row.partials) == 1 and row.sign.isidentifier() else ""


def _many(group: Group, neurons: Neurons, more: bool) -> str:
    """How many of what: 15 more neurons, 464 more outputs of 16 neurons, 30 × x."""
    labels, count = {neurons.label(node) for node in group.members}, f"{len(group.members):,}"
    more_of = f"{count} more" if more else count
    if labels == {""}:
        return f"{more_of} {'operations' if any(node.op for node in group.members) else 'numbers'}"
    if len(labels) == 1:
        return f"{count} × {pretty_name(*labels)}"
    if not all(node in neurons.neurons for node in group.members):
        ops = {node.op for node in group.members}
        return f"{more_of} variables" + (f": {ops.pop()}" if len(ops) == 1 and not ops & _ARITHMETIC else "")
    units = Counter(neurons.neurons[node] for node in group.members)
    ops = {node.op for node in group.members}
    kind = f"{sign} " if (sign := _function_sign(ops)) else ""
    what = f"{kind}neurons" if len(units) == len(group.members) else f"outputs of {len(units)} {kind}neurons"
    layers = {neurons.layers[node] for node in group.members}
    one = len(layers) == 1
    of = " of " + (re.sub(r"^layer(\d+)$", r"layer \1", layers.pop()) if one else f"{len(layers)} layers")
    return f"{more_of} {what}{of}"
