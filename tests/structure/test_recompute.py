"""Operations computed anew give what eager mode gives: row by row, at every edge, and over whole programs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import EDGES, moderate, operands, programs

from engine import Value, maximum
from engine.core.operations import apply
from engine.structure.arrays import ints_of, new_ints
from engine.structure.flattened import flatten
from engine.structure.recompute import beyond, changed, confirmed, disagreeing, forward, partials_at
from engine.table.formula import TABLE

NOTHING = ints_of(())
anywhere = st.sampled_from(EDGES) | moderate


def values(groups):
    return [[Value(x) for x in group] if isinstance(group, list) else Value(group) for group in groups]


def same(number, expected):
    """The same to a few units in the last place, nan being nan."""
    if number == expected or not (math.isfinite(number) and math.isfinite(expected)):
        return number == expected or (number != number and expected != expected)
    return abs(number - expected) <= 4 * math.ulp(expected)


def same_bits(number, expected):
    return (number == expected and math.copysign(1.0, number) == math.copysign(1.0, expected)) or (
        number != number and expected != expected
    )


@pytest.mark.parametrize("name", sorted(TABLE))
@given(data=st.data())
def test_a_row_anew_is_the_row(name, data):
    groups = data.draw(operands(name, anywhere))
    more = data.draw(st.permutations([x for group in groups for x in (group if isinstance(group, list) else [group])]))
    node = apply(name, *values(groups))
    graph = flatten(node)
    assert not beyond(graph, disagreeing(graph), 1e-9)

    numbers, indices = graph.data[:], {x: i for i, x in enumerate(graph.nodes)}
    for x, number in zip(node.operands, more, strict=True):
        numbers[indices[x]] = number
    other = apply(name, *values(TABLE[name].split(more) if TABLE[name].variadic else more))
    depending = forward(graph, ints_of(indices[x] for x in node.operands), NOTHING, numbers)
    assert list(depending) == [0]
    assert same(numbers[0], other.data)
    assert all(map(same, partials_at(graph, depending, numbers), other.partials))
    numbers[0] = 7.0  # a result that is overridden keeps its partials
    assert all(map(same, partials_at(graph, depending, numbers), other.partials))


@given(programs(without={"pow"}), st.data())
def test_a_program_anew_is_the_program(drawn, data):
    program, point = drawn
    inputs = [Value(x) for x in data.draw(st.lists(moderate, min_size=len(point), max_size=len(point)))]
    graph = flatten(program.run(inputs, apply), inputs)
    found = graph.data[:]
    for x, i in graph.index_of.items():
        found[i] = point[inputs.index(x)]
    forward(graph, ints_of(graph.index_of.values()), disagreeing(graph), found)
    assert same_bits(found[0], program.run([Value(x) for x in point], apply).data)


def test_only_what_changes_is_recomputed():
    x, y = Value(-3.0), Value(2.0)
    graph = flatten(maximum(x, 0.5).exp() * y + 1.0 / (x * 0.0), [x])
    numbers, given = graph.data[:], graph.wanted
    assert numbers[0] == -math.inf
    numbers[given[0]] = -2.0
    ops = [graph.nodes[i].op for i in forward(graph, given, NOTHING, numbers)]
    assert sorted(ops) == ["div", "maximum", "mul"]  # neither exp nor the sum, which stays -inf
    numbers[given[0]] = 0.25  # the product with 0 is 0.0 now, not -0.0
    ops = [graph.nodes[i].op for i in forward(graph, given, NOTHING, numbers)]
    assert sorted(ops) == ["add", "div", "maximum", "mul"]
    assert numbers[0] == math.inf


def test_a_result_that_is_given_is_not_recomputed():
    x = Value(3.0)
    y = x * x
    graph = flatten(y + 1.0, [x, y])
    numbers, indices = graph.data[:], graph.index_of
    numbers[indices[x]], numbers[indices[y]] = 4.0, 7.0
    computed = forward(graph, ints_of([indices[y], indices[x]]), NOTHING, numbers)
    assert numbers[0] == 8.0
    assert list(partials_at(graph, computed, numbers)) == [1.0, 1.0, 4.0, 4.0]


def test_nothing_is_other_than_it_was_until_a_number_is_set():
    x, y = Value(0.3), Value(-2.0)
    graph = flatten(((x * y).tanh() + (x - y).exp() / y + (x * x + 1.0).log() * x.sigmoid() + (x / y) ** 2.0).relu())
    assert not disagreeing(graph)
    x.data = 0.4
    assert [graph.nodes[i].op for i in disagreeing(flatten(graph.nodes[0]))][:2] == ["mul", "sub"]


def test_rounding_is_relative_to_what_an_operation_adds_up():
    x, y = Value(1e10), Value(-1e10)
    graph = flatten(x + y)
    x.data += 1.0
    wrong = flatten(graph.nodes[0])
    assert list(disagreeing(wrong)) == [0]
    assert [list(beyond(wrong, disagreeing(wrong), rounding)) for rounding in (1e-9, 1e-11)] == [[], [0]]


def test_a_product_tells_what_was_set_and_a_sum_does_not():
    w, x, b = Value(2.0, "w"), Value(5.0, "x"), Value(0.25, "b")
    outputs = w * x, w + x, apply("dot", [w, b], [x, x], b)
    w.data = 7.0
    found = [{graph.nodes[i].label: was for i, was in changed(graph, 1e-9).items()} for graph in map(flatten, outputs)]
    assert found == [{"w": 2.0}, {"w": None, "x": None}, {"w": 2.0}]


def test_a_leaf_that_another_operation_still_has_the_number_of_is_cleared():
    x, y = Value(2.0, "x"), Value(5.0, "y")
    kept, product = y * 3.0, x * y
    x.data = 7.0
    graph = flatten(kept + product)
    wrong = disagreeing(graph)
    assert [graph.nodes[i] for i in wrong] == [product]
    same = confirmed(graph, wrong, wrong, new_ints(len(graph.nodes)), 1e-9)
    assert [leaf.label for i, leaf in enumerate(graph.nodes) if not leaf.op and not same[i]] == ["x"]


def test_an_operation_whose_own_number_was_set_is_named():
    x = Value(2.0, "x")
    y = x * 3.0
    output = y.tanh() + 1.0
    y.data = 0.5
    graph = flatten(output)
    assert {graph.nodes[i]: was for i, was in changed(graph, 1e-9).items()} == {y: None}


@pytest.mark.parametrize("size", [3e-10, 1e-9, 1.5e-9, 3e-9, 1e-8])
def test_a_move_as_small_as_rounding_is_blamed_on_the_leaf_alone(size):
    """Of the products of one weight, some agree with the move within rounding and some do not."""
    w = Value(0.2866, "w")
    products = [w * (10.0 + 7.3 * i) for i in range(40)]
    loss = sum(products, Value(0.0))
    w.data *= 1.0 + size
    graph = flatten(loss)
    assert {graph.nodes[i] for i in changed(graph, 1e-9)} <= {w}


def test_a_large_result_that_a_small_move_changes_by_rounding_does_not_confirm_a_parameter():
    b = Value(1.0, "b")
    outputs = (b + 0.001) * (b + 0.002) * (b + 1e7)
    b.data += 1e-7
    graph = flatten(outputs, [b])
    assert [graph.nodes[i].label for i in changed(graph, 1e-9)] == ["b"]
