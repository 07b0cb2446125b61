"""diagnose: what is wrong with a loss and its parameters, from one forward and one reverse pass over the graph.

The effect of a step is found by recomputing the graph along it.

Each kind of fault is a function in `faults`. No data and no gradient is changed.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import Value, api_boundary, came, instance, reading, real
from .consequences import linked
from .context import Case, Thresholds
from .faults import FAULTS
from .report import Report


@api_boundary
def diagnose(
    loss: Value,
    parameters: Iterable[Value],
    lr: float | None = None,
    planned: Mapping[Value, float] | None = None,
    **thresholds: Any,
) -> Report:
    """What is wrong with a loss and the parameters it is trained by: a Report of Findings, the worst first.

    Call it after the loss is computed, after `backward()` or after an optimiser's step. With `lr`, a step down the
    gradient at that learning rate is tried on the graph; with `planned`, the step to those numbers. The other keyword
    arguments are `Thresholds`. A loss or parameter that is not a Value is a TypeError, an lr of 0 or less a ValueError.

    >>> w, x = Value(0.8, "w"), Value(62.5, "x")
    >>> a = (w * x).sigmoid()
    >>> a.label = "a"
    >>> finding = diagnose((a - 0.0) ** 2, [w]).findings[0]
    >>> finding.kind, finding.where, finding.evidence["slope"]
    ('saturated', ('a',), 1.9287498479639178e-22)
    >>> len(diagnose((w * 0.1 - 1) ** 2, [w]))
    0
    >>> finding = diagnose((w - 1.0) ** 2, [w], lr=1.5).findings[0]
    >>> finding.kind, round(finding.evidence["largest rate"], 5)
    ('step_too_long', 1.0)
    """
    import numpy as np

    case = Case(_loss(loss), _parameters(parameters), Thresholds.of(thresholds), _rate(lr), _planned(planned))
    with np.errstate(all="ignore"):  # as for floats
        findings = linked(finding for search in FAULTS for finding in case.once(search))
    findings.sort(key=lambda finding: finding.kind == "changed_since_forward" and case.stepped)
    checked = {
        "parameters": len(case.parameters),
        "units": len(case.units.keys),
        "operations": len(case.graph.interior),
    }
    return Report(tuple(findings), checked)


def _loss(loss: Any) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(f"diagnose takes the loss as one Value, not {came(loss)}")
    reading(loss, "diagnosis")
    return loss


def _rate(lr: Any) -> float | None:
    if lr is None:
        return None
    rate = real(lr, "lr")
    if not 0.0 < rate < math.inf:
        raise ValueError(f"lr must be above 0 and finite, not {lr!r}: a step goes against the gradient")
    return rate


def _planned(planned: Any) -> dict[Value, float] | None:
    if planned is None:
        return None
    numbers = instance(planned, Mapping, "planned", "a dict of parameters and their new numbers")
    return {
        instance(p, Value, "a key of planned"): real(number, "a number of planned") for p, number in numbers.items()
    }


def _parameters(parameters: Any) -> list[Value]:
    if callable(getattr(parameters, "parameters", None)):
        raise TypeError("diagnose takes parameters, not their module: pass model.parameters()")
    is_many = isinstance(parameters, Iterable) and not isinstance(parameters, (str, bytes, type, Mapping))
    given = [*parameters] if is_many else [parameters]
    for p in given if set(map(type, given)) - {Value} else ():
        if not isinstance(p, Value):
            raise TypeError(f"diagnose takes Values as parameters, not {came(p)}")
    return list(dict.fromkeys(given))
