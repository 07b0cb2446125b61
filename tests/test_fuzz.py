"""A few of the random programs that `.ci/sanitize` runs by the hundred."""

import fuzz
import pytest


def test_compiled_uncompiled_and_autograd_agree_on_random_programs():
    fuzz.compare(20, 0)


@pytest.mark.parametrize("name", ["gradients 1", "forward 70"])
def test_a_difference_is_seen(monkeypatch, name):
    recorded = fuzz.recorded
    monkeypatch.setattr(fuzz, "recorded", lambda *case: shifted(recorded(*case), name))
    with pytest.raises(AssertionError, match=name):
        fuzz.compare(1, 0)


def shifted(found, name):
    return found | {name: [x + 1e-7 for x in found[name]]} if name in found else found
