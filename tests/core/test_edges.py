"""The numbers at the edges: kinks, nan, signed zeros, overflow and underflow, in the table and in Value's operators."""

import itertools
import math
import operator
import random

import pytest
from algebras import in_floats
from strategies import CONSTANT, EDGES

from engine import Value, dot, logsumexp
from engine.core.operations import apply
from engine.table.formula import TABLE
from engine.table.rows import NAMED as NAMED_ROWS

ROWS = sorted(TABLE)
OF_ONE = [name for name in NAMED_ROWS if TABLE[name].variables == ("a",)]
inf, nan = math.inf, math.nan


@pytest.mark.parametrize("name", ["abs", "relu", "leaky_relu"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_subgradient_at_a_kink_is_0(name, zero):
    assert in_floats(name, [zero]) == (0.0, [0.0])


@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("pair", [(2.0, 2.0), (0.0, -0.0), (-1e308, -1e308), (math.inf, math.inf)])
def test_two_that_are_equal_share_the_slope(name, pair):
    assert in_floats(name, list(pair)) == (pair[0], [0.5, 0.5])


def test_slopes_on_both_sides_of_a_kink():
    assert in_floats("relu", [5e-324])[1] == [1.0]
    assert in_floats("relu", [-5e-324])[1] == [0.0]
    assert in_floats("leaky_relu", [-3.0]) == (-0.03, [0.01])
    assert in_floats("abs", [-5e-324]) == (5e-324, [-1.0])
    assert in_floats("maximum", [1.0, 2.0]) == (2.0, [0.0, 1.0])
    assert in_floats("minimum", [1.0, 2.0]) == (1.0, [1.0, 0.0])


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, i)
        for name in sorted(TABLE.keys() - CONSTANT - {"less", "less_equal"})  # which are false of nan
        for i in range(len(TABLE[name].variables))
        if (name, i) not in (("select", 2), ("copysign", 1), ("monomial", 0))  # not taken, a sign, a base to the 0
    ],
)
def test_nan_passes_through_every_operation(name, place):
    variables = TABLE[name].variables
    groups = [[2.0, 3.0] if variable.isupper() else 2.0 for variable in variables]
    groups[place] = [2.0, math.nan] if variables[place].isupper() else math.nan
    assert math.isnan(in_floats(name, groups)[0])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "abs", "maximum", "minimum", "sigmoid", "tanh", "softplus"])
def test_a_slope_at_nan_is_nan(name):
    groups = [math.nan] + [1.0] * (len(TABLE[name].variables) - 1)
    assert all(map(math.isnan, in_floats(name, groups)[1]))


