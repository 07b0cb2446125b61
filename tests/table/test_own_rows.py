"""Rows of the user's own: what is derived, what is checked, and what is refused when the row is made."""

import math

import pytest
from algebras import in_floats
from mpmath import mp

import engine
from engine import RecordingError, Value, check_gradients, grad, hessian, record, row
from engine.page import javascript
from engine.table.differentiate import derive
from engine.table.formula import TABLE
from engine.table.primitives import PRIMITIVES


@pytest.fixture(autouse=True)
def _as_before():
    rows, primitives = dict(TABLE), dict(PRIMITIVES)
    yield
    assert TABLE.items() >= rows.items()
    for table, known in ((TABLE, rows), (PRIMITIVES, primitives)):
        for name in table.keys() - known.keys():
            del table[name]


FORMULAS = [
    ("a * b + exp(-c) * a", 3),
    ("a * b * c * d - e / a", 5),
    ("log(1 + exp(a * b)) ** 2 / (1 + c * c)", 3),
    ("tanh(a) ** 3 + a ** b", 2),
    ("sqrt(sum(A * A) + b)", 2),
    ("sum(A * B) / sum(A ** 2)", 2),
    ("log(sum(exp(A - shift(A)))) + shift(A)", 1),
    ("sum((A - sum(A) / sum(A ** 0)) ** 2)", 1),
    ("sum(A * b + c)", 3),
    ("sum(b)", 2),
    ("logsumexp(A) * dot(A, B, c)", 3),
    ("maximum(a, b) * select(less(a, b), a, b)", 2),
    ("a + detach(round(a) - a)", 1),
]


@pytest.mark.parametrize(
    ("formula", "count"), [f for f in FORMULAS if f[0] not in ("sum(b)", "a + detach(round(a) - a)")]
)
def test_derived_partials_are_the_derivatives(formula, count):
    f = row("mine", "mine", formula)
    variables = TABLE["mine"].variables
    assert len(variables) == count
    numbers = [0.7, 1.9, 0.4, 1.3, 2.1]
    groups = [[x, x * 1.7, x + 0.2] if v.isupper() else x for v, x in zip(variables, numbers, strict=False)]
    assert check_gradients(f, *groups) < 1e-6
    values = [[Value(x) for x in group] if isinstance(group, list) else Value(group) for group in groups]
    assert list(f(*values).partials) == in_floats("mine", groups)[1]


def test_an_empty_sequence_leaves_the_other_operands():
    y = row("mine", "mine", "sum(A * B) + 3 * c * c")([], [], Value(2.0))
    assert (y.data, list(y.partials)) == (12.0, [12.0])


def test_partials_that_are_left_out_can_be_read():
    assert derive("a * b + exp(-c) * a", "abc") == ["b + exp(-c)", "a", "-(a * exp(-c))"]
    assert derive("sum(A * A) + b", "Ab") == ["2 * A", "1"]
    assert derive("a + detach(round(a) - a)", "a") == ["1"]


def test_a_straight_through_estimator_is_a_row():
    x = Value(1.3)
    y = row("straight_through", "round", "a + detach(round(a) - a)")(x)
    y.backward()
    assert (y.data, x.grad) == (1.0, 1.0)


def test_second_derivatives_and_replay_of_three_operands():
    f = row("mine", "mine", "a * b + exp(-c) * a")
    x, y, z = Value(1.0), Value(2.0), Value(3.0)
    first = grad(f(x, y, z), [x, y, z], create_graph=True)
    assert grad(first[0], [x, y, z]) == (0.0, 1.0, -math.exp(-3.0))
    assert f(1.0, 2.0, 3.0) == f(x, y, z).data
    recording = record(lambda v: f(v[0], v[1], v[2]), [1.0, 2.0, 3.0])
    assert recording.gradients([[1.0, 2.0, 3.0]])[0][0] == pytest.approx([s.data for s in first], rel=1e-12)


