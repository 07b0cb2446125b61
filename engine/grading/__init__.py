"""Judges a learner's own derivation: which factor or gradient is wrong, and by which mistake.

It offers `check` (the factors of one path) with its answer Check, and `compare` (the gradients of any parameters, all
at once) with its answer Comparison; for `nn.backpropagation`, the Network behind a loss.

Read `derivation` (`check`) first. It reads answers by `equations`, `written` and `reading`, judges them by `factors`,
`hints`, `elsewhere` (is a formula right at other numbers too?) and `stand_ins` (a number written for what it is here).

Then read `compare`, and `mistakes`, the catalogue: a new mistake is a new row. Rows build on `network`, with the layers
and units that structure finds and their `activations`, and on `reverse_sweep`: gradients with a learner's mistake, as
`partials`. `trial` compares numbers; `explanations` chooses the mistake, if `evidence` is against chance; `instance`
shows a number of it; `rounding` and `contradictions` say which numbers are right but for rounded intermediates, by
`sensitivities`.
"""

# fmt: off
from .answer import Check
from .compare import Comparison, compare
from .derivation import check
from .network import Network
from .reverse_sweep import ReverseSweep

__all__ = ["Check", "Comparison", "Network", "ReverseSweep", "check", "compare"]
