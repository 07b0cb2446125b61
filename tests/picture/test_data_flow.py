"""Data flows one way: graph, structure, chain, diagram, file; and each question searches the graph once.

Run as a program, with `tests/support` on the path, it lists the files that an output goes through into a picture.
"""

import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
from graphs import labelled, two_paths

import engine
from engine import Value, chain_rule, diagnose, draw, render
from engine.chain import textbook
from engine.structure import flattened
from nn import MLP

ENGINE = Path(engine.__file__).parent
SEARCHES = ("order", "ancestors", "between", "flatten")


def trace(work, events=("call",)):
    """The frames of the engine entered or left while `work` runs, in order: file, function, and what it was given."""
    calls = []

    def profile(frame, event, _):
        file = Path(frame.f_code.co_filename)
        if event in events and ENGINE in file.parents:
            given = {name: frame.f_locals.get(name) for name in ("output", "loss")}
            calls.append((file.relative_to(ENGINE).as_posix(), frame.f_code.co_name, given))

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


COMPILED = flattened.compiled_flatten is not None  # which searches in C
ONCE = {"flatten": 1} if COMPILED else {"flatten": 1, "order": 1}


def searches(calls):
    files = ("core/graph.py", "structure/flattened.py")
    return Counter(name for file, name, _ in calls if file in files and name in SEARCHES)


def network():
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    return labelled((model([0.3, -0.7]) - 1.0) ** 2, "loss"), model.parameters()


SUFFIXES = ("svg", "png", "dot", "html")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("wrt", [True, False])
def test_a_file_takes_one_search(suffix, wrt, tmp_path):
    loss, parameters = network()
    calls = trace(lambda: render(loss, tmp_path / f"why.{suffix}", parameters[0] if wrt else None))
    assert searches(calls) == ONCE


def test_a_chain_is_searched_for_once_whatever_is_asked_of_it(tmp_path):
    def ask():
        chain = chain_rule(*two_paths())
        str(chain), chain.to_latex(), chain.check(0)
        chain.draw()
        chain.explore()
        for suffix in SUFFIXES:
            chain.save(tmp_path / f"why.{suffix}")

    calls = trace(ask)
    assert searches(calls) == ONCE
    assert [name for _, name, _ in calls].count("chain_rule") == 1


def test_each_formula_is_derived_once_whoever_writes_it():
    """The text, LaTeX, the picture and the page write the same data of the chain."""
    loss, parameters = network()
    derived = Counter()

    def profile(frame, event, _):
        if event == "call" and frame.f_code is textbook.of_link.__code__:
            link, naming = frame.f_locals["link"], frame.f_locals["naming"]
            derived[link, id(naming)] += 1

    chain = chain_rule(loss, parameters[0])
    sys.setprofile(profile)
    try:
        str(chain), chain.to_latex(), chain.draw(), chain.explore()
    finally:
        sys.setprofile(None)
    assert set(derived.values()) == {1}


def way_of(output, wrt, path):
    """The files whose functions take the output, as they are done with it."""
    left = trace(lambda: render(output, path, wrt), ["return"])
    files = [file for file, _, given in left if any(value is output for value in given.values())]
    return [file for file, _ in groupby(files)]


def test_the_output_goes_through_core_structure_chain_and_picture_in_this_order(tmp_path):
    loss, w1 = two_paths()
    packages = [file.partition("/")[0] for file in way_of(loss, w1, tmp_path / "why.svg")]
    assert [package for package, _ in groupby(packages)] == ["core", "structure", "chain", "picture"][COMPILED:]


def test_writers_only_lay_out(tmp_path):
    loss, w1 = two_paths()
    for suffix in ("svg", "dot"):
        calls = trace(lambda suffix=suffix: render(loss, tmp_path / f"why.{suffix}", w1))
        first = next(i for i, (file, _, _) in enumerate(calls) if file in ("picture/dot.py", "picture/svg.py"))
        beside = {file for file, _, _ in calls[first:] if not file.startswith("picture/")}
        assert beside <= {"core/atomic_write.py", "table/checks.py"}


def test_a_diagnosis_searches_once():
    loss, parameters = network()
    assert searches(trace(lambda: diagnose(loss, parameters))) == ONCE


def test_pictures_of_a_value_and_of_a_graph_search_once():
    x = Value(2.0, "x")
    for work in (lambda: draw(x * x), lambda: (x * x)._repr_html_()):
        assert searches(trace(work)) == ONCE


if __name__ == "__main__":
    print("\n".join(way_of(*two_paths(), Path("why.svg"))))
