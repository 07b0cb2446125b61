"""Judges a learner's own derivation: which factor or gradient is wrong, and by which mistake.

It offers `check` (the factors of one path) with its answer Check, and `compare` (the gradients of any parameters, all
at once) with its answer Comparison; for `nn.backpropagation`, the Network behind a loss.

Read `derivation` (`check`) and `compare` first, then `mistakes`, the catalogue: a new mistake is a new row. Rows build
on `network`, with the layers and units that structure finds, and on `reverse_sweep`: gradients with a learner's
mistake. `trial` compares numbers; `rounding` and `contradictions` say which are right but for rounded intermediates.
"""

# fmt: off
from .answer import Check
from .compare import Comparison, compare
from .derivation import check
from .mistakes.softmax import softmaxes
from .network import Network
from .reverse_sweep import ReverseSweep

__all__ = ["Check", "Comparison", "Network", "ReverseSweep", "check", "compare", "softmaxes"]
