"""Learning rates as plain functions of the step.

A learning rate is a number or a function from the number of steps taken so far, 0 at the first, to a number.
"""

import math
from collections.abc import Callable

from engine.core import api_boundary, count, within

Rate = float | Callable[[int], float]


@api_boundary
def constant(lr: float) -> Callable[[int], float]:
    """The same learning rate at every step.

    >>> constant(0.1)(1000)
    0.1
    """
    fixed = within(lr, "lr")
    return lambda step: fixed


@api_boundary
def linear(lr: float, steps: int, final: float = 0.0) -> Callable[[int], float]:
    """From `lr` to `final` in a straight line over `steps` steps, and `final` from then on.

    >>> [linear(1.0, 100, final=0.1)(step) for step in (0, 50, 100, 200)]
    [1.0, 0.55, 0.1, 0.1]
    """
    lr, final, steps = within(lr, "lr"), within(final, "final"), count(steps, "steps")
    return lambda step: final + (lr - final) * (1.0 - min(step / steps, 1.0))


@api_boundary
def cosine(lr: float, steps: int, final: float = 0.0) -> Callable[[int], float]:
    """From `lr` to `final` along half a wave over `steps` steps (Loshchilov and Hutter 2017, equation 5).

    >>> [round(cosine(1.0, 100)(step), 9) for step in (0, 50, 100, 200)]
    [1.0, 0.5, 0.0, 0.0]
    """
    lr, final, steps = within(lr, "lr"), within(final, "final"), count(steps, "steps")
    return lambda step: final + (lr - final) * (1.0 + math.cos(math.pi * min(step / steps, 1.0))) / 2.0


@api_boundary
def step_decay(lr: float, every: int, factor: float = 0.1) -> Callable[[int], float]:
    """`lr`, multiplied by `factor` after every `every` steps.

    >>> [step_decay(1.0, every=10, factor=0.5)(step) for step in (0, 9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """
    lr, factor, every = within(lr, "lr"), within(factor, "factor"), count(every, "every")
    return lambda step: lr * factor ** (step // every)


@api_boundary
def warmup(lr: Rate, steps: int) -> Callable[[int], float]:
    """A learning rate, number or schedule, multiplied by a factor that grows from 1/steps to 1 over `steps` steps.

    >>> [warmup(1.0, 4)(step) for step in (0, 1, 3, 100)]
    [0.25, 0.5, 1.0, 1.0]
    """
    steps = count(steps, "steps")
    rate_at(lr, 0)
    return lambda step: rate_at(lr, step) * min((step + 1) / steps, 1.0)


def rate_at(lr: Rate, step: int) -> float:
    """The learning rate of a step.

    >>> rate_at(0.5, 3), rate_at(warmup(0.5, 10), 3)
    (0.5, 0.2)
    """
    return within(lr(step) if callable(lr) else lr, "lr")
