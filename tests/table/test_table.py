"""The table's numbers are exact to a few ulp, sympy proves its formulas, and a row is all it takes."""

import itertools
import math

import mpmath
import pytest
import sympy
from algebras import by_the_textbook, flatten, in_floats, in_mpmath, on_mpmath, on_sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mp
from shapes import KINKS
from strategies import CONSTANT, ROUNDING, finite, is_tame, moderate, operands

from engine import Value, chain_rule, check_gradients, draw, grad, record
from engine.core.backward import partials_of
from engine.core.functions import operation
from engine.core.operations import apply
from engine.table.formula import TABLE, evaluate, numeric
from engine.table.primitives import PRIMITIVES
from engine.table.rows import Row, row

FEW = 5  # ulp
DIGITS = 50
SMALLEST = 2.0**-1022  # the smallest number with all its digits
LARGEST = 1.7976931348623157e308
ROWS = sorted(TABLE)
OF_FACTORS = {"monomial", "powlog"}  # a power times others; test_special_points.py has derivatives

near = st.floats(-750.0, 750.0)
anywhere = finite | near | moderate

# Where numbers overflow or lose digits: exp, cosh and their squares, a square, erfc, and exp of a square.
ENDS = [5e-324, 1e-310, 1e-308, 2.3e-308, 1e-200, 1e-154, 1e-16, 1e-8, 0.5, 1.0, 1.5, 19.0, 26.6, 37.0, 38.7, 354.9]
ENDS += [355.0, 372.5, 373.0, 709.7, 709.8, 710.4, 710.5, 711.0, 744.4, 745.1, 745.2, 746.0, 1e16, 1e154, 1.4e154]
ENDS += [1e200, 1e308, 1.7e308]
ENDS = [0.0, *ENDS, *(-x for x in ENDS)]
OTHERS = [0.5, -1.5, 1e-310, 711.0, 1.4e154, -1e308]


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(DIGITS):
        yield


def ulps(number, truth):
    """How many units in the last place a float is off, at an overflow from the largest float."""
    nearest = float(truth)
    if math.isinf(number) and math.isinf(nearest):
        return 0.0 if number == nearest else math.inf
    number, nearest = (max(-LARGEST, min(LARGEST, x)) for x in (number, nearest))
    return float(abs(mp.mpf(number) - max(-LARGEST, min(LARGEST, truth))) / mp.mpf(math.ulp(nearest)))


def value_tolerance(name, groups):
    """A sum is as exact as the sum of its terms' sizes; all else is exact to a few ulp of itself.

    Where the sum of sizes overflows, a sum from left to right may on its way, and the tolerance is inf.
    """
    if name == "sum":
        return FEW * math.ulp(sum(map(abs, groups[0])))
    if name == "dot":
        weights, inputs, bias = groups
        return FEW * math.ulp(sum((abs(w * x) for w, x in zip(weights, inputs, strict=True)), abs(bias)))
    if name == "powlog":
        power = abs(on_mpmath("monomial", *map(mp.mpf, groups[:4]))) if groups[0] else 0
        return 0.0 if SMALLEST <= power <= LARGEST else math.inf
    if name == "monomial" and 0.0 < abs(groups[3]) < SMALLEST:  # its few digits are rounded once more, by a root
        return math.ulp(0.0) * abs(groups[0]) ** ((groups[1] - groups[2]) / 2) if groups[0] else 0.0
    if name in ("logsumexp", "logaddexp"):
        return FEW * math.ulp(1.0 + max(map(abs, groups[0] if name == "logsumexp" else groups)))
    return 0.0


def partial_tolerance(name, groups):
    """What a formula of a rounded number shows of its rounding: exp(y²) 2y² times, a y³ three times."""
    if name == "erfinv":
        return FEW + 2 * float(mp.erfinv(groups[0])) ** 2
    return {"cbrt": FEW + 2, "arc": FEW + 4, "ratio": FEW + 2, "direction": FEW + 2}.get(name, FEW)


def cancels(name, y, groups):
    """How far rounding moves a partial that is a sum of terms of both signs, f + a f'."""
    if name not in ("silu", "mish", "gelu") or not groups[0]:
        return 0.0
    below = max(-groups[0], 0.0)
    return FEW * 2.0**-53 * abs(y / groups[0]) * (1 + below ** (2 if name == "gelu" else 1))


