"""diagnose: what is wrong with a loss and its parameters, from one pass forward over the graph and one in reverse.

Each kind of fault is a function from a Case to findings. Nothing is changed, no number and no gradient.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ..core import Value, reading
from .context import Case, Thresholds
from .faults.activations import dead_relu, probability_loss, saturated
from .faults.gradients import cancelled, disconnected, exploding, symmetric, vanishing
from .faults.states import changed_since_forward, non_finite, stale_gradient, stepped
from .report import KINDS, Finding, Report

SEARCHES: dict[str, Callable[[Case], list[Finding]]] = {
    "non_finite": non_finite,
    "probability_loss": probability_loss,
    "changed_since_forward": changed_since_forward,
    "stale_gradient": stale_gradient,
    "exploding": exploding,
    "dead_relu": dead_relu,
    "saturated": saturated,
    "symmetric": symmetric,
    "vanishing": vanishing,
    "cancelled": cancelled,
    "disconnected": disconnected,
}


def diagnose(loss: Value, parameters: Iterable[Value], **thresholds: Any) -> Report:
    """What is wrong with a loss and the parameters it is trained by: a Report of Findings, the worst first.

    It can be called right after the loss was computed, after `backward()` or after an optimiser's step. The
    keyword arguments are `Thresholds`. What is not a Value is a TypeError.

    >>> w, x = Value(0.8, "w"), Value(62.5, "x")
    >>> a = (w * x).sigmoid()
    >>> a.label = "a"
    >>> finding = diagnose((a - 0.0) ** 2, [w]).findings[0]
    >>> finding.kind, finding.where, finding.evidence["slope"]
    ('saturated', ('a',), 1.9287498479639178e-22)
    >>> len(diagnose((w * 0.1 - 1) ** 2, [w]))
    0
    """
    case = Case(_loss(loss), _parameters(parameters), Thresholds.of(thresholds))
    findings = [finding for kind in KINDS for finding in SEARCHES[kind](case)]
    findings.sort(key=lambda finding: finding.kind == "changed_since_forward" and stepped(case))
    checked = {
        "parameters": len(case.parameters),
        "units": len(case.units.all),
        "operations": len(case.graph.interior),
    }
    return Report(tuple(findings), checked)


def _loss(loss: Any) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(f"diagnose takes the loss as one Value, not {type(loss).__name__} {loss!r}")
    reading(loss, "diagnosis")
    return loss


def _parameters(parameters: Any) -> list[Value]:
    if callable(getattr(parameters, "parameters", None)):
        raise TypeError("diagnose takes parameters, not what has them: pass model.parameters()")
    given = [*parameters] if isinstance(parameters, Iterable) else [parameters]
    for p in given if set(map(type, given)) - {Value} else ():
        if not isinstance(p, Value):
            raise TypeError(f"diagnose takes Values as parameters, not {type(p).__name__} {p!r}")
    return list(dict.fromkeys(given))
