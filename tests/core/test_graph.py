"""The traversals: operands before results, one visit a node, at any depth."""

import gc
import sys

import pytest
from graphs import random_pool
from small_stack import on_a_small_stack

import engine
from engine import Value, dot
from engine.core.graph import ancestors, between, order
from engine.structure.flattened import flatten

nested_frees = pytest.mark.skipif(
    sys.version_info[:2] == (3, 13) and not engine.compiled,
    reason="CPython 3.13 frees up to ten thousand objects of Python inside each other, which takes a stack of 1 MiB",
)


@pytest.mark.parametrize("seed", range(20))
def test_every_operation_comes_once_and_after_its_operands(seed):
    output = random_pool(200, seed)[-1]
    found = order(output)
    place = {node: i for i, node in enumerate(found)}
    assert len(place) == len(found)
    assert found[-1] is output
    for node in found:
        assert node.op
        assert all(place[operand] < place[node] for operand in node.operands if operand.op)


@pytest.mark.parametrize("seed", range(5))
def test_ancestors_are_all_that_an_output_depends_on(seed):
    output = random_pool(100, seed)[-1]
    wanted, stack = set(), [output]
    while stack:
        node = stack.pop()
        if node not in wanted:
            wanted.add(node)
            stack += node.operands
    found = ancestors(output)
    assert set(found) == wanted
    assert len(found) == len(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_between_is_what_depends_on_an_input_and_leads_to_the_output(seed):
    pool = random_pool(100, seed)
    output, upstream = pool[-1], set(ancestors(pool[-1]))
    for start in pool[:5]:
        wanted = {node for node in upstream if start in ancestors(node)}
        assert set(between([start], output)) == wanted


def test_a_leaf_has_no_operations_and_is_its_only_ancestor():
    leaf = Value(1.0)
    assert order(leaf) == []
    assert ancestors(leaf) == [leaf]
    assert between([leaf], leaf) == [leaf]
    assert between([Value(1.0)], leaf) == []


def test_a_graph_with_2_to_the_1000_paths_costs_one_visit_a_node():
    node = Value(1.0)
    for _ in range(1000):
        node = (node + node) * 0.5
    assert len(order(node)) == 2000
    assert len(ancestors(node)) == 3001


def test_operations_over_sequences_are_searched_like_others():
    a, b = Value(1.0), Value(2.0)
    product = a * b
    output = dot([a, product], [product, b], -b)
    assert [node.op for node in order(output)] == ["mul", "neg", "dot"]


@nested_frees
def test_a_chain_of_a_million_operations_is_built_differentiated_and_freed_on_256_kib():
    def task():
        x = Value(1.0)
        node = x
        for _ in range(1_000_000):
            node = node + x
        node.backward()
        return x.grad

    assert on_a_small_stack(task) == 1_000_001.0


@nested_frees
def test_a_deep_chain_that_others_hold_at_both_ends_is_freed_too():
    def task():
        x = Value(2.0)
        nodes = [x * 0.5]
        for _ in range(300_000):
            nodes.append(nodes[-1] - x if len(nodes) % 2 else -nodes[-1])
        middle, last = nodes[150_000], nodes[-1]
        nodes.clear()
        del last
        return len(order(middle))

    assert on_a_small_stack(task) == 150_001


@pytest.mark.parametrize("is_on", [True, False])
def test_a_search_leaves_the_cyclic_collector_as_it_was(is_on):
    output = random_pool(50, 0)[-1]
    try:
        if not is_on:
            gc.disable()
        order(output)
        flatten(output, [output])
        output.backward()
        assert gc.isenabled() == is_on
    finally:
        gc.enable()
