"""Why a gradient is what it is: the chain rule path by path, as formulas and numbers, with a verdict.

It offers `chain_rule` and ChainRule with its paths and factors, `judge`, and to pictures and pages the names and
formulas of a chain.

Read `variables` first (the graph of variables), then `paths` and `ranking`, `terms`, `expressions` and `symbolic`
(formulas), `textbook` (short forms, with `products` for the search, `region` and `decimals` for the proof), `nested`
(one formula for all paths), `exact` (a whole graph in decimals), `text` (the table and LaTeX), `verdict` and
`sentences` (its words).
"""

# fmt: off
from .exact import Exact
from .expressions import Style, show
from .paths import ChainRule, Factor, Path, chain_rule, explained
from .sentences import FIXED, LISTED, NAMED, TESTS, TINY, branches
from .terms import Term
from .text import grouped, latex_of_value
from .variables import By, Link, Links, VariableGraph
from .verdict import CANCELLED, VANISHED, WORDS, Judgement, judge, tiny_factors

__all__ = [
    "CANCELLED", "FIXED", "LISTED", "NAMED", "TESTS", "TINY", "VANISHED", "WORDS", "By", "ChainRule", "Exact", "Factor",
    "Judgement", "Link", "Links", "Path", "Style", "Term", "VariableGraph", "branches", "chain_rule", "explained",
    "grouped", "judge", "latex_of_value", "show", "tiny_factors",
]