def test_the_same_row_may_be_added_twice():
    first, again = (row("twice_test", "t", "exp(-a * a)") for _ in range(2))
    assert first(0.5) == again(0.5)
    with pytest.raises(ValueError, match="there is a row twice_test in the table already"):
        row("twice_test", "t", "exp(-a)")
    assert first(0.5) == row("twice_test", "t", "exp(-a * a)")(0.5) == math.exp(-0.25)


def test_a_python_function_is_a_row_with_functions_or_formulas_for_partials():
    def digamma(a):
        return float(mp.digamma(a)) * math.gamma(a)

    gamma = row("gamma", "Γ", math.gamma, digamma)
    x = Value(2.5, "x")
    y = gamma(x)
    assert (y.data, y.partials) == (math.gamma(2.5), (digamma(2.5),))
    assert math.isnan(gamma(-1.0))  # where Python raises
    (slope,) = grad(y, [x], create_graph=True)
    assert slope.data == digamma(2.5)
    assert math.isnan(grad(slope, [x])[0])  # not known
    recording = record(lambda a: gamma(a) + a, 2.5)
    assert list(recording.forward([2.5, 3.0])) == pytest.approx([gamma(2.5) + 2.5, 5.0])
    assert list(recording.gradients([2.5])[0]) == pytest.approx([digamma(2.5) + 1.0])
    assert engine.chain_rule(y, x).total == digamma(2.5)
    with pytest.raises(ValueError, match="gamma.* is in Python alone and the page cannot do it"):
        javascript.program(["gamma"])
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True), pytest.raises(RecordingError, match="gamma is in Python alone and JAX cannot do it"):
        recording.to_jax()([], ([2.5],))
    assert row("own_exp", "e", math.exp, "y")(Value(1.0)).partials == (math.e,)


def test_a_row_over_a_sequence_and_every_row_of_the_table_are_functions():
    spread = row("spread", "spread", "maximum(sum(A * A), 0) + b")
    assert spread([1.0, 2.0], 3.0) == 8.0
    assert spread([Value(1.0), 2.0], 3.0).partials == (2.0, 4.0, 1.0)
    for name in TABLE:
        assert getattr(engine, name).__name__ in (name, "dot")
    assert (engine.log1p(0.0), engine.floor(-0.5), engine.sum([1.0, 2.0]), engine.sign(-3.0)) == (0.0, -1.0, 3.0, -1.0)
    with pytest.raises(AttributeError, match="no attribute 'mystery'"):
        engine.mystery  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("exp", "e", "a"), "there is a row exp in the table already"),
        (("input", "i", "2 * a"), "input is the name of an instruction of recordings: choose another name"),
        (("dense", "d", "2 * a"), "dense is the name of an instruction"),
        (("a b", "e", "a"), "a row has a name such as"),
        (("lambda", "e", "a"), "a row has a name such as"),
        (("x", "e", "a"), "a row has a name such as"),
        (("mine", "m", "a * c"), "'a \\* c' has a, c"),
        (("mine", "m", "a + A"), "'a \\+ A' has "),
        (("mine", "m", "2 * y"), "has y"),
        (("mine", "m", "softmin(a)"), "'softmin\\(a\\)' calls softmin, and a formula calls rows"),
        (("mine", "m", math.sin, lambda a, y: y), "a partial of mine is a function of its operands, a, alone"),
        (("mine", "m", math.log, "1 / a"), "how many numbers a function of mine takes is not known: pass lambda a"),
        (("mine", "m", "1 + 2"), "has none"),
        (("mine", "m", "a +"), "a formula is written as in Python"),
        (("mine", "m", "a % b"), "not of 'a % b'"),
        (("mine", "m", "exp(a, b)"), "not of 'exp\\(a, b\\)'"),
        (("mine", "m", "A"), "reduce it to a number"),
        (("mine", "m", "a * a", "3 * a"), "give .* in operand 1 at .* derivative is"),
        (("mine", "m", "a * b", "b"), "has 2 operands, a, b, and 1 partials"),
        (("mine", "m", "a * b", "b", "c"), "not of 'c'"),
        (("mine", "m", "sum(A) * b", "b", "A"), "in an operand that is none"),
        (("mine", "m", math.gamma), "give mine one for each operand"),
        (("mine", "m", math.sin, math.sin), "give .* in operand 1 at .* derivative is"),
    ],
)
def test_what_is_wrong_is_said_when_the_row_is_made(arguments, message):
    before = set(TABLE), set(PRIMITIVES)
    with pytest.raises(ValueError, match=message):
        row(*arguments)
    assert (set(TABLE), set(PRIMITIVES)) == before