def comes_by_a_subnormal(name, y, groups):
    """Whether a partial is computed from a number that has lost digits, or all of them, at the edge of the floats."""
    match name, groups:
        case "div", _:
            return y != 0 and abs(y) < SMALLEST
        case "gauss" | "gauss_half", _:
            return y < SMALLEST
        case "share" | "direction", _:
            return abs(y) < SMALLEST
        case "silu" | "mish" | "gelu" | "normal_pdf" | "normal_cdf", (a,):
            return a < 0 and abs(y) < 1e-300
        case "pow", (a, _):
            return not SMALLEST <= abs(y) <= LARGEST and a != 0
    return False


@pytest.mark.parametrize("name", ROWS)
@settings(suppress_health_check=[HealthCheck.filter_too_much])  # of moderate factors few have a moderate power
@given(data=st.data())
def test_results_and_partials_are_exact_to_a_few_ulp(name, data):
    numbers = st.floats(0.0, 1.0) if name == "logit" else moderate if name in OF_FACTORS else anywhere
    assume(is_exact(name, data.draw(operands(name, numbers))) is not None)


@pytest.mark.parametrize("name", [name for name in ROWS if name not in OF_FACTORS])
def test_a_row_is_exact_where_numbers_overflow_or_lose_digits(name):
    row = TABLE[name]
    count = sum(2 if variable.isupper() else 1 for variable in row.variables)
    for i, x, other in itertools.product(range(count), ENDS, OTHERS if count > 1 else OTHERS[:1]):
        is_exact(name, row.split([x if k == i else other for k in range(count)]))


def is_exact(name, groups):
    """Assert that a row is exact to a few ulp; None where it has no number, or is in bounds of its own."""
    signed = {"copysign": 1, "atan2": 0}  # whose 0 has a sign, which mpmath's has not
    if name in signed and groups[signed[name]] == 0.0:
        return None
    if name in ("atan2", "direction") and not 1e-307 < math.hypot(*groups) < math.inf:  # there a partial is 0 or inf
        return None
    if name == "ratio" and abs(groups[0]) >= 1.0:  # where atanh is not defined
        return None
    y, partials = in_floats(name, groups)
    try:
        exact, exact_partials = in_mpmath(name, groups)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):  # the last, of a complex number
        return None
    if not all(isinstance(x, mpmath.mpf) and mp.isfinite(x) for x in (exact, *exact_partials)):
        return None
    by_a_subnormal = comes_by_a_subnormal(name, y, groups)
    if name not in ROUNDING and not (by_a_subnormal and name in ("silu", "mish", "gelu", "normal_pdf", "normal_cdf")):
        tolerance = value_tolerance(name, groups)
        assert math.isinf(tolerance) or ulps(y, exact) <= FEW or abs(mp.mpf(y) - exact) <= tolerance, (groups, y, exact)
    if name not in OF_FACTORS and not by_a_subnormal:
        for partial, exact_partial in zip(partials, exact_partials, strict=True):
            off = abs(mp.mpf(partial) - exact_partial) if math.isfinite(partial) else mp.inf
            near = ulps(partial, exact_partial) <= partial_tolerance(name, groups) or off <= cancels(name, y, groups)
            assert near, (groups, partial, exact_partial)
    return True


def symbols(table_row):
    """Real symbols for the operands, three for a sequence."""
    return [
        [sympy.Symbol(f"{name}{i}", real=True) for i in range(3)] if name.isupper() else sympy.Symbol(name, real=True)
        for name in table_row.variables
    ]


def sides_of_every_kink(table_row):
    """Both signs of the operand; of two, both orders as well."""
    a, b = sympy.symbols("a b", real=True)
    p, q = sympy.symbols("p q", positive=True)
    signed = [{a: p}, {a: -p}]
    return {"a": signed, "ab": [side | {b: side[a] + d} for side in signed for d in (q, -q)]}.get(
        "".join(table_row.variables), [{}]
    )


def is_zero(expression):
    """Whether an expression is proved to be 0, or is 0 to 40 digits where sympy finds no proof."""
    if sympy.simplify(expression) == 0 or sympy.simplify(expression.rewrite(sympy.exp)) == 0:
        return True
    free = sorted(expression.free_symbols, key=str)
    places = [dict(zip(free, (sympy.Rational(3 * i + k, 70) for i in range(1, 9)), strict=False)) for k in range(3)]
    return all(abs(expression.subs(place).evalf(DIGITS)) < 1e-40 for place in places)


