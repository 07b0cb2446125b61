"""A report as text, as HTML and as JSON."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from shutil import get_terminal_size
from textwrap import wrap

from ..core import book_name, elided, short_number
from .faults import KINDS
from .report import Evidence, Finding, Report


def to_text(report: Report) -> str:
    """The findings, numbered; without findings, the kinds that were looked for."""
    if not report.findings:
        kinds = [f"{kind:<22} {what}" for kind, what in KINDS.items()]
        return "\n".join([f"nothing wrong with {_scope(report)}; looked for:", *kinds])
    width = min(get_terminal_size().columns, 110)
    text = [f"{_counted(len(report.findings), 'finding')} in {_scope(report)}"]
    for number, finding in enumerate(report.findings, 1):
        first, *rest = lines(finding, width)
        text += ["", f"{number}. {first}", *rest]
    return "\n".join(text)


def to_json(report: Report, indent: int | None) -> str:
    """The findings and the counts of what was examined; inf and nan are strings."""
    findings = [{**asdict(finding), "evidence": _plain(finding.evidence)} for finding in report.findings]
    content = {"findings": findings, "checked": dict(report.checked), "kinds": list(KINDS)}
    return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)


def to_html(report: Report) -> str:
    """A table of the findings, in the colours of the notebook."""
    if not report.findings:
        kinds = ", ".join(f'<span title="{escape(what)}">{kind}</span>' for kind, what in KINDS.items())
        text = f"<p>✓ Nothing wrong with {_scope(report)}.</p><p>Looked for: {kinds}.</p>"
        return f'{_STYLE}<div class="whygrad">{text}</div>'
    head = f"<caption>{_counted(len(report.findings), 'finding')} in {_scope(report)}</caption>"
    heads = ("what and where", "evidence", "why, and what to change")
    head += f"<tr>{''.join(f'<th {_LEFT}>{text}</th>' for text in heads)}</tr>"
    rows = "".join(map(_row, report.findings))
    return f'{_STYLE}<div class="whygrad"><table style="margin-left: 0">{head}{rows}</table></div>'


def _scope(report: Report) -> str:
    parts = [_counted(count, what.removesuffix("s")) for what, count in report.checked.items()]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "the graph"


def listed(labels: Sequence[str], most: int = 6) -> str:
    """Labels as one text, with the middle left out if there are many.

    >>> listed(["a", "b"]), listed([f"h{i}" for i in range(16)])
    ('a, b', 'h0, h1, h2 … h15 (16 in all)')
    """
    text = ", ".join(map(_named, elided(labels, most, "…", 3, 1))).replace(", …, ", " … ")
    return text if len(labels) <= most else f"{text} ({len(labels):,} in all)"


def _named(label: str) -> str:
    """A variable's name in book notation; for a neuron, its pre-activation's name, too, as in chain rules.

    >>> _named("layer1.neuron2.w1"), _named("layer1.neuron2")
    ('w⁽¹⁾₂₁', 'layer1.neuron2 (z⁽¹⁾₂)')
    """
    z = f"{label}.z"
    return book_name(label) if book_name(z) == z else f"{label} ({book_name(z)})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _told(evidence: Evidence) -> list[str]:
    numbers = {x + 0.0 for x in evidence.values() if isinstance(x, float)}
    enough = (n for n in range(4, 10) if len({short_number(x, n) for x in numbers}) == len(numbers))
    digits = next(enough, 4)
    return [_as_text(name, x, digits) for name, x in evidence.items()]


def _as_text(name: str, x: float | int | str, digits: int = 4) -> str:
    """One number of the evidence.

    >>> _as_text("slope", 0.25), _as_text("parameters", 1), _as_text("units", "3 of 4"), _as_text("output", "0 to 1")
    ('slope = 0.25', '1 parameter', '3 of 4 units', 'output: 0 to 1')
    """
    if isinstance(x, float):
        return f"{book_name(name)} = {short_number(x + 0.0, digits)}"
    if isinstance(x, int):
        return f"{x:,} {SINGULAR.get(name, name.removesuffix('s')) if x == 1 else name}"
    text = "".join(elided(x, 120, " …", 120, 0))
    if not _SHARE.fullmatch(text):
        return f"{name}: {text}"
    return f"{text} {name.removesuffix('s') if text.endswith(' of 1') else name}"


SINGULAR = {
    "layers between": "layer between",
    "probabilities": "probability",
    "used by the loss": "used by the loss",
    "operations like it": "operation like it",
    "softmaxes": "softmax",
}
_SHARE = re.compile(r"\d+ of \d+")


def lines(finding: Finding, width: int) -> list[str]:
    """A finding in lines of text."""
    found = [f"{finding.kind}: {listed(finding.where)}"]
    found += wrap(", ".join(_told(finding.evidence)), width, initial_indent="    ", subsequent_indent="    ")
    for name, text in (("why", finding.why), ("remedy", finding.remedy)):
        found += wrap(text, width, initial_indent=f"    {name:<8}", subsequent_indent=" " * 12)
    return found


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

# Colours for light and dark notebooks: the text inherits the notebook's colour, and the lines are half transparent.
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
