"""The result of a diagnosis as data: a Finding for each fault, and the Report of all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Evidence = Mapping[str, float | int | str]

# Worst first: faults that make every number wrong, then those that stop all learning, then those that slow it down.
KINDS = {
    "non_finite": "an operation that gave inf or nan",
    "probability_loss": "the log of a probability that has run out of digits",
    "loss_misuse": "a loss with the wrong kind of input, or without a minimum",
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
        from .report_writers import lines

        return "\n".join(lines(self, 100))


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
