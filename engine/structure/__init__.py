"""The structure of a graph, found once and used by diagnosis and recordings.

It offers FlattenedGraph, the graph as arrays; LossGraph, with gradients and their spread; Units, the layers and neurons
of a network; and sweeps over these arrays.

Read `flattened` first, then `value_numbering`, `sweeps`, `scans` and `recompute` (numbers at other points),
`loss_graph`, which holds them together, and `linear_forms`, `weighted_sums` and `units` (which nodes are one neuron,
and one layer).
"""

# fmt: off
# ruff: noqa: I001
from .arrays import Floats, Ints, floats_of, grouped, ints_of, narrow, new_ints, packed
from .flattened import FlattenedGraph, flatten
from .linear_forms import Forms
from .loss_graph import SAME, LossGraph
from .scans import all_small, any_uses, cancelling, exceeds, largest, small, smallest_partial
from .sweeps import (
    dependent, limited, origins, relu_operands, reverse, reverse_between, reverse_changed, strongest, summands,
)
from .units import Layer, Unit, Units, multipliers
from .value_numbering import ValueNumbers
from .weighted_sums import ACTIVATIONS, FUNCTIONS, Occurrence, Term

__all__ = [
    "ACTIVATIONS", "FUNCTIONS", "SAME", "FlattenedGraph", "Floats", "Forms", "Ints", "Layer", "LossGraph",
    "Occurrence", "Term", "Unit", "Units", "ValueNumbers", "all_small", "any_uses", "cancelling", "dependent",
    "exceeds", "flatten", "floats_of", "grouped", "ints_of", "largest", "limited", "multipliers", "narrow",
    "new_ints", "origins", "packed", "relu_operands", "reverse", "reverse_between", "reverse_changed", "small",
    "smallest_partial", "strongest", "summands",
]
