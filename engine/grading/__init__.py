"""A learner's own derivation, judged: which factor or gradient is wrong, and by which mistake.

It offers `check` (the factors of one path) with its answer Check, and `compare` (the gradients of any parameters, all
at once) with its answer Comparison; to `nn.backpropagation` the Network behind a loss, by structure.

Read `check` and `compare` first, then `mistakes`, the catalogue: one more mistake is one more row. What the rows are
made of is in `network` and `layers` (stages and units, by structure) and `reverse_sweep` (gradients as a learner with
a mistake gets them).
"""

# fmt: off
from .check import Check, check
from .compare import Comparison, compare
from .layers import Occurrence, Unit
from .mistakes.softmax import softmaxes
from .network import Network
from .reverse_sweep import ReverseSweep

__all__ = ["Check", "Comparison", "Network", "Occurrence", "ReverseSweep", "Unit", "check", "compare", "softmaxes"]
