"""A Value does not become a plain number without a word; what keeps the graph works, in Python's syntax and NumPy's."""

import cmath
import copy
import math
import operator
import statistics
from fractions import Fraction

import pytest

from engine import RecordingError, Value, chain_rule, grad, record

np = pytest.importorskip("numpy")

LEAVES = {
    "float": float,
    "int": int,
    "complex": complex,
    "index": operator.index,
    "an index of a list": lambda v: [1.0, 2.0][v],
    "range": range,
    "math.exp": math.exp,
    "math.hypot": lambda v: math.hypot(v, 1.0),
    "math.fsum": lambda v: math.fsum([v, v]),
    "math.isfinite": math.isfinite,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "math.atan2": lambda v: math.atan2(1.0, v),
    "cmath.exp": cmath.exp,
    "%.3f": lambda v: "%.3f" % v,  # noqa: UP031
    "np.interp": lambda v: np.interp(v, [0.0, 2.0], [0.0, 1.0]),
    "np.array of floats": lambda v: np.array([v], float),
    "np.array of ints": lambda v: np.array([v, v], int),
    "an entry of an array": lambda v: np.zeros(2).__setitem__(0, v * 2),
    "np.float64": np.float64,
    "np.full": lambda v: np.full(3, v, dtype=float),
}


@pytest.mark.parametrize("leave", LEAVES)
def test_leaving_the_graph_names_both_ways_out(leave):
    with pytest.raises(TypeError, match=r"drop its gradient: pass its \.data .* function of engine"):
        LEAVES[leave](Value(1.0, "x"))


@pytest.mark.parametrize(
    "leave",
    [lambda v: "%d" % v, lambda v: statistics.mean([v]), Fraction, math.sqrt, abs(1).__add__],  # noqa: UP031
)
def test_nothing_else_makes_a_number_of_it(leave):
    try:
        got = leave(Value(1.0))
    except TypeError:
        return
    assert got is NotImplemented


def test_a_value_is_true_where_its_number_is():
    for number in (0.0, -0.0, 5e-324, -2.0, math.inf, math.nan):
        assert bool(Value(number)) == bool(number)
        with pytest.raises(RecordingError, match="the code looks at the data"):
            record(lambda x: 1.0 / x if x else x, number)
    assert np.count_nonzero(np.array([Value(0.0), Value(3.0)])) == 1


def test_a_power_takes_no_modulus():
    for power in (lambda v: pow(v, 2, 5), lambda v: pow(v, v, v), lambda v: pow(2, v, 5)):
        with pytest.raises(TypeError, match=r"pow takes no modulus .* write a\*\*b % m|unsupported operand"):
            power(Value(3.0))
    assert pow(Value(3.0), 2, None).data == 9.0


def test_the_gradient_that_math_would_drop():
    x = Value(1.0, "x")
    with pytest.raises(TypeError):
        _ = math.exp(x) * x
    assert grad(x.exp() * x, [x]) == pytest.approx((2.0 * math.e,))


def test_formats_show_the_data():
    v = Value(1.23456, "w")
    assert (f"{v:.2f}", f"{v:>8.1f}", format(v, "e")) == ("1.23", "     1.2", "1.234560e+00")
    assert f"{v}" == str(v) == repr(v)