@pytest.mark.parametrize("name", ROWS)
def test_every_partial_is_proved_by_sympy(name):
    table_row, apply_symbol = TABLE[name], on_sympy()
    groups = symbols(table_row)
    variables = dict(zip(table_row.variables, groups, strict=True))
    y = apply_symbol(name, *groups)
    partials = [evaluate(partial, variables | {"y": y}, apply_symbol) for partial in table_row.partials]
    flat = table_row.flatten(groups, 3)
    for operand, partial in zip(flat, table_row.flatten(partials, 3), strict=True):
        difference = sympy.diff(y, operand) - partial
        for side in sides_of_every_kink(table_row):
            assert is_zero(difference.subs(side, simultaneous=True)), (operand, side, difference)


@pytest.mark.parametrize("name", sorted(row.name for row in TABLE.values() if row.textbook))
def test_every_textbook_form_is_the_first_partial(name):
    table_row, apply_symbol = TABLE[name], on_sympy()
    groups = symbols(table_row)
    variables = dict(zip(table_row.variables, groups, strict=True)) | {"y": apply_symbol(name, *groups)}
    forms = [evaluate(form, variables, apply_symbol) for form in (table_row.textbook, table_row.partials[0])]
    flat = [table_row.flatten([form], 3) if table_row.variadic else [form] for form in forms]
    for shown, computed in zip(*flat, strict=True):
        for side in sides_of_every_kink(table_row):
            assert is_zero((shown - computed).subs(side, simultaneous=True))


@pytest.mark.parametrize("name", sorted(TABLE.keys() - CONSTANT))
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_second_derivatives_come_from_the_partials_of_partials(name, data):
    table_row = TABLE[name]
    groups = data.draw(operands(name, moderate))
    assume(is_tame(name, groups) and all(abs(groups[0] - kink) > 1e-3 for kink in KINKS.get(name, ())))
    values = [Value(x) for x in flatten(name, groups)]

    def exact(*flat):
        return by_the_textbook(name, *table_row.split(list(flat)))

    first = grad(apply(name, *table_row.split(values)), values, create_graph=True)
    point = tuple(mp.mpf(x.data) for x in values)
    for i, slope in enumerate(first):
        for j, second in enumerate(grad(slope, values)):
            orders = tuple((k == i) + (k == j) for k in range(len(values)))
            truth = mp.diff(exact, point, orders)  # complex with a power of a negative number, a step below 0
            assert mp.im(truth) == 0
            truth = float(mp.re(truth))
            assert second == pytest.approx(truth, rel=1e-12, abs=1e-12 * (1 + abs(slope.data)))


def test_third_derivatives_are_right():
    x = Value(0.3)
    first = grad(x.tanh(), x, create_graph=True)[0]
    second = grad(first, x, create_graph=True)[0]
    assert grad(second, x)[0] == pytest.approx(float(mp.diff(mp.tanh, 0.3, 3)), rel=1e-13)


# Reading formulas.


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("-a ** 2", -4.0),
        ("2 ** -a", 0.25),
        ("a - b - 1", -2.0),
        ("a / b / 2", 1 / 3),
        ("(a + b) * a", 10.0),
        ("exp(a) * 0 + maximum(a, b)", 3.0),
        ("  a  ", 2.0),
        ("1e3", 1000.0),
    ],
)
def test_a_formula_is_read_as_python_reads_it(formula, value):
    assert evaluate(formula, {"a": 2.0, "b": 3.0}, numeric) == value


@pytest.mark.parametrize(
    "formula",
    [
        "+a",
        "not a",
        "~a",
        "a % b",
        "a // b",
        "a @ b",
        "a and b",
        "a if b else a",
        "lambda: a",
        "(a, b)",
        "{a}",
        "f'{a}'",
        "c",
        "a.real",
        "a[0]",
        "exp",
        "exp()",
        "exp(a, b)",
        "exp(x=a)",
        "exp(*a)",
        "exp(a)(b)",
        "print(a)",
        "__import__('os')",
        "a.__class__()",
        "'2'",
        "True",
        "None",
        "2j",
        "...",
        "(a := 2)",
        "[x for x in a]",
        "",
        "a +",
        "a = 2",
        "a; b",
        "import os",
        "a\0",
    ],
)
def test_a_formula_is_refused_if_it_is_anything_else(formula):
    with pytest.raises(ValueError, match=r"a formula is|null bytes"):
        evaluate(formula, {"a": 2.0, "b": 3.0}, numeric)


