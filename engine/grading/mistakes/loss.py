"""Mistakes at the loss: signs, constant factors, exponents, and means."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

from ...structure import Occurrence, Unit
from ..network import Network
from .row import Change, Gradients, Mistake, scale

HALF = 0.5  # the factor of a square, or the mean of two examples
FEW = 10  # errors or outputs that are named one by one
MOST = 30  # different constants


def _sign_of_layer(network: Network) -> Iterator[Change]:
    for layer in network.layers if len(network.layers) > 1 else ():
        yield Change(layer.name, after=partial(_negated, layer.own))


def _negated(some: set[int], gradients: Gradients) -> Gradients:
    return gradients | {i: -gradients[i] for i in some & gradients.keys()}


def _sign_of_error(network: Network) -> Iterator[Change]:
    differences = [i for i in network.loss_operations if network.ops[i] == "sub"]
    for place, some in _by_error(network, differences):
        yield Change(place, {k: -network.partials[k] for i in some for k in network.sweep.edges(i)})


def _by_error(network: Network, operations: list[int]) -> Iterator[tuple[str, list[int]]]:
    """Operations of the loss: all together, those of one output, and one by one."""
    if operations:
        yield f"in the {'formula' if network.is_formula else 'loss'}", operations
    outputs = _by_output(network, operations)
    if 1 < len(outputs) <= FEW:
        for unit, some in outputs.items():
            yield f"in the error of {network.unit_name(unit)}", some
    if 1 < len(operations) <= FEW and len(outputs) != len(operations):
        for number, i in enumerate(reversed(operations), 1):
            yield f"in term {number} of the loss", [i]


def _by_output(network: Network, operations: list[int]) -> dict[Unit, list[int]]:
    """Loss operations by the output unit that they depend on, over all examples."""
    found: dict[Unit, list[int]] = defaultdict(list)
    for i in operations:
        j = i
        while j < network.size and j not in network.unit_of:
            inside = network.varying(j)
            if len(inside) != 1:
                break
            j = inside[0]
        if j in network.unit_of:
            found[network.unit_of[j]].append(i)
    return found


def _powers(network: Network) -> list[tuple[int, float]]:
    """The powers with a constant exponent, and e * e, with that exponent, leaving out penalties."""
    found, penalised = [], set[int]() if network.is_formula else network.parameters
    for i in sorted((*network.sweep.graph.of("pow"), *network.sweep.graph.of("mul"))):
        base, other = network.sweep.inputs(i)
        is_square = network.ops[i] == "mul"
        is_power = base == other if is_square else not network.depends[other]
        if network.depends[base] and is_power and base not in penalised:
            found.append((i, 2.0 if is_square else network.data[other]))
    return [(i, n) for i, n in found if n not in (0.0, 1.0)]


def power(
    name: str,
    was: str,
    right: str,
    formula: Callable[[float, float, float], float],
    signs: tuple[float, ...] = (1.0, -1.0),  # a square has lost the sign of y - a
    covers: tuple[str, ...] = (),
) -> Mistake:
    """A row with a wrong derivative of powers: formula(derivative, exponent, power)."""

    def changes(network: Network) -> Iterator[Change]:
        exponents = dict(_powers(network))
        for place, some in _by_error(network, list(exponents)):
            edges = dict[int, float]()
            for i in some:
                first, second = network.sweep.edges(i)
                derivative = network.partials[first] * (2.0 if network.ops[i] == "mul" else 1.0)
                edges |= {second: 0.0, first: formula(derivative, exponents[i], network.data[i])}
            for sign in signs:
                yield Change(place, {k: sign * partial for k, partial in edges.items()})

    return Mistake(name, was, right, changes, covers)


def _products(network: Network) -> list[int]:
    """The products and quotients of the loss, or of a formula."""
    if network.is_formula:
        return sorted((*network.sweep.graph.of("mul"), *network.sweep.graph.of("div")))
    return [i for i in network.loss_operations if network.ops[i] in ("mul", "div")]


def _constants(network: Network, are_means: bool = False) -> Iterator[tuple[str, dict[int, float]]]:
    """The numbers that the loss multiplies by, by edge, and where: 1 over the number of examples, or all others.

    The ½ of two examples may be either. Equal numbers in the same role come together, as ½ does in the terms of a sum,
    and one by one if they are few. Of many different numbers, most are data; those used most often are taken.
    """
    roles: dict[tuple[float, str, str], dict[int, float]] = defaultdict(dict)
    depends, ops, operands = network.depends, network.ops, network.operands
    for i in _products(network):
        a, b = network.sweep.edges(i)
        for k, other in ((a, b), (b, a)) if depends[operands[a]] != depends[operands[b]] else ():
            c = network.partials[k]
            is_number = depends[operands[k]] and not network.sweep.nodes[operands[other]].label
            is_divisor = ops[i] == "div" and k == b
            if is_number and not is_divisor and abs(c) not in (0.0, 1.0) and _is_wanted(network, c, are_means):
                roles[c, ops[i], ops[operands[k]]][k] = c
    for together in sorted(roles.values(), key=len, reverse=True)[:MOST]:
        size = f"{abs(next(iter(together.values()))):.4g}"
        yield size, together
        for number, k in enumerate(sorted(together, reverse=True), 1) if 1 < len(together) <= FEW else ():
            yield f"{size} in term {number}", {k: together[k]}


def _is_wanted(network: Network, c: float, are_means: bool) -> bool:
    is_mean = network.examples > 1 and abs(abs(1.0 / c) - network.examples) < 1e-9
    return is_mean if are_means else abs(c) == HALF or not is_mean


def _left_out(edges: dict[int, float]) -> dict[int, float]:
    return {k: math.copysign(1.0, c) for k, c in edges.items()}


def _twice(edges: dict[int, float]) -> dict[int, float]:
    return {k: c * abs(c) for k, c in edges.items()}


def _constant_left_out(network: Network) -> Iterator[Change]:
    for place, edges in _constants(network):
        yield Change(place, _left_out(edges))


def _constant_twice(network: Network) -> Iterator[Change]:
    for place, edges in _constants(network):
        yield Change(place, _twice(edges))


def _not_divided(network: Network) -> Iterator[Change]:
    if network.examples > 1:
        yield from scale("", "", "", lambda _: [("", float(network.examples))]).changes(network)
    for _, edges in _constants(network, are_means=True):
        yield Change("", _left_out(edges))


def _divided(network: Network) -> Iterator[Change]:
    if network.examples > 1:
        yield from scale("", "", "", lambda _: [("", 1.0 / network.examples)]).changes(network)
    for _, edges in _constants(network, are_means=True):
        yield Change("", _twice(edges))


def _outputs_divided(network: Network) -> list[tuple[str, float]]:
    n = len(network.outputs)
    return [("divided", 1.0 / n), ("multiplied", float(n))] if n > 1 else []


def _log_base(network: Network) -> list[tuple[str, float]]:
    if not {"log", "logsumexp", "softplus", "log1p"} & {network.ops[i] for i in network.loss_operations}:
        return []
    return [(f"{base:g}", c) for base in (2.0, 10.0) for c in (1.0 / math.log(base), math.log(base))]


def _output_for_loss(network: Network) -> Iterator[Change]:
    outputs = network.output_nodes
    stop = dict.fromkeys(network.loss_edges, 0.0)
    nodes: Callable[[Occurrence], int]
    for nodes in (lambda o: o.output, lambda o: o.z):
        places = list(dict.fromkeys(map(nodes, outputs)))
        if places:
            yield Change(
                "the output" if len(places) == 1 else "the sum of the outputs", stop, dict.fromkeys(places, 1.0)
            )
        if 1 < len(places) <= FEW:
            for i in places:
                yield Change(network.unit_name(network.unit_of[i]), stop, {i: 1.0})


def _loss_for_derivative(network: Network) -> Iterator[Change]:
    places = [o.output for o in network.output_nodes]
    if places:
        stop = dict.fromkeys(network.loss_edges, 0.0)
        yield Change("", stop, dict.fromkeys(places, network.data[0]))


LOSS = (
    scale(
        "sign",
        "all signs are reversed, as with (y - a) for (a - y) or with the step for the gradient",
        "the gradient points uphill, and the step goes against it",
        lambda _: [("", -1.0)],
        covers=("sign_of_error",),
        is_common=True,
    ),
    Mistake(
        "sign_of_error",
        "the sign is reversed {place}, (y - a) for (a - y)",
        "the derivative of (a - y)² with respect to a is 2 (a - y)",
        _sign_of_error,
    ),
    Mistake(
        "sign_of_layer",
        "the signs of {place} are reversed",
        "every minus sign of the backward pass counts once, for all layers before it",
        _sign_of_layer,
    ),
    scale(
        "twice",
        "all gradients are doubled, as when two backward passes are added up",
        "set the gradients to 0 before each pass",
        lambda _: [("", 2.0)],
        is_common=True,
    ),
    scale(
        "half",
        "all gradients are halved, as by a factor ½ that is not in the loss",
        "count each factor of the loss once, and no other",
        lambda _: [("", 0.5)],
        is_common=True,
    ),
    scale(
        "seeded_with_loss",
        "all gradients are multiplied by the loss itself, as by loss.backward(loss)",
        "the backward pass starts with 1, the derivative of the loss with respect to itself",
        lambda network: [("", network.data[0])],
    ),
    power(
        "exponent_left_out",
        "the exponent is not brought down {place}, e for (e²)'",
        "(e²)' = 2 e",
        lambda derivative, n, _: derivative / n,
        signs=(1.0,),
        covers=("half",),
    ),
    power(
        "exponent_not_lowered",
        "the exponent is not lowered {place}, 2 e² for (e²)'",
        "(e²)' = 2 e",
        lambda _, n, y: n * y,
    ),
    power(
        "power_for_derivative",
        "the square itself is used {place} where its derivative belongs",
        "(e²)' = 2 e",
        lambda _, n, y: y,
    ),
    Mistake(
        "constant_left_out",
        "the factor {place} of the loss is left out",
        "it is a factor of every gradient that passes it",
        _constant_left_out,
    ),
    Mistake(
        "constant_twice",
        "the factor {place} of the loss is counted twice",
        "it is a factor of every gradient that passes it, once",
        _constant_twice,
    ),
    Mistake(
        "not_divided",
        "the gradients of the examples are added up and not divided by their number",
        "where the loss is a mean over the examples, so is each gradient",
        _not_divided,
    ),
    Mistake(
        "divided",
        "the gradients are divided by the number of examples once too often",
        "divide only where the loss is a mean, and once",
        _divided,
    ),
    scale(
        "outputs_divided",
        "all gradients are {place} by the number of outputs",
        "divide by this number only where the loss is a mean over the outputs",
        _outputs_divided,
    ),
    scale(
        "log_base",
        "the logarithm is taken to the base {place}",
        "log is the natural logarithm here, so (log x)' = 1/x",
        _log_base,
    ),
    Mistake(
        "output_for_loss",
        "these are the gradients of {place} instead of the loss",
        "start with the derivative of the loss with respect to the output, which is a factor of every gradient",
        _output_for_loss,
    ),
    Mistake(
        "loss_for_derivative",
        "the loss itself is sent back where its derivative belongs",
        "start with the derivative of the loss with respect to the output, such as 2 (a - y) for a square",
        _loss_for_derivative,
    ),
)
