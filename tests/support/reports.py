"""Shortcuts by which tests read a diagnosis."""

from engine import Finding, Report


def kinds(report: Report) -> list[str]:
    """The kinds of all findings."""
    return [finding.kind for finding in report]


def only(report: Report, kind: str) -> Finding:
    """The only finding of a report, which is of that kind and says why and what to do."""
    (finding,) = report.findings
    assert finding.kind == kind, str(report)
    assert finding.evidence
    assert finding.why.endswith(".")
    assert finding.remedy.endswith(".")
    return finding
