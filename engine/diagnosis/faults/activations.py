"""Faults of activations: saturated ones, dead relus, and logs of probabilities that have no digits left."""

from ...structure import Ints, LossGraph, Unit, exceeds, largest, relu_operands, smallest_slope, summands
from ..context import Case
from ..description import describe
from ..report import Finding

STEEPEST = {
    "sigmoid": 0.25,
    "tanh": 1.0,
    "erf": 1.1283791670955126,
}  # the slope at 0 of activations that flatten on both sides


def saturated(case: Case) -> list[Finding]:
    """Units whose activation is flat for nearly every example, by layer."""
    return [_flat_layer(case, units) for units in case.by_layer(flat_units(case))]


def flat_units(case: Case) -> list[Unit]:
    """The units that are flat for nearly every example, except probabilities whose log is taken."""
    graph, limit = case.graph, max(case.limits.flat, case.limits.flat_once)
    if not any(smallest_slope(graph.flattened, graph.of(op)) <= limit * steepest for op, steepest in STEEPEST.items()):
        return []
    logs = set(log_sources(graph))
    return [unit for unit in case.units.all if _has_flat(case, unit) and _is_flat(case, unit, logs)]


def _has_flat(case: Case, unit: Unit) -> bool:
    """Whether any activation of a unit may be flat."""
    limit = max(case.limits.flat, case.limits.flat_once) * max(STEEPEST.values())
    return smallest_slope(case.graph.flattened, unit.activations) <= limit


def _is_flat(case: Case, unit: Unit, logs: set[int]) -> bool:
    limits, graph = case.limits, case.graph
    seen = [i for i in unit.activations if graph.nodes[i].op in STEEPEST and i not in logs]
    limit = limits.flat if len(seen) >= limits.few else limits.flat_once
    flat = [i for i in seen if graph.slope(i) <= limit * STEEPEST[graph.nodes[i].op]]
    if not seen or len(flat) < limits.nearly_all * len(seen):
        return False
    at_the_output = not any(case.units.deep[i] for i in seen)
    return not at_the_output or sum(abs(graph.gradients[i]) for i in seen) > limits.asked


def _flat_layer(case: Case, units: list[Unit]) -> Finding:
    graph = case.graph
    seen = [i for unit in units for i in unit.activations]
    steepest = max(seen, key=graph.slope)
    name, z = graph.nodes[steepest].op, graph.data[graph.argument(steepest)]
    evidence = {
        "slope": graph.slope(steepest),
        "z": z,
        **_shares(case, units),
    }
    return Finding(
        "saturated",
        tuple(map(case.units.name, units)),
        evidence,
        f"So far from 0 the {name} is flat. Every gradient that passes it is multiplied by its slope, which is at most "
        f"{graph.slope(steepest):.4g} here, so the weights before it learn nothing.",
        "If it is flat from the start, scale the inputs to about 1 or start from smaller weights "
        '(MLP(..., init="xavier", seed=0)). If training drove it there, take a smaller learning rate. At the output, '
        "compute the loss on the logit z (binary_cross_entropy_with_logits, cross_entropy), whose gradient does not "
        "contain this slope.",
    )


def dead_relu(case: Case) -> list[Finding]:
    """Relus that are off for every example: whole layers, and single units that inputs like these cannot switch on."""
    return [_dead_layer(case, units) for units in case.by_layer(off_units(case))]


def off_units(case: Case) -> list[Unit]:
    """The units that are off for every example, and for good if others in their layer are on."""
    graph, found = case.graph, list[Unit]()
    if "relu" not in graph.ops:
        return []
    terms = summands(graph.flattened)
    sums = {unit: relu_operands(graph.flattened, unit.activations, terms) for unit in case.units.all}
    is_off = {unit for unit, indices in sums.items() if len(indices) and not exceeds(indices, graph.data, 0.0)}
    for units in case.by_layer(unit for unit in case.units.all if len(sums[unit])) if is_off else ():
        off = [unit for unit in units if unit in is_off]
        if len(off) < len(units):
            height = max(largest(sums[unit], graph.data) for unit in units if unit not in is_off)
            off = [unit for unit in off if _for_good(case, sums[unit], height)]
        found += off
    return found


