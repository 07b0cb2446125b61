"""Derivatives to order 3 of random programs at special points, against differences in mpmath with 90 digits."""

import math
from math import inf

from algebras import by_the_textbook
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp
from shapes import KINKS
from strategies import CONSTANT, Program

from engine import Value, grad, record
from engine.core.graph import ancestors
from engine.core.operations import apply
from engine.table.formula import TABLE

ORDER, LARGE = 3, 1e5
JUMPS = {"round", "mod", "floordiv", "copysign", "coarse", "floor", "ceil", "trunc"}  # mpmath has no differences there
NAMES = sorted(TABLE.keys() - CONSTANT - JUMPS)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0]


@st.composite
def special_programs(draw):
    """A program of a few steps, its point, and the input that varies; others may be infinite, as masks are."""
    point = draw(st.lists(st.sampled_from([*SPECIAL, inf, -inf]), min_size=2, max_size=4))
    point[0] = draw(st.sampled_from(SPECIAL))
    steps, count = [], len(point)
    for k in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(NAMES))
        place = st.integers(0, count + k - 1) if k else st.sampled_from([0, 0, *range(count)])
        size = draw(st.integers(1, 4))
        lists = st.lists(place, min_size=size, max_size=size).map(tuple)
        steps.append((name, tuple(draw(lists if v.isupper() else place) for v in TABLE[name].variables)))
    return Program(len(point), tuple(steps)), point


def all_orders(program, x, others):
    """The output and its derivatives in x."""
    found = [program.run([x, *others], apply)]
    for _ in range(ORDER):
        found += grad(found[-1], [x], create_graph=True)
    return found


def is_tame(outputs):
    """Whether all is finite but for masks, whose partials are finite too, and of moderate size."""
    nodes = [node for output in outputs for node in ancestors(output)]
    numbers = [number for node in nodes for number in (*node.partials, 0.0 if node.data == -inf else node.data)]
    return all(math.isfinite(x) and abs(x) < LARGE for x in numbers)


TIES = {"maximum", "minimum", "largest", "smallest", "clip", "above", "less", "less_equal"}


def is_at_a_kink(node):
    """Whether a row is where it bends: by equal operands, unless these are one, or by its first."""
    numbers = {x.data for x in node.operands}
    if node.op in ("hypot", "norm", "direction"):
        return numbers == {0.0}
    if node.op == "atan2":  # where the angle jumps from π to -π
        return node.operands[0].data == 0 and node.operands[1].data <= 0
    tied = node.op in TIES and len(numbers) < len(set(node.operands))
    return tied or node.operands[0].data in KINKS.get(node.op, ()) if node.op else False


def in_mpmath(program, others):
    """The output as a function of the first input in mpmath."""
    rest = [mp.mpf(x) for x in others]
    return lambda x: mp.mpf(program.run([x, *rest], lambda name, *groups: by_the_textbook(name, *groups)))


def truth(program, point):
    """The derivatives in mpmath, from the right and the left; None where they differ: at a kink."""
    f, x = in_mpmath(program, point[1:]), mp.mpf(point[0])
    sides = [[mp.diff(f, x, n, direction=side, h=mp.mpf(10) ** -20) for n in range(ORDER + 1)] for side in (1, -1)]
    close = all(abs(a - b) <= 1e-9 * (1 + abs(a)) for a, b in zip(*sides, strict=True))
    return [float(a) for a in sides[0]] if close else None


@settings(max_examples=200)
@given(special_programs())
def test_no_derivative_to_order_3_is_wrong(drawn):
    program, point = drawn
    outputs = all_orders(program, Value(point[0]), [Value(x) for x in point[1:]])
    assume(is_tame(outputs) and not any(map(is_at_a_kink, ancestors(outputs[0]))))
    try:
        with mp.workdps(90):
            wanted = truth(program, point)
    except (ArithmeticError, ValueError, TypeError):  # not defined beside this point
        wanted = None
    assume(wanted is not None and all(map(math.isfinite, wanted)))
    found = [output.data for output in outputs]
    for a, b in zip(found, wanted, strict=True):
        assert abs(a - b) <= 1e-8 * max(1.0, abs(b), *map(abs, wanted)), (found, wanted)
    recording = record(lambda xs: all_orders(program, xs[0], xs[1:]), [0.3] * len(point), check=False)
    for a, b in zip(recording.forward([point])[0].tolist(), found, strict=True):
        assert abs(a - b) <= 1e-9 * max(1.0, abs(b))
