"""Modes belong to a context, and searches of graphs that share nodes do not disturb each other."""

import asyncio
import itertools
import sys
import threading

import pytest

from engine import NonFiniteError, Value, grad, strict
from engine.core import ancestors, between, is_strict, order


def test_strict_in_overlapping_threads_leaves_none_on():
    entered, leave = threading.Barrier(2), [threading.Event(), threading.Event()]
    seen = []

    def task(i):
        with strict():
            entered.wait(10)
            leave[i].wait(10)
        seen.append(is_strict())

    threads = [threading.Thread(target=task, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for i in (0, 1):  # the first that came leaves first
        leave[i].set()
        threads[i].join()
    assert (seen, is_strict()) == ([False, False], False)
    assert Value(0.0).log().data == float("-inf")


def test_strict_in_one_task_is_not_in_another():
    async def strictly(turn):
        with strict():
            await turn.wait()
            with pytest.raises(NonFiniteError):
                Value(0.0).log()

    async def loosely(turn):
        await asyncio.sleep(0)
        found = Value(0.0).log().data
        turn.set()
        return found

    async def both():
        turn = asyncio.Event()
        return (await asyncio.gather(strictly(turn), loosely(turn)))[1]

    assert asyncio.run(both()) == float("-inf")
    assert not is_strict()


def test_threads_that_search_graphs_over_the_same_leaves_find_the_right_ones():
    leaves = [Value(0.1 * i + 0.5) for i in range(20)]
    shared = sum((a * b for a, b in itertools.pairwise(leaves)), Value(0.0)).tanh()

    def graph(i):
        y = shared
        for x in leaves:
            y = y * 0.5 + x * float(i + 1)
        return y

    outputs = [graph(i) for i in range(6)]
    wanted = [(grad(y, leaves), len(order(y)), len(ancestors(y)), len(between(leaves[:1], y))) for y in outputs]
    wrong = []

    def task(i):
        for _ in range(30):
            y = outputs[i]
            found = (grad(y, leaves), len(order(y)), len(ancestors(y)), len(between(leaves[:1], y)))
            if found != wanted[i]:
                wrong.append(i)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=task, args=(i,)) for i in range(len(outputs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong
