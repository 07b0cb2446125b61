"""Sums that are put together: linked pairs against plain lists."""

from hypothesis import given
from hypothesis import strategies as st

from engine.replay.program import Program, Sums, products
from engine.table.opcodes import ADD, INPUT, MUL, ONE, PRODUCTS, SUB

COUNT = 4  # sums


@given(st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1), st.integers(1, 9)), max_size=30))
def test_sums_are_lists_of_pairs_that_take_in_one_another(drawn):
    """Each step adds a pair to a sum, or where two sums are drawn puts the second at the end of the first."""
    sums, wanted = Sums(COUNT, len(drawn)), [[] for _ in range(COUNT)]
    for place, (i, k, factor) in enumerate(drawn):
        if i == k:
            sums.add(i, place, factor, factor + 1)
            wanted[i] += [factor, factor + 1]
        elif wanted[k]:
            sums.join(i, k)
            wanted[i], wanted[k] = wanted[i] + wanted[k], []
    for i in range(COUNT):
        assert sums.count[i] == len(wanted[i]) // 2
        if len(wanted[i]) > 4:
            program = inputs()
            assert program.operands(sums.write(program, i)) == wanted[i]
            assert sums.count[i] == 0


def inputs():
    program = Program()
    for k in range(12):
        program.emit(INPUT, k)
    return program


def test_products_are_the_simplest_instruction_that_they_can_be():
    program = inputs()
    minus = program.constant(-1.0)
    for pairs, code, operands in [
        ([2, 3], MUL, [2, 3]),
        ([2, ONE, 3, ONE], ADD, [2, 3]),
        ([ONE, 2, ONE, 3], ADD, [2, 3]),
        ([2, ONE, 3, minus], SUB, [2, 3]),
        ([2, 3, 4, ONE], PRODUCTS, [2, 3, 4, ONE]),
        ([2, minus, 3, ONE], PRODUCTS, [2, minus, 3, ONE]),
    ]:
        i = products(program, pairs)
        assert (program.codes[i], program.operands(i)) == (code, operands)


def test_a_single_bare_term_is_the_term_itself():
    program = inputs()
    assert products(program, [5, ONE]) == products(program, [ONE, 5]) == 5
    assert len(program) == 13
