"""Initial weights: how far they spread decides whether signals and gradients keep their size from layer to layer."""

import math
import random
from collections.abc import Callable

Initialiser = Callable[[random.Random, int, int], float]  # (random numbers, inputs, outputs) -> one weight


def uniform(rng: random.Random, nin: int, nout: int) -> float:
    """A weight between -1 and 1, as micrograd draws it."""
    return rng.uniform(-1, 1)


def xavier(rng: random.Random, nin: int, nout: int) -> float:
    """A weight within ±sqrt(6 / (nin + nout)), for tanh and sigmoid (Glorot and Bengio 2010)."""
    bound = math.sqrt(6 / (nin + nout))
    return rng.uniform(-bound, bound)


def he(rng: random.Random, nin: int, nout: int) -> float:
    """A normal weight of variance 2 / nin, for relu, which halves the variance (He et al. 2015)."""
    return rng.gauss(0, math.sqrt(2 / nin))


INITIALISERS: dict[str, Initialiser] = {"uniform": uniform, "xavier": xavier, "he": he}


def initialiser(init: str | float) -> Initialiser:
    """The initialiser of that name, or one that always gives that number; an unknown name is a ValueError.

    >>> initialiser(0.5)(random.Random(0), 3, 2)
    0.5
    """
    if isinstance(init, (int, float)):
        return lambda rng, nin, nout: float(init)
    if init not in INITIALISERS:
        raise ValueError(f"init is a number or one of {', '.join(INITIALISERS)}, not {init!r}")
    return INITIALISERS[init]


def generator(seed: int | random.Random | None) -> random.Random:
    """Random numbers of their own: from a seed, from a generator that is passed on, or from the system's entropy."""
    return seed if isinstance(seed, random.Random) else random.Random(seed)
