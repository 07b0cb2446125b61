"""Scalar calculus as people write it for HIPS autograd, beside it: value, slope and curvature."""

import itertools
import math
import operator
import sys

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad as autograd_grad
from autograd.scipy import special

import engine
from engine import Value, grad

UNARY = {  # what is called, and where
    **dict.fromkeys(("sin", "cos", "tan", "exp", "exp2", "expm1", "sinh", "cosh", "tanh", "arcsinh", "arctan"), "any"),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt", "reciprocal", "cbrt"), "positive"),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), "within 1"),
    **dict.fromkeys(("rad2deg", "degrees", "deg2rad", "radians"), "any"),
    **dict.fromkeys(("absolute", "fabs", "square", "negative", "positive", "conjugate"), "any"),
    "arccosh": "above 1",
}
POINTS = {
    "any": [-1.7, -0.3, 0.4, 2.2],
    "positive": [0.1, 0.9, 3.5],
    "within 1": [-0.8, 0.1, 0.6],
    "above 1": [1.2, 5.0],
}


def cube_root(x):
    return anp.sign(x) * anp.exp(anp.log(anp.abs(x)) / 3)


BESIDE = {"cbrt": cube_root, "positive": lambda x: x, "conjugate": lambda x: x, "fabs": anp.abs}


def ours(f, *point):
    """The value, the slopes and the second derivatives."""
    inputs = [Value(x) for x in point]
    y = f(*inputs)
    slopes = grad(y, inputs, create_graph=True)
    return y.data, [s.data for s in slopes], [grad(s, inputs) for s in slopes]


def theirs(f, *point):
    point = [float(x) for x in point]

    def slope(i):
        return lambda *x: autograd_grad(f, i)(*x) + 0.0 * sum(x)

    indices = range(len(point))
    return (
        f(*point),
        [slope(i)(*point) for i in indices],
        [tuple(autograd_grad(slope(i), j)(*point) for j in indices) for i in indices],
    )


def assert_agree(f, reference, *point):
    (y, slopes, second), (truth, wanted, bends) = ours(f, *point), theirs(reference, *point)
    assert y == pytest.approx(truth, rel=1e-13)
    assert slopes == pytest.approx(wanted, rel=1e-12, abs=1e-14)
    for row, bend in zip(second, bends, strict=True):
        assert row == pytest.approx(bend, rel=1e-11, abs=1e-12)


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_numpy_on_a_value(name):
    for x in POINTS[UNARY[name]]:
        assert_agree(getattr(np, name), BESIDE.get(name, getattr(anp, name)), x)
        (entry,) = getattr(np, name)(np.array([Value(x)]))
        assert entry.data == pytest.approx(getattr(np, name)(x), rel=1e-14)


BINARY = {
    "add": (operator.add, operator.add),
    "sub": (operator.sub, operator.sub),
    "mul": (operator.mul, operator.mul),
    "div": (operator.truediv, operator.truediv),
    "pow": (operator.pow, lambda a, b: anp.exp(b * anp.log(a))),
    "hypot": (np.hypot, lambda a, b: anp.sqrt(a**2 + b**2)),
    "arctan2": (np.arctan2, anp.arctan2),
    "logaddexp": (engine.logaddexp, anp.logaddexp),
    "maximum": (engine.maximum, anp.maximum),
    "minimum": (engine.minimum, anp.minimum),
    "xlogy": (engine.xlogy, lambda a, b: a * anp.log(b)),
}


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("point", [(0.7, 1.9), (2.5, 0.3)])
def test_a_function_of_two_operands(name, point):
    assert_agree(*BINARY[name], *point)
    f, reference = BINARY[name]
    assert_agree(lambda x: f(x, point[1]), lambda x: reference(x, point[1]), point[0])
    if name not in ("hypot", "arctan2"):  # NumPy asks the first operand, which is no Value
        assert_agree(lambda x: f(point[0], x), lambda x: reference(point[0], x), point[1])


