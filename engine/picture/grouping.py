"""What is a box in a picture: neurons folded to one, and groups under the beginnings of their labels in a crowd."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ..chain import Link, Links, VariableGraph
from ..core import Value
from ..structure import Unit

MOST = 150  # boxes in a picture: beyond, dot is slow and nobody sees anything
SHOWN = 8  # variables at either end of paths too long to draw
CROWD = 4  # variables that are worth a box together where there are too many
HEADS = 3  # variables on the paths that a group beside them may still be joined to


@dataclass(eq=False)
class Group:
    """Variables that stand together in one box."""

    label: str  # "layer1.*", or what they are all called, or ""
    members: list[Value] = field(default_factory=list)


Drawn = Value | Group  # as one box


def boxes(
    links: Links, neurons: "Neurons", ends: Collection[Value], on: Collection[Value], most: int = MOST
) -> tuple[dict[Value, Drawn], str]:
    """For each drawn variable its box, itself or a group, and a note on what was grouped for want of room.

    `on` are the variables on the listed paths, which keep boxes of their own, as the `ends` do. Beside paths, what
    has one name and the neurons of a layer stand together however few they are.
    """
    drawn = [node for node in links if node not in neurons.parameters]
    keep = [node for node in drawn if node in on or node in ends]
    middle = keep[SHOWN:-SHOWN] if len(keep) > MOST // 2 else []
    own, levels = set(keep).difference(middle), _LEVELS[1 if on else 0 :]
    for coarse in levels:
        names = {node: None if node in own else _name(node, coarse, neurons, bool(on)) for node in drawn}
        names |= dict.fromkeys(middle, _MIDDLE)
        found = _boxed(names, 2 if coarse is levels[0] else CROWD)
        if len(set(found.values())) <= most and len(edges(found, links)) <= 5 * MOST:
            break
    crowded = coarse is not levels[0]
    if not crowded and not middle:
        return found, ""
    grouped = sum(isinstance(box, Group) for box in found.values())
    how = "under the beginning of their labels" if crowded else "in the middle of the paths"
    return found, f"{len(drawn):,} variables: {grouped:,} of them stand together {how}"


_MIDDLE = "the middle of the paths"


def _name(node: Value, coarse: Callable[[str], str | None], neurons: "Neurons", beside: bool) -> str | None:
    group = coarse(neurons.label(node) or "unnamed")
    if beside and node in neurons.outputs and group == neurons.label(node):
        return neurons.layers[node]
    return group


def _boxed(names: dict[Value, str | None], least: int) -> dict[Value, Drawn]:
    """A group for each name that at least so many have; the others stand for themselves."""
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


# How labels are grouped, from not at all to everything in one box.
_LEVELS: list[Callable[[str], str | None]] = [
    lambda label: None,
    lambda label: label,
    lambda label: label.rstrip("0123456789[]._") + "*",
    *(lambda label, parts=parts: _beginning(label, parts) for parts in (4, 3, 2, 1)),
    lambda label: "",
]


def _beginning(label: str, parts: int) -> str:
    """So many parts of a label with dots, but not the last; of one without, what stands before its number."""
    return ".".join(label.split(".")[:-1][:parts]) + ".*" if "." in label else label.rstrip("0123456789[]_") + "*"


def edges(found: dict[Value, Drawn], links: Links, on: Collection[Value] = ()) -> dict[tuple[Drawn, Drawn], list[Link]]:
    """The links between boxes, those of two boxes together; `on` are the variables on the paths that are drawn."""
    joined: dict[tuple[Drawn, Drawn], list[Link]] = {}
    for node, box in found.items():
        for link in links[node]:
            tail = found.get(link.wrt)
            if tail is not None and tail is not box:
                joined.setdefault((tail, box), []).append(link)
    heads = Counter(tail for tail, head in joined if _beside(tail, on) and head in on)
    return {ends: into for ends, into in joined.items() if heads[ends[0]] <= HEADS or ends[1] not in on}


def _beside(box: Drawn, on: Collection[Value]) -> bool:
    return isinstance(box, Group) and not any(node in on for node in box.members)


class Neurons:
    """The neurons that structure finds among the variables of a graph, each with a place in its labels, or with none.

    Of one whose labels have a place of its own, layer1.neuron3, the weights and all but the last of its results are
    folded into that one: they are `hidden`, or `parameters`.
    """

    def __init__(self, graph: VariableGraph) -> None:
        self.hidden, self.parameters = set[Value](), set[Value]()
        self.outputs = dict[Value, str]()  # of what a neuron passes on, the neuron's name
        self.layers = dict[Value, str]()  # and that of its layer
        self.labels = dict[Value, str]()  # and where it has no label, what it would be
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
            if first[name] not in members:  # which is made of other things with that place
                continue
            if not node.op:
                self.parameters.add(node)
            elif node.label == last[name]:
                self.outputs[node], self.layers[node] = name, units.layer(members[first[name]])
            elif node in units.sums:
                self.hidden.add(node)
        for node, unit in units.outputs.items():
            if node in graph.named and node not in graph.ends:
                self.outputs[node], self.layers[node] = units.name(unit), units.layer(unit)
                self.labels[node] = graph.named[node]
        self.hidden.difference_update(graph.ends)
        self.parameters.difference_update(graph.ends)

    def label(self, node: Value) -> str:
        """The label of a variable, if only by structure."""
        return self.labels.get(node, node.label)

    def called(self, node: Value, name: str) -> str:
        """The name of a variable, or of its neuron: layer1.neuron3[2] where it is layer1.neuron3.a[2]."""
        return self.outputs[node] + name.removeprefix(self.label(node)) if node in self.outputs else name


def place(label: str) -> str:
    """What stands before the last dot of a label."""
    return label.rpartition(".")[0]


def within(links: Links, output: Value, keep: Collection[Value], depth: int) -> Links:
    """The variables that are at most `depth` links away from the output, and those to keep."""
    near = {output: 0}
    for node in reversed(links):
        if node in near and near[node] < depth:
            for link in links[node]:
                near[link.wrt] = min(near.get(link.wrt, depth), near[node] + 1)
    return {node: into for node, into in links.items() if node in near or node in keep}
