"""Initial parameters, which decide whether gradients reach the first layer.

Randomness is an argument, an int or a random.Random; without one, weights come from Python's global `random`.
"""

import operator
import random
from collections.abc import Callable
from typing import Any, cast

from engine.core import real, refuse

GLOBAL: random.Random = cast(Any, random.uniform).__self__  # the functions of `random` are methods of one generator

INITIALISERS: dict[str, Callable[[random.Random, int, int], float]] = {
    "uniform": lambda rng, nin, nout: rng.uniform(-1.0, 1.0),
    # Glorot and Bengio 2010, equation 16: keeps the variance of activations and gradients from layer to layer.
    "xavier": lambda rng, nin, nout: rng.uniform(-1.0, 1.0) * (6.0 / (nin + nout)) ** 0.5,
    # He et al. 2015, equation 10: the same for units that are off half of the time.
    "he": lambda rng, nin, nout: rng.gauss(0.0, 1.0) * (2.0 / nin) ** 0.5,
}


def initial(init: str | float, nin: int, nout: int, rng: random.Random) -> tuple[list[float], float]:
    """The weights and the bias that a neuron with `nin` inputs in a layer of `nout` starts with.

    The initialisers are "uniform" on (-1, 1), "xavier" and "he", with a bias of 0; a number is every weight and
    the bias. Any other name is a ValueError.

    >>> initial(0.5, 2, 1, random.Random(0))
    ([0.5, 0.5], 0.5)
    >>> initial("glorot", 2, 1, random.Random(0))
    Traceback (most recent call last):
    ValueError: init must be a number or one of uniform, xavier, he, not 'glorot'
    """
    if not isinstance(init, str):
        return [real(init, "init")] * nin, real(init, "init")
    if init not in INITIALISERS:
        raise ValueError(f"init must be a number or one of {', '.join(INITIALISERS)}, not {init!r:.80}")
    return [INITIALISERS[init](rng, nin, nout) for _ in range(nin)], 0.0


def generator(seed: Any) -> random.Random:
    """A random.Random made from an int, or the one given; for None the global one, which `random.seed` sets.

    >>> random.seed(1)
    >>> generator(1).random() == generator(None).random() == 0.13436424411240122
    True
    """
    if seed is None or isinstance(seed, random.Random):
        return seed or GLOBAL
    try:
        return random.Random(operator.index(seed))
    except TypeError:
        raise refuse("seed", "an int, a random.Random or None", seed) from None
