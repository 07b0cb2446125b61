"""Why a gradient is what it is: the chain rule path by path, as formulas and numbers, with a verdict.

It offers `chain_rule` and ChainRule with its paths and factors, `judge`, and to pictures and pages the names and
formulas of a chain.

Read `paths` first, then `expressions` and `symbolic` (formulas), `text` (the table and LaTeX), and `verdict`.
"""

# fmt: off
from .expressions import Style, Term, show
from .paths import By, ChainRule, Factor, Link, Links, Path, chain_rule, variable_graph
from .symbolic import SAME, Naming, naming
from .text import latex_of_value
from .verdict import BREAKS, CANCELLED, CONDITIONS, NAMED, SENTENCES, TINY, VANISHED, Judgement, Speech, judge

__all__ = [
    "BREAKS", "CANCELLED", "CONDITIONS", "NAMED", "SAME", "SENTENCES", "TINY", "VANISHED", "By", "ChainRule",
    "Factor", "Judgement", "Link", "Links", "Naming", "Path", "Speech", "Style", "Term", "chain_rule", "judge",
    "latex_of_value", "naming", "show", "variable_graph",
]
