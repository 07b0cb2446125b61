"""A learner's own derivation, judged: which factor is wrong, and by which mistake.

It offers `check`, which ChainRule.check calls, and Check, its answer. Read `check`.
"""

from .check import Check, check

__all__ = ["Check", "check"]
