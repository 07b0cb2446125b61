"""The linear program, its derivative and its passes, each on its own."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import programs

from engine import Value, dot
from engine.core.operations import apply
from engine.replay.constant_folding import fold_constants
from engine.replay.fusion import fuse
from engine.replay.passes import batch_mean, columns, cse, dce, group, hoist, level
from engine.replay.program import Program
from engine.replay.reverse import differentiate, lower
from engine.replay.schedule import instructions, schedule
from engine.replay.trace import trace
from engine.table.formula import TABLE, numeric
from engine.table.opcodes import (
    ADD,
    CODES,
    CONSTANT,
    DIV,
    INPUT,
    MEAN,
    MUL,
    NAMES,
    NEG,
    ONE,
    PARAMETER,
    POW,
    PRODUCTS,
    SUB,
    code_of,
)
from engine.table.primitives import PRIMITIVES
from engine.table.rows import row
from engine.table.vectors import FUNCTIONS, PAIRS

PASSES = [lower, fold_constants, cse, dce, fuse, hoist, group]
EXP = CODES["exp"]


def interpret(program, inputs, parameters=()):
    """What the program gives, instruction by instruction, on floats."""
    made = []
    leaves = {INPUT: inputs, PARAMETER: parameters, CONSTANT: program.constants}
    for i, code in enumerate(program.codes[: len(program)]):
        args = program.operands(i)
        if code in leaves:
            made.append(leaves[code][args[0]])
        elif code in (PRODUCTS, MEAN):
            pairs = args[code == MEAN :]
            total = -0.0
            for a, b in zip(pairs[::2], pairs[1::2], strict=True):
                total += made[a] * made[b]
            made.append(total + made[args[0]] if code == MEAN else total)
        else:
            made.append(numeric(NAMES[code], *TABLE[NAMES[code]].split([made[k] for k in args])))
    return [made[i] for i in program.outputs]


def leaves(count, code=INPUT):
    program = Program()
    return program, [program.emit(code, k) for k in range(count)]


def traced(f, *numbers):
    """The program of a function of inputs."""
    inputs = [Value(x) for x in numbers]
    newest = Value(0.0).serial
    return trace(f(*inputs), {value: n for n, value in enumerate(inputs)}, newest)[0]


def operations(program):
    return [NAMES[code] for code in program.codes[: len(program)] if code > CONSTANT]


def close(got, want):
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(got) and math.isnan(want)) or got == want


@given(programs())
def test_every_pass_leaves_the_numbers_of_a_program_and_of_its_derivative_what_they_were(drawn):
    description, point = drawn
    program = traced(lambda *inputs: description.run(inputs, apply), *point)
    inputs = [Value(x) for x in point]
    output = description.run(inputs, apply)
    output.backward()
    wanted = [output.data, *(x.grad for x in inputs)]
    step = differentiate(program, INPUT, len(point))
    for change in [lambda same: same, *PASSES, dce, batch_mean]:
        step = change(step)
        got = interpret(step, point)
        assert all(map(close, got, wanted)), (change, got, wanted)


def test_operands_come_before_results_after_every_pass():
    program = differentiate(traced(lambda x, y: ((x * y).tanh() + x).sigmoid() * y, 0.5, 2.0), INPUT, 2)
    for change in PASSES:
        program = change(program)
        for i, code in enumerate(program.codes[: len(program)]):
            assert code <= CONSTANT or all(k < i for k in program.operands(i))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_lower_leaves_kernels_only(name):
    found = [1, 2, 3, 4, 5, 6, 7][: 7 if name == "dot" else 3 if TABLE[name].variadic else len(TABLE[name].variables)]
    program, _ = leaves(len(found))
    program.outputs = [program.emit_many(code_of(name), found)]
    lowered = lower(differentiate(program, INPUT, len(found)))
    assert set(operations(lowered)) <= {*PRIMITIVES, *FUNCTIONS, "products"} - {"sum"}


def test_a_row_added_to_the_table_is_lowered_and_differentiated():
    row("softsign_", "softsign", "a / (1 + abs(a))", "1 / (1 + abs(a)) ** 2")
    try:
        program = traced(lambda x: apply("softsign_", x), 1.0)
        value, slope = interpret(lower(differentiate(program, INPUT, 1)), [3.0])
        assert (value, slope) == (0.75, 0.0625)
    finally:
        TABLE.pop("softsign_")


def test_a_row_that_is_defined_anew_is_lowered_anew():
    try:
        for factor in (2.0, 3.0):
            row("scaled_", "scaled", f"{factor} * a", f"{factor}")
            row("outer_", "outer", "scaled_(a) + 1", "1")
            program = traced(lambda x: apply("outer_", x), 5.0)
            assert interpret(lower(program), [5.0]) == [5.0 * factor + 1.0]
            TABLE.pop("scaled_")
    finally:
        TABLE.pop("outer_")


def test_an_adjoint_is_gathered_once():
    program = differentiate(traced(lambda x: x.exp() + x.sin() + x * 3.0, 1.0), INPUT, 1)
    assert operations(program).count("products") == 1


def test_an_input_that_the_output_does_not_depend_on_has_the_derivative_0():
    program = differentiate(traced(lambda x, y: x * 1.0, 1.0, 2.0), INPUT, 2)
    assert interpret(program, [5.0, 7.0]) == [5.0, 1.0, 0.0]


def test_functions_and_their_slopes_stay_whole_and_become_pairs():
    for name, partner in PAIRS.items():
        program = differentiate(traced(lambda x, name=name: apply(name, x), 1.0), INPUT, 1)
        program = dce(cse(fold_constants(lower(program))))
        assert {name, partner} <= set(operations(program))
        assert CODES[f"pair_{name}"] in schedule(program).code


@pytest.mark.parametrize("x", [0.0, 0.3, -2.0, 18.0, 25.0, -300.0, math.inf, math.nan])
def test_the_slope_of_tanh_keeps_its_digits_in_saturation(x):
    program = differentiate(traced(lambda a: a.tanh(), 1.0), INPUT, 1)
    got, want = interpret(dce(cse(fold_constants(lower(program)))), [x])[1], numeric("mul", 4.0, _logistic_slope(2 * x))
    assert got == pytest.approx(want, rel=1e-14, abs=0.0, nan_ok=True)


def _logistic_slope(x):
    return numeric("sigmoid", x) * numeric("sigmoid", -x)


def test_fold_computes_what_is_constant_and_reads_seldom_used_numbers_exactly():
    program = Program()
    third = program.emit(DIV, ONE, program.constant(3.0))
    program.outputs = [program.emit(ADD, third, program.constant(-0.0)), program.emit(EXP, program.constant(800.0))]
    folded = dce(fold_constants(program))
    assert operations(folded) == []
    assert [folded.number(i) for i in folded.outputs] == [1 / 3, math.inf]


@pytest.mark.parametrize(
    ("exponent", "kernels"),
    [
        (0.0, []),
        (1.0, []),
        (2.0, ["mul"]),
        (3.0, ["mul", "mul"]),
        (4.0, ["mul", "mul"]),
        (-1.0, ["div"]),
        (1.5, ["pow"]),
    ],
)
def test_fold_turns_small_powers_into_products(exponent, kernels):
    program, (x,) = leaves(1)
    program.outputs = [program.emit(POW, x, program.constant(exponent))]
    folded = dce(fold_constants(program))
    assert operations(folded) == kernels
    for number in (2.5, -3.0, 0.0, -0.0, math.inf, math.nan):
        (got,), (want,) = interpret(folded, [number]), interpret(program, [number])
        assert got == pytest.approx(want, rel=1e-15, nan_ok=True)


def test_fold_keeps_what_could_be_inf_or_nan_or_minus_0():
    program, (x,) = leaves(1)
    zero = program.constant(0.0)
    program.outputs = [program.emit(MUL, x, zero), program.emit(SUB, x, x), program.emit(ADD, x, zero)]
    assert operations(dce(fold_constants(program))) == ["mul", "sub", "add"]


def test_fold_drops_a_sign_twice_and_a_division_by_a_power_of_2():
    program, (x,) = leaves(1)
    program.outputs = [program.emit(NEG, program.emit(NEG, x)), program.emit(DIV, x, program.constant(8.0))]
    assert operations(dce(fold_constants(program))) == ["mul"]
    assert interpret(fold_constants(program), [3.0]) == [3.0, 0.375]


def test_cse_tells_apart_the_order_where_it_matters_and_0_from_minus_0():
    program, (x, y) = leaves(2)
    program.outputs = [program.emit(code, *args) for code in (ADD, SUB) for args in ((x, y), (y, x))]
    program.outputs += [program.emit(DIV, x, program.constant(zero)) for zero in (0.0, -0.0)]
    assert operations(cse(program)) == ["add", "sub", "sub", "div", "div"]


def test_dead_keeps_a_program_whose_output_is_a_leaf():
    program, (x, _) = leaves(2)
    program.outputs = [x]
    assert interpret(dce(program), [3.0, 4.0]) == [3.0]
    assert len(dce(program)) == 2  # the constant 1 and the input


def test_fuse_keeps_the_order_of_additions():
    numbers = [1e16, 1.0, -1e16, 1.0]
    program, found = leaves(4)
    a, b, c, d = found
    left = program.emit(ADD, program.emit(ADD, program.emit(ADD, a, b), c), d)
    right = program.emit(ADD, a, program.emit(ADD, b, program.emit(ADD, c, d)))
    pairs = program.emit(ADD, program.emit(ADD, a, b), program.emit(ADD, c, d))
    program.outputs = [left, right, pairs]
    assert interpret(fuse(program), numbers) == interpret(program, numbers)


def test_fuse_makes_one_instruction_of_a_polynomial_and_keeps_what_is_used_twice():
    program = fuse(fold_constants(lower(traced(lambda x, y: x * x + x * y * 3.0 - y + 1.0, 1.0, 2.0))))
    assert operations(dce(program)) == ["mul", "products"]
    program, (x, y) = leaves(2)
    twice = program.emit(MUL, x, y)
    program.outputs = [program.emit(ADD, program.emit(EXP, twice), twice)]
    assert operations(fuse(program)) == ["mul", "exp", "add"]


def test_fuse_takes_ten_thousand_additions_in_one_go():
    def total(x):
        y = x
        for _ in range(10_000):
            y = y + x
        return y

    assert operations(fuse(traced(total, 1.0))) == ["products"]


def test_fuse_leaves_a_layer_whole_beside_its_residual_connection():
    x, weights = [Value(1.0) for _ in range(8)], [[Value(0.5) for _ in range(8)] for _ in range(8)]
    layer = [dot(row, x) + a for row, a in zip(weights, x, strict=True)]
    program, parameters = trace(apply("sum", layer), {a: n for n, a in enumerate(x)}, weights[-1][-1].serial)
    program.outputs = list(program.operands(len(program) - 1))
    program = group(hoist(dce(fuse(lower(program)))))
    products = [rest for name, rest, _ in instructions(schedule(program).code) if name == "dense"]
    assert [rest[:2] for rest in products] == [(8, 9)]  # with the bias, which is 0
    numbers = [1.0 + n for n in range(len(parameters))], [0.1 * n for n in range(8)]
    w, x = [[numbers[0][8 * i + j] for j in range(8)] for i in range(8)], numbers[1]
    want = [math.fsum(a * b for a, b in zip(row, x, strict=True)) + x[i] for i, row in enumerate(w)]
    assert interpret(program, x, numbers[0]) == pytest.approx(want, rel=1e-14)


def test_batch_mean_takes_what_is_fixed_out_of_the_mean_and_shares_equal_outputs():
    program, (x,) = leaves(1)
    w = program.emit(PARAMETER, 0)
    total = program.emit(PRODUCTS, x, w, w, w)
    program.outputs = [x, total, total, w]
    averaged = dce(batch_mean(program))
    assert operations(averaged) == ["mean", "mul", "mean"]
    assert averaged.outputs[1] == averaged.outputs[2]
    assert interpret(averaged, [2.0], [3.0]) == [2.0, 15.0, 15.0, 3.0]


def test_batch_mean_adds_up_an_example_before_the_examples_for_terms_may_cancel():
    program, (x, y) = leaves(2)
    program.outputs = [program.emit(PRODUCTS, x, ONE, y, ONE)]
    (mean,) = batch_mean(program).outputs
    assert list(batch_mean(program).operands(mean))[1:] == [program.outputs[0], ONE]


def test_batch_mean_does_not_take_apart_what_is_computed_anyway():
    program, (x, y) = leaves(2)
    product = program.emit(MUL, x, y)
    program.outputs = [product, program.emit(EXP, product)]
    mean = batch_mean(program).outputs[0]
    assert list(batch_mean(program).operands(mean))[1:] == [product, ONE]


def test_split_puts_first_what_no_input_changes():
    program, (x,) = leaves(1)
    w = program.emit(PARAMETER, 0)
    program.outputs = [program.emit(MUL, program.emit(EXP, x), program.emit(EXP, w))]
    varies = hoist(program).varies()
    assert sorted(varies) == list(varies)


def test_group_brings_sums_over_the_same_operands_together():
    program, found = leaves(2)
    weights = [program.emit(PARAMETER, k) for k in range(4)]
    sums = []
    for k in (0, 2):
        sums.append(program.emit(PRODUCTS, weights[k], found[0], weights[k + 1], found[1]))
        program.emit(EXP, sums[-1])
    program.outputs = sums
    grouped = group(program)
    first, second = sorted(grouped.outputs)
    assert second == first + 1
    varies = grouped.varies()
    assert columns(grouped, first, varies) == columns(grouped, second, varies) != ()


def test_a_program_prints_in_the_signs_of_the_table():
    program = traced(lambda x, y: -(x.sigmoid() * y) + 2.0, 1.0, 2.0)
    assert str(program).splitlines() == [
        "v1 = x0",
        "v2 = σ(v1)",
        "v3 = x1",
        "v4 = v2 * v3",
        "v5 = -(v4)",
        "v7 = v5 + 2",
        "return v7",
    ]


def naive_cse(program):
    """Which instruction each is the same as, by a dict of what they do."""
    known, at = {}, []
    for i, code in enumerate(program.codes[: len(program)]):
        args = program.operands(i)
        args = args if code <= CONSTANT else [at[k] for k in args]
        at.append(known.setdefault((code, *(sorted(args) if code in (ADD, MUL) else args)), i))
    return at


@given(st.lists(st.tuples(st.sampled_from([ADD, SUB, MUL, EXP, PRODUCTS]), *[st.integers(0, 99)] * 4), max_size=60))
def test_cse_finds_exactly_the_instructions_that_do_the_same(drawn):
    program, _ = leaves(2)
    for code, *numbers in drawn:
        count = {EXP: 1, PRODUCTS: 4}.get(code, 2)
        program.emit(code, *(number % len(program) for number in numbers[:count]))
    program.outputs = list(range(len(program)))
    at = naive_cse(program)
    merged = cse(program)
    assert len(merged) == len(set(at))
    assert [merged.outputs[i] for i in range(len(program))] == [merged.outputs[k] for k in at]
    assert interpret(merged, [0.5, -0.25]) == pytest.approx(interpret(program, [0.5, -0.25]), nan_ok=True)


def test_a_pass_that_changes_nothing_gives_the_program_itself():
    program, (x, y) = leaves(2)
    program.outputs = [program.emit(EXP, program.emit(MUL, x, y))]
    assert all(change(program) is program for change in (dce, hoist, group, level))


def test_level_brings_like_instructions_together_by_depth():
    program, found = leaves(20)
    for i in found:
        inner, outer = (EXP, NEG) if i % 2 else (NEG, EXP)
        program.emit(outer, program.emit(inner, i))
    levelled = level(program)
    half = 20 // 2
    codes = [CONSTANT, *[INPUT] * 20, *[NEG] * half, *[EXP] * half, *[NEG] * half, *[EXP] * half]
    assert list(levelled.codes[: len(levelled)]) == codes