SPECIAL = {
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "logit": special.logit,
    "sigmoid": special.expit,
    "softplus": lambda x: anp.logaddexp(0.0, x),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_special_function(name):
    for x in (0.1, 0.45, 0.9):
        assert_agree(getattr(engine, name), SPECIAL[name], x)


@pytest.mark.parametrize(("a", "b"), [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0)])
def test_a_remainder_has_the_slopes_of_its_formula(a, b):
    y, slopes, second = ours(operator.mod, a, b)
    assert (y, slopes, second) == (a % b, [1.0, -(a // b)], [(0.0, 0.0), (0.0, 0.0)])


@pytest.mark.parametrize("operation", [operator.floordiv, operator.mod])
def test_whole_quotients_and_remainders_are_those_of_python(operation):
    numbers = [0.0, 1.0, 2.5, 3.0, 1e17, 1e308, sys.float_info.max, 5e-324, math.inf, math.nan]
    numbers += [-number for number in numbers]
    for a, b in itertools.product(numbers, numbers):
        if b:
            assert repr(operation(Value(a), Value(b)).data) == repr(operation(a, b)), (a, b)


@pytest.mark.parametrize("step", [np.sign, engine.floor, engine.ceil, engine.round, engine.trunc, engine.sign, np.rint])
def test_what_is_flat_has_the_slope_0(step):
    x = Value(2.7)
    assert grad(step(x) * x, [x]) == (float(step(2.7)),)


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_a_comparison_chooses_a_branch_and_its_slope(compare):
    def f(x):
        return x**2 if compare(x, 1.0) else 3.0 * x

    for x in (0.5, 1.0, 2.0):
        assert ours(f, x)[:2] == theirs(f, x)[:2]
        assert compare(Value(x), Value(1.0)) == compare(x, 1.0)


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize(
    "f",
    [
        lambda x, np: np.sin(np.cos(x * x) / (1 + x)),
        lambda x, np: np.exp(-x) * np.sqrt(x) + np.log(1 + x**3),
        lambda x, np: np.tanh(x) ** 2 - np.arctan(2.0 / x) * np.cosh(x / 3),
        lambda x, np: 2.0**x + x**x - (-x) / 3.0 + 1 / x,
    ],
)
def test_formulas_to_the_third_derivative(f):
    for x in (0.3, 1.4):
        v = Value(x)
        found = f(v, np)
        reference = lambda t: f(t, anp)  # noqa: E731
        for _ in range(3):
            (found,) = grad(found, [v], create_graph=True)
            reference = autograd_grad(reference)
        assert found.data == pytest.approx(reference(x), rel=1e-10)


@pytest.mark.parametrize("pick", [np.maximum, np.minimum])
def test_numpy_picks_a_value_of_two(pick):
    x = Value(1.0)
    assert grad(pick(x, Value(3.0)) * x, [x]) == ((3.0,) if pick is np.maximum else (2.0,))


@pytest.mark.parametrize("f", [np.sum, np.prod, np.mean, np.std, np.var, np.linalg.norm])
def test_a_reduction_of_an_array_of_values(f):
    numbers = [0.5, -1.5, 2.5, 0.25]
    inputs = [Value(x) for x in numbers]
    y = f(np.array(inputs))
    reference = getattr(anp, f.__name__, None) or anp.linalg.norm
    assert y.data == pytest.approx(f(np.array(numbers)), rel=1e-14)
    assert grad(y, inputs) == pytest.approx(autograd_grad(reference)(np.array(numbers)).tolist(), rel=1e-12)


def test_sums_and_shares_of_a_sequence():
    numbers = [0.5, -1.5, 2.5, 0.25]
    for f, reference in [
        (engine.logsumexp, special.logsumexp),
        (engine.norm, anp.linalg.norm),
        (engine.prod, anp.prod),
        (engine.mean, anp.mean),
        (lambda xs: engine.softmax(xs)[1], lambda x: (anp.exp(x) / anp.sum(anp.exp(x)))[1]),
        (lambda xs: engine.log_softmax(xs)[2], lambda x: (x - special.logsumexp(x))[2]),
        (lambda xs: engine.maximum(*xs), anp.max),
        (lambda xs: engine.minimum(*xs), anp.min),
    ]:
        inputs = [Value(x) for x in numbers]
        y = f(inputs)
        assert y.data == pytest.approx(float(reference(np.array(numbers))), rel=1e-13)
        assert grad(y, inputs) == pytest.approx(autograd_grad(reference)(np.array(numbers)).tolist(), rel=1e-12)


def test_sinc_is_a_function_of_arrays():
    x = Value(0.7)  # NumPy asks a single number for its dtype
    (y,) = np.sinc(np.array([x]))
    assert y.data == np.sinc(0.7)
    assert grad(y, [x])[0] == pytest.approx(autograd_grad(anp.sinc)(0.7), rel=1e-14)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_power_of_0_is_flat_in_its_exponent():
    for f in (np.power, operator.pow):
        y = Value(0.36)
        assert grad(f(0.0, y), [y]) == (0.0,)


def test_a_value_is_equal_to_itself_alone():
    """What autograd compares by number: here a Value is a key."""
    assert Value(1.0) != 1.0
    assert math.isclose(Value(1.0).data, 1.0)