def test_a_function_says_how_many_operands_it_takes():
    f = row("mine", "mine", "a * b * c")
    with pytest.raises(TypeError, match=r"mine\(\) missing 1 required positional argument: 'c'"):
        f(1.0, 2.0)
    with pytest.raises(TypeError, match=r"exp\(\) takes 1 positional argument but 2 were given"):
        engine.exp(1.0, 2.0)


def test_a_row_may_branch_and_its_branch_not_taken_contributes_0():
    f = row("root_or", "root_or", "exp(where(a > 0 and not (a >= 9), sqrt(a), b * a)) * a")
    assert "where" not in TABLE["root_or"].formula  # so that a file of any version has rows alone
    recording = record(lambda x: f(x, 3.0), 0.5)
    for number, slope, curvature in ((0.0, 1.0, 6.0), (9.0, 28 * math.exp(27.0), 87 * math.exp(27.0))):
        x = Value(number)
        y = f(x, 3.0)
        assert grad(y, [x])[0] == pytest.approx(slope, rel=1e-14)
        assert hessian(y, x) == pytest.approx(curvature, rel=1e-14)
        assert recording.gradients([number])[0][0] == pytest.approx(slope, rel=1e-14)
        assert recording.hessian([number])[0][0][0] == pytest.approx(curvature, rel=1e-14)
    assert derive("sum(select(less(b, A), sqrt(A - b), b))", "Ab")[1].count("select(less(b, A), 0, 1)") == 1


@pytest.mark.parametrize(
    ("name", "formula", "point", "slopes"),
    [
        ("root_of_one", "sqrt(where(a > 0, a, b))", (-1.0, 0.0), (0.0, math.inf)),
        ("share_of_one", "where(a < 1, a, 1) / b", (2.0, 0.0), (0.0, -math.inf)),
        ("part_of_one", "where(a < 1, a, 0) * b", (2.0, math.inf), (0.0, 0.0)),
    ],
)
def test_a_branch_not_taken_contributes_0_to_an_infinite_slope_too(name, formula, point, slopes):
    f, inputs = row(name, name, formula), [Value(x) for x in point]
    found = grad(f(*inputs), inputs, create_graph=True)
    assert tuple(slope.data for slope in found) == slopes
    assert grad(found[1], inputs[0]) == grad(found[0], inputs[1]) == (0.0,)
    recording = record(f, 0.5, 2.0)
    assert [float(slope[0]) for slope in recording.gradients([point[0]], [point[1]])] == list(slopes)
    assert recording.hessian([point[0]], [point[1]])[0][1][0] == 0.0


ODD = ["a\x00b", "\ud800 * a", "-" * 20000 + "a", "+".join(["a"] * 20000), "a**" * 3000 + "a", "a * 1e999", "9" * 400]


@pytest.mark.parametrize("formula", [*ODD, "+".join(["a"] * 900), "exp(" * 150 + "a" + ")" * 150, "[a]"])
def test_a_formula_that_cannot_be_read_is_a_short_error_that_adds_nothing(formula):
    with pytest.raises(ValueError, match=r"a formula|operands of a formula") as caught:
        row("odd", "odd", formula)
    assert len(str(caught.value).encode()) < 700
    assert "odd" not in TABLE
