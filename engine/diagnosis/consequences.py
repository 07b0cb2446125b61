"""Findings that follow from others: those computed from inf or nan are left out, some say what to mend first."""

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from .report import Finding

AFTER = {  # a kind and one that may bring it about, where both are found
    ("non_finite", "probability_loss"): "It follows from the probability_loss in this report: mend that first.",
    ("probability_loss", "loss_misuse"): "The loss_misuse in this report may be why: mend that first.",
    ("saturated", "out_of_range"): "Mend the out_of_range in this report first: then this may be gone too.",
}


def linked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the same order, each with what to mend first.

    >>> far = Finding("out_of_range", ("a",), {}, "It cannot reach them.", "Scale the targets.")
    >>> flat = Finding("saturated", ("a",), {"slope": 1e-9}, "It is flat.", "Take smaller weights.")
    >>> linked([far, flat])[1].why
    'It is flat. Mend the out_of_range in this report first: then this may be gone too.'
    """
    found = list(findings)
    if any(finding.kind == "non_finite" for finding in found):
        found = [finding for finding in found if finding.kind == "non_finite" or _is_finite(finding)]
    return [_after(finding, [cause for cause in found if _causes(cause, finding)]) for finding in found]


def _is_finite(finding: Finding) -> bool:
    return all(math.isfinite(x) for x in finding.evidence.values() if isinstance(x, float))


def _causes(cause: Finding, finding: Finding) -> bool:
    if (finding.kind, cause.kind) not in AFTER:
        return False
    if finding.kind == "non_finite":  # a log of one of these probabilities
        names = "|".join(map(re.escape, cause.where))
        return re.search(rf"^log\w*\(.*(?<!\w)({names})(?!\w)", finding.where[0]) is not None
    return finding.kind != "saturated" or set(finding.where) <= set(cause.where)


def _after(finding: Finding, causes: list[Finding]) -> Finding:
    return replace(finding, why=" ".join([finding.why, *(AFTER[finding.kind, cause.kind] for cause in causes)]))
