"""The traversals: operands before results, one visit a node, at any depth."""

import gc
import operator
import random
import sys
import threading

import pytest

import engine
from engine import Value, dot
from engine.core.graph import ancestors, between, layout, order
from engine.core.opcodes import NAMES, code_of
from engine.core.table import TABLE, row
from engine.core.value import apply

SMALL_STACK = 1 << 18  # bytes


nested_frees = pytest.mark.skipif(
    sys.version_info[:2] == (3, 13) and not engine.compiled,
    reason="CPython 3.13 frees up to ten thousand objects of Python inside each other, which takes a stack of 1 MiB",
)


def on_a_small_stack(task):
    """Run the task on a thread with a stack of 256 KiB, and return what it returns."""
    results = []
    before = threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=lambda: results.append(task()))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return results[0]


def random_graph(size, seed):
    rng = random.Random(seed)
    pool = [Value(rng.uniform(-1.0, 1.0)) for _ in range(5)]
    for _ in range(size):
        a, b = rng.choice(pool), rng.choice(pool[-8:])
        pool.append(rng.choice([operator.add, operator.mul, lambda a, _: a.tanh(), lambda _, b: -b])(a, b))
    return pool


@pytest.mark.parametrize("seed", range(20))
def test_every_operation_comes_once_and_after_its_operands(seed):
    output = random_graph(200, seed)[-1]
    found = order(output)
    place = {node: i for i, node in enumerate(found)}
    assert len(place) == len(found)
    assert found[-1] is output
    for node in found:
        assert node.op
        assert all(place[operand] < place[node] for operand in node.operands if operand.op)


@pytest.mark.parametrize("seed", range(5))
def test_ancestors_are_all_that_an_output_depends_on(seed):
    output = random_graph(100, seed)[-1]
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
    pool = random_graph(100, seed)
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


@pytest.mark.parametrize("seed", range(5))
def test_a_layout_has_every_node_once_the_newest_first_and_the_leaves_last(seed):
    output = random_graph(200, seed)[-1]
    output = dot([output, output], [1.0, output], 0.5) + output
    found = layout(output, [output, Value(1.0), output.operands[0]])
    nodes, interior = list(found.nodes), len(found.codes)
    assert nodes[:interior] == order(output)[::-1]
    assert set(nodes) == set(ancestors(output))
    assert len(nodes) == len(set(nodes))
    assert not any(node.op for node in nodes[interior:])
    assert list(found.data) == [node.data for node in nodes]
    assert [NAMES[code] for code in found.codes] == [node.op for node in nodes[:interior]]
    assert list(found.interior) == list(range(interior - 1, -1, -1))
    assert found.places == {output: 0, output.operands[0]: 1}
    assert len(found.starts) == interior + 1
    assert found.starts[interior] == len(found.results) == len(found.operands) == len(found.partials)
    for i, node in enumerate(nodes[:interior]):
        edges = range(found.starts[i], found.starts[i + 1])
        assert tuple(nodes[found.operands[k]] for k in edges) == node.operands
        assert tuple(found.partials[k] for k in edges) == node.partials
        assert all(found.results[k] == i < found.operands[k] for k in edges)


def test_a_search_after_a_layout_is_not_confused_by_its_places():
    output = random_graph(100, 0)[-1]
    before = order(output)
    for _ in range(3):
        layout(output)
        assert order(output) == before
        assert len(between([output], output)) == 1


def test_a_layout_after_another_of_the_same_nodes_is_not_confused_by_it():
    pool = random_graph(300, 1)
    large, small = pool[-1], pool[40]
    for output in (large, small, large, small):
        assert [layout(output).nodes[i] for i in layout(output).interior] == order(output)


def test_a_leaf_alone_is_laid_out_too():
    leaf = Value(2.0)
    found = layout(leaf, [leaf])
    assert list(found.nodes) == [leaf]
    assert (list(found.codes), list(found.starts), list(found.operands)) == ([], [0], [])
    assert (list(found.data), found.places) == ([2.0], {leaf: 0})


def test_a_layout_keeps_the_graph_alive():
    def made():
        x = Value(0.5, "x")
        return layout((x * 3.0).tanh() + x)

    assert [node.op or node.label or node.data for node in made().nodes] == ["add", "tanh", "mul", "x", 3.0]


def test_what_is_wanted_of_a_layout_has_to_be_values():
    with pytest.raises((TypeError, AttributeError)):
        layout(Value(1.0) + 1.0, ["x"])


def test_a_graph_may_be_freed_when_an_operation_gets_its_code(monkeypatch):
    """As by another thread, that has its turn when code of Python runs."""
    garbage = [Value(1.0) * 2.0 * 3.0 for _ in range(1_000)]

    def freeing(name):
        garbage.pop()
        return code_of(name)

    monkeypatch.setattr("engine.codes.code_of", freeing)
    x = Value(0.5)
    nodes = [x.exp(), x.tanh()]
    names = [f"unheard{n}" for n in range(4)]
    try:
        for name in names:
            row(name, name, "a * 2", "2")
            nodes.append(apply(name, nodes[-1]) * nodes[-2])
        found = layout(nodes[-1])
    finally:
        for name in names:
            TABLE.pop(name)
    assert {NAMES[code] for code in found.codes} >= set(names)
    assert [NAMES[code] for code in found.codes] == [found.nodes[i].op for i in range(len(found.codes))]
    assert list(found.nodes)[: len(found.codes)] == order(nodes[-1])[::-1]


@pytest.mark.parametrize("is_on", [True, False])
def test_a_search_leaves_the_cyclic_collector_as_it_was(is_on):
    output = random_graph(50, 0)[-1]
    try:
        if not is_on:
            gc.disable()
        order(output)
        layout(output, [output])
        output.backward()
        assert gc.isenabled() == is_on
    finally:
        gc.enable()


def test_what_is_wanted_may_search_while_it_is_found():
    output = random_graph(100, 0)[-1]
    wanted = [output, *output.operands]
    found = layout(output, (node for node in wanted if len(layout(output).codes) == len(order(output))))
    assert found.places == layout(output, wanted).places
    assert list(found.operands) == list(layout(output).operands)
