"""Faults that show in the gradients, which explode, cancel or do not arrive."""

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core import Value, book_name
from ...structure import (
    Floats,
    Ints,
    any_larger,
    cancelling,
    floats_of,
    ints_of,
    largest,
    multipliers,
    origins,
    reverse,
)
from ..context import Case
from ..intervals import MAGNITUDES
from ..report import Finding
from ..step import array_of
from ..terms import other_factor
from .activations import off_units
from .cuts import cut_off, not_taken
from .logits import OTHERS
from .softmaxes import OVER_EXAMPLES, is_over_examples
from .steps import about_inputs, good_steps
from .tables import unused_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def exploding(case: Case) -> list[Finding]:
    """Parameters whose gradient is so large that a usual learning rate does not lower the loss as predicted."""
    limits, found, worst, against = case.limits, list[Value](), 0.0, 0.0
    if not any_larger(case.indices, case.graph.gradients, case.graph.data, limits.exploded, limits.smallest):
        return []
    for members in case.by_unit.values():
        gradient = max(abs(case.gradient(p)) if case.gradient(p) == case.gradient(p) else math.inf for p in members)
        weight = max(limits.smallest, *(abs(p.data) for p in members))
        if gradient > limits.exploded * weight:
            found += members
            worst, against = max((worst, against), (gradient, weight))
    if not found or origins(case.graph.flattened) or _is_steppable(case):
        return []
    return [
        Finding(
            "exploding",
            tuple(case.groups(found)),
            {"gradient": worst, "weight": against, "ratio": worst / against, "parameters": len(found)},
            f"The gradient is {worst / against:.2g} times the weights. At a learning rate of {_rate(case):g}, the "
            "first or second step moves the weights much too far, so the loss does not fall as it should.",
            "Scale inputs and targets to about 1. Any one of these may help too: "
            + (f"start from smaller weights{case.in_modules(HE)}; " if against > limits.smallest else "")
            + "take the mean of the losses, not their sum; take a smaller learning rate; "
            "clip the gradient; take Adam, whose steps do not grow with the gradient." + about_inputs(case),
        )
    ]


HE = ', MLP(..., init="he", seed=0)'


def _is_steppable(case: Case) -> bool:
    """Whether two steps lower the loss as its slope predicts; a first step that is known is left to `step_too_long`."""
    if case.graph.changed or case.planned is not None:
        return True
    good = good_steps(case, _rate(case))
    return good == 2 or (good == 0 and case.lr is not None)


def _rate(case: Case) -> float:
    return case.limits.usual_rate if case.lr is None else case.lr


NEAR = (
    0.5,
    -0.5,
)  # relative moves of all parameters; in one of them a relu may be off, where nothing arrives to cancel
FAR = (0.5, 4.0, -4.0, 50.0, -50.0)  # relative moves, out of a minimum and past the kinks of a hinge


def cancelled(case: Case) -> list[Finding]:
    """Parameters whose paths cancel for any value of the parameters, unless these paths have vanished."""
    limit = case.limits.cancelled / max(1, len(case.parameters))
    faint = cancelling(case.indices, case.graph.gradients, case.graph.squares, limit)
    least = case.limits.vanished**2 * largest(case.indices, case.graph.squares)
    wanted = ints_of(i for i in faint if case.graph.squares[i] > least)
    is_smooth = case.graph.ops.isdisjoint(MAGNITUDES)  # z + |z| is a relu, and its slopes of -1 and 1 cancel
    if not wanted:
        return []
    moves = [(given, x) for given, xs in ((case.indices, NEAR if is_smooth else FAR), (wanted, FAR)) for x in xs]
    shifts, arrived = _shifts(len(case.indices)), set[int]()
    for moved, distance in moves:
        gradients, squares = _elsewhere(case, moved, distance, shifts)
        wanted = ints_of(cancelling(wanted, gradients, squares, limit))
        arrived.update(i for i in wanted if moved is case.indices and squares[i])
        if not wanted:
            return []
    shares = {i: _share(case, i, limit) for i in wanted if i in arrived and not _is_compared(case, i)}
    idle = {i: share for i, share in shares.items() if share <= limit}
    if not idle or (not is_smooth and case.once(off_units)):
        return []
    return [_nothing_left(case, [case.graph.nodes[i] for i in idle], max(idle.values()))]


def _share(case: Case, i: int, most: float) -> float:
    """The largest change of the loss, wherever a parameter is moved without overflow, as a share of its paths.

    It is inf as soon as it is above `most`.
    """
    graph, loss, spread, size = case.graph, case.graph.data[0], case.graph.spread(i), 1.0 + abs(case.graph.data[i])
    moves, found = [sign * distance * size for distance in ANYWHERE for sign in (1.0, -1.0)], 0.0
    for move, moved in zip(moves, graph.losses(i, [graph.data[i] + move for move in moves]), strict=True):
        change = abs(moved - loss) - ROUNDING * (abs(loss) + spread * size)
        if change < math.inf:
            found = max(found, change / (spread * abs(move)))
        if found > most:
            return math.inf
    return found


ANYWHERE = (0.1, 0.5, 1.0, 2.0, 4.0, 50.0, 1e6)
ROUNDING = 1e-12
COMPARING = ("sub", "ahead", "margin", "masked", *OTHERS)


