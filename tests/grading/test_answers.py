"""What check is not given as it has to be, it names."""

import pytest

from engine import Value, chain_rule


@pytest.mark.parametrize(
    ("answer", "message"),
    [(0.1457, "the factors of a path in a list, .* not float 0.1457"), ([None], "a factor is a number or a formula")],
)
def test_an_answer_that_is_none_says_what_to_pass(answer, message):
    w = Value(0.5, "w")
    with pytest.raises(TypeError, match=message):
        chain_rule(w * 2.0, w).check(answer)