def _for_good(case: Case, sums: Ints, height: float) -> bool:
    """Whether z is further below 0 than `height`, the neighbours' largest z, and than its own range over the examples.

    With few examples, z must instead be below -limits.off * Σ|w x|.
    """
    limits, z = case.limits, [case.graph.data[i] for i in sums]
    depth, moved = -max(z), max(z) - min(z)
    if depth <= height:
        return False
    return (len(z) >= limits.few and depth > moved) or depth > limits.off * max(case.units.reaches[i] for i in sums)


def _dead_layer(case: Case, units: list[Unit]) -> Finding:
    graph = case.graph
    highest = max(graph.data[graph.argument(i)] for unit in units for i in unit.activations)
    return Finding(
        "dead_relu",
        tuple(map(case.units.name, units)),
        {"largest z": highest, **_shares(case, units)},
        "A relu with z ≤ 0 has the slope 0. It is off for every example here, so no gradient passes it, and its "
        "weights can't move to switch it on again.",
        'Raise its bias, scale the inputs, or start from init="he". If a large step drove it there, take a smaller '
        'learning rate. activation="leaky_relu" and activation="tanh" have a gradient on both sides of 0.',
    )


def _shares(case: Case, units: list[Unit]) -> dict[str, float | int | str]:
    of = len(case.units.layers[case.units.layer(units[0])])
    examples = sum(len(unit.activations) for unit in units) // len(units)
    return {"units": f"{len(units)} of {of}", "examples": examples}


def probability_loss(case: Case) -> list[Finding]:
    """Logs of a probability that has rounded to the wrong 0 or 1, or is about to."""
    graph, found = case.graph, []
    for squash, logs in log_sources(case.graph).items():
        p = _probability(graph, squash)
        if not min(p, 1.0 - p) > case.limits.lost:
            found += [(squash, log) for log in logs if _matters(graph, log)]
    if not found:
        return []
    squash, log = found[0]
    return [
        Finding(
            "probability_loss",
            tuple(dict.fromkeys(describe(graph, i) for i, _ in found)),
            {
                "probability": graph.data[squash],
                "log of": _argument(graph, log),
                "slope": graph.slope(squash),
                "logs": len(found),
            },
            "The probability has rounded to 0 or 1, on the wrong side. Its log is -inf or the log of a clipped number, "
            "and the slope of the squashing function, divided by nearly 0, has no digits left.",
            "Compute the loss on the logit, before the sigmoid or softmax. binary_cross_entropy_with_logits([z], [y]) "
            "and cross_entropy([logits], [class]) keep all digits for any z.",
        )
    ]


def _probability(graph: LossGraph, squash: int) -> float:
    number = graph.data[squash]
    return (1.0 + number) / 2.0 if graph.nodes[squash].op in ("tanh", "erf") else number


def _matters(graph: LossGraph, log: int) -> bool:
    """Whether a log of a saturated probability is on the wrong side, and counts."""
    q = _argument(graph, log)
    return not q >= 0.5 and (graph.gradients[log] != 0.0 or not q > 0.0)


def _argument(graph: LossGraph, log: int) -> float:
    """The argument of the logarithm; 1 + a for log1p(a)."""
    number = graph.data[graph.argument(log)]
    return 1.0 + number if graph.nodes[log].op == "log1p" else number


PLUMBING = ("add", "sub", "neg", "mul", "div", "maximum", "minimum")  # 1 - p, p + 1e-12, a clip


def log_sources(graph: LossGraph) -> dict[int, list[int]]:
    """By squashing operation, the logs of its result; only operations with given numbers may lie between."""
    found: dict[int, list[int]] = {}
    for i in (*graph.of("log"), *graph.of("log1p")):
        squash = _source(graph, i)
        if squash is not None:
            found.setdefault(squash, []).append(i)
    return found


def _source(graph: LossGraph, log: int, most: int = 8) -> int | None:
    i = graph.argument(log)
    for _ in range(most):
        if _squashes(graph, i):
            return i
        inner = [j for j in graph.operands(i) if graph.nodes[j].op]
        if len(inner) != 1 or graph.nodes[i].op not in PLUMBING:
            return None
        (i,) = inner
    return None


def _squashes(graph: LossGraph, i: int) -> bool:
    """Whether a node is a sigmoid or like one: exp(a) / sum, 1 / (1 + exp(-a))."""
    op = graph.nodes[i].op
    if op in STEEPEST:
        return True
    return op == "div" and any(graph.nodes[k].op == "exp" for j in graph.operands(i) for k in (j, *graph.operands(j)))
