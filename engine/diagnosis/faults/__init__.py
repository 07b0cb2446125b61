"""The catalogue of faults. One more fault is one more function from a Case to Findings, listed with its meaning."""

from collections.abc import Callable

from ..context import Case
from ..report import Finding
from .activations import dead_relu, probability_loss, saturated
from .copies import symmetric
from .depth import vanishing
from .gradients import cancelled, disconnected, exploding
from .inputs import constant_input, dead_input
from .loss import loss_misuse
from .reach import out_of_range
from .stale import stale_gradient
from .states import changed_since_forward, non_finite
from .steps import ascent, rebound, step_too_long, step_too_short
from .stuck import stationary

# Worst first: faults that make every number wrong, then those that stop all learning, then those that slow it down.
FAULTS: dict[Callable[[Case], list[Finding]], str] = {
    non_finite: "an operation that gave inf or nan",
    probability_loss: "the log of a probability that has run out of digits",
    loss_misuse: "a loss with the wrong kind of input, or without a minimum",
    changed_since_forward: "numbers set after the loss was computed from them",
    stale_gradient: ".grad that is not the gradient of this loss, as after two backward passes",
    rebound: "parameters that are the results of operations",
    ascent: "a step up the gradient",
    step_too_long: "a step so long that the loss rises",
    step_too_short: "a step so short that the loss hardly falls",
    exploding: "gradients too large to step along",
    out_of_range: "targets that the output cannot reach",
    stationary: "gradients of 0 away from a minimum: examples that pull against each other, weights of 0, a kink",
    dead_relu: "relus that are off for every example",
    saturated: "activations that are flat for nearly every example",
    symmetric: "units that are copies of each other",
    vanishing: "gradients that shrink from layer to layer, over time, or in a long product",
    cancelled: "paths that add up to nothing",
    constant_input: "examples that all have the same input",
    dead_input: "inputs that are always 0",
    disconnected: "parameters that the loss does not depend on",
}
KINDS = {search.__name__: meaning for search, meaning in FAULTS.items()}
