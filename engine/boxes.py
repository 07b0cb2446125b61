"""What is a box in a picture: neurons folded to one, and groups under the beginnings of their labels in a crowd."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any

from .paths import Links
from .value import Value

MOST = 150  # boxes in a picture: beyond, dot is slow and nobody sees anything
SHOWN = 8  # variables at either end of paths too long to draw


def boxes(
    links: Links, neurons: "Neurons", ends: Collection[Value | None], on: Collection[Value]
) -> tuple[dict[Value, Any], str]:
    """For each drawn variable its box, itself or the name of its group, and a note on what was grouped.

    `on` are the variables on the listed paths, which keep boxes of their own, as the `ends` do.
    """
    drawn = [node for node in links if node not in neurons.parameters]
    keep = [node for node in drawn if node in on or node in ends]
    kept = set(keep)
    middle = set(keep[SHOWN:-SHOWN]) if len(keep) > MOST // 2 else set()
    for coarse in _COARSENESS:
        found = {node: node if node in kept else _box(node, coarse, neurons, bool(on)) for node in drawn}
        found |= dict.fromkeys(middle, "the middle of the paths")
        sizes = Counter(found.values())
        found = {node: node if sizes[box] == 1 else box for node, box in found.items()}
        edges = {(found.get(link.wrt), found[node]) for node in found for link in links[node]}
        if len(set(found.values())) <= MOST and len(edges) <= 5 * MOST:
            break
    if coarse is _COARSENESS[0] and not middle:
        return found, ""
    grouped = sum(not isinstance(box, Value) for box in found.values())
    return found, f"{len(drawn):,} variables: {grouped:,} of them stand together under the beginning of their labels"


def _box(node: Value, coarse: Callable[[str], str | None], neurons: "Neurons", aside: bool) -> Any:
    """The group of a variable; neurons beside the paths stand together by layer however few there are."""
    group = coarse(node.label or "unnamed")
    if group is None and aside and node in neurons.outputs:
        return neurons.layer(node)
    return node if group is None else group


# How labels are grouped, from not at all to everything in one box.
_COARSENESS: list[Callable[[str], str | None]] = [
    lambda label: None,
    lambda label: label,
    lambda label: label.rstrip("0123456789[]._") + "*",
    lambda label: label.rpartition(".")[0] + ".*",
    lambda label: label.partition(".")[0] + ".*",
    lambda label: label[:1] + "*",
    lambda label: "",
]


class Neurons:
    """The neurons among `nodes`: what a label up to its last dot has in common with a pre-activation's."""

    def __init__(self, nodes: Iterable[Value], ends: set[Value]) -> None:
        labelled = [(node, *node.label.rpartition(".")) for node in nodes if "." in node.label]
        units = {unit for _, unit, _, part in labelled if part == "z"}
        active = {unit for _, unit, _, part in labelled if part == "a"}
        self.hidden = {node for node, unit, _, part in labelled if part == "z" and unit in active} - ends
        self.outputs = {node for node, unit, _, part in labelled if part in ("z", "a") and unit in units} - self.hidden
        self.parameters = {node for node, unit, _, part in labelled if unit in units and not node.op} - ends

    def unit(self, name: str) -> str:
        """The neuron that a name stands for: layer1.neuron3.a[2] is layer1.neuron3[2]."""
        return re.sub(r"\.[az](?=\[|$)", "", name)

    def layer(self, node: Value) -> str:
        """The layer that a neuron's output belongs to: layer1 for layer1.neuron3.a."""
        return node.label.rpartition(".")[0].rpartition(".")[0]


def within(links: Links, output: Value, wrt: Value | None, depth: int) -> Links:
    """The variables that are at most `depth` links away from the output, and those two ends."""
    near = {output: 0}
    for node in reversed(links):
        if node in near and near[node] < depth:
            for link in links[node]:
                near[link.wrt] = min(near.get(link.wrt, depth), near[node] + 1)
    return {node: into for node, into in links.items() if node in near or node is wrt}