def test_the_refusal_says_what_came_and_what_may_come():
    with pytest.raises(ValueError, match=r"operands a, b, \+ - .* not of 'a % b', which is in '2 \* \(a % b\)'"):
        evaluate("2 * (a % b)", {"a": 2.0, "b": 3.0}, numeric)


# Rows.


@given(st.data(), st.sampled_from(ROWS))
def test_split_and_flatten_are_inverse(data, name):
    groups = data.draw(operands(name, moderate))
    flat = flatten(name, groups)
    assert all(isinstance(x, float) for x in flat)
    assert TABLE[name].split(flat) == groups
    assert TABLE[name].split(tuple(flat)) == groups


def test_one_number_stands_for_a_whole_sequence():
    assert TABLE["sum"].flatten([1.0], 3) == [1.0, 1.0, 1.0]
    assert TABLE["dot"].flatten([[1, 2], [3, 4], 5], 2) == [1, 2, 3, 4, 5]
    assert TABLE["dot"].split([5]) == [[], [], 5]
    assert TABLE["sum"].split([]) == [[]]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_named_as_in_the_table_and_made_of_primitives_in_the_end(name):
    table_row = TABLE[name]
    assert isinstance(table_row, Row)
    assert table_row.name == name
    assert table_row.sign
    assert set(rows_below(name)) <= PRIMITIVES.keys()
    assert len(table_row.partials) == len(table_row.variables)


def rows_below(name):
    """The rows that a row is made of, down to those defined by themselves."""
    found = []

    def note(part, *_):
        found.extend([part] if part == name or part in PRIMITIVES else rows_below(part))

    groups = [["A", "A"] if variable.isupper() else "a" for variable in TABLE[name].variables]
    evaluate(TABLE[name].formula, dict(zip(TABLE[name].variables, groups, strict=True)), note)
    return found


@pytest.fixture
def cube_root():
    """A real cube root, added by one row."""
    row("cube_root", "∛", "sign(a) * abs(a) ** (1 / 3)", "1 / (3 * y * y)")
    yield operation("cube_root")
    TABLE.pop("cube_root", None)


@pytest.mark.parametrize("x", [8.0, -27.0, 0.001, -1e300])
def test_adding_a_row_is_all_it_takes_for_the_numbers(cube_root, x):
    root = float(mp.cbrt(abs(x))) * math.copysign(1.0, x)
    a = Value(x, "a")
    y = cube_root(a)
    assert y.data == pytest.approx(root, rel=1e-13)
    assert cube_root(x) == y.data
    y.backward()
    assert a.grad == pytest.approx(root / x / 3, rel=1e-13)
    (slope,) = grad(y, a, create_graph=True)
    assert grad(slope, a)[0] == pytest.approx(-2 / 9 * root / x / x, rel=1e-13)
    assert check_gradients(cube_root, x) < 1e-5
    assert partials_of(y)[0].data == a.grad


def test_adding_a_row_is_all_it_takes_for_proof_formula_and_picture(cube_root):
    test_every_partial_is_proved_by_sympy("cube_root")
    a = Value(8.0, "a")
    z = 2 * a
    y = cube_root(z)
    z.label, y.label = "z", "y"
    chain = chain_rule(y, a)
    assert chain.total == pytest.approx(2 / 3 / 16 ** (2 / 3))
    _, factor = chain.paths(1)[0].factors
    assert factor.formula == "1 / (3 * y * y)"
    assert r"\frac{1}{3 y \cdot y}" in chain.to_latex()
    assert "∛(z)" in draw(y).source
    assert "1/(3 y·y)" in draw(y, a).source


def test_adding_a_row_is_all_it_takes_for_replay(cube_root):
    recording = record(lambda x: cube_root(x) + x, 1.0)
    points = [8.0, -27.0, 0.001]
    assert list(recording.forward(points)) == pytest.approx([cube_root(x) + x for x in points], rel=1e-12)
    assert list(recording.gradients(points)[0]) == pytest.approx(
        [1 + 1 / (3 * cube_root(x) ** 2) for x in points], rel=1e-12
    )


def test_a_row_that_is_gone_is_gone_everywhere(cube_root):
    del TABLE["cube_root"]
    with pytest.raises(ValueError, match="cube_root"):
        evaluate("cube_root(a)", {"a": 1.0}, numeric)
