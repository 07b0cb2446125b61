"""The structure of a graph, found once and used by diagnosis and recordings.

It offers FlattenedGraph, the graph as arrays; LossGraph, with gradients and their spread; Units, the layers and neurons
of a network; and sweeps over these arrays.

Read `flattened` first, then `value_numbering`, `linear_forms` and `units` (which nodes are one neuron), `sweeps` and
`recompute` (numbers at other points), and `loss_graph`, which holds them together.
"""

# fmt: off
# ruff: noqa: I001
from .arrays import Floats, Ints, floats_of, grouped, ints_of, narrow, new_ints, packed
from .flattened import FlattenedGraph, flatten
from .linear_forms import Forms
from .loss_graph import SAME, LossGraph
from .sweeps import (
    all_small, cancelling, exceeds, largest, origins, pulls, relu_operands, reverse, reverse_changed, small,
    smallest_slope, strongest, summands,
)
from .units import ACTIVATIONS, Unit, Units, multipliers
from .value_numbering import Known

__all__ = [
    "ACTIVATIONS", "SAME", "FlattenedGraph", "Floats", "Forms", "Ints", "Known", "LossGraph", "Unit", "Units",
    "all_small", "cancelling", "exceeds", "flatten", "floats_of", "grouped", "ints_of", "largest", "multipliers",
    "narrow", "new_ints", "origins", "packed", "pulls", "relu_operands", "reverse", "reverse_changed", "small",
    "smallest_slope", "strongest", "summands",
]
