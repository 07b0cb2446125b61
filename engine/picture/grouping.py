"""The boxes of a picture: neurons folded to one, and groups of variables that are too many."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..chain import Link, Links, VariableGraph
from ..core import Value, natural
from ..structure import Unit

MOST = 60  # boxes in a picture
BESIDE = 16  # of them beside the paths
EDGES = 120  # edges in a picture, beyond which they hide each other
LONG = 14  # variables in a row; if there are more, those in the middle share a box
SHOWN = 5  # boxes of their own at either end
CROWD = 4  # fewest variables that share a box where there are too many


@dataclass(eq=False)
class Group:
    """Variables that share a box: by their common `name`, or as the middle of a long path."""

    name: str
    members: list[Value] = field(default_factory=list)


Drawn = Value | Group  # as one box


def boxes(
    links: Links, neurons: "Neurons", ends: Collection[Value], on: Collection[Value], part: float = 1.0
) -> tuple[dict[Value, Drawn], int]:
    """Each drawn variable's box, itself or a group, and how many are grouped for lack of room.

    There is room for a `part` of a picture's largest number of boxes. The `ends` keep their own boxes, and so do the
    variables `on` the listed paths, except in the middle of a long path. Off the paths, same-named variables and a
    layer's neurons are always grouped, and a pre-activation stands in its neuron's box.
    """
    folded = {z: a for z, a in neurons.result_of.items() if z in links and z not in on and a in links}
    drawn = [
        node
        for node in links
        if node not in neurons.parameters and node not in folded and not neurons.is_told(node, bool(on))
    ]
    middle = _middle(links, [node for node in drawn if node in on] if on else drawn).difference(ends)
    own = {node for node in drawn if (node in on or node in ends) and node not in middle}
    for coarse in _LEVELS:
        names = {node: None if node in own else coarse(neurons, node, bool(on)) for node in drawn}
        names |= dict.fromkeys(middle, MIDDLE)
        found = _boxed(names, 2 if on and coarse is _by_label else CROWD)
        found |= {z: found[a] for z, a in folded.items()}
        beside = {box for node, box in found.items() if node not in on}
        many = len(beside) > BESIDE * part if on else len(set(found.values())) > MOST * part
        if not many and len(edges(found, links, on)) <= EDGES:
            break
    crowded = not on or coarse is not _by_label
    return found, sum(isinstance(box, Group) and (crowded or box.name == MIDDLE) for box in found.values())


MIDDLE = "the middle"


def _middle(links: Links, nodes: Sequence[Value]) -> set[Value]:
    """Variables far from both ends of a path longer than LONG, and leaves used only by them."""
    within, before = set(nodes), ranks(links, nodes)
    users: dict[Value, list[Value]] = {node: [] for node in nodes}
    for node in nodes:
        for link in links[node]:
            if link.wrt in within:
                users[link.wrt].append(node)
    after = _distances(nodes[::-1], users.__getitem__)
    if max(before.values(), default=0) < LONG:
        return set()
    far = {node for node in nodes if before[node] >= SHOWN and after[node] >= SHOWN}
    return far | {node for node in nodes if not before[node] and users[node] and far.issuperset(users[node])}


def ranks(links: Links, nodes: Sequence[Value]) -> dict[Value, int]:
    """The length of the longest path to each of the variables, within them."""
    within = set(nodes)
    return _distances(nodes, lambda node: [link.wrt for link in links[node] if link.wrt in within])


def _distances(nodes: Sequence[Value], earlier: Callable[[Value], list[Value]]) -> dict[Value, int]:
    """The length of the longest path to each node."""
    found: dict[Value, int] = {}
    for node in nodes:
        found[node] = max((found[other] + 1 for other in earlier(node)), default=0)
    return found


def _boxed(names: dict[Value, str | None], least: int) -> dict[Value, Drawn]:
    """A group for each name of at least `least` variables; each other variable has a box of its own."""
    sizes = Counter(names.values())
    groups = {name: Group(name) for name in sizes if name is not None}
    found: dict[Value, Drawn] = {}
    for node, name in names.items():
        if name is None or sizes[name] < least:
            found[node] = node
        else:
            groups[name].members.append(node)
            found[node] = groups[name]
    return found


Level = Callable[["Neurons", Value, bool], str | None]  # the name of a variable's group, if it has one


def _by_label(neurons: "Neurons", node: Value, beside: bool) -> str | None:
    """Off the paths, the layer of a neuron, else the label."""
    return _by_layer(neurons, node, beside) if beside else None


def _by_layer(neurons: "Neurons", node: Value, beside: bool) -> str | None:
    return neurons.layers.get(node) or neurons.label(node) or None


def _beginning(label: str, parts: int) -> str:
    """The first `parts` parts of a dotted label, never its last; of another label, all but its number."""
    return ".".join(label.split(".")[:-1][:parts]) if "." in label else label.rstrip("0123456789[]_")


def _by_beginning(parts: int) -> Level:
    """By the beginning of the label; without a label, if far from the output."""

    def level(neurons: "Neurons", node: Value, beside: bool) -> str | None:
        label = neurons.label(node)
        near = not label and not beside and neurons.after[node] <= parts
        return None if near else neurons.layers.get(node) or _beginning(label, parts)

    return level


# How variables are grouped, from not at all to all in one box.
_LEVELS: list[Level] = [_by_label, _by_layer, *map(_by_beginning, range(6, 0, -1)), lambda neurons, node, beside: ""]


def joined(found: dict[Value, Drawn], links: Links) -> dict[tuple[Drawn, Drawn], list[Link]]:
    """All links between boxes, those of two boxes together."""
    between: dict[tuple[Drawn, Drawn], list[Link]] = {}
    for node, box in found.items():
        for link in links[node]:
            tail = found.get(link.wrt)
            if tail is not None and tail is not box:
                between.setdefault((tail, box), []).append(link)
    return between


def edges(
    found: dict[Value, Drawn],
    links: Links,
    on: Collection[Value],
    matters: Callable[[list[Link]], bool] = lambda links: False,
) -> dict[tuple[Drawn, Drawn], list[Link]]:
    """The links that are drawn; `on` are the variables on the paths that are drawn.

    A group off the paths has an edge only to the first variable on them that uses it, and where `matters` is true.
    """
    between = joined(found, links)
    first: dict[Drawn, Drawn] = {}
    rank: dict[Drawn, int] = {node: i for i, node in enumerate(on)}
    for tail, head in sorted(between, key=lambda ends: rank.get(ends[1], 0)):
        if head in rank and isinstance(tail, Group) and not any(node in on for node in tail.members):
            first.setdefault(tail, head)
    return {
        ends: into
        for ends, into in between.items()
        if ends[1] not in on or first.get(ends[0], ends[1]) is ends[1] or matters(into)
    }


class Neurons:
    """The neurons that structure finds among the variables of a graph, with or without a prefix in their labels.

    If its labels have a prefix of their own, layer1.neuron3, a neuron is one box, that of its last result: its weights
    are `parameters`, and its pre-activations are `hidden`. With a `wrt`, which may have paths through them, they stay
    variables, and `result_of` gives the box of each that no path needs.
    """

    def __init__(self, graph: VariableGraph) -> None:
        self.graph = graph
        self.hidden, self.parameters = set[Value](), set[Value]()
        self.result_of = dict[Value, Value]()
        self.layers = dict[Value, str]()  # by output of a neuron, the name of its layer
        self.neurons = dict[Value, str]()  # and the neuron's
        if graph.by == "labels":
            self._find(graph)

    def _find(self, graph: VariableGraph) -> None:
        units = graph.neurons
        members = units.sums | units.outputs
        found: dict[str, set[Unit]] = {}
        for node, unit in members.items():
            found.setdefault(place(node.label), set()).add(unit)
        placed = [node for node in graph.nodes if len(found.get(place(node.label), ())) == 1 and place(node.label)]
        first = {place(node.label): node for node in reversed(placed) if node.op}
        last = {place(node.label): node.label for node in placed if node.op}
        for node in placed:
            name = place(node.label)
            if first[name] not in members:  # another operation has the prefix first
                continue
            if not node.op:
                self.parameters.add(node)
            elif node.label == last[name]:
                self.neurons[node], self.layers[node] = name, units.layer(members[first[name]])
            elif node in units.sums:
                self.hidden.add(node)
        for node, unit in units.outputs.items():
            if node in graph.named and node not in graph.ends:
                self.neurons[node], self.layers[node] = units.name(unit), units.layer(unit)
        self._find_beside_residuals({name for name, of in found.items() if len(of) == 1})
        self.hidden.difference_update(graph.ends)
        self.parameters.difference_update(graph.ends)
        if graph.wrt is not None:
            results = [(link.wrt, node) for node in self.neurons for link in graph.variables[node]]
            self.result_of = {z: node for z, node in results if z in self.hidden}
            self.hidden = set()

    def _find_beside_residuals(self, single: Collection[str]) -> None:
        """Neurons whose sum goes on into a residual, another one for each example: dots of the weights beside them."""
        own = defaultdict[str, set[Value]](set)
        for node in self.graph.nodes:
            name = place(node.label)
            weights = own[name]
            if not node.op:
                weights.add(node)
            elif node.op == "dot" and place(name) and name not in single and weights and weights <= {*node.operands}:
                self.neurons[node], self.layers[node] = name, place(name)
                self.parameters |= weights

    def weights_of(self, nodes: Iterable[Value]) -> list[Value]:
        """The parameters that are folded into neurons, in order."""
        return [weight for name in dict.fromkeys(self.neurons.get(x, "") for x in nodes) for weight in self._own[name]]

    @cached_property
    def _own(self) -> defaultdict[str, list[Value]]:
        found = defaultdict[str, list[Value]](list)
        for node in self.graph.nodes:
            if node in self.parameters:
                found[place(node.label)].append(node)
        for weights in found.values():
            weights.sort(key=lambda node: (is_bias(node), natural(node.label)))
        return found

    def label(self, node: Value) -> str:
        """The label of a variable, if only by structure."""
        return node.label or self.graph.named.get(node, "")

    @cached_property
    def after(self) -> dict[Value, int]:
        """The fewest links from each variable to the output."""
        return _nearest(self.graph.variables, self.graph.output)

    def is_told(self, node: Value, beside: bool) -> bool:
        """Whether a constant is in formulas only, without a box: all off the paths, and exponents."""
        return self.is_constant(node) and (beside or not self.graph.derivatives[node])

    def is_constant(self, node: Value) -> bool:
        """Whether a variable is a number that formulas hold, by operations: a leaf without a name."""
        return not node.op and node not in self.graph.naming.names


def is_bias(weight: Value) -> bool:
    """Whether a weight of a neuron is its bias, by its label: layer1.neuron3.b."""
    return weight.label.rpartition(".")[2].startswith("b")


def place(label: str) -> str:
    """The part before the last dot of a label."""
    return label.rpartition(".")[0]


def within(links: Links, output: Value, keep: Collection[Value], depth: int) -> Links:
    """The variables that are at most `depth` links away from the output, and those to keep."""
    near = _nearest(links, output)
    return {node: into for node, into in links.items() if near.get(node, depth + 1) <= depth or node in keep}


def _nearest(links: Links, output: Value) -> dict[Value, int]:
    near = {output: 0}
    for node in reversed(links):
        for link in links[node] if node in near else ():
            near[link.wrt] = min(near.get(link.wrt, near[node] + 1), near[node] + 1)
    return near