NAMED = [
    ("sigmoid", [50.0], 1.0, [1.928749847963918e-22]),
    ("sigmoid", [-50.0], 1.928749847963918e-22, [1.928749847963918e-22]),
    ("sigmoid", [745.0], 1.0, [5e-324]),
    ("sigmoid", [inf], 1.0, [0.0]),
    ("sigmoid", [-inf], 0.0, [0.0]),
    ("tanh", [20.0], 1.0, [1.6993417021166355e-17]),
    ("tanh", [5e-324], 5e-324, [1.0]),
    ("tanh", [1e308], 1.0, [0.0]),
    ("tanh", [-inf], -1.0, [0.0]),
    ("softplus", [1e308], 1e308, [1.0]),
    ("softplus", [-1e308], 0.0, [0.0]),
    ("softplus", [-50.0], 1.928749847963918e-22, [1.928749847963918e-22]),
    ("softplus", [-745.0], 5e-324, [5e-324]),
    ("softplus", [inf], inf, [1.0]),
    ("softplus", [-inf], 0.0, [0.0]),
    ("erf", [26.0], 1.0, [2.9470349932662697e-294]),
    ("erf", [inf], 1.0, [0.0]),
    ("gauss", [26.0], 2.6117417612840555e-294, [-1.3581057158677088e-292]),
    ("gauss", [-inf], 0.0, [0.0]),
    ("exp", [1000.0], inf, [inf]),
    ("exp", [-inf], 0.0, [0.0]),
    ("log", [0.0], -inf, [inf]),
    ("log", [-1.0], nan, [-1.0]),
    ("log", [inf], inf, [0.0]),
    ("log1p", [-1.0], -inf, [inf]),
    ("log1p", [1e-20], 1e-20, [1.0]),
    ("sqrt", [0.0], 0.0, [inf]),
    ("sqrt", [-1.0], nan, [nan]),
    ("sqrt", [inf], inf, [0.0]),
    ("sin", [inf], nan, [nan]),
    ("cos", [-inf], nan, [nan]),
    ("relu", [inf], inf, [1.0]),
    ("relu", [-inf], 0.0, [0.0]),
    ("leaky_relu", [-inf], -inf, [0.01]),
    ("add", [1e308, 1e308], inf, [1.0, 1.0]),
    ("sub", [inf, inf], nan, [1.0, -1.0]),
    ("mul", [0.0, inf], nan, [inf, 0.0]),
    ("div", [1.0, 0.0], inf, [inf, -inf]),
    ("div", [-1.0, 0.0], -inf, [inf, inf]),
    ("div", [1.0, -0.0], -inf, [-inf, -inf]),
    ("div", [0.0, 0.0], nan, [inf, nan]),
    ("div", [1e308, 1e-308], inf, [1e308, -inf]),
    ("pow", [0.0, 0.0], 1.0, [0.0, -inf]),
    ("pow", [0.0, 1.0], 0.0, [1.0, 0.0]),
    ("pow", [0.0, 2.0], 0.0, [0.0, 0.0]),
    ("pow", [0.0, 0.5], 0.0, [inf, 0.0]),
    ("pow", [0.0, -1.0], inf, [-inf, -inf]),
    ("pow", [-0.0, -1.0], -inf, [-inf, inf]),
    ("pow", [0.0, -2.0], inf, [-inf, -inf]),
    ("pow", [-0.0, -2.0], inf, [inf, -inf]),
    ("pow", [-0.0, 3.0], -0.0, [0.0, 0.0]),
    ("pow", [-2.0, 0.5], nan, [nan, nan]),
    ("pow", [-2.0, 3.0], -8.0, [12.0, nan]),
    ("pow", [-2.0, 0.0], 1.0, [0.0, nan]),
    ("pow", [-1e200, 3.0], -inf, [inf, nan]),
    ("pow", [1e200, 1.5], 1e300, [1.5e100, 4.605170185988092e302]),
    ("pow", [1e-200, 2.0], 0.0, [2e-200, 0.0]),
    ("pow", [inf, -1.0], 0.0, [0.0, 0.0]),
    ("pow", [inf, 0.0], 1.0, [0.0, inf]),
    ("direction", [5e-324, 0.0], 1.0, [0.0, 0.0]),
    ("sum", [[]], 0.0, []),
    ("sum", [[1e308, 1e308, -inf]], nan, [1.0, 1.0, 1.0]),
    ("dot", [[], [], 7.0], 7.0, [1.0]),
    ("dot", [[2.0], [inf], 1.0], inf, [inf, 2.0, 1.0]),
    ("logsumexp", [[]], -inf, []),
    ("logsumexp", [[3.0]], 3.0, [1.0]),
    ("logsumexp", [[1e308, 1e308]], 1e308, [0.5, 0.5]),
    ("logsumexp", [[-1e308, -1e308]], -1e308, [0.5, 0.5]),
    ("logsumexp", [[1e308, -1e308]], 1e308, [1.0, 0.0]),
    ("logsumexp", [[0.0, -50.0]], 0.0, [1.0, 1.9287498479639178e-22]),
    ("logsumexp", [[700.3, 0.1]], 700.3, [1.0, 8.072420401778118e-305]),
    ("logsumexp", [[0.0, -inf]], 0.0, [1.0, 0.0]),
    ("logsumexp", [[0.0, inf]], inf, [0.0, 1.0]),
    ("logsumexp", [[-inf, -inf]], -inf, [0.0, 0.0]),
    ("times", [0.0, inf], 0.0, [inf, 0.0]),
]


