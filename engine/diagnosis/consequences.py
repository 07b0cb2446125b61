"""Findings that follow from others: those computed from inf or nan are left out, some say what to mend first."""

import math
from collections.abc import Iterable
from dataclasses import replace

from .report import Finding

MAYBE = "The loss_misuse in this report may be why: mend that first."
AFTER = {  # a kind and one that may bring it about, where both are found
    ("non_finite", "probability_loss"): "It follows from the probability_loss in this report: mend that first.",
    ("probability_loss", "loss_misuse"): MAYBE,
    ("non_finite", "loss_misuse"): MAYBE,
    ("cancelled", "loss_misuse"): MAYBE,
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
        found = [finding for finding in found if finding.kind == "non_finite" or _is_known(finding)]
    return [_after(finding, [cause for cause in found if _causes(cause, finding)]) for finding in found]


def _is_known(finding: Finding) -> bool:
    """Whether a finding is not made of gradients that may be nan, nor of other numbers that are not finite."""
    return finding.kind != "vanishing" and all(
        math.isfinite(x) for x in finding.evidence.values() if isinstance(x, float)
    )


def _causes(cause: Finding, finding: Finding) -> bool:
    if (finding.kind, cause.kind) not in AFTER:
        return False
    if (finding.kind, cause.kind) == ("non_finite", "probability_loss"):  # the log of that probability
        is_log = str(finding.evidence.get("operation")).startswith("log")
        return is_log and cause.evidence["log of"] in finding.evidence.values()
    return finding.kind != "saturated" or set(finding.where) <= set(cause.where)


def _after(finding: Finding, causes: list[Finding]) -> Finding:
    return replace(finding, why=" ".join([finding.why, *(AFTER[finding.kind, cause.kind] for cause in causes)]))
