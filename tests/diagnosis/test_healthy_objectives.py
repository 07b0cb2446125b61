"""Nothing is said of sound losses of many kinds: at the start, halfway, and trained."""

import pytest
from objectives import OBJECTIVES

from engine import diagnose
from nn import Adam


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("seed", range(10))
def test_a_sound_loss_is_healthy(name, seed):
    parameters, loss = OBJECTIVES[name](seed)
    optimizer = Adam(parameters, lr=0.02)
    for _ in range(3):
        report = diagnose(loss(), parameters)
        assert not report, str(report)
        for _ in range(12):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
