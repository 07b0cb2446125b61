"""A learner's own derivation, judged: which factor or gradient is wrong, and by which mistake.

It offers `check` (the factors of one path) with its answer Check, and `compare` (the gradients of any parameters, all
at once) with its answer Comparison.

Read `check` and `compare` first, then `mistakes`, the catalogue: one more mistake is one more row. What the rows are
made of is in `network` and `layers` (stages and units, by structure) and `reverse_sweep` (gradients as a learner with
a mistake gets them).
"""

from .check import Check, check
from .compare import Comparison, compare

__all__ = ["Check", "Comparison", "check", "compare"]