@pytest.mark.parametrize(("name", "groups", "value", "partials"), NAMED, ids=str)
def test_numbers_with_a_name(name, groups, value, partials):
    close = {"rel": 2e-15, "abs": 1e-322, "nan_ok": True}
    y, found = in_floats(name, groups)
    assert y == pytest.approx(value, **close)
    assert found == pytest.approx(partials, **close)
    assert math.copysign(1.0, y) == math.copysign(1.0, value) or value != 0.0


@pytest.mark.parametrize("name", ROWS)
def test_no_row_raises_at_any_edge(name):
    count = len(TABLE[name].variables)
    for numbers in itertools.product(EDGES, repeat=min(count, 2)):
        numbers = [*numbers, 1.0, 1.0, 1.0][:count]
        groups = [[x, 2.0] if v.isupper() else x for v, x in zip(TABLE[name].variables, numbers, strict=True)]
        y, partials = in_floats(name, groups)
        assert {type(x) for x in (y, *partials)} == {float}


# Values, whose operations are those of the table in C where this is compiled, against the table in Python.

OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}


def bits(node):
    """The operation, and its numbers as text that tells signed zeros apart."""
    return node.op, repr(node.data), repr(list(node.partials))


def bits_of_row(name, groups):
    y, partials = in_floats(name, groups)
    return name, repr(y), repr(partials)


def points(name):
    """Operands at every edge, all pairs of them, and at random."""
    draw, variables = random.Random(name), TABLE[name].variables
    for size in (1, 3) if TABLE[name].variadic else (1,):
        count = sum(size if v.isupper() else 1 for v in variables)
        ends = EDGES if count < 3 else EDGES[::4]
        yield from map(list, itertools.islice(itertools.product(ends, repeat=count), 5000))
        yield from ([draw.gauss(0, 3) for _ in range(count)] for _ in range(300))


@pytest.mark.parametrize("name", ROWS)
def test_a_node_has_the_bits_of_its_row(name):
    row = TABLE[name]
    for point in points(name):
        groups = row.split(point)
        values = [[Value(x) for x in group] if isinstance(group, list) else Value(group) for group in groups]
        assert bits(apply(name, *values)) == bits_of_row(name, groups), point
        assert repr(apply(name, *groups)) == repr(row.value(*groups))


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_their_rows_at_every_edge(name):
    for a, b in itertools.product(EDGES, EDGES):
        wanted = bits_of_row(name, [a, b])
        assert bits(OPERATORS[name](Value(a), Value(b))) == bits(OPERATORS[name](a, Value(b))) == wanted
        if name != "pow":
            assert bits(OPERATORS[name](Value(a), b)) == wanted
        else:  # an exponent that is a number cannot vary
            found = Value(a) ** b
            assert (repr(found.data), found.partials[1]) == (wanted[1], 0.0)
            assert repr(found.partials[0]) == repr(in_floats(name, [a, b])[1][0])


BY_OPERATOR = ("neg", "pos", "abs", "round")  # -w, +w, abs(w), round(w)


@pytest.mark.parametrize("name", [name for name in OF_ONE if name not in (*BY_OPERATOR, "detach")])
def test_methods_are_their_rows_at_every_edge(name):
    assert hasattr(Value, name), f"name {name} in engine/core/properties.py, beside the other methods"
    for a in EDGES:
        assert bits(getattr(Value(a), name)()) == bits_of_row(name, [a])


def test_negation_absolute_value_and_the_sums_are_their_rows():
    for a in EDGES:
        assert bits(-Value(a)) == bits_of_row("neg", [a])
        assert bits(abs(Value(a))) == bits_of_row("abs", [a])
        assert bits(dot([Value(a), 2.0], [3.0, Value(a)], a)) == bits_of_row("dot", [[a, 2.0], [3.0, a], a])
        assert bits(logsumexp([Value(a), 2.0])) == bits_of_row("logsumexp", [[a, 2.0]])
