"""The flattened graph: every node once, every edge in order, and nothing left behind in the nodes."""

import pytest
from graphs import random_pool

from engine import Value, dot
from engine.core.graph import ancestors, between, order
from engine.structure.flattened import flatten
from engine.table.opcodes import NAMES


@pytest.mark.parametrize("seed", range(5))
def test_a_flattened_graph_has_every_node_once_the_newest_first_and_the_leaves_last(seed):
    output = random_pool(200, seed)[-1]
    output = dot([output, output], [1.0, output], 0.5) + output
    found = flatten(output, [output, Value(1.0), output.operands[0]])
    nodes, interior = list(found.nodes), len(found.codes)
    assert nodes[:interior] == order(output)[::-1]
    assert set(nodes) == set(ancestors(output))
    assert len(nodes) == len(set(nodes))
    assert not any(node.op for node in nodes[interior:])
    assert list(found.data) == [node.data for node in nodes]
    assert [NAMES[code] for code in found.codes] == [node.op for node in nodes[:interior]]
    assert list(found.interior) == list(range(interior - 1, -1, -1))
    assert found.index_of == {output: 0, output.operands[0]: 1}
    assert len(found.starts) == interior + 1
    assert found.starts[interior] == len(found.results) == len(found.operands) == len(found.partials)
    for i, node in enumerate(nodes[:interior]):
        edges = range(found.starts[i], found.starts[i + 1])
        assert tuple(nodes[found.operands[k]] for k in edges) == node.operands
        assert tuple(found.partials[k] for k in edges) == node.partials
        assert all(found.results[k] == i < found.operands[k] for k in edges)


def test_a_search_after_a_flattened_graph_is_not_confused_by_its_indices():
    output = random_pool(100, 0)[-1]
    before = order(output)
    for _ in range(3):
        flatten(output)
        assert order(output) == before
        assert len(between([output], output)) == 1


def test_a_flattened_graph_after_another_of_the_same_nodes_is_not_confused_by_it():
    pool = random_pool(300, 1)
    large, small = pool[-1], pool[40]
    for output in (large, small, large, small):
        assert [flatten(output).nodes[i] for i in flatten(output).interior] == order(output)


def test_a_leaf_alone_is_flattened_too():
    leaf = Value(2.0)
    found = flatten(leaf, [leaf])
    assert list(found.nodes) == [leaf]
    assert (list(found.codes), list(found.starts), list(found.operands)) == ([], [0], [])
    assert (list(found.data), found.index_of) == ([2.0], {leaf: 0})


def test_a_flattened_graph_keeps_the_graph_alive():
    def made():
        x = Value(0.5, "x")
        return flatten((x * 3.0).tanh() + x)

    assert [node.op or node.label or node.data for node in made().nodes] == ["add", "tanh", "mul", "x", 3.0]


def test_what_is_wanted_may_search_while_it_is_found():
    output = random_pool(100, 0)[-1]
    wanted = [output, *output.operands]
    found = flatten(output, (node for node in wanted if len(flatten(output).codes) == len(order(output))))
    assert found.index_of == flatten(output, wanted).index_of
    assert list(found.operands) == list(flatten(output).operands)
