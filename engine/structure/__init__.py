"""The structure of a graph, found once and used by diagnosis and recordings.

It offers FlattenedGraph, the graph as arrays; LossGraph, with gradients and their spread; Units, the layers and neurons
of a network; and sweeps over these arrays.

Read `arrays` and `flattened` first, then `value_numbering`, `sweeps` (with `overrides`, several at once in `columns`),
`scans`, `groups` and `recompute` (numbers at other points), `loss_graph`, which holds them together, and
`linear_forms`, `weighted_sums`, `unit` and `units` (which nodes are one neuron, and one layer).
"""

# fmt: off
# ruff: noqa: I001
from .arrays import Floats, Groups, Ints, floats_of, grouped, groups_of, ints_of, narrow, new_ints, packed
from .flattened import FlattenedGraph, flatten
from .groups import by_number, unmarked
from .linear_forms import Forms
from .loss_graph import SAME, LossGraph
from .overrides import Overrides
from .scans import (
    all_small, any_larger, any_uses, any_zeroed, arguments, cancelling, coincident, distinct, ends_differ, extent,
    flattest, large, largest, nesting, none_exceeds, none_marked, not_held, one_sided, peaks, small, taken, using,
    where, with_argument,
)
from .sweeps import (
    any_feeds, dependent, limited, origins, reached, relu_operands, reverse, reverse_between, reverse_changed,
    strongest, summands,
)
from .unit import Layer, Unit
from .units import Units, multipliers
from .value_numbering import ValueNumbers
from .weighted_sums import ACTIVATIONS, FUNCTIONS, Occurrence, Products, Term

__all__ = [
    "ACTIVATIONS", "FUNCTIONS", "SAME", "FlattenedGraph", "Floats", "Forms", "Groups", "Ints", "Layer", "LossGraph",
    "Occurrence", "Overrides", "Products", "Term", "Unit", "Units", "ValueNumbers", "all_small", "any_feeds",
    "any_larger", "any_uses", "any_zeroed", "arguments", "by_number", "cancelling", "coincident", "dependent",
    "distinct", "ends_differ", "extent", "flatten", "flattest", "floats_of", "grouped", "groups_of", "ints_of", "large",
    "largest", "limited", "multipliers", "narrow", "nesting", "new_ints", "none_exceeds", "none_marked", "not_held",
    "one_sided", "origins", "packed", "peaks", "reached", "relu_operands", "reverse", "reverse_between",
    "reverse_changed", "small", "strongest", "summands", "taken", "unmarked", "using", "where",
    "with_argument",
]
