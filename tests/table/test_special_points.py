"""Derivatives of every order at special points, and entries of -inf, against mpmath and by hand."""

import math
from functools import partial
from math import inf

import pytest
from algebras import by_the_textbook, in_floats
from mpmath import mp
from shapes import KINKS, LIMITS
from strategies import CONSTANT

from engine import Value, elu, erf, grad, hypot, log_softmax, logsumexp, norm, record, selu, softmax, strict, xlogy
from engine.core.graph import ancestors
from engine.core.operations import apply
from engine.table.formula import TABLE, numeric
from engine.table.rows import NAMED
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


@pytest.mark.parametrize("n", [1e160, -1e160, 1e308, 1e-300, -1e-300, 1e-200, 0.01, 1e5])
def test_a_power_of_any_size_has_its_derivatives(n):
    points = [1e-300, 1e-3, 0.5, 0.999999, 1.0, 1.5, 1e3, 1e300]
    for x, replayed in zip(points, recorded(lambda x: x**n, points, 3), strict=True):
        with mp.workdps(400):
            truth = [float(mp.ff(n, k) * mp.power(x, n - mp.mpf(k))) for k in range(4)]
        assert derivatives(lambda x: x**n, x, 3) == pytest.approx(truth, rel=1e-14, abs=1e-323)
        assert replayed == pytest.approx(truth, rel=1e-14, abs=1e-323)
        y, e = Value(x), Value(n)  # and as a power with two operands
        by_x, by_n = grad(y**e, [y, e], create_graph=True)
        assert not any(map(math.isnan, (*grad(by_x, [y, e]), *grad(by_n, [y, e]))))


@pytest.mark.parametrize("a", [0.0, 1e-310, 1e-200, 1.0, -3e200])
@pytest.mark.parametrize("b", [1e-310, 1e-200, 1e-100, 2.0, 1e200])
def test_a_times_log_b_has_its_derivatives_where_powers_of_b_overflow(a, b):
    with mp.workdps(50):
        truth = [a / mp.mpf(b), -a / mp.mpf(b) ** 2, 2 * a / mp.mpf(b) ** 3]
    found = derivatives(lambda b: xlogy(a, b), b, 3)[1:]
    assert found == pytest.approx(list(map(float, truth)), rel=1e-14, abs=1e-323)
    replayed = recorded(lambda b: xlogy(a, b), [b], 3)[0][1:]
    assert replayed == pytest.approx(list(map(float, truth)), rel=1e-14, abs=1e-323)


def test_the_slope_inf_over_inf_is_not_known():
    assert math.isnan(grad(xlogy(inf, y := Value(inf)), y)[0])
    assert grad(xlogy(3.0, y), y) == (0.0,)


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

OF_ONE = sorted({name for name, row in TABLE.items() if row.variables == ("a",)} - CONSTANT - {"coarse"})
POINTS = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 1e-10, 30.0, -30.0]


def is_inside(name, x):
    """Whether the row and its slope are finite there."""
    y, (slope,) = in_floats(name, [x])
    return math.isfinite(y) and math.isfinite(slope)


