"""Finds faults in a loss and its parameters.

It offers `diagnose`, which gives a Report of Findings, and Thresholds.

Read `diagnose` first, then `report`, with its writers in `report_writers`, and `context`, and `faults`, the catalogue:
one function for each kind of fault. `consequences` says which finding follows from which. The faults use `step` (the
effect of a step on the loss), `terms` (of a sum) and `intervals` (the range of an output).
"""

from .context import Thresholds
from .diagnose import diagnose
from .report import Finding, Report

__all__ = ["Finding", "Report", "Thresholds", "diagnose"]
