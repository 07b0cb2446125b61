"""jacobian, jvp, hessian and hvp against sympy, HIPS autograd and differences, at special points too."""

import math
import random
import re

import numpy as np
import pytest
import sympy
from autograd import hessian as autograd_hessian
from autograd import jacobian as autograd_jacobian
from autograd import numpy as anp

from engine import RecordingError, Value, dot, grad, hessian, hvp, hypot, jacobian, jvp, logsumexp, record, softmax
from engine.core import apply

POINT = [0.7, -1.3, 2.1]

FORMULAS = [
    "x*y*z",
    "x**3*y**2 + exp(x*z)",
    "sin(x*y)/z",
    "log(z)*tanh(x + y)",
    "sqrt(x**2 + y**2 + z**2)",
    "x**z",
    "y",
]


def by_sympy(text):
    """A formula as functions of Values, and its symbols."""
    names = sympy.symbols("x y z")
    formula = sympy.sympify(text, locals=dict(zip("xyz", names, strict=True)))
    methods = {name: lambda a, name=name: getattr(a, name)() for name in ("sin", "exp", "log", "tanh", "sqrt")}
    return sympy.lambdify(names, formula, modules=[methods]), formula, names


def numbers(matrix, names):
    at = dict(zip(names, POINT, strict=True))
    return np.array(matrix.subs(at).evalf(30).tolist(), float)


@pytest.mark.parametrize("text", FORMULAS)
def test_second_derivatives_are_those_of_sympy(text):
    f, formula, names = by_sympy(text)
    xs = [Value(x) for x in POINT]
    wanted = numbers(sympy.hessian(formula, names), names)
    found = hessian(f(*xs), xs)
    assert np.array(found) == pytest.approx(wanted, rel=1e-12, abs=1e-13)
    vector = [0.5, -2.0, 3.0]
    assert hvp(f(*xs), xs, vector) == pytest.approx(wanted @ vector, rel=1e-12, abs=1e-12)
    assert all(x.grad == 0.0 for x in xs)


def test_a_jacobian_is_that_of_sympy():
    fs, formulas, _ = zip(*map(by_sympy, FORMULAS), strict=True)
    names = sympy.symbols("x y z")
    xs = [Value(x) for x in POINT]
    wanted = numbers(sympy.Matrix(formulas).jacobian(names), names)
    outputs = [f(*xs) for f in fs]
    assert np.array(jacobian(outputs, xs)) == pytest.approx(wanted, rel=1e-12)
    vector = [0.5, -2.0, 3.0]
    assert jvp(outputs, xs, vector) == pytest.approx(wanted @ vector, rel=1e-12)


def network(numpy, w, x):
    hidden = [numpy.tanh(w[3 * k] * x[0] + w[3 * k + 1] * x[1] + w[3 * k + 2]) for k in range(2)]
    return [hidden[0] * w[6] + hidden[1], hidden[0] ** 2 - hidden[1] * w[7]]


def test_a_network_has_the_derivatives_of_autograd():
    draw = random.Random(0)
    w, x = [draw.gauss(0, 1) for _ in range(8)], [0.3, -0.8]
    ws = [Value(number) for number in w]
    outputs = network(np, ws, x)
    wanted = autograd_jacobian(lambda w: anp.array(network(anp, w, x)))(np.array(w))
    assert np.array(jacobian(outputs, ws)) == pytest.approx(wanted, rel=1e-13, abs=1e-15)
    wanted = autograd_hessian(lambda w: sum(network(anp, w, x)))(np.array(w))
    assert np.array(hessian(sum(outputs), ws)) == pytest.approx(wanted, rel=1e-12, abs=1e-14)


def test_a_direction_is_a_difference():
    xs = [Value(x) for x in POINT]
    vector, step = [0.5, -2.0, 3.0], 1e-6

    def f(xs):
        return softmax([xs[0] * xs[1], xs[1].sin(), xs[2] * 0.1])

    def at(step):
        return np.array([y.data for y in f([Value(x + step * v) for x, v in zip(POINT, vector, strict=True)])])

    assert jvp(f(xs), xs, vector) == pytest.approx((at(step) - at(-step)) / (2 * step), rel=1e-8)


