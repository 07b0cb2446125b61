"""The workloads under pytest-benchmark, one test an engine and workload, a group a workload; nothing is asserted.

    pytest tests/bench/test_speed.py --benchmark-group-by=group -k "W2 or W3"

All engines share this process here, threads and collector included: the command in cli.py keeps them apart.
"""

import pytest

from .test_agree import CASES, installed
from .workloads import WORKLOADS

pytest.importorskip("pytest_benchmark", reason="install: uv sync --group bench")
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize(("kind", "key"), CASES, ids=[f"{kind.name}-{key}" for kind, key in CASES])
def test_speed(kind, key, benchmark):
    engine = installed(kind)
    problem = WORKLOADS[key].problem(engine)
    step = engine.prepare(key, problem)
    benchmark.group = f"{key} {WORKLOADS[key].title}"
    benchmark.extra_info["units"] = problem.units
    benchmark.pedantic(step.run, rounds=3, warmup_rounds=1)
