"""Derivatives of every order at special points, and entries of -inf, against mpmath and by hand."""

import math
from math import inf

import pytest
from algebras import by_the_textbook
from mpmath import mp

from engine import Value, erf, grad, logsumexp, record, softmax, strict
from engine.core.graph import ancestors
from engine.core.operations import apply
from engine.table.formula import TABLE, numeric
from nn import cross_entropy


def derivatives(f, x, order):
    """f and its derivatives at a number, by nested grad."""
    x = Value(x)
    found = [f(x)]
    for _ in range(order):
        found += grad(found[-1], [x], create_graph=True)
    return [y.data for y in found]


def recorded(f, points, order):
    """The same at several points, by a recording of all of them."""

    def all_orders(x):
        found = [f(x)]
        for _ in range(order):
            found += grad(found[-1], [x], create_graph=True)
        return found

    return record(all_orders, 0.7).forward(points).tolist()


# Powers.


def of_a_power(x, n, order):
    """The derivatives of x ** n by the textbook: n (n - 1) ... x ** (n - k), and 0 once a factor is 0."""
    found, factor = [], 1.0
    for k in range(order + 1):
        found.append(factor * numeric("pow", x, n - k) if factor else 0.0)
        factor *= n - k
    return found


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 7, -1, -2])
def test_a_power_has_its_derivatives_everywhere(n):
    points = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, inf, -inf]
    order = max(n, 0) + 3
    beside = recorded(lambda x: x**n, points, order)
    for x, replayed in zip(points, beside, strict=True):
        truth = of_a_power(x, n, order)
        assert derivatives(lambda x: x**n, x, order) == pytest.approx(truth, rel=1e-14, abs=0)
        assert replayed == pytest.approx(truth, rel=1e-14, abs=0)


@pytest.mark.parametrize("n", [0.5, 1.5, 2.5])
def test_a_fractional_power_has_its_derivatives_where_there_are_any(n):
    points = [0.0, 1.0, 2.0, inf]
    for x, replayed in zip(points, recorded(lambda x: x**n, points, 5), strict=True):
        truth = of_a_power(x, n, 5)
        assert derivatives(lambda x: x**n, x, 5) == pytest.approx(truth, rel=1e-13, abs=0)
        assert replayed == pytest.approx(truth, rel=1e-13, abs=0)


@pytest.mark.parametrize(
    ("f", "x", "truth"),
    [
        (lambda x: 1 + 2 * x + 3 * x**2, 0.0, [1, 2, 6, 0, 0]),
        (lambda x: (-(x**2)).exp(), 0.0, [1, 0, -2, 0, 12, 0, -120]),
        (lambda y: 0.0**y, 2.0, [0, 0, 0, 0, 0]),
        (lambda y: 1.0**y, 2.0, [1, 0, 0, 0]),
        (lambda x: (x**2) ** 2, 0.0, [0, 0, 0, 0, 24, 0]),
        (lambda x: x**3 * x.exp(), 0.0, [0, 0, 0, 6, 24, 60]),
    ],
)
def test_what_powers_are_in(f, x, truth):
    order = len(truth) - 1
    assert derivatives(f, x, order) == pytest.approx(truth, rel=1e-13)
    assert recorded(f, [x], order)[0] == pytest.approx(truth, rel=1e-13)


def test_mixed_derivatives_of_a_power():
    x, y = Value(2.0), Value(3.0)
    by_x, by_y = grad(x**y, [x, y], create_graph=True)
    log = math.log(2.0)
    assert grad(by_x, [x, y]) == pytest.approx((12.0, 4.0 + 12.0 * log))
    assert grad(by_y, [x, y]) == pytest.approx((4.0 + 12.0 * log, 8.0 * log**2))
    x, y = Value(0.0), Value(3.0)
    by_x, by_y = grad(x**y, [x, y], create_graph=True)
    assert grad(by_x, [x, y]) == grad(by_y, [x, y]) == (0.0, 0.0)


@pytest.mark.parametrize("x", [-1.0, -3.0, 0.0])
def test_no_logarithm_of_a_base_is_formed_for_a_number_as_the_exponent(x):
    with strict():
        assert derivatives(lambda x: x**2, x, 4) == [x * x, 2 * x, 2.0, 0.0, 0.0]


# Rows of one operand.

CONSTANT_SLOPES = {
    "abs",
    "sign",
    "floor",
    "relu",
    "leaky_relu",
    "coarse",
    "round",
    "ceil",
    "trunc",
    "detach",
    "neg",
    "pos",
}
SMOOTH = sorted({name for name, row in TABLE.items() if row.variables == ("a",)} - CONSTANT_SLOPES - {"erfinv"})
POINTS = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0]


def is_inside(name, x):
    """Whether the row is smooth there."""
    domain = {"asin": (-1, 1), "acos": (-1, 1), "atanh": (-1, 1), "acosh": (1, inf), "log1p": (-1, inf)}
    low, high = domain.get(name, (0, inf) if name in ("log", "sqrt", "log2", "log10") else (-inf, inf))
    return low < x < high and (name != "cbrt" or x != 0)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_row_has_the_derivatives_of_its_taylor_series(name):
    points, order = [x for x in POINTS if is_inside(name, x)], 4

    def f(x):
        return apply(name, x)

    for x, replayed in zip(points, recorded(f, points, order), strict=True):
        with mp.workdps(60):
            series = mp.taylor(lambda t: by_the_textbook(name, t), x, order)
            truth = [float(c * mp.factorial(k)) for k, c in enumerate(series)]
        assert derivatives(f, x, order) == pytest.approx(truth, rel=1e-11, abs=1e-13)
        assert replayed == pytest.approx(truth, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("x", [inf, -inf, 1e160, -1e160, 1e308])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "erf", "erfc", "gauss", "bell"])