def test_shapes_are_those_of_outputs_and_inputs():
    a, b, c = Value(2.0), Value(3.0), Value(5.0)
    y = a * b * c
    assert jacobian(y, a) == 15.0
    assert jacobian([y, a], b) == [10.0, 0.0]
    assert jacobian([[y], [a, b]], [[a, b], c]) == [
        [[[15.0, 10.0], 6.0]],
        [[[1.0, 0.0], 0.0], [[0.0, 1.0], 0.0]],
    ]
    assert hessian(y, a) == 0.0
    assert hessian(y, [[a], b]) == [[[[0.0], 5.0]], [[5.0], 0.0]]
    assert hvp(y, [[a], b], [[1.0], 2.0]) == [[10.0], 5.0]
    assert jvp([[y], a], (a, c), (1.0, 10.0)) == [[75.0], 1.0]
    assert jvp(y, a, 2) == 30.0
    assert jacobian([], [a]) == jvp([], [a], [1.0]) == []
    assert jacobian([y], []) == [[]]
    matrix = np.array([[a, b], [c, a]], dtype=object)
    assert jacobian(y, matrix) == [[15.0, 10.0], [6.0, 15.0]]
    assert jacobian((x for x in (y, a)), (x for x in (a, b))) == [[15.0, 10.0], [1.0, 0.0]]
    assert hvp(y, (x for x in (a, b)), np.array([1.0, 0.0])) == [0.0, 5.0]


def test_an_operation_and_what_it_came_from_may_both_be_inputs():
    x = Value(3.0)
    h = x * x
    y = h * x
    assert jacobian([y, h], [x, h]) == [[27.0, 3.0], [6.0, 1.0]]
    assert jvp([y, h], [x, h], [1.0, 10.0]) == [57.0, 16.0]
    assert jvp(y, [x, x], [1.0, 2.0]) == 81.0  # as the columns of the Jacobian, it is there twice
    assert jacobian(y, [x, x]) == [27.0, 27.0]


def test_special_points():
    zero, two = Value(0.0), Value(2.0)
    assert hessian(zero**3, zero) == 0.0
    assert hessian(zero**2 * two, [zero, two]) == [[4.0, 0.0], [0.0, 0.0]]
    assert hessian(zero * two**0.5, [zero, two])[0][0] == 0.0
    masked = [Value(1.0), Value(-math.inf), Value(2.0)]
    p = 1 / (1 + math.e)
    wanted = np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]) * p * (1 - p)
    assert np.array(hessian(logsumexp(masked), masked)) == pytest.approx(wanted, rel=1e-14)
    assert hvp(logsumexp(masked), masked, [1.0, 1.0, 1.0]) == pytest.approx([0.0, 0.0, 0.0], abs=1e-16)
    root = zero.sqrt() + two
    assert jacobian(root, [zero, two]) == [math.inf, 1.0]
    assert jvp(root, [zero, two], [0.0, 3.0]) == 3.0  # zero does not move
    assert jvp(two * apply("detach", zero.sqrt()), [zero, two], [1.0, 1.0]) == 0.0  # as it is constant there
    chosen = apply("select", two - 3.0, two * two, zero.sqrt())
    assert jvp(chosen, [zero, two], [1.0, 1.0]) == 4.0
    assert hessian(chosen, [zero, two]) == [[0.0, 0.0], [0.0, 2.0]]
    assert jvp(hypot(zero, two), [zero, two], [1.0, 1.0]) == 1.0


def test_a_long_chain_needs_no_stack():
    x = Value(0.5)
    y = x
    for _ in range(5000):
        y = (y * 0.999).sin()
    (slope,) = grad(y, x)
    assert jvp(y, x, 1.0) == pytest.approx(slope, rel=1e-9)
    assert math.isfinite(hessian(y, x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: jacobian(3.0, [x]), "jacobian takes Values, or lists of them, as outputs, not float 3.0"),
        (lambda x: jacobian([x], ["w"]), "jacobian takes Values, or lists of them, as inputs, not str 'w'"),
        (lambda x: jacobian({"a": x}, x), "as outputs, not dict {'a': "),
        (lambda x: hessian([x], [x]), "hessian takes one Value as the output, not list [Value("),
        (lambda x: hvp(abs, [x], [1.0]), "call it, as in hvp(f(x), [x])"),
        (lambda x: hvp(x, [x], ["a"]), "vector[0] must be a real number, not str 'a'"),
        (lambda x: jvp(x, [[x]], [[x]]), "vector[0][0] must be a real number, not Value("),
    ],
)
def test_what_is_no_value_is_a_clear_error(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call(Value(2.0))


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0], "vector must have 2 entries, not 1"),
        ([1.0, [1.0, 2.0]], "vector[1] must have 1 entries, not 2"),
    ],
)
def test_a_vector_of_another_shape_is_a_clear_error(vector, message):
    x = Value(2.0)
    for call in (jvp, hvp):
        with pytest.raises(ValueError, match=re.escape(message)):
            call(x * x, [x, [x]], vector)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jacobian([x * x], [x])[0][0],
        lambda x: jvp(x * x, x, 1.0),
        lambda x: hessian(x * x, x) * x,
        lambda x: hvp(x * x, [x], [1.0])[0] * x,
    ],
)
def test_a_recording_would_keep_the_number(f):
    with pytest.raises(RecordingError, match="the code looks at the derivative of a Value that changes"):
        record(f, 2.0)


def test_dot_has_second_derivatives():
    w, x = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]
    assert hessian(dot(w, x), [*w, *x]) == [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]
