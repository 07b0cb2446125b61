"""The result of a diagnosis as data: a Finding for each fault, and the Report of all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..core import api_boundary

Evidence = Mapping[str, float | int | str]


@api_boundary
@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its kind, where it is (labels), the evidence (numbers), why it matters and what to change.

    >>> print(Finding("disconnected", ("w7",), {"gradient": 0.0}, "The loss does not depend on it.", "Use it."))
    disconnected: w7
        gradient = 0
        why     The loss does not depend on it.
        remedy  Use it.
    """

    kind: str
    where: tuple[str, ...]
    evidence: Evidence
    why: str
    remedy: str

    def __str__(self) -> str:
        from .report_writers import lines

        return "\n".join(lines(self, 100))


@api_boundary
@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a diagnosis, worst first, and the counts of what it examined.

    >>> report = Report((), {"parameters": 2, "units": 1, "operations": 4})
    >>> len(report), bool(report)
    (0, False)
    >>> print(report)
    nothing wrong with 2 parameters, 1 unit and 4 operations; looked for:
    non_finite             an operation that gave inf or nan
    ...
    """

    findings: tuple[Finding, ...]
    checked: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        from .report_writers import to_text

        return to_text(self)

    def to_json(self, indent: int | None = 2) -> str:
        """The findings and the counts of what was examined, as JSON text, with inf and nan as strings."""
        from .report_writers import to_json

        return to_json(self, indent)

    def _repr_html_(self) -> str:
        from .report_writers import to_html

        return to_html(self)