def _is_compared(case: Case, bias: int) -> bool:
    """Whether a bias cancels between the outputs that it is added to, as a ranking or a critic compares them."""
    graph, edges, results = case.graph, case.graph.edges_to(bias), case.graph.flattened.results
    outputs = {results[k] for k in edges if other_factor(case.graph, k) is None}
    are_sums = len(outputs) == len(edges) and all(graph.nodes[i].op in ("add", "dot") for i in outputs)
    compared, new, users = set(outputs), outputs.difference(graph.terms) if are_sums else set(), set[int]()
    while new:
        found = {results[k] for i in new for k in graph.edges_to(i)}
        new = {i for i in found if graph.nodes[i].op in OTHERS} - compared  # a softmax over examples compares them too
        compared |= new
        users |= found
    return are_sums and all(graph.nodes[i].op in COMPARING and compared.issuperset(graph.operands(i)) for i in users)


def _shifts(count: int) -> "NDArray[np.float64]":
    """Random numbers from -1 to -0.5 and from 0.5 to 1."""
    import numpy as np

    draw = random.Random(0).random
    drawn = np.fromiter((draw() for _ in range(count)), float, count) - 0.5
    return np.copysign(0.5 + abs(drawn), drawn)


def _elsewhere(case: Case, moved: Ints, distance: float, shifts: "NDArray[np.float64]") -> tuple[Floats, Floats]:
    """Gradients and squared spreads with `moved` at another point, where a minimum no longer makes gradients cancel."""
    data = array_of(case.graph.data)[moved]
    data += distance * (abs(data) + 1.0) * shifts[: len(moved)]  # the same for a part of the parameters
    return case.graph.elsewhere(dict(zip(moved, data.tolist(), strict=True)))


def _nothing_left(case: Case, wanted: Sequence[Value], share: float) -> Finding:
    p = max(wanted, key=case.spread)
    magnitudes = floats_of(map(abs, case.graph.flattened.partials))
    by, hardly = ("", "does not depend") if share <= ROUNDING else ("nearly ", "hardly depends")
    size = reverse(case.graph.flattened._replace(partials=magnitudes))[0][case.index_of[p]]  # Σ |product of a path|
    what = "this parameter" if len(wanted) == 1 else "one of these parameters"
    why = (
        f"Along some paths through the graph, raising {what} raises the loss; along others, it lowers the loss by {by}"
        f"the same amount, whatever its value. So the loss {hardly} on it."
    )
    over_examples = all(is_over_examples(case, case.index_of[p]) for p in wanted)
    return Finding(
        "cancelled",
        tuple(case.groups(wanted)),
        {
            **({"of": book_name(case.names[p])} if len(wanted) > 1 else {}),
            "upwards": (size + case.gradient(p)) / 2,
            "downwards": (size - case.gradient(p)) / 2,
            "remaining": case.gradient(p),
            "parameters": len(wanted),
        },
        *(OVER_EXAMPLES if over_examples else (why, REMEDY_CANCELLED)),
    )


REMEDY_CANCELLED = (
    "Look for a wrong sign, for a term that is added and subtracted again, or for a sum of probabilities, which is "
    "always 1. chain_rule(loss, p).paths() shows the paths of p. A bias of all outputs that the loss compares cancels, "
    "too, which does no harm."
)


def disconnected(case: Case) -> list[Finding]:
    """Parameters without a path to the loss; results of operations are left to `rebound`."""
    rows = unused_rows(case)
    cut, cuts = cut_off(case)
    missing = [p for p in case.missing if not p.op and p not in rows] + cut
    if not missing:
        return not_taken(case)
    no_parameter, scores = "", ""
    others = [leaf.label for leaf in multipliers(case.graph) if leaf.label] if not len(case.indices) else []
    if others:
        label = book_name(others[0])
        no_parameter = f" The loss was computed from other Values, such as {label}, perhaps of another model."
    elif not len(case.indices):
        no_parameter = (
            " The loss depends on no parameter at all. Perhaps argmax, round or a comparison stands in between, whose "
            "results are plain numbers without a gradient."
        )
        scores = "Compute the loss from the scores, as cross_entropy([scores], [class]) does, not from chosen classes. "
    why = f"The loss was not computed from these parameters, so backward() gives them no gradient.{no_parameter}"
    remedy = (
        f"{scores}Use the parameters in the forward pass as Values: v.data is a plain number outside the graph. Check "
        "that the loss and the parameters belong to the same model. It is not a mistake if this batch does not use "
        "them, as with rows of a table or outputs for actions that were not taken, or if they are frozen on purpose."
    )
    if cut:
        whole = len(cut) == len(missing)
        why = f"Between these parameters and the loss stands {' or '.join(cuts)}, which passes no gradient."
        why = why if whole else f"The loss was not computed from some of these. {why.replace('these', 'the other')}"
        remedy = REMEDY_CUT if whole else remedy
    return [
        Finding(
            "disconnected",
            tuple(case.groups(missing)),
            {"parameters": f"{len(missing)} of {len(case.parameters)}", "gradient": 0.0},
            why,
            remedy,
        )
    ]


REMEDY_CUT = (
    "Take it away, or put a function with a slope there. It is not a mistake if the parameters are frozen on purpose."
)
