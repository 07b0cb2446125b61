"""What a diagnosis says: a Finding for each fault, and the Report of all, as text, as HTML and as JSON."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from shutil import get_terminal_size
from textwrap import wrap

from ..core import elided, short_number

Evidence = Mapping[str, float | int | str]

# The worst first: what makes every number wrong, then what stops all learning, then what slows it down.
KINDS = {
    "non_finite": "an operation that gave inf or nan",
    "probability_loss": "the log of a probability that has run out of digits",
    "loss_misuse": "a loss that is given what it does not take, or that has no least number",
    "changed_since_forward": "numbers set after the loss was computed from them",
    "stale_gradient": "gradients that hold more than one backward pass",
    "rebound": "parameters that are the results of operations",
    "ascent": "a step up the gradient",
    "step_too_long": "a step so long that the loss rises",
    "exploding": "gradients too large to step along",
    "out_of_range": "targets that the output cannot reach",
    "stationary": "examples that pull against each other, in a model that is too simple",
    "dead_relu": "relus that are off for every example",
    "saturated": "activations that are flat for nearly every example",
    "symmetric": "units that are copies of each other",
    "vanishing": "gradients that shrink from layer to layer, or over time",
    "cancelled": "paths that add up to nothing",
    "dead_input": "inputs that are always 0",
    "disconnected": "parameters that the loss does not depend on",
}


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
        return "\n".join(_lines(self, 100))


@dataclass(frozen=True, slots=True)
class Report:
    """All that a diagnosis found, the worst first, and what it looked at.

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
        if not self.findings:
            kinds = [f"{kind:<22} {what}" for kind, what in KINDS.items()]
            return "\n".join([f"nothing wrong with {self._scope()}; looked for:", *kinds])
        width = min(get_terminal_size().columns, 110)
        lines = [f"{_counted(len(self.findings), 'finding')} in {self._scope()}"]
        for number, finding in enumerate(self.findings, 1):
            first, *rest = _lines(finding, width)
            lines += ["", f"{number}. {first}", *rest]
        return "\n".join(lines)

    def _scope(self) -> str:
        parts = [_counted(count, what.removesuffix("s")) for what, count in self.checked.items()]
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "the graph"

    def to_json(self, indent: int | None = 2) -> str:
        """The findings and what was looked at, as JSON text; inf and nan, which JSON lacks, are strings."""
        findings = [{**asdict(finding), "evidence": _plain(finding.evidence)} for finding in self.findings]
        content = {"findings": findings, "checked": dict(self.checked), "kinds": list(KINDS)}
        return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)

    def _repr_html_(self) -> str:
        if not self.findings:
            kinds = ", ".join(f'<span title="{escape(what)}">{kind}</span>' for kind, what in KINDS.items())
            text = f"<p>✓ Nothing wrong with {self._scope()}.</p><p>Looked for: {kinds}.</p>"
            return f'{_STYLE}<div class="whygrad">{text}</div>'
        head = f"<caption>{_counted(len(self.findings), 'finding')} in {self._scope()}</caption>"
        heads = ("what and where", "evidence", "why, and what to change")
        head += f"<tr>{''.join(f'<th {_LEFT}>{text}</th>' for text in heads)}</tr>"
        rows = "".join(map(_row, self.findings))
        return f'{_STYLE}<div class="whygrad"><table style="margin-left: 0">{head}{rows}</table></div>'


def listed(labels: Sequence[str], most: int = 6) -> str:
    """Labels as one text, the middle left out if there are many.

    >>> listed(["a", "b"]), listed([f"h{i}" for i in range(16)])
    ('a, b', 'h0, h1, h2 … h15 (16)')
    """
    text = ", ".join(elided(labels, most, "…", 3, 1)).replace(", …, ", " … ")
    return text if len(labels) <= most else f"{text} ({len(labels):,})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _told(evidence: Evidence) -> list[str]:
    return [
        f"{name} = {short_number(x)}"
        if isinstance(x, float)
        else f"{name} {''.join(elided(str(x), 120, ' …', 120, 0))}"
        for name, x in evidence.items()
    ]


def _lines(finding: Finding, width: int) -> list[str]:
    lines = [f"{finding.kind}: {listed(finding.where)}"]
    lines += wrap(", ".join(_told(finding.evidence)), width, initial_indent="    ", subsequent_indent="    ")
    for name, text in (("why", finding.why), ("remedy", finding.remedy)):
        lines += wrap(text, width, initial_indent=f"    {name:<8}", subsequent_indent=" " * 12)
    return lines


def _plain(evidence: Evidence) -> dict[str, float | int | str]:
    return {name: x if isinstance(x, str) or math.isfinite(x) else str(x) for name, x in evidence.items()}


def _row(finding: Finding) -> str:
    evidence = "<br>".join(map(escape, _told(finding.evidence)))
    title = escape(", ".join(finding.where))
    return (
        f'<tr><td {_LEFT} title="{title}"><b title="{escape(KINDS.get(finding.kind, ""))}">{escape(finding.kind)}</b>'
        f"<p><code>{escape(listed(finding.where))}</code></p></td><td {_LEFT}>{evidence}</td>"
        f"<td {_LEFT}>{escape(finding.why)}<p>→ {escape(finding.remedy)}</p></td></tr>"
    )


_LEFT = 'style="text-align: left"'  # an untrusted notebook keeps this, but no style sheet

# Colours that a light and a dark notebook can both stand: the text is the notebook's own, the lines half transparent.
_STYLE = """<style>
.whygrad { color: inherit; font: 13px/1.45 system-ui, sans-serif; max-width: 72em }
.whygrad table { border-collapse: collapse; width: 100%; background: none }
.whygrad caption { text-align: left; padding: 4px 0; color: inherit; font-weight: 600 }
.whygrad th, .whygrad td { text-align: left; vertical-align: top; padding: 6px 16px 6px 0; white-space: normal;
  background: none; color: inherit; overflow-wrap: anywhere; width: 25% }
.whygrad tr { border-top: 1px solid rgba(128, 128, 128, .4); background: none }
.whygrad th { font-weight: 600; opacity: .75 }
.whygrad th:last-child, .whygrad td:last-child { width: 50% }
.whygrad b { color: #e0355f }
.whygrad code { font: 12px/1.45 ui-monospace, monospace; color: inherit; background: none; padding: 0 }
.whygrad p { margin: 4px 0 0 }
@media (max-width: 640px) {
  .whygrad th { display: none }
  .whygrad td, .whygrad td:last-child { display: block; width: auto; padding: 4px 0 }
}
</style>"""
