"""Nothing is said of tasks that train well: fresh, halfway and trained, before and after a step."""

import pytest
from tasks import TASKS

from engine import diagnose
from nn import SGD, Adam

SEEDS = range(20)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_task_is_healthy_from_start_to_end(name, seed):
    parameters, loss = TASKS[name](seed)
    optimizer = SGD(parameters, lr=0.1) if name == "prices" else Adam(parameters, lr=0.02)
    first = now = loss()
    for part in range(3):
        report = diagnose(now, parameters)
        assert not report, f"{part}: {report}"
        report = diagnose(now, parameters, lr=1e-3)
        assert not report, f"{part}: {report}"
        for _ in range(8):
            now = loss()
            optimizer.zero_grad()
            now.backward()
            optimizer.step()
        assert [finding.kind for finding in diagnose(now, parameters)] == ["changed_since_forward"]
        now = loss()
    assert now.data < max(first.data, 1e-3)
