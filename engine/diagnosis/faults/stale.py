"""A .grad that is not the gradient of the loss: of several passes, of another loss, or computed by hand."""

import math
from typing import TYPE_CHECKING

from ...core import book_name, elided
from ...structure import SAME, Floats, floats_of, not_held
from ..context import Case
from ..report import Finding
from ..words import amount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats64 = NDArray[np.float64]


def stale_gradient(case: Case) -> list[Finding]:
    """Parameters whose .grad is not the gradient of this loss, though backward() was called on it or a step used it."""
    if case.loss.grad != 1.0:  # before backward() on this loss, .grad may still be zeroed
        return case.once(stepped_by_hand)
    graph, nodes, indices = case.graph, case.graph.nodes, case.indices
    held, wrong = _held_wrong(case)
    if not wrong:
        return []
    import numpy as np

    grads, gradients = np.asarray(held), np.asarray(graph.gradients)[indices]
    is_held = (grads != 0.0) & (np.asarray(indices) >= len(graph.interior))
    if _is_clipped(grads[is_held], gradients[is_held]):
        return []
    differ = [nodes[indices[n]] for n in wrong]
    farthest = wrong[int(np.argmax(abs(grads - gradients)[wrong]))]
    grad, gradient = held[farthest], float(gradients[farthest])
    evidence = {"parameters": len(differ), ".grad": grad, "gradient": gradient}
    times = _times(grads[is_held], gradients[is_held])
    why = (
        f"Each .grad is {times} times the gradient of this loss, as if backward() had been called {times} times "
        "without zero_grad() in between, and no step had changed the parameters."
        if times
        else "The .grad of these parameters is not the gradient of this loss alone. backward() adds to .grad, which "
        "most likely was not zeroed after the previous pass."
    )
    return [
        Finding(
            "stale_gradient",
            tuple(case.groups(differ)),
            {**evidence, "left over": grad - gradient, **({"times": times} if times else {})},
            why,
            "Call optimizer.zero_grad() or model.zero_grad() before every backward(). "
            + (NO_STEP if times else "")
            + "If you add up the gradients of several losses on purpose, nothing is wrong; diagnose the sum of the "
            "losses instead.",
        )
    ]


NO_STEP = (
    "If you took steps in between, they changed nothing. In a loop over the parameters, `p = p - lr * p.grad` only "
    "gives the name p to a new Value: write p.data -= lr * p.grad. "
)


def stepped_by_hand(case: Case) -> list[Finding]:
    """A step along a .grad that backward() did not fill in, and that is not the gradient of this loss."""
    graph = case.graph
    if case.loss.grad != 0.0 or not case.stepped or case.step is not None:  # any multiple of the gradient is a step
        return []
    held, wrong = _held_wrong(case)
    if not wrong:
        return []
    gradients, members = graph.gradients, [graph.nodes[i] for i in case.indices]
    whose = "these parameters" if len(wrong) > 1 else book_name(case.names[members[wrong[0]]])
    farthest = max(wrong, key=lambda n: abs(held[n] - gradients[case.indices[n]]))
    right = case.groups(set(members).difference(members[n] for n in wrong))
    before, after = case.loss.data, graph.forward({})[0]
    return [
        Finding(
            "stale_gradient",
            tuple(case.groups(members[n] for n in wrong)),
            {
                "parameters": len(wrong),
                **({"furthest off": book_name(case.names[members[farthest]])} if len(wrong) > 1 else {}),
                ".grad": held[farthest],
                "gradient": gradients[case.indices[farthest]],
                "loss before": before,
                "loss after": after,
            },
            f"A step was taken along .grad, but the .grad of {whose} is not the gradient of this loss."
            + (f" That of {', '.join(elided([*map(book_name, right)], 4, '…', 3, 1))} is right." if right else "")
            + f" The loss went from {amount(before)} to {amount(after)}.",
            "If you compute .grad by hand, compare(loss, {p: p.grad for p in parameters}), called before the step, "
            "looks for the mistake. Or let loss.backward() fill in .grad. If .grad belongs to another loss, which you "
            "train on, nothing is wrong: diagnose that one.",
        )
    ]


def _held_wrong(case: Case) -> tuple[Floats, list[int]]:
    """The .grad of each parameter in the graph, and which of them are not gradients of this loss."""
    graph, indices = case.graph, case.indices
    held = floats_of([graph.nodes[i].grad for i in indices])
    return held, not_held(indices, held, graph.flattened, graph.gradients, graph.squares, SAME)


def _times(grads: "Floats64", gradients: "Floats64") -> int:
    """The integer factor between .grad and gradient, if one above 1 fits all; else 0."""
    shares = grads / gradients
    ratio = round(float(shares[0]), 6) if math.isfinite(shares[0]) else 0.0
    if not ratio > 1.0 or not ratio.is_integer():
        return 0
    return int(ratio) if (abs(shares - ratio) <= 5e-7).all() else 0


def _is_clipped(grads: "Floats64", gradients: "Floats64") -> bool:
    """Whether .grad is the clipped gradient: scaled down by one factor, or limited to one size."""
    sizes, true_sizes = abs(grads), abs(gradients)
    if len(grads) < 2 or (grads * gradients <= 0.0).any() or (sizes > true_sizes * (1 + SAME)).any():
        return False
    shares, cut = grads / gradients, sizes[sizes < true_sizes * (1 - SAME)]
    is_scaled = shares.max() - shares.min() <= 1e-6
    return bool(is_scaled or (len(cut) > 1 and cut.max() - cut.min() <= 1e-6 * cut.max()))
