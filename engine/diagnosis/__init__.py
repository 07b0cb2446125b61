"""What is wrong with a loss and the parameters it is trained by.

It offers `diagnose`, which gives a Report of Findings, and Thresholds.

Read `diagnose` first, then `report`, with its writers in `report_writers`, and `context`, and in `faults` one function
for each kind of fault. They stand on `step` (what a step does to the loss), `terms` (what a loss adds up) and
`intervals` (which numbers an output can be).
"""

from .context import Thresholds
from .diagnose import diagnose
from .report import Finding, Report

__all__ = ["Finding", "Report", "Thresholds", "diagnose"]
