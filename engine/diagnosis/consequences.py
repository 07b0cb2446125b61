"""Findings that follow from others: those computed from inf or nan are left out, some say what to mend first.

Findings that differ in nothing but the layer are one.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from .report import Evidence, Finding

MAYBE = "The loss_misuse in this report may be why: mend that first."
AFTER = {  # a kind and one that may bring it about, where both are found
    ("non_finite", "probability_loss"): "It follows from the probability_loss in this report.",
    ("probability_loss", "loss_misuse"): MAYBE,
    ("non_finite", "loss_misuse"): MAYBE,
    ("cancelled", "loss_misuse"): MAYBE,
    ("saturated", "out_of_range"): "Mend the out_of_range in this report first: then this may be gone too.",
    ("dead_relu", "symmetric"): "Mend the symmetric in this report first: then this may be gone too.",
}
LATER = "Mend the probability_loss first."
OF_SAME_UNITS = ("saturated", "dead_relu")  # follow from what is found in the same units
ADDED, SHARE = "groups", "units"  # evidence that two layers have together


def linked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the same order, each with what to mend first; those that are gone with another one come last.

    >>> far = Finding("out_of_range", ("a",), {}, "It cannot reach them.", "Scale the targets.")
    >>> flat = Finding("saturated", ("a",), {"slope": 1e-9}, "It is flat.", "Take smaller weights.")
    >>> linked([far, flat])[1].why
    'It is flat. Mend the out_of_range in this report first: then this may be gone too.'
    """
    found = list(findings)
    if any(finding.kind == "non_finite" for finding in found):
        found = [finding for finding in found if finding.kind == "non_finite" or _is_known(finding)]
    found = _merged(found)
    after = [_after(finding, [cause for cause in found if _causes(cause, finding)]) for finding in found]
    return sorted(after, key=lambda finding: finding.remedy == LATER)


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those of layers with the same numbers as one."""
    found: list[Finding] = []
    for finding in findings:
        evidence = _together(found[-1], finding) if found else None
        if evidence is None:
            found.append(finding)
        else:
            found[-1] = replace(finding, where=(*found[-1].where, *finding.where), evidence=evidence)
    return found


def _together(a: Finding, b: Finding) -> Evidence | None:
    """The evidence of two findings that differ in nothing but the units, and in how many there are; else None."""
    if (a.kind, a.why, a.remedy) != (b.kind, b.why, b.remedy) or not {SHARE} <= a.evidence.keys() == b.evidence.keys():
        return None
    sums = {name: _sum(name, x, b.evidence[name]) for name, x in a.evidence.items()}
    evidence = {name: x for name, x in sums.items() if x is not None}
    return evidence if len(evidence) == len(sums) else None


def _sum(name: str, a: float | int | str, b: float | int | str) -> float | int | str | None:
    """A number of both findings, None if they differ: of counts and shares the sum, of names both."""
    if name == SHARE:
        return " of ".join(
            str(int(x) + int(y)) for x, y in zip(str(a).split(" of "), str(b).split(" of "), strict=True)
        )
    if name == ADDED:
        return int(a) + int(b)
    if name == "copies":
        return f"{a}; {b}"
    return a if a == b else None


def _is_known(finding: Finding) -> bool:
    """Whether a finding is not made of gradients that may be nan, nor of other numbers that are not finite."""
    return finding.kind != "vanishing" and all(
        math.isfinite(x) for x in finding.evidence.values() if isinstance(x, float)
    )


def _causes(cause: Finding, finding: Finding) -> bool:
    if (finding.kind, cause.kind) not in AFTER:
        return False
    if (finding.kind, cause.kind) == ("non_finite", "probability_loss"):  # the log of that probability
        operand = cause.evidence.get("operand of the log", next(iter(cause.evidence.values())))
        is_log = str(finding.evidence.get("operation")).startswith("log")
        return is_log and operand in finding.evidence.values()
    return finding.kind not in OF_SAME_UNITS or set(finding.where) <= set(cause.where)


def _after(finding: Finding, causes: list[Finding]) -> Finding:
    why = " ".join([finding.why, *(AFTER[finding.kind, cause.kind] for cause in causes)])
    is_later = any(cause.kind == "probability_loss" for cause in causes)
    return replace(finding, why=why, remedy=LATER if is_later else finding.remedy)