PAIRS = [
    (7.5, 2.0),
    (-7.5, 2.0),
    (7.5, -2.0),
    (-7.5, -2.0),
    (1.0, 0.1),
    (6.0, 3.0),
    (-6.0, 3.0),
    (0.3, 1e-3),
    (1e17, 7.0),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_floor_division_and_remainder_are_pythons(a, b):
    for x, y in [(Value(a), Value(b)), (Value(a), b), (a, Value(b))]:
        assert (x // y).data == a // b
        assert repr((x % y).data) == repr(a % b)
        assert [part.data for part in divmod(x, y)] == list(divmod(a, b))
    assert (Value(a) % Value(b)).partials == (1.0, -(a // b))
    assert (Value(a) // Value(b)).partials == (0.0, 0.0)


def test_a_remainder_by_0_is_nan_as_nothing_raises_in_a_graph():
    assert math.isnan((Value(1.0) % 0.0).data)
    assert math.isnan((Value(math.inf) % 2.0).data)


@pytest.mark.parametrize(
    "x", [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 1e300, 4503599627370497.5, 2.0**53, -7.2]
)
def test_round_is_pythons_to_the_even_one(x):
    y = round(Value(x))
    assert (y.data, y.op, y.partials) == (round(x), "round", (0.0,))


def test_round_at_the_edges_and_to_digits():
    assert round(Value(math.inf)).data == math.inf
    assert math.isnan(round(Value(math.nan)).data)
    assert [round(Value(1234.5678), digits).data for digits in (2, 0, -2)] == [1234.57, 1235.0, 1200.0]
    for x, digits in [(1e300, 10), (2.0**60, 3), (1.5, 308), (1.5, 400), (-math.inf, 2), (-0.0, 2), (0.125, 2)]:
        v = Value(x)
        assert (repr(round(v, digits).data), grad(round(v, digits), [v])) == (repr(round(x, digits)), (0.0,))
    assert record(lambda x: round(x, 2), 1.234).forward([1e300, 1.239, -2.555]).tolist() == [1e300, 1.24, -2.56]


def test_numpy_arrays_of_values_stay_in_the_graph():
    x, y = Value(0.5, "x"), Value(2.0, "y")
    A = np.array([x, y])
    assert A.dtype == object
    for ufunc in (np.exp, np.log, np.sqrt, np.sin, np.cos, np.tanh):
        assert [v.data for v in ufunc(A)] == pytest.approx(ufunc([0.5, 2.0]).tolist(), rel=1e-15)
        assert all(v.op == ufunc.__name__ for v in ufunc(A))
    assert [v.data for v in np.rint(A)] == [0.0, 2.0]
    assert [v.data for v in np.abs(-A)] == [0.5, 2.0]
    assert [v.data for v in A // 0.4] == [1.0, 4.0]
    assert grad(A @ A, [x, y]) == (1.0, 4.0)
    assert grad(np.mean(np.exp(A)), [x])[0] == pytest.approx(math.exp(0.5) / 2)
    assert (A > 1.0).tolist() == (y > np.array([5.0, 1.0])).tolist() == [False, True]
    assert (np.float64(3.0) * x).op == "mul"


@pytest.mark.parametrize("use", [lambda a, v: a * v, lambda a, v: v * a, lambda a, v: v + a * 0.0, np.ma.multiply])
def test_masked_arrays_of_values_stay_in_the_graph(use):
    x = Value(2.5, "x")
    found = use(np.ma.array([1.0, 7.0], mask=[False, True]), x)
    assert found.mask.tolist() == [False, True]
    assert (found[0].data, grad(found[0], [x])) == (2.5, (1.0,))
    assert np.ma.getdata(x).item() is x


def test_plus_is_an_operation_of_its_own():
    x = Value(3.0, "x")
    y = +x
    assert (y.op, y._op, y.data, y.operands, y.partials) == ("pos", "+", 3.0, (x,), (1.0,))
    (slope,) = grad(y * y, [x], create_graph=True)
    assert (slope.data, grad(slope, [x])) == (6.0, (2.0,))


def test_backward_takes_a_seed():
    x = Value(3.0)
    (x * x).backward(seed=0.5)
    assert x.grad == 3.0
    x.backward(2)
    assert x.grad == 5.0
    with pytest.raises(TypeError, match="must be a real number, not str"):
        x.backward("1")


def test_micrograds_backward_of_one_node_adds_to_its_operands():
    a, b = Value(2.0), Value(5.0)
    y = a * b + a
    order = [y.operands[0], y]
    y.grad = 1.0
    for node in reversed(order):
        node._backward()
    assert (a.grad, b.grad) == (6.0, 2.0)
    a._backward()
    assert (a.grad, b.grad) == (6.0, 2.0)


def test_nothing_but_numbers_and_label_can_be_set():
    y = Value(1.0) * 2.0
    for name in ("op", "operands", "partials", "_prev", "_op", "_backward", "m"):
        with pytest.raises(AttributeError):
            setattr(y, name, "dot")
    for change in (lambda: setattr(Value, "sin", abs), lambda: delattr(Value, "sin"), lambda: setattr(Value, "m", 0)):
        with pytest.raises(TypeError, match="cannot set '(sin|m)' attribute of immutable type"):
            change()
    assert y.op == "mul"


def test_value_is_final():
    with pytest.raises(TypeError, match=r"Value is final, so Weight cannot be .* row\(\), .* dict that has the Value"):

        class Weight(Value):
            pass

    with pytest.raises(TypeError, match="Value is final"):
        type("Weight", (Value,), {})


def test_labels_are_plain_text():
    class Name(str):
        def __str__(self):
            return "another"

    for label in ("w", np.str_("w"), Name("w")):
        value = Value(1.0, label)
        assert (value.label, type(value.label)) == ("w", str)
        value.label = np.str_("v")
        assert (value.label, type(value.label)) == ("v", str)
    for bad in (None, 3, b"w", ("w",), Value(1.0)):
        for assign in (lambda bad: Value(1.0, label=bad), lambda bad: setattr(value, "label", bad)):
            with pytest.raises(TypeError, match=f'a label must be a str, such as "w", not {type(bad).__name__}'):
                assign(bad)
    assert value.label == "v"


@pytest.mark.parametrize("large", [10**400, -(10**5000), Fraction(10**400)], ids=["int", "more", "Fraction"])
def test_what_no_float_holds_is_an_error_that_says_so(large):
    v = Value(1.0)
    for use in (Value, lambda n: v + n, lambda n: v < n, lambda n: setattr(v, "data", n), lambda n: v.backward(n)):
        with pytest.raises(OverflowError, match=r"up to 1\.8e308, not a larger (int|Fraction): scale it"):
            use(large)
    assert v.data == 1.0


def test_an_operation_made_as_in_micrograd_points_to_a_row():
    x = Value(0.5)
    with pytest.raises(TypeError, match=r"an operation of your own is a row .* row\("):
        Value(math.sin(x.data), (x,), "sin")
    with pytest.raises(TypeError, match="a label must be a str"):
        Value(math.sin(x.data), (x,))


@pytest.mark.parametrize(
    ("output", "inputs", "message"),
    [
        (lambda x: [x * x], lambda x: [x], r"one Value as the output, not list \[Value.*: pass a Value"),
        (lambda x: lambda t: t * t, lambda x: 3.0, r"not function .*: call it, as in grad\(f\(x\), \[x\]\)"),
        (lambda x: None, lambda x: [x], "not NoneType None"),
        (lambda x: 3.0, lambda x: [x], "not float 3.0"),
        (lambda x: x * x, lambda x: None, "Values as inputs, not NoneType None"),
        (lambda x: x * x, lambda x: 3.0, "Values as inputs, not float 3.0"),
        (lambda x: x * x, lambda x: [x, "x"], "Values as inputs, not str 'x'"),
    ],
)
def test_grad_says_what_came_and_what_to_pass(output, inputs, message):
    x = Value(3.0)
    with pytest.raises(TypeError, match=message):
        grad(output(x), inputs(x))


def test_a_copy_keeps_numbers_and_label():
    v = Value(2.0, "v")
    v.grad = 3.0
    assert repr(copy.copy(v)) == "Value(data=2.0, grad=3.0, label='v')"


def test_labels_reach_no_terminal_with_control_characters():
    for label, written in [("w\x1b[31m", r"w\x1b[31m"), ("\ud800", r"\ud800"), ("a\rb", r"a\rb")]:
        w = Value(2.0, label)
        for text in (str(chain_rule(w * w, w)), repr(w), chain_rule(w * w, w).to_latex()):
            assert text.encode()
            assert not {"\x1b", "\r"} & set(text)
        assert written in str(chain_rule(w * w, w))


@pytest.mark.parametrize("thing", [np.ma.masked, np.ma.array([1.0], mask=[True]), np.timedelta64(5, "s"), int, {}, 1j])
def test_what_is_no_number_is_no_data(thing):
    with pytest.raises(TypeError, match="data must be a real number, not "):
        Value(thing)


@pytest.mark.parametrize("name", ["data", "grad", "label"])
def test_a_value_is_made_once_and_keeps_what_it_has(name):
    x = Value(1.0, "x")
    with pytest.raises(AttributeError, match=f"the {name} of a Value cannot be deleted: set it"):
        delattr(x, name)
    with pytest.raises(AttributeError):
        object.__setattr__(x, "serial", 3)
    for value in (x, x * x):
        with pytest.raises(TypeError, match="a Value is made once"):
            value.__init__(2.0)
    assert Value.__new__(Value).data == 0.0
    assert repr(x) == "Value(data=1.0, grad=0.0, label='x')"
