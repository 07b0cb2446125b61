"""Graphs that are made, searched and freed in any order: nothing is lost, and nothing outlives its use."""

import random
import sys
import tracemalloc

import pytest
from small_stack import on_a_small_stack

import engine
from engine import Value, dot
from engine.core.graph import order
from engine.core.operations import apply

SIZE = 2_000  # operations in a graph, a few slabs of them


def graph(rng, leaves, older=()):
    """Random operations, n-ary ones too, on leaves and on results of other graphs; returns all of them."""
    made = [*leaves, *older]
    for _ in range(SIZE):
        a, b, c = rng.choice(made), rng.choice(made[-50:]), rng.choice(made[-5:])
        made.append(
            rng.choice([a + b, b * 0.5, (a - c).tanh(), dot([a, b], [c, c], b).tanh(), apply("sum", [b, c, b])])
        )
    return made[len(leaves) + len(older) :]


def gradients(output, leaves):
    """The derivatives in the leaves, by a dictionary and the order of serials alone."""
    adjoints, seen, stack = {output: 1.0}, {output}, [output]
    while stack:
        for x in stack.pop().operands:
            if x not in seen:
                seen.add(x)
                stack.append(x)
    for node in sorted(seen, key=lambda node: -node.serial):
        for x, partial in zip(node.operands, node.partials, strict=True):
            adjoints[x] = adjoints.get(x, 0.0) + adjoints[node] * partial
    return [adjoints.get(x, 0.0) for x in leaves]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_is_that_of_creation(seed):
    rng = random.Random(seed)
    first = graph(rng, [Value(0.5), Value(-0.3)])
    second = graph(rng, [Value(0.1)], first[::100])
    found = order(second[-1] + first[SIZE // 2])
    assert [node.serial for node in found] == sorted({node.serial for node in found})


def test_graphs_among_graphs_are_differentiated_while_others_come_and_go():
    rng = random.Random(7)
    leaves = [Value(rng.uniform(-1.0, 1.0)) for _ in range(5)]
    kept = [graph(rng, leaves)[-1]]
    for _ in range(60):
        kept.append(graph(rng, leaves, rng.sample(kept, min(3, len(kept))))[-1])
        if len(kept) > 8:
            del kept[rng.randrange(len(kept))]
        for x in leaves:
            x.grad = 0.0
        output = rng.choice(kept)
        output.backward()
        assert [x.grad for x in leaves] == gradients(output, leaves)


def test_freed_graphs_let_go_of_all_they_held():
    rng = random.Random(3)
    leaves = [Value(rng.uniform(-1.0, 1.0), "leaf") for _ in range(5)]
    before = [sys.getrefcount(x) for x in leaves]
    kept = []
    for _ in range(30):
        kept += rng.sample(graph(rng, leaves, kept[-3:]), 5)
        rng.shuffle(kept)
        del kept[: rng.randrange(5)]
    assert [sys.getrefcount(x) for x in leaves] != before
    kept.clear()
    assert [sys.getrefcount(x) for x in leaves] == before


@pytest.mark.parametrize(
    "step",
    [lambda y: y * y, lambda y: dot([y], [y], y), lambda y: apply("sum", [y, y, y]), lambda y: y + y.tanh()],
    ids=["square", "dot", "sum", "diamond"],
)
def test_a_deep_graph_whose_operands_come_twice_is_freed(step):
    def task():
        x = Value(0.1)
        before = sys.getrefcount(x)
        y = x
        for _ in range(100_000):
            y = step(y)
        del y
        return sys.getrefcount(x) - before

    if sys.version_info[:2] == (3, 13) and not engine.compiled:
        pytest.skip("CPython 3.13 frees up to ten thousand objects of Python inside each other")
    assert on_a_small_stack(task) == 0


def test_a_node_that_is_kept_keeps_at_most_4_kib():
    x = Value(0.5)

    def kept():
        node = x
        for n in range(600):
            node = (node * 0.9).tanh()
            if n == 300:
                middle = Value(0.0) + node.data
        return middle

    kept()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        nodes = [kept() for _ in range(300)]
        size = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert size <= 4096 * (len(nodes) + 40)
