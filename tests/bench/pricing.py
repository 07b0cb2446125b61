"""The Black-Scholes price of a call option, to be differentiated in all five of its arguments."""

import math
from typing import Any

import numpy as np

from .problem import Ops, Problem


def options(size: int) -> Problem:
    """As many options, each with five sensitivities: delta, the strike's, rho, vega and theta."""
    draw = np.random.default_rng(5)
    low, high = [80.0, 80.0, 0.01, 0.1, 0.25], [120.0, 120.0, 0.05, 0.5, 2.0]
    columns = draw.uniform(low, high, (size, 5)).T
    return Problem(
        example=lambda ops, _, *row: price(ops, *row),
        batch=lambda xp, _, *columns: price(xp, *columns).sum(),
        inputs=tuple(np.ascontiguousarray(column) for column in columns),
        units=size,
    )


def price(ops: Ops, spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
    """Black and Scholes (1973): S Φ(d1) - K exp(-r T) Φ(d2), on scalars and on arrays."""
    deviation = volatility * years**0.5
    d1 = (ops.log(spot / strike) + (rate + volatility * volatility * 0.5) * years) / deviation
    d2 = d1 - deviation
    return spot * normal(ops, d1) - strike * ops.exp(-(rate * years)) * normal(ops, d2)


def normal(ops: Ops, x: Any) -> Any:
    """Φ, the share of a normal distribution below x."""
    return ops.erf(x * math.sqrt(0.5)) * 0.5 + 0.5