def test_far_out_all_derivatives_are_0(name, x):
    assert derivatives(lambda x: apply(name, x), x, 5)[1:] == [0.0] * 5
    assert recorded(lambda x: apply(name, x), [x], 4)[0][1:] == [0.0] * 4


# Signed zeros.


def test_a_zero_keeps_its_sign_and_a_root_its_slope():
    minus = Value(-0.0)
    for found in (
        apply("floor", minus).data,
        minus.sqrt().data,
        *record(lambda x: apply("floor", x), 1.5).forward([-0.0]),
    ):
        assert math.copysign(1.0, found) == -1.0
    assert (
        derivatives(lambda x: x.sqrt(), -0.0, 3)[1:] == derivatives(lambda x: x.sqrt(), 0.0, 3)[1:] == [inf, -inf, inf]
    )
    assert recorded(lambda x: x.sqrt(), [-0.0], 1)[0][1] == inf
    assert derivatives(erf, -0.0, 2)[1] == 2 / math.sqrt(math.pi)


# Entries of -inf.


def masked(f, entries):
    """f of finite entries and of masked ones, which depend on inputs all the same."""
    return lambda *inputs: f(
        [x + 0 if math.isfinite(entry) else x - inf for x, entry in zip(inputs, entries, strict=True)]
    )


MASKED = [
    (lambda z: softmax(z)[0], [1.0, -inf, -inf], [0, 0, 0]),
    (lambda z: softmax(z)[1], [1.0, -inf, -inf], [0, 0, 0]),
    (lambda z: softmax(z)[0], [0.0, 0.0, -inf, -inf], [0.25, -0.25, 0, 0]),
    (lambda z: softmax(z)[0], [-inf, -inf, -inf], [0, 0, 0]),
    (logsumexp, [-inf, -inf], [0, 0]),
    (logsumexp, [-inf, 1.0, -inf], [0, 1, 0]),
    (lambda z: cross_entropy([z], [0]), [1.0, -inf, -inf], [0, 0, 0]),
    (lambda z: cross_entropy([z], [[1, 0, 0]]), [1.0, -inf, -inf], [0, 0, 0]),
    (lambda z: cross_entropy([z], [[Value(1.0), Value(0.0), Value(0.0)]]), [1.0, -inf, -inf], [0, 0, 0]),
    (lambda z: cross_entropy([z], [Value(0.0)]), [0.0, 0.0, -inf], [-0.5, 0.5, 0]),
    (lambda z: cross_entropy([z], [1]), [0.0, 0.0, -inf, -inf], [0.5, -0.5, 0, 0]),
    (lambda z: cross_entropy([z], [0]), [-inf, -inf, -inf], [0, 0, 0]),
]


@pytest.mark.parametrize(("f", "entries", "truth"), MASKED)
def test_a_masked_entry_has_the_derivative_0_in_every_executor_and_order(f, entries, truth):
    numbers = [x if math.isfinite(x) else 0.5 for x in entries]
    program = masked(f, entries)
    inputs = [Value(x) for x in numbers]
    first = grad(program(*inputs), inputs, create_graph=True)
    assert [slope.data for slope in first] == pytest.approx(truth, abs=1e-15)
    for slope in first:
        second = grad(slope, inputs)
        assert all(map(math.isfinite, second))
        assert all(x == 0.0 for x, entry in zip(second, entries, strict=True) if entry == -inf)
    gradients = record(program, *numbers).gradients(*[[x] for x in numbers])
    assert [float(g[0]) for g in gradients] == pytest.approx(truth, abs=1e-15)


def test_a_masked_entry_has_the_derivative_0_in_jax():
    jax = pytest.importorskip("jax")
    for f, entries, truth in MASKED[:6]:
        numbers = [x if math.isfinite(x) else 0.5 for x in entries]
        with jax.enable_x64(True):
            function = record(masked(f, entries), *numbers).to_jax()
            found = jax.grad(lambda batch, function=function: function([], batch)[0])(
                tuple(jax.numpy.array([x]) for x in numbers)
            )
        assert [float(g[0]) for g in found] == pytest.approx(truth, abs=1e-15)


# Softmax.


@pytest.mark.parametrize("scale", [0.1, 3.0, 100.0])
def test_softmax_keeps_its_digits_and_those_of_its_slopes(scale):
    numbers = [scale * math.sin(7.0 * k) for k in range(37)]
    inputs = [Value(x) for x in numbers]
    shares = softmax(inputs)
    with mp.workdps(60):
        powers = [mp.exp(x) for x in numbers]
        exact = [x / mp.fsum(powers) for x in powers]
        assert [p.data for p in shares] == pytest.approx([float(p) for p in exact], rel=1e-13, abs=0)
        for i in (0, 18, 36):
            slopes = [
                float(exact[i] * (mp.fsum(exact[:i] + exact[i + 1 :]) if i == j else -p)) for j, p in enumerate(exact)
            ]
            assert grad(shares[i], inputs) == pytest.approx(slopes, rel=1e-13, abs=1e-320)


def test_softmax_takes_nodes_and_instructions_in_proportion_to_its_entries():
    def nodes(n):
        return len(ancestors(sum(softmax([Value(float(k)) for k in range(n)]))))

    def instructions(n):
        recording = record(lambda xs: sum(softmax(xs)), [float(k) for k in range(n)])
        return len(recording.program)

    assert nodes(200) - nodes(100) <= 7 * 100
    assert instructions(200) < 2.1 * instructions(100)