def bends(name, x):
    """Whether the derivatives from the left and the right differ."""
    with mp.workdps(40):
        left, right = (
            [mp.diff(lambda t: by_the_textbook(name, t), x, n, direction=d) for n in range(3)] for d in (-1, 1)
        )
    return any(abs(a - b) > 1e-9 * (1 + abs(b)) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("name", OF_ONE)
def test_a_row_has_the_derivatives_of_its_taylor_series(name):
    points, order = [x for x in POINTS if is_inside(name, x) and x not in KINKS.get(name, ())], 5

    def f(x):
        return apply(name, x)

    for x, replayed in zip(points, recorded(f, points, order), strict=True):
        assert not bends(name, x), f"{name} bends or jumps at {x:g}: name it in KINKS of tests/support/shapes.py"
        with mp.workdps(300 if abs(x) > 10 else 80):
            series = mp.taylor(lambda t: by_the_textbook(name, t), x, order)
            truth = [float(c * mp.factorial(k)) for k, c in enumerate(series)]
        assert derivatives(f, x, order) == pytest.approx(truth, rel=1e-12, abs=1e-15)
        assert replayed == pytest.approx(truth, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", OF_ONE)
def test_the_limits_of_a_row_are_named(name):
    for side, far in (("-inf", (-1e30, -1e40)), ("inf", (1e30, 1e40))):
        try:
            with mp.workdps(200):
                values = [by_the_textbook(name, mp.mpf(x)) for x in far]
                slopes = [mp.diff(lambda t: by_the_textbook(name, t), x) for x in far]
        except (ArithmeticError, ValueError):  # outside
            continue
        tends = not any(map(mp.im, values + slopes)) and abs(slopes[1] - slopes[0]) < 1e-9
        assert not tends or name in LIMITS, (
            f"the slope of {name} has a limit at {side}: name it in LIMITS of tests/support/shapes.py"
        )


@pytest.mark.parametrize("name", LIMITS)
def test_a_row_has_its_limits_at_infinity(name):
    for x, limit in zip((-inf, inf), LIMITS[name], strict=True):
        if limit is not None:
            assert derivatives(lambda x: apply(name, x), x, 5) == [*limit, 0, 0, 0, 0]
            assert recorded(lambda x: apply(name, x), [x], 5)[0] == [*limit, 0, 0, 0, 0]


@pytest.mark.parametrize("x", [1e160, -1e160, 1e308, -1e308])
@pytest.mark.parametrize("name", [name for name in LIMITS if name not in ("cbrt", "sqrt")])
def test_far_out_no_derivative_overflows_on_the_way(name, x):
    limit = LIMITS[name][x > 0]
    if limit is not None:
        size = 1.0 if limit[0] == 0.0 or math.isinf(limit[0]) else abs(limit[0])
        found, again = derivatives(lambda x: apply(name, x), x, 5), recorded(lambda x: apply(name, x), [x], 5)[0]
        for slopes in (found, again):
            assert slopes[1:] == pytest.approx([limit[1], 0, 0, 0, 0], abs=2 * size / abs(x), rel=0)


@pytest.mark.parametrize("name", [name for name in NAMED if TABLE[name].variables == ("a",)])
def test_where_a_row_has_a_value_no_derivative_is_nan(name):
    for x in (20.0, 300.0, 360.0, 711.0, 1e5, -20.0, -300.0, -360.0, -711.0, -1e5):
        if math.isfinite(apply(name, x)):
            assert not any(map(math.isnan, derivatives(lambda x: apply(name, x), x, 4))), x


# Rows of two operands.


@pytest.mark.parametrize("name", ["hypot", "atan2", "direction", "xlogy", "logaddexp", "share"])
@pytest.mark.parametrize("point", [(3.0, 4.0), (1.0, 1e-9), (2.0, 50.0), (1e-5, 7.0), (0.7, 0.7)])
def test_a_row_of_two_operands_has_all_derivatives_to_order_3(name, point):
    for orders in [(i, j) for i in range(4) for j in range(4) if 0 < i + j <= 3]:
        x, y = (Value(z) for z in point)
        found = apply(name, x, y)
        for operand, times in zip((x, y), orders, strict=True):
            for _ in range(times):
                (found,) = grad(found, [operand], create_graph=True)
        with mp.workdps(100):
            truth = mp.diff(lambda a, b: by_the_textbook(name, a, b), tuple(map(mp.mpf, point)), orders)
        is_zero = abs(truth) < 1e-60
        assert found.data == pytest.approx(float(truth), rel=1e-11, abs=1e-15 if is_zero else 1e-300)


def test_second_derivatives_over_a_sequence_do_not_cancel():
    x, y = Value(50.0), Value(0.0)
    slopes = grad(logsumexp([x, y]), [x, y], create_graph=True)
    tiny = 1.9287498479639178e-22
    assert [grad(slope, [x, y]) for slope in slopes] == [(tiny, -tiny), (-tiny, tiny)]
    recording = record(lambda x, y: grad(logsumexp([x, y]), [x, y], create_graph=True)[0], 1.0, 2.0)
    assert [float(g[0]) for g in recording.gradients([50.0], [0.0])] == pytest.approx([tiny, -tiny], rel=1e-14)
    x, y, z = Value(1.0), Value(1e-9), Value(0.0)
    slopes = grad(norm([x, y, z]), [x, y, z], create_graph=True)
    assert grad(slopes[0], [x, y, z]) == pytest.approx((1e-18, -1e-9, 0.0), rel=1e-14)
    assert grad(slopes[1], [x, y, z]) == pytest.approx((-1e-9, 1.0, 0.0), rel=1e-14)


@pytest.mark.parametrize(
    ("entries", "partials"),
    [
        ([1e308, 1.6e308], [5 / math.sqrt(89), 8 / math.sqrt(89)]),
        ([5e-324, 5e-324], [math.sqrt(0.5)] * 2),
        ([inf, 1e308], [1.0, 0.0]),
        ([inf, -inf], [math.sqrt(0.5), -math.sqrt(0.5)]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([math.nan, 1.0], [math.nan, math.nan]),
    ],
)
def test_the_slopes_of_a_norm_are_right_where_its_number_overflows_or_has_no_digits(entries, partials):
    inputs, near = [Value(x) for x in entries], partial(pytest.approx, rel=1e-15, nan_ok=True)
    assert [x.data for x in grad(norm(inputs), inputs, create_graph=True)] == near(partials)
    assert grad(norm(inputs), inputs) == near(tuple(partials))
    assert grad(hypot(*inputs), inputs) == near(tuple(partials))
    recording = record(lambda x: norm(x), [3.0, 4.0])
    for count in (1, 2):
        assert recording.gradients([entries] * count)[0].tolist() == [near(partials)] * count


@pytest.mark.parametrize(("f", "slope"), [(elu, 1.0), (selu, 1.7580993408473766)])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_its_kink_a_row_has_all_derivatives_of_one_side(f, slope, zero):
    assert derivatives(f, zero, 4)[1:] == [slope] * 4
    assert recorded(f, [zero, zero], 3)[0][1:] == [slope] * 3


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


@pytest.mark.parametrize(("entries", "shares"), [([inf, 1.0, -inf], [1, 0, 0]), ([1.0, inf], [0, 1])])
def test_one_entry_of_inf_has_all(entries, shares):
    inputs = [Value(x) for x in entries]
    assert [p.data for p in softmax(inputs)] == shares
    assert grad(logsumexp(inputs), inputs) == tuple(shares)
    assert all(slope == 0.0 for p in softmax(inputs) for slope in grad(p, inputs))


def test_of_several_entries_of_inf_the_shares_are_not_known():
    inputs = [Value(inf), Value(inf), Value(0.0)]
    assert logsumexp(inputs).data == inf
    shares = [p.data for p in softmax(inputs)]
    assert shares[2] == 0.0
    assert all(map(math.isnan, shares[:2]))
    assert grad(logsumexp(inputs), inputs) == (0.5, 0.5, 0.0)  # equal shares, as of maximum


def test_log_softmax_keeps_its_digits_and_masks():
    inputs = [Value(0.0), Value(50.0), Value(-inf)]
    logs = log_softmax(inputs)
    assert [x.data for x in logs] == [-50.0, -1.9287498479639178e-22, -inf]
    assert grad(logs[1], inputs) == pytest.approx((-1.9287498479639178e-22, 1.9287498479639178e-22, 0.0), rel=1e-15)
    assert grad(logs[2], inputs) == (0.0, 0.0, 0.0)
    assert grad(logs[0], inputs) == (1.0, -1.0, 0.0)
    recording = record(lambda x: log_softmax([x[0], x[1], x[2] - inf])[1], [1.0, 2.0, 3.0])
    assert recording.gradients([[0.0, 50.0, 1.0]])[0][0] == pytest.approx(
        [-1.9287498479639178e-22, 1.9287498479639178e-22, 0.0], rel=1e-14
    )
    assert all(x.data == -inf for x in log_softmax([Value(-inf), Value(-inf)]))


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


def test_the_sign_of_a_nan_tells_nothing():
    for nan in (math.nan, -math.nan):
        assert math.isnan(numeric("copysign", 1.0, nan))
        assert math.isnan(apply("copysign", Value(1.0), Value(nan)).data)
