"""Every engine that is installed finds the same value and the same gradient, at small size.

pytest tests/bench/test_agree.py
"""

import math
from functools import cache

import numpy as np
import pytest

from .scalars import MicrogptStyle
from .workloads import ENGINES, WORKLOADS

pytestmark = pytest.mark.filterwarnings("default")  # the peers' own warnings are not ours to raise
CASES = [(kind, key) for kind in ENGINES for key in WORKLOADS if key not in kind.cannot and kind.name != "plain floats"]


@pytest.mark.parametrize(("kind", "key"), CASES, ids=[f"{kind.name}-{key}" for kind, key in CASES])
def test_engine_agrees_with_the_reference(kind, key):
    engine = installed(kind)
    step = engine.prepare(key, WORKLOADS[key].problem(engine, test=True))
    value, gradient = step.read(step.run())
    expected, slopes = reference(key)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-9 * np.abs(slopes).max())
    assert math.isnan(value) or value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("key", ["W2", "W3", "W5", "BS"])
def test_reference_agrees_with_central_differences(key):
    engine = MicrogptStyle()
    engine.load()
    problem = WORKLOADS[key].problem(engine, test=True)
    f, numbers, step = problem.total(engine.ops), problem.leaves, 1e-6
    _, slopes = reference(key)
    for n in range(0, len(numbers), max(1, len(numbers) // 7)):
        around = [[*numbers[:n], numbers[n] + shift, *numbers[n + 1 :]] for shift in (step, -step)]
        high, low = (f(engine.leaves(moved)).data for moved in around)
        assert slopes[n] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-7)


@cache
def installed(kind):
    engine = kind()
    try:
        engine.load()
    except ImportError as error:
        pytest.skip(f"{error}; install: {kind.install}")
    return engine


@cache
def reference(key):
    """By the smallest engine there is; a tape is evaluated anew there."""
    engine = MicrogptStyle()
    engine.load()
    step = engine.prepare(key, WORKLOADS[key].problem(engine, test=True))
    return step.read(step.run())
